"""Self-organizing maps.

Kohonen, "Self-organized formation of topologically correct feature maps", Biological Cybernetics 43
(1982), and his book *Self-Organizing Maps* (3rd edition, 2001).

Letters: x a row, w the unit's weights, c the winner, h how strongly it draws a unit, sigma how far
around it.
"""

# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, take_rows
from .codebooks import distances, nearest_units, unit_sums


class Grid:
    """The places of a map's units, and the neighbourhood of each.

    Parameters
    ----------
    config : str
        JSON with ``x``, ``y``, ``topology``, ``neighborhood_function`` and ``wrap``. Unit
        ``i * y + j`` lies at column i and row j. On a hexagonal grid every second row, the last one
        among them, is shifted by half a unit, and rows are sqrt(3) / 2 apart: so each unit inside
        has six neighbours at distance 1. With ``wrap`` the map has no edges.

    Examples
    --------
    >>> grid = Grid('{"x": 3, "y": 1, "topology": "rectangular", "neighborhood_function": "bubble",'
    ...             ' "wrap": false}')
    >>> grid.influence(0, sigma=1.5).tolist()
    [1.0, 1.0, 0.0]
    """

    def __init__(self, config: str) -> None:
        map = json.loads(config)
        self.function: str = map["neighborhood_function"]
        self.hexagonal = map["topology"] == "hexagonal"
        self.wrap: bool = map["wrap"]
        columns, rows = np.meshgrid(np.arange(map["x"]), np.arange(map["y"]), indexing="ij")
        height = np.sqrt(3.0) / 2 if self.hexagonal else 1.0
        shift = 0.5 * ((map["y"] - 1 - rows) % 2 == 0) if self.hexagonal else 0.0
        self.places = np.stack([(columns - shift).ravel(), (rows * height).ravel()])
        self.around = np.array([[map["x"]], [map["y"] * height]])

    def influence(self, c: int, sigma: float) -> NDArray[np.float64]:
        """Return how strongly the winner c draws each unit, shape (units,)."""
        d = np.abs(self.places - self.places[:, c : c + 1])
        if self.wrap:
            d = np.minimum(d, self.around - d)
        square = d[0] ** 2 + d[1] ** 2
        if self.function == "gaussian":
            return np.exp(-square / (2 * sigma**2))
        if self.function == "mexican_hat":
            return np.exp(-square / (2 * sigma**2)) * (1 - square / sigma**2)
        if self.function == "bubble":
            # On a hexagonal grid, distances that are sigma itself are only almost so.
            limit = sigma**2 * (1 - 1e-5)
            inside = square < limit if self.hexagonal else (d < sigma).all(axis=0)
            return inside.astype(np.float64)
        # A triangle: along both axes of a rectangular grid, along the distance of a hexagonal one.
        along = np.sqrt(square)[np.newaxis] if self.hexagonal else d
        return np.maximum(1 - along / sigma, 0.0).prod(axis=0)


def map_online(
    x: NDArray[Any],
    weights: Array,
    config: str,
    distance: str,
    order: NDArray[np.uint32],
    rates: NDArray[np.float64],
    sigmas: NDArray[np.float64],
    threads: int,
) -> None:
    """Show rows one after another: c wins, and every unit moves, w += rate h (x - w), in place.

    Parameters
    ----------
    x : ndarray of shape (rows, columns)
        float32, float64 or uint8, any strides.
    weights : ndarray of shape (units, columns)
        Changed in place.
    config : str
        See `Grid`.
    distance : {"euclidean", "manhattan", "chebyshev"}
        By which the winner is found.
    order : ndarray of uint32
        Which rows, in which order.
    rates, sigmas : ndarray of float64
        The learning rate and the neighbourhood's width for each of them.
    threads : int
        NumPy's own affair here.
    """
    grid = Grid(config)
    for row, rate, sigma in zip(order, rates, sigmas, strict=True):
        sample = take_rows(x, np.array([row]), weights.dtype)
        c = int(distances(sample, weights, distance)[0].argmin())
        h = grid.influence(c, sigma)
        weights += (rate * h)[:, np.newaxis].astype(weights.dtype) * (sample - weights)


def map_batch(
    x: NDArray[Any],
    weights: Array,
    config: str,
    distance: str,
    rate: float,
    sigma: float,
    threads: int,
) -> None:
    """Move all units once, in place: each towards the mean of all rows, weighted by h.

    m = sum_rows h(c(row), unit) x / sum_rows h(c(row), unit); w = (1 - rate) w + rate m. Units
    whose weights do not add up to more than zero stay. Kohonen, "Essentials of the self-organizing
    map", Neural Networks 37 (2013), section 4.2, where the rate is 1.
    """
    grid = Grid(config)
    winners, _, _ = nearest_units(x, weights, distance, threads)
    sums = np.zeros_like(weights)
    counts = unit_sums(x, winners, sums, threads)
    h = np.stack([grid.influence(c, sigma) for c in range(len(weights))]).astype(weights.dtype)
    total = counts.astype(weights.dtype) @ h
    drawn = total > 0
    means = (h.T @ sums)[drawn] / total[drawn, np.newaxis]
    weights[drawn] = (1 - rate) * weights[drawn] + rate * means
