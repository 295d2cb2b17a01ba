//! The rows of a data set as they lie in memory: any of three types, any strides, read batch by batch.

use ndarray::{ArrayView1, ArrayView2};

use crate::simd::Float;

/// A table of inputs, never copied whole.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// Single precision.
    F32(ArrayView2<'a, f32>),
    /// Double precision.
    F64(ArrayView2<'a, f64>),
    /// Bytes, such as grey values.
    U8(ArrayView2<'a, u8>),
}

impl Source<'_> {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        match self {
            Self::F32(view) => view.nrows(),
            Self::F64(view) => view.nrows(),
            Self::U8(view) => view.nrows(),
        }
    }

    /// How many values a row has.
    pub fn columns(&self) -> usize {
        match self {
            Self::F32(view) => view.ncols(),
            Self::F64(view) => view.ncols(),
            Self::U8(view) => view.ncols(),
        }
    }

    /// Copies some rows, converted to the network's type, one after another.
    pub fn gather<T: Float>(&self, rows: impl Iterator<Item = usize>, target: &mut [T]) {
        match self {
            Self::F32(view) => gather(view, rows, target),
            Self::F64(view) => gather(view, rows, target),
            Self::U8(view) => gather(view, rows, target),
        }
    }
}

/// Numbers rows from `first` on, in the order in which they lie.
pub fn consecutive(first: u32, rows: &mut [u32]) {
    for (row, number) in rows.iter_mut().zip(first..) {
        *row = number;
    }
}

fn gather<E: Copy + Into<f64>, T: Float>(
    view: &ArrayView2<'_, E>,
    rows: impl Iterator<Item = usize>,
    target: &mut [T],
) {
    for (row, target) in rows.zip(target.chunks_exact_mut(view.ncols())) {
        let row: ArrayView1<'_, E> = view.row(row);
        // Through f64 every conversion is exact or rounded once, and of a type to itself it is nothing.
        match row.as_slice() {
            Some(row) => {
                for (target, &value) in target.iter_mut().zip(row) {
                    *target = T::from_f64(value.into());
                }
            }
            None => {
                for (target, &value) in target.iter_mut().zip(row) {
                    *target = T::from_f64(value.into());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};

    #[test]
    fn rows_of_any_type_and_stride_are_the_same_rows() {
        let table = Array2::from_shape_fn((7, 5), |(row, column)| (row * 5 + column) as f64);
        let bytes = table.mapv(|value| value as u8);
        let singles = table.mapv(|value| value as f32);
        let columns_first = table.t().as_standard_layout().into_owned();
        let expected: Vec<f32> = [6, 0, 3].iter().flat_map(|&row| singles.row(row).to_vec()).collect();
        for source in [
            Source::F64(table.view()),
            Source::F32(singles.view()),
            Source::U8(bytes.view()),
            Source::F64(columns_first.t()),
        ] {
            assert_eq!((source.rows(), source.columns()), (7, 5));
            let mut target = vec![0.0f32; 15];
            source.gather([6, 0, 3].into_iter(), &mut target);
            assert_eq!(target, expected);
        }
        let mut target = vec![0.0f64; 3];
        Source::F64(table.slice(s![..;-1, ..;2])).gather([0].into_iter(), &mut target);
        assert_eq!(target, [30.0, 32.0, 34.0]);
    }
}
