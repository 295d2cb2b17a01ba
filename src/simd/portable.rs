//! Arrays of lanes with `mul_add`, written so that the compiler vectorizes them: exact everywhere,
//! fast where the target's baseline fuses (ARM's NEON), slow but right on an x86 without FMA.

use super::{Float, Kernel, Simd, Vector};

/// The instruction set of the build's own target.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Simd for Portable {
    type F32 = Lanes<f32, 4>;
    type F64 = Lanes<f64, 2>;
    const NAME: &'static str = "portable";
    const TILE_ROWS: usize = 6;

    #[inline]
    fn vectorize<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }
}

/// `N` values side by side.
#[derive(Clone, Copy, Debug)]
pub struct Lanes<T, const N: usize>([T; N]);

macro_rules! lanes {
    ($type:ident, $bits:ident, $count:literal) => {
        impl Lanes<$type, $count> {
            #[inline(always)]
            fn map(self, function: impl Fn($type) -> $type) -> Self {
                Self(self.0.map(function))
            }
            #[inline(always)]
            fn zip(self, other: Self, function: impl Fn($type, $type) -> $type) -> Self {
                Self(std::array::from_fn(|lane| function(self.0[lane], other.0[lane])))
            }
            #[inline(always)]
            fn zip_bits(self, other: Self, function: impl Fn($bits, $bits) -> $bits) -> Self {
                self.zip(other, |a, b| $type::from_bits(function(a.to_bits(), b.to_bits())))
            }
        }

        impl Vector for Lanes<$type, $count> {
            type Element = $type;
            type Mask = [bool; $count];
            const LANES: usize = $count;

            #[inline(always)]
            fn splat(value: $type) -> Self {
                Self([value; $count])
            }
            #[inline(always)]
            unsafe fn load(source: *const $type) -> Self {
                // SAFETY: the caller vouches for LANES elements; an array has its element's alignment.
                Self(unsafe { source.cast::<[$type; $count]>().read() })
            }
            #[inline(always)]
            unsafe fn store(self, target: *mut $type) {
                // SAFETY: the caller vouches for LANES elements.
                unsafe { target.cast::<[$type; $count]>().write(self.0) }
            }
            #[inline(always)]
            unsafe fn load_partial(source: *const $type, count: usize) -> Self {
                let mut lanes = [0.0; $count];
                // SAFETY: the caller vouches for `count` elements at `source` and for count <= LANES.
                unsafe { source.copy_to_nonoverlapping(lanes.as_mut_ptr(), count) };
                Self(lanes)
            }
            #[inline(always)]
            unsafe fn store_partial(self, target: *mut $type, count: usize) {
                // SAFETY: the caller vouches for `count` elements at `target` and for count <= LANES.
                unsafe { target.copy_from_nonoverlapping(self.0.as_ptr(), count) };
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self.zip(other, |a, b| a + b)
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self.zip(other, |a, b| a - b)
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self.zip(other, |a, b| a * b)
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                self.zip(other, |a, b| a / b)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                self.map($type::sqrt)
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                Self(std::array::from_fn(|lane| self.0[lane].mul_add(factor.0[lane], addend.0[lane])))
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                self.zip(other, |a, b| if a > b { a } else { b })
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                self.zip(other, |a, b| if a < b { a } else { b })
            }

            #[inline(always)]
            fn greater(self, other: Self) -> Self::Mask {
                std::array::from_fn(|lane| self.0[lane] > other.0[lane])
            }
            #[inline(always)]
            fn less(self, other: Self) -> Self::Mask {
                std::array::from_fn(|lane| self.0[lane] < other.0[lane])
            }
            #[inline(always)]
            fn is_nan(self) -> Self::Mask {
                std::array::from_fn(|lane| self.0[lane].is_nan())
            }
            #[inline(always)]
            fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
                Self(std::array::from_fn(|lane| if mask[lane] { yes.0[lane] } else { no.0[lane] }))
            }

            #[inline(always)]
            fn and_bits(self, other: Self) -> Self {
                self.zip_bits(other, |a, b| a & b)
            }
            #[inline(always)]
            fn or_bits(self, other: Self) -> Self {
                self.zip_bits(other, |a, b| a | b)
            }
            #[inline(always)]
            fn xor_bits(self, other: Self) -> Self {
                self.zip_bits(other, |a, b| a ^ b)
            }
            #[inline(always)]
            fn add_bits(self, other: Self) -> Self {
                self.zip_bits(other, $bits::wrapping_add)
            }
            #[inline(always)]
            fn sub_bits(self, other: Self) -> Self {
                self.zip_bits(other, $bits::wrapping_sub)
            }
            #[inline(always)]
            fn shift_into_exponent(self) -> Self {
                self.map(|a| $type::from_bits(a.to_bits() << $type::MANTISSA_BITS))
            }
            #[inline(always)]
            fn shift_out_of_exponent(self) -> Self {
                self.map(|a| $type::from_bits(a.to_bits() >> $type::MANTISSA_BITS))
            }

            #[inline(always)]
            fn nonzero_lanes(self) -> u32 {
                (0..$count).fold(0, |bits, lane| bits | u32::from(self.0[lane] != 0.0) << lane)
            }
            #[inline(always)]
            fn interleave(self, other: Self) -> (Self, Self) {
                let lane = |index: usize| if index % 2 == 0 { self.0[index / 2] } else { other.0[index / 2] };
                (Self(std::array::from_fn(lane)), Self(std::array::from_fn(|index| lane(index + $count))))
            }
        }
    };
}
lanes!(f32, u32, 4);
lanes!(f64, u64, 2);
