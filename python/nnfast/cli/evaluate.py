"""Measure how well a model predicts the target of a file's rows.

The rows should be others than those that it was trained on. Said are the loss, the metrics, for
classes how often each is taken for which, and what one would reach that always says the same.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

import nnfast as nn
from nnfast.cli import _answers, _errors, _examples, _models, _options
from nnfast.cli._console import Console, number

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

MOST_CLASSES = 12  # whose matrix fits a terminal

EXAMPLES = """\
examples:
  nnfast evaluate model.safetensors test.csv
      The target is the column of the name that the model was trained with.
  nnfast evaluate model.safetensors test.csv --json | jq .metrics.accuracy
      For scripts.
  nnfast evaluate digits.safetensors t10k-images-idx3-ubyte.gz --target t10k-labels-idx1-ubyte.gz
      Images, and their labels in another file.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("model", help="a file that train has written")
    parser.add_argument(
        "data", help="CSV, TSV, Parquet, NPY, NPZ or IDX, also gzipped; - is standard input"
    )
    parser.add_argument(
        "--target",
        metavar="COLUMN",
        help="by default the one that the model was trained with; for arrays, as for train",
    )
    _options.working(parser)
    _options.reading(parser)


def run(options: argparse.Namespace) -> int:
    """Measure, and say it."""
    console = Console(as_json=options.json, quiet=options.quiet)
    net = _models.load(options.model, options)
    X, y = _examples.of_model(net, options.data, _options.as_reading(options), options.target)
    if y is None:
        name = options.target or (net.table.target if net.table is not None else None)
        raise ValueError(
            f"{options.data!r} has no target to measure by"
            + (f": no column {name!r}" if name else "; wanted is --target")
        )
    found = measured(net, X, y)
    console.row("data", f"{options.data}: {len(X):,} rows")
    for name, value in found["metrics"].items():
        console.say(f"  {name.replace('_', ' '):<26}{number(value)}")
    for name, value in found["baseline"].items():
        said = "the commonest class" if name == "accuracy" else "the mean"
        console.say(f"  (always to say {said}: {name.replace('_', ' ')} {number(value)})")
    if "confusion_matrix" in found:
        console.say()
        console.say(_matrix(found["classes"], found["confusion_matrix"]))
    console.result({"rows": len(X), **found})
    return _errors.GOOD


def measured(net: nn.FeedForward, X: Array, y: Array) -> dict[str, Any]:
    """Return the metrics of rows, those of a simple answer, and the confusion matrix of classes."""
    classifies = _answers.tells_classes(net)
    names = {metric.label: metric for metric in net.metrics}
    for more in _more_metrics(net, classifies, y):
        names.setdefault(more.label, more)
    net.compile(net.optimizer, net.loss, list(names.values()))
    found: dict[str, Any] = {"metrics": net.evaluate(X, y)}
    if not classifies:
        wrong = y - y.mean(axis=0)
        found["baseline"] = {
            "root_mean_squared_error": float(np.sqrt(np.mean(np.square(wrong)))),
            "mean_absolute_error": float(np.mean(np.abs(wrong))),
        }
        return found
    if y.ndim > 1:
        found["baseline"] = {}
        return found
    _, counts = np.unique(y, return_counts=True)
    found["baseline"] = {"accuracy": float(counts.max() / len(y))}
    found["classes"] = _answers.classes(net).tolist()
    found["confusion_matrix"] = net.confusion_matrix(X, y).tolist()
    return found


def _more_metrics(net: nn.FeedForward, classifies: bool, y: Array) -> list[Any]:
    get = nn.metrics.registry.get
    if not classifies:
        several = net.loss.outputs_for_each > 1
        return [] if several else [get(n) for n in ("rmse", "mae", "r2")]
    if net.outputs == 1 and len(np.unique(y)) == 2:
        return [get(name) for name in ("accuracy", "auc", "precision", "recall", "f1")]
    return [get("accuracy")]


def _matrix(labels: list[Any], counts: list[list[int]]) -> str:
    """Return a confusion matrix as text: a line for each true class."""
    if len(labels) > MOST_CLASSES:
        pairs = sorted(
            (
                (counts[a][b], a, b)
                for a in range(len(labels))
                for b in range(len(labels))
                if a != b
            ),
            reverse=True,
        )[:10]
        lines = [
            f"  {labels[a]} taken for {labels[b]}: {count:,}" for count, a, b in pairs if count
        ]
        return "\n".join(["the commonest mistakes", *lines])
    names = [str(label)[:14] for label in labels]
    cells = [[f"{count:,}" for count in row] for row in counts]
    widths = [
        max(len(name), *map(len, column))
        for name, column in zip(names, zip(*cells, strict=True), strict=True)
    ]
    margin = max(len("true"), *map(len, names))
    lines = [
        f"{'predicted as':>{margin + 14}}",
        " ".join(
            [f"{'true':<{margin}} ", *(f"{n:>{w}}" for n, w in zip(names, widths, strict=True))]
        ),
    ]
    for name, row in zip(names, cells, strict=True):
        shown = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        lines.append(" ".join([f"{name:<{margin}} ", *shown]))
    return "\n".join(lines)
