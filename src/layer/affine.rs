//! What follows a normalization: each column times a learned factor, gamma, plus a learned shift, beta.

use std::ops::Range;

use crate::gemm::{Matrix, sum_rows};
use crate::simd::{Float, Lanewise, Simd, Vector, lanewise};

use super::Parameter;
use super::columns::sum_products;

/// Gamma and beta in their place; either may be left out.
#[derive(Clone, Debug)]
pub struct Affine {
    /// How many columns there are.
    pub width: usize,
    gamma: Range<usize>,
    beta: Range<usize>,
}

impl Affine {
    /// From `offset` on, gamma first.
    pub fn new(width: usize, scale: bool, center: bool, offset: usize) -> Self {
        let gamma = offset..offset + if scale { width } else { 0 };
        let beta = gamma.end..gamma.end + if center { width } else { 0 };
        Self { width, gamma, beta }
    }

    /// Where the two lie in the flat array.
    pub fn parameters(&self) -> Range<usize> {
        self.gamma.start..self.beta.end
    }

    /// Those that are there, as the user sees them.
    pub fn shapes(&self) -> Vec<Parameter> {
        let shape = |range: &Range<usize>| {
            (!range.is_empty()).then(|| Parameter::plain(vec![self.width], range.clone()))
        };
        [shape(&self.gamma), shape(&self.beta)].into_iter().flatten().collect()
    }

    /// Gamma starts from one, beta from zero.
    pub fn initialize<T: Float>(&self, parameters: &mut [T]) {
        parameters[self.gamma.clone()].fill(T::ONE);
        parameters[self.beta.clone()].fill(T::ZERO);
    }

    /// Scales and shifts one row.
    pub fn apply<S: Simd, T: Float>(&self, simd: S, parameters: &[T], row: &mut [T]) {
        let (gamma, beta) = (&parameters[self.gamma.clone()], &parameters[self.beta.clone()]);
        match (gamma.is_empty(), beta.is_empty()) {
            (false, false) => lanewise(simd, &ScaleAndShift, [row], [gamma, beta]),
            (false, true) => lanewise(simd, &Scale, [row], [gamma]),
            (true, false) => lanewise(simd, &Shift, [row], [beta]),
            (true, true) => {}
        }
    }

    /// The gradient by what came in, from that by what came out, of one row.
    pub fn back<S: Simd, T: Float>(&self, simd: S, parameters: &[T], delta: &[T], target: &mut [T]) {
        target.copy_from_slice(delta);
        if !self.gamma.is_empty() {
            lanewise(simd, &Scale, [target], [&parameters[self.gamma.clone()]]);
        }
    }

    /// Those of its parameters that are in `part`: each with its columns, and whether it is gamma.
    pub fn in_part(&self, part: &Range<usize>) -> impl Iterator<Item = (Range<usize>, Range<usize>, bool)> {
        let cut = |own: &Range<usize>, is_gamma| {
            let common = own.start.max(part.start)..own.end.min(part.end);
            let columns = common.start.saturating_sub(own.start)..common.end.saturating_sub(own.start);
            (!common.is_empty()).then_some((common, columns, is_gamma))
        };
        [cut(&self.gamma, true), cut(&self.beta, false)].into_iter().flatten()
    }

    /// The gradient of some columns of gamma or of beta: over all rows, in order.
    pub fn gradient<S: Simd, T: Float>(
        simd: S,
        (delta, normalized): (Matrix<'_, T>, Matrix<'_, T>),
        columns: Range<usize>,
        is_gamma: bool,
        sums: &mut [T],
    ) {
        match is_gamma {
            true => sum_products(simd, delta, normalized, columns, sums),
            false => sum_rows(simd, delta, columns, sums),
        }
    }
}

#[derive(Clone, Copy)]
struct ScaleAndShift;
impl Lanewise<1, 2> for ScaleAndShift {
    #[inline(always)]
    fn apply<V: Vector>(&self, [x]: [V; 1], [gamma, beta]: [V; 2]) -> [V; 1] {
        [x.mul_add(gamma, beta)]
    }
}

#[derive(Clone, Copy)]
struct Scale;
impl Lanewise<1, 1> for Scale {
    #[inline(always)]
    fn apply<V: Vector>(&self, [x]: [V; 1], [gamma]: [V; 1]) -> [V; 1] {
        [x.mul(gamma)]
    }
}

#[derive(Clone, Copy)]
struct Shift;
impl Lanewise<1, 1> for Shift {
    #[inline(always)]
    fn apply<V: Vector>(&self, [x]: [V; 1], [beta]: [V; 1]) -> [V; 1] {
        [x.add(beta)]
    }
}
