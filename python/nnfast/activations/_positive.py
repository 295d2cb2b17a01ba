"""The identity, and activations whose outputs are positive numbers of any size."""

# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

import numpy as np

from ._base import Activation, Array


class Linear(Activation):
    """The identity: f(x) = x, f'(x) = 1, with any real number as output.

    The default of an output layer, for regression.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.linear([-1.5, 2.0])
    array([-1.5,  2. ])
    """

    name = "linear"
    aliases = ("identity",)
    keeps = "output"

    def forward(self, z: Array) -> Array:
        return z

    def derivative_from(self, kept: Array) -> Array:
        return np.where(np.isnan(kept), kept, np.ones_like(kept))

    def backward(self, kept: Array, g: Array) -> Array:
        return g


class Softplus(Activation):
    """A smooth rectifier: f(x) = log(1 + exp(x)), above 0.

    f'(x) = 1 / (1 + exp(-x)) = 1 - exp(-f(x)), 1/2 at 0. An output for what must be positive, such
    as a variance.

    References
    ----------
    Dugas, Bengio, Bélisle, Nadeau and Garcia, "Incorporating second-order functional knowledge for
    better option pricing", NIPS 2000.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.softplus([-1000.0, 0.0, 1000.0])
    array([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """

    name = "softplus"
    keeps = "output"

    def forward(self, z: Array) -> Array:
        return np.logaddexp(z.dtype.type(0.0), z)

    def derivative_from(self, kept: Array) -> Array:
        return -np.expm1(-kept)  # 1 - exp(-a) is the logistic function of z


class Exponential(Activation):
    """The exponential function: f(x) = f'(x) = exp(x), above 0; 1 at 0.

    An output for rates and counts, whose logarithm is then linear. It overflows where x is above
    about 88 in float32 and 709 in float64.

    References
    ----------
    McCullagh and Nelder, "Generalized linear models", 1989, chapter 6: the inverse of the log link.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.exponential([0.0, 1.0])
    array([1.        , 2.71828183])
    """

    name = "exponential"
    aliases = ("exp",)
    keeps = "output"

    def forward(self, z: Array) -> Array:
        return np.exp(z)

    def derivative_from(self, kept: Array) -> Array:
        return kept
