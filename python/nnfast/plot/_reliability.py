"""How often what a network says with some probability is so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast._calibration import calibration
from nnfast.plot._figure import TRAINING_COLOUR, VALIDATION_COLOUR, axes_or_new, checked_count, tidy
from nnfast.plot._scores import labelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray


def reliability_curve(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    *,
    classes: Sequence[Any] | NDArray[Any] | None = None,
    bins: int = 10,
    strategy: str = "uniform",
    ax: Axes | None = None,
) -> Axes:
    """Draw how often what has a probability comes true, and how many rows have it.

    On the diagonal the probabilities are what they say; below it the network is too sure of itself,
    above it not sure enough.

    Parameters
    ----------
    y_true : array-like of shape (rows,)
        The class of each row.
    y_prob : array-like of shape (rows,), (rows, 1) or (rows, classes)
        Probabilities, as ``predict`` gives them. For two classes drawn is that of the second; for
        more, that of the class which is predicted, and how often it is right.
    classes : sequence, optional
        As for `roc_curve`.
    bins : int, default 10
        Into how many the rows are put by their probability.
    strategy : {"uniform", "quantile"}, default "uniform"
        Whether the bins are equally wide, or have about equally many rows.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Without a frame: the first of its `child_axes` has the curve, the second the rows. The title
        has the expected calibration error.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If the labels cannot be sorted, or `ax` is not matplotlib axes.
    ValueError
        If the two have different lengths, do not fit `classes`, or hold what is no probability.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017; the bins
    are those of scikit-learn's `calibration_curve`.

    Examples
    --------
    >>> import nnfast as nn
    >>> axes = nn.plot.reliability_curve([0, 0, 1, 1], [0.1, 0.3, 0.3, 0.9], bins=5)
    >>> axes.get_title()
    'Reliability (expected calibration error 0.150)'
    """
    bins = checked_count(bins, "bins", least=2)
    if strategy not in ("uniform", "quantile"):
        raise ValueError(f"strategy must be 'uniform' or 'quantile', got {strategy!r}.")
    places, scores, names = labelled(y_true, y_prob, classes, "y_prob")
    if scores.min() < 0.0 or scores.max() > 1.0 + 1e-6:
        raise ValueError(
            f"y_prob must hold probabilities, from 0 to 1, got {scores.min():g} to "
            f"{scores.max():g}."
        )
    if scores.shape[1] == 1:
        of = "" if names == ["0", "1"] else f" of {names[1]}"
        said, right = scores[:, 0], places == 1
        words = (f"predicted probability{of}", f"share{of or ' of class 1'}")
    else:
        said, right = scores.max(axis=1), places == scores.argmax(axis=1)
        words = ("probability of the predicted class", "share that is right")
    found = calibration(np.minimum(said, 1.0), right, bins=bins, strategy=strategy)
    there = found.counts > 0
    predicted, observed = found.predicted[there], found.observed[there]

    ax = axes_or_new(ax, width=5.0, height=5.6)
    ax.set_title(f"Reliability (expected calibration error {found.error:.3f})")
    ax.set_axis_off()
    upper = ax.inset_axes((0.0, 0.28, 1.0, 0.72))
    lower = ax.inset_axes((0.0, 0.0, 1.0, 0.22), sharex=upper)
    upper.plot([0, 1], [0, 1], ":", color="0.5", linewidth=1.2, label="as it should be")
    # From the diagonal to the curve: what the error is the mean of.
    distance: dict[str, Any] = {"color": VALIDATION_COLOUR, "alpha": 0.5, "linewidth": 4}
    upper.vlines(predicted, predicted, observed, **distance)
    upper.plot(
        predicted,
        observed,
        "o-",
        color=TRAINING_COLOUR,
        linewidth=1.8,
        label="as it is",
        clip_on=False,
    )
    upper.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel=words[1])
    upper.tick_params(labelbottom=False)
    upper.grid(True, alpha=0.3)
    upper.legend(frameon=False, loc="upper left")
    lower.stairs(found.counts, found.edges, fill=True, color=TRAINING_COLOUR, alpha=0.5)
    lower.set(xlabel=words[0], ylabel="rows")
    lower.set_ylim(bottom=0)
    for one in (upper, lower):
        tidy(one)
    return ax
