"""Activations over rows: each output depends on all net inputs of its row."""

# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._base import Activation, Array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class OverRows(Activation):
    """What has a matrix for its derivative."""

    over_rows = True

    def derivative(self, x: ArrayLike, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the Jacobian of each row, of the shape (..., k, k); `out` must not overlap `x`."""
        values = self._values(x)
        return self._result("activation_derivative", values, out, added=values.shape[-1:])

    def _values(self, x: ArrayLike) -> NDArray[Any]:
        values = super()._values(x)
        if values.ndim == 0 or values.size == 0:
            raise ValueError(
                f"x has the shape {values.shape}; {self.name} wants (..., k) with k >= 1"
            )
        return values


class Softmax(OverRows):
    """Probabilities of classes: f(x)_k = exp(x_k) / sum_j exp(x_j), along the last axis.

    Its derivative is the Jacobian diag(f) - f f^T, so that for `x` of the shape (..., k)
    `derivative` gives (..., k, k). The largest x is subtracted first, which changes nothing but
    keeps exp from overflowing.

    References
    ----------
    Bridle, "Probabilistic interpretation of feedforward classification network outputs", in
    Neurocomputing, 1990.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.softmax([[1000.0, 1000.0]])
    array([[0.5, 0.5]])
    >>> nn.activations.softmax.derivative([0.0, 0.0])
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """

    name = "softmax"
    keeps = "output"
    default_loss = "cross_entropy"

    def forward(self, z: Array) -> Array:
        return softmax(z)

    def derivative_from(self, kept: Array) -> Array:
        a = kept
        diagonal = a[..., :, None] * np.eye(a.shape[-1], dtype=a.dtype)
        return diagonal - a[..., :, None] * a[..., None, :]

    def backward(self, kept: Array, g: Array) -> Array:
        # g times the Jacobian, without forming it.
        return kept * (g - np.sum(g * kept, axis=-1, keepdims=True))


class LogSoftmax(OverRows):
    """Logarithms of probabilities: f(x)_k = x_k - log(sum_j exp(x_j)), along the last axis.

    Its derivative is the Jacobian 1 - s, where s_j = exp(f(x)_j) stands in every row: for `x` of
    the shape (..., k) `derivative` gives (..., k, k). The largest x is subtracted first, which
    changes nothing but keeps exp from overflowing. To train a classifier, `Softmax` with its
    cross-entropy is as exact, and predicts probabilities.

    References
    ----------
    Goodfellow, Bengio and Courville, "Deep learning", 2016, section 6.2.2.3.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.log_softmax([[1000.0, 1000.0]])
    array([[-0.69314718, -0.69314718]])
    """

    name = "log_softmax"
    keeps = "output"

    def forward(self, z: Array) -> Array:
        shifted = z - np.max(z, axis=-1, keepdims=True)
        return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))

    def derivative_from(self, kept: Array) -> Array:
        share = np.exp(kept)[..., None, :]
        return np.eye(kept.shape[-1], dtype=kept.dtype) - share

    def backward(self, kept: Array, g: Array) -> Array:
        # g times the Jacobian, without forming it.
        return g - np.exp(kept) * np.sum(g, axis=-1, keepdims=True)


def softmax(z: Array) -> Array:
    """Compute exp(z) / sum(exp(z)) over the last axis; the maximum cancels, but bounds exp."""
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)
