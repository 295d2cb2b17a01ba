//! Every buffer that a step needs, sized once: nothing is allocated while batches run.

use crate::activation::{Activation, Kept};
use crate::error::Result;
use crate::layer::{Layer, Tensors};
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
        Self { layers, widths }
    }

    /// The matrices for batches of up to `rows` rows.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn matrices<T: Float>(&self, rows: usize) -> Result<Matrices<T>> {
        Matrices::new(rows, &self.widths)
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
