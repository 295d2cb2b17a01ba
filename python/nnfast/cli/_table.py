"""Files of named columns: what is read of each, and as what."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.cli._errors import missing
from nnfast.tables import MISSING

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]
    Block: TypeAlias = dict[str, Array]

BLOCK_ROWS = 16_384  # of what is not text


@dataclass(frozen=True)
class Reading:
    """How a file is to be read, where it does not say so itself."""

    format: str | None = None
    separator: str | None = None
    header: bool = True
    encoding: str = "utf-8"
    decimal: str = "."
    array: str | None = None  # of an NPZ file, the one that holds the rows


class Table:
    """A file of named columns."""

    path: str
    names: list[str]
    decimal = "."
    missing: Collection[str] = MISSING  # words that say that a value is missing

    def blocks(self, names: Sequence[str], words: Sequence[str] = ()) -> Iterator[Block]:
        """Yield some of the columns, some rows at a time.

        Parameters
        ----------
        names : sequence of str
            Of the columns; others are not read.
        words : sequence of str
            Those of them that stay words, where the file holds text. The others become numbers if
            all of a block's words are, or are missing.
        """
        for block in self._blocks(list(names)):
            yield {name: self._column(one, name in words) for name, one in block.items()}

    def whole(self, names: Sequence[str], words: Sequence[str] = ()) -> Block:
        """Return some of the columns, whole."""
        import pyarrow as pa

        parts = list(self._blocks(list(names)))
        if not parts:
            raise ValueError(f"{self.path!r} has a header and no rows")
        return {
            name: self._column(pa.chunked_array([part[name] for part in parts]), name in words)
            for name in names
        }

    def _blocks(self, names: list[str]) -> Iterator[dict[str, Any]]:
        raise NotImplementedError

    def _column(self, values: Any, stays: bool) -> Array:
        """Return a column of Arrow's as float64 with NaN, or as words with None."""
        import pyarrow as pa
        from pyarrow import compute

        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        kind = values.type
        if pa.types.is_dictionary(kind):
            values, kind = values.cast(kind.value_type), kind.value_type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return _numbers(values.cast(pa.float64(), safe=False))
        if pa.types.is_null(kind) or pa.types.is_boolean(kind) or pa.types.is_temporal(kind):
            values = values.cast(pa.string())
        elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise ValueError(
                f"{self.path!r} has a column of the type {kind}; wanted are numbers or words"
            )
        trimmed = compute.utf8_trim_whitespace(values)
        numbers = None if stays else self._as_numbers(trimmed)
        return _words(trimmed) if numbers is None else numbers

    def _as_numbers(self, words: Any) -> Array | None:
        """Return words as the numbers that they are, if there are some and all are."""
        import pyarrow as pa
        from pyarrow import compute

        gaps = compute.is_in(words, value_set=pa.array(list(self.missing), words.type))
        there = compute.if_else(gaps, pa.scalar(None, words.type), words)
        if self.decimal == ",":
            there = compute.replace_substring(there, ".", "")
            there = compute.replace_substring(there, ",", ".")
        try:
            numbers = _numbers(there.cast(pa.float64()))
        except pa.ArrowInvalid:
            return None
        return None if np.isinf(numbers).any() or there.null_count == len(there) else numbers


class ParquetTable(Table):
    """A Parquet file: its columns have types."""

    def __init__(self, path: str) -> None:
        pa = pyarrow()
        from pyarrow import parquet

        try:
            self._file = parquet.ParquetFile(path)
        except pa.ArrowInvalid as error:
            raise ValueError(f"{path!r} is no whole Parquet file: {error}") from None
        self.path, self.names = path, list(self._file.schema_arrow.names)

    def _blocks(self, names: list[str]) -> Iterator[dict[str, Any]]:
        for batch in self._file.iter_batches(BLOCK_ROWS, columns=names):
            yield {name: batch.column(name) for name in names}


class ArrayTable(Table):
    """Columns that are in memory, as those of an NPZ file are."""

    def __init__(self, path: str, columns: Block) -> None:
        self.path, self.names, self._columns = path, list(columns), columns

    def blocks(self, names: Sequence[str], words: Sequence[str] = ()) -> Iterator[Block]:
        """Yield some of the columns, some rows at a time."""
        whole = self.whole(names)
        length = len(next(iter(whole.values()), ()))
        for first in range(0, length, BLOCK_ROWS):
            yield {name: values[first : first + BLOCK_ROWS] for name, values in whole.items()}

    def whole(self, names: Sequence[str], words: Sequence[str] = ()) -> Block:
        """Return some of the columns, whole."""
        return {name: self._columns[name] for name in names}


def pyarrow(what: str = "reading a table") -> Any:
    """Return pyarrow, or say how to get it and what wants it."""
    try:
        import pyarrow
    except ImportError:
        raise missing(what, "pyarrow", "cli") from None
    return pyarrow


def _words(values: Any) -> Array:
    """Return words as objects, each different one once in memory."""
    encoded = values.dictionary_encode()
    different: Array = np.array([*encoded.dictionary.to_pylist(), None], dtype=object)
    places = encoded.indices.fill_null(len(different) - 1).to_numpy()
    words: Array = different[places]
    return words


def _numbers(values: Any) -> Array:
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)
