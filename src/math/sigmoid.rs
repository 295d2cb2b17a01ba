//! The logistic function 1 / (1 + e^-x), with full relative accuracy also where it is tiny.
//!
//! [`exp`](super::exp())'s reduction gives e^-x = (1 + tail) a b with powers of two a and b. Then
//! 1 / (1 + e^-x) = c / (b tail + b + c) with c = 1/a, where nothing overflows, and one division rounds
//! the result to a denormal number where it is one.
//!
//! Measured: at most 1.9992 ULP over all float32 inputs, and 1.998 over 10^8 float64 inputs.

use super::exp::split;
use super::{by_type, exponent_bias};
use crate::simd::{Float, Vector};

/// 1 / (1 + e^-x).
#[inline(always)]
pub fn sigmoid<V: Vector>(x: V) -> V {
    let bound = by_type::<V::Element, _>(104.0, 746.0);
    let (tail, a, b) = split(V::constant(bound).min(V::constant(-bound).max(x.neg())));
    let double_bias = 2 * exponent_bias::<V::Element>();
    let c = V::constant_bits(double_bias << V::Element::MANTISSA_BITS).sub_bits(a);
    // The smaller first: b + c would be rounded by a whole unit where one is 2^24 times the other.
    let denominator = b.mul_add(tail, b.min(c)).add(b.max(c));
    c.div(denominator)
}

/// The bound in single precision, in units in the last place.
#[cfg(test)]
const MAX_ULP_F32: f64 = 2.0;
/// The bound in double precision.
#[cfg(test)]
const MAX_ULP_F64: f64 = 2.0;

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
