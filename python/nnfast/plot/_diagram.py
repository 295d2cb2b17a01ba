"""Where the nodes and edges of a network go in a picture, whoever draws it.

The unit is about an inch: nodes have a radius of 0.28, x goes right and y goes up.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast.plot._columns import Column, columns_of
from nnfast.plot._figure import checked_bool, checked_count

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]
    Point: TypeAlias = tuple[float, float]

RADIUS = 0.28
HEAD = 0.11  # the length of an arrow's head
MOST_LAYERS = 9
MOST_ARROWS = 80  # beyond, heads would hide what they point at
LETTER = 0.19  # the height of words: legible where nine layers share 600 pixels
LINE = 0.27  # from one line of the notes to the next


class Node(NamedTuple):
    """A node: what is written into it, its number, the name beside it, and its bias if known.

    The constants have no number.
    """

    x: float
    y: float
    letter: str
    number: int | None
    name: str
    bias: float | None


class Edge(NamedTuple):
    """An edge from rim to rim; without a weight, only that there is one."""

    start: Point
    end: Point
    weight: float | None


class Note(NamedTuple):
    """Words in the middle of (x, y)."""

    x: float
    y: float
    text: str


class Diagram(NamedTuple):
    """All that is to be drawn, from the edges to what lies over them.

    `dots` are where nodes are left out, `gaps` where layers are, `skips` the ends of the arcs by
    which a residual block's input passes it.
    """

    title: str
    nodes: list[Node]
    edges: list[Edge]
    dots: list[Point]
    gaps: list[Note]
    notes: list[Note]
    skips: list[tuple[Point, Point]]
    left: float
    right: float
    bottom: float
    top: float
    largest: float
    arrows: bool

    def strength(self, edge: Edge) -> float:
        """Return how large an edge's weight is, from 0 to 1, which is the largest of all."""
        if edge.weight is None or not np.isfinite(edge.weight) or not self.largest:
            return 0.0
        return abs(edge.weight) / self.largest


def head(edge: Edge) -> tuple[Point, Point, Point]:
    """Return the three corners of the arrow's head at an edge's end."""
    end = np.array(edge.end)
    way = end - edge.start
    along = way / np.hypot(*way) * HEAD
    across = np.array([-along[1], along[0]]) * 0.4
    left, right = end - along + across, end - along - across
    return edge.end, (float(left[0]), float(left[1])), (float(right[0]), float(right[1]))


def diagram(
    model: Any,
    *,
    feature_names: Sequence[str] | None,
    classes: Sequence[Any] | Array | None,
    weights: bool,
    biases: bool,
    nodes: int,
) -> Diagram:
    """Place a model's nodes in columns, layer by layer, at most so many of them in each."""
    weights, biases = checked_bool(weights, "weights"), checked_bool(biases, "biases")
    nodes = checked_count(nodes, "nodes", least=3)
    columns = columns_of(model, weights)
    if feature_names is None:
        feature_names = getattr(getattr(model, "table", None), "names", None)
    inputs = _names(feature_names, columns[0].size, "feature_names", "inputs")
    if classes is None:
        classes = _own_classes(model, columns[-1].size)
    outputs = _names(classes, columns[-1].size, "classes", "outputs")
    return _placed(columns, inputs, outputs, weights, biases, nodes)


def _names(
    given: Sequence[Any] | Array | None, count: int, argument: str, what: str
) -> list[str] | None:
    if given is None:
        return None
    if isinstance(given, str) or not hasattr(given, "__len__"):
        raise TypeError(f"{argument} must be a list of names, got {given!r}.")
    if argument == "classes" and count == 1 and len(given) == 2:
        return [str(given[1])]  # a single output says how likely the second class is
    if len(given) != count:
        raise ValueError(
            f"{argument} must be {count}, one for each of the {what}, got {len(given)}."
        )
    return [str(name) for name in given]


def _own_classes(model: Any, count: int) -> Array | None:
    """Return the classes that a model has learned, if they are words for its outputs."""
    classes = getattr(model, "classes_", None)
    if classes is None or np.asarray(classes).dtype.kind not in "OU":
        return None
    return np.asarray(classes) if len(classes) == count or (count, len(classes)) == (1, 2) else None


def _shown(size: int, most: int) -> tuple[list[int], int | None]:
    """Return which of a layer's nodes are drawn, and after how many of them the dots come."""
    if size <= most:
        return list(range(size)), None
    first = most // 2
    last = most - 1 - first  # the dots take the place of one
    return [*range(first), *range(size - last, size)], first


def _placed(
    columns: list[Column],
    inputs: list[str] | None,
    outputs: list[str] | None,
    weights: bool,
    biases: bool,
    most: int,
) -> Diagram:
    last = len(columns) - 1
    kept = list(range(len(columns)))
    if len(columns) > MOST_LAYERS:
        kept = [*kept[:4], *kept[-4:]]
    tallest = max(min(columns[place].size, most) for place in kept)
    spacing = 1.0 if tallest <= 5 else 0.8
    # Tall columns want to stand further apart, or the edges become a thicket; many have no room to.
    distance = max(1.3, min(max(2.1, 0.42 * spacing * tallest), 8.5 / (len(kept) - 1)))

    nodes: list[Node] = []
    dots: list[Point] = []
    gaps: list[Note] = []
    at: dict[int, dict[int, Node]] = {}  # column to index to node; the constant 1 is -1
    x = 0.0
    for before, place in zip([None, *kept], kept, strict=False):
        column = columns[place]
        if before is not None:
            left_out = place - before - 1
            step = max(1.4 * distance, 2.3) if left_out else distance
            x += step
            if left_out:
                gaps.append(Note(x - step / 2, 0.0, f"{left_out} more layers"))
        shown, after = _shown(column.size, most)
        slots = len(shown) + (after is not None)
        heights = [spacing * ((slots - 1) / 2 - slot) for slot in range(slots)]
        if after is not None:
            dots.append((x, heights.pop(after)))
        names = inputs if place == 0 else outputs if place == last else None
        letter = "x" if place == 0 else "y" if place == last else "h"
        at[place] = {
            index: Node(
                x,
                y,
                letter,
                index + 1,
                names[index] if names else "",
                None if column.bias is None else float(column.bias[index]),
            )
            for index, y in zip(shown, heights, strict=True)
        }
        # The constant 1 of a layer feeds the next one, the output's too.
        if biases and place < last and place + 1 in kept and columns[place + 1].biased:
            top = spacing * (slots + 1) / 2
            at[place][-1] = Node(x, top, "1", None, "", None)
        nodes += at[place].values()

    edges = [
        edge
        for a, b in pairwise(kept)
        if b == a + 1
        for edge in _edges(at[a], at[b], columns[b], weights)
    ]
    sizes = [abs(edge.weight) for edge in edges if edge.weight is not None]
    largest = max((size for size in sizes if np.isfinite(size)), default=0.0)
    edges.sort(key=lambda edge: abs(edge.weight or 0.0))
    lowest = min(node.y for node in nodes)
    notes = [
        Note(next(iter(at[place].values())).x, lowest - 0.62 - LINE * line, text)
        for place in kept
        for line, text in enumerate(columns[place].notes)
    ]
    skips = [
        (_above(at[column.skip_from]), _above(at[place]))
        for place, column in enumerate(columns)
        if column.skip_from in at and place in at and column.skip_from != place
    ]
    characters = [max(map(len, names), default=0) for names in (inputs or [], outputs or [])]
    widest = max((len(note.text) for note in notes), default=0)
    margin = max(RADIUS, 0.056 * widest)
    return Diagram(
        title="-".join(str(column.size) for column in columns if column.counted),
        nodes=nodes,
        edges=edges,
        dots=dots,
        gaps=gaps,
        notes=notes,
        skips=skips,
        left=-max(margin, RADIUS + 0.12 + 0.11 * characters[0]),
        right=x + max(margin, RADIUS + 0.12 + 0.11 * characters[1]),
        bottom=min([lowest - RADIUS, *(note.y - 0.14 for note in notes)]),
        top=max(node.y for node in nodes) + RADIUS + (0.6 if skips else 0.05),
        largest=float(largest),
        arrows=len(edges) <= MOST_ARROWS,
    )


def _above(column: dict[int, Node]) -> Point:
    highest = max(column.values(), key=lambda node: node.y)
    return highest.x, highest.y + RADIUS


def _edges(
    sources: dict[int, Node], targets: dict[int, Node], column: Column, weights: bool
) -> list[Edge]:
    """Return the edges between the nodes of two neighbouring columns that are drawn."""
    edges = []
    for i, source in sources.items():
        for j, target in targets.items():
            if j == -1 or (i >= 0 and column.links is not None and not column.links[i, j]):
                continue
            weight = None
            if weights and i >= 0 and column.kernel is not None:
                weight = float(column.kernel[i, j])
            elif weights and i == -1 and column.bias is not None:
                weight = float(column.bias[j])
            start, end = np.array(source[:2]), np.array(target[:2])
            step = (end - start) / np.hypot(*(end - start)) * (RADIUS + 0.02)
            (a, b), (c, d) = start + step, end - step
            edges.append(Edge((float(a), float(b)), (float(c), float(d)), weight))
    return edges
