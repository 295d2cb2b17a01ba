//! The functions of the module, beside its class.

use numpy::{PyArray1, PyArray2, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::arrays::{Element, Inputs, shaped};
use super::detached;
use crate::activation::{Activation, Kept};
use crate::error::Error;
use crate::initializer::Initializer;
use crate::loss::Loss;
use crate::metric::Metric;
use crate::optimizer::Optimizer;
use crate::parallel::Rows;
use crate::random::{Purpose, Stream};
use crate::simd::{Float, InstructionSet, Kernel, Simd, run_on};
use crate::softmax;

/// An activation of every value, or of every row for softmax.
#[pyfunction]
pub fn activation<'py>(config: &str, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    of_array(config, x, false)
}

/// An activation's derivative at every value; for softmax, the matrix of each row.
#[pyfunction]
pub fn activation_derivative<'py>(config: &str, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    of_array(config, x, true)
}

fn of_array<'py>(config: &str, x: &Bound<'py, PyAny>, derivative: bool) -> PyResult<Bound<'py, PyAny>> {
    let activation: Activation = serde_json::from_str(config).map_err(Error::from)?;
    if let Ok(x) = x.cast::<PyArrayDyn<f32>>() {
        return of_typed(activation, x, derivative);
    }
    if let Ok(x) = x.cast::<PyArrayDyn<f64>>() {
        return of_typed(activation, x, derivative);
    }
    Err(PyTypeError::new_err("x must be an array of float32 or float64"))
}

fn of_typed<'py, T: Element>(
    activation: Activation,
    x: &Bound<'py, PyArrayDyn<T>>,
    derivative: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    let mut shape = x.shape().to_vec();
    let columns = shape.last().copied().unwrap_or(1).max(1);
    let x = x.try_readonly()?;
    let x = x.as_slice()?;
    let values = detached(py, || {
        let mut values = x.to_vec();
        run_on(InstructionSet::chosen()?, Apply { activation, values: &mut values, columns, derivative });
        if derivative && activation == Activation::Softmax {
            let mut matrices = vec![T::ZERO; values.len() * columns];
            for (row, matrix) in
                values.chunks_exact(columns).zip(matrices.chunks_exact_mut(columns * columns))
            {
                softmax::jacobian(row, matrix);
            }
            values = matrices;
        }
        Ok(values)
    })?;
    if derivative && activation == Activation::Softmax {
        shape.push(columns);
    }
    Ok(shaped(py, &values, &shape)?.into_any())
}

/// The activation of values, or the derivative there; softmax gives its shares for both.
struct Apply<'a, T> {
    activation: Activation,
    values: &'a mut [T],
    columns: usize,
    derivative: bool,
}

impl<T: Float> Kernel for Apply<'_, T> {
    type Output = ();

    fn run<S: Simd>(self, simd: S) {
        let Self { activation, values, columns, derivative } = self;
        if !derivative || activation.kept() == Kept::Output {
            activation.forward(simd, Rows::adjoining(values, columns));
        }
        if derivative && activation != Activation::Softmax {
            activation.derivative(simd, values);
        }
    }
}

/// One epoch of the perceptron; see [`crate::perceptron::epoch`].
#[pyfunction]
pub fn perceptron_epoch<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    classes: &Bound<'py, PyArray1<u32>>,
    weights: &Bound<'py, PyArray2<f64>>,
    learning_rate: f64,
    order: &Bound<'py, PyArray1<u32>>,
) -> PyResult<Bound<'py, PyArray1<i64>>> {
    let inputs = Inputs::new(x)?;
    let source = inputs.source();
    let (classes, order) = (classes.try_readonly()?, order.try_readonly()?);
    let (classes, order) = (classes.as_slice()?, order.as_slice()?);
    let mut weights = weights.try_readwrite()?;
    let weights = weights.as_slice_mut()?;
    let mistakes = detached(py, || crate::perceptron::epoch(source, classes, weights, learning_rate, order))?;
    Ok(PyArray1::from_vec(py, mistakes))
}

/// The order of `rows` rows that a seed, a purpose and a step give.
#[pyfunction]
pub fn permutation<'py>(
    py: Python<'py>,
    rows: usize,
    seed: u64,
    purpose: u8,
    step: u64,
) -> PyResult<Bound<'py, PyArray1<u32>>> {
    let purpose = Purpose::from_number(purpose)
        .ok_or_else(|| PyValueError::new_err(format!("{purpose} is no purpose of random numbers")))?;
    if u32::try_from(rows).is_err() {
        return Err(PyValueError::new_err("a permutation has 4,294,967,295 rows at most"));
    }
    let order = detached(py, || {
        let mut order = vec![0; rows];
        Stream::new(seed, purpose, 0, step).permute(&mut order);
        Ok(order)
    })?;
    Ok(PyArray1::from_vec(py, order))
}

/// The row-major index of the first value that is infinite or NaN.
#[pyfunction]
pub fn first_non_finite(x: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    if let Ok(x) = x.cast::<PyArrayDyn<f32>>() {
        return first_in(x.py(), &x.try_readonly()?);
    }
    if let Ok(x) = x.cast::<PyArrayDyn<f64>>() {
        return first_in(x.py(), &x.try_readonly()?);
    }
    if x.cast::<PyArrayDyn<u8>>().is_ok() {
        return Ok(None);
    }
    Err(PyTypeError::new_err("x must be an array of float32, float64 or uint8"))
}

fn first_in<T: Element>(py: Python<'_>, x: &PyReadonlyArrayDyn<'_, T>) -> PyResult<Option<usize>> {
    let view = x.as_array();
    detached(py, || {
        Ok(match view.as_slice() {
            // Blocks without an early exit within them are what the compiler vectorizes.
            Some(values) => values.chunks(1024).enumerate().find_map(|(block, values)| {
                let all = values.iter().fold(true, |all, value| all & value.is_finite());
                if all {
                    None
                } else {
                    values.iter().position(|value| !value.is_finite()).map(|at| block * 1024 + at)
                }
            }),
            None => view.iter().position(|value| !value.is_finite()),
        })
    })
}

/// The names that configurations may use, sorted.
#[pyfunction]
pub fn registry(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let registry = PyDict::new(py);
    for (kind, names) in [
        ("activations", Activation::NAMES),
        ("initializers", Initializer::NAMES),
        ("losses", Loss::NAMES),
        ("metrics", Metric::NAMES),
        ("optimizers", Optimizer::NAMES),
    ] {
        let mut names = names.to_vec();
        names.sort_unstable();
        registry.set_item(kind, names)?;
    }
    Ok(registry)
}

/// The instruction set in use; see [`InstructionSet::chosen`].
#[pyfunction]
pub fn instruction_set() -> PyResult<&'static str> {
    Ok(InstructionSet::chosen()?.name())
}

/// The instruction sets that this machine can run, widest first.
#[pyfunction]
pub fn instruction_sets() -> Vec<&'static str> {
    InstructionSet::available().map(InstructionSet::name).collect()
}
