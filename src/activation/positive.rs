//! The identity, and activations whose outputs are positive numbers of any size.

use serde::{Deserialize, Serialize};

use super::Pointwise;
use crate::math::{exp, expm1, softplus};
use crate::simd::Vector;

/// The net input itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linear {}

impl Pointwise for Linear {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        z
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        a.unless_nan(V::constant(1.0))
    }
}

/// `log(1 + exp(z))`, a smooth [`Relu`](super::Relu) (Dugas, Bengio, Bélisle, Nadeau and Garcia 2001).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Softplus {}

impl Pointwise for Softplus {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        softplus(z)
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        // 1 - exp(-a) is the logistic function of z.
        expm1(a.neg()).neg()
    }
}

/// `exp(z)`, the only one that grows faster than its input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exponential {}

impl Pointwise for Exponential {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        exp(z)
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        a
    }
}
