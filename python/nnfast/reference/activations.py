"""Activations: what a node makes of its net input z.

Each is one small class: `forward` maps z to the output a, `derivative` gives da/dz. In training,
one tensor per layer is kept for the way back, and `keeps` says which: for most activations the
derivative is simplest in terms of the output a.

To add one, write one class here; its name in the class statement enters it in the registry.
"""

# ruff: noqa: D102 (the family's base class says what its methods do)
# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

import json
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import DTypeLike

from .arrays import Array
from .named import Named


class Activation(Named):
    """An activation function and its derivative; NaN in gives NaN out for both."""

    keeps: ClassVar[Literal["output", "input"]] = "output"

    def build(self, units: int, dtype: DTypeLike) -> list[Array]:
        """Make the learned parameters of a layer of this width: none, for most."""
        return []

    def forward(self, z: Array) -> Array:
        """Map the net input z (rows, units) to the output a of the same shape."""
        raise NotImplementedError

    def derivative(self, kept: Array) -> Array:
        """Give da/dz (rows, units) from the kept tensor: a or z, as `keeps` says."""
        raise NotImplementedError

    def backward(self, kept: Array, g: Array) -> Array:
        """Carry g = dL/da (rows, units) back to delta = dL/dz: the chain rule."""
        return g * self.derivative(kept)

    def parameter_gradients(self, kept: Array, g: Array) -> list[Array]:
        """Give dL/dp for each learned parameter p, from g = dL/da (rows, units)."""
        return []


class Linear(Activation, name="linear"):
    """a = z."""

    def forward(self, z: Array) -> Array:
        return z

    def derivative(self, kept: Array) -> Array:
        return np.where(np.isnan(kept), kept, np.ones_like(kept))

    def backward(self, kept: Array, g: Array) -> Array:
        return g


class Step(Activation, name="step"):
    """a = 1 where z > 0, else 0: McCulloch and Pitts (1943), Rosenblatt (1958).

    Its derivative is taken as 0 everywhere, at the jump too, so nothing below it can learn by
    gradients; the perceptron has a rule of its own.
    """

    def forward(self, z: Array) -> Array:
        return np.heaviside(z, 0.0)

    def derivative(self, kept: Array) -> Array:
        return kept * 0.0  # a is 0, 1 or NaN


class Sigmoid(Activation, name="sigmoid"):
    """a = 1 / (1 + exp(-z)), da/dz = a (1 - a): Rumelhart, Hinton and Williams (1986)."""

    def forward(self, z: Array) -> Array:
        return sigmoid(z)

    def derivative(self, kept: Array) -> Array:
        return kept * (1.0 - kept)


class Tanh(Activation, name="tanh"):
    """a = tanh(z), da/dz = 1 - a^2: LeCun, Bottou, Orr and Mueller, "Efficient BackProp" (1998)."""

    def forward(self, z: Array) -> Array:
        return np.tanh(z)

    def derivative(self, kept: Array) -> Array:
        return 1.0 - kept * kept


class ReLU(Activation, name="relu"):
    """a = max(z, 0): Nair and Hinton (2010). The derivative at 0 is 0."""

    def forward(self, z: Array) -> Array:
        return np.maximum(z, 0.0)

    def derivative(self, kept: Array) -> Array:
        return np.sign(kept)  # a is never negative


class LeakyReLU(Activation, name="leaky_relu"):
    """a = z where z > 0, else slope * z: Maas, Hannun and Ng (2013).

    At 0 the derivative is the slope.

    Parameters
    ----------
    negative_slope : float
        At least 0. With 0 it is ReLU, at -inf as well.
    """

    def __init__(self, negative_slope: float = 0.2) -> None:
        self.negative_slope = negative_slope

    def forward(self, z: Array) -> Array:
        if self.negative_slope == 0.0:  # 0 * -inf would be NaN
            return np.maximum(z, 0.0)
        return np.where(z > 0.0, z, self.negative_slope * z)

    def derivative(self, kept: Array) -> Array:
        slope = np.where(kept > 0.0, kept.dtype.type(1.0), kept.dtype.type(self.negative_slope))
        return np.where(np.isnan(kept), kept, slope)


class PReLU(Activation, name="prelu"):
    """a = z where z > 0, else alpha * z, with an alpha learned for each node.

    He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015), eq. 1, and eq. 8 in the form
    da/dalpha = min(z, 0). The sign of z cannot be read from a once an alpha is negative, so the
    input is kept. At 0 the derivative is alpha. With alpha = 0 it is ReLU, at -inf as well.

    Parameters
    ----------
    alpha : float
        What every node's alpha starts from.
    """

    keeps = "input"

    def __init__(self, alpha: float = 0.0) -> None:
        self.alpha: Array = np.asarray(alpha, dtype=np.float64)

    def build(self, units: int, dtype: DTypeLike) -> list[Array]:
        self.alpha = np.full(units, self.alpha, dtype=dtype)
        return [self.alpha]

    def forward(self, z: Array) -> Array:
        alpha = self.alpha.astype(z.dtype, copy=False)
        below = np.where((alpha == 0.0) & ~np.isnan(z), z.dtype.type(0.0), alpha * z)
        return np.where(z > 0.0, z, below)

    def derivative(self, kept: Array) -> Array:
        alpha = self.alpha.astype(kept.dtype, copy=False)
        slope = np.where(kept > 0.0, kept.dtype.type(1.0), alpha)
        return np.where(np.isnan(kept), kept, slope)

    def parameter_gradients(self, kept: Array, g: Array) -> list[Array]:
        return [np.sum(g * np.minimum(kept, 0.0), axis=0)]


class ELU(Activation, name="elu"):
    """a = z where z > 0, else alpha (exp(z) - 1): Clevert, Unterthiner and Hochreiter (2016).

    Below zero da/dz = alpha exp(z) = a + alpha, so the output is enough; at 0 it is alpha.

    Parameters
    ----------
    alpha : float
        At least 0; the output far below zero is -alpha.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, z: Array) -> Array:
        # expm1 keeps the digits that exp(z) - 1 loses near zero; the minimum prevents overflow.
        return np.where(z > 0.0, z, self.alpha * np.expm1(np.minimum(z, 0.0)))

    def derivative(self, kept: Array) -> Array:
        return np.where(kept > 0.0, kept.dtype.type(1.0), kept + self.alpha)


class Softmax(Activation, name="softmax"):
    """a_k = exp(z_k) / sum_j exp(z_j), a distribution over the last axis: Bridle (1990).

    A row that holds +inf or NaN, or nothing but -inf, gives NaN throughout, as in SciPy; single
    entries of -inf give 0.
    """

    def forward(self, z: Array) -> Array:
        return softmax(z)

    def derivative(self, kept: Array) -> Array:
        """Give the Jacobian diag(a) - a a^T of each row: shape (..., k, k)."""
        a = kept
        diagonal = a[..., :, None] * np.eye(a.shape[-1], dtype=a.dtype)
        return diagonal - a[..., :, None] * a[..., None, :]

    def backward(self, kept: Array, g: Array) -> Array:
        """Multiply g by the Jacobian without forming it: a * (g - sum(g * a))."""
        return kept * (g - np.sum(g * kept, axis=-1, keepdims=True))


def sigmoid(z: Array) -> Array:
    """Compute 1 / (1 + exp(-z)) with an exponential that is never above 1."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0.0, 1.0, e) / (1.0 + e)


def softmax(z: Array) -> Array:
    """Compute exp(z) / sum(exp(z)) over the last axis; the maximum cancels, but bounds exp."""
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


@np.errstate(all="ignore")
def activation(config: str, x: Array, out: Array | None = None) -> Array:
    """Apply an activation to an array.

    Parameters
    ----------
    config : str
        JSON, such as ``{"name": "elu", "alpha": 1.0}``.
    x : ndarray of float32 or float64, any shape
        Net inputs. Softmax goes along the last axis.

    Returns
    -------
    ndarray
        The outputs, same shape and type; `out` or a new array.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast import reference
    >>> reference.activation('{"name": "relu"}', np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    a = Activation.from_config(json.loads(config)).forward(x)
    return _written(a.copy() if a is x else a, out)


@np.errstate(all="ignore")
def activation_derivative(config: str, x: Array, out: Array | None = None) -> Array:
    """Evaluate the derivative of an activation on an array.

    Parameters
    ----------
    config : str
        JSON, such as ``{"name": "elu", "alpha": 1.0}``.
    x : ndarray of float32 or float64, any shape
        Net inputs.
    out : ndarray, optional
        Where the result is written to, of its shape and type; may be x.

    Returns
    -------
    ndarray
        da/dz at x, same shape and type. For softmax the Jacobians, shape (..., k, k).

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast import reference
    >>> reference.activation_derivative('{"name": "sigmoid"}', np.array([0.0]))
    array([0.25])
    """
    function = Activation.from_config(json.loads(config))
    return _written(
        function.derivative(x if function.keeps == "input" else function.forward(x)), out
    )


def _written(result: Array, out: Array | None) -> Array:
    if out is None:
        return result
    out[...] = result
    return out
