"""Saturation and vanishing gradients: sigmoid, tanh, ReLU and ELU at depths of 2 to 10.

Prints how long the gradient of the first hidden layer's weights is over that of the last hidden
layer, the geometric mean over seeds, and draws it beside the activations of a deep net's layers.
Inputs are drawn from N(0, 1); layers have 64 nodes and Glorot's initial weights, the same for all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from _common import table_row
from _pictures import BLUE, GREEN, ORANGE, VERMILION, draw, figure

import nnfast as nn

STYLES = {
    "sigmoid": (BLUE, "o", "sigmoid"),
    "tanh": (VERMILION, "s", "tanh"),
    "relu": (GREEN, "^", "ReLU"),
    "elu": (ORANGE, "D", "ELU"),
}
DEPTHS = tuple(range(2, 11))
WIDTH = 64
ROWS = 256


def network(activation: str, depth: int, seed: int) -> nn.FeedForward:
    layers = [WIDTH] * (depth + 1)
    return nn.FeedForward(
        [*layers, 1], hidden=activation, initializer="glorot_uniform", dtype="float64", seed=seed
    )


def data(seed: int) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    return random.normal(size=(ROWS, WIDTH)), random.normal(size=(ROWS, 1))


def ratio(activation: str, depth: int, seed: int) -> float:
    """Return the norm of the first hidden layer's gradient over that of the last."""
    _, gradients = network(activation, depth, seed).gradients(*data(seed))
    norms = [np.linalg.norm(gradient) for gradient in gradients if gradient.ndim == 2]
    return float(norms[0] / norms[depth - 1])


def hidden_outputs(activation: str, depth: int) -> list[Any]:
    """Return what each hidden layer gives for the rows, by following the weights."""
    function = getattr(nn.activations, activation)
    weights = network(activation, depth, 0).get_weights()
    values, _ = data(0)
    outputs = []
    for kernel, bias in zip(weights[: 2 * depth : 2], weights[1 : 2 * depth : 2], strict=True):
        values = function(values @ kernel + bias)
        outputs.append(values)
    return outputs


def draw_ratios(quick: bool) -> Any:
    seeds = range(3 if quick else 20)
    print(table_row("depth", *map(str, DEPTHS)))
    page = figure(6.6, 3.8)
    axes = page.subplots()
    for name, (colour, marker, title) in STYLES.items():
        logs = np.log([[ratio(name, depth, seed) for seed in seeds] for depth in DEPTHS])
        means, deviations = logs.mean(axis=1), logs.std(axis=1)
        print(table_row(title, *(f"{value:.2g}" for value in np.exp(means))))
        axes.plot(DEPTHS, np.exp(means), color=colour, marker=marker, label=title)
        band = np.exp(means - deviations), np.exp(means + deviations)
        axes.fill_between(DEPTHS, *band, color=colour, alpha=0.15, linewidth=0)
    axes.set(yscale="log", xlabel="hidden layers", xticks=DEPTHS)
    axes.set_ylabel("gradient of the first hidden layer\nover that of the last")
    axes.grid(True, alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return page


def draw_histograms(quick: bool) -> Any:
    """What the layers of ten put out: where sigmoid narrows, and ReLU is 0."""
    shown = (1, 4, 7, 10)
    page = figure(8.4, 5.4)
    plots = page.subplots(len(STYLES), len(shown), sharex="row")
    for row, (name, (colour, _, title)) in zip(plots, STYLES.items(), strict=True):
        outputs = hidden_outputs(name, max(shown))
        low, high = {"sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, 3), "elu": (-1, 3)}[name]
        for axes, layer in zip(row, shown, strict=True):
            values = outputs[layer - 1].ravel()
            share = np.full(values.size, 100.0 / values.size)
            axes.hist(
                np.clip(values, low, high), bins=40, range=(low, high), weights=share, color=colour
            )
            axes.set_yticks([])
            axes.spines[["top", "right", "left"]].set_visible(False)
            if name == next(iter(STYLES)):
                axes.set_title(f"hidden layer {layer}", fontsize="medium")
        row[0].set_ylabel(title)
    for axes in plots[-1]:
        axes.set_xlabel("output of a node")
    return page


if __name__ == "__main__":
    draw(
        __doc__,
        {"article-gradients": draw_ratios, "article-histograms": draw_histograms},
    )
