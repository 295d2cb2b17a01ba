"""The data and initial weights that everyone gets, and the loss that everyone is held to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from comparison.cases import Case, Elementwise, ManyNets, Prediction, Training

Array: TypeAlias = NDArray[Any]

LEARNING_RATE = 1e-3
BETA_1, BETA_2 = 0.9, 0.999
# Ours, Keras' and scikit-learn's is added to the root of v before v is corrected, that of optax and
# PyTorch after it. One so small moves no loss by what the check allows, wherever it stands; the
# usual 1e-7 does, as the gradients of a wide network are not much larger.
EPSILON = 1e-12


@dataclass(frozen=True)
class Data:
    """Rows, their classes, and for each layer its kernel (inputs, units) and its biases."""

    x: Array
    y: Array
    weights: list[Array]


def of(case: Case) -> Data:
    """Return the same arrays in every process that asks."""
    random = np.random.default_rng(0)
    if isinstance(case, Elementwise):
        # Most of what a node sees lies here, on both sides of 0.
        x = random.uniform(-6.0, 6.0, case.elements).astype(np.float32)
        return Data(x, np.empty(0), [])
    assert isinstance(case, Training | Prediction | ManyNets)
    x = random.random((case.rows, case.sizes[0]), dtype=case.dtype) - 0.5
    y = random.integers(0, case.sizes[-1], case.rows)
    return Data(
        np.ascontiguousarray(x, dtype=case.dtype), y, initial_weights(case.sizes, case.dtype)
    )


def initial_weights(sizes: tuple[int, ...], dtype: str) -> list[Array]:
    random = np.random.default_rng(1)
    weights = []
    for inputs, units in pairwise(sizes):
        bound = np.sqrt(6.0 / inputs)
        weights.append(random.uniform(-bound, bound, (inputs, units)).astype(dtype))
        # Not 0, so that exchanged or forgotten biases are found out.
        weights.append(random.uniform(-0.1, 0.1, units).astype(dtype))
    return weights


def mean_loss(weights: list[Array], x: Array, y: Array) -> float:
    """Return the mean cross-entropy of a network of these weights, in float64."""
    a = x.astype(np.float64)
    for layer in range(0, len(weights), 2):
        z = a @ weights[layer].astype(np.float64) + weights[layer + 1].astype(np.float64)
        a = np.maximum(z, 0.0)
    z -= z.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(z).sum(axis=1))
    return float(np.mean(log_sums - z[np.arange(len(y)), y]))
