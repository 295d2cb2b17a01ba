"""Optimizers that look at all rows before each step: L-BFGS and Levenberg-Marquardt.

They see all parameters as one vector w, and know nothing of networks: what they make small is a
`Problem`. What they remember between steps is a list of vectors and a list of numbers, so that it
can be kept in a file.
"""

# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, isfinite, isnan, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .optimizers import Optimizer

_SUFFICIENT, _FLAT = 1e-4, 0.9  # the constants of Wolfe's conditions
_LEAST_CURVATURE = 1e-10
_LEAST_DAMPING = 1e-20


class Problem:
    """What is made small, a function of the vector w: the loss of a network on all rows."""

    def values(self, w: Array) -> list[float]:
        """Give the loss at w, and what else is reported."""
        raise NotImplementedError

    def gradient(self, w: Array) -> tuple[list[float], Array]:
        """Give the loss at w, what else is reported, and the loss's gradient."""
        raise NotImplementedError

    def residuals(self, w: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the errors e and their derivatives J (errors, parameters) for a loss mean(e^2)."""
        raise NotImplementedError


@dataclass
class Memory:
    """What is remembered between two steps.

    Attributes
    ----------
    vectors : list of ndarray
        Of L-BFGS: steps and differences of the gradient in turns, the oldest first.
    numbers : list of float
        Of Levenberg and Marquardt: the damping.
    here : tuple, optional
        Loss and gradient where the last step ended, as long as the data are the same.
    """

    vectors: list[Array] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    here: tuple[list[float], Array] | None = None


class SecondOrder(Optimizer):
    """An optimizer whose step is one of the whole problem."""

    @property
    def initial_slots(self) -> list[float]:
        """Nothing is remembered of a parameter by itself."""
        return []

    def iterate(self, memory: Memory, w: Array, problem: Problem) -> tuple[list[float], bool]:
        """Change w in place by one step that does not raise the loss.

        Returns
        -------
        values : list of float
            The loss before the step, and what else is reported.
        converged : bool
            Whether a further step would change nothing worth having.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class LBFGS(SecondOrder, name="lbfgs"):
    """Quasi-Newton steps from the last few changes of the gradient.

    Nocedal, "Updating quasi-Newton matrices with limited storage" (1980): the two loops; Liu and
    Nocedal, "On the limited memory BFGS method for large scale optimization" (1989): the scale of
    the first guess. The line search is that of `search`.
    """

    learning_rate: float = 1.0
    history_size: int = 10
    gradient_tolerance: float = 1e-7
    change_tolerance: float = 1e-9
    line_search_steps: int = 25

    def iterate(self, memory: Memory, w: Array, problem: Problem) -> tuple[list[float], bool]:
        """Go along the direction d = -H g, H the inverse curvature that is remembered."""
        values, g = problem.gradient(w) if memory.here is None else memory.here
        loss = values[0]
        d = self._direction(memory.vectors, g)
        if memory.vectors and not _dot(g, d) < 0.0:
            memory.vectors.clear()
            d = self._direction(memory.vectors, g)
        slope = _dot(g, d)
        small = float(np.max(np.abs(g), initial=0.0)) <= self.gradient_tolerance
        if small or slope >= -self.change_tolerance or not isfinite(loss + slope):
            memory.here = values, g
            return values, True

        def at(step: float) -> Point:
            trial, new_g = problem.gradient(_moved(w, step, d))
            return Point(step, trial[0], _dot(new_g, d), (trial, new_g))

        first = self.learning_rate
        if not memory.vectors:
            first *= min(1.0, 1.0 / float(np.sum(np.abs(g), dtype=np.float64)))
        shortest = self.change_tolerance / float(np.max(np.abs(d)))
        start = Point(0.0, loss, slope, (values, g))
        found = search(start, first, at, self.line_search_steps, shortest)
        if found.step == 0.0 or not found.loss <= loss:
            converged = not memory.vectors
            memory.vectors.clear()
            memory.here = None
            return values, converged
        w[...] = _moved(w, found.step, d)
        s = (d * found.step).astype(w.dtype)
        new_values, new_g = found.kept
        y = new_g - g
        if _dot(y, s) > _LEAST_CURVATURE:
            memory.vectors += [s, y]
            del memory.vectors[: -2 * self.history_size]
        memory.here = found.kept
        converged = (
            float(np.max(np.abs(new_g))) <= self.gradient_tolerance
            or float(np.max(np.abs(s))) <= self.change_tolerance
            or abs(new_values[0] - loss) < self.change_tolerance
        )
        return values, converged

    def _direction(self, vectors: list[Array], g: Array) -> Array:
        """Multiply -g by the inverse curvature: back through the pairs (s, y), and forward."""
        d = -g
        pairs = list(zip(vectors[::2], vectors[1::2], strict=True))
        if not pairs:
            return d
        alphas = []
        for s, y in reversed(pairs):
            alphas.append(_dot(s, d) / _dot(y, s))
            d = d - alphas[-1] * y
        s, y = pairs[-1]
        d = d * (_dot(y, s) / _dot(y, y))
        for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
            d = d + (alpha - _dot(y, d) / _dot(y, s)) * s
        return d.astype(g.dtype)


@dataclass(frozen=True)
class LevenbergMarquardt(SecondOrder, name="levenberg_marquardt"):
    """Least squares between Gauss and Newton's step and the gradient's: (J'J + mu I) d = -J'e.

    Levenberg (1944); Marquardt (1963); Hagan and Menhaj, "Training feedforward networks with the
    Marquardt algorithm" (1994), whose rule for mu this is.
    """

    damping: float = 1e-3
    damping_increase: float = 10.0
    damping_decrease: float = 0.1
    largest_damping: float = 1e10
    gradient_tolerance: float = 1e-7

    def iterate(self, memory: Memory, w: Array, problem: Problem) -> tuple[list[float], bool]:
        """Raise mu until the step lowers the loss; then lower it for the next one."""
        mu = memory.numbers[0] if memory.numbers else self.damping
        values = problem.values(w)
        e, jacobian = problem.residuals(w)
        h, g = jacobian.T @ jacobian, jacobian.T @ e
        steepest = 2.0 / len(e) * float(np.max(np.abs(g), initial=0.0))
        if steepest <= self.gradient_tolerance or not isfinite(values[0]):
            return values, True
        while mu <= self.largest_damping:
            d = _solved(h + mu * np.eye(len(h)), g)
            if d is not None:
                trial = (w - d).astype(w.dtype)
                if problem.values(trial)[0] < values[0]:
                    w[...] = trial
                    memory.numbers = [max(mu * self.damping_decrease, _LEAST_DAMPING)]
                    return values, False
            mu *= self.damping_increase
        memory.numbers = [mu]
        return values, True


class Point(NamedTuple):
    """A point on the line: how far along it is, the loss and its derivative along the line there.

    Attributes
    ----------
    kept : object
        What the caller wants to have of it again.
    """

    step: float
    loss: float
    slope: float
    kept: Any


def search(
    start: Point, first: float, at: Callable[[float], Point], most: int, shortest: float
) -> Point:
    """Find a point that satisfies the strong Wolfe conditions, or the best that was seen.

    Nocedal and Wright, "Numerical Optimization" (2006), algorithms 3.5 and 3.6, with the
    safeguarded cubic steps of Schmidt's minFunc (2005).

    Parameters
    ----------
    start : Point
        With a negative slope, at step 0.
    first : float
        The first step to try.
    at : callable
        Gives the point at a step.
    most : int
        How many further points may be looked at.
    shortest : float
        An interval shorter than this is not searched further.
    """

    def too_high(point: Point) -> bool:
        return not point.loss <= start.loss + _SUFFICIENT * point.step * start.slope

    def flat(point: Point) -> bool:
        return abs(point.slope) <= -_FLAT * start.slope

    # The step grows until it and the one before hold a good point between them.
    before, point, trials = start, at(first), 0
    while True:
        if trials >= most:
            ends = [start, point]
            break
        if too_high(point) or (trials > 1 and point.loss >= before.loss):
            ends = [before, point]
            break
        if flat(point):
            return point
        if point.slope >= 0.0:
            ends = [before, point]
            break
        bounds = point.step + 0.01 * (point.step - before.step), 10.0 * point.step
        before, point = point, at(_minimum_of_cubic(before, point, *bounds))
        trials += 1

    # The interval shrinks around it.
    low = _lower(ends)
    stalled = False
    while trials < most and abs(ends[1].step - ends[0].step) >= shortest:
        left, right = sorted((ends[0].step, ends[1].step))
        step = _minimum_of_cubic(ends[0], ends[1], left, right)
        margin = 0.1 * (right - left)
        if min(right - step, step - left) < margin:
            if stalled or step >= right or step <= left:
                step = right - margin if abs(step - right) < abs(step - left) else left + margin
                stalled = False
            else:
                stalled = True
        else:
            stalled = False
        trial = at(step)
        trials += 1
        if too_high(trial) or trial.loss >= ends[low].loss:
            ends[1 - low] = trial
            low = _lower(ends)
        else:
            if flat(trial):
                return trial
            if trial.slope * (ends[1 - low].step - ends[low].step) >= 0.0:
                ends[1 - low] = ends[low]
            ends[low] = trial
    return ends[low]


def _lower(ends: list[Point]) -> int:
    """Tell which of two points has the lower loss; one without a loss has not."""
    return 1 if ends[1].loss < ends[0].loss or isnan(ends[0].loss) else 0


def _minimum_of_cubic(a: Point, b: Point, lowest: float, highest: float) -> float:
    """Find where the cubic through two values and slopes is smallest, within bounds."""
    if a.step > b.step:
        a, b = b, a
    middle = (lowest + highest) / 2.0
    if not isfinite(a.loss + b.loss + a.slope + b.slope):
        return middle
    first = a.slope + b.slope - 3.0 * (a.loss - b.loss) / (a.step - b.step)
    square = first * first - a.slope * b.slope
    if square < 0.0:
        return middle
    root = sqrt(square)
    divisor = b.slope - a.slope + 2.0 * root
    if divisor == 0.0:
        return middle
    place = b.step - (b.step - a.step) * ((b.slope + root - first) / divisor)
    return min(max(place, lowest), highest)


def _solved(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> Any:
    """Solve matrix x = right by Cholesky's factors; None where there are none."""
    if not np.isfinite(matrix).all():
        return None
    try:
        lower = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return None
    return np.linalg.solve(lower.T, np.linalg.solve(lower, right))


def _moved(w: Array, step: float, d: Array) -> Array:
    return (w + step * d.astype(np.float64)).astype(w.dtype)


def _dot(a: Array, b: Array) -> float:
    with np.errstate(all="ignore"):
        value = float(np.dot(a.astype(np.float64), b.astype(np.float64)))
    return inf if isnan(value) else value
