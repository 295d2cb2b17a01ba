//! The one error type of the core. It knows nothing of Python.

use thiserror::Error;

/// What can go wrong in the core after its border has checked the user's arguments.
#[derive(Debug, Error)]
pub enum Error {
    /// `NNFAST_ISA` asks for what the machine cannot run.
    #[error("{0}")]
    InstructionSet(String),
    /// A configuration that does not describe a network.
    #[error("the configuration does not describe a network: {0}")]
    Configuration(String),
    /// Arrays whose shapes do not fit the network or each other.
    #[error("{0}")]
    Shape(String),
    /// A call that needs something that was not done yet.
    #[error("{0}")]
    State(String),
    /// More memory than the machine gives.
    #[error("there is no memory for {0} values")]
    Memory(usize),
    /// The caller asked for a stop (Ctrl-C); what was learned is kept.
    #[error("interrupted")]
    Interrupted,
}

/// A result of the core.
pub type Result<T> = std::result::Result<T, Error>;

/// That many default values, or an error where there is no room for them: a network may be described that no
/// machine can hold, and that must not end the process.
pub fn allocate<T: Default>(count: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| Error::Memory(count))?;
    values.resize_with(count, T::default);
    Ok(values)
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Configuration(error.to_string())
    }
}
