//! Rectifiers: the net input above zero, less of it below.

use serde::{Deserialize, Serialize};

use super::{Kept, Pointwise};
use crate::math::expm1;
use crate::simd::{Lanewise, Vector};

/// The rectifier, `max(0, z)` (Nair and Hinton 2010). Its derivative at 0 is 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relu {}

impl Pointwise for Relu {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        V::constant(0.0).max(z)
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        a.unless_nan(V::select(a.greater(V::constant(0.0)), V::constant(1.0), V::constant(0.0)))
    }
}

/// The rectifier with a slope below zero (Maas, Hannun and Ng 2013), which is its derivative at 0 too.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeakyRelu {
    /// The slope below zero; not negative, so that the output's sign is the input's.
    pub negative_slope: f64,
}

impl Pointwise for LeakyRelu {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        leaky(z, V::constant(self.negative_slope))
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        leaky_derivative(a, V::constant(self.negative_slope))
    }
}

/// The leaky rectifier whose slope is learned (He, Zhang, Ren and Sun 2015); here with one fixed slope,
/// in a layer with one for each node: [`PreluRow`] and [`PreluRowBackward`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prelu {
    /// The slope below zero that each node starts from.
    pub alpha: f64,
}

impl Pointwise for Prelu {
    // A learned slope may become negative, and then the output does not tell the input's sign.
    const KEPT: Kept = Kept::Input;
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        leaky(z, V::constant(self.alpha))
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, z: V) -> V {
        leaky_derivative(z, V::constant(self.alpha))
    }
}

/// `z` above zero and `slope * z` below, which is 0 for a slope of 0 even at minus infinity.
#[inline(always)]
fn leaky<V: Vector>(z: V, slope: V) -> V {
    let zero = V::constant(0.0);
    let flat = z.unless_nan(zero);
    let below = V::select(slope.abs().greater(zero), z.mul(slope), flat);
    V::select(z.greater(zero), z, below)
}

/// The derivative of [`leaky`], from its input or, for a slope that is not negative, its output.
#[inline(always)]
fn leaky_derivative<V: Vector>(kept: V, slope: V) -> V {
    kept.unless_nan(V::select(kept.greater(V::constant(0.0)), V::constant(1.0), slope))
}

/// A row of net inputs becomes activations: the inputs and the nodes' slopes are read.
#[derive(Clone, Copy)]
pub struct PreluRow;

impl Lanewise<1, 2> for PreluRow {
    #[inline(always)]
    fn apply<V: Vector>(&self, _output: [V; 1], [z, alpha]: [V; 2]) -> [V; 1] {
        [leaky(z, alpha)]
    }
}

/// A row of deltas and of the slopes' gradients, from the deltas by the activations, the net inputs and
/// the nodes' slopes.
#[derive(Clone, Copy)]
pub struct PreluRowBackward;

impl Lanewise<2, 2> for PreluRowBackward {
    #[inline(always)]
    fn apply<V: Vector>(&self, [delta, _slopes]: [V; 2], [z, alpha]: [V; 2]) -> [V; 2] {
        let below = V::constant(0.0).min(z);
        [delta.mul(leaky_derivative(z, alpha)), delta.mul(below)]
    }
}

/// The exponential linear unit, `z` above zero and `alpha * (exp(z) - 1)` below (Clevert, Unterthiner and
/// Hochreiter 2016).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Elu {
    /// Minus the value that it nears far below zero; not negative.
    pub alpha: f64,
}

impl Pointwise for Elu {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        V::select(z.greater(V::constant(0.0)), z, expm1(z).mul(V::constant(self.alpha)))
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        let below = a.add(V::constant(self.alpha));
        V::select(a.greater(V::constant(0.0)), V::constant(1.0), below)
    }
}

/// The scaled exponential linear unit, that of [`Elu`] times a scale, which keeps mean 0 and variance 1 from
/// layer to layer (Klambauer, Unterthiner, Mayr and Hochreiter 2017).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Selu {}

impl Pointwise for Selu {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        let below = expm1(z).mul(V::constant(SCALE * ALPHA));
        V::select(z.greater(V::constant(0.0)), z.mul(V::constant(SCALE)), below)
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        let below = a.add(V::constant(SCALE * ALPHA));
        V::select(a.greater(V::constant(0.0)), V::constant(SCALE), below)
    }
}

/// The fixed point of mean and variance (the same article's equation 14).
const ALPHA: f64 = 1.6732632423543772;
const SCALE: f64 = 1.0507009873554805;
