"""The README of Fashion-MNIST: an MLP of 256, 128 and 100 hidden nodes, 88.33 % right.

It says no more of it than these three numbers. Here: ReLU, Adam at 0.001, a quarter of the first
layer's nodes dropped out, batches of 128, the last quarter of the epochs at a tenth of the rate.
"""

from typing import Any

from _common import Published, reproduce

import nnfast as nn


def train(seed: int, X: Any, y: Any, epochs: int) -> nn.FeedForward:
    layers = [
        nn.Input(784),
        nn.Dense(256, "relu"),
        nn.Dropout(0.25),
        nn.Dense(128, "relu"),
        nn.Dense(100, "relu"),
        nn.Dense(10, "softmax"),
    ]
    net = nn.FeedForward(layers, seed=seed)
    slow = epochs // 4
    for rate, part in ((0.001, epochs - slow), (0.0001, slow)):
        net.compile(nn.Adam(rate)).fit(X, y, epochs=part, batch_size=128)
    return net


if __name__ == "__main__":
    title = "Fashion-MNIST's README: 784-256-128-100-10"
    fashion = nn.datasets.fashion_mnist
    reproduce(Published(title, 11.67, train, epochs=24, quick_epochs=8, load=fashion), __doc__)
