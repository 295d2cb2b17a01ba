//! Panels: a few columns of a matrix copied side by side, so that a tile reads them in one stream.

use std::mem::MaybeUninit;

use super::{Matrix, TILE_VECTORS};
use crate::simd::{Float, Vector};

/// Rows of a panel: with a tile's columns they take a half of a first-level cache of 32 KiB.
pub(super) const PANEL_DEPTH: usize = 256;

/// Elements of the widest panel: 2 vectors of 64 bytes and 4-byte elements.
const PANEL_ELEMENTS: usize = PANEL_DEPTH * 32;

/// The memory of one panel, on the stack: nothing is allocated in a product.
#[repr(align(64))]
pub(super) struct Panel<T>([MaybeUninit<T>; PANEL_ELEMENTS]);

impl<T: Float> Panel<T> {
    #[inline(always)]
    pub fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; PANEL_ELEMENTS])
    }

    /// Copies `depth` rows from `first_row` of the columns from `first_column`, a whole tile wide, with
    /// zeros past the matrix's last column; gives the panel.
    #[inline(always)]
    pub fn fill<V: Vector<Element = T>>(
        &mut self,
        matrix: Matrix<'_, T>,
        first_row: usize,
        depth: usize,
        first_column: usize,
    ) -> *const T {
        let tile = TILE_VECTORS * V::LANES;
        let width = (matrix.columns - first_column).min(tile);
        assert!(depth <= PANEL_DEPTH && tile * PANEL_DEPTH <= PANEL_ELEMENTS);
        assert!(first_row + depth <= matrix.rows);
        let target = self.0.as_mut_ptr().cast::<T>();
        let source = matrix
            .values
            .as_ptr()
            .wrapping_add(first_row * matrix.row_stride + first_column * matrix.column_stride);
        // SAFETY: reads are of rows below `matrix.rows` and columns below `matrix.columns`, which
        // `assert_inside` holds within the slice; writes are below `depth * tile`, within the panel.
        unsafe {
            if matrix.column_stride == 1 && width == tile {
                for row in 0..depth {
                    let source = source.add(row * matrix.row_stride);
                    for vector in 0..TILE_VECTORS {
                        V::load(source.add(vector * V::LANES))
                            .store(target.add(row * tile + vector * V::LANES));
                    }
                }
            } else {
                if width < tile {
                    std::slice::from_raw_parts_mut(self.0.as_mut_ptr(), depth * tile)
                        .fill(MaybeUninit::new(T::ZERO));
                }
                for column in 0..width {
                    let source = source.add(column * matrix.column_stride);
                    for row in 0..depth {
                        *target.add(row * tile + column) = *source.add(row * matrix.row_stride);
                    }
                }
            }
        }
        target
    }
}
