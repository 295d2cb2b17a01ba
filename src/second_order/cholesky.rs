//! Linear equations with a symmetric, positive definite matrix.

use crate::simd::{Float, Kernel, Lanewise, Simd, Vector, lanewise};

/// Adds one row times a number to another.
#[derive(Clone, Copy)]
struct AddRow(f64);

impl Lanewise<1, 1> for AddRow {
    #[inline(always)]
    fn apply<V: Vector>(&self, [target]: [V; 1], [row]: [V; 1]) -> [V; 1] {
        [row.mul_add(V::constant(self.0), target)]
    }
}

/// Solves `matrix x = right`: the upper triangle of `matrix` becomes its factor `U`, with `U' U` the matrix, and
/// `right` becomes `x`. Tells whether the matrix was positive definite; if not, neither means anything.
///
/// Each element of the factor is one chain of fused multiply-adds over the rows above, in order.
pub struct Solve<'a> {
    /// Square; what is below its diagonal is not looked at.
    pub matrix: &'a mut [f64],
    /// A value for each of its rows.
    pub right: &'a mut [f64],
}

impl Kernel for Solve<'_> {
    type Output = bool;

    fn run<S: Simd>(self, simd: S) -> bool {
        solve(simd, self.matrix, self.right)
    }
}

fn solve<S: Simd>(simd: S, matrix: &mut [f64], right: &mut [f64]) -> bool {
    let size = right.len();
    assert_eq!(matrix.len(), size * size, "a square matrix is wanted");
    for k in 0..size {
        let (above, below) = matrix.split_at_mut((k + 1) * size);
        let row = &mut above[k * size..];
        let pivot = row[k];
        if pivot <= 0.0 || !pivot.is_finite() {
            return false;
        }
        let root = pivot.sqrt();
        for value in &mut row[k..] {
            *value /= root;
        }
        for (i, target) in below.chunks_exact_mut(size).enumerate().map(|(i, row)| (k + 1 + i, row)) {
            lanewise(simd, &AddRow(-row[i]), [&mut target[i..]], [&row[i..]]);
        }
    }
    // U' y = right, from above, and U x = y, from below.
    for k in 0..size {
        let row = &matrix[k * size..][..size];
        right[k] /= row[k];
        let (solved, rest) = right.split_at_mut(k + 1);
        lanewise(simd, &AddRow(-solved[k]), [rest], [&row[k + 1..]]);
    }
    for k in (0..size).rev() {
        let row = &matrix[k * size..][..size];
        let known = (k + 1..size).fold(right[k], |sum, i| <f64 as Float>::mul_add(-row[i], right[i], sum));
        right[k] = known / row[k];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{InstructionSet, run_on};

    fn solved(set: InstructionSet, matrix: &[f64], right: &[f64]) -> (bool, Vec<f64>) {
        let (mut matrix, mut right) = (matrix.to_vec(), right.to_vec());
        (run_on(set, Solve { matrix: &mut matrix, right: &mut right }), right)
    }

    /// `A' A + 0.1 I` of some numbers.
    fn positive(size: usize) -> Vec<f64> {
        let a = |i: usize, j: usize| ((i * 37 + j * 61) % 101) as f64 / 50.0 - 1.0;
        let product = |i: usize, j: usize| (0..size).map(|k| a(k, i) * a(k, j)).sum::<f64>();
        let value = |index: usize| {
            let (i, j) = (index / size, index % size);
            product(i, j) + if i == j { 0.1 } else { 0.0 }
        };
        (0..size * size).map(value).collect()
    }

    #[test]
    fn equations_are_solved_with_the_same_bits_everywhere() {
        for size in [1, 2, 3, 17, 40] {
            let matrix = positive(size);
            let wanted: Vec<f64> = (0..size).map(|i| i as f64 - 3.5).collect();
            let times = |row: &[f64]| row.iter().zip(&wanted).map(|(a, x)| a * x).sum::<f64>();
            let right: Vec<f64> = matrix.chunks_exact(size).map(times).collect();
            let (is_positive, portable) = solved(InstructionSet::Portable, &matrix, &right);
            assert!(is_positive);
            for (found, wanted) in portable.iter().zip(&wanted) {
                assert!((found - wanted).abs() < 1e-7, "{size}: {found} is not {wanted}");
            }
            for set in InstructionSet::available() {
                let (_, found) = solved(set, &matrix, &right);
                assert!(
                    found.iter().zip(&portable).all(|(a, b)| a.to_bits() == b.to_bits()),
                    "{}",
                    set.name()
                );
            }
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_is_told() {
        for matrix in [[1.0, 2.0, 2.0, 1.0], [0.0, 0.0, 0.0, 1.0], [f64::NAN, 0.0, 0.0, 1.0]] {
            let (is_positive, _) = solved(InstructionSet::Portable, &matrix, &[1.0, 1.0]);
            assert!(!is_positive, "{matrix:?}");
        }
    }
}
