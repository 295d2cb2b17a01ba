//! Competitive learning: the winner, and it alone, moves towards the row.
//!
//! Rumelhart and Zipser, "Feature discovery by competitive learning", Cognitive Science 9 (1985). Units that
//! never win never move; frequency-sensitive competition (Ahalt, Krishnamurthy, Chen and Melton,
//! "Competitive learning algorithms for vector quantization", Neural Networks 3, 1990) multiplies squared
//! distances by how often a unit has won, so that each wins its turn.

use crate::error::{Error, Result};
use crate::parallel::with_team;
use crate::simd::{Float, InstructionSet, Kernel, Simd, run_on};
use crate::source::Source;
use crate::unsupervised::block::{Block, block_rows};
use crate::unsupervised::codebook::{units_of, workers};

/// Learns the rows of `order` one after another, in place, each at its own rate. Where `wins` has values,
/// one for each unit, they count how often a unit has won, and competition is sensitive to it.
///
/// # Errors
/// Shapes that do not fit together, or no memory.
pub fn online<T: Float>(
    inputs: Source<'_>,
    weights: &mut [T],
    wins: &mut [f64],
    order: &[u32],
    rates: &[f64],
    threads: usize,
) -> Result<()> {
    let units = units_of(&inputs, weights)?;
    if rates.len() != order.len()
        || order.iter().any(|&row| row as usize >= inputs.rows())
        || !(wins.is_empty() || wins.len() == units)
    {
        return Err(Error::Shape("the order, the rates and the wins do not fit together".into()));
    }
    let set = InstructionSet::chosen()?;
    let rows = block_rows(inputs.columns());
    let threads = workers(threads, rows.saturating_mul(weights.len()));
    let mut block = Block::new(units, inputs.columns(), threads)?;
    with_team(threads, |team| {
        for (order, rates) in order.chunks(rows).zip(rates.chunks(rows)) {
            block.fill(set, team, inputs, order, weights);
            run_on(set, Steps { block: &mut block, weights, wins, rates, units });
        }
    });
    Ok(())
}

struct Steps<'a, T> {
    block: &'a mut Block<T>,
    weights: &'a mut [T],
    wins: &'a mut [f64],
    rates: &'a [f64],
    units: usize,
}

impl<T: Float> Kernel for Steps<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { block, weights, wins, rates, units } = self;
        for (row, &rate) in rates.iter().enumerate() {
            let mut winner = 0;
            let mut least = f64::INFINITY;
            for unit in 0..units {
                let distance = block.distance(row, unit).to_f64();
                let distance = if wins.is_empty() { distance } else { distance * wins[unit] };
                if distance < least {
                    (least, winner) = (distance, unit);
                }
            }
            if let Some(wins) = wins.get_mut(winner) {
                *wins += 1.0;
            }
            block.draw(simd, row, winner, T::from_f64(rate), weights);
        }
    }
}
