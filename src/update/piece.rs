//! What happens to a piece of the parameters and its gradient beside the optimizer's rule, value by value.

use std::ops::Range;

use super::area::Areas;
use crate::reduce::Sum;
use crate::simd::{Float, Kernel, Lanewise, Simd, Vector, lanewise, read};

/// What a step does beside the rule, with its numbers worked out.
#[derive(Debug)]
pub struct Beyond<'a, T> {
    /// What holds for which parameters.
    pub areas: &'a Areas<T>,
    /// What penalties are multiplied by.
    pub penalty_factor: f64,
    /// What becomes of the gradient of one batch.
    pub accumulation: Accumulation<T>,
    /// The most that a gradient's value may be.
    pub clip: Option<T>,
    /// The share of a parameter that is taken away.
    pub decay: Option<T>,
    /// The share of the running mean that is kept, and the rest.
    pub mean: Option<(T, T)>,
}

/// Gradients of several steps make one update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Accumulation<T> {
    /// Every step updates.
    None,
    /// The gradient is added to those of the steps before.
    Adding,
    /// The sum, of so many steps, is divided by their number and used.
    Last(T),
}

impl<T: Float> Beyond<'_, T> {
    /// Adds the gradient of the penalties, notes these, and takes missing connections away. Gives whether an
    /// update follows; if not, the gradient is kept in `accumulated`.
    pub fn prepare<S: Simd>(
        &self,
        simd: S,
        range: Range<usize>,
        (parameters, gradients): (&[T], &mut [T]),
        accumulated: &mut [T],
        penalties: &mut Vec<f64>,
    ) -> bool {
        let factor = self.penalty_factor;
        add_slopes(simd, self.areas, range, factor, (parameters, gradients), penalties);
        match self.accumulation {
            Accumulation::None => return true,
            Accumulation::Adding => lanewise(simd, &Add, [accumulated], [gradients]),
            Accumulation::Last(count) => {
                lanewise(simd, &MeanOf { count }, [gradients, accumulated], []);
            }
        }
        self.accumulation != Accumulation::Adding
    }

    /// What precedes the rule.
    pub fn before<S: Simd>(&self, simd: S, parameters: &mut [T], gradients: &mut [T]) {
        if let Some(limit) = self.clip {
            lanewise(simd, &Clip { limit }, [gradients], []);
        }
        if let Some(share) = self.decay {
            lanewise(simd, &Decay { share }, [parameters], []);
        }
    }

    /// What follows the rule, but for constraints and what follows these.
    pub fn after<S: Simd>(&self, simd: S, range: Range<usize>, parameters: &mut [T], mean: &mut [T]) {
        if self.areas.masked {
            self.areas.mask(simd, range.clone(), parameters);
        }
        if !self.areas.is_constrained(range.start) {
            self.average(simd, parameters, mean);
        }
    }

    /// Moves the running mean towards parameters.
    pub fn average<S: Simd>(&self, simd: S, parameters: &[T], mean: &mut [T]) {
        if let Some((kept, rest)) = self.mean {
            lanewise(simd, &Towards { kept, rest }, [mean], [parameters]);
        }
    }
}

/// Adds `factor` times the gradient of the penalties to that of the loss, notes the penalties, so multiplied,
/// and takes away what belongs to no connection.
pub fn add_slopes<S: Simd, T: Float>(
    simd: S,
    areas: &Areas<T>,
    range: Range<usize>,
    factor: f64,
    (parameters, gradients): (&[T], &mut [T]),
    penalties: &mut Vec<f64>,
) {
    if areas.regularized {
        for run in areas.runs(range.clone()) {
            if let Some(regularizer) = run.terms.regularizer {
                let place = run.range.start - range.start..run.range.end - range.start;
                penalties.push(factor * regularizer.penalty(simd, &parameters[place.clone()]).to_f64());
                regularizer.add_slopes(simd, factor, &parameters[place.clone()], &mut gradients[place]);
            }
        }
    }
    if areas.masked {
        areas.mask(simd, range, gradients);
    }
}

/// The sum of some values' squares, in sixteen stripes.
pub struct Squares<'a, T>(pub &'a [T]);

impl<T: Float> Kernel for Squares<'_, T> {
    type Output = T;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> T {
        let mut sum = Sum::zero();
        let lanes = T::Vector::<S>::LANES;
        for (index, chunk) in self.0.chunks(lanes).enumerate() {
            let value = read::<T::Vector<S>>(chunk);
            sum.add(index * lanes, value.mul(value));
        }
        sum.total()
    }
}

/// All lanes equal to a number.
#[inline(always)]
fn all<T: Float, V: Vector>(value: T) -> V {
    // The element is always T itself; through f64 the conversion is exact and compiles to nothing.
    V::constant(value.to_f64())
}

/// `a + g`.
#[derive(Clone, Copy)]
struct Add;

impl Lanewise<1, 1> for Add {
    #[inline(always)]
    fn apply<V: Vector>(&self, [sum]: [V; 1], [g]: [V; 1]) -> [V; 1] {
        [sum.add(g)]
    }
}

/// `(g + a) / count`, and 0 for the next sum.
#[derive(Clone, Copy)]
struct MeanOf<T> {
    count: T,
}

impl<T: Float> Lanewise<2, 0> for MeanOf<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [g, sum]: [V; 2], []: [V; 0]) -> [V; 2] {
        [g.add(sum).div(all(self.count)), V::constant(0.0)]
    }
}

/// The value, or the limit with its sign; NaN stays NaN.
#[derive(Clone, Copy)]
struct Clip<T> {
    limit: T,
}

impl<T: Float> Lanewise<1, 0> for Clip<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [g]: [V; 1], []: [V; 0]) -> [V; 1] {
        let limit = all::<T, V>(self.limit);
        [g.unless_nan(g.min(limit).max(limit.neg()))]
    }
}

/// `g * factor`.
#[derive(Clone, Copy)]
pub struct Scale<T> {
    /// The factor.
    pub factor: T,
}

impl<T: Float> Lanewise<1, 0> for Scale<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [g]: [V; 1], []: [V; 0]) -> [V; 1] {
        [g.mul(all(self.factor))]
    }
}

/// `w - share w`.
#[derive(Clone, Copy)]
struct Decay<T> {
    share: T,
}

impl<T: Float> Lanewise<1, 0> for Decay<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w]: [V; 1], []: [V; 0]) -> [V; 1] {
        [w.sub(w.mul(all(self.share)))]
    }
}

/// `kept mean + rest w`.
#[derive(Clone, Copy)]
struct Towards<T> {
    kept: T,
    rest: T,
}

impl<T: Float> Lanewise<1, 1> for Towards<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [mean]: [V; 1], [w]: [V; 1]) -> [V; 1] {
        [mean.mul_add(all(self.kept), w.mul(all(self.rest)))]
    }
}
