"""Plain warnings, once each, when a run has gone wrong: what is looked at is cheap."""

from __future__ import annotations

import itertools
import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _architecture

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast._batches import Batches
    from nnfast._lessons import Lesson
    from nnfast.callbacks import History
    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]

ROWS = 64  # of X that are looked at
LARGEST = 1e3  # inputs beyond it saturate or explode most networks
SMALLEST = 1e-4  # inputs that are all below it hardly move one
EPOCHS = 5  # before which a network may well say the same of all rows
ROWS_PER_CLASS = 20  # with fewer, a class may be missing by chance
SCALING = ("Standardize", "BatchNorm", "LayerNorm")


class TrainingWarning(UserWarning):
    """Something in a training run is probably not as it was meant.

    Each is said once of a network: a loss that is NaN, infinite or grows; the same prediction for
    all rows; inputs that are not scaled; a class without rows.

    Examples
    --------
    >>> import warnings
    >>> import nnfast as nn
    >>> warnings.simplefilter("ignore", nn.TrainingWarning)
    """


def look(network: FeedForward, lesson: Lesson | Batches, run: History) -> None:
    """Warn of what has gone wrong in a run that is over."""
    losses = run.history.get("loss", [])
    _look_at_losses(network, losses)
    if getattr(lesson, "x", None) is None:
        return
    if "first" not in network._warned:
        network._warned.add("first")
        _look_at_inputs(network, lesson)
        _look_at_classes(network, lesson)
    if len(losses) >= EPOCHS and "constant" not in network._warned:
        _look_at_predictions(network, lesson)


def _look_at_losses(network: FeedForward, losses: list[float]) -> None:
    if losses and not math.isfinite(losses[-1]):
        _say(
            network,
            "loss",
            f"the loss is {losses[-1]}; try a smaller learning rate, scaled inputs or gradient "
            "clipping (nnfast.callbacks.TerminateOnNaN ends such runs)",
        )
    elif _grows(losses):
        _say(
            network,
            "loss",
            f"the loss grows: it was {min(losses):.4g} and is {losses[-1]:.4g}; try a smaller "
            "learning rate",
        )


def _say(network: FeedForward, what: str, sentence: str) -> None:
    if what not in network._warned:
        network._warned.add(what)
        # Where fit was called: from here through what looks, look and fit.
        warnings.warn(sentence, TrainingWarning, stacklevel=5)


def _grows(losses: list[float]) -> bool:
    """Tell whether a loss has risen three times in a row, to more than twice all that it was."""
    last = losses[-4:]
    rises = len(last) == 4 and all(a < b for a, b in itertools.pairwise(last))
    return rises and losses[-1] > 2 * max(losses[0], min(losses)) and min(losses) >= 0


def _sample(lesson: Any) -> Array:
    """Return the numbers of some rows, evenly spaced."""
    places = np.unique(np.linspace(0, lesson.length - 1, ROWS).astype(np.intp))
    return places if lesson.rows is None else lesson.rows[places]


def _look_at_inputs(network: FeedForward, lesson: Any) -> None:
    if type(network.layers[1]).__name__ in SCALING:
        return
    scale = abs(_architecture.input_scale(network.layers))
    largest = np.abs(lesson.x[_sample(lesson)].astype(np.float64)).max(axis=0) * scale
    column = int(largest.argmax())
    if largest[column] > LARGEST:
        _say(
            network,
            "inputs",
            f"X holds values as large as {largest[column]:.4g} in column {column}; networks learn "
            "better from columns of mean 0 and deviation 1",
        )
    elif 0 < largest[column] < SMALLEST:
        _say(
            network,
            "inputs",
            f"X holds no value larger than {largest[column]:.4g} in {ROWS} of its rows; networks "
            "learn better from columns of deviation 1",
        )


def _look_at_classes(network: FeedForward, lesson: Any) -> None:
    values = lesson.target.values
    if values.ndim != 1 or lesson.length < ROWS_PER_CLASS * network.outputs:
        return
    values = values if lesson.rows is None else values[lesson.rows]
    missing = np.flatnonzero(np.bincount(values, minlength=network.outputs) == 0)
    if len(missing):
        known = lesson.classes if lesson.classes is not None else np.arange(network.outputs)
        listed = ", ".join(map(repr, known[missing[:10]].tolist()))
        more = ", ..." if len(missing) > 10 else ""
        _say(
            network,
            "classes",
            f"no row is of the class {listed}{more}, for which the network has an output",
        )


def _look_at_predictions(network: FeedForward, lesson: Any) -> None:
    rows = _sample(lesson)
    x, y = lesson.x[rows], lesson.target.values[rows]
    if not (np.ptp(x, axis=0).any() and np.ptp(y, axis=0).any()):
        return
    outputs = network._network.predict(np.ascontiguousarray(x), 1, None)
    if np.isfinite(outputs).all() and not np.ptp(outputs, axis=0).any():
        _say(
            network,
            "constant",
            f"the network says the same of {len(rows)} different rows; diagnose(X, y) may show "
            "where its units are dead or saturated",
        )
