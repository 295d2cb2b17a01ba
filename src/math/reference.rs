//! The functions in double-double arithmetic, right to about 30 digits: what double precision is held to.
//!
//! Dekker, "A floating-point technique for extending the available precision" (1971); the sum of two
//! double-doubles is Joldes, Muller and Popescu's accurate one, "Tight and rigorous error bounds for
//! basic building blocks of double-word arithmetic" (2017).

use std::ops::{Add, Div, Mul};
use std::sync::LazyLock;

/// The unevaluated sum of two numbers, the second below half a unit in the last place of the first.
#[derive(Clone, Copy, Debug)]
pub struct Double(pub f64, pub f64);

fn two_sum(a: f64, b: f64) -> Double {
    let sum = a + b;
    let back = sum - a;
    Double(sum, (a - (sum - back)) + (b - back))
}

impl Add for Double {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (high, low) = (two_sum(self.0, other.0), two_sum(self.1, other.1));
        let high = two_sum(high.0, high.1 + low.0);
        two_sum(high.0, high.1 + low.1)
    }
}

impl Mul for Double {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let high = self.0 * other.0;
        let low = self.0.mul_add(other.0, -high);
        two_sum(high, low + self.0 * other.1 + self.1 * other.0)
    }
}

impl Div for Double {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = Self(self.0 / other.0, 0.0);
        let rest = self + first * Self(-other.0, -other.1);
        let second = Self(rest.0 / other.0, 0.0);
        let rest = rest + second * Self(-other.0, -other.1);
        first + second + Self(rest.0 / other.0, 0.0)
    }
}

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
