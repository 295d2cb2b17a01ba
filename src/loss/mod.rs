//! Losses: how far a network's outputs are from their targets.
//!
//! Losses of labels are fused with the activation of the output layer: [`binary`] with sigmoid,
//! [`categorical`] with softmax; see [`Head`]. Everything else multiplies the loss's slope with the
//! activation's derivative.
//!
//! As in Keras, a row's loss is the mean over its outputs for the losses that treat each output by itself.
//! To add such a loss, write its struct with [`PointwiseLoss`] in [`numbers`] and name it in `losses!`. One
//! that wants several outputs for each column of the targets is a [`GroupLoss`], in [`groups`].

pub(crate) mod binary;
pub(crate) mod categorical;
mod groups;
mod margins;
mod numbers;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::error::{Error, Result};
use crate::head::{Grouped, Head, Pointwise, Rule, Wanted};
use crate::simd::{Float, Vector};

use binary::{Binary, Focal};
use categorical::Categorical;
pub use groups::{GaussianNll, MOST_IN_GROUP, Quantile};
pub use margins::{Hinge, SquaredHinge};
pub use numbers::{
    Huber, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
    MeanSquaredLogarithmicError, Poisson,
};

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

/// A loss of several outputs for each column of the targets, such as the quantiles of one number. The outputs
/// of a row lie in blocks of as many as the targets have columns: the first output of every column, the second
/// of every column, and so on.
pub trait GroupLoss: Send + Sync {
    /// How many outputs each column has, [`MOST_IN_GROUP`] at most.
    fn outputs(&self) -> usize;
    /// How many costs are added up for each column, for a row's loss is their mean.
    fn costs(&self) -> usize;
    /// Which of the outputs is nearest to being the column's prediction, for metrics.
    fn point(&self) -> usize;
    /// What the outputs of one column cost where `t` is wanted; they become the derivatives of it.
    fn group<V: Vector>(&self, outputs: &mut [V], t: V) -> V;
}

macro_rules! losses {
    (
        each { $($variant:ident = $name:literal),* $(,)? }
        groups { $($group:ident = $group_name:literal),* $(,)? }
        labels { $($label:ident($parameters:ty) = $label_name:literal: $label_text:literal),* $(,)? }
    ) => {
        /// Every loss, as a configuration names it.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "name")]
        pub enum Loss {
            $(#[doc = concat!("See [`struct@", stringify!($variant), "`].")]
            #[serde(rename = $name)]
            $variant($variant),)*
            $(#[doc = concat!("See [`struct@", stringify!($group), "`].")]
            #[serde(rename = $group_name)]
            $group($group),)*
            $(#[doc = $label_text]
            #[serde(rename = $label_name)]
            $label($parameters),)*
        }

        impl Loss {
            /// The names that a configuration may use.
            pub const NAMES: &'static [&'static str] = &[$($name,)* $($group_name,)* $($label_name,)*];

            /// How many outputs each column of the targets has.
            pub fn outputs_for_each(&self) -> usize {
                match self {
                    $(Self::$group(one) => one.outputs(),)*
                    _ => 1,
                }
            }

            /// Which of so many outputs are what metrics compare with the targets.
            pub(crate) fn measured(&self, outputs: usize) -> Range<usize> {
                match self {
                    $(Self::$group(one) => Grouped(one).measured(outputs),)*
                    _ => 0..outputs,
                }
            }

            /// See [`Rule::block`]; of activated outputs.
            #[inline(always)]
            pub(crate) fn block<V: Vector>(
                &self,
                outputs: &mut [V],
                deltas: &mut [V],
                wanted: &Wanted<V>,
                scale: V::Element,
            ) -> V {
                match self {
                    $(Self::$variant(one) => Pointwise(*one).block(outputs, deltas, wanted, scale),)*
                    $(Self::$group(one) => Grouped(one).block(outputs, deltas, wanted, scale),)*
                    $(Self::$label(_) => unreachable!("a loss of labels is fused with its activation"),)*
                }
            }

            /// See [`Rule::row`]; of activated outputs.
            #[inline(always)]
            pub(crate) fn row<V: Vector>(
                &self,
                outputs: &mut [V::Element],
                deltas: &mut [V::Element],
                target: Target<'_, V::Element>,
                scale: V::Element,
            ) -> V::Element {
                match self {
                    $(Self::$variant(one) => Pointwise(*one).row::<V>(outputs, deltas, target, scale),)*
                    $(Self::$group(one) => Grouped(one).row::<V>(outputs, deltas, target, scale),)*
                    $(Self::$label(_) => unreachable!("a loss of labels is fused with its activation"),)*
                }
            }
        }
    };
}

losses! {
    each {
        Hinge = "hinge",
        Huber = "huber",
        LogCosh = "log_cosh",
        MeanAbsoluteError = "mean_absolute_error",
        MeanAbsolutePercentageError = "mean_absolute_percentage_error",
        MeanSquaredError = "mean_squared_error",
        MeanSquaredLogarithmicError = "mean_squared_logarithmic_error",
        Poisson = "poisson",
        SquaredHinge = "squared_hinge",
    }
    groups {
        GaussianNll = "gaussian_nll",
        Quantile = "quantile",
    }
    labels {
        BinaryCrossEntropy(CrossEntropy) = "binary_cross_entropy":
            "The cross-entropy of independent yes-or-no outputs, fused with their sigmoid.",
        BinaryFocalCrossEntropy(FocalCrossEntropy) = "binary_focal_cross_entropy":
            "The same, where what is known already counts less.",
        CategoricalCrossEntropy(CrossEntropy) = "categorical_cross_entropy":
            "The cross-entropy of one choice among classes, given as shares, fused with softmax.",
        SparseCategoricalCrossEntropy(CrossEntropy) = "sparse_categorical_cross_entropy":
            "The same where the targets are class indices.",
        CategoricalFocalCrossEntropy(FocalCrossEntropy) = "categorical_focal_cross_entropy":
            "The categorical cross-entropy, where what is known already counts less.",
        SparseCategoricalFocalCrossEntropy(FocalCrossEntropy) = "sparse_categorical_focal_cross_entropy":
            "The same where the targets are class indices.",
        KullbackLeibler(FromLogits) = "kl_divergence":
            "The categorical cross-entropy less the entropy of the targets.",
    }
}

impl Loss {
    /// Whether the targets are class indices.
    pub fn wants_classes(&self) -> bool {
        matches!(self, Self::SparseCategoricalCrossEntropy(_) | Self::SparseCategoricalFocalCrossEntropy(_))
    }

    /// Whether the targets are yes or no and an output's sign is the answer.
    pub fn decides_by_sign(&self) -> bool {
        matches!(self, Self::Hinge(_) | Self::SquaredHinge(_))
    }

    /// The loss as it meets the activation of the output layer.
    ///
    /// # Errors
    /// A loss of labels that does not fit the activation, or a group of no outputs or of too many.
    pub fn head(&self, output: &Activation) -> Result<Head> {
        let binary = |loss, from_logits| (Head::Logistic { loss, from_logits }, from_logits, "sigmoid");
        let categorical = |loss, from_logits| (Head::Softmax { loss, from_logits }, from_logits, "softmax");
        let (head, from_logits, partner) = match self {
            Self::BinaryCrossEntropy(CrossEntropy { from_logits, label_smoothing }) => {
                binary(Binary::cross_entropy(*label_smoothing), *from_logits)
            }
            Self::CategoricalCrossEntropy(CrossEntropy { from_logits, label_smoothing })
            | Self::SparseCategoricalCrossEntropy(CrossEntropy { from_logits, label_smoothing }) => {
                categorical(Categorical::cross_entropy(*label_smoothing), *from_logits)
            }
            Self::BinaryFocalCrossEntropy(focal) => {
                binary(Binary::Focal(Focal::of(focal)), focal.from_logits)
            }
            Self::CategoricalFocalCrossEntropy(focal) | Self::SparseCategoricalFocalCrossEntropy(focal) => {
                categorical(Categorical::Focal(*focal), focal.from_logits)
            }
            Self::KullbackLeibler(FromLogits { from_logits }) => {
                categorical(Categorical::KullbackLeibler, *from_logits)
            }
            _ if !(1..=MOST_IN_GROUP).contains(&self.outputs_for_each()) => {
                return Err(Error::Configuration(format!(
                    "a loss of groups wants 1 to {MOST_IN_GROUP} outputs for each column"
                )));
            }
            _ => return Ok(Head::Separate(self.clone())),
        };
        match (from_logits, output) {
            (true, Activation::Linear(_)) => Ok(head),
            (false, Activation::Sigmoid(_)) if partner == "sigmoid" => Ok(head),
            (false, Activation::Softmax) if partner == "softmax" => Ok(head),
            (true, _) => Err(Error::Configuration("a loss from logits wants a linear output".into())),
            (false, _) => Err(Error::Configuration(format!("this loss wants a {partner} output"))),
        }
    }
}

/// What a cross-entropy is given: outputs that are probabilities, or logits (with a linear output).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrossEntropy {
    /// Whether the network's outputs are logits.
    pub from_logits: bool,
    /// How much of each target is shared out evenly among all answers.
    #[serde(default)]
    pub label_smoothing: f64,
}

/// What a focal cross-entropy is given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FocalCrossEntropy {
    /// The weight: of yes where the outputs are yes or no, no's being `1 - alpha`; else of all classes.
    pub alpha: f64,
    /// The power of the probability that is missing.
    pub gamma: f64,
    /// Whether yes and no are weighted; the categorical one always is.
    #[serde(default)]
    pub apply_class_balancing: bool,
    /// Whether the network's outputs are logits.
    pub from_logits: bool,
    /// As of [`CrossEntropy`].
    #[serde(default)]
    pub label_smoothing: f64,
}

/// What a divergence is given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FromLogits {
    /// Whether the network's outputs are logits.
    pub from_logits: bool,
}
