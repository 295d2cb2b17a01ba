"""Equality of bits, and the networks that the contract is held on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import nnfast as nn
from parity.networks import ACTIVATIONS, Run

TRAINABLE = [one for one in ACTIVATIONS if one.trainable]

# A thread wants a million operations a step and three million in all: this run gives eight of them
# as much, and its last batch is smaller than the others.
WIDE = {"rows": 250, "batch_size": 90}


def bits(arrays: Any) -> list[bytes]:
    """Return the bytes of arrays, or of numbers; a NaN's sign and payload are no promise."""
    values = [np.asarray(array) for array in arrays]
    return [
        (
            np.where(np.isnan(one), np.nan, one).astype(one.dtype) if one.dtype.kind == "f" else one
        ).tobytes()
        for one in values
    ]


def said(network: Any, x: NDArray[Any], y: NDArray[Any]) -> list[bytes]:
    """Return the bytes of all that a network knows and says of its data."""
    loss, gradients = network.gradients(x, y)
    state = network._network.state()
    return bits(
        [
            *network.get_weights(),
            *(array for slot in state["slots"] for array in slot),
            [state["step"], state["epoch"]],
            network.predict(x),
            [loss, *network.evaluate(x, y, batch_size=40).values()],
            *gradients,
            *network.history.values(),
        ]
    )


def trained(run: Run, epochs: int = 2, **options: Any) -> list[bytes]:
    return said(run.fit(run.network(**options), epochs), *run.data())


def layers(*widths: int, hidden: Any = "relu", output: Any = "linear") -> tuple[Any, ...]:
    """Build layers with dropout and learned slopes among them."""
    dense = [nn.Dense(width, hidden, bias_initializer="random_normal") for width in widths[1:-2]]
    last = [nn.Dense(widths[-2], "prelu"), nn.Dropout(0.3), nn.Dense(widths[-1], output)]
    return nn.Input(widths[0]), nn.Dropout(0.1), *dense, *last


def mixed(outputs: int = 3, output: Any = "linear", width: int = 61) -> tuple[Any, ...]:
    """Build layers of every type, blocks within blocks among them."""
    inner = nn.Residual([nn.BatchNorm(scale=False), nn.Activation("tanh"), nn.Dropout(0.2)])
    return (
        nn.Input(40),
        nn.Standardize(leave=[3]),
        nn.Embedding({5: (7, 3), 21: (90, 5)}),
        nn.Dense(110),
        nn.BatchNorm(momentum=0.9),
        nn.Activation("gelu" if "gelu" in nn.activations.registry.names else "elu"),
        nn.GaussianNoise(0.1),
        nn.Dense(width, "relu"),
        nn.Residual([nn.LayerNorm(), nn.Dense(width + 9, "elu"), nn.Dense(width), inner]),
        nn.LayerNorm(center=False),
        nn.Dense(outputs, output),
    )


def zero_rich(rows: int = 100) -> tuple[NDArray[Any], NDArray[Any]]:
    """Make rows of zeros of either sign: whole columns, one-hot ones, and most of the others."""
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, 60))
    x[random.random(x.shape) < 0.9] = 0.0
    x[:, ::4] = random.normal(size=(rows, 15))
    x[:, 2::4] = 0.0
    x[:, 3:40:4] = np.eye(10)[random.integers(0, 10, rows)]
    x[random.random(x.shape) < 0.5] *= -1.0
    return x, random.normal(size=(rows, 3))
