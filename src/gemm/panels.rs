//! How a layer's weights lie in memory: in panels of a few columns, each row by row.
//!
//! A tile of a product reads a panel in one stream, nothing has to be packed before, and a tile of the
//! weights' gradient is one piece of memory. The last panel is as narrow as its columns, so no memory is
//! spent on padding; up to a panel's width the matrix is simply row-major. A layer's bias is the first row
//! of each panel, as the weights of a constant 1.

use std::ops::Range;

/// Columns of a panel: 128 bytes, which are two vectors of the widest instruction set.
pub const fn panel_width<T>() -> usize {
    128 / size_of::<T>()
}

/// The shape of a matrix in panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panels {
    /// Whether each panel begins with a row of biases.
    pub bias: bool,
    /// Rows of the matrix, without the biases.
    pub rows: usize,
    /// Columns of the matrix.
    pub columns: usize,
}

/// One panel: where it lies, and which columns are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panel {
    /// Its first value in the array.
    pub offset: usize,
    /// Its columns of the matrix.
    pub columns: Range<usize>,
}

impl Panels {
    /// Rows as they lie, the biases among them.
    pub fn stored_rows(&self) -> usize {
        self.rows + usize::from(self.bias)
    }

    /// How many values there are.
    pub fn size(&self) -> usize {
        self.stored_rows() * self.columns
    }

    /// The panel that a column is in.
    #[inline(always)]
    pub fn panel_of<T>(&self, column: usize) -> Panel {
        let first = column - column % panel_width::<T>();
        Panel {
            offset: first * self.stored_rows(),
            columns: first..self.columns.min(first + panel_width::<T>()),
        }
    }

    /// The panel that a place in the array is in.
    pub fn panel_at<T>(&self, place: usize) -> Panel {
        self.panel_of::<T>(place / self.stored_rows().max(1))
    }

    /// Where the value of a row, as it lies, and of a column is.
    fn place<T>(&self, row: usize, column: usize) -> usize {
        let panel = self.panel_of::<T>(column);
        panel.offset + row * panel.columns.len() + column - panel.columns.start
    }

    /// The values of some rows, as they lie, in row-major order.
    pub fn row_major<T: Copy>(&self, values: &[T], rows: Range<usize>) -> Vec<T> {
        rows.flat_map(|row| (0..self.columns).map(move |column| values[self.place::<T>(row, column)]))
            .collect()
    }

    /// Fills some rows, as they lie, from values in row-major order.
    pub fn fill_from_row_major<T: Copy>(&self, source: &[T], rows: Range<usize>, values: &mut [T]) {
        assert_eq!(source.len(), rows.len() * self.columns);
        for (row, source) in rows.zip(source.chunks_exact(self.columns.max(1))) {
            for first in (0..self.columns).step_by(panel_width::<T>()) {
                let Panel { offset, columns } = self.panel_of::<T>(first);
                values[offset + row * columns.len()..][..columns.len()].copy_from_slice(&source[columns]);
            }
        }
    }
}
