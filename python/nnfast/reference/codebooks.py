"""Codebooks: units that stand for the rows around them.

Competitive learning: Rumelhart and Zipser, "Feature discovery by competitive learning", Cognitive
Science 9 (1985). Learning vector quantization: Kohonen, *Self-Organizing Maps*, section 6.2; Sato
and Yamada, "Generalized learning vector quantization", NIPS 8 (1996).

Letters: x a row, w a unit's weights, d a distance.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, take_rows

ROWS_AT_ONCE = 256


def distances(x: Array, weights: Array, distance: str) -> Array:
    """Measure rows against units, shape (rows, units); Euclidean distances are squared.

    Examples
    --------
    >>> x, w = np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [1.0, 0.0]])
    >>> [distances(x, w, name).tolist() for name in ("euclidean", "manhattan", "chebyshev")]
    [[[25.0, 1.0]], [[7.0, 1.0]], [[4.0, 1.0]]]
    """
    found: Array = np.empty((len(x), len(weights)), weights.dtype)
    for row, sample in enumerate(x):  # a row at a time: all differences at once may not fit
        difference = sample - weights
        if distance == "euclidean":
            found[row] = (difference**2).sum(axis=1)
        elif distance == "manhattan":
            found[row] = np.abs(difference).sum(axis=1)
        else:
            found[row] = np.abs(difference).max(axis=1)
    return found


def nearest_units(
    x: NDArray[Any], weights: Array, distance: str, threads: int
) -> tuple[NDArray[np.uint32], Array, NDArray[np.uint32]]:
    """Find the nearest unit of each row, its distance, and the second nearest; the first of equals.

    Parameters
    ----------
    x : ndarray of shape (rows, columns)
        float32, float64 or uint8, any strides.
    weights : ndarray of shape (units, columns)
    distance : {"euclidean", "manhattan", "chebyshev"}
    threads : int
        NumPy's own affair here.

    Returns
    -------
    winners : ndarray of uint32, shape (rows,)
    distances : ndarray, shape (rows,)
        Squares where the distance is Euclidean.
    seconds : ndarray of uint32, shape (rows,)
        The winner again where there is but one unit.

    Examples
    --------
    >>> units = np.array([[0.0], [2.0], [2.0]])
    >>> [found.tolist() for found in nearest_units(np.array([[1.5]]), units, "euclidean", 1)]
    [[1], [0.25], [2]]
    """
    winners = np.empty(len(x), np.uint32)
    seconds = np.empty(len(x), np.uint32)
    least = np.empty(len(x), weights.dtype)
    for start in range(0, len(x), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        d = distances(take_rows(x, rows, weights.dtype), weights, distance)
        best = np.argsort(d, axis=1, kind="stable")
        winners[rows] = best[:, 0]
        seconds[rows] = best[:, min(1, len(weights) - 1)]
        least[rows] = d.min(axis=1)
    return winners, least, seconds


def unit_distances(
    x: NDArray[Any], weights: Array, distance: str, out: Array, threads: int
) -> None:
    """Write the distances of all rows to all units into `out`, shape (rows, units)."""
    for start in range(0, len(x), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        out[rows] = distances(take_rows(x, rows, weights.dtype), weights, distance)


def unit_sums(
    x: NDArray[Any], winners: NDArray[np.uint32], sums: Array, threads: int
) -> NDArray[np.int64]:
    """Sum the rows of each winner into `sums`, shape (units, columns), and count them."""
    sums[:] = 0
    for start in range(0, len(x), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        np.add.at(sums, winners[rows], take_rows(x, rows, sums.dtype))
    return np.bincount(winners, minlength=len(sums)).astype(np.int64)


def competitive_online(
    x: NDArray[Any],
    weights: Array,
    wins: NDArray[np.float64],
    order: NDArray[np.uint32],
    rates: NDArray[np.float64],
    threads: int,
) -> None:
    """Show rows one after another; the winner moves, w += rate (x - w), in place.

    Where `wins`, how often each unit has won, is not empty, it is counted on, and the winner is the
    unit of the least wins * d: frequency-sensitive competition, Ahalt et al., "Competitive learning
    algorithms for vector quantization", Neural Networks 3 (1990).
    """
    for row, rate in zip(order, rates, strict=True):
        sample = take_rows(x, np.array([row]), weights.dtype)
        d = distances(sample, weights, "euclidean")[0].astype(np.float64)
        winner = int((d * wins if wins.size else d).argmin())
        if wins.size:
            wins[winner] += 1
        weights[winner] += weights.dtype.type(rate) * (sample[0] - weights[winner])


def lvq_online(
    x: NDArray[Any],
    classes: NDArray[np.uint32],
    weights: Array,
    prototype_classes: NDArray[np.uint32],
    rule: str,
    order: NDArray[np.uint32],
    rates: NDArray[np.float64],
    threads: int,
) -> int:
    """Show rows one after another, and move prototypes, in place; count the mistakes on the way.

    The rule is JSON. ``{"name": "lvq1"}``: the nearest prototype moves, w += rate (x - w) if it is
    of the row's class, else w -= rate (x - w). ``{"name": "glvq", "steepness": b}``: with d1, w1
    the nearest of the row's class, d2, w2 the nearest of another, mu = (d1 - d2) / (d1 + d2) and
    f(mu) = 1 / (1 + exp(-b mu)), or mu where b is null,

        w1 += rate f'(mu) d2 / (d1 + d2)^2 (x - w1)
        w2 -= rate f'(mu) d1 / (d1 + d2)^2 (x - w2)

    a step down the gradient of f(mu), whose factor of 4 belongs to the rate.
    """
    chosen = json.loads(rule)
    mistakes = 0
    for row, rate in zip(order, rates, strict=True):
        sample = take_rows(x, np.array([row]), weights.dtype)
        d = distances(sample, weights, "euclidean")[0].astype(np.float64)
        same = prototype_classes == classes[row]
        nearest = int(d.argmin())
        mistakes += not same[nearest]
        difference = sample[0] - weights
        if chosen["name"] == "lvq1":
            sign = 1 if same[nearest] else -1
            weights[nearest] += weights.dtype.type(sign * rate) * difference[nearest]
            continue
        if same.all() or not same.any():
            continue
        one = int(np.where(same, d, np.inf).argmin())
        two = int(np.where(same, np.inf, d).argmin())
        total = d[one] + d[two]
        if total > 0:
            pull = rate * _slope((d[one] - d[two]) / total, chosen["steepness"]) / total**2
            weights[one] += weights.dtype.type(pull * d[two]) * difference[one]
            weights[two] -= weights.dtype.type(pull * d[one]) * difference[two]
    return mistakes


def _slope(mu: float, steepness: float | None) -> float:
    """Return f'(mu)."""
    if steepness is None:
        return 1.0
    f = 1 / (1 + np.exp(-steepness * mu))
    return float(steepness * f * (1 - f))
