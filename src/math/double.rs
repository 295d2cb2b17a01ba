//! Double-double arithmetic: about 31 digits, for what has to be right before its last rounding.
//!
//! Dekker, "A floating-point technique for extending the available precision" (1971); the sum of two
//! double-doubles is Joldes, Muller and Popescu's accurate one, "Tight and rigorous error bounds for
//! basic building blocks of double-word arithmetic" (2017).

use std::ops::{Add, Div, Mul};

/// The unevaluated sum of two numbers, the second below half a unit in the last place of the first.
#[derive(Clone, Copy, Debug)]
pub struct Double(pub f64, pub f64);

pub fn two_sum(a: f64, b: f64) -> Double {
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
