"""A network as a graph of nodes and weighted edges, with matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nnfast.plot._diagram import LETTER, RADIUS, Diagram, diagram, head
from nnfast.plot._figure import TRAINING_COLOUR, VALIDATION_COLOUR, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

POSITIVE, NEGATIVE, NEITHER = TRAINING_COLOUR, VALIDATION_COLOUR, "#8C8C8C"


def architecture(
    net: Any,
    *,
    feature_names: Sequence[str] | None = None,
    classes: Sequence[Any] | NDArray[Any] | None = None,
    weights: bool = True,
    biases: bool = True,
    nodes: int = 8,
    ax: Axes | None = None,
) -> Axes:
    """Draw a network as a graph: its nodes layer by layer, its weights as edges.

    An edge is blue where its weight is above 0 and vermilion where it is below, and the wider and
    darker the larger the weight is beside the largest one drawn. A bias is the weight of an edge
    from a constant 1, the output nodes' too. Below each layer stand its size, its activation, and
    what else is done to its outputs; an arc shows where a residual block adds its input.

    Parameters
    ----------
    net : FeedForward, Perceptron or estimator
        A network, trained or not, a fitted perceptron, or a fitted multilayer perceptron of
        scikit-learn.
    feature_names : sequence of str, optional
        The names of the inputs, written beside them; by default those of the network's `table`.
    classes : sequence, optional
        The names of the outputs; by default the labels that the network was fitted with, if they
        are words. Of two names a single output has the second.
    weights : bool, default True
        Whether the edges show the weights; if not, all are grey.
    biases : bool, default True
        Whether the constants and their edges are drawn.
    nodes : int, default 8
        How many places a layer has, at least 3; of a wider one the first and the last nodes are
        drawn, and dots between them. Of more than 9 layers, too, those in the middle are left out.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        With the architecture, such as 3-2-3-2, as its title.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `net` is none of the three, `weights` or `biases` no bool, or `ax` not matplotlib axes.
    ValueError
        If `net` is an estimator that is not fitted, there are not as many names as nodes, or
        `nodes` is below 3.

    See Also
    --------
    architecture_svg : the same as text, without matplotlib.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.plot.architecture(nn.FeedForward("3-2-3-2", hidden="tanh", seed=1)).get_title()
    '3-2-3-2'
    """
    drawn = diagram(
        net,
        feature_names=feature_names,
        classes=classes,
        weights=weights,
        biases=biases,
        nodes=nodes,
    )
    # Room for the legend and the title beside the graph itself.
    extra = 0.75 if weights else 0.35
    wide, high = drawn.right - drawn.left, drawn.top - drawn.bottom
    scale = min(1.0, 8.0 / wide, 6.5 / high)
    width = max(scale * wide + 0.1, 4.6 if weights else 2.0)
    ax = axes_or_new(ax, width=width, height=scale * high + extra)
    box = ax.get_window_extent()
    points = 72 / ax.figure.dpi * min(box.width / wide, box.height / high)  # of a unit
    ax.set(xlim=(drawn.left, drawn.right), ylim=(drawn.bottom, drawn.top), aspect="equal")
    ax.set_axis_off()
    ax.set_title(drawn.title)
    _draw_edges(ax, drawn, points)
    _draw_nodes(ax, drawn, points)
    if weights:
        _add_legend(ax, drawn)
    return ax


def edge_colour(weight: float | None) -> str:
    """Return the colour of an edge: by the sign of its weight, grey where it has none."""
    if weight is None or not abs(weight) > 0:
        return NEITHER
    return POSITIVE if weight > 0 else NEGATIVE


def _draw_edges(ax: Axes, drawn: Diagram, points: float) -> None:
    from matplotlib.collections import LineCollection, PolyCollection
    from matplotlib.colors import to_rgba

    strengths = [drawn.strength(edge) for edge in drawn.edges]
    colours = [
        to_rgba(edge_colour(edge.weight), 0.7 if edge.weight is None else 0.3 + 0.7 * strength)
        for edge, strength in zip(drawn.edges, strengths, strict=True)
    ]
    size = points / 72
    widths = [(0.7 + 2.6 * strength) * size for strength in strengths]
    lines = [(edge.start, edge.end) for edge in drawn.edges]
    ax.add_collection(LineCollection(lines, colors=colours, linewidths=widths, zorder=1))
    if drawn.arrows:
        heads = [head(edge) for edge in drawn.edges]
        ax.add_collection(PolyCollection(heads, facecolors=colours, linewidths=0, zorder=1))
    from matplotlib.patches import FancyArrowPatch

    for start, end in drawn.skips:
        arc = FancyArrowPatch(
            start,
            end,
            connectionstyle="arc3,rad=-0.2",
            arrowstyle="-|>",
            mutation_scale=10 * size,
            color="0.45",
            linestyle="--",
            shrinkA=1,
            shrinkB=1,
        )
        ax.add_patch(arc)


def _draw_nodes(ax: Axes, drawn: Diagram, points: float) -> None:
    from matplotlib.patches import Circle

    middle: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 3}
    for node in drawn.nodes:
        constant = node.number is None
        circle = Circle(
            node[:2],
            RADIUS,
            facecolor="0.92" if constant else "white",
            edgecolor="0.25",
            linewidth=0.018 * points,
            linestyle="--" if constant else "-",
            zorder=2,
        )
        ax.add_patch(circle)
        inside = node.letter if constant else f"${node.letter}_{{{node.number}}}$"
        ax.text(
            node.x, node.y, inside, ha="center", va="center", fontsize=LETTER * points, zorder=3
        )
        if node.name:
            side = -1 if node.letter == "x" else 1
            ax.text(
                node.x + side * (RADIUS + 0.1),
                node.y,
                node.name,
                ha="right" if side < 0 else "left",
                va="center",
                fontsize=LETTER * points,
                parse_math=False,
            )
    for x, y in drawn.dots:
        ax.text(x, y, "⋮", fontsize=0.3 * points, **middle)
    for x, y, text in drawn.gaps:
        ax.text(x, y, "⋯", fontsize=0.3 * points, **middle)
        ax.text(x, y - 0.3, text, fontsize=LETTER * points, color="0.35", **middle)
    for x, y, text in drawn.notes:
        ax.text(x, y, text, fontsize=LETTER * points, color="0.35", **middle)


def _add_legend(ax: Axes, drawn: Diagram) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=POSITIVE, linewidth=2, label="positive weight"),
        Line2D([], [], color=NEGATIVE, linewidth=2, label="negative weight"),
        Line2D([], [], linestyle="", label=f"largest: {drawn.largest:.2g}"),
    ]
    ax.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=3,
        handlelength=1.5,
        columnspacing=1.5,
        frameon=False,
        fontsize="small",
    )
