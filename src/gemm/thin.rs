//! The product that is not worth packing for: few rows, or small layers.

use super::{Matrix, Start, TILE_VECTORS, Tiles};
use crate::simd::Vector;

/// See [`super::multiply`], which has checked the shapes; `right` has unit column stride.
#[inline(always)]
pub(super) fn multiply<V: Vector>(
    left: Matrix<'_, V::Element>,
    right: Matrix<'_, V::Element>,
    start: Start<'_, V::Element>,
    output: &mut [V::Element],
) {
    let mut column = 0;
    while column < right.columns {
        let width = (right.columns - column).min(TILE_VECTORS * V::LANES);
        let tiles = Tiles {
            left: left.values.as_ptr(),
            left_row_stride: left.row_stride,
            left_column_stride: left.column_stride,
            right: right.values.as_ptr().wrapping_add(column),
            right_stride: right.row_stride,
            output: output.as_mut_ptr().wrapping_add(column),
            output_stride: right.columns,
            rows: left.rows,
            depth: left.columns,
        };
        // SAFETY: `assert_inside` holds for both matrices, the output has rows * columns elements, and
        // `column + width` is at most its columns.
        unsafe { tiles.column_of_tiles::<V, false>(column, width, start) };
        column += width;
    }
}
