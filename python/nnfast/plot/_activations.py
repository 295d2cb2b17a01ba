"""Activations and their derivatives over the net input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import activations as _functions
from nnfast.plot._figure import (
    TRAINING_COLOUR,
    VALIDATION_COLOUR,
    axes_or_new,
    checked_bool,
    grid,
    panels,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Array = NDArray[Any]

POINTS = 801
JUMP = 20.0  # a step so many times as large as those beside it is a jump, which has no line


def activations(
    names: Any = None,
    *,
    derivatives: bool = True,
    span: tuple[float, float] = (-4.0, 4.0),
    ax: Axes | None = None,
) -> Axes:
    """Draw activations over the net input, and their derivatives dashed.

    Parameters
    ----------
    names : activation or list of activations, optional
        Names, classes or instances, your own too; by default all that there are. Softmax and its
        logarithm depend on the whole row: drawn is the first output for the row (z, 0).
    derivatives : bool, default True
        Whether the derivatives are drawn too.
    span : (float, float)
        From which net input to which.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        For one activation, with its curves. For several, without a frame: its `child_axes` have
        one each. The titles give the parameters.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError, ValueError
        If there is no such activation, or `span` does not rise.

    Examples
    --------
    >>> import nnfast as nn
    >>> axes = nn.plot.activations(["relu", nn.activations.ELU(0.5)])
    >>> [one.get_title() for one in axes.child_axes]
    ['relu', 'elu\\nalpha = 0.5']
    """
    derivatives = checked_bool(derivatives, "derivatives")
    chosen = _chosen(names)
    try:
        low, high = map(float, span)
    except (TypeError, ValueError):
        raise ValueError(f"span must be two numbers, got {span!r}.") from None
    if not low < high:
        raise ValueError(f"span must rise from the first number to the second, got {span!r}.")
    z = np.linspace(low, high, POINTS)
    if len(chosen) == 1:
        ax = axes_or_new(ax, width=5.0, height=3.6)
        places = [ax]
    else:
        columns = min(len(chosen), 4 if len(chosen) > 6 else 3)
        rows = -(-len(chosen) // columns)
        ax = axes_or_new(ax, width=2.1 * columns + 0.5, height=1.85 * rows + 0.4)
        places = panels(ax, grid(len(chosen), columns), gap=(0.12, 0.5))
    for index, (one, place) in enumerate(zip(chosen, places, strict=True)):
        _draw(place, one, z, derivatives)
        if len(chosen) > 1:
            # The same scale for all, so the numbers stand at the rim only.
            place.set_ylim(-1.25, 2.25)
            place.set_yticks([-1, 0, 1, 2], [] if index % columns else None)
            if index + columns < len(chosen):
                place.tick_params(labelbottom=False)
                place.set_xlabel("")
            place.tick_params(labelsize="small")
    if derivatives:
        places[0].legend(frameon=False, fontsize="small", loc="upper left")
    return ax


def _chosen(names: Any) -> list[Any]:
    if names is None:
        return [cls() for cls in _functions.registry.classes]
    if isinstance(names, Sequence) and not isinstance(names, str):
        if not names:
            raise ValueError("names must hold at least one activation, got none.")
        return [_functions.registry.get(one, f"names[{place}]") for place, one in enumerate(names)]
    return [_functions.registry.get(names, "names")]


def _values(one: Any, z: Array) -> tuple[Array, Array]:
    """Return an activation's values and derivatives at z."""
    if not one.over_rows:
        return one(z), one.derivative(z)
    rows = np.stack([z, np.zeros_like(z)], axis=1)
    return one(rows)[:, 0], one.derivative(rows)[:, 0, 0]


def _draw(ax: Axes, one: Any, z: Array, derivatives: bool) -> None:
    ax.axhline(0.0, color="0.75", linewidth=0.8)
    ax.axvline(0.0, color="0.75", linewidth=0.8)
    curves = [("f(z)", "-", TRAINING_COLOUR), ("f\N{PRIME}(z)", "--", VALIDATION_COLOUR)]
    for values, (label, style, colour) in zip(
        _values(one, z)[: 1 + derivatives], curves, strict=False
    ):
        ax.plot(z, _without_jumps(values), style, color=colour, linewidth=1.8, label=label)
    parameters = [f"{name} = {value:g}" for name, value in _numbers(one).items()]
    if one.over_rows:
        parameters.append("first of (z, 0)")
    ax.set_title("\n".join([one.name, ", ".join(parameters)]).strip(), fontsize="medium")
    ax.set_xlim(z[0], z[-1])
    ax.set_xlabel("net input z")
    tidy(ax)


def _without_jumps(values: Array) -> Array:
    """Return the values, NaN before each jump."""
    steps = np.abs(np.diff(values, prepend=values[0], append=values[-1]))
    before, here, after = steps[:-2], steps[1:-1], steps[2:]
    jumps = (here > JUMP * np.maximum(before, after)) & (here > 0.05)
    return np.where(np.append(jumps, False), np.nan, values)


def _numbers(one: Any) -> dict[str, float]:
    """Return an activation's parameters that are numbers or switches, as numbers."""
    return {
        name: value
        for name, value in one.values().items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
