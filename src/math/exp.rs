//! The exponential function.
//!
//! Cody and Waite's reduction ("Software manual for the elementary functions", 1980): x = n log(2) + r
//! with |r| <= log(2)/2, and log(2) in two parts. Then e^r = 1 + r + r² p(r), where p is fitted on that
//! interval to the relative error of e^r - 1, which [`expm1`](super::expm1()) needs: 1.4e-8 in single
//! precision, 2.9e-19 in double. The power 2^n is given as two factors, so that the result overflows and
//! underflows gradually where it should, with one rounding.
//!
//! Measured: at most 1.077 ULP over all float32 inputs, and 1.025 over 10^8 float64 inputs.

use super::{by_type, exponent_bias, polynomial_in_halves, rounding_constant};
use crate::simd::{Float, Portable, Simd, Vector};

/// The coefficients of p.
const F32: [f64; 5] =
    [0.4999999701976776, 0.1666654646396637, 0.04166743531823158, 0.00836627185344696, 0.001387069234624505];
const F64: [f64; 11] = [
    0.5,
    0.16666666666666677,
    0.04166666666666669,
    0.008333333333321776,
    0.0013888888888886847,
    0.000198412698853436,
    2.480158729467294e-05,
    2.755724520729509e-06,
    2.755731598376479e-07,
    2.5108650566471165e-08,
    2.0897931619134053e-09,
];

/// log(2) in two parts, the first short enough for its products with an exponent to be exact.
pub(super) const LN_2_F32: (f64, f64) = (0.693145751953125, 1.428606765330187e-06);
pub(super) const LN_2_F64: (f64, f64) = (0.6931471805598903, 5.497923018708371e-14);

/// e^x.
#[inline(always)]
pub fn exp<V: Vector>(x: V) -> V {
    let low = V::constant(by_type::<V::Element, f64>(-104.0, -746.0));
    let high = V::constant(by_type::<V::Element, f64>(89.0, 710.0));
    let (tail, first, second) = split(high.min(low.max(x)));
    tail.mul_add(second, second).mul(first)
}

/// e^x for x <= 0 or NaN: the same bits as [`exp`] in fewer operations. Raised by some places, the one power
/// of two is always a normal number, and the last product rounds where e^x is not.
#[inline(always)]
pub fn exp_not_above_one<V: Vector>(x: V) -> V {
    let low = V::constant(by_type::<V::Element, f64>(-104.0, -746.0));
    let places = V::Element::MANTISSA_BITS as i32 + 2;
    let (shifted, _, tail) = reduce(low.max(x), (exponent_bias::<V::Element>() as i32 + places).into());
    let power = shifted.shift_into_exponent();
    power.mul_add(tail, power).mul(V::constant(2f64.powi(-places)))
}

/// `(tail, a, b)` with e^x = (1 + tail) a b. The powers of two a and b share the exponent of e^x, so they
/// are normal numbers also where e^x is not.
#[inline(always)]
pub(super) fn split<V: Vector>(x: V) -> (V, V, V) {
    let bias = exponent_bias::<V::Element>() as f64;
    let (shifted, exponent, tail) = reduce(x, 2.0 * bias);
    let magic = V::constant(rounding_constant::<V::Element>() + bias);
    let half = exponent.mul_add(V::constant(0.5), magic);
    (tail, half.shift_into_exponent(), shifted.sub_bits(half).shift_into_exponent())
}

/// `(i, n, tail)` with e^x = (1 + tail) 2^n and |tail| < 1/2. The low bits of i are the integer
/// n + `offset`.
#[inline(always)]
pub(super) fn reduce<V: Vector>(x: V, offset: f64) -> (V, V, V) {
    let magic = V::constant(rounding_constant::<V::Element>() + offset);
    let shifted = x.mul_add(V::constant(std::f64::consts::LOG2_E), magic);
    let exponent = shifted.sub(magic);
    let (high, low) = by_type::<V::Element, _>(LN_2_F32, LN_2_F64);
    let r = exponent.mul_add(V::constant(-high), x);
    let r = exponent.mul_add(V::constant(-low), r);
    let square = r.mul(r);
    let coefficients = by_type::<V::Element, &[f64]>(&F32, &F64);
    (shifted, exponent, square.mul_add(polynomial_in_halves(r, square, coefficients), r))
}

/// [`exp`](exp()) of one number, the same on every instruction set.
pub fn exp_of(x: f64) -> f64 {
    type Pair = <Portable as Simd>::F64;
    let mut lanes = [0.0; 2];
    // SAFETY: the portable vector of double precision has two lanes.
    unsafe { exp(Pair::splat(x)).store(lanes.as_mut_ptr()) };
    lanes[0]
}

/// The bound in single precision, in units in the last place.
#[cfg(test)]
const MAX_ULP_F32: f64 = 1.1;
/// The bound in double precision.
#[cfg(test)]
const MAX_ULP_F64: f64 = 1.1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::testing::{exactly, function};
    use crate::simd::{InstructionSet, Kernel, Lanewise, Simd, map, run_on};

    function!(Exp, exp, [(-746.0, 710.0), (-1.0, 1.0)], f64::exp);

    #[test]
    fn special_values() {
        exactly::<Exp>(&[
            (0.0, 1.0),
            (-0.0, 1.0),
            (5e-324, 1.0),
            (f64::INFINITY, f64::INFINITY),
            (f64::NEG_INFINITY, 0.0),
            (f64::MAX, f64::INFINITY),
            (f64::MIN, 0.0),
            (f64::NAN, f64::NAN),
        ]);
    }

    /// Zero where the two functions have the same bits.
    #[derive(Clone, Copy)]
    struct Difference;

    impl Lanewise<1, 0> for Difference {
        #[inline(always)]
        fn apply<V: Vector>(&self, [x]: [V; 1], []: [V; 0]) -> [V; 1] {
            [exp_not_above_one(x).xor_bits(exp(x))]
        }
    }

    struct Differences<T>(Vec<T>);

    impl<T: Float> Kernel for Differences<T> {
        type Output = Vec<T>;
        #[inline(always)]
        fn run<S: Simd>(mut self, simd: S) -> Vec<T> {
            map(simd, &Difference, None, &mut self.0);
            self.0
        }
    }

    #[test]
    fn not_above_one_has_the_same_bits() {
        let mut values: Vec<f64> = (0..200_000).map(|i| f64::from(i) * -0.004).collect();
        values.extend((0..200_000).map(|i| f64::from(i) * -0.00055));
        values.extend([-0.0, -1e-45, -5e-324, f64::MIN, f64::NEG_INFINITY, f64::NAN]);
        for set in InstructionSet::available() {
            let singles = values.iter().map(|&value| value as f32).collect();
            assert!(run_on(set, Differences(singles)).iter().all(|bits| bits.to_bits() == 0));
            assert!(run_on(set, Differences(values.clone())).iter().all(|bits| bits.to_bits() == 0));
        }
    }
}
