//! x86-64 with AVX2 and FMA: 256-bit vectors, sixteen registers.
//!
//! Each method below is one instruction, or two. All their `unsafe` has one ground: an [`Avx2`] token
//! exists only where [`Avx2::detect`] found the features, and the vectors are only reached through it.

use std::arch::x86_64::*;

use super::{Kernel, Simd, Vector};

/// Proof that the machine has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx2 {
    _detected: (),
}

impl Avx2 {
    /// The token, if the machine (and its operating system) has the features.
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"))
            .then_some(Self { _detected: () })
    }
}

impl Simd for Avx2 {
    type F32 = F32x8;
    type F64 = F64x4;
    const NAME: &'static str = "avx2";
    const REGISTERS: usize = 16;

    #[inline]
    fn vectorize<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2,fma")]
        #[inline]
        fn with_features<K: Kernel>(simd: Avx2, kernel: K) -> K::Output {
            kernel.run(simd)
        }
        // SAFETY: the token proves that the machine has both features.
        unsafe { with_features(self, kernel) }
    }
}

/// Eight single-precision lanes.
#[derive(Clone, Copy, Debug)]
pub struct F32x8(__m256);

/// Four double-precision lanes.
#[derive(Clone, Copy, Debug)]
pub struct F64x4(__m256d);

/// The first `count` lanes of 32 or 64 bits, as a mask for partial loads and stores.
#[inline(always)]
fn first_lanes_32(count: usize) -> __m256i {
    // SAFETY: AVX2 is there (module note).
    unsafe {
        let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lane)
    }
}
#[inline(always)]
fn first_lanes_64(count: usize) -> __m256i {
    // SAFETY: AVX2 is there (module note).
    unsafe {
        let lane = _mm256_setr_epi64x(0, 1, 2, 3);
        _mm256_cmpgt_epi64(_mm256_set1_epi64x(count as i64), lane)
    }
}

macro_rules! vector {
    (
        $vector:ident, $register:ident, $element:ident, $lanes:literal, $first_lanes:ident,
        $splat:ident, $load:ident, $store:ident, $load_partial:ident, $store_partial:ident,
        $add:ident, $sub:ident, $mul:ident, $div:ident, $sqrt:ident, $mul_add:ident, $max:ident, $min:ident,
        $compare:ident, $blend:ident, $and:ident, $or:ident, $xor:ident,
        $to_bits:ident, $from_bits:ident, $add_bits:ident, $sub_bits:ident, $shift_up:ident, $shift_down:ident
    ) => {
        impl Vector for $vector {
            type Element = $element;
            type Mask = $register;
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(value: $element) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $splat(value) })
            }
            #[inline(always)]
            unsafe fn load(source: *const $element) -> Self {
                // SAFETY: AVX2 is there (module note); the caller vouches for LANES elements.
                Self(unsafe { $load(source) })
            }
            #[inline(always)]
            unsafe fn store(self, target: *mut $element) {
                // SAFETY: AVX2 is there (module note); the caller vouches for LANES elements.
                unsafe { $store(target, self.0) }
            }
            #[inline(always)]
            unsafe fn load_partial(source: *const $element, count: usize) -> Self {
                // SAFETY: AVX2 is there (module note); masked lanes are not touched.
                Self(unsafe { $load_partial(source, $first_lanes(count)) })
            }
            #[inline(always)]
            unsafe fn store_partial(self, target: *mut $element, count: usize) {
                // SAFETY: AVX2 is there (module note); masked lanes are not touched.
                unsafe { $store_partial(target, $first_lanes(count), self.0) }
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $add(self.0, other.0) })
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $sub(self.0, other.0) })
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $mul(self.0, other.0) })
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $div(self.0, other.0) })
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $sqrt(self.0) })
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                // SAFETY: FMA is there (module note).
                Self(unsafe { $mul_add(self.0, factor.0, addend.0) })
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $max(self.0, other.0) })
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $min(self.0, other.0) })
            }

            #[inline(always)]
            fn greater(self, other: Self) -> Self::Mask {
                // SAFETY: AVX2 is there (module note).
                unsafe { $compare::<_CMP_GT_OQ>(self.0, other.0) }
            }
            #[inline(always)]
            fn less(self, other: Self) -> Self::Mask {
                // SAFETY: AVX2 is there (module note).
                unsafe { $compare::<_CMP_LT_OQ>(self.0, other.0) }
            }
            #[inline(always)]
            fn is_nan(self) -> Self::Mask {
                // SAFETY: AVX2 is there (module note).
                unsafe { $compare::<_CMP_UNORD_Q>(self.0, self.0) }
            }
            #[inline(always)]
            fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $blend(no.0, yes.0, mask) })
            }

            #[inline(always)]
            fn and_bits(self, other: Self) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $and(self.0, other.0) })
            }
            #[inline(always)]
            fn or_bits(self, other: Self) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $or(self.0, other.0) })
            }
            #[inline(always)]
            fn xor_bits(self, other: Self) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $xor(self.0, other.0) })
            }
            #[inline(always)]
            fn add_bits(self, other: Self) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $from_bits($add_bits($to_bits(self.0), $to_bits(other.0))) })
            }
            #[inline(always)]
            fn sub_bits(self, other: Self) -> Self {
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $from_bits($sub_bits($to_bits(self.0), $to_bits(other.0))) })
            }
            #[inline(always)]
            fn shift_into_exponent(self) -> Self {
                const BITS: i32 = <$element as super::Float>::MANTISSA_BITS as i32;
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $from_bits($shift_up::<BITS>($to_bits(self.0))) })
            }
            #[inline(always)]
            fn shift_out_of_exponent(self) -> Self {
                const BITS: i32 = <$element as super::Float>::MANTISSA_BITS as i32;
                // SAFETY: AVX2 is there (module note).
                Self(unsafe { $from_bits($shift_down::<BITS>($to_bits(self.0))) })
            }
        }
    };
}

vector!(
    F32x8,
    __m256,
    f32,
    8,
    first_lanes_32,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_maskload_ps,
    _mm256_maskstore_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_div_ps,
    _mm256_sqrt_ps,
    _mm256_fmadd_ps,
    _mm256_max_ps,
    _mm256_min_ps,
    _mm256_cmp_ps,
    _mm256_blendv_ps,
    _mm256_and_ps,
    _mm256_or_ps,
    _mm256_xor_ps,
    _mm256_castps_si256,
    _mm256_castsi256_ps,
    _mm256_add_epi32,
    _mm256_sub_epi32,
    _mm256_slli_epi32,
    _mm256_srli_epi32
);
vector!(
    F64x4,
    __m256d,
    f64,
    4,
    first_lanes_64,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_maskload_pd,
    _mm256_maskstore_pd,
    _mm256_add_pd,
    _mm256_sub_pd,
    _mm256_mul_pd,
    _mm256_div_pd,
    _mm256_sqrt_pd,
    _mm256_fmadd_pd,
    _mm256_max_pd,
    _mm256_min_pd,
    _mm256_cmp_pd,
    _mm256_blendv_pd,
    _mm256_and_pd,
    _mm256_or_pd,
    _mm256_xor_pd,
    _mm256_castpd_si256,
    _mm256_castsi256_pd,
    _mm256_add_epi64,
    _mm256_sub_epi64,
    _mm256_slli_epi64,
    _mm256_srli_epi64
);
