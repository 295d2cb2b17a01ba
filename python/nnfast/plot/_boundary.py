"""What a classifier says of every point of a plane, and where one class ends."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast.plot._figure import (
    LINE_COLOURS,
    TRAINING_COLOUR,
    VALIDATION_COLOUR,
    axes_or_new,
    checked_count,
    tidy,
)
from nnfast.tables import column_names

if TYPE_CHECKING:
    from typing import TypeAlias

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    Array: TypeAlias = NDArray[Any]

MARKERS = ("o", "s", "^", "D", "v", "P", "X")


class Plane(NamedTuple):
    """The rectangle that is looked at, its points row by row from below, and the rows in it."""

    extent: tuple[float, float, float, float]
    width: int
    height: int
    rows: Array

    @property
    def points(self) -> Array:
        left, right, low, high = self.extent
        x, y = np.meshgrid(
            np.linspace(left, right, self.width), np.linspace(low, high, self.height)
        )
        return np.stack([x.ravel(), y.ravel()], axis=1)


def decision_boundary(
    model: Any,
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    resolution: int = 200,
    feature_names: Sequence[str] | None = None,
    classes: Sequence[Any] | NDArray[Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw which class a classifier takes every point of a plane for, and the rows on it.

    Each class has a colour, which is the paler the less sure the classifier is; black lines part
    the classes.

    Parameters
    ----------
    model : FeedForward, Perceptron or estimator
        A network for classes, or anything with scikit-learn's ``predict``, and ``predict_proba`` if
        it knows probabilities. It must have two inputs.
    X : array-like of shape (rows, 2)
        The rows; they say how large the rectangle is.
    y : array-like of shape (rows,), optional
        Their classes: a colour and a shape for each. Without them no rows are drawn.
    resolution : int, default 200
        How many points across, at least 10.
    feature_names : sequence of two str, optional
        What the axes are called; by default as the columns of `X`, if it is a DataFrame.
    classes : sequence, optional
        What the legend calls the classes, in the order of the sorted labels.
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
        If `model` has no ``predict``, or `ax` is not matplotlib axes.
    ValueError
        If `X` has not two columns, `y` has other classes than the model, or there are more than
        seven.

    See Also
    --------
    BoundaryRecorder : how it grows, epoch by epoch.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> net = nn.FeedForward("2-8-1", hidden="tanh", output="sigmoid", seed=0)
    >>> run = net.compile(nn.Adam(0.1)).fit(X, y, epochs=100)
    >>> nn.plot.decision_boundary(net, X, y).get_title()
    'Decision boundary'
    """
    plane = plane_around(X, resolution)
    said, labels = said_of(model, plane.points)
    known, places = places_of(y, labels, len(plane.rows))
    names = class_names(classes, known)
    found = column_names(X)
    if feature_names is None and found is not None:
        feature_names = [str(name) for name in found]
    axis_names = _axis_names(feature_names)
    if said.ndim == 1:  # classes without probabilities
        said = (said[:, np.newaxis] == np.asarray(known)).astype(float)
    ax = axes_or_new(ax, width=5.6, height=4.6)
    draw_plane(ax, plane, said, places)
    ax.set(xlabel=axis_names[0], ylabel=axis_names[1], title="Decision boundary")
    add_legend(ax, names, points=places is not None)
    return ax


def plane_around(X: ArrayLike, resolution: int) -> Plane:
    """Return the rectangle around rows of two columns, with a margin of a tenth."""
    rows = np.asarray(X)
    if rows.ndim != 2 or rows.shape[1] != 2 or len(rows) == 0 or rows.dtype.kind not in "fiub":
        raise ValueError(f"X must be numbers of the shape (rows, 2), got shape {rows.shape}.")
    rows = rows.astype(np.float64)
    if not np.isfinite(rows).all():
        raise ValueError("X must hold finite numbers.")
    resolution = checked_count(resolution, "resolution", least=10)
    low, high = rows.min(axis=0), rows.max(axis=0)
    margin = 0.1 * np.where(high > low, high - low, 1.0)
    (left, below), (right, above) = low - margin, high + margin
    extent = (float(left), float(right), float(below), float(above))
    return Plane(extent, resolution, resolution, rows)


def said_of(model: Any, points: Array) -> tuple[Array, list[Any] | None]:
    """Return probabilities (points, classes), or else classes (points,), and the labels."""
    from nnfast.network import FeedForward

    if isinstance(model, FeedForward):
        if model.inputs != 2:
            raise ValueError(f"model must have two inputs, got one with {model.inputs}.")
        return _said_by_network(model, points)
    if not callable(getattr(model, "predict", None)):
        raise TypeError(
            f"model must be a network or an estimator with predict, got {type(model).__name__}."
        )
    classes = getattr(model, "classes_", None)
    labels = None if classes is None else np.asarray(classes).tolist()
    with warnings.catch_warnings():
        # The points of a plane have no column names, whatever scikit-learn's model has seen.
        warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
        if callable(getattr(model, "predict_proba", None)):
            said = np.asarray(model.predict_proba(points), dtype=np.float64)
        else:
            said = np.asarray(model.predict(points))
    if labels is None and said.ndim == 1:
        labels = sorted(set(said.tolist()))
    return said, labels


def _said_by_network(net: Any, points: Array) -> tuple[Array, list[Any] | None]:
    from nnfast import _architecture

    labels = None if net.classes_ is None else net.classes_.tolist()
    output = _architecture.output(net.layers)
    if output.activation.name in ("softmax", "log_softmax", "sigmoid"):
        said = net.predict(points).astype(np.float64)
        if output.activation.name == "log_softmax":
            said = np.exp(said)
        if output.activation.name == "sigmoid" and output.units == 1:
            said = np.concatenate([1.0 - said, said], axis=1)
        if output.activation.name != "sigmoid" or output.units == 1:
            return said, labels or list(range(said.shape[1]))
    said = net.predict_classes(points)
    if said.ndim != 1:
        raise ValueError("model must give each row one class, got a network that gives several.")
    return said, labels or sorted(set(said.tolist()))


def places_of(
    y: ArrayLike | None, labels: list[Any] | None, rows: int
) -> tuple[list[Any], Array | None]:
    """Return the labels of the classes, and the place of each row's among them."""
    given = None if y is None else np.asarray(y)
    if given is not None and given.shape != (rows,):
        raise ValueError(f"y must hold one class for each of the {rows} rows, got {given.shape}.")
    if labels is None:
        labels = [] if given is None else sorted(set(given.tolist()))
    known = list(labels)
    if given is None:
        return known, None
    numbers = {label: index for index, label in enumerate(known)}
    for label in given.tolist():
        if label not in numbers:
            raise ValueError(f"y must hold classes that the model knows, got {label!r}.")
    return known, np.array([numbers[label] for label in given.tolist()])


def class_names(classes: Sequence[Any] | Array | None, known: list[Any]) -> list[str]:
    """Return what the classes are called."""
    if len(known) > len(MARKERS):
        raise ValueError(f"there must be at most {len(MARKERS)} classes, got {len(known)}.")
    if classes is None:
        return [str(label) for label in known]
    if isinstance(classes, str) or len(classes) != len(known):
        raise ValueError(f"classes must be {len(known)} names, got {classes!r}.")
    return [str(name) for name in classes]


def _axis_names(names: Sequence[str] | None) -> tuple[str, str]:
    if names is None:
        return "$x_1$", "$x_2$"
    if isinstance(names, str) or len(names) != 2:
        raise ValueError(f"feature_names must be two, got {names!r}.")
    return str(names[0]), str(names[1])


def class_colours(count: int) -> list[str]:
    if count <= 2:
        return [TRAINING_COLOUR, VALIDATION_COLOUR][:count]
    return list(LINE_COLOURS[:count])


def draw_plane(
    ax: Axes, plane: Plane, said: Array, places: Array | None, size: float = 1.0
) -> None:
    """Draw the classes' colours, the lines between them, and the rows, larger by `size`."""
    from matplotlib.colors import to_rgb

    count = said.shape[1]
    colours = np.array([to_rgb(colour) for colour in class_colours(count)])
    best = said.argmax(axis=1)
    # From 0, where all classes are equally likely, to 1.
    sure = (np.take_along_axis(said, best[:, np.newaxis], axis=1) - 1 / count) / (1 - 1 / count)
    strength = 0.08 + 0.5 * np.clip(sure, 0.0, 1.0)
    shape = (plane.height, plane.width)
    shades = (1.0 - strength * (1.0 - colours[best])).reshape(*shape, 3)
    ax.imshow(shades, origin="lower", extent=plane.extent, aspect="auto", interpolation="bilinear")
    left, right, low, high = plane.extent
    x, y = np.linspace(left, right, plane.width), np.linspace(low, high, plane.height)
    for place in range(1 if count == 2 else 0, count):
        others = np.delete(said, place, axis=1).max(axis=1)
        ahead = (said[:, place] - others).reshape(shape)
        if ahead.min() < 0 < ahead.max():
            ax.contour(x, y, ahead, [0.0], colors="black", linewidths=1.2)
    if places is not None:
        area = float(np.clip(6000 / len(places), 6, 60)) * size**2
        for place in range(count):
            x1, x2 = plane.rows[places == place].T
            ax.scatter(
                x1,
                x2,
                s=area,
                marker=MARKERS[place],
                color=class_colours(count)[place],
                edgecolors="white",
                linewidths=0.6 * size,
                zorder=3,
            )
    ax.set(xlim=(left, right), ylim=(low, high))
    tidy(ax)


def add_legend(ax: Axes, names: list[str], *, points: bool, **where: Any) -> None:
    """Name the classes by colour and shape."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], linestyle="", color=colour, marker=marker if points else "s", label=name)
        for name, colour, marker in zip(names, class_colours(len(names)), MARKERS, strict=False)
    ]
    where = where or {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    ax.legend(handles=handles, frameon=False, handletextpad=0.2, **where)
