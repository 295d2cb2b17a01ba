//! Training: the loop over batches, and the first phase of a step.
//!
//! Rows are shared out through the whole forward pass and back to the deltas; then ranges of the
//! parameters are shared out, for what follows from the gradients over all rows of the batch: [`crate::update`].

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use crate::buffer::Buffer;
use crate::error::{Error, Result};
use crate::head::{Batch, Head};
use crate::loss::{Loss, Targets};
use crate::metric::{Decision, Metric};
use crate::network::{Mode, Network, Way};
use crate::optimizer::Optimizer;
use crate::parallel::{Matrices, Team, with_team};
use crate::second_order::{Memory, SecondOrder};
use crate::simd::{Float, InstructionSet, Kernel, Simd, run_on};
use crate::small::{Small, Step};
use crate::source::{Source, Which, consecutive};
use crate::update::{Learner, Passed, UpdateSpec, Workers};
use crate::workspace::{INPUT, Plan, Scratch, VALUES};

/// How a model is trained, as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingSpec {
    /// How gradients change the parameters.
    pub optimizer: Optimizer,
    /// What happens beside that.
    #[serde(default)]
    pub update: UpdateSpec,
    /// What is made small.
    pub loss: Loss,
    /// What is reported beside it.
    pub metrics: Vec<Metric>,
}

/// What a compiled model has beside its network.
#[derive(Debug)]
pub struct Training<T> {
    spec: TrainingSpec,
    head: Head,
    decision: Decision,
    plan: Plan,
    /// What follows the gradients, and remembers.
    pub learner: Learner<T>,
    matrices: Matrices<T>,
    /// What layers learn of a batch where threads meet.
    statistics: Buffer<T>,
    scratches: Vec<Scratch<T>>,
    /// Whether the first layer's weights are finite.
    finite: AtomicBool,
    /// Another way for small networks.
    pub(crate) small: Option<Small<T>>,
    /// What an optimizer that looks at all rows remembers.
    pub memory: Memory<T>,
    /// The order of the rows in the last epoch: kept for its memory.
    pub order: Vec<u32>,
}

/// Inputs and targets, row for row.
#[derive(Clone, Copy, Debug)]
pub struct Data<'a, T> {
    /// The inputs.
    pub inputs: Source<'a>,
    /// What the outputs should be.
    pub targets: Targets<'a, T>,
    /// What each row's loss and delta are multiplied by; without them, nothing.
    pub weights: Option<&'a [T]>,
}

/// How an epoch goes through the data.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// Rows of a batch; the last one may have fewer.
    pub batch_size: usize,
    /// Whether the rows come in a random order.
    pub shuffle: bool,
    /// How many threads may work.
    pub threads: usize,
}

/// Floating-point operations in a phase that make another thread worth meeting: three microseconds or so.
pub const WORK_OF_A_MEETING: usize = 400_000;
/// Floating-point operations in all that make another thread worth waking: ten microseconds or so.
const WORK_OF_A_THREAD: usize = 1_500_000;
/// Operations between two looks at whether the caller wants to stop: a millisecond or so.
const WORK_BETWEEN_POLLS: usize = 100_000_000;

/// How many threads are worth their while for `rows` rows in all, of which `batch` are worked on between two
/// meetings, with so many operations a row.
pub fn worthwhile(threads: usize, rows: usize, batch: usize, operations: usize) -> usize {
    let starts = rows.saturating_mul(operations) / WORK_OF_A_THREAD;
    let meetings = batch.saturating_mul(operations) / WORK_OF_A_MEETING;
    threads.min(starts).min(meetings).min(batch).max(1)
}

/// Multiplications and additions of one row's way forward.
pub fn forward_work(network: &Network) -> usize {
    network.size().saturating_mul(2)
}

/// Some steps of training, or one of them without its update.
pub struct Steps<'a, 'd, T> {
    /// The rows.
    pub data: Data<'d, T>,
    /// How to go through them.
    pub pass: Pass,
    /// The order to take them in.
    pub order: &'a [u32],
    /// What the penalties of each batch are multiplied by; without them, nothing.
    pub penalty_factors: Option<&'a [f64]>,
    /// Where to keep the outputs, those of each row before its update, in the order of the rows.
    pub outputs: Option<&'a mut [T]>,
    /// What the rows' losses and metrics are added to, one row after another.
    pub totals: &'a mut [f64],
    /// Asked now and then whether to go on.
    pub go_on: &'a mut dyn FnMut() -> bool,
}

struct Run<'a, 's, 'd, T> {
    network: &'a Network,
    parameters: &'a mut [T],
    training: &'a mut Training<T>,
    seed: u64,
    steps: Steps<'s, 'd, T>,
}

impl<T: Float> Kernel for Run<'_, '_, '_, T> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Self { network, parameters, training, seed, steps } = self;
        let Steps { data, pass, order, penalty_factors, outputs, totals, go_on } = steps;
        let mut kept = outputs.map(|outputs| outputs.chunks_mut(pass.batch_size.max(1) * network.outputs()));
        let batch_size = pass.batch_size.clamp(1, order.len());
        let work = 3 * forward_work(network);
        // The way of small networks leaves no outputs behind.
        let is_small =
            kept.is_none() && training.small.as_ref().is_some_and(|small| small.is_for(batch_size));
        let mut until_poll = WORK_BETWEEN_POLLS;
        let threads = if is_small { 1 } else { worthwhile(pass.threads, order.len(), batch_size, work) };
        with_team(threads, |team| {
            let bounds = network.cut::<T>(team.size());
            training.look_at(simd, network, parameters);
            for (number, rows) in order.chunks(batch_size).enumerate() {
                training.learner.penalty_factor = penalty_factors.map_or(1.0, |factors| factors[number]);
                if is_small {
                    training.step_small(simd, parameters, &data, rows, totals);
                } else {
                    let mode = Mode::Training { seed, step: training.learner.step };
                    training.pass(simd, team, network, parameters, &data, rows, rows.len(), (mode, true));
                    network.settle(parameters, &training.plan, mode, &training.statistics);
                    let (learner, workers, passed, finite) =
                        training.second_phase(team, &bounds, network, rows.len(), mode);
                    learner.learn(simd, workers, passed, parameters, finite);
                    training.add_values(rows.len(), totals);
                    totals[0] += training.learner.penalty * rows.len() as f64;
                }
                if let Some(kept) = kept.as_mut().and_then(Iterator::next) {
                    training.keep_outputs(rows.len(), kept);
                }
                until_poll = until_poll.saturating_sub(work.saturating_mul(rows.len()));
                if until_poll == 0 {
                    until_poll = WORK_BETWEEN_POLLS;
                    if !go_on() {
                        return Err(Error::Interrupted);
                    }
                }
            }
            Ok(())
        })
    }
}

struct Evaluate<'a, 'd, T> {
    network: &'a Network,
    parameters: &'a [T],
    training: &'a mut Training<T>,
    data: Data<'d, T>,
    batch_size: usize,
    threads: usize,
}

impl<T: Float> Kernel for Evaluate<'_, '_, T> {
    type Output = Vec<f64>;

    fn run<S: Simd>(self, simd: S) -> Vec<f64> {
        let Self { network, parameters, training, data, batch_size, threads } = self;
        let total = data.inputs.rows();
        let batch_size = batch_size.clamp(1, total);
        let mut totals = training.no_totals();
        let mut batch = vec![0; batch_size];
        training.look_at(simd, network, parameters);
        with_team(worthwhile(threads, total, batch_size, forward_work(network)), |team| {
            for first in (0..total).step_by(batch_size) {
                let batch = &mut batch[..batch_size.min(total - first)];
                consecutive(first as u32, batch);
                let (mode, count) = (Mode::Inference, batch.len());
                training.pass(simd, team, network, parameters, &data, batch, count, (mode, false));
                training.add_values(batch.len(), &mut totals);
            }
        });
        let mut means: Vec<f64> = totals.into_iter().map(|sum| sum / total as f64).collect();
        means[0] += training.learner.penalty_of(simd, parameters);
        means
    }
}

impl<T: Float> Training<T> {
    /// Gets ready to train a network, having learned nothing.
    ///
    /// # Errors
    /// The loss does not fit the output activation.
    pub fn new(network: &Network, spec: TrainingSpec) -> Result<Self> {
        let output = network.output_activation();
        let head = spec.loss.head(output)?;
        let wants_squares =
            matches!(spec.optimizer, Optimizer::SecondOrder(SecondOrder::LevenbergMarquardt(_)));
        if wants_squares && !matches!(spec.loss, Loss::MeanSquaredError(_)) {
            return Err(Error::Configuration("this optimizer is for squared errors alone".into()));
        }
        if head.target_columns(network.outputs()).is_none() {
            let each = spec.loss.outputs_for_each();
            return Err(Error::Configuration(format!("this loss wants {each} outputs for each column of y")));
        }
        let plan = Plan::for_training(network.inputs(), network.layers(), spec.metrics.len());
        let mut training = Self {
            decision: Decision::of(&head, output, network.outputs()),
            head,
            matrices: plan.matrices(0)?,
            statistics: Buffer::zeros(plan.statistics)?,
            plan,
            learner: Learner::new(network, spec.optimizer.clone(), spec.update)?,
            scratches: Vec::new(),
            finite: false.into(),
            small: None,
            memory: Memory::default(),
            order: Vec::new(),
            spec,
        };
        training.choose_way(network);
        Ok(training)
    }

    /// Goes the way of small networks, where a network and what is done to it allow that.
    fn choose_way(&mut self, network: &Network) {
        let small = self.learner.is_elementwise();
        self.small = small.then(|| Small::new(network, &self.head, self.spec.metrics.len())).flatten();
    }

    /// Takes note that some layers have begun or ended to learn; see [`Learner::refresh`].
    ///
    /// # Errors
    /// There is no memory for masks.
    pub fn refresh(&mut self, network: &Network, begun: Range<usize>, parameters: &[T]) -> Result<()> {
        self.learner.refresh(network, begun, parameters)?;
        self.choose_way(network);
        Ok(())
    }

    /// The optimizer, if it looks at all rows before each step.
    pub fn second_order(&self) -> Option<SecondOrder> {
        match self.spec.optimizer {
            Optimizer::SecondOrder(method) => Some(method),
            _ => None,
        }
    }

    /// Whether the loss takes class indices rather than a value for each output.
    pub fn wants_classes(&self) -> bool {
        self.spec.loss.wants_classes()
    }

    /// How many columns of values the targets of so many outputs have, if the loss takes values.
    pub fn target_columns(&self, outputs: usize) -> Option<usize> {
        self.head.target_columns(outputs)
    }

    /// Takes some steps.
    ///
    /// # Errors
    /// An instruction set that the machine lacks, or a stop asked for.
    pub fn run(
        &mut self,
        network: &Network,
        parameters: &mut [T],
        seed: u64,
        steps: Steps<'_, '_, T>,
    ) -> Result<()> {
        self.make_room(network, steps.pass.batch_size.min(steps.order.len()), steps.pass.threads)?;
        run_on(InstructionSet::chosen()?, Run { network, parameters, training: self, seed, steps })
    }

    /// The means over all rows of the loss and the metrics.
    ///
    /// # Errors
    /// An instruction set that the machine lacks.
    pub fn evaluate(
        &mut self,
        network: &Network,
        parameters: &[T],
        data: Data<'_, T>,
        batch_size: usize,
        threads: usize,
    ) -> Result<Vec<f64>> {
        self.make_room(network, batch_size.min(data.inputs.rows()), threads)?;
        let work = Evaluate { network, parameters, training: self, data, batch_size, threads };
        Ok(run_on(InstructionSet::chosen()?, work))
    }

    /// The sums of no rows' losses and metrics.
    pub(crate) fn no_totals(&self) -> Vec<f64> {
        vec![0.0; self.plan.values()]
    }

    /// Which buffer is what.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Looks whether zeros may be left out, before some rows pass.
    pub(crate) fn look_at<S: Simd>(&mut self, simd: S, network: &Network, parameters: &[T]) {
        self.finite = network.first_is_finite(simd, parameters).into();
    }

    /// Enlarges the workspace to batches of `rows` rows and a team of some threads.
    pub(crate) fn make_room(&mut self, network: &Network, rows: usize, threads: usize) -> Result<()> {
        if let Some(small) = self.small.as_mut().filter(|small| small.is_for(rows)) {
            small.make_room(rows)?;
        }
        let threads = threads.max(self.scratches.len()).min(rows).max(1);
        if self.matrices.rows() < rows || self.scratches.len() < threads {
            let rows = rows.max(self.matrices.rows());
            (self.matrices, self.scratches) = (self.plan.matrices(0)?, Vec::new());
            let scratch = |_| self.plan.scratch(network.layers(), rows);
            self.scratches = (0..threads).map(scratch).collect::<Result<_>>()?;
            self.matrices = self.plan.matrices(rows)?;
        }
        Ok(())
    }

    /// A whole step of a small network.
    #[inline(always)]
    fn step_small<S: Simd>(
        &mut self,
        simd: S,
        parameters: &mut [T],
        data: &Data<'_, T>,
        rows: &[u32],
        totals: &mut [f64],
    ) {
        let Self { head, decision, spec, learner, small, .. } = self;
        let small = small.as_mut().expect("a small network");
        let is_plain = learner.is_plain();
        simd.vectorize(Step {
            small,
            inputs: data.inputs,
            targets: data.targets,
            weights: data.weights,
            rows,
            head,
            metrics: (&spec.metrics, *decision),
            parameters,
            update: is_plain.then(|| learner.next_rule()),
        });
        let small = self.small.as_mut().expect("as above");
        for values in small.values(rows.len()).chunks_exact(totals.len()) {
            add(values, totals);
        }
        if is_plain {
            learner.step += 1;
        } else {
            let (gradients, ranges) = small.gradients();
            learner.sweep(simd, ranges, parameters, gradients);
            totals[0] += learner.penalty * rows.len() as f64;
        }
    }

    /// First phase of a step: rows pass forward, are judged and, where `back`, pass back to the deltas of the
    /// mean over `total` rows.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn pass<S: Simd>(
        &mut self,
        simd: S,
        team: &Team<'_>,
        network: &Network,
        parameters: &[T],
        data: &Data<'_, T>,
        batch: &[u32],
        total: usize,
        (mode, back): (Mode, bool),
    ) {
        let skips_zeros = *self.finite.get_mut();
        let Self { head, decision, plan, matrices, statistics, scratches, spec, .. } = self;
        let last = plan.layers.last().expect("a network has a layer");
        let count = batch.len();
        let scale = T::from_f64(1.0 / total as f64);
        let metrics = (&spec.metrics[..], *decision);
        let (meetings, layers) = (network.meetings(mode), network.layers().len());
        let fused = head.is_fused();
        // Rows pass by themselves, from one layer where threads meet to the next: mostly, through all layers.
        for segment in 0..=meetings.len() {
            let first = if segment == 0 { 0 } else { meetings[segment - 1] };
            let end = meetings.get(segment).copied();
            if segment > 0 {
                network.meet(simd, team, (first, false), (plan, mode), (&mut *matrices, count), statistics);
            }
            let way = Way { plan, mode, fused, skips_zeros, statistics: &*statistics, batch: count, total };
            team.by_rows(matrices, count, scratches, |mut shard, scratch| {
                let rows = &batch[shard.rows()];
                if segment == 0 {
                    data.inputs.gather(simd, Which::Listed(rows), network.input_scale(), shard.write(INPUT));
                }
                network.forward(simd, parameters, &mut shard, first..end.unwrap_or(layers), way, scratch);
                if end.is_some() {
                    return;
                }
                let ([outputs, deltas, values], []) = shard.split([last.output, last.delta, VALUES], []);
                let judged = Batch { outputs, deltas, values, targets: data.targets, rows, scale, metrics };
                head.evaluate::<S, T, false>(simd, judged);
                if let Some(weights) = data.weights {
                    let ([deltas, values], []) = shard.split([last.delta, VALUES], []);
                    for ((&row, values), delta) in rows.iter().zip(values.into_rows()).zip(deltas.into_rows())
                    {
                        weigh(weights[row as usize], values, delta);
                    }
                }
                network.add_activity_penalties(simd, &mut shard, plan);
                if back {
                    let first = if segment == 0 { 0 } else { first + 1 };
                    network.backward(simd, parameters, &mut shard, first..layers, way, scratch);
                }
            });
        }
        if back {
            for (segment, &layer) in meetings.iter().enumerate().rev() {
                network.meet(simd, team, (layer, true), (plan, mode), (&mut *matrices, count), statistics);
                let first = if segment == 0 { 0 } else { meetings[segment - 1] + 1 };
                let way =
                    Way { plan, mode, fused, skips_zeros, statistics: &*statistics, batch: count, total };
                team.by_rows(matrices, count, scratches, |mut shard, scratch| {
                    network.backward(simd, parameters, &mut shard, first..layer + 1, way, scratch);
                });
            }
        }
    }

    /// What the second phase of a step takes: those who work on it, the batch that has passed, and the rest.
    #[allow(clippy::type_complexity)]
    pub(crate) fn second_phase<'a, 't>(
        &'a mut self,
        team: &'a Team<'t>,
        bounds: &'a [usize],
        network: &'a Network,
        rows: usize,
        mode: Mode,
    ) -> (&'a mut Learner<T>, Workers<'a, 't, T>, Passed<'a, T>, &'a AtomicBool) {
        let skips_zeros = *self.finite.get_mut();
        let Self { head, plan, matrices, statistics, scratches, learner, finite, .. } = self;
        let fused = head.is_fused();
        let way = Way { plan, mode, fused, skips_zeros, statistics: &*statistics, batch: rows, total: rows };
        (learner, Workers { team, bounds, scratches }, Passed { network, matrices, rows, way }, finite)
    }

    /// Copies the outputs of a batch that has passed, row after row.
    fn keep_outputs(&self, rows: usize, target: &mut [T]) {
        let last = self.plan.layers.last().expect("a network has a layer");
        let outputs = self.matrices.get(last.output, rows);
        for (row, target) in target.chunks_exact_mut(outputs.columns()).enumerate() {
            target.copy_from_slice(outputs.row(row));
        }
    }

    /// Adds up the rows' losses and metrics, in the order of the rows.
    pub(crate) fn add_values(&self, rows: usize, totals: &mut [f64]) {
        let values = self.matrices.get(VALUES, rows);
        for row in 0..rows {
            add(values.row(row), totals);
        }
    }
}

/// Multiplies one row's loss, which comes first among its values, and its delta.
fn weigh<T: Float>(weight: T, values: &mut [T], delta: &mut [T]) {
    values[0] = values[0] * weight;
    for delta in delta {
        *delta = *delta * weight;
    }
}

/// Adds one row's loss and metrics.
#[inline(always)]
fn add<T: Float>(values: &[T], totals: &mut [f64]) {
    for (total, value) in totals.iter_mut().zip(values) {
        *total += value.to_f64();
    }
}
