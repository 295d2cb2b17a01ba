//! What Python sees: arrays in, arrays out, errors; no arithmetic.
//!
//! Arguments were checked by the Python layer; what memory safety needs is checked again by the core. Every
//! call into the core goes through [`detached`], which lets other Python threads run meanwhile, but for
//! predictions that are done sooner than that.

mod arrays;
mod boltzmann;
mod codebooks;
mod correlation;
mod functions;
mod network;
mod plain;

use pyo3::prelude::*;

use crate::error::{Error, Result};

/// The compiled core of nnfast.
///
/// It needs no lock of Python's: a model is behind a lock of its own, everything else is read from its
/// arguments, and who changes an array while it is read has that race with the lock as well, since long work
/// lets go of it.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::boltzmann::{
        boltzmann_energy, boltzmann_epoch, boltzmann_gibbs, boltzmann_hidden, boltzmann_visible,
    };
    #[pymodule_export]
    use super::codebooks::{
        competitive_online, lvq_online, map_batch, map_online, nearest_units, unit_distances, unit_sums,
    };
    #[pymodule_export]
    use super::correlation::{
        correlate, delta_epoch, hebbian_epoch, hopfield_fields, hopfield_recall, least_squares, storkey_store,
    };
    #[pymodule_export]
    use super::functions::{
        activation, activation_derivative, environment_has, first_non_finite, instruction_set,
        instruction_sets, learning_rate, perceptron_epoch, permutation, registry,
    };
    #[pymodule_export]
    use super::network::Network;
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError, PyRuntimeError, PyValueError};
        let message = error.to_string();
        match error {
            Error::Configuration(_) | Error::Shape(_) => PyValueError::new_err(message),
            Error::InstructionSet(_) | Error::State(_) => PyRuntimeError::new_err(message),
            Error::Memory(_) => PyMemoryError::new_err(message),
            Error::Interrupted => PyKeyboardInterrupt::new_err(()),
        }
    }
}

/// Runs work of the core while other Python threads may run. A lock must be taken within it: whoever holds
/// the lock may be waiting to look at Python's signals. (Or it is taken without waiting, as `try_predict` does.)
fn detached<R: Send>(py: Python<'_>, work: impl FnOnce() -> Result<R> + Send) -> PyResult<R> {
    py.detach(work).map_err(PyErr::from)
}
