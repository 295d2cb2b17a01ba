//! The Bernoulli restricted Boltzmann machine: visible units v and hidden units h of 0 and 1, with
//! P(v, h) proportional to exp(v a + h b + v W h).
//!
//! Smolensky, "Information processing in dynamical systems" (1986); Hinton, "Training products of experts by
//! minimizing contrastive divergence" (2002); Tieleman, "Training restricted Boltzmann machines using
//! approximations to the likelihood gradient" (2008).
//!
//! A step has the two phases of [`crate::train`]: rows and chains pass between the layers, each on one thread;
//! then each thread sums the gradients of some panels of the weights over all rows, in order. Random numbers
//! are drawn by the step, the row and the unit.

use crate::buffer::Buffer;
use crate::error::{Error, Result, allocate};
use crate::gemm::{
    Matrix, MatrixMut, Panels, multiply, multiply_batch, multiply_transposed, panel_width, sum_rows,
    transposed_size,
};
use crate::math;
use crate::parallel::{Matrices, RowShard, Rows, Team, with_team};
use crate::random::{Purpose, Stream};
use crate::reduce::{Sum, dot};
use crate::simd::{Float, InstructionSet, Kernel, Lanewise, Simd, Vector, first, lanewise, read, run_on};
use crate::source::{Source, Which};

/// The matrices that a batch passes through.
const DATA: usize = 0;
const DATA_HIDDEN: usize = 1;
const MODEL: usize = 2;
const MODEL_HIDDEN: usize = 3;
const CHAINS: usize = 4;

/// Multiply-adds of a step that a thread more is worth its meetings for.
const WORTHWHILE: usize = 400_000;

/// Rows whose hidden units are worked out at a time, where nothing is learned.
const BLOCK: usize = 64;

/// A machine's parameters.
#[derive(Debug)]
pub struct Machine<T> {
    panels: Panels,
    /// The weights in panels, the hidden units' biases before them.
    weights: Buffer<T>,
    visible: Vec<T>,
}

/// One epoch.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'a> {
    /// The data, of 0 to 1.
    pub inputs: Source<'a>,
    /// Which rows, in which order.
    pub order: &'a [u32],
    /// Rows of a step; the last may have fewer.
    pub batch_size: usize,
    /// How far a step follows the gradient of the mean log-likelihood.
    pub learning_rate: f64,
    /// Whether the chains go on from step to step, rather than from the data.
    pub persistent: bool,
    /// Gibbs sampling steps of the chains in each step.
    pub gibbs_steps: usize,
    /// What the random numbers follow from.
    pub seed: u64,
    /// How many steps there were before.
    pub step: u64,
    /// Threads at most.
    pub threads: usize,
}

impl<T: Float> Machine<T> {
    /// A machine with these weights, row-major with a row for each visible unit, and biases.
    ///
    /// # Errors
    /// Shapes that do not fit together, or no memory.
    pub fn new(weights: &[T], hidden: &[T], visible: &[T]) -> Result<Self> {
        let panels = Panels { bias: true, rows: visible.len(), columns: hidden.len() };
        if visible.is_empty() || hidden.is_empty() || weights.len() != visible.len() * hidden.len() {
            return Err(Error::Shape("the weights and the biases do not fit together".into()));
        }
        let mut values = Buffer::zeros(panels.size())?;
        panels.fill_from_row_major(hidden, 0..1, &mut values);
        panels.fill_from_row_major(weights, 1..panels.stored_rows(), &mut values);
        Ok(Self { panels, weights: values, visible: visible.to_vec() })
    }

    /// Writes the parameters where [`Self::new`] read them.
    pub fn write(&self, weights: &mut [T], hidden: &mut [T], visible: &mut [T]) {
        hidden.copy_from_slice(&self.panels.row_major(&self.weights, 0..1));
        weights.copy_from_slice(&self.panels.row_major(&self.weights, 1..self.panels.stored_rows()));
        visible.copy_from_slice(&self.visible);
    }

    /// Learns from some rows. `chains` holds the hidden units of the persistent chains, one chain after another,
    /// any number of them; without persistence there are none.
    ///
    /// # Errors
    /// Shapes that do not fit together, or no memory.
    pub fn learn(&mut self, lesson: Lesson<'_>, chains: &mut [T]) -> Result<()> {
        let Panels { rows: visible, columns: hidden, .. } = self.panels;
        let rows = lesson.inputs.rows();
        let fits = if lesson.persistent {
            !chains.is_empty() && chains.len().is_multiple_of(hidden)
        } else {
            chains.is_empty()
        };
        let known = lesson.order.iter().all(|&row| (row as usize) < rows);
        if lesson.inputs.columns() != visible || !known || !fits || lesson.batch_size == 0 {
            return Err(Error::Shape("X, the chains and the weights do not fit together".into()));
        }
        let batch = lesson.batch_size.min(lesson.order.len());
        let matrices =
            Matrices::new(batch.max(chains.len() / hidden), &[visible, hidden, visible, hidden, hidden])?;
        run_on(InstructionSet::chosen()?, Learn { machine: self, lesson, chains, matrices });
        Ok(())
    }

    /// Probabilities of the hidden units, a row for each of the data's.
    ///
    /// # Errors
    /// Shapes that do not fit together, or no memory.
    pub fn hidden(&self, inputs: Source<'_>, threads: usize) -> Result<Vec<T>> {
        self.check(inputs, self.panels.rows)?;
        self.across(inputs, true, self.panels.columns, threads)
    }

    /// Probabilities of the visible units, a row for each of the hidden ones' values.
    ///
    /// # Errors
    /// Shapes that do not fit together, or no memory.
    pub fn visible(&self, inputs: Source<'_>, threads: usize) -> Result<Vec<T>> {
        self.check(inputs, self.panels.columns)?;
        self.across(inputs, false, self.panels.rows, threads)
    }

    fn across(&self, inputs: Source<'_>, up: bool, width: usize, threads: usize) -> Result<Vec<T>> {
        let target = allocate(inputs.rows() * width)?;
        Ok(run_on(InstructionSet::chosen()?, Across { machine: self, inputs, target, up, threads }))
    }

    /// The free energies -v a - sum of log(1 + exp(b + v W)), one for each row.
    ///
    /// # Errors
    /// Shapes that do not fit together, or no memory.
    pub fn free_energy(&self, inputs: Source<'_>, threads: usize) -> Result<Vec<T>> {
        self.evaluate(inputs, None, threads)
    }

    /// The pseudo-log-likelihood of each row, estimated from the one visible unit that is listed for it:
    /// as many units as there are, times log P(the unit as it is | all others).
    ///
    /// # Errors
    /// Shapes that do not fit together, or no memory.
    pub fn score(&self, inputs: Source<'_>, flipped: &[u32], threads: usize) -> Result<Vec<T>> {
        let known = flipped.iter().all(|&unit| (unit as usize) < self.panels.rows);
        if flipped.len() != inputs.rows() || !known {
            return Err(Error::Shape("X and the units to flip do not fit together".into()));
        }
        self.evaluate(inputs, Some(flipped), threads)
    }

    fn evaluate(&self, inputs: Source<'_>, flipped: Option<&[u32]>, threads: usize) -> Result<Vec<T>> {
        self.check(inputs, self.panels.rows)?;
        let target = allocate(inputs.rows())?;
        Ok(run_on(InstructionSet::chosen()?, Evaluate { machine: self, inputs, flipped, target, threads }))
    }

    /// Gibbs sampling: some steps from visible to hidden units and back, for each row. The random numbers
    /// follow from the seed and from `step`.
    ///
    /// # Errors
    /// Shapes that do not fit together, or no memory.
    pub fn gibbs(
        &self,
        inputs: Source<'_>,
        steps: usize,
        (seed, step): (u64, u64),
        threads: usize,
    ) -> Result<Vec<T>> {
        self.check(inputs, self.panels.rows)?;
        let Panels { rows: visible, columns: hidden, .. } = self.panels;
        let matrices = Matrices::new(inputs.rows(), &[0, 0, visible, hidden, hidden])?;
        let chance = Chance { seed, step };
        let work = Gibbs { machine: self, inputs, steps, chance, matrices, threads };
        Ok(run_on(InstructionSet::chosen()?, work))
    }

    fn check(&self, inputs: Source<'_>, units: usize) -> Result<()> {
        if inputs.columns() == units {
            return Ok(());
        }
        Err(Error::Shape("there are not as many columns as units".into()))
    }

    /// Probabilities of the hidden units of some rows.
    fn up<S: Simd>(&self, simd: S, rows: &mut RowShard<'_, T>, visible: usize, hidden: usize) {
        let ([mut h], [v]) = rows.split([hidden], [visible]);
        multiply(simd, v.matrix(), (&self.weights, self.panels), None, matrix_mut(&mut h));
        lanewise(simd, &Sigmoid, [h.values], []);
    }

    /// Probabilities of the visible units of some rows.
    fn down<S: Simd>(
        &self,
        simd: S,
        rows: &mut RowShard<'_, T>,
        (hidden, visible): (usize, usize),
        scratch: &mut [T],
    ) {
        let ([mut v], [h]) = rows.split([visible], [hidden]);
        let weights = (&self.weights[..], self.panels);
        multiply_transposed(simd, h.matrix(), weights, scratch, matrix_mut(&mut v));
        for row in v.into_rows() {
            lanewise(simd, &SigmoidOfSum, [row], [&self.visible[..]]);
        }
    }

    /// Some Gibbs steps of the chains, from the states of their hidden units: into [`MODEL`] states of the
    /// visible units, into [`MODEL_HIDDEN`] the probabilities of the hidden ones, and into [`CHAINS`] their states.
    fn walk<S: Simd>(
        &self,
        simd: S,
        rows: &mut RowShard<'_, T>,
        steps: usize,
        chance: Chance,
        scratch: &mut [T],
    ) {
        for step in 0..steps {
            self.down(simd, rows, (CHAINS, MODEL), scratch);
            let first = rows.rows().start;
            chance.decide(Purpose::Visible, step, first, rows.write(MODEL));
            self.up(simd, rows, MODEL, MODEL_HIDDEN);
            let ([mut states], [probabilities]) = rows.split([CHAINS], [MODEL_HIDDEN]);
            states.values.copy_from_slice(probabilities.values);
            chance.decide(Purpose::Hidden, step + 1, first, reborrow(&mut states));
        }
    }
}

fn matrix_mut<'a, T>(rows: &'a mut Rows<&mut [T]>) -> MatrixMut<'a, T> {
    MatrixMut::new(rows.values, rows.count, rows.width, rows.stride)
}

fn reborrow<'a, T>(rows: &'a mut Rows<&mut [T]>) -> Rows<&'a mut [T]> {
    Rows { values: rows.values, count: rows.count, width: rows.width, stride: rows.stride }
}

/// Where the random numbers of a step come from.
#[derive(Clone, Copy)]
struct Chance {
    seed: u64,
    step: u64,
}

impl Chance {
    /// Turns the probabilities of some rows' units, row `first` and the following, into 0 and 1.
    fn decide<T: Float>(self, purpose: Purpose, turn: usize, first: usize, rows: Rows<&mut [T]>) {
        let stream = Stream::new(self.seed, purpose, turn, self.step);
        let width = rows.width;
        let mut bits = [0; 64];
        for (row, values) in rows.into_rows().enumerate() {
            let place = ((first + row) * width) as u64;
            for (chunk, values) in values.chunks_mut(bits.len()).enumerate() {
                let bits = &mut bits[..values.len()];
                stream.fill_bits(place + (chunk * 64) as u64, bits);
                for (value, &bits) in values.iter_mut().zip(bits.iter()) {
                    let yes = f64::from(bits) < value.to_f64() * (1u64 << 32) as f64;
                    *value = if yes { T::ONE } else { T::ZERO };
                }
            }
        }
    }
}

struct Learn<'a, 's, T> {
    machine: &'a mut Machine<T>,
    lesson: Lesson<'s>,
    chains: &'a mut [T],
    matrices: Matrices<T>,
}

/// What a thread has of its own.
struct Scratch<T> {
    transposed: Vec<T>,
    data: Vec<T>,
    model: Vec<T>,
}

impl<T: Float> Scratch<T> {
    fn new(panels: Panels) -> Self {
        let panel = panels.stored_rows() * panel_width::<T>().min(panels.columns);
        Self {
            transposed: vec![T::ZERO; transposed_size::<T>(panels)],
            data: vec![T::ZERO; panel],
            model: vec![T::ZERO; panel],
        }
    }
}

impl<T: Float> Kernel for Learn<'_, '_, T> {
    type Output = ();

    fn run<S: Simd>(self, simd: S) {
        let Self { machine, lesson, chains, mut matrices } = self;
        let panels = machine.panels;
        let count = chains.len() / panels.columns;
        let work = 5 * lesson.batch_size.max(count) * panels.size();
        let threads = lesson.threads.min(1 + work / WORTHWHILE).max(1);
        with_team(threads, |team| {
            let mut scratches: Vec<_> = (0..team.size()).map(|_| Scratch::new(panels)).collect();
            let all = panels.columns.div_ceil(panel_width::<T>());
            let bounds: Vec<usize> = (0..=team.size())
                .map(|worker| {
                    let panel = all * worker / team.size();
                    panels.columns.min(panel * panel_width::<T>()) * panels.stored_rows()
                })
                .collect();
            if lesson.persistent {
                let mut shard = matrices.shard(count);
                for (target, source) in
                    shard.write(CHAINS).into_rows().zip(chains.chunks_exact(panels.columns))
                {
                    target.copy_from_slice(source);
                }
            }
            for (step, batch) in (lesson.step..).zip(lesson.order.chunks(lesson.batch_size)) {
                let chance = Chance { seed: lesson.seed, step };
                pass(simd, team, machine, &lesson, chance, (batch, count), &mut matrices, &mut scratches);
                let chains = if lesson.persistent { count } else { batch.len() };
                let rows = (batch.len(), chains);
                update(simd, team, machine, &lesson, rows, &matrices, &bounds, &mut scratches);
            }
            if lesson.persistent {
                let mut shard = matrices.shard(count);
                for (target, source) in chains.chunks_exact_mut(panels.columns).zip(shard.read(CHAINS).iter())
                {
                    target.copy_from_slice(source);
                }
            }
        });
    }
}

/// First phase of a step: what data and model have to say of the units.
#[allow(clippy::too_many_arguments)]
fn pass<S: Simd, T: Float>(
    simd: S,
    team: &Team<'_>,
    machine: &Machine<T>,
    lesson: &Lesson<'_>,
    chance: Chance,
    (batch, chains): (&[u32], usize),
    matrices: &mut Matrices<T>,
    scratches: &mut [Scratch<T>],
) {
    team.by_rows(matrices, batch.len(), scratches, |mut rows, scratch| {
        lesson.inputs.gather(simd, Which::Listed(&batch[rows.rows()]), 1.0, rows.write(DATA));
        machine.up(simd, &mut rows, DATA, DATA_HIDDEN);
        if !lesson.persistent {
            let first = rows.rows().start;
            let ([mut states], [probabilities]) = rows.split([CHAINS], [DATA_HIDDEN]);
            states.values.copy_from_slice(probabilities.values);
            chance.decide(Purpose::Hidden, 0, first, reborrow(&mut states));
            machine.walk(simd, &mut rows, lesson.gibbs_steps, chance, &mut scratch.transposed);
        }
    });
    if lesson.persistent {
        team.by_rows(matrices, chains, scratches, |mut rows, scratch| {
            machine.walk(simd, &mut rows, lesson.gibbs_steps, chance, &mut scratch.transposed);
        });
    }
}

/// Second phase of a step: the mean over the rows, less that over the chains.
#[allow(clippy::too_many_arguments)]
fn update<S: Simd, T: Float>(
    simd: S,
    team: &Team<'_>,
    machine: &mut Machine<T>,
    lesson: &Lesson<'_>,
    (rows, chains): (usize, usize),
    matrices: &Matrices<T>,
    bounds: &[usize],
    scratches: &mut [Scratch<T>],
) {
    let change = Change {
        data: T::from_f64(lesson.learning_rate / rows as f64).to_f64(),
        model: T::from_f64(-lesson.learning_rate / chains as f64).to_f64(),
    };
    let (data, data_hidden) = (matrices.get(DATA, rows), matrices.get(DATA_HIDDEN, rows));
    let (model, model_hidden) = (matrices.get(MODEL, chains), matrices.get(MODEL_HIDDEN, chains));
    let panels = machine.panels;
    team.by_parts([&mut machine.weights[..]], bounds, scratches, |part, [weights], scratch| {
        let mut place = 0;
        while place < weights.len() {
            let panel = panels.panel_at::<T>(part.start + place);
            let units = panel.columns.len();
            let size = panels.stored_rows() * units;
            for (v, h, sums) in
                [(data, data_hidden, &mut scratch.data), (model, model_hidden, &mut scratch.model)]
            {
                let (bias, products) = sums[..size].split_at_mut(units);
                sum_rows(simd, h, panel.columns.clone(), bias);
                multiply_batch(simd, (v, 0..panels.rows), (h, panel.columns.clone()), None, products);
            }
            let weights = &mut weights[place..][..size];
            lanewise(simd, &change, [weights], [&scratch.data[..size], &scratch.model[..size]]);
            place += size;
        }
    });
    let mut sums = [vec![T::ZERO; panels.rows], vec![T::ZERO; panels.rows]];
    for (v, sums) in [data, model].into_iter().zip(&mut sums) {
        sum_rows(simd, v, 0..panels.rows, sums);
    }
    lanewise(simd, &change, [&mut machine.visible[..]], [&sums[0], &sums[1]]);
}

/// Follows the gradient: up for what the data say, down for what the model does.
#[derive(Clone, Copy)]
struct Change {
    data: f64,
    model: f64,
}

impl Lanewise<1, 2> for Change {
    #[inline(always)]
    fn apply<V: Vector>(&self, [old]: [V; 1], [data, model]: [V; 2]) -> [V; 1] {
        let up = data.mul_add(V::constant(self.data), old);
        [model.mul_add(V::constant(self.model), up)]
    }
}

#[derive(Clone, Copy)]
struct Sigmoid;

impl Lanewise<1, 0> for Sigmoid {
    #[inline(always)]
    fn apply<V: Vector>(&self, [z]: [V; 1], []: [V; 0]) -> [V; 1] {
        [math::sigmoid(z)]
    }
}

#[derive(Clone, Copy)]
struct SigmoidOfSum;

impl Lanewise<1, 1> for SigmoidOfSum {
    #[inline(always)]
    fn apply<V: Vector>(&self, [z]: [V; 1], [bias]: [V; 1]) -> [V; 1] {
        [math::sigmoid(z.add(bias))]
    }
}

/// log(1 + e^x), which overflows nowhere.
#[inline(always)]
fn softplus<V: Vector>(x: V) -> V {
    x.max(V::constant(0.0)).add(math::log1p(math::exp(x.abs().neg())))
}

/// Probabilities of one layer's units, given the other's values.
struct Across<'a, 's, T> {
    machine: &'a Machine<T>,
    inputs: Source<'s>,
    target: Vec<T>,
    up: bool,
    threads: usize,
}

impl<T: Float> Kernel for Across<'_, '_, T> {
    type Output = Vec<T>;

    fn run<S: Simd>(self, simd: S) -> Vec<T> {
        let Self { machine, inputs, mut target, up, threads } = self;
        let weights = (&machine.weights[..], machine.panels);
        let (given, width) = (inputs.columns(), target.len() / inputs.rows().max(1));
        with_team(threads.min(inputs.rows().div_ceil(BLOCK)).max(1), |team| {
            let bounds: Vec<usize> =
                (0..=team.size()).map(|worker| inputs.rows() * worker / team.size() * width).collect();
            let mut own: Vec<(Vec<T>, Vec<T>)> = (0..team.size())
                .map(|_| {
                    let scratch = if up { 0 } else { transposed_size::<T>(machine.panels) };
                    (vec![T::ZERO; BLOCK * given], vec![T::ZERO; scratch])
                })
                .collect();
            team.by_parts([&mut target], &bounds, &mut own, |part, [target], (gathered, scratch)| {
                let mut row = part.start / width;
                for target in target.chunks_mut(BLOCK * width) {
                    let count = target.len() / width;
                    let values = &mut gathered[..count * given];
                    inputs.gather(simd, Which::From(row), 1.0, Rows::adjoining(values, given));
                    let values = Matrix::new(values, count, given, given);
                    let output = MatrixMut::new(target, count, width, width);
                    if up {
                        multiply(simd, values, weights, None, output);
                        lanewise(simd, &Sigmoid, [target], []);
                    } else {
                        multiply_transposed(simd, values, weights, scratch, output);
                        for row in target.chunks_exact_mut(width) {
                            lanewise(simd, &SigmoidOfSum, [row], [&machine.visible[..]]);
                        }
                    }
                    row += count;
                }
            });
        });
        target
    }
}

struct Evaluate<'a, 's, T> {
    machine: &'a Machine<T>,
    inputs: Source<'s>,
    flipped: Option<&'a [u32]>,
    target: Vec<T>,
    threads: usize,
}

impl<T: Float> Kernel for Evaluate<'_, '_, T> {
    type Output = Vec<T>;

    fn run<S: Simd>(self, simd: S) -> Vec<T> {
        let Self { machine, inputs, flipped, mut target, threads } = self;
        let Panels { rows: visible, columns: hidden, .. } = machine.panels;
        let rows = inputs.rows();
        with_team(threads.min(rows.div_ceil(BLOCK)).max(1), |team| {
            let bounds: Vec<usize> = (0..=team.size()).map(|worker| rows * worker / team.size()).collect();
            let mut own: Vec<(Vec<T>, Vec<T>, Vec<T>)> = (0..team.size())
                .map(|_| {
                    let matrix = |width| vec![T::ZERO; BLOCK * width];
                    (matrix(visible), matrix(hidden), vec![T::ZERO; hidden])
                })
                .collect();
            team.by_parts([&mut target], &bounds, &mut own, |part, [target], (v, z, weights)| {
                let mut row = part.start;
                for target in target.chunks_mut(BLOCK) {
                    let count = target.len();
                    let (v, z) = (&mut v[..count * visible], &mut z[..count * hidden]);
                    inputs.gather(simd, Which::From(row), 1.0, Rows::adjoining(v, visible));
                    let left = Matrix::new(v, count, visible, visible);
                    let packed = (&machine.weights[..], machine.panels);
                    multiply(simd, left, packed, None, MatrixMut::new(z, count, hidden, hidden));
                    let pairs = v.chunks_exact(visible).zip(z.chunks_exact(hidden));
                    for (index, (target, (v, z))) in target.iter_mut().zip(pairs).enumerate() {
                        *target = match flipped {
                            None => {
                                let bias = dot(simd, v, &machine.visible);
                                -(bias + simd.vectorize(SumSoftplus(z)))
                            }
                            Some(flipped) => {
                                let unit = flipped[row + index] as usize;
                                machine.column_weights(unit, weights);
                                let step = T::ONE - (v[unit] + v[unit]);
                                let bias = machine.visible[unit];
                                let units = visible as f64;
                                simd.vectorize(PseudoLikelihood { z, weights, step, bias, units })
                            }
                        };
                    }
                    row += count;
                }
            });
        });
        target
    }
}

impl<T: Float> Machine<T> {
    /// The weights between one visible unit and all hidden ones.
    fn column_weights(&self, unit: usize, target: &mut [T]) {
        let mut column = 0;
        while column < self.panels.columns {
            let panel = self.panels.panel_of::<T>(column);
            let units = panel.columns.len();
            let row = &self.weights[panel.offset + (1 + unit) * units..][..units];
            target[panel.columns].copy_from_slice(row);
            column += units;
        }
    }
}

/// The sum of log(1 + e^z).
struct SumSoftplus<'a, T>(&'a [T]);

impl<T: Float> Kernel for SumSoftplus<'_, T> {
    type Output = T;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> T {
        let mut sum = Sum::<T::Vector<S>>::zero();
        let mut index = 0;
        while index < self.0.len() {
            let terms = softplus(read::<T::Vector<S>>(&self.0[index..]));
            sum.add(index, first(terms, self.0.len() - index));
            index += T::Vector::<S>::LANES;
        }
        sum.total()
    }
}

/// `units` times log P(v_i | the others): the unit's change from v to 1 - v lowers the free energy by
/// `step bias` and by what the hidden units gain.
struct PseudoLikelihood<'a, T> {
    z: &'a [T],
    weights: &'a [T],
    step: T,
    bias: T,
    units: f64,
}

impl<T: Float> Kernel for PseudoLikelihood<'_, T> {
    type Output = T;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> T {
        let Self { z, weights, step, bias, units } = self;
        let mut sum = Sum::<T::Vector<S>>::zero();
        let step_vector = T::Vector::<S>::splat(step);
        let mut index = 0;
        while index < z.len() {
            let before = read::<T::Vector<S>>(&z[index..]);
            let after = read::<T::Vector<S>>(&weights[index..]).mul_add(step_vector, before);
            // Past the end both are zero, and so is their difference.
            sum.add(index, softplus(after).sub(softplus(before)));
            index += T::Vector::<S>::LANES;
        }
        let gain = sum.total() + step * bias;
        let surprise = crate::simd::first_lane(softplus(T::Vector::<S>::splat(gain)));
        -(T::from_f64(units) * surprise)
    }
}

struct Gibbs<'a, 's, T> {
    machine: &'a Machine<T>,
    inputs: Source<'s>,
    steps: usize,
    chance: Chance,
    matrices: Matrices<T>,
    threads: usize,
}

impl<T: Float> Kernel for Gibbs<'_, '_, T> {
    type Output = Vec<T>;

    fn run<S: Simd>(self, simd: S) -> Vec<T> {
        let Self { machine, inputs, steps, chance, mut matrices, threads } = self;
        let rows = inputs.rows();
        with_team(threads.min(rows).max(1), |team| {
            let mut scratches: Vec<Vec<T>> =
                vec![vec![T::ZERO; transposed_size::<T>(machine.panels)]; team.size()];
            team.by_rows(&mut matrices, rows, &mut scratches, |mut rows, scratch| {
                let first = rows.rows().start;
                inputs.gather(simd, Which::From(first), 1.0, rows.write(MODEL));
                machine.up(simd, &mut rows, MODEL, CHAINS);
                chance.decide(Purpose::Hidden, 0, first, rows.write(CHAINS));
                machine.walk(simd, &mut rows, steps, chance, scratch);
            });
        });
        let states = matrices.get(MODEL, rows);
        (0..rows).flat_map(|row| states.row(row)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn lesson<'a>(inputs: Source<'a>, order: &'a [u32]) -> Lesson<'a> {
        Lesson {
            inputs,
            order,
            batch_size: 2,
            learning_rate: 0.1,
            persistent: true,
            gibbs_steps: 1,
            seed: 0,
            step: 0,
            threads: 1,
        }
    }

    #[test]
    fn without_weights_units_do_not_know_of_each_other() {
        let machine = Machine::new(&[0.0f64; 6], &[0.5, -1.0], &[0.25, 0.0, -3.0]).unwrap();
        let table = ndarray::array![[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]];
        let source = Source::F64(table.view());
        let gain = (1.0 + 0.5f64.exp()).ln() + (1.0 + (-1.0f64).exp()).ln();
        let energies = machine.free_energy(source, 1).unwrap();
        assert!((energies[0] - (2.75 - gain)).abs() < 1e-14);
        assert!((energies[1] + gain).abs() < 1e-14);
        // P(v_i = 1) is sigmoid(a_i), whatever the others are.
        let scores = machine.score(source, &[0, 2], 1).unwrap();
        assert!((scores[0] + 3.0 * (1.0 + (-0.25f64).exp()).ln()).abs() < 1e-14);
        assert!((scores[1] + 3.0 * (1.0 + (-3.0f64).exp()).ln()).abs() < 1e-14);
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        assert!(Machine::new(&[0.0f64; 5], &[0.0; 2], &[0.0; 3]).is_err());
        assert!(Machine::new(&[0.0f64; 0], &[], &[0.0; 3]).is_err());
        let mut machine = Machine::new(&[0.0f64; 6], &[0.0; 2], &[0.0; 3]).unwrap();
        let (fits, wide) = (Array2::<f64>::zeros((4, 3)), Array2::<f64>::zeros((4, 4)));
        let (fits, wide) = (Source::F64(fits.view()), Source::F64(wide.view()));
        assert!(machine.learn(lesson(wide, &[0]), &mut [0.0; 4]).is_err());
        assert!(machine.learn(lesson(fits, &[4]), &mut [0.0; 4]).is_err());
        assert!(machine.learn(lesson(fits, &[0]), &mut [0.0; 3]).is_err());
        assert!(machine.learn(lesson(fits, &[0]), &mut []).is_err());
        assert!(machine.learn(lesson(fits, &[0, 3, 1]), &mut [0.0; 4]).is_ok());
        assert!(machine.hidden(wide, 1).is_err());
        assert!(machine.visible(fits, 1).is_err());
        assert!(machine.score(fits, &[0, 1, 2], 1).is_err());
        assert!(machine.score(fits, &[0, 1, 2, 3], 1).is_err());
        assert!(machine.gibbs(wide, 1, (0, 0), 1).is_err());
    }
}
