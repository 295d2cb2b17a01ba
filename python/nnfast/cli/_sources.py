"""Files of rows: which kind one is, and its rows, whole or block by block.

A file is a *table*, of named columns (CSV, TSV, Parquet, NPZ of columns), or an *array* (NPY, NPZ,
IDX), whose columns have their places alone. Of a table only those columns are read that are asked
for; of neither more than a block has to be in memory, where the format allows it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from csv import reader as csv_reader
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from nnfast.cli._errors import Misused, missing
from nnfast.tables import MISSING

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]
    Block: TypeAlias = dict[str, Array]

FORMATS = ("csv", "tsv", "parquet", "npy", "npz", "idx")
COMPRESSED = (".gz", ".bz2", ".zst", ".lz4")
BEGINNINGS = {b"PAR1": "parquet", b"\x93NUMPY": "npy", b"PK\x03\x04": "npz"}
BLOCK_ROWS = 16_384
BLOCK_BYTES = 1 << 20  # of a text file
SEPARATORS = (",", ";", "\t", "|", " ")


@dataclass(frozen=True)
class Reading:
    """How a file is to be read, where it does not say so itself."""

    format: str | None = None
    separator: str | None = None
    header: bool = True
    encoding: str = "utf-8"
    decimal: str = "."
    array: str | None = None  # of an NPZ file, the one that holds the rows


def format_of(path: str, asked: str | None) -> str:
    """Return which of `FORMATS` a file is, by what is asked, its name, or its first bytes."""
    if asked is not None:
        return asked
    if path == "-":
        return "csv"
    name = PurePath(path).name.lower()
    for suffix in COMPRESSED:
        name = name.removesuffix(suffix)
    suffix = PurePath(name).suffix
    by_suffix = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".parquet": "parquet"}
    by_suffix |= {".pq": "parquet", ".npy": "npy", ".npz": "npz", ".txt": "csv"}
    if suffix in by_suffix:
        return by_suffix[suffix]
    if "idx" in name and "ubyte" in name:
        return "idx"
    with open(path, "rb") as file:
        start = file.read(1024)
    for beginning, kind in BEGINNINGS.items():
        if start.startswith(beginning):
            return kind
    if suffix == ".idx":
        return "idx"
    if start.startswith(b"\x1f\x8b") or not set(start) & set(range(9)):  # text has no such bytes
        return "csv"
    raise ValueError(
        f"{path!r} has no ending that says what it is; wanted is --format with one of "
        f"{', '.join(FORMATS)}"
    )


def open_rows(path: str, reading: Reading) -> Table | Rows:
    """Return a file's rows, of which nothing but the beginning has been read."""
    if path != "-":
        if not os.path.exists(path):
            raise FileNotFoundError(f"there is no file {path!r}")
        if os.path.isdir(path):
            raise IsADirectoryError(f"{path!r} is a folder; wanted is a file")
    kind = format_of(path, reading.format)
    if path == "-" and kind not in ("csv", "tsv"):
        raise Misused(f"standard input is read as csv or tsv; {kind} wants a file")
    if kind in ("csv", "tsv"):
        return TextTable(path, reading, kind)
    if kind == "parquet":
        return ParquetTable(path)
    if kind == "npz":
        return _npz(path, reading)
    if kind == "npy":
        return Rows(path, _memory_mapped(path))
    from nnfast.datasets import read_idx

    return Rows(path, read_idx(path))


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
        for first in range(0, len(self.values), BLOCK_ROWS):
            block = self.values[first : first + BLOCK_ROWS]
            yield np.ascontiguousarray(block.reshape(len(block), -1))


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


class TextTable(Table):
    """A CSV or TSV file, perhaps compressed, or standard input: every value is a word."""

    def __init__(self, path: str, reading: Reading, kind: str) -> None:
        pyarrow()
        self.path, self._reading, self.decimal = path, reading, reading.decimal
        self._stream = _Replayed(sys.stdin.buffer) if path == "-" else None
        lines = self._first_lines()
        if not lines:
            raise ValueError(f"{path!r} is empty")
        self._separator = reading.separator or ("\t" if kind == "tsv" else _separator(lines))
        first = _fields(lines[0], self._separator)
        if reading.header:
            self.names = [name.strip() or str(place) for place, name in enumerate(first, start=1)]
        else:
            self.names = [str(place) for place in range(1, 1 + len(first))]
        repeated = [name for place, name in enumerate(self.names) if name in self.names[:place]]
        if repeated:
            raise ValueError(
                f"{path!r} has two columns {repeated[0]!r}; wanted are different names"
            )

    def _first_lines(self) -> list[str]:
        stream = self._stream
        if stream is not None:
            start = stream.peek(BLOCK_BYTES)
        else:
            with _opened(self.path) as file:
                start = file.read(BLOCK_BYTES)
        try:
            text = start.decode(self._reading.encoding, errors="ignore").removeprefix("\ufeff")
        except LookupError:
            raise Misused(f"--encoding: there is no {self._reading.encoding!r}") from None
        lines = text.splitlines()
        if len(lines) > 1 and len(start) == BLOCK_BYTES:
            lines.pop()  # which may be cut
        return [line for line in lines if line.strip()][:20]

    def _blocks(self, names: list[str]) -> Iterator[dict[str, Any]]:
        import pyarrow as pa
        from pyarrow import csv

        source = _opened(self.path) if self._stream is None else self._stream
        try:
            with csv.open_csv(
                source,
                csv.ReadOptions(
                    block_size=BLOCK_BYTES,
                    encoding=self._reading.encoding,
                    column_names=self.names,
                    skip_rows=1 if self._reading.header else 0,
                ),
                csv.ParseOptions(delimiter=self._separator, newlines_in_values=True),
                csv.ConvertOptions(
                    column_types=dict.fromkeys(self.names, pa.string()), include_columns=names
                ),
            ) as reader:
                for batch in reader:
                    if batch.num_rows:
                        yield dict(zip(names, batch.columns, strict=True))
        except pa.ArrowInvalid as error:
            if "Empty CSV file" in str(error):  # a header without rows
                return
            raise ValueError(f"{self.path!r} cannot be read as it is: {error}") from None


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


def _opened(path: str) -> Any:
    """Return a file as a stream of bytes, uncompressed by its ending."""
    import pyarrow as pa

    return pa.input_stream(path, compression="detect")


class _Replayed:
    """A stream that can only be read once, whose beginning is looked at first."""

    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._start = stream, b""

    def peek(self, most: int) -> bytes:
        while len(self._start) < most:
            more = self._stream.read(most - len(self._start))
            if not more:
                break
            self._start += more
        return self._start

    def read(self, most: int = -1) -> bytes:
        if not self._start:
            return self._stream.read(most)
        if most < 0:
            most = len(self._start)
        start, self._start = self._start[:most], self._start[most:]
        return start

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True


def _fields(line: str, separator: str) -> list[str]:
    return next(csv_reader([line], delimiter=separator), [])


def _separator(lines: Sequence[str]) -> str:
    """Return what divides most lines into as many parts as the first; a comma if nothing does."""
    best, most = ",", (0.0, 1)
    for separator in SEPARATORS:
        widths = [len(_fields(line, separator)) for line in lines]
        if widths[0] > 1:
            # Not all: a line break within quotes makes two of one line.
            alike = sum(width == widths[0] for width in widths) / len(widths)
            if (alike, widths[0]) > most:
                best, most = separator, (alike, widths[0])
    return best


def _words(values: Any) -> Array:
    """Return words as objects, each different one once in memory."""
    encoded = values.dictionary_encode()
    different: Array = np.array([*encoded.dictionary.to_pylist(), None], dtype=object)
    places = encoded.indices.fill_null(len(different) - 1).to_numpy()
    words: Array = different[places]
    return words


def _numbers(values: Any) -> Array:
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _memory_mapped(path: str) -> Array:
    try:
        loaded: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise ValueError(f"{path!r} cannot be read: {error}") from None
    return loaded


def _as_words(values: Array) -> Array:
    """Return a column of strings as words, which may be missing."""
    return values.astype(object) if values.dtype.kind == "U" and values.ndim == 1 else values


def _npz(path: str, reading: Reading) -> Table | Rows:
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
