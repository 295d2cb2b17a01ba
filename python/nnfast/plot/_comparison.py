"""What other activations bring over a baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nnfast.plot._figure import TRAINING_COLOUR, VALIDATION_COLOUR, axes_or_new, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nnfast._comparison import Gain

# Further ones of Okabe and Ito's, for more than two activations.
COLOURS = (VALIDATION_COLOUR, TRAINING_COLOUR, "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def gains(
    by_data: Mapping[str, Mapping[str, Gain]],
    metric: str,
    baseline: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw gains with their intervals: a row for each data set, a colour for each activation."""
    names = list(next(iter(by_data.values())))
    rows = len(by_data) * (len(names) if len(by_data) == 1 else 1)
    ax = axes_or_new(ax, width=7.0, height=1.6 + 0.45 * rows)
    labels: list[str] = []
    for place, (data, found) in enumerate(by_data.items()):
        for index, name in enumerate(names):
            gain = found[name]
            if len(by_data) == 1:
                height, colour = float(index), TRAINING_COLOUR
                labels.append(name)
            else:
                height = place + 0.5 * ((index + 0.5) / len(names) - 0.5)
                colour = COLOURS[index % len(COLOURS)]
            ax.plot([gain.low, gain.high], [height, height], color=colour, linewidth=1.5)
            ax.plot(gain.mean, height, "o", color=colour, label=name if place == 0 else None)
        if len(by_data) > 1:
            labels.append(data)
    ax.axvline(0.0, color="black", linewidth=0.8)
    ax.set_yticks(range(len(labels)), labels)
    ax.invert_yaxis()
    unit = "points of accuracy" if metric == "accuracy" else "% of the error"
    if metric == "both":
        unit = "points of accuracy, or % of the error"
    ax.set_xlabel(f"gain over {baseline}: {unit}\ndot: mean, line: 95 % interval")
    ax.set_title(f"What other activations bring over {baseline}")
    ax.grid(True, axis="x", alpha=0.3)
    if len(by_data) > 1:
        ax.legend(frameon=False)
    tidy(ax)
    return ax
