//! Elementwise functions: our own polynomials of fused multiply-adds, generic over the vector.
//!
//! Each file holds one function, where its reduction and polynomial come from, its measured bound in
//! units in the last place (ULP), and the tests that hold it. Only IEEE-exact operations are used, with
//! the same coefficients in the same order on every instruction set: no table, no branch, no libm.
//! So the bits are the same everywhere. This module knows of nothing but [`crate::simd`]. What is needed of
//! single numbers only (`cos_pi`, `power`, `normal_quantile`) is of double precision alone.
//!
//! The polynomials are minimax fits (Remez' exchange in 100 digits). Their coefficients are rounded to
//! the type from the lowest on, and after each rounding the rest are fitted anew.

mod cos_pi;
mod double;
mod exp;
mod expm1;
mod log;
mod log1p;
mod logistic_gate;
mod mish;
mod normal_gate;
mod normal_quantile;
mod power;
mod sigmoid;
mod softplus;
mod tanh;
mod tanh_gate;

pub use cos_pi::cos_pi;
pub use exp::{exp, exp_not_above_one, exp_of};
pub use expm1::expm1;
pub use log::{log, log_of};
pub use log1p::log1p;
pub use logistic_gate::{logistic_gate, logistic_gate_slope};
pub use mish::{mish, mish_slope};
pub use normal_gate::{normal_gate, normal_gate_slope};
pub use normal_quantile::{normal_of_bits, normal_quantile};
pub use power::power;
pub use sigmoid::sigmoid;
pub use softplus::softplus;
pub use tanh::tanh;
pub use tanh_gate::{tanh_gate, tanh_gate_slope};

use crate::simd::{Float, Vector};

#[cfg(test)]
mod reference;
#[cfg(test)]
mod testing;

/// The one of two values that belongs to the type `T`.
#[inline(always)]
const fn by_type<T: Float, C: Copy>(single: C, double: C) -> C {
    if T::MANTISSA_BITS == 23 { single } else { double }
}

/// The polynomial with these coefficients, the lowest first, by Horner's rule: the fewest operations.
#[inline(always)]
fn polynomial<V: Vector>(x: V, coefficients: &[f64]) -> V {
    // A loop over indices: the closures of an iterator may not be inlined, and then lack the features.
    let mut power = coefficients.len() - 1;
    let mut sum = V::constant(coefficients[power]);
    while power > 0 {
        power -= 1;
        sum = sum.mul_add(x, V::constant(coefficients[power]));
    }
    sum
}

/// As [`polynomial`], with the even and the odd powers side by side: half the chain of waits, and as few
/// operations where `square`, x², is needed anyway.
#[inline(always)]
fn polynomial_in_halves<V: Vector>(x: V, square: V, coefficients: &[f64]) -> V {
    let mut power = coefficients.len() - 2;
    let (mut next, mut last) = (V::constant(coefficients[power]), V::constant(coefficients[power + 1]));
    while power > 0 {
        power -= 1;
        (next, last) = (last.mul_add(square, V::constant(coefficients[power])), next);
    }
    last.mul_add(x, next)
}

/// The distance of the exponent field of 1.0 from zero: 127 or 1023.
#[inline(always)]
const fn exponent_bias<T: Float>() -> u64 {
    by_type::<T, u64>(127, 1023)
}

/// 1.5 times two to the mantissa's width. Added to a small number it rounds that to an integer, which
/// then stands in the lowest bits.
#[inline(always)]
const fn rounding_constant<T: Float>() -> f64 {
    by_type::<T, f64>(12_582_912.0, 6_755_399_441_055_744.0)
}
