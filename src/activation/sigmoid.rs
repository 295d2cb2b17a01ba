//! Activations that level off on both sides: S-shaped ones, and steps.

use serde::{Deserialize, Serialize};

use super::Pointwise;
use crate::math::{sigmoid, tanh};
use crate::simd::{Float, Vector};

/// The perceptron's threshold: 1 above zero, else 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {}

impl Pointwise for Step {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        let zero = V::constant(0.0);
        z.unless_nan(V::select(z.greater(zero), V::constant(1.0), zero))
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        a.unless_nan(V::constant(0.0))
    }
}

/// The logistic function, `1 / (1 + exp(-z))`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sigmoid {}

impl Pointwise for Sigmoid {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        sigmoid(z)
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        a.mul(V::constant(1.0).sub(a))
    }
}

/// The hyperbolic tangent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tanh {}

impl Pointwise for Tanh {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        tanh(z)
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        a.neg().mul_add(a, V::constant(1.0))
    }
}

/// `z / (1 + |z|)` (Bergstra, Desjardins, Lamblin and Bengio 2009).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Softsign {}

impl Pointwise for Softsign {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        let largest = V::splat(V::Element::LARGEST);
        let z = largest.min(largest.neg().max(z)); // Infinity over infinity would be NaN.
        z.div(z.abs().add(V::constant(1.0)))
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        let rest = V::constant(1.0).sub(a.abs());
        rest.mul(rest)
    }
}

/// `z / 6 + 1 / 2` within 0 and 1 (Courbariaux, Bengio and David 2015, with the slope of MobileNetV3). Its
/// derivative at both ends is 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HardSigmoid {}

impl Pointwise for HardSigmoid {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        share(z)
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        let (zero, one) = (V::constant(0.0), V::constant(1.0));
        let rising = V::select(a.less(one), V::constant(1.0 / 6.0), zero);
        a.unless_nan(V::select(a.greater(zero), rising, zero))
    }
}

/// `z / 6 + 1 / 2` within 0 and 1. The sum comes first: it is exact where it is small.
#[inline(always)]
pub(super) fn share<V: Vector>(z: V) -> V {
    let six = V::constant(6.0);
    six.min(V::constant(0.0).max(z.add(V::constant(3.0)))).div(six)
}
