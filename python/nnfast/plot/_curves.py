"""Loss or a metric over the epochs of a training run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.plot._figure import TRAINING_COLOUR, VALIDATION_COLOUR, axes_or_new, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def learning_curves(history: Any, ax: Axes | None = None, *, metric: str = "loss") -> Axes:
    """Draw the loss, or a metric, over the epochs: training solid, validation dashed.

    Parameters
    ----------
    history : dict, History, FeedForward, estimator or list of float
        What ``fit`` returned, here or in Keras, its ``history`` dictionary (name to one value per
        epoch), a fitted net, or an estimator of scikit-learn's with a ``loss_curve_`` (its
        ``validation_scores_`` are the metric "score"), or that list itself.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.
    metric : str
        What to draw, ``"loss"`` by default. Its validation values, ``"val_"`` and the name, are
        drawn too where there are any.

    Returns
    -------
    matplotlib.axes.Axes
        With the epoch, counted from 1, from left to right, and the value upwards.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `history` is none of these, or `ax` is not matplotlib axes.
    ValueError
        If `history` holds no epoch, or no such metric.

    Examples
    --------
    >>> import nnfast as nn
    >>> axes = nn.plot.learning_curves({"loss": [1.2, 0.6, 0.4], "val_loss": [1.1, 0.7, 0.6]})
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('epoch', 'loss')
    """
    curves = as_dictionary(history)
    if not isinstance(metric, str):
        raise TypeError(f"metric must be a string, got {type(metric).__name__}.")
    training = curves.get(metric, [])
    validation = curves.get(f"val_{metric}", [])
    if not training and not validation:
        known = sorted(name for name, values in curves.items() if values)
        if not known:
            raise ValueError("history holds no epoch yet: call fit first.")
        raise ValueError(f"metric must be one of {', '.join(known)}, got {metric!r}.")

    ax = axes_or_new(ax, width=6.0, height=4.0)
    from matplotlib.ticker import MaxNLocator

    name = metric.replace("_", " ")
    longest = max(len(training), len(validation))
    # Dots show where the values are when there are few, and hide the line when there are many.
    marker = "o" if longest <= 25 else ""
    for values, label, colour, style in (
        (training, "training", TRAINING_COLOUR, "-"),
        (validation, "validation", VALIDATION_COLOUR, "--"),
    ):
        if values:
            # Where only the last fits had validation data, its values belong to the last epochs.
            first = longest - len(values) + 1
            epochs = range(first, longest + 1)
            ax.plot(epochs, values, style, color=colour, marker=marker, markersize=4, label=label)
    ax.set_title(f"{name[:1].upper()}{name[1:]} by epoch")
    ax.set_xlabel("epoch")
    ax.set_ylabel(name)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(True, alpha=0.3)
    tidy(ax)
    ax.legend(frameon=False)
    return ax


def as_dictionary(
    history: Any, argument: str = "history", others: str = ""
) -> dict[str, list[float]]:
    """Name to values, from all that keeps them."""
    curves = _curves(history)
    if not isinstance(curves, Mapping):
        raise TypeError(
            f"{argument} must be {others}a dictionary, a History or a fitted net, "
            f"got {type(history).__name__}."
        )
    for name, values in curves.items():
        if isinstance(values, str) or not isinstance(values, (Sequence, np.ndarray)):
            raise TypeError(
                f"{argument} must map each name to a list of values, got {type(values).__name__} "
                f"for {name!r}."
            )
    return {str(name): _numbers(values, argument, name) for name, values in curves.items()}


def _curves(history: Any) -> Any:
    if isinstance(history, Mapping):
        return history
    if isinstance(history, (list, tuple, np.ndarray)):
        return {"loss": history}
    if hasattr(history, "loss_curve_"):  # scikit-learn's, or one that is as such
        scores = getattr(history, "validation_scores_", None)
        return {"loss": history.loss_curve_, **({} if scores is None else {"val_score": scores})}
    return getattr(history, "history", None)


def _numbers(values: Any, argument: str, name: object) -> list[float]:
    try:
        return [float(value) for value in values]
    except (TypeError, ValueError):
        raise TypeError(
            f"{argument} must map each name to a list of numbers, and does not for {name!r}."
        ) from None
