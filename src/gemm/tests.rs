//! Every product, shape and instruction set against the definition, bit for bit.

use super::*;
use crate::simd::{InstructionSet, run_on};

/// The definition of one element: a chain of fused multiply-adds, whose zero is positive.
fn chain<T: Float>(start: T, terms: usize, factors: impl Fn(usize) -> (T, T)) -> T {
    (0..terms).fold(start, |sum, k| factors(k).0.mul_add(factors(k).1, sum)) + T::ZERO
}

/// Values of all magnitudes, so that another order of summation would show; every `zeros`-th is zero, of
/// either sign.
fn values<T: Float>(count: usize, salt: u64, zeros: u64) -> Vec<T> {
    let value = |i: u64| {
        let mixed = (i ^ (salt << 32))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(31)
            .wrapping_mul(0xbf58_476d_1ce4_e5b9);
        if zeros > 0 && !mixed.is_multiple_of(zeros) {
            return T::from_f64(if mixed & 1024 == 0 { 0.0 } else { -0.0 });
        }
        let unit = (mixed >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
        T::from_f64(unit * 2f64.powi((mixed & 15) as i32 - 8))
    };
    (0..count as u64).map(value).collect()
}

/// All three products, for one shape of a layer.
#[derive(Clone)]
struct Products<T> {
    rows: usize,
    panels: Panels,
    /// Row by row, the second further apart than they are long.
    inputs: Vec<T>,
    deltas: Vec<T>,
    delta_stride: usize,
    /// Biases, then weights, row by row.
    weights: Vec<T>,
    skips_zeros: bool,
}

impl<T: Float> Products<T> {
    fn new(rows: usize, inputs: usize, units: usize, bias: bool, zeros: u64) -> Self {
        let panels = Panels { bias, rows: inputs, columns: units };
        Self {
            rows,
            panels,
            inputs: values(rows * inputs, 1, zeros),
            deltas: values(rows * (units + 3), 2, 0),
            delta_stride: units + 3,
            weights: values(panels.size(), 3, 0),
            skips_zeros: zeros > 0,
        }
    }

    fn x(&self, row: usize, input: usize) -> T {
        self.inputs[row * self.panels.rows + input]
    }

    fn d(&self, row: usize, unit: usize) -> T {
        self.deltas[row * self.delta_stride + unit]
    }

    fn w(&self, input: usize, unit: usize) -> T {
        self.weights[(input + usize::from(self.panels.bias)) * self.panels.columns + unit]
    }

    fn definitions(&self) -> [Vec<T>; 4] {
        let Self { rows, panels, .. } = *self;
        let (inputs, units) = (panels.rows, panels.columns);
        let pairs = |rows: usize, columns: usize| {
            (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
        };
        let bias = |unit: usize| if panels.bias { self.weights[unit] } else { T::ZERO };
        [
            pairs(rows, units)
                .map(|(r, u)| chain(bias(u), inputs, |i| (self.x(r, i), self.w(i, u))))
                .collect(),
            pairs(rows, inputs)
                .map(|(r, i)| chain(T::ZERO, units, |u| (self.d(r, u), self.w(i, u))))
                .collect(),
            pairs(inputs, units)
                .map(|(i, u)| chain(T::ZERO, rows, |r| (self.x(r, i), self.d(r, u))))
                .collect(),
            (0..units).map(|u| chain(T::ZERO, rows, |r| (T::ONE, self.d(r, u)))).collect(),
        ]
    }
}

impl<T: Float> Kernel for Products<T> {
    type Output = [Vec<T>; 4];

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [Vec<T>; 4] {
        let Self { rows, panels, ref inputs, ref deltas, delta_stride, .. } = self;
        let units = panels.columns;
        let mut weights = vec![T::ZERO; panels.size()];
        panels.fill_from_row_major(&self.weights, 0..panels.stored_rows(), &mut weights);
        assert_eq!(panels.row_major(&weights, 0..panels.stored_rows()), self.weights);
        let left = Matrix::new(inputs, rows, panels.rows, panels.rows);
        let delta = Matrix::new(deltas, rows, units, delta_stride);
        let mut nonzero = Nonzero::with_capacity(rows, panels.rows);
        let found = if self.skips_zeros { nonzero.of_rows(simd, left) } else { None };
        // Garbage that must be overwritten, and a row that is further from the next than it is long.
        let mut forward = vec![T::ONE; rows * (units + 1)];
        let output = MatrixMut::new(&mut forward, rows, units, units + 1);
        multiply(simd, left, (&weights, panels), found, output);
        let forward = forward.chunks(units + 1).flat_map(|row| row[..units].to_vec()).collect();

        let mut back = vec![T::ONE; rows * panels.rows];
        let mut scratch = vec![T::ONE; transposed_size::<T>(panels)];
        let output = MatrixMut::new(&mut back, rows, panels.rows, panels.rows);
        multiply_transposed(simd, delta, (&weights, panels), &mut scratch, output);

        let found = if self.skips_zeros { nonzero.of_columns(simd, left) } else { None };
        let mut gradient = vec![T::ZERO; panels.rows * units];
        let cut = panels.rows / 2 - panels.rows / 2 % S::TILE_ROWS;
        for first in (0..units).step_by(panel_width::<T>()) {
            let columns = first..units.min(first + panel_width::<T>());
            for range in [0..cut, cut..panels.rows] {
                let mut piece = vec![T::ONE; range.len() * columns.len()];
                multiply_batch(simd, (left, range.clone()), (delta, columns.clone()), found, &mut piece);
                for (row, values) in range.zip(piece.chunks(columns.len())) {
                    gradient[row * units + first..][..columns.len()].copy_from_slice(values);
                }
            }
        }
        let mut sums = vec![T::ONE; units];
        sum_rows(simd, delta, 0..units, &mut sums);
        [forward, back, gradient, sums]
    }
}

fn assert_contract<T: Float>(products: &Products<T>) {
    let expected = products.definitions();
    for set in InstructionSet::available() {
        let given = run_on(set, products.clone());
        for (name, (given, expected)) in
            ["X W", "D W'", "X' D", "1' D"].iter().zip(given.iter().zip(&expected))
        {
            assert_eq!(given.len(), expected.len());
            for (at, (ours, theirs)) in given.iter().zip(expected).enumerate() {
                assert!(
                    ours.to_f64().to_bits() == theirs.to_f64().to_bits(),
                    "{name} {} {} {} by {:?} at {at}: {ours:?}, not {theirs:?}",
                    T::NAME,
                    set.name(),
                    products.rows,
                    products.panels
                );
            }
        }
    }
}

#[test]
fn a_product_is_one_chain_for_each_element() {
    for rows in [1, 2, 3, 4, 7, 12, 13, 25] {
        for inputs in [1, 2, 5, 12, 16, 17, 47] {
            for units in [1, 2, 4, 8, 10, 15, 16, 17, 31, 32, 33, 64, 100, 129] {
                assert_contract::<f32>(&Products::new(rows, inputs, units, true, 0));
                assert_contract::<f64>(&Products::new(rows, inputs, units, false, 0));
            }
        }
    }
}

#[test]
fn a_long_sum_goes_on_from_its_stored_part() {
    assert_contract::<f32>(&Products::new(13, DEPTH + 3, 35, true, 0));
    assert_contract::<f64>(&Products::new(DEPTH + 1, 13, 17, true, 0));
    assert_contract::<f32>(&Products::new(2, 14, DEPTH + 40, true, 0));
}

#[test]
fn zeros_that_are_left_out_change_no_bit() {
    for rows in [1, 12, 14, 40] {
        for inputs in [1, 12, 50] {
            for units in [3, 32, 70] {
                for zeros in [2, 9, 1000] {
                    assert_contract::<f32>(&Products::new(rows, inputs, units, true, zeros));
                    assert_contract::<f64>(&Products::new(rows, inputs, units, false, zeros));
                }
            }
        }
    }
}

#[test]
fn zeros_are_found() {
    struct Lists(Vec<f32>);
    impl Kernel for Lists {
        type Output = (Vec<u32>, Vec<u32>);
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Self::Output {
            let left = Matrix::new(&self.0, 2, 40, 40);
            let mut nonzero = Nonzero::with_capacity(2, 40);
            let by_rows = nonzero.of_rows(simd, left).expect("most are zero").tile(0).to_vec();
            let by_columns = nonzero.of_columns(simd, left).expect("most are zero").tile(0).to_vec();
            (by_rows, by_columns)
        }
    }
    let mut values = vec![0.0; 80];
    (values[3], values[40 + 39], values[20]) = (1.0, f32::NAN, -0.0);
    for set in InstructionSet::available() {
        assert_eq!(run_on(set, Lists(values.clone())), (vec![3, 39], vec![0]));
    }
}

#[test]
fn what_is_not_finite_is_seen() {
    struct Finite(Vec<f64>);
    impl Kernel for Finite {
        type Output = bool;
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> bool {
            all_finite(simd, &self.0)
        }
    }
    for set in InstructionSet::available() {
        assert!(run_on(set, Finite(vec![-1.0; 77])));
        for at in [0, 31, 40, 76] {
            for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut values = vec![1.0; 77];
                values[at] = wrong;
                assert!(!run_on(set, Finite(values)));
            }
        }
    }
}

#[test]
fn an_empty_sum_is_its_start() {
    assert_contract::<f32>(&Products::new(3, 0, 5, true, 0));
    assert_contract::<f64>(&Products::new(0, 3, 5, true, 0));
}

#[test]
#[should_panic(expected = "inner dimensions")]
fn shapes_that_do_not_fit_are_refused() {
    struct Wrong;
    impl Kernel for Wrong {
        type Output = ();
        fn run<S: Simd>(self, simd: S) {
            let (values, panels) = ([0.0f32; 6], Panels { bias: false, rows: 2, columns: 3 });
            let output = &mut [0.0; 6];
            let left = Matrix::new(&values, 2, 3, 3);
            multiply(simd, left, (&values, panels), None, MatrixMut::new(output, 2, 3, 3));
        }
    }
    run_on(InstructionSet::Portable, Wrong);
}
