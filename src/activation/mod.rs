//! Activations: what a node makes of its net input.
//!
//! To add one, write its struct with [`Pointwise`] in the file of its kind and name it in the list
//! `activations!`; configuration, kernels, arrays and tests find it there.
//!
//! A derivative is taken from *one* kept tensor, the activation's output or its input, so that
//! back-propagation stores no more than it must.

mod gate;
mod positive;
mod rectifier;
mod sigmoid;

use serde::{Deserialize, Serialize};

pub use gate::{Gelu, HardSwish, Mish, Silu};
pub use positive::{Exponential, Linear, Softplus};
pub use rectifier::{Elu, LeakyRelu, Prelu, PreluRow, PreluRowBackward, Relu, Selu};
pub use sigmoid::{HardSigmoid, Sigmoid, Softsign, Step, Tanh};

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
            /// The logarithms of those shares: `z - log(sum(exp(z)))`.
            #[serde(rename = "log_softmax")]
            LogSoftmax,
        }

        impl Activation {
            /// The names that a configuration may use.
            pub const NAMES: &'static [&'static str] = &[$($name,)* "softmax", "log_softmax"];

            /// Whether an output depends on all net inputs of its row, so that the derivative is a matrix: see
            /// [`Self::jacobian`].
            pub fn is_over_rows(&self) -> bool {
                matches!(self, Self::Softmax | Self::LogSoftmax)
            }

            /// The derivative of one row of outputs by its net inputs, row after row.
            pub fn jacobian<S: Simd, T: Float>(&self, simd: S, outputs: &[T], target: &mut [T]) {
                match self {
                    Self::Softmax => softmax::jacobian(outputs, target),
                    Self::LogSoftmax => softmax::log_jacobian(simd, outputs, target),
                    $(Self::$variant(_))|* => unreachable!("each value has a derivative of its own"),
                }
            }

            /// The tensor that the derivative is computed from.
            pub fn kept(&self) -> Kept {
                match self {
                    $(Self::$variant(_) => $variant::KEPT,)*
                    Self::Softmax | Self::LogSoftmax => Kept::Output,
                }
            }

            /// Net inputs become activations, in place.
            pub fn forward<S: Simd, T: Float>(&self, simd: S, rows: Rows<&mut [T]>) {
                if matches!(self, Self::Linear(_)) {
                    return;
                }
                match self {
                    $(Self::$variant(one) => lanewise(simd, &Forward(*one), [rows.values], []),)*
                    Self::Softmax => softmax::forward(simd, rows),
                    Self::LogSoftmax => softmax::log_forward(simd, rows),
                }
            }

            /// Multiplies `delta`, the loss's gradient by the activations, with the derivative.
            pub fn backward<S: Simd, T: Float>(&self, simd: S, delta: Rows<&mut [T]>, kept: Rows<&[T]>) {
                if matches!(self, Self::Linear(_)) {
                    return; // A factor of 1.
                }
                match self {
                    $(Self::$variant(one) => lanewise(simd, &Backward(*one), [delta.values], [kept.values]),)*
                    Self::Softmax => softmax::backward(simd, delta, kept),
                    Self::LogSoftmax => softmax::log_backward(simd, delta, kept),
                }
            }

            /// The activations of `inputs`, or of the target's own values, in rows of `columns` values.
            pub fn values<S: Simd, T: Float>(
                &self, simd: S, inputs: Option<&[T]>, target: &mut [T], columns: usize,
            ) {
                match self {
                    $(Self::$variant(one) => map(simd, &Forward(*one), inputs, target),)*
                    Self::Softmax => softmax::shares(simd, inputs, target, columns),
                    Self::LogSoftmax => softmax::log_shares(simd, inputs, target, columns),
                }
            }

            /// The derivatives at `inputs`, or at the target's own values; not for one that is
            /// [over rows](Self::is_over_rows).
            pub fn derivatives<S: Simd, T: Float>(&self, simd: S, inputs: Option<&[T]>, target: &mut [T]) {
                match self {
                    $(Self::$variant(one) => map(simd, &Derivative(*one), inputs, target),)*
                    Self::Softmax | Self::LogSoftmax => unreachable!("their derivative is a matrix"),
                }
            }
        }
    };
}

activations! {
    Elu = "elu",
    Exponential = "exponential",
    Gelu = "gelu",
    HardSigmoid = "hard_sigmoid",
    HardSwish = "hard_swish",
    LeakyRelu = "leaky_relu",
    Linear = "linear",
    Mish = "mish",
    Prelu = "prelu",
    Relu = "relu",
    Selu = "selu",
    Sigmoid = "sigmoid",
    Silu = "silu",
    Softplus = "softplus",
    Softsign = "softsign",
    Step = "step",
    Tanh = "tanh",
}

#[derive(Clone, Copy)]
struct Forward<A>(A);

impl<A: Pointwise> Lanewise<1, 0> for Forward<A> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [z]: [V; 1], []: [V; 0]) -> [V; 1] {
        [self.0.forward(z)]
    }
}

#[derive(Clone, Copy)]
struct Backward<A>(A);

impl<A: Pointwise> Lanewise<1, 1> for Backward<A> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [delta]: [V; 1], [kept]: [V; 1]) -> [V; 1] {
        [delta.mul(self.0.derivative(kept))]
    }
}

#[derive(Clone, Copy)]
struct Derivative<A>(A);

impl<A: Pointwise> Lanewise<1, 0> for Derivative<A> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [z]: [V; 1], []: [V; 0]) -> [V; 1] {
        let kept = match A::KEPT {
            Kept::Output => self.0.forward(z),
            Kept::Input => z,
        };
        [self.0.derivative(kept)]
    }
}
