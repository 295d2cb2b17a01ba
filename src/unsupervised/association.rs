//! Associative memory: what is stored as products of patterns, and how a Hopfield network recalls it.
//!
//! Hopfield, "Neural networks and physical systems with emergent collective computational abilities" (1982);
//! Storkey, "Increasing the capacity of a Hopfield network without sacrificing functionality" (1997).
//!
//! The matrix of a Hopfield network of N units is kept as N times its weights: with Hebb's rule these are whole
//! numbers, and every sum here is exact. It is symmetric, also in its bits, and zero on its diagonal.

use crate::buffer::Buffer;
use crate::error::{Error, Result, allocate};
use crate::gemm::{Matrix, MatrixMut, Panels, multiply, multiply_batch, panel_width};
use crate::parallel::{Rows, Team, with_team};
use crate::random::{Purpose, Stream};
use crate::reduce::dot;
use crate::simd::{Float, InstructionSet, Kernel, Lanewise, Simd, Vector, lanewise, run_on};
use crate::source::{Source, Which};

/// Rows of a table whose products are summed before they are added to those of the rows before.
const BLOCK: usize = 1024;

/// Probes that a thread recalls side by side: so that their fields are products of matrices.
const PROBES: usize = 32;

/// Adds `x' y` to `target`, row-major: how strongly each column of x and each of y go together. Each element of
/// it is the sum of blocks of 1024 rows, in order, and each of these a chain over its rows.
///
/// # Errors
/// Shapes that do not fit together, or no memory.
pub fn correlate<T: Float>(x: Source<'_>, y: Source<'_>, target: &mut [T], threads: usize) -> Result<()> {
    if x.rows() != y.rows() || target.len() != x.columns() * y.columns() {
        return Err(Error::Shape("the tables and their product do not fit together".into()));
    }
    let panels = Panels { bias: false, rows: x.columns(), columns: y.columns() };
    let rows = BLOCK.min(x.rows());
    let work = Correlate {
        panels,
        sums: allocate(panels.size())?,
        left: Buffer::zeros(rows * panels.rows)?,
        right: Buffer::zeros(rows * panels.columns)?,
        x,
        y,
        threads,
    };
    let sums = run_on(InstructionSet::chosen()?, work);
    let sums = panels.row_major(&sums, 0..panels.rows);
    target.iter_mut().zip(sums).for_each(|(target, sum)| *target += sum);
    Ok(())
}

struct Correlate<'a, 'b, T> {
    panels: Panels,
    sums: Vec<T>,
    left: Buffer<T>,
    right: Buffer<T>,
    x: Source<'a>,
    y: Source<'b>,
    threads: usize,
}

impl<T: Float> Kernel for Correlate<'_, '_, T> {
    type Output = Vec<T>;

    fn run<S: Simd>(self, simd: S) -> Vec<T> {
        let Self { panels, mut sums, mut left, mut right, x, y, threads } = self;
        let count = panels.columns.div_ceil(panel_width::<T>());
        with_team(threads.min(count), |team| {
            let bounds =
                bounds(team, count, |panel| panels.columns.min(panel * panel_width::<T>()) * panels.rows);
            let mut products: Vec<Vec<T>> =
                vec![vec![T::ZERO; panels.rows * panel_width::<T>()]; team.size()];
            for first in (0..x.rows()).step_by(BLOCK) {
                let rows = BLOCK.min(x.rows() - first);
                let (left, right) = (&mut left[..rows * panels.rows], &mut right[..rows * panels.columns]);
                x.gather(simd, Which::From(first), 1.0, Rows::adjoining(left, panels.rows));
                y.gather(simd, Which::From(first), 1.0, Rows::adjoining(right, panels.columns));
                let left = Matrix::new(left, rows, panels.rows, panels.rows);
                let right = Matrix::new(right, rows, panels.columns, panels.columns);
                team.by_parts([&mut sums], &bounds, &mut products, |part, [sums], product| {
                    let mut place = 0;
                    while place < sums.len() {
                        let panel = panels.panel_at::<T>(part.start + place);
                        let product = &mut product[..panels.rows * panel.columns.len()];
                        let left = (left, 0..panels.rows);
                        multiply_batch(simd, left, (right, panel.columns), None, product);
                        let sums = &mut sums[place..][..product.len()];
                        lanewise(simd, &Add, [sums], [product]);
                        place += product.len();
                    }
                });
            }
        });
        sums
    }
}

/// Cuts `count` things for a team, each boundary being where `place` says.
fn bounds(team: &Team<'_>, count: usize, place: impl Fn(usize) -> usize) -> Vec<usize> {
    (0..=team.size()).map(|worker| place(count * worker / team.size())).collect()
}

/// Stores patterns of -1 and 1 by Storkey's rule, one after another, in the matrix V that is N times the
/// weights. With g = V x, the weights' rule is
/// `V_ij += x_i x_j - (x_i g_j + g_i x_j) / N + 2 V_ij / N` off the diagonal.
///
/// # Errors
/// Shapes that do not fit together.
pub fn store_storkey<T: Float>(matrix: &mut [T], patterns: &[T], units: usize, threads: usize) -> Result<()> {
    if units == 0 || matrix.len() != units * units || !patterns.len().is_multiple_of(units) {
        return Err(Error::Shape("the matrix and the patterns do not fit together".into()));
    }
    run_on(InstructionSet::chosen()?, Storkey { matrix, patterns, units, threads });
    Ok(())
}

struct Storkey<'a, T> {
    matrix: &'a mut [T],
    patterns: &'a [T],
    units: usize,
    threads: usize,
}

impl<T: Float> Kernel for Storkey<'_, T> {
    type Output = ();

    fn run<S: Simd>(self, simd: S) {
        let Self { matrix, patterns, units, threads } = self;
        // A thread is worth its meetings when it has some ten thousand weights to change.
        let threads = threads.min(units).min(1 + units * units / 10_000);
        with_team(threads, |team| {
            let bounds = bounds(team, units, |row| row * units);
            let mut fields = vec![T::ZERO; units];
            let mut own: Vec<Vec<T>> = vec![Vec::new(); team.size()];
            let stored = patterns.chunks_exact(units);
            // Each phase stores the pattern before and, while a row is in the cache, finds its field in the next.
            let phases = std::iter::once(None).chain(stored.clone().map(Some));
            let next = stored.map(Some).chain(std::iter::once(None));
            for (pattern, next) in phases.zip(next) {
                team.by_parts([&mut *matrix], &bounds, &mut own, |part, [rows], own| {
                    own.clear();
                    for (row, weights) in (part.start / units..).zip(rows.chunks_exact_mut(units)) {
                        if let Some(pattern) = pattern {
                            let count = T::from_f64(units as f64);
                            let work = StorkeyRow {
                                value: pattern[row].to_f64(),
                                field: fields[row].to_f64(),
                                share: (T::ONE / count).to_f64(),
                                growth: (T::ONE + (T::ONE + T::ONE) / count).to_f64(),
                            };
                            lanewise(simd, &work, [&mut *weights], [pattern, &fields]);
                            weights[row] = T::ZERO;
                        }
                        if let Some(next) = next {
                            own.push(dot(simd, weights, next));
                        }
                    }
                });
                let mut found = own.iter().flatten();
                fields.iter_mut().zip(&mut found).for_each(|(field, &found)| *field = found);
            }
        });
    }
}

/// One row of the matrix, for one more pattern.
#[derive(Clone, Copy)]
struct StorkeyRow {
    value: f64,
    field: f64,
    share: f64,
    growth: f64,
}

impl Lanewise<1, 2> for StorkeyRow {
    #[inline(always)]
    fn apply<V: Vector>(&self, [weights]: [V; 1], [pattern, fields]: [V; 2]) -> [V; 1] {
        let (value, field) = (V::constant(self.value), V::constant(self.field));
        // Products with -1 and 1 are exact, so row i, column j has the bits of row j, column i.
        let expected = value.mul(fields).add(field.mul(pattern));
        let news = expected.mul_add(V::constant(-self.share), value.mul(pattern));
        [weights.mul_add(V::constant(self.growth), news)]
    }
}

/// `a + b`.
#[derive(Clone, Copy)]
struct Add;

impl Lanewise<1, 1> for Add {
    #[inline(always)]
    fn apply<V: Vector>(&self, [a]: [V; 1], [b]: [V; 1]) -> [V; 1] {
        [a.add(b)]
    }
}

/// A Hopfield network, and how it is to recall.
#[derive(Clone, Copy, Debug)]
pub struct Memory<'a, T> {
    /// N times the weights, row-major.
    pub matrix: &'a [T],
    /// N times the thresholds.
    pub thresholds: &'a [T],
    /// All units at once, rather than one after another.
    pub synchronous: bool,
    /// What the order of the units follows from.
    pub seed: u64,
    /// How often at most every unit is updated.
    pub sweeps: usize,
}

/// Brings each probe, `thresholds.len()` values of -1 and 1, to where no unit wants to change. A unit becomes 1
/// where its field is above its threshold, -1 where it is below, and stays as it is where it is neither.
/// One after another, all probes' units are updated in the same order, a new one in each sweep. Where
/// `record` says so, gives the units of each probe that changed, one after another.
///
/// # Errors
/// Shapes that do not fit together, or no memory.
pub fn recall<T: Float>(
    memory: Memory<'_, T>,
    states: &mut [T],
    record: bool,
    threads: usize,
) -> Result<Vec<Vec<u32>>> {
    let panels = check(memory.matrix, memory.thresholds.len(), states)?;
    let mut weights = Buffer::zeros(panels.size())?;
    panels.fill_from_row_major(memory.matrix, 0..panels.rows, &mut weights);
    Ok(run_on(
        InstructionSet::chosen()?,
        Recall { memory, weights: &weights, panels, states, record, threads },
    ))
}

/// The fields of some states in a network of that many units: N times the weights times the states.
///
/// # Errors
/// Shapes that do not fit together, or no memory.
pub fn fields<T: Float>(matrix: &[T], units: usize, states: &[T], threads: usize) -> Result<Vec<T>> {
    let panels = check(matrix, units, states)?;
    let mut weights = Buffer::zeros(panels.size())?;
    panels.fill_from_row_major(matrix, 0..panels.rows, &mut weights);
    let fields = allocate(states.len())?;
    Ok(run_on(InstructionSet::chosen()?, Fields { weights: &weights, panels, states, fields, threads }))
}

fn check<T>(matrix: &[T], units: usize, states: &[T]) -> Result<Panels> {
    if units == 0 || matrix.len() != units * units || !states.len().is_multiple_of(units) {
        return Err(Error::Shape("the matrix, the thresholds and the states do not fit together".into()));
    }
    Ok(Panels { bias: false, rows: units, columns: units })
}

struct Fields<'a, T> {
    weights: &'a [T],
    panels: Panels,
    states: &'a [T],
    fields: Vec<T>,
    threads: usize,
}

impl<T: Float> Kernel for Fields<'_, T> {
    type Output = Vec<T>;

    fn run<S: Simd>(self, simd: S) -> Vec<T> {
        let Self { weights, panels, states, mut fields, threads } = self;
        let units = panels.rows;
        let rows = states.len() / units;
        with_team(threads.min(rows), |team| {
            let bounds = bounds(team, rows, |row| row * units);
            let nothing = &mut vec![(); team.size()];
            team.by_parts([&mut fields], &bounds, nothing, |part, [fields], ()| {
                let rows = part.len() / units;
                let states = Matrix::new(&states[part], rows, units, units);
                let fields = MatrixMut::new(fields, rows, units, units);
                multiply(simd, states, (weights, panels), None, fields);
            });
        });
        fields
    }
}

struct Recall<'a, T> {
    memory: Memory<'a, T>,
    weights: &'a [T],
    panels: Panels,
    states: &'a mut [T],
    record: bool,
    threads: usize,
}

impl<T: Float> Kernel for Recall<'_, T> {
    type Output = Vec<Vec<u32>>;

    fn run<S: Simd>(self, simd: S) -> Vec<Vec<u32>> {
        let Self { memory, weights, panels, states, record, threads } = self;
        let units = panels.rows;
        let rows = states.len() / units;
        with_team(threads.min(rows), |team| {
            let bounds = bounds(team, rows, |row| row * units);
            let mut changes: Vec<Vec<Vec<u32>>> = vec![Vec::new(); team.size()];
            team.by_parts([states], &bounds, &mut changes, |_, [states], changes| {
                let mut desk =
                    Desk { fields: vec![T::ZERO; PROBES * units], before: Vec::new(), order: vec![0; units] };
                for probes in states.chunks_mut(PROBES * units) {
                    desk.recall(simd, &memory, (weights, panels), probes, changes, record);
                }
            });
            changes.into_iter().flatten().collect()
        })
    }
}

/// What a thread works with.
struct Desk<T> {
    fields: Vec<T>,
    /// The states of two sweeps ago, for those that are updated at once.
    before: Vec<T>,
    order: Vec<u32>,
}

impl<T: Float> Desk<T> {
    /// Recalls some probes, which lie one after another.
    fn recall<S: Simd>(
        &mut self,
        simd: S,
        memory: &Memory<'_, T>,
        weights: (&[T], Panels),
        probes: &mut [T],
        changes: &mut Vec<Vec<u32>>,
        record: bool,
    ) {
        let units = weights.1.rows;
        let first = changes.len();
        changes.resize_with(first + probes.len() / units, Vec::new);
        let changes = &mut changes[first..];
        // Probes under way stand before those that are done; `place` says which is which.
        let mut place: Vec<usize> = (0..changes.len()).collect();
        let mut active = place.len();
        self.before.clear();
        if memory.synchronous {
            // No state has a zero: nothing is like two sweeps ago in the first.
            self.before.resize(probes.len(), T::ZERO);
        }
        for sweep in 0..memory.sweeps {
            let fields = &mut self.fields[..active * units];
            let states = Matrix::new(probes, active, units, units);
            multiply(simd, states, weights, None, MatrixMut::new(fields, active, units, units));
            if !memory.synchronous {
                Stream::new(memory.seed, Purpose::Sweep, 0, sweep as u64).permute(&mut self.order);
            }
            let mut row = 0;
            let mut end = active;
            while row < end {
                let state = &mut probes[row * units..][..units];
                let fields = &mut self.fields[row * units..][..units];
                let changed = if record { Some(&mut changes[place[row]]) } else { None };
                let under_way = if memory.synchronous {
                    at_once(memory, state, fields, &mut self.before[row * units..][..units], changed)
                } else {
                    one_by_one(simd, memory, &self.order, state, fields, changed)
                };
                if under_way {
                    row += 1;
                    continue;
                }
                // It changes places with the last that is under way, whose turn is next.
                end -= 1;
                if row != end {
                    swap_rows(probes, units, row, end);
                    swap_rows(&mut self.fields, units, row, end);
                    if memory.synchronous {
                        swap_rows(&mut self.before, units, row, end);
                    }
                    place.swap(row, end);
                }
            }
            active = end;
            if active == 0 {
                break;
            }
        }
        // Back to where they were.
        for row in 0..place.len() {
            while place[row] != row {
                let other = place[row];
                swap_rows(probes, units, row, other);
                place.swap(row, other);
            }
        }
    }
}

/// One sweep of one probe, unit by unit; fields follow each change. Whether any unit changed.
fn one_by_one<S: Simd, T: Float>(
    simd: S,
    memory: &Memory<'_, T>,
    order: &[u32],
    state: &mut [T],
    fields: &mut [T],
    mut changes: Option<&mut Vec<u32>>,
) -> bool {
    let units = state.len();
    let mut any = false;
    for &unit in order {
        let index = unit as usize;
        if !wants_to_change(state[index], fields[index], memory.thresholds[index]) {
            continue;
        }
        state[index] = -state[index];
        any = true;
        let twice = (state[index] + state[index]).to_f64();
        lanewise(simd, &AddScaled(twice), [&mut *fields], [&memory.matrix[index * units..][..units]]);
        if let Some(changes) = changes.as_mut() {
            changes.push(unit);
        }
    }
    any
}

/// One sweep of one probe, all units at once. Whether it is neither at rest nor between the same two states.
fn at_once<T: Float>(
    memory: &Memory<'_, T>,
    state: &mut [T],
    fields: &[T],
    before: &mut [T],
    mut changes: Option<&mut Vec<u32>>,
) -> bool {
    let (mut changed, mut new) = (false, false);
    for (unit, (value, before)) in state.iter_mut().zip(before).enumerate() {
        let old = *value;
        if wants_to_change(old, fields[unit], memory.thresholds[unit]) {
            *value = -old;
            changed = true;
            if let Some(changes) = changes.as_mut() {
                changes.push(unit as u32);
            }
        }
        new |= *value != *before;
        *before = old;
    }
    changed && new
}

/// Whether the field pulls a unit to the other side of its threshold.
#[inline(always)]
fn wants_to_change<T: Float>(value: T, field: T, threshold: T) -> bool {
    if value > T::ZERO { field < threshold } else { field > threshold }
}

fn swap_rows<T>(values: &mut [T], width: usize, one: usize, other: usize) {
    let (first, second) = (one.min(other), one.max(other));
    let (head, tail) = values.split_at_mut(second * width);
    head[first * width..][..width].swap_with_slice(&mut tail[..width]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn patterns(count: usize, units: usize) -> Vec<f64> {
        let mut bits = vec![0; count * units];
        Stream::new(9, Purpose::Sweep, 0, 0).fill_bits(0, &mut bits);
        bits.iter().map(|bit| if bit & 1 == 1 { 1.0 } else { -1.0 }).collect()
    }

    #[test]
    fn correlation_is_the_sum_of_products_past_a_block_and_a_panel() {
        let (rows, inputs, outputs) = (2 * BLOCK + 5, 7, 35);
        let x = Array2::from_shape_fn((rows, inputs), |(row, column)| ((row * 7 + column) % 11) as f64 - 5.0);
        let y = Array2::from_shape_fn((rows, outputs), |(row, column)| ((row + column * 3) % 13) as f64);
        let mut sums = vec![1.0f64; inputs * outputs];
        correlate(Source::F64(x.view()), Source::F64(y.view()), &mut sums, 2).unwrap();
        let expected = x.t().dot(&y) + 1.0;
        assert_eq!(sums, expected.into_raw_vec_and_offset().0);
    }

    #[test]
    fn recall_ends_where_no_unit_wants_to_change() {
        let units = 50;
        let mut matrix = vec![0.0; units * units];
        store_storkey(&mut matrix, &patterns(12, units), units, 1).unwrap();
        let thresholds = vec![0.0; units];
        let memory =
            Memory { matrix: &matrix, thresholds: &thresholds, synchronous: false, seed: 1, sweeps: 1000 };
        // More than are recalled side by side, and stored ones among them.
        let mut states = patterns(PROBES + 9, units);
        let before = states.clone();
        let changes = recall(memory, &mut states, true, 2).unwrap();
        let fields = fields(&matrix, units, &states, 1).unwrap();
        assert!(states.iter().zip(&fields).all(|(state, field)| state * field >= 0.0));
        for (row, changes) in changes.iter().enumerate() {
            let mut state = before[row * units..][..units].to_vec();
            for &unit in changes {
                state[unit as usize] = -state[unit as usize];
            }
            assert_eq!(state, states[row * units..][..units]);
        }
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let table = Array2::<f64>::zeros((2, 3));
        let other = Array2::<f64>::zeros((3, 3));
        let (x, y) = (Source::F64(table.view()), Source::F64(other.view()));
        assert!(correlate(x, y, &mut [0.0f64; 9], 1).is_err());
        assert!(correlate(x, x, &mut [0.0f64; 8], 1).is_err());
        assert!(store_storkey(&mut [0.0f64; 9], &[1.0; 4], 3, 1).is_err());
        assert!(store_storkey(&mut [0.0f64; 8], &[1.0; 3], 3, 1).is_err());
        assert!(fields(&[0.0f64; 9], 3, &[1.0; 4], 1).is_err());
        let memory =
            Memory { matrix: &[0.0f64; 9], thresholds: &[0.0; 2], synchronous: true, seed: 0, sweeps: 1 };
        assert!(recall(memory, &mut [1.0; 2], false, 1).is_err());
    }
}
