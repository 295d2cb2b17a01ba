"""The figures of the article: a graph, a neuron, six activations, a 3-2-3-2 net.

The activations of figure 4 and the network of figure 5 are pictures of the library, those of
`nnfast.plot`; the other two are drawn here.
"""

from typing import Any

import numpy as np
from _pictures import BLUE, VERMILION, draw, figure

import nnfast as nn

ACTIVATIONS = {
    "step": "step",
    "sigmoid": "sigmoid",
    "tanh": "hyperbolic tangent",
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "elu": "ELU",
}
RADIUS = 0.28


def canvas(width: float, height: float, right: float, top: float) -> tuple[Any, Any]:
    """Return a figure and its axes, where a circle is round and nothing else is drawn."""
    page = figure(width, height)
    axes = page.subplots()
    axes.set(xlim=(-0.6, right + 0.6), ylim=(-0.6, top + 0.6), aspect="equal")
    axes.set_axis_off()
    return page, axes


def node(axes: Any, x: float, y: float, label: str, colour: str = BLUE) -> None:
    from matplotlib.patches import Circle

    axes.add_patch(
        Circle((x, y), RADIUS, facecolor="white", edgecolor=colour, linewidth=2, zorder=2)
    )
    axes.text(x, y, label, ha="center", va="center", zorder=3)


def edge(
    axes: Any,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    label: str = "",
    at: float = 0.5,
) -> None:
    """Draw an arrow from the rim of one node to the rim of another, with its weight beside it."""
    way = np.subtract(end, start)
    length = float(np.hypot(*way))
    step = way / length * RADIUS
    axes.annotate(
        "",
        np.subtract(end, step * 1.05),
        np.add(start, step * 1.05),
        arrowprops={
            "arrowstyle": "-|>",
            "color": "0.45",
            "linewidth": 1.2,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
    if label:
        x, y = np.add(start, way * at)
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
        axes.text(x, y, label, ha="center", va="center", fontsize="small", bbox=box)


def draw_graph(quick: bool) -> Any:
    """Figure 1: a directed graph, its nodes labelled and its edges weighted."""
    places = {"a": (0.0, 1.1), "b": (1.8, 2.2), "c": (1.8, 0.0), "d": (3.6, 1.1), "e": (5.4, 1.1)}
    weights = {"ab": 0.5, "ac": -1.2, "bd": 2.0, "cd": 0.8, "cb": 1.5, "de": -0.7}
    page, axes = canvas(6.4, 3.2, 5.4, 2.2)
    for name, place in places.items():
        node(axes, *place, name)
    for (start, end), weight in weights.items():
        edge(axes, places[start], places[end], label=f"{weight:g}".replace("-", "\N{MINUS SIGN}"))
    return page


def draw_neuron(quick: bool) -> Any:
    """Figure 3: inputs times weights, their sum with the bias, and the activation."""
    page, axes = canvas(7.4, 3.4, 7.0, 2.8)
    heights = (2.8, 1.4, 0.0)
    total, bend, output = (3.0, 1.4), (4.7, 1.4), (6.5, 1.4)
    for height, index in zip(heights, ("1", "2", "n"), strict=True):
        node(axes, 0.0, height, f"$x_{index}$")
        edge(axes, (0.0, height), total, label=f"$w_{index}$", at=0.45)
    axes.text(0.0, 0.7, "⋮", ha="center", va="center", fontsize="x-large")
    node(axes, *total, "Σ", VERMILION)
    node(axes, *bend, "$f$", VERMILION)
    axes.text(*output, "$y$", ha="left", va="center", fontsize="large")
    edge(axes, (3.0, 2.8), total)
    axes.text(3.0, 2.72, "bias $b$", ha="center", va="center")
    edge(axes, total, bend, label="$z$")
    edge(axes, bend, output)
    notes = {0.0: "inputs", 1.4: "weights", 3.0: "sum", 4.7: "activation", 6.5: "output"}
    for x, note in notes.items():
        axes.text(x, -0.55, note, ha="center", va="center", color="0.35", fontsize="small")
    axes.text(4.6, 0.5, r"$y = f(\Sigma_i\, w_i x_i + b)$", ha="left", va="center")
    return page


def draw_activations(quick: bool) -> Any:
    """Figure 4: the six activations from the step to ELU."""
    page = figure(8.0, 4.4)
    drawn = nn.plot.activations(list(ACTIVATIONS), derivatives=False, ax=page.subplots())
    for axes, title in zip(drawn.child_axes, ACTIVATIONS.values(), strict=True):
        axes.set_title(title, fontsize="medium")
    return page


def draw_network(quick: bool) -> Any:
    """Figure 5: the 3-2-3-2 net, its edges as wide as its weights are large."""
    page = figure(6.8, 4.4)
    net = nn.FeedForward("3-2-3-2", hidden="tanh", seed=1)
    nn.plot.architecture(net, biases=False, ax=page.subplots())
    return page


PICTURES = {
    "article-1-graph": draw_graph,
    "article-3-neuron": draw_neuron,
    "article-4-activations": draw_activations,
    "article-5-network": draw_network,
}

if __name__ == "__main__":
    draw(__doc__, PICTURES)
