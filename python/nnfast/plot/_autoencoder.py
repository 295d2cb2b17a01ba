"""What an autoencoder makes of rows, and where it puts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.plot._figure import LINE_COLOURS, axes_or_new, checked_count, tidy
from nnfast.plot._weights import _image_shape, _mosaic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike


MARKERS = ("o", "^", "s")


def reconstructions(
    model: Any,
    X: ArrayLike,
    *,
    shape: tuple[int, int] | None = None,
    count: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw rows as images, and below each what the autoencoder makes of it.

    Parameters
    ----------
    model : nnfast.unsupervised.Autoencoder
    X : array-like of shape (rows, pixels)
    shape : (int, int), optional
        Height and width of the images in pixels; by default they are square.
    count : int, default 10
        How many rows to draw, the first ones.
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
        If `model` is no autoencoder, or `ax` is not matplotlib axes.
    ValueError
        If `X` or `shape` does not fit the autoencoder, or `count` is below 1.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, _ = nn.datasets.digits()
    >>> model = nn.unsupervised.Autoencoder("64-16", seed=0)
    >>> len(nn.plot.reconstructions(model, X).images)
    1
    """
    from nnfast.unsupervised import Autoencoder

    if not isinstance(model, Autoencoder):
        raise TypeError(f"model must be an Autoencoder, got {type(model).__name__}.")
    rows = np.asarray(X)[: checked_count(count, "count")]
    height, width = _image_shape(shape, model.net.inputs)
    made = model.reconstruct(rows)
    both = np.concatenate([rows, made]).reshape(-1, height, width).astype(np.float64)
    mosaic = _mosaic(both, 2, len(rows))
    ax = axes_or_new(ax, width=8.0, height=8.0 * mosaic.shape[0] / mosaic.shape[1] + 0.3)
    ax.imshow(mosaic, cmap="Greys", vmin=rows.min(), vmax=rows.max(), interpolation="nearest")
    places = [mosaic.shape[0] * place for place in (0.25, 0.75)]
    ax.set_yticks(places, ["input", "output"], rotation=90, va="center")
    ax.tick_params(length=0)
    ax.set_xticks([])
    ax.set_facecolor("0.8")
    ax.spines[:].set_color("0.8")
    return ax


def codes(Z: ArrayLike, y: ArrayLike | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw codes of two numbers as points, in a colour for each label.

    Parameters
    ----------
    Z : array-like of shape (rows, 2)
        As `Autoencoder.encode` returns them.
    y : array-like of shape (rows,), optional
        Labels, at most 20 different ones: seven colours, and another shape for the next seven.
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
        If `ax` is not matplotlib axes.
    ValueError
        If `Z` or `y` has another shape, or there are too many labels.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.plot.codes([[0.0, 1.0], [1.0, 0.0]], ["a", "b"]).get_xlabel()
    'code 1'
    """
    points = np.asarray(Z, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"Z must be of the shape (rows, 2), got {points.shape}.")
    labels = np.zeros(len(points)) if y is None else np.asarray(y)
    if labels.shape != (len(points),):
        raise ValueError(f"y must be of the shape ({len(points)},), got {labels.shape}.")
    known = np.unique(labels)
    if len(known) > 20:
        raise ValueError(f"y must hold at most 20 different labels, got {len(known)}.")
    ax = axes_or_new(ax, width=6.5, height=5.0)
    size = float(np.clip(4000 / max(len(points), 1), 5, 20))
    for place, label in enumerate(known):
        first, second = points[labels == label].T
        colour = LINE_COLOURS[place % len(LINE_COLOURS)]
        marker = MARKERS[place // len(LINE_COLOURS)]
        ax.scatter(
            first, second, s=size, color=colour, marker=marker, label=str(label), linewidths=0
        )
    if y is not None:
        ax.legend(markerscale=2, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    ax.set_xlabel("code 1")
    ax.set_ylabel("code 2")
    tidy(ax)
    return ax
