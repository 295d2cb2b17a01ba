//! Each operation of each instruction set, against the scalar operation of the language.

use super::*;

/// What one operation gives on every pair of awkward values.
struct Table<T>(std::marker::PhantomData<T>);

fn awkward<T: Float>() -> Vec<T> {
    [
        0.0,
        -0.0,
        1.0,
        -1.5,
        2.5,
        3.0e-40,
        -1.0e38,
        1.0e300,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        0.1,
        7.0,
        8388609.0,
    ]
    .into_iter()
    .map(T::from_f64)
    .collect()
}

impl<T: Float> Kernel for Table<T> {
    type Output = Vec<u64>;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> Vec<u64> {
        let mut seen = Vec::new();
        let mut keep = |vector: T::Vector<S>| {
            let mut lanes = [T::ZERO; 16];
            // SAFETY: a vector has at most 16 lanes.
            unsafe { vector.store(lanes.as_mut_ptr()) };
            let value = lanes[0].to_f64();
            assert!(lanes[..T::Vector::<S>::LANES].iter().all(|lane| {
                lane.to_f64().to_bits() == value.to_bits() || (lane.to_f64().is_nan() && value.is_nan())
            }));
            seen.push(if value.is_nan() { u64::MAX } else { value.to_bits() });
        };
        for a in awkward::<T>() {
            for b in awkward::<T>() {
                let (x, y) = (T::Vector::<S>::splat(a), T::Vector::<S>::splat(b));
                keep(x.add(y));
                keep(x.sub(y));
                keep(x.mul(y));
                keep(x.div(y));
                keep(x.abs().sqrt());
                keep(x.mul_add(y, x));
                keep(x.max(y));
                keep(x.min(y));
                keep(Vector::select(x.greater(y), x, y));
                keep(Vector::select(x.less(y), x, y));
                keep(Vector::select(x.is_nan(), y, x));
                keep(x.neg());
                keep(x.and_bits(y).or_bits(x.xor_bits(y)));
                keep(x.abs().add_bits(y.sign_bit()).sub_bits(y.sign_bit()));
                keep(x.abs().shift_out_of_exponent().shift_into_exponent());
            }
        }
        seen
    }
}

/// Reads and writes of every length, seen through a copy that must leave its neighbours alone.
struct Partial<T>(std::marker::PhantomData<T>);

impl<T: Float> Kernel for Partial<T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let source: Vec<T> = (0..16).map(|i| T::from_f64(f64::from(i) + 0.5)).collect();
        for count in 0..=T::Vector::<S>::LANES {
            let mut target = vec![T::from_f64(-1.0); 16];
            // SAFETY: count <= LANES <= 16, the length of both.
            unsafe {
                T::Vector::<S>::load_partial(source.as_ptr(), count)
                    .store_partial(target.as_mut_ptr(), count);
            }
            assert_eq!(target[..count], source[..count]);
            assert!(target[count..].iter().all(|&value| value == T::from_f64(-1.0)));
        }
    }
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    for set in InstructionSet::available() {
        assert_eq!(
            run_on(set, Table::<f32>(std::marker::PhantomData)),
            run_on(InstructionSet::Portable, Table::<f32>(std::marker::PhantomData)),
            "{}",
            set.name()
        );
        assert_eq!(
            run_on(set, Table::<f64>(std::marker::PhantomData)),
            run_on(InstructionSet::Portable, Table::<f64>(std::marker::PhantomData)),
            "{}",
            set.name()
        );
    }
}

#[test]
fn partial_reads_and_writes_touch_nothing_else() {
    for set in InstructionSet::available() {
        run_on(set, Partial::<f32>(std::marker::PhantomData));
        run_on(set, Partial::<f64>(std::marker::PhantomData));
    }
}

#[derive(Clone, Copy)]
struct Negate;

impl Lanewise<1, 0> for Negate {
    #[inline(always)]
    fn apply<V: Vector>(&self, [x]: [V; 1], []: [V; 0]) -> [V; 1] {
        [x.neg()]
    }
}

/// A map onto slices of every length that begin anywhere in a line of the cache, and in place.
struct Everywhere<T>(std::marker::PhantomData<T>);

impl<T: Float> Kernel for Everywhere<T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let source: Vec<T> = (0..80).map(|i| T::from_f64(f64::from(i) + 0.5)).collect();
        let negated: Vec<T> = source.iter().map(|&value| -value).collect();
        for (start, length) in (0..17).flat_map(|start| (0..=60).map(move |length| (start, length))) {
            let mut target = [T::ZERO; 80];
            map(simd, &Negate, Some(&source[..length]), &mut target[start..start + length]);
            assert_eq!(target[start..start + length], negated[..length]);
            assert!(target[..start].iter().chain(&target[start + length..]).all(|&value| value == T::ZERO));
            map(simd, &Negate, None, &mut target[start..start + length]);
            assert_eq!(target[start..start + length], source[..length]);
        }
    }
}

#[test]
fn a_map_writes_what_it_should_and_nothing_else() {
    for set in InstructionSet::available() {
        run_on(set, Everywhere::<f32>(std::marker::PhantomData));
        run_on(set, Everywhere::<f64>(std::marker::PhantomData));
    }
}

#[test]
fn max_and_min_give_their_second_operand_when_unordered() {
    type Lanes = <Portable as Simd>::F32;
    let of = |x: f32, y: f32, operation: fn(Lanes, Lanes) -> Lanes| {
        first_lane(operation(Lanes::splat(x), Lanes::splat(y)))
    };
    assert!(of(1.0, f32::NAN, Lanes::max).is_nan());
    assert_eq!(of(f32::NAN, 1.0, Lanes::max), 1.0);
    assert!(of(1.0, f32::NAN, Lanes::min).is_nan());
    assert_eq!(of(f32::NAN, 1.0, Lanes::min), 1.0);
    assert_eq!(of(0.0, -0.0, Lanes::max).to_bits(), (-0.0f32).to_bits());
}
