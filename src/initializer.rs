//! Initial weights. Each value is drawn at its own position of a stream, in double precision, and then
//! rounded to the network's type.
//!
//! Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010);
//! He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015); LeCun, Bottou, Orr and Müller,
//! "Efficient BackProp" (1998). Normal ones are cut at two standard deviations, as in Keras.

use serde::{Deserialize, Serialize};

use crate::math::normal_quantile;
use crate::random::Stream;
use crate::simd::Float;

/// A rule for the values that a parameter starts from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Initializer {
    /// All zero.
    Zeros,
    /// All the same.
    Constant {
        /// The value.
        value: f64,
    },
    /// Uniform, of variance 2 / (inputs + outputs).
    GlorotUniform,
    /// Normal, of variance 2 / (inputs + outputs).
    GlorotNormal,
    /// Uniform, of variance 2 / inputs.
    HeUniform,
    /// Normal, of variance 2 / inputs.
    HeNormal,
    /// Uniform, of variance 1 / inputs.
    LecunUniform,
    /// Normal, of variance 1 / inputs.
    LecunNormal,
    /// Uniform between two bounds.
    RandomUniform {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// Normal, not cut.
    RandomNormal {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        stddev: f64,
    },
}

impl Initializer {
    /// The names that a configuration may use.
    pub const NAMES: &'static [&'static str] = &[
        "constant",
        "glorot_normal",
        "glorot_uniform",
        "he_normal",
        "he_uniform",
        "lecun_normal",
        "lecun_uniform",
        "random_normal",
        "random_uniform",
        "zeros",
    ];

    /// Fills `target` for a layer of `inputs` and `outputs` nodes.
    pub fn fill<T: Float>(&self, stream: Stream, inputs: usize, outputs: usize, target: &mut [T]) {
        let draw = self.draw(inputs as f64, outputs as f64);
        for (position, target) in target.iter_mut().enumerate() {
            *target = T::from_f64(draw.value(|| stream.uniform(position as u64)));
        }
    }

    /// The distribution for a layer of this size.
    fn draw(&self, inputs: f64, outputs: f64) -> Draw {
        let mean_nodes = (inputs + outputs) / 2.0;
        let uniform = |variance: f64| Draw::Symmetric { limit: (3.0 * variance).sqrt() };
        let normal = |variance: f64| Draw::CutNormal { stddev: variance.sqrt() / CUT_NORMAL_DEVIATION };
        match *self {
            Self::Zeros => Draw::Constant { value: 0.0 },
            Self::Constant { value } => Draw::Constant { value },
            Self::GlorotUniform => uniform(1.0 / mean_nodes),
            Self::GlorotNormal => normal(1.0 / mean_nodes),
            Self::HeUniform => uniform(2.0 / inputs),
            Self::HeNormal => normal(2.0 / inputs),
            Self::LecunUniform => uniform(1.0 / inputs),
            Self::LecunNormal => normal(1.0 / inputs),
            Self::RandomUniform { low, high } => Draw::Between { low, high },
            Self::RandomNormal { mean, stddev } => Draw::Normal { mean, stddev },
        }
    }
}

/// A distribution, and how one uniform number becomes a value of it.
#[derive(Clone, Copy)]
enum Draw {
    Constant { value: f64 },
    Symmetric { limit: f64 },
    Between { low: f64, high: f64 },
    Normal { mean: f64, stddev: f64 },
    CutNormal { stddev: f64 },
}

impl Draw {
    fn value(&self, uniform: impl Fn() -> f64) -> f64 {
        match *self {
            Self::Constant { value } => value,
            Self::Symmetric { limit } => limit * (2.0 * uniform() - 1.0),
            Self::Between { low, high } => low + (high - low) * uniform(),
            Self::Normal { mean, stddev } => mean + stddev * normal_quantile(uniform() + HALF_STEP),
            Self::CutNormal { stddev } => {
                let between = 1.0 - BELOW_MINUS_TWO - BELOW_MINUS_TWO;
                stddev * normal_quantile(BELOW_MINUS_TWO + uniform() * between)
            }
        }
    }
}

/// Half the distance of two uniform numbers: moves [0, 1) into the open interval.
const HALF_STEP: f64 = 1.0 / (1u64 << 54) as f64;
/// The standard deviation of a standard normal variable that is cut at two.
const CUT_NORMAL_DEVIATION: f64 = 0.879_625_661_034_239_8;
/// The chance that a standard normal variable is below -2.
const BELOW_MINUS_TWO: f64 = 0.022_750_131_948_179_21;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn draw(initializer: Initializer) -> Vec<f64> {
        let mut values = vec![0.0; 60_000];
        initializer.fill(Stream::new(3, Purpose::Kernel, 0, 0), 300, 200, &mut values);
        values
    }

    #[test]
    fn draws_have_the_variance_of_their_rule() {
        use Initializer::*;
        for (initializer, variance) in [
            (GlorotUniform, 2.0 / 500.0),
            (GlorotNormal, 2.0 / 500.0),
            (HeUniform, 2.0 / 300.0),
            (HeNormal, 2.0 / 300.0),
            (LecunUniform, 1.0 / 300.0),
            (LecunNormal, 1.0 / 300.0),
            (RandomUniform { low: -0.3, high: 0.3 }, 0.03),
            (RandomNormal { mean: 0.0, stddev: 0.5 }, 0.25),
        ] {
            let values = draw(initializer);
            let count = values.len() as f64;
            let mean = values.iter().sum::<f64>() / count;
            let measured = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            assert!(mean.abs() < 5.0 * (variance / count).sqrt(), "{initializer:?} has mean {mean}");
            assert!((measured / variance - 1.0).abs() < 0.03, "{initializer:?} has variance {measured}");
        }
    }

    #[test]
    fn cut_normals_stay_within_two_deviations() {
        let limit = 2.0 * (2.0f64 / 300.0).sqrt() / CUT_NORMAL_DEVIATION;
        assert!(draw(Initializer::HeNormal).iter().all(|value| value.abs() <= limit * (1.0 + 1e-12)));
    }

    #[test]
    fn constants_are_constant() {
        assert!(draw(Initializer::Zeros).iter().all(|&value| value == 0.0));
        assert!(draw(Initializer::Constant { value: 0.1 }).iter().all(|&value| value == 0.1));
    }

    #[test]
    fn every_name_is_read() {
        for name in Initializer::NAMES {
            let text = format!(r#"{{"name":"{name}","value":1,"low":0,"high":1,"mean":0,"stddev":1}}"#);
            let read: Initializer = serde_json::from_str(&text).unwrap();
            assert!(serde_json::to_string(&read).unwrap().contains(name));
        }
    }
}
