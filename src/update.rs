//! The second phase of a step: gradients over all rows of a batch, and what they change.
//!
//! Ranges of the parameters are shared out. Each worker sums the gradients of its range, piece by piece, and
//! hands every piece to a [`Sink`] while it is in the first-level cache: one that updates the parameters,
//! or one that keeps the gradients. What an optimizer remembers between steps is here too.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::buffer::Buffer;
use crate::error::Result;
use crate::gemm::all_finite;
use crate::layer::Sink;
use crate::network::{Network, Way};
use crate::optimizer::{MOST_SLOTS, Memory, Optimizer, Part, Rule};
use crate::parallel::{Matrices, Team};
use crate::simd::{Float, Simd};
use crate::workspace::Scratch;

/// What follows the gradients: the optimizer, and what it remembers.
#[derive(Debug)]
pub struct Learner<T> {
    /// The optimizer, with the learning rate that it has now.
    pub optimizer: Optimizer,
    /// The steps made since the model was compiled.
    pub step: u64,
    /// What the optimizer remembers of each parameter.
    pub slots: Vec<Buffer<T>>,
    memory: Memory,
}

/// Those who work on the second phase, and the parts of the flat array that are theirs.
#[derive(Debug)]
pub struct Workers<'a, 't, T> {
    /// The threads.
    pub team: &'a Team<'t>,
    /// Worker `w` has `bounds[w]..bounds[w + 1]`.
    pub bounds: &'a [usize],
    /// What each has for itself.
    pub scratches: &'a mut [Scratch<T>],
}

/// A batch that has passed forward and back.
#[derive(Clone, Copy, Debug)]
pub struct Passed<'a, T> {
    /// What it has passed through.
    pub network: &'a Network,
    /// What was computed of its rows.
    pub matrices: &'a Matrices<T>,
    /// How many rows it has.
    pub rows: usize,
    /// How it passed.
    pub way: Way<'a, T>,
}

impl<T: Float> Passed<'_, T> {
    /// The gradients of a part of the parameters, piece by piece into a sink.
    fn gradients<S: Simd>(
        &self,
        simd: S,
        part: Range<usize>,
        scratch: &mut Scratch<T>,
        sink: &mut impl Sink<T>,
    ) {
        self.network.gradients(simd, self.matrices, self.rows, part, self.way, scratch, sink);
    }

    /// The gradients of all parameters, added to those of other rows unless these are the first.
    pub fn add_gradients<S: Simd>(
        &self,
        simd: S,
        workers: Workers<'_, '_, T>,
        gradients: &mut [T],
        first: bool,
    ) {
        let Workers { team, bounds, scratches } = workers;
        team.by_parts([gradients], bounds, scratches, |part, [gradients], scratch| {
            let mut keep = Keep { start: part.start, gradients, first };
            self.gradients(simd, part, scratch, &mut keep);
        });
    }
}

impl<T: Float> Learner<T> {
    /// One that has learned nothing.
    ///
    /// # Errors
    /// There is no memory for what it has to remember.
    pub fn new(network: &Network, optimizer: Optimizer) -> Result<Self> {
        let slot = |initial: f64| {
            let mut slot = Buffer::zeros(network.size())?;
            if initial != 0.0 {
                slot.fill(T::from_f64(initial));
            }
            Ok(slot)
        };
        let slots = optimizer.initial_slots().into_iter().map(slot).collect::<Result<_>>()?;
        Ok(Self { slots, optimizer, step: 0, memory: Memory::default() })
    }

    /// The rule of the next step, and the slots that it is for.
    pub fn next_rule(&mut self) -> (Rule<T>, [&mut [T]; MOST_SLOTS]) {
        let rule = self.optimizer.at_step(self.step + 1, &mut self.memory);
        let mut slots = self.slots.iter_mut();
        (rule, std::array::from_fn(|_| slots.next().map_or(&mut [] as &mut [T], |slot| &mut slot[..])))
    }

    /// Changes the parameters by the gradients of a batch. `finite` is cleared if one of the first layer's
    /// weights becomes infinite or NaN.
    pub fn learn<S: Simd>(
        &mut self,
        simd: S,
        workers: Workers<'_, '_, T>,
        passed: Passed<'_, T>,
        parameters: &mut [T],
        finite: &AtomicBool,
    ) {
        let Workers { team, bounds, scratches } = workers;
        let (rule, [first, second, third]) = self.next_rule();
        let arrays = [parameters, first, second, third];
        let watched = if passed.way.skips_zeros { passed.network.first_weights() } else { 0..0 };
        team.by_parts(arrays, bounds, scratches, |part, [parameters, first, second, third], scratch| {
            let slots = [first, second, third];
            let watched = watched.clone();
            let mut update = Update { rule, start: part.start, parameters, slots, watched, finite };
            passed.gradients(simd, part, scratch, &mut update);
        });
        self.step += 1;
    }
}

/// Updates parameters with their gradients, as soon as these are summed.
struct Update<'a, T> {
    rule: Rule<T>,
    /// Where in the flat array the parameters begin.
    start: usize,
    parameters: &'a mut [T],
    slots: [&'a mut [T]; MOST_SLOTS],
    /// Parameters of which is noted if they become infinite or NaN.
    watched: Range<usize>,
    finite: &'a AtomicBool,
}

impl<T: Float> Sink<T> for Update<'_, T> {
    fn take<S: Simd>(&mut self, simd: S, range: Range<usize>, gradients: &[T]) {
        let place = range.start - self.start..range.end - self.start;
        let parameters = &mut self.parameters[place.clone()];
        let slots = self
            .slots
            .each_mut()
            .map(|slot| if slot.is_empty() { &mut slot[..] } else { &mut slot[place.clone()] });
        self.rule.update(simd, Part { parameters, slots }, gradients);
        if self.watched.contains(&range.start) && !all_finite(simd, &self.parameters[place]) {
            self.finite.store(false, Ordering::Relaxed);
        }
    }
}

/// Keeps gradients, or adds them to those of the rows before.
struct Keep<'a, T> {
    start: usize,
    gradients: &'a mut [T],
    first: bool,
}

impl<T: Float> Sink<T> for Keep<'_, T> {
    fn take<S: Simd>(&mut self, _simd: S, range: Range<usize>, gradients: &[T]) {
        let kept = &mut self.gradients[range.start - self.start..range.end - self.start];
        if self.first {
            return kept.copy_from_slice(gradients);
        }
        for (kept, &gradient) in kept.iter_mut().zip(gradients) {
            *kept += gradient;
        }
    }
}
