//! Optimizers that look at all rows before each step, for small tables: they minimize in tens of iterations
//! what steps along the gradient need thousands for.
//!
//! They know nothing of networks: what they make small is an [`Objective`], or a sum of squares,
//! [`Residuals`]. Their own arithmetic is in double precision, whatever the network's, in one written order.

mod cholesky;
pub mod lbfgs;
pub mod levenberg_marquardt;
mod line_search;
mod vectors;

use serde::{Deserialize, Serialize};

use crate::buffer::Buffer;
use crate::error::Result;
use crate::simd::Float;

pub use lbfgs::Lbfgs;
pub use levenberg_marquardt::LevenbergMarquardt;

/// Every method, as a configuration names it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name")]
pub enum SecondOrder {
    /// See [`Lbfgs`].
    #[serde(rename = "lbfgs")]
    Lbfgs(Lbfgs),
    /// See [`LevenbergMarquardt`].
    #[serde(rename = "levenberg_marquardt")]
    LevenbergMarquardt(LevenbergMarquardt),
}

impl SecondOrder {
    /// One step. `scale` is what turns the sum of squares of [`Residuals`] into their loss.
    ///
    /// # Errors
    /// A stop asked for, or no memory; the parameters are as they were.
    pub fn iterate<T: Float>(
        &self,
        memory: &mut Memory<T>,
        parameters: &mut [T],
        scale: f64,
        problem: &mut (impl Objective<T> + Residuals<T>),
    ) -> Result<Iteration> {
        match self {
            Self::Lbfgs(lbfgs) => lbfgs.iterate(&mut memory.lbfgs, parameters, problem),
            Self::LevenbergMarquardt(method) => {
                method.iterate(&mut memory.levenberg_marquardt, parameters, 2.0 * scale, problem)
            }
        }
    }
}

/// What is made small: a function of the parameters, and its gradient.
pub trait Objective<T> {
    /// The loss, and what else is reported, at some parameters; leaves the gradient in `gradient`.
    ///
    /// # Errors
    /// A stop asked for.
    fn evaluate(&mut self, parameters: &[T], gradient: &mut [T]) -> Result<Vec<f64>>;
}

/// What is made small: the mean of squares of residuals, each a function of the parameters.
pub trait Residuals<T> {
    /// The loss, and what else is reported, at some parameters.
    ///
    /// # Errors
    /// A stop asked for.
    fn evaluate(&mut self, parameters: &[T]) -> Result<Vec<f64>>;

    /// The normal equations there: `matrix` becomes `J' J`, `gradient` becomes `J' e`, of the residuals `e` and
    /// their derivatives `J`, a row for each residual.
    ///
    /// # Errors
    /// A stop asked for.
    fn normal_equations(&mut self, parameters: &[T], matrix: &mut [f64], gradient: &mut [f64]) -> Result<()>;
}

/// What is remembered between two steps, by whichever method.
#[derive(Debug)]
pub struct Memory<T> {
    lbfgs: lbfgs::Memory<T>,
    levenberg_marquardt: levenberg_marquardt::Memory,
}

impl<T: Float> Default for Memory<T> {
    fn default() -> Self {
        Self::from_state(Vec::new(), &[])
    }
}

impl<T: Float> Memory<T> {
    /// What goes into a file: arrays of the parameters' size, and numbers.
    pub fn state(&self) -> (Vec<&Buffer<T>>, Vec<f64>) {
        (self.lbfgs.arrays().collect(), self.levenberg_marquardt.damping.into_iter().collect())
    }

    /// What [`Self::state`] gave.
    pub fn from_state(arrays: Vec<Buffer<T>>, numbers: &[f64]) -> Self {
        let damping = numbers.first().copied();
        Self {
            lbfgs: lbfgs::Memory::from_arrays(arrays),
            levenberg_marquardt: levenberg_marquardt::Memory { damping },
        }
    }

    /// Forgets what depends on the data, which may be others now, or on the parameters.
    pub fn forget_loss(&mut self) {
        self.lbfgs.forget_loss();
    }
}

/// What came of one iteration.
#[derive(Clone, Debug, PartialEq)]
pub struct Iteration {
    /// The loss, and what else is reported, from before it.
    pub values: Vec<f64>,
    /// Whether a further one would change nothing worth having.
    pub converged: bool,
}
