//! x86-64 with AVX2 and FMA: 256-bit vectors, sixteen registers.
//!
//! All `unsafe` here has one ground: an [`Avx2`] token exists only where [`Avx2::detect`] found the
//! features, and the vectors are only reached through it.

use std::arch::x86_64::*;

use super::x86::vector;
use super::{Kernel, Simd};

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
    // 6 by 2 sums fill 12 of 16 registers, beside 2 for the right-hand matrix and 1 or 2 for the left one.
    const TILE_ROWS: usize = 6;

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

/// What differs between the two precisions by more than the names of intrinsics.
macro_rules! odd_ones {
    (
        $register:ident, $element:ident, $mask:expr, $maskload:ident, $maskstore:ident, $cmp:ident, $blend:ident,
        $unpack_low:ident, $unpack_high:ident, $swap:ident;
        $load_partial:ident, $store_partial:ident, $compare:ident, $select:ident, $interleave:ident
    ) => {
        #[inline(always)]
        unsafe fn $load_partial(source: *const $element, count: usize) -> $register {
            // SAFETY: the token; lanes that are masked are not touched.
            unsafe { $maskload(source, $mask(count)) }
        }
        #[inline(always)]
        unsafe fn $store_partial(target: *mut $element, count: usize, value: $register) {
            // SAFETY: the token; lanes that are masked are not touched.
            unsafe { $maskstore(target, $mask(count), value) }
        }
        #[inline(always)]
        unsafe fn $compare<const HOW: i32>(a: $register, b: $register) -> $register {
            // SAFETY: the token.
            unsafe { $cmp::<HOW>(a, b) }
        }
        #[inline(always)]
        unsafe fn $select(mask: $register, yes: $register, no: $register) -> $register {
            // SAFETY: the token.
            unsafe { $blend(no, yes, mask) }
        }
        #[inline(always)]
        unsafe fn $interleave(a: $register, b: $register) -> ($register, $register) {
            // SAFETY: the token. Within each half, lanes are interleaved; then the halves are sorted.
            unsafe {
                let (low, high) = ($unpack_low(a, b), $unpack_high(a, b));
                ($swap::<0x20>(low, high), $swap::<0x31>(low, high))
            }
        }
    };
}

/// The first `count` lanes of 32 bits.
#[inline(always)]
unsafe fn first_lanes_32(count: usize) -> __m256i {
    // SAFETY: the token.
    unsafe {
        let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lane)
    }
}
/// The first `count` lanes of 64 bits.
#[inline(always)]
unsafe fn first_lanes_64(count: usize) -> __m256i {
    // SAFETY: the token.
    unsafe {
        let lane = _mm256_setr_epi64x(0, 1, 2, 3);
        _mm256_cmpgt_epi64(_mm256_set1_epi64x(count as i64), lane)
    }
}

/// A bit for each lane of a mask.
#[inline(always)]
unsafe fn mask_bits_32(mask: __m256) -> u32 {
    // SAFETY: the token.
    unsafe { _mm256_movemask_ps(mask) as u32 }
}
/// A bit for each lane of a mask.
#[inline(always)]
unsafe fn mask_bits_64(mask: __m256d) -> u32 {
    // SAFETY: the token.
    unsafe { _mm256_movemask_pd(mask) as u32 }
}

#[rustfmt::skip]
odd_ones!(
    __m256, f32, first_lanes_32, _mm256_maskload_ps, _mm256_maskstore_ps, _mm256_cmp_ps, _mm256_blendv_ps,
    _mm256_unpacklo_ps, _mm256_unpackhi_ps, _mm256_permute2f128_ps;
    load_partial_32, store_partial_32, compare_32, select_32, interleave_32
);
#[rustfmt::skip]
odd_ones!(
    __m256d, f64, first_lanes_64, _mm256_maskload_pd, _mm256_maskstore_pd, _mm256_cmp_pd, _mm256_blendv_pd,
    _mm256_unpacklo_pd, _mm256_unpackhi_pd, _mm256_permute2f128_pd;
    load_partial_64, store_partial_64, compare_64, select_64, interleave_64
);

#[rustfmt::skip]
vector!(
    F32x8, __m256, __m256, f32, 8,
    _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps,
    _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps, _mm256_div_ps, _mm256_sqrt_ps, _mm256_fmadd_ps,
    _mm256_max_ps, _mm256_min_ps, _mm256_and_ps, _mm256_or_ps, _mm256_xor_ps,
    _mm256_castps_si256, _mm256_castsi256_ps, _mm256_add_epi32, _mm256_sub_epi32, _mm256_slli_epi32,
    _mm256_srli_epi32;
    load_partial_32, store_partial_32, compare_32, select_32, interleave_32, mask_bits_32
);
#[rustfmt::skip]
vector!(
    F64x4, __m256d, __m256d, f64, 4,
    _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd,
    _mm256_add_pd, _mm256_sub_pd, _mm256_mul_pd, _mm256_div_pd, _mm256_sqrt_pd, _mm256_fmadd_pd,
    _mm256_max_pd, _mm256_min_pd, _mm256_and_pd, _mm256_or_pd, _mm256_xor_pd,
    _mm256_castpd_si256, _mm256_castsi256_pd, _mm256_add_epi64, _mm256_sub_epi64, _mm256_slli_epi64,
    _mm256_srli_epi64;
    load_partial_64, store_partial_64, compare_64, select_64, interleave_64, mask_bits_64
);
