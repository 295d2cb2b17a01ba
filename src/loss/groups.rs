//! Losses of several outputs for each column of the targets: what is known of a number beside its mean.

use serde::{Deserialize, Serialize};

use super::GroupLoss;
use crate::math::{exp_not_above_one, log, log1p, sigmoid};
use crate::simd::Vector;

/// The most outputs that a column may have: the percentiles.
pub const MOST_IN_GROUP: usize = 99;

/// `log(2 pi) / 2`.
const HALF_LOG_2_PI: f64 = 0.918_938_533_204_672_7;

/// For each quantile q with its output `a`: `max(q (t - a), (q - 1) (t - a))`, smallest where `a` is above `t`
/// with the probability q (Koenker and Bassett, "Regression quantiles", 1978). Its slope at `t` is 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantile {
    /// The quantiles, each in (0, 1).
    pub quantiles: Vec<f64>,
}

impl GroupLoss for Quantile {
    fn outputs(&self) -> usize {
        self.quantiles.len()
    }

    fn costs(&self) -> usize {
        self.quantiles.len()
    }

    fn point(&self) -> usize {
        let distance = |index: usize| (self.quantiles[index] - 0.5).abs();
        (0..self.quantiles.len()).fold(0, |best, index| match distance(index) < distance(best) {
            true => index,
            false => best,
        })
    }

    #[inline(always)]
    fn group<V: Vector>(&self, outputs: &mut [V], t: V) -> V {
        let zero = V::constant(0.0);
        let mut cost = zero;
        for (output, &quantile) in outputs.iter_mut().zip(&self.quantiles) {
            let error = output.sub(t);
            let (above, below) = (V::constant(1.0 - quantile), V::constant(-quantile));
            let slope = V::select(error.less(zero), below, zero);
            let slope = error.unless_nan(V::select(error.greater(zero), above, slope));
            cost = cost.add(error.mul(slope));
            *output = slope;
        }
        cost
    }
}

/// `(log v + (m - t)^2 / v) / 2` of the outputs `m`, a mean, and `r`, of which `v = log(1 + exp(r)) + epsilon`
/// is the variance (Nix and Weigend, "Estimating the mean and variance of the target probability distribution",
/// 1994; the variance as in Lakshminarayanan, Pritzel and Blundell, "Simple and scalable predictive uncertainty
/// estimation using deep ensembles", 2017).
///
/// Softplus and not exp: it grows no faster than `r`, so that one step cannot throw the variance far away, and
/// nothing overflows. The smallest variance bounds the weight `1 / v` of a row that is met exactly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GaussianNll {
    /// The smallest variance.
    pub epsilon: f64,
    /// Whether the constant `log(2 pi) / 2` is part of it.
    pub full: bool,
}

impl GroupLoss for GaussianNll {
    fn outputs(&self) -> usize {
        2
    }

    fn costs(&self) -> usize {
        1
    }

    fn point(&self) -> usize {
        0
    }

    #[inline(always)]
    fn group<V: Vector>(&self, outputs: &mut [V], t: V) -> V {
        let [mean, raw] = outputs else { unreachable!("a mean and a variance") };
        let (zero, half) = (V::constant(0.0), V::constant(0.5));
        let softplus = zero.max(*raw).add(log1p(exp_not_above_one(raw.abs().neg())));
        let variance = softplus.add(V::constant(self.epsilon));
        let error = mean.sub(t);
        let weighted = error.div(variance);
        let constant = if self.full { HALF_LOG_2_PI } else { 0.0 };
        let cost = weighted.mul_add(error, log(variance)).mul_add(half, V::constant(constant));
        let by_variance = weighted.neg().mul_add(weighted, V::constant(1.0).div(variance)).mul(half);
        (*mean, *raw) = (weighted, by_variance.mul(sigmoid(*raw)));
        cost
    }
}
