"""Every kind of picture, small and the same each time: what the baselines are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import nnfast as nn
from nnfast._range_test import LearningRateRange

FOLDER = Path(__file__).parent / "baselines"
DPI = 50
CASES: dict[str, Callable[[Any], Any]] = {}


@contextmanager
def style() -> Iterator[None]:
    """Draw with matplotlib's defaults and its own font, whatever the machine has configured."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rc("font", family="DejaVu Sans")
        matplotlib.rc("mathtext", fontset="dejavusans")
        matplotlib.rc("text", hinting="no_hinting")
        yield


def case(draw: Callable[[Any], Any]) -> Callable[[Any], Any]:
    CASES[draw.__name__] = draw
    return draw


def figure_of(name: str) -> Figure:
    """Draw one case, on axes whose place does not depend on how wide words are."""
    size = (7.0, 6.4) if name in LARGE else (5.6, 4.2)
    figure = Figure(figsize=size, dpi=DPI)
    FigureCanvasAgg(figure)
    CASES[name](figure.add_axes((0.14, 0.14, 0.7, 0.72)))
    return figure


def network(layers: Any, seed: int = 0, **options: Any) -> nn.FeedForward:
    """Return a network whose biases are not all zero."""
    net = nn.FeedForward(layers, seed=seed, **options)
    rng = np.random.default_rng(seed)
    net.set_weights(
        [w if w.ndim == 2 else rng.normal(size=w.shape) * 0.4 for w in net.get_weights()]
    )
    return net


def two_spirals() -> tuple[Any, Any]:
    turn = np.linspace(0.6, 2.2 * np.pi, 60).repeat(2)
    y = np.arange(120) % 2
    angle = turn + np.pi * y
    return np.stack([turn * np.cos(angle), turn * np.sin(angle)], axis=1) / 4, y


def digits() -> tuple[Any, Any]:
    X, y = nn.datasets.digits()
    return X[:300], y[:300]


@case
def architecture(ax: Any) -> Any:
    net = network("3-2-3-2", seed=1, hidden="tanh", output="softmax")
    return nn.plot.architecture(net, classes=["cat", "dog"], ax=ax)


@case
def architecture_of_a_wide_network(ax: Any) -> Any:
    return nn.plot.architecture(network("784-64-10", output="softmax"), nodes=7, ax=ax)


@case
def architecture_of_blocks(ax: Any) -> Any:
    block = nn.Residual([nn.LayerNorm(), nn.Dense(5, "relu"), nn.Dense(4)])
    layers = [nn.Input(2), nn.Dense(4), block, nn.Dropout(0.2), nn.Dense(1, "sigmoid")]
    return nn.plot.architecture(
        nn.FeedForward(layers, seed=0), feature_names=["age", "income"], ax=ax
    )


@case
def architecture_of_many_layers(ax: Any) -> Any:
    return nn.plot.architecture(network([3] * 14), weights=False, ax=ax)


@case
def activations(ax: Any) -> Any:
    return nn.plot.activations(ax=ax)


@case
def activation(ax: Any) -> Any:
    return nn.plot.activations(nn.activations.ELU(0.5), ax=ax)


@case
def learning_curves(ax: Any) -> Any:
    loss = [1.2, 0.8, 0.6, 0.5, 0.45, 0.43]
    return nn.plot.learning_curves({"loss": loss, "val_loss": [1.0, 0.85, 0.7, 0.68, 0.7]}, ax=ax)


@case
def learning_rate_curve(ax: Any) -> Any:
    schedule = nn.schedules.CosineDecay(0.0, 900, warmup_target=0.1, warmup_steps=100)
    return nn.plot.learning_rate_curve(schedule, ax=ax)


@case
def learning_rate_curve_of_a_run(ax: Any) -> Any:
    return nn.plot.learning_rate_curve({"learning_rate": [0.1] * 4 + [0.01] * 3}, log=True, ax=ax)


@case
def learning_rate_range(ax: Any) -> Any:
    rates = np.geomspace(1e-5, 1.0, 60)
    loss = 1.0 - 0.7 / (1.0 + (3e-3 / rates) ** 2) + 40 * rates**3
    raw = loss + 0.05 * np.sin(np.arange(60) * 2.4)
    return nn.plot.learning_rate_range(LearningRateRange(rates, loss, raw, 2e-3), ax=ax)


@case
def confusion_matrix(ax: Any) -> Any:
    true = np.repeat(["cat", "dog", "owl"], 20)
    predicted = np.roll(true, 3)
    return nn.plot.confusion_matrix(true, predicted, ax=ax)


@case
def roc_curve(ax: Any) -> Any:
    y = np.arange(200) % 2
    scores = y + 1.5 * np.sin(np.arange(200) * 7.0)
    return nn.plot.roc_curve(y, scores, classes=["ham", "spam"], ax=ax)


@case
def roc_curves(ax: Any) -> Any:
    y = np.arange(300) % 3
    noise = np.sin(np.arange(900) * 7.0).reshape(300, 3) * [0.8, 1.2, 2.0]
    return nn.plot.roc_curve(y, np.eye(3)[y] + noise, ax=ax)


@case
def roc_curves_that_are_good(ax: Any) -> Any:
    y = np.arange(300) % 3
    noise = np.sin(np.arange(900) * 7.0).reshape(300, 3) * [0.6, 0.7, 0.8]
    return nn.plot.roc_curve(y, np.eye(3)[y] + noise, ax=ax)


@case
def reliability_curve(ax: Any) -> Any:
    p = np.linspace(0.0, 1.0, 400)
    y = (np.arange(400) * 0.618 % 1.0 < p**2).astype(int)
    return nn.plot.reliability_curve(y, p, classes=["ham", "spam"], ax=ax)


@case
def decision_boundary(ax: Any) -> Any:
    X, y = two_spirals()
    net = nn.FeedForward("2-16-16-1", hidden="tanh", output="sigmoid", seed=0)
    net.compile(nn.Adam(0.03)).fit(X, y, epochs=150, batch_size=60, verbose=0)
    return nn.plot.decision_boundary(net, X, y, resolution=100, ax=ax)


@case
def decision_boundary_of_classes(ax: Any) -> Any:
    y = np.arange(60) % 3
    turn = np.arange(60) * 2.4
    spread = np.stack([np.cos(turn), np.sin(turn)], axis=1) * (np.arange(60) % 7 / 5)[:, None]
    X = np.array([[0, 2], [2, 0], [-1, -2]])[y] + spread
    return nn.plot.decision_boundary(
        nn.Perceptron().fit(X, np.array(["red", "green", "blue"])[y]), X, resolution=100, ax=ax
    )


@case
def boundary_growth(ax: Any) -> Any:
    X, y = two_spirals()
    growth = nn.plot.BoundaryRecorder(X, y, every=10, resolution=60)
    net = nn.FeedForward("2-16-16-1", hidden="tanh", output="sigmoid", seed=0)
    net.compile(nn.Adam(0.03)).fit(X, y, epochs=120, batch_size=60, callbacks=growth, verbose=0)
    return growth.plot(count=4, ax=ax)


@case
def first_layer_weights(ax: Any) -> Any:
    return nn.plot.first_layer_weights(nn.FeedForward("64-15-10", seed=0), ax=ax)


@case
def reconstructions(ax: Any) -> Any:
    X, _ = digits()
    model = nn.unsupervised.Autoencoder("64-16", seed=0)
    model.fit(X, epochs=30)
    return nn.plot.reconstructions(model, X, count=6, ax=ax)


@case
def codes(ax: Any) -> Any:
    y = np.arange(90) % 3
    turn = np.arange(90) * 2.4
    Z = np.stack([np.cos(turn), np.sin(turn)], axis=1) * (np.arange(90) % 7 / 7)[:, None]
    return nn.plot.codes(Z + 2.0 * y[:, None], np.array(["cat", "dog", "owl"])[y], ax=ax)


@case
def images(ax: Any) -> Any:
    waves = np.sin(np.arange(12 * 36).reshape(12, 36) * np.linspace(0.1, 1.0, 12)[:, None])
    return nn.plot.images(waves, ax=ax)


def memory() -> tuple[Any, Any]:
    row, column = np.indices((8, 8)) - 3.5
    patterns = [np.abs(row) < np.abs(column), np.hypot(row, column) < 3, column < 0]
    stored = np.array([np.where(pattern, 1, -1).ravel() for pattern in patterns])
    return nn.unsupervised.Hopfield().fit(stored), stored


@case
def recall(ax: Any) -> Any:
    hopfield, stored = memory()
    start = stored[1].copy()
    start[::5] *= -1
    return nn.plot.recall(hopfield, start, snapshots=4, ax=ax)


@case
def hopfield_energy(ax: Any) -> Any:
    hopfield, stored = memory()
    starts = stored.copy()
    for start, turned in zip(starts, (5, 7, 9), strict=True):
        start[: 4 * turned : 4] *= -1
    return nn.plot.hopfield_energy(hopfield, starts, ax=ax)


@case
def saturation(ax: Any) -> Any:
    X, _ = digits()
    net = nn.FeedForward("64-24-16-10", hidden=["tanh", "relu"], output="softmax", seed=0)
    net.set_weights([w * (3.0 if place == 0 else 1.0) for place, w in enumerate(net.get_weights())])
    return nn.plot.saturation(net, X, ax=ax)


@case
def gradient_flow(ax: Any) -> Any:
    X, y = digits()
    net = nn.FeedForward([64, *[16] * 5, 10], hidden="sigmoid", output="softmax", seed=0)
    return nn.plot.gradient_flow(net, X, y, ax=ax)


def som() -> tuple[Any, Any, Any]:
    X, y = digits()
    som = nn.unsupervised.SelfOrganizingMap(
        7, 5, topology="hexagonal", training="batch", seed=0
    ).fit(X, epochs=5)
    return som, X, y


@case
def distance_map(ax: Any) -> Any:
    return nn.plot.distance_map(som()[0], ax=ax)


@case
def hit_map(ax: Any) -> Any:
    trained, X, _ = som()
    return nn.plot.hit_map(trained, X, ax=ax)


@case
def component_plane(ax: Any) -> Any:
    return nn.plot.component_plane(som()[0], 20, name="pixel 20", ax=ax)


@case
def label_map(ax: Any) -> Any:
    return nn.plot.label_map(*som(), ax=ax)


LARGE = {"activations", "saturation"}


def svgs() -> dict[str, str]:
    """Draw the graph as text, which is compared as text."""
    net = network("3-2-3-2", seed=1, hidden="tanh", output="softmax")
    block = nn.Residual([nn.Dense(3)])
    deep = nn.FeedForward([nn.Input(9), nn.Dense(3), block, *[nn.Dense(2)] * 8], seed=0)
    return {
        "architecture": nn.plot.architecture_svg(net, classes=["cat", "dog"]),
        "architecture_of_many_layers": nn.plot.architecture_svg(deep, nodes=5),
    }
