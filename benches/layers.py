"""The time of a step of 784-256-128-10 with each type of layer, beside that of the plain network.

    python benches/layers.py [batch size]

Networks take turns, so that what else the machine does meets all of them; the least time of a run
of steps counts.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import nnfast as nn

ROWS, ROUNDS = 6_400, 7
HEAD = [nn.Dense(10, "softmax")]


def hidden(*between: nn.layers.Layer) -> list[nn.layers.Layer]:
    """Build the two hidden layers, and layers between them."""
    return [nn.Dense(256, "relu"), *between, nn.Dense(128, "relu")]


CASES = {
    "plain": hidden(),
    "Dropout(0.5) of 256": hidden(nn.Dropout(0.5)),
    "GaussianNoise of 256": hidden(nn.GaussianNoise(0.1)),
    "GaussianNoise of 784": [nn.GaussianNoise(0.1), *hidden()],
    "LayerNorm of 256": hidden(nn.LayerNorm()),
    "BatchNorm of 256": hidden(nn.BatchNorm()),
    "Activation of 256": [nn.Dense(256), nn.Activation("relu"), nn.Dense(128, "relu")],
    "Dense, BatchNorm, Activation twice": [
        *(nn.Dense(256), nn.BatchNorm(), nn.Activation("relu")),
        *(nn.Dense(128), nn.BatchNorm(), nn.Activation("relu")),
    ],
    "Residual around 128 (and 128-128)": [*hidden(), nn.Residual([nn.Dense(128, "relu")])],
    "the same without Residual": [*hidden(), nn.Dense(128, "relu")],
    "Standardize of 784": [nn.Standardize(), *hidden()],
    "Embedding of 4 columns": [nn.Embedding(dict.fromkeys(range(4), (100, 8))), *hidden()],
}


def main() -> None:
    """Print microseconds a step, and the ratio to the plain network."""
    batch_size = int(sys.argv[1]) if len(sys.argv) > 1 else 128
    random = np.random.default_rng(0)
    x = random.random((ROWS, 784), dtype=np.float32)
    x[:, :4] = random.integers(0, 100, (ROWS, 4))
    y = random.integers(0, 10, ROWS).astype(np.uint8)
    print(f"microseconds a step, batches of {batch_size}, Adam, float32")
    for threads in (1, 2):
        nets = {
            name: nn.FeedForward([nn.Input(784), *layers, *HEAD], seed=0, threads=threads)
            for name, layers in CASES.items()
        }
        best = dict.fromkeys(CASES, np.inf)
        for _ in range(ROUNDS):
            for name, net in nets.items():
                start = time.perf_counter()
                net.fit(x, y, batch_size=batch_size, verbose=0)
                best[name] = min(best[name], time.perf_counter() - start)
        steps = -(-ROWS // batch_size)
        for name, seconds in best.items():
            ratio = seconds / best["plain"]
            print(f"{threads} threads  {name:36}{1e6 * seconds / steps:8.0f}{ratio:8.2f}")


if __name__ == "__main__":
    main()
