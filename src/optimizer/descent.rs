//! Gradient descent, plain and with momentum.

use super::{Rule, all};
use crate::simd::{Float, Lanewise, Vector};

/// The rule for a step of this length.
pub(super) fn rule<T: Float>(learning_rate: f64, momentum: f64, nesterov: bool) -> Rule<T> {
    let (learning_rate, momentum) = (T::from_f64(learning_rate), T::from_f64(momentum));
    match (momentum > T::ZERO, nesterov) {
        (false, _) => Rule::Descent(Descent { learning_rate }),
        (true, false) => Rule::Momentum(Momentum { learning_rate, momentum }),
        (true, true) => Rule::Nesterov(Nesterov { learning_rate, momentum }),
    }
}

/// `w - lr g`.
#[derive(Clone, Copy, Debug)]
pub struct Descent<T> {
    learning_rate: T,
}

impl<T: Float> Lanewise<1, 1> for Descent<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w]: [V; 1], [g]: [V; 1]) -> [V; 1] {
        [w.sub(g.mul(all(self.learning_rate)))]
    }
}

/// `v = momentum v - lr g`, `w + v`.
#[derive(Clone, Copy, Debug)]
pub struct Momentum<T> {
    learning_rate: T,
    momentum: T,
}

impl<T: Float> Lanewise<2, 1> for Momentum<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w, v]: [V; 2], [g]: [V; 1]) -> [V; 2] {
        let v = v.mul(all(self.momentum)).sub(g.mul(all(self.learning_rate)));
        [w.add(v), v]
    }
}

/// `v = momentum v - lr g`, `w + momentum v - lr g`.
#[derive(Clone, Copy, Debug)]
pub struct Nesterov<T> {
    learning_rate: T,
    momentum: T,
}

impl<T: Float> Lanewise<2, 1> for Nesterov<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w, v]: [V; 2], [g]: [V; 1]) -> [V; 2] {
        let (momentum, step) = (all::<T, V>(self.momentum), g.mul(all(self.learning_rate)));
        let v = v.mul(momentum).sub(step);
        [w.add(v.mul(momentum).sub(step)), v]
    }
}
