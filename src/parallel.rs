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

use crate::buffer::LINE;
use crate::error::{Result, allocate};
use crate::gemm::{Matrix, MatrixMut};

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
    /// out evenly, and something of its own out of `own`.
    pub fn by_rows<T: Send, W: Send>(
        &self,
        matrices: &mut Matrices<T>,
        rows: usize,
        own: &mut [W],
        work: impl Fn(RowShard<'_, T>, &mut W) + Sync,
    ) {
        assert!(rows <= matrices.rows, "the matrices have {} rows, not {rows}", matrices.rows);
        assert!(own.len() >= self.size, "something is wanted for each worker");
        let shared = Shareable(&(&*matrices, own.as_mut_ptr()));
        self.run(|worker| {
            let (matrices, own) = shared.get();
            let rows = share(rows, worker, self.size);
            if !rows.is_empty() {
                // SAFETY: the shares of the workers do not overlap, each takes its own of `own`, and both are
                // borrowed mutably for the phase.
                unsafe { work(RowShard::new(matrices, rows), &mut *own.add(worker)) };
            }
        });
    }

    /// One phase in which each worker gets the same range of several arrays, worker `w` the range
    /// `bounds[w]..bounds[w + 1]`, and something of its own out of `own`. Arrays that are empty stay so.
    pub fn by_parts<T: Send, W: Send, const N: usize>(
        &self,
        arrays: [&mut [T]; N],
        bounds: &[usize],
        own: &mut [W],
        work: impl Fn(Range<usize>, [&mut [T]; N], &mut W) + Sync,
    ) {
        assert!(bounds.len() == self.size + 1 && bounds.is_sorted(), "one part is wanted for each worker");
        assert!(own.len() >= self.size, "something is wanted for each worker");
        let last = bounds[self.size];
        assert!(arrays.iter().all(|array| array.is_empty() || last <= array.len()));
        let arrays = arrays.map(|array| (array.as_mut_ptr(), array.is_empty()));
        let shared = Shareable(&(arrays, own.as_mut_ptr()));
        self.run(|worker| {
            let (arrays, own) = shared.get();
            let part = bounds[worker]..bounds[worker + 1];
            if !part.is_empty() {
                let slices = arrays.map(|(pointer, empty)| {
                    let length = if empty { 0 } else { part.len() };
                    let offset = if empty { 0 } else { part.start };
                    // SAFETY: the parts of the workers do not overlap, end within the arrays, and the
                    // arrays are borrowed mutably for the phase.
                    unsafe { std::slice::from_raw_parts_mut(pointer.add(offset), length) }
                });
                // SAFETY: each worker takes its own, and `own` is borrowed mutably for the phase.
                work(part, slices, unsafe { &mut *own.add(worker) });
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
    matrices: Vec<Cells<T>>,
    rows: usize,
}

/// One of the matrices.
#[derive(Debug)]
struct Cells<T> {
    cells: Vec<UnsafeCell<T>>,
    /// The first cell that is used: it begins a line of the cache.
    start: usize,
    width: usize,
    stride: usize,
}

/// From one row to the next: rows of a cache line or more begin one. Where that would put many rows at places
/// that a cache keeps in one and the same of its sets, a line is left between them.
fn stride<T>(width: usize) -> usize {
    let line = LINE / size_of::<T>();
    if width < line {
        return width;
    }
    let lines = width.div_ceil(line);
    (lines + usize::from(lines.is_multiple_of(8))) * line
}

impl<T: Copy + Default> Matrices<T> {
    /// Matrices of these widths, filled with zeros.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn new(rows: usize, widths: &[usize]) -> Result<Self> {
        let matrix = |&width: &usize| {
            let stride = stride::<T>(width);
            let length = rows.saturating_mul(stride).saturating_add(LINE / size_of::<T>());
            let cells: Vec<UnsafeCell<T>> = allocate(length)?;
            let start = cells.as_ptr().align_offset(LINE).min(length - rows * stride);
            Ok(Cells { cells, start, width, stride })
        };
        Ok(Self { matrices: widths.iter().map(matrix).collect::<Result<_>>()?, rows })
    }
}

impl<T> Matrices<T> {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The first `rows` rows of one matrix.
    pub fn get(&self, matrix: usize, rows: usize) -> Matrix<'_, T> {
        let matrix = &self.matrices[matrix];
        let cells = &matrix.cells[matrix.start..][..rows * matrix.stride];
        // SAFETY: writing needs a RowShard, which borrows the matrices mutably; so nobody writes now. An
        // UnsafeCell<T> lies in memory as a T.
        let values = unsafe { std::slice::from_raw_parts(cells.as_ptr().cast(), cells.len()) };
        Matrix::new(values, rows, matrix.width, matrix.stride)
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
    #[inline]
    pub fn split<const WRITE: usize, const READ: usize>(
        &mut self,
        write: [usize; WRITE],
        read: [usize; READ],
    ) -> Split<'_, T, WRITE, READ> {
        for (index, matrix) in write.iter().enumerate() {
            assert!(!write[..index].contains(matrix) && !read.contains(matrix), "a matrix is written alone");
        }
        let count = self.rows.len();
        let place = |matrix: usize| {
            let matrix = &self.matrices.matrices[matrix];
            let cells =
                &matrix.cells[matrix.start..][self.rows.start * matrix.stride..][..count * matrix.stride];
            (UnsafeCell::raw_get(cells.as_ptr()), cells.len(), matrix.width, matrix.stride)
        };
        let written = write.map(|matrix| {
            let (pointer, length, width, stride) = place(matrix);
            // SAFETY: these rows are the shard's alone, the shard is borrowed mutably for as long as the
            // slices live, and no matrix is given out twice.
            let values = unsafe { std::slice::from_raw_parts_mut(pointer, length) };
            Rows { values, count, width, stride }
        });
        let read = read.map(|matrix| {
            let (pointer, length, width, stride) = place(matrix);
            // SAFETY: as above; a matrix that is read is not written meanwhile.
            let values = unsafe { std::slice::from_raw_parts(pointer.cast_const(), length) };
            Rows { values, count, width, stride }
        });
        (written, read)
    }

    /// One matrix, to read.
    pub fn read(&mut self, matrix: usize) -> Rows<&[T]> {
        let ([], [values]) = self.split([], [matrix]);
        values
    }

    /// One matrix, to write.
    pub fn write(&mut self, matrix: usize) -> Rows<&mut [T]> {
        let ([values], []) = self.split([matrix], []);
        values
    }
}

/// Rows of some matrices to write, and of others to read.
pub type Split<'a, T, const WRITE: usize, const READ: usize> =
    ([Rows<&'a mut [T]>; WRITE], [Rows<&'a [T]>; READ]);

/// Rows of one matrix. Between the end of a row and the start of the next there may be values that mean
/// nothing; work on every value by itself may take them along.
#[derive(Debug)]
pub struct Rows<S> {
    /// The rows, `stride` apart.
    pub values: S,
    /// How many rows there are.
    pub count: usize,
    /// How many values a row has.
    pub width: usize,
    /// From the start of a row to that of the next.
    pub stride: usize,
}

impl<'a, T> Rows<&'a [T]> {
    /// Row after row.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [T]> + use<'a, T> {
        let width = self.width;
        self.values.chunks_exact(self.stride.max(1)).map(move |row| &row[..width])
    }

    /// For a product.
    pub fn matrix(&self) -> Matrix<'a, T> {
        Matrix::new(self.values, self.count, self.width, self.stride)
    }
}

impl<'a, T> Rows<&'a mut [T]> {
    /// Rows that lie one after another.
    pub fn adjoining(values: &'a mut [T], width: usize) -> Self {
        let count = values.len() / width.max(1);
        Self { values, count, width, stride: width }
    }

    /// Row after row.
    pub fn into_rows(self) -> impl ExactSizeIterator<Item = &'a mut [T]> {
        let width = self.width;
        self.values.chunks_exact_mut(self.stride.max(1)).map(move |row| &mut row[..width])
    }

    /// For a product.
    pub fn matrix_mut(self) -> MatrixMut<'a, T> {
        MatrixMut::new(self.values, self.count, self.width, self.stride)
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
            let (mut sums, mut seen) = (vec![0.0; 30], vec![0; size]);
            with_team(size, |team| {
                for phase in 1..200 {
                    team.by_rows(&mut matrices, 9, &mut seen, |mut shard, seen| {
                        let first = shard.rows().start;
                        for (row, values) in shard.write(0).into_rows().enumerate() {
                            values.fill((first + row + phase) as f64);
                            *seen += 1;
                        }
                    });
                    let bounds: Vec<usize> = (0..=size).map(|worker| 30 * worker / size).collect();
                    let read = &matrices;
                    team.by_parts([&mut sums], &bounds, &mut seen, |part, [sums], _| {
                        for (index, sum) in part.zip(sums) {
                            *sum = read.get(0, 9).row(index % 18 / 2)[index % 2];
                        }
                    });
                    assert!(sums.iter().enumerate().all(|(i, &sum)| sum == (i % 18 / 2 + phase) as f64));
                    assert_eq!(seen.iter().sum::<usize>(), 9 * phase);
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
    fn rows_begin_lines_and_lie_in_different_sets_of_a_cache() {
        for (width, wanted) in
            [(0, 0), (3, 3), (15, 15), (16, 16), (17, 32), (784, 784), (256, 272), (1024, 1040)]
        {
            assert_eq!(stride::<f32>(width), wanted);
        }
        let matrices = Matrices::<f32>::new(3, &[17]).unwrap();
        assert_eq!(matrices.get(0, 3).row(2).as_ptr().addr() % LINE, 0);
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
