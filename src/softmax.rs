//! Softmax over rows, for the activation and for the cross-entropy that is fused with it.
//!
//! The row's maximum is subtracted first, so that nothing overflows (Goodfellow, Bengio and Courville,
//! *Deep Learning*, section 4.1). A row that holds `+inf` or NaN gives NaN.

use crate::math::exp;
use crate::parallel::Rows;
use crate::reduce::Sum;
use crate::simd::{Float, Kernel, Simd, Vector, first, read, write};

/// Each row of net inputs becomes shares of one, in place.
pub fn forward<S: Simd, T: Float>(simd: S, rows: Rows<&mut [T]>) {
    simd.vectorize(Forward(rows));
}

/// Each row of `delta`, the gradient `g` by the shares `a`, becomes the gradient by the net inputs:
/// `a * (g - sum(g * a))`.
pub fn backward<S: Simd, T: Float>(simd: S, delta: Rows<&mut [T]>, shares: Rows<&[T]>) {
    simd.vectorize(Backward { delta, shares });
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
    let maximum = maximum(values);
    let highest = V::splat(maximum);
    let mut sum = Sum::zero();
    for (index, chunk) in values.chunks_mut(V::LANES).enumerate() {
        let power = exp(read::<V>(chunk).sub(highest));
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
fn maximum<T: Float>(values: &[T]) -> T {
    let (&head, rest) = values.split_first().expect("a row has a value");
    rest.iter().fold(head, |highest, &value| if highest > value { highest } else { value })
}

struct Forward<'a, T>(Rows<&'a mut [T]>);

impl<T: Float> Kernel for Forward<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        for values in self.0.into_rows() {
            row::<T::Vector<S>>(values);
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
