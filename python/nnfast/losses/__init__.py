"""Losses: what training makes small.

Each is the mean over the rows of a batch. Losses of labels are computed from the net inputs of the
output nodes (the logits) together with the output's sigmoid or softmax, which keeps them finite
where the probabilities themselves round to 0 or 1. Keras instead clips the probabilities at 1e-7,
which bends the loss and stops the gradient there.

>>> import nnfast as nn
>>> nn.losses.registry.get("mse")
MeanSquaredError()
"""

from __future__ import annotations

from nnfast.losses._base import Loss, registry
from nnfast.losses._custom import CustomLoss, callable_by_numpy, checked_loss
from nnfast.losses._groups import GaussianNLL, MeanAndVariance, Quantile
from nnfast.losses._labels import (
    BinaryCrossEntropy,
    BinaryFocalCrossEntropy,
    CategoricalCrossEntropy,
    CategoricalFocalCrossEntropy,
    CrossEntropy,
    FocalCrossEntropy,
    KLDivergence,
    SparseCategoricalCrossEntropy,
    SparseCategoricalFocalCrossEntropy,
)
from nnfast.losses._margins import Hinge, SquaredHinge
from nnfast.losses._numbers import (
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
    "CrossEntropy",
    "CustomLoss",
    "FocalCrossEntropy",
    "GaussianNLL",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanAndVariance",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "Quantile",
    "SparseCategoricalCrossEntropy",
    "SparseCategoricalFocalCrossEntropy",
    "SquaredHinge",
    "callable_by_numpy",
    "checked_loss",
    "registry",
]
