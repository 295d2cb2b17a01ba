"""Say what a model is: its columns and classes, its layers, how it learned; and draw it."""

from __future__ import annotations

import argparse
import os
from typing import Any

import numpy as np

import nnfast as nn
from nnfast.cli import _errors, _models
from nnfast.cli._console import Console, listed, number, size

BARS = "▁▂▃▄▅▆▇█"
MOST_BARS = 24

EXAMPLES = """\
examples:
  nnfast show model.safetensors
  nnfast show model.safetensors --picture network.svg
      Its nodes, and its weights by colour and width; 'nnfast plot' has other pictures.
  nnfast show model.safetensors --json | jq .history.val_loss
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("model", help="a file that train, or another library, has written")

    parser.add_argument("--picture", metavar="FILE", help="draw the network: PNG, SVG or PDF")


def run(options: argparse.Namespace) -> int:
    """Say it, and draw it."""
    console = Console(as_json=options.json, quiet=options.quiet)
    net = _models.any_model(options.model)
    console.row("model", f"{options.model} ({size(os.path.getsize(options.model))})")
    if not isinstance(net, nn.FeedForward):  # a method of nnfast.unsupervised, which says itself
        console.row("it is", repr(net))
        console.result({"class": type(net).__name__, "described": repr(net)})
        return _errors.GOOD
    if net.table is not None:
        console.row("predicts", str(net.table.target))
        numbers = [one.name for one in net.table.columns if one.categories is None]
        words = [
            f"{one.name} ({len(one.categories)})"
            for one in net.table.columns
            if one.categories is not None
        ]
        if numbers:
            console.row("from numbers", listed(numbers, most=30))
        if words:
            console.row("from words", listed(words, most=30))
    if net.classes_ is not None:
        console.row("classes", listed([str(label) for label in net.classes_.tolist()], most=30))
    console.say()
    console.say(str(net.summary()))
    console.say()
    console.row("learned by", f"{net.optimizer}")
    console.row("", f"{net.loss.name.replace('_', ' ')}, seed {net.seed}")
    _say_history(console, net)
    if options.picture is not None:
        _draw(net, options.picture)
        console.row("picture", options.picture)
    console.result(described(net) | {"picture": options.picture})
    return _errors.GOOD


def _draw(net: nn.FeedForward, path: str) -> None:
    names = None if net.table is None else net.table.names
    if path.lower().endswith(".svg"):
        nn.plot.architecture_svg(net, path, feature_names=names)
    else:
        figure: Any = nn.plot.architecture(net, feature_names=names).figure
        figure.savefig(path)


def described(net: nn.FeedForward) -> dict[str, Any]:
    """Return what a network is."""
    return {
        "architecture": net.architecture,
        "parameters": net.parameter_count,
        "layers": [repr(layer) for layer in net.layers],
        "dtype": net.dtype.name,
        "seed": net.seed,
        "table": None if net.table is None else net.table.config(),
        "classes": net.classes_,
        "optimizer": net.optimizer.config(),
        "loss": net.loss.config(),
        "metrics": [metric.label for metric in net.metrics],
        "history": net.history,
    }


def _say_history(console: Console, net: nn.FeedForward) -> None:
    history = net.history
    epochs = max(map(len, history.values()), default=0)
    if not epochs:
        return
    console.row("epochs", str(epochs))
    better = {"loss": False} | {one.label: one.greater_is_better for one in net.metrics}
    width = max(map(len, history))
    for name, values in history.items():
        if not np.isfinite(values).any():
            continue
        said = f"{number(values[0])} to {number(values[-1])}"
        largest = better.get(name.removeprefix("val_"))
        if largest is not None:
            best = int(np.nanargmax(values) if largest else np.nanargmin(values))
            said += f", best {number(values[best])} in epoch {best + 1}"
        console.say(f"  {name.replace('_', ' '):<{width}}  {curve(values)}  {said}")


def curve(values: list[float]) -> str:
    """Return a curve as a row of bars, of many values the means of neighbours."""
    parts = np.array_split(np.asarray(values, dtype=np.float64), min(len(values), MOST_BARS))
    means = np.array([part.mean() for part in parts])
    there = np.isfinite(means)
    low, high = means[there].min(initial=np.inf), means[there].max(initial=-np.inf)
    spread = high - low if high > low else 1.0
    return "".join(
        BARS[round(float((mean - low) / spread) * (len(BARS) - 1))] if fine else " "
        for mean, fine in zip(means, there, strict=True)
    )
