//! The end of a network: its output activation and its loss.
//!
//! Cross-entropies and their kin are computed from the net inputs of the output layer, fused with its softmax
//! or sigmoid, so that they are stable and their deltas are short. Which pairs are fused is a type, [`Head`].
//!
//! Each is a [`Rule`], written twice, with the same bits: [`wide`] goes row by row, the outputs of a row in the
//! lanes of a vector; [`narrow`] is for a few outputs, and takes as many rows at once as a vector has lanes.

mod any;
mod groups;
pub(crate) mod narrow;
mod pointwise;
mod softmax;
mod wide;

use std::ops::Range;

use crate::loss::binary::{Binary, LogisticLoss};
use crate::loss::categorical::Categorical;
use crate::loss::{Loss, Target, Targets};
use crate::metric::{Decision, Metric};
use crate::parallel::Rows;
use crate::simd::{Float, Simd, Vector};

use any::Any;
pub(crate) use groups::Grouped;
use narrow::RareBlocks;
pub(crate) use narrow::Wanted;
use pointwise::Logistic;
pub(crate) use pointwise::Pointwise;
use softmax::Softmax;

/// An output activation and a loss, fused where that is the stable way.
#[derive(Clone, Debug, PartialEq)]
pub enum Head {
    /// Softmax and a loss of one choice among classes.
    Softmax {
        /// Which.
        loss: Categorical,
        /// The outputs stay logits.
        from_logits: bool,
    },
    /// Sigmoid and a loss of yes-or-no outputs.
    Logistic {
        /// Which.
        loss: Binary,
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
    /// Becomes the rows' losses and metrics: a row for each, the loss first.
    pub values: Rows<&'b mut [T]>,
    /// The targets of all rows of the data.
    pub targets: Targets<'a, T>,
    /// Which rows of the data these are.
    pub rows: &'b [u32],
    /// One over the rows of the whole batch.
    pub scale: T,
    /// What is reported beside the loss, and how the outputs are read for it.
    pub metrics: (&'b [Metric], Decision),
}

impl Head {
    /// Whether the output layer leaves its activation, and the derivative of it, to the head.
    pub fn is_fused(&self) -> bool {
        !matches!(self, Self::Separate(_))
    }

    /// Whether a batch of so many outputs may lie feature by feature; see [`Self::evaluate`].
    pub fn takes_features(outputs: usize) -> bool {
        outputs <= narrow::MOST_COLUMNS
    }

    /// Losses, metrics, deltas and outputs of some rows. Where `FEATURES`, outputs and deltas do not lie row
    /// by row but output by output, `stride` apart, with room for whole vectors of rows.
    pub fn evaluate<S: Simd, T: Float, const FEATURES: bool>(&self, simd: S, batch: Batch<'_, '_, T>) {
        let narrow = batch.outputs.width <= narrow::MOST_COLUMNS;
        self.evaluate_as::<S, T, FEATURES>(simd, Judged { batch, narrow });
    }

    /// The losses that most networks learn by have kernels of their own. All others share one, which asks for
    /// every row or block of rows which of them it is: a kernel each would be most of the library's code.
    fn evaluate_as<S: Simd, T: Float, const FEATURES: bool>(&self, simd: S, judged: Judged<'_, '_, T>) {
        match *self {
            Self::Softmax { loss: Categorical::CrossEntropy, from_logits } => {
                judged.by::<S, FEATURES>(simd, Softmax { from_logits });
            }
            Self::Logistic { loss: Binary::CrossEntropy, from_logits } => {
                judged.by::<S, FEATURES>(simd, Logistic { loss: LogisticLoss, from_logits });
            }
            Self::Separate(Loss::MeanSquaredError(loss)) => {
                judged.by::<S, FEATURES>(simd, Pointwise(loss));
            }
            Self::Separate(Loss::MeanAbsoluteError(loss)) => {
                judged.by::<S, FEATURES>(simd, Pointwise(loss));
            }
            ref other => {
                let Judged { batch, narrow } = judged;
                match narrow {
                    true => simd.vectorize_apart(RareBlocks { head: Any(other), batch, features: FEATURES }),
                    false => simd.vectorize_apart(wide::EachRow { head: Any(other), batch }),
                }
            }
        }
    }

    /// How many columns the targets of so many outputs have, or None where the outputs are not whole groups.
    pub fn target_columns(&self, outputs: usize) -> Option<usize> {
        let each = match self {
            Self::Separate(loss) => loss.outputs_for_each(),
            _ => 1,
        };
        outputs.is_multiple_of(each).then_some(outputs / each)
    }
}

/// A batch, and whether its rows have so few outputs that rows, rather than outputs, fill a vector.
#[derive(Debug)]
pub(crate) struct Judged<'a, 'b, T> {
    batch: Batch<'a, 'b, T>,
    narrow: bool,
}

impl<T: Float> Judged<'_, '_, T> {
    fn by<S: Simd, const FEATURES: bool>(self, simd: S, head: impl Rule) {
        let Self { batch, narrow } = self;
        if narrow {
            simd.vectorize(narrow::Blocks::<_, _, FEATURES> { head, batch });
        } else {
            simd.vectorize(wide::EachRow { head, batch });
        }
    }
}

/// An output activation and a loss, as they meet rows: written twice, with the same bits.
pub(crate) trait Rule {
    /// Whether the outputs change.
    fn changes_outputs(&self) -> bool {
        false
    }
    /// Which of so many outputs are what the metrics compare with the targets.
    fn measured(&self, outputs: usize) -> Range<usize> {
        0..outputs
    }
    /// Gives the losses of as many rows as a vector has lanes, and leaves their deltas in `deltas`.
    fn block<V: Vector>(
        &self,
        outputs: &mut [V],
        deltas: &mut [V],
        wanted: &Wanted<V>,
        scale: V::Element,
    ) -> V;
    /// Gives the loss of one row, and leaves its deltas in `deltas`.
    fn row<V: Vector>(
        &self,
        outputs: &mut [V::Element],
        deltas: &mut [V::Element],
        target: Target<'_, V::Element>,
        scale: V::Element,
    ) -> V::Element;
}

impl<'a, 'b, T: Float> Batch<'a, 'b, T> {
    /// Each row's outputs, deltas, values and target.
    fn rows(self) -> impl Iterator<Item = (&'b mut [T], &'b mut [T], &'b mut [T], Target<'a, T>)> {
        let targets = self.rows.iter().map(move |&row| self.targets.row(row as usize));
        let rows =
            self.outputs.into_rows().zip(self.deltas.into_rows()).zip(self.values.into_rows()).zip(targets);
        rows.map(|(((o, d), v), t)| (o, d, v, t))
    }
}

#[cfg(test)]
mod tests;
