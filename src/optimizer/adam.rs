//! Adaptive moments: Adam, Nadam and Adamax.

use super::{Rule, all};
use crate::simd::{Float, Lanewise, Vector};

/// What is done with a gradient's moments, in double precision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    pub beta_1: f64,
    pub beta_2: f64,
    pub epsilon: f64,
}

/// Adam's rule: a step of this length, its two corrections within it, after a decay by this share.
pub(super) fn adam<T: Float>(length: f64, moments: Moments, decay: f64) -> Rule<T> {
    let of = T::from_f64;
    let Moments { beta_1, beta_2, epsilon } = moments;
    Rule::Adam(Adam {
        length: of(length),
        first: of(1.0 - beta_1),
        second: of(1.0 - beta_2),
        epsilon: of(epsilon),
        decay: of(decay),
    })
}

/// Nadam's rule: lengths for the first moment and for the gradient itself, and what corrects the second moment.
pub(super) fn nadam<T: Float>(mean: f64, gradient: f64, correction: f64, moments: Moments) -> Rule<T> {
    let of = T::from_f64;
    let Moments { beta_1, beta_2, epsilon } = moments;
    Rule::Nadam(Nadam {
        mean: of(mean),
        gradient: of(gradient),
        correction: of(correction),
        first: of(1.0 - beta_1),
        second: of(1.0 - beta_2),
        epsilon: of(epsilon),
    })
}

/// Adamax' rule: a step of this length, its correction within it.
pub(super) fn adamax<T: Float>(length: f64, moments: Moments) -> Rule<T> {
    let of = T::from_f64;
    let Moments { beta_1, beta_2, epsilon } = moments;
    Rule::Adamax(Adamax {
        length: of(length),
        first: of(1.0 - beta_1),
        beta_2: of(beta_2),
        epsilon: of(epsilon),
    })
}

/// `old + share (new - old)`.
#[inline(always)]
fn towards<T: Float, V: Vector>(old: V, new: V, share: T) -> V {
    new.sub(old).mul_add(all(share), old)
}

/// `old + share (g^2 - old)`.
#[inline(always)]
fn towards_square<T: Float, V: Vector>(old: V, g: V, share: T) -> V {
    g.mul_add(g, old.neg()).mul_add(all(share), old)
}

/// Adam, and AdamW where there is decay.
#[derive(Clone, Copy, Debug)]
pub struct Adam<T> {
    length: T,
    first: T,
    second: T,
    epsilon: T,
    decay: T,
}

impl<T: Float> Lanewise<3, 1> for Adam<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w, m, v]: [V; 3], [g]: [V; 1]) -> [V; 3] {
        let m = towards(m, g, self.first);
        let v = towards_square(v, g, self.second);
        let w = w.sub(w.mul(all(self.decay)));
        let step = m.mul(all(self.length)).div(v.sqrt().add(all(self.epsilon)));
        [w.sub(step), m, v]
    }
}

/// Adam with Nesterov's look-ahead.
#[derive(Clone, Copy, Debug)]
pub struct Nadam<T> {
    mean: T,
    gradient: T,
    correction: T,
    first: T,
    second: T,
    epsilon: T,
}

impl<T: Float> Lanewise<3, 1> for Nadam<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w, m, v]: [V; 3], [g]: [V; 1]) -> [V; 3] {
        let m = towards(m, g, self.first);
        let v = towards_square(v, g, self.second);
        let ahead = m.mul_add(all(self.mean), g.mul(all(self.gradient)));
        let step = ahead.div(v.mul(all(self.correction)).sqrt().add(all(self.epsilon)));
        [w.sub(step), m, v]
    }
}

/// Adam with the largest gradient in the place of the second moment.
#[derive(Clone, Copy, Debug)]
pub struct Adamax<T> {
    length: T,
    first: T,
    beta_2: T,
    epsilon: T,
}

impl<T: Float> Lanewise<3, 1> for Adamax<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w, m, u]: [V; 3], [g]: [V; 1]) -> [V; 3] {
        let m = towards(m, g, self.first);
        // Second, so that it is kept where it is NaN.
        let u = u.mul(all(self.beta_2)).max(g.abs());
        let step = m.mul(all(self.length)).div(u.add(all(self.epsilon)));
        [w.sub(step), m, u]
    }
}
