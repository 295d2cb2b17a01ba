"""The learning rate range test: one short run with a rate that rises, and what it shows."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast import _architecture, _backend, _rates, _validation
from nnfast.schedules import ExponentialDecay

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from nnfast.network import FeedForward

SHUFFLE = 3  # the purpose of these random numbers
DIVERGED = 4.0  # times the least loss: fastai's limit


class LearningRateRange(NamedTuple):
    """What `FeedForward.find_learning_rate` returns: losses by learning rate, and a suggestion.

    Attributes
    ----------
    rates : ndarray of shape (steps,)
        The learning rate of each step, rising by the same factor from one to the next.
    losses : ndarray of shape (steps,)
        The loss of each step's rows, smoothed.
    raw_losses : ndarray of shape (steps,)
        The same as it was measured.
    suggestion : float
        The rate at which the smoothed loss falls fastest, by the logarithm of the rate, but a tenth
        of that at which it is least if this is smaller.
    """

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    raw_losses: NDArray[np.float64]
    suggestion: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the losses by learning rate: see `nnfast.plot.learning_rate_range`."""
        from nnfast import plot

        return plot.learning_rate_range(self, ax)

    def __repr__(self) -> str:
        return (
            f"<LearningRateRange of {len(self.rates)} steps from {self.rates[0]:.3g} to "
            f"{self.rates[-1]:.3g}, suggestion={self.suggestion:.3g}>"
        )


def find(
    network: FeedForward,
    X: object,
    y: object,
    *,
    minimum: float,
    maximum: float,
    steps: int,
    batch_size: int,
    smoothing: float,
) -> LearningRateRange:
    """Train a copy of the network, step by step, with ever larger rates."""
    minimum = _validation.number(minimum, "minimum", above=0.0)
    maximum = _validation.number(maximum, "maximum", above=minimum)
    steps = _validation.integer(steps, "steps", minimum=10)
    batch_size = _validation.integer(batch_size, "batch_size")
    smoothing = _validation.number(smoothing, "smoothing", minimum=0.0)
    _architecture.refuse_untrainable(network.layers)
    ratio = (maximum / minimum) ** (1.0 / (steps - 1))
    rising = ExponentialDecay(minimum, 1, ratio)
    network.optimizer.with_learning_rate(minimum, "the rate of find_learning_rate")

    # The network itself is never touched: whatever happens, it is as it was.
    probe = copy.deepcopy(network)
    probe.compile(probe.optimizer, probe.loss, [])
    _rates.change(probe, rising)
    x, target, _ = probe._data(X, y, None)
    probe._compile_for(target.loss)
    rates: list[float] = []
    losses: list[float] = []
    least, recent = math.inf, 0.0
    for rows in _batches(len(x), min(batch_size, len(x)), steps, probe.seed):
        rates.append(probe._network.learning_rate())
        [loss] = probe._network.train_batch(x[rows], target.values[rows], probe.threads)
        losses.append(loss)
        # Only for the question whether to go on; its weights sum to 1 from the first step on.
        recent = 0.9 * recent + 0.1 * loss
        average = recent / (1.0 - 0.9 ** len(losses))
        least = min(least, average)
        if not math.isfinite(loss) or average > DIVERGED * least:
            break
    measured = np.array(losses)
    count = len(measured)
    whole = np.isfinite(measured)
    if whole.sum() < 3:
        raise ValueError(
            f"minimum is {minimum!r}, at which the loss is not finite after {count} steps; wanted "
            "is a smaller one"
        )
    smooth = _smoothed(measured[whole], smoothing)
    kept = np.array(rates)[whole]
    return LearningRateRange(kept, smooth, measured[whole], _suggested(kept, smooth))


def _batches(rows: int, size: int, steps: int, seed: int) -> Any:
    """Yield the rows of each step: all of them, in another order each time around."""
    order = np.zeros(0, dtype=np.uint32)
    around = 0
    for _ in range(steps):
        if len(order) < size:
            more = _backend.get().permutation(rows, seed, SHUFFLE, around)
            order, around = np.concatenate([order, more]), around + 1
        yield order[:size]
        order = order[size:]


def _smoothed(values: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Return means of the neighbours, weighed by a bell curve of this deviation, in steps."""
    if width == 0.0:
        return np.array(values)
    places = np.arange(len(values))
    weights = np.exp(-0.5 * ((places[:, None] - places) / width) ** 2)
    result: NDArray[np.float64] = weights @ values / weights.sum(axis=1)
    return result


def _suggested(rates: NDArray[np.float64], losses: NDArray[np.float64]) -> float:
    """Return the rate where the loss falls fastest, well below the one where it is least.

    Where few steps learn much, the fastest fall is close to the edge, and many steps at such a rate
    would go over it.
    """
    last = int(np.argmin(losses))
    if last < 2:
        return float(rates[0])
    slopes = np.gradient(losses[: last + 1], np.log(rates[: last + 1]))
    return float(min(rates[int(np.argmin(slopes))], 0.1 * rates[last]))
