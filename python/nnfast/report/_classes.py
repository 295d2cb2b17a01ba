"""The part of a report on classes, or on answers of yes or no: how often what is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.metrics import AUC, F1, Precision, Recall
from nnfast.plot._roc import _curve
from nnfast.report import _charts
from nnfast.report._html import (
    Markup,
    figure,
    number,
    percent,
    scrolling,
    section,
    table,
    tag,
)
from nnfast.report._measures import Calibration, calibration

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.report._subject import Subject

    Array: TypeAlias = NDArray[Any]

MOST_IN_MATRIX = 30  # classes: beyond it a cell is too small, and the list of confusions says more
MOST_CONFUSIONS = 10
FULL = 0.87  # where black and white words stand out from a cell alike, 4.5 to 1
SIDE_BY_SIDE = 12  # classes: of more the matrix wants the whole width


def headline(subject: Subject) -> tuple[list[tuple[str, str]], str]:
    """Return the numbers that matter most, and a sentence that says what they mean."""
    right = subject.true == subject.said
    share = float(right.mean())
    tiles = [("accuracy", percent(share, 2))]
    if subject.kind == "answers":
        whole = float(right.all(axis=1).mean())
        tiles.append(("rows all right", percent(whole, 2)))
        yes = subject.true.mean(axis=0)
        always = float(np.maximum(yes, 1.0 - yes).mean())
        return tiles, (
            f"Of {subject.true.size:,} answers {percent(share)} are right. Always giving the more "
            f"frequent answer would be right {percent(always)} of the time."
        )
    wrong = int((~right).sum())
    tiles.append(("mistakes", f"{wrong:,}"))
    counts = np.bincount(subject.true, minlength=len(subject.classes))
    always = float(counts.max() / subject.rows)
    return tiles, (
        f"Of {subject.rows:,} rows {percent(share)} are taken for the right class. Always saying "
        f"{subject.classes[int(counts.argmax())]!r}, the most frequent, would be right "
        f"{percent(always)} of the time."
    )


def classes_sections(subject: Subject) -> list[Markup]:
    """Return how good the network is: by class, what it confuses, whether it can be believed."""
    parts: list[Markup | None] = [_by_class(subject)]
    if subject.kind == "classes":
        matrix, frequent = _confusions(subject)
        parts = [matrix, *parts, frequent, _roc(subject)]
    # Side by side, but for a matrix that needs the whole width.
    beside = None if SIDE_BY_SIDE < len(subject.classes) <= MOST_IN_MATRIX else "beside"
    found = [section("quality", "How often it is right", tag("div", *parts, class_=beside))]
    if subject.has_probabilities:
        found.append(_calibration(subject))
    return found


def _by_class(subject: Subject) -> Markup:
    each = [metric(average="none").of(subject.answers) for metric in (Precision, Recall, F1)]
    true = subject.true
    counts = true.sum(axis=0)
    if subject.kind == "classes":
        counts = np.bincount(true, minlength=len(subject.classes))
    areas = _areas(subject)
    rows = []
    for place, name in enumerate(subject.classes):
        cells = [name, *(f"{one[place]:.3f}" for one in each)]
        if areas is not None:
            cells.append("-" if np.isnan(areas[place]) else f"{areas[place]:.4f}")
        rows.append((*cells, f"{int(counts[place]):,}"))
    head = ["class" if subject.kind == "classes" else "answer", "precision", "recall", "F1"]
    head += ["rows"] if areas is None else ["AUC", "rows"]
    caption = (
        "Precision: of what is said to be of the class, how much is. Recall: of what is of the "
        "class, how much is found. F1: their harmonic mean."
    )
    made = table(caption, head, rows, numbers=range(1, len(head)))
    if len(rows) > 40:
        return tag("details", tag("summary", f"Each of the {len(rows)} classes"), made)
    return made


def _areas(subject: Subject) -> Array | None:
    """Return the area under the ROC curve of each class against the rest."""
    if not subject.has_probabilities:
        return None
    probabilities = subject.probabilities
    hot = subject.true
    if subject.kind == "classes":
        hot = subject.true[:, np.newaxis] == np.arange(len(subject.classes))
    areas = np.full(probabilities.shape[1], np.nan)
    for place in range(probabilities.shape[1]):
        if 0 < hot[:, place].sum() < len(hot):
            areas[place] = AUC()(hot[:, place].astype(np.int64), probabilities[:, place])
    return areas


def _roc(subject: Subject) -> Markup | None:
    """Return the ROC curve of the second class of two, if there are rows of both."""
    yes = subject.true == 1
    if len(subject.classes) != 2 or not subject.has_probabilities or yes.all() or not yes.any():
        return None
    scores = subject.probabilities[:, 1]
    name, area = subject.classes[1], AUC()(yes.astype(np.int64), scores)
    words = (
        f"How many rows of {name!r} are found, by how many others are taken for it, for every "
        f"probability from which on that is said. The area below (AUC) is {area:.4f}; on the "
        "dashed line is chance."
    )
    return figure("ROC curve", _charts.roc(*_curve(scores, yes), words), " ", words)


def _confusions(subject: Subject) -> tuple[Markup, Markup]:
    """Return what is taken for what: all of it if there is room, and what is most frequent."""
    count = len(subject.classes)
    counts = np.zeros((count, count), dtype=np.int64)
    np.add.at(counts, (subject.true, subject.said), 1)
    matrix = _matrix(counts, subject.classes) if count <= MOST_IN_MATRIX else Markup()
    off = counts.copy()
    np.fill_diagonal(off, 0)
    order = np.argsort(-off, axis=None, kind="stable")[:MOST_CONFUSIONS]
    rows = []
    for true, said in zip(*np.unravel_index(order, off.shape), strict=True):
        many, all_of_it = off[true, said], counts[true].sum()
        if many:
            names = subject.classes[true], subject.classes[said]
            rows.append((*names, f"{many:,}", percent(many / all_of_it)))
    if not rows or count == 2:
        return matrix, Markup()
    head = ("class", "taken for", "rows", "of the class")
    return matrix, table("The most frequent mistakes", head, rows, numbers=(2, 3))


def _matrix(counts: Array, names: list[str]) -> Markup:
    """Return the confusion matrix as a table, whose colour is the share of the row."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    lines = []
    for true, name in enumerate(names):
        cells: list[Markup] = []
        for said, many in enumerate(counts[true].tolist()):
            # The root lifts the few mistakes out of the paper that a good net would leave them in.
            depth = float(shares[true, said]) ** 0.5
            words = f"{name} taken for {names[said]}: {many:,} ({percent(shares[true, said])})"
            cells.append(
                tag(
                    "td",
                    f"{many:,}" if many else "",
                    class_="full" if depth > FULL else None,
                    style=f"--depth:{depth:.3f}" if many else None,
                    title=words,
                )
            )
        lines.append(tag("tr", tag("th", name, scope="row", title=name), *cells))
    heads = [tag("th", name, scope="col", title=name) for name in names]
    caption = (
        "Confusion matrix: a row for each class, a column for what it was taken for. The colour is "
        "the share of the row."
    )
    corner = tag("td", tag("span", "true / said", class_="soft"))
    made = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", corner, *heads)),
        tag("tbody", *lines),
        class_="confusion",
    )
    return scrolling(made, "Confusion matrix")


def _calibration(subject: Subject) -> Markup:
    """Return how far the probabilities can be believed."""
    probabilities = subject.probabilities
    if subject.kind == "answers":
        found = calibration(probabilities.ravel(), subject.true.ravel().astype(np.float64))
        label, what = "probability of yes", "the answer is yes"
    elif len(subject.classes) == 2:
        name = subject.classes[1]
        found = calibration(probabilities[:, 1], (subject.true == 1).astype(np.float64))
        label, what = f"probability of {_short(name)}", f"the row is of {name!r}"
    else:
        found = calibration(
            probabilities.max(axis=1), (subject.true == subject.said).astype(np.float64)
        )
        label, what = "probability of the class it says", "it is right"
    words = (
        f"Of the rows for which the network says a probability near p, in how many {what}? A "
        "network that can be believed is on the dashed line; above it it is too careful, below too "
        f"sure. The mean distance (expected calibration error) is {number(found.error)}."
    )
    drawn = _charts.reliability(*found[:3], label, "share that came true", words)
    picture = figure("Reliability", drawn)
    rows = [
        (f"{place / 10:.1f} to {(place + 1) / 10:.1f}", *_bin(found, place))
        for place in range(len(found.counts))
        if found.counts[place]
    ]
    heads = ("said", "mean said", "came true", "rows")
    each = table("Probabilities, and how often they came true", heads, rows, numbers=(1, 2, 3))
    title = "Can its probabilities be believed?"
    return section("calibration", title, tag("p", words), tag("div", picture, each, class_="grid"))


def _bin(found: Calibration, place: int) -> tuple[str, str, str]:
    said, true, counts, _ = found
    return f"{said[place]:.3f}", f"{true[place]:.3f}", f"{int(counts[place]):,}"


def _short(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:17]}…"
