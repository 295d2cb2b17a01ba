//! Activations: what a node makes of its net input.
//!
//! To add one, write its struct with [`Pointwise`] and name it in the list `activations!`; configuration,
//! kernels, arrays and tests find it there.
//!
//! A derivative is taken from *one* kept tensor, the activation's output or its input, so that
//! back-propagation stores no more than it must.

use serde::{Deserialize, Serialize};

use crate::math::{expm1, sigmoid, tanh};
use crate::parallel::Rows;
use crate::simd::{Float, Lanewise, Simd, Vector, lanewise, map};
use crate::softmax;

/// The tensor that an activation's derivative is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// What it gave.
    Output,
    /// What it was given.
    Input,
}

/// An activation that treats each value by itself.
pub trait Pointwise: Copy + Send + Sync {
    /// The tensor that [`Self::derivative`] takes.
    const KEPT: Kept = Kept::Output;
    /// The activation of the net input `z`.
    fn forward<V: Vector>(&self, z: V) -> V;
    /// The derivative, from the kept tensor.
    fn derivative<V: Vector>(&self, kept: V) -> V;
}

macro_rules! activations {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// Every activation, as a configuration names it.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "name")]
        pub enum Activation {
            $(#[doc = concat!("See [`struct@", stringify!($variant), "`].")]
            #[serde(rename = $name)]
            $variant($variant),)*
            /// A row's values as shares of one: `exp(z) / sum(exp(z))`.
            #[serde(rename = "softmax")]
            Softmax,
        }

        impl Activation {
            /// The names that a configuration may use.
            pub const NAMES: &'static [&'static str] = &[$($name,)* "softmax"];

            /// The tensor that the derivative is computed from.
            pub fn kept(&self) -> Kept {
                match self {
                    $(Self::$variant(_) => $variant::KEPT,)*
                    Self::Softmax => Kept::Output,
                }
            }

            /// Net inputs become activations, in place.
            pub fn forward<S: Simd, T: Float>(&self, simd: S, rows: Rows<&mut [T]>) {
                if matches!(self, Self::Linear(_)) {
                    return;
                }
                match self {
                    $(Self::$variant(one) => lanewise(simd, &Forward(one), [rows.values], []),)*
                    Self::Softmax => softmax::forward(simd, rows),
                }
            }

            /// Multiplies `delta`, the loss's gradient by the activations, with the derivative.
            pub fn backward<S: Simd, T: Float>(&self, simd: S, delta: Rows<&mut [T]>, kept: Rows<&[T]>) {
                if matches!(self, Self::Linear(_)) {
                    return; // A factor of 1.
                }
                match self {
                    $(Self::$variant(one) => lanewise(simd, &Backward(one), [delta.values], [kept.values]),)*
                    Self::Softmax => softmax::backward(simd, delta, kept),
                }
            }

            /// The activations of `inputs`, or of the target's own values, in rows of `columns` values.
            pub fn values<S: Simd, T: Float>(
                &self, simd: S, inputs: Option<&[T]>, target: &mut [T], columns: usize,
            ) {
                match self {
                    $(Self::$variant(one) => map(simd, &Forward(one), inputs, target),)*
                    Self::Softmax => softmax::shares(simd, inputs, target, columns),
                }
            }

            /// The derivatives at `inputs`, or at the target's own values. Softmax has a matrix for one; see
            /// [`crate::softmax::jacobian`].
            pub fn derivatives<S: Simd, T: Float>(&self, simd: S, inputs: Option<&[T]>, target: &mut [T]) {
                match self {
                    $(Self::$variant(one) => map(simd, &Derivative(one), inputs, target),)*
                    Self::Softmax => unreachable!("softmax's derivative is a matrix"),
                }
            }
        }
    };
}

activations! {
    Elu = "elu",
    LeakyRelu = "leaky_relu",
    Linear = "linear",
    Prelu = "prelu",
    Relu = "relu",
    Sigmoid = "sigmoid",
    Step = "step",
    Tanh = "tanh",
}

/// The net input itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linear {}

impl Pointwise for Linear {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        z
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        a.unless_nan(V::constant(1.0))
    }
}

/// The perceptron's threshold: 1 above zero, else 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {}

impl Pointwise for Step {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        let zero = V::constant(0.0);
        z.unless_nan(V::select(z.greater(zero), V::constant(1.0), zero))
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        a.unless_nan(V::constant(0.0))
    }
}

/// The logistic function, `1 / (1 + exp(-z))`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sigmoid {}

impl Pointwise for Sigmoid {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        sigmoid(z)
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        a.mul(V::constant(1.0).sub(a))
    }
}

/// The hyperbolic tangent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tanh {}

impl Pointwise for Tanh {
    #[inline(always)]
    fn forward<V: Vector>(&self, z: V) -> V {
        tanh(z)
    }
    #[inline(always)]
    fn derivative<V: Vector>(&self, a: V) -> V {
        a.neg().mul_add(a, V::constant(1.0))
    }
}

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
pub struct PreluRow;

impl Lanewise<1, 2> for PreluRow {
    #[inline(always)]
    fn apply<V: Vector>(&self, _output: [V; 1], [z, alpha]: [V; 2]) -> [V; 1] {
        [leaky(z, alpha)]
    }
}

/// A row of deltas and of the slopes' gradients, from the deltas by the activations, the net inputs and
/// the nodes' slopes.
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

struct Forward<'a, A>(&'a A);

impl<A: Pointwise> Lanewise<1, 0> for Forward<'_, A> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [z]: [V; 1], []: [V; 0]) -> [V; 1] {
        [self.0.forward(z)]
    }
}

struct Backward<'a, A>(&'a A);

impl<A: Pointwise> Lanewise<1, 1> for Backward<'_, A> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [delta]: [V; 1], [kept]: [V; 1]) -> [V; 1] {
        [delta.mul(self.0.derivative(kept))]
    }
}

struct Derivative<'a, A>(&'a A);

impl<A: Pointwise> Lanewise<1, 0> for Derivative<'_, A> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [z]: [V; 1], []: [V; 0]) -> [V; 1] {
        let kept = match A::KEPT {
            Kept::Output => self.0.forward(z),
            Kept::Input => z,
        };
        [self.0.derivative(kept)]
    }
}
