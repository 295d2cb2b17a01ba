//! Penalties on weights and on activations: `l1 * sum of |w| + l2 * sum of w^2`, Keras' convention.

use serde::{Deserialize, Serialize};

use crate::reduce::Sum;
use crate::simd::{Float, Kernel, Lanewise, Simd, Vector, lanewise, read};

/// How much values cost (Tikhonov 1963; Tibshirani, "Regression shrinkage and selection via the lasso",
/// 1996; both: Zou and Hastie 2005).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Regularizer {
    /// What a value's size costs.
    #[serde(default)]
    pub l1: f64,
    /// What a value's square costs.
    #[serde(default)]
    pub l2: f64,
}

impl Regularizer {
    /// The penalty of some values, summed in sixteen stripes.
    pub fn penalty<S: Simd, T: Float>(&self, simd: S, values: &[T]) -> T {
        simd.vectorize(Penalty { l1: T::from_f64(self.l1), l2: T::from_f64(self.l2), values })
    }

    /// Adds `scale` times the derivative of the penalty by each value. That of |w| at 0 is 0.
    pub fn add_slopes<S: Simd, T: Float>(&self, simd: S, scale: f64, values: &[T], gradients: &mut [T]) {
        let slope = Slope { l1: T::from_f64(self.l1 * scale), l2: T::from_f64(2.0 * self.l2 * scale) };
        lanewise(simd, &slope, [gradients], [values]);
    }
}

struct Penalty<'a, T> {
    l1: T,
    l2: T,
    values: &'a [T],
}

impl<T: Float> Kernel for Penalty<'_, T> {
    type Output = T;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> T {
        let (l1, l2) = (T::Vector::<S>::splat(self.l1), T::Vector::<S>::splat(self.l2));
        let mut sum = Sum::zero();
        let lanes = T::Vector::<S>::LANES;
        for (index, chunk) in self.values.chunks(lanes).enumerate() {
            // Lanes past the end are zero, and so is their penalty.
            let w = read::<T::Vector<S>>(chunk);
            sum.add(index * lanes, w.mul(w).mul_add(l2, w.abs().mul(l1)));
        }
        sum.total()
    }
}

#[derive(Clone, Copy)]
struct Slope<T> {
    l1: T,
    l2: T,
}

impl<T: Float> Lanewise<1, 1> for Slope<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [g]: [V; 1], [w]: [V; 1]) -> [V; 1] {
        let (zero, l1) = (V::constant(0.0), V::constant(self.l1.to_f64()));
        let above = V::select(w.greater(zero), l1, zero);
        let sign = V::select(w.less(zero), l1.neg(), above);
        [w.mul_add(V::constant(self.l2.to_f64()), g).add(sign)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{InstructionSet, run_on};

    struct Both<'a>(&'a [f64], &'a mut [f64]);

    impl Kernel for Both<'_> {
        type Output = f64;
        fn run<S: Simd>(self, simd: S) -> f64 {
            let elastic = Regularizer { l1: 0.5, l2: 0.25 };
            elastic.add_slopes(simd, 2.0, self.0, self.1);
            elastic.penalty(simd, self.0)
        }
    }

    #[test]
    fn a_penalty_and_its_slopes_have_the_same_bits_everywhere() {
        let values: Vec<f64> = (0..77).map(|i| f64::from(i % 9 - 4) / 3.0).collect();
        let wanted: f64 = values.iter().map(|w| 0.5 * w.abs() + 0.25 * w * w).sum();
        let mut seen: Option<(u64, Vec<u64>)> = None;
        for set in InstructionSet::available() {
            let mut slopes = vec![1.0; values.len()];
            let penalty = run_on(set, Both(&values, &mut slopes));
            assert!((penalty - wanted).abs() < 1e-12);
            for (slope, w) in slopes.iter().zip(&values) {
                let sign = if *w == 0.0 { 0.0 } else { w.signum() };
                assert!((slope - (1.0 + 2.0 * (0.5 * sign + 0.5 * w))).abs() < 1e-12);
            }
            let bits = (penalty.to_bits(), slopes.iter().map(|slope| slope.to_bits()).collect());
            assert_eq!(*seen.get_or_insert(bits.clone()), bits, "{}", set.name());
        }
    }
}
