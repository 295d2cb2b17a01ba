//! Sums over whole vectors, in double precision and in one written order: sixteen stripes and a tree.

use crate::reduce::STRIPES;
use crate::simd::Float;

/// The sum of a term for each place.
#[inline(always)]
fn sum(length: usize, term: impl Fn(usize) -> f64) -> f64 {
    let mut stripes = [0.0; STRIPES];
    let whole = length - length % STRIPES;
    for first in (0..whole).step_by(STRIPES) {
        for (lane, stripe) in stripes.iter_mut().enumerate() {
            *stripe += term(first + lane);
        }
    }
    for place in whole..length {
        stripes[place - whole] += term(place);
    }
    let mut width = STRIPES;
    while width > 1 {
        width /= 2;
        for stripe in 0..width {
            stripes[stripe] += stripes[stripe + width];
        }
    }
    stripes[0]
}

/// `a' b`.
pub fn dot<T: Float>(a: &[T], b: &[T]) -> f64 {
    assert_eq!(a.len(), b.len(), "vectors of one length are wanted");
    sum(a.len(), |place| a[place].to_f64() * b[place].to_f64())
}

/// The sum of the absolute values.
pub fn sum_of_absolutes<T: Float>(a: &[T]) -> f64 {
    sum(a.len(), |place| a[place].to_f64().abs())
}

/// The largest absolute value; NaN if there is one.
pub fn largest<T: Float>(a: &[T]) -> f64 {
    a.iter().fold(0.0, |largest: f64, value| {
        let value = value.to_f64().abs();
        if value > largest || value.is_nan() { value } else { largest }
    })
}

/// `a += factor b`.
pub fn add<T: Float>(a: &mut [T], factor: f64, b: &[T]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a = T::from_f64(a.to_f64() + factor * b.to_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_stripes() {
        for length in [0, 1, 15, 16, 17, 100] {
            let a: Vec<f64> = (0..length).map(|i| f64::from(i) * 0.37 - 3.0).collect();
            let mut stripes = [0.0; 16];
            for (place, value) in a.iter().enumerate() {
                stripes[place % 16] += value * value;
            }
            let tree = |at: usize| stripes[at] + stripes[at + 8];
            let four = |at: usize| tree(at) + tree(at + 4);
            assert_eq!(dot(&a, &a), (four(0) + four(2)) + (four(1) + four(3)));
            let absolutes: f64 = a.iter().map(|value| value.abs()).sum();
            assert!((sum_of_absolutes(&a) - absolutes).abs() < 1e-12);
        }
        assert_eq!(largest(&[1.0f32, -3.0, 2.0]), 3.0);
        assert!(largest(&[1.0, f64::NAN, 2.0]).is_nan());
    }
}
