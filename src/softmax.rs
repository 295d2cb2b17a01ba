//! Softmax over rows, for the activation and for the cross-entropy that is fused with it; and its logarithm.
//!
//! The row's maximum is subtracted first, so that nothing overflows (Goodfellow, Bengio and Courville,
//! *Deep Learning*, section 4.1). A row that holds `+inf` or NaN gives NaN.

use crate::math::{exp_not_above_one, log};
use crate::parallel::Rows;
use crate::reduce::{STRIPES, Sum};
use crate::simd::{Float, Kernel, Simd, Vector, first, read, transpose, write};

/// Each row of net inputs becomes shares of one, in place.
pub fn forward<S: Simd, T: Float>(simd: S, rows: Rows<&mut [T]>) {
    simd.vectorize(Forward(rows));
}

/// The shares of each row of `columns` net inputs, or of the target's own values.
pub fn shares<S: Simd, T: Float>(simd: S, inputs: Option<&[T]>, target: &mut [T], columns: usize) {
    let Some(inputs) = inputs else {
        return forward(simd, Rows::adjoining(target, columns));
    };
    // Some rows at a time, so that they are still in the nearest cache when they are worked on.
    let some = (4096 / columns).max(1) * columns;
    for (inputs, target) in inputs.chunks(some).zip(target.chunks_mut(some)) {
        target.copy_from_slice(inputs);
        forward(simd, Rows::adjoining(target, columns));
    }
}

/// Each row of `delta`, the gradient `g` by the shares `a`, becomes the gradient by the net inputs:
/// `a * (g - sum(g * a))`.
pub fn backward<S: Simd, T: Float>(simd: S, delta: Rows<&mut [T]>, shares: Rows<&[T]>) {
    simd.vectorize(Backward { delta, shares });
}

/// Each row of net inputs becomes the logarithms of its shares, `z - maximum - log(sum)`, in place.
pub fn log_forward<S: Simd, T: Float>(simd: S, rows: Rows<&mut [T]>) {
    simd.vectorize(LogForward(rows));
}

/// The logarithms of the shares of each row of `columns` net inputs, or of the target's own values.
pub fn log_shares<S: Simd, T: Float>(simd: S, inputs: Option<&[T]>, target: &mut [T], columns: usize) {
    if let Some(inputs) = inputs {
        target.copy_from_slice(inputs);
    }
    log_forward(simd, Rows::adjoining(target, columns));
}

/// Each row of `delta`, the gradient `g` by the logarithms `a`, becomes the gradient by the net inputs:
/// `g - exp(a) * sum(g)`.
pub fn log_backward<S: Simd, T: Float>(simd: S, delta: Rows<&mut [T]>, logarithms: Rows<&[T]>) {
    simd.vectorize(LogBackward { delta, logarithms });
}

/// The derivative of one row of logarithms `a` by its net inputs, `1 - exp(a)` where the two have the same
/// place and `-exp(a)` elsewhere, row after row.
pub fn log_jacobian<S: Simd, T: Float>(simd: S, logarithms: &[T], target: &mut [T]) {
    target.fill(T::ZERO);
    for (i, row) in target.chunks_exact_mut(logarithms.len()).enumerate() {
        row[i] = T::ONE;
        let width = logarithms.len();
        let logarithms = Rows { values: logarithms, count: 1, width, stride: width };
        log_backward(simd, Rows::adjoining(row, width), logarithms);
    }
}

/// The derivative of one row of shares by its net inputs, `diag(a) - a a'`, row after row.
pub fn jacobian<T: Float>(shares: &[T], target: &mut [T]) {
    for (i, (row, &share)) in target.chunks_exact_mut(shares.len()).zip(shares).enumerate() {
        for (j, (value, &other)) in row.iter_mut().zip(shares).enumerate() {
            *value = if i == j { share * (T::ONE - share) } else { -(share * other) };
        }
    }
}

/// What the loss wants to know of a row beside its shares.
#[derive(Clone, Copy, Debug)]
pub struct Row<T> {
    /// The largest net input.
    pub maximum: T,
    /// The sum of `exp(z - maximum)`.
    pub sum: T,
}

/// Turns one row of net inputs into shares of one.
#[inline(always)]
pub fn row<V: Vector>(values: &mut [V::Element]) -> Row<V::Element> {
    let maximum = maximum::<V>(values);
    let highest = V::splat(maximum);
    let mut sum = Sum::zero();
    for (index, chunk) in values.chunks_mut(V::LANES).enumerate() {
        let power = exp_not_above_one(read::<V>(chunk).sub(highest));
        write(power, chunk);
        sum.add(index * V::LANES, first(power, chunk.len()));
    }
    let sum = sum.total();
    for chunk in values.chunks_mut(V::LANES) {
        write(read::<V>(chunk).div(V::splat(sum)), chunk);
    }
    Row { maximum, sum }
}

/// The largest value: the same for any order, but for the sign of a zero, which no result shows.
#[inline(always)]
fn maximum<V: Vector>(values: &[V::Element]) -> V::Element {
    let mut highest = [V::splat(values[0]); MAXIMA];
    let (blocks, rest) = values.split_at(values.len() / (MAXIMA * V::LANES) * (MAXIMA * V::LANES));
    for block in blocks.chunks_exact(MAXIMA * V::LANES) {
        for index in 0..MAXIMA {
            highest[index] = highest[index].max(read(&block[index * V::LANES..]));
        }
    }
    let mut lanes = [values[0]; 16];
    write(highest[0].max(highest[1]).max(highest[2].max(highest[3])), &mut lanes[..V::LANES]);
    let mut highest = lanes[0];
    for &value in lanes[1..V::LANES].iter().chain(rest) {
        highest = if highest > value { highest } else { value };
    }
    highest
}

/// How many vectors of maxima are taken side by side, since each waits for the one before.
const MAXIMA: usize = 4;

struct Forward<'a, T>(Rows<&'a mut [T]>);

impl<T: Float> Kernel for Forward<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        if self.0.width <= NARROW {
            return narrow_rows::<T::Vector<S>>(self.0);
        }
        for values in self.0.into_rows() {
            row::<T::Vector<S>>(values);
        }
    }
}

/// The widest rows of which several are worked on at once. A narrow row leaves lanes idle, and waits for
/// its own maximum and sum.
const NARROW: usize = 32;

/// What [`row`] does, a row in each lane: the same operations in the same order, and so the same bits.
#[inline(always)]
fn narrow_rows<V: Vector>(rows: Rows<&mut [V::Element]>) {
    let Rows { values, width, stride, .. } = rows;
    let mut columns = [V::constant(0.0); NARROW];
    for block in values.chunks_mut(V::LANES * stride) {
        for first in (0..width).step_by(V::LANES) {
            let mut square = [V::constant(0.0); 16];
            for (lane, row) in block.chunks(stride).enumerate() {
                square[lane] = read(&row[first..width]);
            }
            transpose(&mut square);
            columns[first..first + V::LANES].copy_from_slice(&square[..V::LANES]);
        }
        let mut highest = columns[0];
        for column in &columns[1..width] {
            highest = highest.max(*column);
        }
        let mut sums = [V::constant(0.0); STRIPES];
        for (index, column) in columns[..width].iter_mut().enumerate() {
            *column = exp_not_above_one(column.sub(highest));
            sums[index % STRIPES] = sums[index % STRIPES].add(*column);
        }
        let mut half = STRIPES;
        while half > 1 {
            half /= 2;
            for index in 0..half {
                sums[index] = sums[index].add(sums[index + half]);
            }
        }
        for column in &mut columns[..width] {
            *column = column.div(sums[0]);
        }
        for first in (0..width).step_by(V::LANES) {
            let mut square = [V::constant(0.0); 16];
            square[..V::LANES].copy_from_slice(&columns[first..first + V::LANES]);
            transpose(&mut square);
            for (lane, row) in block.chunks_mut(stride).enumerate() {
                write(square[lane], &mut row[first..width]);
            }
        }
    }
}

struct LogForward<'a, T>(Rows<&'a mut [T]>);

impl<T: Float> Kernel for LogForward<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let lanes = T::Vector::<S>::LANES;
        for values in self.0.into_rows() {
            let highest = T::Vector::<S>::splat(maximum::<T::Vector<S>>(values));
            let mut sum = Sum::zero();
            for (index, chunk) in values.chunks(lanes).enumerate() {
                let power = exp_not_above_one(read::<T::Vector<S>>(chunk).sub(highest));
                sum.add(index * lanes, first(power, chunk.len()));
            }
            let logarithm = log(T::Vector::<S>::splat(sum.total()));
            for chunk in values.chunks_mut(lanes) {
                write(read::<T::Vector<S>>(chunk).sub(highest).sub(logarithm), chunk);
            }
        }
    }
}

struct LogBackward<'a, T> {
    delta: Rows<&'a mut [T]>,
    logarithms: Rows<&'a [T]>,
}

impl<T: Float> Kernel for LogBackward<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let lanes = T::Vector::<S>::LANES;
        for (delta, logarithms) in self.delta.into_rows().zip(self.logarithms.iter()) {
            let mut sum = Sum::<T::Vector<S>>::zero();
            for (index, delta) in delta.chunks(lanes).enumerate() {
                sum.add(index * lanes, read(delta));
            }
            let minus = T::Vector::<S>::splat(-sum.total());
            for (delta, logarithms) in delta.chunks_mut(lanes).zip(logarithms.chunks(lanes)) {
                let share = exp_not_above_one(read::<T::Vector<S>>(logarithms));
                write(share.mul_add(minus, read(delta)), delta);
            }
        }
    }
}

struct Backward<'a, T> {
    delta: Rows<&'a mut [T]>,
    shares: Rows<&'a [T]>,
}

impl<T: Float> Kernel for Backward<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let lanes = T::Vector::<S>::LANES;
        for (delta, shares) in self.delta.into_rows().zip(self.shares.iter()) {
            let mut sum = Sum::<T::Vector<S>>::zero();
            for (index, (delta, shares)) in delta.chunks(lanes).zip(shares.chunks(lanes)).enumerate() {
                sum.add(index * lanes, read::<T::Vector<S>>(delta).mul(read(shares)));
            }
            let sum = T::Vector::<S>::splat(sum.total());
            for (delta, shares) in delta.chunks_mut(lanes).zip(shares.chunks(lanes)) {
                write(read::<T::Vector<S>>(delta).sub(sum).mul(read(shares)), delta);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{InstructionSet, run_on};

    struct Both<T>(Vec<T>, usize);

    impl<T: Float> Kernel for Both<T> {
        type Output = (Vec<T>, Vec<T>);
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> (Vec<T>, Vec<T>) {
            let mut one_by_one = self.0.clone();
            for values in one_by_one.chunks_exact_mut(self.1) {
                row::<T::Vector<S>>(values);
            }
            let mut together = vec![T::ZERO; self.0.len()];
            shares(simd, Some(&self.0), &mut together, self.1);
            (one_by_one, together)
        }
    }

    fn same<T: Float>(set: InstructionSet) {
        for width in 1..NARROW + 4 {
            let value = |index: usize| match index % 101 {
                7 => f64::NEG_INFINITY,
                80 => 1e4,
                other => (other as f64 * 0.7).sin() * 9.0,
            };
            let values: Vec<T> = (0..width * 37).map(|index| T::from_f64(value(index))).collect();
            let (one_by_one, together) = run_on(set, Both(values.clone(), width));
            let (portable, _) = run_on(InstructionSet::Portable, Both(values, width));
            for ((a, b), c) in one_by_one.iter().zip(&together).zip(&portable) {
                assert_eq!(a.to_f64().to_bits(), b.to_f64().to_bits(), "{width} columns on {}", set.name());
                assert_eq!(a.to_f64().to_bits(), c.to_f64().to_bits(), "{width} columns on {}", set.name());
            }
        }
    }

    #[test]
    fn a_row_has_the_same_bits_alone_and_among_others() {
        for set in InstructionSet::available() {
            same::<f32>(set);
            same::<f64>(set);
        }
    }
}
