//! Learning vector quantization: prototypes that belong to classes.
//!
//! LVQ1 (Kohonen, "Learning vector quantization for pattern recognition", 1986; *Self-Organizing Maps*,
//! section 6.2): the nearest prototype moves towards the row if it is of its class, else away from it.
//!
//! GLVQ (Sato and Yamada, "Generalized learning vector quantization", NIPS 8, 1996): with d1 the squared
//! distance to the nearest prototype of the row's class and d2 to the nearest of another, the loss of a row
//! is f(mu), mu = (d1 - d2) / (d1 + d2); a gradient step moves the first by
//! `rate f'(mu) d2 / (d1 + d2)^2 (x - w)` and the second by `-rate f'(mu) d1 / (d1 + d2)^2 (x - w)`
//! (their equations 10 and 11; a constant factor of 4 belongs to the rate).

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::math::sigmoid;
use crate::parallel::with_team;
use crate::simd::{Float, InstructionSet, Kernel, Simd, Vector, first_lane, run_on};
use crate::source::Source;
use crate::unsupervised::block::{Block, block_rows};
use crate::unsupervised::codebook::{units_of, workers};

/// How prototypes learn.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// The nearest prototype alone.
    Lvq1,
    /// The nearest of the class and the nearest of another, down the gradient of f(mu).
    Glvq {
        /// Of the sigmoid f; f is the identity where there is none.
        steepness: Option<f64>,
    },
}

/// Prototypes that learn, and what they are of.
#[derive(Debug)]
pub struct Prototypes<'a, T> {
    /// Row-major, prototypes by columns.
    pub weights: &'a mut [T],
    /// The class of each.
    pub classes: &'a [u32],
}

/// Learns the rows of `order` one after another, in place, each at its own rate. Gives how many were nearest
/// to a prototype of another class when they came.
///
/// # Errors
/// Shapes that do not fit together, or no memory.
pub fn online<T: Float>(
    inputs: Source<'_>,
    classes: &[u32],
    prototypes: Prototypes<'_, T>,
    rule: Rule,
    (order, rates): (&[u32], &[f64]),
    threads: usize,
) -> Result<i64> {
    let units = units_of(&inputs, prototypes.weights)?;
    if rates.len() != order.len()
        || classes.len() != inputs.rows()
        || prototypes.classes.len() != units
        || order.iter().any(|&row| row as usize >= inputs.rows())
    {
        return Err(Error::Shape("the rows, the classes and the rates do not fit together".into()));
    }
    let set = InstructionSet::chosen()?;
    let rows = block_rows(inputs.columns());
    let threads = workers(threads, rows.saturating_mul(prototypes.weights.len()));
    let mut block = Block::new(units, inputs.columns(), threads)?;
    let mut mistakes = 0;
    with_team(threads, |team| {
        for (order, rates) in order.chunks(rows).zip(rates.chunks(rows)) {
            block.fill(set, team, inputs, order, prototypes.weights);
            let (weights, own) = (&mut *prototypes.weights, prototypes.classes);
            mistakes += run_on(set, Steps { block: &mut block, weights, own, classes, rule, order, rates });
        }
    });
    Ok(mistakes)
}

struct Steps<'a, T> {
    block: &'a mut Block<T>,
    weights: &'a mut [T],
    own: &'a [u32],
    classes: &'a [u32],
    rule: Rule,
    order: &'a [u32],
    rates: &'a [f64],
}

impl<T: Float> Kernel for Steps<'_, T> {
    type Output = i64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> i64 {
        let Self { block, weights, own, classes, rule, order, rates } = self;
        let infinity = T::from_f64(f64::INFINITY);
        let mut mistakes = 0;
        for (row, (&number, &rate)) in order.iter().zip(rates).enumerate() {
            let class = classes[number as usize];
            // The nearest of the row's class, and of all others.
            let mut same = (infinity, None);
            let mut other = (infinity, None);
            for (unit, &own) in own.iter().enumerate() {
                let distance = block.distance(row, unit);
                let best = if own == class { &mut same } else { &mut other };
                if distance < best.0 {
                    *best = (distance, Some(unit));
                }
            }
            let right = match (same.1, other.1) {
                (Some(one), Some(two)) => same.0 < other.0 || (same.0 == other.0 && one < two),
                (one, _) => one.is_some(),
            };
            mistakes += i64::from(!right);
            let rate = T::from_f64(rate);
            match rule {
                Rule::Lvq1 => {
                    let (winner, share) = if right { (same.1, rate) } else { (other.1, -rate) };
                    if let Some(winner) = winner {
                        block.draw(simd, row, winner, share, weights);
                    }
                }
                Rule::Glvq { steepness } => {
                    let (Some(one), Some(two)) = (same.1, other.1) else { continue };
                    let total = same.0 + other.0;
                    // A row on two prototypes at once pulls at neither.
                    if total > T::ZERO {
                        let mu = (same.0 - other.0) / total;
                        let pull = rate * slope::<S, T>(mu, steepness) / (total * total);
                        block.draw(simd, row, one, pull * other.0, weights);
                        block.draw(simd, row, two, -(pull * same.0), weights);
                    }
                }
            }
        }
        mistakes
    }
}

/// f'(mu)
#[inline(always)]
fn slope<S: Simd, T: Float>(mu: T, steepness: Option<f64>) -> T {
    match steepness {
        None => T::ONE,
        Some(steepness) => {
            let steepness = T::from_f64(steepness);
            let value = first_lane(sigmoid(T::Vector::<S>::splat(steepness * mu)));
            steepness * value * (T::ONE - value)
        }
    }
}
