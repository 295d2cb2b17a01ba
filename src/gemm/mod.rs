//! The matrix product, and nothing of networks.
//!
//! Every output element is one chain of fused multiply-adds over the summed index in increasing order,
//! starting from zero, from its column's bias or from the partial sum already stored. Work is cut over
//! *output* elements alone, so neither the tile, the vector's width, the thread that computes it nor the
//! path (thin or blocked) changes a bit.
//!
//! | path | when | how |
//! |---|---|---|
//! | [`thin`] | few rows, or little to sum | reads the right-hand matrix where it lies |
//! | [`blocked`] | the rest | packs panels of it that stay in the first-level cache |
//!
//! Both run the one microkernel in [`kernel`].

mod blocked;
mod kernel;
mod pack;
mod thin;

use crate::simd::{Float, Kernel, Simd, Vector};

/// A matrix seen through strides: a row-major one, its transpose, or a part of either.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    values: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// `rows` by `columns` values, row after row.
    ///
    /// # Panics
    /// The slice has another length.
    pub fn row_major(values: &'a [T], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns, "{rows} x {columns} values are wanted");
        Self { values, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The same value at each of `rows` by `columns` places: a design matrix's constant 1.
    pub fn constant(value: &'a T, rows: usize, columns: usize) -> Self {
        let values = std::slice::from_ref(value);
        Self { values, rows, columns, row_stride: 0, column_stride: 0 }
    }

    /// Rows become columns; nothing is moved.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// The rows in `range`.
    ///
    /// # Panics
    /// The range reaches past the last row.
    pub fn rows(self, range: std::ops::Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.rows);
        let first = (range.start * self.row_stride).min(self.values.len());
        Self { values: &self.values[first..], rows: range.len(), ..self }
    }

    /// Panics where an index within `rows` and `columns` would leave the slice.
    fn assert_inside(&self) {
        if self.rows > 0 && self.columns > 0 {
            let last = (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride;
            assert!(last < self.values.len(), "a matrix reaches past its values");
        }
    }
}

/// What each chain of multiply-adds begins with.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a, T> {
    /// Zero.
    Zero,
    /// The value of this row in the output's column: a layer's bias.
    Row(&'a [T]),
    /// What the output holds: the partial sum of earlier terms.
    Stored,
}

/// The widest tile: 6 rows by 2 vectors fill 12 of 16 registers, beside 2 for the right-hand matrix and
/// 1 or 2 for the left one.
const TILE_ROWS: usize = 6;
const TILE_VECTORS: usize = 2;

/// `output = start + left * right`, where `output` is row-major.
///
/// # Panics
/// The shapes do not fit together.
pub fn multiply<S: Simd, T: Float>(
    simd: S,
    left: Matrix<'_, T>,
    right: Matrix<'_, T>,
    start: Start<'_, T>,
    output: &mut [T],
) {
    assert_eq!(left.columns, right.rows, "the inner dimensions of a product differ");
    assert_eq!(output.len(), left.rows * right.columns, "the output of a product has another shape");
    if let Start::Row(row) = start {
        assert_eq!(row.len(), right.columns, "a bias has another length than its output's rows");
    }
    left.assert_inside();
    right.assert_inside();
    if !output.is_empty() {
        simd.vectorize(Multiply { left, right, start, output });
    }
}

struct Multiply<'a, 'b, T> {
    left: Matrix<'a, T>,
    right: Matrix<'a, T>,
    start: Start<'a, T>,
    output: &'b mut [T],
}

impl<T: Float> Kernel for Multiply<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { left, right, start, output } = self;
        // Packing reads and writes the right-hand matrix once more: it pays from a few tiles of rows on.
        let in_place = right.column_stride == 1 || right.columns == 1;
        if in_place && (left.rows <= 2 * TILE_ROWS || left.columns <= 2) {
            thin::multiply::<T::Vector<S>>(left, right, start, output);
        } else {
            blocked::multiply::<T::Vector<S>>(left, right, start, output);
        }
    }
}

/// The part of a product's shapes and pointers that the loops over tiles share.
struct Tiles<T> {
    left: *const T,
    left_row_stride: usize,
    left_column_stride: usize,
    right: *const T,
    right_stride: usize,
    output: *mut T,
    output_stride: usize,
    rows: usize,
    depth: usize,
}

impl<T: Float> Tiles<T> {
    /// All rows of the output's columns `column..column + width`, where `width` is at most a tile's.
    ///
    /// # Safety
    /// Every pointer is valid for the tile's shape: `left` for `rows` by `depth` through its strides,
    /// `right` for `depth` rows of `width` (or of a whole tile's, where `PADDED`), `output` for writing
    /// `rows` by `width`; `start` is [`Start::Row`] of a row at least `column + width` long where it is one.
    #[inline(always)]
    unsafe fn column_of_tiles<V: Vector<Element = T>, const PADDED: bool>(
        &self,
        column: usize,
        width: usize,
        start: Start<'_, T>,
    ) {
        let bias = match start {
            Start::Row(row) => kernel::Start::Row(row[column..].as_ptr()),
            Start::Zero => kernel::Start::Zero,
            Start::Stored => kernel::Start::Stored,
        };
        let mut row = 0;
        while row < self.rows {
            let count = (self.rows - row).min(TILE_ROWS);
            // SAFETY: the caller vouches for the pointers; `row + count <= rows`.
            unsafe {
                let left = self.left.add(row * self.left_row_stride);
                let output = self.output.add(row * self.output_stride);
                let tile = kernel::Tile {
                    left,
                    left_row_stride: self.left_row_stride,
                    left_column_stride: self.left_column_stride,
                    right: self.right,
                    right_stride: self.right_stride,
                    output,
                    output_stride: self.output_stride,
                    depth: self.depth,
                    width,
                    start: bias,
                };
                if width > V::LANES {
                    tile.compute_rows::<V, 2, PADDED>(count);
                } else {
                    tile.compute_rows::<V, 1, PADDED>(count);
                }
            }
            row += count;
        }
    }
}

#[cfg(test)]
mod tests;
