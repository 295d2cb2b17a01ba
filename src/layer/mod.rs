//! Layers: what they are, where their parameters lie, and how a batch passes through them.
//!
//! Each type of layer is one file here: what a configuration says of it (its *spec*), and a layer in its
//! place, which is a [`Stage`]. The rest of the crate speaks to stages alone and knows no type by name; this
//! file lists them, in [`LayerSpec`], [`Layer`], [`Layer::new`] and `each!`.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::gemm::{Matrix, Nonzero};
use crate::parallel::{Matrices, RowShard};
use crate::simd::{Float, Simd};

mod dense;
mod dropout;
mod parameter;

pub use dense::{Dense, DenseSpec};
pub use dropout::{Dropout, DropoutSpec};
pub use parameter::{BiasMode, Parameter};

/// A layer as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LayerSpec {
    /// Nodes that are each connected to every node below.
    Dense(DenseSpec),
    /// Silences a share of its inputs while training.
    Dropout(DropoutSpec),
}

/// A layer in its place.
#[derive(Clone, Debug)]
pub enum Layer {
    /// See [`Dense`].
    Dense(Dense),
    /// See [`Dropout`].
    Dropout(Dropout),
}

/// The same of a layer, whichever it is.
macro_rules! each {
    ($layer:expr, $one:ident => $what:expr) => {
        match $layer {
            Layer::Dense($one) => $what,
            Layer::Dropout($one) => $what,
        }
    };
}

/// Where a layer is put.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Its number among the layers, from 0: keys its random numbers, and names it in errors.
    pub number: usize,
    /// How many values a row has that comes in.
    pub width: usize,
    /// Where its parameters begin in the flat array.
    pub offset: usize,
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

/// The matrices of a workspace that belong to one layer.
#[derive(Clone, Copy, Debug)]
pub struct Tensors {
    /// What the layer gives.
    pub output: usize,
    /// The loss's gradient: by the output first, by the net input once a dense layer has turned it.
    pub delta: usize,
    /// What the way back needs: the net inputs where the activation keeps them, or dropout's factors.
    pub kept: usize,
    /// The gradient of each row by the learned slopes.
    pub slopes: usize,
}

/// How wide those matrices are: 0 where the layer has no such.
#[derive(Clone, Copy, Debug, Default)]
pub struct Widths {
    /// See [`Tensors::output`].
    pub output: usize,
    /// See [`Tensors::delta`].
    pub delta: usize,
    /// See [`Tensors::kept`].
    pub kept: usize,
    /// See [`Tensors::slopes`].
    pub slopes: usize,
}

/// What a layer is given for some rows' way forward.
#[derive(Clone, Copy, Debug)]
pub struct Forward<'a, T> {
    /// All parameters of the network.
    pub parameters: &'a [T],
    /// The matrix of what comes in.
    pub input: usize,
    /// The layer's own matrices.
    pub tensors: Tensors,
    /// Training or not.
    pub mode: Mode,
    /// Which of the inputs are not zero, where that is known and worth using.
    pub nonzero: Option<&'a Nonzero>,
    /// Whether the activation is left to the head.
    pub fused: bool,
}

/// What a layer is given for some rows' way back.
#[derive(Debug)]
pub struct Backward<'a, T> {
    /// All parameters of the network.
    pub parameters: &'a [T],
    /// The matrix that the gradient by the inputs goes into, if it is wanted.
    pub below: Option<usize>,
    /// The layer's own matrices.
    pub tensors: Tensors,
    /// Training or not.
    pub mode: Mode,
    /// Room for [`Stage::transposed_size`] values.
    pub transposed: &'a mut [T],
    /// Whether the head has turned the gradient by the activations into that by the net inputs.
    pub fused: bool,
}

/// A batch that has passed forward and back, as one layer's gradients are made of it.
#[derive(Clone, Copy, Debug)]
pub struct Passed<'a, T> {
    /// All matrices of the workspace.
    pub matrices: &'a Matrices<T>,
    /// Rows of the batch.
    pub rows: usize,
    /// The matrix of what came in.
    pub input: usize,
    /// The layer's own matrices.
    pub tensors: Tensors,
    /// Training or not.
    pub mode: Mode,
    /// Which of the inputs are not zero, where that is known and worth using.
    pub nonzero: Option<&'a Nonzero>,
}

impl<'a, T> Passed<'a, T> {
    /// What came in.
    pub fn input(&self) -> Matrix<'a, T> {
        self.matrices.get(self.input, self.rows)
    }

    /// The loss's gradient, as the way back has left it.
    pub fn delta(&self) -> Matrix<'a, T> {
        self.matrices.get(self.tensors.delta, self.rows)
    }
}

/// Takes gradients, part by part.
pub trait Sink<T> {
    /// Those of the parameters in a range of the flat array.
    fn take<S: Simd>(&mut self, simd: S, range: Range<usize>, gradients: &[T]);
}

/// What a layer in its place can do. What is given here is for layers without parameters.
pub trait Stage {
    /// How many values a row of its output has.
    fn width(&self) -> usize;

    /// How wide its matrices are, for inference alone or for training too.
    fn widths(&self, training: bool) -> Widths;

    /// All its parameters in the flat array.
    fn parameters(&self) -> Range<usize> {
        0..0
    }

    /// Its parameters as the user sees them, in the user's order.
    fn shapes(&self, _bias: BiasMode) -> Vec<Parameter> {
        Vec::new()
    }

    /// Draws the initial parameters.
    ///
    /// # Errors
    /// There is no memory for them.
    fn initialize<T: Float>(&self, _seed: u64, _parameters: &mut [T]) -> Result<()> {
        Ok(())
    }

    /// Whether it does anything to a batch. If not, what comes in is what it gives.
    fn acts(&self, _mode: Mode) -> bool {
        true
    }

    /// Some rows' way forward: from the input to the output.
    fn forward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Forward<'_, T>);

    /// Their way back: from the gradient by the output to that by the input.
    fn backward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Backward<'_, T>);

    /// The gradients of those parameters that lie in `part` of the flat array, piece by piece into `sink`,
    /// while they are in the cache. Each sums over all rows of the batch, in order. `part` begins and ends as
    /// [`Self::cut_before`] says; `room` has [`Self::gradient_size`] values.
    fn gradients<S: Simd, T: Float>(
        &self,
        _simd: S,
        _batch: Passed<'_, T>,
        _part: Range<usize>,
        _room: &mut [T],
        _sink: &mut impl Sink<T>,
    ) {
    }

    /// The last place at or before `place`, which is among the layer's parameters, where they may be cut.
    fn cut_before<T>(&self, place: usize) -> usize {
        place
    }

    /// How many values the way back wants room for.
    fn transposed_size<T>(&self) -> usize {
        0
    }

    /// How many values the gradients of a batch of some rows want room for.
    fn gradient_size<T>(&self, _rows: usize) -> usize {
        0
    }
}

impl Layer {
    /// Puts a layer in its place.
    ///
    /// # Errors
    /// It would be of an impossible size.
    pub fn new(spec: &LayerSpec, site: Site) -> Result<Self> {
        Ok(match spec {
            LayerSpec::Dense(spec) => Self::Dense(Dense::new(spec.clone(), site)?),
            LayerSpec::Dropout(spec) => Self::Dropout(Dropout::new(spec, site)),
        })
    }

    /// The layer, if it is dense: such a one ends every network, and may leave out zeros.
    pub fn as_dense(&self) -> Option<&Dense> {
        match self {
            Self::Dense(dense) => Some(dense),
            _ => None,
        }
    }
}

impl Stage for Layer {
    fn width(&self) -> usize {
        each!(self, layer => layer.width())
    }

    fn widths(&self, training: bool) -> Widths {
        each!(self, layer => layer.widths(training))
    }

    fn parameters(&self) -> Range<usize> {
        each!(self, layer => layer.parameters())
    }

    fn shapes(&self, bias: BiasMode) -> Vec<Parameter> {
        each!(self, layer => layer.shapes(bias))
    }

    fn initialize<T: Float>(&self, seed: u64, parameters: &mut [T]) -> Result<()> {
        each!(self, layer => layer.initialize(seed, parameters))
    }

    fn acts(&self, mode: Mode) -> bool {
        each!(self, layer => layer.acts(mode))
    }

    fn forward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Forward<'_, T>) {
        each!(self, layer => layer.forward(simd, rows, way))
    }

    fn backward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Backward<'_, T>) {
        each!(self, layer => layer.backward(simd, rows, way))
    }

    fn gradients<S: Simd, T: Float>(
        &self,
        simd: S,
        batch: Passed<'_, T>,
        part: Range<usize>,
        room: &mut [T],
        sink: &mut impl Sink<T>,
    ) {
        each!(self, layer => layer.gradients(simd, batch, part, room, sink))
    }

    fn cut_before<T>(&self, place: usize) -> usize {
        each!(self, layer => layer.cut_before::<T>(place))
    }

    fn transposed_size<T>(&self) -> usize {
        each!(self, layer => layer.transposed_size::<T>())
    }

    fn gradient_size<T>(&self, rows: usize) -> usize {
        each!(self, layer => layer.gradient_size::<T>(rows))
    }
}
