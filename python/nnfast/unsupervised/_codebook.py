"""What all codebooks share: units among the rows, of which the nearest speaks for a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nnfast import _backend, _threads, _validation

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    from nnfast._backend import Backend

    Array: TypeAlias = NDArray[Any]

KERNEL, SHUFFLE = 0, 3  # what random numbers are for: initial units, the order of rows
UNITS_LIMIT = 2**24  # a float32 counts up to here
BLOCK = 64  # rows that the core learns at once
OPERATIONS = 2**28  # of one call of the core: Ctrl-C is heard after each

Self = TypeVar("Self", bound="Codebook")


class Codebook:
    """Units and the rows that are nearest to them; see the classes that are made of it."""

    _distance = "euclidean"

    def __init__(self, dtype: Any, seed: int, threads: int | None, backend: str | None) -> None:
        self.dtype = _validation.network_dtype(dtype)
        self.seed = _validation.integer(seed, "seed", minimum=0, below=_validation.SEED_LIMIT)
        self.threads = None if threads is None else _validation.integer(threads, "threads")
        self.backend = _backend.select(backend)
        self._units: Array | None = None  # of the shape (units, columns)

    def transform(self, X: ArrayLike) -> Array:
        """Return the distances of the rows to all units, of the shape (rows, units).

        Parameters
        ----------
        X : array-like of shape (rows, columns)
        """
        units = self._learned()
        distances = self._distances(self._inputs(X, units.shape[1]), units)
        return np.sqrt(distances) if self._distance == "euclidean" else distances

    def quantization(self, X: ArrayLike) -> Array:
        """Return for each row the weights of the unit nearest to it: what is left of the row.

        Parameters
        ----------
        X : array-like of shape (rows, columns)

        Returns
        -------
        ndarray of shape (rows, columns)
        """
        units = self._learned()
        winners, _, _ = self._nearest(X)
        quantized: Array = units[winners]
        return quantized

    def quantization_error(self, X: ArrayLike) -> float:
        """Return the mean Euclidean distance of the rows to the units that win them.

        Parameters
        ----------
        X : array-like of shape (rows, columns)
        """
        units = self._learned()
        x = self._inputs(X, units.shape[1])
        winners, distances, _ = self._found(x)
        if self._distance == "euclidean":
            return float(np.sqrt(distances).mean(dtype=np.float64))
        total = 0.0
        for start in range(0, len(x), 4096):
            rows = slice(start, start + 4096)
            difference = x[rows].astype(np.float64) - units[winners[rows]]
            total += float(np.sqrt((difference**2).sum(axis=1)).sum())
        return total / len(x)

    def _inputs(self, X: object, columns: int | None, argument: str = "X") -> Array:
        return _validation.inputs(
            X, columns=columns, dtype=self.dtype, backend=self._core(), argument=argument
        )

    def _core(self) -> Backend:
        return _backend.module(self.backend)

    def _workers(self) -> int:
        return _threads.get_num_threads() if self.threads is None else self.threads

    def _learned(self) -> Array:
        if self._units is None:
            raise ValueError(f"this {type(self).__name__} has learned nothing yet; call fit")
        return self._units

    def _nearest(self, X: ArrayLike) -> tuple[Array, Array, Array]:
        """Return winners, distances (squares where Euclidean), and the second nearest units."""
        return self._found(self._inputs(X, self._learned().shape[1]))

    def _found(self, x: Array) -> tuple[Array, Array, Array]:
        first, distances, second = self._core().nearest_units(
            x, self._learned(), self._distance, self._workers()
        )
        return first.astype(np.intp), distances, second.astype(np.intp)

    def _distances(self, x: Array, units: Array) -> Array:
        """Return the distances of all rows to all units: squares where Euclidean."""
        distances = np.empty((len(x), len(units)), units.dtype)
        self._core().unit_distances(x, units, self._distance, distances, self._workers())
        return distances

    def _sample(self, x: Array, count: int, step: int = 0) -> Array:
        """Return some rows, each another as long as there are as many."""
        order = self._core().permutation(len(x), self.seed, KERNEL, step)
        rows = np.resize(order, count)
        return np.ascontiguousarray(x[rows], dtype=self.dtype)

    def _order(self, rows: int, epoch: int, shuffle: bool) -> Array:
        if not shuffle:
            return np.arange(rows, dtype=np.uint32)
        return self._core().permutation(rows, self.seed, SHUFFLE, epoch)

    def _steps(self, count: int, units: Array) -> Iterator[slice]:
        """Cut rows into calls of the core. They end between blocks: where changes no bit."""
        length = max(OPERATIONS // units.size // BLOCK, 1) * BLOCK
        for start in range(0, count, length):
            yield slice(start, start + length)

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self.backend = _backend.select_or_other(self.backend)

    def __copy__(self: Self) -> Self:
        # What was learned is not shared: learning goes on in place.
        from copy import deepcopy

        return deepcopy(self)


def rows_limit(x: Array) -> None:
    """Refuse tables whose rows 32 bits cannot number."""
    if len(x) >= 2**32:
        raise ValueError(f"X has {len(x)} rows; wanted are at most 4,294,967,295")
