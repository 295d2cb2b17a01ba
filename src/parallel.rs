//! Threads, and the buffers that they share.
//!
//! A [`Team`] lives as long as one call of the library. Its work comes in phases: in each, every worker
//! does its part, and the phase ends when all have. Threads never change what is computed, only who
//! computes it.
//!
//! Two shapes of sharing are offered, both safe to use: by rows of the matrices that a batch passes
//! through ([`Team::by_rows`]), and by ranges of flat arrays ([`Team::by_parts`]).

use std::cell::UnsafeCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

use crate::error::{Result, allocate};

/// How often a waiting thread looks before it gives up its core: some ten microseconds.
const SPINS: usize = 1_000;

/// A few threads that do the phases of one piece of work together; the caller is the first of them.
#[derive(Debug)]
pub struct Team<'s> {
    shared: &'s Shared,
    size: usize,
}

type Work<'w> = &'w (dyn Fn(usize) + Sync);

#[derive(Debug, Default)]
struct Shared {
    /// Counts the phases that were started.
    phase: AtomicUsize,
    /// Workers that have not finished the phase.
    busy: AtomicUsize,
    sleepers: AtomicUsize,
    dismissed: AtomicBool,
    panicked: AtomicBool,
    work: Slot,
    lock: Mutex<()>,
    wake: Condvar,
}

/// The current phase's work, lifetime erased.
#[derive(Default)]
struct Slot(UnsafeCell<Option<Work<'static>>>);

impl std::fmt::Debug for Slot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Slot")
    }
}

// SAFETY: written by the caller only while no phase runs, read by workers only while one does; `phase` and
// `busy` order the two.
unsafe impl Sync for Slot {}

/// Runs `body` with a team of `size` threads, the calling one among them, or of as many as the system lets
/// start.
///
/// # Panics
/// A worker's panic, or the body's, is passed on once all threads have ended.
pub fn with_team<R>(size: usize, body: impl FnOnce(&Team<'_>) -> R) -> R {
    let shared = Shared::default();
    let size = size.max(1);
    if size == 1 {
        return body(&Team { shared: &shared, size });
    }
    std::thread::scope(|scope| {
        let shared = &shared;
        let start = |&worker: &usize| {
            std::thread::Builder::new().spawn_scoped(scope, move || shared.serve(worker)).is_ok()
        };
        let size = 1 + (1..size).take_while(start).count();
        let result = catch_unwind(AssertUnwindSafe(|| body(&Team { shared, size })));
        shared.dismissed.store(true, Ordering::SeqCst);
        shared.announce();
        result.unwrap_or_else(|panic| resume_unwind(panic))
    })
}

impl Shared {
    /// Starts a phase (or the end) for the workers, awake or asleep.
    fn announce(&self) {
        self.phase.fetch_add(1, Ordering::SeqCst);
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            let _guard = self.lock.lock().unwrap_or_else(|poison| poison.into_inner());
            self.wake.notify_all();
        }
    }

    /// Waits until a phase after `seen` has started.
    fn await_phase(&self, seen: usize) {
        for _ in 0..SPINS {
            if self.phase.load(Ordering::Acquire) != seen {
                return;
            }
            std::hint::spin_loop();
        }
        let mut guard = self.lock.lock().unwrap_or_else(|poison| poison.into_inner());
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        // Checked again after the count is up: either this sees the new phase, or `announce` sees a sleeper.
        while self.phase.load(Ordering::SeqCst) == seen {
            guard = self.wake.wait(guard).unwrap_or_else(|poison| poison.into_inner());
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }

    /// A worker's life.
    fn serve(&self, worker: usize) {
        for seen in 0.. {
            self.await_phase(seen);
            if self.dismissed.load(Ordering::SeqCst) {
                return;
            }
            // SAFETY: the phase has started, so the work was written before and stays until `busy` is 0.
            let work = unsafe { *self.work.0.get() }.expect("a phase has work");
            if catch_unwind(AssertUnwindSafe(|| work(worker))).is_err() {
                self.panicked.store(true, Ordering::SeqCst);
            }
            self.busy.fetch_sub(1, Ordering::Release);
        }
    }
}

impl Team<'_> {
    /// How many threads there are.
    pub fn size(&self) -> usize {
        self.size
    }

    /// One phase: every worker, from 0 to `size() - 1`, does its part of the work.
    ///
    /// # Panics
    /// A worker has panicked.
    pub fn run(&self, work: impl Fn(usize) + Sync) {
        if self.size == 1 {
            return work(0);
        }
        let erased: Work<'_> = &work;
        // SAFETY: no phase runs, so no worker reads the slot; and `work` outlives this function, which
        // does not return, nor unwind, before every worker has finished with it. `Work<'_>` and
        // `Work<'static>` differ in their lifetime alone.
        unsafe { *self.shared.work.0.get() = Some(std::mem::transmute::<Work<'_>, Work<'static>>(erased)) };
        self.shared.busy.store(self.size - 1, Ordering::Relaxed);
        self.shared.announce();
        let own = catch_unwind(AssertUnwindSafe(|| work(0)));
        let mut spins = 0;
        while self.shared.busy.load(Ordering::Acquire) > 0 {
            spins += 1;
            if spins < SPINS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        if let Err(panic) = own {
            resume_unwind(panic);
        }
        assert!(!self.shared.panicked.load(Ordering::SeqCst), "a worker thread has panicked");
    }

    /// One phase in which each worker gets rows of its own, the first `rows` of the matrices being shared
    /// out evenly.
    pub fn by_rows<T: Send>(
        &self,
        matrices: &mut Matrices<T>,
        rows: usize,
        work: impl Fn(RowShard<'_, T>) + Sync,
    ) {
        assert!(rows <= matrices.rows, "the matrices have {} rows, not {rows}", matrices.rows);
        let matrices = Shareable(&*matrices);
        self.run(|worker| {
            let rows = share(rows, worker, self.size);
            if !rows.is_empty() {
                // SAFETY: the shares of the workers do not overlap, and the matrices are borrowed mutably
                // for the phase.
                work(unsafe { RowShard::new(matrices.get(), rows) });
            }
        });
    }

    /// One phase in which each worker gets the same range of several arrays: worker `w` the range
    /// `bounds[w]..bounds[w + 1]`. Arrays that are empty stay so.
    pub fn by_parts<T: Send, const N: usize>(
        &self,
        arrays: [&mut [T]; N],
        bounds: &[usize],
        work: impl Fn(Range<usize>, [&mut [T]; N]) + Sync,
    ) {
        assert!(bounds.len() == self.size + 1 && bounds.is_sorted(), "one part is wanted for each worker");
        let last = bounds[self.size];
        assert!(arrays.iter().all(|array| array.is_empty() || last <= array.len()));
        let pointers = Shareable(&arrays.map(|array| (array.as_mut_ptr(), array.is_empty())));
        self.run(|worker| {
            let part = bounds[worker]..bounds[worker + 1];
            if !part.is_empty() {
                let slices = pointers.get().map(|(pointer, empty)| {
                    let length = if empty { 0 } else { part.len() };
                    let offset = if empty { 0 } else { part.start };
                    // SAFETY: the parts of the workers do not overlap, end within the arrays, and the
                    // arrays are borrowed mutably for the phase.
                    unsafe { std::slice::from_raw_parts_mut(pointer.add(offset), length) }
                });
                work(part, slices);
            }
        });
    }
}

/// What the workers of a phase may all look at.
struct Shareable<'a, T>(&'a T);

impl<T> Shareable<'_, T> {
    fn get(&self) -> &T {
        self.0
    }
}

// SAFETY: made only by `by_rows` and `by_parts`, whose workers turn what is behind it into disjoint parts of
// arrays of elements that may be sent between threads.
unsafe impl<T> Sync for Shareable<'_, T> {}

/// The `worker`th of `size` nearly equal ranges that make up `0..total`.
pub fn share(total: usize, worker: usize, size: usize) -> Range<usize> {
    total * worker / size..total * (worker + 1) / size
}

/// Row-major matrices that a batch passes through: as many rows each, of a width of its own.
#[derive(Debug)]
pub struct Matrices<T> {
    matrices: Vec<(Box<[UnsafeCell<T>]>, usize)>,
    rows: usize,
}

impl<T: Copy + Default> Matrices<T> {
    /// Matrices of these widths, filled with zeros.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn new(rows: usize, widths: &[usize]) -> Result<Self> {
        let matrix = |&width: &usize| Ok((allocate(rows.saturating_mul(width))?.into(), width));
        Ok(Self { matrices: widths.iter().map(matrix).collect::<Result<_>>()?, rows })
    }
}

impl<T> Matrices<T> {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The first `rows` rows of one matrix.
    pub fn get(&self, matrix: usize, rows: usize) -> &[T] {
        let (cells, width) = &self.matrices[matrix];
        let cells = &cells[..rows * width];
        // SAFETY: writing needs a RowShard, which borrows the matrices mutably; so nobody writes now. An
        // UnsafeCell<T> lies in memory as a T.
        unsafe { std::slice::from_raw_parts(cells.as_ptr().cast(), cells.len()) }
    }

    /// The first `rows` rows of all matrices, for one thread.
    pub fn shard(&mut self, rows: usize) -> RowShard<'_, T> {
        assert!(rows <= self.rows);
        // SAFETY: the matrices are borrowed mutably, so there is no other shard.
        unsafe { RowShard::new(self, 0..rows) }
    }
}

// SAFETY: through a shared reference, `get` reads and nothing writes.
unsafe impl<T: Sync> Sync for Matrices<T> {}

/// Some rows of all the matrices, for one worker to read and write.
#[derive(Debug)]
pub struct RowShard<'a, T> {
    matrices: &'a Matrices<T>,
    rows: Range<usize>,
}

impl<'a, T> RowShard<'a, T> {
    /// # Safety
    /// While it lives, nothing else reads or writes these rows, and `rows` ends within the matrices.
    unsafe fn new(matrices: &'a Matrices<T>, rows: Range<usize>) -> Self {
        Self { matrices, rows }
    }

    /// Which rows these are.
    pub fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// Some matrices to write and others to read, all at once.
    ///
    /// # Panics
    /// A matrix is asked for twice, unless only to be read.
    pub fn split<const WRITE: usize, const READ: usize>(
        &mut self,
        write: [usize; WRITE],
        read: [usize; READ],
    ) -> ([&mut [T]; WRITE], [&[T]; READ]) {
        for (index, matrix) in write.iter().enumerate() {
            assert!(!write[..index].contains(matrix) && !read.contains(matrix), "a matrix is written alone");
        }
        let place = |matrix: usize| {
            let (cells, width) = &self.matrices.matrices[matrix];
            let cells = &cells[self.rows.start * width..self.rows.end * width];
            (UnsafeCell::raw_get(cells.as_ptr()), cells.len())
        };
        let written = write.map(|matrix| {
            let (pointer, length) = place(matrix);
            // SAFETY: these rows are the shard's alone, the shard is borrowed mutably for as long as the
            // slices live, and no matrix is given out twice.
            unsafe { std::slice::from_raw_parts_mut(pointer, length) }
        });
        let read = read.map(|matrix| {
            let (pointer, length) = place(matrix);
            // SAFETY: as above; a matrix that is read is not written meanwhile.
            unsafe { std::slice::from_raw_parts(pointer.cast_const(), length) }
        });
        (written, read)
    }

    /// One matrix, to read.
    pub fn read(&mut self, matrix: usize) -> &[T] {
        let ([], [values]) = self.split([], [matrix]);
        values
    }

    /// One matrix, to write.
    pub fn write(&mut self, matrix: usize) -> &mut [T] {
        let ([values], []) = self.split([matrix], []);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_make_up_the_whole() {
        for total in [0, 1, 5, 64, 1000] {
            for size in 1..9 {
                let shares: Vec<usize> = (0..size).flat_map(|worker| share(total, worker, size)).collect();
                assert_eq!(shares, (0..total).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn phases_follow_each_other() {
        for size in [1, 2, 3, 8] {
            let mut matrices = Matrices::<f64>::new(10, &[2, 3]).unwrap();
            let mut sums = vec![0.0; 30];
            with_team(size, |team| {
                for phase in 1..200 {
                    team.by_rows(&mut matrices, 9, |mut shard| {
                        let first = shard.rows().start;
                        for (row, values) in shard.write(0).chunks_exact_mut(2).enumerate() {
                            values.fill((first + row + phase) as f64);
                        }
                    });
                    let bounds: Vec<usize> = (0..=size).map(|worker| 30 * worker / size).collect();
                    let read = &matrices;
                    team.by_parts([&mut sums], &bounds, |part, [sums]| {
                        for (index, sum) in part.zip(sums) {
                            *sum = read.get(0, 9)[index % 18];
                        }
                    });
                    assert!(sums.iter().enumerate().all(|(i, &sum)| sum == (i % 18 / 2 + phase) as f64));
                }
                std::thread::sleep(std::time::Duration::from_millis(20));
                team.run(|_| {});
            });
        }
    }

    #[test]
    fn a_panic_ends_the_team_and_is_passed_on() {
        for culprit in [0, 1] {
            let result = catch_unwind(|| {
                with_team(2, |team| team.run(|worker| assert_ne!(worker, culprit, "on purpose")));
            });
            assert!(result.is_err());
        }
    }

    #[test]
    fn a_team_has_the_size_asked_for_and_at_least_the_caller() {
        assert_eq!(with_team(0, |team| team.size()), 1);
        assert_eq!(with_team(5, |team| team.size()), 5);
    }

    #[test]
    #[should_panic(expected = "written alone")]
    fn a_matrix_is_not_given_out_twice() {
        Matrices::<f32>::new(2, &[1]).unwrap().shard(2).split([0], [0]);
    }
}
