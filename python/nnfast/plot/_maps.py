"""Self-organizing maps: where clusters part, which units win, what they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnfast.plot._figure import COLOURS, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def distance_map(som: Any, *, scaling: str = "mean", ax: Axes | None = None) -> Axes:
    """Draw the U-matrix: each unit as dark as it is far from its neighbours.

    Pale areas are clusters of similar units, dark ridges part them.

    Parameters
    ----------
    som : SelfOrganizingMap
        That has learned.
    scaling : {"mean", "sum"}
        As in `SelfOrganizingMap.distance_map`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        With a square or a hexagon for each unit, and a colour bar.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `som` is not a SelfOrganizingMap, or `ax` is not matplotlib axes.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> som = nn.unsupervised.SelfOrganizingMap(6, 5, topology="hexagonal").fit(X, epochs=2)
    >>> nn.plot.distance_map(som).get_title()
    'Distance to neighbouring units'
    """
    values = _map(som).distance_map(scaling)
    ax, cells = _cells(som, ax)
    cells.set(array=values.ravel(), cmap="bone_r", clim=(values.min(), values.max()))
    _bar(ax, cells, "relative to the largest")
    ax.set_title("Distance to neighbouring units")
    return ax


def hit_map(som: Any, X: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw how many rows each unit wins, as colour and as number.

    Parameters
    ----------
    som : SelfOrganizingMap
        That has learned.
    X : array-like of shape (rows, columns)
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The numbers are left out where the map has more than 400 units.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `som` is not a SelfOrganizingMap, or `ax` is not matplotlib axes.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> som = nn.unsupervised.SelfOrganizingMap(6, 5).fit(X, epochs=2)
    >>> nn.plot.hit_map(som, X).get_title()
    'Rows won by each unit'
    """
    hits = _map(som).activation_response(X)
    ax, cells = _cells(som, ax)
    cells.set(array=hits.ravel(), cmap="Blues", clim=(0, max(int(hits.max()), 1)))
    _bar(ax, cells, "rows")
    if hits.size <= 400:
        for (x, y), count in zip(som.positions_.reshape(-1, 2), hits.ravel(), strict=True):
            if count:
                colour = "white" if count > 0.6 * hits.max() else "0.15"
                ax.text(x, y, str(count), ha="center", va="center", fontsize=7, color=colour)
    ax.set_title("Rows won by each unit")
    return ax


def component_plane(
    som: Any, column: int, *, name: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw what the units' weights are for one column of the data.

    Columns whose planes look alike go together in the data.

    Parameters
    ----------
    som : SelfOrganizingMap
        That has learned.
    column : int
        Which column.
    name : str, optional
        What the title calls it.
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
        If `som` is not a SelfOrganizingMap, `column` not an integer, or `ax` not matplotlib axes.
    ValueError
        If there is no such column.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> som = nn.unsupervised.SelfOrganizingMap(6, 5).fit(X, epochs=2)
    >>> nn.plot.component_plane(som, 20).get_title()
    'Column 20'
    """
    weights = _map(som).weights_
    if isinstance(column, bool) or not isinstance(column, (int, np.integer)):
        raise TypeError(f"column must be an integer, got {column!r}.")
    if not 0 <= column < weights.shape[2]:
        raise ValueError(f"column must be from 0 to {weights.shape[2] - 1}, got {column}.")
    ax, cells = _cells(som, ax)
    cells.set(array=weights[:, :, column].ravel(), cmap="viridis")
    _bar(ax, cells, "weight")
    ax.set_title(f"Column {column}" if name is None else name)
    return ax


def label_map(
    som: Any,
    X: ArrayLike,
    labels: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw which label each unit wins most often; the paler, the more it is mixed with others.

    Parameters
    ----------
    som : SelfOrganizingMap
        That has learned; it need not have seen labels.
    X : array-like of shape (rows, columns)
    labels : array-like of shape (rows,)
        At most 14 different ones.
    names : sequence of str, optional
        What the legend calls them, in the order of the sorted labels.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        With a legend, and short labels in the units, too. Units that win no row are white.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `som` is not a SelfOrganizingMap, or `ax` is not matplotlib axes.
    ValueError
        If there are more labels than colours, or not as many names as labels.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> som = nn.unsupervised.SelfOrganizingMap(6, 5).fit(X, epochs=2)
    >>> nn.plot.label_map(som, X, y).get_title()
    'Most frequent label of each unit'
    """
    won = _map(som).labels_map(X, labels)
    known = np.unique(np.asarray(labels)).tolist()
    if len(known) > len(COLOURS):
        raise ValueError(
            f"labels has {len(known)} different ones; {len(COLOURS)} can be told apart."
        )
    if names is not None and len(names) != len(known):
        raise ValueError(f"names must be {len(known)}, one for each label, got {len(names)}.")
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Patch

    colours = dict(zip(known, map(to_rgb, COLOURS), strict=False))
    shown = np.ones((som.x, som.y, 3))
    for place, counts in won.items():
        [(label, count)] = counts.most_common(1)
        purity = 0.25 + 0.75 * count / counts.total()
        shown[place] = 1.0 - purity * (1.0 - np.array(colours[label]))
    ax, cells = _cells(som, ax, extra_width=1.2)
    cells.set_facecolor(shown.reshape(-1, 3))
    words = {label: str(label if names is None else names[k]) for k, label in enumerate(known)}
    if som.x * som.y <= 400 and max(map(len, words.values())) <= 3:
        # So that nobody has to tell fourteen colours apart.
        for place, counts in won.items():
            [(label, _)] = counts.most_common(1)
            x, y = som.positions_[place]
            dark = shown[place] @ (0.299, 0.587, 0.114) < 0.5
            colour = "white" if dark else "0.15"
            ax.text(x, y, words[label], ha="center", va="center", fontsize=7, color=colour)
    patches = [
        Patch(facecolor=colours[label], label=str(label if names is None else names[index]))
        for index, label in enumerate(known)
    ]
    ax.legend(handles=patches, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    ax.set_title("Most frequent label of each unit")
    return ax


def _map(som: Any) -> Any:
    from nnfast.unsupervised import SelfOrganizingMap

    if not isinstance(som, SelfOrganizingMap):
        raise TypeError(f"som must be a SelfOrganizingMap, got {type(som).__name__}.")
    return som


def _cells(som: Any, ax: Axes | None, extra_width: float = 0.8) -> tuple[Axes, Any]:
    """Draw the outlines of all units: squares, or hexagons that touch each other."""
    places: NDArray[np.float64] = som.positions_.reshape(-1, 2)
    low, high = places.min(axis=0) - 0.6, places.max(axis=0) + 0.6
    width, height = high - low
    size = 5.0 / max(width, height)
    ax = axes_or_new(
        ax,
        width=max(size * width, 2.0) + extra_width + 0.4,
        height=max(size * height, 1.2) + 0.6,
    )
    from matplotlib.collections import PolyCollection

    if som.topology == "hexagonal":
        # Centres are at distance 1, so corners are 1 / sqrt(3) away, the first straight up.
        angles = np.pi / 2 + np.arange(6) * np.pi / 3
        corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) / np.sqrt(3)
    else:
        corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    cells = PolyCollection(
        list(places[:, np.newaxis] + corners), edgecolors="white", linewidths=min(0.8, 2 * size)
    )
    ax.add_collection(cells)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return ax, cells


def _bar(ax: Axes, cells: Any, label: str) -> None:
    bar = ax.figure.colorbar(cells, ax=ax, shrink=0.8, label=label)
    bar.outline.set_visible(False)
