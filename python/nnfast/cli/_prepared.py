"""What a network is to learn from: a file's columns found out, its rows shared out."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import nnfast as nn
from nnfast.cli import _building, _columns, _examples, _options, _specs
from nnfast.cli._console import number, size
from nnfast.cli._errors import Misused
from nnfast.cli._sources import Rows, Table, open_rows
from nnfast.layers import Layer

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class Known(NamedTuple):
    """What is known of a network before it is there."""

    table: nn.Table | None
    inputs: int
    dtype: np.dtype[Any]
    classes_: Array | None


@dataclass
class Prepared:
    """What a network is to learn from."""

    X: Array
    y: Array
    rows: NDArray[np.int64]  # of X, those to learn from
    held_out: tuple[Array, Array] | None
    weights: Array | None  # of the rows of X
    classes: Array | None  # the labels; None for numbers
    class_weights: Any
    table: nn.Table | None
    start: list[Layer]
    description: dict[str, Any]

    @property
    def outputs(self) -> int:
        """How many outputs the network has for the target, one for each number or class."""
        if self.classes is not None:
            return 1 if len(self.classes) == 2 else len(self.classes)
        return 1 if self.y.ndim == 1 else self.y.shape[1]

    @property
    def activation(self) -> str:
        """The output's activation that fits the target."""
        if self.classes is None:
            return "linear"
        return "sigmoid" if len(self.classes) == 2 else "softmax"

    @property
    def held_out_rows(self) -> int:
        """How many rows there are to measure by."""
        return 0 if self.held_out is None else len(self.held_out[1])

    def baseline(self) -> dict[str, float]:
        """Measure what always answers the same, by the held-out rows: the least to be expected."""
        assert self.held_out is not None
        learned, held_out = self.y[self.rows], self.held_out[1]
        if self.classes is not None:
            labels, counts = np.unique(learned, return_counts=True)
            return {"accuracy": float(np.mean(held_out == labels[counts.argmax()]))}
        wrong = held_out - learned.mean(axis=0)
        return {
            "root_mean_squared_error": float(np.sqrt(np.mean(wrong**2))),
            "mean_absolute_error": float(np.mean(np.abs(wrong))),
        }

    def baseline_said(self) -> str:
        """Say it in words."""
        measured = self.baseline()
        if self.classes is not None:
            labels, counts = np.unique(self.y[self.rows], return_counts=True)
            return (
                f"(always to say {labels[counts.argmax()]!s} has an accuracy of "
                f"{number(measured['accuracy'])})"
            )
        return (
            "(always to say the mean has a mean absolute error of "
            f"{number(measured['mean_absolute_error'])})"
        )


def prepare(options: argparse.Namespace, begin: nn.FeedForward | None = None) -> Prepared:
    """Read a file, and make of it what a network learns from.

    Parameters
    ----------
    options : Namespace
        Of the command train.
    begin : FeedForward, optional
        A network to go on from: what it knows of the columns and of the classes holds.
    """
    source = open_rows(options.data, _options.as_reading(options))
    if isinstance(source, Rows):
        return _of_array(source, options, begin)
    return _of_table(source, options, begin)


# Tables ------------------------------------------------------------------------------------------


def _of_table(source: Table, options: argparse.Namespace, begin: nn.FeedForward | None) -> Prepared:
    known = None if begin is None else begin.table
    if begin is not None and known is None:
        raise ValueError(f"{options.begin!r} knows no columns, so that it learns from arrays only")
    target = _target_name(source, options, known)
    source.missing = known.missing if known is not None else _missing(options)
    names = _chosen(source, options, known, target)
    categories = [name for name in _specs.names(options.categories) if name in names]
    if known is not None:
        categories = [one.name for one in known.columns if one.categories is not None]
    block, notes = _whole(source, names, target, options.weights, categories)
    weights = block.pop(options.weights) if options.weights else None
    raw = block.pop(target)
    y, classes = _target(raw, options, None if begin is None else begin.classes_, target)
    rows, held_out = _shared_out(len(y), options)

    asked = options.columns is not None or known is not None
    kinds = {
        name: _columns.found(
            name, values, category=name in categories, asked=asked, missing=source.missing
        )
        for name, values in block.items()
    }
    for name, values in block.items():
        if values.dtype.kind == "O" and name not in categories:
            note = _columns.almost_numbers(name, values, source.missing)
            notes += [note] if note else []
    kept = {name: block[name] for name in names if kinds[name].kind != "left out"}
    if not kept:
        raise ValueError(
            f"{source.path!r} has no column beside the target that can be learned from"
        )
    table = known
    if table is None:
        table = nn.Table.fit(
            {name: values[rows] for name, values in {**kept, target: raw}.items()},
            target=target,
            categories=[name for name in kept if kinds[name].kind == "words"],
            missing=source.missing,
            bounded=not options.extrapolate,
        )
    X = table.encode(kept).astype(np.dtype(options.dtype))
    return Prepared(
        X,
        y,
        rows,
        _held_out(Known(table, X.shape[1], X.dtype, classes), X, y, held_out, options, target),
        _weights(weights, options),
        classes,
        _building.class_weights(options.class_weights, classes),
        table,
        table.layers(options.embedding),
        {
            "path": options.data,
            "summary": f"{len(y):,} rows, {len(source.names)} columns{_file_size(options.data)}",
            "rows": len(y),
            "notes": notes,
            "columns": _columns.report(kinds, len(y)),
            "target": _target_said(target, raw, y, classes, options),
        },
    )


def _target_name(source: Table, options: argparse.Namespace, known: nn.Table | None) -> str:
    """Return the target's column: as typed, or as the model knows it."""
    name: str | None = options.target or (None if known is None else known.target)
    if name is None:
        raise Misused(
            f"--target is missing; wanted is one of the columns {', '.join(source.names)}"
        )
    return name


def _whole(
    source: Table, names: list[str], target: str, weights: str | None, categories: list[str]
) -> tuple[dict[str, Array], list[str]]:
    """Return the columns of all rows that have a target, and what is to be said of the others."""
    beside = [target, *([weights] if weights else [])]
    block = source.whole([*names, *beside], categories)
    gaps = _columns.gaps(block[target], source.missing)
    if gaps.all():
        raise ValueError(f"{source.path!r} has no row with a target {target!r}")
    if not gaps.any():
        return block, []
    left = {name: values[~gaps] for name, values in block.items()}
    return left, [f"{int(gaps.sum()):,} rows without a target are left out"]


def _missing(options: argparse.Namespace) -> tuple[str, ...]:
    """Return the words that say that a value is missing."""
    return (*nn.tables.MISSING, *_specs.names(options.missing))


def _chosen(
    source: Table, options: argparse.Namespace, known: nn.Table | None, target: str
) -> list[str]:
    """Return the columns to learn from, in their order."""
    asked, dropped = _specs.names(options.columns), _specs.names(options.drop)
    beside = [target, *([options.weights] if options.weights else [])]
    _examples.refuse_absent(source, [*beside, *asked, *dropped, *_specs.names(options.categories)])
    if known is not None:
        names = [column.name for column in known.columns]
        _examples.refuse_absent(source, names, "which the model was trained on")
        return names
    return [name for name in (asked or source.names) if name not in dropped and name not in beside]


# Arrays ------------------------------------------------------------------------------------------


def _of_array(source: Rows, options: argparse.Namespace, begin: nn.FeedForward | None) -> Prepared:
    for name in ("columns", "drop", "categories", "weights"):
        if getattr(options, name) is not None:
            raise Misused(f"--{name} is for tables; {source.path!r} is an array")
    if options.target is None:
        raise Misused(
            "--target is missing; wanted is a column's number, an array of the same NPZ file"
            + (f" ({', '.join(source.others)})" if source.others else "")
            + ", or another file"
        )
    reading = _options.as_reading(options)
    raw = _examples.target_of_array(source, options.target, reading)
    X = source.flat()
    if _examples.target_column(source, options.target) is not None:
        X = np.delete(X, _examples.place(options.target, source), axis=1)  # type: ignore[arg-type]
    scale = 1.0
    if X.dtype != np.uint8:
        X = X.astype(np.dtype(options.dtype), copy=False)  # an NPY file's stay on the disk
    else:
        scale = 1.0 / 255.0
    y, classes = _target(raw, options, None if begin is None else begin.classes_, options.target)
    rows, held_out = _shared_out(len(y), options)
    start: list[Layer] = [nn.Input(X.shape[1], scale=scale)]
    if scale == 1.0:
        start.append(nn.Standardize())
    shape = " x ".join(map(str, source.shape))
    return Prepared(
        X,
        y,
        rows,
        _held_out(
            Known(None, X.shape[1], np.dtype(options.dtype), classes), X, y, held_out, options
        ),
        None,
        classes,
        _building.class_weights(options.class_weights, classes),
        None,
        start,
        {
            "path": options.data,
            "summary": f"{len(source):,} rows of {shape} {source.values.dtype}"
            f"{_file_size(options.data)}",
            "rows": len(source),
            "notes": [],
            "columns": {},
            "target": _target_said(options.target, raw, y, classes, options),
        },
    )


# Both --------------------------------------------------------------------------------------------


def _target(
    raw: Array, options: argparse.Namespace, known: Array | None, name: str
) -> tuple[Array, Array | None]:
    """Return the targets, and the labels of the classes, None for numbers."""
    task = options.task
    if task == "auto":
        if options.loss is not None:
            task = _task_of(options)
        if task == "auto":
            classes = known is not None or (options.begin is None and _columns.is_of_classes(raw))
            task = "classification" if classes else "regression"
    if task == "regression":
        return _examples.as_numbers(raw, name, options.data).astype(np.float64), None
    if raw.ndim > 1:
        raise ValueError(
            f"the target {name!r} has the shape {raw.shape}; wanted is one label a row"
        )
    y = _columns.labels(raw, known)
    if known is not None:
        _columns.refuse_unknown(y, known, options.data)
    labels = np.unique(y) if known is None else known
    if len(labels) < 2:
        raise ValueError(
            f"the target {name!r} is always {labels[0]!s}; there is nothing to tell apart"
        )
    if len(labels) > len(y) / 2:
        raise ValueError(
            f"the target {name!r} has {len(labels):,} different values in {len(y):,} rows, too "
            "many for classes"
        )
    return y, labels


def _task_of(options: argparse.Namespace) -> str:
    """Return the task that a loss is for."""
    loss = _building.loss(options)
    if loss.targets in ("values", "nonnegative"):
        return "regression"
    return "auto"


def _shared_out(
    count: int, options: argparse.Namespace
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which rows are to be learned from, and which held out."""
    everything = np.arange(count)
    if _is_file(options.validation):
        return everything, everything[:0]
    try:
        part = float(options.validation)
    except ValueError:
        raise Misused(
            f"--validation is {options.validation!r}, neither a part such as 0.2 nor a file"
        ) from None
    if not 0.0 <= part < 1.0:
        raise Misused(f"--validation is {part:g}; wanted is a part from 0 up to below 1, or a file")
    if part == 0.0:
        return everything, everything[:0]
    if not 0 < round(count * part) < count:
        raise ValueError(
            f"--validation is {part:g}, which of {count} rows leaves none to "
            f"{'measure by' if round(count * part) == 0 else 'learn from'}; 0 holds none out"
        )
    (learned, _), (held_out, _) = nn.datasets.split(
        everything, everything, test_fraction=part, seed=options.seed
    )
    return np.sort(learned), np.sort(held_out)


def _is_file(text: str) -> bool:
    return all(os.path.exists(part) for part in text.split(",")) and text != ""


def _held_out(
    like: Known,
    X: Array,
    y: Array,
    rows: NDArray[np.int64],
    options: argparse.Namespace,
    target: str | None = None,
) -> tuple[Array, Array] | None:
    """Return the rows to measure by: some of these, or of a file of their own, or none."""
    if not _is_file(options.validation):
        return (X[rows], y[rows]) if len(rows) else None
    # Of arrays the targets have a file of their own too.
    path, _, other = options.validation.partition(",")
    reading = _options.as_reading(options)
    found, values = _examples.of_model(like, path, reading, target or other or None)
    if values is None:
        raise ValueError(
            f"{path!r} has no target to measure by"
            + ("" if target else "; wanted is --validation ROWS,TARGETS with two files")
        )
    return found, values


def _weights(values: Array | None, options: argparse.Namespace) -> Array | None:
    if values is None:
        return None
    numbers = _examples.as_numbers(values, options.weights, options.data)
    if not (np.isfinite(numbers).all() and (numbers >= 0).all()):
        raise ValueError(f"the weights {options.weights!r} are not all numbers from 0 on")
    return numbers


def _target_said(
    name: str, raw: Array, y: Array, classes: Array | None, options: argparse.Namespace
) -> str:
    """Say what the target is."""
    is_guess = options.task == "auto" and raw.dtype.kind in "uif"
    if classes is None:
        about = f"numbers from {number(float(y.min()))} to {number(float(y.max()))}"
        return f"{name}: {about}; regression"
    labels, counts = np.unique(y, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:6]
    shown = ", ".join(
        f"{labels[one]!s} {_columns.share(int(counts[one]), len(y))}" for one in order
    )
    guess = ", a guess: --task regression takes them for numbers" if is_guess else ""
    more = f", ... ({len(labels)} classes)" if len(labels) > 6 else ""
    return f"{name}: {shown}{more}; classification{guess}"


def _file_size(path: str) -> str:
    return "" if path == "-" else f", {size(os.path.getsize(path))}"
