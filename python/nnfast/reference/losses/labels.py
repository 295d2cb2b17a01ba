"""Losses of labels, stated on the net inputs z of the last layer (the *logits*).

Fused with the sigmoid or softmax that turns z into a, their value needs no logarithm of a rounded
probability, and their gradient is short.
"""

# ruff: noqa: D102 (the family's base class says what its methods do)
# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

import numpy as np

from ..activations import sigmoid, softmax
from ..arrays import Array, Targets
from .base import Loss


class BinaryCrossEntropy(Loss, name="binary_cross_entropy"):
    """-mean_k [t log a + (1 - t) log(1 - a)] with a = sigmoid(z).

    In z it is max(z, 0) - z t + log(1 + exp(-|z|)), where no exponential overflows; its derivative
    is a - t (Bishop, "Pattern Recognition and Machine Learning", 2006, section 5.2). With label
    smoothing s the targets are t (1 - s) + s / 2 (Szegedy et al., "Rethinking the Inception
    architecture for computer vision", CVPR 2016, section 7).
    """

    fused_with = "sigmoid"

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def rows(self, values: Array, t: Targets) -> Array:
        return np.mean(_binary(values, self._smooth(t)), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        return (sigmoid(values) - self._smooth(t)) * (1.0 / values.shape[1])

    def _smooth(self, t: Targets) -> Array:
        return t * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing


class BinaryFocalCrossEntropy(BinaryCrossEntropy, name="binary_focal_cross_entropy"):
    """mean_k w q^gamma b_k, with b the binary cross-entropy of z.

    With a = sigmoid(z), q = t (1 - a) + (1 - t) a is the probability of a wrong answer. w is 1, or,
    with class balancing, t alpha + (1 - t) (1 - alpha). Lin et al., "Focal loss for dense object
    detection", ICCV 2017, equations 4 and 5.
    """

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        apply_class_balancing: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(label_smoothing)
        self.weights = (alpha, 1.0 - alpha) if apply_class_balancing else (1.0, 1.0)
        self.gamma = gamma

    def rows(self, values: Array, t: Targets) -> Array:
        t = self._smooth(t)
        return np.mean(self._factor(values, t) * _binary(values, t), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        t = self._smooth(t)
        a = sigmoid(values)
        # d(log q)/dz: q's own derivative is (1 - 2 t) a (1 - a).
        steepness = (1.0 - 2.0 * t) * a * sigmoid(-values) / self._wrong(values, t)
        slope = self.gamma * steepness * _binary(values, t) + (a - t)
        return self._factor(values, t) * slope * (1.0 / values.shape[1])

    def _wrong(self, z: Array, t: Array) -> Array:
        wrong = t * sigmoid(-z) + (1.0 - t) * sigmoid(z)
        return np.maximum(wrong, np.finfo(z.dtype).tiny)

    def _factor(self, z: Array, t: Array) -> Array:
        yes, no = self.weights
        return (t * yes + (1.0 - t) * no) * self._wrong(z, t) ** self.gamma


class CategoricalCrossEntropy(Loss, name="categorical_cross_entropy"):
    """-sum_k t_k log a_k with a = softmax(z), for targets that are distributions (rows, classes).

    In z it is sum_k t_k (log s - (z_k - m)), m the row's maximum, s = sum_k exp(z_k - m); its
    derivative is a sum(t) - t, which is a - t for a distribution (Bishop 2006, section 5.2). With
    label smoothing s the targets are t (1 - s) + s / classes.
    """

    fused_with = "softmax"

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def rows(self, values: Array, t: Targets) -> Array:
        return np.sum(self._smooth(t) * _surprise(values), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        t = self._smooth(t)
        return softmax(values) * np.sum(t, axis=1, keepdims=True) - t

    def _smooth(self, t: Targets) -> Array:
        return t * (1.0 - self.label_smoothing) + self.label_smoothing / t.shape[1]


class SparseCategoricalCrossEntropy(Loss, name="sparse_categorical_cross_entropy"):
    """-log a_c with a = softmax(z), for targets that are classes c (rows,).

    The categorical cross-entropy of one-hot targets, without forming them; with label smoothing s,
    (1 - s) times it and s times the mean of -log a_k.
    """

    fused_with = "softmax"

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def rows(self, values: Array, t: Targets) -> Array:
        surprise, s = _surprise(values), self.label_smoothing
        right = surprise[np.arange(len(t)), t]
        return right if s == 0.0 else (1.0 - s) * right + s * np.mean(surprise, axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        delta, s = softmax(values), self.label_smoothing
        delta -= s / values.shape[1]
        delta[np.arange(len(t)), t] -= 1.0 - s
        return delta


class CategoricalFocalCrossEntropy(CategoricalCrossEntropy, name="categorical_focal_cross_entropy"):
    """-sum_k alpha t_k (1 - a_k)^gamma log a_k with a = softmax(z).

    Lin et al., "Focal loss for dense object detection", ICCV 2017. With w_k = -d(cost_k)/d(log a_k)
    the derivative by z is a sum(w) - w.
    """

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        apply_class_balancing: bool = True,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(label_smoothing)
        self.alpha, self.gamma = alpha, gamma

    def rows(self, values: Array, t: Targets) -> Array:
        surprise, _, factor = self._parts(values, t)
        return np.sum(factor * surprise, axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        surprise, rest, factor = self._parts(values, t)
        weight = factor * (1.0 + self.gamma * np.exp(-surprise) * surprise / rest)
        return softmax(values) * np.sum(weight, axis=1, keepdims=True) - weight

    def _parts(self, values: Array, t: Targets) -> tuple[Array, Array, Array]:
        """Give -log a, 1 - a, which is never quite zero, and alpha t (1 - a)^gamma."""
        surprise = _surprise(values)
        rest = np.maximum(-np.expm1(-surprise), np.finfo(values.dtype).tiny)
        return surprise, rest, self.alpha * self._smooth(t) * rest**self.gamma


class SparseCategoricalFocalCrossEntropy(
    CategoricalFocalCrossEntropy, name="sparse_categorical_focal_cross_entropy"
):
    """The categorical focal cross-entropy of targets that are classes c (rows,)."""

    def _parts(self, values: Array, t: Targets) -> tuple[Array, Array, Array]:
        return super()._parts(values, np.eye(values.shape[1], dtype=values.dtype)[t])


class KullbackLeibler(Loss, name="kl_divergence"):
    """sum_k t_k (log t_k - log a_k) with a = softmax(z): 0 where the distributions are one.

    The categorical cross-entropy less the entropy of the targets, so that both have one derivative
    (Kullback and Leibler, "On information and sufficiency", 1951).
    """

    fused_with = "softmax"

    def rows(self, values: Array, t: Targets) -> Array:
        logs = np.log(np.where(t > 0.0, t, np.ones_like(t)))
        return np.sum(t * (logs + _surprise(values)), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        return softmax(values) * np.sum(t, axis=1, keepdims=True) - t


def _binary(z: Array, t: Array) -> Array:
    """Compute -t log a - (1 - t) log(1 - a) of a = sigmoid(z)."""
    return np.maximum(z, 0.0) - z * t + np.log1p(np.exp(-np.abs(z)))


def _surprise(z: Array) -> Array:
    """Compute -log softmax(z), shape (rows, classes), without rounding a probability first."""
    shifted = z - np.max(z, axis=1, keepdims=True)
    return np.log(np.sum(np.exp(shifted), axis=1, keepdims=True)) - shifted
