//! Limited-memory BFGS: the curvature is learned from how the gradient changed over the last steps (Nocedal,
//! "Updating quasi-Newton matrices with limited storage", 1980; Liu and Nocedal, "On the limited memory BFGS
//! method for large scale optimization", 1989).

use serde::{Deserialize, Serialize};

use super::line_search::{Limits, Point, search};
use super::vectors::{add, dot, largest, sum_of_absolutes};
use super::{Iteration, Objective};
use crate::buffer::Buffer;
use crate::error::Result;
use crate::simd::Float;

/// Pairs whose product is smaller say nothing of the curvature.
const LEAST_CURVATURE: f64 = 1e-10;

/// How it is done, as a configuration describes it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lbfgs {
    /// The first trial step along each direction.
    pub learning_rate: f64,
    /// How many of the last steps are remembered.
    pub history_size: usize,
    /// It has converged when no part of the gradient is larger.
    pub gradient_tolerance: f64,
    /// It has converged when no parameter, or the loss, changes by more.
    pub change_tolerance: f64,
    /// How often a line search may look at all rows.
    pub line_search_steps: usize,
}

/// What it remembers of the steps before.
#[derive(Debug)]
pub struct Memory<T> {
    /// How the parameters and the gradient changed, step by step, the oldest first.
    pairs: Vec<Pair<T>>,
    /// The loss and the gradient where the last step ended; only as long as the data are the same.
    here: Option<(Vec<f64>, Buffer<T>)>,
}

#[derive(Debug)]
struct Pair<T> {
    step: Buffer<T>,
    difference: Buffer<T>,
    /// Their product.
    curvature: f64,
}

impl<T: Float> Pair<T> {
    fn new(step: Buffer<T>, difference: Buffer<T>) -> Self {
        let curvature = dot(&difference, &step);
        Self { step, difference, curvature }
    }
}

impl<T: Float> Memory<T> {
    /// All of it as arrays: steps and differences in turns, the oldest first.
    pub fn arrays(&self) -> impl Iterator<Item = &Buffer<T>> {
        self.pairs.iter().flat_map(|pair| [&pair.step, &pair.difference])
    }

    /// What [`Self::arrays`] gave.
    pub fn from_arrays(arrays: Vec<Buffer<T>>) -> Self {
        let (mut pairs, mut arrays) = (Vec::new(), arrays.into_iter());
        while let (Some(step), Some(difference)) = (arrays.next(), arrays.next()) {
            pairs.push(Pair::new(step, difference));
        }
        Self { pairs, here: None }
    }

    /// Forgets what depends on the data, which may be others now, or on the parameters.
    pub fn forget_loss(&mut self) {
        self.here = None;
    }

    /// Minus the gradient, bent by the curvature that is remembered: the two loops of Nocedal (1980).
    fn direction(&self, gradient: &[T]) -> Result<Buffer<T>> {
        let mut direction = Buffer::zeros(gradient.len())?;
        for (one, gradient) in direction.iter_mut().zip(gradient) {
            *one = -*gradient;
        }
        let Some(last) = self.pairs.last() else { return Ok(direction) };
        let mut factors = vec![0.0; self.pairs.len()];
        for (pair, factor) in self.pairs.iter().zip(&mut factors).rev() {
            *factor = dot(&pair.step, &direction) / pair.curvature;
            add(&mut direction, -*factor, &pair.difference);
        }
        let scale = last.curvature / dot(&last.difference, &last.difference);
        for one in &mut *direction {
            *one = T::from_f64(one.to_f64() * scale);
        }
        for (pair, factor) in self.pairs.iter().zip(&factors) {
            let back = dot(&pair.difference, &direction) / pair.curvature;
            add(&mut direction, factor - back, &pair.step);
        }
        Ok(direction)
    }
}

/// What is kept of a point on the line.
#[derive(Debug)]
struct Kept<T> {
    values: Vec<f64>,
    gradient: Buffer<T>,
}

impl Lbfgs {
    /// One step: a direction, and a search along it. Where nothing better is found the parameters stay.
    ///
    /// # Errors
    /// A stop asked for, or no memory; the parameters are as they were.
    pub fn iterate<T: Float>(
        &self,
        memory: &mut Memory<T>,
        parameters: &mut [T],
        objective: &mut impl Objective<T>,
    ) -> Result<Iteration> {
        let size = parameters.len();
        let (values, gradient) = match memory.here.take() {
            Some(here) => here,
            None => {
                let mut gradient = Buffer::zeros(size)?;
                (objective.evaluate(parameters, &mut gradient)?, gradient)
            }
        };
        let loss = values[0];
        let mut direction = memory.direction(&gradient)?;
        let mut slope = dot(&gradient, &direction);
        if (slope >= 0.0 || slope.is_nan()) && !memory.pairs.is_empty() {
            // What is remembered is of another place, or spoilt by rounding.
            memory.pairs.clear();
            direction = memory.direction(&gradient)?;
            slope = dot(&gradient, &direction);
        }
        let is_flat = largest(&gradient) <= self.gradient_tolerance || slope >= -self.change_tolerance;
        if is_flat || !(loss.is_finite() && slope.is_finite()) {
            memory.here = Some((values.clone(), gradient));
            return Ok(Iteration { values, converged: true });
        }

        // Before any curvature is known, a step of length one or less in all.
        let first = match memory.pairs.is_empty() {
            true => (1.0 / sum_of_absolutes(&gradient)).min(1.0) * self.learning_rate,
            false => self.learning_rate,
        };
        let limits = Limits {
            most_trials: self.line_search_steps,
            shortest: self.change_tolerance / largest(&direction),
        };
        let mut trial: Buffer<T> = Buffer::zeros(size)?;
        let moved = |trial: &mut [T], parameters: &[T], step: f64| {
            trial.copy_from_slice(parameters);
            add(trial, step, &direction);
        };
        let kept = std::rc::Rc::new(Kept { values: values.clone(), gradient });
        let start = Point { step: 0.0, loss, slope, kept };
        let found = search(start.clone(), first, limits, &mut |step| {
            moved(&mut trial, parameters, step);
            let mut gradient = Buffer::zeros(size)?;
            let values = objective.evaluate(&trial, &mut gradient)?;
            let slope = dot(&gradient, &direction);
            Ok(Point { step, loss: values[0], slope, kept: std::rc::Rc::new(Kept { values, gradient }) })
        })?;
        if found.loss > loss || !found.loss.is_finite() || found.step == 0.0 {
            // Nothing better along this direction; without the memory there may be another.
            let converged = memory.pairs.is_empty();
            memory.pairs.clear();
            return Ok(Iteration { values, converged });
        }

        moved(&mut trial, parameters, found.step);
        parameters.copy_from_slice(&trial);
        for one in &mut *direction {
            *one = T::from_f64(one.to_f64() * found.step);
        }
        let mut difference = trial;
        let gradients = found.kept.gradient.iter().zip(start.kept.gradient.iter());
        for (one, (new, old)) in difference.iter_mut().zip(gradients) {
            *one = *new - *old;
        }
        let longest = largest(&direction);
        let pair = Pair::new(direction, difference);
        if pair.curvature > LEAST_CURVATURE {
            if memory.pairs.len() == self.history_size {
                memory.pairs.remove(0);
            }
            memory.pairs.push(pair);
        }
        drop(start);
        let kept = std::rc::Rc::into_inner(found.kept).expect("the other ends of the search are gone");
        let converged = largest(&kept.gradient) <= self.gradient_tolerance
            || longest <= self.change_tolerance
            || (kept.values[0] - loss).abs() < self.change_tolerance;
        memory.here = Some((kept.values, kept.gradient));
        Ok(Iteration { values, converged })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Function<F>(F, usize);

    impl<T: Float, F: Fn(&[f64]) -> (f64, Vec<f64>)> Objective<T> for Function<F> {
        fn evaluate(&mut self, parameters: &[T], gradient: &mut [T]) -> Result<Vec<f64>> {
            self.1 += 1;
            let at: Vec<f64> = parameters.iter().map(|value| value.to_f64()).collect();
            let (value, slopes) = self.0(&at);
            gradient.iter_mut().zip(slopes).for_each(|(one, slope)| *one = T::from_f64(slope));
            Ok(vec![value])
        }
    }

    const SPEC: Lbfgs = Lbfgs {
        learning_rate: 1.0,
        history_size: 10,
        gradient_tolerance: 1e-10,
        change_tolerance: 1e-16,
        line_search_steps: 25,
    };

    /// Rosenbrock's banana, in as many dimensions.
    fn banana(x: &[f64]) -> (f64, Vec<f64>) {
        let mut slopes = vec![0.0; x.len()];
        let mut value = 0.0;
        for i in 0..x.len() - 1 {
            let (bend, rest) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
            value += 100.0 * bend * bend + rest * rest;
            slopes[i] -= 400.0 * bend * x[i] + 2.0 * rest;
            slopes[i + 1] += 200.0 * bend;
        }
        (value, slopes)
    }

    fn minimized<T: Float>(
        start: &[f64],
        spec: Lbfgs,
        function: impl Fn(&[f64]) -> (f64, Vec<f64>),
    ) -> (Vec<f64>, usize, usize) {
        let mut at: Vec<T> = start.iter().map(|&value| T::from_f64(value)).collect();
        let (mut memory, mut objective) = (Memory::from_arrays(Vec::new()), Function(function, 0));
        let (mut last, mut iterations) = (f64::INFINITY, 0);
        loop {
            let iteration = spec.iterate(&mut memory, &mut at, &mut objective).unwrap();
            assert!(iteration.values[0] <= last, "the loss never rises");
            (last, iterations) = (iteration.values[0], iterations + 1);
            if iteration.converged || iterations == 500 {
                return (at.iter().map(|value| value.to_f64()).collect(), iterations, objective.1);
            }
        }
    }

    #[test]
    fn the_banana_is_followed_to_its_end() {
        for start in [&[-1.2, 1.0][..], &[-1.2, 1.0, -1.2, 1.0, 0.5, 2.0]] {
            let (found, iterations, looked) = minimized::<f64>(start, SPEC, banana);
            assert!(found.iter().all(|value| (value - 1.0).abs() < 1e-7), "{found:?}");
            assert!(iterations < 100 && looked < 2 * iterations, "{iterations} iterations, {looked} looks");
        }
        let single = Lbfgs { gradient_tolerance: 1e-3, ..SPEC };
        let (found, ..) = minimized::<f32>(&[-1.2, 1.0], single, banana);
        assert!(found.iter().all(|value| (value - 1.0).abs() < 1e-2), "{found:?}");
    }

    #[test]
    fn a_quadratic_of_few_curvatures_takes_few_steps() {
        let quadratic = |x: &[f64]| {
            let scale = |i: usize| [1.0, 10.0, 1000.0][i % 3];
            let value = x.iter().enumerate().map(|(i, x)| 0.5 * scale(i) * x * x).sum();
            (value, x.iter().enumerate().map(|(i, x)| scale(i) * x).collect())
        };
        let (found, iterations, _) = minimized::<f64>(&[1.0; 30], SPEC, quadratic);
        assert!(found.iter().all(|value| value.abs() < 1e-9));
        assert!(iterations < 25, "{iterations}");
    }

    #[test]
    fn a_minimum_is_left_alone() {
        let mut at = [1.0, 1.0];
        let mut memory = Memory::from_arrays(Vec::new());
        let iteration = SPEC.iterate(&mut memory, &mut at, &mut Function(banana, 0)).unwrap();
        assert_eq!((iteration.converged, at), (true, [1.0, 1.0]));
    }

    #[test]
    fn what_is_kept_and_given_back_goes_on_to_the_same_bits() {
        let run = |stop: Option<usize>| {
            let mut at = [-1.2, 1.0, 0.3];
            let (mut memory, mut objective) = (Memory::from_arrays(Vec::new()), Function(banana, 0));
            for iteration in 0..30 {
                if Some(iteration) == stop {
                    let copies = memory.arrays().map(|array| {
                        let mut copy = Buffer::zeros(array.len()).unwrap();
                        copy.copy_from_slice(array);
                        copy
                    });
                    memory = Memory::from_arrays(copies.collect());
                }
                SPEC.iterate(&mut memory, &mut at, &mut objective).unwrap();
            }
            at.map(f64::to_bits)
        };
        assert_eq!(run(None), run(Some(7)));
        assert_eq!(run(None), run(Some(17)));
    }
}
