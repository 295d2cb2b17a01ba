"""Draw the pictures of the lessons: `python docs/images/lessons.py`. Wants matplotlib.

Each is of what its lesson computes, with the same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from draw import figure, save

import nnfast as nn
from nnfast.semi_supervised import MeanTeacher

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"


def draw_perceptron() -> None:
    """The line after each epoch of learning AND, in the rows' own order."""
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 0, 0, 1])
    page = figure(5.0, 4.2)
    axes = page.subplots()
    w, b = np.zeros(2), 0.0
    across = np.array([-0.6, 1.6])
    for epoch in range(1, 7):
        for x, t in zip(X, y, strict=True):
            a = 1 if x @ w + b > 0 else 0
            w, b = w + (t - a) * x, b + (t - a)
        rests = epoch == 6
        style = {"linestyle": "-" if rests else "--", "color": GREEN if rests else GREY}
        if epoch == 5:
            continue  # it is the last one's already
        if w[1] != 0:
            axes.plot(across, -(across * w[0] + b) / w[1], linewidth=2 if rests else 1, **style)
    for value, colour, marker in ((0, BLUE, "o"), (1, ORANGE, "s")):
        rows = X[y == value]
        axes.scatter(*rows.T, s=130, color=colour, marker=marker, zorder=3, label=f"AND is {value}")
    axes.set(xlim=across, ylim=across, xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes.legend(loc="upper left")
    save(page, "lesson-perceptron.png")


def draw_optimizers() -> None:
    """The loss of the digits by epoch, with four optimizers."""
    (X, y), _ = nn.datasets.split(*nn.datasets.digits(), test_fraction=0.2, seed=0)
    optimizers = [
        ("SGD(0.03)", nn.SGD(0.03), GREY),
        ("SGD(0.03, momentum=0.9)", nn.SGD(0.03, momentum=0.9), BLUE),
        ("RMSprop(0.002)", nn.RMSprop(0.002), ORANGE),
        ("Adam(0.003)", nn.Adam(0.003), GREEN),
    ]
    page = figure(6.4, 3.8)
    axes = page.subplots()
    for name, optimizer, colour in optimizers:
        net = nn.FeedForward("64-32-10", output="softmax", seed=0).compile(optimizer)
        net.fit(X, y, epochs=20, batch_size=32)
        axes.plot(range(1, 21), net.history["loss"], color=colour, label=name)
    axes.set(xlabel="epoch", ylabel="loss", yscale="log", xticks=[1, 5, 10, 15, 20])
    axes.legend()
    axes.grid(alpha=0.3)
    save(page, "lesson-optimizers.png")


def draw_clustering() -> None:
    """The ways of three units through three heaps of points."""
    random = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [4.0, 0.5], [1.5, 3.5]])
    X = np.concatenate([random.normal(centre, 0.7, (100, 2)) for centre in centres])
    units = X[[10, 20, 250]].copy()
    ways = [units.copy()]
    for epoch in range(20):
        for x in random.permutation(X):
            winner = np.square(x - units).sum(axis=1).argmin()
            units[winner] += 0.1 / (1 + epoch) * (x - units[winner])
            ways.append(units.copy())
    won = np.square(X[:, np.newaxis] - units).sum(axis=2).argmin(axis=1)
    page = figure(5.6, 4.4)
    axes = page.subplots()
    for unit, colour in enumerate((BLUE, ORANGE, GREEN)):
        axes.scatter(*X[won == unit].T, s=14, color=colour, alpha=0.45, linewidths=0)
        way = np.array(ways)[:, unit]
        axes.plot(*way.T, color="black", linewidth=0.8)
        axes.scatter(*way[0], s=45, facecolor="white", edgecolor="black", zorder=3)
        axes.scatter(*way[-1], s=110, color=colour, edgecolor="black", marker="s", zorder=4)
    axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    save(page, "lesson-clustering.png")


def draw_moons() -> None:
    """The border from eight labels, and from eight labels and the other points."""
    random = np.random.default_rng(0)
    angle, moon = random.uniform(0, np.pi, 400), np.arange(400) % 2
    X = np.column_stack([np.cos(angle), np.sin(angle)])
    X[moon == 1] = [1, 0.5] - X[moon == 1]
    X += random.normal(0, 0.1, X.shape)
    drawn, few = np.random.default_rng(1), np.full(400, -1)
    for one in (0, 1):
        few[drawn.choice(np.flatnonzero(moon == one), 4, replace=False)] = one
    alone, student = (moon_network() for _ in range(2))
    alone.fit(X[few >= 0], few[few >= 0], epochs=1000)
    taught = MeanTeacher(student, ema_momentum=0.95, weight=3.0, ramp_epochs=60)
    taught.fit(X, few, epochs=200, batch_size=64)
    page = figure(9.6, 3.8)
    titles = ("the eight labels alone", "with the other points")
    nets = (alone, taught.teacher_)
    for axes, net, title in zip(page.subplots(1, 2, sharey=True), nets, titles, strict=True):
        nn.plot.decision_boundary(net, X, ax=axes)
        axes.scatter(*X[few < 0].T, s=7, color="#555555", linewidths=0)
        for one, marker, colour in ((0, "o", BLUE), (1, "s", ORANGE)):
            rows = X[few == one]
            axes.scatter(*rows.T, s=90, marker=marker, color=colour, edgecolor="black", zorder=3)
        right = np.mean(net.predict_classes(X) == moon)
        axes.set_title(f"{title}: {right:.1%} right")
    save(page, "lesson-moons.png")


def moon_network() -> Any:
    hidden = [nn.Dense(32, "tanh"), nn.Dense(32, "tanh")]
    layers = [nn.Input(2), nn.GaussianNoise(0.15), *hidden, nn.Dense(2, "softmax")]
    return nn.FeedForward(layers, seed=0).compile(nn.Adam(0.01))


if __name__ == "__main__":
    draw_perceptron()
    draw_optimizers()
    draw_clustering()
    draw_moons()
