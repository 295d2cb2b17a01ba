//! Every path, shape and instruction set against the definition, bit for bit.

use super::*;
use crate::simd::{InstructionSet, run_on};

/// The definition: one chain for each output element.
fn definition<T: Float>(
    (rows, depth, columns): (usize, usize, usize),
    left: impl Fn(usize, usize) -> T,
    right: impl Fn(usize, usize) -> T,
    start: impl Fn(usize, usize) -> T,
) -> Vec<T> {
    let mut output = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            output.push(
                (0..depth).fold(start(row, column), |sum, k| left(row, k).mul_add(right(k, column), sum)),
            );
        }
    }
    output
}

/// Values of all magnitudes, so that another order of summation would show.
fn values<T: Float>(count: usize, salt: u64) -> Vec<T> {
    (0..count as u64)
        .map(|i| {
            let mixed = (i ^ (salt << 32))
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(31)
                .wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let unit = (mixed >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
            T::from_f64(unit * 2f64.powi((mixed & 15) as i32 - 8))
        })
        .collect()
}

struct Product<'a, T> {
    left: Matrix<'a, T>,
    right: Matrix<'a, T>,
    start: Start<'a, T>,
    output: Vec<T>,
}

impl<T: Float> Kernel for Product<'_, T> {
    type Output = Vec<T>;
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> Vec<T> {
        multiply(simd, self.left, self.right, self.start, &mut self.output);
        self.output
    }
}

fn assert_contract<T: Float>((rows, depth, columns): (usize, usize, usize)) {
    let shape = (rows, depth, columns);
    let (left, right) = (values::<T>(rows * depth, 1), values::<T>(depth * columns, 2));
    let (bias, stored) = (values::<T>(columns, 3), values::<T>(rows * columns, 4));
    let (left_of, right_of) =
        (|r: usize, k: usize| left[r * depth + k], |k: usize, c: usize| right[k * columns + c]);
    let transpose = |values: &[T], rows: usize, columns: usize| -> Vec<T> {
        (0..columns)
            .flat_map(|c| (0..rows).map(move |r| (r, c)))
            .map(|(r, c)| values[r * columns + c])
            .collect()
    };
    let (left_transposed, right_transposed) =
        (transpose(&left, rows, depth), transpose(&right, depth, columns));
    let plain = (Matrix::row_major(&left, rows, depth), Matrix::row_major(&right, depth, columns));
    let turned = (
        Matrix::row_major(&left_transposed, depth, rows).transposed(),
        Matrix::row_major(&right_transposed, columns, depth).transposed(),
    );
    for (start, expected) in [
        (Start::Zero, definition(shape, left_of, right_of, |_, _| T::ZERO)),
        (Start::Row(&bias), definition(shape, left_of, right_of, |_, c| bias[c])),
        (Start::Stored, definition(shape, left_of, right_of, |r, c| stored[r * columns + c])),
    ] {
        for set in InstructionSet::available() {
            for left in [plain.0, turned.0] {
                for right in [plain.1, turned.1] {
                    let output = run_on(set, Product { left, right, start, output: stored.clone() });
                    for (at, (ours, theirs)) in output.iter().zip(&expected).enumerate() {
                        assert!(
                            ours.to_f64().to_bits() == theirs.to_f64().to_bits(),
                            "{} {} {shape:?} at {at}: {ours:?}, not {theirs:?}",
                            T::NAME,
                            set.name()
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_product_is_one_chain_for_each_element() {
    for rows in [1, 2, 5, 6, 7, 12, 13, 31] {
        for depth in [1, 2, 3, 17, 255, 256, 257] {
            for columns in [1, 2, 3, 4, 7, 8, 9, 10, 16, 17, 33] {
                assert_contract::<f32>((rows, depth, columns));
                assert_contract::<f64>((rows, depth, columns));
            }
        }
    }
}

#[test]
fn an_empty_sum_is_its_start() {
    assert_contract::<f32>((3, 0, 5));
    assert_contract::<f64>((20, 0, 5));
    assert_contract::<f32>((0, 3, 5));
    assert_contract::<f32>((3, 5, 0));
}

#[test]
fn a_row_does_not_depend_on_its_neighbours() {
    let (rows, depth, columns) = (40, 100, 30);
    let (left, right) = (values::<f32>(rows * depth, 5), values::<f32>(depth * columns, 6));
    let set = InstructionSet::chosen().unwrap();
    let right = Matrix::row_major(&right, depth, columns);
    let all = Matrix::row_major(&left, rows, depth);
    let product = |left: Matrix<'_, f32>| {
        run_on(set, Product { left, right, start: Start::Zero, output: vec![0.0; left.rows * columns] })
    };
    let whole = product(all);
    for row in 0..rows {
        assert_eq!(product(all.rows(row..row + 1)), whole[row * columns..(row + 1) * columns]);
    }
}

#[test]
fn a_constant_left_matrix_sums_columns() {
    let right = values::<f64>(7 * 3, 7);
    let expected = definition((1, 7, 3), |_, _| 1.0, |k, c| right[k * 3 + c], |_, _| 0.0);
    let left = Matrix::constant(&1.0, 1, 7);
    let right = Matrix::row_major(&right, 7, 3);
    let set = InstructionSet::chosen().unwrap();
    assert_eq!(run_on(set, Product { left, right, start: Start::Zero, output: vec![0.0; 3] }), expected);
}

#[test]
#[should_panic(expected = "inner dimensions")]
fn shapes_that_do_not_fit_are_refused() {
    let values = vec![0.0f32; 6];
    let (left, right) = (Matrix::row_major(&values, 2, 3), Matrix::row_major(&values, 2, 3));
    run_on(InstructionSet::Portable, Product { left, right, start: Start::Zero, output: vec![0.0; 6] });
}
