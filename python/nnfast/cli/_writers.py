"""Where predictions go, block by block: CSV, TSV, Parquet, or NPY; a file is there whole or not."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from csv import writer as csv_writer
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.cli._errors import Misused
from nnfast.cli._table import pyarrow

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", ".pq": "parquet", ".npy": "npy"}


def format_of(path: str, asked: str | None) -> str:
    """Return how to write a file, by what is asked or its name."""
    if asked is not None:
        return asked
    if path == "-":
        return "csv"
    suffix = PurePath(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise Misused(f"--out is {path!r}; wanted is an ending of {', '.join(sorted(SUFFIXES))}")
    return SUFFIXES[suffix]


@contextlib.contextmanager
def writer(path: str, kind: str) -> Iterator[Any]:
    """Give what takes blocks of columns; a file gets its name once it is complete."""
    if path == "-":
        if kind == "npy":
            raise Misused("standard output takes csv, tsv or parquet; npy wants a file")
        with _writers(sys.stdout.buffer, kind) as takes:
            yield takes
        sys.stdout.flush()
        return
    folder, name = os.path.split(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"--out is {path!r}, whose folder does not exist")
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "xb") as file, _writers(file, kind) as takes:
            yield takes
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)
        raise


@contextlib.contextmanager
def _writers(file: Any, kind: str) -> Iterator[Any]:
    if kind == "npy":
        takes: Any = _NumpyWriter(file)
    else:
        pyarrow("writing a table")
        takes = _TextWriter(file, kind) if kind in ("csv", "tsv") else _ParquetWriter(file)
    yield takes
    takes.close()


class _TextWriter:
    """Rows of text, the names first; quoted is only what has to be."""

    def __init__(self, file: Any, kind: str) -> None:
        self._file, self._named = file, False
        self._separator = "\t" if kind == "tsv" else ","

    def __call__(self, columns: dict[str, Array]) -> None:
        from pyarrow import csv

        table = _table(columns)
        if not self._named:
            names = io.StringIO()
            csv_writer(names, delimiter=self._separator, lineterminator="\n").writerow(columns)
            self._file.write(names.getvalue().encode())
            self._named = True
        # Arrow's "needed" quotes every string; "none" refuses those that need it.
        style = "needed" if self._wants_quotes(table) else "none"
        options = csv.WriteOptions(
            include_header=False, delimiter=self._separator, quoting_style=style
        )
        csv.write_csv(table, self._file, options)
        self._file.flush()

    def _wants_quotes(self, table: Any) -> bool:
        import pyarrow as pa
        from pyarrow import compute

        special = f'["\\r\\n{self._separator}]'
        return any(
            compute.any(compute.match_substring_regex(column, special)).as_py()
            for column in table.columns
            if pa.types.is_string(column.type)
        )

    def close(self) -> None:
        self._file.flush()


class _ParquetWriter:
    """A group of rows for each block."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._writer: Any = None

    def __call__(self, columns: dict[str, Array]) -> None:
        from pyarrow import parquet

        table = _table(columns)
        if self._writer is None:
            self._writer = parquet.ParquetWriter(self._file, table.schema)
        self._writer.write_table(table.cast(self._writer.schema))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _NumpyWriter:
    """One array (rows, columns) of numbers; its header, which has the rows, is written last."""

    _ROOM = 128  # bytes for the header, which NumPy aligns to 64

    def __init__(self, file: Any) -> None:
        self._file, self._rows, self._width = file, 0, 0
        file.write(b"\0" * self._ROOM)

    def __call__(self, columns: dict[str, Array]) -> None:
        for name, values in columns.items():
            if values.dtype.kind not in "buif":
                raise ValueError(f"column {name!r} holds words, which an NPY file has no place for")
        block = np.column_stack(list(columns.values())).astype("<f8")
        self._file.write(block.tobytes())
        self._rows, self._width = self._rows + len(block), block.shape[1]

    def close(self) -> None:
        shape = (self._rows,) if self._width == 1 else (self._rows, self._width)
        said = repr({"descr": "<f8", "fortran_order": False, "shape": shape}).encode("latin-1")
        room = self._ROOM - 10
        self._file.seek(0)
        self._file.write(b"\x93NUMPY\x01\x00" + room.to_bytes(2, "little"))
        self._file.write(said.ljust(room - 1) + b"\n")


def _table(columns: dict[str, Array]) -> Any:
    import pyarrow as pa

    return pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
