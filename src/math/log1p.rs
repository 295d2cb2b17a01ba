//! log(1 + x), accurate also near zero.
//!
//! The sum u = 1 + x is taken apart as (1 + f) 2^e by [`log`](super::log())'s reduction, and what its
//! rounding lost, x - (u - 1), is added to f at its scale (the idea is from FreeBSD's `s_log1p.c`, Sun
//! Microsystems, 1993). From 2^60 on nothing is lost that could be seen.
//!
//! Measured: at most 1.392 ULP over all float32 inputs, and 0.841 over 10^8 float64 inputs.

use super::exponent_bias;
use super::log::{join, out_of_domain, split};
use crate::simd::{Float, Vector};

/// log(1 + x).
#[inline(always)]
pub fn log1p<V: Vector>(x: V) -> V {
    let one = V::constant(1.0);
    let sum = x.add(one);
    let (biased, exponent, f) = split(sum);
    let lost = x.sub(sum.sub(one));
    let double_bias = (2 * exponent_bias::<V::Element>()) << V::Element::MANTISSA_BITS;
    let scale = V::constant_bits(double_bias).sub_bits(biased.shift_into_exponent());
    let small = x.less(V::constant(2f64.powi(60)));
    let f = V::select(small, lost.mul_add(scale, f), f);
    // log(1 + x) <= x: the minimum changes nothing but the sign of zero, which it keeps.
    let y = join(exponent, f).min(x);
    out_of_domain(sum, x, y)
}

/// The bound in single precision, in units in the last place.
#[cfg(test)]
const MAX_ULP_F32: f64 = 1.4;
/// The bound in double precision.
#[cfg(test)]
const MAX_ULP_F64: f64 = 0.9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::testing::{exactly, function};

    function!(Log1P, log1p, [(-1.0, 1.0), (-0.5, 10.0), (0.0, f64::MAX)], f64::ln_1p);

    #[test]
    fn special_values() {
        exactly::<Log1P>(&[
            (0.0, 0.0),
            (-0.0, -0.0),
            (1e-45, 1e-45),
            (-3e-42, -3e-42),
            (5e-324, 5e-324),
            (-1.0, f64::NEG_INFINITY),
            (-1.5, f64::NAN),
            (f64::NEG_INFINITY, f64::NAN),
            (f64::INFINITY, f64::INFINITY),
            (f64::NAN, f64::NAN),
        ]);
    }
}
