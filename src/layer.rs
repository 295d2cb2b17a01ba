//! Layers: what they are, where their parameters lie, and how a batch passes through them.
//!
//! A dense layer computes `z = x W + b` and `a = f(z)`; back-propagation turns the gradient by `a` into
//! `delta`, the gradient by `z`, and hands `delta W'` to the layer below (Rumelhart, Hinton and Williams,
//! "Learning representations by back-propagating errors", 1986). Dropout silences units while training
//! (Srivastava et al. 2014).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::activation::{Activation, Kept, PreluRow, PreluRowBackward};
use crate::gemm::{Matrix, Start, multiply};
use crate::initializer::Initializer;
use crate::parallel::RowShard;
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

/// A dense layer in its place. Its parameters stand together in one flat array: biases, then weights row
/// by row (so that a bias is the weight row of a constant 1), then learned slopes.
#[derive(Clone, Debug)]
pub struct Dense {
    /// What it was built from.
    pub spec: DenseSpec,
    /// How many nodes the layer below has.
    pub inputs: usize,
    /// Its biases in the flat array; empty where it has none.
    pub bias: Range<usize>,
    /// Its weights, `inputs` rows of `units`.
    pub kernel: Range<usize>,
    /// Its learned slopes; empty but for PReLU.
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

impl Dense {
    /// Places the layer's parameters from `offset` on.
    pub fn new(spec: DenseSpec, inputs: usize, offset: usize) -> Self {
        let units = spec.units;
        let alphas = if matches!(spec.activation, Activation::Prelu(_)) { units } else { 0 };
        let bias = offset..offset + if spec.use_bias { units } else { 0 };
        let kernel = bias.end..bias.end + inputs * units;
        let alpha = kernel.end..kernel.end + alphas;
        Self { spec, inputs, bias, kernel, alpha }
    }

    /// All its parameters in the flat array.
    pub fn parameters(&self) -> Range<usize> {
        self.bias.start..self.alpha.end
    }

    /// Draws the initial parameters.
    pub fn initialize<T: Float>(&self, seed: u64, index: usize, parameters: &mut [T]) {
        let (inputs, units) = (self.inputs, self.spec.units);
        let kernel = Stream::new(seed, Purpose::Kernel, index, 0);
        self.spec.kernel_initializer.fill(kernel, inputs, units, &mut parameters[self.kernel.clone()]);
        let bias = Stream::new(seed, Purpose::Bias, index, 0);
        self.spec.bias_initializer.fill(bias, inputs, units, &mut parameters[self.bias.clone()]);
        if let Activation::Prelu(prelu) = self.spec.activation {
            parameters[self.alpha.clone()].fill(T::from_f64(prelu.alpha));
        }
    }

    /// Net inputs and activations of some rows. `fused`: the activation is left to the head.
    pub fn forward<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        input: usize,
        tensors: Tensors,
        fused: bool,
    ) {
        let (count, units) = (rows.rows().len(), self.spec.units);
        let keeps_input = self.spec.activation.kept() == Kept::Input;
        let target = if keeps_input { tensors.kept } else { tensors.output };
        let ([z], [x]) = rows.split([target], [input]);
        let bias = &parameters[self.bias.clone()];
        let start = if bias.is_empty() { Start::Zero } else { Start::Row(bias) };
        let kernel = Matrix::row_major(&parameters[self.kernel.clone()], self.inputs, units);
        multiply(simd, Matrix::row_major(x, count, self.inputs), kernel, start, z);
        if fused {
            return;
        }
        if self.alpha.is_empty() {
            if keeps_input {
                let ([a], [z]) = rows.split([tensors.output], [tensors.kept]);
                a.copy_from_slice(z);
            }
            self.spec.activation.forward(simd, rows.write(tensors.output), units);
        } else {
            let ([a], [z]) = rows.split([tensors.output], [tensors.kept]);
            let alpha = &parameters[self.alpha.clone()];
            for (a, z) in a.chunks_exact_mut(units).zip(z.chunks_exact(units)) {
                lanewise(simd, &PreluRow, [a], [z, alpha]);
            }
        }
    }

    /// Turns the gradient by the activations into that by the net inputs, and hands it to the matrix
    /// `below`, if any. `fused`: the head has done the first half.
    pub fn backward<S: Simd, T: Float>(
        &self,
        simd: S,
        parameters: &[T],
        rows: &mut RowShard<'_, T>,
        below: Option<usize>,
        tensors: Tensors,
        fused: bool,
    ) {
        let (count, units) = (rows.rows().len(), self.spec.units);
        if !fused {
            if self.alpha.is_empty() {
                let kept = match self.spec.activation.kept() {
                    Kept::Output => tensors.output,
                    Kept::Input => tensors.kept,
                };
                let ([delta], [kept]) = rows.split([tensors.delta], [kept]);
                self.spec.activation.backward(simd, delta, kept, units);
            } else {
                let ([delta, slopes], [z]) = rows.split([tensors.delta, tensors.slopes], [tensors.kept]);
                let alpha = &parameters[self.alpha.clone()];
                let rows = delta.chunks_exact_mut(units).zip(slopes.chunks_exact_mut(units));
                for ((delta, slopes), z) in rows.zip(z.chunks_exact(units)) {
                    lanewise(simd, &PreluRowBackward, [delta, slopes], [z, alpha]);
                }
            }
        }
        if let Some(below) = below {
            let ([target], [delta]) = rows.split([below], [tensors.delta]);
            let kernel = Matrix::row_major(&parameters[self.kernel.clone()], self.inputs, units);
            let delta = Matrix::row_major(delta, count, units);
            multiply(simd, delta, kernel.transposed(), Start::Zero, target);
        }
    }

    /// The gradients of those parameters that lie in `part` of the flat array, into `gradients`, that part
    /// of theirs. Each sums over all rows of the batch, in order.
    pub fn gradients<S: Simd, T: Float>(
        &self,
        simd: S,
        batch: &LayerBatch<'_, T>,
        part: Range<usize>,
        gradients: &mut [T],
    ) {
        let units = self.spec.units;
        let one = T::ONE;
        let ones = Matrix::constant(&one, 1, batch.rows);
        let within = |range: &Range<usize>| {
            range.start.max(part.start)..range.end.min(part.end).max(range.start.max(part.start))
        };
        let place = |range: &Range<usize>| range.start - part.start..range.end - part.start;

        let bias = within(&self.bias);
        if !bias.is_empty() {
            let delta = Matrix::row_major(batch.delta, batch.rows, units);
            multiply(simd, ones, delta, Start::Zero, &mut gradients[place(&bias)]);
        }
        let kernel = within(&self.kernel);
        if !kernel.is_empty() {
            let first = (kernel.start - self.kernel.start) / units;
            let inputs = first..first + kernel.len() / units;
            let x = Matrix::row_major(batch.input, batch.rows, self.inputs).transposed().rows(inputs);
            let delta = Matrix::row_major(batch.delta, batch.rows, units);
            multiply(simd, x, delta, Start::Zero, &mut gradients[place(&kernel)]);
        }
        let alpha = within(&self.alpha);
        if !alpha.is_empty() {
            let slopes = Matrix::row_major(batch.slopes, batch.rows, units);
            multiply(simd, ones, slopes, Start::Zero, &mut gradients[place(&alpha)]);
        }
    }
}

/// What a dense layer's gradients are made of.
#[derive(Debug)]
pub struct LayerBatch<'a, T> {
    /// How many rows the batch has.
    pub rows: usize,
    /// What the layer was given.
    pub input: &'a [T],
    /// The loss's gradient by its net inputs.
    pub delta: &'a [T],
    /// The gradient of each row by the learned slopes; empty but for PReLU.
    pub slopes: &'a [T],
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
        let first = (rows.rows().start * self.width) as u64;
        let scale = T::from_f64(self.scale);
        let ([output, factors], [x]) = rows.split([tensors.output, tensors.kept], [input]);
        let mut bits = [0; 64];
        for (chunk, factors) in factors.chunks_mut(bits.len()).enumerate() {
            let bits = &mut bits[..factors.len()];
            stream.fill_bits(first + (chunk * 64) as u64, bits);
            for (factor, &bits) in factors.iter_mut().zip(bits.iter()) {
                *factor = if u64::from(bits) < self.threshold { T::ZERO } else { scale };
            }
        }
        for ((output, &x), &factor) in output.iter_mut().zip(x).zip(factors.iter()) {
            *output = x * factor;
        }
    }

    /// Hands the gradient to the matrix `below`.
    pub fn backward<T: Float>(&self, rows: &mut RowShard<'_, T>, below: usize, tensors: Tensors) {
        let ([target], [delta, factors]) = rows.split([below], [tensors.delta, tensors.kept]);
        for ((target, &delta), &factor) in target.iter_mut().zip(delta).zip(factors) {
            *target = delta * factor;
        }
    }
}
