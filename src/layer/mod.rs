//! Layers: what they are, where their parameters lie, and how a batch passes through them.
//!
//! Each type of layer is one file here: what a configuration says of it (its *spec*), and a layer in its
//! place, which is a [`Stage`]. The rest of the crate speaks to stages alone and knows no type by name; this
//! file lists them, in [`LayerSpec`], [`Layer`], [`Layer::new`] and `each!`.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::gemm::{Matrix, Nonzero};
use crate::parallel::{Matrices, RowShard, Team};
use crate::regularizer::Regularizer;
use crate::simd::{Float, Simd};

mod activate;
mod affine;
mod batch_norm;
mod columns;
mod dense;
mod dropout;
mod embedding;
mod gaussian_noise;
mod layer_norm;
mod parameter;
mod residual;
mod standardize;

pub use activate::{Activate, ActivateSpec};
pub use batch_norm::{BatchNorm, BatchNormSpec};
pub use dense::{Dense, DenseSpec, TILE_ROWS};
pub use dropout::{Dropout, DropoutSpec};
pub use embedding::{Embedding, EmbeddingSpec};
pub use gaussian_noise::{GaussianNoise, GaussianNoiseSpec};
pub use layer_norm::{LayerNorm, LayerNormSpec};
pub use parameter::{BiasMode, Parameter};
pub use residual::{Fork, Join, ResidualSpec};
pub use standardize::{Standardize, StandardizeSpec};

/// A layer as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)] // a network has few layers
pub enum LayerSpec {
    /// Nodes that are each connected to every node below.
    Dense(DenseSpec),
    /// Silences a share of its inputs while training.
    Dropout(DropoutSpec),
    /// Adds noise to its inputs while training.
    GaussianNoise(GaussianNoiseSpec),
    /// An activation by itself.
    Activation(ActivateSpec),
    /// Brings each row to mean 0 and variance 1.
    LayerNorm(LayerNormSpec),
    /// Brings each column of a batch to mean 0 and variance 1.
    BatchNorm(BatchNormSpec),
    /// Brings each column of the training rows to mean 0 and variance 1.
    Standardize(StandardizeSpec),
    /// Turns codes of categories into vectors.
    Embedding(EmbeddingSpec),
    /// A block of layers that adds its input to its output.
    Residual(ResidualSpec),
}

/// A layer in its place.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // a network has few layers
pub enum Layer {
    /// See [`Dense`].
    Dense(Dense),
    /// See [`Dropout`].
    Dropout(Dropout),
    /// See [`GaussianNoise`].
    GaussianNoise(GaussianNoise),
    /// See [`Activate`].
    Activate(Activate),
    /// See [`LayerNorm`].
    LayerNorm(LayerNorm),
    /// See [`BatchNorm`].
    BatchNorm(BatchNorm),
    /// See [`Standardize`].
    Standardize(Standardize),
    /// See [`Embedding`].
    Embedding(Embedding),
    /// See [`Fork`].
    Fork(Fork),
    /// See [`Join`].
    Join(Join),
}

/// The same of a layer, whichever it is.
macro_rules! each {
    ($layer:expr, $one:ident => $what:expr) => {
        match $layer {
            Layer::Dense($one) => $what,
            Layer::Dropout($one) => $what,
            Layer::GaussianNoise($one) => $what,
            Layer::Activate($one) => $what,
            Layer::LayerNorm($one) => $what,
            Layer::BatchNorm($one) => $what,
            Layer::Standardize($one) => $what,
            Layer::Embedding($one) => $what,
            Layer::Fork($one) => $what,
            Layer::Join($one) => $what,
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
    /// One value a row: what layer norm has multiplied it by.
    pub factor: usize,
    /// Where among the statistics of a batch the layer's begin, which are no matrix.
    pub statistics: usize,
    /// The gradient of the penalty of the output.
    pub penalty: usize,
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
    /// See [`Tensors::factor`].
    pub factor: usize,
    /// How many statistics of a batch it keeps.
    pub statistics: usize,
    /// See [`Tensors::penalty`].
    pub penalty: usize,
}

/// What a layer is given for some rows' way forward.
#[derive(Clone, Copy, Debug)]
pub struct Forward<'a, T> {
    /// All parameters of the network.
    pub parameters: &'a [T],
    /// The matrix of what comes in.
    pub input: usize,
    /// The matrix of what comes into the layer's partner.
    pub other: Option<usize>,
    /// The layer's own matrices.
    pub tensors: Tensors,
    /// What it has learned of the batch when threads met before it.
    pub statistics: &'a [T],
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
    /// The matrix of the gradient by the output of the layer's partner.
    pub other: Option<usize>,
    /// The layer's own matrices.
    pub tensors: Tensors,
    /// What it has learned of the batch when threads met before it.
    pub statistics: &'a [T],
    /// Rows of the whole batch.
    pub batch: usize,
    /// Rows that the mean loss is over.
    pub total: usize,
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
    /// What it has learned of the batch when threads met before it.
    pub statistics: &'a [T],
    /// Training or not.
    pub mode: Mode,
    /// Which of the inputs are not zero, where that is known and worth using.
    pub nonzero: Option<&'a Nonzero>,
}

/// A whole batch, in the middle of its way forward or back, at a layer where threads meet.
#[derive(Debug)]
pub struct Meeting<'a, T> {
    /// All matrices of the workspace.
    pub matrices: &'a mut Matrices<T>,
    /// Rows of the batch.
    pub rows: usize,
    /// The matrix of what has come in.
    pub input: usize,
    /// The layer's own matrices.
    pub tensors: Tensors,
    /// What it has learned, and learns now, of the batch.
    pub statistics: &'a mut [T],
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

    /// What the layer has kept.
    pub fn kept(&self) -> Matrix<'a, T> {
        self.matrices.get(self.tensors.kept, self.rows)
    }
}

/// Takes gradients, part by part.
pub trait Sink<T> {
    /// Those of the parameters in a range of the flat array.
    fn take<S: Simd>(&mut self, simd: S, range: Range<usize>, gradients: &mut [T]);
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

    /// Whether gradients change any of them.
    fn learns(&self) -> bool {
        !self.parameters().is_empty()
    }

    /// Another layer, by its place, whose input or whose gradient this one wants as well.
    fn partner(&self) -> Option<usize> {
        None
    }

    /// Its parameters as the user sees them, in the user's order.
    fn shapes(&self, _bias: BiasMode) -> Vec<Parameter> {
        Vec::new()
    }

    /// Those of them that gradients may change, as they lie.
    fn learned(&self) -> Vec<Parameter> {
        self.shapes(BiasMode::Parameter)
    }

    /// Draws the initial parameters.
    ///
    /// # Errors
    /// There is no memory for them.
    fn initialize<T: Float>(&self, _seed: u64, _parameters: &mut [T]) -> Result<()> {
        Ok(())
    }

    /// What its outputs cost.
    fn activity_regularizer(&self) -> Option<Regularizer> {
        None
    }

    /// Whether it does anything to a batch. If not, what comes in is what it gives.
    fn acts(&self, _mode: Mode) -> bool {
        true
    }

    /// Whether it needs the whole batch: then threads meet before its way forward, and before its way back.
    fn meets(&self, _mode: Mode) -> bool {
        false
    }

    /// What is to be done with the whole batch before any row's way forward. The calling thread is asked; it
    /// may share the work out to its team, or do it alone.
    fn meet_forward<S: Simd, T: Float>(&self, _simd: S, _team: &Team<'_>, _meeting: Meeting<'_, T>) {}

    /// What is to be done with the whole batch before any row's way back.
    fn meet_backward<S: Simd, T: Float>(&self, _simd: S, _team: &Team<'_>, _meeting: Meeting<'_, T>) {}

    /// Changes those parameters that no gradient changes, by what the layer has learned of a batch.
    fn settle<T: Float>(&self, _parameters: &mut [T], _statistics: &[T]) {}

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
            LayerSpec::GaussianNoise(spec) => Self::GaussianNoise(GaussianNoise::new(spec, site)),
            LayerSpec::Activation(spec) => Self::Activate(Activate::new(spec, site)?),
            LayerSpec::LayerNorm(spec) => Self::LayerNorm(LayerNorm::new(spec, site)),
            LayerSpec::BatchNorm(spec) => Self::BatchNorm(BatchNorm::new(spec, site)),
            LayerSpec::Standardize(spec) => Self::Standardize(Standardize::new(spec, site)),
            LayerSpec::Embedding(spec) => Self::Embedding(Embedding::new(spec, site)?),
            LayerSpec::Residual(_) => unreachable!("a block is put in its place layer by layer"),
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

impl Layer {
    /// Puts layers in their places, one after another, those of blocks between the blocks' ends.
    ///
    /// # Errors
    /// One would be of an impossible size.
    pub fn place(specs: &[LayerSpec], mut site: Site, layers: &mut Vec<Self>) -> Result<Site> {
        for spec in specs {
            if let LayerSpec::Residual(block) = spec {
                let (fork, width) = (layers.len(), site.width);
                layers.push(Self::Fork(Fork { width, join: fork }));
                let end = Self::place(&block.layers, Site { number: site.number + 1, ..site }, layers)?;
                if end.width != width {
                    let problem = format!("the block {} changes the width of its rows", site.number);
                    return Err(Error::Configuration(problem));
                }
                layers[fork] = Self::Fork(Fork { width, join: layers.len() });
                layers.push(Self::Join(Join { width, fork }));
                site = end;
            } else {
                let layer = Self::new(spec, site)?;
                let offset = site.offset + layer.parameters().len();
                site = Site { number: site.number + 1, width: layer.width(), offset };
                layers.push(layer);
            }
        }
        Ok(site)
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

    fn learns(&self) -> bool {
        each!(self, layer => layer.learns())
    }

    fn partner(&self) -> Option<usize> {
        each!(self, layer => layer.partner())
    }

    fn shapes(&self, bias: BiasMode) -> Vec<Parameter> {
        each!(self, layer => layer.shapes(bias))
    }

    fn learned(&self) -> Vec<Parameter> {
        each!(self, layer => layer.learned())
    }

    fn initialize<T: Float>(&self, seed: u64, parameters: &mut [T]) -> Result<()> {
        each!(self, layer => layer.initialize(seed, parameters))
    }

    fn activity_regularizer(&self) -> Option<Regularizer> {
        each!(self, layer => layer.activity_regularizer())
    }

    fn acts(&self, mode: Mode) -> bool {
        each!(self, layer => layer.acts(mode))
    }

    fn meets(&self, mode: Mode) -> bool {
        each!(self, layer => layer.meets(mode))
    }

    fn meet_forward<S: Simd, T: Float>(&self, simd: S, team: &Team<'_>, meeting: Meeting<'_, T>) {
        each!(self, layer => layer.meet_forward(simd, team, meeting))
    }

    fn meet_backward<S: Simd, T: Float>(&self, simd: S, team: &Team<'_>, meeting: Meeting<'_, T>) {
        each!(self, layer => layer.meet_backward(simd, team, meeting))
    }

    fn settle<T: Float>(&self, parameters: &mut [T], statistics: &[T]) {
        each!(self, layer => layer.settle(parameters, statistics))
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
