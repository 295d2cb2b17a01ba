//! Plain arrays, looked at in a few nanoseconds: whether `predict` can take them as they are.
//!
//! What is not taken is no error here: Python's border converts it, or says what is wrong with it.
//!
//! No account is kept of who borrows which array, as rust-numpy otherwise does: that would cost as much as a
//! small network's whole answer, and would not keep Python from writing to the array either. What is relied
//! on is the rule of NumPy's own functions: whoever changes an array while another thread reads or writes it
//! has a race of their own making; free-threaded Python, which has no lock, changes nothing about that. The
//! values that come of a race are any values; no index or length is ever taken from them. The arrays
//! themselves cannot go away: the caller refers to them.

use std::ffi::c_int;
use std::ops::Range;

use ndarray::{ArrayView2, Axis};
use numpy::npyffi::{NPY_ARRAY_ALIGNED, NPY_ARRAY_CARRAY, NPY_TYPES, PyArray_CheckExact, npy_intp};
use numpy::{
    PY_ARRAY_API, PyArray1, PyArray2, PyArrayDescrMethods, PyArrayMethods, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use super::arrays::Element;
use crate::simd::Float;
use crate::source::Source;

/// A table of inputs, or one row, that is read where it lies. Nothing is known of its values.
#[derive(Clone, Copy)]
pub struct Rows<'a, 'py> {
    array: &'a Bound<'py, PyUntypedArray>,
    kind: NPY_TYPES,
}

impl<'a, 'py> Rows<'a, 'py> {
    /// The rows of an array, unless it has to be converted or refused first.
    pub fn new(object: &'a Bound<'py, PyAny>, columns: usize) -> Option<Self> {
        let array = plain(object)?;
        let kind = kind(array)?;
        let fits = match *array.shape() {
            [given] => given == columns,
            [rows, given] => given == columns && rows > 0,
            _ => false,
        };
        (fits && has(array, NPY_ARRAY_ALIGNED)).then_some(Self { array, kind })
    }

    /// How many rows there are.
    pub fn count(self) -> usize {
        if self.array.ndim() == 1 { 1 } else { self.array.shape()[0] }
    }

    /// The view that the core reads.
    ///
    /// # Safety
    /// Nothing changes the array while the view lives; see the head of this file.
    pub unsafe fn source(self) -> Source<'a> {
        // SAFETY: `new` has found this type and one or two dimensions; the rest is the caller's promise.
        unsafe {
            match self.kind {
                NPY_TYPES::NPY_FLOAT => Source::F32(view(self.array)),
                NPY_TYPES::NPY_DOUBLE => Source::F64(view(self.array)),
                _ => Source::U8(view(self.array)),
            }
        }
    }
}

/// # Safety
/// The array holds `E` in one or two dimensions, and nothing changes it while the view lives.
unsafe fn view<'a, E: numpy::Element>(array: &'a Bound<'_, PyUntypedArray>) -> ArrayView2<'a, E> {
    // SAFETY: the caller's promise, and the number of dimensions.
    unsafe {
        if array.ndim() == 1 {
            array.cast_unchecked::<PyArray1<E>>().as_array().insert_axis(Axis(0))
        } else {
            array.cast_unchecked::<PyArray2<E>>().as_array()
        }
    }
}

/// The array of the outputs: the user's, or a new one.
pub struct Outputs<'py>(Bound<'py, PyUntypedArray>);

impl<'py> Outputs<'py> {
    /// A new array for the outputs of these rows: of zeros, and in as many dimensions.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn new<T: Element>(rows: Rows<'_, 'py>, columns: usize) -> PyResult<Self> {
        let (py, dimensions) = (rows.array.py(), rows.array.ndim());
        let mut lengths: [npy_intp; 2] = [rows.count().try_into()?, columns.try_into()?];
        let lengths = &mut lengths[2 - dimensions..];
        // SAFETY: there are as many lengths as said; what comes is a new array, or none and an error. (The
        // method of rust-numpy panics where there is no memory.)
        unsafe {
            let dtype = T::get_dtype(py).into_dtype_ptr();
            let array = PY_ARRAY_API.PyArray_Zeros(py, dimensions as c_int, lengths.as_mut_ptr(), dtype, 0);
            Ok(Self(Bound::from_owned_ptr_or_err(py, array)?.cast_into_unchecked()))
        }
    }

    /// The user's array, if it is as a new one would be, and lies apart from the rows.
    pub fn given<T: Element>(
        object: &Bound<'py, PyAny>,
        rows: Rows<'_, 'py>,
        columns: usize,
    ) -> Option<Self> {
        let array = plain(object)?;
        let fits = match *array.shape() {
            [length] => rows.array.ndim() == 1 && length == columns,
            [count, length] => rows.array.ndim() == 2 && count == rows.count() && length == columns,
            _ => false,
        };
        let fits = fits && kind(array) == Some(T::KIND) && has(array, NPY_ARRAY_CARRAY);
        let (written, read) = (addresses(array, T::KIND), addresses(rows.array, rows.kind));
        let apart = written.end <= read.start || read.end <= written.start;
        (fits && apart).then(|| Self(array.clone()))
    }

    /// The values, to be written.
    ///
    /// # Safety
    /// The array holds `T`, and nothing else reads or writes it while the slice lives; see the head of this
    /// file.
    pub unsafe fn values<T: Element>(&mut self) -> &mut [T] {
        let (data, length) = (data(&self.0), self.0.len());
        // SAFETY: it lies in one piece, aligned, and may be written; the rest is the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(data.cast(), length) }
    }

    /// The array.
    pub fn into_any(self) -> Bound<'py, PyAny> {
        self.0.into_any()
    }
}

/// An object as an array, if it is of NumPy's own class and of none derived from it.
fn plain<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, PyUntypedArray>> {
    // SAFETY: an object may always be asked for its class, and is then what it is cast to.
    unsafe {
        let plain = PyArray_CheckExact(object.py(), object.as_ptr()) != 0;
        plain.then(|| object.cast_unchecked())
    }
}

/// The type of an array's values, if it is one that the core reads, in the machine's byte order.
fn kind(array: &Bound<'_, PyUntypedArray>) -> Option<NPY_TYPES> {
    const LONG: c_int = NPY_TYPES::NPY_LONGDOUBLE as c_int;
    let dtype = array.dtype();
    let kinds = [NPY_TYPES::NPY_FLOAT, NPY_TYPES::NPY_DOUBLE, NPY_TYPES::NPY_UBYTE];
    let kind = match dtype.num() {
        // Windows and ARM's macOS have no longer one, and NumPy takes the two for the same.
        LONG if dtype.itemsize() == size_of::<f64>() => Some(NPY_TYPES::NPY_DOUBLE),
        number => kinds.into_iter().find(|&kind| kind as c_int == number),
    };
    kind.filter(|_| dtype.is_native_byteorder() != Some(false))
}

fn has(array: &Bound<'_, PyUntypedArray>, flags: c_int) -> bool {
    // SAFETY: an array is such a structure, and is there.
    unsafe { (*array.as_array_ptr()).flags & flags == flags }
}

fn data(array: &Bound<'_, PyUntypedArray>) -> *mut u8 {
    // SAFETY: as above.
    unsafe { (*array.as_array_ptr()).data.cast() }
}

/// The addresses between which an array's values lie.
fn addresses(array: &Bound<'_, PyUntypedArray>, kind: NPY_TYPES) -> Range<isize> {
    let size = match kind {
        NPY_TYPES::NPY_FLOAT => 4,
        NPY_TYPES::NPY_DOUBLE => 8,
        _ => 1,
    };
    let start = data(array) as isize;
    let mut range = start..start + size;
    for (&length, &stride) in array.shape().iter().zip(array.strides()) {
        let span = stride * (length as isize - 1);
        range = range.start + span.min(0)..range.end + span.max(0);
    }
    range
}

/// Whether all values are finite, also in the network's type and times what it multiplies them by. At the
/// very edge it says no: what is not taken here is looked at again by Python's border.
pub fn all_fit<T: Float>(source: &Source<'_>, scale: f64) -> bool {
    let largest = T::LARGEST.to_f64() / scale.abs().max(1.0);
    match source {
        Source::F32(view) => {
            let largest = f64::from(f32::MAX).min(largest) as f32;
            all(view, |value| value.abs() <= largest)
        }
        Source::F64(view) => all(view, |value| value.abs() <= largest),
        Source::U8(_) => f64::from(u8::MAX) <= largest,
    }
}

fn all<E: Copy>(view: &ArrayView2<'_, E>, fits: impl Fn(E) -> bool) -> bool {
    // Blocks without an early exit within them are what the compiler vectorizes.
    let block = |values: &[E]| values.iter().fold(true, |all, &value| all & fits(value));
    let slice = |values: &[E]| values.chunks(1024).all(block);
    match view.as_slice_memory_order() {
        Some(values) => slice(values),
        None => view.rows().into_iter().all(|row| match row.as_slice() {
            Some(values) => slice(values),
            None => row.iter().all(|&value| fits(value)),
        }),
    }
}
