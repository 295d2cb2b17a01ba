//! Gates: the net input times a share of it that rises from 0 to 1. They fall before they rise, so an output
//! does not tell its input, and the input is kept.

use serde::{Deserialize, Serialize};

use super::sigmoid::share;
use super::{Kept, Pointwise};
use crate::math::{
    logistic_gate, logistic_gate_slope, mish, mish_slope, normal_gate, normal_gate_slope, tanh_gate,
    tanh_gate_slope,
};
use crate::simd::Vector;

/// `z / (1 + exp(-z))` (Elfwing, Uchibe and Doya 2018), also called swish.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silu {}

impl Pointwise for Silu {
    const KEPT: Kept = Kept::Input;
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        logistic_gate(z)
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, z: V) -> V {
        logistic_gate_slope(z)
    }
}

/// The Gaussian error linear unit, `z` times the normal distribution's function (Hendrycks and Gimpel 2016).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gelu {
    /// Whether a hyperbolic tangent takes the place of the distribution's function.
    #[serde(default)]
    pub approximate: bool,
}

impl Pointwise for Gelu {
    const KEPT: Kept = Kept::Input;
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        if self.approximate { tanh_gate(z) } else { normal_gate(z) }
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, z: V) -> V {
        if self.approximate { tanh_gate_slope(z) } else { normal_gate_slope(z) }
    }
}

/// `z tanh(log(1 + exp(z)))` (Misra 2019).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mish {}

impl Pointwise for Mish {
    const KEPT: Kept = Kept::Input;
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        mish(z)
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, z: V) -> V {
        mish_slope(z)
    }
}

/// `z` times [`HardSigmoid`](super::HardSigmoid) (Howard and others 2019). Its derivative is 0 at -3, 1 at 3.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HardSwish {}

impl Pointwise for HardSwish {
    const KEPT: Kept = Kept::Input;
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        // Minus infinity times zero would be NaN.
        V::constant(-3.0).max(z).mul(share(z))
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, z: V) -> V {
        let three = V::constant(3.0);
        let rising = z.add(z).add(three).div(V::constant(6.0));
        let flat = V::select(z.greater(three.neg()), rising, V::constant(0.0));
        z.unless_nan(V::select(z.less(three), flat, V::constant(1.0)))
    }
}
