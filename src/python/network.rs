//! The class `Network`: the backend that trains in Rust.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, TryLockError};
use std::time::{Duration, Instant};

use numpy::{PyArray1, PyArrayMethods};
use pyo3::exceptions::{PyKeyboardInterrupt, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::arrays::{Element, Inputs, Wanted, copy_into, row_weights, shaped, written};
use super::detached;
use super::plain::{Outputs, Rows, all_fit};
use crate::buffer::Buffer;
use crate::error::{Error, Result};
use crate::model::{Model, State};
use crate::network::{NetworkSpec, Parameter};
use crate::train::{Data, Pass, TrainingSpec};

/// How long Ctrl-C may wait while an epoch runs: Python is entered this seldom, never for every batch.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(100);
/// How long epochs may go on in one call, before Python is entered between two of them.
const BETWEEN_EPOCHS: Duration = Duration::from_millis(50);

/// Up to so many multiplications and additions, Python's lock is kept: they take a few microseconds at most, and
/// to let go of the lock and to take it again would be a good part of that.
const WORK_WITHOUT_LETTING_GO: usize = 1 << 17;

/// A network and its training, in single or double precision.
#[pyclass(frozen, module = "nnfast._core")]
pub struct Network {
    model: Precision,
    parameters: Vec<Parameter>,
    inputs: usize,
    outputs: usize,
    /// How many parameters there are.
    size: usize,
}

/// The lock is only ever waited for in [`detached`] work.
enum Precision {
    Single(RwLock<Model<f32>>),
    Double(RwLock<Model<f64>>),
}

/// Runs a generic function on the model, whatever its precision.
macro_rules! on_model {
    ($network:expr, $function:ident($($argument:expr),*)) => {
        match &$network.model {
            Precision::Single(model) => $function(model, $($argument),*),
            Precision::Double(model) => $function(model, $($argument),*),
        }
    };
}

#[pymethods]
impl Network {
    #[new]
    fn new(config: &str, dtype: &str, seed: u64) -> PyResult<Self> {
        let spec: NetworkSpec = serde_json::from_str(config).map_err(Error::from)?;
        let network = crate::network::Network::new(&spec)?;
        let model = match dtype {
            "float32" => Precision::Single(RwLock::new(Model::new(&spec, seed)?)),
            "float64" => Precision::Double(RwLock::new(Model::new(&spec, seed)?)),
            _ => {
                return Err(PyValueError::new_err("dtype must be \"float32\" or \"float64\""));
            }
        };
        let (inputs, outputs, size) = (network.inputs(), network.outputs(), network.size());
        Ok(Self { model, parameters: network.shapes(), inputs, outputs, size })
    }

    fn parameters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        on_model!(self, parameters(py, &self.parameters))
    }

    fn set_parameters(&self, py: Python<'_>, parameters: Vec<Bound<'_, PyAny>>) -> PyResult<()> {
        on_model!(self, set_parameters(py, &self.parameters, &parameters))
    }

    fn is_fitted(&self, py: Python<'_>) -> PyResult<bool> {
        on_model!(self, is_fitted(py))
    }

    fn adapt(
        &self,
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        rows: Option<&Bound<'_, PyArray1<u32>>>,
    ) -> PyResult<()> {
        on_model!(self, adapt(py, x, rows))
    }

    fn compile(&self, py: Python<'_>, config: &str) -> PyResult<()> {
        on_model!(self, compile(py, config))
    }

    fn learning_rate(&self, py: Python<'_>) -> PyResult<f64> {
        on_model!(self, learning_rate(py))
    }

    fn set_learning_rate(&self, py: Python<'_>, config: &str) -> PyResult<()> {
        on_model!(self, set_learning_rate(py, config))
    }

    fn set_trainable(&self, py: Python<'_>, layer: usize, trainable: bool) -> PyResult<()> {
        on_model!(self, set_trainable(py, layer, trainable))
    }

    /// The outputs, if `x` and `out` can be taken as they are and every value is finite: else None.
    #[pyo3(signature = (x, threads, out=None, /))]
    fn try_predict<'py>(
        &self,
        x: &Bound<'py, PyAny>,
        threads: usize,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        on_model!(self, predict(self, x, threads, out))
    }

    #[pyo3(signature = (x, threads, out=None, /))]
    fn predict<'py>(
        &self,
        x: &Bound<'py, PyAny>,
        threads: usize,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.try_predict(x, threads, out)?
            .ok_or_else(|| PyValueError::new_err("x or out is not as the border hands it on"))
    }

    #[pyo3(signature = (x, y, threads, weights=None))]
    fn gradients<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        y: &Bound<'py, PyAny>,
        threads: usize,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(f64, Bound<'py, PyList>)> {
        on_model!(self, gradients(py, (x, y, weights), threads, &self.parameters))
    }

    #[allow(clippy::too_many_arguments)]
    #[pyo3(signature = (x, y, rows, batch_size, shuffle, threads, epochs, report, stopped, weights=None, outputs=None, penalty_factors=None))]
    fn train_epochs(
        &self,
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        y: &Bound<'_, PyAny>,
        rows: Option<&Bound<'_, PyArray1<u32>>>,
        batch_size: usize,
        shuffle: bool,
        threads: usize,
        epochs: usize,
        report: &Bound<'_, PyList>,
        stopped: Py<PyAny>,
        weights: Option<&Bound<'_, PyAny>>,
        outputs: Option<&Bound<'_, PyAny>>,
        penalty_factors: Option<Vec<f64>>,
    ) -> PyResult<bool> {
        let pass = Pass { batch_size, shuffle, threads };
        let run = Run { rows, pass, penalty_factors, epochs, report, stopped, outputs };
        on_model!(self, train_epochs(py, (x, y, weights), run))
    }

    #[pyo3(signature = (x, y, threads, weights=None, rows=None, outputs=None, sums=None, penalty_factor=1.0))]
    #[allow(clippy::too_many_arguments)]
    fn train_batch(
        &self,
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        y: &Bound<'_, PyAny>,
        threads: usize,
        weights: Option<&Bound<'_, PyAny>>,
        rows: Option<&Bound<'_, PyArray1<u32>>>,
        outputs: Option<&Bound<'_, PyAny>>,
        sums: Option<Vec<f64>>,
        penalty_factor: f64,
    ) -> PyResult<Vec<f64>> {
        on_model!(self, train_batch(py, (x, y, weights), (threads, penalty_factor), rows, outputs, sums))
    }

    #[pyo3(signature = (x, y, batch_size, threads, weights=None))]
    fn evaluate(
        &self,
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        y: &Bound<'_, PyAny>,
        batch_size: usize,
        threads: usize,
        weights: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<f64>> {
        on_model!(self, evaluate(py, (x, y, weights), batch_size, threads))
    }

    fn begin_run(&self, py: Python<'_>) -> PyResult<()> {
        on_model!(self, begin_run(py))
    }

    fn epoch_order<'py>(
        &self,
        py: Python<'py>,
        rows: usize,
        shuffle: bool,
    ) -> PyResult<Bound<'py, PyArray1<u32>>> {
        on_model!(self, epoch_order(py, rows, shuffle))
    }

    fn count_epoch(&self, py: Python<'_>) -> PyResult<()> {
        on_model!(self, count_epoch(py))
    }

    fn layer_outputs<'py>(&self, py: Python<'py>, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        on_model!(self, layer_outputs(py, x))
    }

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        on_model!(self, state(py, &self.parameters))
    }

    fn set_state(
        &self,
        py: Python<'_>,
        step: u64,
        epoch: u64,
        slots: Vec<Vec<Bound<'_, PyAny>>>,
        numbers: Vec<f64>,
    ) -> PyResult<()> {
        on_model!(self, set_state(py, (step, epoch), &self.parameters, &slots, &numbers))
    }
}

/// Inputs, targets and, where rows have them, their weights, as arrays.
type Given<'a, 'py> = (&'a Bound<'py, PyAny>, &'a Bound<'py, PyAny>, Option<&'a Bound<'py, PyAny>>);

/// How a call trains: on which rows, how and how often; where the epochs' values go; who may end it; where the
/// outputs go.
struct Run<'a, 'py> {
    rows: Option<&'a Bound<'py, PyArray1<u32>>>,
    pass: Pass,
    penalty_factors: Option<Vec<f64>>,
    epochs: usize,
    report: &'a Bound<'py, PyList>,
    stopped: Py<PyAny>,
    outputs: Option<&'a Bound<'py, PyAny>>,
}

/// Work that reads the model.
fn reading<T: Element, R: Send>(
    py: Python<'_>,
    model: &RwLock<Model<T>>,
    work: impl FnOnce(&Model<T>) -> Result<R> + Send,
) -> PyResult<R> {
    detached(py, || work(&model.read().unwrap_or_else(PoisonError::into_inner)))
}

/// Work that changes the model, or its workspace.
fn writing<T: Element, R: Send>(
    py: Python<'_>,
    model: &RwLock<Model<T>>,
    work: impl FnOnce(&mut Model<T>) -> Result<R> + Send,
) -> PyResult<R> {
    detached(py, || work(&mut model.write().unwrap_or_else(PoisonError::into_inner)))
}

/// Work that changes the model by data.
fn learning<T: Element, R: Send>(
    py: Python<'_>,
    model: &RwLock<Model<T>>,
    (x, y, weights): Given<'_, '_>,
    work: impl FnOnce(&mut Model<T>, Data<'_, T>) -> Result<R> + Send,
) -> PyResult<R> {
    let (inputs, wanted, weights) =
        (Inputs::new(x)?, Wanted::<T>::new(y)?, weights.map(row_weights).transpose()?);
    let weights = weights.as_ref().map(|weights| weights.as_slice()).transpose()?;
    let data = Data { inputs: inputs.source(), targets: wanted.targets()?, weights };
    writing(py, model, |model| work(model, data))
}

/// A flat array as the user's list of arrays.
fn listed<'py, T: Element>(
    py: Python<'py>,
    flat: &[T],
    parameters: &[Parameter],
) -> PyResult<Bound<'py, PyList>> {
    let arrays = parameters.iter().map(|one| shaped(py, &one.read(flat), &one.shape));
    PyList::new(py, arrays.collect::<PyResult<Vec<_>>>()?)
}

/// The user's list of arrays as a flat array.
fn flat<T: Element>(parameters: &[Parameter], arrays: &[Bound<'_, PyAny>]) -> PyResult<Buffer<T>> {
    if arrays.len() != parameters.len() {
        let message = format!("{} arrays are wanted, not {}", parameters.len(), arrays.len());
        return Err(PyValueError::new_err(message));
    }
    let mut flat = Buffer::zeros(parameters.iter().map(Parameter::size).sum())?;
    for (one, array) in parameters.iter().zip(arrays) {
        let mut values = vec![T::ZERO; one.size()];
        copy_into(array, &mut values)?;
        one.write(&values, &mut flat);
    }
    Ok(flat)
}

fn parameters<'py, T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'py>,
    parameters: &[Parameter],
) -> PyResult<Bound<'py, PyList>> {
    let values = reading(py, model, |model| Ok(model.parameters().to_vec()))?;
    listed(py, &values, parameters)
}

fn set_parameters<T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'_>,
    parameters: &[Parameter],
    arrays: &[Bound<'_, PyAny>],
) -> PyResult<()> {
    let values = flat(parameters, arrays)?;
    writing(py, model, |model| model.set_parameters(values))
}

fn is_fitted<T: Element>(model: &RwLock<Model<T>>, py: Python<'_>) -> PyResult<bool> {
    reading(py, model, |model| Ok(model.is_fitted()))
}

fn adapt<T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    rows: Option<&Bound<'_, PyArray1<u32>>>,
) -> PyResult<()> {
    let inputs = Inputs::new(x)?;
    let source = inputs.source();
    let rows = rows.map(PyArrayMethods::try_readonly).transpose()?;
    let rows = rows.as_ref().map(|rows| rows.as_slice()).transpose()?;
    writing(py, model, |model| model.adapt(source, rows))
}

fn compile<T: Element>(model: &RwLock<Model<T>>, py: Python<'_>, config: &str) -> PyResult<()> {
    let spec: TrainingSpec = serde_json::from_str(config).map_err(Error::from)?;
    writing(py, model, |model| model.compile(spec))
}

fn learning_rate<T: Element>(model: &RwLock<Model<T>>, py: Python<'_>) -> PyResult<f64> {
    reading(py, model, Model::learning_rate)
}

fn set_learning_rate<T: Element>(model: &RwLock<Model<T>>, py: Python<'_>, config: &str) -> PyResult<()> {
    let rate = serde_json::from_str(config).map_err(Error::from)?;
    writing(py, model, |model| model.set_learning_rate(rate))
}

fn set_trainable<T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'_>,
    layer: usize,
    trainable: bool,
) -> PyResult<()> {
    writing(py, model, |model| model.set_trainable(layer, trainable))
}

fn predict<'py, T: Element>(
    model: &RwLock<Model<T>>,
    network: &Network,
    x: &Bound<'py, PyAny>,
    threads: usize,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(rows) = Rows::new(x, network.inputs) else { return Ok(None) };
    let mut outputs = match out {
        None => Outputs::new::<T>(rows, network.outputs)?,
        Some(out) => match Outputs::given::<T>(out, rows, network.outputs) {
            Some(outputs) => outputs,
            None => return Ok(None),
        },
    };
    let predicted = {
        // SAFETY: the outputs are of T and lie apart from the rows, and who shares these arrays with other
        // threads keeps them from changing, as with every function of NumPy.
        let (source, values) = unsafe { (rows.source(), outputs.values::<T>()) };
        let small = rows.count().saturating_mul(network.size) <= WORK_WITHOUT_LETTING_GO;
        // Whoever holds the lock may wait for Python's, which is held here: so it is not waited for.
        let at_once = if small { try_read(model) } else { None };
        let mut work = |model: &Model<T>, threads| {
            let fit = all_fit::<T>(&source, model.network().input_scale()) && model.knows(&source);
            if fit {
                model.predict(source, threads, values)?;
            }
            Ok(fit)
        };
        match at_once {
            Some(model) => work(&model, 1)?,
            None => reading(x.py(), model, |model| work(model, threads))?,
        }
    };
    Ok(predicted.then(|| outputs.into_any()))
}

fn try_read<T>(model: &RwLock<T>) -> Option<RwLockReadGuard<'_, T>> {
    match model.try_read() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poison)) => Some(poison.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

fn gradients<'py, T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'py>,
    given: Given<'_, 'py>,
    threads: usize,
    parameters: &[Parameter],
) -> PyResult<(f64, Bound<'py, PyList>)> {
    let (loss, gradients) = learning(py, model, given, |model, data| model.gradients(data, threads))?;
    Ok((loss, listed(py, &gradients, parameters)?))
}

fn train_epochs<T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'_>,
    given: Given<'_, '_>,
    run: Run<'_, '_>,
) -> PyResult<bool> {
    let Run { rows, pass, penalty_factors, epochs, report, stopped, outputs } = run;
    let mut outputs = outputs.map(written::<T>).transpose()?;
    let mut outputs = outputs.as_mut().map(|outputs| outputs.as_slice_mut()).transpose()?;
    let rows = rows.map(PyArrayMethods::try_readonly).transpose()?;
    let rows = rows.as_ref().map(|rows| rows.as_slice()).transpose()?;
    let (mut done, mut signal) = (Vec::new(), None);
    let result = learning(py, model, given, |model, data| {
        let start = Instant::now();
        let mut last = start;
        let mut go_on = || {
            if last.elapsed() < BETWEEN_SIGNALS {
                return true;
            }
            last = Instant::now();
            signal = Python::attach(|py| check_signals(py, &stopped)).err();
            signal.is_none()
        };
        while done.len() < epochs && (done.is_empty() || start.elapsed() < BETWEEN_EPOCHS) {
            done.push(model.train_epoch(
                data,
                rows,
                pass,
                penalty_factors.as_deref(),
                outputs.as_deref_mut(),
                &mut go_on,
            )?);
            if model.converged {
                break;
            }
        }
        Ok(model.converged)
    });
    // Now, and not by chance within what making lists may set off, such as a finalizer that swallows it.
    let signal = signal.or_else(|| py.check_signals().err());
    // However the call ends, the parameters have been through these epochs.
    for values in done {
        report.append(values)?;
    }
    match signal {
        Some(error) => Err(error),
        None => result,
    }
}

/// Raises what a signal's handler raises, or Ctrl-C's exception if `stopped` says that the caller has had it:
/// Python handles signals in the main thread alone.
fn check_signals(py: Python<'_>, stopped: &Py<PyAny>) -> PyResult<()> {
    py.check_signals()?;
    if stopped.call0(py)?.is_truthy(py)? {
        return Err(PyKeyboardInterrupt::new_err(()));
    }
    Ok(())
}

fn train_batch<T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'_>,
    given: Given<'_, '_>,
    how: (usize, f64),
    rows: Option<&Bound<'_, PyArray1<u32>>>,
    outputs: Option<&Bound<'_, PyAny>>,
    sums: Option<Vec<f64>>,
) -> PyResult<Vec<f64>> {
    let rows = rows.map(PyArrayMethods::try_readonly).transpose()?;
    let rows = rows.as_ref().map(|rows| rows.as_slice()).transpose()?;
    let mut outputs = outputs.map(written::<T>).transpose()?;
    let outputs = outputs.as_mut().map(|outputs| outputs.as_slice_mut()).transpose()?;
    learning(py, model, given, |model, data| {
        let mut totals = sums.clone().unwrap_or_else(|| vec![0.0; model.values()]);
        model.train_batch(data, rows, how, outputs, &mut totals)?;
        if sums.is_none() {
            let count = rows.map_or(data.inputs.rows(), <[u32]>::len);
            totals.iter_mut().for_each(|total| *total /= count as f64);
        }
        Ok(totals)
    })
}

fn epoch_order<'py, T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'py>,
    rows: usize,
    shuffle: bool,
) -> PyResult<Bound<'py, PyArray1<u32>>> {
    let order = reading(py, model, |model| {
        let mut order = vec![0; rows];
        model.put_in_order(shuffle, &mut order);
        Ok(order)
    })?;
    Ok(PyArray1::from_vec(py, order))
}

fn count_epoch<T: Element>(model: &RwLock<Model<T>>, py: Python<'_>) -> PyResult<()> {
    writing(py, model, |model| {
        model.epoch += 1;
        Ok(())
    })
}

fn layer_outputs<'py, T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyList>> {
    let inputs = Inputs::new(x)?;
    let (source, rows) = (inputs.source(), inputs.source().rows().max(1));
    let outputs = reading(py, model, |model| model.layer_outputs(source))?;
    let arrays = outputs.iter().map(|values| shaped(py, values, &[rows, values.len() / rows]));
    PyList::new(py, arrays.collect::<PyResult<Vec<_>>>()?)
}

fn evaluate<T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'_>,
    given: Given<'_, '_>,
    batch_size: usize,
    threads: usize,
) -> PyResult<Vec<f64>> {
    learning(py, model, given, |model, data| model.evaluate(data, batch_size, threads))
}

fn begin_run<T: Element>(model: &RwLock<Model<T>>, py: Python<'_>) -> PyResult<()> {
    writing(py, model, |model| {
        model.begin_run();
        Ok(())
    })
}

fn state<'py, T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'py>,
    parameters: &[Parameter],
) -> PyResult<Bound<'py, PyDict>> {
    let (step, epoch, slots, numbers) = reading(py, model, |model| {
        let State { step, slots, numbers } = model.state()?;
        Ok((step, model.epoch, slots.iter().map(|slot| slot.to_vec()).collect::<Vec<_>>(), numbers))
    })?;
    let slots: PyResult<Vec<_>> = slots.iter().map(|slot| listed(py, slot, parameters)).collect();
    let state = PyDict::new(py);
    state.set_item("step", step)?;
    state.set_item("epoch", epoch)?;
    state.set_item("slots", slots?)?;
    state.set_item("numbers", numbers)?;
    Ok(state)
}

fn set_state<T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'_>,
    (step, epoch): (u64, u64),
    parameters: &[Parameter],
    slots: &[Vec<Bound<'_, PyAny>>],
    numbers: &[f64],
) -> PyResult<()> {
    let slots = slots.iter().map(|slot| flat(parameters, slot)).collect::<PyResult<Vec<_>>>()?;
    writing(py, model, |model| {
        model.set_state(step, slots, numbers)?;
        model.epoch = epoch;
        Ok(())
    })
}
