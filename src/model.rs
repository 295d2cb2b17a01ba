//! A model: a network with its parameters, what it is asked for, and what it refuses.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::buffer::Buffer;
use crate::error::{Error, Result};
use crate::full_batch::{CHUNK, FullBatch};
use crate::layer::Stage;
use crate::loss::Targets;
use crate::network::{Mode, Network, NetworkSpec, Way};
use crate::parallel::{Matrices, Team, share, with_team};
use crate::random::{Purpose, Stream};
use crate::schedule::LearningRate;
use crate::second_order::{Memory, SecondOrder};
use crate::simd::{Float, InstructionSet, Kernel, Simd, run_on};
use crate::source::{Source, Which, consecutive};
use crate::train::{Data, Pass, Steps, Training, TrainingSpec, WORK_OF_A_MEETING, forward_work, worthwhile};
use crate::workspace::{INPUT, Plan, Scratch};

/// A network with its parameters and all that training needs and remembers.
#[derive(Debug)]
pub struct Model<T> {
    network: Network,
    /// The parameters in one flat array; see [`Network::shapes`].
    parameters: Buffer<T>,
    seed: u64,
    /// The epochs that it has been trained for; keys the order of the rows.
    pub epoch: u64,
    training: Option<Training<T>>,
    /// Whether the last step was one of an optimizer that tells when there is nothing left to gain, and it did.
    pub converged: bool,
    inference: Inference<T>,
}

/// What training goes on from, beside the parameters.
#[derive(Debug)]
pub struct State<'a, T> {
    /// The steps made since the model was compiled.
    pub step: u64,
    /// What the optimizer remembers: arrays of the parameters' size,
    pub slots: Vec<&'a Buffer<T>>,
    /// and numbers.
    pub numbers: Vec<f64>,
}

/// What passing forward needs, kept from call to call.
#[derive(Debug)]
struct Inference<T> {
    plan: Plan,
    /// Rows that pass through all layers while they are in the cache.
    chunk: usize,
    /// As many as there were threads at once.
    workspaces: Mutex<Vec<Workspace<T>>>,
    /// Whether the first layer's weights are finite, once it was asked for.
    finite: OnceLock<bool>,
}

/// What one thread needs to pass rows forward.
type Workspace<T> = (Matrices<T>, Scratch<T>);

/// Values of a workspace that stay in a core's second-level cache while rows pass through all layers.
const CACHED_VALUES: usize = 192 * 1024;
/// Rows of two or of four tiles: with fewer, weights are read from memory too often.
const FEWEST_ROWS: usize = 24;
const MOST_ROWS: usize = 240;

impl<T: Float> Model<T> {
    /// Builds a model and draws its initial parameters.
    ///
    /// # Errors
    /// See [`Network::new`].
    pub fn new(spec: &NetworkSpec, seed: u64) -> Result<Self> {
        let network = Network::new(spec)?;
        let parameters = network.initialize(seed)?;
        let plan = Plan::for_inference(network.inputs(), network.layers());
        let chunk = (CACHED_VALUES / plan.row_size()).clamp(FEWEST_ROWS, MOST_ROWS);
        let inference = Inference {
            plan,
            chunk: chunk - chunk % 12,
            workspaces: Mutex::default(),
            finite: OnceLock::new(),
        };
        Ok(Self { network, parameters, seed, epoch: 0, training: None, converged: false, inference })
    }

    /// The network without its parameters.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The parameters in one flat array; see [`Network::shapes`].
    pub fn parameters(&self) -> &[T] {
        &self.parameters
    }

    /// Replaces the parameters.
    ///
    /// # Errors
    /// There are more or fewer of them.
    pub fn set_parameters(&mut self, parameters: Buffer<T>) -> Result<()> {
        if parameters.len() != self.parameters.len() {
            return Err(Error::Shape("the parameters have another size".into()));
        }
        self.inference.finite = OnceLock::new();
        self.parameters = parameters;
        self.begin_run();
        Ok(())
    }

    /// Chooses loss, metrics and optimizer, and forgets what another optimizer remembered.
    ///
    /// # Errors
    /// The loss does not fit the output activation.
    pub fn compile(&mut self, spec: TrainingSpec) -> Result<()> {
        self.training = Some(Training::new(&self.network, spec)?);
        Ok(())
    }

    /// Lets the parameters of the layer with a number follow the gradient, or stay as they are. What the
    /// optimizer remembers stays.
    ///
    /// # Errors
    /// There is no such layer, or it has no parameters.
    pub fn set_trainable(&mut self, number: usize, trainable: bool) -> Result<()> {
        let layer = self.network.dense_numbered(number).map(|place| &self.network.layers()[place]);
        let before = layer.map(|layer| (layer.learns(), layer.parameters()));
        self.network.set_trainable(number, trainable)?;
        if let Some(training) = &mut self.training {
            let begun = before.filter(|(learned, _)| trainable && !learned).map_or(0..0, |(_, range)| range);
            training.refresh(&self.network, begun, &self.parameters)?;
        }
        Ok(())
    }

    /// What training goes on from, beside the parameters.
    ///
    /// # Errors
    /// The model is not compiled.
    pub fn state(&self) -> Result<State<'_, T>> {
        let training = self.training.as_ref().ok_or_else(not_compiled)?;
        let (slots, numbers) = match training.second_order() {
            Some(_) => training.memory.state(),
            None => (training.learner.slots.iter().collect(), Vec::new()),
        };
        Ok(State { step: training.learner.step, slots, numbers })
    }

    /// Puts back what [`Self::state`] gave.
    ///
    /// # Errors
    /// The model is not compiled, or the optimizer remembers something else.
    pub fn set_state(&mut self, step: u64, slots: Vec<Buffer<T>>, numbers: &[f64]) -> Result<()> {
        let training = self.training.as_mut().ok_or_else(not_compiled)?;
        let count = match training.second_order() {
            Some(_) => slots.len().next_multiple_of(2),
            None => training.learner.slots.len(),
        };
        let fits = slots.len() == count && slots.iter().all(|slot| slot.len() == self.parameters.len());
        if !fits {
            return Err(Error::Shape("the optimizer's state has another shape".into()));
        }
        training.learner.step = step;
        match training.second_order() {
            Some(_) => training.memory = Memory::from_state(slots, numbers),
            None => training.learner.slots = slots,
        }
        Ok(())
    }

    /// The learning rate of the next step.
    ///
    /// # Errors
    /// The model is not compiled.
    pub fn learning_rate(&self) -> Result<f64> {
        let learner = &self.training.as_ref().ok_or_else(not_compiled)?.learner;
        Ok(learner.learning_rate())
    }

    /// Goes on with another learning rate, or another schedule; all else stays as it is.
    ///
    /// # Errors
    /// The model is not compiled.
    pub fn set_learning_rate(&mut self, rate: LearningRate) -> Result<()> {
        let learner = &mut self.training.as_mut().ok_or_else(not_compiled)?.learner;
        learner.optimizer.set_learning_rate(rate);
        Ok(())
    }

    /// The network's outputs for every row of `inputs`, row after row.
    ///
    /// # Errors
    /// Shapes that do not fit, or an instruction set that the machine lacks.
    pub fn predict(&self, inputs: Source<'_>, threads: usize, outputs: &mut [T]) -> Result<()> {
        self.check_inputs(&inputs)?;
        if outputs.len() != inputs.rows() * self.network.outputs() {
            return Err(Error::Shape("the array for the outputs has another shape".into()));
        }
        self.check_fitted()?;
        run_on(InstructionSet::chosen()?, Predict { model: self, inputs, threads, outputs });
        Ok(())
    }

    /// Whether every row has codes that its network knows, where it wants codes.
    pub fn knows(&self, inputs: &Source<'_>) -> bool {
        self.network.embedding().is_none_or(|embedding| {
            (0..inputs.rows()).all(|row| embedding.knows(|column| inputs.value(row, column)))
        })
    }

    /// Whether there is nothing that had to be fitted first, and was not.
    pub fn is_fitted(&self) -> bool {
        self.network.standardize().is_none_or(|layer| layer.is_fitted(&self.parameters))
    }

    /// Finds the means and deviations that inputs are standardized by, in all rows or in those that are named.
    ///
    /// # Errors
    /// Shapes that do not fit, rows that are not there, or an instruction set that the machine lacks.
    pub fn adapt(&mut self, inputs: Source<'_>, rows: Option<&[u32]>) -> Result<()> {
        self.check_inputs(&inputs)?;
        let total = inputs.rows();
        if total == 0 || rows.is_some_and(|rows| !are_rows(rows, total)) {
            return Err(Error::Shape("there are no rows to adapt to, or not in X".into()));
        }
        run_on(InstructionSet::chosen()?, Adapt { model: self, inputs, rows });
        Ok(())
    }

    /// One pass over the data, or over the rows of it that are named, with an update after each batch. Gives
    /// the means over these rows of the loss, before each row's update, and of the metrics; and the outputs from
    /// which they come, in the order of the rows, where there is a place for them.
    ///
    /// # Errors
    /// Data that does not fit, rows that are not there, a model that is not compiled, or a stop asked for by `go_on`, which is
    /// called now and then between steps; the steps made until then are kept.
    pub fn train_epoch(
        &mut self,
        data: Data<'_, T>,
        rows: Option<&[u32]>,
        pass: Pass,
        penalty_factors: Option<&[f64]>,
        mut outputs: Option<&mut [T]>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<f64>> {
        self.check_data(&data)?;
        let total = data.inputs.rows();
        self.check_rows(rows, total)?;
        let count = rows.map_or(total, <[u32]>::len);
        self.check_outputs(outputs.as_deref(), count)?;
        check_factors(penalty_factors, pass, count)?;
        let training = self.training.as_mut().ok_or_else(not_compiled)?;
        let mut order = std::mem::take(&mut training.order);
        let mut totals = training.no_totals();
        order.resize(count, 0);
        // What looks at all rows before a step needs them in no order.
        let shuffle = pass.shuffle && self.second_order().is_none();
        self.put_in_order(shuffle, &mut order);
        if let Some(rows) = rows {
            for row in &mut order {
                *row = rows[*row as usize];
            }
        }
        let steps = Steps {
            data,
            pass,
            order: &order,
            penalty_factors,
            outputs: outputs.as_deref_mut(),
            totals: &mut totals,
            go_on,
        };
        let result = self.run(steps);
        if let Some(outputs) = outputs.filter(|_| shuffle && result.is_ok()) {
            self.put_in_order(true, &mut order);
            let came = outputs.to_vec();
            let columns = self.network.outputs();
            for (came, &place) in came.chunks_exact(columns).zip(&order) {
                outputs[place as usize * columns..][..columns].copy_from_slice(came);
            }
        }
        if let Some(training) = &mut self.training {
            training.order = order;
        }
        let means = result?;
        self.epoch += 1;
        Ok(means.unwrap_or_else(|| totals.into_iter().map(|total| total / count as f64).collect()))
    }

    /// The numbers from 0 on in the order in which the next epoch takes so many rows.
    pub fn put_in_order(&self, shuffle: bool, order: &mut [u32]) {
        if shuffle {
            Stream::new(self.seed, Purpose::Shuffle, 0, self.epoch).permute(order);
        } else {
            consecutive(0, order);
        }
    }

    /// How many numbers there are of a row while it learns: its loss and its metrics.
    pub fn values(&self) -> usize {
        self.training.as_ref().map_or(0, |training| training.no_totals().len())
    }

    /// One step on the data, or on the rows of it that are named, with so many threads and the penalties multiplied
    /// by a factor. Adds the losses and metrics from before it to
    /// `totals`, row after row, if they are as many; and leaves the outputs where there is a place for them.
    ///
    /// # Errors
    /// As [`Self::train_epoch`].
    pub fn train_batch(
        &mut self,
        data: Data<'_, T>,
        rows: Option<&[u32]>,
        (threads, penalty_factor): (usize, f64),
        outputs: Option<&mut [T]>,
        totals: &mut [f64],
    ) -> Result<()> {
        self.check_data(&data)?;
        let total = data.inputs.rows();
        self.check_rows(rows, total)?;
        self.check_outputs(outputs.as_deref(), rows.map_or(total, <[u32]>::len))?;
        if totals.len() != self.values() {
            return Err(Error::Shape("there are not as many totals as values".into()));
        }
        let mut all = Vec::new();
        let order = rows.unwrap_or_else(|| {
            all.resize(total, 0);
            consecutive(0, &mut all);
            &all
        });
        self.begin_run();
        let pass = Pass { batch_size: order.len(), shuffle: false, threads };
        let penalty_factors = Some(&[penalty_factor][..]);
        let steps =
            Steps { data, pass, order, penalty_factors, outputs, totals: &mut *totals, go_on: &mut || true };
        let means = self.run(steps)?;
        for (total, mean) in totals.iter_mut().zip(means.unwrap_or_default()) {
            *total += mean * order.len() as f64;
        }
        Ok(())
    }

    /// The mean loss over the rows and its gradient by every parameter, nothing being dropped or changed.
    ///
    /// # Errors
    /// As [`Self::train_epoch`].
    pub fn gradients(&mut self, data: Data<'_, T>, threads: usize) -> Result<(f64, Buffer<T>)> {
        self.check_data(&data)?;
        let order = all_rows(&data);
        let training = self.training.as_mut().ok_or_else(not_compiled)?;
        let (chunk, go_on) = (CHUNK, &mut || true);
        let mut gradients = Buffer::zeros(self.parameters.len())?;
        let mut whole =
            FullBatch { network: &self.network, training, data, order: &order, chunk, threads, go_on };
        let values = whole.measure(&self.parameters, Some(&mut gradients))?;
        Ok((values[0], gradients))
    }

    /// The means over all rows of the loss and the metrics.
    ///
    /// # Errors
    /// As [`Self::train_epoch`].
    pub fn evaluate(&mut self, data: Data<'_, T>, batch_size: usize, threads: usize) -> Result<Vec<f64>> {
        self.check_data(&data)?;
        let training = self.training.as_mut().ok_or_else(not_compiled)?;
        training.evaluate(&self.network, &self.parameters, data, batch_size, threads)
    }

    /// Every layer's outputs for all rows of `inputs`, row after row, nothing being dropped.
    ///
    /// # Errors
    /// Shapes that do not fit, no memory, or an instruction set that the machine lacks.
    pub fn layer_outputs(&self, inputs: Source<'_>) -> Result<Vec<Vec<T>>> {
        self.check_inputs(&inputs)?;
        let plan = &self.inference.plan;
        let rows = inputs.rows().min(self.inference.chunk).max(1);
        let work = LayerOutputs {
            model: self,
            inputs,
            matrices: plan.matrices(rows)?,
            scratch: plan.scratch(self.network.layers(), rows)?,
        };
        Ok(run_on(InstructionSet::chosen()?, work))
    }

    /// Passes the rows from `first` on forward, as many as `outputs` has room for; with a team a single one.
    fn forward<S: Simd>(
        &self,
        simd: S,
        inputs: Source<'_>,
        first: usize,
        outputs: &mut [T],
        team: Option<&Team<'_>>,
    ) {
        let (network, columns) = (&self.network, self.network.outputs());
        let Inference { plan, chunk, workspaces, finite } = &self.inference;
        let skips_zeros = *finite.get_or_init(|| network.first_is_finite(simd, &self.parameters));
        let rows = (outputs.len() / columns).min(*chunk);
        let kept = || workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = kept().pop().filter(|(matrices, _)| matrices.rows() >= rows);
        let (mut matrices, mut scratch) = fitting.unwrap_or_else(|| {
            let matrices = plan.matrices(rows).expect("memory for a few rows");
            (matrices, plan.scratch(network.layers(), rows).expect("memory for a few rows"))
        });
        let way = Way {
            plan,
            mode: Mode::Inference,
            fused: false,
            skips_zeros,
            statistics: &[],
            batch: rows,
            total: 1,
        };
        let mut next = first;
        for outputs in outputs.chunks_mut(chunk * columns) {
            let count = outputs.len() / columns;
            let mut shard = matrices.shard(count);
            inputs.gather(simd, Which::From(next), network.input_scale(), shard.write(INPUT));
            let (parameters, shard_of, scratch) = (&self.parameters[..], &mut shard, &mut scratch);
            let last = match team {
                Some(team) => network.forward_together(simd, team, parameters, shard_of, way, scratch),
                None => network.forward(simd, parameters, shard_of, 0..network.layers().len(), way, scratch),
            };
            for (target, row) in outputs.chunks_exact_mut(columns).zip(shard.read(last).iter()) {
                target.copy_from_slice(row);
            }
            next += count;
        }
        kept().push((matrices, scratch));
    }

    /// Told that a run begins: what was computed from earlier data is not used again.
    pub fn begin_run(&mut self) {
        self.converged = false;
        if let Some(training) = &mut self.training {
            training.memory.forget_loss();
        }
    }

    fn second_order(&self) -> Option<SecondOrder> {
        self.training.as_ref().and_then(Training::second_order)
    }

    /// Takes steps. Gives the means over the rows if they are not added to the totals: what looks at all rows
    /// at once has them.
    fn run(&mut self, steps: Steps<'_, '_, T>) -> Result<Option<Vec<f64>>> {
        let training = self.training.as_mut().ok_or_else(not_compiled)?;
        self.inference.finite = OnceLock::new();
        if let Some(method) = training.second_order() {
            let Steps { data, pass, order, go_on, .. } = steps;
            let mut memory = std::mem::take(&mut training.memory);
            let (chunk, threads) = (CHUNK, pass.threads);
            let scale = 1.0 / (order.len() * self.network.outputs()) as f64;
            let mut problem =
                FullBatch { network: &self.network, training, data, order, chunk, threads, go_on };
            let result = method.iterate(&mut memory, &mut self.parameters, scale, &mut problem);
            training.memory = memory;
            let result = result?;
            training.learner.step += 1;
            self.converged = result.converged;
            return Ok(Some(result.values));
        }
        training.run(&self.network, &mut self.parameters, self.seed, steps)?;
        Ok(None)
    }

    /// Whether it is trained the way of small networks.
    #[cfg(test)]
    pub(crate) fn is_small(&self) -> bool {
        self.training.as_ref().is_some_and(|training| training.small.is_some())
    }

    /// Trains it the way of larger networks from now on.
    #[cfg(test)]
    pub(crate) fn forbid_small(&mut self) {
        self.training.as_mut().expect("a compiled model").small = None;
    }

    fn check_fitted(&self) -> Result<()> {
        match self.is_fitted() {
            true => Ok(()),
            false => Err(Error::State(
                "the network standardizes its inputs, and has seen none yet; fit it, or call adapt(X) with the \
                 training rows, first"
                    .into(),
            )),
        }
    }

    fn check_inputs(&self, inputs: &Source<'_>) -> Result<()> {
        let (columns, wanted) = (inputs.columns(), self.network.inputs());
        if columns != wanted {
            return Err(Error::Shape(format!(
                "X has {columns} columns, but the network has {wanted} inputs"
            )));
        }
        Ok(())
    }

    fn check_rows(&self, rows: Option<&[u32]>, total: usize) -> Result<()> {
        match rows {
            Some(rows) if !are_rows(rows, total) => {
                Err(Error::Shape("there are no rows to learn from, or not in X".into()))
            }
            _ => Ok(()),
        }
    }

    fn check_outputs(&self, outputs: Option<&[T]>, rows: usize) -> Result<()> {
        match outputs {
            Some(outputs) if outputs.len() != rows * self.network.outputs() => {
                Err(Error::Shape("the array for the outputs has another shape".into()))
            }
            _ => Ok(()),
        }
    }

    fn check_data(&self, data: &Data<'_, T>) -> Result<()> {
        self.check_inputs(&data.inputs)?;
        self.check_fitted()?;
        let (rows, outputs) = (data.inputs.rows(), self.network.outputs());
        let training = self.training.as_ref().ok_or_else(not_compiled)?;
        let (sparse, wanted) = (training.wants_classes(), training.target_columns(outputs));
        let problem = match data.targets {
            _ if rows == 0 => "X has no rows",
            _ if u32::try_from(rows).is_err() => "X has more than 4,294,967,295 rows",
            _ if data.targets.rows() != rows => "X and y have different lengths",
            _ if data.weights.is_some_and(|weights| weights.len() != rows) => {
                "X and the weights have different lengths"
            }
            Targets::Values(..) if sparse => "this loss wants class indices",
            Targets::Classes(_) if !sparse => "this loss wants a value for each output",
            Targets::Values(_, columns) if Some(columns) != wanted => "y has another width than the network",
            Targets::Classes(classes) if classes.iter().any(|&class| class as usize >= outputs) => {
                "y has a class that the network has no output for"
            }
            _ => return Ok(()),
        };
        Err(Error::Shape(problem.into()))
    }
}

/// The numbers of all rows, in order.
fn all_rows<T: Float>(data: &Data<'_, T>) -> Vec<u32> {
    let mut rows = vec![0; data.inputs.rows()];
    consecutive(0, &mut rows);
    rows
}

/// Whether there is a row, as many as can be counted, and all are of a table of `total` rows.
fn are_rows(rows: &[u32], total: usize) -> bool {
    !rows.is_empty() && u32::try_from(rows.len()).is_ok() && rows.iter().all(|&row| (row as usize) < total)
}

/// There is a factor for each batch, if there are any.
fn check_factors(factors: Option<&[f64]>, pass: Pass, count: usize) -> Result<()> {
    let batches = count.div_ceil(pass.batch_size.clamp(1, count));
    match factors {
        Some(factors) if factors.len() != batches => {
            Err(Error::Shape("there are not as many factors of penalties as batches".into()))
        }
        _ => Ok(()),
    }
}

fn not_compiled() -> Error {
    Error::State("the network is not compiled: it has no loss and no optimizer".into())
}

struct Adapt<'a, 's, T> {
    model: &'a mut Model<T>,
    inputs: Source<'s>,
    rows: Option<&'a [u32]>,
}

impl<T: Float> Kernel for Adapt<'_, '_, T> {
    type Output = ();

    fn run<S: Simd>(self, simd: S) {
        let Self { model, inputs, rows } = self;
        if let Some(layer) = model.network.standardize() {
            layer.fit(simd, (inputs, model.network.input_scale()), rows, &mut model.parameters);
        }
    }
}

struct Predict<'a, 's, T> {
    model: &'a Model<T>,
    inputs: Source<'s>,
    threads: usize,
    outputs: &'a mut [T],
}

impl<T: Float> Kernel for Predict<'_, '_, T> {
    type Output = ();

    fn run<S: Simd>(self, simd: S) {
        let Self { model, inputs, threads, outputs } = self;
        let (network, columns, rows) = (&model.network, model.network.outputs(), inputs.rows());
        if rows == 1 {
            let team = threads.min(forward_work(network) / WORK_OF_A_MEETING);
            return match team {
                0 | 1 => model.forward(simd, inputs, 0, outputs, None),
                _ => with_team(team, |team| model.forward(simd, inputs, 0, outputs, Some(team))),
            };
        }
        let threads = worthwhile(threads, rows, rows, forward_work(network));
        if threads == 1 {
            return model.forward(simd, inputs, 0, outputs, None);
        }
        with_team(threads, |team| {
            let mut bounds: Vec<usize> =
                (0..team.size()).map(|worker| share(rows, worker, team.size()).start * columns).collect();
            bounds.push(rows * columns);
            team.by_parts([outputs], &bounds, &mut vec![(); team.size()], |part, [outputs], ()| {
                model.forward(simd, inputs, part.start / columns, outputs, None);
            });
        });
    }
}

struct LayerOutputs<'a, 's, T> {
    model: &'a Model<T>,
    inputs: Source<'s>,
    matrices: Matrices<T>,
    scratch: Scratch<T>,
}

impl<T: Float> Kernel for LayerOutputs<'_, '_, T> {
    type Output = Vec<Vec<T>>;

    fn run<S: Simd>(self, simd: S) -> Vec<Vec<T>> {
        let Self { model, inputs, mut matrices, mut scratch } = self;
        let (network, plan) = (&model.network, &model.inference.plan);
        let (layers, mode, batch) = (network.layers().len(), Mode::Inference, matrices.rows());
        let way = Way { plan, mode, fused: false, skips_zeros: false, statistics: &[], batch, total: 1 };
        let mut all: Vec<Vec<T>> = vec![Vec::new(); network.top().len()];
        for first in (0..inputs.rows()).step_by(matrices.rows()) {
            let mut shard = matrices.shard(matrices.rows().min(inputs.rows() - first));
            inputs.gather(simd, Which::From(first), network.input_scale(), shard.write(INPUT));
            network.forward(simd, &model.parameters, &mut shard, 0..layers, way, &mut scratch);
            for (last, outputs) in network.top().into_iter().zip(&mut all) {
                let acting = (0..=last).rev().find(|&index| network.layers()[index].acts(Mode::Inference));
                let tensor = acting.map_or(INPUT, |index| plan.layers[index].output);
                for row in shard.read(tensor).iter() {
                    outputs.extend_from_slice(row);
                }
            }
        }
        all
    }
}
