//! Metrics: what is reported of a row beside its loss.

use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::head::Head;
use crate::head::narrow::Wanted;
use crate::loss::Target;
use crate::simd::{Float, Vector};

/// A measure of one row; what is reported is its mean over the rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Whether the largest output is the class; with yes-or-no outputs, the share of them that are right.
    Accuracy,
    /// The mean of `|a - t|` over the outputs.
    MeanAbsoluteError,
    /// The mean of `(a - t)^2` over the outputs.
    MeanSquaredError,
}

/// How [`Metric::Accuracy`] reads the outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decision {
    /// The class is the first of the largest.
    Largest,
    /// Each output says yes above this value.
    Above(f64),
}

impl Decision {
    /// What the outputs of a network with this head, output activation and width mean.
    pub fn of(head: &Head, output: &Activation, outputs: usize) -> Self {
        match (head, output) {
            (Head::Softmax { .. }, _) | (_, Activation::Softmax | Activation::LogSoftmax) => Self::Largest,
            (Head::Logistic { from_logits: true, .. }, _) => Self::Above(0.0),
            (Head::Separate(loss), _) if loss.decides_by_sign() => Self::Above(0.0),
            (Head::Logistic { from_logits: false, .. }, _) | (_, Activation::Sigmoid(_)) => Self::Above(0.5),
            (Head::Separate(_), _) if outputs == 1 => Self::Above(0.5),
            (Head::Separate(_), _) => Self::Largest,
        }
    }
}

impl Metric {
    /// The names that a configuration may use.
    pub const NAMES: &'static [&'static str] = &["accuracy", "mean_absolute_error", "mean_squared_error"];

    /// The measure of one row.
    pub fn row<T: Float>(self, outputs: &[T], target: Target<'_, T>, decision: Decision) -> T {
        let wanted = |column: usize| match target {
            Target::Class(class) if class == column => T::ONE,
            Target::Class(_) => T::ZERO,
            Target::Values(values) => values[column],
        };
        let mean = |measure: &dyn Fn(T, T) -> T| {
            let sum = (0..outputs.len())
                .fold(T::ZERO, |sum, column| sum + measure(outputs[column], wanted(column)));
            sum / T::from_f64(outputs.len() as f64)
        };
        let one_if = |right: bool| if right { T::ONE } else { T::ZERO };
        match (self, decision) {
            (Self::MeanSquaredError, _) => mean(&|a, t| (a - t) * (a - t)),
            (Self::MeanAbsoluteError, _) => mean(&|a, t| if a > t { a - t } else { t - a }),
            (Self::Accuracy, Decision::Above(threshold)) => {
                let threshold = T::from_f64(threshold);
                mean(&|a, t| one_if(one_if(a > threshold) == t))
            }
            (Self::Accuracy, Decision::Largest) => {
                let class = match target {
                    Target::Class(class) => class,
                    Target::Values(values) => first_of_largest(values),
                };
                one_if(first_of_largest(outputs) == class)
            }
        }
    }
}

impl Metric {
    /// The measure of as many rows as a vector has lanes, each of its outputs in a vector.
    #[inline(always)]
    pub(crate) fn block<V: Vector>(self, outputs: &[V], wanted: &Wanted<V>, decision: Decision) -> V {
        let (zero, one) = (V::constant(0.0), V::constant(1.0));
        let mut sum = zero;
        match (self, decision) {
            (Self::Accuracy, Decision::Largest) => {
                let class = match wanted {
                    Wanted::Classes(classes) => *classes,
                    Wanted::Values(values) => first_of_largest_in_lanes(&values[..outputs.len()]),
                };
                return one_where_equal(first_of_largest_in_lanes(outputs), class);
            }
            (Self::Accuracy, Decision::Above(threshold)) => {
                for (index, &a) in outputs.iter().enumerate() {
                    let said = V::select(a.greater(V::constant(threshold)), one, zero);
                    sum = sum.add(one_where_equal(said, wanted.of(index)));
                }
            }
            (Self::MeanSquaredError, _) => {
                for (index, &a) in outputs.iter().enumerate() {
                    let error = a.sub(wanted.of(index));
                    sum = sum.add(error.mul(error));
                }
            }
            (Self::MeanAbsoluteError, _) => {
                for (index, &a) in outputs.iter().enumerate() {
                    let t = wanted.of(index);
                    sum = sum.add(V::select(a.greater(t), a.sub(t), t.sub(a)));
                }
            }
        }
        sum.div(V::constant(outputs.len() as f64))
    }
}

/// 1 where the lanes are equal, else 0.
#[inline(always)]
pub(crate) fn one_where_equal<V: Vector>(a: V, b: V) -> V {
    let (zero, one) = (V::constant(0.0), V::constant(1.0));
    let unless_less = V::select(a.less(b), zero, V::select(a.greater(b), zero, one));
    V::select(a.is_nan(), zero, V::select(b.is_nan(), zero, unless_less))
}

/// [`first_of_largest`] of each lane.
#[inline(always)]
fn first_of_largest_in_lanes<V: Vector>(values: &[V]) -> V {
    let (mut best, mut place) = (values[0], V::constant(0.0));
    for (index, &value) in values.iter().enumerate() {
        let better = value.greater(best);
        best = V::select(better, value, best);
        place = V::select(better, V::constant(index as f64), place);
    }
    place
}

/// The index of the first of the largest values.
pub fn first_of_largest<T: Float>(values: &[T]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}
