//! Residual blocks add their input to their output (He, Zhang, Ren and Sun, "Deep residual learning for image
//! recognition", CVPR 2016).
//!
//! In its place a block is a [`Fork`], the layers within, and a [`Join`]. The fork is nothing on the way
//! forward; on the way back, once the layers within have handed their gradient to what is below the block, it
//! adds the join's.

use serde::{Deserialize, Serialize};

use crate::parallel::RowShard;
use crate::simd::{Float, Lanewise, Simd, Vector, lanewise};

use super::{Backward, Forward, LayerSpec, Mode, Stage, Widths};

/// A block as a configuration describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResidualSpec {
    /// The layers within.
    pub layers: Vec<LayerSpec>,
}

/// Where a block begins.
#[derive(Clone, Debug)]
pub struct Fork {
    /// How many values a row has.
    pub width: usize,
    /// The place of the block's end among the layers.
    pub join: usize,
}

/// Where a block ends.
#[derive(Clone, Debug)]
pub struct Join {
    /// How many values a row has.
    pub width: usize,
    /// The place of the block's begin among the layers.
    pub fork: usize,
}

impl Stage for Fork {
    fn width(&self) -> usize {
        self.width
    }

    fn widths(&self, _training: bool) -> Widths {
        Widths::default()
    }

    fn partner(&self) -> Option<usize> {
        Some(self.join)
    }

    fn acts(&self, _mode: Mode) -> bool {
        false
    }

    fn forward<S: Simd, T: Float>(&self, _simd: S, _rows: &mut RowShard<'_, T>, _way: Forward<'_, T>) {}

    fn backward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Backward<'_, T>) {
        if let (Some(below), Some(join)) = (way.below, way.other) {
            let ([target], [delta]) = rows.split([below], [join]);
            for (target, delta) in target.into_rows().zip(delta.iter()) {
                lanewise(simd, &Add, [target], [delta]);
            }
        }
    }
}

impl Stage for Join {
    fn width(&self) -> usize {
        self.width
    }

    fn widths(&self, training: bool) -> Widths {
        Widths { output: self.width, delta: if training { self.width } else { 0 }, ..Widths::default() }
    }

    fn partner(&self) -> Option<usize> {
        Some(self.fork)
    }

    fn forward<S: Simd, T: Float>(&self, simd: S, rows: &mut RowShard<'_, T>, way: Forward<'_, T>) {
        let other = way.other.expect("what came into the block");
        let ([output], [inner, outer]) = rows.split([way.tensors.output], [way.input, other]);
        for ((output, inner), outer) in output.into_rows().zip(inner.iter()).zip(outer.iter()) {
            output.copy_from_slice(inner);
            lanewise(simd, &Add, [output], [outer]);
        }
    }

    fn backward<S: Simd, T: Float>(&self, _simd: S, rows: &mut RowShard<'_, T>, way: Backward<'_, T>) {
        if let Some(below) = way.below {
            let ([target], [delta]) = rows.split([below], [way.tensors.delta]);
            for (target, delta) in target.into_rows().zip(delta.iter()) {
                target.copy_from_slice(delta);
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Add;
impl Lanewise<1, 1> for Add {
    #[inline(always)]
    fn apply<V: Vector>(&self, [sum]: [V; 1], [term]: [V; 1]) -> [V; 1] {
        [sum.add(term)]
    }
}
