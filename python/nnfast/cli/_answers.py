"""What a network's outputs say: a number, or a class and the probability of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import nnfast as nn

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


def tells_classes(net: nn.FeedForward) -> bool:
    """Tell whether a network says which class a row is of."""
    output = net.layers[-1].activation  # type: ignore[attr-defined]
    labels = net.loss.targets not in ("values", "nonnegative")
    several = net.outputs > 1 and output.name not in ("softmax", "log_softmax")
    return labels and not several


def classes(net: nn.FeedForward) -> Array:
    """Return the labels in the order of the probabilities."""
    if net.classes_ is not None:
        return net.classes_
    return np.arange(2 if net.outputs == 1 else net.outputs)


def probabilities(net: nn.FeedForward, outputs: Array) -> Array | None:
    """Return each class's probability, (rows, classes); None where outputs are none."""
    output = net.layers[-1].activation  # type: ignore[attr-defined]
    if output.name == "log_softmax":
        return np.exp(outputs)
    if output.name == "softmax":
        return outputs
    if output.name == "sigmoid" and outputs.shape[1] == 1:
        return np.column_stack([1 - outputs[:, 0], outputs[:, 0]])
    return None


def decided(net: nn.FeedForward, outputs: Array) -> Array:
    """Return the class of each row."""
    from nnfast import _targets

    output = net.layers[-1].activation  # type: ignore[attr-defined]
    by_sign = net.loss.decides_by_sign(output, net.outputs)
    return _targets.decided(outputs, by_sign, net.loss.border(output), net.classes_)


def columns(net: nn.FeedForward, outputs: Array, with_probabilities: bool) -> dict[str, Array]:
    """Return what is said of each row, as columns with names."""
    if tells_classes(net):
        found = {"prediction": decided(net, outputs)}
        chances = probabilities(net, outputs) if with_probabilities else None
        if chances is not None:
            for label, chance in zip(classes(net).tolist(), chances.T, strict=True):
                found[f"probability_{label}"] = chance
        return found
    if isinstance(net.loss, nn.Quantile) and net.outputs == len(net.loss.quantiles):
        quantiles = net.loss.read(outputs)[..., 0]
        return {
            f"quantile_{share:g}": values
            for share, values in zip(net.loss.quantiles, quantiles, strict=True)
        }
    if isinstance(net.loss, nn.GaussianNLL) and net.outputs == 2:
        mean, variance = net.loss.read(outputs)
        return {"prediction": mean[:, 0], "deviation": np.sqrt(variance[:, 0])}
    if net.outputs == 1:
        return {"prediction": outputs[:, 0]}
    return {f"prediction_{place}": outputs[:, place] for place in range(outputs.shape[1])}
