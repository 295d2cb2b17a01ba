"""Prints a digest of many results, to compare processes by; see `test_instruction_sets`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

import nnfast as nn
from contract.bits import TRAINABLE, bits, layers, mixed, said, trained, zero_rich
from contract.codebooks import learned
from nnfast import _core
from nnfast._backend import described
from parity.networks import ACTIVATIONS, DTYPES, HEADS, INITIALIZERS, OPTIMIZERS, Run
from parity.terms import CASES
from parity.unsupervised import RUNS

SPECIAL = [0.0, -0.0, 1e4, -1e4, 104.0, -104.0, 746.0, -746.0, 5e-324, -5e-324, np.inf, -np.inf]


def results() -> Iterator[tuple[str, list[bytes]]]:
    """Yield names and the bytes of what they stand for; sizes are next to those of vectors."""
    random = np.random.default_rng(0)
    for dtype in DTYPES:
        x = np.concatenate([SPECIAL, random.normal(scale=9.0, size=1011)])
        x = x.astype(dtype).reshape(-1, 11)
        for spec in ACTIVATIONS:
            for function in (_core.activation, _core.activation_derivative):
                values = function(described(spec.config()), x)
                # A NaN's sign and payload are no part of the promise.
                values[np.isnan(values)] = np.nan
                yield f"{function.__name__} {spec!r} {dtype}", bits([values])
        for spec in INITIALIZERS:
            network = nn.FeedForward([17, 9], initializer=spec, dtype=dtype, seed=3)
            yield f"{spec!r} {dtype}", bits(network.get_weights())
        runs: list[Run] = []
        for loss, output in HEADS:
            if output.trainable:
                for outputs in (1, 3, 17):
                    shape = layers(5, 16, 9, outputs, hidden="tanh", output=output)
                    runs.append(Run(shape, loss, nn.Adam()))
        for hidden in TRAINABLE:
            for width in (1, 2, 7, 8, 15, 33):
                shape = layers(width, width + 1, width, 2, hidden=hidden)
                runs.append(Run(shape, nn.MeanSquaredError(), nn.SGD(0.001)))
        for optimizer in OPTIMIZERS:
            runs.append(Run(layers(12, 25, 6, 3), nn.MeanSquaredError(), optimizer))
        for method in (nn.LBFGS(), nn.LevenbergMarquardt()):
            shape = (nn.Input(5), nn.Dense(9, "tanh"), nn.Dense(2, "sigmoid"))
            runs.append(Run(shape, nn.MeanSquaredError(), method, rows=60))
        # Past the block sizes of the products, in every dimension.
        runs.append(Run(layers(600, 40, 35, 3), nn.MeanSquaredError(), nn.SGD(), rows=60))
        runs.append(Run(layers(30, 300, 35, 3), nn.MeanSquaredError(), nn.SGD(), batch_size=50))
        for width in (1, 15, 33):
            runs.append(Run(mixed(width=width), nn.MeanSquaredError(), nn.Adam(), batch_size=9))
        runs += CASES.values()
        for run in runs:
            yield f"{run!r} {dtype}", trained(run, dtype=dtype)
        for name, made in RUNS.items():
            yield f"{name} {dtype}", bits(made(dtype=dtype, backend="rust"))
        for columns in (1, 4, 33, 150):
            yield f"codebooks of {columns} columns {dtype}", learned(columns, 2, dtype)
        for batch_size in (1, 7, 64):
            x, y = zero_rich()
            network = nn.FeedForward("60-70-3", dtype=dtype, seed=3)
            network.fit(x, y, batch_size=batch_size, epochs=2, verbose=0)
            yield f"zeros, batches of {batch_size} {dtype}", said(network, x, y)


def digest(parts: list[Any]) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


if __name__ == "__main__":
    print(json.dumps({name: digest(parts) for name, parts in results()}))
