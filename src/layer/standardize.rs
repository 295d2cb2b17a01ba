//! Standardization: each column less its mean in the training rows, divided by its deviation there. The two
//! are parameters that no gradient changes, found before training starts; until then the deviations are 0,
//! which no fitted ones are.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::parallel::{RowShard, Rows};
use crate::simd::{Float, Kernel, Lanewise, Simd, Vector, lanewise};
use crate::source::{Source, Which};

use super::{Backward, BiasMode, Forward, Parameter, Site, Stage, Widths};

/// A standardization as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StandardizeSpec {
    /// Columns that are left as they are.
    pub leave: Vec<usize>,
}

/// A standardization in its place.
#[derive(Clone, Debug)]
pub struct Standardize {
    width: usize,
    leave: Vec<usize>,
    mean: Range<usize>,
    deviation: Range<usize>,
}

impl Standardize {
    /// The layer in its place.
    pub fn new(spec: &StandardizeSpec, site: Site) -> Self {
        let mean = site.offset..site.offset + site.width;
        let deviation = mean.end..mean.end + site.width;
        Self { width: site.width, leave: spec.leave.clone(), mean, deviation }
    }

    /// Whether it was fitted.
    pub fn is_fitted<T: Float>(&self, parameters: &[T]) -> bool {
        parameters[self.deviation.clone()].iter().all(|&deviation| deviation != T::ZERO)
    }

    /// Finds means and deviations in some rows of a table, scaled as the network's inputs are.
    pub fn fit<S: Simd, T: Float>(
        &self,
        simd: S,
        (inputs, scale): (Source<'_>, f64),
        order: Option<&[u32]>,
        parameters: &mut [T],
    ) {
        let count = order.map_or(inputs.rows(), <[u32]>::len);
        let mut room = vec![T::ZERO; ROWS_AT_ONCE * self.width];
        let mut sum = |means: Option<&[f64]>| {
            let mut sums = vec![0.0; self.width];
            for first in (0..count).step_by(ROWS_AT_ONCE) {
                let some = first..count.min(first + ROWS_AT_ONCE);
                let values = &mut room[..some.len() * self.width];
                let which = match order {
                    Some(order) => Which::Listed(&order[some]),
                    None => Which::From(first),
                };
                inputs.gather(simd, which, scale, Rows::adjoining(&mut *values, self.width));
                simd.vectorize(Sums { values, means, sums: &mut sums });
            }
            sums.into_iter().map(|sum| sum / count as f64).collect::<Vec<_>>()
        };
        let mut means = sum(None);
        let mut deviations: Vec<f64> = sum(Some(&means)).into_iter().map(f64::sqrt).collect();
        for &column in &self.leave {
            (means[column], deviations[column]) = (0.0, 1.0);
        }
        let targets = parameters[self.mean.start..self.deviation.end].split_at_mut(self.width);
        for (column, (mean, deviation)) in targets.0.iter_mut().zip(targets.1).enumerate() {
            *mean = T::from_f64(means[column]);
            // What is smaller is rounding: the column is constant.
            let least = 10.0 * f64::EPSILON * means[column].abs();
            let found = T::from_f64(deviations[column]);
            *deviation = if deviations[column] > least && found > T::ZERO { found } else { T::ONE };
        }
    }
}

/// Rows that are in the cache at once.
const ROWS_AT_ONCE: usize = 64;

/// Adds some rows, or the squares of their differences from means, column by column in double precision, one
/// after another.
struct Sums<'a, T> {
    values: &'a [T],
    means: Option<&'a [f64]>,
    sums: &'a mut [f64],
}

impl<T: Float> Kernel for Sums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { values, means, sums } = self;
        for row in values.chunks_exact(sums.len()) {
            match means {
                None => {
                    for (sum, value) in sums.iter_mut().zip(row) {
                        *sum += value.to_f64();
                    }
                }
                Some(means) => {
                    for ((sum, value), mean) in sums.iter_mut().zip(row).zip(means) {
                        let difference = value.to_f64() - mean;
                        *sum += difference * difference;
                    }
                }
            }
        }
    }
}

impl Stage for Standardize {
    fn width(&self) -> usize {
        self.width
    }

    fn widths(&self, _training: bool) -> Widths {
        Widths { output: self.width, ..Widths::default() }
    }

    fn parameters(&self) -> Range<usize> {
        self.mean.start..self.deviation.end
    }

    fn learns(&self) -> bool {
        false
    }

    fn shapes(&self, _bias: BiasMode) -> Vec<Parameter> {
        [&self.mean, &self.deviation].map(|range| Parameter::plain(vec![self.width], range.clone())).into()
    }

    fn forward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Forward<'_, T>) {
        let ([output], [x]) = rows.split([way.tensors.output], [way.input]);
        let [mean, deviation] = [&self.mean, &self.deviation].map(|range| &way.parameters[range.clone()]);
        for (output, x) in output.into_rows().zip(x.iter()) {
            lanewise(simd, &Standard, [output], [x, mean, deviation]);
        }
    }

    /// Nothing below it learns.
    fn backward<S: Simd, T: Float>(&self, _simd: S, _rows: &mut RowShard<'_, T>, _way: Backward<'_, T>) {}
}

#[derive(Clone, Copy)]
struct Standard;
impl Lanewise<1, 3> for Standard {
    #[inline(always)]
    fn apply<V: Vector>(&self, _: [V; 1], [x, mean, deviation]: [V; 3]) -> [V; 1] {
        [x.sub(mean).div(deviation)]
    }
}
