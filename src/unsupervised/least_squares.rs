//! The pseudo-inverse of a table times another: the linear map of least norm that comes nearest to sending the
//! rows of the one to those of the other.
//!
//! By one-sided Jacobi rotations (Hestenes, "Inversion of matrices by biorthogonalization and related results",
//! 1958): pairs of rows are turned until all are at right angles. It needs dot products and square roots alone, so
//! it keeps the contract, and it is as accurate as the best (Demmel and Veselic 1992).

use crate::error::{Error, Result, allocate};
use crate::reduce::dot;
use crate::simd::{InstructionSet, Kernel, Lanewise, Simd, Vector, lanewise, run_on};

/// Sweeps over all pairs at most; some ten are enough.
const SWEEPS: usize = 60;

/// `x+ y`, row-major, for x of `rows` by `columns` and y of `rows` by `outputs`. Singular values are zero that are
/// below the largest by the rounding of so large a table.
///
/// # Errors
/// Shapes that do not fit together, or no memory.
pub fn least_squares(
    x: &[f64],
    (rows, columns): (usize, usize),
    y: &[f64],
    outputs: usize,
) -> Result<Vec<f64>> {
    if x.len() != rows * columns || y.len() != rows * outputs {
        return Err(Error::Shape("the tables have not as many rows each".into()));
    }
    let tall = rows > columns;
    let (count, length) = if tall { (columns, rows) } else { (rows, columns) };
    // Each turned row is followed by its row of the rotations so far.
    let mut turned = allocate(count * (length + count))?;
    for (index, row) in turned.chunks_exact_mut((length + count).max(1)).enumerate() {
        for (place, value) in row[..length].iter_mut().enumerate() {
            *value = if tall { x[place * columns + index] } else { x[index * columns + place] };
        }
        row[length + index] = 1.0;
    }
    let solution = allocate(columns * outputs)?;
    Ok(run_on(InstructionSet::chosen()?, Solve { turned, count, length, tall, y, outputs, solution }))
}

struct Solve<'a> {
    turned: Vec<f64>,
    count: usize,
    length: usize,
    tall: bool,
    y: &'a [f64],
    outputs: usize,
    solution: Vec<f64>,
}

impl Kernel for Solve<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<f64> {
        let Self { mut turned, count, length, tall, y, outputs, mut solution } = self;
        let width = length + count;
        let tolerance = f64::EPSILON * (length as f64).sqrt();
        for _ in 0..SWEEPS {
            let mut any = false;
            for first in 0..count {
                for second in first + 1..count {
                    let (head, tail) = turned.split_at_mut(second * width);
                    let (a, b) = (&mut head[first * width..][..width], &mut tail[..width]);
                    any |= straighten(simd, a, b, length, tolerance);
                }
            }
            if !any {
                break;
            }
        }
        let squares: Vec<f64> =
            turned.chunks_exact(width.max(1)).map(|row| dot(simd, &row[..length], &row[..length])).collect();
        let largest = squares.iter().fold(0.0, |largest: f64, &square| largest.max(square)).sqrt();
        let limit = largest * f64::EPSILON * length as f64;
        let mut answer = vec![0.0; outputs];
        for (row, square) in turned.chunks_exact(width.max(1)).zip(squares) {
            if square.sqrt() <= limit {
                continue;
            }
            let (values, rotation) = row.split_at(length);
            let (left, right) = if tall { (rotation, values) } else { (values, rotation) };
            answer.fill(0.0);
            for (&factor, y) in right.iter().zip(y.chunks_exact(outputs.max(1))) {
                lanewise(simd, &AddScaled(factor), [&mut answer], [y]);
            }
            answer.iter_mut().for_each(|value| *value /= square);
            for (&factor, target) in left.iter().zip(solution.chunks_exact_mut(outputs.max(1))) {
                lanewise(simd, &AddScaled(factor), [target], [&answer]);
            }
        }
        solution
    }
}

/// Turns two rows until the first `length` values of them are at right angles; whether they were not.
#[inline(always)]
fn straighten<S: Simd>(simd: S, a: &mut [f64], b: &mut [f64], length: usize, tolerance: f64) -> bool {
    let (aa, bb) = (dot(simd, &a[..length], &a[..length]), dot(simd, &b[..length], &b[..length]));
    let ab = dot(simd, &a[..length], &b[..length]);
    if ab.abs() <= tolerance * aa.sqrt() * bb.sqrt() {
        return false;
    }
    // The smaller of the two angles: Rutishauser, "The Jacobi method for real symmetric matrices" (1966).
    let cotangent = (bb - aa) / (2.0 * ab);
    let size = 1.0 / (cotangent.abs() + (1.0 + cotangent * cotangent).sqrt());
    let tangent = if cotangent < 0.0 { -size } else { size };
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    lanewise(simd, &Turn { cosine, sine: cosine * tangent }, [a, b], []);
    true
}

#[derive(Clone, Copy)]
struct Turn {
    cosine: f64,
    sine: f64,
}

impl Lanewise<2, 0> for Turn {
    #[inline(always)]
    fn apply<V: Vector>(&self, [a, b]: [V; 2], []: [V; 0]) -> [V; 2] {
        let (cosine, sine) = (V::constant(self.cosine), V::constant(self.sine));
        [b.mul_add(sine.neg(), a.mul(cosine)), a.mul_add(sine, b.mul(cosine))]
    }
}

/// `a + factor b`.
#[derive(Clone, Copy)]
struct AddScaled(f64);

impl Lanewise<1, 1> for AddScaled {
    #[inline(always)]
    fn apply<V: Vector>(&self, [a]: [V; 1], [b]: [V; 1]) -> [V; 1] {
        [b.mul_add(V::constant(self.0), a)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_table_is_inverted_and_a_dependent_row_changes_nothing() {
        let x = [2.0, 1.0, 1.0, 3.0];
        let inverse = least_squares(&x, (2, 2), &[1.0, 0.0, 0.0, 1.0], 2).unwrap();
        let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-14);
        assert!(near(&inverse, &[0.6, -0.2, -0.2, 0.4]));
        // Three rows of rank one: the least map that sends (1, 1) to 2 sends each of both to 1.
        let same = least_squares(&[1.0; 6], (3, 2), &[2.0; 3], 1).unwrap();
        assert!(near(&same, &[1.0, 1.0]));
        let same = least_squares(&[1.0; 6], (2, 3), &[3.0; 2], 1).unwrap();
        assert!(near(&same, &[1.0, 1.0, 1.0]));
        assert!(near(&least_squares(&[0.0; 4], (2, 2), &[1.0; 2], 1).unwrap(), &[0.0; 2]));
        assert!(least_squares(&x, (2, 2), &[1.0], 1).is_err());
    }
}
