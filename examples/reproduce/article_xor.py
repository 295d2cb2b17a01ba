"""XOR: a perceptron fails, and nets of two and three hidden nodes learn it by back-propagation.

Prints how many of the nets, each from another seed, end with all four rows right, and draws what a
perceptron, a 2-2-1 and a 2-3-1 net that learned it say of every point of the square.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from _common import table_row
from _pictures import BLUE, VERMILION, draw, figure
from matplotlib.lines import Line2D

import nnfast as nn

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = np.array([0, 1, 1, 0])
ARCHITECTURES = ("2-2-1", "2-3-1")
SEEDS = 20


def learned(architecture: str, seeds: int) -> list[nn.FeedForward]:
    """Train a net from each seed at once; return those that have all four rows right."""
    nets = []
    for seed in range(seeds):
        net = nn.FeedForward(architecture, hidden="tanh", output="sigmoid", seed=seed)
        nets.append(net.compile(nn.Adam(0.05), "binary_cross_entropy"))
    nn.fit_many(nets, X, y, epochs=500, batch_size=4)
    return [net for net in nets if net.predict_classes(X).tolist() == y.tolist()]


def perceptron() -> nn.Perceptron:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nn.ConvergenceWarning)  # it cannot, and that is the point
        # Its weights go round and round; this seed ends where three are right, the most for a line.
        return nn.Perceptron(epochs=100, seed=5).fit(X, y)


def draw_surfaces(quick: bool) -> Any:
    seeds = 5 if quick else SEEDS
    right = int(np.sum(perceptron().predict(X) == y))
    print(table_row("perceptron", f"{right} of 4 rows right"))
    models: dict[str, Any] = {f"perceptron: {right} of 4 right": perceptron()}
    for architecture in ARCHITECTURES:
        nets = learned(architecture, seeds)
        print(table_row(architecture, f"{len(nets)} of {seeds} nets have all 4 rows right"))
        models[f"{architecture} net: 4 of 4 right"] = nets[0]

    page = figure(8.6, 3.7)
    plots = page.subplots(1, len(models), sharex=True, sharey=True)
    for axes, (title, model) in zip(plots, models.items(), strict=True):
        nn.plot.decision_boundary(model, X, y, ax=axes)
        axes.get_legend().remove()
        axes.set_title(title, fontsize="medium")
        axes.set(xticks=(0, 1), yticks=(0, 1), aspect="equal")
    for axes in plots[1:]:
        axes.set_ylabel("")
    page.legend(
        handles=[
            Line2D([], [], linestyle="", marker=marker, color=colour, label=f"XOR = {label}")
            for label, marker, colour in ((0, "o", BLUE), (1, "s", VERMILION))
        ],
        loc="outside lower center",
        ncols=2,
        frameon=False,
    )
    return page


if __name__ == "__main__":
    draw(__doc__, {"article-xor": draw_surfaces})
