"""Which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnfast.plot._figure import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Past this many classes a cell is too small for its number.
_LARGEST_WITH_NUMBERS = 30


def confusion_matrix(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    classes: Sequence[Any] | NDArray[Any] | None = None,
    normalize: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw how often each class was taken for each other.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (rows,)
        The class of each row as it is, and as it was predicted: integers, booleans or strings.
    classes : sequence, optional
        The classes in the order of the picture's rows and columns; by default those that occur,
        sorted. Where the labels are integers and `classes` are strings, label ``k`` has the name
        ``classes[k]``.
    normalize : bool
        Write the share of the row, from 0 to 1, instead of the count.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each true class, a column for each predicted one; the diagonal holds the right
        answers. The colour is the share of the row, so that rare classes can be read as well as
        frequent ones.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `ax` is not matplotlib axes, or the labels cannot be sorted.
    ValueError
        If the two have different shapes or are empty, or hold a label that is not among `classes`.

    Examples
    --------
    >>> import nnfast as nn
    >>> axes = nn.plot.confusion_matrix(["cat", "dog", "dog"], ["cat", "dog", "cat"])
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['cat', 'dog']
    """
    counts, names = _count(y_true, y_pred, classes)
    rows = counts.sum(axis=1, keepdims=True)
    share = counts / np.maximum(rows, 1)

    size = len(names)
    side = min(2.2 + 0.46 * size, 16.0)
    ax = axes_or_new(ax, width=max(side, 4.0) + 1.0, height=max(side, 3.6))
    # The square root lifts the few mistakes out of the white that a good net would leave them in.
    from matplotlib.colors import PowerNorm

    image = ax.imshow(share, cmap="Blues", norm=PowerNorm(0.5, vmin=0.0, vmax=1.0))
    ax.set_xticks(range(size), labels=names)
    ax.set_yticks(range(size), labels=names)
    if max(map(len, names)) > 3:
        ax.tick_params(axis="x", rotation=90)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    # White lines between the cells.
    ax.set_xticks(np.arange(0.5, size - 1), minor=True)
    ax.set_yticks(np.arange(0.5, size - 1), minor=True)
    ax.grid(which="minor", color="white", linewidth=1.0)
    ax.tick_params(which="minor", length=0)
    if size <= _LARGEST_WITH_NUMBERS:
        _write_numbers(ax, counts, share, normalize=normalize)

    right, total = int(np.trace(counts)), int(counts.sum())
    ax.set_title(f"{right:,} of {total:,} right ({100 * right / total:.2f} %)")
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    bar = ax.figure.colorbar(
        image, ax=ax, fraction=0.046, pad=0.03, ticks=[0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0]
    )
    bar.ax.set_yticklabels(["0 %", "1 %", "5 %", "10 %", "25 %", "50 %", "100 %"])
    bar.set_label("share of the true class")
    bar.outline.set_visible(False)
    return ax


def _write_numbers(
    ax: Axes, counts: NDArray[np.int64], share: NDArray[np.float64], *, normalize: bool
) -> None:
    """Write the count, or the share, into each cell; nothing where it is zero."""
    for row, column in zip(*np.nonzero(counts), strict=True):
        value = share[row, column]
        text = f"{value:.2f}" if normalize else str(counts[row, column])
        ax.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize="small",
            color="white" if value > 0.25 else "black",
        )


def _count(
    y_true: ArrayLike, y_pred: ArrayLike, classes: Sequence[Any] | NDArray[Any] | None
) -> tuple[NDArray[np.int64], list[str]]:
    """Return the matrix of counts, true class by predicted class, and the names of the classes."""
    true, predicted = np.asarray(y_true), np.asarray(y_pred)
    for name, labels in (("y_true", true), ("y_pred", predicted)):
        if labels.ndim != 1:
            raise ValueError(
                f"{name} must hold one class for each row, got shape {labels.shape} "
                "(predict_classes gives classes where predict gives probabilities)."
            )
    if len(true) != len(predicted):
        raise ValueError(
            f"y_true and y_pred must have the same length, got {len(true)} and {len(predicted)}."
        )
    if len(true) == 0:
        raise ValueError("y_true must hold at least one row, got none.")

    if classes is None:
        try:
            order = sorted(set(true.tolist()) | set(predicted.tolist()))
        except TypeError:
            raise TypeError(
                "the labels of y_true and y_pred must be of one kind, "
                f"got {true.dtype} and {predicted.dtype}."
            ) from None
        names = [str(label) for label in order]
    else:
        order = list(classes.tolist() if isinstance(classes, np.ndarray) else classes)
        names = [str(label) for label in order]
        named_integers = all(isinstance(label, str) for label in order) and all(
            labels.dtype.kind in "iu" for labels in (true, predicted)
        )
        if named_integers:
            order = list(range(len(names)))
        if len(set(order)) != len(order):
            raise ValueError(f"classes must be different from each other, got {list(classes)}.")
    position = {label: index for index, label in enumerate(order)}
    counts = np.zeros((len(order), len(order)), dtype=np.int64)
    try:
        rows = [position[label] for label in true.tolist()]
        columns = [position[label] for label in predicted.tolist()]
    except KeyError as error:
        raise ValueError(
            f"classes must hold every label, got none for {error.args[0]!r}."
        ) from None
    np.add.at(counts, (rows, columns), 1)
    return counts, names
