"""The numbers of a report that are no metrics of the library's: calibration, mistakes, times."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast import _calibration

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.network import FeedForward
    from nnfast.report._subject import Subject

    Array: TypeAlias = NDArray[Any]

BINS = 10
MOST_ROWS = 20_000  # that are predicted at once to be timed
SECONDS = 0.15  # how long each is timed


class Calibration(NamedTuple):
    """How often what was said with a probability came true, in bins of equal width."""

    said: Array  # the mean probability, NaN in an empty bin
    true: Array  # the share that came true
    counts: Array
    error: float  # the mean distance of both, weighted by the rows


def calibration(probabilities: Array, came_true: Array) -> Calibration:
    """Return how far probabilities can be believed.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017,
    equation 3.
    """
    found = _calibration.calibration(probabilities, came_true, bins=BINS)
    return Calibration(found.predicted, found.observed, found.counts, found.error)


def worst(subject: Subject, count: int) -> tuple[Array, bool]:
    """Return the rows of which the network is most wrong, and whether it is wrong of them at all.

    Of classes those first whose class has the least probability; of several answers those with the
    most wrong ones; of numbers those that are farthest off, each output measured by its deviation.
    """
    if subject.kind == "numbers":
        scale = subject.values.std(axis=0)
        off = np.abs(subject.predicted - subject.values) / np.where(scale > 0, scale, 1.0)
        rank = -off.sum(axis=1)
        wrong = rank < 0
    elif subject.kind == "answers":
        wrong_answers = subject.said != subject.true
        distance = np.abs(subject.answers.outputs - subject.answers.threshold)
        rank = -(wrong_answers.sum(axis=1) + (wrong_answers * _squashed(distance)).sum(axis=1))
        wrong = wrong_answers.any(axis=1)
    else:
        wrong = subject.said != subject.true
        if subject.has_probabilities:
            rank = subject.probabilities[np.arange(subject.rows), subject.true]
        else:
            distance = np.abs(subject.answers.outputs[:, 0] - subject.answers.threshold)
            rank = np.where(wrong, -distance, distance)
    candidates = np.flatnonzero(wrong) if wrong.any() else np.arange(subject.rows)
    order = candidates[np.argsort(rank[candidates], kind="stable")]
    return order[:count], bool(wrong.any())


def _squashed(distance: Array) -> Array:
    """Return distances below 1, in their order: a wrong answer more counts more than any."""
    return np.asarray(distance / (1.0 + distance.sum(axis=1, keepdims=True)))


class Speed(NamedTuple):
    """How fast the network predicts."""

    rows: int  # at once
    rows_per_second: float
    one_row: float  # seconds


def speed(network: FeedForward, x: Array) -> Speed:
    """Measure how fast the network predicts, many rows at once and one alone."""
    many, one = np.ascontiguousarray(x[:MOST_ROWS]), np.ascontiguousarray(x[:1])
    return Speed(len(many), len(many) / _fastest(network, many), _fastest(network, one))


def _fastest(network: FeedForward, x: Array) -> float:
    """Return the least time of as many calls as there is time for, at least three."""
    network.predict(x)
    best, begun, calls = np.inf, time.perf_counter(), 0
    while calls < 3 or time.perf_counter() - begun < SECONDS:
        started = time.perf_counter()
        network.predict(x)
        best = min(best, time.perf_counter() - started)
        calls += 1
    return max(float(best), 1e-9)
