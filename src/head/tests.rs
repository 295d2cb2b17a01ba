//! Rows in lanes and outputs in lanes: the same bits.

use super::*;
use crate::loss::{CrossEntropy, MeanSquaredError};
use crate::simd::{InstructionSet, Kernel, run_on};

const HEADS: [Head; 5] = [
    Head::Softmax { from_logits: false },
    Head::Softmax { from_logits: true },
    Head::Logistic { from_logits: false },
    Head::Logistic { from_logits: true },
    Head::Separate(Loss::MeanSquaredError(MeanSquaredError {})),
];

const METRICS: [Metric; 3] = [Metric::Accuracy, Metric::MeanAbsoluteError, Metric::MeanSquaredError];

/// Outputs, deltas, losses and metrics of one head on one instruction set.
#[derive(Clone)]
struct Evaluate<T> {
    head: Head,
    wide: bool,
    columns: usize,
    outputs: Vec<T>,
    classes: Option<Vec<u32>>,
    wanted: Vec<T>,
    decision: Decision,
}

impl<T: Float> Kernel for Evaluate<T> {
    type Output = [Vec<T>; 3];

    fn run<S: Simd>(mut self, simd: S) -> [Vec<T>; 3] {
        let count = self.outputs.len() / self.columns;
        let rows: Vec<u32> = (0..count as u32).rev().collect();
        let (mut deltas, mut values) = (self.outputs.clone(), vec![T::ZERO; 4 * count]);
        let batch = Batch {
            outputs: Rows::adjoining(&mut self.outputs, self.columns),
            deltas: Rows::adjoining(&mut deltas, self.columns),
            values: Rows::adjoining(&mut values, 4),
            targets: match &self.classes {
                Some(classes) => Targets::Classes(classes),
                None => Targets::Values(&self.wanted, self.columns),
            },
            rows: &rows,
            scale: T::from_f64(1.0 / 7.0),
            metrics: (&METRICS, self.decision),
        };
        match (self.wide, self.head) {
            (false, head) => head.evaluate::<S, T, false>(simd, batch),
            (true, Head::Softmax { from_logits }) => simd.vectorize(wide::Softmax { from_logits, batch }),
            (true, Head::Logistic { from_logits }) => simd.vectorize(wide::Logistic { from_logits, batch }),
            (true, Head::Separate(_)) => simd.vectorize(wide::Pointwise { loss: MeanSquaredError {}, batch }),
        }
        [self.outputs, deltas, values]
    }
}

fn bits<T: Float>(given: &[Vec<T>; 3]) -> Vec<u64> {
    let value = |value: &T| if value.to_f64().is_nan() { u64::MAX } else { value.to_f64().to_bits() };
    given.iter().flatten().map(value).collect()
}

fn assert_same<T: Float>(rows: usize, columns: usize) {
    let value = |i: usize| T::from_f64(((i * 7919 + 13) % 1013) as f64 / 50.0 - 10.0);
    let mut outputs: Vec<T> = (0..rows * columns).map(value).collect();
    if rows > 4 {
        outputs[0] = T::from_f64(f64::NAN);
        outputs[columns] = T::from_f64(f64::INFINITY);
        outputs[3 * columns - 1] = T::from_f64(f64::NEG_INFINITY);
    }
    let wanted: Vec<T> = (0..rows * columns).map(|i| T::from_f64((i % 3) as f64 / 2.0)).collect();
    let classes: Vec<u32> = (0..rows).map(|row| (row * 5 % columns) as u32).collect();
    for head in HEADS {
        for classes in [None, Some(classes.clone())] {
            if classes.is_some() && !matches!(head, Head::Softmax { .. }) {
                continue;
            }
            let decision = match head {
                Head::Softmax { .. } => Decision::Largest,
                Head::Logistic { .. } | Head::Separate(_) => Decision::Above(0.5),
            };
            let work = |wide| Evaluate {
                head,
                wide,
                columns,
                outputs: outputs.clone(),
                classes: classes.clone(),
                wanted: wanted.clone(),
                decision,
            };
            let expected = bits(&run_on(InstructionSet::Portable, work(true)));
            for set in InstructionSet::available() {
                for wide in [false, true] {
                    assert_eq!(
                        bits(&run_on(set, work(wide))),
                        expected,
                        "{head:?} {rows} {columns} {} {wide}",
                        set.name()
                    );
                }
            }
        }
    }
}

#[test]
fn narrow_is_wide() {
    for rows in [1, 2, 3, 8, 16, 17, 33] {
        for columns in [1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 40] {
            assert_same::<f32>(rows, columns);
            assert_same::<f64>(rows, columns);
        }
    }
}

#[test]
fn a_cross_entropy_wants_its_activation() {
    let loss = Loss::BinaryCrossEntropy(CrossEntropy { from_logits: false });
    assert!(loss.head(&crate::activation::Activation::Softmax).is_err());
}
