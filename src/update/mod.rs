//! The second phase of a step: gradients over all rows of a batch, and what they change.
//!
//! Ranges of the parameters are shared out. Each worker sums the gradients of its range, piece by piece, and
//! hands every piece to a [`Sink`] while it is in the first-level cache: one that updates the parameters,
//! or one that keeps the gradients. What an optimizer remembers between steps is here too.
//!
//! In this order, where it is asked for: the gradient of penalties, masks, accumulation over steps, clipping,
//! weight decay, the optimizer's rule, constraints, averaging. To clip by a norm, the whole gradient has to be
//! known first, and to constrain a node, all its weights: then threads meet once more.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use crate::buffer::Buffer;
use crate::error::Result;
use crate::layer::Sink;
use crate::network::{Network, Way};
use crate::optimizer::{MOST_SLOTS, Memory, Optimizer, Rule};
use crate::parallel::{Matrices, Team};
use crate::simd::{Float, Simd};
use crate::workspace::Scratch;

mod area;
mod piece;
mod sink;

use area::{Areas, Run};
use piece::{Accumulation, Beyond};
use sink::{Keep, Slices, Update};

pub use sink::Sums;

/// What happens beside an optimizer's rule, as a configuration describes it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UpdateSpec {
    /// The share of a parameter, times the learning rate, that a step takes away before the rule
    /// (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019).
    pub weight_decay: f64,
    /// The most that a gradient's value may be, of either sign.
    pub clip_value: Option<f64>,
    /// The longest that the gradient of one array may be (Pascanu, Mikolov and Bengio 2013).
    pub clip_norm: Option<f64>,
    /// The longest that the gradient of all arrays together may be.
    pub global_clip_norm: Option<f64>,
    /// The share of the parameters' running mean that an update keeps (Polyak and Juditsky 1992); none for no mean.
    pub ema_momentum: Option<f64>,
    /// Over how many steps gradients are averaged before an update.
    pub accumulation_steps: u64,
}

impl Default for UpdateSpec {
    fn default() -> Self {
        Self {
            weight_decay: 0.0,
            clip_value: None,
            clip_norm: None,
            global_clip_norm: None,
            ema_momentum: None,
            accumulation_steps: 1,
        }
    }
}

/// What follows the gradients: the optimizer, and what it remembers.
#[derive(Debug)]
pub struct Learner<T> {
    /// The optimizer, with the learning rate that it has now.
    pub optimizer: Optimizer,
    /// How many of the slots are the optimizer's.
    own_slots: usize,
    spec: UpdateSpec,
    /// The steps made since the model was compiled.
    pub step: u64,
    /// What is remembered of each parameter: the optimizer's slots, then the accumulated gradients and the
    /// parameters' running mean, where there are such.
    pub slots: Vec<Buffer<T>>,
    memory: Memory,
    areas: Areas<T>,
    /// Whether nothing happens beside the optimizer's rule.
    is_plain: bool,
    /// The gradients, where all have to be known before the first is used.
    gradients: Buffer<T>,
    room: Room<T>,
    /// What the penalties of the next batch are multiplied by.
    pub penalty_factor: f64,
    /// The penalty of the last batch, from before its update.
    pub penalty: f64,
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

/// What one step does and changes: the parts of a learner that it needs.
struct Now<'a, T> {
    rule: Rule<T>,
    /// Nothing where the rule is all.
    beyond: Option<Beyond<'a, T>>,
    /// All but the parameters.
    slices: Slices<'a, T>,
    room: &'a mut Room<T>,
    penalty: &'a mut f64,
}

/// What is worked out at every step, kept for its memory.
#[derive(Debug)]
struct Room<T> {
    /// What each array's gradient is multiplied by.
    factors: Vec<f64>,
    /// What one thread alone sums.
    sums: Sums,
    /// Biases, side by side.
    biases: Vec<T>,
    /// Where a team parts the panels.
    bounds: Vec<usize>,
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
    pub fn new(network: &Network, optimizer: Optimizer, spec: UpdateSpec) -> Result<Self> {
        let more = usize::from(spec.accumulation_steps > 1) + usize::from(spec.ema_momentum.is_some());
        let slot = |initial: f64| {
            let mut slot = Buffer::zeros(network.size())?;
            if initial != 0.0 {
                slot.fill(T::from_f64(initial));
            }
            Ok(slot)
        };
        let mut initial = optimizer.initial_slots();
        let own_slots = initial.len();
        initial.resize(own_slots + more, 0.0);
        let slots = initial.into_iter().map(slot).collect::<Result<_>>()?;
        let by_norm = spec.clip_norm.is_some() || spec.global_clip_norm.is_some();
        let areas = Areas::new(network)?;
        Ok(Self {
            is_plain: spec == UpdateSpec::default() && !areas.are_special(),
            slots,
            own_slots,
            optimizer,
            spec,
            step: 0,
            memory: Memory::default(),
            areas,
            gradients: Buffer::zeros(if by_norm { network.size() } else { 0 })?,
            room: Room { factors: Vec::new(), sums: Sums::default(), biases: Vec::new(), bounds: Vec::new() },
            penalty_factor: 1.0,
            penalty: 0.0,
        })
    }

    /// Takes note that some layers have begun or ended to learn. The running mean of those that have begun
    /// starts from their parameters.
    ///
    /// # Errors
    /// There is no memory for masks.
    pub fn refresh(&mut self, network: &Network, begun: Range<usize>, parameters: &[T]) -> Result<()> {
        self.areas = Areas::new(network)?;
        self.is_plain = self.spec == UpdateSpec::default() && !self.areas.are_special();
        self.room.bounds.clear();
        if self.spec.ema_momentum.is_some() {
            let mean = self.slots.last_mut().expect("room for the mean");
            mean[begun.clone()].copy_from_slice(&parameters[begun]);
        }
        Ok(())
    }

    /// The learning rate of the next update.
    pub fn learning_rate(&self) -> f64 {
        self.optimizer.learning_rate(self.step / self.spec.accumulation_steps + 1)
    }

    /// Whether an update treats each parameter by itself, so that one sweep does it.
    pub fn is_elementwise(&self) -> bool {
        self.gradients.is_empty() && !self.areas.constrained
    }

    /// Whether nothing happens beside the optimizer's rule.
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// The penalty of these parameters.
    pub fn penalty_of<S: Simd>(&self, simd: S, parameters: &[T]) -> f64 {
        let runs = self.areas.regularized.then(|| self.areas.runs(0..parameters.len()));
        let penalty = |run: Run| {
            let regularizer = run.terms.regularizer?;
            Some(regularizer.penalty(simd, &parameters[run.range]).to_f64())
        };
        runs.into_iter().flatten().filter_map(penalty).sum()
    }

    /// The rule of the next step, and the slots that it is for, where nothing happens beside it: what
    /// [`Self::now`] gives, without what a small network's step would have to wait for.
    #[inline(always)] // a step of three hundred nanoseconds would feel the call
    pub fn next_rule(&mut self) -> (Rule<T>, [&mut [T]; MOST_SLOTS]) {
        let rule = self.optimizer.at_step(self.step + 1, &mut self.memory);
        let mut slots = self.slots.iter_mut();
        (rule, std::array::from_fn(|_| slots.next().map_or(&mut [] as &mut [T], |slot| &mut slot[..])))
    }

    fn now(&mut self) -> Now<'_, T> {
        let Self {
            optimizer,
            spec,
            step,
            slots,
            own_slots,
            memory,
            areas,
            gradients,
            room,
            penalty_factor,
            penalty,
            is_plain,
        } = self;
        // Most have no need of a division.
        let updates = if *is_plain { *step } else { *step / spec.accumulation_steps };
        let beyond = || {
            let accumulation = match spec.accumulation_steps {
                1 => Accumulation::None,
                count if (*step + 1).is_multiple_of(count) => Accumulation::Last(T::from_f64(count as f64)),
                _ => Accumulation::Adding,
            };
            let decay = optimizer.learning_rate(updates + 1) * spec.weight_decay;
            // The first update makes the mean.
            let kept = |momentum| if updates == 0 { 0.0 } else { momentum };
            Beyond {
                areas,
                penalty_factor: *penalty_factor,
                accumulation,
                clip: spec.clip_value.map(T::from_f64),
                decay: (spec.weight_decay > 0.0).then(|| T::from_f64(decay)),
                mean: spec.ema_momentum.map(kept).map(|kept| (T::from_f64(kept), T::from_f64(1.0 - kept))),
            }
        };
        let mut slots = slots.iter_mut().map(|slot| &mut slot[..]);
        let mut next = |wanted: bool| if wanted { slots.next().unwrap_or_default() } else { &mut [] };
        let slices = Slices {
            parameters: &mut [],
            slots: std::array::from_fn(|index| next(index < *own_slots)),
            accumulated: next(spec.accumulation_steps > 1),
            mean: next(spec.ema_momentum.is_some()),
            gradients,
        };
        let rule = optimizer.at_step(updates + 1, memory);
        Now { rule, beyond: (!*is_plain).then(beyond), slices, room, penalty }
    }

    /// A step of a network whose gradients lie there, over ranges that are all its parameters, by one thread.
    pub fn sweep<S: Simd>(
        &mut self,
        simd: S,
        ranges: impl Iterator<Item = Range<usize>>,
        parameters: &mut [T],
        gradients: &mut [T],
    ) {
        let Now { rule, beyond, slices, room: Room { sums, .. }, penalty } = self.now();
        let finite = &AtomicBool::new(true);
        sums.clear();
        let slices = Slices { parameters, ..slices };
        let mut update =
            Update { rule, beyond: beyond.as_ref(), start: 0, slices, sums, watched: 0..0, finite };
        update.sweep(simd, ranges, gradients);
        *penalty = sums.penalty();
        self.step += 1;
    }

    /// Adds the gradient of the penalties to that of the loss by all parameters, and takes that of missing
    /// connections away. Gives the penalty.
    pub fn add_penalties<S: Simd>(&self, simd: S, parameters: &[T], gradients: &mut [T]) -> f64 {
        let mut penalties = Vec::new();
        let all = 0..parameters.len();
        piece::add_slopes(simd, &self.areas, all, 1.0, (parameters, gradients), &mut penalties);
        penalties.iter().sum()
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
        let by_norm = (self.spec.clip_norm, self.spec.global_clip_norm);
        let Now { rule, beyond, slices, room, penalty: total } = self.now();
        let mut slices = Slices { parameters, ..slices };
        let beyond = beyond.as_ref();
        let watched = if passed.way.skips_zeros { passed.network.first_weights() } else { 0..0 };
        if beyond.is_some() {
            scratches.iter_mut().for_each(|scratch| scratch.sums.clear());
        }
        team.by_parts(slices.reborrow().into(), bounds, scratches, |part, arrays, scratch| {
            let mut sums = std::mem::take(&mut scratch.sums);
            let (start, slices, watched) = (part.start, Slices::from(arrays), watched.clone());
            let mut update = Update { rule, beyond, start, slices, sums: &mut sums, watched, finite };
            passed.gradients(simd, part, scratch, &mut update);
            scratch.sums = sums;
        });
        let updates = beyond.filter(|beyond| beyond.accumulation != Accumulation::Adding);
        if beyond.is_some() {
            *total = penalty(&scratches[..team.size()]);
        }
        if let Some(beyond) = updates.filter(|_| !slices.gradients.is_empty()) {
            sink::factors(&scratches[..team.size()], by_norm, beyond.areas.arrays, &mut room.factors);
            let factors = &room.factors[..];
            team.by_parts(slices.reborrow().into(), bounds, scratches, |part, arrays, scratch| {
                let (start, slices, watched) = (part.start, Slices::from(arrays), watched.clone());
                let (beyond, sums) = (Some(beyond), &mut scratch.sums);
                let mut update = Update { rule, beyond, start, slices, sums, watched, finite };
                update.scaled(simd, part, factors);
            });
        }
        if let Some(beyond) = updates.filter(|beyond| beyond.areas.constrained) {
            beyond.areas.constrain_biases(simd, slices.parameters, &mut room.biases);
            beyond.areas.part_panels(slices.parameters.len(), team.size(), &mut room.bounds);
            team.by_parts(slices.into(), &room.bounds, scratches, |part, arrays, scratch| {
                let (start, slices, watched) = (part.start, Slices::from(arrays), watched.clone());
                let (beyond, sums) = (Some(beyond), &mut scratch.sums);
                let mut update = Update { rule, beyond, start, slices, sums, watched, finite };
                update.constrain(simd, part);
            });
        }
        self.step += 1;
    }
}

/// The penalty that workers have summed.
fn penalty<T>(scratches: &[Scratch<T>]) -> f64 {
    scratches.iter().flat_map(|scratch| &scratch.sums.penalties).sum()
}
