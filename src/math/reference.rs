//! The functions in double-double arithmetic, right to about 30 digits: what double precision is held to.

use std::ops::Add;
use std::sync::LazyLock;

pub use super::double::Double;
use super::double::two_sum;

const ONE: Double = Double(1.0, 0.0);
const LN_2: [f64; 3] = [std::f64::consts::LN_2, 2.3190468138462996e-17, 5.707708438416212e-34];

/// A value times a power of two, so that it neither overflows nor underflows.
#[derive(Clone, Copy, Debug)]
pub struct Scaled(pub Double, pub i32);

/// `value` times 2^`power`, in two steps, so that only the result may overflow or underflow.
pub fn scale(value: f64, power: i32) -> f64 {
    value * 2f64.powi(power / 2) * 2f64.powi(power - power / 2)
}

/// e^x - 1 for |x| < 0.4, by Taylor's series.
fn exp_m1_series(x: Double) -> Double {
    static TERMS: LazyLock<Vec<Double>> = LazyLock::new(|| {
        let next = |factorial: &mut Double, k: i32| {
            *factorial = *factorial / Double(f64::from(k), 0.0);
            Some(*factorial)
        };
        (1..28).scan(ONE, next).collect()
    });
    x * TERMS.iter().rev().fold(Double(0.0, 0.0), |sum, &term| sum * x + term)
}

/// e^x for |x| < 2^11.
pub fn exp(x: f64) -> Scaled {
    let n = (x / LN_2[0]).round();
    let parts = LN_2.map(|part| Double(part, 0.0) * Double(-n, 0.0));
    let r = parts.into_iter().fold(Double(x, 0.0), Double::add);
    Scaled(ONE + exp_m1_series(r), n as i32)
}

/// The same where the exponent has two parts.
fn exp_of(Double(high, low): Double) -> Scaled {
    let Scaled(value, n) = exp(high);
    Scaled(value * (ONE + Double(low, 0.5 * low * low)), n)
}

/// e^x - 1.
pub fn expm1(x: f64) -> Scaled {
    if x.abs() < 1e-20 {
        return Scaled(Double(x, 0.5 * x * x), 0);
    }
    if x.abs() < 0.4 {
        return Scaled(exp_m1_series(Double(x, 0.0)), 0);
    }
    if x > 100.0 {
        return exp(x);
    }
    let Scaled(Double(high, low), n) = exp(x.max(-200.0));
    Scaled(Double(scale(high, n), scale(low, n)) + Double(-1.0, 0.0), 0)
}

/// The hyperbolic tangent.
pub fn tanh(x: f64) -> Scaled {
    if x.abs() < 1e-10 {
        return Scaled(Double(x, -x * x * x / 3.0), 0);
    }
    let Scaled(value, _) = expm1(2.0 * x.clamp(-40.0, 40.0));
    Scaled(value / (value + Double(2.0, 0.0)), 0)
}

/// 1 / (1 + e^-x).
pub fn sigmoid(x: f64) -> Scaled {
    let Scaled(value, n) = exp(x);
    if x < -40.0 {
        return Scaled(value * Double(1.0, -scale(value.0, n)), n);
    }
    let Scaled(Double(high, low), n) = exp(-x.min(700.0));
    Scaled(ONE / (ONE + Double(scale(high, n), scale(low, n))), 0)
}

/// log(x), by one step of Newton's method from the platform's.
pub fn log(x: f64) -> Scaled {
    correct_logarithm(x.ln(), Double(x, 0.0))
}

/// log(1 + x).
pub fn log1p(x: f64) -> Scaled {
    if x.abs() < 1e-20 {
        return Scaled(Double(x, -0.5 * x * x), 0);
    }
    if x.abs() < 1e-6 {
        let term = |k: i32| Double(f64::from(1 - k % 2 * 2), 0.0) / Double(f64::from(k + 1), 0.0);
        let x = Double(x, 0.0);
        return Scaled(x * (0..7).rev().fold(Double(0.0, 0.0), |sum, k| sum * x + term(k)), 0);
    }
    correct_logarithm(x.ln_1p(), two_sum(1.0, x))
}

fn correct_logarithm(guess: f64, x: Double) -> Scaled {
    let Scaled(value, n) = exp(-guess);
    let ratio = Double(scale(x.0, n), scale(x.1, n)) * value;
    let error = ratio + Double(-1.0, 0.0);
    Scaled(Double(guess, 0.0) + error + error * error * Double(-0.5, 0.0), 0)
}

/// A value as it is, where it is neither too large nor too small.
fn plain(Scaled(Double(high, low), n): Scaled) -> Double {
    Double(scale(high, n), scale(low, n))
}

/// z / (1 + e^-y).
fn gate(z: f64, y: Double) -> Scaled {
    let z = Double(z, 0.0);
    if y.0 < 0.0 {
        let Scaled(value, n) = exp_of(y);
        return Scaled(z * value / (ONE + plain(Scaled(value, n))), n);
    }
    Scaled(z / (ONE + plain(exp_of(Double(-y.0, -y.1)))), 0)
}

/// x / (1 + e^-x).
pub fn logistic_gate(x: f64) -> Scaled {
    gate(x, Double(x, 0.0))
}

/// x (1 + tanh(c (x + 0.044715 x³))) / 2.
pub fn tanh_gate(x: f64) -> Scaled {
    let [k, k_rest, l, l_rest] = super::tanh_gate::F64;
    let one = Double(x, 0.0);
    gate(x, one * (Double(k, k_rest) + one * one * Double(l, l_rest)))
}

/// x times the share of the normal distribution below x: by Marsaglia's series near zero ("Evaluating the
/// normal distribution", 2004), and by Laplace's continued fraction in the tails.
pub fn normal_gate(x: f64) -> Scaled {
    let one = Double(x, 0.0);
    let square = one * one;
    let Scaled(value, n) = exp_of(square * Double(-0.5, 0.0));
    let density = Scaled(value * Double(0.3989422804014327, -2.4923272022777357e-17), n);
    if x.abs() < 5.0 {
        let mut term = one;
        let mut sum = one;
        for k in 1..100 {
            term = term * square / Double(f64::from(2 * k + 1), 0.0);
            sum = sum + term;
        }
        return Scaled(one * (Double(0.5, 0.0) + plain(density) * sum), 0);
    }
    let size = Double(x.abs(), 0.0);
    let fraction = (1..150).rev().fold(size, |below, k| size + Double(f64::from(k), 0.0) / below);
    if x < 0.0 {
        return Scaled(one * density.0 / fraction, n);
    }
    Scaled(one * (ONE + plain(density) / Double(-fraction.0, -fraction.1)), 0)
}

/// log(1 + e^x).
pub fn softplus(x: f64) -> Scaled {
    if x > 40.0 {
        return Scaled(Double(x, (-x).exp()), 0);
    }
    let Scaled(value, n) = exp(x);
    let power = plain(Scaled(value, n));
    if x < -14.0 {
        let term = |k: i32| Double(f64::from(1 - k % 2 * 2), 0.0) / Double(f64::from(k + 1), 0.0);
        return Scaled(value * (0..7).rev().fold(Double(0.0, 0.0), |sum, k| sum * power + term(k)), n);
    }
    correct_logarithm(x.exp().ln_1p(), ONE + power)
}

/// x tanh(log(1 + e^x)).
pub fn mish(x: f64) -> Scaled {
    let two = Double(2.0, 0.0);
    let Scaled(value, n) = exp(-x.abs());
    let power = plain(Scaled(value, n));
    if x < 0.0 {
        let more = power + two;
        return Scaled(Double(x, 0.0) * value * more / (power * more + two), n);
    }
    let double = ONE + two * power;
    Scaled(Double(x, 0.0) * double / (double + two * power * power), 0)
}

/// `x` to the power `y`, for x > 0.
pub fn power(x: f64, y: f64) -> Scaled {
    let Scaled(logarithm, _) = log(x);
    let Double(high, low) = logarithm * Double(y, 0.0);
    let Scaled(value, n) = exp(high);
    Scaled(value * (ONE + Double(low, 0.5 * low * low)), n)
}

/// cos(pi x) for x from 0 to 1, by Taylor's series about the nearest of 0, 1/2 and 1.
pub fn cos_pi(x: f64) -> Double {
    const PI: Double = Double(std::f64::consts::PI, 1.2246467991473532e-16);
    let series = |r: f64, first: i32| {
        let angle = PI * Double(r, 0.0);
        let square = angle * angle * Double(-1.0, 0.0);
        let sum = (0..14).rev().fold(ONE, |sum, k| {
            let (n, m) = (f64::from(first + 2 * k + 1), f64::from(first + 2 * k + 2));
            ONE + square * sum / Double(n * m, 0.0)
        });
        if first == 0 { sum } else { angle * sum }
    };
    match x {
        _ if x <= 0.25 => series(x, 0),
        _ if x < 0.75 => series(0.5 - x, 1),
        _ => series(1.0 - x, 0) * Double(-1.0, 0.0),
    }
}
