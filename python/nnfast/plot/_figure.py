"""The one place that asks for matplotlib, and what all pictures share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's blue and vermilion: told apart by every kind of colour vision, and in grey.
TRAINING_COLOUR = "#0072B2"
VALIDATION_COLOUR = "#D55E00"


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


def tidy(ax: Axes) -> None:
    """Take away the frame's upper and right sides, which carry nothing."""
    ax.spines[["top", "right"]].set_visible(False)
