//! Which unit a row is nearest to, and the sum of the rows that each unit won.
//!
//! A codebook is a row-major table of units by columns. Of units that are equally near the first wins.

use crate::error::{Error, Result, allocate};
use crate::gemm::{Absolute, Largest, Matrix, Measure, Squared, distances, pack, panel_width};
use crate::parallel::{Rows, share, with_team};
use crate::simd::{Float, InstructionSet, Kernel, Simd, Vector, lanewise, read, run_on, write};
use crate::source::{Source, Which};

/// Rows whose distances are taken at once: a panel of units is laid out once for all of them.
const CHUNK: usize = 128;

/// How far a row is from a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// The square of the Euclidean distance, which has the same winner.
    Squared,
    /// The sum of the absolute differences.
    Manhattan,
    /// The largest absolute difference.
    Chebyshev,
}

impl Distance {
    /// The distance of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "euclidean" => Ok(Self::Squared),
            "manhattan" => Ok(Self::Manhattan),
            "chebyshev" => Ok(Self::Chebyshev),
            _ => Err(Error::Configuration(format!("unknown distance {name:?}"))),
        }
    }
}

/// The nearest unit of each row, and how far it is; the second nearest.
#[derive(Debug)]
pub struct Nearest<T> {
    /// The winners.
    pub first: Vec<u32>,
    /// Their distances: squares where the distance is Euclidean.
    pub distances: Vec<T>,
    /// The second nearest; the first where there is but one unit.
    pub second: Vec<u32>,
}

/// Checks that a codebook has the columns of the inputs; gives the number of units.
///
/// # Errors
/// It has not, or it has no units, or more than a single-precision number can count.
pub fn units_of<T>(inputs: &Source<'_>, weights: &[T]) -> Result<usize> {
    let columns = inputs.columns();
    if columns == 0 || weights.is_empty() || !weights.len().is_multiple_of(columns) {
        return Err(Error::Shape("units need as many columns as X has".into()));
    }
    let units = weights.len() / columns;
    if units >= 1 << 24 {
        return Err(Error::Shape("there are 16,777,215 units at most".into()));
    }
    Ok(units)
}

/// Workers that are worth it for so many operations.
pub fn workers(threads: usize, operations: usize) -> usize {
    threads.clamp(1, 1 + operations / 1_000_000)
}

/// What a worker needs, and the rows that are its own.
struct Part<'a, T> {
    first: &'a mut [u32],
    distances: &'a mut [T],
    second: &'a mut [u32],
    rows: Vec<T>,
    panel: Vec<T>,
    measures: Vec<T>,
    best: Best<T>,
}

/// The two nearest units of each row so far, of every lane of a panel apart: `value[row][lane]`.
struct Best<T> {
    value: Vec<T>,
    panel: Vec<T>,
    second_value: Vec<T>,
    second_panel: Vec<T>,
}

impl<T: Float> Best<T> {
    /// The two nearest units of a row, out of those of its lanes. Where there is but one, it is both.
    #[inline(always)]
    fn of_row(&self, row: usize, units: usize) -> ((T, usize), (T, usize)) {
        let width = panel_width::<T>();
        let infinity = T::from_f64(f64::INFINITY);
        let nearer = |one: (T, usize), two: (T, usize)| one.0 < two.0 || (one.0 == two.0 && one.1 < two.1);
        let unit = |panel: T, lane: usize| panel.to_f64() as usize * width + lane;
        let lanes = row * width..(row + 1) * width;
        let (mut first, mut second) = ((infinity, usize::MAX), (infinity, usize::MAX));
        for (lane, (&value, &panel)) in
            self.value[lanes.clone()].iter().zip(&self.panel[lanes.clone()]).enumerate()
        {
            let found = (value, unit(panel, lane));
            if nearer(found, first) {
                (first, second) = (found, first);
            } else if nearer(found, second) {
                second = found;
            }
        }
        // The second nearest is another lane's nearest, or the second of the same lane.
        let place = lanes.start + first.1 % width;
        let found = (self.second_value[place], unit(self.second_panel[place], first.1 % width));
        if found.1 != first.1 && nearer(found, second) {
            second = found;
        }
        // Lanes without a unit are infinitely far, as all are whose distances overflow.
        if first.1 >= units {
            first.1 = 0;
        }
        if second.1 >= units {
            second.1 = if units > 1 && first.1 == 0 { 1 } else { 0 };
        }
        (first, second)
    }
}

/// Finds the nearest units of all rows.
///
/// # Errors
/// Shapes that do not fit together, or no memory.
pub fn nearest<T: Float>(
    inputs: Source<'_>,
    weights: &[T],
    distance: Distance,
    threads: usize,
) -> Result<Nearest<T>> {
    match distance {
        Distance::Squared => nearest_by(inputs, weights, Squared, threads),
        Distance::Manhattan => nearest_by(inputs, weights, Absolute, threads),
        Distance::Chebyshev => nearest_by(inputs, weights, Largest, threads),
    }
}

fn nearest_by<T: Float, M: Measure>(
    inputs: Source<'_>,
    weights: &[T],
    measure: M,
    threads: usize,
) -> Result<Nearest<T>> {
    let set = InstructionSet::chosen()?;
    let units = units_of(&inputs, weights)?;
    let (rows, columns, width) = (inputs.rows(), inputs.columns(), panel_width::<T>());
    let mut found = Nearest { first: allocate(rows)?, distances: allocate(rows)?, second: allocate(rows)? };
    let size = workers(threads, rows.saturating_mul(weights.len())).min(rows.max(1));
    let chunk = CHUNK.min(rows.max(1));
    let bounds: Vec<usize> = (0..=size).map(|worker| share(rows, worker, size).start).collect();
    let mut parts = Vec::new();
    let mut rest = (&mut found.first[..], &mut found.distances[..], &mut found.second[..]);
    for worker in 0..size {
        let count = share(rows, worker, size).len();
        let (first, firsts) = rest.0.split_at_mut(count);
        let (distances, others) = rest.1.split_at_mut(count);
        let (second, seconds) = rest.2.split_at_mut(count);
        rest = (firsts, others, seconds);
        parts.push(Part {
            first,
            distances,
            second,
            rows: allocate(chunk.saturating_mul(columns))?,
            panel: allocate(columns.saturating_mul(width))?,
            measures: allocate(chunk * width)?,
            best: Best {
                value: allocate(chunk * width)?,
                panel: allocate(chunk * width)?,
                second_value: allocate(chunk * width)?,
                second_panel: allocate(chunk * width)?,
            },
        });
    }
    with_team(size, |team| {
        // A team may be smaller than was asked for: each of its threads takes parts in turn.
        let none: [&mut [T]; 0] = [];
        if team.size() == size {
            team.by_parts(none, &bounds, &mut parts, |part, [], own| {
                run_on(set, Search { inputs, weights, units, from: part.start, own, measure });
            });
        } else {
            for (own, &from) in parts.iter_mut().zip(&bounds) {
                run_on(set, Search { inputs, weights, units, from, own, measure });
            }
        }
    });
    Ok(found)
}

/// The search of one worker, whose rows begin at `from`.
struct Search<'a, 'p, 's, T, M> {
    inputs: Source<'s>,
    weights: &'a [T],
    units: usize,
    from: usize,
    own: &'a mut Part<'p, T>,
    measure: M,
}

impl<T: Float, M: Measure> Kernel for Search<'_, '_, '_, T, M> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { inputs, weights, units, from, own, measure } = self;
        let (columns, width) = (inputs.columns(), panel_width::<T>());
        let infinity = T::from_f64(f64::INFINITY);
        let mut done = 0;
        while done < own.first.len() {
            let count = (own.first.len() - done).min(CHUNK);
            let rows = &mut own.rows[..count * columns];
            inputs.gather(simd, Which::From(from + done), 1.0, Rows::adjoining(rows, columns));
            let best = &mut own.best;
            best.value[..count * width].fill(infinity);
            best.second_value[..count * width].fill(infinity);
            best.panel.fill(T::ZERO);
            best.second_panel.fill(T::ZERO);
            for (number, units) in weights.chunks(columns * width).enumerate() {
                pack(simd, units, columns, &mut own.panel);
                let matrix = Matrix::new(&own.rows, count, columns, columns);
                distances(simd, measure, matrix, &own.panel, &mut own.measures);
                let present = units.len() / columns;
                if present < width {
                    for row in own.measures.chunks_exact_mut(width) {
                        row[present..].fill(infinity);
                    }
                }
                simd.vectorize(Keep { measures: &own.measures[..count * width], best, number });
            }
            for row in 0..count {
                let (first, second) = best.of_row(row, units);
                own.first[done + row] = first.1 as u32;
                own.distances[done + row] = first.0;
                own.second[done + row] = second.1 as u32;
            }
            done += count;
        }
    }
}

/// Keeps the two smallest of each lane; the earlier of equal ones.
struct Keep<'a, T> {
    measures: &'a [T],
    best: &'a mut Best<T>,
    number: usize,
}

impl<T: Float> Kernel for Keep<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { measures, best, number } = self;
        let number = T::Vector::<S>::splat(T::from_f64(number as f64));
        for place in (0..measures.len()).step_by(T::Vector::<S>::LANES) {
            let value: T::Vector<S> = read(&measures[place..]);
            let (first, panel) = (read(&best.value[place..]), read(&best.panel[place..]));
            let (second, second_panel) =
                (read(&best.second_value[place..]), read(&best.second_panel[place..]));
            let (nearer, runner) = (value.less(first), value.less(second));
            let later = T::Vector::<S>::select(runner, value, second);
            let later_panel = T::Vector::<S>::select(runner, number, second_panel);
            write(T::Vector::<S>::select(nearer, first, later), &mut best.second_value[place..]);
            write(T::Vector::<S>::select(nearer, panel, later_panel), &mut best.second_panel[place..]);
            write(T::Vector::<S>::select(nearer, value, first), &mut best.value[place..]);
            write(T::Vector::<S>::select(nearer, number, panel), &mut best.panel[place..]);
        }
    }
}

/// The distances of all rows to all units, written row by row: squares where the distance is Euclidean.
///
/// # Errors
/// Shapes that do not fit together, or no memory.
pub fn all_distances<T: Float>(
    inputs: Source<'_>,
    weights: &[T],
    distance: Distance,
    threads: usize,
    output: &mut [T],
) -> Result<()> {
    match distance {
        Distance::Squared => all_by(inputs, weights, Squared, threads, output),
        Distance::Manhattan => all_by(inputs, weights, Absolute, threads, output),
        Distance::Chebyshev => all_by(inputs, weights, Largest, threads, output),
    }
}

fn all_by<T: Float, M: Measure>(
    inputs: Source<'_>,
    weights: &[T],
    measure: M,
    threads: usize,
    output: &mut [T],
) -> Result<()> {
    let set = InstructionSet::chosen()?;
    let units = units_of(&inputs, weights)?;
    let (rows, columns, width) = (inputs.rows(), inputs.columns(), panel_width::<T>());
    if Some(output.len()) != rows.checked_mul(units) {
        return Err(Error::Shape("the distances need a place for each row and unit".into()));
    }
    let size = workers(threads, rows.saturating_mul(weights.len())).min(rows.max(1));
    let chunk = CHUNK.min(rows.max(1));
    let mut own = Vec::new();
    for _ in 0..size {
        own.push((
            allocate::<T>(chunk * columns)?,
            allocate::<T>(width * columns)?,
            allocate::<T>(chunk * width)?,
        ));
    }
    with_team(size, |team| {
        let bounds: Vec<usize> =
            (0..=team.size()).map(|worker| rows * worker / team.size() * units).collect();
        team.by_parts([output], &bounds, &mut own, |part, [output], (rows, panel, measures)| {
            let from = part.start / units;
            run_on(set, Every { inputs, weights, units, from, rows, panel, measures, measure, output });
        });
    });
    Ok(())
}

/// The distances of one worker's rows, which begin at `from`.
struct Every<'a, 's, T, M> {
    inputs: Source<'s>,
    weights: &'a [T],
    units: usize,
    from: usize,
    rows: &'a mut [T],
    panel: &'a mut [T],
    measures: &'a mut [T],
    measure: M,
    output: &'a mut [T],
}

impl<T: Float, M: Measure> Kernel for Every<'_, '_, T, M> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { inputs, weights, units, mut from, rows, panel, measures, measure, output } = self;
        let (columns, width) = (inputs.columns(), panel_width::<T>());
        for output in output.chunks_mut(CHUNK * units) {
            let count = output.len() / units;
            let rows = &mut rows[..count * columns];
            inputs.gather(simd, Which::From(from), 1.0, Rows::adjoining(rows, columns));
            for (number, weights) in weights.chunks(columns * width).enumerate() {
                pack(simd, weights, columns, panel);
                distances(simd, measure, Matrix::new(rows, count, columns, columns), panel, measures);
                let present = weights.len() / columns;
                for (row, measures) in output.chunks_exact_mut(units).zip(measures.chunks_exact(width)) {
                    row[number * width..][..present].copy_from_slice(&measures[..present]);
                }
            }
            from += count;
        }
    }
}

/// The sum of the rows of each winner, in the order of the rows, and how many they are.
///
/// # Errors
/// Shapes that do not fit together, or no memory.
pub fn sums<T: Float>(
    inputs: Source<'_>,
    winners: &[u32],
    units: usize,
    threads: usize,
) -> Result<(Vec<T>, Vec<i64>)> {
    let set = InstructionSet::chosen()?;
    let columns = inputs.columns();
    if winners.len() != inputs.rows() || winners.iter().any(|&unit| unit as usize >= units) || units == 0 {
        return Err(Error::Shape("X, the winners and the number of units do not fit together".into()));
    }
    // Rows by their winners, in order: a sort by counting.
    let mut starts: Vec<usize> = allocate(units + 1)?;
    for &unit in winners {
        starts[unit as usize + 1] += 1;
    }
    let counts: Vec<i64> = starts[1..].iter().map(|&count| count as i64).collect();
    for unit in 0..units {
        starts[unit + 1] += starts[unit];
    }
    let mut next = starts.clone();
    let mut order: Vec<u32> = allocate(winners.len())?;
    for (row, &unit) in winners.iter().enumerate() {
        order[next[unit as usize]] = row as u32;
        next[unit as usize] += 1;
    }
    let mut sums: Vec<T> = allocate(units.saturating_mul(columns))?;
    with_team(workers(threads, 4 * winners.len() * columns).min(units), |team| {
        // Shares of about as many rows each.
        let bound = |worker: usize| match worker {
            0 => 0,
            worker if worker == team.size() => units,
            worker => starts.partition_point(|&start| start < winners.len() * worker / team.size()),
        };
        let bounds: Vec<usize> = (0..=team.size()).map(|worker| bound(worker).min(units) * columns).collect();
        let mut buffers: Vec<Vec<T>> = vec![vec![T::ZERO; columns]; team.size()];
        team.by_parts([&mut sums], &bounds, &mut buffers, |part, [sums], row| {
            for (unit, sum) in (part.start / columns..).zip(sums.chunks_exact_mut(columns)) {
                run_on(set, Add { inputs, rows: &order[starts[unit]..starts[unit + 1]], row, sum });
            }
        });
    });
    Ok((sums, counts))
}

/// Adds rows one after another.
struct Add<'a, 's, T> {
    inputs: Source<'s>,
    rows: &'a [u32],
    row: &'a mut [T],
    sum: &'a mut [T],
}

impl<T: Float> Kernel for Add<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for row in self.rows.chunks(1) {
            let columns = self.row.len();
            self.inputs.gather(simd, Which::Listed(row), 1.0, Rows::adjoining(self.row, columns));
            lanewise(simd, &Plus, [self.sum], [self.row]);
        }
    }
}

#[derive(Clone, Copy)]
struct Plus;

impl crate::simd::Lanewise<1, 1> for Plus {
    #[inline(always)]
    fn apply<V: Vector>(&self, [sum]: [V; 1], [value]: [V; 1]) -> [V; 1] {
        [sum.add(value)]
    }
}
