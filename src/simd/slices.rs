//! Vectors over slices, safely: what lets the rest of the crate compute lane by lane without a pointer.

use super::{Float, Kernel, Simd, Vector};

/// Work on one value of each of several equally long slices, `WRITTEN` of them in place.
///
/// It is a trait rather than a closure because a method can be `#[inline(always)]`, which is what hands
/// it the instruction set of the loop around it.
pub trait Lanewise<const WRITTEN: usize, const READ: usize>: Copy {
    /// The new values of the written slices.
    fn apply<V: Vector>(&self, written: [V; WRITTEN], read: [V; READ]) -> [V; WRITTEN];
}

/// Applies `work` along the slices.
///
/// # Panics
/// The slices differ in length.
pub fn lanewise<S: Simd, T: Float, W, const WRITTEN: usize, const READ: usize>(
    simd: S,
    work: &W,
    written: [&mut [T]; WRITTEN],
    read: [&[T]; READ],
) where
    W: Lanewise<WRITTEN, READ>,
{
    simd.vectorize(Loop { work: *work, written, read });
}

struct Loop<'a, T, W, const WRITTEN: usize, const READ: usize> {
    work: W,
    written: [&'a mut [T]; WRITTEN],
    read: [&'a [T]; READ],
}

impl<T: Float, W, const WRITTEN: usize, const READ: usize> Kernel for Loop<'_, T, W, WRITTEN, READ>
where
    W: Lanewise<WRITTEN, READ>,
{
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { work, written, read } = self;
        let length = written[0].len();
        assert!(written.iter().all(|slice| slice.len() == length), "slices of one length are wanted");
        assert!(read.iter().all(|slice| slice.len() == length), "slices of one length are wanted");
        let targets: [*mut T; WRITTEN] = written.map(|slice| slice.as_mut_ptr());
        let sources: [*const T; READ] = read.map(|slice| slice.as_ptr());
        let whole = length - length % T::Vector::<S>::LANES;
        for index in (0..whole).step_by(T::Vector::<S>::LANES) {
            // SAFETY: a whole vector from `index` ends at `whole` or before it, within every slice.
            unsafe {
                let old = std::array::from_fn(|i| T::Vector::<S>::load(targets[i].add(index)));
                let given = std::array::from_fn(|i| T::Vector::<S>::load(sources[i].add(index)));
                let new = work.apply(old, given);
                for i in 0..WRITTEN {
                    new[i].store(targets[i].add(index));
                }
            }
        }
        let rest = length - whole;
        if rest > 0 {
            // SAFETY: `rest` values from `whole` end at the slices' length.
            unsafe {
                let old = std::array::from_fn(|i| T::Vector::<S>::load_partial(targets[i].add(whole), rest));
                let given =
                    std::array::from_fn(|i| T::Vector::<S>::load_partial(sources[i].add(whole), rest));
                let new = work.apply(old, given);
                for i in 0..WRITTEN {
                    new[i].store_partial(targets[i].add(whole), rest);
                }
            }
        }
    }
}

/// Applies `work` to the values of `source`, or to those of `target` itself, and writes the results to `target`.
///
/// # Panics
/// The slices differ in length.
pub fn map<S: Simd, T: Float, W: Lanewise<1, 0>>(simd: S, work: &W, source: Option<&[T]>, target: &mut [T]) {
    let Some(source) = source else {
        return lanewise(simd, work, [target], []);
    };
    assert_eq!(source.len(), target.len(), "slices of one length are wanted");
    // Where memory is the limit, a store that straddles two lines of the cache costs a tenth of the speed,
    // and NumPy's arrays begin anywhere.
    let head = target.as_ptr().align_offset(CACHE_LINE).min(target.len());
    let (targets, sources) = (target.split_at_mut(head), source.split_at(head));
    for (target, source) in [(targets.0, sources.0), (targets.1, sources.1)] {
        lanewise(simd, &Onto(*work), [target], [source]);
    }
}

/// What is in one line of the cache, in bytes.
const CACHE_LINE: usize = 64;

/// Work that writes elsewhere than it reads.
#[derive(Clone, Copy)]
struct Onto<W>(W);

impl<W: Lanewise<1, 0>> Lanewise<1, 1> for Onto<W> {
    #[inline(always)]
    fn apply<V: Vector>(&self, _target: [V; 1], source: [V; 1]) -> [V; 1] {
        self.0.apply(source, [])
    }
}

/// The first values of a slice as a vector; lanes past its end are zero.
#[inline(always)]
pub fn read<V: Vector>(source: &[V::Element]) -> V {
    // SAFETY: no more is read than the slice has.
    unsafe {
        if source.len() >= V::LANES {
            V::load(source.as_ptr())
        } else {
            V::load_partial(source.as_ptr(), source.len())
        }
    }
}

/// Writes a vector to the start of a slice; lanes past its end are dropped.
#[inline(always)]
pub fn write<V: Vector>(vector: V, target: &mut [V::Element]) {
    // SAFETY: no more is written than the slice has.
    unsafe {
        if target.len() >= V::LANES {
            vector.store(target.as_mut_ptr());
        } else {
            vector.store_partial(target.as_mut_ptr(), target.len());
        }
    }
}

/// The vector with zeros from lane `count` on.
#[inline(always)]
pub fn first<V: Vector>(vector: V, count: usize) -> V {
    if count >= V::LANES {
        return vector;
    }
    let mut lanes = [V::Element::ZERO; 16];
    write(vector, &mut lanes[..count]);
    read(&lanes[..V::LANES])
}

/// The value in the first lane.
#[inline(always)]
pub fn first_lane<V: Vector>(vector: V) -> V::Element {
    let mut lane = [V::Element::ZERO];
    write(vector, &mut lane);
    lane[0]
}

/// The first lanes of as many vectors change places: lane `i` of vector `j` becomes lane `j` of vector `i`.
#[inline(always)]
pub fn transpose<V: Vector>(block: &mut [V; 16]) {
    // Interleaving the first half with the second rotates the bits of an element's index by one; as many
    // times as a lane's index has bits, row and column have changed places.
    let half = V::LANES / 2;
    for _ in 0..V::LANES.trailing_zeros() {
        let old = *block;
        for pair in 0..half {
            (block[2 * pair], block[2 * pair + 1]) = old[pair].interleave(old[pair + half]);
        }
    }
}

/// Rows become columns: `target[column * target_stride + row] = source[row * stride + column]`. The target's
/// rows are written in whole vectors.
#[inline(always)]
pub fn turn<V: Vector>(
    source: &[V::Element],
    (rows, columns): (usize, usize),
    stride: usize,
    target: &mut [V::Element],
    target_stride: usize,
) {
    // To turn a block in registers takes longer than so few moves.
    if rows * columns <= 2 * V::LANES {
        for row in 0..rows {
            for column in 0..columns {
                target[column * target_stride + row] = source[row * stride + column];
            }
        }
        return;
    }
    for row in (0..rows).step_by(V::LANES) {
        for column in (0..columns).step_by(V::LANES) {
            let (high, wide) = (V::LANES.min(rows - row), V::LANES.min(columns - column));
            let source = &source[row * stride + column..][..(high - 1) * stride + wide];
            let target = &mut target[column * target_stride + row..][..(wide - 1) * target_stride + V::LANES];
            let mut block = [V::constant(0.0); 16];
            // SAFETY: `high` rows of `wide` values are within the source, as many rows of a whole vector
            // within the target.
            unsafe {
                if high == V::LANES && wide == V::LANES {
                    for (index, vector) in block[..V::LANES].iter_mut().enumerate() {
                        *vector = V::load(source.as_ptr().add(index * stride));
                    }
                    transpose(&mut block);
                    for (index, vector) in block[..V::LANES].iter().enumerate() {
                        vector.store(target.as_mut_ptr().add(index * target_stride));
                    }
                } else {
                    for (index, vector) in block.iter_mut().enumerate().take(high) {
                        *vector = V::load_partial(source.as_ptr().add(index * stride), wide);
                    }
                    transpose(&mut block);
                    for (index, vector) in block.iter().enumerate().take(wide) {
                        vector.store(target.as_mut_ptr().add(index * target_stride));
                    }
                }
            }
        }
    }
}
