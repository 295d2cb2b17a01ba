"""Losses of several outputs for each column of the targets: more of a number than its mean.

The outputs of a row lie in blocks of as many as the targets have columns: the first output of every
column, the second of every column, and so on.
"""

# ruff: noqa: D102 (the family's base class says what its methods do)
# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..activations import sigmoid
from ..arrays import Array, Targets
from .base import Loss


class Quantile(Loss, name="quantile"):
    """The mean over quantiles q and columns k of max(q e, (q - 1) e), with e = t_k - a_qk.

    It is smallest where the output is above the target with the probability q. At e = 0 the
    derivative is taken as 0. Koenker and Bassett, "Regression quantiles", Econometrica 46, 1978.
    """

    def __init__(self, quantiles: Sequence[float] = (0.1, 0.5, 0.9)) -> None:
        self.quantiles = list(quantiles)

    def rows(self, values: Array, t: Targets) -> Array:
        error, q = self._errors(values, t)
        return np.mean(np.maximum(q * error, (q - 1.0) * error), axis=(1, 2))

    def gradient(self, values: Array, t: Targets) -> Array:
        error, q = self._errors(values, t)
        slope = np.where(error > 0.0, -q, np.where(error < 0.0, 1.0 - q, 0.0 * error))
        return slope.reshape(values.shape) * (1.0 / values.shape[1])

    def point(self, a: Array) -> Array:
        distances = np.abs(np.asarray(self.quantiles) - 0.5)
        return _blocks(a, len(self.quantiles))[:, int(np.argmin(distances))]

    def _errors(self, values: Array, t: Targets) -> tuple[Array, Array]:
        """Give t - a of shape (rows, quantiles, columns), and the quantiles along them."""
        error = t[:, np.newaxis, :] - _blocks(values, len(self.quantiles))
        return error, np.asarray(self.quantiles, dtype=values.dtype)[np.newaxis, :, np.newaxis]


class GaussianNLL(Loss, name="gaussian_nll"):
    """mean_k (log v_k + (m_k - t_k)^2 / v_k) / 2 of means m and variances v.

    The outputs are the means and then r, of which v = softplus(r) + epsilon. With `full`,
    log(2 pi) / 2 is added. Nix and Weigend, "Estimating the mean and variance of the target
    probability distribution", ICNN 1994; the variance as in Lakshminarayanan, Pritzel and Blundell,
    "Simple and scalable predictive uncertainty estimation using deep ensembles", NeurIPS 2017.
    """

    def __init__(self, epsilon: float = 1e-6, full: bool = False) -> None:
        self.epsilon = epsilon
        self.full = full

    def rows(self, values: Array, t: Targets) -> Array:
        mean, variance, _ = self._parts(values)
        constant = 0.5 * float(np.log(2.0 * np.pi)) if self.full else 0.0
        cost = 0.5 * (np.log(variance) + np.square(mean - t) / variance) + constant
        return np.mean(cost, axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        mean, variance, raw = self._parts(values)
        by_mean = (mean - t) / variance
        by_variance = 0.5 * (1.0 / variance - np.square(by_mean))
        slopes = np.concatenate([by_mean, by_variance * sigmoid(raw)], axis=1)
        return slopes * (1.0 / mean.shape[1])

    def point(self, a: Array) -> Array:
        return _blocks(a, 2)[:, 0]

    def _parts(self, values: Array) -> tuple[Array, Array, Array]:
        """Give the means, the variances and what they were computed from."""
        blocks = _blocks(values, 2)
        mean, raw = blocks[:, 0], blocks[:, 1]
        softplus = np.maximum(raw, 0.0) + np.log1p(np.exp(-np.abs(raw)))
        return mean, softplus + self.epsilon, raw


def _blocks(values: Array, count: int) -> Array:
    """Cut rows of outputs into blocks: (rows, count, columns)."""
    return values.reshape(len(values), count, values.shape[1] // count)
