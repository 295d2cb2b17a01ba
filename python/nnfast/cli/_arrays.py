"""Files of arrays, whose columns have but places: NPY, and NPZ, which may hold columns too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.cli import _table
from nnfast.cli._table import ArrayTable, Reading, Table

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]
    Block: TypeAlias = dict[str, Array]


class Rows:
    """An array of rows; of an NPY file they stay on the disk until they are asked for."""

    def __init__(self, path: str, values: Array, others: Block | None = None) -> None:
        if values.ndim == 0 or len(values) == 0:
            raise ValueError(f"{path!r} has no rows")
        if values.dtype.kind not in "buifU":
            raise ValueError(f"{path!r} holds {values.dtype}; wanted are numbers or strings")
        self.path, self.values = path, values
        self.others = others or {}  # of the same file, by name

    def __len__(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a row."""
        return tuple(self.values.shape[1:])

    @property
    def width(self) -> int:
        """The number of a row's values."""
        return int(np.prod(self.shape, dtype=np.int64))

    def flat(self) -> Array:
        """Return all rows, (rows, width)."""
        return self.values.reshape(len(self.values), -1)

    def blocks(self) -> Iterator[Array]:
        """Yield the rows, (rows, width), some at a time."""
        for first in range(0, len(self.values), _table.BLOCK_ROWS):
            block = self.values[first : first + _table.BLOCK_ROWS]
            yield np.ascontiguousarray(block.reshape(len(block), -1))


def memory_mapped(path: str) -> Array:
    try:
        loaded: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise ValueError(f"{path!r} cannot be read: {error}") from None
    return loaded


def _as_words(values: Array) -> Array:
    """Return a column of strings as words, which may be missing."""
    return values.astype(object) if values.dtype.kind == "U" and values.ndim == 1 else values


def npz(path: str, reading: Reading) -> Table | Rows:
    """Return the arrays of an NPZ file: one of rows, or columns of one length."""
    import zipfile

    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: _as_words(file[name]) for name in file.files}
    except (ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path!r} cannot be read: {error}") from None
    name = reading.array
    if name is not None:
        if name not in arrays:
            raise ValueError(f"{path!r} has no array {name!r}; it has {', '.join(arrays)}")
        return Rows(path, arrays.pop(name), arrays)
    wide = [name for name, values in arrays.items() if values.ndim > 1]
    if len(wide) == 1:
        return Rows(path, arrays.pop(wide[0]), arrays)
    if wide:
        raise ValueError(
            f"{path!r} has several arrays of rows, {', '.join(wide)}; wanted is --array with one"
        )
    return ArrayTable(path, arrays)
