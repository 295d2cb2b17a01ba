//! Losses of numbers, each output by itself.

use serde::{Deserialize, Serialize};

use super::PointwiseLoss;
use crate::math::{exp_not_above_one, log, log1p, tanh};
use crate::simd::Vector;

/// What keeps a quotient or a logarithm finite, as in Keras.
const EPSILON: f64 = 1e-7;

/// `(a - t)^2`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanSquaredError {}

impl PointwiseLoss for MeanSquaredError {
    #[inline(always)]
    fn value<V: Vector>(&self, a: V, t: V) -> V {
        let error = a.sub(t);
        error.mul(error)
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, a: V, t: V) -> V {
        let error = a.sub(t);
        error.add(error)
    }
}

/// `|a - t|`; its slope at 0 is 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanAbsoluteError {}

impl PointwiseLoss for MeanAbsoluteError {
    #[inline(always)]
    fn value<V: Vector>(&self, a: V, t: V) -> V {
        a.sub(t).abs()
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, a: V, t: V) -> V {
        sign(a.sub(t))
    }
}

/// -1, 0 or 1.
#[inline(always)]
fn sign<V: Vector>(error: V) -> V {
    let zero = V::constant(0.0);
    let below = V::select(error.less(zero), V::constant(-1.0), zero);
    error.unless_nan(V::select(error.greater(zero), V::constant(1.0), below))
}

/// `(a - t)^2 / 2` up to a distance of `delta`, and from there on its tangent (Huber, "Robust estimation of a
/// location parameter", 1964).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Huber {
    /// Where the tangent begins.
    pub delta: f64,
}

impl PointwiseLoss for Huber {
    #[inline(always)]
    fn value<V: Vector>(&self, a: V, t: V) -> V {
        let (delta, half) = (V::constant(self.delta), V::constant(0.5));
        let distance = a.sub(t).abs();
        let line = distance.sub(half.mul(delta)).mul(delta);
        V::select(distance.greater(delta), line, distance.mul(distance).mul(half))
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, a: V, t: V) -> V {
        V::constant(self.delta).min(V::constant(-self.delta).max(a.sub(t)))
    }
}

/// `log(cosh(a - t))`, as `|e| + log(1 + exp(-2 |e|)) - log(2)`, where nothing overflows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogCosh {}

impl PointwiseLoss for LogCosh {
    #[inline(always)]
    fn value<V: Vector>(&self, a: V, t: V) -> V {
        let distance = a.sub(t).abs();
        let rest = log1p(exp_not_above_one(distance.mul(V::constant(-2.0))));
        distance.add(rest.sub(V::constant(std::f64::consts::LN_2)))
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, a: V, t: V) -> V {
        tanh(a.sub(t))
    }
}

/// `100 |a - t| / max(|t|, 1e-7)`; its slope at 0 is 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanAbsolutePercentageError {}

impl PointwiseLoss for MeanAbsolutePercentageError {
    #[inline(always)]
    fn value<V: Vector>(&self, a: V, t: V) -> V {
        let size = V::constant(EPSILON).max(t.abs());
        a.sub(t).abs().div(size).mul(V::constant(100.0))
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, a: V, t: V) -> V {
        let size = V::constant(EPSILON).max(t.abs());
        sign(a.sub(t)).mul(V::constant(100.0).div(size))
    }
}

/// `(log(1 + a) - log(1 + t))^2`, both at least 1e-7; its slope is 0 for an output that is not above it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanSquaredLogarithmicError {}

/// The distance of the logarithms.
#[inline(always)]
fn logarithmic_error<V: Vector>(a: V, t: V) -> V {
    let least = V::constant(EPSILON);
    log1p(least.max(a)).sub(log1p(least.max(t)))
}

impl PointwiseLoss for MeanSquaredLogarithmicError {
    #[inline(always)]
    fn value<V: Vector>(&self, a: V, t: V) -> V {
        let error = logarithmic_error(a, t);
        error.mul(error)
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, a: V, t: V) -> V {
        let error = logarithmic_error(a, t);
        let slope = error.add(error).div(a.add(V::constant(1.0)));
        let above = a.greater(V::constant(EPSILON));
        a.unless_nan(V::select(above, slope, V::constant(0.0)))
    }
}

/// `a - t log(a + epsilon)`: how unlikely a count of `t` is where `a` are expected, but for a constant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Poisson {
    /// What is added to a before its logarithm is taken.
    #[serde(default = "epsilon")]
    pub epsilon: f64,
}

/// What it was before it could be chosen.
fn epsilon() -> f64 {
    EPSILON
}

impl PointwiseLoss for Poisson {
    #[inline(always)]
    fn value<V: Vector>(&self, a: V, t: V) -> V {
        a.sub(log(a.add(V::constant(self.epsilon))).mul(t))
    }
    #[inline(always)]
    fn slope<V: Vector>(&self, a: V, t: V) -> V {
        V::constant(1.0).sub(t.div(a.add(V::constant(self.epsilon))))
    }
}
