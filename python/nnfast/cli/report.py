"""Write a report: one HTML page that says how good a model is, and where it is wrong.

It has the metrics, what is taken for what or how far off predictions are, the worst mistakes, which
columns matter, the history, timings and versions. The page is complete in itself: it can be mailed.
The rows should be others than those that the model was trained on.
"""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

import numpy as np

import nnfast as nn
from nnfast.cli import _columns, _errors, _examples, _models, _options
from nnfast.cli._console import Console, size
from nnfast.cli._sources import Rows, Table, open_rows

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

EXAMPLES = """\
examples:
  nnfast report model.safetensors test.csv
      Writes report.html.
  nnfast report digits.safetensors t10k-images-idx3-ubyte.gz --target t10k-labels-idx1-ubyte.gz \\
      --title 'Handwritten digits' --out digits.html
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("model", help="a file that train has written")
    parser.add_argument(
        "data", help="CSV, TSV, Parquet, NPY, NPZ or IDX, also gzipped; - is standard input"
    )
    parser.add_argument(
        "--out", metavar="FILE", default="report.html", help="(default: report.html)"
    )
    parser.add_argument("--title", metavar="TEXT", help="the page's heading")
    parser.add_argument(
        "--target",
        metavar="COLUMN",
        help="by default the one that the model was trained with; for arrays, as for train",
    )
    parser.add_argument(
        "--mistakes",
        type=_options.whole,
        default=24,
        metavar="N",
        help="how many of the worst to show (default: 24)",
    )
    parser.add_argument(
        "--repeats",
        type=_options.whole,
        default=5,
        metavar="N",
        help="how often each column is shuffled to find its importance (default: 5; 0 for never)",
    )
    parser.add_argument(
        "--seed", type=_options.whole, default=0, metavar="N", help="of what is drawn (default: 0)"
    )
    _options.working(parser)
    _options.reading(parser)


def run(options: argparse.Namespace) -> int:
    """Write it, and say where."""
    console = Console(as_json=options.json, quiet=options.quiet)
    net = _models.load(options.model, options)
    source = open_rows(options.data, _options.as_reading(options))
    X: Any
    if isinstance(source, Table) and net.table is not None:
        X, y = _columns_and_target(net, net.table, source, options.target)
    else:
        X, found = _examples.of_model(
            net, options.data, _options.as_reading(options), options.target
        )
        if found is None:
            raise ValueError(f"{options.data!r} has no target to measure by; wanted is --target")
        y = found
    shape = source.shape if isinstance(source, Rows) else ()
    net.report(
        options.out,
        X,
        y,
        title=options.title,
        image_shape=shape if len(shape) in (2, 3) else None,
        seed=options.seed,
        repeats=options.repeats,
        mistakes=options.mistakes,
    )
    length = os.path.getsize(options.out)
    console.row("written", f"{options.out} ({size(length)}), on {len(y):,} rows")
    console.result({"out": options.out, "bytes": length, "rows": len(y)})
    return _errors.GOOD


def _columns_and_target(
    net: nn.FeedForward, table: nn.Table, source: Table, target: str | None
) -> tuple[dict[str, Array], Array]:
    """Return the columns as they are, and the targets."""
    name = target or table.target
    if name is None or name not in source.names:
        raise ValueError(f"{source.path!r} has no target to measure by: no column {name!r}")
    source.missing = table.missing
    names = [column.name for column in table.columns]
    _examples.refuse_absent(source, names, "which the model was trained on")
    words = [column.name for column in table.columns if column.categories is not None]
    classes = net.classes_
    if classes is not None and classes.dtype.kind == "U":
        words.append(name)
    block = source.whole([*names, name], words)
    there = ~_columns.gaps(block[name], table.missing)
    columns = {one: values[there] for one, values in block.items()}
    values = columns.pop(name)
    if classes is not None:
        labels = _columns.labels(values, classes)
        _columns.refuse_unknown(labels, classes, source.path)
        return columns, labels
    return columns, np.asarray(_examples.as_numbers(values, name, source.path))
