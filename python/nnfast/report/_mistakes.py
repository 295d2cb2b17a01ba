"""The parts of a report that look closer: the worst mistakes, and what the network looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.report._data import bar
from nnfast.report._html import Markup, count, number, percent, section, table, tag
from nnfast.report._importance import Importances, patches
from nnfast.report._measures import worst

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.report._subject import Subject

    Array: TypeAlias = NDArray[Any]

MOST_COLUMNS = 6  # of a row that are shown
MOST_IMPORTANCES = 30


def mistakes_section(subject: Subject, most: int, found: Importances | None) -> Markup:
    """Return the rows that the network is most wrong about."""
    rows, wrong = worst(subject, most)
    if wrong:
        title, words = "The worst mistakes", _sentence(subject)
    else:
        title = "The least sure"
        words = "There are no mistakes. These are the rows of which the network is least sure."
    if subject.images is not None:
        images = subject.images
        shown = []
        for row in rows.tolist():
            right, said, *how = _answer(subject, row)
            sure = " against ".join(how)
            alt = f"Row {row}: true {right}, said {said}"
            shown.append(
                tag(
                    "li",
                    images.element(subject.x[row], alt),
                    "true ",
                    tag("span", right, class_="true"),
                    ", said ",
                    tag("span", said, class_="said"),
                    tag("br"),
                    tag("span", f"{sure} · row {row}" if sure else f"row {row}", class_="soft"),
                )
            )
        return section("mistakes", title, tag("p", words), tag("ul", *shown, class_="pictures"))
    columns = subject.columns
    if found is not None:
        order = np.argsort(-found.values.mean(axis=1), kind="stable")
        columns = [columns[place] for place in order]
        words += " Of their columns those come first that matter most."
    columns = columns[:MOST_COLUMNS]
    head, lines = ["row", "true", "said", *_sureness(subject)], []
    numeric = [0, *range(1 if subject.kind == "numbers" else 3, len(head))]
    for column in columns:
        if column.values.dtype.kind != "O":
            numeric.append(len(head))
        head.append(column.name)
    for row in rows.tolist():
        right, said, *how = _answer(subject, row)
        lines.append((f"{row:,}", right, said, *how, *(_cell(one.values[row]) for one in columns)))
    # A line each, however wide: lists of answers alone may take several.
    class_ = None if subject.kind == "answers" else "lines"
    made = table(count(len(lines), "row"), head, lines, numbers=numeric, class_=class_)
    return section("mistakes", title, tag("p", words), made)


def _sureness(subject: Subject) -> tuple[str, ...]:
    """Return what the last of `_answer` are called."""
    if subject.kind == "numbers":
        return ("off by",)
    return ("sure", "of the true") if _has_one_probability(subject) else ()


def _has_one_probability(subject: Subject) -> bool:
    return subject.kind == "classes" and subject.has_probabilities


def _sentence(subject: Subject) -> str:
    if subject.kind == "numbers":
        return "The rows whose predictions are farthest off."
    if subject.kind == "answers":
        return "The rows with the most wrong answers."
    if subject.has_probabilities:
        return "The rows to whose class the network gave the least probability."
    return "The rows that are farthest on the wrong side."


def _answer(subject: Subject, row: int) -> tuple[str, ...]:
    """Return what is right of a row, what the network says, and how sure it is or how far off."""
    if subject.kind == "numbers":
        true, said = subject.values[row], subject.predicted[row]
        off = "; ".join(f"{'+' if one > 0 else ''}{number(one)}" for one in said - true)
        return _numbers(true), _numbers(said), off
    if subject.kind == "answers":
        return _named(subject, subject.true[row]), _named(subject, subject.said[row])
    places = [int(subject.true[row]), int(subject.said[row])]
    right, decided = (subject.classes[place] for place in places)
    if not _has_one_probability(subject):
        return right, decided
    of_true, of_said = subject.probabilities[row, places]
    return right, decided, _probability(of_said), _probability(of_true)


def _probability(value: float) -> str:
    if value < 0.001:
        return "under 0.1\u00a0%"
    return "over 99.9\u00a0%" if 0.9995 <= value < 1 else percent(value)


def _numbers(values: Array) -> str:
    return "; ".join(number(float(value)) for value in values)


def _named(subject: Subject, yes: Array) -> str:
    names = [name for name, one in zip(subject.classes, yes.tolist(), strict=True) if one]
    return ", ".join(names) or "none"


def _cell(value: Any) -> str:
    if value is None or value != value:
        return "missing"
    return value if isinstance(value, str) else number(float(value))


def importance_section(subject: Subject, found: Importances | None, repeats: int) -> Markup:
    """Return by how much the network gets worse when a column is shuffled."""
    title = "What it looks at"
    if found is None:
        reason = "It was not asked for." if repeats == 0 else "It would take too long here."
        return section("importance", title, tag("p", f"Permutation importances: {reason}"))
    of_rows = "" if found.rows == subject.rows else f" of {found.rows:,} rows, taken at random,"
    what = "column" if subject.images is None else "patch of pixels"
    score = "R²" if found.score == "R2" else found.score
    words = (
        f"Permutation importances: the {score}{of_rows} is {found.baseline:.4f}; by how much it "
        f"falls when the values of a {what} are shuffled between the rows (mean and deviation of "
        f"{count(found.values.shape[1], 'shuffle')}). Of columns that say the same each may seem "
        "unimportant, since the other is still there."
    )
    means, spread = found.values.mean(axis=1), found.values.std(axis=1)
    parts: list[object] = [tag("p", words)]
    if subject.images is not None:
        parts.append(_map(subject.images.shape, means, found.names))
    most = max(float(np.abs(means).max()), 1e-12)
    order = np.argsort(-means, kind="stable")[:MOST_IMPORTANCES]
    rows = [
        (
            found.names[place],
            bar(abs(means[place]) / most, less=means[place] < 0),
            f"{means[place]:.4f} ± {spread[place]:.4f}",
        )
        for place in order
    ]
    caption = f"Fall of the {score}, the largest first"
    if len(rows) < len(means):
        caption += f": {len(rows)} of {len(means)}"
    made = table(caption, (what, "", "fall"), rows, numbers=(2,))
    if subject.images is not None:
        made = tag("details", tag("summary", "The numbers"), made)
    return section("importance", title, *parts, made)


def _map(shape: tuple[int, ...], means: Array, names: list[str]) -> Markup:
    """Return the patches where they are, the darker the more they matter."""
    height, width, *_ = shape
    most = max(float(means.max()), 1e-12)
    drawn = []
    for mean, name, places in zip(means.tolist(), names, patches(shape)[1], strict=True):
        pixels = np.array(places) // (shape[2] if len(shape) == 3 else 1)
        top, left = divmod(int(pixels.min()), width)
        below, right = divmod(int(pixels.max()), width)
        drawn.append(
            tag(
                "rect",
                tag("title", f"{name}: {mean:.4f}"),
                x=left + 0.05,
                y=top + 0.05,
                width=f"{right - left + 0.9:.2f}",
                height=f"{below - top + 0.9:.2f}",
                fill_opacity=f"{max(mean, 0.0) / most:.3f}",
            )
        )
    label = (
        f"Importance of patches of the images; the most important is {names[int(means.argmax())]}"
    )
    frame = tag("rect", x=0, y=0, width=width, height=height, class_="frame")
    return tag(
        "svg",
        frame,
        *drawn,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=label,
        class_="map",
    )
