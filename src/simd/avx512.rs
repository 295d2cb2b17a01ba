//! x86-64 with AVX-512: 512-bit vectors, thirty-two registers, masks of their own.
//!
//! All `unsafe` here has one ground: an [`Avx512`] token exists only where [`Avx512::detect`] found the
//! features, and the vectors are only reached through it.

use std::arch::x86_64::*;

use super::x86::vector;
use super::{Kernel, Simd};

/// Proof that the machine has AVX-512's foundation and its DQ, BW and VL parts (every server since 2017).
#[derive(Clone, Copy, Debug)]
pub struct Avx512 {
    _detected: (),
}

impl Avx512 {
    /// The token, if the machine (and its operating system) has the features.
    pub fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma");
        has.then_some(Self { _detected: () })
    }
}

impl Simd for Avx512 {
    type F32 = F32x16;
    type F64 = F64x8;
    const NAME: &'static str = "avx512";
    // 12 by 2 sums fill 24 of 32 registers.
    const TILE_ROWS: usize = 12;

    #[inline]
    fn vectorize<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
        #[inline]
        fn with_features<K: Kernel>(simd: Avx512, kernel: K) -> K::Output {
            kernel.run(simd)
        }
        // SAFETY: the token proves that the machine has the features.
        unsafe { with_features(self, kernel) }
    }
}

/// Sixteen single-precision lanes.
#[derive(Clone, Copy, Debug)]
pub struct F32x16(__m512);

/// Eight double-precision lanes.
#[derive(Clone, Copy, Debug)]
pub struct F64x8(__m512d);

/// What differs between the two precisions by more than the names of intrinsics.
macro_rules! odd_ones {
    (
        $register:ident, $element:ident, $mask:ident, $maskload:ident, $maskstore:ident, $cmp:ident, $blend:ident,
        $permute:ident, $low:expr, $high:expr;
        $load_partial:ident, $store_partial:ident, $compare:ident, $select:ident, $interleave:ident
    ) => {
        #[inline(always)]
        unsafe fn $load_partial(source: *const $element, count: usize) -> $register {
            // SAFETY: the token; lanes that are masked are not touched.
            unsafe { $maskload(first_lanes(count) as $mask, source) }
        }
        #[inline(always)]
        unsafe fn $store_partial(target: *mut $element, count: usize, value: $register) {
            // SAFETY: the token; lanes that are masked are not touched.
            unsafe { $maskstore(target, first_lanes(count) as $mask, value) }
        }
        #[inline(always)]
        unsafe fn $compare<const HOW: i32>(a: $register, b: $register) -> $mask {
            // SAFETY: the token.
            unsafe { $cmp::<HOW>(a, b) }
        }
        #[inline(always)]
        unsafe fn $select(mask: $mask, yes: $register, no: $register) -> $register {
            // SAFETY: the token.
            unsafe { $blend(mask, no, yes) }
        }
        #[inline(always)]
        unsafe fn $interleave(a: $register, b: $register) -> ($register, $register) {
            // SAFETY: the token.
            unsafe { ($permute(a, $low, b), $permute(a, $high, b)) }
        }
    };
}

/// The first `count` lanes, of 16 at most.
#[inline(always)]
fn first_lanes(count: usize) -> u32 {
    (1u32 << count) - 1
}

/// A bit for each lane of a mask.
#[inline(always)]
unsafe fn mask_bits_32(mask: __mmask16) -> u32 {
    u32::from(mask)
}
/// A bit for each lane of a mask.
#[inline(always)]
unsafe fn mask_bits_64(mask: __mmask8) -> u32 {
    u32::from(mask)
}

#[rustfmt::skip]
odd_ones!(
    __m512, f32, __mmask16, _mm512_maskz_loadu_ps, _mm512_mask_storeu_ps, _mm512_cmp_ps_mask, _mm512_mask_blend_ps,
    _mm512_permutex2var_ps,
    _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
    _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    load_partial_32, store_partial_32, compare_32, select_32, interleave_32
);
#[rustfmt::skip]
odd_ones!(
    __m512d, f64, __mmask8, _mm512_maskz_loadu_pd, _mm512_mask_storeu_pd, _mm512_cmp_pd_mask, _mm512_mask_blend_pd,
    _mm512_permutex2var_pd,
    _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11),
    _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
    load_partial_64, store_partial_64, compare_64, select_64, interleave_64
);

#[rustfmt::skip]
vector!(
    F32x16, __m512, __mmask16, f32, 16,
    _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps,
    _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps, _mm512_div_ps, _mm512_sqrt_ps, _mm512_fmadd_ps,
    _mm512_max_ps, _mm512_min_ps, _mm512_and_ps, _mm512_or_ps, _mm512_xor_ps,
    _mm512_castps_si512, _mm512_castsi512_ps, _mm512_add_epi32, _mm512_sub_epi32, _mm512_slli_epi32,
    _mm512_srli_epi32;
    load_partial_32, store_partial_32, compare_32, select_32, interleave_32, mask_bits_32
);
#[rustfmt::skip]
vector!(
    F64x8, __m512d, __mmask8, f64, 8,
    _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd,
    _mm512_add_pd, _mm512_sub_pd, _mm512_mul_pd, _mm512_div_pd, _mm512_sqrt_pd, _mm512_fmadd_pd,
    _mm512_max_pd, _mm512_min_pd, _mm512_and_pd, _mm512_or_pd, _mm512_xor_pd,
    _mm512_castpd_si512, _mm512_castsi512_pd, _mm512_add_epi64, _mm512_sub_epi64, _mm512_slli_epi64,
    _mm512_srli_epi64;
    load_partial_64, store_partial_64, compare_64, select_64, interleave_64, mask_bits_64
);
