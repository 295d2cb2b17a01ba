//! The rows of a data set as they lie in memory: any of three types, any strides, read batch by batch.

use ndarray::ArrayView2;

use crate::parallel::Rows;
use crate::simd::{Float, Kernel, Simd};

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

    /// One value.
    pub fn value(&self, row: usize, column: usize) -> f64 {
        match self {
            Self::F32(view) => f64::from(view[(row, column)]),
            Self::F64(view) => view[(row, column)],
            Self::U8(view) => f64::from(view[(row, column)]),
        }
    }

    /// Copies some rows, converted to the network's type and multiplied by `scale`, one after another.
    pub fn gather<S: Simd, T: Float>(&self, simd: S, which: Which<'_>, scale: f64, target: Rows<&mut [T]>) {
        match *self {
            Self::F32(view) => simd.vectorize(Gather { view, which, scale, target }),
            Self::F64(view) => simd.vectorize(Gather { view, which, scale, target }),
            Self::U8(view) => simd.vectorize(Gather { view, which, scale, target }),
        }
    }
}

/// Some rows of a table.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// These.
    Listed(&'a [u32]),
    /// As many as wanted from this one on.
    From(usize),
}

/// Numbers rows from `first` on, in the order in which they lie.
pub fn consecutive(first: u32, rows: &mut [u32]) {
    for (row, number) in rows.iter_mut().zip(first..) {
        *row = number;
    }
}

/// What a table may hold.
trait Element: Copy {
    /// The value in the network's type, rounded once where it must be.
    fn to<T: Float>(self) -> T;
}

impl Element for f32 {
    #[inline(always)]
    fn to<T: Float>(self) -> T {
        T::from_f32(self)
    }
}

impl Element for f64 {
    #[inline(always)]
    fn to<T: Float>(self) -> T {
        T::from_f64(self)
    }
}

impl Element for u8 {
    #[inline(always)]
    fn to<T: Float>(self) -> T {
        T::from_u8(self)
    }
}

/// Runs with the instruction set switched on for the compiler to vectorize its conversions.
struct Gather<'a, 'b, E, T> {
    view: ArrayView2<'a, E>,
    which: Which<'b>,
    scale: f64,
    target: Rows<&'b mut [T]>,
}

impl<E: Element, T: Float> Kernel for Gather<'_, '_, E, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { view, which, scale, target } = self;
        for (index, target) in target.into_rows().enumerate() {
            let row = match which {
                Which::Listed(rows) => rows[index] as usize,
                Which::From(first) => first + index,
            };
            let row = view.row(row);
            match row.to_slice() {
                Some(row) => {
                    for (target, &value) in target.iter_mut().zip(row) {
                        *target = value.to();
                    }
                }
                None => {
                    for (target, &value) in target.iter_mut().zip(row) {
                        *target = value.to();
                    }
                }
            }
            if scale != 1.0 {
                let scale = T::from_f64(scale);
                for value in target {
                    *value = *value * scale;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{InstructionSet, run_on};
    use ndarray::{Array2, s};

    fn gather<T: Float>(source: Source<'_>, rows: &[u32], scale: f64, target: &mut [T]) {
        struct Work<'a, 'b, T>(Source<'a>, &'b [u32], f64, &'b mut [T]);
        impl<T: Float> Kernel for Work<'_, '_, T> {
            type Output = ();
            #[inline(always)]
            fn run<S: Simd>(self, simd: S) {
                let width = self.0.columns();
                self.0.gather(simd, Which::Listed(self.1), self.2, Rows::adjoining(self.3, width));
            }
        }
        run_on(InstructionSet::chosen().unwrap(), Work(source, rows, scale, target));
    }

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
            gather(source, &[6, 0, 3], 1.0, &mut target);
            assert_eq!(target, expected);
        }
        let mut target = vec![0.0f64; 3];
        gather(Source::F64(table.slice(s![..;-1, ..;2])), &[0], 0.5, &mut target);
        assert_eq!(target, [15.0, 16.0, 17.0]);
    }
}
