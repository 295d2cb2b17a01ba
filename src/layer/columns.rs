//! Sums down the columns of a batch: each one chain of fused multiply-adds over all rows, in order. So it is
//! of no account how columns are shared out between threads, or how many go into a vector.

use std::ops::Range;

use crate::gemm::Matrix;
use crate::simd::{Float, Lanewise, Simd, Vector, lanewise};

/// The sums over the rows of the products of two matrices, for some columns.
///
/// # Panics
/// The shapes do not fit together.
pub fn sum_products<S: Simd, T: Float>(
    simd: S,
    left: Matrix<'_, T>,
    right: Matrix<'_, T>,
    columns: Range<usize>,
    sums: &mut [T],
) {
    assert_eq!(left.rows(), right.rows(), "matrices of different lengths");
    sums.fill(T::ZERO);
    for row in 0..left.rows() {
        let (left, right) = (&left.row(row)[columns.clone()], &right.row(row)[columns.clone()]);
        lanewise(simd, &Product, [&mut *sums], [left, right]);
    }
}

/// The sums over the rows of the squared differences from a mean for each column, for some columns.
///
/// # Panics
/// The shapes do not fit together.
pub fn sum_squared_differences<S: Simd, T: Float>(
    simd: S,
    values: Matrix<'_, T>,
    means: &[T],
    columns: Range<usize>,
    sums: &mut [T],
) {
    sums.fill(T::ZERO);
    for row in 0..values.rows() {
        lanewise(simd, &SquaredDifference, [&mut *sums], [&values.row(row)[columns.clone()], means]);
    }
}

#[derive(Clone, Copy)]
struct Product;
impl Lanewise<1, 2> for Product {
    #[inline(always)]
    fn apply<V: Vector>(&self, [sum]: [V; 1], [left, right]: [V; 2]) -> [V; 1] {
        [left.mul_add(right, sum)]
    }
}

#[derive(Clone, Copy)]
struct SquaredDifference;
impl Lanewise<1, 2> for SquaredDifference {
    #[inline(always)]
    fn apply<V: Vector>(&self, [sum]: [V; 1], [value, mean]: [V; 2]) -> [V; 1] {
        let difference = value.sub(mean);
        [difference.mul_add(difference, sum)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{InstructionSet, Kernel, run_on};

    struct Both<'a>(Matrix<'a, f32>, &'a [f32], Range<usize>);

    impl Kernel for Both<'_> {
        type Output = [Vec<f32>; 2];

        fn run<S: Simd>(self, simd: S) -> [Vec<f32>; 2] {
            let Self(values, means, columns) = self;
            let mut sums = [vec![1.0; columns.len()], vec![1.0; columns.len()]];
            sum_products(simd, values, values, columns.clone(), &mut sums[0]);
            sum_squared_differences(simd, values, &means[columns.clone()], columns, &mut sums[1]);
            sums
        }
    }

    #[test]
    fn are_the_chain_that_is_written_whatever_the_instruction_set_and_the_columns() {
        let (rows, width) = (37, 43);
        let values: Vec<f32> = (0..rows * width).map(|i| ((i * 7919) % 1009) as f32 * 0.37 - 150.0).collect();
        let means: Vec<f32> = (0..width).map(|i| i as f32 - 20.0).collect();
        let matrix = Matrix::new(&values, rows, width, width);
        let chain = |term: &dyn Fn(usize, usize) -> f32, column| {
            (0..rows).fold(0.0f32, |sum, row| term(row, column).mul_add(term(row, column), sum))
        };
        for set in InstructionSet::available() {
            for columns in [0..width, 3..4, 5..22, 16..43] {
                let [products, squares] = run_on(set, Both(matrix, &means, columns.clone()));
                for (place, column) in columns.enumerate() {
                    assert_eq!(products[place], chain(&|row, column| values[row * width + column], column));
                    let difference = |row: usize, column: usize| values[row * width + column] - means[column];
                    assert_eq!(squares[place], chain(&difference, column));
                }
            }
        }
    }
}
