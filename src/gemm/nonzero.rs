//! Which terms of a product are not zero, tile by tile.
//!
//! A term with a factor of zero adds nothing, as long as the other factor is finite: a tile leaves it out if
//! it is zero for all of the tile's rows. The margins of images, one-hot columns and sparse tables are such.

use crate::simd::{Float, Kernel, Simd, Vector, read};

use super::Matrix;

/// For each tile of a product's rows, the terms that are not zero in all of them.
#[derive(Debug, Default)]
pub struct Nonzero {
    list: Vec<u32>,
    ends: Vec<usize>,
    /// All listed terms are below this.
    terms: usize,
}

impl Nonzero {
    /// Room for a batch of this shape, so that filling allocates nothing.
    pub fn with_capacity(rows: usize, columns: usize) -> Self {
        // Tiles have six rows at least, and the last is not whole.
        let tiles = |length: usize| length / 6 + 1;
        let list = (tiles(rows) * columns).max(tiles(columns) * rows);
        Self { list: Vec::with_capacity(list), ends: Vec::with_capacity(tiles(rows.max(columns))), terms: 0 }
    }

    /// For a product with `left` on the left. Gives nothing where too few terms are zero to be worth it.
    pub fn of_rows<S: Simd, T: Float>(&mut self, simd: S, left: Matrix<'_, T>) -> Option<&Self> {
        let done = simd.vectorize(OfRows { nonzero: self, left });
        self.if_worth_it(left.columns).filter(|_| done)
    }

    /// For a product with `left` turned around on the left.
    pub fn of_columns<S: Simd, T: Float>(&mut self, simd: S, left: Matrix<'_, T>) -> Option<&Self> {
        simd.vectorize(OfColumns { nonzero: self, left });
        self.if_worth_it(left.rows)
    }

    /// The terms of one tile.
    #[inline(always)]
    pub(super) fn tile(&self, tile: usize) -> &[u32] {
        let start = if tile == 0 { 0 } else { self.ends[tile - 1] };
        &self.list[start..self.ends[tile]]
    }

    fn if_worth_it(&self, depth: usize) -> Option<&Self> {
        is_worth_it(self.list.len(), self.ends.len() * depth).then_some(self)
    }

    /// Panics where the lists were not made for as many tiles of sums of as many terms.
    pub(super) fn assert_fits(&self, tiles: usize, terms: usize) {
        assert!(tiles <= self.ends.len() && terms == self.terms, "zeros of another matrix");
    }

    fn start(&mut self, terms: usize) {
        self.list.clear();
        self.ends.clear();
        self.terms = terms;
    }

    fn end_tile(&mut self) {
        self.ends.push(self.list.len());
    }
}

/// A list costs a little: it pays where a tenth of the terms or more is left out.
fn is_worth_it(listed: usize, all: usize) -> bool {
    listed * 10 <= all * 9
}

struct OfRows<'a, T> {
    nonzero: &'a mut Nonzero,
    left: Matrix<'a, T>,
}

impl<T: Float> Kernel for OfRows<'_, T> {
    /// Whether it was gone through.
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> bool {
        let Self { nonzero, left } = self;
        let lanes = T::Vector::<S>::LANES;
        nonzero.start(left.columns);
        // A look at the first row tells whether to go on: most data have either many zeros or none.
        if left.rows > 0 {
            let mut count = 0;
            for column in (0..left.columns).step_by(lanes) {
                let width = lanes.min(left.columns - column);
                count += T::Vector::<S>::nonzero_lanes(read(&left.values[column..][..width])).count_ones();
            }
            if !is_worth_it(count as usize, left.columns) {
                return false;
            }
        }
        for first in (0..left.rows).step_by(S::TILE_ROWS) {
            let rows = S::TILE_ROWS.min(left.rows - first);
            for column in (0..left.columns).step_by(lanes) {
                let width = lanes.min(left.columns - column);
                let mut any = T::Vector::<S>::constant(0.0);
                for row in first..first + rows {
                    any = any.or_bits(read(&left.values[row * left.stride + column..][..width]));
                }
                let mut mask = T::Vector::<S>::nonzero_lanes(any);
                while mask != 0 {
                    nonzero.list.push(column as u32 + mask.trailing_zeros());
                    mask &= mask - 1;
                }
            }
            nonzero.end_tile();
        }
        true
    }
}

struct OfColumns<'a, T> {
    nonzero: &'a mut Nonzero,
    left: Matrix<'a, T>,
}

impl<T: Float> Kernel for OfColumns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { nonzero, left } = self;
        let lanes = T::Vector::<S>::LANES;
        nonzero.start(left.rows);
        for first in (0..left.columns).step_by(S::TILE_ROWS) {
            let columns = S::TILE_ROWS.min(left.columns - first);
            for row in 0..left.rows {
                let values = &left.values[row * left.stride + first..][..columns];
                let mut any = 0;
                for start in (0..columns).step_by(lanes) {
                    any |= T::Vector::<S>::nonzero_lanes(read(&values[start..columns.min(start + lanes)]));
                }
                if any != 0 {
                    nonzero.list.push(row as u32);
                }
            }
            nonzero.end_tile();
        }
    }
}

/// True if no value is infinite or NaN.
pub fn all_finite<S: Simd, T: Float>(simd: S, values: &[T]) -> bool {
    simd.vectorize(AllFinite(values))
}

struct AllFinite<'a, T>(&'a [T]);

impl<T: Float> Kernel for AllFinite<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> bool {
        let lanes = T::Vector::<S>::LANES;
        // The difference of a number and itself is zero, that of an infinity or NaN is NaN, and stays it.
        let mut sums = [T::Vector::<S>::constant(0.0); 4];
        let mut chunks = self.0.chunks_exact(4 * lanes);
        for chunk in &mut chunks {
            for (index, sum) in sums.iter_mut().enumerate() {
                let value = read::<T::Vector<S>>(&chunk[index * lanes..(index + 1) * lanes]);
                *sum = sum.add(value.sub(value));
            }
        }
        for chunk in chunks.remainder().chunks(lanes) {
            let value = read::<T::Vector<S>>(chunk);
            sums[0] = sums[0].add(value.sub(value));
        }
        let sum = sums[0].add(sums[1]).add(sums[2].add(sums[3]));
        T::Vector::<S>::nonzero_lanes(sum) == 0
    }
}
