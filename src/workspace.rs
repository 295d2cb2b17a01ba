//! Every buffer that a step needs, sized once: nothing is allocated while batches run.

use crate::buffer::Buffer;
use crate::error::Result;
use crate::gemm::Nonzero;
use crate::layer::{Dense, Layer, Stage, Tensors, Widths};
use crate::parallel::Matrices;
use crate::simd::Float;
use crate::update::Sums;

/// The matrix that the inputs of a batch are gathered into.
pub const INPUT: usize = 0;
/// A matrix of no columns, for tensors that a layer does not have.
const NOTHING: usize = 1;
/// The matrix of the rows' losses and metrics.
pub const VALUES: usize = 2;

/// Which matrix is what, and how wide.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The tensors of each layer.
    pub layers: Vec<Tensors>,
    widths: Vec<usize>,
    /// How many values the layers learn of a batch.
    pub statistics: usize,
    training: bool,
}

impl Plan {
    /// For passing forward alone.
    pub fn for_inference(inputs: usize, layers: &[Layer]) -> Self {
        Self::new(inputs, layers, false, 0)
    }

    /// For passing forward and back, with a loss and `metrics` metrics of each row.
    pub fn for_training(inputs: usize, layers: &[Layer], metrics: usize) -> Self {
        Self::new(inputs, layers, true, 1 + metrics)
    }

    fn new(inputs: usize, layers: &[Layer], training: bool, values: usize) -> Self {
        let mut widths = vec![inputs, 0, values];
        let mut matrix = |width: usize| {
            if width == 0 {
                return NOTHING;
            }
            widths.push(width);
            widths.len() - 1
        };
        let mut statistics = 0;
        let layers = layers.iter().map(|layer| {
            let Widths { output, delta, kept, slopes, factor, statistics: own, penalty } =
                layer.widths(training);
            statistics += own;
            Tensors {
                output: matrix(output),
                delta: matrix(delta),
                kept: matrix(kept),
                slopes: matrix(slopes),
                factor: matrix(factor),
                statistics: statistics - own,
                penalty: matrix(penalty),
            }
        });
        let layers = layers.collect();
        Self { layers, widths, statistics, training }
    }

    /// The matrices for batches of up to `rows` rows.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn matrices<T: Float>(&self, rows: usize) -> Result<Matrices<T>> {
        Matrices::new(rows, &self.widths)
    }

    /// What a thread needs for itself, for batches of up to `rows` rows.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn scratch<T: Float>(&self, layers: &[Layer], rows: usize) -> Result<Scratch<T>> {
        Scratch::new(layers, rows, self.training)
    }

    /// How many values a row takes in all matrices together.
    pub fn row_size(&self) -> usize {
        self.widths.iter().sum()
    }

    /// How many values a row has in the matrix [`VALUES`].
    pub fn values(&self) -> usize {
        self.widths[VALUES]
    }
}

/// A product of the first layer that is smaller than this for a row is done before its zeros are found.
const FEWEST_UNITS: usize = 32;

/// Values of a batch whose zeros are looked for; the lists of a larger one would take much memory.
const MOST_VALUES: usize = 1 << 22;

/// What a thread needs for itself.
#[derive(Debug)]
pub struct Scratch<T> {
    /// Some of a layer's weights, turned around.
    pub transposed: Buffer<T>,
    /// A piece of a layer's gradient.
    pub gradient: Buffer<T>,
    /// Which of the first layer's inputs are not zero.
    pub nonzero: Nonzero,
    /// Whether zeros are worth looking for.
    pub looks_for_zeros: bool,
    /// Whether there were any in the rows that passed forward last.
    pub has_zeros: bool,
    /// Sums over its part of the parameters.
    pub sums: Sums,
}

impl<T: Float> Scratch<T> {
    fn new(layers: &[Layer], rows: usize, training: bool) -> Result<Self> {
        let first = layers.iter().find_map(Layer::as_dense);
        let inputs = first.map_or(0, Dense::inputs);
        let looks_for_zeros = rows.saturating_mul(inputs) <= MOST_VALUES
            && first.is_some_and(|dense| dense.spec.units >= FEWEST_UNITS);
        let (rows_seen, inputs) = if looks_for_zeros { (rows, inputs) } else { (0, 0) };
        // Below the first layer that learns there is no way back.
        let learning = || layers.iter().filter(|layer| training && layer.learns());
        let transposed = learning().skip(1).map(Layer::transposed_size::<T>).max();
        let gradient = learning().map(|layer| layer.gradient_size::<T>(rows)).max();
        Ok(Self {
            transposed: Buffer::zeros(transposed.unwrap_or(0))?,
            gradient: Buffer::zeros(gradient.unwrap_or(0))?,
            nonzero: Nonzero::with_capacity(rows_seen, inputs),
            looks_for_zeros,
            has_zeros: false,
            sums: Sums::default(),
        })
    }
}
