//! log(1 + e^x), accurate also where it is tiny.
//!
//! It is max(x, 0) + log(1 + e^-|x|), where nothing overflows and both terms are positive.
//!
//! Measured: at most 1.61 ULP over every 1021st float32 input, and 1.55 over 10^5 float64 inputs.

use super::{exp_not_above_one, log1p};
use crate::simd::Vector;

/// log(1 + e^x).
#[inline(always)]
pub fn softplus<V: Vector>(x: V) -> V {
    V::constant(0.0).max(x).add(log1p(exp_not_above_one(x.abs().neg())))
}

/// The bound in single precision, in units in the last place.
#[cfg(test)]
const MAX_ULP_F32: f64 = 2.2;
/// The bound in double precision.
#[cfg(test)]
const MAX_ULP_F64: f64 = 2.2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::testing::{exactly, function};

    function!(Softplus, softplus, [(-746.0, 40.0), (-5.0, 5.0)], |x: f64| x.max(0.0)
        + (-x.abs()).exp().ln_1p());

    #[test]
    fn special_values() {
        exactly::<Softplus>(&[
            (f64::INFINITY, f64::INFINITY),
            (f64::NEG_INFINITY, 0.0),
            (f64::MAX, f64::MAX),
            (f64::MIN, 0.0),
            (f64::NAN, f64::NAN),
        ]);
    }
}
