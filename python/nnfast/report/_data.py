"""The part of a report on the rows: columns, targets, examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.report import _charts
from nnfast.report._html import (
    Markup,
    count,
    facts,
    figure,
    joined,
    number,
    percent,
    section,
    table,
    tag,
)

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.report._subject import Column, Subject

    Array: TypeAlias = NDArray[Any]

MOST_COLUMNS = 60  # that are described
MOST_CLASSES = 60


def data_section(subject: Subject) -> Markup:
    """Return what the rows are like."""
    pairs: list[tuple[str, object]] = [("rows", f"{subject.rows:,}")]
    if subject.images is None:
        missing = sum(_missing(column) for column in subject.columns)
        pairs += [
            ("columns", f"{len(subject.columns):,}"),
            ("missing values", f"{missing:,}" if missing else "none"),
        ]
    else:
        height, width, *colours = subject.images.shape
        pairs += [
            ("images", f"{height} by {width} pixels{', in colour' if colours else ''}"),
            ("values", f"{number(float(subject.x.min()))} to {number(float(subject.x.max()))}"),
        ]
    pairs.append(("to be predicted", _task(subject)))
    parts: list[object] = [facts(pairs), _targets(subject)]
    parts.append(_examples(subject) if subject.images is not None else _columns(subject.columns))
    return section("data", "The data", *parts)


def _task(subject: Subject) -> str:
    if subject.kind == "numbers":
        outputs = subject.values.shape[1]
        return subject.target_name if outputs == 1 else count(outputs, "number")
    if subject.kind == "answers":
        return f"{len(subject.classes)} answers of yes or no"
    return f"one of {len(subject.classes)} classes"


def _targets(subject: Subject) -> Markup:
    """Return how the classes are balanced, or how the numbers are spread."""
    if subject.kind == "numbers":
        values = subject.values
        shown = []
        for place in range(min(values.shape[1], 4)):
            name = name_of_output(subject, place)
            one = values[:, place]
            words = (
                f"{name} of {count(len(one), 'row')}: from {number(float(one.min()))} to "
                f"{number(float(one.max()))}, mean {number(float(one.mean()))}, deviation "
                f"{number(float(one.std()))}."
            )
            drawn = _charts.histogram(one, name, f"Histogram. {words}")
            shown.append(figure(f"Targets: {name}", drawn, " ", words))
        return tag("div", *shown, class_="grid")
    right = subject.true
    counts = (
        right.sum(axis=0)
        if subject.kind == "answers"
        else np.bincount(right, minlength=len(subject.classes))
    )
    shown_classes = list(zip(subject.classes, counts.tolist(), strict=True))
    order = sorted(shown_classes, key=lambda one: -one[1])[:MOST_CLASSES]
    if len(shown_classes) <= 12:
        order = shown_classes
    most = max(counts.max(), 1)
    rows = [
        (name, bar(many / most), f"{many:,}", percent(many / subject.rows)) for name, many in order
    ]
    head = "class" if subject.kind == "classes" else "yes to"
    caption = f"How many rows are of each {'class' if head == 'class' else 'answer'}"
    if len(order) < len(shown_classes):
        caption += f": the {len(order)} most frequent of {len(shown_classes)}"
    return table(caption, (head, "", "rows", "share"), rows, numbers=(2, 3))


def bar(share: float, *, less: bool = False) -> Markup:
    """Return a share as a bar; its number is beside it in the table."""
    width = f"width:{100 * max(share, 0.0):.1f}%"
    inner = tag("span", style=width, class_="less" if less else None)
    return tag("span", inner, class_="track", aria_hidden="true")


def name_of_output(subject: Subject, place: int) -> str:
    """Return what one of the numbers that are predicted is called."""
    if subject.values.shape[1] == 1:
        return subject.target_name
    return subject.classes[place]


def _missing(column: Column) -> int:
    if column.values.dtype.kind == "O":
        return sum(one is None for one in column.values.tolist())
    return int(np.isnan(column.values).sum()) if column.values.dtype.kind == "f" else 0


def _columns(columns: Sequence[Column]) -> Markup:
    numbers = [column for column in columns if column.values.dtype.kind != "O"]
    words = [column for column in columns if column.values.dtype.kind == "O"]
    parts: list[object] = []
    if numbers:
        caption = f"Columns of numbers{_shown(numbers)}"
        head = (
            "column",
            "",
            "mean",
            "deviation",
            "minimum",
            "median",
            "maximum",
            "distinct",
            "missing",
        )
        each = [_of_numbers(column) for column in numbers[:MOST_COLUMNS]]
        parts.append(table(caption, head, each, numbers=range(2, 9)))
    if words:
        caption = f"Columns of categories{_shown(words)}"
        each = [_of_words(column) for column in words[:MOST_COLUMNS]]
        named = ("column", "distinct", "most frequent", "missing")
        parts.append(table(caption, named, each, numbers=(1, 3)))
    if len(columns) > 12:
        return tag("details", tag("summary", "Each column"), *parts)
    return joined(parts)


def _shown(columns: Sequence[Column]) -> str:
    rest = len(columns) - MOST_COLUMNS
    return f": the first {MOST_COLUMNS} of {len(columns)}" if rest > 0 else ""


def _of_numbers(column: Column) -> tuple[object, ...]:
    values = column.values.astype(np.float64)
    there = values[~np.isnan(values)]
    missing = len(values) - len(there)
    if len(there) == 0:
        return (column.name, "", *["-"] * 5, "0", f"{missing:,}")
    measured = (there.mean(), there.std(), there.min(), np.median(there), there.max())
    return (
        column.name,
        _charts.spark(there),
        *(number(float(one)) for one in measured),
        f"{len(np.unique(there)):,}",
        f"{missing:,}",
    )


def _of_words(column: Column) -> tuple[object, ...]:
    there = [one for one in column.values.tolist() if one is not None]
    words, counts = np.unique(np.array(there, dtype=np.str_), return_counts=True)
    order = np.argsort(-counts, kind="stable")[:4]
    frequent = [f"{words[i]} ({_rounded(counts[i] / len(column.values))})" for i in order]
    return (
        column.name,
        f"{len(words):,}",
        ", ".join(frequent) + (", ..." if len(words) > 4 else ""),
        f"{len(column.values) - len(there):,}",
    )


def _rounded(share: float) -> str:
    return percent(share, 0) if share >= 0.0095 else percent(share, 2)


def _examples(subject: Subject) -> Markup:
    """Return the first image of each class, or the first ones."""
    images = subject.images
    assert images is not None
    if subject.kind == "classes":
        found = [np.flatnonzero(subject.true == place) for place in range(len(subject.classes))]
        chosen = [(int(one[0]), subject.classes[i]) for i, one in enumerate(found) if len(one)]
    else:
        chosen = [(row, f"row {row}") for row in range(min(subject.rows, 12))]
    shown = [
        tag("li", images.element(subject.x[row], f"Row {row}: {name}"), name)
        for row, name in chosen[:20]
    ]
    heading = "The first of each class" if subject.kind == "classes" else "The first rows"
    return joined([tag("h3", heading), tag("ul", *shown, class_="pictures")])
