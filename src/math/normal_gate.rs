//! x times the normal distribution's function P, x (1 + erf(x / sqrt(2))) / 2.
//!
//! For t >= 0 the tail is P(-t) = e^(-t²/2) q(u) / (t + 4) with u = (t - 4) / (t + 4), where q is fitted for t
//! up to 14.5 in single and 39 in double precision, to a relative error of 2.0e-8 and 6.9e-17; the variable is
//! that of Shepherd and Laframboise, "Chebyshev approximation of (1 + 2x) exp(x²) erfc x in 0 <= x < infinity"
//! (1981). An error of t²/2 is one of the tail, relative to it: so what rounding cuts off t² is carried on.
//! And P(t) = 1 - P(-t).
//!
//! Measured: at most 3.53 ULP over every 1021st float32 input, and 3.91 over 10^5 float64 inputs.

use super::exp::split;
use super::{by_type, polynomial_in_halves};
use crate::simd::Vector;

/// The coefficients of q.
const F32: [f64; 10] = [
    0.7552851438522339,
    -0.6078965663909912,
    0.3871362507343292,
    -0.18652376532554626,
    0.060411181300878525,
    -0.007522330619394779,
    -0.0035390201956033707,
    0.0015553710982203484,
    0.00020961118570994586,
    -0.00010957255290122703,
];
const F64: [f64; 23] = [
    0.7552851304157515,
    -0.6078966419718921,
    0.3871374007422195,
    -0.1865218579596654,
    0.06039657489066633,
    -0.007540188966435556,
    -0.0034796923616074705,
    0.00163081845328349,
    0.00013334424852697868,
    -0.00023109490373372465,
    -1.9078439807827174e-06,
    3.5144569719276246e-05,
    7.149755217618175e-07,
    -5.9200113402341505e-06,
    -6.25228387071925e-07,
    1.0218572665070709e-06,
    2.6415443000679937e-07,
    -1.5659212133883774e-07,
    -7.721026681348385e-08,
    1.6069244906287757e-08,
    1.4618928482743198e-08,
    -3.390408864629051e-10,
    -1.196517423682144e-09,
];

/// x times the share of the normal distribution below x: gelu.
#[inline(always)]
pub fn normal_gate<V: Vector>(x: V) -> V {
    let x = V::constant(-far::<V>()).max(x);
    let (power, share, ratio) = tail(V::constant(far::<V>()).min(x.abs()));
    let below = x.mul(share).mul(ratio).mul(power);
    let above = x.mul(share.mul(power).neg().mul_add(ratio, V::constant(1.0)));
    V::select(x.less(V::constant(0.0)), below, above)
}

/// The derivative of [`normal_gate`]: P(x) + x e^(-x²/2) / sqrt(2 pi).
#[inline(always)]
pub fn normal_gate_slope<V: Vector>(x: V) -> V {
    let x = V::constant(far::<V>()).min(V::constant(-far::<V>()).max(x));
    let (power, share, ratio) = tail(x.abs());
    let density = share.mul(power);
    let below = density.mul(ratio);
    let share = V::select(x.less(V::constant(0.0)), below, V::constant(1.0).sub(below));
    density.mul(V::constant(0.3989422804014327)).mul_add(x, share)
}

/// `(a, b, c)` with e^(-t²/2) = a b and P(-t) = a b c for 0 <= t <= [`far`]; a is a power of two.
#[inline(always)]
fn tail<V: Vector>(t: V) -> (V, V, V) {
    let (one, four) = (V::constant(1.0), V::constant(4.0));
    // u and 1 / (t + 4), each put right by what its roundings left over.
    let (sum, difference) = (t.add(four), t.sub(four));
    let sum_rest = t.sub(sum.sub(four));
    let difference_rest = t.sub(difference.add(four));
    let rough = one.div(sum);
    let inverse = rough.mul_add(sum_rest.neg().mul_add(rough, rough.neg().mul_add(sum, one)), rough);
    let u = difference.mul(rough);
    let rest = u.neg().mul_add(sum, difference).add(u.neg().mul_add(sum_rest, difference_rest));
    let u = rest.mul_add(rough, u);
    // The last two steps by Horner's rule: there even and odd powers would cancel.
    let [first, second, others @ ..] = by_type::<V::Element, &[f64]>(&F32, &F64) else { unreachable!() };
    let others = polynomial_in_halves(u, u.mul(u), others);
    let q = others.mul_add(u, V::constant(*second)).mul_add(u, V::constant(*first));
    let ratio = q.mul(inverse);
    let (minus_half, square) = (V::constant(-0.5), t.mul(t));
    let beyond = t.mul_add(t, square.neg()).mul(minus_half);
    let (tail, first, second) = split(square.mul(minus_half));
    let tail = tail.add(beyond.mul_add(tail, beyond));
    (first, tail.mul_add(second, second), ratio)
}

/// From where on the result is x, or 0 below zero.
#[inline(always)]
fn far<V: Vector>() -> f64 {
    by_type::<V::Element, _>(14.5, 39.0)
}

/// The bound in single precision, in units in the last place.
#[cfg(test)]
const MAX_ULP_F32: f64 = 4.0;
/// The bound in double precision.
#[cfg(test)]
const MAX_ULP_F64: f64 = 4.4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::testing::{exactly, function, of};

    function!(NormalGate, normal_gate, [(-39.0, 9.0), (-5.0, 5.0)], |x: f64| of::<NormalGate>(x).1);

    #[test]
    fn special_values() {
        exactly::<NormalGate>(&[
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
