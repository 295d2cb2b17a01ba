//! The class `Network`: the backend that trains in Rust.

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use numpy::{PyArray2, PyArrayMethods, PyReadwriteArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::arrays::{Element, Inputs, Wanted, copy_into, shaped};
use super::detached;
use crate::buffer::Buffer;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::network::{NetworkSpec, Parameter};
use crate::train::{Data, Pass, TrainingSpec};

/// How long Ctrl-C may wait while an epoch runs: Python is entered this seldom, never for every batch.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(100);

/// A network and its training, in single or double precision.
#[pyclass(frozen, module = "nnfast._core")]
pub struct Network {
    model: Precision,
    parameters: Vec<Parameter>,
    outputs: usize,
}

/// The lock is only ever taken in [`detached`] work, but for reading what no other thread can be holding.
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
        Ok(Self { model, parameters: network.shapes(), outputs: network.outputs() })
    }

    fn parameters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        on_model!(self, parameters(py, &self.parameters))
    }

    fn set_parameters(&self, py: Python<'_>, parameters: Vec<Bound<'_, PyAny>>) -> PyResult<()> {
        on_model!(self, set_parameters(py, &self.parameters, &parameters))
    }

    fn compile(&self, py: Python<'_>, config: &str) -> PyResult<()> {
        on_model!(self, compile(py, config))
    }

    fn predict<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        on_model!(self, predict(py, x, threads, self.outputs))
    }

    fn gradients<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        y: &Bound<'py, PyAny>,
        threads: usize,
    ) -> PyResult<(f64, Bound<'py, PyList>)> {
        on_model!(self, gradients(py, x, y, threads, &self.parameters))
    }

    fn train_epoch(
        &self,
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        y: &Bound<'_, PyAny>,
        batch_size: usize,
        shuffle: bool,
        threads: usize,
    ) -> PyResult<Vec<f64>> {
        on_model!(self, train_epoch(py, x, y, Pass { batch_size, shuffle, threads }))
    }

    fn train_batch(
        &self,
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        y: &Bound<'_, PyAny>,
        threads: usize,
    ) -> PyResult<Vec<f64>> {
        on_model!(self, train_batch(py, x, y, threads))
    }

    fn evaluate(
        &self,
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        y: &Bound<'_, PyAny>,
        batch_size: usize,
        threads: usize,
    ) -> PyResult<Vec<f64>> {
        on_model!(self, evaluate(py, x, y, batch_size, threads))
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
    ) -> PyResult<()> {
        on_model!(self, set_state(py, step, epoch, &self.parameters, &slots))
    }
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
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    work: impl FnOnce(&mut Model<T>, Data<'_, T>) -> Result<R> + Send,
) -> PyResult<R> {
    let (inputs, wanted) = (Inputs::new(x)?, Wanted::<T>::new(y)?);
    let data = Data { inputs: inputs.source(), targets: wanted.targets()? };
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
    let values = reading(py, model, |model| Ok(model.parameters.to_vec()))?;
    listed(py, &values, parameters)
}

fn set_parameters<T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'_>,
    parameters: &[Parameter],
    arrays: &[Bound<'_, PyAny>],
) -> PyResult<()> {
    let values = flat(parameters, arrays)?;
    writing(py, model, |model| {
        model.parameters = values;
        Ok(())
    })
}

fn compile<T: Element>(model: &RwLock<Model<T>>, py: Python<'_>, config: &str) -> PyResult<()> {
    let spec: TrainingSpec = serde_json::from_str(config).map_err(Error::from)?;
    writing(py, model, |model| model.compile(spec))
}

fn predict<'py, T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    threads: usize,
    outputs: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let inputs = Inputs::new(x)?;
    let source = inputs.source();
    let predicted = PyArray2::<T>::zeros(py, [source.rows(), outputs], false);
    {
        let mut target: PyReadwriteArray2<'_, T> = predicted.readwrite();
        let target = target.as_slice_mut()?;
        reading(py, model, |model| model.predict(source, threads, target))?;
    }
    Ok(predicted.into_any())
}

fn gradients<'py, T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    y: &Bound<'py, PyAny>,
    threads: usize,
    parameters: &[Parameter],
) -> PyResult<(f64, Bound<'py, PyList>)> {
    let (loss, gradients) = learning(py, model, x, y, |model, data| model.gradients(data, threads))?;
    Ok((loss, listed(py, &gradients, parameters)?))
}

fn train_epoch<T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    pass: Pass,
) -> PyResult<Vec<f64>> {
    let mut signal = None;
    let result = learning(py, model, x, y, |model, data| {
        let mut last = Instant::now();
        let mut go_on = || {
            if last.elapsed() < BETWEEN_SIGNALS {
                return true;
            }
            last = Instant::now();
            signal = Python::attach(|py| py.check_signals()).err();
            signal.is_none()
        };
        model.train_epoch(data, pass, &mut go_on)
    });
    match signal {
        Some(error) => Err(error),
        None => result,
    }
}

fn train_batch<T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    threads: usize,
) -> PyResult<Vec<f64>> {
    learning(py, model, x, y, |model, data| model.train_batch(data, threads))
}

fn evaluate<T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    batch_size: usize,
    threads: usize,
) -> PyResult<Vec<f64>> {
    learning(py, model, x, y, |model, data| model.evaluate(data, batch_size, threads))
}

fn state<'py, T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'py>,
    parameters: &[Parameter],
) -> PyResult<Bound<'py, PyDict>> {
    let (step, epoch, slots) = reading(py, model, |model| {
        let (step, slots) = model.state()?;
        Ok((step, model.epoch, slots.iter().map(|slot| slot.to_vec()).collect::<Vec<_>>()))
    })?;
    let slots: PyResult<Vec<_>> = slots.iter().map(|slot| listed(py, slot, parameters)).collect();
    let state = PyDict::new(py);
    state.set_item("step", step)?;
    state.set_item("epoch", epoch)?;
    state.set_item("slots", slots?)?;
    Ok(state)
}

fn set_state<T: Element>(
    model: &RwLock<Model<T>>,
    py: Python<'_>,
    step: u64,
    epoch: u64,
    parameters: &[Parameter],
    slots: &[Vec<Bound<'_, PyAny>>],
) -> PyResult<()> {
    let slots = slots.iter().map(|slot| flat(parameters, slot)).collect::<PyResult<Vec<_>>>()?;
    writing(py, model, |model| {
        model.set_state(step, slots)?;
        model.epoch = epoch;
        Ok(())
    })
}
