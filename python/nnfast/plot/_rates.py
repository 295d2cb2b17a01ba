"""The learning rate by step, as a schedule gives it, or by epoch, as a run had it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.plot._curves import as_dictionary
from nnfast.plot._figure import TRAINING_COLOUR, axes_or_new, checked_bool, checked_count, tidy
from nnfast.schedules import Schedule

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = ("learning_rate", "lr")  # ours and Keras', and that of older versions of Keras
MOST_POINTS = 2000


def learning_rate_curve(
    rates: Any, *, steps: int | None = None, log: bool = False, ax: Axes | None = None
) -> Axes:
    """Draw the learning rate by step or by epoch.

    Parameters
    ----------
    rates : Schedule, optimizer, History, dict or FeedForward
        A schedule, or an optimizer with one: the rate of each step. What ``fit`` returned, its
        ``history``, or a fitted network: the rate at the end of each epoch, which the history has
        where a schedule or a callback changes it.
    steps : int, optional
        Of a schedule, how many steps; by default about as many as it changes for.
    log : bool, default False
        Whether the rate is drawn on a logarithmic scale.
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
        If `rates` is none of these.
    ValueError
        If the history has no learning rates, the optimizer's is a number, or `steps` is below 1 or
        given with a history.

    Examples
    --------
    >>> import nnfast as nn
    >>> schedule = nn.schedules.CosineDecay(0.0, 90, warmup_target=0.1, warmup_steps=10)
    >>> axes = nn.plot.learning_rate_curve(schedule)
    >>> axes.get_xlabel(), axes.get_title()
    ('step', 'CosineDecay')
    """
    log = checked_bool(log, "log")
    schedule = rates if isinstance(rates, Schedule) else _schedule_of(rates)
    if schedule is not None:
        x, y = _of_schedule(schedule, steps)
        unit, title = "step", type(schedule).__name__
    else:
        if steps is not None:
            raise ValueError(
                "steps belongs to a schedule; the history of a run has its own length."
            )
        y = _of_run(rates)
        x = np.arange(1, len(y) + 1)
        unit, title = "epoch", "Learning rate by epoch"
    ax = axes_or_new(ax, width=6.0, height=3.6)
    few = len(x) <= 25
    # A rate holds until the next one, so that stairs are drawn as stairs.
    ax.plot(
        x,
        y,
        color=TRAINING_COLOUR,
        drawstyle="default" if few and unit == "epoch" else "steps-post",
        marker="o" if few else "",
        markersize=4,
    )
    if log:
        ax.set_yscale("log")
    else:
        ax.set_ylim(bottom=0.0)
    ax.set_title(title)
    ax.set_xlabel(unit)
    ax.set_ylabel("learning rate")
    if unit == "epoch":
        from matplotlib.ticker import MaxNLocator

        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(True, alpha=0.3)
    tidy(ax)
    return ax


def _schedule_of(rates: Any) -> Schedule | None:
    """Return the schedule of an optimizer; None of anything else."""
    from nnfast.optimizers import Optimizer

    if not isinstance(rates, Optimizer):
        return None
    rate = getattr(rates, "learning_rate", None)
    if not isinstance(rate, Schedule):
        raise ValueError(
            f"rates must have a schedule, but the learning rate of {rates!r} is fixed."
        )
    return rate


def _of_schedule(schedule: Schedule, steps: int | None) -> tuple[Any, Any]:
    if steps is None:
        steps = min(max(round(1.1 * _length(schedule)), 10), 2**40)
    else:
        steps = checked_count(steps, "steps")
    x = np.unique(np.linspace(0, steps, min(steps, MOST_POINTS) + 1).astype(np.int64))
    return x, np.array([schedule(int(step)) for step in x])


def _length(schedule: Schedule) -> float:
    """Return about how many steps a schedule changes for, by its parameters."""
    total = 0.0
    for name, value in schedule.values().items():
        if isinstance(value, Schedule):
            total += _length(value)
        elif name == "boundaries":
            total += max(value, default=0)
        elif "steps" in name and isinstance(value, int):
            # What never ends is shown for a few of its periods.
            endless = name == "first_decay_steps" or type(schedule).__name__ in (
                "ExponentialDecay",
                "InverseTimeDecay",
            )
            total += 3 * value if endless else value
    return total


def _of_run(rates: Any) -> Any:
    curves = as_dictionary(rates, "rates", "a Schedule, an optimizer, ")
    for name in NAMES:
        if curves.get(name):
            return np.array(curves[name])
    raise ValueError(
        "rates must hold learning rates, but the history has none: a rate that nothing changes is "
        "not kept."
        if isinstance(curves, Mapping) and any(curves.values())
        else "rates holds no epoch yet: call fit first."
    )
