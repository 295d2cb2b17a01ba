//! Matrix products, and nothing of networks: the three shapes that a layer needs.
//!
//! Every output element is one chain of fused multiply-adds over the summed index in increasing order,
//! starting from zero or from its column's bias. Work is cut over *output* elements alone, and where the
//! summed index is cut for the cache, the chain goes on from the stored partial sum. So neither the tile, the
//! vector's width nor the thread that computes it changes a bit.
//!
//! | product | of | function |
//! |---|---|---|
//! | `X W + b` | a batch and a layer's weights, kept in [`Panels`] | [`multiply`] |
//! | `D W'` | a batch's deltas and the weights turned around | [`multiply_transposed`] |
//! | `X' D` | a batch and its deltas: the gradient, as panels | [`multiply_batch`] |
//!
//! All run the one microkernel in [`kernel`]. A sum that is zero is positive zero, so terms that are zero
//! can be left out without changing a bit: [`Nonzero`] says which are not.

mod distance;
mod kernel;
mod nonzero;
mod panels;

pub use distance::{Absolute, Largest, Measure, Squared, distances, pack};
pub use nonzero::{Nonzero, all_finite};
pub use panels::{Panels, panel_width};

use kernel::{ColumnOfTiles, Columns, Start, Terms, TermsOf};

use crate::simd::{Float, Kernel, Simd, Vector, turn};

/// Terms of a sum that are gone through before the next tile: their part of a panel and of a tile's rows
/// stays in a second-level cache, and their pages in its table.
const DEPTH: usize = 2048;

/// Rows for which a tile of two vectors has too few chains to hide the latency of one.
const FEW_ROWS: usize = 3;

/// A row-major matrix to read; its rows may be further apart than they are long.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    values: &'a [T],
    rows: usize,
    columns: usize,
    stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// `rows` rows of `columns` values, each `stride` after the one before.
    ///
    /// # Panics
    /// The slice is too short, or the rows overlap.
    pub fn new(values: &'a [T], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(columns <= stride || rows <= 1, "rows of {columns} values overlap at a stride of {stride}");
        assert!(
            rows == 0 || (rows - 1) * stride + columns <= values.len(),
            "a matrix reaches past its values"
        );
        Self { values, rows, columns, stride }
    }

    /// One row.
    pub fn row(&self, row: usize) -> &'a [T] {
        &self.values[row * self.stride..][..self.columns]
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The rows with what lies between them.
    pub fn values(&self) -> &'a [T] {
        self.values
    }
}

/// A row-major matrix to write; see [`Matrix`].
#[derive(Debug)]
pub struct MatrixMut<'a, T> {
    values: &'a mut [T],
    rows: usize,
    columns: usize,
    stride: usize,
}

impl<'a, T> MatrixMut<'a, T> {
    /// As [`Matrix::new`].
    ///
    /// # Panics
    /// As [`Matrix::new`].
    pub fn new(values: &'a mut [T], rows: usize, columns: usize, stride: usize) -> Self {
        Matrix::new(values, rows, columns, stride);
        Self { values, rows, columns, stride }
    }
}

/// `output = bias + left * weights`. Where `nonzero` is given, it was made from `left` by
/// [`Nonzero::of_rows`], and the weights are finite.
///
/// # Panics
/// The shapes do not fit together.
pub fn multiply<S: Simd, T: Float>(
    simd: S,
    left: Matrix<'_, T>,
    (weights, panels): (&[T], Panels),
    nonzero: Option<&Nonzero>,
    output: MatrixMut<'_, T>,
) {
    assert_eq!(left.columns, panels.rows, "the inner dimensions of a product differ");
    assert_eq!((left.rows, panels.columns), (output.rows, output.columns), "an output of another shape");
    assert_eq!(weights.len(), panels.size(), "weights of another shape");
    if let Some(nonzero) = nonzero {
        nonzero.assert_fits(left.rows.div_ceil(S::TILE_ROWS), left.columns);
    }
    let lanes = T::Vector::<S>::LANES;
    let (stored_rows, bias) = (panels.stored_rows(), usize::from(panels.bias));
    let many = match left.rows {
        1 => 8 * lanes,
        2..=FEW_ROWS => 4 * lanes,
        _ => 2 * lanes,
    };
    let whole_panels = panels.columns - panels.columns % panel_width::<T>();
    let mut column = 0;
    while column < panels.columns {
        let panel = panels.panel_of::<T>(column);
        // More than two vectors at once only within whole panels.
        let mut width = many;
        while width > 2 * lanes
            && (column + width > whole_panels || column % width.min(panel_width::<T>()) != 0)
        {
            width /= 2;
        }
        let width = width.min(panel.columns.end.max(whole_panels) - column);
        let panel_columns = panel.columns.len();
        let within = &weights[panel.offset + column - panel.columns.start..];
        let start = if panels.bias { Start::Row(within.as_ptr()) } else { Start::Zero };
        let columns = Columns {
            left: left.values.as_ptr(),
            left_row_stride: left.stride,
            left_stride: 1,
            right: within.as_ptr().wrapping_add(bias * panel_columns),
            right_stride: panel_columns,
            panel_stride: panel_width::<T>() * stored_rows,
            output: output.values.as_mut_ptr().wrapping_add(column),
            output_stride: output.stride,
            rows: left.rows,
            width,
            start,
        };
        // `left` is rows by depth, the panels from `within` on hold a bias and depth rows, and the output has
        // as many rows and at least `column + width` columns, as was asserted.
        compute(simd, columns, left.columns, nonzero);
        column += width;
    }
}

/// `output = left * weights'`, without the biases. `scratch` is for [`transposed_size`] values.
///
/// # Panics
/// The shapes do not fit together.
pub fn multiply_transposed<S: Simd, T: Float>(
    simd: S,
    left: Matrix<'_, T>,
    (weights, panels): (&[T], Panels),
    scratch: &mut [T],
    output: MatrixMut<'_, T>,
) {
    assert_eq!(left.columns, panels.columns, "the inner dimensions of a product differ");
    assert_eq!((left.rows, panels.rows), (output.rows, output.columns), "an output of another shape");
    assert_eq!(weights.len(), panels.size(), "weights of another shape");
    let width = panel_width::<T>();
    let scratch = &mut scratch[..transposed_size::<T>(panels)];
    let tile = 2 * T::Vector::<S>::LANES;
    for first in (0..panels.rows).step_by(width) {
        let count = width.min(panels.rows - first);
        simd.vectorize(Transpose { weights, panels, first, count, scratch });
        for column in (0..count).step_by(tile) {
            let columns = Columns {
                left: left.values.as_ptr(),
                left_row_stride: left.stride,
                left_stride: 1,
                right: scratch.as_ptr().wrapping_add(column),
                right_stride: width,
                panel_stride: 0,
                output: output.values.as_mut_ptr().wrapping_add(first + column),
                output_stride: output.stride,
                rows: left.rows,
                width: tile.min(count - column),
                start: Start::Zero,
            };
            // The scratch holds a row of `width` values for each of the weights' columns.
            compute(simd, columns, left.columns, None);
        }
    }
}

/// Values of scratch memory that [`multiply_transposed`] wants.
pub fn transposed_size<T>(panels: Panels) -> usize {
    panels.columns * panel_width::<T>()
}

/// `output = left' * right` for the columns `inputs` of `left` and, within one panel, `units` of `right`: a row
/// of `units.len()` values for each input. Where `nonzero` is given, it was made from `left` by
/// [`Nonzero::of_columns`], `inputs` begins with one of its tiles, and `right` is finite.
///
/// # Panics
/// The shapes do not fit together.
pub fn multiply_batch<S: Simd, T: Float>(
    simd: S,
    (left, inputs): (Matrix<'_, T>, std::ops::Range<usize>),
    (right, units): (Matrix<'_, T>, std::ops::Range<usize>),
    nonzero: Option<&Nonzero>,
    output: &mut [T],
) {
    assert_eq!(left.rows, right.rows, "the inner dimensions of a product differ");
    assert!(inputs.start <= inputs.end && inputs.end <= left.columns);
    assert!(units.start <= units.end && units.end <= right.columns);
    assert_eq!(output.len(), inputs.len() * units.len(), "an output of another shape");
    if let Some(nonzero) = nonzero {
        assert_eq!(inputs.start % S::TILE_ROWS, 0, "a part of a tile");
        nonzero.assert_fits(inputs.end.div_ceil(S::TILE_ROWS), left.rows);
    }
    let tile = 2 * T::Vector::<S>::LANES;
    for column in (0..units.len()).step_by(tile) {
        let columns = Columns {
            left: left.values.as_ptr().wrapping_add(inputs.start),
            left_row_stride: 1,
            left_stride: left.stride,
            right: right.values.as_ptr().wrapping_add(units.start + column),
            right_stride: right.stride,
            panel_stride: 0,
            output: output.as_mut_ptr().wrapping_add(column),
            output_stride: units.len(),
            rows: inputs.len(),
            width: tile.min(units.len() - column),
            start: Start::Zero,
        };
        match nonzero {
            Some(nonzero) => {
                let first = inputs.start / S::TILE_ROWS;
                simd.vectorize_apart(ColumnOfTiles {
                    columns,
                    terms: TilesFrom { nonzero, first, size: S::TILE_ROWS },
                });
            }
            None => compute(simd, columns, left.rows, None),
        }
    }
}

/// The sums of the columns `units` of a matrix, in order.
///
/// # Panics
/// The shapes do not fit together.
pub fn sum_rows<S: Simd, T: Float>(
    simd: S,
    right: Matrix<'_, T>,
    units: std::ops::Range<usize>,
    output: &mut [T],
) {
    let one = T::ONE;
    assert!(units.start <= units.end && units.end <= right.columns);
    assert_eq!(output.len(), units.len(), "an output of another shape");
    let lanes = T::Vector::<S>::LANES;
    let mut column = 0;
    while column < units.len() {
        let rest = units.len() - column;
        let width =
            [8 * lanes, 4 * lanes, 2 * lanes].into_iter().find(|&width| width <= rest).unwrap_or(rest);
        let columns = Columns {
            left: &raw const one,
            left_row_stride: 0,
            left_stride: 0,
            right: right.values.as_ptr().wrapping_add(units.start + column),
            right_stride: right.stride,
            panel_stride: panel_width::<T>(),
            output: output.as_mut_ptr().wrapping_add(column),
            output_stride: 0,
            rows: 1,
            width,
            start: Start::Zero,
        };
        compute(simd, columns, right.rows, None);
        column += width;
    }
}

/// A matrix to read in any direction.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a, T> {
    values: &'a [T],
    rows: usize,
    terms: usize,
    row_stride: usize,
    stride: usize,
}

impl<'a, T> Strided<'a, T> {
    /// The value of a row and a term is at `row * row_stride + term * stride`.
    ///
    /// # Panics
    /// The slice is too short.
    #[inline(always)]
    pub fn new(values: &'a [T], (rows, row_stride): (usize, usize), (terms, stride): (usize, usize)) -> Self {
        let last = rows.saturating_sub(1) * row_stride + terms.saturating_sub(1) * stride;
        assert!(rows == 0 || terms == 0 || last < values.len(), "a matrix reaches past its values");
        Self { values, rows, terms, row_stride, stride }
    }
}

/// `output = left * right`, as it lies: for small matrices, of which nothing is worth a better place.
///
/// # Panics
/// The shapes do not fit together.
#[inline(always)]
pub fn multiply_small<S: Simd, T: Float>(
    simd: S,
    left: Strided<'_, T>,
    right: Matrix<'_, T>,
    output: MatrixMut<'_, T>,
) {
    assert_eq!(left.terms, right.rows, "the inner dimensions of a product differ");
    assert_eq!((left.rows, right.columns), (output.rows, output.columns), "an output of another shape");
    let tile = 2 * T::Vector::<S>::LANES;
    let mut column = 0;
    while column < right.columns {
        let width = tile.min(right.columns - column);
        let columns = Columns {
            left: left.values.as_ptr(),
            left_row_stride: left.row_stride,
            left_stride: left.stride,
            right: right.values.as_ptr().wrapping_add(column),
            right_stride: right.stride,
            panel_stride: 0,
            output: output.values.as_mut_ptr().wrapping_add(column),
            output_stride: output.stride,
            rows: left.rows,
            width,
            start: Start::Zero,
        };
        simd.vectorize_apart(ColumnOfTiles { columns, terms: left.terms });
        column += width;
    }
}

/// `output += left * right`, each chain going on from what the output holds.
///
/// # Panics
/// The shapes do not fit together.
pub fn accumulate<S: Simd, T: Float>(
    simd: S,
    left: Strided<'_, T>,
    right: Matrix<'_, T>,
    output: MatrixMut<'_, T>,
) {
    assert_eq!(left.terms, right.rows, "the inner dimensions of a product differ");
    assert_eq!((left.rows, right.columns), (output.rows, output.columns), "an output of another shape");
    let tile = 2 * T::Vector::<S>::LANES;
    for column in (0..right.columns).step_by(tile) {
        let columns = Columns {
            left: left.values.as_ptr(),
            left_row_stride: left.row_stride,
            left_stride: left.stride,
            right: right.values.as_ptr().wrapping_add(column),
            right_stride: right.stride,
            panel_stride: 0,
            output: output.values.as_mut_ptr().wrapping_add(column),
            output_stride: output.stride,
            rows: left.rows,
            width: tile.min(right.columns - column),
            start: Start::Stored,
        };
        compute(simd, columns, left.terms, None);
    }
}

/// All tiles of some columns, the summed index cut for the cache.
#[inline(always)]
fn compute<S: Simd, T: Float>(simd: S, columns: Columns<T>, depth: usize, nonzero: Option<&Nonzero>) {
    if let Some(nonzero) = nonzero {
        let terms = TilesFrom { nonzero, first: 0, size: S::TILE_ROWS };
        return simd.vectorize_apart(ColumnOfTiles { columns, terms });
    }
    let mut first = 0;
    // Once even where there is nothing to sum: the output is still its start.
    loop {
        let count = (depth - first).min(DEPTH);
        let part = Columns {
            left: columns.left.wrapping_add(first * columns.left_stride),
            right: columns.right.wrapping_add(first * columns.right_stride),
            start: if first == 0 { columns.start } else { Start::Stored },
            ..columns
        };
        simd.vectorize_apart(ColumnOfTiles { columns: part, terms: count });
        first += count;
        if first >= depth {
            return;
        }
    }
}

/// The listed terms of tile after tile.
struct TilesFrom<'a> {
    nonzero: &'a Nonzero,
    first: usize,
    size: usize,
}

impl TermsOf for TilesFrom<'_> {
    #[inline(always)]
    fn of_tile(&self, row: usize) -> Terms {
        let list = self.nonzero.tile(self.first + row / self.size);
        Terms::Listed(list.as_ptr(), list.len())
    }
}

/// Some rows of a matrix in panels become columns: `scratch[column][row - first]`.
struct Transpose<'a, T> {
    weights: &'a [T],
    panels: Panels,
    first: usize,
    count: usize,
    scratch: &'a mut [T],
}

impl<T: Float> Kernel for Transpose<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { weights, panels, first, count, scratch } = self;
        let width = panel_width::<T>();
        let first = first + usize::from(panels.bias);
        let mut start = 0;
        while start < panels.columns {
            let panel = panels.panel_of::<T>(start);
            let columns = panel.columns.len();
            let source = &weights[panel.offset + first * columns..][..count * columns];
            let target = &mut scratch[start * width..][..columns * width];
            turn::<T::Vector<S>>(source, (count, columns), columns, target, width);
            start += columns;
        }
    }
}

#[cfg(test)]
mod tests;
