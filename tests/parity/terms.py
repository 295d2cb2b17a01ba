"""Networks with all that may hold for their weights, and all that may happen beside a rule.

Regularizers and constraints come from their registries, so that a new one is tested from its day.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

import nnfast as nn
from parity.networks import Run

REGULARIZERS = [nn.L1(0.01), nn.L2(0.02), nn.L1L2(0.01, 0.02)]
CONSTRAINTS = [
    *map(nn.constraints.registry.get, nn.constraints.registry.names),
    nn.MaxNorm(0.3),
    nn.MinMaxNorm(0.2, 0.4, rate=0.7),
]
OPTIMIZERS = [
    nn.Adam(0.01, weight_decay=0.1),
    nn.SGD(0.05, momentum=0.9, clip_value=0.01),
    nn.SGD(0.05, clip_norm=0.05),
    nn.RMSprop(0.01, global_clip_norm=0.05, weight_decay=0.01),
    nn.Adam(0.01, accumulation_steps=3),
    nn.Adam(0.01, ema_momentum=0.9),
    nn.AdamW(0.01, ema_momentum=0.8, accumulation_steps=2, global_clip_norm=0.1),
]


def mask(inputs: int, units: int) -> Any:
    """Draw which connections there are: about half."""
    return (np.random.default_rng(inputs + units).random((inputs, units)) < 0.5).astype(int)


LAYERS: dict[str, Callable[[int, int], dict[str, Any]]] = {
    **{
        f"{place}={one!r}": lambda inputs, units, place=place, one=one: {place: one}  # type: ignore[misc]
        for place in ("kernel_regularizer", "bias_regularizer", "activity_regularizer")
        for one in REGULARIZERS
    },
    **{
        f"{place}={one!r}": lambda inputs, units, place=place, one=one: {place: one}  # type: ignore[misc]
        for place in ("kernel_constraint", "bias_constraint")
        for one in CONSTRAINTS
    },
    "mask": lambda inputs, units: {"mask": mask(inputs, units), "l2": 0.01},
    "frozen": lambda inputs, units: {"trainable": False, "l2": 0.01},
}
"""The arguments of a dense layer, given its inputs and units."""


def layers(
    widths: tuple[int, ...], term: str | None = None, hidden: Any = "elu", output: Any = "linear"
) -> tuple[nn.layers.Layer, ...]:
    """Build layers of which all but the second have the term, and the frozen one is the first."""
    built: list[nn.layers.Layer] = [nn.Input(widths[0])]
    for place, (inputs, units) in enumerate(itertools.pairwise(widths)):
        has_term = term and (place == 0 if term == "frozen" else place != 1)
        options = LAYERS[term](inputs, units) if term and has_term else {}
        function = output if place == len(widths) - 2 else hidden
        built.append(nn.Dense(units, function, bias_initializer="random_normal", **options))
    return tuple(built)


SMALL, WIDE = (7, 6, 9, 3), (90, 110, 61, 10)
SIZES = {
    "small": (SMALL, {"rows": 50, "batch_size": 12}),
    # So much work that eight threads share it.
    "wide": (WIDE, {"rows": 250, "batch_size": 90}),
}


def cases(size: str) -> dict[str, Run]:
    """Return a run for each term, with one update or another, and one for each update."""
    widths, options = SIZES[size]
    found = {}
    for number, term in enumerate(LAYERS):
        softmax = number % 2 == 0
        loss: Any = nn.SparseCategoricalCrossEntropy() if softmax else nn.MeanSquaredError()
        shape = layers(widths, term, output="softmax" if softmax else "tanh")
        bias = "embedded" if number % 3 == 0 else "parameter"
        optimizer = OPTIMIZERS[number % len(OPTIMIZERS)]
        found[term] = Run(shape, loss, optimizer, bias=bias, **options)
    for optimizer in OPTIMIZERS:
        shape = layers(widths, "mask", hidden="prelu")
        found[repr(optimizer)] = Run(shape, nn.MeanSquaredError(), optimizer, **options)
    return found


CASES = {f"{size} {name}": run for size in SIZES for name, run in cases(size).items()}
