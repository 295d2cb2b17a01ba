//! Losses: how far a network's outputs are from their targets.
//!
//! Cross-entropies are fused with the activation of the output layer; see [`Head`]. Everything else
//! multiplies the loss's slope with the activation's derivative.
//!
//! A row's loss is the mean over its outputs for the losses that treat each output by itself, as in
//! Keras. To add such a loss, write its struct with [`PointwiseLoss`] and name it in `losses!`.

use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::error::{Error, Result};
use crate::head::{Batch, Head};
use crate::simd::{Float, Simd, Vector};

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

            /// Evaluates the loss by itself, of activated outputs.
            pub(crate) fn separate<S: Simd, T: Float, const FEATURES: bool>(
                &self,
                simd: S,
                batch: Batch<'_, '_, T>,
            ) {
                match self {
                    $(Self::$variant(one) => crate::head::pointwise::<S, T, FEATURES>(simd, *one, batch),)*
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
