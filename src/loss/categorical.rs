//! Losses of one choice among classes, fused with softmax.
//!
//! Each is a sum over the classes of a cost of the class's *surprise*, `s = -log p`, which is computed from
//! the net inputs and finite where the share `p` itself rounds to 0. With `w = -(d cost / d log p)` for each
//! class, its *weight*, the derivative by a net input is `p sum(w) - w`.

use super::FocalCrossEntropy;
use crate::math::{exp, expm1, log};
use crate::simd::Vector;

/// What is fused with softmax.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Categorical {
    /// The cross-entropy.
    CrossEntropy,
    /// The cross-entropy of targets that are moved toward even shares.
    Smoothed(f64),
    /// Kullback and Leibler's divergence.
    KullbackLeibler,
    /// The focal cross-entropy.
    Focal(FocalCrossEntropy),
}

impl Categorical {
    /// The cross-entropy with this label smoothing.
    pub fn cross_entropy(label_smoothing: f64) -> Self {
        match label_smoothing {
            0.0 => Self::CrossEntropy,
            some => Self::Smoothed(some),
        }
    }
}

/// A loss of shares that is a sum over the classes.
pub trait ShareLoss: Copy + Send + Sync {
    /// What a class costs by its surprise where the share `t` is wanted.
    fn cost<V: Vector>(&self, surprise: V, t: V) -> V;
    /// Its weight, see the [module](self).
    fn weight<V: Vector>(&self, surprise: V, t: V) -> V;
}

/// Targets `t (1 - s) + s / classes` (Szegedy and others, "Rethinking the Inception architecture for computer
/// vision", 2016, section 7).
#[derive(Clone, Copy)]
pub struct Smoothed {
    kept: f64,
    added: f64,
}

impl Smoothed {
    /// With this label smoothing, of as many classes.
    pub fn new(label_smoothing: f64, classes: usize) -> Self {
        Self { kept: 1.0 - label_smoothing, added: label_smoothing / classes as f64 }
    }

    #[inline(always)]
    fn of<V: Vector>(&self, t: V) -> V {
        t.mul_add(V::constant(self.kept), V::constant(self.added))
    }
}

impl ShareLoss for Smoothed {
    #[inline(always)]
    fn cost<V: Vector>(&self, surprise: V, t: V) -> V {
        surprise.mul(self.of(t))
    }
    #[inline(always)]
    fn weight<V: Vector>(&self, _surprise: V, t: V) -> V {
        self.of(t)
    }
}

/// `t (log t - log p)`, 0 where `t` is (Kullback and Leibler, "On information and sufficiency", 1951).
#[derive(Clone, Copy)]
pub struct KullbackLeibler;

impl ShareLoss for KullbackLeibler {
    #[inline(always)]
    fn cost<V: Vector>(&self, surprise: V, t: V) -> V {
        let zero = V::constant(0.0);
        V::select(t.greater(zero), log(t).add(surprise).mul(t), zero)
    }
    #[inline(always)]
    fn weight<V: Vector>(&self, _surprise: V, t: V) -> V {
        t
    }
}

/// `alpha t (1 - p)^gamma (-log p)` (Lin and others, "Focal loss for dense object detection", 2017).
#[derive(Clone, Copy)]
pub struct Focal {
    smoothed: Smoothed,
    alpha: f64,
    gamma: f64,
}

impl Focal {
    /// With these parameters, of as many classes.
    pub fn new(given: &FocalCrossEntropy, classes: usize) -> Self {
        let smoothed = Smoothed::new(given.label_smoothing, classes);
        Self { smoothed, alpha: given.alpha, gamma: given.gamma }
    }

    /// `1 - p`, never quite 0, and `alpha t (1 - p)^gamma`.
    #[inline(always)]
    fn rest_and_factor<V: Vector>(&self, surprise: V, t: V) -> (V, V) {
        let rest = super::binary::smallest::<V>().max(expm1(surprise.neg()).neg());
        let power = exp(log(rest).mul(V::constant(self.gamma)));
        (rest, power.mul(self.smoothed.of(t)).mul(V::constant(self.alpha)))
    }
}

impl ShareLoss for Focal {
    #[inline(always)]
    fn cost<V: Vector>(&self, surprise: V, t: V) -> V {
        self.rest_and_factor(surprise, t).1.mul(surprise)
    }
    #[inline(always)]
    fn weight<V: Vector>(&self, surprise: V, t: V) -> V {
        let (rest, factor) = self.rest_and_factor(surprise, t);
        let ratio = exp(surprise.neg()).mul(surprise).div(rest).mul(V::constant(self.gamma));
        ratio.mul_add(factor, factor)
    }
}
