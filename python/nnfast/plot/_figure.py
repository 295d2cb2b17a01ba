"""The one place that asks for matplotlib, and what all pictures share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's blue and vermilion: told apart by every kind of colour vision, and in grey.
TRAINING_COLOUR = "#0072B2"
VALIDATION_COLOUR = "#D55E00"

# All of theirs, and after them paler and darker ones: for classes and other labels.
COLOURS = (
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#999999",
    "#8C510A", "#80CDC1", "#762A83", "#A6D96A", "#1A1A1A", "#FDDBC7",
)  # fmt: skip
# Those that are dark enough for lines and points on white, the most different first.
LINE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#1A1A1A")


def require_matplotlib() -> None:
    """Raise an ImportError that says what to install when matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ImportError(
            "nnfast.plot draws with matplotlib, which is not installed: pip install 'nnfast[plot]'."
        ) from None


def axes_or_new(ax: Axes | None, *, width: float, height: float) -> Axes:
    """Give `ax` back, or the axes of a new figure of `width` by `height` inches.

    The new figure is not made through pyplot: it needs no screen, is not kept alive by pyplot's
    list of figures, and leaves the caller's current figure alone.
    """
    require_matplotlib()
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if ax is None:
        figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
        FigureCanvasAgg(figure)
        return figure.add_subplot()
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be matplotlib axes or None, got {type(ax).__name__}.")
    return ax


def checked_bool(value: object, argument: str) -> bool:
    """Return True or False, refusing all else."""
    if not isinstance(value, bool):
        raise TypeError(f"{argument} must be True or False, got {value!r}.")
    return value


def checked_count(value: object, argument: str, least: int = 1) -> int:
    """Return a whole number, refusing what is none or too small."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{argument} must be an integer of at least {least}, got {value!r}.")
    return int(value)


def tidy(ax: Axes) -> None:
    """Take away the frame's upper and right sides, which carry nothing."""
    ax.spines[["top", "right"]].set_visible(False)


def grid(count: int, columns: int) -> list[tuple[int, int]]:
    """Return row and column of each of so many panels, row by row."""
    return [divmod(index, columns) for index in range(count)]


def panels(
    ax: Axes, places: Sequence[tuple[int, int]], *, gap: tuple[float, float] = (0.06, 0.25)
) -> list[Axes]:
    """Return axes in rows and columns within `ax`, and take its own frame away.

    Parameters
    ----------
    places : sequence of (row, column)
    gap : (float, float)
        What lies between two, as shares of a panel's width and height.
    """
    rows, columns = (1 + max(numbers) for numbers in zip(*places, strict=True))
    width = 1.0 / (columns + gap[0] * (columns - 1))
    height = 1.0 / (rows + gap[1] * (rows - 1))
    ax.set_axis_off()
    return [
        ax.inset_axes(
            (
                column * width * (1.0 + gap[0]),
                1.0 - height - row * height * (1.0 + gap[1]),
                width,
                height,
            )
        )
        for row, column in places
    ]
