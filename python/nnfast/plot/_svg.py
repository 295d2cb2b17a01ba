"""The same graph as SVG: text, without matplotlib, for notebooks and pages."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from nnfast.plot._architecture import edge_colour
from nnfast.plot._diagram import RADIUS, Diagram, Node, diagram, head

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNIT = 60  # pixels
WIDTHS = 4  # into so many classes edges are put, each one path
GREY = "#767676"  # its contrast is 4.5 to white and 4.2 to a dark page: legible on both
MOST_TITLES = 60  # edges that say their weight when pointed at
MOST_PARAMETERS = 2_000_000  # of a network that shows its weights in a notebook
TITLE, LEGEND = 30, 26  # pixels above and below


def architecture_svg(
    net: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    feature_names: Sequence[str] | None = None,
    classes: Sequence[Any] | NDArray[Any] | None = None,
    weights: bool = True,
    biases: bool = True,
    nodes: int = 8,
    colour: str = GREY,
) -> str:
    """Return the picture of `architecture` as SVG, a text that browsers and notebooks draw.

    It needs neither matplotlib nor Graphviz. Nodes say their bias when they are pointed at, and in
    small networks edges their weight. At the prompt of a notebook a network shows itself so.

    Parameters
    ----------
    net, feature_names, classes, weights, biases, nodes
        As for `architecture`. Names are written as they are: what looks like markup stays text.
    path : str or path, optional
        A file to write it to.
    colour : str, optional
        Of circles and words, as CSS has it. By default a grey that is legible on white and on
        black; ``"currentColor"`` takes that of the page that it is a part of.

    Returns
    -------
    str

    Raises
    ------
    TypeError, ValueError
        As of `architecture`.

    Examples
    --------
    >>> import nnfast as nn
    >>> picture = nn.plot.architecture_svg(nn.FeedForward("3-2-3-2", seed=1))
    >>> picture[:4], picture.count("<circle")  # ten nodes, and the three layers' constants
    ('<svg', 13)
    """
    if not isinstance(colour, str):
        raise TypeError(f"colour must be a string, got {colour!r}.")
    drawn = diagram(
        net,
        feature_names=feature_names,
        classes=classes,
        weights=weights,
        biases=biases,
        nodes=nodes,
    )
    text = _Picture(drawn, weights).text(colour)
    if path is not None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return text


class _Picture:
    """A diagram's pieces as elements, in pixels, y downwards."""

    def __init__(self, drawn: Diagram, weights: bool) -> None:
        self.drawn, self.weights = drawn, weights
        self.wide = max((drawn.right - drawn.left) * UNIT, 350.0 if weights else 100.0)
        self.shift = (self.wide - (drawn.right - drawn.left) * UNIT) / 2
        self.high = (drawn.top - drawn.bottom) * UNIT + TITLE + (LEGEND if weights else 0)

    def text(self, colour: str) -> str:
        drawn = self.drawn
        said = f"Network {drawn.title}: " + ", ".join(note.text for note in drawn.notes)
        pieces = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.wide:.0f}" '
            f'height="{self.high:.0f}" viewBox="0 0 {self.wide:.0f} {self.high:.0f}" role="img" '
            f'aria-label="{escape(said)}" style="max-width:100%;height:auto" '
            f'font-family="sans-serif" font-size="11" text-anchor="middle" '
            f'fill="{escape(colour)}">',
            _words(self.wide / 2, 18, drawn.title, size=15),
            *self.edges(),
            *self.skips(colour),
            f'<g fill="none" stroke="{escape(colour)}" stroke-width="1.2">',
            *(self.circle(node) for node in drawn.nodes),
            "</g>",
            *(piece for node in drawn.nodes for piece in self.labels(node)),
            *(_words(*self.at(x, y), "⋮", size=20) for x, y in drawn.dots),
            *(_words(*self.at(x, y), "⋯", size=20) for x, y, _ in drawn.gaps),
            *(_words(*self.at(x, y - 0.3), text) for x, y, text in drawn.gaps),
            *(_words(*self.at(x, y), text) for x, y, text in drawn.notes),
            *(self.legend() if self.weights else ()),
            "</svg>",
        ]
        return "\n".join(pieces)

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.shift + (x - self.drawn.left) * UNIT, TITLE + (self.drawn.top - y) * UNIT

    def edges(self) -> list[str]:
        """Edges of one colour and about one width are one path, which keeps the text short."""
        if len(self.drawn.edges) <= MOST_TITLES and self.weights:
            groups = [[edge] for edge in self.drawn.edges]
        else:
            alike = defaultdict(list)
            for edge in self.drawn.edges:
                step = min(int(self.drawn.strength(edge) * WIDTHS), WIDTHS - 1)
                alike[step, edge_colour(edge.weight)].append(edge)
            groups = [alike[key] for key in sorted(alike)]
        pieces = []
        for group in groups:
            strength = max(map(self.drawn.strength, group))
            lines, heads = "", ""
            for edge in group:
                (a, b), (c, d) = self.at(*edge.start), self.at(*edge.end)
                lines += f"M{a:.0f} {b:.0f}L{c:.0f} {d:.0f}"
                if self.drawn.arrows:
                    corners = [self.at(*corner) for corner in head(edge)]
                    heads += "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners) + "Z"
            colour = edge_colour(group[0].weight)
            opacity = 0.7 if group[0].weight is None else 0.3 + 0.7 * strength
            width = 0.7 + 2.6 * strength
            weight = group[0].weight  # none where an edge is no weight, such as of a category
            said = "" if len(group) > 1 or weight is None else _title(f"{weight:.4g}")
            pieces.append(
                f'<g opacity="{opacity:.2g}">{said}<path d="{lines}" stroke="{colour}" '
                f'stroke-width="{width:.2g}" fill="none"/>'
                + (f'<path d="{heads}" fill="{colour}"/>' if heads else "")
                + "</g>"
            )
        return pieces

    def skips(self, colour: str) -> list[str]:
        pieces = []
        for start, end in self.drawn.skips:
            (a, b), (c, d) = self.at(*start), self.at(*end)
            top = min(b, d) - 0.55 * UNIT
            pieces.append(
                f'<path d="M{a:.0f} {b:.0f}C{a:.0f} {top:.0f} {c:.0f} {top:.0f} {c:.0f} {d:.0f}" '
                f'fill="none" stroke="{escape(colour)}" stroke-dasharray="4 3"/>'
            )
        return pieces

    def circle(self, node: Node) -> str:
        x, y = self.at(node.x, node.y)
        dashed = ' stroke-dasharray="4 3"' if node.number is None else ""
        return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{RADIUS * UNIT:.1f}"{dashed}/>'

    def labels(self, node: Node) -> list[str]:
        x, y = self.at(node.x, node.y)
        inside = escape(node.letter)
        if node.number is not None:
            inside += f'<tspan dy="3" font-size="9">{node.number}</tspan>'
        said = "" if node.bias is None else _title(f"bias {node.bias:.4g}")
        pieces = [f'<text x="{x:.0f}" y="{y + 4:.0f}" font-size="12">{said}{inside}</text>']
        if node.name:
            side, anchor = (-1, "end") if node.letter == "x" else (1, "start")
            x += side * (RADIUS + 0.1) * UNIT
            pieces.append(_words(x, y, node.name, anchor=anchor))
        return pieces

    def legend(self) -> list[str]:
        y = self.high - 12
        middle = self.wide / 2
        pieces = []
        for x, weight, said in ((middle - 165, 1.0, "positive"), (middle - 45, -1.0, "negative")):
            line = f'd="M{x:.0f} {y:.0f}h20" stroke="{edge_colour(weight)}" stroke-width="2.5"'
            pieces += [f"<path {line}/>", _words(x + 25, y, f"{said} weight", anchor="start")]
        largest = f"largest: {self.drawn.largest:.2g}"
        return [*pieces, _words(middle + 80, y, largest, anchor="start")]


def _title(text: str) -> str:
    return f"<title>{escape(text)}</title>"


def _words(x: float, y: float, text: str, *, size: int = 0, anchor: str = "") -> str:
    more = (f' font-size="{size}"' if size else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x:.0f}" y="{y + 4:.0f}"{more}>{escape(text)}</text>'


def svg(net: Any, colour: str = GREY) -> str:
    """Return a network's picture for a prompt, where it has to be quick."""
    return architecture_svg(net, weights=net.parameter_count <= MOST_PARAMETERS, colour=colour)


def html(net: Any) -> str:
    """Return what a notebook shows of a network: its picture, and the table of its summary."""
    picture = svg(net, "currentColor")
    table = escape(str(net.summary()))
    return (
        f"<div>{picture}<details><summary>{escape(net.architecture)}: "
        f"{net.parameter_count:,} parameters</summary>"
        f'<pre style="line-height:1.2">{table}</pre></details></div>'
    )
