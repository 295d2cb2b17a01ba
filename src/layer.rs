//! Layers: what they are, where their parameters lie, and how a batch passes through them.
//!
//! A dense layer computes `z = x W + b` and `a = f(z)`; back-propagation turns the gradient by `a` into
//! `delta`, the gradient by `z`, and hands `delta W'` to the layer below (Rumelhart, Hinton and Williams,
//! "Learning representations by back-propagating errors", 1986). Dropout silences units while training
//! (Srivastava et al. 2014).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::activation::{Activation, Kept, PreluRow, PreluRowBackward};
use crate::error::{Result, allocate};
use crate::gemm::{
    Matrix, MatrixMut, Nonzero, Panels, multiply, multiply_batch, multiply_transposed, panel_width, sum_rows,
};
use crate::initializer::Initializer;
use crate::parallel::{RowShard, Team, share};
use crate::random::{Purpose, Stream};
use crate::simd::{Float, Simd, lanewise};

/// A layer as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LayerSpec {
    /// Nodes that are each connected to every node below.
    Dense(DenseSpec),
    /// Silences a share of its inputs while training.
    Dropout {
        /// The share, from 0 to below 1.
        rate: f64,
    },
}

/// A dense layer as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DenseSpec {
    /// How many nodes it has.
    pub units: usize,
    /// Whether its nodes have a bias.
    pub use_bias: bool,
    /// What its nodes make of their net input.
    pub activation: Activation,
    /// The rule for its initial weights.
    pub kernel_initializer: Initializer,
    /// The rule for its initial biases.
    pub bias_initializer: Initializer,
}

/// A layer in its place: its shape, and where its parameters and its tensors are.
#[derive(Clone, Debug)]
pub enum Layer {
    /// See [`Dense`].
    Dense(Dense),
    /// See [`Dropout`].
    Dropout(Dropout),
}

/// A dense layer in its place. Its parameters stand together in one flat array: biases and weights in
/// [`Panels`], then learned slopes.
#[derive(Clone, Debug)]
pub struct Dense {
    /// What it was built from.
    pub spec: DenseSpec,
    /// The shape of its weights: a row for each node of the layer below.
    pub panels: Panels,
    /// Where its biases and weights are in the flat array.
    pub weights: Range<usize>,
    /// Where its learned slopes are; empty but for PReLU.
    pub alpha: Range<usize>,
}

/// A dropout layer in its place.
#[derive(Clone, Debug)]
pub struct Dropout {
    /// The layer's index, which keys its random numbers.
    pub index: usize,
    /// How many values a row has.
    pub width: usize,
    /// A unit is silenced where 32 random bits are below this.
    threshold: u64,
    /// What the others are multiplied with.
    scale: f64,
}

/// The matrices of a workspace that belong to one layer.
#[derive(Clone, Copy, Debug)]
pub struct Tensors {
    /// What the layer gives.
    pub output: usize,
    /// The loss's gradient: by the output first, by the net input once the layer has turned it.
    pub delta: usize,
    /// The net inputs where the activation keeps them, or dropout's factors.
    pub kept: usize,
    /// The gradient of each row by the learned slopes.
    pub slopes: usize,
}

/// Takes gradients, part by part.
pub trait Sink<T> {
    /// Those of the parameters in a range of the flat array.
    fn take<S: Simd>(&mut self, simd: S, range: Range<usize>, gradients: &[T]);
}

impl Dense {
    /// Places the layer's parameters from `offset` on.
    pub fn new(spec: DenseSpec, inputs: usize, offset: usize) -> Self {
        let units = spec.units;
        let alphas = if matches!(spec.activation, Activation::Prelu(_)) { units } else { 0 };
        let panels = Panels { bias: spec.use_bias, rows: inputs, columns: units };
        let weights = offset..offset + panels.size();
        let alpha = weights.end..weights.end + alphas;
        Self { spec, panels, weights, alpha }
    }

    /// How many nodes the layer below has.
    pub fn inputs(&self) -> usize {
        self.panels.rows
    }

    /// All its parameters in the flat array.
    pub fn parameters(&self) -> Range<usize> {
        self.weights.start..self.alpha.end
    }

    /// Its biases and weights for a product.
    fn weights<'a, T>(&self, parameters: &'a [T]) -> (&'a [T], Panels) {
        (&parameters[self.weights.clone()], self.panels)
    }

    /// Draws the initial parameters.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn initialize<T: Float>(&self, seed: u64, index: usize, parameters: &mut [T]) -> Result<()> {
        let (inputs, units) = (self.inputs(), self.spec.units);
        let rows = self.panels.stored_rows();
        let first = rows - inputs;
        let mut values = allocate(inputs.max(1) * units)?;
        let target = &mut parameters[self.weights.clone()];
        let kernel = Stream::new(seed, Purpose::Kernel, index, 0);
        self.spec.kernel_initializer.fill(kernel, inputs, units, &mut values[..inputs * units]);
        self.panels.fill_from_row_major(&values[..inputs * units], first..rows, target);
        if self.spec.use_bias {
            let bias = Stream::new(seed, Purpose::Bias, index, 0);
            self.spec.bias_initializer.fill(bias, inputs, units, &mut values[..units]);
            self.panels.fill_from_row_major(&values[..units], 0..1, target);
        }
        if let Activation::Prelu(prelu) = self.spec.activation {
            parameters[self.alpha.clone()].fill(T::from_f64(prelu.alpha));
        }
        Ok(())
    }

    /// Net inputs and activations of some rows. `fused`: the activation is left to the head.
    #[allow(clippy::too_many_arguments)]
    pub fn forward<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        input: usize,
        tensors: Tensors,
        nonzero: Option<&Nonzero>,
        fused: bool,
    ) {
        let ([z], [x]) = rows.split([self.net_inputs(tensors)], [input]);
        multiply(simd, x.matrix(), self.weights(parameters), nonzero, z.matrix_mut());
        if !fused {
            self.activate(simd, parameters, rows, tensors);
        }
    }

    /// As [`Self::forward`] of one row, the units being shared out to a team.
    #[allow(clippy::too_many_arguments)]
    pub fn forward_together<S: Simd, T: Float>(
        &self,
        simd: S,
        team: &Team<'_>,
        parameters: &[T],
        row: &mut RowShard<'_, T>,
        input: usize,
        tensors: Tensors,
        nonzero: Option<&Nonzero>,
    ) {
        let (weights, panels) = self.weights(parameters);
        let ([z], [x]) = row.split([self.net_inputs(tensors)], [input]);
        let (x, width) = (x.matrix(), panel_width::<T>());
        let bound = |worker| {
            let panels_before = share(panels.columns.div_ceil(width), worker, team.size()).start;
            panels.columns.min(panels_before * width)
        };
        let mut bounds: Vec<usize> = (0..team.size()).map(bound).collect();
        bounds.push(panels.columns);
        let nothing = &mut vec![(); team.size()];
        team.by_parts([&mut z.values[..z.width]], &bounds, nothing, |part, [z], ()| {
            // Some whole panels are a matrix in panels too.
            let some = Panels { columns: part.len(), ..panels };
            let weights = &weights[part.start * panels.stored_rows()..][..some.size()];
            multiply(simd, x, (weights, some), nonzero, MatrixMut::new(z, 1, part.len(), part.len()));
        });
        self.activate(simd, parameters, row, tensors);
    }

    /// The matrix that its net inputs are computed into.
    fn net_inputs(&self, tensors: Tensors) -> usize {
        match self.spec.activation.kept() {
            Kept::Input => tensors.kept,
            Kept::Output => tensors.output,
        }
    }

    /// Net inputs become activations.
    fn activate<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        tensors: Tensors,
    ) {
        let keeps_input = self.spec.activation.kept() == Kept::Input;
        if self.alpha.is_empty() {
            if keeps_input {
                let ([a], [z]) = rows.split([tensors.output], [tensors.kept]);
                a.values.copy_from_slice(z.values);
            }
            self.spec.activation.forward(simd, rows.write(tensors.output));
        } else {
            let ([a], [z]) = rows.split([tensors.output], [tensors.kept]);
            let alpha = &parameters[self.alpha.clone()];
            for (a, z) in a.into_rows().zip(z.iter()) {
                lanewise(simd, &PreluRow, [a], [z, alpha]);
            }
        }
    }

    /// Turns the gradient by the activations into that by the net inputs, and hands it to the matrix
    /// `below`, if any. `fused`: the head has done the first half.
    #[allow(clippy::too_many_arguments)]
    pub fn backward<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        below: Option<usize>,
        tensors: Tensors,
        transposed: &mut [T],
        fused: bool,
    ) {
        if !fused {
            if self.alpha.is_empty() {
                let kept = match self.spec.activation.kept() {
                    Kept::Output => tensors.output,
                    Kept::Input => tensors.kept,
                };
                let ([delta], [kept]) = rows.split([tensors.delta], [kept]);
                self.spec.activation.backward(simd, delta, kept);
            } else {
                let ([delta, slopes], [z]) = rows.split([tensors.delta, tensors.slopes], [tensors.kept]);
                let alpha = &parameters[self.alpha.clone()];
                for ((delta, slopes), z) in delta.into_rows().zip(slopes.into_rows()).zip(z.iter()) {
                    lanewise(simd, &PreluRowBackward, [delta, slopes], [z, alpha]);
                }
            }
        }
        if let Some(below) = below {
            let ([target], [delta]) = rows.split([below], [tensors.delta]);
            let weights = self.weights(parameters);
            multiply_transposed(simd, delta.matrix(), weights, transposed, target.matrix_mut());
        }
    }

    /// The gradients of those parameters that lie in `part` of the flat array, piece by piece into `sink`,
    /// while they are in the cache. Each sums over all rows of the batch, in order. `part` begins and ends as
    /// [`Self::cut_before`] says.
    pub fn gradients<S: Simd, T: Float>(
        &self,
        simd: S,
        batch: &LayerBatch<'_, T>,
        part: Range<usize>,
        gradient: &mut [T],
        sink: &mut impl Sink<T>,
    ) {
        let bias = usize::from(self.panels.bias);
        let piece = gradient_rows(batch.delta.rows(), self.panels);
        let end = part.end.min(self.weights.end);
        let mut place = part.start.max(self.weights.start);
        while place < end {
            let panel = self.panels.panel_at::<T>(place - self.weights.start);
            let units = panel.columns.len();
            let panel_start = self.weights.start + panel.offset;
            let first = (place - panel_start) / units;
            let inputs = first.saturating_sub(bias);
            // Pieces end where tiles do.
            let last = (inputs - inputs % piece + piece + bias).min(self.panels.stored_rows());
            let last = last.min((end - panel_start) / units);
            let values = &mut gradient[..(last - first) * units];
            let mut weights = &mut values[..];
            if first < bias {
                let (sums, rest) = weights.split_at_mut(units);
                sum_rows(simd, batch.delta, panel.columns.clone(), sums);
                weights = rest;
            }
            let (left, right) = ((batch.input, inputs..last - bias), (batch.delta, panel.columns));
            multiply_batch(simd, left, right, batch.nonzero, weights);
            sink.take(simd, place..place + values.len(), values);
            place += values.len();
        }
        let alpha = self.alpha.start.max(part.start)..self.alpha.end.min(part.end);
        if !alpha.is_empty() {
            let units = alpha.start - self.alpha.start..alpha.end - self.alpha.start;
            let gradient = &mut gradient[..units.len()];
            sum_rows(simd, batch.slopes, units, gradient);
            sink.take(simd, alpha, gradient);
        }
    }

    /// The last place at or before `place`, which is among the layer's parameters, where they may be cut:
    /// between tiles.
    pub fn cut_before<T>(&self, place: usize) -> usize {
        if !self.weights.contains(&place) {
            return place;
        }
        let panel = self.panels.panel_at::<T>(place - self.weights.start);
        let start = self.weights.start + panel.offset;
        let units = panel.columns.len();
        let bias = usize::from(self.panels.bias);
        let inputs = ((place - start) / units).saturating_sub(bias);
        match inputs - inputs % TILE_ROWS {
            0 => start,
            inputs => start + (inputs + bias) * units,
        }
    }
}

/// A multiple of the rows of every instruction set's tile.
const TILE_ROWS: usize = 12;

/// Rows of a batch that a piece of the gradient can be summed over at once.
const MOST_ROWS_AT_ONCE: usize = 2048;

/// Inputs of a piece of the gradient: so many that it stays in a first-level cache until its update; or, for
/// batches that are gone through in parts, all, so that each part is gone through once.
fn gradient_rows(batch: usize, panels: Panels) -> usize {
    if batch <= MOST_ROWS_AT_ONCE { 4 * TILE_ROWS } else { panels.rows.next_multiple_of(TILE_ROWS) }
}

/// How many values a piece of the gradient of a batch of some rows has at most.
pub fn gradient_size<T>(batch: usize, dense: &Dense) -> usize {
    let rows = (gradient_rows(batch, dense.panels) + 1).min(dense.panels.stored_rows());
    (rows * crate::gemm::panel_width::<T>().min(dense.spec.units)).max(dense.alpha.len())
}

/// What a dense layer's gradients are made of.
#[derive(Debug)]
pub struct LayerBatch<'a, T> {
    /// What the layer was given.
    pub input: Matrix<'a, T>,
    /// The loss's gradient by its net inputs.
    pub delta: Matrix<'a, T>,
    /// The gradient of each row by the learned slopes; empty but for PReLU.
    pub slopes: Matrix<'a, T>,
    /// Which of the input's values are not zero, where that is known and worth using.
    pub nonzero: Option<&'a Nonzero>,
}

impl Dropout {
    /// The layer at `index`, on rows of `width` values.
    pub fn new(rate: f64, index: usize, width: usize) -> Self {
        let threshold = (rate * (1u64 << 32) as f64).round() as u64;
        Self { index, width, threshold, scale: 1.0 / (1.0 - rate) }
    }

    /// Silences units of some rows for the training step that `seed` and `step` key.
    pub fn forward<T: Float>(
        &self,
        seed: u64,
        step: u64,
        rows: &mut RowShard<'_, T>,
        input: usize,
        tensors: Tensors,
    ) {
        let stream = Stream::new(seed, Purpose::Dropout, self.index, step);
        let first = rows.rows().start;
        let scale = T::from_f64(self.scale);
        let ([output, factors], [x]) = rows.split([tensors.output, tensors.kept], [input]);
        let mut bits = [0; 64];
        for (row, ((output, factors), x)) in
            output.into_rows().zip(factors.into_rows()).zip(x.iter()).enumerate()
        {
            let place = ((first + row) * self.width) as u64;
            for (chunk, factors) in factors.chunks_mut(bits.len()).enumerate() {
                let bits = &mut bits[..factors.len()];
                stream.fill_bits(place + (chunk * 64) as u64, bits);
                for (factor, &bits) in factors.iter_mut().zip(bits.iter()) {
                    *factor = if u64::from(bits) < self.threshold { T::ZERO } else { scale };
                }
            }
            for ((output, &x), &factor) in output.iter_mut().zip(x).zip(factors.iter()) {
                *output = x * factor;
            }
        }
    }

    /// Hands the gradient to the matrix `below`.
    pub fn backward<T: Float>(&self, rows: &mut RowShard<'_, T>, below: usize, tensors: Tensors) {
        let ([target], [delta, factors]) = rows.split([below], [tensors.delta, tensors.kept]);
        for ((target, &delta), &factor) in target.values.iter_mut().zip(delta.values).zip(factors.values) {
            *target = delta * factor;
        }
    }
}
