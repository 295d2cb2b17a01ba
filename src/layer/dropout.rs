//! Dropout silences units while training (Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov,
//! "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014).

use serde::{Deserialize, Serialize};

use crate::parallel::RowShard;
use crate::random::{Purpose, Stream};
use crate::simd::{Float, Simd};

use super::{Backward, Forward, Mode, Site, Stage, Widths};

/// A dropout layer as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DropoutSpec {
    /// The share of its inputs that is silenced, from 0 to below 1.
    pub rate: f64,
}

/// A dropout layer in its place.
#[derive(Clone, Debug)]
pub struct Dropout {
    number: usize,
    width: usize,
    /// A unit is silenced where 32 random bits are below this.
    threshold: u64,
    /// What the others are multiplied with.
    scale: f64,
}

impl Dropout {
    /// The layer in its place.
    pub fn new(spec: &DropoutSpec, site: Site) -> Self {
        let threshold = (spec.rate * (1u64 << 32) as f64).round() as u64;
        let Site { number, width, .. } = site;
        Self { number, width, threshold, scale: 1.0 / (1.0 - spec.rate) }
    }
}

impl Stage for Dropout {
    fn width(&self) -> usize {
        self.width
    }

    fn widths(&self, training: bool) -> Widths {
        let width = if training { self.width } else { 0 };
        Widths { output: width, delta: width, kept: width, ..Widths::default() }
    }

    fn acts(&self, mode: Mode) -> bool {
        matches!(mode, Mode::Training { .. })
    }

    /// Silences units of some rows.
    fn forward<S: Simd, T: Float>(&self, _simd: S, rows: &mut RowShard<'_, T>, way: Forward<'_, T>) {
        let Mode::Training { seed, step } = way.mode else { return };
        let stream = Stream::new(seed, Purpose::Dropout, self.number, step);
        let first = rows.rows().start;
        let scale = T::from_f64(self.scale);
        let ([output, factors], [x]) = rows.split([way.tensors.output, way.tensors.kept], [way.input]);
        let mut bits = [0; 64];
        for (row, ((output, factors), x)) in
            output.into_rows().zip(factors.into_rows()).zip(x.iter()).enumerate()
        {
            let place = ((first + row) * self.width) as u64;
            for (chunk, factors) in factors.chunks_mut(bits.len()).enumerate() {
                let bits = &mut bits[..factors.len()];
                stream.fill_bits(place + (chunk * 64) as u64, bits);
                for (factor, &bits) in factors.iter_mut().zip(bits.iter()) {
                    *factor = if u64::from(bits) < self.threshold { T::ZERO } else { scale };
                }
            }
            for ((output, &x), &factor) in output.iter_mut().zip(x).zip(factors.iter()) {
                *output = x * factor;
            }
        }
    }

    fn backward<S: Simd, T: Float>(&self, _simd: S, rows: &mut RowShard<'_, T>, way: Backward<'_, T>) {
        let Some(below) = way.below else { return };
        let ([target], [delta, factors]) = rows.split([below], [way.tensors.delta, way.tensors.kept]);
        for ((target, &delta), &factor) in target.values.iter_mut().zip(delta.values).zip(factors.values) {
            *target = delta * factor;
        }
    }
}
