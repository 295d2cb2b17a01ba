//! Every buffer that a step needs, sized once: nothing is allocated while batches run.

use crate::activation::{Activation, Kept};
use crate::buffer::Buffer;
use crate::error::Result;
use crate::gemm::{Nonzero, transposed_size};
use crate::layer::{Layer, Tensors, gradient_size};
use crate::parallel::Matrices;
use crate::simd::Float;

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
        let mut matrix = |width: usize, wanted: bool| {
            if !wanted {
                return NOTHING;
            }
            widths.push(width);
            widths.len() - 1
        };
        let layers = layers.iter().map(|layer| match layer {
            Layer::Dense(dense) => {
                let width = dense.spec.units;
                let keeps_input = dense.spec.activation.kept() == Kept::Input;
                let learns_slopes = matches!(dense.spec.activation, Activation::Prelu(_));
                Tensors {
                    output: matrix(width, true),
                    delta: matrix(width, training),
                    kept: matrix(width, keeps_input),
                    slopes: matrix(width, training && learns_slopes),
                }
            }
            Layer::Dropout(dropout) => Tensors {
                output: matrix(dropout.width, training),
                delta: matrix(dropout.width, training),
                kept: matrix(dropout.width, training),
                slopes: NOTHING,
            },
        });
        let layers = layers.collect();
        Self { layers, widths, training }
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
}

impl<T: Float> Scratch<T> {
    fn new(layers: &[Layer], rows: usize, training: bool) -> Result<Self> {
        let dense = || {
            layers.iter().filter_map(|layer| match layer {
                Layer::Dense(dense) => Some(dense),
                Layer::Dropout(_) => None,
            })
        };
        let first = dense().next();
        let inputs = first.map_or(0, |dense| dense.inputs());
        let looks_for_zeros = rows.saturating_mul(inputs) <= MOST_VALUES
            && first.is_some_and(|dense| dense.spec.units >= FEWEST_UNITS);
        let (rows_seen, inputs) = if looks_for_zeros { (rows, inputs) } else { (0, 0) };
        let transposed = dense().skip(1).map(|dense| transposed_size::<T>(dense.panels)).max();
        let gradient = dense().map(|dense| gradient_size::<T>(rows, dense)).max();
        Ok(Self {
            transposed: Buffer::zeros(transposed.filter(|_| training).unwrap_or(0))?,
            gradient: Buffer::zeros(gradient.filter(|_| training).unwrap_or(0))?,
            nonzero: Nonzero::with_capacity(rows_seen, inputs),
            looks_for_zeros,
            has_zeros: false,
        })
    }
}
