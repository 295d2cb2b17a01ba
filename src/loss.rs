//! Losses: how far a network's outputs are from their targets.
//!
//! Cross-entropies are computed from the net inputs of the output layer, fused with its softmax or
//! sigmoid, so that they are stable and their deltas are a difference. Which pairs are fused is a type,
//! [`Head`]; everything else multiplies the loss's slope with the activation's derivative.
//!
//! A row's loss is the mean over its outputs for the losses that treat each output by itself, as in
//! Keras. To add such a loss, write its struct with [`PointwiseLoss`] and name it in `losses!`.

use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::error::{Error, Result};
use crate::math::{exp, log, log1p, sigmoid};
use crate::parallel::Rows;
use crate::reduce::Sum;
use crate::simd::{Float, Kernel, Simd, Vector, first, first_lane, read, write};
use crate::softmax;

/// What the outputs of a batch should be, row after row.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a, T> {
    /// The index of each row's class.
    Classes(&'a [u32]),
    /// A value for each output, and how many outputs there are.
    Values(&'a [T], usize),
}

/// What the outputs of one row should be.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a, T> {
    /// The index of its class.
    Class(usize),
    /// A value for each output.
    Values(&'a [T]),
}

impl<'a, T: Float> Targets<'a, T> {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Values(values, columns) => values.len() / columns,
        }
    }

    /// The target of one row.
    #[inline(always)]
    pub fn row(&self, row: usize) -> Target<'a, T> {
        match *self {
            Self::Classes(classes) => Target::Class(classes[row] as usize),
            Self::Values(values, columns) => Target::Values(&values[row * columns..(row + 1) * columns]),
        }
    }
}

/// A loss that is a mean over the outputs of a row.
pub trait PointwiseLoss: Copy + Send + Sync {
    /// What an output of `a` costs where `t` is wanted.
    fn value<V: Vector>(&self, a: V, t: V) -> V;
    /// Its derivative by `a`.
    fn slope<V: Vector>(&self, a: V, t: V) -> V;
}

macro_rules! losses {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// Every loss, as a configuration names it.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "name")]
        pub enum Loss {
            $(#[doc = concat!("See [`struct@", stringify!($variant), "`].")]
            #[serde(rename = $name)]
            $variant($variant),)*
            /// The cross-entropy of independent yes-or-no outputs, fused with their sigmoid.
            #[serde(rename = "binary_cross_entropy")]
            BinaryCrossEntropy(CrossEntropy),
            /// The cross-entropy of one choice among classes, given as shares, fused with softmax.
            #[serde(rename = "categorical_cross_entropy")]
            CategoricalCrossEntropy(CrossEntropy),
            /// The same where the targets are class indices.
            #[serde(rename = "sparse_categorical_cross_entropy")]
            SparseCategoricalCrossEntropy(CrossEntropy),
        }

        impl Loss {
            /// The names that a configuration may use.
            pub const NAMES: &'static [&'static str] = &[
                $($name,)* "binary_cross_entropy", "categorical_cross_entropy",
                "sparse_categorical_cross_entropy",
            ];

            /// The loss as it meets the activation of the output layer.
            ///
            /// # Errors
            /// A cross-entropy that does not fit the activation.
            pub fn head(self, output: &Activation) -> Result<Head> {
                let (head, from_logits, partner) = match self {
                    $(Self::$variant(_) => return Ok(Head::Separate(self)),)*
                    Self::BinaryCrossEntropy(CrossEntropy { from_logits }) => {
                        (Head::Logistic { from_logits }, from_logits, "sigmoid")
                    }
                    Self::CategoricalCrossEntropy(CrossEntropy { from_logits })
                    | Self::SparseCategoricalCrossEntropy(CrossEntropy { from_logits }) => {
                        (Head::Softmax { from_logits }, from_logits, "softmax")
                    }
                };
                match (from_logits, output) {
                    (true, Activation::Linear(_)) => Ok(head),
                    (false, Activation::Sigmoid(_)) if partner == "sigmoid" => Ok(head),
                    (false, Activation::Softmax) if partner == "softmax" => Ok(head),
                    (true, _) => Err(Error::Configuration(
                        "a cross-entropy from logits wants a linear output".into(),
                    )),
                    (false, _) => Err(Error::Configuration(format!(
                        "this cross-entropy wants a {partner} output"
                    ))),
                }
            }

            fn separate<S: Simd, T: Float>(&self, simd: S, batch: Batch<'_, '_, T>) {
                match self {
                    $(Self::$variant(one) => simd.vectorize(Separate { loss: one, batch }),)*
                    _ => unreachable!("a cross-entropy is fused with its activation"),
                }
            }
        }
    };
}

losses! {
    MeanAbsoluteError = "mean_absolute_error",
    MeanSquaredError = "mean_squared_error",
}

/// `(a - t)^2`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanSquaredError {}

impl PointwiseLoss for MeanSquaredError {
    #[inline(always)]
    fn value<V: Vector>(&self, a: V, t: V) -> V {
        let error = a.sub(t);
        error.mul(error)
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, a: V, t: V) -> V {
        let error = a.sub(t);
        error.add(error)
    }
}

/// `|a - t|`; its slope at 0 is 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanAbsoluteError {}

impl PointwiseLoss for MeanAbsoluteError {
    #[inline(always)]
    fn value<V: Vector>(&self, a: V, t: V) -> V {
        a.sub(t).abs()
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, a: V, t: V) -> V {
        let (error, zero) = (a.sub(t), V::constant(0.0));
        let below = V::select(error.less(zero), V::constant(-1.0), zero);
        error.unless_nan(V::select(error.greater(zero), V::constant(1.0), below))
    }
}

/// What a cross-entropy is given: outputs that are probabilities, or logits (with a linear output).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrossEntropy {
    /// Whether the network's outputs are logits.
    pub from_logits: bool,
}

/// `max(z, 0) - z t + log(1 + exp(-|z|))`: the binary cross-entropy of `sigmoid(z)`.
#[derive(Clone, Copy)]
struct LogisticLoss;

impl PointwiseLoss for LogisticLoss {
    #[inline(always)]
    fn value<V: Vector>(&self, z: V, t: V) -> V {
        let above = V::constant(0.0).max(z);
        z.neg().mul_add(t, above).add(log1p(exp(z.abs().neg())))
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, z: V, t: V) -> V {
        sigmoid(z).sub(t)
    }
}

/// The end of a network: its output activation and its loss, fused where that is the stable way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Head {
    /// Softmax and the categorical cross-entropy.
    Softmax {
        /// The outputs stay logits.
        from_logits: bool,
    },
    /// Sigmoid and the binary cross-entropy.
    Logistic {
        /// The outputs stay logits.
        from_logits: bool,
    },
    /// A loss of the activated outputs.
    Separate(Loss),
}

/// The outputs of some rows of a batch, and what the head makes of them.
#[derive(Debug)]
pub struct Batch<'a, 'b, T> {
    /// The output layer's net inputs where the head is fused, its activations where not; they become
    /// what `predict` would give.
    pub outputs: Rows<&'b mut [T]>,
    /// Becomes the gradient of the batch's mean loss: by the net inputs where the head is fused, by the
    /// activations where not.
    pub deltas: Rows<&'b mut [T]>,
    /// Becomes the rows' losses, one at the start of each row.
    pub values: Rows<&'b mut [T]>,
    /// The targets of all rows of the data.
    pub targets: Targets<'a, T>,
    /// Which rows of the data these are.
    pub rows: &'b [u32],
    /// One over the rows of the whole batch.
    pub scale: T,
}

impl Head {
    /// Whether the output layer leaves its activation, and the derivative of it, to the head.
    pub fn is_fused(&self) -> bool {
        !matches!(self, Self::Separate(_))
    }

    /// Losses, deltas and outputs of some rows.
    pub fn evaluate<S: Simd, T: Float>(&self, simd: S, batch: Batch<'_, '_, T>) {
        match *self {
            Self::Softmax { from_logits } => simd.vectorize(SoftmaxRows { from_logits, batch }),
            Self::Logistic { from_logits } => simd.vectorize(LogisticRows { from_logits, batch }),
            Self::Separate(loss) => loss.separate(simd, batch),
        }
    }
}

impl<'a, 'b, T: Float> Batch<'a, 'b, T> {
    /// Each row's outputs, deltas, loss and target.
    fn rows(self) -> impl Iterator<Item = (&'b mut [T], &'b mut [T], &'b mut T, Target<'a, T>)> {
        let values = self.values.into_rows().map(|row| &mut row[0]);
        let targets = self.rows.iter().map(move |&row| self.targets.row(row as usize));
        let rows = self.outputs.into_rows().zip(self.deltas.into_rows()).zip(values).zip(targets);
        rows.map(|(((o, d), v), t)| (o, d, v, t))
    }
}

/// The mean loss of one row, and its deltas.
#[inline(always)]
fn pointwise_row<V: Vector>(
    loss: &impl PointwiseLoss,
    outputs: &[V::Element],
    deltas: &mut [V::Element],
    target: Target<'_, V::Element>,
    scale: V::Element,
) -> V::Element {
    let Target::Values(wanted) = target else { unreachable!("class indices are of softmax alone") };
    let columns = V::Element::from_f64(outputs.len() as f64);
    let scale = V::splat(scale / columns);
    let mut sum = Sum::zero();
    let chunks = outputs.chunks(V::LANES).zip(deltas.chunks_mut(V::LANES)).zip(wanted.chunks(V::LANES));
    for (index, ((output, delta), wanted)) in chunks.enumerate() {
        let (a, t) = (read::<V>(output), read::<V>(wanted));
        sum.add(index * V::LANES, first(loss.value(a, t), output.len()));
        write(loss.slope(a, t).mul(scale), delta);
    }
    sum.total() / columns
}

struct Separate<'l, 'a, 'b, L, T> {
    loss: &'l L,
    batch: Batch<'a, 'b, T>,
}

impl<L: PointwiseLoss, T: Float> Kernel for Separate<'_, '_, '_, L, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let (loss, scale) = (self.loss, self.batch.scale);
        for (outputs, deltas, value, target) in self.batch.rows() {
            *value = pointwise_row::<T::Vector<S>>(loss, outputs, deltas, target, scale);
        }
    }
}

struct LogisticRows<'a, 'b, T> {
    from_logits: bool,
    batch: Batch<'a, 'b, T>,
}

impl<T: Float> Kernel for LogisticRows<'_, '_, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { from_logits, batch } = self;
        let scale = batch.scale;
        for (outputs, deltas, value, target) in batch.rows() {
            *value = pointwise_row::<T::Vector<S>>(&LogisticLoss, outputs, deltas, target, scale);
            if !from_logits {
                for chunk in outputs.chunks_mut(T::Vector::<S>::LANES) {
                    write(sigmoid(read::<T::Vector<S>>(chunk)), chunk);
                }
            }
        }
    }
}

struct SoftmaxRows<'a, 'b, T> {
    from_logits: bool,
    batch: Batch<'a, 'b, T>,
}

impl<T: Float> Kernel for SoftmaxRows<'_, '_, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { from_logits, batch } = self;
        let scale = batch.scale;
        for (outputs, deltas, value, target) in batch.rows() {
            *value = softmax_row::<T::Vector<S>>(outputs, deltas, target);
            if !from_logits {
                outputs.copy_from_slice(deltas);
            }
            softmax_deltas::<T::Vector<S>>(deltas, target, scale);
        }
    }
}

/// The categorical cross-entropy of one row of logits: `sum of t * (log(sum) - (z - maximum))`. Leaves the
/// shares in `shares`.
#[inline(always)]
fn softmax_row<V: Vector>(
    logits: &[V::Element],
    shares: &mut [V::Element],
    target: Target<'_, V::Element>,
) -> V::Element {
    shares.copy_from_slice(logits);
    let row = softmax::row::<V>(shares);
    let log_sum = log(V::splat(row.sum));
    match target {
        Target::Class(class) => first_lane(log_sum) - (logits[class] - row.maximum),
        Target::Values(wanted) => {
            let mut sum = Sum::zero();
            for (index, (logits, wanted)) in logits.chunks(V::LANES).zip(wanted.chunks(V::LANES)).enumerate()
            {
                let cost = log_sum.sub(read::<V>(logits).sub(V::splat(row.maximum)));
                sum.add(index * V::LANES, first(cost.mul(read(wanted)), logits.len()));
            }
            sum.total()
        }
    }
}

/// Shares become deltas: `(share * sum(t) - t) * scale`.
#[inline(always)]
fn softmax_deltas<V: Vector>(deltas: &mut [V::Element], target: Target<'_, V::Element>, scale: V::Element) {
    match target {
        Target::Class(class) => {
            deltas[class] = deltas[class] - V::Element::ONE;
            for chunk in deltas.chunks_mut(V::LANES) {
                write(read::<V>(chunk).mul(V::splat(scale)), chunk);
            }
        }
        Target::Values(wanted) => {
            let mut sum = Sum::<V>::zero();
            for (index, wanted) in wanted.chunks(V::LANES).enumerate() {
                sum.add(index * V::LANES, read(wanted));
            }
            let total = V::splat(sum.total());
            for (chunk, wanted) in deltas.chunks_mut(V::LANES).zip(wanted.chunks(V::LANES)) {
                let delta = read::<V>(chunk).mul(total).sub(read(wanted)).mul(V::splat(scale));
                write(delta, chunk);
            }
        }
    }
}
