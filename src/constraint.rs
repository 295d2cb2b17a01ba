//! Constraints: what weights are brought back to after every update. Keras' formulas, over the weights that
//! lead to one node.

use serde::{Deserialize, Serialize};

use crate::simd::{Float, Kernel, Simd, Vector, read, write};

/// Every constraint, as a configuration names it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Constraint {
    /// A node's weights are no longer than this (Srebro and Shraibman 2005; Srivastava et al. 2014).
    MaxNorm {
        /// The longest that they may be.
        max_value: f64,
    },
    /// No weight is below 0.
    NonNegative,
    /// A node's weights are of length 1.
    UnitNorm,
    /// A node's weights are no shorter and no longer than two numbers.
    MinMaxNorm {
        /// The shortest that they may be.
        min_value: f64,
        /// The longest that they may be.
        max_value: f64,
        /// The share of the way there that a step goes.
        rate: f64,
    },
}

/// Added to a length that is divided by: Keras' number.
const EPSILON: f64 = 1e-7;

/// The widest row of a matrix that is constrained at once, in vectors: a panel of the narrowest ones.
const MOST_VECTORS: usize = 16;

impl Constraint {
    /// The names that a configuration may use.
    pub const NAMES: &'static [&'static str] = &["max_norm", "min_max_norm", "non_negative", "unit_norm"];

    /// Constrains the columns of a row-major matrix, which has a panel's width at most.
    pub fn columns<S: Simd, T: Float>(&self, simd: S, values: &mut [T], width: usize) {
        simd.vectorize(Columns { constraint: *self, values, width });
    }

    /// What the values of a vector are multiplied by, for its length; none for [`Self::NonNegative`].
    #[inline(always)]
    fn factor<V: Vector>(&self, norm: V) -> V {
        let wanted = match *self {
            Self::NonNegative => return V::constant(1.0),
            Self::UnitNorm => V::constant(1.0),
            Self::MaxNorm { max_value } => norm.min(V::constant(max_value)),
            Self::MinMaxNorm { min_value, max_value, rate } => {
                let within = norm.min(V::constant(max_value)).max(V::constant(min_value));
                within.mul(V::constant(rate)).add(norm.mul(V::constant(1.0 - rate)))
            }
        };
        norm.unless_nan(wanted.div(norm.add(V::constant(EPSILON))))
    }
}

struct Columns<'a, T> {
    constraint: Constraint,
    values: &'a mut [T],
    width: usize,
}

impl<T: Float> Kernel for Columns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { constraint, values, width } = self;
        let lanes = T::Vector::<S>::LANES;
        let zero = T::Vector::<S>::constant(0.0);
        if constraint == Constraint::NonNegative {
            for chunk in values.chunks_mut(lanes) {
                let w = read::<T::Vector<S>>(chunk);
                write(w.unless_nan(zero.max(w)), chunk);
            }
            return;
        }
        assert!(width.div_ceil(lanes) <= MOST_VECTORS, "a panel is wanted, not {width} columns");
        // Each column's sum of squares is one chain over its rows.
        let mut squares = [zero; MOST_VECTORS];
        for row in values.chunks_exact(width) {
            for (sum, chunk) in squares.iter_mut().zip(row.chunks(lanes)) {
                let w = read::<T::Vector<S>>(chunk);
                *sum = w.mul_add(w, *sum);
            }
        }
        let factors = squares.map(|sum| constraint.factor(sum.sqrt()));
        for row in values.chunks_exact_mut(width) {
            for (factor, chunk) in factors.iter().zip(row.chunks_mut(lanes)) {
                write(read::<T::Vector<S>>(chunk).mul(*factor), chunk);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{InstructionSet, run_on};

    struct Apply<'a>(Constraint, &'a mut [f64], usize);

    impl Kernel for Apply<'_> {
        type Output = ();
        fn run<S: Simd>(self, simd: S) {
            self.0.columns(simd, self.1, self.2);
        }
    }

    fn norms(values: &[f64], width: usize) -> Vec<f64> {
        let squares = |column| values.iter().skip(column).step_by(width).map(|w| w * w).sum::<f64>();
        (0..width).map(|column| squares(column).sqrt()).collect()
    }

    #[test]
    fn columns_have_the_wanted_lengths_and_the_same_bits_everywhere() {
        let constraints = [
            Constraint::MaxNorm { max_value: 1.5 },
            Constraint::UnitNorm,
            Constraint::NonNegative,
            Constraint::MinMaxNorm { min_value: 1.0, max_value: 2.0, rate: 1.0 },
        ];
        for constraint in constraints {
            for (rows, width) in [(7, 16), (5, 3), (1, 1), (40, 13)] {
                let values: Vec<f64> =
                    (0..rows * width).map(|i| ((i * 7 % 11) as f64 - 5.0) / (1 + i % width) as f64).collect();
                let mut seen: Option<Vec<u64>> = None;
                for set in InstructionSet::available() {
                    let mut new = values.clone();
                    run_on(set, Apply(constraint, &mut new, width));
                    for (after, before) in norms(&new, width).into_iter().zip(norms(&values, width)) {
                        let close = |wanted: f64| (after - wanted).abs() < 1e-6;
                        assert!(match constraint {
                            Constraint::MaxNorm { max_value } => close(before.min(max_value)),
                            Constraint::UnitNorm => close(1.0) || before == 0.0,
                            Constraint::NonNegative => new.iter().all(|&w| w >= 0.0),
                            Constraint::MinMaxNorm { min_value, max_value, .. } =>
                                close(before.clamp(min_value, max_value)) || before == 0.0,
                        });
                    }
                    let bits: Vec<u64> = new.iter().map(|w| w.to_bits()).collect();
                    assert_eq!(*seen.get_or_insert(bits.clone()), bits, "{}", set.name());
                }
            }
        }
    }
}
