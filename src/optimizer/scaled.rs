//! Gradients divided by the root of a mean or a sum of their squares: RMSprop, Adagrad, Adadelta.

use super::{Rule, all};
use crate::simd::{Float, Lanewise, Vector};

/// RMSprop's rule for a step of this length.
pub(super) fn rmsprop<T: Float>(
    learning_rate: f64,
    rho: f64,
    momentum: f64,
    epsilon: f64,
    centered: bool,
) -> Rule<T> {
    let scale = Scale::new(learning_rate, rho, epsilon);
    let momentum = T::from_f64(momentum);
    match (centered, momentum > T::ZERO) {
        (false, false) => Rule::Scaled(Scaled { scale }),
        (false, true) => Rule::ScaledMomentum(ScaledMomentum { scale, momentum }),
        (true, false) => Rule::Centered(Centered { scale }),
        (true, true) => Rule::CenteredMomentum(CenteredMomentum { scale, momentum }),
    }
}

/// Adagrad's rule for a step of this length.
pub(super) fn adagrad<T: Float>(learning_rate: f64, epsilon: f64) -> Rule<T> {
    Rule::Summed(Summed { learning_rate: T::from_f64(learning_rate), epsilon: T::from_f64(epsilon) })
}

/// Adadelta's rule for a step of this length.
pub(super) fn adadelta<T: Float>(learning_rate: f64, rho: f64, epsilon: f64) -> Rule<T> {
    Rule::Matched(Matched { scale: Scale::new(learning_rate, rho, epsilon) })
}

/// What RMSprop's variants and Adadelta share.
#[derive(Clone, Copy, Debug)]
pub struct Scale<T> {
    learning_rate: T,
    rho: T,
    rest: T,
    epsilon: T,
}

impl<T: Float> Scale<T> {
    fn new(learning_rate: f64, rho: f64, epsilon: f64) -> Self {
        let of = T::from_f64;
        Self { learning_rate: of(learning_rate), rho: of(rho), rest: of(1.0 - rho), epsilon: of(epsilon) }
    }
    /// `rho old + (1 - rho) new`.
    #[inline(always)]
    fn mix<V: Vector>(&self, old: V, new: V) -> V {
        new.mul_add(all(self.rest), old.mul(all(self.rho)))
    }
    /// `lr g / sqrt(square + epsilon)`.
    #[inline(always)]
    fn step<V: Vector>(&self, g: V, square: V) -> V {
        g.mul(all(self.learning_rate)).div(square.add(all(self.epsilon)).sqrt())
    }
    /// `square - mean^2`, which rounding must not make negative: the root of it would be NaN.
    #[inline(always)]
    fn variance<V: Vector>(&self, square: V, mean: V) -> V {
        V::constant(0.0).max(square.sub(mean.mul(mean)))
    }
}

/// RMSprop.
#[derive(Clone, Copy, Debug)]
pub struct Scaled<T> {
    scale: Scale<T>,
}

impl<T: Float> Lanewise<2, 1> for Scaled<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w, square]: [V; 2], [g]: [V; 1]) -> [V; 2] {
        let square = self.scale.mix(square, g.mul(g));
        [w.sub(self.scale.step(g, square)), square]
    }
}

/// RMSprop with momentum.
#[derive(Clone, Copy, Debug)]
pub struct ScaledMomentum<T> {
    scale: Scale<T>,
    momentum: T,
}

impl<T: Float> Lanewise<3, 1> for ScaledMomentum<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w, square, velocity]: [V; 3], [g]: [V; 1]) -> [V; 3] {
        let square = self.scale.mix(square, g.mul(g));
        let velocity = velocity.mul_add(all(self.momentum), self.scale.step(g, square));
        [w.sub(velocity), square, velocity]
    }
}

/// Centered RMSprop.
#[derive(Clone, Copy, Debug)]
pub struct Centered<T> {
    scale: Scale<T>,
}

impl<T: Float> Lanewise<3, 1> for Centered<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w, square, mean]: [V; 3], [g]: [V; 1]) -> [V; 3] {
        let (square, mean) = (self.scale.mix(square, g.mul(g)), self.scale.mix(mean, g));
        [w.sub(self.scale.step(g, self.scale.variance(square, mean))), square, mean]
    }
}

/// Centered RMSprop with momentum.
#[derive(Clone, Copy, Debug)]
pub struct CenteredMomentum<T> {
    scale: Scale<T>,
    momentum: T,
}

impl<T: Float> Lanewise<4, 1> for CenteredMomentum<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w, square, mean, velocity]: [V; 4], [g]: [V; 1]) -> [V; 4] {
        let (square, mean) = (self.scale.mix(square, g.mul(g)), self.scale.mix(mean, g));
        let step = self.scale.step(g, self.scale.variance(square, mean));
        let velocity = velocity.mul_add(all(self.momentum), step);
        [w.sub(velocity), square, mean, velocity]
    }
}

/// Adagrad.
#[derive(Clone, Copy, Debug)]
pub struct Summed<T> {
    learning_rate: T,
    epsilon: T,
}

impl<T: Float> Lanewise<2, 1> for Summed<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w, sum]: [V; 2], [g]: [V; 1]) -> [V; 2] {
        let sum = g.mul_add(g, sum);
        let step = g.mul(all(self.learning_rate)).div(sum.add(all(self.epsilon)).sqrt());
        [w.sub(step), sum]
    }
}

/// Adadelta: steps as large, in the mean, as those before them.
#[derive(Clone, Copy, Debug)]
pub struct Matched<T> {
    scale: Scale<T>,
}

impl<T: Float> Lanewise<3, 1> for Matched<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w, square, change]: [V; 3], [g]: [V; 1]) -> [V; 3] {
        let epsilon = all::<T, V>(self.scale.epsilon);
        let square = self.scale.mix(square, g.mul(g));
        let step = g.mul(change.add(epsilon).sqrt()).div(square.add(epsilon).sqrt());
        let change = self.scale.mix(change, step.mul(step));
        [w.sub(step.mul(all(self.scale.learning_rate))), square, change]
    }
}
