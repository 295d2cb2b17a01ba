"""How each layer answers and learns: what saturates, what is dead, how long gradients are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast._diagnosis import LIMITS, NEAR, USUAL_RATIOS
from nnfast.layers import Activation, Dense, Dropout, GaussianNoise
from nnfast.plot._figure import (
    LINE_COLOURS,
    TRAINING_COLOUR,
    VALIDATION_COLOUR,
    axes_or_new,
    grid,
    panels,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[Any]

COLUMNS = 4  # of layers side by side
BINS = 40


def saturation(net: Any, X: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw for each layer how its outputs are spread, and how often each of its units is at work.

    Above a histogram of the layer's outputs; in vermilion those within a hundredth of the range
    from a limit of the activation, where its slope is almost 0. Below a histogram of the units by
    the share of rows for which they are at work: not near a limit, and not 0. Units at the left rim
    learn nothing, as they are saturated or dead for all rows.

    Parameters
    ----------
    net : FeedForward
    X : array-like of shape (rows, inputs)
        Some hundred rows are enough.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Without a frame: its `child_axes` have two pictures for each layer, but none for dropout and
        noise, which do nothing here.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `net` is not a FeedForward, or `ax` is not matplotlib axes.
    ValueError
        If `X` is not what the network wants.

    See Also
    --------
    FeedForward.diagnose : the same as numbers and words.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> net = nn.FeedForward("64-32-16-10", hidden="tanh", output="softmax", seed=0)
    >>> axes = nn.plot.saturation(net, X[:200])
    >>> [one.get_title() for one in axes.child_axes[:2]]
    ['dense_1: tanh\\n0 % saturated', '']
    """
    _network(net)
    drawn = [
        (name, layer, values.astype(np.float64))
        for (name, layer), values in zip(_named(net), net.layer_outputs(X), strict=True)
        if not isinstance(layer, (Dropout, GaussianNoise))
    ]
    columns = min(len(drawn), COLUMNS)
    blocks = -(-len(drawn) // columns)
    ax = axes_or_new(ax, width=2.05 * columns + 0.5, height=3.9 * blocks + 0.3)
    places = grid(len(drawn), columns)
    # In the order of the layers, each its two, one above the other.
    order = [(2 * block + half, column) for block, column in places for half in (0, 1)]
    pictures = iter(panels(ax, order, gap=(0.36, 0.62)))
    for (_, column), (name, layer, values) in zip(places, drawn, strict=True):
        upper, lower = next(pictures), next(pictures)
        _draw_outputs(upper, name, layer, values)
        _draw_units(lower, layer, values)
        if column == 0:
            upper.set_ylabel("share of outputs", fontsize="small")
            lower.set_ylabel("units", fontsize="small")
    return ax


def _network(net: Any) -> None:
    from nnfast.network import FeedForward

    if not isinstance(net, FeedForward):
        raise TypeError(f"net must be a FeedForward, got {type(net).__name__}.")


def _named(net: Any) -> list[tuple[str, Any]]:
    from nnfast import _summary

    return list(zip(_summary.names(net.layers)[1:], net.layers[1:], strict=True))


def _limits(layer: Any) -> tuple[float, float] | None:
    """Return between which values a layer's outputs stay, if they go flat at both."""
    if isinstance(layer, (Dense, Activation)):
        return LIMITS.get(layer.activation.name)
    return None


def _near(layer: Any, values: Array) -> Array:
    limits = _limits(layer)
    if limits is None:
        return np.zeros(values.shape, bool)
    margin = NEAR * (limits[1] - limits[0])
    return (values < limits[0] + margin) | (values > limits[1] - margin)


def _draw_outputs(ax: Axes, name: str, layer: Any, values: Array) -> None:
    limits = _limits(layer)
    finite = values[np.isfinite(values)]
    if limits is not None:
        edges = np.linspace(*limits, round(1 / NEAR) + 1)  # the outermost are near a limit
    elif finite.size:
        low, high = float(finite.min()), float(finite.max())
        edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    else:
        edges = np.linspace(0.0, 1.0, BINS + 1)
    shares = np.histogram(finite, edges)[0] / max(values.size, 1)
    ax.stairs(shares, edges, fill=True, color=TRAINING_COLOUR, alpha=0.8)
    dead = float(np.mean(~values.any(axis=0)))
    words = []
    if limits is not None:
        for outermost in (slice(0, 1), slice(-1, None)):
            rims = edges[:2] if outermost.start == 0 else edges[-2:]
            ax.stairs(shares[outermost], rims, fill=True, color=VALIDATION_COLOUR)
        words.append(f"{100 * _near(layer, values).mean():.0f} % saturated")
    if dead or limits is None:
        words.append(f"{100 * dead:.0f} % dead")
    if finite.size < values.size:
        words.append("not finite")
    kind = f": {layer.activation.name}" if isinstance(layer, (Dense, Activation)) else ""
    ax.set_title(f"{name}{kind}\n{', '.join(words)}", fontsize="small")
    ax.set_xlabel("output", fontsize="small")
    _small(ax)


def _draw_units(ax: Axes, layer: Any, values: Array) -> None:
    at_work = (~_near(layer, values) & (values != 0)).mean(axis=0)
    counts, edges = np.histogram(at_work, np.linspace(0.0, 1.0, 21))
    ax.stairs(counts, edges, fill=True, color=LINE_COLOURS[2], alpha=0.8)
    ax.set(xlim=(-0.02, 1.02), xticks=[0.0, 0.5, 1.0])
    ax.set_xticklabels(["0 %", "50 %", "100 %"])
    ax.set_ylim(0, max(counts.max() * 1.05, 1))
    ax.set_xlabel("rows at work", fontsize="small")
    from matplotlib.ticker import MaxNLocator

    ax.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
    _small(ax)


def _small(ax: Axes) -> None:
    ax.tick_params(labelsize="small")
    tidy(ax)


def gradient_flow(net: Any, X: ArrayLike, y: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw how long the gradient of each layer is, and how far a step moves its weights.

    Where the gradients of the first layers are a thousandth of the last ones', little is learned
    there. A step usually moves weights by between 1e-5 and a tenth of their size, which is shaded.

    Parameters
    ----------
    net : FeedForward
        Compiled as it is to learn; it stays as it is.
    X, y : array-like
        As in `FeedForward.fit`: some hundred rows, which are one step.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Without a frame: the first of its `child_axes` has the gradients' norms, the second the
        updates' by those of the weights. What is 0 stands at the lower rim.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `net` is not a FeedForward, or `ax` is not matplotlib axes.
    ValueError
        If `X` or `y` is not what the network wants.

    See Also
    --------
    FeedForward.diagnose : the same as numbers and words.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> net = nn.FeedForward("64-32-16-10", hidden="sigmoid", output="softmax", seed=0)
    >>> axes = nn.plot.gradient_flow(net, X[:200], y[:200])
    >>> [label.get_text() for label in axes.child_axes[1].get_xticklabels()]
    ['dense_1', 'dense_2', 'dense_3']
    """
    _network(net)
    layers = [one for one in net.diagnose(X, y).layers if one.gradient_norm is not None]
    names = [one.name for one in layers]
    ax = axes_or_new(ax, width=max(4.5, 0.55 * len(names) + 2.0), height=4.6)
    upper, lower = panels(ax, grid(2, 1), gap=(0.0, 0.15))
    norms = [float(one.gradient_norm or 0.0) for one in layers]
    ratios = [float(one.update_ratio or 0.0) for one in layers]
    low, high = USUAL_RATIOS
    lower.axhspan(low, high, color=LINE_COLOURS[2], alpha=0.15, linewidth=0, label="usual")
    for place, values, colour, marker in (
        (upper, norms, TRAINING_COLOUR, "o"),
        (lower, ratios, VALIDATION_COLOUR, "s"),
    ):
        _on_log_scale(place, values, colour, marker)
        place.set_xlim(-0.5, len(names) - 0.5)
        place.grid(True, axis="y", alpha=0.3)
        tidy(place)
    upper.set_xticks(range(len(names)), [""] * len(names))
    lower.set_xticks(range(len(names)), names, rotation=90 if len(names) > 5 else 0)
    upper.set_ylabel("gradient norm")
    lower.set_ylabel("update / weights")
    lower.legend(frameon=False, fontsize="small", loc="lower right")
    ax.set_title("Gradients and updates, layer by layer")
    return ax


def _on_log_scale(ax: Axes, values: list[float], colour: str, marker: str) -> None:
    """Draw values as points with a line; what is 0, and has no logarithm, at the lower rim."""
    known = [value for value in values if value > 0 and np.isfinite(value)]
    least, most = (min(known), max(known)) if known else (0.1, 1.0)
    rim = least / 10
    places = np.arange(len(values))
    drawn = np.array([value if value > 0 and np.isfinite(value) else np.nan for value in values])
    ax.plot(places, drawn, "-", marker=marker, color=colour, linewidth=1.5)
    missing = np.isnan(drawn)
    if missing.any():
        ax.plot(places[missing], np.full(missing.sum(), rim), "x", color=colour)
        for place in places[missing]:
            ax.annotate(f"{values[place]:g}", (place, rim), (5, 0), textcoords="offset points")
    ax.set_yscale("log")
    # A decade at least, so that what is nearly equal looks so.
    middle = np.sqrt(least * most)
    low = min(rim if missing.any() else least, middle / 4) / 1.6
    ax.set_ylim(low, max(most, middle * 4) * 1.6)
