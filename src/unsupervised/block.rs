//! Learning online, and yet with products: a block of rows is looked at before it is learned.
//!
//! Where a unit moves towards a row, `w' = w + g (x - w)`, its distance to any other row z follows from
//! distances alone (Stewart's theorem, 1746):
//!
//! `|z - w'|^2 = (1 - g) |z - w|^2 + g |z - x|^2 - g (1 - g) |x - w|^2`
//!
//! So the distances of a block's rows to all units, and to each other, are made at once, at the speed of a
//! matrix product; then row after row is learned by correcting only distances. Nothing is approximated:
//! the weights are those of learning row by row, but for rounding.

use crate::buffer::Buffer;
use crate::error::Result;
use crate::gemm::{Matrix, Squared, distances, pack, panel_width};
use crate::parallel::{Rows, Team};
use crate::simd::{Float, InstructionSet, Kernel, Lanewise, Simd, Vector, lanewise, run_on};
use crate::source::{Source, Which};

/// The most rows of a block. Calls that go on where another ended do so after a multiple of them.
pub const BLOCK: usize = 64;

/// Rows of a block of so many columns: to correct a distance takes as long as some columns of a new one.
pub fn block_rows(columns: usize) -> usize {
    match columns {
        0..=95 => BLOCK / 4,
        96..=255 => BLOCK / 2,
        _ => BLOCK,
    }
}

/// A block's rows and all their distances.
#[derive(Debug)]
pub struct Block<T> {
    columns: usize,
    count: usize,
    rows: Buffer<T>,
    /// Of rows to rows: `[panel of rows][row][row in the panel]`.
    between: Buffer<T>,
    /// Of rows to units: `[panel of units][row][unit in the panel]`.
    to_units: Buffer<T>,
    /// A panel for each thread.
    panels: Vec<Buffer<T>>,
}

impl<T: Float> Block<T> {
    /// Room for a block.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn new(units: usize, columns: usize, threads: usize) -> Result<Self> {
        let width = panel_width::<T>();
        Ok(Self {
            columns,
            count: 0,
            rows: Buffer::zeros(BLOCK * columns)?,
            between: Buffer::zeros(BLOCK * BLOCK.next_multiple_of(width))?,
            to_units: Buffer::zeros(units.next_multiple_of(width) * BLOCK)?,
            panels: (0..threads).map(|_| Buffer::zeros(columns * width)).collect::<Result<_>>()?,
        })
    }

    /// Takes the rows of `order`, at most [`BLOCK`], and measures them against the units and each other.
    pub fn fill(
        &mut self,
        set: InstructionSet,
        team: &Team<'_>,
        inputs: Source<'_>,
        order: &[u32],
        weights: &[T],
    ) {
        let (columns, width) = (self.columns, panel_width::<T>());
        self.count = order.len();
        run_on(set, Gather { inputs, order, rows: &mut self.rows[..order.len() * columns] });
        let matrix = Matrix::new(&self.rows, order.len(), columns, columns);
        let panel_size = BLOCK * width;
        let own_units = self.rows[..order.len() * columns].chunks(columns * width);
        for (number, (units, output)) in own_units.zip(self.between.chunks_exact_mut(panel_size)).enumerate()
        {
            // Only earlier rows are asked for.
            let earlier = order.len().min((number + 1) * width);
            let rows = Matrix::new(&self.rows, earlier, columns, columns);
            run_on(set, Measure { rows, units, panel: &mut self.panels[0], output });
        }
        let count = weights.len().div_ceil(columns * width);
        let bounds: Vec<usize> =
            (0..=team.size()).map(|worker| count * worker / team.size() * panel_size).collect();
        team.by_parts([&mut self.to_units], &bounds, &mut self.panels, |part, [outputs], panel| {
            let first = part.start / panel_size;
            let units = weights.chunks(columns * width).skip(first);
            for (units, output) in units.zip(outputs.chunks_exact_mut(panel_size)) {
                run_on(set, Measure { rows: matrix, units, panel, output });
            }
        });
    }

    /// How many rows it holds.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The rows, one after another.
    pub fn rows(&self) -> Matrix<'_, T> {
        Matrix::new(&self.rows, self.count, self.columns, self.columns)
    }

    /// The squared distance of two rows, the first of them the earlier.
    #[inline(always)]
    pub fn between(&self, earlier: usize, later: usize) -> T {
        let width = panel_width::<T>();
        self.between[(later / width * BLOCK + earlier) * width + later % width]
    }

    /// The squared distances of all rows to the units of a panel, `[row][unit]`.
    #[inline(always)]
    pub fn panel(&mut self, panel: usize) -> &mut [T] {
        let size = BLOCK * panel_width::<T>();
        &mut self.to_units[panel * size..][..size]
    }

    /// The squared distance of a row to a unit.
    #[inline(always)]
    pub fn distance(&self, row: usize, unit: usize) -> T {
        let width = panel_width::<T>();
        self.to_units[(unit / width * BLOCK + row) * width + unit % width]
    }

    /// Moves one unit by the share `g` of its way towards a row, or away from it where `g` is negative.
    #[inline(always)]
    pub fn draw<S: Simd>(&mut self, simd: S, row: usize, unit: usize, g: T, weights: &mut [T]) {
        let (columns, width) = (self.columns, panel_width::<T>());
        let keep = T::ONE - g;
        let base = -(g * keep) * self.distance(row, unit);
        let place = unit / width * BLOCK * width + unit % width;
        for later in row + 1..self.count {
            let old = self.to_units[place + later * width];
            let new = keep.mul_add(old, g.mul_add(self.between(row, later), base));
            // Rounding may lead below zero.
            self.to_units[place + later * width] = if new > T::ZERO { new } else { T::ZERO };
        }
        let unit = &mut weights[unit * columns..][..columns];
        lanewise(simd, &Towards(g), [unit], [&self.rows[row * columns..][..columns]]);
    }
}

/// `w + g (x - w)`
#[derive(Clone, Copy)]
pub struct Towards<T>(pub T);

impl<T: Float> Lanewise<1, 1> for Towards<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w]: [V; 1], [x]: [V; 1]) -> [V; 1] {
        [V::constant(self.0.to_f64()).mul_add(x.sub(w), w)]
    }
}

struct Gather<'a, 's, T> {
    inputs: Source<'s>,
    order: &'a [u32],
    rows: &'a mut [T],
}

impl<T: Float> Kernel for Gather<'_, '_, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let columns = self.inputs.columns();
        self.inputs.gather(simd, Which::Listed(self.order), 1.0, Rows::adjoining(self.rows, columns));
    }
}

struct Measure<'a, T> {
    rows: Matrix<'a, T>,
    units: &'a [T],
    panel: &'a mut [T],
    output: &'a mut [T],
}

impl<T: Float> Kernel for Measure<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        pack(simd, self.units, self.rows.columns(), self.panel);
        distances(simd, Squared, self.rows, self.panel, self.output);
    }
}
