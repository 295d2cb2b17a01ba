//! The microkernel: a tile of the output kept in registers while the summed index runs.

use super::panel_width;
use crate::simd::{Float, Kernel, Simd, Vector};

/// What the chains of a tile begin with.
#[derive(Clone, Copy)]
pub(super) enum Start<T> {
    /// Zero.
    Zero,
    /// The value of this row in the output's column: a layer's bias.
    Row(*const T),
    /// What the output holds: the partial sum of earlier terms.
    Stored,
}

/// Which values of the summed index are gone through.
#[derive(Clone, Copy)]
pub(super) enum Terms {
    /// All below this one.
    All(usize),
    /// As many as this, listed in increasing order. What is left out adds nothing.
    Listed(*const u32, usize),
}

/// Some columns of a product, all of its rows: where the operands lie and how they are strided.
#[derive(Clone, Copy)]
pub(super) struct Columns<T> {
    pub left: *const T,
    pub left_row_stride: usize,
    pub left_stride: usize,
    pub right: *const T,
    pub right_stride: usize,
    /// From one panel of the right-hand matrix to the next, where the columns reach over several.
    pub panel_stride: usize,
    pub output: *mut T,
    pub output_stride: usize,
    pub rows: usize,
    /// How many columns: two vectors at most, or several whole panels.
    pub width: usize,
    pub start: Start<T>,
}

/// Computes all tiles of some columns.
pub(super) struct ColumnOfTiles<T, F> {
    pub columns: Columns<T>,
    /// The terms of the sums of the tile that begins at a row.
    pub terms: F,
}

/// Gives the terms of the sums of a tile, by its first row.
pub(super) trait TermsOf {
    fn of_tile(&self, row: usize) -> Terms;
}

impl TermsOf for usize {
    #[inline(always)]
    fn of_tile(&self, _row: usize) -> Terms {
        Terms::All(*self)
    }
}

impl<T: Float, F: TermsOf> Kernel for ColumnOfTiles<T, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { columns, terms } = self;
        let lanes = T::Vector::<S>::LANES;
        let mut row = 0;
        while row < columns.rows {
            let count = (columns.rows - row).min(S::TILE_ROWS);
            // SAFETY: the maker of `columns` vouches for its pointers.
            unsafe {
                let tile = columns.below(row);
                match (terms.of_tile(row), columns.width) {
                    (Terms::All(depth), width) => {
                        tile.compute::<S, false>(width, lanes, std::ptr::null(), depth, count)
                    }
                    (Terms::Listed(list, depth), width) => {
                        tile.compute::<S, true>(width, lanes, list, depth, count)
                    }
                }
            }
            row += count;
        }
    }
}

impl<T: Float> Columns<T> {
    /// The same columns, from a row on.
    #[inline(always)]
    unsafe fn below(&self, row: usize) -> Self {
        // SAFETY: the caller's: `row` is one of the output's.
        unsafe {
            Self {
                left: self.left.add(row * self.left_row_stride),
                output: self.output.add(row * self.output_stride),
                ..*self
            }
        }
    }

    /// The tile of the first `rows` rows, in the shape that fits its width.
    ///
    /// # Safety
    /// As [`Self::tile`].
    #[inline(always)]
    unsafe fn compute<S: Simd, const LISTED: bool>(
        &self,
        width: usize,
        lanes: usize,
        list: *const u32,
        depth: usize,
        rows: usize,
    ) {
        // SAFETY: the caller's.
        unsafe {
            if width == 2 * lanes {
                self.of_rows::<S, 2, true, LISTED>(list, depth, rows);
            } else if width > 2 * lanes {
                self.wide::<S, LISTED>(list, depth, rows);
            } else if width > lanes {
                self.of_rows::<S, 2, false, LISTED>(list, depth, rows);
            } else {
                self.of_rows::<S, 1, false, LISTED>(list, depth, rows);
            }
        }
    }

    /// A few rows by more than two vectors: enough chains at once to hide the latency of one.
    ///
    /// # Safety
    /// As [`Self::tile`]; `rows` is 3 at most, the width that of 4 vectors, or 8 for one row.
    #[inline(always)]
    unsafe fn wide<S: Simd, const LISTED: bool>(&self, list: *const u32, depth: usize, rows: usize) {
        // SAFETY: the caller's.
        unsafe {
            match rows {
                1 if self.width == 8 * T::Vector::<S>::LANES => {
                    self.tile::<T::Vector<S>, 1, 8, true, LISTED>(list, depth);
                }
                1 => self.tile::<T::Vector<S>, 1, 4, true, LISTED>(list, depth),
                2 => self.tile::<T::Vector<S>, 2, 4, true, LISTED>(list, depth),
                _ => self.tile::<T::Vector<S>, 3, 4, true, LISTED>(list, depth),
            }
        }
    }

    /// [`Self::tile`] for a number of rows known only here.
    ///
    /// # Safety
    /// As [`Self::tile`].
    #[inline(always)]
    unsafe fn of_rows<S: Simd, const VECTORS: usize, const WHOLE: bool, const LISTED: bool>(
        &self,
        list: *const u32,
        depth: usize,
        rows: usize,
    ) {
        // SAFETY: the caller's; a tile of 7 to 11 rows is two.
        unsafe {
            if S::TILE_ROWS == 12 && rows == 12 {
                return self.tile::<T::Vector<S>, 12, VECTORS, WHOLE, LISTED>(list, depth);
            }
            let (first, mut rest) = if rows > 6 { (rows.div_ceil(2), rows / 2) } else { (rows, 0) };
            let (mut part, mut count) = (*self, first);
            loop {
                match count {
                    1 => part.tile::<T::Vector<S>, 1, VECTORS, WHOLE, LISTED>(list, depth),
                    2 => part.tile::<T::Vector<S>, 2, VECTORS, WHOLE, LISTED>(list, depth),
                    3 => part.tile::<T::Vector<S>, 3, VECTORS, WHOLE, LISTED>(list, depth),
                    4 => part.tile::<T::Vector<S>, 4, VECTORS, WHOLE, LISTED>(list, depth),
                    5 => part.tile::<T::Vector<S>, 5, VECTORS, WHOLE, LISTED>(list, depth),
                    _ => part.tile::<T::Vector<S>, 6, VECTORS, WHOLE, LISTED>(list, depth),
                }
                if rest == 0 {
                    return;
                }
                part = self.below(first);
                (count, rest) = (rest, 0);
            }
        }
    }

    /// `output[row][column] = start + sum over k of left[row][k] * right[k][column]`, each a chain of fused
    /// multiply-adds in increasing `k`. A sum of zero is positive zero, whatever the signs of its terms: so
    /// terms with a factor of zero can be left out unseen.
    ///
    /// # Safety
    /// The pointers are valid for `ROWS` by the terms (`left`), the terms by `width` (`right`), `ROWS` by
    /// `width` (`output`, for writing, with nothing else referring to it) and `width` (a start's row);
    /// `width` is `VECTORS * LANES` where `WHOLE`, else more than one vector less. Where `LISTED`, `list` is
    /// valid for `depth` indices.
    #[inline(always)]
    unsafe fn tile<
        V: Vector<Element = T>,
        const ROWS: usize,
        const VECTORS: usize,
        const WHOLE: bool,
        const LISTED: bool,
    >(
        &self,
        list: *const u32,
        depth: usize,
    ) {
        let last = VECTORS - 1;
        let tail = if WHOLE { V::LANES } else { self.width - last * V::LANES };
        // SAFETY: the caller's; the last vector of a row is read and written only as far as `width`.
        unsafe {
            let mut sums = [[V::splat(T::ZERO); VECTORS]; ROWS];
            match self.start {
                Start::Zero => {}
                Start::Row(bias) => {
                    for vector in 0..VECTORS {
                        let bias = self.read::<V, WHOLE>(bias, vector, vector == last, tail);
                        for sum in &mut sums {
                            sum[vector] = bias;
                        }
                    }
                }
                Start::Stored => {
                    for (row, sum) in sums.iter_mut().enumerate() {
                        let stored = self.output.add(row * self.output_stride);
                        for (vector, sum) in sum.iter_mut().enumerate() {
                            let stored = stored.add(vector * V::LANES);
                            *sum = if WHOLE || vector < last {
                                V::load(stored)
                            } else {
                                V::load_partial(stored, tail)
                            };
                        }
                    }
                }
            }
            if LISTED {
                for term in 0..depth {
                    let k = *list.add(term) as usize;
                    let (left, right) =
                        (self.left.add(k * self.left_stride), self.right.add(k * self.right_stride));
                    self.add_term::<V, ROWS, VECTORS, WHOLE>(&mut sums, left, right, tail);
                }
            } else {
                let (mut left, mut right) = (self.left, self.right);
                for _ in 0..depth {
                    self.add_term::<V, ROWS, VECTORS, WHOLE>(&mut sums, left, right, tail);
                    left = left.wrapping_add(self.left_stride);
                    right = right.wrapping_add(self.right_stride);
                }
            }
            let zero = V::splat(T::ZERO);
            for (row, sum) in sums.iter().enumerate() {
                let target = self.output.add(row * self.output_stride);
                for (vector, sum) in sum.iter().enumerate() {
                    let (sum, target) = (sum.add(zero), target.add(vector * V::LANES));
                    if WHOLE || vector < last {
                        sum.store(target);
                    } else {
                        sum.store_partial(target, tail);
                    }
                }
            }
        }
    }

    /// Adds the term whose factors lie at `left`, in the first of the rows, and at `right`.
    ///
    /// # Safety
    /// As [`Self::tile`].
    #[inline(always)]
    unsafe fn add_term<V: Vector<Element = T>, const ROWS: usize, const VECTORS: usize, const WHOLE: bool>(
        &self,
        sums: &mut [[V; VECTORS]; ROWS],
        left: *const T,
        right: *const T,
        tail: usize,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let mut columns = [V::splat(T::ZERO); VECTORS];
            for (vector, column) in columns.iter_mut().enumerate() {
                *column = self.read::<V, WHOLE>(right, vector, vector + 1 == VECTORS, tail);
            }
            // Every third row has a pointer of its own: the two after it are reached by the scaled stride, so
            // that twelve rows do not run out of registers for addresses.
            let stride = self.left_row_stride;
            let mut base = left;
            for (row, sum) in sums.iter_mut().enumerate() {
                if row > 0 && row % 3 == 0 {
                    base = base.wrapping_add(3 * stride);
                }
                let factor = V::splat(*base.add(row % 3 * stride));
                for vector in 0..VECTORS {
                    sum[vector] = factor.mul_add(columns[vector], sum[vector]);
                }
            }
        }
    }

    /// One vector of a row of the right-hand matrix, or of the bias that lies as such a row.
    ///
    /// # Safety
    /// As [`Self::tile`].
    #[inline(always)]
    unsafe fn read<V: Vector<Element = T>, const WHOLE: bool>(
        &self,
        row: *const T,
        vector: usize,
        is_last: bool,
        tail: usize,
    ) -> V {
        let vectors = panel_width::<T>() / V::LANES;
        // SAFETY: the caller's.
        unsafe {
            let source = row.add(vector / vectors * self.panel_stride + vector % vectors * V::LANES);
            if WHOLE || !is_last { V::load(source) } else { V::load_partial(source, tail) }
        }
    }
}
