"""Losses: how wrong the outputs are, one number per row of the batch.

A loss is stated either on the network's outputs a, or on the net inputs z of its last layer (the
*logits*). The cross-entropies are stated on z: fused with the sigmoid or softmax that turns z into
a, their value needs no logarithm of a rounded probability, and their gradient is short. `pair`
decides, once, which holds for a network.

The mean over the rows, and its factor 1/rows in the gradient, belong to the network.
To add a loss, write one class here; its name in the class statement enters it in the registry.
"""

# ruff: noqa: D102 (the family's base class says what its methods do)
# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from .activations import sigmoid, softmax
from .arrays import Array, Targets
from .named import Named


class Loss(Named):
    """The loss of each row, and its gradient."""

    fused_with: ClassVar[str | None] = None
    """The output activation that the loss includes, or None for a loss of any outputs."""

    def rows(self, values: Array, t: Targets) -> Array:
        """Give the loss of each row, shape (rows,), from outputs a or logits z (rows, outputs)."""
        raise NotImplementedError

    def gradient(self, values: Array, t: Targets) -> Array:
        """Give the derivative of each row's loss by its own values, shape (rows, outputs)."""
        raise NotImplementedError


class MeanSquaredError(Loss, name="mean_squared_error"):
    """mean_k (a_k - t_k)^2."""

    def rows(self, values: Array, t: Targets) -> Array:
        return np.mean(np.square(values - t), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        return (2.0 / values.shape[1]) * (values - t)


class MeanAbsoluteError(Loss, name="mean_absolute_error"):
    """mean_k |a_k - t_k|; where a_k = t_k the derivative is taken as 0."""

    def rows(self, values: Array, t: Targets) -> Array:
        return np.mean(np.abs(values - t), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        return np.sign(values - t) * (1.0 / values.shape[1])


class BinaryCrossEntropy(Loss, name="binary_cross_entropy"):
    """-mean_k [t log a + (1 - t) log(1 - a)] with a = sigmoid(z).

    In z it is max(z, 0) - z t + log(1 + exp(-|z|)), where no exponential overflows; its derivative
    is a - t (Bishop, "Pattern Recognition and Machine Learning", 2006, section 5.2).
    """

    fused_with = "sigmoid"

    def rows(self, values: Array, t: Targets) -> Array:
        z = values
        return np.mean(np.maximum(z, 0.0) - z * t + np.log1p(np.exp(-np.abs(z))), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        return (sigmoid(values) - t) * (1.0 / values.shape[1])


class CategoricalCrossEntropy(Loss, name="categorical_cross_entropy"):
    """-sum_k t_k log a_k with a = softmax(z), for targets that are distributions (rows, classes).

    In z it is sum_k t_k (log s - (z_k - m)), m the row's maximum, s = sum_k exp(z_k - m); its
    derivative is a sum(t) - t, which is a - t for a distribution (Bishop 2006, section 5.2).
    """

    fused_with = "softmax"

    def rows(self, values: Array, t: Targets) -> Array:
        return np.sum(t * _surprise(values), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        return softmax(values) * np.sum(t, axis=1, keepdims=True) - t


class SparseCategoricalCrossEntropy(Loss, name="sparse_categorical_cross_entropy"):
    """-log a_c with a = softmax(z), for targets that are classes c (rows,).

    The categorical cross-entropy of one-hot targets, without forming them.
    """

    fused_with = "softmax"

    def rows(self, values: Array, t: Targets) -> Array:
        return _surprise(values)[np.arange(len(t)), t]

    def gradient(self, values: Array, t: Targets) -> Array:
        delta = softmax(values)
        delta[np.arange(len(t)), t] -= 1.0
        return delta


def _surprise(z: Array) -> Array:
    """Compute -log softmax(z), shape (rows, classes), without rounding a probability first."""
    shifted = z - np.max(z, axis=1, keepdims=True)
    return np.log(np.sum(np.exp(shifted), axis=1, keepdims=True)) - shifted


@dataclass(frozen=True)
class OnOutputs:
    """A loss that reads the outputs a: back-propagation passes through the output activation."""

    loss: Loss


@dataclass(frozen=True)
class OnLogits:
    """A loss that reads the net inputs z: its gradient is at once delta of the last layer."""

    loss: Loss


Objective: TypeAlias = OnOutputs | OnLogits


def pair(config: dict[str, Any], output_activation: str) -> Objective:
    """Match a loss with the activation of the output layer.

    "delta = a - t" is no property of a loss, but of a loss and an activation that belong together.

    Parameters
    ----------
    config : dict
        ``{"name": ...}``, for a cross-entropy also ``"from_logits": bool``: the outputs are the
        logits themselves, and the output activation is linear.
    output_activation : str
        Name of the output layer's activation.

    Raises
    ------
    ValueError
        If a cross-entropy meets an output activation that is not its own.
    """
    parameters = dict(config)
    from_logits = parameters.pop("from_logits", False)
    loss = Loss.from_config(parameters)
    if loss.fused_with is None:
        return OnOutputs(loss)
    wanted = "linear" if from_logits else loss.fused_with
    if output_activation != wanted:
        raise ValueError(
            f"loss {loss.name!r} with from_logits={from_logits} needs the output activation "
            f"{wanted!r}, not {output_activation!r}."
        )
    return OnLogits(loss)
