//! The restricted Boltzmann machine, on arrays.

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::arrays::{Element, Inputs};
use super::correlation::by_type;
use super::detached;
use crate::unsupervised::boltzmann::{Lesson, Machine};

/// A machine's parameters: the weights, of a row for each visible unit, and the biases of the hidden and of the
/// visible units.
type Parameters<'a, 'py> = (&'a Bound<'py, PyAny>, &'a Bound<'py, PyAny>);

fn machine<T: Element>(
    weights: &Bound<'_, PyArray2<T>>,
    (hidden, visible): Parameters<'_, '_>,
) -> PyResult<Machine<T>> {
    let weights = weights.try_readonly()?;
    let hidden = hidden.cast::<PyArray1<T>>()?.try_readonly()?;
    let visible = visible.cast::<PyArray1<T>>()?.try_readonly()?;
    Ok(Machine::new(weights.as_slice()?, hidden.as_slice()?, visible.as_slice()?)?)
}

/// One epoch of contrastive divergence, the parameters and the chains changed in place.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn boltzmann_epoch(
    x: &Bound<'_, PyAny>,
    weights: &Bound<'_, PyAny>,
    hidden: &Bound<'_, PyAny>,
    visible: &Bound<'_, PyAny>,
    chains: &Bound<'_, PyAny>,
    order: &Bound<'_, PyArray1<u32>>,
    batch_size: usize,
    learning_rate: f64,
    persistent: bool,
    gibbs_steps: usize,
    seed: u64,
    step: u64,
    threads: usize,
) -> PyResult<()> {
    let (inputs, order) = (Inputs::new(x)?, order.try_readonly()?);
    let (inputs, order) = (inputs.source(), order.as_slice()?);
    let lesson =
        Lesson { inputs, order, batch_size, learning_rate, persistent, gibbs_steps, seed, step, threads };
    by_type!(weights, epoch_typed((hidden, visible), chains, lesson))
}

fn epoch_typed<T: Element>(
    weights: &Bound<'_, PyArray2<T>>,
    parameters: Parameters<'_, '_>,
    chains: &Bound<'_, PyAny>,
    lesson: Lesson<'_>,
) -> PyResult<()> {
    let mut machine = machine(weights, parameters)?;
    let mut borrowed = weights.try_readwrite()?;
    let mut hidden = parameters.0.cast::<PyArray1<T>>()?.try_readwrite()?;
    let mut visible = parameters.1.cast::<PyArray1<T>>()?.try_readwrite()?;
    let mut chains = chains.cast::<PyArray2<T>>()?.try_readwrite()?;
    let (values, chains) = (borrowed.as_slice_mut()?, chains.as_slice_mut()?);
    let (hidden, visible) = (hidden.as_slice_mut()?, visible.as_slice_mut()?);
    detached(weights.py(), || {
        machine.learn(lesson, chains)?;
        machine.write(values, hidden, visible);
        Ok(())
    })
}

/// Probabilities of the hidden units.
#[pyfunction]
pub fn boltzmann_hidden<'py>(
    x: &Bound<'py, PyAny>,
    weights: &Bound<'py, PyAny>,
    hidden: &Bound<'py, PyAny>,
    visible: &Bound<'py, PyAny>,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let inputs = Inputs::new(x)?;
    by_type!(weights, hidden_typed((hidden, visible), &inputs, threads))
}

fn hidden_typed<'py, T: Element>(
    weights: &Bound<'py, PyArray2<T>>,
    parameters: Parameters<'_, 'py>,
    inputs: &Inputs<'py>,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let machine = machine(weights, parameters)?;
    let source = inputs.source();
    let shape = [source.rows(), weights.shape()[1]];
    let found = detached(weights.py(), || machine.hidden(source, threads))?;
    Ok(PyArray1::from_vec(weights.py(), found).reshape(shape)?.into_any())
}

/// Probabilities of the visible units, given values of the hidden ones.
#[pyfunction]
pub fn boltzmann_visible<'py>(
    h: &Bound<'py, PyAny>,
    weights: &Bound<'py, PyAny>,
    hidden: &Bound<'py, PyAny>,
    visible: &Bound<'py, PyAny>,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let inputs = Inputs::new(h)?;
    by_type!(weights, visible_typed((hidden, visible), &inputs, threads))
}

fn visible_typed<'py, T: Element>(
    weights: &Bound<'py, PyArray2<T>>,
    parameters: Parameters<'_, 'py>,
    inputs: &Inputs<'py>,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let machine = machine(weights, parameters)?;
    let source = inputs.source();
    let shape = [source.rows(), weights.shape()[0]];
    let found = detached(weights.py(), || machine.visible(source, threads))?;
    Ok(PyArray1::from_vec(weights.py(), found).reshape(shape)?.into_any())
}

/// The free energy of each row or, where a unit is listed for each, its pseudo-log-likelihood.
#[pyfunction]
pub fn boltzmann_energy<'py>(
    x: &Bound<'py, PyAny>,
    weights: &Bound<'py, PyAny>,
    hidden: &Bound<'py, PyAny>,
    visible: &Bound<'py, PyAny>,
    flipped: Option<Bound<'py, PyArray1<u32>>>,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let inputs = Inputs::new(x)?;
    by_type!(weights, energy_typed((hidden, visible), &inputs, flipped.as_ref(), threads))
}

fn energy_typed<'py, T: Element>(
    weights: &Bound<'py, PyArray2<T>>,
    parameters: Parameters<'_, 'py>,
    inputs: &Inputs<'py>,
    flipped: Option<&Bound<'py, PyArray1<u32>>>,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let machine = machine(weights, parameters)?;
    let source = inputs.source();
    let flipped = flipped.map(|flipped| flipped.try_readonly()).transpose()?;
    let flipped = flipped.as_ref().map(|flipped| flipped.as_slice()).transpose()?;
    let found = detached(weights.py(), || match flipped {
        None => machine.free_energy(source, threads),
        Some(flipped) => machine.score(source, flipped, threads),
    })?;
    Ok(PyArray1::from_vec(weights.py(), found).into_any())
}

/// Gibbs sampling from rows of visible units.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn boltzmann_gibbs<'py>(
    x: &Bound<'py, PyAny>,
    weights: &Bound<'py, PyAny>,
    hidden: &Bound<'py, PyAny>,
    visible: &Bound<'py, PyAny>,
    steps: usize,
    seed: u64,
    step: u64,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let inputs = Inputs::new(x)?;
    by_type!(weights, gibbs_typed((hidden, visible), &inputs, (steps, seed, step), threads))
}

fn gibbs_typed<'py, T: Element>(
    weights: &Bound<'py, PyArray2<T>>,
    parameters: Parameters<'_, 'py>,
    inputs: &Inputs<'py>,
    (steps, seed, step): (usize, u64, u64),
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let machine = machine(weights, parameters)?;
    let source = inputs.source();
    let shape = [source.rows(), source.columns()];
    let found = detached(weights.py(), || machine.gibbs(source, steps, (seed, step), threads))?;
    Ok(PyArray1::from_vec(weights.py(), found).reshape(shape)?.into_any())
}
