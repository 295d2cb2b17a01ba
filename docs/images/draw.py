"""Draw the pictures that README.md and docs/ show: `python docs/images/draw.py`.

Wants matplotlib, and MNIST where `nnfast.datasets.mnist` finds it or can download it. The nets are
those of `python -m nnfast.demo`, so that the pictures show what it writes.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

import nnfast as nn
from nnfast import demo

FOLDER = Path(__file__).parent
SOLID_AND_DASHED = (("-", "#0072B2"), ("--", "#D55E00"))
# A block of code, and the picture that follows it before the next, if any.
GALLERY = re.compile(
    r"^```python\n(.*?)^```$(?:(?!^```).)*?(?:\(images/(plot-[a-z-]+\.(?:png|gif))\)|(?=^```)|\Z)",
    re.M | re.S,
)
COLOURS = 256  # of the palette: fewer bytes, and no difference to the eye


def trained(task: demo.Task) -> tuple[nn.FeedForward, Any, Any]:
    """Train the net of one of the demo's tasks; give it back with the test rows."""
    train, (X, y) = task.load()
    net = nn.FeedForward(task.architecture, output="softmax", seed=0)
    for epochs, learning_rate in task.phases:
        net.compile(nn.Adam(learning_rate))
        net.fit(*train, epochs=epochs, batch_size=task.batch_size, validation_data=(X, y))
    return net, X, y


def save(figure: Any, name: str) -> None:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    path = FOLDER / name
    image = Image.open(buffer).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} KB")


def figure(width: float, height: float) -> Any:
    return Figure(figsize=(width, height), dpi=120, layout="constrained")


def draw_front_page(net: nn.FeedForward) -> None:
    """Learning curves beside the first layer's weights."""
    page = figure(10.0, 4.4)
    left, right = page.subfigures(1, 2, width_ratios=(1.0, 1.75))
    loss, accuracy = left.subplots(2, 1)
    nn.plot.learning_curves(net, loss)
    nn.plot.learning_curves(net, accuracy, metric="accuracy")
    loss.set_xlabel("")
    accuracy.get_legend().remove()
    nn.plot.first_layer_weights(net, count=40, ax=right.subplots())
    save(page, "mnist.png")


def draw_mistakes(net: nn.FeedForward, X: Any, y: Any) -> None:
    """The test images that the net is surest of and wrong about."""
    outputs = net.predict(X)
    predicted = outputs.argmax(axis=1)
    wrong = np.flatnonzero(predicted != y)
    surest = wrong[np.argsort(-outputs[wrong, predicted[wrong]], kind="stable")][:12]
    page = figure(9.0, 3.4)
    for axes, row in zip(page.subplots(2, 6).flat, surest, strict=True):
        axes.imshow(X[row].reshape(28, 28), cmap="gray_r")
        axes.set_title(f"{y[row]} taken for {predicted[row]}", fontsize="medium")
        axes.set_axis_off()
    save(page, "mnist-mistakes.png")


def draw_sine() -> None:
    """What a small net makes of sin x, within the interval it saw and past it."""
    x = np.linspace(-np.pi, np.pi, 512).reshape(-1, 1)
    layers = [nn.Input(1), nn.Dense(32, "tanh", bias_initializer="glorot_uniform"), nn.Dense(1)]
    net = nn.FeedForward(layers, seed=0).compile(nn.Adam(3e-3))
    wide = np.linspace(-2 * np.pi, 2 * np.pi, 801).reshape(-1, 1)
    page = figure(8.0, 3.4)
    axes = page.subplots()
    axes.axvspan(-np.pi, np.pi, color="0.92")
    axes.text(0.0, -1.9, "the rows it learned from", ha="center", va="bottom", color="0.35")
    axes.plot(wide, np.sin(wide), color="0.35", linestyle=":", label="sin x")
    for epochs, colour in ((10, "#56B4E9"), (190, "#D55E00")):
        net.fit(x, np.sin(x), epochs=epochs)
        done = len(net.history["loss"])
        axes.plot(wide, net.predict(wide), color=colour, label=f"net after {done} epochs")
    axes.set_ylim(-2.0, 2.0)
    axes.set_xlabel("x")
    axes.grid(True, alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize="small", loc="upper right")
    save(page, "sine.png")


def draw_activations() -> None:
    """The usual activations for one net input, each with its derivative."""
    names = ["step", "sigmoid", "tanh", "relu", "leaky_relu", "elu"]
    names += ["selu", "gelu", "silu", "mish", "softplus", "softsign"]
    save(nn.plot.activations(names).figure, "activations.png")


def draw_gallery() -> None:
    """The pictures of docs/plots.md: what its own code draws, each block the picture below it."""
    page = (FOLDER.parent / "plots.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    folder = os.getcwd()
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)  # what the page saves is not for keeping
        for code, picture in GALLERY.findall(page):
            exec(code, names)
            if Path(picture).is_file():  # a film, which the code has written itself
                (FOLDER / picture).write_bytes(Path(picture).read_bytes())
            elif picture:
                save(names["axes"].figure, picture)
        os.chdir(folder)


def draw_memories() -> None:
    """The digits' principal components by Sanger's rule, and how an O is recalled."""
    X, _ = nn.datasets.digits()
    sanger = nn.unsupervised.Sanger(16, learning_rate=0.02, decay=0.3, epochs=100).fit(X)
    save(nn.plot.images(sanger.components_).figure, "sanger-digits.png")
    row, column = np.indices((16, 16)) - 7.5
    pictures = [
        np.abs(np.abs(row) - np.abs(column)) < 2.5,
        np.abs(np.hypot(row, column) - 5) < 2.2,
        (np.abs(column) < 2) | (row < -4),
        (np.abs(row) < 2) | (np.abs(column) > 4.5),
    ]
    patterns = np.array([np.where(picture, 1, -1).ravel() for picture in pictures])
    noise = np.random.default_rng(0).random(256) < 0.25
    memory = nn.unsupervised.Hopfield().fit(patterns)
    drawn = nn.plot.recall(memory, np.where(noise, -patterns[1], patterns[1]))
    save(drawn.figure, "hopfield-recall.png")


def draw_maps() -> None:
    """The map of the digits in docs/maps.md."""
    X, y = nn.datasets.digits()
    som = nn.unsupervised.SelfOrganizingMap(12, 10, topology="hexagonal", training="batch", seed=0)
    som.fit(X, epochs=30)
    save(nn.plot.label_map(som, X, y).figure, "map-labels.png")
    save(nn.plot.distance_map(som).figure, "map-distances.png")


def draw_schedules() -> None:
    """Every schedule, over a hundred steps."""
    schedules = nn.schedules
    drawn = {
        "PiecewiseConstantDecay": [
            schedules.PiecewiseConstantDecay([30, 60, 85], [1.0, 0.5, 0.2, 0.05])
        ],
        "ExponentialDecay": [
            schedules.ExponentialDecay(1.0, 20, 0.5),
            schedules.ExponentialDecay(1.0, 20, 0.5, staircase=True),
        ],
        "InverseTimeDecay": [
            schedules.InverseTimeDecay(1.0, 20, 1.0),
            schedules.InverseTimeDecay(1.0, 20, 1.0, staircase=True),
        ],
        "PolynomialDecay": [
            schedules.PolynomialDecay(1.0, 100, power=2.0),
            schedules.PolynomialDecay(1.0, 25, power=1.0, cycle=True),
        ],
        "CosineDecay": [
            schedules.CosineDecay(1.0, 100, alpha=0.1),
            schedules.CosineDecay(0.0, 80, warmup_target=1.0, warmup_steps=20),
        ],
        "CosineDecayRestarts": [
            schedules.CosineDecayRestarts(1.0, 14),
            schedules.CosineDecayRestarts(1.0, 25, t_mul=1.0, m_mul=0.6),
        ],
        "OneCycle": [
            schedules.OneCycle(1.0, 101),
            schedules.OneCycle(1.0, 101, anneal_strategy="linear", three_phase=True),
        ],
        "LinearWarmup": [
            schedules.LinearWarmup(schedules.CosineDecayRestarts(1.0, 40, t_mul=1.0), 20),
            schedules.LinearWarmup(0.6, 20, initial_learning_rate=0.2),
        ],
    }
    page = figure(10.0, 4.4)
    grid = page.subplots(2, 4, sharex=True, sharey=True)
    steps = np.arange(101)
    for axes, (name, those) in zip(grid.flat, drawn.items(), strict=True):
        for schedule, style, colour in zip(
            those, ("-", "--"), ("#0072B2", "#D55E00"), strict=False
        ):
            rates = [schedule(int(step)) for step in steps]
            jumps = (
                "steps-post"
                if "Piecewise" in name or getattr(schedule, "staircase", 0)
                else "default"
            )
            axes.plot(steps, rates, style, color=colour, drawstyle=jumps)
        axes.set_title(name, fontsize="medium")
        axes.set_ylim(-0.03, 1.06)
        axes.grid(True, alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in grid[1]:
        axes.set_xlabel("step")
    for axes in grid[:, 0]:
        axes.set_ylabel("learning rate")
    save(page, "schedules.png")


def draw_range() -> None:
    """The range test on MNIST, as docs/rates.md makes it."""
    (X, y), _ = nn.datasets.mnist()
    net = nn.FeedForward("784-128-10", output="softmax", seed=0).compile(nn.Adam())
    save(net.find_learning_rate(X, y, batch_size=128).plot().figure, "learning-rate-range.png")


def main() -> None:
    draw_gallery()
    draw_maps()
    draw_activations()
    draw_sine()
    draw_schedules()
    draw_range()
    draw_memories()
    net, X, y = trained(demo.DIGITS)
    save(nn.plot.first_layer_weights(net).figure, "digits-weights.png")
    net, X, y = trained(demo.MNIST)
    print(f"MNIST: {net.evaluate(X, y)['accuracy']:.2%}")
    draw_front_page(net)
    save(nn.plot.confusion_matrix(y, net.predict_classes(X)).figure, "mnist-confusion.png")
    draw_mistakes(net, X, y)


if __name__ == "__main__":
    main()
