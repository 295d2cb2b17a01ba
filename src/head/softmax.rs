//! Softmax and a loss of one choice among classes.

use super::Rule;
use super::narrow::{MOST_COLUMNS, Wanted, sum};
use crate::loss::Target;
use crate::loss::categorical::ShareLoss;
use crate::math::{exp_not_above_one, log};
use crate::reduce::Sum;
use crate::simd::{Float, Vector, first, first_lane, read, write};
use crate::softmax;

/// Softmax and the categorical cross-entropy.
pub(super) struct Softmax {
    pub from_logits: bool,
}

impl Rule for Softmax {
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
        let count = outputs.len();
        let mut shares = [V::constant(0.0); MOST_COLUMNS];
        let (maximum, log_total) = shares_of(outputs, &mut shares[..count]);
        let scale = V::splat(scale);
        let losses = match wanted {
            Wanted::Classes(classes) => {
                let mut logit = maximum;
                for index in 0..count {
                    let distance = classes.sub(V::constant(index as f64)).abs();
                    let here = distance.less(V::constant(0.5));
                    logit = V::select(here, outputs[index], logit);
                    let one = V::select(here, V::constant(1.0), V::constant(0.0));
                    deltas[index] = shares[index].sub(one).mul(scale);
                }
                log_total.sub(logit.sub(maximum))
            }
            Wanted::Values(wanted) => {
                let all = sum(&wanted[..count]);
                let mut costs = [V::constant(0.0); MOST_COLUMNS];
                for index in 0..count {
                    costs[index] = log_total.sub(outputs[index].sub(maximum)).mul(wanted[index]);
                    deltas[index] = shares[index].mul(all).sub(wanted[index]).mul(scale);
                }
                sum(&costs[..count])
            }
        };
        if !self.from_logits {
            outputs.copy_from_slice(&shares[..count]);
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
        let loss = softmax_row::<V>(outputs, deltas, target);
        if !self.from_logits {
            outputs.copy_from_slice(deltas);
        }
        softmax_deltas::<V>(deltas, target, scale);
        loss
    }
}

/// Softmax and another loss of shares.
pub(super) struct Shares<L> {
    pub loss: L,
    pub from_logits: bool,
}

impl<L: ShareLoss> Rule for Shares<L> {
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
        let count = outputs.len();
        let mut shares = [V::constant(0.0); MOST_COLUMNS];
        let (maximum, log_total) = shares_of(outputs, &mut shares[..count]);
        let mut costs = [V::constant(0.0); MOST_COLUMNS];
        let mut weights = [V::constant(0.0); MOST_COLUMNS];
        for index in 0..count {
            let surprise = log_total.sub(outputs[index].sub(maximum));
            costs[index] = self.loss.cost(surprise, wanted.of(index));
            weights[index] = self.loss.weight(surprise, wanted.of(index));
        }
        let (all, scale) = (sum(&weights[..count]), V::splat(scale));
        for index in 0..count {
            deltas[index] = shares[index].mul(all).sub(weights[index]).mul(scale);
        }
        if !self.from_logits {
            outputs.copy_from_slice(&shares[..count]);
        }
        sum(&costs[..count])
    }

    #[inline(always)]
    fn row<V: Vector>(
        &self,
        outputs: &mut [V::Element],
        deltas: &mut [V::Element],
        target: Target<'_, V::Element>,
        scale: V::Element,
    ) -> V::Element {
        deltas.copy_from_slice(outputs);
        let row = softmax::row::<V>(deltas);
        let (log_sum, maximum) = (log(V::splat(row.sum)), V::splat(row.maximum));
        let (mut costs, mut weights) = (Sum::<V>::zero(), Sum::<V>::zero());
        for (index, logits) in outputs.chunks(V::LANES).enumerate() {
            let (start, width) = (index * V::LANES, logits.len());
            let surprise = log_sum.sub(read::<V>(logits).sub(maximum));
            let wanted = wanted_of::<V>(target, start, width);
            costs.add(start, first(self.loss.cost(surprise, wanted), width));
            weights.add(start, first(self.loss.weight(surprise, wanted), width));
        }
        let (all, scale) = (V::splat(weights.total()), V::splat(scale));
        for (index, (logits, deltas)) in
            outputs.chunks_mut(V::LANES).zip(deltas.chunks_mut(V::LANES)).enumerate()
        {
            let surprise = log_sum.sub(read::<V>(logits).sub(maximum));
            let wanted = wanted_of::<V>(target, index * V::LANES, logits.len());
            let share = read::<V>(deltas);
            if !self.from_logits {
                write(share, logits);
            }
            write(share.mul(all).sub(self.loss.weight(surprise, wanted)).mul(scale), deltas);
        }
        costs.total()
    }
}

/// Leaves the shares of net inputs in `shares`; gives the net inputs' maximum, and the logarithm of the sum of
/// `exp(z - maximum)`.
#[inline(always)]
fn shares_of<V: Vector>(outputs: &[V], shares: &mut [V]) -> (V, V) {
    let mut maximum = outputs[0];
    for &z in &outputs[1..] {
        maximum = maximum.max(z);
    }
    for (share, &z) in shares.iter_mut().zip(outputs.iter()) {
        *share = exp_not_above_one(z.sub(maximum));
    }
    let total = sum(shares);
    for share in shares {
        *share = share.div(total);
    }
    (maximum, log(total))
}

/// The shares that are wanted of the classes from `start` on.
#[inline(always)]
fn wanted_of<V: Vector>(target: Target<'_, V::Element>, start: usize, width: usize) -> V {
    match target {
        Target::Values(wanted) => read(&wanted[start..][..width]),
        Target::Class(class) => {
            let mut wanted = [V::Element::ZERO; 16];
            if (start..start + width).contains(&class) {
                wanted[class - start] = V::Element::ONE;
            }
            read(&wanted[..V::LANES])
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
