//! Batch normalization (Ioffe and Szegedy, "Batch normalization: accelerating deep network training by
//! reducing internal covariate shift", ICML 2015): while training, each column of a batch is brought to mean 0
//! and variance 1, else by moving averages of those seen; then it is scaled and shifted.
//!
//! The sums over all rows of a batch stand in the middle of its way, forward and back. There threads meet and
//! share out the columns, so that each sum is one chain over all rows, in order.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::gemm::{Matrix, sum_rows};
use crate::parallel::{RowShard, Team};
use crate::simd::{Float, Lanewise, Simd, Vector, lanewise};

use super::affine::Affine;
use super::columns::{sum_products, sum_squared_differences};
use super::{Backward, BiasMode, Forward, Meeting, Mode, Parameter, Passed, Sink, Site, Stage, Widths};

/// A batch normalization as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchNormSpec {
    /// The share of a moving average that each batch leaves as it was.
    pub momentum: f64,
    /// Added to the variance.
    pub epsilon: f64,
    /// Whether beta is there.
    pub center: bool,
    /// Whether gamma is there.
    pub scale: bool,
}

/// A batch normalization in its place. After gamma and beta lie the moving mean and the moving variance, which
/// no gradient changes.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    momentum: f64,
    epsilon: f64,
    affine: Affine,
    mean: Range<usize>,
    variance: Range<usize>,
}

/// What is known of a batch's columns: so many values for each.
const STATISTICS: usize = 5;

/// Mean, variance, the inverse of the deviation; then the sums of the deltas, and of their products with the
/// normalized values.
fn parts<T>(statistics: &[T], width: usize) -> [&[T]; STATISTICS] {
    std::array::from_fn(|part| &statistics[part * width..(part + 1) * width])
}

impl BatchNorm {
    /// The layer in its place.
    pub fn new(spec: &BatchNormSpec, site: Site) -> Self {
        let affine = Affine::new(site.width, spec.scale, spec.center, site.offset);
        let start = affine.parameters().end;
        let mean = start..start + site.width;
        let variance = mean.end..mean.end + site.width;
        Self { momentum: spec.momentum, epsilon: spec.epsilon, affine, mean, variance }
    }
}

impl Stage for BatchNorm {
    fn width(&self) -> usize {
        self.affine.width
    }

    fn widths(&self, training: bool) -> Widths {
        let width = self.affine.width;
        let in_training = if training { width } else { 0 };
        Widths {
            output: width,
            delta: in_training,
            kept: in_training,
            statistics: STATISTICS * in_training,
            ..Widths::default()
        }
    }

    fn parameters(&self) -> Range<usize> {
        self.affine.parameters().start..self.variance.end
    }

    fn shapes(&self, _bias: BiasMode) -> Vec<Parameter> {
        let moving = |range: &Range<usize>| Parameter::plain(vec![self.affine.width], range.clone());
        let mut shapes = self.affine.shapes();
        shapes.extend([moving(&self.mean), moving(&self.variance)]);
        shapes
    }

    fn learned(&self) -> Vec<Parameter> {
        self.affine.shapes()
    }

    fn initialize<T: Float>(&self, _seed: u64, parameters: &mut [T]) -> Result<()> {
        self.affine.initialize(parameters);
        parameters[self.mean.clone()].fill(T::ZERO);
        parameters[self.variance.clone()].fill(T::ONE);
        Ok(())
    }

    fn meets(&self, mode: Mode) -> bool {
        matches!(mode, Mode::Training { .. })
    }

    /// Mean first, then the variance of the differences from it.
    fn meet_forward<S: Simd, T: Float>(&self, simd: S, team: &Team<'_>, meeting: Meeting<'_, T>) {
        let Meeting { matrices, rows, input, statistics, .. } = meeting;
        let x = matrices.get(input, rows);
        let (count, epsilon) = (T::from_f64(rows as f64), T::from_f64(self.epsilon));
        let width = self.affine.width;
        let (means, rest) = statistics.split_at_mut(width);
        let (variances, rest) = rest.split_at_mut(width);
        let arrays = [means, variances, &mut rest[..width]];
        team.by_shares(arrays, |columns, [means, variances, inverses]| {
            sum_rows(simd, x, columns.clone(), means);
            lanewise(simd, &Divide(count), [&mut *means], []);
            sum_squared_differences(simd, x, means, columns, variances);
            lanewise(simd, &Divide(count), [&mut *variances], []);
            lanewise(simd, &Inverse(epsilon), [inverses], [variances]);
        });
    }

    fn forward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Forward<'_, T>) {
        let tensors = way.tensors;
        let ([output, kept], [x]) = rows.split([tensors.output, tensors.kept], [way.input]);
        let (keeps, mut kept) = (kept.width > 0, kept.into_rows());
        let epsilon = T::from_f64(self.epsilon);
        for (output, x) in output.into_rows().zip(x.iter()) {
            match way.mode {
                Mode::Training { .. } => {
                    let [mean, _, inverse, ..] = parts(way.statistics, self.affine.width);
                    lanewise(simd, &Normalize, [&mut *output], [x, mean, inverse]);
                }
                Mode::Inference => {
                    let moving = [&self.mean, &self.variance].map(|range| &way.parameters[range.clone()]);
                    lanewise(simd, &ByMoving(epsilon), [&mut *output], [x, moving[0], moving[1]]);
                }
            }
            if keeps {
                kept.next().expect("a row for each").copy_from_slice(output);
            }
            self.affine.apply(simd, way.parameters, output);
        }
    }

    fn meet_backward<S: Simd, T: Float>(&self, simd: S, team: &Team<'_>, meeting: Meeting<'_, T>) {
        let Meeting { matrices, rows, tensors, statistics, .. } = meeting;
        let (delta, normalized) = (matrices.get(tensors.delta, rows), matrices.get(tensors.kept, rows));
        let width = self.affine.width;
        let (sums, products) = statistics[3 * width..STATISTICS * width].split_at_mut(width);
        team.by_shares([sums, products], |columns, [sums, products]| {
            sum_rows(simd, delta, columns.clone(), sums);
            sum_products(simd, delta, normalized, columns, products);
        });
    }

    /// While training `dx = r gamma (d - mean(d) - xhat mean(d xhat))`, the means over the batch, `d` being the
    /// delta and `r` the inverse of the deviation; else `dx = r gamma d`.
    fn backward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Backward<'_, T>) {
        let Some(below) = way.below else { return };
        let ([target], [delta, kept]) = rows.split([below], [way.tensors.delta, way.tensors.kept]);
        let epsilon = T::from_f64(self.epsilon);
        for ((target, delta), normalized) in target.into_rows().zip(delta.iter()).zip(kept.iter()) {
            match way.mode {
                Mode::Training { .. } => {
                    let [.., inverse, sums, products] = parts(way.statistics, self.affine.width);
                    let back = Back(T::ONE / T::from_f64(way.batch as f64));
                    // Gamma is the same factor of all three terms, so it can come last.
                    self.affine.back(simd, way.parameters, inverse, target);
                    lanewise(simd, &back, [target], [delta, normalized, sums, products]);
                }
                Mode::Inference => {
                    self.affine.back(simd, way.parameters, delta, target);
                    let variance = &way.parameters[self.variance.clone()];
                    lanewise(simd, &BackByMoving(epsilon), [target], [variance]);
                }
            }
        }
    }

    fn gradients<S: Simd, T: Float>(
        &self,
        simd: S,
        batch: Passed<'_, T>,
        part: Range<usize>,
        room: &mut [T],
        sink: &mut impl Sink<T>,
    ) {
        for (place, columns, is_gamma) in self.affine.in_part(&part) {
            let sums = &mut room[..columns.len()];
            match batch.mode {
                Mode::Training { .. } => {
                    let [.., betas, gammas] = parts(batch.statistics, self.affine.width);
                    sums.copy_from_slice(&if is_gamma { gammas } else { betas }[columns]);
                }
                Mode::Inference => {
                    let passed: (Matrix<'_, T>, Matrix<'_, T>) = (batch.delta(), batch.kept());
                    Affine::gradient(simd, passed, columns, is_gamma, sums);
                }
            }
            sink.take(simd, place, sums);
        }
    }

    fn gradient_size<T>(&self, _rows: usize) -> usize {
        self.affine.width
    }

    fn settle<T: Float>(&self, parameters: &mut [T], statistics: &[T]) {
        let [means, variances, ..] = parts(statistics, self.affine.width);
        let (stays, comes) = (T::from_f64(self.momentum), T::from_f64(1.0 - self.momentum));
        for (moving, batch) in [(&self.mean, means), (&self.variance, variances)] {
            for (moving, &batch) in parameters[moving.clone()].iter_mut().zip(batch) {
                *moving = *moving * stays + batch * comes;
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Divide<T>(T);
impl<E: Float> Lanewise<1, 0> for Divide<E> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [sum]: [V; 1], []: [V; 0]) -> [V; 1] {
        [sum.div(V::constant(self.0.to_f64()))]
    }
}

#[derive(Clone, Copy)]
struct Inverse<T>(T);
impl<E: Float> Lanewise<1, 1> for Inverse<E> {
    #[inline(always)]
    fn apply<V: Vector>(&self, _: [V; 1], [variance]: [V; 1]) -> [V; 1] {
        [V::constant(1.0).div(variance.add(V::constant(self.0.to_f64())).sqrt())]
    }
}

#[derive(Clone, Copy)]
struct Normalize;
impl Lanewise<1, 3> for Normalize {
    #[inline(always)]
    fn apply<V: Vector>(&self, _: [V; 1], [x, mean, inverse]: [V; 3]) -> [V; 1] {
        [x.sub(mean).mul(inverse)]
    }
}

#[derive(Clone, Copy)]
struct ByMoving<T>(T);
impl<E: Float> Lanewise<1, 3> for ByMoving<E> {
    #[inline(always)]
    fn apply<V: Vector>(&self, _: [V; 1], [x, mean, variance]: [V; 3]) -> [V; 1] {
        [x.sub(mean).div(variance.add(V::constant(self.0.to_f64())).sqrt())]
    }
}

#[derive(Clone, Copy)]
struct BackByMoving<T>(T);
impl<E: Float> Lanewise<1, 1> for BackByMoving<E> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [gradient]: [V; 1], [variance]: [V; 1]) -> [V; 1] {
        [gradient.div(variance.add(V::constant(self.0.to_f64())).sqrt())]
    }
}

/// The inverse of the batch's rows; what it is applied to is the factor of all terms.
#[derive(Clone, Copy)]
struct Back<T>(T);
impl<E: Float> Lanewise<1, 4> for Back<E> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [factor]: [V; 1], [delta, normalized, sum, product]: [V; 4]) -> [V; 1] {
        let share = V::constant(self.0.to_f64());
        let centred = delta.sub(sum.mul(share));
        [normalized.neg().mul_add(product.mul(share), centred).mul(factor)]
    }
}
