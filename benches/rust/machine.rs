//! What this machine can do at most: multiply-adds, and bytes read or updated, a second. Prints JSON.
//!
//! `benches/compare.py` runs it and holds every time against it. It uses nothing of the library, so that a
//! slow kernel of ours cannot lower the bar. Each figure is the best of many short windows: others who use
//! the machine can only take from a window, never add to it.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// What is measured, written for one instruction set.
#[derive(Clone, Copy)]
struct Kernels {
    name: &'static str,
    /// Multiplies and adds float32 in registers, and says how often it did.
    multiply_adds: fn() -> usize,
    /// Reads every value.
    read: fn(&[u64]),
    /// Changes every value where it is.
    update: fn(&mut [u64]),
}

/// Passes over the registers in one call.
const PASSES: usize = 4096;

/// Many sums at a time, so that no addition waits for another; of integers, which may be added in any
/// order, so that the compiler makes vectors of them.
#[inline(always)]
fn read(values: &[u64]) {
    let mut sums = [0_u64; 64];
    for chunk in values.chunks_exact(64) {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum = sum.wrapping_add(*value);
        }
    }
    black_box(sums);
}

#[inline(always)]
fn update(values: &mut [u64]) {
    for value in values {
        *value = value.wrapping_add(1);
    }
}

/// As many independent chains of multiply-adds as keep the units busy; reading and updating, compiled anew
/// with wider vectors.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::PASSES;
    use std::arch::x86_64::*;
    use std::hint::black_box;

    const CHAINS_AVX512: usize = 24;
    const CHAINS_AVX2: usize = 12;

    #[target_feature(enable = "avx512f")]
    pub fn multiply_adds_avx512() -> usize {
        let factor = _mm512_set1_ps(black_box(0.5));
        let mut chains = [_mm512_set1_ps(black_box(1.0)); CHAINS_AVX512];
        for _ in 0..PASSES {
            for chain in &mut chains {
                *chain = _mm512_fmadd_ps(*chain, factor, factor);
            }
        }
        black_box(chains);
        PASSES * CHAINS_AVX512 * 16
    }

    #[target_feature(enable = "avx512f")]
    pub fn read_avx512(values: &[u64]) {
        super::read(values);
    }

    #[target_feature(enable = "avx512f")]
    pub fn update_avx512(values: &mut [u64]) {
        super::update(values);
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn multiply_adds_avx2() -> usize {
        let factor = _mm256_set1_ps(black_box(0.5));
        let mut chains = [_mm256_set1_ps(black_box(1.0)); CHAINS_AVX2];
        for _ in 0..PASSES {
            for chain in &mut chains {
                *chain = _mm256_fmadd_ps(*chain, factor, factor);
            }
        }
        black_box(chains);
        PASSES * CHAINS_AVX2 * 8
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn read_avx2(values: &[u64]) {
        super::read(values);
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn update_avx2(values: &mut [u64]) {
        super::update(values);
    }
}

/// Chains of float32 that the compiler makes vectors of: as many lanes as two dozen vectors of ARM's have.
const PORTABLE_CHAINS: usize = 96;

fn multiply_adds_portable() -> usize {
    let factor = black_box(0.5_f32);
    let mut chains = [black_box(1.0_f32); PORTABLE_CHAINS];
    for _ in 0..PASSES {
        for chain in &mut chains {
            // Where the target's baseline does not fuse, `mul_add` would be a call.
            *chain = if cfg!(any(target_arch = "aarch64", target_feature = "fma")) {
                chain.mul_add(factor, factor)
            } else {
                *chain * factor + factor
            };
        }
    }
    black_box(chains);
    PASSES * PORTABLE_CHAINS
}

/// The widest that this machine runs.
fn kernels() -> Kernels {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            return Kernels {
                name: "avx512",
                // SAFETY: the machine was just asked; here and in the two below.
                multiply_adds: || unsafe { x86::multiply_adds_avx512() },
                // SAFETY: as above.
                read: |values| unsafe { x86::read_avx512(values) },
                // SAFETY: as above.
                update: |values| unsafe { x86::update_avx512(values) },
            };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Kernels {
                name: "avx2",
                // SAFETY: the machine was just asked; here and in the two below.
                multiply_adds: || unsafe { x86::multiply_adds_avx2() },
                // SAFETY: as above.
                read: |values| unsafe { x86::read_avx2(values) },
                // SAFETY: as above.
                update: |values| unsafe { x86::update_avx2(values) },
            };
        }
    }
    Kernels { name: "portable", multiply_adds: multiply_adds_portable, read, update }
}

/// How long the window of a measurement is, and how many there are.
const WINDOW: Duration = Duration::from_millis(5);
const WINDOWS: usize = 12;

/// The most that `threads` threads do together in a second, over the windows. `make` gives each thread its
/// own work, and a call of that returns how much it did.
fn best_rate<W: FnMut() -> usize>(threads: usize, make: impl Fn() -> W + Sync) -> f64 {
    let barrier = Barrier::new(threads);
    let of_thread = || {
        let mut work = make();
        work();
        let window = || {
            barrier.wait();
            let begin = Instant::now();
            let mut done = 0;
            while begin.elapsed() < WINDOW {
                done += work();
            }
            done as f64 / begin.elapsed().as_secs_f64()
        };
        std::iter::repeat_with(window).take(WINDOWS).collect::<Vec<f64>>()
    };
    let rates: Vec<Vec<f64>> = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(of_thread)).collect();
        handles.into_iter().map(|handle| handle.join().expect("a measuring thread")).collect()
    });
    (0..WINDOWS).map(|window| rates.iter().map(|of| of[window]).sum()).fold(0.0, f64::max)
}

/// From a first-level cache to memory: bytes over all threads.
const SIZES: [usize; 7] = [1 << 15, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26, 1 << 28];

fn by_size(measure: impl Fn(usize) -> f64) -> String {
    let pairs: Vec<String> =
        SIZES.iter().map(|&bytes| format!("[{bytes}, {:.4e}]", measure(bytes))).collect();
    format!("[{}]", pairs.join(", "))
}

/// One object: floating-point operations a second (a multiply-add is two), and bytes a second, where an
/// update reads and writes.
fn limits(kernels: Kernels, threads: usize) -> String {
    let buffer = |bytes: usize| vec![1_u64; bytes / 8 / threads];
    let peak = best_rate(threads, || move || 2 * (kernels.multiply_adds)());
    let read = by_size(|bytes| {
        best_rate(threads, || {
            let values = buffer(bytes);
            move || {
                (kernels.read)(black_box(&values));
                8 * values.len()
            }
        })
    });
    let update = by_size(|bytes| {
        best_rate(threads, || {
            let mut values = buffer(bytes);
            move || {
                (kernels.update)(black_box(&mut values));
                16 * values.len()
            }
        })
    });
    format!("{{\"threads\": {threads}, \"peak\": {peak:.4e}, \"read\": {read}, \"update\": {update}}}")
}

fn main() {
    let kernels = kernels();
    let all = thread::available_parallelism().map_or(1, usize::from);
    let (name, one, all) = (kernels.name, limits(kernels, 1), limits(kernels, all));
    println!("{{\"instruction_set\": \"{name}\", \"one\": {one}, \"all\": {all}}}");
}
