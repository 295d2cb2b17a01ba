//! Rows in lanes and outputs in lanes: the same bits.

use super::*;
use crate::loss::binary;
use crate::loss::{
    CrossEntropy, FocalCrossEntropy, GaussianNll, Hinge, Huber, LogCosh, MeanAbsoluteError,
    MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogarithmicError, Poisson, Quantile,
    SquaredHinge,
};
use crate::simd::{InstructionSet, Kernel, run_on};

fn heads() -> Vec<Head> {
    let focal = |gamma, label_smoothing| FocalCrossEntropy {
        alpha: 0.25,
        gamma,
        apply_class_balancing: gamma != 2.0,
        from_logits: false,
        label_smoothing,
    };
    let categorical = [
        Categorical::CrossEntropy,
        Categorical::Smoothed(0.1),
        Categorical::KullbackLeibler,
        Categorical::Focal(focal(2.0, 0.0)),
        Categorical::Focal(focal(0.5, 0.1)),
    ];
    let binary = [
        Binary::CrossEntropy,
        Binary::cross_entropy(0.1),
        Binary::Focal(binary::Focal::of(&focal(2.0, 0.0))),
        Binary::Focal(binary::Focal::of(&focal(0.5, 0.1))),
    ];
    let separate = [
        Loss::Hinge(Hinge {}),
        Loss::Huber(Huber { delta: 1.5 }),
        Loss::LogCosh(LogCosh {}),
        Loss::MeanAbsoluteError(MeanAbsoluteError {}),
        Loss::MeanAbsolutePercentageError(MeanAbsolutePercentageError {}),
        Loss::MeanSquaredError(MeanSquaredError {}),
        Loss::MeanSquaredLogarithmicError(MeanSquaredLogarithmicError {}),
        Loss::Poisson(Poisson { epsilon: 1e-7 }),
        Loss::SquaredHinge(SquaredHinge {}),
        Loss::GaussianNll(GaussianNll { epsilon: 1e-6, full: true }),
        Loss::Quantile(Quantile { quantiles: vec![0.5] }),
        Loss::Quantile(Quantile { quantiles: vec![0.1, 0.45, 0.9] }),
    ];
    let mut heads = Vec::new();
    for from_logits in [false, true] {
        heads.extend(categorical.map(|loss| Head::Softmax { loss, from_logits }));
        heads.extend(binary.map(|loss| Head::Logistic { loss, from_logits }));
    }
    heads.extend(separate.map(Head::Separate));
    heads
}

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
                None => Targets::Values(&self.wanted, self.wanted.len() / count),
            },
            rows: &rows,
            scale: T::from_f64(1.0 / 7.0),
            metrics: (&METRICS, self.decision),
        };
        let narrow = !self.wide && self.columns <= narrow::MOST_COLUMNS;
        self.head.evaluate_as::<S, T, false>(simd, Judged { batch, narrow });
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
    let classes: Vec<u32> = (0..rows).map(|row| (row * 5 % columns) as u32).collect();
    for head in heads() {
        let Some(width) = head.target_columns(columns) else { continue };
        let wanted: Vec<T> = (0..rows * width).map(|i| T::from_f64((i % 3) as f64 / 2.0)).collect();
        for classes in [None, Some(classes.clone())] {
            if classes.is_some() && !matches!(head, Head::Softmax { .. }) {
                continue;
            }
            let decision = match head {
                Head::Softmax { .. } => Decision::Largest,
                Head::Logistic { .. } | Head::Separate(_) => Decision::Above(0.5),
            };
            let work = |wide| Evaluate {
                head: head.clone(),
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
    let loss = Loss::BinaryCrossEntropy(CrossEntropy { from_logits: false, label_smoothing: 0.0 });
    assert!(loss.head(&crate::activation::Activation::Softmax).is_err());
}

#[test]
fn a_group_has_room() {
    for count in [0, crate::loss::MOST_IN_GROUP + 1] {
        let loss = Loss::Quantile(Quantile { quantiles: vec![0.5; count] });
        assert!(loss.head(&crate::activation::Activation::Softmax).is_err());
    }
}
