//! Correlation learning, one row after another: Hebb's rule, Oja's, Sanger's, and the delta rule.
//!
//! A node's weights lie one after another, so that all work on a row of data runs along them: a node's
//! output is a dot product in stripes ([`crate::reduce`]), and every change of its weights is elementwise. What
//! is learned from a row depends on all rows before it, so one thread does it.
//!
//! Hebb, *The Organization of Behavior* (1949); Oja, "A simplified neuron model as a principal component
//! analyzer" (1982), and "Neural networks, principal components, and subspaces" (1989); Sanger, "Optimal
//! unsupervised learning in a single-layer linear feedforward neural network" (1989); Widrow and Hoff,
//! "Adaptive switching circuits" (1960).

use crate::error::{Error, Result};
use crate::parallel::Rows;
use crate::reduce::dot;
use crate::simd::{Float, InstructionSet, Kernel, Lanewise, Simd, Vector, lanewise, run_on};
use crate::source::{Source, Which};

/// How weights follow the outputs y of a row x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Each node's weights grow by `y x`, and are shortened to `limit` where they are longer.
    Hebb {
        /// The greatest norm of a node's weights; infinite where there is none.
        limit: f64,
    },
    /// By `y` times what all nodes together leave unexplained of x.
    Oja,
    /// By `y` times what the node and those before it leave unexplained of x.
    Sanger,
}

/// Rows in their order, and how fast is learned from them.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'a> {
    /// The data.
    pub inputs: Source<'a>,
    /// Which rows, in which order.
    pub order: &'a [u32],
    /// The rate at the first row of the first epoch.
    pub learning_rate: f64,
    /// After one epoch the rate is the `1 + decay`th part of it.
    pub decay: f64,
    /// How many epochs there were before.
    pub epoch: u64,
}

impl Lesson<'_> {
    /// The rate for the row at a place of the order.
    fn rate<T: Float>(&self, place: usize) -> T {
        let epochs = self.epoch as f64 + place as f64 / self.order.len() as f64;
        T::from_f64(self.learning_rate / (1.0 + self.decay * epochs))
    }

    fn check(&self, columns: usize) -> Result<()> {
        let rows = self.inputs.rows();
        if self.inputs.columns() != columns || self.order.iter().any(|&row| row as usize >= rows) {
            return Err(Error::Shape("X, the weights and the order of the rows do not fit together".into()));
        }
        Ok(())
    }
}

/// One epoch of a rule without a teacher. `mean` is subtracted from each row; `components` holds each node's
/// weights, one node after another.
///
/// # Errors
/// Shapes that do not fit together.
pub fn epoch<T: Float>(lesson: Lesson<'_>, mean: &[T], components: &mut [T], rule: Rule) -> Result<()> {
    lesson.check(mean.len())?;
    if mean.is_empty() || !components.len().is_multiple_of(mean.len()) {
        return Err(Error::Shape("the weights are not as long as the rows".into()));
    }
    run_on(InstructionSet::chosen()?, Epoch { lesson, mean, components, rule });
    Ok(())
}

struct Epoch<'a, 's, T> {
    lesson: Lesson<'s>,
    mean: &'a [T],
    components: &'a mut [T],
    rule: Rule,
}

impl<T: Float> Kernel for Epoch<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { lesson, mean, components, rule } = self;
        let width = mean.len();
        let mut x = vec![T::ZERO; width];
        let mut rest = vec![T::ZERO; width];
        let mut outputs = vec![T::ZERO; components.len() / width];
        for (place, &row) in lesson.order.iter().enumerate() {
            lesson.inputs.gather(simd, Which::Listed(&[row]), 1.0, Rows::adjoining(&mut x, width));
            lanewise(simd, &Subtract, [&mut x], [mean]);
            let rate: T = lesson.rate(place);
            for (output, weights) in outputs.iter_mut().zip(components.chunks_exact(width)) {
                *output = dot(simd, weights, &x);
            }
            let nodes = outputs.iter().zip(components.chunks_exact_mut(width));
            match rule {
                Rule::Hebb { limit } => {
                    for (&output, weights) in nodes {
                        lanewise(simd, &AddScaled((rate * output).to_f64()), [&mut *weights], [&x]);
                        if limit < f64::INFINITY {
                            let norm = dot(simd, weights, weights).to_f64().sqrt();
                            if norm > limit {
                                let factor = T::from_f64(limit / norm);
                                weights.iter_mut().for_each(|weight| *weight = *weight * factor);
                            }
                        }
                    }
                }
                Rule::Oja => {
                    rest.copy_from_slice(&x);
                    for (&output, weights) in outputs.iter().zip(components.chunks_exact(width)) {
                        lanewise(simd, &AddScaled(-output.to_f64()), [&mut rest], [weights]);
                    }
                    for (&output, weights) in outputs.iter().zip(components.chunks_exact_mut(width)) {
                        lanewise(simd, &AddScaled((rate * output).to_f64()), [weights], [&rest]);
                    }
                }
                Rule::Sanger => {
                    rest.copy_from_slice(&x);
                    for (&output, weights) in nodes {
                        let work = Explain { output: output.to_f64(), step: (rate * output).to_f64() };
                        lanewise(simd, &work, [weights, &mut rest], []);
                    }
                }
            }
        }
    }
}

/// One epoch of the delta rule: for each row the outputs `y = b + x w` are compared with its targets t, and
/// the weights grow by the rate times `(t - y) x`, the biases, if there are any, by the rate times `t - y`.
/// `targets` has a value for each row and output. Gives the sum of all squared errors, each from before its
/// row was learned from.
///
/// # Errors
/// Shapes that do not fit together.
pub fn delta_epoch<T: Float>(
    lesson: Lesson<'_>,
    targets: &[T],
    weights: &mut [T],
    bias: &mut [T],
    outputs: usize,
) -> Result<f64> {
    let width = lesson.inputs.columns();
    lesson.check(width)?;
    let fits = outputs > 0 && weights.len() == width * outputs && (bias.is_empty() || bias.len() == outputs);
    if !fits || targets.len() != lesson.inputs.rows() * outputs {
        return Err(Error::Shape("X, y and the weights do not fit together".into()));
    }
    Ok(run_on(InstructionSet::chosen()?, DeltaEpoch { lesson, targets, weights, bias, outputs }))
}

struct DeltaEpoch<'a, 's, T> {
    lesson: Lesson<'s>,
    targets: &'a [T],
    weights: &'a mut [T],
    bias: &'a mut [T],
    outputs: usize,
}

impl<T: Float> Kernel for DeltaEpoch<'_, '_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let Self { lesson, targets, weights, bias, outputs } = self;
        let width = lesson.inputs.columns();
        let mut x = vec![T::ZERO; width];
        let mut total = 0.0;
        for (place, &row) in lesson.order.iter().enumerate() {
            lesson.inputs.gather(simd, Which::Listed(&[row]), 1.0, Rows::adjoining(&mut x, width));
            let rate: T = lesson.rate(place);
            let targets = &targets[row as usize * outputs..][..outputs];
            for (output, (&target, weights)) in
                targets.iter().zip(weights.chunks_exact_mut(width)).enumerate()
            {
                let start = bias.get(output).copied().unwrap_or(T::ZERO);
                let error = target - (start + dot(simd, weights, &x));
                total += error.to_f64() * error.to_f64();
                let step = rate * error;
                lanewise(simd, &AddScaled(step.to_f64()), [weights], [&x]);
                if let Some(bias) = bias.get_mut(output) {
                    *bias += step;
                }
            }
        }
        total
    }
}

/// `a - b`.
#[derive(Clone, Copy)]
struct Subtract;

impl Lanewise<1, 1> for Subtract {
    #[inline(always)]
    fn apply<V: Vector>(&self, [a]: [V; 1], [b]: [V; 1]) -> [V; 1] {
        [a.sub(b)]
    }
}

/// `a + factor b`; the factor is a number of the vectors' type.
#[derive(Clone, Copy)]
struct AddScaled(f64);

impl Lanewise<1, 1> for AddScaled {
    #[inline(always)]
    fn apply<V: Vector>(&self, [a]: [V; 1], [b]: [V; 1]) -> [V; 1] {
        [b.mul_add(V::constant(self.0), a)]
    }
}

/// What a node explains is taken from the rest, and the node follows what is left.
#[derive(Clone, Copy)]
struct Explain {
    output: f64,
    step: f64,
}

impl Lanewise<2, 0> for Explain {
    #[inline(always)]
    fn apply<V: Vector>(&self, [weights, rest]: [V; 2], []: [V; 0]) -> [V; 2] {
        let rest = weights.mul_add(V::constant(-self.output), rest);
        [rest.mul_add(V::constant(self.step), weights), rest]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    fn lesson<'a>(inputs: Source<'a>, order: &'a [u32]) -> Lesson<'a> {
        Lesson { inputs, order, learning_rate: 0.1, decay: 0.0, epoch: 0 }
    }

    #[test]
    fn a_row_is_learned_as_the_rules_are_written() {
        let table = array![[2.0, -1.0]];
        let (source, w) = (Source::F64(table.view()), [0.5, 0.25]);
        let y = 2.0 * 0.5 - 0.25;
        let learn = |rule| {
            let mut weights = w;
            epoch(lesson(source, &[0]), &[0.0, 0.0], &mut weights, rule).unwrap();
            weights
        };
        let near = |a: [f64; 2], b: [f64; 2]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-15);
        let hebb = [w[0] + 0.1 * y * 2.0, w[1] - 0.1 * y];
        assert!(near(learn(Rule::Hebb { limit: f64::INFINITY }), hebb));
        let norm = (hebb[0] * hebb[0] + hebb[1] * hebb[1]).sqrt();
        assert!(near(learn(Rule::Hebb { limit: 0.5 }), hebb.map(|weight| weight * 0.5 / norm)));
        let oja = [w[0] + 0.1 * y * (2.0 - y * w[0]), w[1] + 0.1 * y * (-1.0 - y * w[1])];
        assert!(near(learn(Rule::Oja), oja));
        assert!(near(learn(Rule::Sanger), oja));
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let table = Array2::<f64>::zeros((2, 3));
        let source = Source::F64(table.view());
        assert!(epoch(lesson(source, &[2]), &[0.0; 3], &mut [0.0; 3], Rule::Oja).is_err());
        assert!(epoch(lesson(source, &[0]), &[0.0; 2], &mut [0.0; 2], Rule::Oja).is_err());
        assert!(epoch(lesson(source, &[0]), &[0.0; 3], &mut [0.0; 4], Rule::Oja).is_err());
        assert!(delta_epoch(lesson(source, &[0]), &[0.0; 2], &mut [0.0; 4], &mut [0.0], 1).is_err());
        assert!(delta_epoch(lesson(source, &[0]), &[0.0], &mut [0.0; 3], &mut [0.0], 1).is_err());
    }
}
