//! Nothing is allocated while batches run: an epoch of many steps allocates as often as one of a few.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::Array2;
use nnfast::loss::Targets;
use nnfast::model::Model;
use nnfast::network::NetworkSpec;
use nnfast::source::Source;
use nnfast::train::{Data, Pass, TrainingSpec};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NETWORK: &str = r#"{"inputs": 40, "bias": "parameter", "layers": [
    {"type": "dense", "units": 64, "use_bias": true, "activation": {"name": "prelu", "alpha": 0.1},
     "kernel_initializer": {"name": "he_uniform"}, "bias_initializer": {"name": "zeros"}},
    {"type": "dropout", "rate": 0.2},
    {"type": "batch_norm", "momentum": 0.9, "epsilon": 0.001, "center": true, "scale": true},
    {"type": "residual", "layers": [{"type": "layer_norm", "epsilon": 0.001, "center": true, "scale": true},
        {"type": "gaussian_noise", "deviation": 0.1}]},
    {"type": "dense", "units": 300, "use_bias": true, "activation": {"name": "tanh"},
     "kernel_initializer": {"name": "glorot_normal"}, "bias_initializer": {"name": "zeros"}},
    {"type": "dense", "units": 10, "use_bias": true, "activation": {"name": "softmax"},
     "kernel_initializer": {"name": "glorot_uniform"}, "bias_initializer": {"name": "zeros"}}]}"#;

const TRAINING: &str = r#"{"metrics": ["accuracy"],
    "optimizer": {"name": "adam", "learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "loss": {"name": "sparse_categorical_cross_entropy", "from_logits": false}}"#;

/// Allocations of an epoch over `rows` rows, the workspace being there already.
fn allocations(rows: usize, threads: usize) -> usize {
    let spec: NetworkSpec = serde_json::from_str(NETWORK).unwrap();
    let training: TrainingSpec = serde_json::from_str(TRAINING).unwrap();
    let mut model = Model::<f32>::new(&spec, 0).unwrap();
    model.compile(training).unwrap();
    let table = Array2::from_shape_fn((rows, 40), |(row, column)| ((row * 7 + column) % 11) as f32);
    let classes: Vec<u32> = (0..rows as u32).map(|row| row % 10).collect();
    let targets = Targets::Classes(&classes);
    let data = Data { inputs: Source::F32(table.view()), targets, weights: None };
    let pass = Pass { batch_size: 32, shuffle: true, threads };
    model.train_epoch(data, None, pass, None, None, &mut || true).unwrap();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    model.train_epoch(data, None, pass, None, None, &mut || true).unwrap();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

#[test]
fn steps_allocate_nothing() {
    for threads in [1, 2, 3] {
        assert_eq!(allocations(64, threads), allocations(6400, threads), "{threads} threads");
    }
}
