//! Training: the loop over batches, and the two phases of a step.
//!
//! Rows are shared out through the whole forward pass and back to the deltas; then ranges of the
//! parameters are shared out, and each worker sums its gradients over all rows of the batch and updates
//! its parameters with them.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, allocate};
use crate::loss::{Batch, Head, Loss, Target, Targets};
use crate::metric::{Decision, Metric};
use crate::network::{Mode, Network};
use crate::optimizer::{MOST_SLOTS, Optimizer, Part};
use crate::parallel::{Matrices, RowShard, Team, with_team};
use crate::simd::{Float, InstructionSet, Kernel, Simd, run_on};
use crate::source::{Source, consecutive};
use crate::workspace::{INPUT, Plan, VALUES};

/// How a model is trained, as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingSpec {
    /// How gradients change the parameters.
    pub optimizer: Optimizer,
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
    /// The steps made since the model was compiled.
    pub step: u64,
    /// What the optimizer remembers of each parameter.
    pub slots: Vec<Vec<T>>,
    /// The gradient of the last batch's mean loss.
    pub gradients: Vec<T>,
    matrices: Matrices<T>,
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

/// Floating-point operations in a phase that make another thread worth meeting: ten microseconds or so.
const WORK_OF_A_MEETING: usize = 1_000_000;
/// Floating-point operations in all that make another thread worth starting: thirty microseconds or so.
const WORK_OF_A_THREAD: usize = 3_000_000;
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
    /// Whether to learn, or only to sum up gradients (of the last batch).
    pub update: bool,
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
    type Output = Result<Vec<f64>>;

    fn run<S: Simd>(self, simd: S) -> Result<Vec<f64>> {
        let Self { network, parameters, training, seed, steps } = self;
        let Steps { data, pass, order, update, go_on } = steps;
        let batch_size = pass.batch_size.clamp(1, order.len());
        let work = 3 * forward_work(network);
        let mut until_poll = WORK_BETWEEN_POLLS;
        let mut totals = vec![0.0; training.plan.values()];
        with_team(worthwhile(pass.threads, order.len(), batch_size, work), |team| {
            let bounds = network.cut(team.size());
            for rows in order.chunks(batch_size) {
                let mode = match update {
                    true => Mode::Training { seed, step: training.step },
                    false => Mode::Inference,
                };
                training.pass(simd, team, network, parameters, &data, rows, (mode, true));
                training.learn(simd, team, network, parameters, &bounds, rows.len(), mode);
                training.add_values(rows.len(), &mut totals);
                training.step += u64::from(update);
                until_poll = until_poll.saturating_sub(work.saturating_mul(rows.len()));
                if until_poll == 0 {
                    until_poll = WORK_BETWEEN_POLLS;
                    if !go_on() {
                        return Err(Error::Interrupted);
                    }
                }
            }
            Ok(())
        })?;
        Ok(totals.into_iter().map(|total| total / order.len() as f64).collect())
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
        let mut totals = vec![0.0; training.plan.values()];
        let mut batch = vec![0; batch_size];
        with_team(worthwhile(threads, total, batch_size, forward_work(network)), |team| {
            for first in (0..total).step_by(batch_size) {
                let batch = &mut batch[..batch_size.min(total - first)];
                consecutive(first as u32, batch);
                training.pass(simd, team, network, parameters, &data, batch, (Mode::Inference, false));
                training.add_values(batch.len(), &mut totals);
            }
        });
        totals.into_iter().map(|sum| sum / total as f64).collect()
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
        let plan = Plan::for_training(network.inputs(), network.layers(), spec.metrics.len());
        Ok(Self {
            decision: Decision::of(&head, output, network.outputs()),
            head,
            matrices: plan.matrices(0)?,
            plan,
            step: 0,
            slots: (0..spec.optimizer.slots()).map(|_| allocate(network.size())).collect::<Result<_>>()?,
            gradients: allocate(network.size())?,
            order: Vec::new(),
            spec,
        })
    }

    /// Whether the loss takes class indices rather than a value for each output.
    pub fn wants_classes(&self) -> bool {
        matches!(self.spec.loss, Loss::SparseCategoricalCrossEntropy(_))
    }

    /// Takes some steps. Gives the means of the rows' losses and metrics.
    ///
    /// # Errors
    /// An instruction set that the machine lacks, or a stop asked for.
    pub fn run(
        &mut self,
        network: &Network,
        parameters: &mut [T],
        seed: u64,
        steps: Steps<'_, '_, T>,
    ) -> Result<Vec<f64>> {
        self.make_room(steps.pass.batch_size.min(steps.order.len()))?;
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
        self.make_room(batch_size.min(data.inputs.rows()))?;
        let work = Evaluate { network, parameters, training: self, data, batch_size, threads };
        Ok(run_on(InstructionSet::chosen()?, work))
    }

    /// Enlarges the workspace to batches of `rows` rows.
    fn make_room(&mut self, rows: usize) -> Result<()> {
        if self.matrices.rows() < rows {
            self.matrices = self.plan.matrices(rows)?;
        }
        Ok(())
    }

    /// First phase of a step: rows pass forward, are judged and, where `back`, pass back to the deltas.
    #[allow(clippy::too_many_arguments)]
    fn pass<S: Simd>(
        &mut self,
        simd: S,
        team: &Team<'_>,
        network: &Network,
        parameters: &[T],
        data: &Data<'_, T>,
        batch: &[u32],
        (mode, back): (Mode, bool),
    ) {
        let Self { head, decision, plan, matrices, spec, .. } = self;
        let judge = Judge { head, decision: *decision, metrics: &spec.metrics, plan, batch: batch.len() };
        team.by_rows(matrices, batch.len(), |mut shard| {
            let rows = &batch[shard.rows()];
            data.inputs.gather(rows.iter().map(|&row| row as usize), shard.write(INPUT));
            network.forward(simd, parameters, &mut shard, plan, mode, head.is_fused());
            judge.rows(simd, &mut shard, rows, data.targets);
            if back {
                network.backward(simd, parameters, &mut shard, plan, mode, head.is_fused());
            }
        });
    }

    /// Second phase of a step: gradients over all rows of the batch and, while training, the update.
    #[allow(clippy::too_many_arguments)]
    fn learn<S: Simd>(
        &mut self,
        simd: S,
        team: &Team<'_>,
        network: &Network,
        parameters: &mut [T],
        bounds: &[usize],
        rows: usize,
        mode: Mode,
    ) {
        let Self { plan, matrices, gradients, slots, spec, step, .. } = self;
        let rule = spec.optimizer.at_step(*step + 1);
        let mut slots = slots.iter_mut();
        let slots: [&mut [T]; MOST_SLOTS] =
            std::array::from_fn(|_| slots.next().map_or(&mut [] as &mut [T], Vec::as_mut_slice));
        let [first, second, third] = slots;
        let arrays = [parameters, gradients, first, second, third];
        team.by_parts(arrays, bounds, |part, [parameters, gradients, first, second, third]| {
            network.gradients(simd, matrices, rows, plan, mode, (part, gradients));
            if matches!(mode, Mode::Training { .. }) {
                rule.update(simd, Part { parameters, slots: [first, second, third] }, gradients);
            }
        });
    }

    /// Adds up the rows' losses and metrics, in the order of the rows.
    fn add_values(&self, rows: usize, totals: &mut [f64]) {
        for values in self.matrices.get(VALUES, rows).chunks_exact(totals.len()) {
            for (total, value) in totals.iter_mut().zip(values) {
                *total += value.to_f64();
            }
        }
    }
}

/// What turns outputs into losses, deltas and metrics.
struct Judge<'a> {
    head: &'a Head,
    decision: Decision,
    metrics: &'a [Metric],
    plan: &'a Plan,
    /// Rows of the whole batch.
    batch: usize,
}

impl Judge<'_> {
    fn rows<S: Simd, T: Float>(
        &self,
        simd: S,
        shard: &mut RowShard<'_, T>,
        rows: &[u32],
        targets: Targets<'_, T>,
    ) {
        let last = self.plan.layers.last().expect("a network has a layer");
        let ([outputs, deltas, values], []) = shard.split([last.output, last.delta, VALUES], []);
        let columns = outputs.len() / rows.len();
        let value_columns = self.plan.values();
        let scale = T::from_f64(1.0 / self.batch as f64);
        let batch = Batch { outputs, deltas, values, value_columns, columns, targets, rows, scale };
        self.head.evaluate(simd, batch);
        let ([values], [outputs]) = shard.split([VALUES], [last.output]);
        for ((values, outputs), &row) in
            values.chunks_exact_mut(value_columns).zip(outputs.chunks_exact(columns)).zip(rows)
        {
            let target: Target<'_, T> = targets.row(row as usize);
            for (value, metric) in values[1..].iter_mut().zip(self.metrics) {
                *value = metric.row(outputs, target, self.decision);
            }
        }
    }
}
