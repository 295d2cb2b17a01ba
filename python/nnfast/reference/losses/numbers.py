"""Losses of numbers, each output by itself: the mean over a row's outputs, as in Keras."""

# ruff: noqa: D102 (the family's base class says what its methods do)
# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

import numpy as np

from ..arrays import Array, Targets
from .base import Loss

EPSILON = 1e-7
"""What keeps a quotient or a logarithm finite, as in Keras."""


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


class Huber(Loss, name="huber"):
    """The mean over k of e^2 / 2 where |e| <= delta, else delta (|e| - delta / 2); e = a_k - t_k.

    Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35, 1964.
    """

    def __init__(self, delta: float = 1.0) -> None:
        self.delta = delta

    def rows(self, values: Array, t: Targets) -> Array:
        distance = np.abs(values - t)
        line = self.delta * (distance - 0.5 * self.delta)
        return np.mean(np.where(distance > self.delta, line, 0.5 * np.square(distance)), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        return np.clip(values - t, -self.delta, self.delta) * (1.0 / values.shape[1])


class LogCosh(Loss, name="log_cosh"):
    """mean_k log(cosh(a_k - t_k)), as |e| + log(1 + exp(-2 |e|)) - log(2), which is finite."""

    def rows(self, values: Array, t: Targets) -> Array:
        distance = np.abs(values - t)
        return np.mean(distance + (np.log1p(np.exp(-2.0 * distance)) - float(np.log(2.0))), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        return np.tanh(values - t) * (1.0 / values.shape[1])


class MeanAbsolutePercentageError(Loss, name="mean_absolute_percentage_error"):
    """100 mean_k |a_k - t_k| / max(|t_k|, 1e-7)."""

    def rows(self, values: Array, t: Targets) -> Array:
        return np.mean(100.0 * (np.abs(values - t) / np.maximum(np.abs(t), EPSILON)), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        size = np.maximum(np.abs(t), EPSILON)
        return np.sign(values - t) * (100.0 / size) * (1.0 / values.shape[1])


class MeanSquaredLogarithmicError(Loss, name="mean_squared_logarithmic_error"):
    """mean_k (log(1 + a_k) - log(1 + t_k))^2, where both are taken as at least 1e-7."""

    def rows(self, values: Array, t: Targets) -> Array:
        return np.mean(np.square(self._error(values, t)), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        slope = 2.0 * self._error(values, t) / (1.0 + np.maximum(values, EPSILON))
        return np.where(values > EPSILON, slope, 0.0 * values) * (1.0 / values.shape[1])

    def _error(self, values: Array, t: Targets) -> Array:
        return np.log1p(np.maximum(values, EPSILON)) - np.log1p(np.maximum(t, EPSILON))


class Poisson(Loss, name="poisson"):
    """mean_k (a_k - t_k log(a_k + epsilon)): how unlikely the counts are, but for a constant.

    Of a count t that is Poisson-distributed with the mean a, -log P(t) = a - t log a + log t!.
    """

    def __init__(self, epsilon: float = EPSILON) -> None:
        self.epsilon = epsilon

    def rows(self, values: Array, t: Targets) -> Array:
        return np.mean(values - t * np.log(values + self.epsilon), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        return (1.0 - t / (values + self.epsilon)) * (1.0 / values.shape[1])
