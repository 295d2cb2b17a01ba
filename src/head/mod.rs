//! The end of a network: its output activation and its loss.
//!
//! Cross-entropies are computed from the net inputs of the output layer, fused with its softmax or
//! sigmoid, so that they are stable and their deltas are a difference. Which pairs are fused is a type,
//! [`Head`].
//!
//! Each is written twice, with the same bits: [`wide`] goes row by row, the outputs of a row in the lanes of
//! a vector; [`narrow`] is for a few outputs, and takes as many rows at once as a vector has lanes.

pub(crate) mod narrow;
mod wide;

use crate::loss::{Loss, PointwiseLoss, Target, Targets};
use crate::math::{exp, log1p, sigmoid};
use crate::metric::{Decision, Metric};
use crate::parallel::Rows;
use crate::simd::{Float, Simd, Vector};

/// An output activation and a loss, fused where that is the stable way.
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
        match *self {
            Self::Softmax { from_logits } if batch.is_narrow() => {
                let head = narrow::Softmax { from_logits };
                simd.vectorize(narrow::Blocks::<_, _, FEATURES> { head, batch });
            }
            Self::Softmax { from_logits } => simd.vectorize(wide::Softmax { from_logits, batch }),
            Self::Logistic { from_logits } if batch.is_narrow() => {
                let head = narrow::Logistic { from_logits };
                simd.vectorize(narrow::Blocks::<_, _, FEATURES> { head, batch });
            }
            Self::Logistic { from_logits } => simd.vectorize(wide::Logistic { from_logits, batch }),
            Self::Separate(loss) => loss.separate::<S, T, FEATURES>(simd, batch),
        }
    }
}

/// A loss that treats each output by itself, of some rows.
pub(crate) fn pointwise<S: Simd, T: Float, const FEATURES: bool>(
    simd: S,
    loss: impl PointwiseLoss,
    batch: Batch<'_, '_, T>,
) {
    if batch.is_narrow() {
        simd.vectorize(narrow::Blocks::<_, _, FEATURES> { head: narrow::Pointwise(loss), batch });
    } else {
        simd.vectorize(wide::Pointwise { loss, batch });
    }
}

impl<'a, 'b, T: Float> Batch<'a, 'b, T> {
    /// Whether a row has so few outputs that rows, rather than outputs, fill a vector.
    fn is_narrow(&self) -> bool {
        self.outputs.width <= narrow::MOST_COLUMNS
    }

    /// Each row's outputs, deltas, values and target.
    fn rows(self) -> impl Iterator<Item = (&'b mut [T], &'b mut [T], &'b mut [T], Target<'a, T>)> {
        let targets = self.rows.iter().map(move |&row| self.targets.row(row as usize));
        let rows =
            self.outputs.into_rows().zip(self.deltas.into_rows()).zip(self.values.into_rows()).zip(targets);
        rows.map(|(((o, d), v), t)| (o, d, v, t))
    }
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

#[cfg(test)]
mod tests;
