//! x tanh(log(1 + e^x)).
//!
//! The tangent is a quotient of polynomials in one power: with e = e^-|x| it is (1 + 2 e) / (1 + 2 e + 2 e²)
//! for x >= 0, and e (e + 2) / (e (e + 2) + 2) below. There, as in [`logistic_gate`](super::logistic_gate()), one
//! factor of the power comes last, for the result to underflow with one rounding.
//!
//! Measured: at most 3.26 ULP over every 1021st float32 input, and 2.92 over 10^5 float64 inputs.

use super::exp::split;
use super::logistic_gate::lowest;
use crate::simd::Vector;

/// x tanh(log(1 + e^x)).
#[inline(always)]
pub fn mish<V: Vector>(x: V) -> V {
    let x = V::constant(lowest::<V>()).max(x);
    let below = x.less(V::constant(0.0));
    let (first, numerator, denominator) = quotient(x);
    let value = x.mul(numerator).div(denominator);
    V::select(below, value.mul(first), value)
}

/// The derivative of [`mish`]: with t = tanh(log(1 + e^x)), it is t + x (1 - t²) / (1 + e^-x).
#[inline(always)]
pub fn mish_slope<V: Vector>(x: V) -> V {
    let (one, two) = (V::constant(1.0), V::constant(2.0));
    let x = V::constant(-lowest::<V>()).min(V::constant(lowest::<V>()).max(x));
    let below = x.less(V::constant(0.0));
    let (first, numerator, denominator) = quotient(x);
    let inverse = one.div(denominator);
    let scaled = numerator.mul(inverse);
    let t = V::select(below, scaled.mul(first), scaled);
    // 1 - t, not as a difference: 2 e² or 2 over the same denominator.
    let power = power(x);
    let rest = V::select(below, two, two.mul(power).mul(power)).mul(inverse);
    let share = V::select(below, power, one).div(one.add(power));
    x.mul(share).mul(rest).mul_add(one.add(t), t)
}

/// `(a, n, d)` with tanh(log(1 + e^x)) = n / d for x >= 0, and a n / d below; a is a power of two.
#[inline(always)]
fn quotient<V: Vector>(x: V) -> (V, V, V) {
    let (one, two) = (V::constant(1.0), V::constant(2.0));
    let (tail, first, second) = split(size(x).neg());
    let share = tail.mul_add(second, second);
    let power = share.mul(first);
    let (double, more) = (power.mul_add(two, one), power.add(two));
    let numerator = V::select(x.less(V::constant(0.0)), power.mul_add(share, share.add(share)), double);
    let above = power.mul(two).mul_add(power, double);
    (first, numerator, V::select(x.less(V::constant(0.0)), power.mul_add(more, two), above))
}

/// e^-|x|.
#[inline(always)]
fn power<V: Vector>(x: V) -> V {
    let (tail, first, second) = split(size(x).neg());
    tail.mul_add(second, second).mul(first)
}

/// |x|, as far as [`split`] can take it.
#[inline(always)]
fn size<V: Vector>(x: V) -> V {
    V::constant(-lowest::<V>()).min(x.abs())
}

/// The bound in single precision, in units in the last place.
#[cfg(test)]
const MAX_ULP_F32: f64 = 3.5;
/// The bound in double precision.
#[cfg(test)]
const MAX_ULP_F64: f64 = 3.5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::testing::{exactly, function};

    fn in_double(x: f64) -> f64 {
        if x < -700.0 { -0.0 } else { x * x.exp().ln_1p().tanh() }
    }

    function!(Mish, mish, [(-752.0, 40.0), (-5.0, 5.0)], in_double);

    #[test]
    fn special_values() {
        exactly::<Mish>(&[
            (0.0, 0.0),
            (-0.0, -0.0),
            (f64::INFINITY, f64::INFINITY),
            (f64::NEG_INFINITY, -0.0),
            (f64::MAX, f64::MAX),
            (f64::MIN, -0.0),
            (f64::NAN, f64::NAN),
        ]);
    }
}
