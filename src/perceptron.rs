//! The classic perceptron: a step activation, learned by the correction of errors.
//!
//! Rosenblatt, "The perceptron" (1958). Where a hyperplane separates the classes with margin `gamma`
//! and no row is longer than `R`, at most `(R / gamma)^2` corrections are made (Novikoff 1962).

use crate::error::{Error, Result};
use crate::parallel::Rows;
use crate::simd::{InstructionSet, Kernel, Simd, run_on};
use crate::source::{Source, Which};

/// One pass over the rows in `order`, with the weights corrected at each mistake.
///
/// `weights` has a row for the bias and one for each input, of one column for each output. With one
/// output, class 1 is wanted to say yes; with several, output `j` says whether the class is `j`. The net
/// input is the bias and then each input times its weight, a chain of fused multiply-adds in that order.
/// Gives the mistakes of each output.
///
/// # Errors
/// Shapes that do not fit together.
pub fn epoch(
    inputs: Source<'_>,
    classes: &[u32],
    weights: &mut [f64],
    learning_rate: f64,
    order: &[u32],
) -> Result<Vec<i64>> {
    let (rows, columns) = (inputs.rows(), inputs.columns());
    let outputs = weights.len() / (columns + 1);
    if outputs == 0 || weights.len() != (columns + 1) * outputs {
        return Err(Error::Shape(
            "the weights of a perceptron need a row for each input and one more".into(),
        ));
    }
    if classes.len() != rows || order.iter().any(|&row| row as usize >= rows) {
        return Err(Error::Shape("X, y and the order of the rows do not fit together".into()));
    }
    let set = InstructionSet::chosen()?;
    Ok(run_on(set, Epoch { inputs, classes, weights, learning_rate, order, outputs }))
}

struct Epoch<'a, 's> {
    inputs: Source<'s>,
    classes: &'a [u32],
    weights: &'a mut [f64],
    learning_rate: f64,
    order: &'a [u32],
    outputs: usize,
}

impl Kernel for Epoch<'_, '_> {
    type Output = Vec<i64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<i64> {
        let Self { inputs, classes, weights, learning_rate, order, outputs } = self;
        let mut row_values = vec![0.0_f64; inputs.columns()];
        let mut nets = vec![0.0_f64; outputs];
        let mut mistakes = vec![0; outputs];
        let (bias, kernel) = weights.split_at_mut(outputs);
        for &row in order {
            let columns = row_values.len();
            inputs.gather(simd, Which::Listed(&[row]), 1.0, Rows::adjoining(&mut row_values, columns));
            let class = classes[row as usize] as usize;
            nets.copy_from_slice(bias);
            for (&value, weights) in row_values.iter().zip(kernel.chunks_exact(outputs)) {
                for (net, &weight) in nets.iter_mut().zip(weights) {
                    *net = value.mul_add(weight, *net);
                }
            }
            for output in 0..outputs {
                let wanted = if outputs == 1 { class == 1 } else { class == output };
                let said = nets[output] > 0.0;
                if said == wanted {
                    continue;
                }
                mistakes[output] += 1;
                let correction = if wanted { learning_rate } else { -learning_rate };
                bias[output] += correction;
                for (&value, weights) in row_values.iter().zip(kernel.chunks_exact_mut(outputs)) {
                    weights[output] += correction * value;
                }
            }
        }
        mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn mistakes_by_epoch(classes: &[u32]) -> Vec<i64> {
        let table = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        let mut weights = vec![0.0; 3];
        (0..20)
            .map(|_| epoch(Source::F64(table.view()), classes, &mut weights, 1.0, &[0, 1, 2, 3]).unwrap()[0])
            .collect()
    }

    #[test]
    fn and_and_or_are_learned_and_xor_is_not() {
        assert_eq!(mistakes_by_epoch(&[0, 0, 0, 1]).last(), Some(&0));
        assert_eq!(mistakes_by_epoch(&[0, 1, 1, 1]).last(), Some(&0));
        assert!(mistakes_by_epoch(&[0, 1, 1, 0]).iter().all(|&mistakes| mistakes > 0));
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let table = array![[0.0, 0.0], [0.0, 1.0]];
        let source = Source::F64(table.view());
        assert!(epoch(source, &[0, 1], &mut [0.0; 4], 1.0, &[0, 1]).is_err());
        assert!(epoch(source, &[0], &mut [0.0; 3], 1.0, &[0]).is_err());
        assert!(epoch(source, &[0, 1], &mut [0.0; 3], 1.0, &[2]).is_err());
    }
}
