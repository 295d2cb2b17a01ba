//! Heads of many outputs: row by row, the outputs of a row in the lanes of a vector.

use super::{Batch, LogisticLoss};
use crate::loss::{PointwiseLoss, Target};
use crate::math::{log, sigmoid};
use crate::metric::{Decision, Metric};
use crate::reduce::Sum;
use crate::simd::{Float, Kernel, Simd, Vector, first, first_lane, read, write};
use crate::softmax;

/// The metrics of one row.
fn measure<T: Float>(
    outputs: &[T],
    values: &mut [T],
    target: Target<'_, T>,
    (metrics, decision): (&[Metric], Decision),
) {
    for (value, metric) in values.iter_mut().zip(metrics) {
        *value = metric.row(outputs, target, decision);
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

/// A loss that treats each output by itself.
pub(super) struct Pointwise<'a, 'b, L, T> {
    pub loss: L,
    pub batch: Batch<'a, 'b, T>,
}

impl<L: PointwiseLoss, T: Float> Kernel for Pointwise<'_, '_, L, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let (loss, scale, metrics) = (self.loss, self.batch.scale, self.batch.metrics);
        for (outputs, deltas, values, target) in self.batch.rows() {
            values[0] = pointwise_row::<T::Vector<S>>(&loss, outputs, deltas, target, scale);
            measure(outputs, &mut values[1..], target, metrics);
        }
    }
}

/// Sigmoid and the binary cross-entropy.
pub(super) struct Logistic<'a, 'b, T> {
    pub from_logits: bool,
    pub batch: Batch<'a, 'b, T>,
}

impl<T: Float> Kernel for Logistic<'_, '_, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { from_logits, batch } = self;
        let (scale, metrics) = (batch.scale, batch.metrics);
        for (outputs, deltas, values, target) in batch.rows() {
            values[0] = pointwise_row::<T::Vector<S>>(&LogisticLoss, outputs, deltas, target, scale);
            if !from_logits {
                for chunk in outputs.chunks_mut(T::Vector::<S>::LANES) {
                    write(sigmoid(read::<T::Vector<S>>(chunk)), chunk);
                }
            }
            measure(outputs, &mut values[1..], target, metrics);
        }
    }
}

/// Softmax and the categorical cross-entropy.
pub(super) struct Softmax<'a, 'b, T> {
    pub from_logits: bool,
    pub batch: Batch<'a, 'b, T>,
}

impl<T: Float> Kernel for Softmax<'_, '_, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { from_logits, batch } = self;
        let (scale, metrics) = (batch.scale, batch.metrics);
        for (outputs, deltas, values, target) in batch.rows() {
            values[0] = softmax_row::<T::Vector<S>>(outputs, deltas, target);
            if !from_logits {
                outputs.copy_from_slice(deltas);
            }
            softmax_deltas::<T::Vector<S>>(deltas, target, scale);
            measure(outputs, &mut values[1..], target, metrics);
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
