"""Gates: the net input times a share of it that rises from 0 to 1.

They fall before they rise, so that an output does not tell its input, and the input is kept.
"""

# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

import math

import numpy as np

from nnfast._frozen import flag

from ._base import Activation, Array
from ._sigmoids import hard_sigmoid, sigmoid

erfc = np.frompyfunc(math.erfc, 1, 1)
"""The complementary error function: NumPy has none."""


class SiLU(Activation):
    """The net input times its own logistic function: f(x) = x / (1 + exp(-x)), above -0.279.

    Also called swish. With s = 1 / (1 + exp(-x)), f'(x) = s + x s (1 - s), 1/2 at 0.

    References
    ----------
    Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function
    approximation in reinforcement learning", Neural Networks 107, 2018; Ramachandran, Zoph and Le,
    "Searching for activation functions", 2017.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.silu([-1000.0, 0.0, 1000.0])
    array([  -0.,    0., 1000.])
    >>> nn.activations.registry.get("swish")
    SiLU()
    """

    name = "silu"
    aliases = ("swish",)
    default_initializer = "he_uniform"

    def forward(self, z: Array) -> Array:
        return gated(z, z)

    def derivative_from(self, kept: Array) -> Array:
        z = np.clip(kept, -1e4, 1e4)  # inf * 0 would be NaN
        s = sigmoid(z)
        return s + z * s * sigmoid(-z)


class GELU(Activation):
    """The Gaussian error linear unit: f(x) = x P(x), above -0.17.

    P(x) = (1 + erf(x / sqrt(2))) / 2 is the normal distribution's function, and p(x) =
    exp(-x^2 / 2) / sqrt(2 pi) its density; f'(x) = P(x) + x p(x), 1/2 at 0.

    Parameters
    ----------
    approximate : bool, default False
        Whether to take x (1 + tanh(c (x + 0.044715 x^3))) / 2 with c = sqrt(2 / pi) instead, which
        differs by 0.0005 at most. False is Keras' and PyTorch's default; JAX' is True.

    References
    ----------
    Hendrycks and Gimpel, "Gaussian error linear units (GELUs)", 2016.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.gelu([-1.0, 0.0, 1.0])
    array([-0.15865525,  0.        ,  0.84134475])
    >>> nn.activations.GELU(approximate=True)([-1.0, 0.0, 1.0])
    array([-0.15880801,  0.        ,  0.84119199])
    """

    name = "gelu"
    default_initializer = "he_uniform"
    approximate: bool = flag(default=False)

    def forward(self, z: Array) -> Array:
        if self.approximate:
            wide = z.astype(np.float64)
            return gated(z, 2.0 * C * (wide + CUBIC * wide**3))
        return (np.maximum(z, -40.0) * normal(z)).astype(z.dtype)  # -inf * 0 would be NaN

    def derivative_from(self, kept: Array) -> Array:
        z = np.clip(kept, -40.0, 40.0).astype(np.float64)  # inf * 0 would be NaN
        if self.approximate:
            y = 2.0 * C * (z + CUBIC * z**3)
            slope = 2.0 * C * (1.0 + 3.0 * CUBIC * z**2)
            s = sigmoid(y)
            return (s + z * s * sigmoid(-y) * slope).astype(kept.dtype)
        density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        return (normal(z) + z * density).astype(kept.dtype)


class Mish(Activation):
    """The net input times tanh of its softplus: f(x) = x tanh(log(1 + exp(x))), above -0.309.

    With t = tanh(log(1 + exp(x))), f'(x) = t + x (1 - t^2) / (1 + exp(-x)), 3/5 at 0. In
    terms of e = exp(-abs(x)), t is (1 + 2 e) / (1 + 2 e + 2 e^2) for x >= 0, and below
    e (2 + e) / (2 + e (2 + e)).

    References
    ----------
    Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.mish([-1.0, 0.0, 1.0])
    array([-0.30340146,  0.        ,  0.86509839])
    """

    name = "mish"
    default_initializer = "he_uniform"

    def forward(self, z: Array) -> Array:
        half = np.exp(-0.5 * np.abs(z.astype(np.float64)))  # multiplied in twice, as in `gated`
        e = half * half
        below = np.maximum(z, -1e4) * half * half * (2.0 + e) / (2.0 + e * (2.0 + e))
        above = z * (1.0 + 2.0 * e) / (1.0 + 2.0 * e + 2.0 * e * e)
        return np.where(z < 0.0, below, above).astype(z.dtype)

    def derivative_from(self, kept: Array) -> Array:
        z = np.clip(kept, -1e4, 1e4)  # inf * 0 would be NaN
        e = np.exp(-np.abs(z))
        below, above = 2.0 + e * (2.0 + e), 1.0 + 2.0 * e + 2.0 * e * e
        t = np.where(z < 0.0, e * (2.0 + e) / below, (1.0 + 2.0 * e) / above)
        rest = np.where(z < 0.0, 2.0 / below, 2.0 * e * e / above)  # 1 - t, with all its digits
        return t + z * sigmoid(z) * rest * (1.0 + t)


class HardSwish(Activation):
    """A `SiLU` of straight lines and a parabola: f(x) = x times `HardSigmoid` of x, above -3/8.

    f'(x) = 0 if x <= -3, 1 if x >= 3, else (2 x + 3) / 6, which is 1/2 at 0.

    References
    ----------
    Howard and others, "Searching for MobileNetV3", ICCV 2019, section 5.2.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.hard_swish([-4.0, -1.5, 0.0, 3.0])
    array([-0.   , -0.375,  0.   ,  3.   ])
    """

    name = "hard_swish"
    aliases = ("hard_silu",)
    default_initializer = "he_uniform"

    def forward(self, z: Array) -> Array:
        return np.maximum(z, -3.0) * hard_sigmoid(z)  # -inf * 0 would be NaN

    def derivative_from(self, kept: Array) -> Array:
        rising = np.where(kept > -3.0, (2.0 * kept + 3.0) / 6.0, kept.dtype.type(0.0))
        slope = np.where(kept < 3.0, rising, kept.dtype.type(1.0))
        return np.where(np.isnan(kept), kept, slope)


C = math.sqrt(2.0 / math.pi)
CUBIC = 0.044715


def gated(z: Array, y: Array) -> Array:
    """Compute z / (1 + exp(-y)), where y has the sign of z.

    Below zero it is z exp(y) / (1 + exp(y)). The power is multiplied in by halves, so that it is
    not rounded to 0 before z makes it larger, and z stops where the product is 0 in any case.
    """
    half = np.exp(-0.5 * np.abs(y.astype(np.float64)))
    below = np.maximum(z, -1e4) * half * half
    return (np.where(y < 0.0, below, z) / (1.0 + half * half)).astype(z.dtype)


def normal(z: Array) -> Array:
    """Compute the normal distribution's function (1 + erf(z / sqrt(2))) / 2, in float64."""
    return 0.5 * np.asarray(erfc(-z.astype(np.float64) / math.sqrt(2.0)), dtype=np.float64)
