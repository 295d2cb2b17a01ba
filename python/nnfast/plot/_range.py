"""The loss by learning rate, as the range test measures it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.plot._figure import TRAINING_COLOUR, VALIDATION_COLOUR, axes_or_new, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def learning_rate_range(result: Any, ax: Axes | None = None) -> Axes:
    """Draw the losses of a range test over the learning rates, and the suggested rate.

    Parameters
    ----------
    result : LearningRateRange
        What `FeedForward.find_learning_rate` returned.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        With the rate from left to right, on a logarithmic scale, and the loss upwards.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `result` is no result of a range test, or `ax` is not matplotlib axes.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> X = np.linspace(-3, 3, 200).reshape(-1, 1)
    >>> net = nn.FeedForward("1-32-1", hidden="tanh", seed=0)
    >>> axes = net.find_learning_rate(X, np.sin(X)).plot()
    >>> axes.get_xlabel(), axes.get_xscale()
    ('learning rate', 'log')
    """
    if not all(hasattr(result, name) for name in ("rates", "losses", "raw_losses", "suggestion")):
        raise TypeError(
            f"result is {result!r}; wanted is what FeedForward.find_learning_rate returned"
        )
    ax = axes_or_new(ax, width=6.0, height=4.0)
    ax.plot(result.rates, result.raw_losses, color="0.75", linewidth=0.8, label="each step")
    ax.plot(result.rates, result.losses, color=TRAINING_COLOUR, label="smoothed")
    at = float(np.interp(np.log(result.suggestion), np.log(result.rates), result.losses))
    ax.plot(
        [result.suggestion],
        [at],
        "o",
        color=VALIDATION_COLOUR,
        label=f"suggestion: {result.suggestion:.2g}",
    )
    ax.set_xscale("log")
    # What comes after the divergence would flatten all before it.
    low, high = float(result.losses.min()), float(result.losses[: result.losses.argmin() + 1].max())
    room = 0.25 * (high - low) or 1.0
    ax.set_ylim(low - room, high + 2.0 * room)
    ax.set_title("Loss by learning rate")
    ax.set_xlabel("learning rate")
    ax.set_ylabel("loss")
    ax.grid(True, alpha=0.3)
    tidy(ax)
    ax.legend(frameon=False)
    return ax
