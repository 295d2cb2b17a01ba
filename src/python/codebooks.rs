//! Codebooks: maps, competitive learning, learning vector quantization.

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::arrays::{Element, Inputs};
use super::detached;
use crate::error::Error;
use crate::unsupervised::codebook::{self, Distance};
use crate::unsupervised::grid::Map;
use crate::unsupervised::lvq::{Prototypes, Rule};
use crate::unsupervised::som::Lesson;
use crate::unsupervised::{competitive, lvq, som, som_batch};

/// Winners, their distances, and the second nearest.
type Found<'py> = (Bound<'py, PyArray1<u32>>, Bound<'py, PyAny>, Bound<'py, PyArray1<u32>>);

/// Calls a function for the type of an array of two dimensions.
macro_rules! by_type {
    ($array:expr, $name:ident => $call:expr) => {
        if let Ok($name) = $array.cast::<PyArray2<f32>>() {
            $call
        } else if let Ok($name) = $array.cast::<PyArray2<f64>>() {
            $call
        } else {
            Err(PyTypeError::new_err("weights must be a two-dimensional array of float32 or float64"))
        }
    };
}

/// The nearest unit of each row, its distance, and the second nearest; see [`codebook::nearest`].
#[pyfunction]
pub fn nearest_units<'py>(
    x: &Bound<'py, PyAny>,
    weights: &Bound<'py, PyAny>,
    distance: &str,
    threads: usize,
) -> PyResult<Found<'py>> {
    by_type!(weights, weights => nearest_typed(x, weights, distance, threads))
}

fn nearest_typed<'py, T: Element>(
    x: &Bound<'py, PyAny>,
    weights: &Bound<'py, PyArray2<T>>,
    distance: &str,
    threads: usize,
) -> PyResult<Found<'py>> {
    let py = x.py();
    let inputs = Inputs::new(x)?;
    let source = inputs.source();
    same_columns(source.columns(), weights)?;
    let weights = weights.try_readonly()?;
    let weights = weights.as_slice()?;
    let distance = Distance::from_name(distance)?;
    let found = detached(py, || codebook::nearest(source, weights, distance, threads))?;
    let distances = PyArray1::from_vec(py, found.distances).into_any();
    Ok((PyArray1::from_vec(py, found.first), distances, PyArray1::from_vec(py, found.second)))
}

fn same_columns<T: Element>(columns: usize, weights: &Bound<'_, PyArray2<T>>) -> PyResult<()> {
    if weights.shape()[1] == columns {
        return Ok(());
    }
    Err(Error::Shape("units need as many columns as X has".into()).into())
}

/// The distances of all rows to all units, written to `out`; see [`codebook::all_distances`].
#[pyfunction]
pub fn unit_distances(
    x: &Bound<'_, PyAny>,
    weights: &Bound<'_, PyAny>,
    distance: &str,
    out: &Bound<'_, PyAny>,
    threads: usize,
) -> PyResult<()> {
    let distance = Distance::from_name(distance)?;
    let inputs = Inputs::new(x)?;
    by_type!(weights, weights => {
        same_columns(inputs.source().columns(), weights)?;
        let mut out = matching(weights, out)?.try_readwrite()?;
        let weights = weights.try_readonly()?;
        let (weights, target, source) = (weights.as_slice()?, out.as_slice_mut()?, inputs.source());
        detached(x.py(), || codebook::all_distances(source, weights, distance, threads, target))
    })
}

/// An array of the same type as another.
fn matching<'a, 'py, T: Element>(
    _like: &Bound<'py, PyArray2<T>>,
    array: &'a Bound<'py, PyAny>,
) -> PyResult<&'a Bound<'py, PyArray2<T>>> {
    Ok(array.cast::<PyArray2<T>>()?)
}

/// The sum of the rows that each unit won, written to `sums`, and their number; see [`codebook::sums`].
#[pyfunction]
pub fn unit_sums<'py>(
    x: &Bound<'py, PyAny>,
    winners: &Bound<'py, PyArray1<u32>>,
    sums: &Bound<'py, PyAny>,
    threads: usize,
) -> PyResult<Bound<'py, PyArray1<i64>>> {
    by_type!(sums, sums => sums_typed(x, winners, sums, threads))
}

fn sums_typed<'py, T: Element>(
    x: &Bound<'py, PyAny>,
    winners: &Bound<'py, PyArray1<u32>>,
    sums: &Bound<'py, PyArray2<T>>,
    threads: usize,
) -> PyResult<Bound<'py, PyArray1<i64>>> {
    let py = x.py();
    let inputs = Inputs::new(x)?;
    let source = inputs.source();
    same_columns(source.columns(), sums)?;
    let units = sums.shape()[0];
    let winners = winners.try_readonly()?;
    let winners = winners.as_slice()?;
    let mut sums = sums.try_readwrite()?;
    let target = sums.as_slice_mut()?;
    let counts = detached(py, || {
        let (sums, counts) = codebook::sums(source, winners, units, threads)?;
        target.copy_from_slice(&sums);
        Ok(counts)
    })?;
    Ok(PyArray1::from_vec(py, counts))
}

/// Learns a map row by row, in place; see [`som::online`].
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one call, from one place
pub fn map_online(
    x: &Bound<'_, PyAny>,
    weights: &Bound<'_, PyAny>,
    map: &str,
    distance: &str,
    order: &Bound<'_, PyArray1<u32>>,
    rates: &Bound<'_, PyArray1<f64>>,
    sigmas: &Bound<'_, PyArray1<f64>>,
    threads: usize,
) -> PyResult<()> {
    let map: Map = serde_json::from_str(map).map_err(Error::from)?;
    let distance = Distance::from_name(distance)?;
    let (order, rates, sigmas) = (order.try_readonly()?, rates.try_readonly()?, sigmas.try_readonly()?);
    let lesson = Lesson { order: order.as_slice()?, rates: rates.as_slice()?, sigmas: sigmas.as_slice()? };
    let inputs = Inputs::new(x)?;
    by_type!(weights, weights => {
        same_columns(inputs.source().columns(), weights)?;
        let mut values = weights.try_readwrite()?;
        let (values, source) = (values.as_slice_mut()?, inputs.source());
        detached(x.py(), || som::online(source, values, map, distance, lesson, threads))
    })
}

/// Moves a map's units once, from all rows; see [`som_batch::batch`].
#[pyfunction]
pub fn map_batch(
    x: &Bound<'_, PyAny>,
    weights: &Bound<'_, PyAny>,
    map: &str,
    distance: &str,
    rate: f64,
    sigma: f64,
    threads: usize,
) -> PyResult<()> {
    let map: Map = serde_json::from_str(map).map_err(Error::from)?;
    let distance = Distance::from_name(distance)?;
    let inputs = Inputs::new(x)?;
    by_type!(weights, weights => {
        same_columns(inputs.source().columns(), weights)?;
        let mut values = weights.try_readwrite()?;
        let (values, source) = (values.as_slice_mut()?, inputs.source());
        detached(x.py(), || som_batch::batch(source, values, map, distance, (rate, sigma), threads))
    })
}

/// Learns a codebook row by row, in place; see [`competitive::online`].
#[pyfunction]
pub fn competitive_online(
    x: &Bound<'_, PyAny>,
    weights: &Bound<'_, PyAny>,
    wins: &Bound<'_, PyArray1<f64>>,
    order: &Bound<'_, PyArray1<u32>>,
    rates: &Bound<'_, PyArray1<f64>>,
    threads: usize,
) -> PyResult<()> {
    let (order, rates) = (order.try_readonly()?, rates.try_readonly()?);
    let (order, rates) = (order.as_slice()?, rates.as_slice()?);
    let mut wins = wins.try_readwrite()?;
    let wins = wins.as_slice_mut()?;
    let inputs = Inputs::new(x)?;
    by_type!(weights, weights => {
        same_columns(inputs.source().columns(), weights)?;
        let mut values = weights.try_readwrite()?;
        let (values, source) = (values.as_slice_mut()?, inputs.source());
        detached(x.py(), || competitive::online(source, values, wins, order, rates, threads))
    })
}

/// Learns prototypes row by row, in place, and gives the mistakes on the way; see [`lvq::online`].
#[pyfunction]
#[allow(clippy::too_many_arguments)] // one call, from one place
pub fn lvq_online(
    x: &Bound<'_, PyAny>,
    classes: &Bound<'_, PyArray1<u32>>,
    weights: &Bound<'_, PyAny>,
    prototype_classes: &Bound<'_, PyArray1<u32>>,
    rule: &str,
    order: &Bound<'_, PyArray1<u32>>,
    rates: &Bound<'_, PyArray1<f64>>,
    threads: usize,
) -> PyResult<i64> {
    let rule: Rule = serde_json::from_str(rule).map_err(Error::from)?;
    let (order, rates) = (order.try_readonly()?, rates.try_readonly()?);
    let (order, rates) = (order.as_slice()?, rates.as_slice()?);
    let (classes, own) = (classes.try_readonly()?, prototype_classes.try_readonly()?);
    let (classes, own) = (classes.as_slice()?, own.as_slice()?);
    let inputs = Inputs::new(x)?;
    by_type!(weights, weights => {
        same_columns(inputs.source().columns(), weights)?;
        let mut values = weights.try_readwrite()?;
        let (values, source) = (values.as_slice_mut()?, inputs.source());
        let prototypes = Prototypes { weights: values, classes: own };
        detached(x.py(), || lvq::online(source, classes, prototypes, rule, (order, rates), threads))
    })
}
