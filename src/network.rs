//! A network: its layers in their places, and a batch's way forward and back through them. The
//! parameters stand in one flat array beside it, so that steps can read the one while changing the other.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::buffer::Buffer;
use crate::error::{Error, Result};
use crate::gemm::{Panels, all_finite};
use crate::layer::{Dense, Dropout, Layer, LayerBatch, LayerSpec, Sink};
use crate::parallel::{Matrices, RowShard, Team};
use crate::simd::{Float, Simd};
use crate::workspace::{INPUT, Plan, Scratch};

/// A network as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkSpec {
    /// How many input nodes there are.
    pub inputs: usize,
    /// What every input is multiplied by.
    #[serde(default = "one")]
    pub input_scale: f64,
    /// Whether biases are parameters of their own or weights of a constant 1.
    pub bias: BiasMode,
    /// The layers after the input.
    pub layers: Vec<LayerSpec>,
}

fn one() -> f64 {
    1.0
}

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
    /// How many values it has.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
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

/// Layers in their places.
#[derive(Clone, Debug)]
pub struct Network {
    layers: Vec<Layer>,
    inputs: usize,
    input_scale: f64,
    outputs: usize,
    bias: BiasMode,
    size: usize,
}

/// How a batch passes: training or not.
#[derive(Clone, Copy, Debug)]
pub enum Mode {
    /// Nothing is dropped.
    Inference,
    /// Dropout silences units, keyed by the seed and the step.
    Training {
        /// The network's seed.
        seed: u64,
        /// The steps that the network has made.
        step: u64,
    },
}

/// How a batch goes through a network.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// Which buffer is what.
    pub plan: &'a Plan,
    /// Training or not.
    pub mode: Mode,
    /// Whether the output layer leaves its activation, and the derivative of it, to the head.
    pub fused: bool,
    /// Whether zeros among the inputs may be left out, the first layer's weights being finite.
    pub skips_zeros: bool,
}

impl Network {
    /// Puts the layers of a configuration in their places.
    ///
    /// # Errors
    /// A configuration without a dense layer at its end, or of impossible sizes.
    pub fn new(spec: &NetworkSpec) -> Result<Self> {
        if !matches!(spec.layers.last(), Some(LayerSpec::Dense(_))) {
            return Err(Error::Configuration("the last layer must be dense".into()));
        }
        let mut layers = Vec::with_capacity(spec.layers.len());
        let (mut width, mut offset) = (spec.inputs, 0usize);
        for (index, layer) in spec.layers.iter().enumerate() {
            layers.push(match layer {
                LayerSpec::Dense(dense) => {
                    let weights = width.checked_mul(dense.units).filter(|&count| count > 0);
                    weights
                        .and_then(|count| count.checked_add(offset)?.checked_add(2 * dense.units))
                        .filter(|&count| count <= isize::MAX as usize / size_of::<f64>())
                        .ok_or_else(|| {
                            Error::Configuration(format!("layer {index} has an impossible size"))
                        })?;
                    let dense = Dense::new(dense.clone(), width, offset);
                    (width, offset) = (dense.spec.units, dense.alpha.end);
                    Layer::Dense(dense)
                }
                LayerSpec::Dropout { rate } => Layer::Dropout(Dropout::new(*rate, index, width)),
            });
        }
        Ok(Self {
            layers,
            inputs: spec.inputs,
            input_scale: spec.input_scale,
            outputs: width,
            bias: spec.bias,
            size: offset,
        })
    }

    /// Draws the initial parameters.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn initialize<T: Float>(&self, seed: u64) -> Result<Buffer<T>> {
        let mut parameters = Buffer::zeros(self.size)?;
        for (index, dense) in self.dense_layers() {
            dense.initialize(seed, index, &mut parameters)?;
        }
        Ok(parameters)
    }

    /// The layers after the input.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// How many input nodes there are.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// What every input is multiplied by.
    pub fn input_scale(&self) -> f64 {
        self.input_scale
    }

    /// How many output nodes there are.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// How many parameters there are.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The activation of the output layer.
    pub fn output_activation(&self) -> &Activation {
        let Some(Layer::Dense(dense)) = self.layers.last() else { unreachable!("checked by new") };
        &dense.spec.activation
    }

    /// The parameters as the user sees them, in the user's order: weights, biases, slopes, layer by layer.
    pub fn shapes(&self) -> Vec<Parameter> {
        let mut shapes = Vec::new();
        for layer in &self.layers {
            let Layer::Dense(dense) = layer else { continue };
            let units = dense.spec.units;
            let (inputs, rows) = (dense.inputs(), dense.panels.stored_rows());
            let weights = |rows: Range<usize>, shape: Vec<usize>| Parameter {
                shape,
                place: Place::Weights { offset: dense.weights.start, panels: dense.panels, rows },
            };
            match self.bias {
                BiasMode::Parameter => {
                    shapes.push(weights(rows - inputs..rows, vec![inputs, units]));
                    if dense.spec.use_bias {
                        shapes.push(weights(0..1, vec![units]));
                    }
                }
                BiasMode::Embedded => shapes.push(weights(0..rows, vec![rows, units])),
            }
            if !dense.alpha.is_empty() {
                shapes.push(Parameter { shape: vec![units], place: Place::Plain(dense.alpha.clone()) });
            }
        }
        shapes
    }

    /// Cuts the flat array into `parts` of nearly equal work: worker `w` gets `bounds[w]..bounds[w + 1]`.
    pub fn cut<T>(&self, parts: usize) -> Vec<usize> {
        let cut = |place: usize| {
            let mut layers = self.dense_layers().map(|(_, dense)| dense);
            let dense = layers.find(|dense| dense.parameters().contains(&place));
            dense.map_or(place, |dense| dense.cut_before::<T>(place))
        };
        (0..=parts).map(|part| cut(self.size * part / parts)).collect()
    }

    /// Whether the first layer's weights are all finite, so that zeros among its inputs add nothing.
    pub fn first_is_finite<S: Simd, T: Float>(&self, simd: S, parameters: &[T]) -> bool {
        all_finite(simd, &parameters[self.first_weights()])
    }

    /// Where the first dense layer's weights are in the flat array.
    pub fn first_weights(&self) -> Range<usize> {
        self.dense_layers().next().map_or(0..0, |(_, dense)| dense.weights.clone())
    }

    fn dense_layers(&self) -> impl Iterator<Item = (usize, &Dense)> {
        self.layers.iter().enumerate().filter_map(|(index, layer)| match layer {
            Layer::Dense(dense) => Some((index, dense)),
            Layer::Dropout(_) => None,
        })
    }

    /// The last layer below `index` that does something.
    fn active_below(&self, index: usize, mode: Mode) -> Option<usize> {
        (0..index).rev().find(|&below| match (&self.layers[below], mode) {
            (Layer::Dropout(_), Mode::Inference) => false,
            (Layer::Dense(_), _) | (Layer::Dropout(_), Mode::Training { .. }) => true,
        })
    }

    /// Passes some rows forward; their inputs lie in the matrix `INPUT`. Gives the output's matrix.
    pub fn forward<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        way: Way<'_>,
        scratch: &mut Scratch<T>,
    ) -> usize {
        let Way { plan, mode, fused, skips_zeros } = way;
        let mut current = INPUT;
        let mut first = skips_zeros && scratch.looks_for_zeros;
        scratch.has_zeros = false;
        for (index, layer) in self.layers.iter().enumerate() {
            let tensors = plan.layers[index];
            match (layer, mode) {
                (Layer::Dense(dense), _) => {
                    let fused = fused && index + 1 == self.layers.len();
                    let nonzero = match first {
                        true => scratch.nonzero.of_rows(simd, rows.read(current).matrix()),
                        false => None,
                    };
                    dense.forward(simd, parameters, rows, current, tensors, nonzero, fused);
                    if std::mem::take(&mut first) {
                        scratch.has_zeros = nonzero.is_some();
                    }
                }
                (Layer::Dropout(_), Mode::Inference) => continue,
                (Layer::Dropout(dropout), Mode::Training { seed, step }) => {
                    dropout.forward(seed, step, rows, current, tensors);
                }
            }
            current = tensors.output;
        }
        current
    }

    /// As [`Self::forward`] of one row, each layer's units being shared out to a team.
    pub fn forward_together<S: Simd, T: Float>(
        &self,
        simd: S,
        team: &Team<'_>,
        parameters: &[T],
        row: &mut RowShard<'_, T>,
        way: Way<'_>,
        scratch: &mut Scratch<T>,
    ) -> usize {
        let mut current = INPUT;
        let mut first = way.skips_zeros && scratch.looks_for_zeros;
        for (index, dense) in self.dense_layers() {
            let tensors = way.plan.layers[index];
            let nonzero = match std::mem::take(&mut first) {
                true => scratch.nonzero.of_rows(simd, row.read(current).matrix()),
                false => None,
            };
            dense.forward_together(simd, team, parameters, row, current, tensors, nonzero);
            current = tensors.output;
        }
        current
    }

    /// Passes the gradient of some rows back, from the output layer's delta to every other's.
    pub fn backward<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        way: Way<'_>,
        scratch: &mut Scratch<T>,
    ) {
        let Way { plan, mode, fused, .. } = way;
        // Below the first dense layer there is nothing to learn.
        let first = self.dense_layers().next().map_or(0, |(index, _)| index);
        for index in (first..self.layers.len()).rev() {
            let tensors = plan.layers[index];
            let below = self.active_below(index, mode).filter(|&below| below >= first);
            let below = below.map(|below| plan.layers[below].delta);
            match (&self.layers[index], mode, below) {
                (Layer::Dense(dense), ..) => {
                    let fused = fused && index + 1 == self.layers.len();
                    dense.backward(simd, parameters, rows, below, tensors, &mut scratch.transposed, fused);
                }
                (Layer::Dropout(dropout), Mode::Training { .. }, Some(below)) => {
                    dropout.backward(rows, below, tensors);
                }
                (Layer::Dropout(_), ..) => {}
            }
        }
    }

    /// The gradients of the parameters in `part` of the flat array, from a batch of `rows` that has passed
    /// forward and back, piece by piece into `sink`.
    #[allow(clippy::too_many_arguments)]
    pub fn gradients<S: Simd, T: Float>(
        &self,
        simd: S,
        matrices: &Matrices<T>,
        rows: usize,
        part: Range<usize>,
        way: Way<'_>,
        scratch: &mut Scratch<T>,
        sink: &mut impl Sink<T>,
    ) {
        let Way { plan, mode, skips_zeros, .. } = way;
        let mut first = skips_zeros && scratch.has_zeros;
        for (index, dense) in self.dense_layers() {
            let own = dense.parameters();
            let common = own.start.max(part.start)..own.end.min(part.end);
            let is_first = std::mem::take(&mut first);
            if common.is_empty() {
                continue;
            }
            let tensors = plan.layers[index];
            let input = self.active_below(index, mode).map_or(INPUT, |below| plan.layers[below].output);
            let (input, delta) = (matrices.get(input, rows), matrices.get(tensors.delta, rows));
            let nonzero = match is_first && all_finite(simd, delta.values()) {
                true => scratch.nonzero.of_columns(simd, input),
                false => None,
            };
            let batch = LayerBatch { input, delta, slopes: matrices.get(tensors.slopes, rows), nonzero };
            dense.gradients(simd, &batch, common, &mut scratch.gradient, sink);
        }
    }
}
