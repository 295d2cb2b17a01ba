//! Optimizers: how a gradient changes the parameters. Keras' conventions throughout.
//!
//! An update treats every parameter by itself, so any part of them can be updated anywhere. What it
//! remembers of each (a velocity, moments) stands in *slots*, arrays as long as the parameters.

use serde::{Deserialize, Serialize};

use crate::second_order::SecondOrder;
use crate::simd::{Float, Lanewise, Simd, Vector, lanewise};

/// The most slots that an optimizer has.
pub const MOST_SLOTS: usize = 3;

/// Every optimizer, as a configuration names it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum Optimizer {
    /// Stochastic gradient descent, with momentum (Polyak 1964) or Nesterov's (Sutskever, Martens, Dahl
    /// and Hinton 2013).
    Sgd {
        /// The step's length for a gradient of 1.
        learning_rate: f64,
        /// The share of the velocity that a step keeps.
        momentum: f64,
        /// Whether the gradient is looked at a step ahead.
        nesterov: bool,
    },
    /// The gradient divided by its running root mean square (Hinton 2012, lecture 6e).
    RmsProp {
        /// The step's length.
        learning_rate: f64,
        /// The share of the mean square that a step keeps.
        rho: f64,
        /// The share of the velocity that a step keeps.
        momentum: f64,
        /// Added to the mean square, within the root.
        epsilon: f64,
        /// Whether the square of the mean gradient is subtracted (Graves 2013).
        centered: bool,
    },
    /// Adaptive moments (Kingma and Ba 2015), in the form before section 2.1 (epsilon-hat).
    Adam {
        /// The step's length.
        learning_rate: f64,
        /// The share of the first moment that a step keeps.
        beta_1: f64,
        /// The share of the second moment that a step keeps.
        beta_2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    AdamW {
        /// The step's length.
        learning_rate: f64,
        /// The share of the first moment that a step keeps.
        beta_1: f64,
        /// The share of the second moment that a step keeps.
        beta_2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
        /// The share of a parameter, times the learning rate, that a step takes away.
        weight_decay: f64,
    },
    /// One that looks at all rows before each step, and so has no rule for a parameter.
    #[serde(untagged)]
    SecondOrder(SecondOrder),
}

impl Optimizer {
    /// The names that a configuration may use.
    pub const NAMES: &'static [&'static str] =
        &["adam", "adamw", "lbfgs", "levenberg_marquardt", "rmsprop", "sgd"];

    /// How many slots it keeps.
    pub fn slots(&self) -> usize {
        match *self {
            Self::Sgd { momentum, .. } => usize::from(momentum > 0.0),
            Self::RmsProp { momentum, centered, .. } => {
                1 + usize::from(centered) + usize::from(momentum > 0.0)
            }
            Self::Adam { .. } | Self::AdamW { .. } => 2,
            Self::SecondOrder(_) => 0,
        }
    }

    /// The rule of step `step`, which counts from 1. `powers` is for it to remember what it has worked out.
    pub fn at_step<T: Float>(&self, step: u64, powers: &mut [Powers; 2]) -> Rule<T> {
        let of = T::from_f64;
        let mut adam = |learning_rate: f64, beta_1: f64, beta_2: f64, epsilon: f64, weight_decay: f64| {
            let [first, second] = powers.each_mut();
            let correction = (1.0 - second.of(beta_2, step)).sqrt() / (1.0 - first.of(beta_1, step));
            Rule::Adam(Adam {
                length: of(learning_rate * correction),
                first: of(1.0 - beta_1),
                second: of(1.0 - beta_2),
                epsilon: of(epsilon),
                decay: of(learning_rate * weight_decay),
            })
        };
        match *self {
            Self::Sgd { learning_rate, momentum, nesterov } => {
                let (learning_rate, momentum) = (of(learning_rate), of(momentum));
                match (momentum > T::ZERO, nesterov) {
                    (false, _) => Rule::Descent(Descent { learning_rate }),
                    (true, false) => Rule::Momentum(Momentum { learning_rate, momentum }),
                    (true, true) => Rule::Nesterov(Nesterov { learning_rate, momentum }),
                }
            }
            Self::RmsProp { learning_rate, rho, momentum, epsilon, centered } => {
                let scale = Scale {
                    learning_rate: of(learning_rate),
                    rho: of(rho),
                    rest: of(1.0 - rho),
                    epsilon: of(epsilon),
                };
                let momentum = of(momentum);
                match (centered, momentum > T::ZERO) {
                    (false, false) => Rule::Scaled(Scaled { scale }),
                    (false, true) => Rule::ScaledMomentum(ScaledMomentum { scale, momentum }),
                    (true, false) => Rule::Centered(Centered { scale }),
                    (true, true) => Rule::CenteredMomentum(CenteredMomentum { scale, momentum }),
                }
            }
            Self::Adam { learning_rate, beta_1, beta_2, epsilon } => {
                adam(learning_rate, beta_1, beta_2, epsilon, 0.0)
            }
            Self::AdamW { learning_rate, beta_1, beta_2, epsilon, weight_decay } => {
                adam(learning_rate, beta_1, beta_2, epsilon, weight_decay)
            }
            Self::SecondOrder(_) => unreachable!("it takes its steps in crate::second_order"),
        }
    }
}

/// The powers of a number, for exponents that mostly follow each other. A power depends on its exponent alone,
/// not on those that were asked for before: it is that of the last multiple of [`STRIDE`], by squaring, times
/// the number as often as it is further.
#[derive(Clone, Copy, Debug)]
pub struct Powers {
    base: f64,
    exponent: u64,
    anchor: f64,
    rest: f64,
}

/// See [`Powers`].
const STRIDE: u64 = 256;

impl Default for Powers {
    fn default() -> Self {
        Self { base: 1.0, exponent: 0, anchor: 1.0, rest: 1.0 }
    }
}

impl Powers {
    /// `base` to the power `exponent`: the platform's `pow` may round otherwise.
    #[inline]
    fn of(&mut self, base: f64, exponent: u64) -> f64 {
        if self.base == base && exponent == self.exponent + 1 && !exponent.is_multiple_of(STRIDE) {
            self.rest *= base;
        } else {
            self.anchor = power(base, exponent - exponent % STRIDE);
            self.rest = (0..exponent % STRIDE).fold(1.0, |rest, _| rest * base);
        }
        (self.base, self.exponent) = (base, exponent);
        self.anchor * self.rest
    }
}

/// `base` to the power `exponent`, by squaring.
fn power(base: f64, exponent: u64) -> f64 {
    let (mut result, mut square, mut rest) = (1.0, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            result *= square;
        }
        square *= square;
        rest >>= 1;
    }
    result
}

/// The parameters that a rule changes, with their slots; slots that the optimizer lacks are empty.
#[derive(Debug)]
pub struct Part<'a, T> {
    /// The parameters.
    pub parameters: &'a mut [T],
    /// What is remembered of each.
    pub slots: [&'a mut [T]; MOST_SLOTS],
}

macro_rules! rules {
    ($($rule:ident: $($slot:ident)*;)*) => {
        /// What one step does, with its numbers worked out.
        #[derive(Clone, Copy, Debug)]
        #[allow(missing_docs)]
        pub enum Rule<T> {
            $($rule($rule<T>),)*
        }

        impl<T: Float> Rule<T> {
            /// Changes the parameters by their gradients.
            pub fn update<S: Simd>(&self, simd: S, part: Part<'_, T>, gradients: &[T]) {
                let Part { parameters, slots } = part;
                match self {
                    $(Self::$rule(rule) => {
                        #[allow(unused)]
                        let mut slots = slots.into_iter();
                        $(let $slot = slots.next().expect("an optimizer has three slots at most");)*
                        lanewise(simd, rule, [parameters, $($slot),*], [gradients]);
                    })*
                }
            }
        }
    };
}

rules! {
    Descent: ;
    Momentum: velocity;
    Nesterov: velocity;
    Scaled: square;
    ScaledMomentum: square velocity;
    Centered: square mean;
    CenteredMomentum: square mean velocity;
    Adam: first second;
}

/// `w - lr g`.
#[derive(Clone, Copy, Debug)]
pub struct Descent<T> {
    learning_rate: T,
}

/// All lanes equal to a number of the rule: the rules are generic over the vector, their numbers over
/// its element.
#[inline(always)]
fn all<T: Float, V: Vector>(value: T) -> V {
    // The element is always T itself; through f64 the conversion is exact and compiles to nothing.
    V::constant(value.to_f64())
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

/// What RMSprop's variants share.
#[derive(Clone, Copy, Debug)]
pub struct Scale<T> {
    learning_rate: T,
    rho: T,
    rest: T,
    epsilon: T,
}

impl<T: Float> Scale<T> {
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
        let m = g.sub(m).mul_add(all(self.first), m);
        let v = g.mul_add(g, v.neg()).mul_add(all(self.second), v);
        let w = w.sub(w.mul(all(self.decay)));
        let step = m.mul(all(self.length)).div(v.sqrt().add(all(self.epsilon)));
        [w.sub(step), m, v]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_products() {
        assert_eq!(power(0.9, 0), 1.0);
        assert_eq!(power(0.5, 10), 1.0 / 1024.0);
        assert!((power(0.999, 12_345) / 0.999f64.powi(12_345) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_power_depends_on_its_exponent_alone() {
        for base in [0.9, 0.999, 0.5, 0.0, 1.0] {
            let (mut following, mut jumping) = (Powers::default(), Powers::default());
            for exponent in 1..1500 {
                let one = following.of(base, exponent);
                assert_eq!(one, following.of(base, exponent));
                if exponent % 7 == 0 {
                    assert_eq!(one, jumping.of(base, exponent));
                }
                assert!((one - base.powi(exponent as i32)).abs() <= 1e-12 * one);
            }
        }
    }

    #[test]
    fn every_name_is_read() {
        for name in Optimizer::NAMES {
            let text = format!(
                r#"{{"name":"{name}","learning_rate":1,"momentum":0,"nesterov":false,"rho":0.9,
                "epsilon":1e-7,"centered":false,"beta_1":0.9,"beta_2":0.999,"weight_decay":0,"history_size":10,"line_search_steps":25,
                "gradient_tolerance":1e-7,"change_tolerance":1e-9,"damping":1e-3,"damping_increase":10,
                "damping_decrease":0.1,"largest_damping":1e10}}"#
            );
            assert!(serde_json::from_str::<Optimizer>(&text).is_ok(), "{name}");
        }
    }
}
