//! A network: its layers in their places, and a batch's way forward and back through them. The
//! parameters stand in one flat array beside it, so that steps can read the one while changing the other.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::buffer::Buffer;
use crate::error::{Error, Result};
use crate::gemm::all_finite;
use crate::layer::{Backward, Dense, Forward, Layer, LayerSpec, Passed, Sink, Site, Stage};
use crate::parallel::{Matrices, RowShard, Team};
use crate::simd::{Float, Simd};
use crate::workspace::{INPUT, Plan, Scratch};

pub use crate::layer::{BiasMode, Mode, Parameter};

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
        let mut layers: Vec<Layer> = Vec::with_capacity(spec.layers.len());
        let (mut width, mut offset) = (spec.inputs, 0);
        for (number, layer) in spec.layers.iter().enumerate() {
            let layer = Layer::new(layer, Site { number, width, offset })?;
            (width, offset) = (layer.width(), offset + layer.parameters().len());
            layers.push(layer);
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
        for layer in &self.layers {
            layer.initialize(seed, &mut parameters)?;
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
        let last = self.layers.last().and_then(Layer::as_dense);
        &last.expect("a dense layer at the end, as new has seen to").spec.activation
    }

    /// The parameters as the user sees them, in the user's order: weights, biases, slopes, layer by layer.
    pub fn shapes(&self) -> Vec<Parameter> {
        self.layers.iter().flat_map(|layer| layer.shapes(self.bias)).collect()
    }

    /// Cuts the flat array into `parts` of nearly equal work: worker `w` gets `bounds[w]..bounds[w + 1]`.
    pub fn cut<T>(&self, parts: usize) -> Vec<usize> {
        let cut = |place: usize| {
            let layer = self.layers.iter().find(|layer| layer.parameters().contains(&place));
            layer.map_or(place, |layer| layer.cut_before::<T>(place))
        };
        (0..=parts).map(|part| cut(self.size * part / parts)).collect()
    }

    /// Whether the first layer's weights are all finite, so that zeros among its inputs add nothing.
    pub fn first_is_finite<S: Simd, T: Float>(&self, simd: S, parameters: &[T]) -> bool {
        all_finite(simd, &parameters[self.first_weights()])
    }

    /// Where the first dense layer's weights are in the flat array.
    pub fn first_weights(&self) -> Range<usize> {
        self.first_dense().map_or(0..0, |dense| dense.weights.clone())
    }

    /// The layer whose products may leave out zeros.
    fn first_dense(&self) -> Option<&Dense> {
        self.layers.iter().find_map(Layer::as_dense)
    }

    /// The last layer below `index` that does something.
    fn active_below(&self, index: usize, mode: Mode) -> Option<usize> {
        (0..index).rev().find(|&below| self.layers[below].acts(mode))
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
        self.forward_by(simd, parameters, rows, way, scratch, |layer, rows, way| {
            layer.forward(simd, rows, way);
        })
    }

    /// As [`Self::forward`] of one row, each dense layer's units being shared out to a team.
    pub fn forward_together<S: Simd, T: Float>(
        &self,
        simd: S,
        team: &Team<'_>,
        parameters: &[T],
        row: &mut RowShard<'_, T>,
        way: Way<'_>,
        scratch: &mut Scratch<T>,
    ) -> usize {
        self.forward_by(simd, parameters, row, way, scratch, |layer, row, way| match layer.as_dense() {
            Some(dense) => dense.forward_together(simd, team, row, way),
            None => layer.forward(simd, row, way),
        })
    }

    #[inline(always)]
    fn forward_by<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        way: Way<'_>,
        scratch: &mut Scratch<T>,
        pass: impl Fn(&Layer, &mut RowShard<'_, T>, Forward<'_, T>),
    ) -> usize {
        let Way { plan, mode, fused, skips_zeros } = way;
        let mut input = INPUT;
        let mut first = skips_zeros && scratch.looks_for_zeros;
        scratch.has_zeros = false;
        for (index, layer) in self.layers.iter().enumerate().filter(|(_, layer)| layer.acts(mode)) {
            let tensors = plan.layers[index];
            let fused = fused && index + 1 == self.layers.len();
            let looks = first && layer.as_dense().is_some();
            let nonzero = match looks {
                true => scratch.nonzero.of_rows(simd, rows.read(input).matrix()),
                false => None,
            };
            pass(layer, rows, Forward { parameters, input, tensors, mode, nonzero, fused });
            if looks {
                (first, scratch.has_zeros) = (false, nonzero.is_some());
            }
            input = tensors.output;
        }
        input
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
        // Below the first layer that learns there is nothing to learn.
        let first = self.layers.iter().position(|layer| !layer.parameters().is_empty()).unwrap_or(0);
        for index in (first..self.layers.len()).rev() {
            let layer = &self.layers[index];
            if !layer.acts(mode) {
                continue;
            }
            let below = self.active_below(index, mode).filter(|&below| below >= first);
            let back = Backward {
                parameters,
                below: below.map(|below| plan.layers[below].delta),
                tensors: plan.layers[index],
                mode,
                transposed: &mut scratch.transposed,
                fused: fused && index + 1 == self.layers.len(),
            };
            layer.backward(simd, rows, back);
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
        for (index, layer) in self.layers.iter().enumerate() {
            let own = layer.parameters();
            let common = own.start.max(part.start)..own.end.min(part.end);
            let looks = layer.as_dense().is_some() && std::mem::take(&mut first);
            if common.is_empty() {
                continue;
            }
            let tensors = plan.layers[index];
            let input = self.active_below(index, mode).map_or(INPUT, |below| plan.layers[below].output);
            let mut batch = Passed { matrices, rows, input, tensors, mode, nonzero: None };
            if looks && all_finite(simd, batch.delta().values()) {
                batch.nonzero = scratch.nonzero.of_columns(simd, batch.input());
            }
            layer.gradients(simd, batch, common, &mut scratch.gradient, sink);
        }
    }
}
