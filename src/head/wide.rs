//! Heads of many outputs: row by row, the outputs of a row in the lanes of a vector.

use super::{Batch, Rule};
use crate::loss::Target;
use crate::metric::{Decision, Metric};
use crate::simd::{Float, Kernel, Simd};

/// All rows of a batch, row by row.
pub(super) struct EachRow<'a, 'b, H, T> {
    pub head: H,
    pub batch: Batch<'a, 'b, T>,
}

impl<T: Float, H: Rule> Kernel for EachRow<'_, '_, H, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { head, batch } = self;
        let (scale, metrics) = (batch.scale, batch.metrics);
        for (outputs, deltas, values, target) in batch.rows() {
            values[0] = head.row::<T::Vector<S>>(outputs, deltas, target, scale);
            measure(&outputs[head.measured(outputs.len())], &mut values[1..], target, metrics);
        }
    }
}

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
