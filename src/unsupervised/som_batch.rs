//! Self-organizing maps, learned from all rows at once.
//!
//! Kohonen, "Essentials of the self-organizing map", Neural Networks 37 (2013), section 4.2: every unit
//! becomes the mean of all rows, each weighted by the neighbourhood of its winner. Rows of one winner have
//! one weight, so it is their sum that is weighted: a product of units by winners by columns.

use crate::error::{Error, Result, allocate};
use crate::gemm::{Matrix, MatrixMut, Strided, accumulate, panel_width};
use crate::parallel::with_team;
use crate::simd::{Float, InstructionSet, Kernel, Lanewise, Simd, Vector, lanewise, run_on, write};
use crate::source::Source;
use crate::unsupervised::codebook::{Distance, nearest, sums, units_of, workers};
use crate::unsupervised::grid::{Grid, Map, Spread};

/// Moves all units once, by the share `rate` of their way to the weighted means; units whose weights do not
/// add up to more than zero stay.
///
/// # Errors
/// Shapes that do not fit together, or no memory.
pub fn batch<T: Float>(
    inputs: Source<'_>,
    weights: &mut [T],
    map: Map,
    distance: Distance,
    (rate, sigma): (f64, f64),
    threads: usize,
) -> Result<()> {
    let units = units_of(&inputs, weights)?;
    let grid = Grid::new(map, units)?;
    if sigma.is_nan() || sigma <= 0.0 {
        return Err(Error::Shape("a neighbourhood needs a width above 0".into()));
    }
    let set = InstructionSet::chosen()?;
    let columns = inputs.columns();
    let found = nearest(inputs, weights, distance, threads)?;
    let (sums, counts) = sums(inputs, &found.first, units, threads)?;
    // Only the units that won weigh anything.
    let winners: Vec<usize> = (0..units).filter(|&unit| counts[unit] > 0).collect();
    let counts: Vec<T> = winners.iter().map(|&unit| T::from_f64(counts[unit] as f64)).collect();
    let mut kept: Vec<T> = allocate(winners.len() * columns)?;
    for (&unit, kept) in winners.iter().zip(kept.chunks_exact_mut(columns)) {
        kept.copy_from_slice(&sums[unit * columns..][..columns]);
    }
    drop(sums);
    let width = panel_width::<T>();
    let panel_size = columns * width;
    let panels = grid.places() / width;
    let threads = workers(threads, weights.len().saturating_mul(winners.len())).min(panels);
    let mut own = Vec::new();
    for _ in 0..threads {
        own.push((allocate::<T>(winners.len() * width)?, allocate::<T>(panel_size)?));
    }
    with_team(threads, |team| {
        let length = weights.len();
        let bounds: Vec<usize> =
            (0..=team.size()).map(|worker| length.min(panels * worker / team.size() * panel_size)).collect();
        team.by_parts([weights], &bounds, &mut own, |part, [weights], (shares, means)| {
            for (panel, weights) in (part.start / panel_size..).zip(weights.chunks_mut(panel_size)) {
                let spread = Spread::new(sigma);
                let (winners, counts, sums) = (&winners, &counts, &kept);
                run_on(
                    set,
                    Mean {
                        grid: &grid,
                        spread,
                        rate,
                        columns,
                        panel,
                        winners,
                        counts,
                        sums,
                        shares,
                        means,
                        weights,
                    },
                );
            }
        });
    });
    Ok(())
}

/// The weighted means of one panel of units.
struct Mean<'a, T> {
    grid: &'a Grid<T>,
    spread: Spread<T>,
    rate: f64,
    columns: usize,
    panel: usize,
    winners: &'a [usize],
    counts: &'a [T],
    sums: &'a [T],
    shares: &'a mut [T],
    means: &'a mut [T],
    weights: &'a mut [T],
}

impl<T: Float> Kernel for Mean<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { grid, spread, rate, columns, panel, winners, counts, sums, shares, means, weights } = self;
        let width = panel_width::<T>();
        let mut totals = [T::ZERO; 32];
        for lane in (0..width).step_by(T::Vector::<S>::LANES) {
            let mut total = T::Vector::<S>::splat(T::ZERO);
            for ((&winner, &count), shares) in winners.iter().zip(counts).zip(shares.chunks_exact_mut(width))
            {
                let share = grid.influence::<T::Vector<S>>(winner, spread, panel * width + lane);
                write(share, &mut shares[lane..]);
                total = share.mul_add(T::Vector::<S>::splat(count), total);
            }
            write(total, &mut totals[lane..]);
        }
        let units = weights.len() / columns;
        let means = &mut means[..units * columns];
        means.fill(T::ZERO);
        let left = Strided::new(shares, (units, 1), (winners.len(), width));
        let right = Matrix::new(sums, winners.len(), columns, columns);
        accumulate(simd, left, right, MatrixMut::new(means, units, columns, columns));
        let rate = T::from_f64(rate);
        let rows = weights.chunks_exact_mut(columns).zip(means.chunks_exact(columns));
        for ((weights, means), &total) in rows.zip(&totals) {
            if total > T::ZERO {
                lanewise(simd, &Mix { rate, keep: T::ONE - rate, total }, [weights], [means]);
            }
        }
    }
}

/// `keep * w + rate * sum / total`
#[derive(Clone, Copy)]
struct Mix<T> {
    rate: T,
    keep: T,
    total: T,
}

impl<T: Float> Lanewise<1, 1> for Mix<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w]: [V; 1], [sum]: [V; 1]) -> [V; 1] {
        let splat = |value: T| V::constant(value.to_f64());
        [splat(self.rate).mul_add(sum.div(splat(self.total)), splat(self.keep).mul(w))]
    }
}
