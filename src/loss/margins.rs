//! Losses of yes-or-no outputs that answer by their sign: no cost beyond a margin of 1 on the right side.
//!
//! Targets are 1 for yes and 0 for no, as everywhere, and `s = 2 t - 1` is 1 and -1.

use serde::{Deserialize, Serialize};

use super::PointwiseLoss;
use crate::simd::Vector;

/// `s`, and what the output lacks of the margin, `max(1 - s a, 0)`.
#[inline(always)]
fn sign_and_lack<V: Vector>(a: V, t: V) -> (V, V) {
    let one = V::constant(1.0);
    let sign = t.add(t).sub(one);
    (sign, V::constant(0.0).max(sign.neg().mul_add(a, one)))
}

/// `max(1 - s a, 0)` (Cortes and Vapnik, "Support-vector networks", 1995); its slope at the kink is 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hinge {}

impl PointwiseLoss for Hinge {
    #[inline(always)]
    fn value<V: Vector>(&self, a: V, t: V) -> V {
        sign_and_lack(a, t).1
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, a: V, t: V) -> V {
        let (sign, lack) = sign_and_lack(a, t);
        let zero = V::constant(0.0);
        lack.unless_nan(V::select(lack.greater(zero), sign.neg(), zero))
    }
}

/// `max(1 - s a, 0)^2`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SquaredHinge {}

impl PointwiseLoss for SquaredHinge {
    #[inline(always)]
    fn value<V: Vector>(&self, a: V, t: V) -> V {
        let (_, lack) = sign_and_lack(a, t);
        lack.mul(lack)
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, a: V, t: V) -> V {
        let (sign, lack) = sign_and_lack(a, t);
        lack.add(lack).mul(sign.neg())
    }
}
