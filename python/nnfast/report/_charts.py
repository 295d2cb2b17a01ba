"""Charts as SVG of our own.

They are drawn here, and not by matplotlib, since a page wants less and more than a picture: they
take the page's colours, light or dark, their words can be read, searched and read aloud, they are
sharp on every screen, take a few kilobytes, and need no package.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast.report._html import Markup, number, tag

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

# As wide as a phone's column, so that words are not smaller there than they are meant to be.
WIDTH, HEIGHT = 360, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 18, 28, 42
POINTS = 300  # of a curve that are drawn


class Axis:
    """Where the numbers of an axis are drawn."""

    def __init__(
        self, low: float, high: float, label: str, *, log: bool = False, whole: bool = False
    ) -> None:
        if high <= low:
            margin = abs(low) * 0.1 or 1.0
            low, high = (low / 2, low * 2) if log else (low - margin, high + margin)
        self.label, self.log, self.whole = label, log, whole
        self.low, self.high = (math.log10(low), math.log10(high)) if log else (low, high)

    def share(self, values: Any) -> Array:
        """Return how far along the axis some numbers are, from 0 to 1."""
        along = np.log10(values) if self.log else np.asarray(values, dtype=np.float64)
        return np.asarray((along - self.low) / (self.high - self.low))

    def ticks(self) -> list[tuple[float, str]]:
        """Return the numbers that are written, with their words."""
        if self.log:
            powers = range(math.ceil(self.low), math.floor(self.high) + 1)
            return [(10.0**e, f"{10.0**e:g}") for e in powers[:: -(-len(powers) // 5)]]
        step = _step(self.high - self.low)
        if self.whole:
            step = max(1.0, float(math.ceil(step)))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        digits += f"{step:e}".startswith("2.5") and step < 10
        values = [index * step for index in range(first, last + 1)]
        largest = max(map(abs, values), default=0.0)
        if largest >= 1e9 or digits > 4:
            return [(value, f"{value:.3g}") for value in values]
        for unit, word in ((1e6, "M"), (1e3, "k")):
            if largest >= 100 * unit or (unit > 1e3 and largest >= unit):
                return [(value, f"{value / unit:g}{word}" if value else "0") for value in values]
        return [(value, f"{value:,.{digits}f}") for value in values]


def _step(extent: float) -> float:
    """Return a round distance of ticks, of which about five fit."""
    rough = extent / 5
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= rough * 0.9999)


def _x(axis: Axis, values: Any) -> Array:
    return LEFT + (WIDTH - LEFT - RIGHT) * axis.share(values)


def _y(axis: Axis, values: Any) -> Array:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * axis.share(values)


def _chart(x: Axis, y: Axis, description: str, *content: Markup) -> Markup:
    """Return an image with its axes, and the words that stand for it."""
    parts = []
    bottom = HEIGHT - BOTTOM
    for value, text in y.ticks():
        place = f"{float(_y(y, value)):.1f}"
        parts.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=place, y2=place, class_="grid"))
        parts.append(tag("text", text, x=LEFT - 6, y=place, dy="0.35em", text_anchor="end"))
    for value, text in x.ticks():
        place = f"{float(_x(x, value)):.1f}"
        parts.append(tag("line", x1=place, x2=place, y1=bottom, y2=bottom + 4, class_="axis"))
        parts.append(tag("text", text, x=place, y=bottom + 17, text_anchor="middle"))
    parts.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=bottom, y2=bottom, class_="axis"))
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(tag("text", x.label, x=middle, y=HEIGHT - 6, text_anchor="middle"))
    parts.append(tag("text", y.label, x=4, y=14))
    return tag(
        "svg",
        *parts,
        *content,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=description,
        class_="chart",
    )


class Curve(NamedTuple):
    """A line of a chart: what it is called, where it goes, and how it looks."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    look: str  # a class of the style sheet: "first" or "second"


def curves(given: Sequence[Curve], x_label: str, y_label: str, description: str) -> Markup:
    """Return curves, over a logarithmic axis where the values range over two powers of ten."""
    finite = [value for one in given for value in one.y if math.isfinite(value)]
    if not finite:
        return tag("p", "There is no finite number to draw.")
    low, high = min(finite), max(finite)
    log = low > 0 and high / low > 100
    xs = [value for one in given for value in one.x]
    x = Axis(min(xs), max(xs), x_label, whole=True)
    margin = 0.0 if log else 0.04 * (high - low)
    y = Axis(low - margin, high + margin, y_label, log=log)
    drawn = []
    for one in given:
        keep = _thinned(len(one.x))
        points = [(one.x[i], one.y[i]) for i in keep if math.isfinite(one.y[i])]
        if not points:
            continue
        places = [(float(_x(x, a)), float(_y(y, b))) for a, b in points]
        drawn.append(tag("path", d=_path(places), class_=f"line {one.look}"))
        if len(points) <= 25:
            drawn += [
                tag(
                    "circle",
                    tag("title", f"{one.name}, {x_label} {number(a)}: {number(b)}"),
                    cx=f"{px:.1f}",
                    cy=f"{py:.1f}",
                    r=3,
                    class_=f"point {one.look}",
                )
                for (a, b), (px, py) in zip(points, places, strict=True)
            ]
    return _chart(x, y, description, *drawn)


def _thinned(length: int) -> list[int]:
    """Return which points of a long curve are drawn: evenly, with the first and the last."""
    if length <= POINTS:
        return list(range(length))
    return sorted({round(i * (length - 1) / (POINTS - 1)) for i in range(POINTS)})


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in places)


def scatter(
    x_values: Array, y_values: Array, x_label: str, y_label: str, description: str, line: str
) -> Markup:
    """Return points, with the line where y is x ("diagonal") or where it is 0 ("zero")."""
    lowest, highest = float(x_values.min()), float(x_values.max())
    low, high = float(y_values.min()), float(y_values.max())
    if line == "diagonal":
        lowest = low = min(lowest, low)
        highest = high = max(highest, high)
    else:
        low, high = min(low, 0.0), max(high, 0.0)
    x = Axis(*_wider(lowest, highest), x_label)
    y = Axis(*_wider(low, high), y_label)
    # One path of points as dots of a round pen: a third of the bytes of circles.
    places = zip(_x(x, x_values).tolist(), _y(y, y_values).tolist(), strict=True)
    dots = "".join(f"M{a:.1f} {b:.1f}h0" for a, b in places)
    ends = np.array([lowest, highest])
    at = ends if line == "diagonal" else np.zeros(2)
    guide = _path(list(zip(_x(x, ends).tolist(), _y(y, at).tolist(), strict=True)))
    return _chart(
        x,
        y,
        description,
        tag("path", d=dots, class_="dots few" if len(x_values) <= 300 else "dots"),
        tag("path", d=guide, class_="guide"),
    )


def _wider(low: float, high: float) -> tuple[float, float]:
    margin = 0.03 * (high - low)
    return low - margin, high + margin


def histogram(values: Array, x_label: str, description: str, bins: int = 30) -> Markup:
    """Return how often values are how large."""
    counts, edges = np.histogram(values, bins=bins)
    x = Axis(float(edges[0]), float(edges[-1]), x_label)
    y = Axis(0.0, float(counts.max()) * 1.04, "rows", whole=True)
    bars = []
    for count, (left, right) in zip(counts, itertools.pairwise(edges), strict=True):
        if count == 0:
            continue
        begin, end, top = float(_x(x, left)), float(_x(x, right)), float(_y(y, count))
        bars.append(
            tag(
                "rect",
                tag("title", f"{number(left)} to {number(right)}: {int(count):,}"),
                x=f"{begin + 0.5:.1f}",
                y=f"{top:.1f}",
                width=f"{max(end - begin - 1, 0.5):.1f}",
                height=f"{HEIGHT - BOTTOM - top:.1f}",
                class_="bar",
            )
        )
    return _chart(x, y, description, *bars)


def reliability(
    said: Array,
    true: Array,
    counts: Array,
    x_label: str,
    y_label: str,
    description: str,
    *,
    bars: bool = True,
) -> Markup:
    """Return how often what was said with a probability came true, beside the diagonal.

    Below, a bar for how many rows there are of each.
    """
    x, y = Axis(0.0, 1.0, x_label), Axis(0.0, 1.0, y_label)
    edges = np.linspace(0.0, 1.0, len(counts) + 1) if bars else ()
    shown = []
    for count, (left, right) in zip(counts, itertools.pairwise(edges), strict=bars):
        if count == 0:
            continue
        height = 0.25 * count / counts.max() * (HEIGHT - TOP - BOTTOM)
        begin, end = float(_x(x, left)), float(_x(x, right))
        shown.append(
            tag(
                "rect",
                tag("title", f"{left:.1f} to {right:.1f}: {int(count):,} rows"),
                x=f"{begin + 1:.1f}",
                y=f"{HEIGHT - BOTTOM - height:.1f}",
                width=f"{end - begin - 2:.1f}",
                height=f"{height:.1f}",
                class_="faint",
            )
        )
    shown.append(_diagonal(x, y))
    there = np.flatnonzero(counts)
    places = [(float(_x(x, said[i])), float(_y(y, true[i]))) for i in there]
    shown.append(tag("path", d=_path(places), class_="line first"))
    for i, (a, b) in zip(there, places, strict=True):
        words = f"said {said[i]:.2f}, came true {true[i]:.2f} ({int(counts[i]):,} rows)"
        shown.append(
            tag(
                "circle",
                tag("title", words),
                cx=f"{a:.1f}",
                cy=f"{b:.1f}",
                r=3.5,
                class_="point first",
            )
        )
    return _chart(x, y, description, *shown)


def _diagonal(x: Axis, y: Axis) -> Markup:
    guide = [(float(_x(x, at)), float(_y(y, at))) for at in (0.0, 1.0)]
    return tag("path", d=_path(guide), class_="guide")


def roc(false: Array, true: Array, description: str) -> Markup:
    """Return how many of a class are found, by how many false alarms, beside chance."""
    x, y = Axis(0.0, 1.0, "false positive rate"), Axis(0.0, 1.0, "true positive rate")
    kept = _thinned(len(false))
    places = list(zip(_x(x, false[kept]).tolist(), _y(y, true[kept]).tolist(), strict=True))
    return _chart(
        x, y, description, _diagonal(x, y), tag("path", d=_path(places), class_="line first")
    )


def spark(values: Array) -> Markup:
    """Return a small histogram without axes, to go into a cell; the numbers are beside it."""
    counts, _ = np.histogram(values, bins=16)
    most = max(int(counts.max()), 1)
    bars = [
        tag(
            "rect",
            x=index * 5,
            y=f"{20 - 20 * n / most:.1f}",
            width=4,
            height=f"{20 * n / most:.1f}",
        )
        for index, n in enumerate(counts)
        if n
    ]
    return tag("svg", *bars, viewBox="0 0 80 20", class_="spark", aria_hidden="true")
