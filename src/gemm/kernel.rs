//! The microkernel: a tile of the output kept in registers while the summed index runs.

use crate::simd::{Float, Vector};

/// What the chains of a tile begin with; see [`super::Start`].
#[derive(Clone, Copy)]
pub(super) enum Start<T> {
    Zero,
    Row(*const T),
    Stored,
}

/// One tile of a product: where its operands lie and how they are strided.
pub(super) struct Tile<T> {
    pub left: *const T,
    pub left_row_stride: usize,
    pub left_column_stride: usize,
    pub right: *const T,
    pub right_stride: usize,
    pub output: *mut T,
    pub output_stride: usize,
    pub depth: usize,
    /// Columns of the output that the tile covers: at most `VECTORS * LANES`, more than one vector less.
    pub width: usize,
    pub start: Start<T>,
}

impl<T: Float> Tile<T> {
    /// [`Self::compute`] for a number of rows known only here: 1 to 6.
    ///
    /// # Safety
    /// As [`Self::compute`].
    #[inline(always)]
    pub unsafe fn compute_rows<V: Vector<Element = T>, const VECTORS: usize, const PADDED: bool>(
        &self,
        rows: usize,
    ) {
        // SAFETY: the caller's.
        unsafe {
            match rows {
                1 => self.compute::<V, 1, VECTORS, PADDED>(),
                2 => self.compute::<V, 2, VECTORS, PADDED>(),
                3 => self.compute::<V, 3, VECTORS, PADDED>(),
                4 => self.compute::<V, 4, VECTORS, PADDED>(),
                5 => self.compute::<V, 5, VECTORS, PADDED>(),
                _ => self.compute::<V, 6, VECTORS, PADDED>(),
            }
        }
    }

    /// `output[row][column] = start + sum over k of left[row][k] * right[k][column]`, each a chain of
    /// fused multiply-adds in increasing `k`. Where `PADDED`, rows of `right` can be read a whole tile
    /// wide; else reads stop at `width`.
    ///
    /// # Safety
    /// The pointers are valid for `ROWS` by `depth` (`left`), `depth` by `width` or the padded width
    /// (`right`), `ROWS` by `width` (`output`, for writing, with nothing else referring to it) and
    /// `width` (a start's row); `(VECTORS - 1) * LANES < width <= VECTORS * LANES`.
    #[inline(always)]
    unsafe fn compute<V: Vector<Element = T>, const ROWS: usize, const VECTORS: usize, const PADDED: bool>(
        &self,
    ) {
        let last = VECTORS - 1;
        let tail = self.width - last * V::LANES;
        let whole = tail == V::LANES;
        let read = |source: *const T, vector: usize, padded: bool| {
            // SAFETY: the caller's; the last vector of an unpadded row is read only as far as `width`.
            unsafe {
                let source = source.add(vector * V::LANES);
                if vector < last || padded || whole { V::load(source) } else { V::load_partial(source, tail) }
            }
        };
        // SAFETY: the caller's.
        unsafe {
            let mut sums = [[V::splat(T::ZERO); VECTORS]; ROWS];
            match self.start {
                Start::Zero => {}
                Start::Row(row) => {
                    for vector in 0..VECTORS {
                        let bias = read(row, vector, false);
                        for sum in &mut sums {
                            sum[vector] = bias;
                        }
                    }
                }
                Start::Stored => {
                    for (row, sum) in sums.iter_mut().enumerate() {
                        let stored = self.output.add(row * self.output_stride);
                        for (vector, sum) in sum.iter_mut().enumerate() {
                            *sum = read(stored, vector, false);
                        }
                    }
                }
            }
            let mut left = self.left;
            let mut right = self.right;
            for _ in 0..self.depth {
                let columns: [V; VECTORS] = std::array::from_fn(|v| read(right, v, PADDED));
                for (row, sum) in sums.iter_mut().enumerate() {
                    let factor = V::splat(*left.add(row * self.left_row_stride));
                    for vector in 0..VECTORS {
                        sum[vector] = factor.mul_add(columns[vector], sum[vector]);
                    }
                }
                left = left.wrapping_add(self.left_column_stride);
                right = right.wrapping_add(self.right_stride);
            }
            for (row, sum) in sums.iter().enumerate() {
                let target = self.output.add(row * self.output_stride);
                for (vector, sum) in sum.iter().enumerate() {
                    let target = target.add(vector * V::LANES);
                    if vector < last || whole {
                        sum.store(target);
                    } else {
                        sum.store_partial(target, tail);
                    }
                }
            }
        }
    }
}
