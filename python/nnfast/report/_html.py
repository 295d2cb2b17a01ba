"""HTML as nested calls. Text is escaped where it is put in, so that none can be forgotten."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

VOID = frozenset({"br", "img", "meta"})


class Markup(str):
    """A piece of HTML. Any other string is text, and is escaped."""

    __slots__ = ()


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element; attributes that are None are left out, and ``class_`` is class."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(children)}</{name}>")


def joined(parts: Iterable[object]) -> Markup:
    """Return pieces of HTML and text one after another; None is nothing."""
    return Markup(
        "".join(
            part if isinstance(part, Markup) else escape(str(part), quote=False)
            for part in parts
            if part is not None
        )
    )


def table(
    caption: str,
    head: Sequence[object],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[int] = (),
    class_: str | None = None,
) -> Markup:
    """Return a table whose first cells head their rows; columns of `numbers` are set to the right.

    It may be wider than a phone: then it scrolls, and the page does not.
    """
    right = dict.fromkeys(numbers, "number")
    heads = [
        tag("th", cell, scope="col", class_=right.get(index)) for index, cell in enumerate(head)
    ]
    lines = []
    for first, *rest in rows:
        cells = [
            tag("td", cell, class_=right.get(index)) for index, cell in enumerate(rest, start=1)
        ]
        row_head = tag("th", first, scope="row", class_=right.get(0))
        lines.append(tag("tr", row_head, *cells))
    inner = [
        tag("caption", caption),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *lines),
    ]
    return scrolling(tag("table", *inner, class_=class_), caption)


def scrolling(content: Markup, label: str) -> Markup:
    """Return something wide in a frame of its own, which can be scrolled by the keyboard too."""
    return tag("div", content, class_="wide", tabindex=0, role="region", aria_label=label)


def facts(pairs: Iterable[tuple[str, object]], class_: str | None = None) -> Markup:
    """Return a list of names and what they are."""
    listed = (tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs)
    return tag("dl", *listed, class_=class_)


def figure(title: str, picture: Markup, *more: object) -> Markup:
    """Return a picture under its title."""
    return tag("figure", tag("figcaption", tag("b", title), *more), picture)


def section(name: str, title: str, *content: object) -> Markup:
    """Return a section with its heading."""
    heading = tag("h2", title, id=f"{name}-title")
    return tag("section", heading, *content, id=name, aria_labelledby=f"{name}-title")


def number(value: Any) -> str:
    """Return a number with four digits that count, as it is read."""
    if isinstance(value, int) or (math.isfinite(value) and float(value).is_integer()):
        return f"{int(value):,}" if abs(value) < 1e15 else f"{value:.4g}"
    size = abs(value)
    if not math.isfinite(value) or size >= 1e6 or size < 1e-4:
        return f"{value:.3g}"
    digits = max(0, 3 - math.floor(math.log10(size)))
    return f"{value:,.{digits}f}"


def percent(share: float, digits: int = 1) -> str:
    """Return a share as a percentage."""
    return f"{100 * share:.{digits}f}\u00a0%" if math.isfinite(share) else "-"


def count(many: int, one: str, several: str | None = None) -> str:
    """Return a number of things, with their name."""
    return f"{many:,} {one if many == 1 else several or one + 's'}"
