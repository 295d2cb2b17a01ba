//! Sums in one written order, whatever the vector's width.
//!
//! Sixteen stripes, each summing every sixteenth term in order, and then a fixed tree over the stripes:
//! 8 + 8, 4 + 4, 2 + 2, 1 + 1. A vector of 2, 4, 8 or 16 lanes holds whole stripes, so its width changes
//! nothing.

use crate::simd::{Float, Kernel, Simd, Vector, read};

/// How many stripes there are; every vector's width divides it.
pub const STRIPES: usize = 16;

/// A sum under way.
#[derive(Clone, Copy)]
pub struct Sum<V> {
    stripes: [V; STRIPES],
}

impl<V: Vector> Sum<V> {
    /// Nothing summed yet.
    #[inline(always)]
    pub fn zero() -> Self {
        Self { stripes: [V::constant(0.0); STRIPES] }
    }

    /// Adds the vector of terms that begins at `index`, a multiple of the width. Lanes past the last term
    /// must be zero.
    #[inline(always)]
    pub fn add(&mut self, index: usize, terms: V) {
        let stripe = &mut self.stripes[index % STRIPES / V::LANES];
        *stripe = stripe.add(terms);
    }

    /// As [`Self::add`] of the products of two vectors, each rounded once with its sum.
    #[inline(always)]
    pub fn add_product(&mut self, index: usize, a: V, b: V) {
        let stripe = &mut self.stripes[index % STRIPES / V::LANES];
        *stripe = a.mul_add(b, *stripe);
    }

    /// The sum.
    #[inline(always)]
    pub fn total(self) -> V::Element {
        let mut values = [V::constant(0.0); STRIPES];
        let lanes = values.as_mut_ptr().cast::<V::Element>();
        let mut width = STRIPES;
        // SAFETY: `values` has room for 16 vectors, of which the first 16 / LANES are written and read.
        unsafe {
            for (index, stripe) in self.stripes[..STRIPES / V::LANES].iter().enumerate() {
                stripe.store(lanes.add(index * V::LANES));
            }
            while width > 1 {
                width /= 2;
                for stripe in 0..width {
                    *lanes.add(stripe) = *lanes.add(stripe) + *lanes.add(stripe + width);
                }
            }
            *lanes
        }
    }
}

/// The sum of the products of two equally long slices, in stripes of fused multiply-adds.
///
/// # Panics
/// The slices differ in length.
pub fn dot<S: Simd, T: Float>(simd: S, a: &[T], b: &[T]) -> T {
    assert_eq!(a.len(), b.len(), "slices of one length are wanted");
    simd.vectorize(Dot(a, b))
}

struct Dot<'a, T>(&'a [T], &'a [T]);

impl<T: Float> Kernel for Dot<'_, T> {
    type Output = T;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> T {
        let mut sum = Sum::<T::Vector<S>>::zero();
        let mut index = 0;
        while index < self.0.len() {
            // Lanes past the end are zero in both.
            sum.add_product(index, read(&self.0[index..]), read(&self.1[index..]));
            index += T::Vector::<S>::LANES;
        }
        sum.total()
    }
}
