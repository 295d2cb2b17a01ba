//! Losses of yes-or-no outputs, fused with their sigmoid: stated on the net inputs `z` (the logits).

use super::{FocalCrossEntropy, PointwiseLoss};
use crate::math::{exp, log, log1p, sigmoid};
use crate::simd::{Float, Vector};

/// What is fused with sigmoid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Binary {
    /// The cross-entropy.
    CrossEntropy,
    /// The cross-entropy of targets that are moved toward 1/2.
    Smoothed(Smoothed),
    /// The focal cross-entropy.
    Focal(Focal),
}

impl Binary {
    /// The cross-entropy with this label smoothing.
    pub fn cross_entropy(label_smoothing: f64) -> Self {
        match label_smoothing {
            0.0 => Self::CrossEntropy,
            some => Self::Smoothed(Smoothed(some)),
        }
    }
}

/// `max(z, 0) - z t + log(1 + exp(-|z|))`: the binary cross-entropy of `sigmoid(z)`.
#[derive(Clone, Copy)]
pub struct LogisticLoss;

impl PointwiseLoss for LogisticLoss {
    #[inline(always)]
    fn value<V: Vector>(&self, z: V, t: V) -> V {
        let above = V::constant(0.0).max(z);
        z.neg().mul_add(t, above).add(log1p(exp(z.abs().neg())))
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, z: V, t: V) -> V {
        sigmoid(z).sub(t)
    }
}

/// The same of targets `t (1 - s) + s / 2`, `s` being this (Szegedy and others, "Rethinking the Inception
/// architecture for computer vision", 2016, section 7).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smoothed(pub f64);

impl Smoothed {
    #[inline(always)]
    fn of<V: Vector>(&self, t: V) -> V {
        t.mul_add(V::constant(1.0 - self.0), V::constant(0.5 * self.0))
    }
}

impl PointwiseLoss for Smoothed {
    #[inline(always)]
    fn value<V: Vector>(&self, z: V, t: V) -> V {
        LogisticLoss.value(z, self.of(t))
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, z: V, t: V) -> V {
        LogisticLoss.slope(z, self.of(t))
    }
}

/// The cross-entropy times `w q^gamma`, where `q = t (1 - p) + (1 - t) p` is the probability that `p` leaves
/// to the wrong answer and `w` the answer's weight (Lin and others, "Focal loss for dense object detection",
/// 2017).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Focal {
    gamma: f64,
    /// The weights of yes and no.
    weights: (f64, f64),
    smoothing: Smoothed,
}

impl Focal {
    /// The loss with these parameters.
    pub fn of(given: &FocalCrossEntropy) -> Self {
        let weights = if given.apply_class_balancing { (given.alpha, 1.0 - given.alpha) } else { (1.0, 1.0) };
        Self { gamma: given.gamma, weights, smoothing: Smoothed(given.label_smoothing) }
    }

    /// The smoothed target, the wrong answer's probability, and the factor before the cross-entropy.
    #[inline(always)]
    fn factor<V: Vector>(&self, z: V, t: V) -> (V, V, V) {
        let one = V::constant(1.0);
        let t = self.smoothing.of(t);
        let rest = one.sub(t);
        // Each from its own side, so that neither is a difference of two numbers near 1.
        let wrong = t.mul_add(sigmoid(z.neg()), rest.mul(sigmoid(z)));
        let wrong = smallest::<V>().max(wrong);
        let (yes, no) = self.weights;
        let weight = t.mul_add(V::constant(yes), rest.mul(V::constant(no)));
        (t, wrong, weight.mul(exp(log(wrong).mul(V::constant(self.gamma)))))
    }
}

impl PointwiseLoss for Focal {
    #[inline(always)]
    fn value<V: Vector>(&self, z: V, t: V) -> V {
        let (t, _, factor) = self.factor(z, t);
        LogisticLoss.value(z, t).mul(factor)
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, z: V, t: V) -> V {
        let (t, wrong, factor) = self.factor(z, t);
        let p = sigmoid(z);
        let direction = t.add(t).neg().add(V::constant(1.0));
        let ratio = direction.mul(p).mul(sigmoid(z.neg())).div(wrong).mul(V::constant(self.gamma));
        ratio.mul_add(LogisticLoss.value(z, t), p.sub(t)).mul(factor)
    }
}

/// The smallest normal number: what stands for a probability of zero where it is divided by.
#[inline(always)]
pub fn smallest<V: Vector>() -> V {
    let single = V::Element::MANTISSA_BITS == 23;
    V::constant(if single { f64::from(f32::MIN_POSITIVE) } else { f64::MIN_POSITIVE })
}
