//! The logistic function 1 / (1 + e^-x), with full relative accuracy also where it is tiny.
//!
//! [`exp`](super::exp())'s reduction gives e^-x = (1 + tail) 2^n. Then 1 / (1 + e^-x) = k / (p tail + (p + k))
//! with p = k 2^n: one rounding for the denominator where p + k is exact, one for the quotient. k is as
//! small as it must be for p not to overflow, and the division rounds to a denormal number where the
//! result is one. And k is 1.5 times a power of two: where p is too large for p + k to be exact, that rounds
//! by half a unit at most, and with a k of one digit by a whole one.
//!
//! Measured: at most 1.927 ULP over all float32 inputs, and 2.022 over 10^8 float64 inputs.

use super::exp::reduce;
use super::{by_type, exponent_bias};
use crate::simd::{Float, Vector};

/// 1 / (1 + e^-x).
#[inline(always)]
pub fn sigmoid<V: Vector>(x: V) -> V {
    // Below the first the result is 0, above the second 1.
    let (low, high) = by_type::<V::Element, _>((-104.0, 20.0), (-746.0, 40.0));
    let x = V::constant(high).min(V::constant(low).max(x));
    let places = f64::from(V::Element::MANTISSA_BITS + 1);
    let (shifted, _, tail) = reduce(x.neg(), exponent_bias::<V::Element>() as f64 - places);
    // The significand of 1.5, under the exponent of 2^(n - places).
    let one_and_a_half = V::constant_bits(1 << (V::Element::MANTISSA_BITS - 1));
    let power = shifted.shift_into_exponent().or_bits(one_and_a_half);
    let k = V::constant(1.5 * 2f64.powi(-(V::Element::MANTISSA_BITS as i32 + 1)));
    k.div(power.mul_add(tail, power.add(k)))
}

/// The bound in single precision, in units in the last place.
#[cfg(test)]
const MAX_ULP_F32: f64 = 1.95;
/// The bound in double precision.
#[cfg(test)]
const MAX_ULP_F64: f64 = 2.1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::testing::{exactly, function};

    function!(Sigmoid, sigmoid, [(-746.0, 40.0), (-5.0, 5.0)], |x: f64| 1.0 / (1.0 + (-x).exp()));

    #[test]
    fn special_values() {
        exactly::<Sigmoid>(&[
            (0.0, 0.5),
            (-0.0, 0.5),
            (1e-45, 0.5),
            (f64::INFINITY, 1.0),
            (f64::NEG_INFINITY, 0.0),
            (f64::MAX, 1.0),
            (f64::MIN, 0.0),
            (f64::NAN, f64::NAN),
        ]);
    }
}
