"""Losses: how wrong the outputs are, one number per row of the batch.

A loss is stated either on the network's outputs a, or on the net inputs z of its last layer (the
*logits*). Losses of labels are stated on z, fused with the sigmoid or softmax that turns z into a.
`pair` decides, once, which holds for a network.

The mean over the rows, and its factor 1/rows in the gradient, belong to the network.
To add a loss, write one class in the file of its subject; its name in the class statement enters it
in the registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from .base import Loss
from .groups import GaussianNLL, Quantile
from .labels import (
    BinaryCrossEntropy,
    BinaryFocalCrossEntropy,
    CategoricalCrossEntropy,
    CategoricalFocalCrossEntropy,
    KullbackLeibler,
    SparseCategoricalCrossEntropy,
    SparseCategoricalFocalCrossEntropy,
)
from .margins import Hinge, SquaredHinge
from .numbers import (
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
)

__all__ = [
    "BinaryCrossEntropy",
    "BinaryFocalCrossEntropy",
    "CategoricalCrossEntropy",
    "CategoricalFocalCrossEntropy",
    "GaussianNLL",
    "Hinge",
    "Huber",
    "KullbackLeibler",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Objective",
    "OnLogits",
    "OnOutputs",
    "Poisson",
    "Quantile",
    "SparseCategoricalCrossEntropy",
    "SparseCategoricalFocalCrossEntropy",
    "SquaredHinge",
    "pair",
]


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
        ``{"name": ...}`` and its parameters; for a loss of labels also ``"from_logits": bool``: the
        outputs are the logits themselves, and the output activation is linear.
    output_activation : str
        Name of the output layer's activation.

    Raises
    ------
    ValueError
        If a loss of labels meets an output activation that is not its own.
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
