"""Text files of rows: what divides their lines, and standard input, which can be read but once."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from csv import reader as csv_reader
from typing import Any, BinaryIO

from nnfast.cli._errors import Misused
from nnfast.cli._table import Reading, Table, pyarrow

BLOCK_BYTES = 1 << 20
SEPARATORS = (",", ";", "\t", "|", " ")


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
