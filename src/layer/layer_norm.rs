//! Layer normalization (Ba, Kiros and Hinton, "Layer normalization", 2016): each row is brought to mean 0 and
//! variance 1, then scaled and shifted by column. A row needs no other.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::parallel::RowShard;
use crate::reduce::Sum;
use crate::simd::{Float, Kernel, Simd, Vector, first, read, write};

use super::affine::Affine;
use super::{Backward, BiasMode, Forward, Parameter, Passed, Sink, Site, Stage, Widths};

/// A layer normalization as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerNormSpec {
    /// Added to the variance.
    pub epsilon: f64,
    /// Whether beta is there.
    pub center: bool,
    /// Whether gamma is there.
    pub scale: bool,
}

/// A layer normalization in its place.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    epsilon: f64,
    affine: Affine,
}

impl LayerNorm {
    /// The layer in its place.
    pub fn new(spec: &LayerNormSpec, site: Site) -> Self {
        let affine = Affine::new(site.width, spec.scale, spec.center, site.offset);
        Self { epsilon: spec.epsilon, affine }
    }
}

impl Stage for LayerNorm {
    fn width(&self) -> usize {
        self.affine.width
    }

    fn widths(&self, training: bool) -> Widths {
        let width = self.affine.width;
        let in_training = if training { width } else { 0 };
        Widths { output: width, delta: in_training, kept: in_training, factor: 1, ..Widths::default() }
    }

    fn parameters(&self) -> Range<usize> {
        self.affine.parameters()
    }

    fn shapes(&self, _bias: BiasMode) -> Vec<Parameter> {
        self.affine.shapes()
    }

    fn initialize<T: Float>(&self, _seed: u64, parameters: &mut [T]) -> Result<()> {
        self.affine.initialize(parameters);
        Ok(())
    }

    fn forward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Forward<'_, T>) {
        let tensors = way.tensors;
        let ([output, kept, factor], [x]) =
            rows.split([tensors.output, tensors.kept, tensors.factor], [way.input]);
        let keeps = kept.width > 0;
        let (mut kept, mut factor) = (kept.into_rows(), factor.into_rows());
        let epsilon = T::from_f64(self.epsilon);
        for (output, x) in output.into_rows().zip(x.iter()) {
            let inverse = simd.vectorize(Normalize { x, epsilon, output: &mut *output });
            if keeps {
                kept.next().expect("a row for each").copy_from_slice(output);
                factor.next().expect("a row for each")[0] = inverse;
            }
            self.affine.apply(simd, way.parameters, output);
        }
    }

    /// `dx = r (g - mean(g) - xhat mean(g xhat))`, `g` being the gradient by `xhat` and `r` the inverse of the
    /// row's deviation.
    fn backward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Backward<'_, T>) {
        let Some(below) = way.below else { return };
        let tensors = way.tensors;
        let ([target], [delta, kept, factor]) =
            rows.split([below], [tensors.delta, tensors.kept, tensors.factor]);
        for (((target, delta), normalized), factor) in
            target.into_rows().zip(delta.iter()).zip(kept.iter()).zip(factor.iter())
        {
            self.affine.back(simd, way.parameters, delta, target);
            simd.vectorize(Back { target, normalized, factor: factor[0] });
        }
    }

    fn gradients<S: Simd, T: Float>(
        &self,
        simd: S,
        batch: Passed<'_, T>,
        part: Range<usize>,
        room: &mut [T],
        sink: &mut impl Sink<T>,
    ) {
        for (place, columns, is_gamma) in self.affine.in_part(&part) {
            let sums = &mut room[..columns.len()];
            Affine::gradient(simd, (batch.delta(), batch.kept()), columns, is_gamma, sums);
            sink.take(simd, place, sums);
        }
    }

    fn gradient_size<T>(&self, _rows: usize) -> usize {
        self.affine.width
    }
}

/// Brings a row to mean 0 and variance 1; gives the inverse of its deviation.
struct Normalize<'a, T> {
    x: &'a [T],
    epsilon: T,
    output: &'a mut [T],
}

impl<T: Float> Kernel for Normalize<'_, T> {
    type Output = T;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> T {
        let Self { x, epsilon, output } = self;
        let lanes = T::Vector::<S>::LANES;
        let count = T::from_f64(x.len() as f64);
        let mut sum = Sum::<T::Vector<S>>::zero();
        for (index, x) in x.chunks(lanes).enumerate() {
            sum.add(index * lanes, read(x));
        }
        let mean = T::Vector::<S>::splat(sum.total() / count);
        let mut sum = Sum::<T::Vector<S>>::zero();
        for (index, (x, output)) in x.chunks(lanes).zip(output.chunks_mut(lanes)).enumerate() {
            let difference = read::<T::Vector<S>>(x).sub(mean);
            write(difference, output);
            sum.add(index * lanes, first(difference.mul(difference), x.len()));
        }
        let inverse =
            T::Vector::<S>::splat(T::ONE).div(T::Vector::<S>::splat(sum.total() / count + epsilon).sqrt());
        for output in output.chunks_mut(lanes) {
            write(read::<T::Vector<S>>(output).mul(inverse), output);
        }
        let mut lane = [T::ZERO];
        write(inverse, &mut lane);
        lane[0]
    }
}

/// Turns the gradient by a normalized row into that by the row itself, in place.
struct Back<'a, T> {
    target: &'a mut [T],
    normalized: &'a [T],
    factor: T,
}

impl<T: Float> Kernel for Back<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { target, normalized, factor } = self;
        let lanes = T::Vector::<S>::LANES;
        let count = T::from_f64(target.len() as f64);
        let (mut sum, mut products) = (Sum::<T::Vector<S>>::zero(), Sum::<T::Vector<S>>::zero());
        for (index, (target, normalized)) in target.chunks(lanes).zip(normalized.chunks(lanes)).enumerate() {
            let gradient = read::<T::Vector<S>>(target);
            sum.add(index * lanes, gradient);
            products.add(index * lanes, gradient.mul(read(normalized)));
        }
        let mean = T::Vector::<S>::splat(sum.total() / count);
        let slope = T::Vector::<S>::splat(-(products.total() / count));
        let factor = T::Vector::<S>::splat(factor);
        for (target, normalized) in target.chunks_mut(lanes).zip(normalized.chunks(lanes)) {
            let centred = read::<T::Vector<S>>(target).sub(mean);
            write(read::<T::Vector<S>>(normalized).mul_add(slope, centred).mul(factor), target);
        }
    }
}
