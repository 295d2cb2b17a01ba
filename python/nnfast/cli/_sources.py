"""Files of rows: which kind one is.

A file is a *table*, of named columns (CSV, TSV, Parquet, NPZ of columns), or an *array* (NPY, NPZ,
IDX), whose columns have their places alone. Of a table only those columns are read that are asked
for; of neither more than a block has to be in memory, where the format allows it.
"""

from __future__ import annotations

import os
from pathlib import PurePath

from nnfast.cli import _arrays
from nnfast.cli._arrays import Rows
from nnfast.cli._errors import Misused
from nnfast.cli._table import ParquetTable, Reading, Table
from nnfast.cli._text import TextTable

__all__ = ["FORMATS", "Reading", "Rows", "Table", "format_of", "open_rows"]

FORMATS = ("csv", "tsv", "parquet", "npy", "npz", "idx")
COMPRESSED = (".gz", ".bz2", ".zst", ".lz4")
BEGINNINGS = {b"PAR1": "parquet", b"\x93NUMPY": "npy", b"PK\x03\x04": "npz"}


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
        return _arrays.npz(path, reading)
    if kind == "npy":
        return Rows(path, _arrays.memory_mapped(path))
    from nnfast.datasets import read_idx

    return Rows(path, read_idx(path))
