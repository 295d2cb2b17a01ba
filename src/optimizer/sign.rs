//! Rules that look at a gradient's sign and not at its size: Lion and Rprop.

use super::{Rule, all};
use crate::simd::{Float, Lanewise, Vector};

/// Lion's rule for a step of this length.
pub(super) fn lion<T: Float>(learning_rate: f64, beta_1: f64, beta_2: f64) -> Rule<T> {
    let of = T::from_f64;
    Rule::Lion(Lion {
        learning_rate: of(learning_rate),
        now: [of(beta_1), of(1.0 - beta_1)],
        later: [of(beta_2), of(1.0 - beta_2)],
    })
}

/// Rprop's rule: what shortens and what lengthens a step, and within which bounds.
pub(super) fn rprop<T: Float>(shorter: f64, longer: f64, least: f64, most: f64) -> Rule<T> {
    let of = T::from_f64;
    Rule::Resilient(Resilient { shorter: of(shorter), longer: of(longer), least: of(least), most: of(most) })
}

/// `size` with the sign of `x`, 0 where x is 0, and NaN where it is NaN.
#[inline(always)]
fn signed<V: Vector>(x: V, size: V) -> V {
    let zero = V::constant(0.0);
    V::select(x.greater(zero), size, V::select(x.less(zero), size.neg(), x))
}

/// Lion: the sign of a mixture of the momentum and the gradient.
#[derive(Clone, Copy, Debug)]
pub struct Lion<T> {
    learning_rate: T,
    /// The shares of the momentum and of the gradient in this step.
    now: [T; 2],
    /// Those in the momentum of the next.
    later: [T; 2],
}

impl<T: Float> Lanewise<2, 1> for Lion<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w, m]: [V; 2], [g]: [V; 1]) -> [V; 2] {
        let [now, later] =
            [self.now, self.later].map(|[old, new]| g.mul_add(all(new), m.mul(all::<T, V>(old))));
        [w.sub(signed(now, all(self.learning_rate))), later]
    }
}

/// iRprop-: each parameter has a step size of its own, which grows while the gradient keeps its sign.
#[derive(Clone, Copy, Debug)]
pub struct Resilient<T> {
    shorter: T,
    longer: T,
    least: T,
    most: T,
}

impl<T: Float> Lanewise<3, 1> for Resilient<T> {
    #[inline(always)]
    fn apply<V: Vector>(&self, [w, size, previous]: [V; 3], [g]: [V; 1]) -> [V; 3] {
        let zero = V::constant(0.0);
        let product = g.mul(previous);
        let turned = product.less(zero);
        let factor = V::select(product.greater(zero), all(self.longer), V::constant(1.0));
        let factor = V::select(turned, all(self.shorter), factor);
        let size = size.mul(factor).max(all(self.least)).min(all(self.most));
        // After a turn the parameter stays, and the next step knows of no sign to keep.
        let g = V::select(turned, zero, g);
        [w.sub(signed(g, size)), size, g]
    }
}
