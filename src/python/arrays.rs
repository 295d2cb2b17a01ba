//! NumPy arrays as the core takes them, read where they lie.

use numpy::npyffi::NPY_TYPES;
use numpy::{
    PyArray1, PyArray2, PyArrayDyn, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyReadwriteArray2,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::loss::Targets;
use crate::simd::Float;
use crate::source::Source;

/// A float that NumPy arrays can hold.
pub trait Element: Float + numpy::Element {
    /// NumPy's number of the type.
    const KIND: NPY_TYPES;
}

impl Element for f32 {
    const KIND: NPY_TYPES = NPY_TYPES::NPY_FLOAT;
}

impl Element for f64 {
    const KIND: NPY_TYPES = NPY_TYPES::NPY_DOUBLE;
}

/// A table of inputs, kept alive.
pub enum Inputs<'py> {
    F32(PyReadonlyArray2<'py, f32>),
    F64(PyReadonlyArray2<'py, f64>),
    U8(PyReadonlyArray2<'py, u8>),
}

impl<'py> Inputs<'py> {
    /// The table behind an array of two dimensions.
    pub fn new(array: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = array.cast::<PyArray2<f32>>() {
            return Ok(Self::F32(array.try_readonly()?));
        }
        if let Ok(array) = array.cast::<PyArray2<f64>>() {
            return Ok(Self::F64(array.try_readonly()?));
        }
        if let Ok(array) = array.cast::<PyArray2<u8>>() {
            return Ok(Self::U8(array.try_readonly()?));
        }
        Err(PyTypeError::new_err("x must be a two-dimensional array of float32, float64 or uint8"))
    }

    /// The view that the core reads.
    pub fn source(&self) -> Source<'_> {
        match self {
            Self::F32(array) => Source::F32(array.as_array()),
            Self::F64(array) => Source::F64(array.as_array()),
            Self::U8(array) => Source::U8(array.as_array()),
        }
    }
}

/// Targets, kept alive.
pub enum Wanted<'py, T: Element> {
    Classes(PyReadonlyArray1<'py, u32>),
    Values(PyReadonlyArray2<'py, T>),
}

impl<'py, T: Element> Wanted<'py, T> {
    /// Class indices, or one value for each output.
    pub fn new(array: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = array.cast::<PyArray1<u32>>() {
            return Ok(Self::Classes(array.try_readonly()?));
        }
        if let Ok(array) = array.cast::<PyArray2<T>>() {
            return Ok(Self::Values(array.try_readonly()?));
        }
        Err(PyTypeError::new_err(format!(
            "y must be an array of uint32 of one dimension, or of {} of two",
            T::NAME
        )))
    }

    /// The view that the core reads.
    pub fn targets(&self) -> PyResult<Targets<'_, T>> {
        Ok(match self {
            Self::Classes(array) => Targets::Classes(array.as_slice()?),
            Self::Values(array) => Targets::Values(array.as_slice()?, array.as_array().ncols()),
        })
    }
}

/// A weight for each row, kept alive.
pub fn row_weights<'py, T: Element>(array: &Bound<'py, PyAny>) -> PyResult<PyReadonlyArray1<'py, T>> {
    match array.cast::<PyArray1<T>>() {
        Ok(array) => Ok(array.try_readonly()?),
        Err(_) => {
            Err(PyTypeError::new_err(format!("weights must be an array of {} of one dimension", T::NAME)))
        }
    }
}

/// Rows that outputs are written into, kept alive.
pub fn written<'py, T: Element>(array: &Bound<'py, PyAny>) -> PyResult<PyReadwriteArray2<'py, T>> {
    match array.cast::<PyArray2<T>>() {
        Ok(array) => Ok(array.try_readwrite()?),
        Err(_) => {
            Err(PyTypeError::new_err(format!("outputs must be an array of {} of two dimensions", T::NAME)))
        }
    }
}

/// A new array of this shape.
pub fn shaped<'py, T: Element>(
    py: Python<'py>,
    values: &[T],
    shape: &[usize],
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    PyArray1::from_slice(py, values).reshape(shape)
}

/// Fills `target` with the values of an array, in row-major order.
pub fn copy_into<T: Element>(array: &Bound<'_, PyAny>, target: &mut [T]) -> PyResult<()> {
    let array = array.cast::<PyArrayDyn<T>>()?.try_readonly()?;
    let array = array.as_array();
    if array.len() != target.len() {
        return Err(crate::error::Error::Shape("a parameter has another size".into()).into());
    }
    for (target, &value) in target.iter_mut().zip(array) {
        *target = value;
    }
    Ok(())
}
