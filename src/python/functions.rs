//! The functions of the module, beside its class.

use numpy::{PyArray1, PyArray2, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::arrays::{Element, Inputs};
use super::detached;
use crate::activation::Activation;
use crate::constraint::Constraint;
use crate::error::Error;
use crate::initializer::Initializer;
use crate::loss::Loss;
use crate::metric::Metric;
use crate::optimizer::Optimizer;
use crate::random::{Purpose, Stream};
use crate::schedule::{LearningRate, Schedule};
use crate::simd::{Float, InstructionSet, Kernel, Simd, run_on};

/// An activation of every value, or of every row for softmax, written to `out` or to a new array.
#[pyfunction]
#[pyo3(signature = (config, x, out=None))]
pub fn activation<'py>(
    config: &str,
    x: &Bound<'py, PyAny>,
    out: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    of_array(config, x, out, false)
}

/// An activation's derivative at every value; for softmax, the matrix of each row.
#[pyfunction]
#[pyo3(signature = (config, x, out=None))]
pub fn activation_derivative<'py>(
    config: &str,
    x: &Bound<'py, PyAny>,
    out: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    of_array(config, x, out, true)
}

fn of_array<'py>(
    config: &str,
    x: &Bound<'py, PyAny>,
    out: Option<Bound<'py, PyAny>>,
    derivative: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let activation: Activation = serde_json::from_str(config).map_err(Error::from)?;
    if let Ok(x) = x.cast::<PyArrayDyn<f32>>() {
        return of_typed(activation, x, out, derivative);
    }
    if let Ok(x) = x.cast::<PyArrayDyn<f64>>() {
        return of_typed(activation, x, out, derivative);
    }
    Err(PyTypeError::new_err("x must be an array of float32 or float64"))
}

fn of_typed<'py, T: Element>(
    activation: Activation,
    x: &Bound<'py, PyArrayDyn<T>>,
    out: Option<Bound<'py, PyAny>>,
    derivative: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    let mut shape = x.shape().to_vec();
    let columns = shape.last().copied().unwrap_or(1).max(1);
    if derivative && activation.is_over_rows() {
        shape.push(columns);
    }
    let out = match out {
        Some(out) => out.cast_into::<PyArrayDyn<T>>()?,
        // SAFETY: every value is written below before it is read.
        None => unsafe { PyArrayDyn::new(py, shape.as_slice(), false) },
    };
    if out.shape() != shape {
        return Err(Error::Shape("out has another shape".into()).into());
    }
    // The same array for both is worked on in place; NumPy's borrowing refuses every other overlap.
    let in_place = out.data() == x.data() && out.shape() == x.shape();
    let x = if in_place { None } else { Some(x.try_readonly()?) };
    let x = x.as_ref().map(|x| x.as_slice()).transpose()?;
    let mut target = out.try_readwrite()?;
    let target = target.as_slice_mut()?;
    detached(py, || {
        let set = InstructionSet::chosen()?;
        run_on(set, Apply { activation, x, target, columns, derivative });
        Ok(())
    })?;
    Ok(out.into_any())
}

/// The activation of values, or the derivative there.
struct Apply<'a, T> {
    activation: Activation,
    x: Option<&'a [T]>,
    target: &'a mut [T],
    columns: usize,
    derivative: bool,
}

impl<T: Float> Kernel for Apply<'_, T> {
    type Output = ();

    fn run<S: Simd>(self, simd: S) {
        let Self { activation, x, target, columns, derivative } = self;
        match (derivative, activation, x) {
            (false, ..) => activation.values(simd, x, target, columns),
            (true, _, Some(x)) if activation.is_over_rows() => {
                let mut outputs = vec![T::ZERO; x.len()];
                activation.values(simd, Some(x), &mut outputs, columns);
                let matrices = target.chunks_exact_mut(columns * columns);
                for (row, matrix) in outputs.chunks_exact(columns).zip(matrices) {
                    activation.jacobian(simd, row, matrix);
                }
            }
            _ => activation.derivatives(simd, x, target),
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

/// The learning rate after some steps, by a schedule.
#[pyfunction]
pub fn learning_rate(config: &str, steps: u64) -> PyResult<f64> {
    let rate: LearningRate = serde_json::from_str(config).map_err(Error::from)?;
    Ok(rate.after(steps))
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

/// Whether the environment holds a variable.
#[pyfunction]
pub fn environment_has(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

/// The names that configurations may use, sorted.
#[pyfunction]
pub fn registry(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let registry = PyDict::new(py);
    for (kind, names) in [
        ("activations", Activation::NAMES),
        ("constraints", Constraint::NAMES),
        ("initializers", Initializer::NAMES),
        ("losses", Loss::NAMES),
        ("metrics", Metric::NAMES),
        ("optimizers", Optimizer::NAMES),
        ("schedules", Schedule::NAMES),
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
