//! The product in blocks for the cache: panels of the right-hand matrix, each used by every tile of rows.

use super::pack::{PANEL_DEPTH, Panel};
use super::{Matrix, Start, TILE_VECTORS, Tiles};
use crate::simd::Vector;

/// See [`super::multiply`], which has checked the shapes.
#[inline(always)]
pub(super) fn multiply<V: Vector>(
    left: Matrix<'_, V::Element>,
    right: Matrix<'_, V::Element>,
    start: Start<'_, V::Element>,
    output: &mut [V::Element],
) {
    let mut panel = Panel::new();
    let tile = TILE_VECTORS * V::LANES;
    for column in (0..right.columns).step_by(tile) {
        let width = (right.columns - column).min(tile);
        let mut first = 0;
        // Once even where there is nothing to sum: the output is still its start.
        loop {
            let depth = (left.columns - first).min(PANEL_DEPTH);
            let tiles = Tiles {
                left: left.values.as_ptr().wrapping_add(first * left.column_stride),
                left_row_stride: left.row_stride,
                left_column_stride: left.column_stride,
                right: panel.fill::<V>(right, first, depth, column),
                right_stride: tile,
                output: output.as_mut_ptr().wrapping_add(column),
                output_stride: right.columns,
                rows: left.rows,
                depth,
            };
            // The chain goes on from the partial sum: cutting the summed index changes no bit.
            let start = if first == 0 { start } else { Start::Stored };
            // SAFETY: `assert_inside` holds for the left matrix, the panel holds `depth` whole rows, the
            // output has rows * columns elements, and `column + width` is at most its columns.
            unsafe { tiles.column_of_tiles::<V, true>(column, width, start) };
            first += depth;
            if first >= left.columns {
                break;
            }
        }
    }
}
