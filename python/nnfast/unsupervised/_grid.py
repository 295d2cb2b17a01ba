"""Where the units of a map lie, which are neighbours, and what that says of their weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EIGHT = tuple((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0))
# A row that is shifted to the left has its upper and lower neighbours at columns -1 and 0.
SIX_SHIFTED = ((-1, 0), (1, 0), (-1, 1), (0, 1), (-1, -1), (0, -1))
SIX_OTHERS = ((-1, 0), (1, 0), (0, 1), (1, 1), (0, -1), (1, -1))


class Grid:
    """A grid of x columns and y rows."""

    def __init__(self, x: int, y: int, hexagonal: bool, wrap: bool) -> None:
        self.x, self.y, self.hexagonal, self.wrap = x, y, hexagonal, wrap

    @property
    def positions(self) -> NDArray[np.float64]:
        """The places of the units, of the shape (x, y, 2)."""
        columns, rows = np.meshgrid(np.arange(self.x), np.arange(self.y), indexing="ij")
        places = np.stack([columns, rows], axis=2).astype(np.float64)
        if self.hexagonal:
            places[:, :, 0] -= 0.5 * self._shifted
            places[:, :, 1] *= np.sqrt(3.0) / 2
        return places

    @property
    def _shifted(self) -> NDArray[np.bool_]:
        """Which rows are shifted to the left: every second, the last among them."""
        shifted: NDArray[np.bool_] = (self.y - 1 - np.arange(self.y)) % 2 == 0
        return shifted

    def adjacent(self, one: NDArray[np.intp], two: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return whether units of these numbers are neighbours (or the same)."""
        places = self.positions.reshape(-1, 2)
        apart = np.abs(places[one] - places[two])
        if self.wrap:
            around = np.array([self.x, self.y * (np.sqrt(3.0) / 2 if self.hexagonal else 1.0)])
            apart = np.minimum(apart, around - apart)
        if self.hexagonal:
            near: NDArray[np.bool_] = (apart**2).sum(axis=1) < 1.5
            return near
        near = apart.max(axis=1) < 1.5
        return near

    def distance_map(self, weights: NDArray[np.float64], mean: bool) -> NDArray[np.float64]:
        """Return each unit's distances to its neighbours, their mean or sum, the largest 1."""
        total = np.zeros((self.x, self.y))
        count = np.zeros((self.x, self.y))
        columns, rows = np.meshgrid(np.arange(self.x), np.arange(self.y), indexing="ij")
        offsets = list(zip(SIX_SHIFTED, SIX_OTHERS, strict=True))
        if not self.hexagonal:
            offsets = [(offset, offset) for offset in EIGHT]
        shifted = np.broadcast_to(self._shifted, (self.x, self.y))
        for (i, j), (other_i, other_j) in offsets:
            near_i = columns + np.where(shifted, i, other_i)
            near_j = rows + np.where(shifted, j, other_j)
            if self.wrap:
                near_i, near_j = near_i % self.x, near_j % self.y
            inside = (near_i >= 0) & (near_i < self.x) & (near_j >= 0) & (near_j < self.y)
            difference = weights[inside] - weights[near_i[inside], near_j[inside]]
            total[inside] += np.sqrt((difference**2).sum(axis=1))
            count[inside] += 1
        if mean:
            total /= np.maximum(count, 1)
        largest = total.max()
        return total / largest if largest > 0 else total


def principal_plane(x: NDArray[Any], columns: int, rows: int) -> NDArray[np.float64]:
    """Spread a grid over the first two principal components, two standard deviations each way."""
    count = 0
    total = np.zeros(x.shape[1])
    product = np.zeros((x.shape[1], x.shape[1]))
    shift = x[0].astype(
        np.float64
    )  # of variances that are small beside the mean much would be lost
    for start in range(0, len(x), 4096):
        part = x[start : start + 4096].astype(np.float64) - shift
        count += len(part)
        total += part.sum(axis=0)
        product += part.T @ part
    mean = total / count
    covariance = (product - count * np.outer(mean, mean)) / max(count - 1, 1)
    values, vectors = np.linalg.eigh(covariance)
    axes = vectors[:, [-1, -2]] * np.sqrt(np.maximum(values[[-1, -2]], 0.0))
    # A component's sign is arbitrary: its largest part points up.
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    i, j = np.meshgrid(np.linspace(-2, 2, columns), np.linspace(-2, 2, rows), indexing="ij")
    if columns == 1:
        i[:] = 0.0
    if rows == 1:
        j[:] = 0.0
    plane: NDArray[np.float64] = np.stack([i.ravel(), j.ravel()], axis=1) @ axes.T + mean + shift
    return plane
