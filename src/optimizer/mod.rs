//! Optimizers: how a gradient changes the parameters. Keras' conventions throughout.
//!
//! An update treats every parameter by itself, so any part of them can be updated anywhere. What it
//! remembers of each (a velocity, moments) stands in *slots*, arrays as long as the parameters. A step has a
//! *rule*, which does the same to every parameter, with its numbers worked out.

mod adam;
mod descent;
mod powers;
mod scaled;
mod sign;

use serde::{Deserialize, Serialize};

use self::adam::{Adam, Adamax, Moments, Nadam};
use self::descent::{Descent, Momentum, Nesterov};
use self::powers::{Powers, Products};
use self::scaled::{Centered, CenteredMomentum, Matched, Scaled, ScaledMomentum, Summed};
use self::sign::{Lion, Resilient};
use crate::math::power;
use crate::schedule::LearningRate;
use crate::second_order::SecondOrder;
use crate::simd::{Float, Simd, Vector, lanewise};

/// The most slots that an optimizer has.
pub const MOST_SLOTS: usize = 3;

/// Every optimizer, as a configuration names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum Optimizer {
    /// Steps as large, in the mean, as those before them (Zeiler 2012).
    Adadelta {
        /// The step's length, as a multiple.
        learning_rate: LearningRate,
        /// The share of the mean squares that a step keeps.
        rho: f64,
        /// Added to the mean squares, within their roots.
        epsilon: f64,
    },
    /// The gradient divided by the root of the sum of its squares (Duchi, Hazan and Singer 2011).
    Adagrad {
        /// The step's length.
        learning_rate: LearningRate,
        /// What the sum starts from.
        initial_accumulator_value: f64,
        /// Added to the sum, within the root.
        epsilon: f64,
    },
    /// Adaptive moments (Kingma and Ba 2015), in the form before section 2.1 (epsilon-hat).
    Adam {
        /// The step's length.
        learning_rate: LearningRate,
        /// The share of the first moment that a step keeps.
        beta_1: f64,
        /// The share of the second moment that a step keeps.
        beta_2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
    },
    /// Adam by the largest gradient (Kingma and Ba 2015, section 7).
    Adamax {
        /// The step's length.
        learning_rate: LearningRate,
        /// The share of the first moment that a step keeps.
        beta_1: f64,
        /// The share of the largest gradient that a step keeps.
        beta_2: f64,
        /// Added to the largest gradient.
        epsilon: f64,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    AdamW {
        /// The step's length.
        learning_rate: LearningRate,
        /// The share of the first moment that a step keeps.
        beta_1: f64,
        /// The share of the second moment that a step keeps.
        beta_2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
        /// The share of a parameter, times the learning rate, that a step takes away.
        weight_decay: f64,
    },
    /// The sign of the momentum (Chen et al. 2023).
    Lion {
        /// The step's length.
        learning_rate: LearningRate,
        /// The momentum's share in the step.
        beta_1: f64,
        /// The share of the momentum that a step keeps.
        beta_2: f64,
    },
    /// Adam with Nesterov's momentum (Dozat 2016).
    Nadam {
        /// The step's length.
        learning_rate: LearningRate,
        /// The share of the first moment that a step keeps, in the end.
        beta_1: f64,
        /// The share of the second moment that a step keeps.
        beta_2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
        /// How fast that end is come to.
        momentum_decay: f64,
    },
    /// The gradient divided by its running root mean square (Hinton 2012, lecture 6e).
    RmsProp {
        /// The step's length.
        learning_rate: LearningRate,
        /// The share of the mean square that a step keeps.
        rho: f64,
        /// The share of the velocity that a step keeps.
        momentum: f64,
        /// Added to the mean square, within the root.
        epsilon: f64,
        /// Whether the square of the mean gradient is subtracted (Graves 2013).
        centered: bool,
    },
    /// Resilient backpropagation (Riedmiller and Braun 1993), as iRprop- (Igel and Huesken 2003).
    Rprop {
        /// The first step's length; the others follow from it.
        learning_rate: LearningRate,
        /// What a step is multiplied by where the gradient has turned.
        eta_minus: f64,
        /// What a step is multiplied by where it has not.
        eta_plus: f64,
        /// The least length of a step.
        minimum_step: f64,
        /// The most.
        maximum_step: f64,
    },
    /// Stochastic gradient descent, with momentum (Polyak 1964) or Nesterov's (Sutskever, Martens, Dahl
    /// and Hinton 2013).
    Sgd {
        /// The step's length for a gradient of 1.
        learning_rate: LearningRate,
        /// The share of the velocity that a step keeps.
        momentum: f64,
        /// Whether the gradient is looked at a step ahead.
        nesterov: bool,
    },
    /// One that looks at all rows before each step, and so has no rule for a parameter.
    #[serde(untagged)]
    SecondOrder(SecondOrder),
}

impl Optimizer {
    /// The names that a configuration may use.
    pub const NAMES: &'static [&'static str] = &[
        "adadelta",
        "adagrad",
        "adam",
        "adamax",
        "adamw",
        "lbfgs",
        "levenberg_marquardt",
        "lion",
        "nadam",
        "rmsprop",
        "rprop",
        "sgd",
    ];

    /// What each slot that it keeps holds at first.
    pub fn initial_slots(&self) -> Vec<f64> {
        match *self {
            Self::Sgd { momentum, .. } => vec![0.0; usize::from(momentum > 0.0)],
            Self::RmsProp { momentum, centered, .. } => {
                vec![0.0; 1 + usize::from(centered) + usize::from(momentum > 0.0)]
            }
            Self::Lion { .. } => vec![0.0],
            Self::Adagrad { initial_accumulator_value, .. } => vec![initial_accumulator_value],
            Self::Rprop { ref learning_rate, .. } => vec![learning_rate.after(0), 0.0],
            Self::Adadelta { .. }
            | Self::Adam { .. }
            | Self::Adamax { .. }
            | Self::AdamW { .. }
            | Self::Nadam { .. } => vec![0.0; 2],
            Self::SecondOrder(_) => Vec::new(),
        }
    }

    /// The learning rate of step `step`, which counts from 1; NaN where steps find their length by themselves.
    #[inline]
    pub fn learning_rate(&self, step: u64) -> f64 {
        self.rate().map_or(f64::NAN, |rate| rate.after(step - 1))
    }

    /// Goes on with another learning rate, if it has one.
    pub fn set_learning_rate(&mut self, rate: LearningRate) {
        if let Some(old) = self.rate_mut() {
            *old = rate;
        }
    }

    /// The rule of step `step`, which counts from 1. `memory` is for it to remember what it has worked out.
    #[inline]
    pub fn at_step<T: Float>(&self, step: u64, memory: &mut Memory) -> Rule<T> {
        let rate = self.learning_rate(step);
        match *self {
            Self::Sgd { momentum, nesterov, .. } => descent::rule(rate, momentum, nesterov),
            Self::RmsProp { rho, momentum, epsilon, centered, .. } => {
                scaled::rmsprop(rate, rho, momentum, epsilon, centered)
            }
            Self::Adagrad { epsilon, .. } => scaled::adagrad(rate, epsilon),
            Self::Adadelta { rho, epsilon, .. } => scaled::adadelta(rate, rho, epsilon),
            Self::Adam { beta_1, beta_2, epsilon, .. } => {
                let moments = Moments { beta_1, beta_2, epsilon };
                adam::adam(rate * memory.correction(moments, step), moments, 0.0)
            }
            Self::AdamW { beta_1, beta_2, epsilon, weight_decay, .. } => {
                let moments = Moments { beta_1, beta_2, epsilon };
                adam::adam(rate * memory.correction(moments, step), moments, rate * weight_decay)
            }
            Self::Adamax { beta_1, beta_2, epsilon, .. } => {
                let length = rate / (1.0 - memory.first.of(beta_1, step));
                adam::adamax(length, Moments { beta_1, beta_2, epsilon })
            }
            Self::Nadam { beta_1, beta_2, epsilon, momentum_decay, .. } => {
                let (now, next) = memory.momenta(beta_1, momentum_decay, step);
                let correction = 1.0 / (1.0 - memory.second.of(beta_2, step));
                let mean = rate * next.0 / (1.0 - next.1);
                let gradient = rate * (1.0 - now.0) / (1.0 - now.1);
                adam::nadam(mean, gradient, correction, Moments { beta_1, beta_2, epsilon })
            }
            Self::Lion { beta_1, beta_2, .. } => sign::lion(rate, beta_1, beta_2),
            Self::Rprop { eta_minus, eta_plus, minimum_step, maximum_step, .. } => {
                sign::rprop(eta_minus, eta_plus, minimum_step, maximum_step)
            }
            Self::SecondOrder(_) => unreachable!("it takes its steps in crate::second_order"),
        }
    }
}

/// Gives the optimizer's learning rate, whichever optimizer it is, if it has one for each step.
macro_rules! rate_of {
    ($optimizer:expr) => {
        match $optimizer {
            Optimizer::Adadelta { learning_rate, .. }
            | Optimizer::Adagrad { learning_rate, .. }
            | Optimizer::Adam { learning_rate, .. }
            | Optimizer::Adamax { learning_rate, .. }
            | Optimizer::AdamW { learning_rate, .. }
            | Optimizer::Lion { learning_rate, .. }
            | Optimizer::Nadam { learning_rate, .. }
            | Optimizer::RmsProp { learning_rate, .. }
            | Optimizer::Rprop { learning_rate, .. }
            | Optimizer::Sgd { learning_rate, .. } => Some(learning_rate),
            Optimizer::SecondOrder(_) => None,
        }
    };
}

impl Optimizer {
    fn rate(&self) -> Option<&LearningRate> {
        rate_of!(self)
    }

    fn rate_mut(&mut self) -> Option<&mut LearningRate> {
        rate_of!(self)
    }
}

/// What is worked out for one step and of use for the next: it may be lost without a change to any bit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    first: Powers,
    second: Powers,
    /// Up to this step's and up to the next one's.
    products: [Products; 2],
    /// A rate of decay, and what it means for a step.
    decay: (f64, f64),
}

impl Memory {
    /// What corrects the length of Adam's steps, as both moments start from zero.
    #[inline]
    fn correction(&mut self, moments: Moments, step: u64) -> f64 {
        (1.0 - self.second.of(moments.beta_2, step)).sqrt() / (1.0 - self.first.of(moments.beta_1, step))
    }

    /// Nadam's momentum, `beta_1 (1 - 0.96^(decay t) / 2)`, with the product of those up to it: of this step
    /// and of the next.
    fn momenta(&mut self, beta_1: f64, decay: f64, step: u64) -> ((f64, f64), (f64, f64)) {
        if self.decay.0 != decay || self.decay.1 == 0.0 {
            self.decay = (decay, power(0.96, decay));
        }
        let base = self.decay.1;
        let [now, next] = &mut self.products;
        let ((factor, product), (next_factor, next_product)) = (now.of(base, step), next.of(base, step + 1));
        let powers = self.first.of(beta_1, step);
        ((beta_1 * factor, powers * product), (beta_1 * next_factor, powers * beta_1 * next_product))
    }
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
    Summed: square;
    Matched: square change;
    Adam: first second;
    Nadam: first second;
    Adamax: first largest;
    Lion: momentum;
    Resilient: size gradient;
}

/// All lanes equal to a number of the rule: the rules are generic over the vector, their numbers over
/// its element.
#[inline(always)]
fn all<T: Float, V: Vector>(value: T) -> V {
    // The element is always T itself; through f64 the conversion is exact and compiles to nothing.
    V::constant(value.to_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read() {
        for name in Optimizer::NAMES {
            let text = format!(
                r#"{{"name":"{name}","learning_rate":1,"momentum":0,"nesterov":false,"rho":0.9,
                "epsilon":1e-7,"centered":false,"beta_1":0.9,"beta_2":0.999,"weight_decay":0,
                "initial_accumulator_value":0.1,"momentum_decay":1,"eta_minus":0.5,"eta_plus":1.2,
                "minimum_step":1e-6,"maximum_step":50,"history_size":10,"line_search_steps":25,
                "gradient_tolerance":1e-7,"change_tolerance":1e-9,"damping":1e-3,"damping_increase":10,
                "damping_decrease":0.1,"largest_damping":1e10}}"#
            );
            let mut optimizer: Optimizer = serde_json::from_str(&text).unwrap();
            if matches!(optimizer, Optimizer::SecondOrder(_)) {
                continue;
            }
            assert_eq!(optimizer.learning_rate(7), 1.0, "{name}");
            optimizer.set_learning_rate(LearningRate::Constant(0.5));
            assert_eq!(optimizer.learning_rate(7), 0.5, "{name}");
            assert!(optimizer.initial_slots().len() <= MOST_SLOTS);
        }
    }

    #[test]
    fn nadam_has_the_momenta_that_keras_multiplies_up() {
        for (decay, steps) in [(1.0, 2000), (0.004, 300), (0.0, 50)] {
            let mut memory = Memory::default();
            let base = 0.96f64.powf(decay);
            let mut product = 1.0;
            for step in 1..steps {
                let u = |step: i32| 0.9 * (1.0 - 0.5 * base.powi(step));
                let (now, next) = memory.momenta(0.9, decay, step as u64);
                product *= u(step);
                for (ours, theirs) in [
                    (now.0, u(step)),
                    (now.1, product),
                    (next.0, u(step + 1)),
                    (next.1, product * u(step + 1)),
                ] {
                    assert!((ours - theirs).abs() <= 1e-12 * theirs, "{decay} {step}: {ours:e} {theirs:e}");
                }
                assert_eq!((now, next), Memory::default().momenta(0.9, decay, step as u64));
            }
        }
    }
}
