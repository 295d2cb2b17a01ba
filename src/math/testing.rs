//! What every function of this folder is put through: units in the last place against a better
//! reference, and the same bits on every instruction set.

use super::reference::{Double, Scaled, scale};
use crate::simd::{Float, InstructionSet, Kernel, Lanewise, Simd, lanewise, run_on};

/// A function, and what it is held to.
pub trait Function: Lanewise<1, 0> + Default + Copy {
    /// The bound in single precision, in units in the last place of the right value.
    const MAX_ULP_F32: f64;
    /// The bound in double precision.
    const MAX_ULP_F64: f64;
    /// Where double precision is sampled.
    const SPANS: &'static [(f64, f64)];
    /// The function in the platform's double precision: what single precision is held to.
    fn in_double(x: f64) -> f64;
    /// The function in more than double precision.
    fn in_double_double(x: f64) -> Scaled;
}

/// Makes `$name` the [`Function`] that `$apply` computes, and writes its tests.
macro_rules! function {
    ($name:ident, $apply:ident, $spans:expr, $in_double:expr) => {
        #[derive(Clone, Copy, Default)]
        struct $name;

        impl crate::simd::Lanewise<1, 0> for $name {
            #[inline(always)]
            fn apply<V: Vector>(&self, [x]: [V; 1], _read: [V; 0]) -> [V; 1] {
                [$apply(x)]
            }
        }

        impl $crate::math::testing::Function for $name {
            const MAX_ULP_F32: f64 = MAX_ULP_F32;
            const MAX_ULP_F64: f64 = MAX_ULP_F64;
            const SPANS: &'static [(f64, f64)] = &$spans;
            fn in_double(x: f64) -> f64 {
                ($in_double)(x)
            }
            fn in_double_double(x: f64) -> $crate::math::reference::Scaled {
                $crate::math::reference::$apply(x)
            }
        }

        #[test]
        fn some_of_single_precision() {
            $crate::math::testing::single_precision::<$name>(1021);
        }
        #[test]
        #[ignore = "exhaustive: all float32 inputs; run by make test-slow"]
        fn all_of_single_precision() {
            $crate::math::testing::single_precision::<$name>(1);
        }
        #[test]
        fn some_of_double_precision() {
            $crate::math::testing::double_precision::<$name>(100_000);
        }
        #[test]
        #[ignore = "exhaustive: 10^8 float64 inputs; run by make test-slow"]
        fn much_of_double_precision() {
            $crate::math::testing::double_precision::<$name>(100_000_000);
        }
        #[test]
        fn the_same_bits_everywhere() {
            $crate::math::testing::same_bits::<$name>();
        }
    };
}
pub(crate) use function;

struct Apply<'a, T, F>(&'a mut [T], F);

impl<T: Float, F: Function> Kernel for Apply<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        lanewise(simd, &self.1, [self.0], []);
    }
}

/// The function of each value, on one instruction set.
fn map<T: Float, F: Function>(set: InstructionSet, values: &[T]) -> Vec<T> {
    let mut values = values.to_vec();
    run_on(set, Apply(&mut values, F::default()));
    values
}

/// The function of one value, in both precisions.
pub fn of<F: Function>(x: f64) -> (f32, f64) {
    let set = InstructionSet::chosen().unwrap();
    (map::<f32, F>(set, &[x as f32])[0], map::<f64, F>(set, &[x])[0])
}

/// Holds the function to exact values, the sign of zero included.
pub fn exactly<F: Function>(pairs: &[(f64, f64)]) {
    for &(x, right) in pairs {
        let (single, double) = of::<F>(x);
        let same = if right.is_nan() {
            single.is_nan() && double.is_nan()
        } else {
            single.to_bits() == (right as f32).to_bits() && double.to_bits() == right.to_bits()
        };
        assert!(same, "f({x:e}) = {single:e} and {double:e}, not {right:e}");
    }
}

/// Holds single precision to the bound at every `step`-th bit pattern.
pub fn single_precision<F: Function>(step: usize) {
    let set = InstructionSet::chosen().unwrap();
    let mut worst = (0.0, 0.0f32);
    let all: Vec<u64> = (0..1 << 32).step_by(step << 16).collect();
    for start in all {
        let inputs: Vec<f32> =
            (0..1u64 << 16).map(|i| f32::from_bits((start + i * step as u64) as u32)).collect();
        for (&x, y) in inputs.iter().zip(map::<f32, F>(set, &inputs)) {
            let right = F::in_double(f64::from(x));
            assert_eq!(y.is_nan(), right.is_nan(), "f({x:e}) = {y:e}, not {right:e}");
            if right.is_nan() {
                continue;
            }
            assert_eq!(y.is_sign_negative(), right.is_sign_negative(), "f({x:e}) = {y:e}, not {right:e}");
            let error = error_f32(y, right);
            if error > worst.0 {
                worst = (error, x);
            }
        }
    }
    println!("single precision: {:.4} ULP at {:e}", worst.0, worst.1);
    assert!(worst.0 <= F::MAX_ULP_F32, "{} ULP at {:e}", worst.0, worst.1);
}

/// The distance from the right value in units in its last place; infinity stands for 2^128.
fn error_f32(y: f32, right: f64) -> f64 {
    let largest = 2f64.powi(128);
    let [y, right] = [f64::from(y), right].map(|value| value.clamp(-largest, largest));
    let exponent = (right.abs().to_bits() >> 52) as i32 - 1023;
    // The unit's reciprocal, by its exponent field.
    let units = f64::from_bits(((23 - exponent.clamp(-126, 127) + 1023) as u64) << 52);
    (y - right).abs() * units
}

/// Holds double precision to the bound at `count` random values.
pub fn double_precision<F: Function>(count: usize) {
    let set = InstructionSet::chosen().unwrap();
    let mut worst = (0.0, 0.0);
    let mut random = Random(0);
    for _ in 0..count.div_ceil(1000) {
        let inputs: Vec<f64> = (0..1000).map(|i| random.within(F::SPANS[i % F::SPANS.len()])).collect();
        for (&x, y) in inputs.iter().zip(map::<f64, F>(set, &inputs)) {
            let error = error_f64(y, F::in_double_double(x));
            assert!(!error.is_nan(), "f({x:e}) = {y:e}");
            if error > worst.0 {
                worst = (error, x);
            }
        }
    }
    println!("double precision: {:.4} ULP at {:e}", worst.0, worst.1);
    assert!(worst.0 <= F::MAX_ULP_F64, "{} ULP at {:e}", worst.0, worst.1);
}

/// The distance from the right value in units in its last place; infinity stands for 2^1024.
pub fn error_f64(y: f64, Scaled(Double(high, low), power): Scaled) -> f64 {
    let largest = scale(2.0, 1023 - power);
    let y = if y.is_infinite() { largest.copysign(y) } else { scale(y, -power) };
    let (high, low) = if high >= largest { (largest, 0.0) } else { (high, low) };
    let exponent = (high.abs().to_bits() >> 52) as i32 - 1023 + power;
    let ulp = scale(1.0, exponent.clamp(-1022, 1023) - 52 - power);
    ((y - high) - low).abs() / ulp
}

/// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A value of the span: half of them evenly by value, half evenly by bit pattern.
    fn within(&mut self, (low, high): (f64, f64)) -> f64 {
        let fraction = (self.bits() >> 11) as f64 / 2f64.powi(53);
        if self.bits().is_multiple_of(2) {
            return low + (high - low) * fraction;
        }
        let end = if self.bits().is_multiple_of(2) { low } else { high };
        f64::from_bits((fraction * end.abs().to_bits() as f64) as u64).copysign(end).clamp(low, high)
    }
}

/// Holds every instruction set that the machine has to the portable one's bits.
pub fn same_bits<F: Function>() {
    let mut random = Random(1);
    let mut doubles = vec![0.0, 1.0, f64::INFINITY, f64::NAN, f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e-45];
    doubles.extend((0..20_000).map(|i| random.within(F::SPANS[i % F::SPANS.len()])));
    doubles.extend((0..5_000).map(|_| f64::from_bits(random.bits())));
    doubles.extend(doubles.clone().iter().map(|x| -x));
    let mut singles: Vec<f32> = doubles.iter().map(|&x| x as f32).collect();
    singles.extend((0..1u32 << 15).map(|i| f32::from_bits(i << 17 | i)));
    for set in InstructionSet::available() {
        same::<f64, F>(set, &doubles);
        same::<f32, F>(set, &singles);
    }
}

fn same<T: Float, F: Function>(set: InstructionSet, inputs: &[T]) {
    let pairs = map::<T, F>(set, inputs).into_iter().zip(map::<T, F>(InstructionSet::Portable, inputs));
    for (x, (y, portable)) in inputs.iter().zip(pairs) {
        let [a, b] = [y, portable].map(|value| value.to_f64());
        let same = a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        assert!(same, "f({x:?}) = {y:?} on {}, {portable:?} on portable", set.name());
    }
}
