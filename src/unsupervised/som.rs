//! Self-organizing maps, learned row by row.
//!
//! Kohonen, "Self-organized formation of topologically correct feature maps", Biological Cybernetics 43
//! (1982): the unit nearest to a row wins, and every unit moves towards the row by the share
//! `learning rate * neighbourhood(winner, unit)` of its way.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::gemm::{Absolute, Largest, MatrixMut, Measure, Squared, Strided, accumulate, pack, panel_width};
use crate::parallel::{Rows, Team, with_team};
use crate::simd::{Float, InstructionSet, Kernel, Simd, Vector, read, run_on, write};
use crate::source::{Source, Which};
use crate::unsupervised::block::{BLOCK, Block, block_rows};
use crate::unsupervised::codebook::{Distance, units_of, workers};
use crate::unsupervised::grid::{Grid, Map, Spread};

/// Columns up to which a row is learned as it comes: to go through the units once takes less time than what
/// a block of rows saves.
const FEW_COLUMNS: usize = 32;

/// Rows in the order in which they come, and the learning rate and the neighbourhood's width of each.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'a> {
    /// Numbers of rows.
    pub order: &'a [u32],
    /// As many learning rates.
    pub rates: &'a [f64],
    /// As many widths, above zero.
    pub sigmas: &'a [f64],
}

impl Lesson<'_> {
    /// Checks that everything is there for each row.
    ///
    /// # Errors
    /// It is not, or a row is not in the table.
    pub fn check(&self, rows: usize) -> Result<()> {
        if self.rates.len() != self.order.len()
            || self.sigmas.len() != self.order.len()
            || self.order.iter().any(|&row| row as usize >= rows)
        {
            return Err(Error::Shape("the order, the rates and the widths do not fit together".into()));
        }
        Ok(())
    }
}

/// Learns rows one after another, in place.
///
/// # Errors
/// Shapes that do not fit together, or no memory.
pub fn online<T: Float>(
    inputs: Source<'_>,
    weights: &mut [T],
    map: Map,
    distance: Distance,
    lesson: Lesson<'_>,
    threads: usize,
) -> Result<()> {
    let units = units_of(&inputs, weights)?;
    lesson.check(inputs.rows())?;
    let grid = Grid::new(map, units)?;
    let set = InstructionSet::chosen()?;
    match distance {
        Distance::Squared if inputs.columns() > FEW_COLUMNS => {
            by_blocks(set, inputs, weights, &grid, lesson, threads)
        }
        Distance::Squared => by_rows(set, inputs, weights, &grid, lesson, Squared),
        Distance::Manhattan => by_rows(set, inputs, weights, &grid, lesson, Absolute),
        Distance::Chebyshev => by_rows(set, inputs, weights, &grid, lesson, Largest),
    }
}

fn by_rows<T: Float, M: Measure>(
    set: InstructionSet,
    inputs: Source<'_>,
    weights: &mut [T],
    grid: &Grid<T>,
    lesson: Lesson<'_>,
    _measure: M,
) -> Result<()> {
    let mut panels = crate::buffer::Buffer::zeros(grid.places().saturating_mul(inputs.columns()))?;
    run_on(set, ByRows { inputs, weights, panels: &mut panels, grid, lesson, measure: PhantomData::<M> });
    Ok(())
}

/// Learns each row on its own, with the units in panels meanwhile.
struct ByRows<'a, 's, T, M> {
    inputs: Source<'s>,
    weights: &'a mut [T],
    panels: &'a mut [T],
    grid: &'a Grid<T>,
    lesson: Lesson<'a>,
    measure: PhantomData<M>,
}

impl<T: Float, M: Measure> Kernel for ByRows<'_, '_, T, M> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { inputs, weights, panels, grid, lesson, measure: _ } = self;
        let (columns, width) = (inputs.columns(), panel_width::<T>());
        for (units, panel) in weights.chunks(columns * width).zip(panels.chunks_exact_mut(columns * width)) {
            pack(simd, units, columns, panel);
        }
        let mut rows = vec![T::ZERO; 2 * columns];
        let (mut row, mut next) = rows.split_at_mut(columns);
        let mut winner = 0;
        for step in 0..=lesson.order.len() {
            // The units move towards the last row while they are measured against the next.
            let influence = step
                .checked_sub(1)
                .map(|last| (Spread::new(lesson.sigmas[last]), T::from_f64(lesson.rates[last])));
            if let Some(&number) = lesson.order.get(step) {
                inputs.gather(simd, Which::Listed(&[number]), 1.0, Rows::adjoining(next, columns));
            }
            let mut nearest = Winner::<T::Vector<S>>::none();
            for (number, panel) in panels.chunks_exact_mut(columns * width).enumerate() {
                for lane in (0..width).step_by(T::Vector::<S>::LANES) {
                    let place = number * width + lane;
                    let (absent, numbers) = grid.marks(place);
                    let mut sum = T::Vector::<S>::splat(T::ZERO);
                    if let Some((spread, rate)) = influence {
                        let share = grid
                            .influence::<T::Vector<S>>(winner, spread, place)
                            .mul(T::Vector::<S>::splat(rate));
                        for column in 0..columns {
                            let here = &mut panel[column * width + lane..][..T::Vector::<S>::LANES];
                            let w: T::Vector<S> = read(here);
                            let w = share.mul_add(T::Vector::<S>::splat(row[column]).sub(w), w);
                            write(w, here);
                            sum = M::add(sum, T::Vector::<S>::splat(next[column]), w);
                        }
                    } else {
                        for column in 0..columns {
                            let w = read(&panel[column * width + lane..][..T::Vector::<S>::LANES]);
                            sum = M::add(sum, T::Vector::<S>::splat(next[column]), w);
                        }
                    }
                    nearest.meet(sum.add(absent), numbers);
                }
            }
            winner = nearest.unit();
            std::mem::swap(&mut row, &mut next);
        }
        for (units, panel) in weights.chunks_mut(columns * width).zip(panels.chunks_exact(columns * width)) {
            for (unit, weights) in units.chunks_exact_mut(columns).enumerate() {
                for (weight, values) in weights.iter_mut().zip(panel.chunks_exact(width)) {
                    *weight = values[unit];
                }
            }
        }
    }
}

/// The nearest unit so far, in each lane.
struct Winner<V> {
    distances: V,
    numbers: V,
}

impl<V: Vector> Winner<V> {
    #[inline(always)]
    fn none() -> Self {
        Self { distances: V::constant(f64::INFINITY), numbers: V::constant(0.0) }
    }

    /// Looks at some units; of equally near ones the earlier stays.
    #[inline(always)]
    fn meet(&mut self, distances: V, numbers: V) {
        let nearer = distances.less(self.distances);
        self.distances = V::select(nearer, distances, self.distances);
        self.numbers = V::select(nearer, numbers, self.numbers);
    }

    /// The nearest of all lanes; the first of equally near ones.
    #[inline(always)]
    fn unit(self) -> usize {
        let mut distances = [V::Element::ZERO; 16];
        let mut numbers = [V::Element::ZERO; 16];
        write(self.distances, &mut distances[..V::LANES]);
        write(self.numbers, &mut numbers[..V::LANES]);
        let mut best = 0;
        for lane in 1..V::LANES {
            if distances[lane] < distances[best]
                || (distances[lane] == distances[best] && numbers[lane] < numbers[best])
            {
                best = lane;
            }
        }
        numbers[best].to_f64() as usize
    }
}

fn by_blocks<T: Float>(
    set: InstructionSet,
    inputs: Source<'_>,
    weights: &mut [T],
    grid: &Grid<T>,
    lesson: Lesson<'_>,
    threads: usize,
) -> Result<()> {
    let (columns, width) = (inputs.columns(), panel_width::<T>());
    let panels = grid.places() / width;
    let threads = workers(threads, block_rows(columns).saturating_mul(weights.len())).min(panels);
    let mut block = Block::new(grid.places(), columns, threads)?;
    let mut shares = crate::buffer::Buffer::zeros(grid.places() * BLOCK)?;
    let mut kept = crate::buffer::Buffer::zeros(grid.places())?;
    with_team(threads, |team| {
        let rows = block_rows(columns);
        for first in (0..lesson.order.len()).step_by(rows) {
            let steps = first..lesson.order.len().min(first + rows);
            let lesson = Lesson {
                order: &lesson.order[steps.clone()],
                rates: &lesson.rates[steps.clone()],
                sigmas: &lesson.sigmas[steps],
            };
            block.fill(set, team, inputs, lesson.order, weights);
            run_on(set, Steps { block: &mut block, grid, lesson, shares: &mut shares, kept: &mut kept });
            move_units(set, team, &block, &shares, &kept, weights);
        }
    });
    Ok(())
}

/// The winners of a block's rows, and what share of its way each unit moves for each row.
struct Steps<'a, T> {
    block: &'a mut Block<T>,
    grid: &'a Grid<T>,
    lesson: Lesson<'a>,
    /// What each row adds to each unit in the end: `[panel][row][unit]`.
    shares: &'a mut [T],
    /// What is left of each unit in the end.
    kept: &'a mut [T],
}

impl<T: Float> Kernel for Steps<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { block, grid, lesson, shares, kept } = self;
        let width = panel_width::<T>();
        let (panels, count) = (grid.places() / width, block.count());
        let (zero, one) = (T::Vector::<S>::splat(T::ZERO), T::Vector::<S>::splat(T::ONE));
        let mut between = [T::ZERO; BLOCK];
        let mut nearest = Winner::<T::Vector<S>>::none();
        for panel in 0..panels {
            let distances = block.panel(panel);
            for lane in (0..width).step_by(T::Vector::<S>::LANES) {
                let (absent, numbers) = grid.marks::<T::Vector<S>>(panel * width + lane);
                nearest.meet(read::<T::Vector<S>>(&distances[lane..]).add(absent), numbers);
            }
        }
        for step in 0..count {
            let winner = nearest.unit();
            let (spread, rate) = (Spread::new(lesson.sigmas[step]), T::from_f64(lesson.rates[step]));
            for (later, between) in between.iter_mut().enumerate().take(count).skip(step + 1) {
                *between = block.between(step, later);
            }
            nearest = Winner::none();
            for panel in 0..panels {
                let distances = block.panel(panel);
                let shares = &mut shares[panel * BLOCK * width..][..BLOCK * width];
                for lane in (0..width).step_by(T::Vector::<S>::LANES) {
                    let place = panel * width + lane;
                    let share = grid
                        .influence::<T::Vector<S>>(winner, spread, place)
                        .mul(T::Vector::<S>::splat(rate));
                    write(share, &mut shares[step * width + lane..]);
                    let keep = one.sub(share);
                    let base = share
                        .mul(keep)
                        .neg()
                        .mul(read(&distances[step * width + lane..][..T::Vector::<S>::LANES]));
                    let later = distances[(step + 1) * width..count * width].chunks_exact_mut(width);
                    for (distances, &between) in later.zip(&between[step + 1..count]) {
                        let here = &mut distances[lane..][..T::Vector::<S>::LANES];
                        let added = share.mul_add(T::Vector::<S>::splat(between), base);
                        write(keep.mul_add(read(here), added).max(zero), here);
                    }
                    if step + 1 < count {
                        let (absent, numbers) = grid.marks::<T::Vector<S>>(place);
                        let next = read::<T::Vector<S>>(&distances[(step + 1) * width + lane..]);
                        nearest.meet(next.add(absent), numbers);
                    }
                }
            }
        }
        // What a row adds is worn down by all rows after it.
        for panel in 0..panels {
            let shares = &mut shares[panel * BLOCK * width..][..BLOCK * width];
            for lane in (0..width).step_by(T::Vector::<S>::LANES) {
                let mut left = one;
                for step in (0..count).rev() {
                    let here = &mut shares[step * width + lane..][..T::Vector::<S>::LANES];
                    let share: T::Vector<S> = read(here);
                    write(share.mul(left), here);
                    left = one.sub(share).mul(left);
                }
                write(left, &mut kept[panel * width + lane..]);
            }
        }
    }
}

/// `w = kept * w + sum over the rows of share * x`, the units shared between threads.
fn move_units<T: Float>(
    set: InstructionSet,
    team: &Team<'_>,
    block: &Block<T>,
    shares: &[T],
    kept: &[T],
    weights: &mut [T],
) {
    let (columns, width) = (block.rows().columns(), panel_width::<T>());
    let panel_size = columns * width;
    let panels = weights.len().div_ceil(panel_size);
    let bounds: Vec<usize> = (0..=team.size())
        .map(|worker| weights.len().min(panels * worker / team.size() * panel_size))
        .collect();
    team.by_parts([weights], &bounds, &mut vec![(); team.size()], |part, [weights], ()| {
        for (panel, weights) in (part.start / panel_size..).zip(weights.chunks_mut(panel_size)) {
            let shares = &shares[panel * BLOCK * width..][..BLOCK * width];
            let kept = &kept[panel * width..][..width];
            run_on(set, Move { block, shares, kept, weights });
        }
    });
}

struct Move<'a, T> {
    block: &'a Block<T>,
    shares: &'a [T],
    kept: &'a [T],
    weights: &'a mut [T],
}

impl<T: Float> Kernel for Move<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { block, shares, kept, weights } = self;
        let rows = block.rows();
        let (columns, width) = (rows.columns(), panel_width::<T>());
        for (unit, &kept) in weights.chunks_exact_mut(columns).zip(kept) {
            for weight in unit {
                *weight = *weight * kept;
            }
        }
        let units = weights.len() / columns;
        let left = Strided::new(shares, (units, 1), (rows.rows(), width));
        accumulate(simd, left, rows, MatrixMut::new(weights, units, columns, columns));
    }
}
