//! Distances between rows: a product whose terms are differences.
//!
//! The distance of a row and a unit is one chain over the columns in increasing order, of the same form as
//! a product's sums: `|x|^2 - 2 x w + |w|^2` would be a real product, but it loses half of the digits where
//! row and unit are close to each other, and two equal units might no longer tie. Units lie in a panel
//! (see [`pack`]), rows as they are.

use super::{Matrix, panel_width};
use crate::simd::{Float, Kernel, Simd, Vector, turn};

/// What a column adds to a distance.
pub trait Measure: Copy + Send + Sync + 'static {
    /// The distance so far, with one more column.
    fn add<V: Vector>(sum: V, row: V, unit: V) -> V;
}

/// The square of the Euclidean distance: a chain of fused multiply-adds.
#[derive(Clone, Copy, Debug)]
pub struct Squared;

impl Measure for Squared {
    #[inline(always)]
    fn add<V: Vector>(sum: V, row: V, unit: V) -> V {
        let difference = row.sub(unit);
        difference.mul_add(difference, sum)
    }
}

/// The sum of the absolute differences.
#[derive(Clone, Copy, Debug)]
pub struct Absolute;

impl Measure for Absolute {
    #[inline(always)]
    fn add<V: Vector>(sum: V, row: V, unit: V) -> V {
        sum.add(row.sub(unit).abs())
    }
}

/// The largest absolute difference.
#[derive(Clone, Copy, Debug)]
pub struct Largest;

impl Measure for Largest {
    #[inline(always)]
    fn add<V: Vector>(sum: V, row: V, unit: V) -> V {
        row.sub(unit).abs().max(sum)
    }
}

/// Lays some units, one after another in `units`, into a panel: `panel[column][unit]`. Where there are fewer
/// than its width, the others are zero.
///
/// # Panics
/// The panel is too small.
#[inline(always)]
pub fn pack<S: Simd, T: Float>(_simd: S, units: &[T], columns: usize, panel: &mut [T]) {
    let width = panel_width::<T>();
    let count = units.len() / columns;
    if count < width {
        panel[..columns * width].fill(T::ZERO);
    }
    turn::<T::Vector<S>>(units, (count, columns), columns, panel, width);
}

/// The distances of rows to the units of a panel: `output[row][unit]`, as wide as the panel.
///
/// # Panics
/// The shapes do not fit together.
pub fn distances<S: Simd, T: Float, M: Measure>(
    simd: S,
    _measure: M,
    rows: Matrix<'_, T>,
    panel: &[T],
    output: &mut [T],
) {
    let width = panel_width::<T>();
    assert!(panel.len() >= rows.columns * width, "a panel of another shape");
    assert!(output.len() >= rows.rows * width, "an output of another shape");
    assert_eq!(width % (2 * T::Vector::<S>::LANES), 0, "a panel is pairs of vectors");
    for column in (0..width).step_by(2 * T::Vector::<S>::LANES) {
        simd.vectorize_apart(Tiles::<T, M> {
            rows,
            panel: panel[column..].as_ptr(),
            output: output[column..].as_mut_ptr(),
            measure: std::marker::PhantomData,
        });
    }
}

/// All rows by two vectors of units.
struct Tiles<'a, T, M> {
    rows: Matrix<'a, T>,
    panel: *const T,
    output: *mut T,
    measure: std::marker::PhantomData<M>,
}

impl<T: Float, M: Measure> Kernel for Tiles<'_, T, M> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let mut row = 0;
        while row < self.rows.rows {
            let left = self.rows.rows - row;
            // SAFETY: `distances` has asserted that the panel has a row for each column and the output one
            // for each row, from where two vectors are within their width; these rows are the matrix's.
            unsafe {
                row += if S::TILE_ROWS >= 12 && left >= 12 {
                    self.tile::<T::Vector<S>, 12>(row)
                } else if left >= 6 {
                    self.tile::<T::Vector<S>, 6>(row)
                } else if left >= 4 {
                    self.tile::<T::Vector<S>, 4>(row)
                } else if left >= 2 {
                    self.tile::<T::Vector<S>, 2>(row)
                } else {
                    self.tile::<T::Vector<S>, 1>(row)
                };
            }
        }
    }
}

impl<T: Float, M: Measure> Tiles<'_, T, M> {
    /// The tile of `ROWS` rows from `first` on; gives how many they are.
    ///
    /// # Safety
    /// `first + ROWS` rows are in the matrix; the panel is valid for two vectors at each column, the output
    /// for writing as much at each row, both from their pointers on and a panel's width apart.
    #[inline(always)]
    unsafe fn tile<V: Vector<Element = T>, const ROWS: usize>(&self, first: usize) -> usize {
        let (width, stride) = (panel_width::<T>(), self.rows.stride);
        let mut sums = [[V::splat(T::ZERO); 2]; ROWS];
        let mut panel = self.panel;
        // SAFETY: the caller's.
        unsafe {
            let mut rows = self.rows.values.as_ptr().add(first * stride);
            for _ in 0..self.rows.columns {
                let units = [V::load(panel), V::load(panel.add(V::LANES))];
                // Every third row has a pointer of its own, as in a product's tile.
                let mut base = rows;
                for (row, sum) in sums.iter_mut().enumerate() {
                    if row > 0 && row % 3 == 0 {
                        base = base.wrapping_add(3 * stride);
                    }
                    let value = V::splat(*base.add(row % 3 * stride));
                    for vector in 0..2 {
                        sum[vector] = M::add(sum[vector], value, units[vector]);
                    }
                }
                panel = panel.wrapping_add(width);
                rows = rows.wrapping_add(1);
            }
            for (row, sum) in sums.iter().enumerate() {
                let target = self.output.add((first + row) * width);
                sum[0].store(target);
                sum[1].store(target.add(V::LANES));
            }
        }
        ROWS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{InstructionSet, run_on};

    struct All<'a, T, M>(&'a [T], &'a [T], usize, M);

    impl<T: Float, M: Measure> Kernel for All<'_, T, M> {
        type Output = Vec<T>;
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Vec<T> {
            let Self(rows, units, columns, measure) = self;
            let width = panel_width::<T>();
            let count = rows.len() / columns;
            let mut panel = vec![T::ONE; columns * width];
            let mut output = vec![T::ONE; count * width];
            pack(simd, units, columns, &mut panel);
            distances(simd, measure, Matrix::new(rows, count, columns, columns), &panel, &mut output);
            output
        }
    }

    fn against_the_definition<T: Float, M: Measure>(measure: M, definition: fn(T, T, T) -> T) {
        let value = |index: usize| T::from_f64(((index * 37 + 11) % 101) as f64 / 7.0 - 6.0);
        for (count, units, columns) in [(1, 1, 1), (5, 3, 4), (23, panel_width::<T>(), 9), (12, 2, 33)] {
            let rows: Vec<T> = (0..count * columns).map(value).collect();
            let others: Vec<T> = (0..units * columns).map(|index| value(index + 57)).collect();
            for set in InstructionSet::available() {
                let found = run_on(set, All(&rows, &others, columns, measure));
                for row in 0..count {
                    for unit in 0..units {
                        let pairs =
                            rows[row * columns..][..columns].iter().zip(&others[unit * columns..][..columns]);
                        let wanted = pairs.fold(T::ZERO, |sum, (&x, &w)| definition(sum, x, w));
                        assert_eq!(found[row * panel_width::<T>() + unit], wanted, "{set:?} {row} {unit}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_distance_is_one_chain_on_every_instruction_set() {
        against_the_definition::<f64, _>(Squared, |sum, x, w| (x - w).mul_add(x - w, sum));
        against_the_definition::<f32, _>(Squared, |sum, x, w| (x - w).mul_add(x - w, sum));
        against_the_definition::<f64, _>(Absolute, |sum, x, w| sum + (x - w).abs());
        against_the_definition::<f32, _>(Largest, |sum, x, w| (x - w).abs().max(sum));
    }
}
