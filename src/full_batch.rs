//! A network on all its rows at once, as [`crate::second_order`] takes it: the loss and its gradient, or the
//! errors and their derivatives.
//!
//! Rows pass in chunks, so that no more memory is wanted than for a batch, and what the chunks sum up to is
//! added in their order.

use std::ops::Range;

use crate::error::{Error, Result, allocate};
use crate::gemm::{Matrix, multiply_batch, panel_width};
use crate::layer::Sink;
use crate::loss::Target;
use crate::network::{Mode, Network, Way};
use crate::parallel::{Matrices, Team, with_team};
use crate::second_order::{Objective, Residuals};
use crate::simd::{Float, InstructionSet, Kernel, Simd, run_on};
use crate::source::Which;
use crate::train::{Data, Training, forward_work, worthwhile};
use crate::workspace::{INPUT, Plan, Scratch};

/// Rows of a chunk of the loss's gradient.
pub const CHUNK: usize = 1024;
/// Errors whose derivatives are in memory at once.
const ERRORS_AT_ONCE: usize = 256;

/// A network, and the rows that it is judged by.
pub struct FullBatch<'a, 'd, T> {
    /// The network.
    pub network: &'a Network,
    /// How it is judged, and the buffers for it.
    pub training: &'a mut Training<T>,
    /// The data.
    pub data: Data<'d, T>,
    /// Which rows of it, in which order.
    pub order: &'a [u32],
    /// Rows of a chunk.
    pub chunk: usize,
    /// How many threads may work.
    pub threads: usize,
    /// Asked now and then whether to go on.
    pub go_on: &'a mut dyn FnMut() -> bool,
}

impl<T: Float> FullBatch<'_, '_, T> {
    /// The means over the rows of the loss and the metrics and, if it is wanted, the loss's gradient.
    ///
    /// # Errors
    /// An instruction set that the machine lacks, no memory, or a stop asked for.
    pub fn measure(&mut self, parameters: &[T], gradients: Option<&mut [T]>) -> Result<Vec<f64>> {
        self.training.make_room(self.network, self.chunk.min(self.order.len()), self.threads)?;
        run_on(InstructionSet::chosen()?, Measure { of: self, parameters, gradients })
    }
}

impl<T: Float> Objective<T> for FullBatch<'_, '_, T> {
    fn evaluate(&mut self, parameters: &[T], gradient: &mut [T]) -> Result<Vec<f64>> {
        self.measure(parameters, Some(gradient))
    }
}

impl<T: Float> Residuals<T> for FullBatch<'_, '_, T> {
    fn evaluate(&mut self, parameters: &[T]) -> Result<Vec<f64>> {
        self.measure(parameters, None)
    }

    fn normal_equations(&mut self, parameters: &[T], matrix: &mut [f64], gradient: &mut [f64]) -> Result<()> {
        run_on(InstructionSet::chosen()?, NormalEquations { of: self, parameters, matrix, gradient })
    }
}

struct Measure<'w, 'a, 'd, T> {
    of: &'w mut FullBatch<'a, 'd, T>,
    parameters: &'w [T],
    gradients: Option<&'w mut [T]>,
}

impl<T: Float> Kernel for Measure<'_, '_, '_, T> {
    type Output = Result<Vec<f64>>;

    fn run<S: Simd>(self, simd: S) -> Result<Vec<f64>> {
        let Self { of, parameters, mut gradients } = self;
        let FullBatch { network, training, data, order, chunk, threads, go_on } = of;
        let chunk = (*chunk).clamp(1, order.len());
        let mut totals = training.no_totals();
        let work = forward_work(network) * if gradients.is_some() { 3 } else { 1 };
        with_team(worthwhile(*threads, order.len(), chunk, work), |team| {
            let bounds = network.cut::<T>(team.size());
            training.look_at(simd, network, parameters);
            for (index, rows) in order.chunks(chunk).enumerate() {
                let (mode, total) = (Mode::Inference, order.len());
                training.pass(
                    simd,
                    team,
                    network,
                    parameters,
                    data,
                    rows,
                    total,
                    (mode, gradients.is_some()),
                );
                if let Some(gradients) = &mut gradients {
                    let (_, workers, passed, _) =
                        training.second_phase(team, &bounds, network, rows.len(), mode);
                    passed.add_gradients(simd, workers, gradients, index == 0);
                }
                training.add_values(rows.len(), &mut totals);
                if !go_on() {
                    return Err(Error::Interrupted);
                }
            }
            Ok(())
        })?;
        let mut means: Vec<f64> = totals.into_iter().map(|total| total / order.len() as f64).collect();
        means[0] += match gradients {
            Some(gradients) => training.learner.add_penalties(simd, parameters, gradients),
            None => training.learner.penalty_of(simd, parameters),
        };
        Ok(means)
    }
}

struct NormalEquations<'w, 'a, 'd, T> {
    of: &'w mut FullBatch<'a, 'd, T>,
    parameters: &'w [T],
    matrix: &'w mut [f64],
    gradient: &'w mut [f64],
}

impl<T: Float> Kernel for NormalEquations<'_, '_, '_, T> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Self { of, parameters, matrix, gradient } = self;
        let FullBatch { network, training, data, order, threads, go_on, .. } = of;
        let (size, outputs) = (network.size(), network.outputs());
        // The error stands behind its derivatives, so that one product gives J' J and J' e.
        let width = size + 1;
        let rows_at_once = (ERRORS_AT_ONCE / outputs).clamp(1, order.len());
        let mut rows_of_errors: Vec<f64> = allocate(rows_at_once * outputs * width)?;
        let mut products: Vec<f64> = allocate(width * width)?;
        let work = outputs.saturating_mul(size).saturating_mul(size);
        let plan = training.plan();
        let differentiator = |_| {
            let (matrices, scratch) = (plan.matrices(1)?, plan.scratch(network.layers(), 1)?);
            Ok(Differentiator { network, parameters, data: *data, plan, matrices, scratch })
        };
        let team = worthwhile(*threads, order.len(), rows_at_once, work);
        let mut own: Vec<Differentiator<'_, '_, T>> = (0..team).map(differentiator).collect::<Result<_>>()?;
        with_team(team, |team| {
            for rows in order.chunks(rows_at_once) {
                let some = &mut rows_of_errors[..rows.len() * outputs * width];
                let ends: Vec<usize> =
                    (0..=team.size()).map(|w| rows.len() * w / team.size() * outputs * width).collect();
                team.by_parts([&mut *some], &ends, &mut own, |part, [target], own| {
                    let rows = &rows[part.start / (outputs * width)..];
                    for (row, target) in rows.iter().zip(target.chunks_exact_mut(outputs * width)) {
                        own.row(simd, *row, target);
                    }
                });
                add_products(
                    simd,
                    team,
                    Matrix::new(some, rows.len() * outputs, width, width),
                    &mut products,
                )?;
                if !go_on() {
                    return Err(Error::Interrupted);
                }
            }
            Ok(())
        })?;
        for (place, row) in products.chunks_exact(width).take(size).enumerate() {
            matrix[place * size..][..size].copy_from_slice(&row[..size]);
            gradient[place] = row[size];
        }
        Ok(())
    }
}

/// What a thread needs to find a row's errors and their derivatives.
struct Differentiator<'a, 'd, T> {
    network: &'a Network,
    parameters: &'a [T],
    data: Data<'d, T>,
    plan: &'a Plan,
    matrices: Matrices<T>,
    scratch: Scratch<T>,
}

impl<T: Float> Differentiator<'_, '_, T> {
    /// For each output of a row, the derivatives of its error by all parameters, and behind them the error; all
    /// times the root of the row's weight, so that the squares are weighted.
    fn row<S: Simd>(&mut self, simd: S, row: u32, target: &mut [f64]) {
        let Self { network, parameters, data, plan, matrices, scratch } = self;
        let (mode, layers) = (Mode::Inference, network.layers().len());
        let way = Way { plan, mode, fused: false, skips_zeros: false, statistics: &[], batch: 1, total: 1 };
        let last = plan.layers.last().expect("a network has a layer");
        let Target::Values(wanted) = data.targets.row(row as usize) else {
            unreachable!("squared errors want values")
        };
        let root = data.weights.map_or(1.0, |weights| weights[row as usize].to_f64().sqrt());
        let mut shard = matrices.shard(1);
        data.inputs.gather(simd, Which::Listed(&[row]), network.input_scale(), shard.write(INPUT));
        network.forward(simd, parameters, &mut shard, 0..layers, way, scratch);
        for (output, target) in target.chunks_exact_mut(network.size() + 1).enumerate() {
            let mut shard = matrices.shard(1);
            let ([delta], [outputs]) = shard.split([last.delta], [last.output]);
            let error = outputs.values[output].to_f64() - wanted[output].to_f64();
            delta.values.fill(T::ZERO);
            delta.values[output] = T::ONE;
            network.backward(simd, parameters, &mut shard, 0..layers, way, scratch);
            let (derivatives, rest) = target.split_at_mut(network.size());
            rest[0] = root * error;
            let mut sink = InDouble { root, derivatives };
            network.gradients(simd, matrices, 1, 0..network.size(), way, scratch, &mut sink);
        }
    }
}

/// Derivatives by all parameters, in double precision, times a number.
struct InDouble<'a> {
    root: f64,
    derivatives: &'a mut [f64],
}

impl<T: Float> Sink<T> for InDouble<'_> {
    fn take<S: Simd>(&mut self, _simd: S, range: Range<usize>, gradients: &mut [T]) {
        for (target, gradient) in self.derivatives[range].iter_mut().zip(gradients) {
            *target = self.root * gradient.to_f64();
        }
    }
}

/// Adds the upper triangle of `rows' rows` to `products`, whose rows are shared out to the team.
fn add_products<S: Simd>(
    simd: S,
    team: &Team<'_>,
    rows: Matrix<'_, f64>,
    products: &mut [f64],
) -> Result<()> {
    let (width, panel) = (rows.columns(), panel_width::<f64>());
    // As much of the triangle for each: it is the wider, the higher a row is.
    let share = |worker: usize| {
        let rest = 1.0 - worker as f64 / team.size() as f64;
        width - (width as f64 * rest.sqrt()).round() as usize
    };
    let bounds: Vec<usize> = (0..=team.size()).map(|worker| share(worker) * width).collect();
    let mut own: Vec<Vec<f64>> = (0..team.size()).map(|_| allocate(width * panel)).collect::<Result<_>>()?;
    team.by_parts([products], &bounds, &mut own, |part, [products], product| {
        let inputs = part.start / width..part.end / width;
        for first in (inputs.start - inputs.start % panel..width).step_by(panel) {
            let units = first..width.min(first + panel);
            let product = &mut product[..inputs.len() * units.len()];
            multiply_batch(simd, (rows, inputs.clone()), (rows, units.clone()), None, product);
            for (target, row) in products.chunks_exact_mut(width).zip(product.chunks_exact(units.len())) {
                for (target, value) in target[units.clone()].iter_mut().zip(row) {
                    *target += value;
                }
            }
        }
    });
    Ok(())
}
