//! An activation by itself, for where it does not follow a dense layer's net inputs at once.

use serde::{Deserialize, Serialize};

use crate::activation::{Activation, Kept};
use crate::error::{Error, Result};
use crate::parallel::RowShard;
use crate::simd::{Float, Simd};

use super::{Backward, Forward, Site, Stage, Widths};

/// An activation as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivateSpec {
    /// Which.
    pub activation: Activation,
}

/// An activation in its place.
#[derive(Clone, Debug)]
pub struct Activate {
    activation: Activation,
    width: usize,
}

impl Activate {
    /// The layer in its place.
    ///
    /// # Errors
    /// The activation learns something: that is a dense layer's.
    pub fn new(spec: &ActivateSpec, site: Site) -> Result<Self> {
        if matches!(spec.activation, Activation::Prelu(_)) {
            let number = site.number;
            return Err(Error::Configuration(format!("layer {number} learns slopes, but is not dense")));
        }
        Ok(Self { activation: spec.activation, width: site.width })
    }

    fn keeps_input(&self) -> bool {
        self.activation.kept() == Kept::Input
    }
}

impl Stage for Activate {
    fn width(&self) -> usize {
        self.width
    }

    fn widths(&self, training: bool) -> Widths {
        let in_training = if training { self.width } else { 0 };
        let kept = if self.keeps_input() { in_training } else { 0 };
        Widths { output: self.width, delta: in_training, kept, ..Widths::default() }
    }

    fn forward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Forward<'_, T>) {
        let ([output, kept], [x]) = rows.split([way.tensors.output, way.tensors.kept], [way.input]);
        let keeps = kept.width > 0;
        let mut kept = kept.into_rows();
        for (output, x) in output.into_rows().zip(x.iter()) {
            output.copy_from_slice(x);
            if keeps {
                kept.next().expect("a row for each").copy_from_slice(x);
            }
        }
        drop(kept);
        self.activation.forward(simd, rows.write(way.tensors.output));
    }

    fn backward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Backward<'_, T>) {
        let Some(below) = way.below else { return };
        let kept = if self.keeps_input() { way.tensors.kept } else { way.tensors.output };
        let ([delta], [kept]) = rows.split([way.tensors.delta], [kept]);
        self.activation.backward(simd, delta, kept);
        let ([target], [delta]) = rows.split([below], [way.tensors.delta]);
        for (target, delta) in target.into_rows().zip(delta.iter()) {
            target.copy_from_slice(delta);
        }
    }
}
