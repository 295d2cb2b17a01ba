//! A model: a network with its parameters, what it is asked for, and what it refuses.

use crate::error::{Error, Result};
use crate::loss::Targets;
use crate::network::{Mode, Network, NetworkSpec};
use crate::parallel::{share, with_team};
use crate::random::{Purpose, Stream};
use crate::simd::{Float, InstructionSet, Kernel, Simd, run_on};
use crate::source::{Source, consecutive};
use crate::train::{Data, Pass, Steps, Training, TrainingSpec, forward_work, worthwhile};
use crate::workspace::{INPUT, Plan};

/// A network with its parameters and all that training needs and remembers.
#[derive(Debug)]
pub struct Model<T> {
    network: Network,
    /// The parameters in one flat array; see [`Network::shapes`].
    pub parameters: Vec<T>,
    seed: u64,
    /// The epochs that it has been trained for; keys the order of the rows.
    pub epoch: u64,
    training: Option<Training<T>>,
}

/// Values of a workspace that stay in a core's second-level cache while rows pass through all layers.
const CACHED_VALUES: usize = 64 * 1024;

impl<T: Float> Model<T> {
    /// Builds a model and draws its initial parameters.
    ///
    /// # Errors
    /// See [`Network::new`].
    pub fn new(spec: &NetworkSpec, seed: u64) -> Result<Self> {
        let network = Network::new(spec)?;
        let parameters = network.initialize(seed)?;
        Ok(Self { network, parameters, seed, epoch: 0, training: None })
    }

    /// The network without its parameters.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Chooses loss, metrics and optimizer, and forgets what another optimizer remembered.
    ///
    /// # Errors
    /// The loss does not fit the output activation.
    pub fn compile(&mut self, spec: TrainingSpec) -> Result<()> {
        self.training = Some(Training::new(&self.network, spec)?);
        Ok(())
    }

    /// The steps made since the model was compiled, and what the optimizer remembers.
    ///
    /// # Errors
    /// The model is not compiled.
    pub fn state(&self) -> Result<(u64, &[Vec<T>])> {
        let training = self.training.as_ref().ok_or_else(not_compiled)?;
        Ok((training.step, &training.slots))
    }

    /// Puts back what [`Self::state`] gave.
    ///
    /// # Errors
    /// The model is not compiled, or the optimizer remembers something else.
    pub fn set_state(&mut self, step: u64, slots: Vec<Vec<T>>) -> Result<()> {
        let training = self.training.as_mut().ok_or_else(not_compiled)?;
        let fits = slots.len() == training.slots.len()
            && slots.iter().all(|slot| slot.len() == self.parameters.len());
        if !fits {
            return Err(Error::Shape("the optimizer's state has another shape".into()));
        }
        (training.step, training.slots) = (step, slots);
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
        run_on(InstructionSet::chosen()?, Predict { model: self, inputs, threads, outputs });
        Ok(())
    }

    /// One pass over the data with an update after each batch. Gives the means over all rows of the loss,
    /// before each row's update, and of the metrics.
    ///
    /// # Errors
    /// Data that does not fit, a model that is not compiled, or a stop asked for by `go_on`, which is
    /// called now and then between steps; the steps made until then are kept.
    pub fn train_epoch(
        &mut self,
        data: Data<'_, T>,
        pass: Pass,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<f64>> {
        self.check_data(&data)?;
        let epoch = self.epoch;
        let rows = data.inputs.rows();
        let training = self.training.as_mut().ok_or_else(not_compiled)?;
        let mut order = std::mem::take(&mut training.order);
        order.resize(rows, 0);
        if pass.shuffle {
            Stream::new(self.seed, Purpose::Shuffle, 0, epoch).permute(&mut order);
        } else {
            consecutive(0, &mut order);
        }
        let result = self.run(Steps { data, pass, order: &order, update: true, go_on });
        if let Some(training) = &mut self.training {
            training.order = order;
        }
        let result = result?;
        self.epoch += 1;
        Ok(result)
    }

    /// One step on all rows of the data.
    ///
    /// # Errors
    /// As [`Self::train_epoch`].
    pub fn train_batch(&mut self, data: Data<'_, T>, threads: usize) -> Result<Vec<f64>> {
        self.check_data(&data)?;
        self.one_batch(data, threads, true)
    }

    /// The mean loss over the rows and its gradient by every parameter, nothing being dropped or changed.
    ///
    /// # Errors
    /// As [`Self::train_epoch`].
    pub fn gradients(&mut self, data: Data<'_, T>, threads: usize) -> Result<(f64, Vec<T>)> {
        self.check_data(&data)?;
        let values = self.one_batch(data, threads, false)?;
        let training = self.training.as_ref().ok_or_else(not_compiled)?;
        Ok((values[0], training.gradients.clone()))
    }

    fn one_batch(&mut self, data: Data<'_, T>, threads: usize, update: bool) -> Result<Vec<f64>> {
        let mut order = vec![0; data.inputs.rows()];
        consecutive(0, &mut order);
        let pass = Pass { batch_size: order.len(), shuffle: false, threads };
        self.run(Steps { data, pass, order: &order, update, go_on: &mut || true })
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

    fn run(&mut self, steps: Steps<'_, '_, T>) -> Result<Vec<f64>> {
        let training = self.training.as_mut().ok_or_else(not_compiled)?;
        training.run(&self.network, &mut self.parameters, self.seed, steps)
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

    fn check_data(&self, data: &Data<'_, T>) -> Result<()> {
        self.check_inputs(&data.inputs)?;
        let (rows, outputs) = (data.inputs.rows(), self.network.outputs());
        let sparse = self.training.as_ref().ok_or_else(not_compiled)?.wants_classes();
        let problem = match data.targets {
            _ if rows == 0 => "X has no rows",
            _ if u32::try_from(rows).is_err() => "X has more than 4,294,967,295 rows",
            _ if data.targets.rows() != rows => "X and y have different lengths",
            Targets::Values(..) if sparse => "this loss wants class indices",
            Targets::Classes(_) if !sparse => "this loss wants a value for each output",
            Targets::Values(_, columns) if columns != outputs => "y has another width than the network",
            Targets::Classes(classes) if classes.iter().any(|&class| class as usize >= outputs) => {
                "y has a class that the network has no output for"
            }
            _ => return Ok(()),
        };
        Err(Error::Shape(problem.into()))
    }
}

fn not_compiled() -> Error {
    Error::State("the network is not compiled: it has no loss and no optimizer".into())
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
        let plan = Plan::for_inference(network.inputs(), network.layers());
        // Each row passes through all layers while it is in the cache.
        let chunk = (CACHED_VALUES / plan.row_size()).clamp(1, 256);
        with_team(worthwhile(threads, rows, rows, forward_work(network)), |team| {
            let bound = |worker| share(rows, worker, team.size()).start * columns;
            let mut bounds: Vec<usize> = (0..team.size()).map(bound).collect();
            bounds.push(rows * columns);
            team.by_parts([outputs], &bounds, |part, [outputs]| {
                let mut next = part.start / columns;
                let mut matrices =
                    plan.matrices(chunk.min(part.len() / columns)).expect("memory for a few rows");
                for outputs in outputs.chunks_mut(chunk * columns) {
                    let count = outputs.len() / columns;
                    let mut shard = matrices.shard(count);
                    inputs.gather(next..next + count, shard.write(INPUT));
                    let last =
                        network.forward(simd, &model.parameters, &mut shard, &plan, Mode::Inference, false);
                    outputs.copy_from_slice(shard.read(last));
                    next += count;
                }
            });
        });
    }
}
