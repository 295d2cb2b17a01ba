//! Levenberg and Marquardt's way to least squares: between Gauss and Newton's step, which is right near a
//! minimum, and a short one along the gradient, which is right far from it (Levenberg 1944; Marquardt 1963; for
//! networks Hagan and Menhaj, "Training feedforward networks with the Marquardt algorithm", 1994).

use serde::{Deserialize, Serialize};

use super::cholesky::Solve;
use super::vectors::largest;
use super::{Iteration, Residuals};
use crate::error::{Result, allocate};
use crate::simd::{Float, InstructionSet, run_on};

/// How it is done, as a configuration describes it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevenbergMarquardt {
    /// What is added to the diagonal of `J' J` at first.
    pub damping: f64,
    /// What the damping is multiplied by where a step does not lower the loss.
    pub damping_increase: f64,
    /// What the damping is multiplied by where it does.
    pub damping_decrease: f64,
    /// It has converged when even this damping lowers the loss no more.
    pub largest_damping: f64,
    /// It has converged when no part of the gradient of the loss is larger.
    pub gradient_tolerance: f64,
}

/// What it remembers of the steps before: the damping.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// None before the first step.
    pub damping: Option<f64>,
}

/// Damping never falls below: further down it would be lost in rounding, and take long to come back.
const LEAST_DAMPING: f64 = 1e-20;

impl LevenbergMarquardt {
    /// One step that lowers the loss, or none if there is none. `scale` is what turns `J' e` into the
    /// gradient of the loss.
    ///
    /// # Errors
    /// A stop asked for, or no memory; the parameters are as they were.
    pub fn iterate<T: Float>(
        &self,
        memory: &mut Memory,
        parameters: &mut [T],
        scale: f64,
        residuals: &mut impl Residuals<T>,
    ) -> Result<Iteration> {
        let (size, set) = (parameters.len(), InstructionSet::chosen()?);
        let mut damping = memory.damping.unwrap_or(self.damping);
        let values = residuals.evaluate(parameters)?;
        let loss = values[0];
        let (mut matrix, mut gradient) = (allocate(size * size)?, allocate(size)?);
        residuals.normal_equations(parameters, &mut matrix, &mut gradient)?;
        if !loss.is_finite() || scale * largest(&gradient) <= self.gradient_tolerance {
            return Ok(Iteration { values, converged: true });
        }
        let (mut damped, mut step) = (allocate(size * size)?, allocate(size)?);
        let mut trial: Vec<T> = allocate(size)?;
        while damping <= self.largest_damping {
            damped.copy_from_slice(&matrix);
            for place in 0..size {
                damped[place * (size + 1)] += damping;
            }
            step.copy_from_slice(&gradient);
            if run_on(set, Solve { matrix: &mut damped, right: &mut step }) {
                for ((trial, &parameter), &step) in trial.iter_mut().zip(&*parameters).zip(&step) {
                    *trial = T::from_f64(parameter.to_f64() - step);
                }
                if residuals.evaluate(&trial)?[0] < loss {
                    parameters.copy_from_slice(&trial);
                    memory.damping = Some((damping * self.damping_decrease).max(LEAST_DAMPING));
                    return Ok(Iteration { values, converged: false });
                }
            }
            damping *= self.damping_increase;
        }
        memory.damping = Some(damping);
        Ok(Iteration { values, converged: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Observations of `a exp(b x)`, whose parameters are wanted.
    struct Decay(Vec<(f64, f64)>);

    impl<T: Float> Residuals<T> for Decay {
        fn evaluate(&mut self, parameters: &[T]) -> Result<Vec<f64>> {
            let (a, b) = (parameters[0].to_f64(), parameters[1].to_f64());
            let squares = self.0.iter().map(|(x, y)| (a * (b * x).exp() - y).powi(2));
            Ok(vec![squares.sum::<f64>() / self.0.len() as f64])
        }

        fn normal_equations(
            &mut self,
            parameters: &[T],
            matrix: &mut [f64],
            gradient: &mut [f64],
        ) -> Result<()> {
            let (a, b) = (parameters[0].to_f64(), parameters[1].to_f64());
            for (x, y) in &self.0 {
                let derivatives = [(b * x).exp(), a * x * (b * x).exp()];
                for i in 0..2 {
                    gradient[i] += derivatives[i] * (a * derivatives[0] - y);
                    for j in 0..2 {
                        matrix[2 * i + j] += derivatives[i] * derivatives[j];
                    }
                }
            }
            Ok(())
        }
    }

    const SPEC: LevenbergMarquardt = LevenbergMarquardt {
        damping: 1e-3,
        damping_increase: 10.0,
        damping_decrease: 0.1,
        largest_damping: 1e10,
        gradient_tolerance: 1e-12,
    };

    fn fitted(start: f64) -> (Vec<f64>, usize) {
        let rows = (0..20).map(|i| f64::from(i) / 5.0).map(|x| (x, 2.5 * (-1.3 * x).exp()));
        let (mut residuals, mut memory) = (Decay(rows.collect()), Memory::default());
        let mut at = vec![1.0, start];
        let mut last = f64::INFINITY;
        for iteration in 1..100 {
            let done = SPEC.iterate(&mut memory, &mut at, 0.1, &mut residuals).unwrap();
            assert!(done.values[0] < last || done.converged, "the loss falls");
            last = done.values[0];
            if done.converged {
                return (at, iteration);
            }
        }
        (at, 100)
    }

    #[test]
    fn a_decay_is_found_from_near_and_far() {
        for start in [-1.0, 0.0, 0.7] {
            let (found, iterations) = fitted(start);
            assert!((found[0] - 2.5).abs() < 1e-6 && (found[1] + 1.3).abs() < 1e-6, "{found:?}");
            assert!(iterations < 40, "{iterations}");
        }
    }
}
