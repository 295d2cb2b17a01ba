//! Losses of several outputs for each column of the targets.

use std::ops::Range;

use super::Rule;
use super::narrow::{MOST_COLUMNS, Wanted, sum};
use crate::loss::{GroupLoss, MOST_IN_GROUP, Target};
use crate::reduce::Sum;
use crate::simd::{Float, Vector, first, read, write};

/// A loss of groups of outputs.
pub(crate) struct Grouped<'a, L>(pub &'a L);

impl<L: GroupLoss> Rule for Grouped<'_, L> {
    #[inline(always)]
    fn measured(&self, outputs: usize) -> Range<usize> {
        let columns = outputs / self.0.outputs();
        let first = self.0.point() * columns;
        first..first + columns
    }

    #[inline(always)]
    fn block<V: Vector>(
        &self,
        outputs: &mut [V],
        deltas: &mut [V],
        wanted: &Wanted<V>,
        scale: V::Element,
    ) -> V {
        let Wanted::Values(wanted) = wanted else { unreachable!("class indices are of softmax alone") };
        let each = self.0.outputs();
        let columns = outputs.len() / each;
        let count = V::Element::from_f64((columns * self.0.costs()) as f64);
        let scale = V::splat(scale / count);
        let mut costs = [V::constant(0.0); MOST_COLUMNS];
        let mut group = [V::constant(0.0); MOST_COLUMNS];
        for column in 0..columns {
            for index in 0..each {
                group[index] = outputs[index * columns + column];
            }
            costs[column] = self.0.group(&mut group[..each], wanted[column]);
            for index in 0..each {
                deltas[index * columns + column] = group[index].mul(scale);
            }
        }
        sum(&costs[..columns]).div(V::splat(count))
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
        let columns = wanted.len();
        let count = V::Element::from_f64((columns * self.0.costs()) as f64);
        let scale = V::splat(scale / count);
        let mut group = [V::constant(0.0); MOST_IN_GROUP];
        let group = &mut group[..self.0.outputs()];
        let mut sum = Sum::zero();
        for (index, wanted) in wanted.chunks(V::LANES).enumerate() {
            let (start, width) = (index * V::LANES, wanted.len());
            for (block, output) in group.iter_mut().enumerate() {
                *output = read(&outputs[block * columns + start..][..width]);
            }
            sum.add(start, first(self.0.group(group, read(wanted)), width));
            for (block, slope) in group.iter().enumerate() {
                write(slope.mul(scale), &mut deltas[block * columns + start..][..width]);
            }
        }
        sum.total() / count
    }
}
