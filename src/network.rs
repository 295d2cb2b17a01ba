//! A network: its layers in their places, and a batch's way forward and back through them. The
//! parameters stand in one flat array beside it, so that steps can read the one while changing the other.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::error::{Error, Result, allocate};
use crate::layer::{Dense, Dropout, Layer, LayerBatch, LayerSpec};
use crate::parallel::{Matrices, RowShard};
use crate::simd::{Float, Simd};
use crate::workspace::{INPUT, Plan};

/// A network as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkSpec {
    /// How many input nodes there are.
    pub inputs: usize,
    /// Whether biases are parameters of their own or weights of a constant 1.
    pub bias: BiasMode,
    /// The layers after the input.
    pub layers: Vec<LayerSpec>,
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
    /// Where it lies in the flat array.
    pub range: Range<usize>,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// Layers in their places.
#[derive(Clone, Debug)]
pub struct Network {
    layers: Vec<Layer>,
    inputs: usize,
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
        Ok(Self { layers, inputs: spec.inputs, outputs: width, bias: spec.bias, size: offset })
    }

    /// Draws the initial parameters.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn initialize<T: Float>(&self, seed: u64) -> Result<Vec<T>> {
        let mut parameters = allocate(self.size)?;
        for (index, dense) in self.dense_layers() {
            dense.initialize(seed, index, &mut parameters);
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
            let vector = |range: &Range<usize>| Parameter { range: range.clone(), shape: vec![units] };
            match self.bias {
                BiasMode::Parameter => {
                    let shape = vec![dense.inputs, units];
                    shapes.push(Parameter { range: dense.kernel.clone(), shape });
                    shapes.extend((!dense.bias.is_empty()).then(|| vector(&dense.bias)));
                }
                BiasMode::Embedded => {
                    let range = dense.bias.start..dense.kernel.end;
                    let shape = vec![range.len() / units, units];
                    shapes.push(Parameter { range, shape });
                }
            }
            shapes.extend((!dense.alpha.is_empty()).then(|| vector(&dense.alpha)));
        }
        shapes
    }

    /// Cuts the flat array into `parts` of nearly equal work, at the ends of rows: worker `w` gets
    /// `bounds[w]..bounds[w + 1]`.
    pub fn cut(&self, parts: usize) -> Vec<usize> {
        (0..=parts).map(|part| self.row_end(self.size * part / parts)).collect()
    }

    /// The nearest end of a row of weights (or of a vector) at or before a place in the flat array.
    fn row_end(&self, place: usize) -> usize {
        self.dense_layers()
            .map(|(_, dense)| dense)
            .find(|dense| dense.parameters().contains(&place))
            .map_or(place, |dense| place - (place - dense.bias.start) % dense.spec.units)
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
    /// `fused`: the output layer leaves its activation to the head.
    pub fn forward<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        plan: &Plan,
        mode: Mode,
        fused: bool,
    ) -> usize {
        let mut current = INPUT;
        for (index, layer) in self.layers.iter().enumerate() {
            let tensors = plan.layers[index];
            match (layer, mode) {
                (Layer::Dense(dense), _) => {
                    let fused = fused && index + 1 == self.layers.len();
                    dense.forward(simd, parameters, rows, current, tensors, fused);
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

    /// Passes the gradient of some rows back, from the output layer's delta to every other's. `fused`: the
    /// head has taken care of the output layer's activation.
    pub fn backward<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        plan: &Plan,
        mode: Mode,
        fused: bool,
    ) {
        // Below the first dense layer there is nothing to learn.
        let first = self.dense_layers().next().map_or(0, |(index, _)| index);
        for index in (first..self.layers.len()).rev() {
            let tensors = plan.layers[index];
            let below = self.active_below(index, mode).filter(|&below| below >= first);
            let below = below.map(|below| plan.layers[below].delta);
            match (&self.layers[index], mode, below) {
                (Layer::Dense(dense), ..) => {
                    let fused = fused && index + 1 == self.layers.len();
                    dense.backward(simd, parameters, rows, below, tensors, fused);
                }
                (Layer::Dropout(dropout), Mode::Training { .. }, Some(below)) => {
                    dropout.backward(rows, below, tensors);
                }
                (Layer::Dropout(_), ..) => {}
            }
        }
    }

    /// The gradients of the parameters in `part` of the flat array, from a batch of `rows` that has passed
    /// forward and back.
    pub fn gradients<S: Simd, T: Float>(
        &self,
        simd: S,
        matrices: &Matrices<T>,
        rows: usize,
        plan: &Plan,
        mode: Mode,
        (part, gradients): (Range<usize>, &mut [T]),
    ) {
        for (index, dense) in self.dense_layers() {
            let own = dense.parameters();
            let common = own.start.max(part.start)..own.end.min(part.end);
            if common.is_empty() {
                continue;
            }
            let tensors = plan.layers[index];
            let input = self.active_below(index, mode).map_or(INPUT, |below| plan.layers[below].output);
            let batch = LayerBatch {
                rows,
                input: matrices.get(input, rows),
                delta: matrices.get(tensors.delta, rows),
                slopes: matrices.get(tensors.slopes, rows),
            };
            let place = common.start - part.start..common.end - part.start;
            dense.gradients(simd, &batch, common, &mut gradients[place]);
        }
    }
}
