//! Correlation learning and associative memory, on arrays.

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::arrays::{Element, Inputs};
use super::detached;
use crate::unsupervised::association::{self, Memory};
use crate::unsupervised::hebbian::{self, Lesson, Rule};

/// Calls a generic function for the type of an array of two dimensions.
macro_rules! by_type {
    ($array:expr, $function:ident($($argument:expr),*)) => {
        if let Ok(array) = $array.cast::<PyArray2<f32>>() {
            $function(array, $($argument),*)
        } else if let Ok(array) = $array.cast::<PyArray2<f64>>() {
            $function(array, $($argument),*)
        } else {
            Err(PyTypeError::new_err("an array of two dimensions of float32 or float64 is wanted"))
        }
    };
}
pub(super) use by_type;

/// One epoch of a rule without a teacher; see [`hebbian::epoch`].
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn hebbian_epoch(
    x: &Bound<'_, PyAny>,
    components: &Bound<'_, PyAny>,
    mean: &Bound<'_, PyAny>,
    order: &Bound<'_, PyArray1<u32>>,
    rule: &str,
    limit: f64,
    learning_rate: f64,
    decay: f64,
    epoch: u64,
) -> PyResult<()> {
    let rule = match rule {
        "hebb" => Rule::Hebb { limit },
        "oja" => Rule::Oja,
        "sanger" => Rule::Sanger,
        _ => return Err(PyTypeError::new_err("the rule must be hebb, oja or sanger")),
    };
    let order = order.try_readonly()?;
    let inputs = Inputs::new(x)?;
    let source = inputs.source();
    let lesson = Lesson { inputs: source, order: order.as_slice()?, learning_rate, decay, epoch };
    by_type!(components, hebbian_typed(mean, lesson, rule))
}

fn hebbian_typed<T: Element>(
    components: &Bound<'_, PyArray2<T>>,
    mean: &Bound<'_, PyAny>,
    lesson: Lesson<'_>,
    rule: Rule,
) -> PyResult<()> {
    let mean = mean.cast::<PyArray1<T>>()?.try_readonly()?;
    let mean = mean.as_slice()?;
    let mut components_borrowed = components.try_readwrite()?;
    let values = components_borrowed.as_slice_mut()?;
    detached(components.py(), || hebbian::epoch(lesson, mean, values, rule))
}

/// One epoch of the delta rule; see [`hebbian::delta_epoch`].
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn delta_epoch(
    x: &Bound<'_, PyAny>,
    targets: &Bound<'_, PyAny>,
    components: &Bound<'_, PyAny>,
    bias: &Bound<'_, PyAny>,
    order: &Bound<'_, PyArray1<u32>>,
    learning_rate: f64,
    decay: f64,
    epoch: u64,
) -> PyResult<f64> {
    let order = order.try_readonly()?;
    let inputs = Inputs::new(x)?;
    let source = inputs.source();
    let lesson = Lesson { inputs: source, order: order.as_slice()?, learning_rate, decay, epoch };
    by_type!(components, delta_typed(targets, bias, lesson))
}

fn delta_typed<T: Element>(
    components: &Bound<'_, PyArray2<T>>,
    targets: &Bound<'_, PyAny>,
    bias: &Bound<'_, PyAny>,
    lesson: Lesson<'_>,
) -> PyResult<f64> {
    let outputs = components.shape()[0];
    let targets = targets.cast::<PyArray2<T>>()?.try_readonly()?;
    let targets = targets.as_slice()?;
    let mut bias = bias.cast::<PyArray1<T>>()?.try_readwrite()?;
    let bias = bias.as_slice_mut()?;
    let mut weights = components.try_readwrite()?;
    let weights = weights.as_slice_mut()?;
    detached(components.py(), || hebbian::delta_epoch(lesson, targets, weights, bias, outputs))
}

/// `x' y`, added to `sums`; see [`association::correlate`].
#[pyfunction]
pub fn correlate(
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    sums: &Bound<'_, PyAny>,
    threads: usize,
) -> PyResult<()> {
    let (x, y) = (Inputs::new(x)?, Inputs::new(y)?);
    by_type!(sums, correlate_typed(&x, &y, threads))
}

fn correlate_typed<T: Element>(
    sums: &Bound<'_, PyArray2<T>>,
    x: &Inputs<'_>,
    y: &Inputs<'_>,
    threads: usize,
) -> PyResult<()> {
    let mut borrowed = sums.try_readwrite()?;
    let target = borrowed.as_slice_mut()?;
    let (x, y) = (x.source(), y.source());
    detached(sums.py(), || association::correlate(x, y, target, threads))
}

/// The least-squares solution of least norm; see [`least_squares`].
#[pyfunction]
pub fn least_squares<'py>(
    x: &Bound<'py, PyArray2<f64>>,
    y: &Bound<'py, PyArray2<f64>>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let (rows, columns, outputs) = (x.shape()[0], x.shape()[1], y.shape()[1]);
    let (readable_x, readable_y) = (x.try_readonly()?, y.try_readonly()?);
    let (x_values, y_values) = (readable_x.as_slice()?, readable_y.as_slice()?);
    let found = detached(x.py(), || {
        crate::unsupervised::least_squares::least_squares(x_values, (rows, columns), y_values, outputs)
    })?;
    PyArray1::from_vec(x.py(), found).reshape([columns, outputs])
}

/// Stores patterns by Storkey's rule; see [`association::store_storkey`].
#[pyfunction]
pub fn storkey_store(patterns: &Bound<'_, PyAny>, matrix: &Bound<'_, PyAny>, threads: usize) -> PyResult<()> {
    by_type!(matrix, storkey_typed(patterns, threads))
}

fn storkey_typed<T: Element>(
    matrix: &Bound<'_, PyArray2<T>>,
    patterns: &Bound<'_, PyAny>,
    threads: usize,
) -> PyResult<()> {
    let units = matrix.shape()[0];
    let patterns = patterns.cast::<PyArray2<T>>()?.try_readonly()?;
    let patterns = patterns.as_slice()?;
    let mut borrowed = matrix.try_readwrite()?;
    let values = borrowed.as_slice_mut()?;
    detached(matrix.py(), || association::store_storkey(values, patterns, units, threads))
}

/// Recalls states in place; see [`association::recall`].
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn hopfield_recall(
    matrix: &Bound<'_, PyAny>,
    thresholds: &Bound<'_, PyAny>,
    states: &Bound<'_, PyAny>,
    synchronous: bool,
    seed: u64,
    sweeps: usize,
    record: bool,
    threads: usize,
) -> PyResult<Vec<Vec<u32>>> {
    by_type!(matrix, recall_typed(thresholds, states, (synchronous, seed, sweeps), record, threads))
}

fn recall_typed<T: Element>(
    matrix: &Bound<'_, PyArray2<T>>,
    thresholds: &Bound<'_, PyAny>,
    states: &Bound<'_, PyAny>,
    (synchronous, seed, sweeps): (bool, u64, usize),
    record: bool,
    threads: usize,
) -> PyResult<Vec<Vec<u32>>> {
    let (borrowed, thresholds) = (matrix.try_readonly()?, thresholds.cast::<PyArray1<T>>()?.try_readonly()?);
    let mut states = states.cast::<PyArray2<T>>()?.try_readwrite()?;
    let states = states.as_slice_mut()?;
    let (matrix_values, thresholds) = (borrowed.as_slice()?, thresholds.as_slice()?);
    let memory = Memory { matrix: matrix_values, thresholds, synchronous, seed, sweeps };
    detached(matrix.py(), || association::recall(memory, states, record, threads))
}

/// The fields of states; see [`association::fields`].
#[pyfunction]
pub fn hopfield_fields<'py>(
    matrix: &Bound<'py, PyAny>,
    states: &Bound<'py, PyAny>,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    by_type!(matrix, fields_typed(states, threads))
}

fn fields_typed<'py, T: Element>(
    matrix: &Bound<'py, PyArray2<T>>,
    states: &Bound<'py, PyAny>,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let states = states.cast::<PyArray2<T>>()?;
    let shape = [states.shape()[0], states.shape()[1]];
    let (borrowed, states) = (matrix.try_readonly()?, states.try_readonly()?);
    let (matrix_values, states) = (borrowed.as_slice()?, states.as_slice()?);
    let units = matrix.shape()[0];
    let fields = detached(matrix.py(), || association::fields(matrix_values, units, states, threads))?;
    Ok(PyArray1::from_vec(matrix.py(), fields).reshape(shape)?.into_any())
}
