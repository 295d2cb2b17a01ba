"""What a network does to a row, as plain steps with their arrays: for all that writes it elsewhere.

A layer becomes the steps that it is in prediction: dropout and noise none, a mask zeros of a
kernel, an embedded bias a bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from nnfast import _architecture
from nnfast.layers import (
    Activation,
    BatchNorm,
    Dense,
    Embedding,
    Layer,
    LayerNorm,
    Residual,
    Standardize,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfast import activations
    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]


class Scaled(NamedTuple):
    """Every value times a number."""

    factor: float


class Standardized(NamedTuple):
    """(x - mean) / deviation, column by column."""

    mean: Array
    deviation: Array


class Embedded(NamedTuple):
    """Some columns passed on, then the vectors of the others' codes."""

    passed: tuple[int, ...]
    tables: dict[int, Array]


class Product(NamedTuple):
    """x W, plus b if there is one; W (inputs, units)."""

    kernel: Array
    bias: Array | None


class Applied(NamedTuple):
    """An activation, with its learned alpha (units,) if it has one."""

    activation: activations.Activation
    alpha: Array | None


class Normalized(NamedTuple):
    """(x - mean) / sqrt(variance + epsilon) times gamma, plus beta, column by column.

    Without a mean and a variance they are those of each row.
    """

    gamma: Array | None
    beta: Array | None
    mean: Array | None
    variance: Array | None
    epsilon: float


class Block(NamedTuple):
    """What the steps within make of x, plus x."""

    steps: list[Step]


Step: TypeAlias = "Scaled | Standardized | Embedded | Product | Applied | Normalized | Block"


class Decision(NamedTuple):
    """How outputs become classes.

    `by_sign` says that each output is a yes-or-no, above the border or not; otherwise the largest
    decides. `labels` are what a single yes-or-no, or the place of the largest, stands for; several
    yes-or-no have none.
    """

    by_sign: bool
    border: float
    labels: list[int] | list[str] | None


def of_network(network: FeedForward, why: str) -> list[Step]:
    """Return the steps of a network, in prediction.

    `why` ends the sentence that refuses an activation of the user's own.
    """
    _architecture.refuse_own(network.layers, why)
    network._refuse_unfitted()
    shapes = _architecture.parameters(network.layers, network.bias)
    named = dict(zip((name for name, _ in shapes), network.get_weights(), strict=True))
    weights: dict[int, dict[str, Array]] = {}
    for name, values in named.items():
        _, number, kind = name.split(".")
        weights.setdefault(int(number), {})[kind] = values
    numbers = iter(range(len(list(_architecture.walk(network.layers)))))

    def each(layers: Sequence[Layer], width: int) -> list[Step]:
        steps: list[Step] = []
        for layer in layers:
            own = weights.get(next(numbers), {})
            if isinstance(layer, Residual):
                steps.append(Block(each(layer.layers, width)))
            else:
                steps += _of_layer(layer, width, own)
            width = layer.width(width)
        return steps

    inputs, scale = network.inputs, _architecture.input_scale(network.layers)
    first: list[Step] = [] if scale == 1 else [Scaled(scale)]
    return first + each(network.layers[1:], inputs)


def _of_layer(layer: Layer, width: int, weights: dict[str, Array]) -> list[Step]:
    """Return the steps of one layer, given its weights by name."""
    if isinstance(layer, Dense):
        if "weight" in weights:
            product = Product(weights["weight"][1:], weights["weight"][0])
        else:
            product = Product(weights["kernel"], weights.get("bias"))
        return [product, *_of_activation(layer.activation, weights.get("alpha"))]
    if isinstance(layer, Activation):
        return _of_activation(layer.activation, None)
    if isinstance(layer, Standardize):
        return [Standardized(weights["mean"], weights["deviation"])]
    if isinstance(layer, (BatchNorm, LayerNorm)):
        gamma, beta, mean, variance = map(
            weights.get, ("gamma", "beta", "moving_mean", "moving_variance")
        )
        return [Normalized(gamma, beta, mean, variance, layer.epsilon)]
    if isinstance(layer, Embedding):
        tables = {column: weights[f"embeddings_{column}"] for column, *_ in layer.columns}
        return [Embedded(tuple(c for c in range(width) if c not in tables), tables)]
    assert not layer.repeatable, layer  # dropout and noise, which do nothing here
    return []


def _of_activation(activation: activations.Activation, alpha: Array | None) -> list[Step]:
    return [] if activation.name == "linear" else [Applied(activation, alpha)]


def decision(network: FeedForward) -> Decision | None:
    """Return how the network's outputs become classes, or None if they are numbers."""
    activation, loss = _architecture.output(network.layers).activation, network.loss
    by_sign = loss.decides_by_sign(activation, network.outputs)
    of_numbers = loss.targets in ("values", "nonnegative") and not activation.over_rows
    if (
        loss.outputs_for_each > 1
        or (network.outputs == 1 and not by_sign)
        or (of_numbers and network.classes_ is None)
    ):
        return None
    labels: list[int] | list[str] | None = None
    if not by_sign or network.outputs == 1:
        count = max(network.outputs, 2)
        classes = np.arange(count) if network.classes_ is None else network.classes_
        labels = classes.tolist() if classes.dtype.kind == "U" else list(map(int, classes))
    return Decision(by_sign, loss.border(activation), labels)
