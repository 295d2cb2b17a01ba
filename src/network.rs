//! A network: its layers in their places, and a batch's way forward and back through them. The
//! parameters stand in one flat array beside it, so that steps can read the one while changing the other.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::buffer::Buffer;
use crate::error::{Error, Result};
use crate::gemm::all_finite;
use crate::layer::{
    Backward, Dense, Embedding, Forward, Layer, LayerSpec, Meeting, Passed, Sink, Site, Stage, Standardize,
};
use crate::parallel::{Matrices, RowShard, Team};
use crate::simd::{Float, Simd};
use crate::workspace::{INPUT, Plan, Scratch, VALUES};

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
    /// The layers before which threads meet: in training, and else.
    meetings: [Vec<usize>; 2],
}

/// How a batch goes through a network.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a, T> {
    /// Which buffer is what.
    pub plan: &'a Plan,
    /// Training or not.
    pub mode: Mode,
    /// Whether the output layer leaves its activation, and the derivative of it, to the head.
    pub fused: bool,
    /// Whether zeros among the inputs may be left out, the first layer's weights being finite.
    pub skips_zeros: bool,
    /// What layers have learned of the batch where threads met.
    pub statistics: &'a [T],
    /// Rows of the whole batch.
    pub batch: usize,
    /// Rows that the mean loss is over: those of the batch, or of all batches together.
    pub total: usize,
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
        let start = Site { number: 0, width: spec.inputs, offset: 0 };
        let end = Layer::place(&spec.layers, start, &mut layers)?;
        let meetings = [Mode::Training { seed: 0, step: 0 }, Mode::Inference]
            .map(|mode| (0..layers.len()).filter(|&index| layers[index].meets(mode)).collect());
        Ok(Self {
            meetings,
            layers,
            inputs: spec.inputs,
            input_scale: spec.input_scale,
            outputs: end.width,
            bias: spec.bias,
            size: end.offset,
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

    /// Of each layer of the configuration the last of its layers here: a block has several.
    pub fn top(&self) -> Vec<usize> {
        let mut top = Vec::new();
        let mut next = 0;
        while let Some(layer) = self.layers.get(next) {
            let last = match layer {
                Layer::Fork(fork) => fork.join,
                _ => next,
            };
            top.push(last);
            next = last + 1;
        }
        top
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

    /// The layer that must be fitted before anything else, if there is one.
    pub fn standardize(&self) -> Option<&Standardize> {
        self.layers.iter().find_map(|layer| match layer {
            Layer::Standardize(layer) => Some(layer),
            _ => None,
        })
    }

    /// The layer that wants codes among its inputs, if there is one.
    pub fn embedding(&self) -> Option<&Embedding> {
        self.layers.iter().find_map(|layer| match layer {
            Layer::Embedding(layer) => Some(layer),
            _ => None,
        })
    }

    /// The layers before which threads meet on a batch's way forward, and, after the way back of all
    /// layers above, before theirs: they need the whole batch.
    pub fn meetings(&self, mode: Mode) -> &[usize] {
        &self.meetings[usize::from(matches!(mode, Mode::Inference))]
    }

    /// What the layer at `index` does with a whole batch that has come so far, `back` or forward.
    pub fn meet<S: Simd, T: Float>(
        &self,
        simd: S,
        team: &Team<'_>,
        (index, back): (usize, bool),
        (plan, mode): (&Plan, Mode),
        (matrices, rows): (&mut Matrices<T>, usize),
        statistics: &mut [T],
    ) {
        let tensors = plan.layers[index];
        let statistics = &mut statistics[tensors.statistics..];
        let input = self.input_of(index, plan, mode);
        let meeting = Meeting { matrices, rows, input, tensors, statistics };
        match back {
            true => self.layers[index].meet_backward(simd, team, meeting),
            false => self.layers[index].meet_forward(simd, team, meeting),
        }
    }

    /// Changes what no gradient changes, by what layers have learned of a batch.
    pub fn settle<T: Float>(&self, parameters: &mut [T], plan: &Plan, mode: Mode, statistics: &[T]) {
        for &index in self.meetings(mode) {
            self.layers[index].settle(parameters, &statistics[plan.layers[index].statistics..]);
        }
    }

    /// The matrix that holds what comes into a layer.
    fn input_of(&self, index: usize, plan: &Plan, mode: Mode) -> usize {
        self.active_below(index, mode).map_or(INPUT, |below| plan.layers[below].output)
    }

    /// The last layer below `index` that does something.
    fn active_below(&self, index: usize, mode: Mode) -> Option<usize> {
        (0..index).rev().find(|&below| self.layers[below].acts(mode))
    }

    /// Passes some rows forward through some layers; the inputs of the first lie in the matrix `INPUT`. Gives
    /// the last one's matrix.
    #[allow(clippy::too_many_arguments)]
    pub fn forward<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        layers: Range<usize>,
        way: Way<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> usize {
        self.forward_by(simd, parameters, rows, layers, way, scratch, |layer, rows, way| {
            layer.forward(simd, rows, way);
        })
    }

    /// As [`Self::forward`] of one row through all layers, each dense layer's units being shared out to a team.
    pub fn forward_together<S: Simd, T: Float>(
        &self,
        simd: S,
        team: &Team<'_>,
        parameters: &[T],
        row: &mut RowShard<'_, T>,
        way: Way<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> usize {
        let all = 0..self.layers.len();
        self.forward_by(simd, parameters, row, all, way, scratch, |layer, row, way| match layer.as_dense() {
            Some(dense) => dense.forward_together(simd, team, row, way),
            None => layer.forward(simd, row, way),
        })
    }

    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn forward_by<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        layers: Range<usize>,
        way: Way<'_, T>,
        scratch: &mut Scratch<T>,
        pass: impl Fn(&Layer, &mut RowShard<'_, T>, Forward<'_, T>),
    ) -> usize {
        let Way { plan, mode, fused, skips_zeros, statistics, .. } = way;
        let mut input = self.input_of(layers.start, plan, mode);
        let mut first = skips_zeros
            && scratch.looks_for_zeros
            && self.layers[..layers.start].iter().all(|layer| layer.as_dense().is_none());
        if layers.start == 0 {
            scratch.has_zeros = false;
        }
        for index in layers {
            let layer = &self.layers[index];
            if !layer.acts(mode) {
                continue;
            }
            let tensors = plan.layers[index];
            let looks = first && layer.as_dense().is_some();
            let nonzero = match looks {
                true => scratch.nonzero.of_rows(simd, rows.read(input).matrix()),
                false => None,
            };
            let forward = Forward {
                parameters,
                input,
                other: layer.partner().map(|partner| self.input_of(partner, plan, mode)),
                tensors,
                statistics: &statistics[tensors.statistics.min(statistics.len())..],
                mode,
                nonzero,
                fused: fused && index + 1 == self.layers.len(),
            };
            pass(layer, rows, forward);
            if looks {
                (first, scratch.has_zeros) = (false, nonzero.is_some());
            }
            input = tensors.output;
        }
        input
    }

    /// Adds the penalties of the outputs of some rows that have passed forward to their losses.
    pub fn add_activity_penalties<S: Simd, T: Float>(
        &self,
        simd: S,
        rows: &mut RowShard<'_, T>,
        plan: &Plan,
    ) {
        for (layer, tensors) in self.layers.iter().zip(&plan.layers) {
            let Some(regularizer) = layer.activity_regularizer() else { continue };
            let ([values], [outputs]) = rows.split([VALUES], [tensors.output]);
            for (values, outputs) in values.into_rows().zip(outputs.iter()) {
                values[0] += regularizer.penalty(simd, outputs);
            }
        }
    }

    /// The place of the dense layer with a number.
    pub fn dense_numbered(&self, number: usize) -> Option<usize> {
        let numbered = |layer: &Layer| layer.as_dense().is_some_and(|dense| dense.number == number);
        self.layers.iter().position(numbered)
    }

    /// Lets the parameters of the dense layer with a number follow the gradient, or stay as they are.
    ///
    /// # Errors
    /// There is no such dense layer.
    pub fn set_trainable(&mut self, number: usize, trainable: bool) -> Result<()> {
        let found = self.dense_numbered(number).and_then(|place| self.layers.get_mut(place));
        match found {
            Some(Layer::Dense(dense)) => {
                dense.spec.trainable = trainable;
                Ok(())
            }
            _ => Err(Error::State(format!("layer {number} is not dense"))),
        }
    }

    /// Passes the gradient of some rows back through some layers, from the last one's delta to that of what is
    /// below the first.
    #[allow(clippy::too_many_arguments)]
    pub fn backward<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        layers: Range<usize>,
        way: Way<'_, T>,
        scratch: &mut Scratch<T>,
    ) {
        let Way { plan, mode, fused, statistics, batch, total, .. } = way;
        // Below the first layer that learns there is nothing to learn.
        let first = self.layers.iter().position(Layer::learns).unwrap_or(self.layers.len());
        for index in (layers.start.max(first)..layers.end).rev() {
            let layer = &self.layers[index];
            let partner = layer.partner();
            if !layer.acts(mode) && partner.is_none() {
                continue;
            }
            let below = self.active_below(index, mode).filter(|&below| below >= first);
            let tensors = plan.layers[index];
            let back = Backward {
                parameters,
                below: below.map(|below| plan.layers[below].delta),
                other: partner.map(|partner| plan.layers[partner].delta),
                tensors,
                statistics: &statistics[tensors.statistics.min(statistics.len())..],
                batch,
                total,
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
        way: Way<'_, T>,
        scratch: &mut Scratch<T>,
        sink: &mut impl Sink<T>,
    ) {
        let Way { plan, mode, skips_zeros, statistics, .. } = way;
        let mut first = skips_zeros && scratch.has_zeros;
        for (index, layer) in self.layers.iter().enumerate() {
            let own = layer.parameters();
            let common = own.start.max(part.start)..own.end.min(part.end);
            let learns = layer.learns();
            let looks = layer.as_dense().is_some() && std::mem::take(&mut first);
            if common.is_empty() || !learns {
                continue;
            }
            let tensors = plan.layers[index];
            let input = self.input_of(index, plan, mode);
            let statistics = &statistics[tensors.statistics.min(statistics.len())..];
            let mut batch = Passed { matrices, rows, input, tensors, statistics, mode, nonzero: None };
            if looks && all_finite(simd, batch.delta().values()) {
                batch.nonzero = scratch.nonzero.of_columns(simd, batch.input());
            }
            layer.gradients(simd, batch, common, &mut scratch.gradient, sink);
        }
    }
}
