//! Gaussian noise on the inputs while training, which acts as a penalty on steep functions (Bishop, "Training
//! with noise is equivalent to Tikhonov regularization", Neural Computation 7, 1995).

use serde::{Deserialize, Serialize};

use crate::math::normal_of_bits;
use crate::parallel::RowShard;
use crate::random::{Purpose, Stream};
use crate::simd::{Float, Kernel, Simd};

use super::{Backward, Forward, Mode, Site, Stage, Widths};

/// Noise as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GaussianNoiseSpec {
    /// Its standard deviation.
    pub deviation: f64,
}

/// Noise in its place.
#[derive(Clone, Debug)]
pub struct GaussianNoise {
    number: usize,
    width: usize,
    deviation: f64,
}

impl GaussianNoise {
    /// The layer in its place.
    pub fn new(spec: &GaussianNoiseSpec, site: Site) -> Self {
        Self { number: site.number, width: site.width, deviation: spec.deviation }
    }
}

/// Values drawn at once.
const CHUNK: usize = 64;

struct AddNoise<'a, T> {
    stream: Stream,
    place: u64,
    deviation: f64,
    x: &'a [T],
    output: &'a mut [T],
}

impl<T: Float> Kernel for AddNoise<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { stream, mut place, deviation, x, output } = self;
        let (mut bits, mut normal) = ([0; CHUNK], [0.0; CHUNK]);
        for (output, x) in output.chunks_mut(CHUNK).zip(x.chunks(CHUNK)) {
            stream.fill_bits(place, &mut bits[..x.len()]);
            normal_of_bits(&bits, &mut normal);
            for ((output, &x), normal) in output.iter_mut().zip(x).zip(normal) {
                *output = x + T::from_f64(deviation * normal);
            }
            place += x.len() as u64;
        }
    }
}

impl Stage for GaussianNoise {
    fn width(&self) -> usize {
        self.width
    }

    fn widths(&self, training: bool) -> Widths {
        let width = if training { self.width } else { 0 };
        Widths { output: width, delta: width, ..Widths::default() }
    }

    fn acts(&self, mode: Mode) -> bool {
        matches!(mode, Mode::Training { .. })
    }

    fn forward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Forward<'_, T>) {
        let Mode::Training { seed, step } = way.mode else { return };
        let stream = Stream::new(seed, Purpose::Noise, self.number, step);
        let first = rows.rows().start;
        let ([output], [x]) = rows.split([way.tensors.output], [way.input]);
        for (row, (output, x)) in output.into_rows().zip(x.iter()).enumerate() {
            let place = ((first + row) * self.width) as u64;
            simd.vectorize(AddNoise { stream, place, deviation: self.deviation, x, output });
        }
    }

    fn backward<S: Simd, T: Float>(&self, _simd: S, rows: &mut RowShard<'_, T>, way: Backward<'_, T>) {
        let Some(below) = way.below else { return };
        let ([target], [delta]) = rows.split([below], [way.tensors.delta]);
        for (target, delta) in target.into_rows().zip(delta.iter()) {
            target.copy_from_slice(delta);
        }
    }
}
