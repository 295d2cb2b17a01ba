//! Parameters as the user sees them, and where each lies in the flat array.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::gemm::Panels;
use crate::simd::Float;

/// How biases are shown. The numbers are the same: a layer's biases lie before its weights as the row of
/// a constant 1 would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BiasMode {
    /// Parameters beside the weights.
    Parameter,
    /// The first row of the weights, that of a constant 1 in the first column of the design matrix.
    Embedded,
}

/// A parameter as the user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its shape.
    pub shape: Vec<usize>,
    place: Place,
}

/// Where a parameter lies in the flat array.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Some rows, as they lie, of a layer's weights.
    Weights { offset: usize, panels: Panels, rows: Range<usize> },
    /// As it is.
    Plain(Range<usize>),
}

impl Parameter {
    /// Some rows of weights in panels that begin at `offset`.
    pub fn weights(shape: Vec<usize>, offset: usize, panels: Panels, rows: Range<usize>) -> Self {
        Self { shape, place: Place::Weights { offset, panels, rows } }
    }

    /// Values that lie in row-major order.
    pub fn plain(shape: Vec<usize>, range: Range<usize>) -> Self {
        Self { shape, place: Place::Plain(range) }
    }

    /// How many values it has.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// Where it lies in the flat array, if it does so as it is.
    pub fn lies(&self) -> Option<Range<usize>> {
        match &self.place {
            Place::Weights { .. } => None,
            Place::Plain(range) => Some(range.clone()),
        }
    }

    /// Its values in row-major order.
    pub fn read<T: Float>(&self, parameters: &[T]) -> Vec<T> {
        match &self.place {
            Place::Weights { offset, panels, rows } => {
                panels.row_major(&parameters[*offset..offset + panels.size()], rows.clone())
            }
            Place::Plain(range) => parameters[range.clone()].to_vec(),
        }
    }

    /// Replaces its values by others in row-major order.
    ///
    /// # Panics
    /// There are more or fewer of them.
    pub fn write<T: Float>(&self, values: &[T], parameters: &mut [T]) {
        match &self.place {
            Place::Weights { offset, panels, rows } => {
                let target = &mut parameters[*offset..offset + panels.size()];
                panels.fill_from_row_major(values, rows.clone(), target);
            }
            Place::Plain(range) => parameters[range.clone()].copy_from_slice(values),
        }
    }
}
