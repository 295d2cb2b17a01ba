//! Threads, and the buffers that they share.
//!
//! A [`Team`] lives as long as one call of the library. Its work comes in phases: in each, every worker
//! does its part, and the phase ends when all have. Threads never change what is computed, only who
//! computes it.
//!
//! Two shapes of sharing are offered, both safe to use: by rows of the matrices that a batch passes
//! through ([`Team::by_rows`]), and by ranges of flat arrays ([`Team::by_parts`]).
//!
//! Threads outlive their team: they wait for the next one, awake for some ten microseconds and then asleep, so
//! that a team is together in less than a microsecond where calls follow each other, and costs nothing
//! where they do not. A process that was forked has none of its parent's threads, and starts its own.

use std::cell::UnsafeCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;

use crate::buffer::LINE;
use crate::error::{Result, allocate};
use crate::gemm::{Matrix, MatrixMut};

/// How often a waiting thread looks before it gives up its core: some ten microseconds.
const SPINS: usize = 1_000;

/// A few threads that do the phases of one piece of work together; the caller is the first of them.
#[derive(Debug)]
pub struct Team<'c> {
    crew: Option<&'c Crew>,
    size: usize,
}

type Work<'w> = &'w (dyn Fn(usize) + Sync);

/// Threads that wait for work, in the hands of one team at a time, or of none.
#[derive(Debug)]
struct Crew {
    process: u32,
    shared: Arc<Shared>,
    workers: Vec<(Arc<Bell>, Thread)>,
}

/// What the threads of a crew look at together.
#[derive(Debug, Default)]
struct Shared {
    /// Workers that have not finished the phase.
    busy: AtomicUsize,
    panicked: AtomicBool,
    work: Slot,
}

/// How one worker is called. In a cache line of its own: while it waits it looks at nothing else.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Bell {
    /// Counts the phases that it was called to.
    rings: AtomicUsize,
    asleep: AtomicBool,
    /// The processor that it was woken from.
    caller: AtomicUsize,
}

/// The current phase's work, lifetime erased.
#[derive(Default)]
struct Slot(UnsafeCell<Option<Work<'static>>>);

impl std::fmt::Debug for Slot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Slot")
    }
}

// SAFETY: written by the caller only while no phase runs, read by workers only while one does; their bells and
// `busy` order the two.
unsafe impl Sync for Slot {}
// SAFETY: what is in it may be called from any thread.
unsafe impl Send for Slot {}

/// The crews that nobody uses: as many as there were teams at once.
static IDLE: Mutex<Vec<Crew>> = Mutex::new(Vec::new());

/// Runs `body` with a team of `size` threads, the calling one among them, or of as many as the system lets
/// start.
///
/// # Panics
/// A worker's panic, or the body's, is passed on once all threads have done their part.
pub fn with_team<R>(size: usize, body: impl FnOnce(&Team<'_>) -> R) -> R {
    if size <= 1 {
        return body(&Team { crew: None, size: 1 });
    }
    let mut crew = Crew::take();
    crew.grow(size - 1);
    let size = size.min(1 + crew.workers.len());
    // A phase is over when `run` ends, also by a panic; so the crew is idle again, whatever has happened.
    let result = catch_unwind(AssertUnwindSafe(|| body(&Team { crew: Some(&crew), size })));
    crew.shared.panicked.store(false, Ordering::SeqCst);
    IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(crew);
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

impl Crew {
    /// An idle crew, or a new one without workers.
    fn take() -> Self {
        let process = std::process::id();
        // In a process that was forked at the wrong moment the lock is never free.
        if let Ok(mut idle) = IDLE.try_lock() {
            while let Some(crew) = idle.pop() {
                if crew.process == process {
                    return crew;
                }
                // Its threads stayed in the process that this one was forked from.
                std::mem::forget(crew);
            }
        }
        Self { process, shared: Arc::default(), workers: Vec::new() }
    }

    /// Starts threads until there are `count`, or no more can be started.
    fn grow(&mut self, count: usize) {
        for worker in self.workers.len() + 1..=count {
            let (shared, bell) = (self.shared.clone(), Arc::<Bell>::default());
            let own_bell = bell.clone();
            let start = std::thread::Builder::new()
                .name("nnfast".into())
                .spawn(move || shared.serve(worker, &own_bell));
            match start {
                Ok(handle) => self.workers.push((bell, handle.thread().clone())),
                Err(_) => return,
            }
        }
    }
}

impl Bell {
    /// Calls the worker, awake or asleep.
    fn ring(&self, thread: &Thread) {
        self.rings.fetch_add(1, Ordering::SeqCst);
        if self.asleep.load(Ordering::SeqCst) {
            self.caller.store(processor::current(), Ordering::Relaxed);
            thread.unpark();
        }
    }

    /// Waits until it has been rung more often than `heard`.
    fn wait(&self, heard: usize) {
        for _ in 0..SPINS {
            if self.rings.load(Ordering::Acquire) != heard {
                return;
            }
            std::hint::spin_loop();
        }
        self.asleep.store(true, Ordering::SeqCst);
        // Looked at again after the note is up: either this sees the ring, or `ring` sees a sleeper.
        while self.rings.load(Ordering::SeqCst) == heard {
            std::thread::park();
        }
        self.asleep.store(false, Ordering::SeqCst);
        processor::leave(self.caller.load(Ordering::Relaxed));
    }
}

/// Where threads run. A system may wake a thread on the processor of the one that woke it, though another is
/// idle, and take some ten milliseconds to move it: until then the two take turns.
#[cfg(all(target_os = "linux", not(miri)))]
mod processor {
    /// The processor that the calling thread runs on.
    pub fn current() -> usize {
        // SAFETY: the call takes nothing and only gives a number.
        usize::try_from(unsafe { libc::sched_getcpu() }).unwrap_or(usize::MAX)
    }

    /// Moves the calling thread to another of its processors if it runs on `one`.
    pub fn leave(one: usize) {
        let size = size_of::<libc::cpu_set_t>();
        if one != current() || one >= 8 * size {
            return;
        }
        // SAFETY: a set of processors is an array of bits, for which zeros are a value; the calls read and
        // write it within its size and concern the calling thread (0) alone, whose own set is put back.
        unsafe {
            let mut all: libc::cpu_set_t = std::mem::zeroed();
            if libc::sched_getaffinity(0, size, &raw mut all) == 0 {
                let mut others = all;
                libc::CPU_CLR(one, &mut others);
                if libc::CPU_COUNT(&others) > 0 && libc::sched_setaffinity(0, size, &raw const others) == 0 {
                    libc::sched_setaffinity(0, size, &raw const all);
                }
            }
        }
    }
}

/// Elsewhere the system is trusted, and Miri does not know the calls.
#[cfg(not(all(target_os = "linux", not(miri))))]
mod processor {
    pub fn current() -> usize {
        usize::MAX
    }
    pub fn leave(_one: usize) {}
}

impl Shared {
    /// A worker's life.
    fn serve(&self, worker: usize, bell: &Bell) {
        for heard in 0.. {
            bell.wait(heard);
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
    #[inline]
    pub fn run(&self, work: impl Fn(usize) + Sync) {
        match self.crew {
            None => work(0),
            Some(crew) => self.run_together(crew, &work),
        }
    }

    fn run_together(&self, crew: &Crew, work: Work<'_>) {
        let shared = &*crew.shared;
        // SAFETY: no phase runs, so no worker reads the slot; and `work` outlives this function, which
        // does not return, nor unwind, before every worker has finished with it. `Work<'_>` and
        // `Work<'static>` differ in their lifetime alone.
        unsafe { *shared.work.0.get() = Some(std::mem::transmute::<Work<'_>, Work<'static>>(work)) };
        shared.busy.store(self.size - 1, Ordering::Relaxed);
        for (bell, thread) in &crew.workers[..self.size - 1] {
            bell.ring(thread);
        }
        let own = catch_unwind(AssertUnwindSafe(|| work(0)));
        let mut spins = 0;
        while shared.busy.load(Ordering::Acquire) > 0 {
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
        assert!(!shared.panicked.load(Ordering::SeqCst), "a worker thread has panicked");
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
        // SAFETY: the parts do not overlap, and end within the arrays; there is enough of `own`.
        unsafe { self.by_ranges(arrays, |worker| bounds[worker]..bounds[worker + 1], own, work) }
    }

    /// One phase in which each worker gets the same range of several arrays of one length, shared out evenly.
    pub fn by_shares<T: Send, const N: usize>(
        &self,
        arrays: [&mut [T]; N],
        work: impl Fn(Range<usize>, [&mut [T]; N]) + Sync,
    ) {
        let length = arrays.first().map_or(0, |array| array.len());
        assert!(arrays.iter().all(|array| array.len() == length), "arrays of one length are wanted");
        // Of nothing, there is as much as wanted, and no memory is taken for it.
        let nothing = &mut vec![(); self.size];
        // SAFETY: shares do not overlap, and end where the arrays do; there is enough of nothing.
        unsafe {
            self.by_ranges(
                arrays,
                |worker| share(length, worker, self.size),
                nothing,
                |part, arrays, ()| work(part, arrays),
            );
        }
    }

    /// # Safety
    /// The workers' ranges do not overlap, and end within every array that is not empty; `own` has something for
    /// each worker.
    unsafe fn by_ranges<T: Send, W: Send, const N: usize>(
        &self,
        arrays: [&mut [T]; N],
        range: impl Fn(usize) -> Range<usize> + Sync,
        own: &mut [W],
        work: impl Fn(Range<usize>, [&mut [T]; N], &mut W) + Sync,
    ) {
        let arrays = arrays.map(|array| (array.as_mut_ptr(), array.is_empty()));
        let shared = Shareable(&(arrays, own.as_mut_ptr()));
        self.run(|worker| {
            let (arrays, own) = shared.get();
            let part = range(worker);
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

// SAFETY: made only by `by_rows` and `by_ranges`, whose workers turn what is behind it into disjoint parts of
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
    fn parts_of_several_arrays_make_up_the_whole_and_empty_ones_stay_empty() {
        for size in [1, 2, 3, 8] {
            let (mut bytes, mut others, mut seen) = ([0u8; 10], [0u8; 12], vec![0; size]);
            let bounds: Vec<usize> = (0..=size).map(|worker| 10 * worker / size).collect();
            with_team(size, |team| {
                let arrays = [&mut bytes[..], &mut [], &mut others[..]];
                team.by_parts(arrays, &bounds, &mut seen, |part, [bytes, none, others], seen| {
                    assert_eq!((bytes.len(), none.len(), others.len()), (part.len(), 0, part.len()));
                    for (value, other) in bytes.iter_mut().zip(others) {
                        (*value, *other) = (*value + 1, *other + 2);
                    }
                    *seen += part.len();
                });
            });
            assert_eq!((bytes, seen.iter().sum::<usize>()), ([1; 10], 10));
            assert_eq!(others, [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0]);
        }
    }

    #[test]
    fn shares_of_several_arrays_make_up_the_whole() {
        for size in [1, 2, 3, 8] {
            let (mut first, mut second) = ([0u8; 5], [0u8; 5]);
            with_team(size, |team| {
                team.by_shares([&mut first, &mut second], |part, [first, second]| {
                    for ((place, first), second) in part.zip(first).zip(second) {
                        (*first, *second) = (*first + place as u8, *second + 1);
                    }
                });
            });
            assert_eq!((first, second), ([0, 1, 2, 3, 4], [1; 5]));
        }
        let uneven = || with_team(2, |team| team.by_shares([&mut [0; 2], &mut [0; 3][..]], |_, _| ()));
        assert!(catch_unwind(uneven).is_err());
    }

    #[test]
    fn shares_that_would_overlap_or_reach_past_the_end_are_refused() {
        let refused = |work: fn(&Team<'_>)| catch_unwind(|| with_team(2, work)).is_err();
        assert!(refused(|team| team.by_parts([&mut [0; 9]], &[0, 5, 10], &mut [0; 2], |_, _, _| ())));
        assert!(refused(|team| team.by_parts([&mut [0; 9]], &[0, 6, 5], &mut [0; 2], |_, _, _| ())));
        assert!(refused(|team| team.by_parts([&mut [0; 9]], &[0, 9], &mut [0; 2], |_, _, _| ())));
        assert!(refused(|team| team.by_parts([&mut [0; 9]], &[0, 5, 9], &mut [0; 1], |_, _, _| ())));
        assert!(!refused(|team| team.by_parts([&mut [0; 9]], &[0, 5, 9], &mut [0; 2], |_, _, _| ())));
        fn matrices() -> Matrices<f32> {
            Matrices::new(3, &[2]).unwrap()
        }
        assert!(refused(|team| team.by_rows(&mut matrices(), 4, &mut [0; 2], |_, _| ())));
        assert!(refused(|team| team.by_rows(&mut matrices(), 3, &mut [0; 1], |_, _| ())));
        assert!(!refused(|team| team.by_rows(&mut matrices(), 3, &mut [0; 2], |_, _| ())));
        assert!(catch_unwind(|| matrices().shard(4).rows()).is_err());
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
    fn teams_at_once_have_threads_of_their_own() {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for size in [2, 3, 2, 4] {
                        let seen = AtomicUsize::new(0);
                        with_team(size, |team| {
                            for _ in 0..100 {
                                team.run(|_| {
                                    seen.fetch_add(1, Ordering::SeqCst);
                                });
                            }
                            with_team(2, |inner| assert_eq!(inner.size(), 2));
                        });
                        assert_eq!(seen.load(Ordering::SeqCst), 100 * size);
                    }
                });
            }
        });
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
