//! A step along a direction that satisfies the strong Wolfe conditions: the loss falls by a share of what the
//! slope promises, and the slope itself shrinks. Then the curvature along the step is positive, which L-BFGS needs.
//!
//! First the step grows until it holds such a point between its ends, then the interval shrinks around it
//! (Nocedal and Wright, *Numerical Optimization*, 2006, algorithms 3.5 and 3.6). Trial steps are the minima of
//! cubics through the values and slopes at both ends, safeguarded as in Schmidt's minFunc (2005), which
//! PyTorch's `LBFGS` follows too.

use crate::error::Result;

/// The share of the promised fall that is wanted.
const SUFFICIENT: f64 = 1e-4;
/// The share of the slope that may be left.
const FLAT: f64 = 0.9;

/// A point on the line, and what the caller keeps of it.
#[derive(Clone, Debug)]
pub struct Point<K> {
    /// How far along the direction it is.
    pub step: f64,
    /// The loss there.
    pub loss: f64,
    /// The loss's derivative along the direction.
    pub slope: f64,
    /// What else is known of it.
    pub kept: K,
}

/// What ends a search that finds nothing.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Points looked at after the first.
    pub most_trials: usize,
    /// An interval shorter than this is not searched further.
    pub shortest: f64,
}

/// The best point found from `start`, whose slope is negative, beginning with a step of `first`.
///
/// # Errors
/// What `at` gives.
pub fn search<K: Clone>(
    start: Point<K>,
    first: f64,
    limits: Limits,
    at: &mut impl FnMut(f64) -> Result<Point<K>>,
) -> Result<Point<K>> {
    let (loss, slope) = (start.loss, start.slope);
    let too_high =
        |point: &Point<K>| point.loss > loss + SUFFICIENT * point.step * slope || point.loss.is_nan();
    let is_flat = |point: &Point<K>| point.slope.abs() <= -FLAT * slope;

    let origin = start.clone();
    let (mut before, mut point) = (start, at(first)?);
    let mut trials = 0;
    let mut ends = loop {
        if trials >= limits.most_trials {
            break [origin, point];
        }
        if too_high(&point) || (trials > 1 && point.loss >= before.loss) {
            break [before, point];
        }
        if is_flat(&point) {
            return Ok(point);
        }
        if point.slope >= 0.0 {
            break [before, point];
        }
        let bounds = (point.step + 0.01 * (point.step - before.step), point.step * 10.0);
        let next = minimum_of_cubic(&before, &point, bounds);
        before = std::mem::replace(&mut point, at(next)?);
        trials += 1;
    };

    let (mut low, mut high) = low_and_high(&ends);
    let mut stalled = false;
    while trials < limits.most_trials && (ends[1].step - ends[0].step).abs() >= limits.shortest {
        let (nearest, furthest) = (ends[0].step.min(ends[1].step), ends[0].step.max(ends[1].step));
        let mut step = minimum_of_cubic(&ends[0], &ends[1], (nearest, furthest));
        // A trial near an end teaches little: the second in a row is moved inwards.
        let margin = 0.1 * (furthest - nearest);
        if (furthest - step).min(step - nearest) < margin {
            if stalled || step >= furthest || step <= nearest {
                let is_nearer_to_far_end = (step - furthest).abs() < (step - nearest).abs();
                step = if is_nearer_to_far_end { furthest - margin } else { nearest + margin };
                stalled = false;
            } else {
                stalled = true;
            }
        } else {
            stalled = false;
        }
        let trial = at(step)?;
        trials += 1;
        if too_high(&trial) || trial.loss >= ends[low].loss {
            ends[high] = trial;
            (low, high) = low_and_high(&ends);
        } else {
            if is_flat(&trial) {
                return Ok(trial);
            }
            if trial.slope * (ends[high].step - ends[low].step) >= 0.0 {
                ends[high] = ends[low].clone();
            }
            ends[low] = trial;
        }
    }
    let [first, second] = ends;
    Ok(if low == 0 { first } else { second })
}

/// Which end has the lower loss, and which the higher one or none.
fn low_and_high<K>(ends: &[Point<K>; 2]) -> (usize, usize) {
    if ends[1].loss < ends[0].loss || ends[0].loss.is_nan() { (1, 0) } else { (0, 1) }
}

/// Where the cubic through the values and slopes of two points is smallest, within bounds; in their middle if
/// it has no minimum, or a point is not finite.
fn minimum_of_cubic<K>(a: &Point<K>, b: &Point<K>, (lowest, highest): (f64, f64)) -> f64 {
    let (a, b) = if a.step <= b.step { (a, b) } else { (b, a) };
    let first = a.slope + b.slope - 3.0 * (a.loss - b.loss) / (a.step - b.step);
    let square = first * first - a.slope * b.slope;
    let root = square.sqrt();
    let place = b.step - (b.step - a.step) * ((b.slope + root - first) / (b.slope - a.slope + 2.0 * root));
    if square >= 0.0 && place.is_finite() { place.max(lowest).min(highest) } else { (lowest + highest) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { most_trials: 25, shortest: 1e-12 };

    fn on(function: impl Fn(f64) -> (f64, f64), first: f64) -> (Point<()>, Point<()>, usize) {
        let mut looked = 0;
        let mut at = |step: f64| {
            looked += 1;
            let (loss, slope) = function(step);
            Ok(Point { step, loss, slope, kept: () })
        };
        let start = at(0.0).unwrap();
        let found = search(start.clone(), first, LIMITS, &mut at).unwrap();
        (start, found, looked)
    }

    /// Both conditions, after the paper's words rather than the code.
    fn satisfies(start: &Point<()>, found: &Point<()>) -> bool {
        found.loss <= start.loss + 1e-4 * found.step * start.slope
            && found.slope.abs() <= 0.9 * start.slope.abs()
    }

    #[test]
    fn both_conditions_hold_from_far_too_short_and_far_too_long_steps() {
        let quadratic = |x: f64| ((x - 3.0) * (x - 3.0), 2.0 * (x - 3.0));
        let quartic = |x: f64| (x.powi(4) - 5.0 * x * x - x, 4.0 * x.powi(3) - 10.0 * x - 1.0);
        // More and Thuente (1994), their third function's shape: wiggles on a slope.
        let wiggles =
            |x: f64| (-x + 0.2 * (7.0 * x).sin() + 0.05 * x * x, -1.0 + 1.4 * (7.0 * x).cos() + 0.1 * x);
        for first in [1e-6, 1e-3, 0.1, 1.0, 50.0, 1e6] {
            for (index, function) in
                [&quadratic as &dyn Fn(f64) -> (f64, f64), &quartic, &wiggles].into_iter().enumerate()
            {
                let (start, found, looked) = on(function, first);
                if start.slope < 0.0 {
                    assert!(satisfies(&start, &found), "function {index} from {first}: {found:?}");
                    assert!(looked <= 27);
                }
            }
        }
    }

    #[test]
    fn infinite_losses_are_turned_back_from() {
        let wall = |x: f64| if x > 1.0 { (f64::NAN, f64::NAN) } else { (-x, -1.0 + 0.999 * x) };
        let (start, found, _) = on(wall, 100.0);
        assert!(found.step <= 1.0 && found.loss < start.loss, "{found:?}");
    }

    #[test]
    fn the_minimum_of_a_parabola_is_found_at_once() {
        let point =
            |step: f64| Point { step, loss: (step - 2.0).powi(2), slope: 2.0 * (step - 2.0), kept: () };
        assert!((minimum_of_cubic(&point(0.0), &point(5.0), (0.0, 5.0)) - 2.0).abs() < 1e-12);
        assert_eq!(minimum_of_cubic(&point(0.0), &point(1.0), (0.0, 1.0)), 1.0);
    }
}
