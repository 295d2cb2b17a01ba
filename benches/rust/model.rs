//! The core without Python: a training step and a prediction, by shape and threads. `cargo bench`, and
//! `cargo bench -- train` for some of them.
//!
//! What is measured is what [`Model`] offers; how it is made inside may change without a word here.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use ndarray::Array2;
use nnfast::loss::Targets;
use nnfast::model::Model;
use nnfast::network::NetworkSpec;
use nnfast::source::Source;
use nnfast::train::{Data, Pass, TrainingSpec};
use serde_json::json;

fn main() {
    divan::main();
}

/// Nodes of each layer, and rows of a batch.
type Shape = (&'static [usize], usize);

const STEPS: [Shape; 6] = [
    (&[3, 2, 3, 2], 4),
    (&[16, 32, 32, 4], 32),
    (&[37, 113, 7], 17),
    (&[784, 128, 10], 32),
    (&[784, 256, 128, 10], 128),
    (&[1024, 2048, 2048, 1024], 512),
];

const PREDICTIONS: [Shape; 6] = [
    (&[4, 16, 3], 1),
    (&[784, 128, 10], 1),
    (&[784, 512, 512, 10], 1),
    (&[784, 128, 10], 32),
    (&[784, 512, 512, 10], 1024),
    (&[784, 512, 512, 10], 16_384),
];

const THREADS: [usize; 2] = [1, 2];

fn model(sizes: &[usize]) -> Model<f32> {
    let last = sizes.len() - 2;
    let layers: Vec<_> = sizes[1..]
        .iter()
        .enumerate()
        .map(|(index, units)| {
            let activation = if index == last { "softmax" } else { "relu" };
            json!({
                "type": "dense", "units": units, "use_bias": true, "activation": {"name": activation},
                "kernel_initializer": {"name": "he_uniform"}, "bias_initializer": {"name": "zeros"},
            })
        })
        .collect();
    let spec: NetworkSpec =
        serde_json::from_value(json!({"inputs": sizes[0], "bias": "parameter", "layers": layers})).unwrap();
    let training: TrainingSpec = serde_json::from_value(json!({
        "metrics": ["accuracy"],
        "optimizer": {
            "name": "adam", "learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7,
        },
        "loss": {"name": "sparse_categorical_cross_entropy", "from_logits": false},
    }))
    .unwrap();
    let mut model = Model::new(&spec, 0).unwrap();
    model.compile(training).unwrap();
    model
}

fn rows(count: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((count, columns), |(row, column)| ((row * 7 + column) % 11) as f32 / 11.0)
}

/// The time of an epoch of some steps; its items are the steps.
#[divan::bench(args = STEPS, consts = THREADS, sample_count = 20, max_time = 1.0)]
fn train<const THREADS: usize>(bencher: Bencher, (sizes, batch_size): Shape) {
    let steps = if batch_size < 512 { 32 } else { 2 };
    let outputs = sizes[sizes.len() - 1];
    let inputs = rows(steps * batch_size, sizes[0]);
    let classes: Vec<u32> = (0..inputs.nrows()).map(|row| (row % outputs) as u32).collect();
    let targets = Targets::Classes(&classes);
    let data = Data { inputs: Source::F32(inputs.view()), targets, weights: None };
    let pass = Pass { batch_size, shuffle: true, threads: THREADS };
    let mut model = model(sizes);
    bencher
        .counter(ItemsCount::new(steps))
        .bench_local(|| model.train_epoch(data, None, pass, None, None, &mut || true).unwrap());
}

/// The time of a call; its items are the rows.
#[divan::bench(args = PREDICTIONS, consts = THREADS, sample_count = 20, max_time = 1.0)]
fn predict<const THREADS: usize>(bencher: Bencher, (sizes, count): Shape) {
    let model = model(sizes);
    let inputs = rows(count, sizes[0]);
    let mut outputs = vec![0.0; count * sizes[sizes.len() - 1]];
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        model.predict(black_box(Source::F32(inputs.view())), THREADS, &mut outputs).unwrap();
    });
}
