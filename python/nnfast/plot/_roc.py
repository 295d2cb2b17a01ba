"""How many of a class are found, for how many false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.metrics._ranking import _area
from nnfast.plot._figure import LINE_COLOURS, axes_or_new, tidy
from nnfast.plot._scores import labelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[Any]

STYLES = ("-", "--")
GOOD = 0.95  # where all areas are so large, the corner is shown enlarged
WORST = 5  # of many classes, those that get a colour


def roc_curve(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    classes: Sequence[Any] | NDArray[Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw ROC curves: the share of a class that is found, by the share of false alarms.

    Parameters
    ----------
    y_true : array-like of shape (rows,)
        The class of each row.
    y_score : array-like of shape (rows,), (rows, 1) or (rows, classes)
        What ``predict`` gives, or any other numbers that are larger for rows that are more probably
        of the class: of one column, of the second class.
    classes : sequence, optional
        The classes in the order of the columns; by default those that occur, sorted. Where the
        labels are integers and `classes` are strings, label ``k`` has the name ``classes[k]``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        For two classes with one curve, else with one for each class against the rest, and the area
        below each (AUC). Where all are near 1, the upper left corner is enlarged. Of more than 14
        classes all are grey but the five with the least area.
        Classes that no row is of, or all rows are, have no curve.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If the labels cannot be sorted, or `ax` is not matplotlib axes.
    ValueError
        If the two have different lengths, or do not fit `classes`, or no class has a curve.

    References
    ----------
    Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.plot.roc_curve([0, 1, 0, 1], [0.1, 0.4, 0.4, 0.8]).get_title()
    'ROC curve (AUC 0.875)'
    """
    places, scores, names = labelled(y_true, y_score, classes, "y_score")
    two = scores.shape[1] == 1
    found = []
    for column in range(scores.shape[1]):
        place = 1 if two else column
        positive = places == place
        if positive.any() and not positive.all():
            area = _area(scores[:, column], positive, np.ones(len(positive)))
            found.append((names[place], area, *_curve(scores[:, column], positive)))
    if not found:
        raise ValueError("y_true must hold rows of at least two classes.")

    ax = axes_or_new(ax, width=5.0, height=4.8)
    ax.plot([0, 1], [0, 1], ":", color="0.5", linewidth=1.2)
    chance: dict[str, Any] = {"rotation": 45, "rotation_mode": "anchor", "va": "top"}
    ax.text(0.27, 0.255, "chance", color="0.4", fontsize="small", **chance)
    many = len(found) > len(LINE_COLOURS) * len(STYLES)
    if many:
        found.sort(key=lambda one: -one[1])
    digits = _digits([one[1] for one in found])
    zoomed = _corner(ax) if min(one[1] for one in found) >= GOOD else None
    for index, (name, area, false, true) in enumerate(found):
        number = index - (len(found) - WORST) if many else index
        shown = number >= 0
        look: dict[str, Any] = {
            "linestyle": STYLES[number // len(LINE_COLOURS)] if shown else "-",
            "color": LINE_COLOURS[number % len(LINE_COLOURS)] if shown else "0.75",
            "linewidth": 1.8 if shown else 0.8,
        }
        label = f"{name}: {area:.{digits}f}" if shown and not two else None
        ax.plot(false, true, **look, label=label)
        if zoomed is not None:
            zoomed.plot(false, true, **look)
    mean = f"{np.mean([one[1] for one in found]):.{digits}f}"
    ax.set_title(f"ROC curve (AUC {mean})" if two else f"ROC curves (mean AUC {mean})")
    if not two:
        title = f"AUC of the {WORST} worst" if many else "AUC against the rest"
        ax.legend(
            frameon=False,
            fontsize="small",
            title_fontsize="small",
            labelspacing=0.35,
            loc="lower right",
            title=title,
        )
    of = f" of {names[1]}" if two and names != ["0", "1"] else ""
    ax.set_xlabel(f"false positive rate{of}")
    ax.set_ylabel(f"true positive rate{of}")
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ax.grid(True, alpha=0.3)
    tidy(ax)
    return ax


def _digits(areas: list[float]) -> int:
    """Return with how many decimal places to write areas, so that none below 1 is called 1."""
    most = max((area for area in areas if area < 1.0), default=0.0)
    return next((digits for digits in (3, 4, 5) if round(most, digits) < 1.0), 6)


def _corner(ax: Axes) -> Axes:
    """Return axes that show the upper left corner, where good curves are, enlarged."""
    zoomed = ax.inset_axes((0.5, 0.6, 0.36, 0.35))
    zoomed.set(xlim=(-0.004, 0.2), ylim=(0.8, 1.004))
    zoomed.set(xticks=[0.0, 0.1, 0.2], yticks=[0.8, 0.9, 1.0])
    zoomed.tick_params(labelsize="x-small")
    zoomed.grid(True, alpha=0.3)
    ax.indicate_inset_zoom(zoomed, edgecolor="0.5")
    return zoomed


def _curve(scores: Array, positive: Array) -> tuple[Array, Array]:
    """Return false and true positive rates, from (0, 0) to (1, 1), a point for each threshold.

    Points in the middle of a straight line are left out: a million rows give a short path.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    true = np.cumsum(positive[order])[ends]
    false = ends + 1 - true
    if len(ends) > 2:
        bends = (np.diff(true, 2) != 0) | (np.diff(false, 2) != 0)
        kept = np.concatenate([[True], bends, [True]])
        true, false = true[kept], false[kept]
    true, false = np.append(0, true), np.append(0, false)
    return false / false[-1], true / true[-1]
