//! Where pieces of the gradient go: into an update, or into an array.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::area::Areas;
use super::piece::{Beyond, Scale, Squares};
use crate::gemm::all_finite;
use crate::layer::Sink;
use crate::optimizer::{MOST_SLOTS, Part, Rule};
use crate::simd::{Float, Simd, lanewise};
use crate::workspace::Scratch;

/// Parts of all that an update reads and changes; empty where there is no such array.
#[derive(Debug)]
pub struct Slices<'a, T> {
    /// The parameters.
    pub parameters: &'a mut [T],
    /// What the optimizer remembers.
    pub slots: [&'a mut [T]; MOST_SLOTS],
    /// The sum of the gradients of earlier steps.
    pub accumulated: &'a mut [T],
    /// The parameters' running mean.
    pub mean: &'a mut [T],
    /// The gradients, where all have to be known before the first is used.
    pub gradients: &'a mut [T],
}

/// How many arrays these are.
const ARRAYS: usize = MOST_SLOTS + 4;

impl<T> Slices<'_, T> {
    /// The same for a shorter time.
    pub fn reborrow(&mut self) -> Slices<'_, T> {
        Slices {
            parameters: self.parameters,
            slots: self.slots.each_mut().map(|slot| &mut **slot),
            accumulated: self.accumulated,
            mean: self.mean,
            gradients: self.gradients,
        }
    }

    /// A part of each.
    fn part(&mut self, place: Range<usize>) -> Slices<'_, T> {
        Slices {
            parameters: cut(self.parameters, &place),
            slots: self.slots.each_mut().map(|slot| cut(slot, &place)),
            accumulated: cut(self.accumulated, &place),
            mean: cut(self.mean, &place),
            gradients: cut(self.gradients, &place),
        }
    }
}

/// A part of a slice, unless that is empty.
fn cut<'a, T>(slice: &'a mut [T], place: &Range<usize>) -> &'a mut [T] {
    if slice.is_empty() { slice } else { &mut slice[place.clone()] }
}

impl<'a, T> From<Slices<'a, T>> for [&'a mut [T]; ARRAYS] {
    fn from(slices: Slices<'a, T>) -> Self {
        let Slices { parameters, slots, accumulated, mean, gradients } = slices;
        let mut arrays = [parameters, accumulated, mean, gradients].into_iter().chain(slots);
        std::array::from_fn(|_| arrays.next().expect("as many as counted"))
    }
}

impl<'a, T> From<[&'a mut [T]; ARRAYS]> for Slices<'a, T> {
    fn from([parameters, accumulated, mean, gradients, slots @ ..]: [&'a mut [T]; ARRAYS]) -> Self {
        Self { parameters, slots, accumulated, mean, gradients }
    }
}

/// Sums over a worker's part, run by run.
#[derive(Debug, Default)]
pub struct Sums {
    /// The penalties of weights.
    pub penalties: Vec<f64>,
    /// The squares of gradients, with the number of the array that they are of.
    squares: Vec<(usize, f64)>,
}

impl Sums {
    /// Nothing summed yet.
    pub fn clear(&mut self) {
        self.penalties.clear();
        self.squares.clear();
    }

    /// The penalties of all runs.
    pub fn penalty(&self) -> f64 {
        self.penalties.iter().sum()
    }
}

/// What each array's gradient is multiplied by, so that none is longer than the first norm, and all together
/// not longer than the second.
pub fn factors<T>(
    scratches: &[Scratch<T>],
    (each, together): (Option<f64>, Option<f64>),
    arrays: usize,
    factors: &mut Vec<f64>,
) {
    factors.clear();
    factors.resize(arrays, 0.0);
    for (array, square) in scratches.iter().flat_map(|scratch| &scratch.sums.squares) {
        factors[*array] += square;
    }
    let factor = |square: f64, limit: f64| match square.sqrt() {
        norm if norm.is_nan() => norm,
        norm => limit / norm.max(limit),
    };
    if let Some(limit) = each {
        factors.iter_mut().for_each(|square| *square = factor(*square, limit));
    } else if let Some(limit) = together {
        let all = factor(factors.iter().sum(), limit);
        factors.fill(all);
    }
}

/// Updates parameters with their gradients, as soon as these are summed; or keeps the gradients for it.
pub struct Update<'a, T> {
    /// The optimizer's rule.
    pub rule: Rule<T>,
    /// What happens beside it, if anything does.
    pub beyond: Option<&'a Beyond<'a, T>>,
    /// Where in the flat array the slices begin.
    pub start: usize,
    /// What is changed.
    pub slices: Slices<'a, T>,
    /// What is summed.
    pub sums: &'a mut Sums,
    /// Parameters of which is noted if they become infinite or NaN.
    pub watched: Range<usize>,
    /// The note.
    pub finite: &'a AtomicBool,
}

impl<T: Float> Sink<T> for Update<'_, T> {
    fn take<S: Simd>(&mut self, simd: S, range: Range<usize>, gradients: &mut [T]) {
        if let Some(beyond) = self.beyond {
            let slices = self.slices.part(range.start - self.start..range.end - self.start);
            let pair = (&*slices.parameters, &mut *gradients);
            let updates =
                beyond.prepare(simd, range.clone(), pair, slices.accumulated, &mut self.sums.penalties);
            if updates && !slices.gradients.is_empty() {
                slices.gradients.copy_from_slice(gradients);
                note_squares(simd, beyond.areas, range, gradients, &mut self.sums.squares);
                return;
            }
            if !updates {
                return;
            }
        }
        self.apply(simd, range, gradients);
    }
}

impl<T: Float> Update<'_, T> {
    /// Updates the parameters of a range with gradients that are all there is to know.
    fn apply<S: Simd>(&mut self, simd: S, range: Range<usize>, gradients: &mut [T]) {
        let place = range.start - self.start..range.end - self.start;
        let parameters = &mut self.slices.parameters[place.clone()];
        if let Some(beyond) = self.beyond {
            beyond.before(simd, parameters, gradients);
        }
        let slots = self.slices.slots.each_mut().map(|slot| cut(slot, &place));
        self.rule.update(simd, Part { parameters, slots }, gradients);
        let parameters = &mut self.slices.parameters[place.clone()];
        if let Some(beyond) = self.beyond {
            beyond.after(simd, range.clone(), parameters, cut(self.slices.mean, &place));
        }
        if self.watched.contains(&range.start) && !all_finite(simd, parameters) {
            self.finite.store(false, Ordering::Relaxed);
        }
    }

    /// Updates the parameters of ranges with their part of all gradients.
    pub fn sweep<S: Simd>(
        &mut self,
        simd: S,
        ranges: impl Iterator<Item = Range<usize>>,
        gradients: &mut [T],
    ) {
        for range in ranges {
            self.take(simd, range.clone(), &mut gradients[range]);
        }
    }

    /// Updates the parameters of a part with gradients that were kept, multiplied by their array's factor.
    pub fn scaled<S: Simd>(&mut self, simd: S, part: Range<usize>, factors: &[f64]) {
        let areas = self.beyond.map(|beyond| beyond.areas);
        for run in areas.into_iter().flat_map(|areas| areas.runs(part.clone())) {
            let place = run.range.start - self.start..run.range.end - self.start;
            let gradients = std::mem::take(&mut self.slices.gradients);
            let factor = T::from_f64(factors[run.terms.array]);
            lanewise(simd, &Scale { factor }, [&mut gradients[place.clone()]], []);
            self.apply(simd, run.range, &mut gradients[place]);
            self.slices.gradients = gradients;
        }
    }

    /// Brings the kernels of a part, which is of whole panels, back to their constraints, and then averages
    /// what was not averaged before.
    pub fn constrain<S: Simd>(&mut self, simd: S, part: Range<usize>) {
        let Some(beyond) = self.beyond else { return };
        for (range, columns) in beyond.areas.constrained_panels(part) {
            let Slices { parameters, mean, .. } =
                self.slices.part(range.start - self.start..range.end - self.start);
            if let Some((constraint, columns)) = columns {
                let first = parameters.len() - columns.0 * columns.1;
                constraint.columns(simd, &mut parameters[first..], columns.1);
            }
            beyond.average(simd, parameters, mean);
            if self.watched.contains(&range.start) && !all_finite(simd, parameters) {
                self.finite.store(false, Ordering::Relaxed);
            }
        }
    }
}

/// Notes the squares of gradients, run by run; value by value where an array may be cut anywhere.
fn note_squares<S: Simd, T: Float>(
    simd: S,
    areas: &Areas<T>,
    range: Range<usize>,
    gradients: &[T],
    squares: &mut Vec<(usize, f64)>,
) {
    for run in areas.runs(range.clone()) {
        let values = &gradients[run.range.start - range.start..run.range.end - range.start];
        if run.is_whole {
            squares.push((run.terms.array, simd.vectorize(Squares(values)).to_f64()));
        } else {
            squares.extend(values.iter().map(|value| (run.terms.array, (*value * *value).to_f64())));
        }
    }
}

/// Keeps gradients, or adds them to those of the rows before.
pub struct Keep<'a, T> {
    /// Where in the flat array the gradients begin.
    pub start: usize,
    /// Where the gradients go.
    pub gradients: &'a mut [T],
    /// Whether there are no rows before.
    pub first: bool,
}

impl<T: Float> Sink<T> for Keep<'_, T> {
    fn take<S: Simd>(&mut self, _simd: S, range: Range<usize>, gradients: &mut [T]) {
        let kept = &mut self.gradients[range.start - self.start..range.end - self.start];
        if self.first {
            return kept.copy_from_slice(gradients);
        }
        for (kept, &mut gradient) in kept.iter_mut().zip(gradients) {
            *kept += gradient;
        }
    }
}
