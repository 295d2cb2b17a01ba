"""Rows as images, and the way of a Hopfield network to what it remembers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.plot._figure import LINE_COLOURS, TRAINING_COLOUR, axes_or_new, checked_count, tidy
from nnfast.plot._weights import _columns, _image_shape, _mosaic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike


def images(
    rows: ArrayLike, *, shape: tuple[int, int] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw rows of numbers as images, side by side: patterns, or what nodes have learned.

    Parameters
    ----------
    rows : array-like of shape (images, pixels)
        Such as the `components_` of a method of `nnfast.unsupervised`. Red is above 0, blue below.
    shape : (int, int), optional
        Height and width of the images in pixels; by default they are square.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If `rows` is no table of numbers, or `shape` does not hold as many pixels as a row.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> len(nn.plot.images(np.eye(4)).images)
    1
    """
    values = np.asarray(rows, dtype=np.float64)
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"rows must be of the shape (images, pixels), got {values.shape}.")
    count, pixels = values.shape
    height, width = _image_shape(shape, pixels)
    columns = _columns(count, height / width)
    mosaic = _mosaic(values.reshape(count, height, width), math.ceil(count / columns), columns)
    ratio = mosaic.shape[0] / mosaic.shape[1]
    ax = axes_or_new(ax, width=6.0, height=min(max(0.3 + 5.7 * ratio, 1.2), 20.0))
    limit = float(np.abs(values).max()) or 1.0
    ax.imshow(mosaic, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_facecolor("0.8")
    ax.spines[:].set_color("0.8")
    return ax


def recall(
    memory: Any,
    x: ArrayLike,
    *,
    shape: tuple[int, int] | None = None,
    snapshots: int = 5,
    ax: Axes | None = None,
) -> Axes:
    """Draw how the energy of a Hopfield network falls as it recalls, with states on the way.

    Parameters
    ----------
    memory : nnfast.unsupervised.Hopfield
        With patterns stored.
    x : array-like of shape (units,)
        The state it starts from.
    shape : (int, int), optional
        Height and width of the states as images; by default they are square.
    snapshots : int, default 5
        How many states to draw, the first and the last among them: at least 2.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `memory` is no Hopfield network.
    ValueError
        If `shape` does not hold as many pixels as there are units, or `snapshots` is below 2.

    Examples
    --------
    >>> import nnfast as nn
    >>> memory = nn.unsupervised.Hopfield().fit([[1, 1, -1, -1], [1, -1, 1, -1]])
    >>> nn.plot.recall(memory, [1, 1, 1, -1]).get_ylabel()
    'energy'
    """
    _hopfield(memory)
    snapshots = checked_count(snapshots, "snapshots", least=2)
    states = memory.path(x)
    height, width = _image_shape(shape, states.shape[1])
    energies = memory.energy(states)
    ax = axes_or_new(ax, width=7.0, height=3.6)
    changes = np.arange(len(states))
    ax.plot(changes, energies, color=TRAINING_COLOUR, lw=1.5)
    ax.set_xlabel("units changed")
    ax.set_ylabel("energy")
    shown = np.unique(np.linspace(0, len(states) - 1, snapshots).round().astype(int))
    ax.plot(changes[shown], energies[shown], "o", color=TRAINING_COLOUR, ms=4)
    low, high = float(energies.min()), float(energies.max())
    # Room for a row of images above the curve.
    span = (high - low) or 1.0
    ax.set_ylim(low - 0.08 * span, high + 0.95 * span)
    places = np.linspace(0.0, 1.0, len(shown) + 1)
    for place, index in zip(places, shown, strict=False):
        inset = ax.inset_axes((place + 0.01, 0.57, 1 / len(shown) - 0.02, 0.36))
        image = states[index].reshape(height, width)
        inset.imshow(image, cmap="Greys", vmin=-1, vmax=1, interpolation="nearest")
        inset.set_xticks([])
        inset.set_yticks([])
        inset.spines[:].set_color("0.6")
        inset.set_title("start" if index == 0 else f"after {index}", fontsize=8, pad=2)
    ax.set_title("Recall: the energy by the units changed")
    tidy(ax)
    return ax


def hopfield_energy(memory: Any, X: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw how the energy of a Hopfield network falls, unit by unit, from each of several states.

    Parameters
    ----------
    memory : nnfast.unsupervised.Hopfield
        With patterns stored.
    X : array-like of shape (rows, units) or (units,)
        The states it starts from, at most 50.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        With a line for each state, and a dot where it comes to rest. Lines that come to rest in the
        same state have the same colour, if there are at most seven such states.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `memory` is no Hopfield network.
    ValueError
        If `X` holds no states of it, or too many.

    See Also
    --------
    recall : one state's way, with pictures of the states.

    Examples
    --------
    >>> import nnfast as nn
    >>> memory = nn.unsupervised.Hopfield().fit([[1, 1, -1, -1], [1, -1, 1, -1]])
    >>> axes = nn.plot.hopfield_energy(memory, [[1, 1, 1, -1], [-1, -1, 1, -1]])
    >>> axes.get_ylabel(), len(axes.lines)
    ('energy', 4)
    """
    _hopfield(memory)
    starts = np.atleast_2d(np.asarray(X))
    if not 1 <= len(starts) <= 50:
        raise ValueError(f"X must hold from 1 to 50 states, got {len(starts)}.")
    paths = [memory.path(start) for start in starts]
    rests = np.unique([path[-1] for path in paths], axis=0)
    ax = axes_or_new(ax, width=6.0, height=3.8)
    for path in paths:
        rest = int(np.flatnonzero((rests == path[-1]).all(axis=1))[0])
        one_colour = len(rests) > len(LINE_COLOURS)
        colour = TRAINING_COLOUR if one_colour else LINE_COLOURS[rest]
        energies = memory.energy(path)
        ax.plot(energies, color=colour, linewidth=1.3, alpha=0.8)
        ax.plot(len(path) - 1, energies[-1], "o", color=colour, markersize=5)
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    states = f"{len(paths)} state{'s' * (len(paths) > 1)}"
    ax.set_title(f"{states} come{'s' * (len(paths) == 1)} to rest in {len(rests)}")
    ax.set_xlabel("units changed")
    ax.set_ylabel("energy")
    ax.grid(True, alpha=0.3)
    tidy(ax)
    return ax


def _hopfield(memory: Any) -> None:
    from nnfast.unsupervised import Hopfield

    if not isinstance(memory, Hopfield):
        raise TypeError(f"memory must be a Hopfield network, got {type(memory).__name__}.")
