"""Predict the target for rows of a file, with a model that train has written.

Columns are found by their names, in whatever order; others may be there. Rows are read, predicted
and written some thousands at a time, so that a file may be larger than memory. For classes there is
the class and each one's probability, for numbers the number.
"""

from __future__ import annotations

import argparse
import time

from nnfast.cli import _answers, _errors, _examples, _models, _options, _specs, _writers
from nnfast.cli._console import Console, duration
from nnfast.cli._errors import Misused
from nnfast.cli._sources import Rows, Table, open_rows

EXAMPLES = """\
examples:
  nnfast predict model.safetensors new.csv --out predictions.csv
      One row for each row of new.csv.
  nnfast predict model.safetensors new.csv --keep id --out predictions.parquet
      With a column of the file beside each prediction.
  nnfast predict model.safetensors new.csv | head
      To standard output, as CSV.
  zcat large.csv.gz | nnfast predict model.safetensors - | gzip > predictions.csv.gz
      In a pipe, whatever the size.
  nnfast predict digits.safetensors t10k-images-idx3-ubyte.gz --no-probabilities
      The classes alone.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("model", help="a file that train has written")
    parser.add_argument(
        "data", help="CSV, TSV, Parquet, NPY, NPZ or IDX, also gzipped; - is standard input"
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        default="-",
        help="CSV, TSV, Parquet or NPY (default: -, standard output, as CSV)",
    )
    parser.add_argument(
        "--out-format", choices=["csv", "tsv", "parquet", "npy"], help="by default from its name"
    )
    parser.add_argument("--keep", metavar="A,B", help="columns of the data to write along, or all")
    parser.add_argument(
        "--no-probabilities", action="store_true", help="of classes, write the class alone"
    )
    parser.add_argument(
        "--target",
        metavar="COLUMN",
        help="a column that is no input, for a model that knows no names of columns",
    )
    _options.working(parser)
    _options.reading(parser)


def run(options: argparse.Namespace) -> int:
    """Predict, block by block."""
    console = Console(as_json=options.json, quiet=options.quiet, data_on_stdout=options.out == "-")
    if options.out not in ("-",) and options.out == options.data:
        raise Misused("--out is the file that is read; wanted is another")
    kind = _writers.format_of(options.out, options.out_format)
    net = _models.load(options.model, options)
    source = open_rows(options.data, _options.as_reading(options))
    beside = _beside(options.keep, source)
    begun, rows = time.perf_counter(), 0
    with _writers.writer(options.out, kind) as write:
        for part in _examples.inputs(net, source, beside, options.target):
            outputs = net.predict(part.inputs)
            said = _answers.columns(net, outputs, not options.no_probabilities)
            write(_together(part.beside, said))
            rows += len(outputs)
        if rows == 0:
            raise ValueError(f"{options.data!r} has no rows")
    seconds = time.perf_counter() - begun
    if options.out != "-":
        console.row(
            "predicted",
            f"{rows:,} rows in {duration(seconds)} ({rows / seconds:,.0f} rows a second)",
        )
        console.row("saved", options.out)
    console.result({"rows": rows, "seconds": seconds, "out": options.out})
    return _errors.GOOD


def _beside(keep: str | None, source: Table | Rows) -> list[str]:
    if keep == "all" and isinstance(source, Table) and "all" not in source.names:
        return list(source.names)
    return _specs.names(keep)


def _together(beside: dict, said: dict) -> dict:  # type: ignore[type-arg]
    for name in beside:
        if name in said:
            raise ValueError(
                f"--keep {name}: that is what the prediction's own column is called; rename it"
            )
    return {**beside, **said}
