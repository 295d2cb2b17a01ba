"""Networks of every layer, activation and kind of label, for what writes networks elsewhere."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import nnfast as nn
from parity.networks import variants

ROWS = 7
EMBEDDING = {1: (4, 2), 3: (3, 1)}


class Case(NamedTuple):
    """A network, and rows to ask it about."""

    net: nn.FeedForward
    X: Any


def weighted(layers: Any, seed: int = 0, dtype: str = "float32", **options: Any) -> nn.FeedForward:
    """Return a network whose every weight is a number of its own."""
    net = nn.FeedForward(layers, dtype=dtype, seed=seed, **options)
    rng = np.random.default_rng(seed)
    weights = [rng.uniform(0.25, 0.75, array.shape) for array in net.get_weights()]
    signs = [rng.choice([-1.0, 1.0], array.shape) for array in weights]
    kept = [  # of means and variances the one is positive, and an alpha is as good
        array if array.ndim == 1 else array * sign
        for array, sign in zip(weights, signs, strict=True)
    ]
    for layer in net.layers:
        if isinstance(layer, nn.Dense) and layer.mask is not None:
            kept[0][~layer.mask.edges] = 0.0
        if isinstance(layer, nn.Standardize):
            kept[0][list(layer.leave)], kept[1][list(layer.leave)] = 0.0, 1.0
    net.set_weights(kept)
    return net


def rows_for(net: nn.FeedForward, seed: int = 1) -> Any:
    X = np.random.default_rng(seed).normal(size=(ROWS, net.inputs))
    for layer in net.layers:
        if isinstance(layer, nn.Embedding):
            for column, categories, _ in layer.columns:
                X[:, column] = np.arange(ROWS) % categories
    return X.astype(net.dtype)


def case(layers: Any, **options: Any) -> Case:
    net = weighted(layers, **options)
    return Case(net, rows_for(net))


ACTIVATIONS = [
    variant
    for name in nn.activations.registry.names
    for variant in variants(nn.activations.registry, name)
]
MASK = np.arange(15).reshape(3, 5) % 2
BLOCK = nn.Residual([nn.LayerNorm(), nn.Residual([nn.Dense(4, "tanh"), nn.Dropout(0.5)])])
LAYERS = {
    "one": "3-1",
    "wide": "2-40-3",
    "scale": [nn.Input(3, scale=0.25), nn.LayerNorm(center=False), nn.Dense(2)],
    "unbiased": [nn.Input(3), nn.Dense(4, "relu", use_bias=False), nn.Dense(2)],
    "mask": [nn.Input(3), nn.Dense(5, "tanh", mask=MASK), nn.Dense(2)],
    "standardize": [nn.Input(3), nn.Standardize(), nn.Dense(2)],
    "embedding": [nn.Input(5), nn.Standardize(), nn.Embedding(EMBEDDING), nn.Dense(2)],
    "codes": [nn.Input(1), nn.Embedding({0: (5, 3)}), nn.Dense(2)],
    "batch_norm": [nn.Input(3), nn.Dense(4), nn.BatchNorm(), nn.Activation("elu"), nn.Dense(2)],
    "batch_norm_alone": [nn.Input(3), nn.BatchNorm(center=False, scale=False), nn.Dense(2)],
    "layer_norm": [nn.Input(3), nn.Dense(4), nn.LayerNorm(scale=False), nn.Dense(2)],
    "noise": [nn.Input(3), nn.GaussianNoise(0.1), nn.Dropout(0.1), nn.Dense(2)],
    "residual": [nn.Input(4), nn.Residual([nn.Dropout(0.5)]), BLOCK, BLOCK, nn.Dense(2)],
}
CASES = {
    **{
        f"activation_{number}": case([nn.Input(3), nn.Dense(6, activation), nn.Dense(2)])
        for number, activation in enumerate(ACTIVATIONS)
    },
    **{
        f"output_{number}": case([nn.Input(3), nn.Dense(4, activation)])
        for number, activation in enumerate(ACTIVATIONS)
    },
    **{name: case(layers) for name, layers in LAYERS.items()},
    **{f"{name}_double": case(layers, dtype="float64") for name, layers in LAYERS.items()},
    "embedded_bias": case("3-4-2", bias="embedded"),
}


def labelled(labels: Any, output: str, units: int, loss: Any = None) -> Case:
    """Return a network that was fitted for an epoch, to know its labels."""
    net = weighted([nn.Input(3), nn.Dense(4, "tanh"), nn.Dense(units, output)]).compile(loss=loss)
    net.fit(np.random.default_rng(2).normal(size=(len(labels), 3)), labels)
    return Case(net, rows_for(net))


MANY = np.eye(3)[np.arange(6) % 3]
CLASSES = {
    "numbers": labelled(np.arange(6) % 3, "softmax", 3),
    "strings": labelled(['a "b"', "net_é?", "c\\d, e"] * 2, "softmax", 3),
    "two_strings": labelled(["no", "yes"] * 3, "sigmoid", 1),
    "booleans": labelled([True, False] * 3, "sigmoid", 1),
    "signs": labelled([-1, 1] * 3, "linear", 1, "hinge"),
    "logits": labelled([0, 1] * 3, "linear", 1, nn.CrossEntropy(from_logits=True)),
    "several_logits": labelled([0, 1, 2] * 2, "linear", 3, nn.CrossEntropy(from_logits=True)),
    "logarithms": case([nn.Input(3), nn.Dense(3, "log_softmax")]),
    "not_fitted": case([nn.Input(3), nn.Dense(1, "sigmoid")]),
    "many": labelled(MANY, "sigmoid", 3),
}
ALL = {**CASES, **CLASSES}
