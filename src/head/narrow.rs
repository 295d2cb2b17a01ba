//! Heads of a few outputs: a vector holds one output of as many rows as it has lanes.
//!
//! The arithmetic of each row is that of [`super::wide`], operation by operation.

use super::{Batch, Rule};
use crate::loss::Targets;
use crate::metric::one_where_equal;
use crate::reduce::STRIPES;
use crate::simd::{Float, Kernel, Simd, Vector, read, transpose, write};

/// The most outputs: as many as a sum has stripes, so that each stripe is one output.
pub const MOST_COLUMNS: usize = STRIPES;

/// One vector for each output.
type Columns<V> = [V; MOST_COLUMNS];

/// What the outputs of a block of rows should be.
pub(crate) enum Wanted<V> {
    /// The indices of the rows' classes.
    Classes(V),
    /// A value for each output.
    Values(Columns<V>),
}

impl<V: Vector> Wanted<V> {
    /// What one output should be.
    #[inline(always)]
    pub fn of(&self, index: usize) -> V {
        match self {
            Self::Classes(classes) => one_where_equal(*classes, V::constant(index as f64)),
            Self::Values(values) => values[index],
        }
    }
}

/// All rows of a batch, block by block. Where `FEATURES`, outputs and deltas lie output by output.
pub(super) struct Blocks<'a, 'b, H, T, const FEATURES: bool> {
    pub head: H,
    pub batch: Batch<'a, 'b, T>,
}

impl<T: Float, H: Rule, const FEATURES: bool> Kernel for Blocks<'_, '_, H, T, FEATURES> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        RareBlocks { head: self.head, batch: self.batch, features: FEATURES }.run(simd);
    }
}

/// As [`Blocks`], where it is asked how outputs and deltas lie: half the code, and a little slower.
pub(super) struct RareBlocks<'a, 'b, H, T> {
    pub head: H,
    pub batch: Batch<'a, 'b, T>,
    pub features: bool,
}

impl<T: Float, H: Rule> Kernel for RareBlocks<'_, '_, H, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { head, batch, features } = self;
        let Batch { outputs, deltas, values, targets, rows, scale, metrics: (metrics, decision) } = batch;
        let (lanes, columns) = (T::Vector::<S>::LANES, outputs.width);
        for first in (0..rows.len()).step_by(lanes) {
            let rows = &rows[first..rows.len().min(first + lanes)];
            let mut z = match features {
                true => read_features::<T::Vector<S>>(outputs.values, outputs.stride, first, columns),
                false => {
                    let values = &outputs.values[first * outputs.stride..];
                    read_columns(values, outputs.stride, rows.len(), columns)
                }
            };
            let wanted = wanted_of(targets, rows);
            let mut delta = [T::Vector::<S>::constant(0.0); MOST_COLUMNS];
            let losses = head.block(&mut z[..columns], &mut delta[..columns], &wanted, scale);
            let mut lane = [T::ZERO; 16];
            write(losses, &mut lane[..lanes]);
            for (row, &loss) in lane[..rows.len()].iter().enumerate() {
                values.values[(first + row) * values.stride] = loss;
            }
            for (index, metric) in metrics.iter().enumerate() {
                write(metric.block(&z[head.measured(columns)], &wanted, decision), &mut lane[..lanes]);
                for (row, &measure) in lane[..rows.len()].iter().enumerate() {
                    values.values[(first + row) * values.stride + 1 + index] = measure;
                }
            }
            if features {
                for (index, delta) in delta[..columns].iter().enumerate() {
                    write(*delta, &mut deltas.values[index * deltas.stride + first..][..lanes]);
                }
            } else {
                let values = &mut deltas.values[first * deltas.stride..];
                write_columns(delta, values, deltas.stride, rows.len(), columns);
                if head.changes_outputs() {
                    let values = &mut outputs.values[first * outputs.stride..];
                    write_columns(z, values, outputs.stride, rows.len(), columns);
                }
            }
        }
    }
}

/// What the outputs of some rows of the data should be.
#[inline(always)]
fn wanted_of<V: Vector>(targets: Targets<'_, V::Element>, rows: &[u32]) -> Wanted<V> {
    match targets {
        Targets::Classes(classes) => {
            let mut wanted = [V::Element::ZERO; 16];
            for (wanted, &row) in wanted.iter_mut().zip(rows) {
                *wanted = V::Element::from_f64(f64::from(classes[row as usize]));
            }
            Wanted::Classes(read(&wanted[..V::LANES]))
        }
        Targets::Values(values, columns) => {
            let mut block = [V::Element::ZERO; 16 * MOST_COLUMNS];
            for (block, &row) in block.chunks_exact_mut(columns).zip(rows) {
                block.copy_from_slice(&values[row as usize * columns..][..columns]);
            }
            Wanted::Values(read_columns(&block, columns, rows.len(), columns))
        }
    }
}

/// Columns that lie `stride` apart, of as many rows from `first` on as a vector has lanes.
#[inline(always)]
fn read_features<V: Vector>(
    values: &[V::Element],
    stride: usize,
    first: usize,
    columns: usize,
) -> Columns<V> {
    let mut all = [V::constant(0.0); MOST_COLUMNS];
    for (index, vector) in all.iter_mut().enumerate().take(columns) {
        *vector = read(&values[index * stride + first..][..V::LANES]);
    }
    all
}

/// Columns of some rows that lie `stride` apart; lanes without a row are zero.
#[inline(always)]
fn read_columns<V: Vector>(values: &[V::Element], stride: usize, rows: usize, columns: usize) -> Columns<V> {
    let mut all = [V::constant(0.0); MOST_COLUMNS];
    for first in (0..columns).step_by(V::LANES) {
        let width = V::LANES.min(columns - first);
        let mut block = [V::constant(0.0); 16];
        for (row, vector) in block.iter_mut().enumerate().take(rows) {
            *vector = read(&values[row * stride + first..][..width]);
        }
        transpose(&mut block);
        all[first..first + width].copy_from_slice(&block[..width]);
    }
    all
}

/// The other way.
#[inline(always)]
fn write_columns<V: Vector>(
    all: Columns<V>,
    values: &mut [V::Element],
    stride: usize,
    rows: usize,
    columns: usize,
) {
    for first in (0..columns).step_by(V::LANES) {
        let width = V::LANES.min(columns - first);
        let mut block = [V::constant(0.0); 16];
        block[..width].copy_from_slice(&all[first..first + width]);
        transpose(&mut block);
        for (row, vector) in block.iter().enumerate().take(rows) {
            write(*vector, &mut values[row * stride + first..][..width]);
        }
    }
}

/// The sum of a term for each output, in the order of [`crate::reduce::Sum`].
#[inline(always)]
pub(super) fn sum<V: Vector>(terms: &[V]) -> V {
    let mut stripes = [V::constant(0.0); STRIPES];
    for (stripe, &term) in stripes.iter_mut().zip(terms) {
        *stripe = stripe.add(term);
    }
    let (mut width, mut count) = (STRIPES, terms.len());
    while width > 1 {
        width /= 2;
        // What is beyond the last term is zero and adds nothing.
        for stripe in 0..count.saturating_sub(width) {
            stripes[stripe] = stripes[stripe].add(stripes[stripe + width]);
        }
        count = count.min(width);
    }
    stripes[0]
}
