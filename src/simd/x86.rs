//! What x86-64's instruction sets share: each operation of a vector is one instruction, or two.
//!
//! All `unsafe` here has one ground: the token of an instruction set exists only where the machine has it,
//! and its vectors are only reached through it.

/// Makes `$vector` a [`Vector`](super::Vector) around `$register`, from the intrinsics of its instruction
/// set; those named after the `;` are functions of the module that calls this, where instruction sets differ.
macro_rules! vector {
    (
        $vector:ident, $register:ident, $mask:ident, $element:ident, $lanes:literal,
        $splat:ident, $load:ident, $store:ident,
        $add:ident, $sub:ident, $mul:ident, $div:ident, $sqrt:ident, $mul_add:ident, $max:ident, $min:ident,
        $and:ident, $or:ident, $xor:ident,
        $to_bits:ident, $from_bits:ident, $add_bits:ident, $sub_bits:ident, $shift_up:ident, $shift_down:ident;
        $load_partial:ident, $store_partial:ident, $compare:ident, $select:ident, $interleave:ident, $mask_bits:ident
    ) => {
        impl $crate::simd::Vector for $vector {
            type Element = $element;
            type Mask = $mask;
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(value: $element) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $splat(value) })
            }
            #[inline(always)]
            unsafe fn load(source: *const $element) -> Self {
                // SAFETY: the token (module note); the caller vouches for LANES elements.
                Self(unsafe { $load(source) })
            }
            #[inline(always)]
            unsafe fn store(self, target: *mut $element) {
                // SAFETY: the token (module note); the caller vouches for LANES elements.
                unsafe { $store(target, self.0) }
            }
            #[inline(always)]
            unsafe fn load_partial(source: *const $element, count: usize) -> Self {
                // SAFETY: the caller vouches for `count` elements; the others are not touched.
                Self(unsafe { $load_partial(source, count) })
            }
            #[inline(always)]
            unsafe fn store_partial(self, target: *mut $element, count: usize) {
                // SAFETY: the caller vouches for `count` elements; the others are not touched.
                unsafe { $store_partial(target, count, self.0) }
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $add(self.0, other.0) })
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $sub(self.0, other.0) })
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $mul(self.0, other.0) })
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $div(self.0, other.0) })
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $sqrt(self.0) })
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $mul_add(self.0, factor.0, addend.0) })
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $max(self.0, other.0) })
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $min(self.0, other.0) })
            }

            #[inline(always)]
            fn greater(self, other: Self) -> Self::Mask {
                // SAFETY: the token (module note).
                unsafe { $compare::<_CMP_GT_OQ>(self.0, other.0) }
            }
            #[inline(always)]
            fn less(self, other: Self) -> Self::Mask {
                // SAFETY: the token (module note).
                unsafe { $compare::<_CMP_LT_OQ>(self.0, other.0) }
            }
            #[inline(always)]
            fn is_nan(self) -> Self::Mask {
                // SAFETY: the token (module note).
                unsafe { $compare::<_CMP_UNORD_Q>(self.0, self.0) }
            }
            #[inline(always)]
            fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $select(mask, yes.0, no.0) })
            }

            #[inline(always)]
            fn and_bits(self, other: Self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $and(self.0, other.0) })
            }
            #[inline(always)]
            fn or_bits(self, other: Self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $or(self.0, other.0) })
            }
            #[inline(always)]
            fn xor_bits(self, other: Self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $xor(self.0, other.0) })
            }
            #[inline(always)]
            fn add_bits(self, other: Self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $from_bits($add_bits($to_bits(self.0), $to_bits(other.0))) })
            }
            #[inline(always)]
            fn sub_bits(self, other: Self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe { $from_bits($sub_bits($to_bits(self.0), $to_bits(other.0))) })
            }
            #[inline(always)]
            fn shift_into_exponent(self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe {
                    $from_bits($shift_up::<{ <$element as $crate::simd::Float>::MANTISSA_BITS as _ }>(
                        $to_bits(self.0),
                    ))
                })
            }
            #[inline(always)]
            fn shift_out_of_exponent(self) -> Self {
                // SAFETY: the token (module note).
                Self(unsafe {
                    $from_bits($shift_down::<{ <$element as $crate::simd::Float>::MANTISSA_BITS as _ }>(
                        $to_bits(self.0),
                    ))
                })
            }

            #[inline(always)]
            fn nonzero_lanes(self) -> u32 {
                // SAFETY: the token (module note).
                unsafe { $mask_bits($compare::<_CMP_NEQ_UQ>(self.0, Self::splat(0.0).0)) }
            }
            #[inline(always)]
            fn interleave(self, other: Self) -> (Self, Self) {
                // SAFETY: the token (module note).
                let (low, high) = unsafe { $interleave(self.0, other.0) };
                (Self(low), Self(high))
            }
        }
    };
}
pub(super) use vector;
