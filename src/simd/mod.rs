//! One vector abstraction over every instruction set the library runs on.
//!
//! A kernel is written once, generic over [`Simd`], and compiled once for each instruction set. The
//! set is chosen at the first use: the widest that the machine has, or the one that the environment
//! variable `NNFAST_ISA` pins.
//!
//! Every operation here is exact in IEEE-754's sense (correctly rounded, or a move of bits), so a
//! kernel gives the same bits on all of them. What would break that (reciprocal estimates, horizontal
//! sums of a width-dependent order) is not offered.
//!
//! How features reach the kernels: methods of a vector are `#[inline(always)]` and carry no target
//! feature of their own; [`Simd::vectorize`] runs a [`Kernel`] inside a function that has the features
//! switched on, and everything inlined into it is compiled with them. Hence the two rules for code that
//! touches vectors: a [`Kernel::run`] and whatever it calls is `#[inline(always)]`; everything else
//! enters through `vectorize`. The module is private to the crate, so nothing outside can reach a vector
//! without the token that proves its instruction set.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
mod slices;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

use crate::error::Error;

#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
pub use portable::Portable;
pub use slices::{Lanewise, first, first_lane, lanewise, map, read, transpose, turn, write};

/// A floating-point type that networks compute in: `f32` or `f64`.
pub trait Float:
    Copy
    + Send
    + Sync
    + PartialOrd
    + Default
    + std::fmt::Debug
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
    + std::ops::Neg<Output = Self>
    + std::ops::AddAssign
    + 'static
{
    /// The vector of this type on instruction set `S`.
    type Vector<S: Simd>: Vector<Element = Self>;
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// The stored bits of the significand, without the hidden one: 23 or 52.
    const MANTISSA_BITS: u32;
    /// The largest finite value.
    const LARGEST: Self;
    /// NumPy's name of the type.
    const NAME: &'static str;
    /// Rounds to this type.
    fn from_f64(value: f64) -> Self;
    /// Converts single precision, exactly.
    fn from_f32(value: f32) -> Self;
    /// Converts a byte, exactly.
    fn from_u8(value: u8) -> Self;
    /// Widens to double precision, exactly.
    fn to_f64(self) -> f64;
    /// Takes the low bits of `bits` as a value.
    fn from_bits(bits: u64) -> Self;
    /// `self * factor + addend` with one rounding.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// True for neither infinities nor NaN.
    fn is_finite(self) -> bool;
}

macro_rules! float {
    ($type:ident, $bits:ident, $vector:ident, $mantissa:literal, $name:literal) => {
        impl Float for $type {
            type Vector<S: Simd> = S::$vector;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const MANTISSA_BITS: u32 = $mantissa;
            const LARGEST: Self = $type::MAX;
            const NAME: &'static str = $name;
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $type
            }
            #[inline(always)]
            fn from_f32(value: f32) -> Self {
                value as $type
            }
            #[inline(always)]
            fn from_u8(value: u8) -> Self {
                value as $type
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn from_bits(bits: u64) -> Self {
                $type::from_bits(bits as $bits)
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                $type::mul_add(self, factor, addend)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $type::is_finite(self)
            }
        }
    };
}
float!(f32, u32, F32, 23, "float32");
float!(f64, u64, F64, 52, "float64");

/// Several values of one type that are worked on at once.
///
/// `max`, `min` and the comparisons follow x86: a comparison with NaN is false, and `max` and `min`
/// give their *second* operand when the two are unordered or equal.
pub trait Vector: Copy {
    /// The type of one lane.
    type Element: Float;
    /// What a comparison gives: one truth value a lane.
    type Mask: Copy;
    /// How many values a vector holds; a power of two, 16 at most.
    const LANES: usize;

    /// All lanes equal to `value`.
    fn splat(value: Self::Element) -> Self;
    /// Reads `LANES` values.
    ///
    /// # Safety
    /// `source` must be valid for reading `LANES` elements. No alignment beyond the element's is wanted.
    unsafe fn load(source: *const Self::Element) -> Self;
    /// Writes `LANES` values.
    ///
    /// # Safety
    /// `target` must be valid for writing `LANES` elements.
    unsafe fn store(self, target: *mut Self::Element);
    /// Reads `count` values and fills the other lanes with zero.
    ///
    /// # Safety
    /// `source` must be valid for reading `count` elements, and `count <= LANES`.
    unsafe fn load_partial(source: *const Self::Element, count: usize) -> Self;
    /// Writes the first `count` values.
    ///
    /// # Safety
    /// `target` must be valid for writing `count` elements, and `count <= LANES`.
    unsafe fn store_partial(self, target: *mut Self::Element, count: usize);

    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// `self / other`.
    fn div(self, other: Self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// `self * factor + addend` with one rounding.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// `self > other ? self : other`.
    fn max(self, other: Self) -> Self;
    /// `self < other ? self : other`.
    fn min(self, other: Self) -> Self;

    /// `self > other`, lane by lane.
    fn greater(self, other: Self) -> Self::Mask;
    /// `self < other`, lane by lane.
    fn less(self, other: Self) -> Self::Mask;
    /// True where the lane is NaN.
    fn is_nan(self) -> Self::Mask;
    /// `mask ? yes : no`, lane by lane.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// The bits of both.
    fn and_bits(self, other: Self) -> Self;
    /// The bits of either.
    fn or_bits(self, other: Self) -> Self;
    /// The bits of one but not both.
    fn xor_bits(self, other: Self) -> Self;
    /// The sum of the lanes taken as integers, wrapping.
    fn add_bits(self, other: Self) -> Self;
    /// The difference of the lanes taken as integers, wrapping.
    fn sub_bits(self, other: Self) -> Self;
    /// The lanes taken as integers, moved up by the mantissa's width: an integer becomes an exponent field.
    fn shift_into_exponent(self) -> Self;
    /// The lanes taken as unsigned integers, moved down by the mantissa's width: an exponent field becomes an integer.
    fn shift_out_of_exponent(self) -> Self;

    /// A bit for each lane that is not zero, of either sign; the first lane's is the lowest.
    fn nonzero_lanes(self) -> u32;

    /// The lanes of both in turns, `a0 b0 a1 b1 ...`: the first half of them, and the second.
    fn interleave(self, other: Self) -> (Self, Self);

    /// All lanes equal to the constant that is `value` rounded to the type.
    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self::splat(Self::Element::from_f64(value))
    }
    /// All lanes with these bits.
    #[inline(always)]
    fn constant_bits(bits: u64) -> Self {
        Self::splat(Self::Element::from_bits(bits))
    }
    /// The sign bit alone.
    #[inline(always)]
    fn sign_bit(self) -> Self {
        self.and_bits(Self::constant(-0.0))
    }
    /// The value without its sign.
    #[inline(always)]
    fn abs(self) -> Self {
        self.xor_bits(self.sign_bit())
    }
    /// The value with the other sign.
    #[inline(always)]
    fn neg(self) -> Self {
        self.xor_bits(Self::constant(-0.0))
    }
    /// `value` where `self` is a number, and `self` where it is NaN.
    #[inline(always)]
    fn unless_nan(self, value: Self) -> Self {
        Self::select(self.is_nan(), self, value)
    }
}

/// An instruction set, as a token that proves that the machine has it.
pub trait Simd: Copy + Send + Sync + 'static {
    /// The vector of single precision.
    type F32: Vector<Element = f32>;
    /// The vector of double precision.
    type F64: Vector<Element = f64>;
    /// The name that `NNFAST_ISA` takes.
    const NAME: &'static str;
    /// How many rows of a product's output are summed at once, each of two vectors: as many as the
    /// registers hold.
    const TILE_ROWS: usize;
    /// Runs `kernel` in a function that has the instruction set switched on.
    fn vectorize<K: Kernel>(self, kernel: K) -> K::Output;
    /// As [`Self::vectorize`], in a function that is compiled once and called, never copied to its callers.
    #[inline(never)]
    fn vectorize_apart<K: Kernel>(self, kernel: K) -> K::Output {
        self.vectorize(kernel)
    }
}

/// Work that is compiled once for each instruction set. Implementations are `#[inline(always)]`.
pub trait Kernel {
    /// What the work gives.
    type Output;
    /// Does the work.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// The instruction sets that this build knows on this architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// Arrays of lanes, for any machine.
    Portable,
    /// x86 with 256-bit vectors and fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// x86 with 512-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl InstructionSet {
    /// All of them, widest first.
    pub const ALL: &'static [Self] = &[
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        Self::Portable,
    ];

    /// Those that this machine can run, widest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|set| set.is_available())
    }

    /// The name that `NNFAST_ISA` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => Portable::NAME,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::NAME,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::NAME,
        }
    }

    /// Whether this machine can run it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::detect().is_some(),
        }
    }

    /// The one in use: pinned by `NNFAST_ISA`, or else the widest that the machine has.
    ///
    /// # Errors
    /// `NNFAST_ISA` names no known set, or one that the machine lacks: a kernel must not silently go
    /// untested.
    pub fn chosen() -> Result<Self, Error> {
        static CHOSEN: OnceLock<Result<InstructionSet, String>> = OnceLock::new();
        CHOSEN.get_or_init(choose).clone().map_err(Error::InstructionSet)
    }
}

fn choose() -> Result<InstructionSet, String> {
    let names = || InstructionSet::available().map(InstructionSet::name).collect::<Vec<_>>().join(", ");
    match std::env::var("NNFAST_ISA") {
        Ok(name) if !name.is_empty() => InstructionSet::available()
            .find(|set| set.name() == name)
            .ok_or_else(|| format!("NNFAST_ISA is {name:?}, but this machine runs only: {}", names())),
        _ => Ok(InstructionSet::available().next().expect("the portable set is always there")),
    }
}

/// Runs a kernel on one instruction set.
///
/// # Panics
/// The machine lacks `set`; [`InstructionSet::chosen`] never gives such a one.
pub fn run_on<K: Kernel>(set: InstructionSet, kernel: K) -> K::Output {
    match set {
        InstructionSet::Portable => Portable.vectorize(kernel),
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => Avx2::detect().expect("the machine lacks AVX2 or FMA").vectorize(kernel),
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => Avx512::detect().expect("the machine lacks AVX-512").vectorize(kernel),
    }
}

#[cfg(test)]
mod tests;
