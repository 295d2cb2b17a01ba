//! Losses that treat each output by itself, alone or fused with sigmoid.

use super::Rule;
use super::narrow::{MOST_COLUMNS, Wanted, sum};
use crate::loss::{PointwiseLoss, Target};
use crate::math::sigmoid;
use crate::reduce::Sum;
use crate::simd::{Float, Vector, first, read, write};

/// A loss that treats each output by itself.
pub(crate) struct Pointwise<L>(pub L);

impl<L: PointwiseLoss> Rule for Pointwise<L> {
    #[inline(always)]
    fn block<V: Vector>(
        &self,
        outputs: &mut [V],
        deltas: &mut [V],
        wanted: &Wanted<V>,
        scale: V::Element,
    ) -> V {
        let Wanted::Values(wanted) = wanted else { unreachable!("class indices are of softmax alone") };
        let columns = V::Element::from_f64(outputs.len() as f64);
        let scale = V::splat(scale / columns);
        let mut costs = [V::constant(0.0); MOST_COLUMNS];
        for (index, &a) in outputs.iter().enumerate() {
            costs[index] = self.0.value(a, wanted[index]);
            deltas[index] = self.0.slope(a, wanted[index]).mul(scale);
        }
        sum(&costs[..outputs.len()]).div(V::splat(columns))
    }

    #[inline(always)]
    fn row<V: Vector>(
        &self,
        outputs: &mut [V::Element],
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
            sum.add(index * V::LANES, first(self.0.value(a, t), output.len()));
            write(self.0.slope(a, t).mul(scale), delta);
        }
        sum.total() / columns
    }
}

/// Sigmoid and a loss of yes-or-no outputs.
pub(super) struct Logistic<L> {
    pub loss: L,
    pub from_logits: bool,
}

impl<L: PointwiseLoss> Rule for Logistic<L> {
    #[inline(always)]
    fn changes_outputs(&self) -> bool {
        !self.from_logits
    }

    #[inline(always)]
    fn block<V: Vector>(
        &self,
        outputs: &mut [V],
        deltas: &mut [V],
        wanted: &Wanted<V>,
        scale: V::Element,
    ) -> V {
        let losses = Pointwise(self.loss).block(outputs, deltas, wanted, scale);
        if !self.from_logits {
            for output in outputs {
                *output = sigmoid(*output);
            }
        }
        losses
    }

    #[inline(always)]
    fn row<V: Vector>(
        &self,
        outputs: &mut [V::Element],
        deltas: &mut [V::Element],
        target: Target<'_, V::Element>,
        scale: V::Element,
    ) -> V::Element {
        let loss = Pointwise(self.loss).row::<V>(outputs, deltas, target, scale);
        if !self.from_logits {
            for chunk in outputs.chunks_mut(V::LANES) {
                write(sigmoid(read::<V>(chunk)), chunk);
            }
        }
        loss
    }
}
