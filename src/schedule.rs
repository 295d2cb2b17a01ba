//! Learning rates that change from step to step. Keras' conventions; the one-cycle policy is PyTorch's.
//!
//! A rate is a function of the number of steps made, and of nothing else: training that is cut anywhere goes on
//! with the same rates. The cosine and the powers are those of [`crate::math`], so that their bits are the same
//! on every machine.

use serde::{Deserialize, Serialize};

use crate::math::{cos_pi, log_of, power};

/// A learning rate: a number, or a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LearningRate {
    /// The same at every step.
    Constant(f64),
    /// Another at every step.
    Scheduled(Box<Schedule>),
}

impl LearningRate {
    /// The rate after `steps` steps.
    #[inline(always)]
    pub fn after(&self, steps: u64) -> f64 {
        match self {
            Self::Constant(rate) => *rate,
            Self::Scheduled(schedule) => schedule.after(steps as f64),
        }
    }
}

/// How the one-cycle policy goes from rate to rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Annealing {
    /// Along half a period of a cosine.
    Cos,
    /// Along a straight line.
    Linear,
}

/// Every schedule, as a configuration names it. Steps are whole numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Schedule {
    /// Half a period of a cosine (Loshchilov and Hutter 2017), after a linear warm-up if there is a target.
    CosineDecay {
        initial_learning_rate: f64,
        decay_steps: f64,
        alpha: f64,
        warmup_target: Option<f64>,
        warmup_steps: f64,
    },
    /// The same again and again, each time `t_mul` times as long and `m_mul` times as high.
    CosineDecayRestarts {
        initial_learning_rate: f64,
        first_decay_steps: f64,
        t_mul: f64,
        m_mul: f64,
        alpha: f64,
    },
    /// The rate times `decay_rate` every `decay_steps` steps.
    ExponentialDecay { initial_learning_rate: f64, decay_steps: f64, decay_rate: f64, staircase: bool },
    /// The rate over one plus `decay_rate` for every `decay_steps` steps.
    InverseTimeDecay { initial_learning_rate: f64, decay_steps: f64, decay_rate: f64, staircase: bool },
    /// Up along a line to another rate's beginning, and then that.
    LinearWarmup { learning_rate: LearningRate, warmup_steps: f64, initial_learning_rate: f64 },
    /// Up and down again, to far below (Smith and Topin 2019).
    OneCycle {
        max_learning_rate: f64,
        total_steps: f64,
        pct_start: f64,
        anneal_strategy: Annealing,
        div_factor: f64,
        final_div_factor: f64,
        three_phase: bool,
    },
    /// A value up to each boundary, and one beyond them all.
    PiecewiseConstantDecay { boundaries: Vec<f64>, values: Vec<f64> },
    /// A power of the share of the steps that is left.
    PolynomialDecay {
        initial_learning_rate: f64,
        decay_steps: f64,
        end_learning_rate: f64,
        power: f64,
        cycle: bool,
    },
}

impl Schedule {
    /// The names that a configuration may use.
    pub const NAMES: &'static [&'static str] = &[
        "cosine_decay",
        "cosine_decay_restarts",
        "exponential_decay",
        "inverse_time_decay",
        "linear_warmup",
        "one_cycle",
        "piecewise_constant_decay",
        "polynomial_decay",
    ];

    /// The rate after `steps` steps: of the first step for 0.
    pub fn after(&self, steps: f64) -> f64 {
        match *self {
            Self::CosineDecay { initial_learning_rate, decay_steps, alpha, warmup_target, warmup_steps } => {
                let (peak, warmup_steps) =
                    warmup_target.map_or((initial_learning_rate, 0.0), |target| (target, warmup_steps));
                if steps < warmup_steps {
                    return along_a_line(initial_learning_rate, peak, steps / warmup_steps);
                }
                let done = ((steps - warmup_steps) / decay_steps).min(1.0);
                peak * above(alpha, 0.5 * (1.0 + cos_pi(done)))
            }
            Self::CosineDecayRestarts { initial_learning_rate, first_decay_steps, t_mul, m_mul, alpha } => {
                let (restarts, done) = since_restart(steps, first_decay_steps, t_mul);
                let height = 0.5 * power(m_mul, restarts) * (1.0 + cos_pi(done));
                initial_learning_rate * above(alpha, height)
            }
            Self::ExponentialDecay { initial_learning_rate, decay_steps, decay_rate, staircase } => {
                initial_learning_rate * power(decay_rate, periods(steps, decay_steps, staircase))
            }
            Self::InverseTimeDecay { initial_learning_rate, decay_steps, decay_rate, staircase } => {
                initial_learning_rate / (1.0 + decay_rate * periods(steps, decay_steps, staircase))
            }
            Self::LinearWarmup { ref learning_rate, warmup_steps, initial_learning_rate } => {
                if steps < warmup_steps {
                    along_a_line(initial_learning_rate, learning_rate.after(0), steps / warmup_steps)
                } else {
                    learning_rate.after((steps - warmup_steps) as u64)
                }
            }
            Self::OneCycle {
                max_learning_rate,
                total_steps,
                pct_start,
                anneal_strategy,
                div_factor,
                final_div_factor,
                three_phase,
            } => {
                let first = max_learning_rate / div_factor;
                let last = first / final_div_factor;
                let (peak, end) = (pct_start * total_steps - 1.0, total_steps - 1.0);
                let back = 2.0 * pct_start * total_steps - 2.0;
                let (start, end, from, to) = match three_phase {
                    _ if steps <= peak => (0.0, peak, first, max_learning_rate),
                    false => (peak, end, max_learning_rate, last),
                    true if steps <= back => (peak, back, max_learning_rate, first),
                    true => (back, end, first, last),
                };
                let done = if end > start { ((steps - start) / (end - start)).min(1.0) } else { 1.0 };
                match anneal_strategy {
                    Annealing::Cos => to + (from - to) / 2.0 * (1.0 + cos_pi(done)),
                    Annealing::Linear => along_a_line(from, to, done),
                }
            }
            Self::PiecewiseConstantDecay { ref boundaries, ref values } => {
                values[boundaries.partition_point(|&boundary| boundary < steps)]
            }
            Self::PolynomialDecay {
                initial_learning_rate,
                decay_steps,
                end_learning_rate,
                power: exponent,
                cycle,
            } => {
                let periods = if cycle { (steps / decay_steps).ceil().max(1.0) } else { 1.0 };
                let done = (steps / (decay_steps * periods)).min(1.0);
                (initial_learning_rate - end_learning_rate) * power(1.0 - done, exponent) + end_learning_rate
            }
        }
    }
}

/// How often `steps` steps are `decay_steps`; with a staircase only whole times count.
fn periods(steps: f64, decay_steps: f64, staircase: bool) -> f64 {
    let periods = steps / decay_steps;
    if staircase { periods.floor() } else { periods }
}

/// From one rate to another, `done` of the way.
fn along_a_line(from: f64, to: f64, done: f64) -> f64 {
    (to - from) * done + from
}

/// A share of the rate that never falls below `alpha`.
fn above(alpha: f64, share: f64) -> f64 {
    (1.0 - alpha) * share + alpha
}

/// How many restarts there were in `steps` steps, and how much of the period since is over. Period i is
/// `first` times `growth`^i long and begins at the sum of those before.
fn since_restart(steps: f64, first: f64, growth: f64) -> (f64, f64) {
    let time = steps / first;
    if growth == 1.0 {
        let restarts = time.floor();
        return (restarts, ((steps - restarts * first) / first).clamp(0.0, 1.0));
    }
    let beginning = |restarts: f64| (power(growth, restarts) - 1.0) / (growth - 1.0);
    // The logarithms may round to a restart too many or too few.
    let mut restarts = (log_of(1.0 + time * (growth - 1.0)) / log_of(growth)).floor();
    if beginning(restarts + 1.0) <= time {
        restarts += 1.0;
    } else if beginning(restarts) > time {
        restarts -= 1.0;
    }
    let done = (steps - first * beginning(restarts)) / (first * power(growth, restarts));
    (restarts, done.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(text: &str) -> LearningRate {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_number_is_a_rate() {
        for text in ["0.25", r#"{"name": "piecewise_constant_decay", "boundaries": [], "values": [0.25]}"#] {
            let rate = schedule(text);
            assert_eq!(rate.after(0), 0.25);
            assert_eq!(rate.after(u64::MAX), 0.25);
            assert_eq!(
                serde_json::from_str::<LearningRate>(&serde_json::to_string(&rate).unwrap()).unwrap(),
                rate
            );
        }
        assert_eq!(schedule("1").after(7), 1.0);
        assert_eq!(schedule("0.9999999999999999").after(7), 1.0 - f64::EPSILON / 2.0);
    }

    #[test]
    fn a_boundary_belongs_to_what_is_before_it() {
        let rate = schedule(
            r#"{"name": "piecewise_constant_decay", "boundaries": [2, 5], "values": [1, 0.5, 0.125]}"#,
        );
        let rates: Vec<f64> = (0..8).map(|step| rate.after(step)).collect();
        assert_eq!(rates, [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.125, 0.125]);
    }

    #[test]
    fn restarts_are_where_they_belong_however_periods_grow() {
        for growth in [1.0, 1.0 + 1e-9, 1.1, 1.5, 2.0, 3.0, 1000.0] {
            let (mut beginning, mut length) = (0.0, 1.0);
            for restart in 0..12 {
                for (part, expected) in [(0.0, 0.0), (0.5, 0.5), (0.999, 0.999)] {
                    let (restarts, done) = since_restart(beginning + part * length, 1.0, growth);
                    // Where a restart is no number of its own, rounding may put it a hair later.
                    let at_the_end = part == 0.0 && restarts + 1.0 == f64::from(restart) && done > 1.0 - 1e-6;
                    assert!(
                        at_the_end || restarts == f64::from(restart) && (done - expected).abs() < 1e-6,
                        "{growth} {restart} {part}: {restarts} {done}"
                    );
                }
                beginning += length;
                length *= growth;
            }
        }
    }

    #[test]
    fn every_name_is_read_and_no_rate_is_wild() {
        for name in Schedule::NAMES {
            let rate = schedule(&format!(
                r#"{{"name": "{name}", "initial_learning_rate": 0.5, "decay_steps": 10, "alpha": 0.1,
                "warmup_target": null, "warmup_steps": 4, "first_decay_steps": 3, "t_mul": 1.25, "m_mul": 0.5,
                "decay_rate": 0.5, "staircase": false, "learning_rate": 0.25, "max_learning_rate": 0.5,
                "total_steps": 9, "pct_start": 0.25, "anneal_strategy": "cos", "div_factor": 25,
                "final_div_factor": 10, "three_phase": true, "boundaries": [3], "values": [0.5, 0.1],
                "end_learning_rate": 0.01, "power": 0.5, "cycle": true}}"#
            ));
            for step in (0..100).chain([u64::from(u32::MAX), u64::MAX]) {
                assert!((0.0..=0.5).contains(&rate.after(step)), "{name} {step}: {}", rate.after(step));
            }
        }
    }
}
