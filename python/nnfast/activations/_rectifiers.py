"""Rectifiers: the net input above zero, less of it below."""

# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nnfast._frozen import real

from ._base import Activation, Array

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


class ReLU(Activation):
    """The rectifier: f(x) = max(x, 0), within [0, inf).

    f'(x) = 1 if x > 0 else 0, thus 0 at 0, as in Keras and PyTorch. The default of a hidden layer,
    whose weights then start from ``he_uniform``.

    References
    ----------
    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.relu.derivative([-1.0, 0.0, 1.0])
    array([0., 0., 1.])
    """

    name = "relu"
    keeps = "output"
    default_initializer = "he_uniform"

    def forward(self, z: Array) -> Array:
        return np.maximum(z, 0.0)

    def derivative_from(self, kept: Array) -> Array:
        return np.sign(kept)  # a is never negative


class LeakyReLU(Activation):
    """The leaky rectifier: f(x) = x if x > 0 else negative_slope x, any real number.

    f'(x) = 1 if x > 0 else negative_slope, which is thus the derivative at 0.

    Parameters
    ----------
    negative_slope : float, default 0.2
        Slope for x <= 0, at least 0. The libraries differ: 0.2 is Keras' for the string
        "leaky_relu", 0.3 that of Keras' layer, 0.01 that of PyTorch, ONNX and FANN.

    References
    ----------
    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML
    2013.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.LeakyReLU(0.5)([-4.0, 3.0])
    array([-2.,  3.])
    """

    name = "leaky_relu"
    keeps = "output"
    default_initializer = "he_uniform"
    negative_slope: float = real(default=0.2, minimum=0.0)

    def forward(self, z: Array) -> Array:
        if self.negative_slope == 0.0:  # 0 * -inf would be NaN
            return np.maximum(z, 0.0)
        return np.where(z > 0.0, z, self.negative_slope * z)

    def derivative_from(self, kept: Array) -> Array:
        slope = np.where(kept > 0.0, kept.dtype.type(1.0), kept.dtype.type(self.negative_slope))
        return np.where(np.isnan(kept), kept, slope)


class PReLU(Activation):
    """The parametric rectifier: f(x) = x if x > 0 else alpha x, with alpha learned for each node.

    f'(x) = 1 if x > 0 else alpha, which is thus the derivative at 0; the derivative by alpha is
    min(x, 0).

    Parameters
    ----------
    alpha : float, default 0.0
        What each node's alpha starts from; as a function on arrays, alpha itself. Keras too starts
        one alpha for each node from 0; PyTorch has one for all nodes and starts it from 0.25, as
        the paper does.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.PReLU(0.25)([-4.0, 3.0])
    array([-1.,  3.])
    """

    name = "prelu"
    default_initializer = "he_uniform"
    parameters = ("alpha",)
    alpha: float = real(default=0.0)

    def build(self, units: int, dtype: DTypeLike) -> tuple[Activation, list[Array]]:
        layer, alpha = self.replace(), np.full(units, self.alpha, dtype=dtype)
        layer._set("alpha", alpha)
        return layer, [alpha]

    def forward(self, z: Array) -> Array:
        alpha = np.asarray(self.alpha, dtype=z.dtype)
        below = np.where((alpha == 0.0) & ~np.isnan(z), z.dtype.type(0.0), alpha * z)
        return np.where(z > 0.0, z, below)

    # The sign of z cannot be read from a once an alpha is negative, so the input is kept.
    def derivative_from(self, kept: Array) -> Array:
        alpha = np.asarray(self.alpha, dtype=kept.dtype)
        slope = np.where(kept > 0.0, kept.dtype.type(1.0), alpha)
        return np.where(np.isnan(kept), kept, slope)

    def parameter_gradients(self, kept: Array, g: Array) -> list[Array]:
        return [np.sum(g * np.minimum(kept, 0.0), axis=0)]


class ELU(Activation):
    """The exponential linear unit: f(x) = x if x > 0 else alpha (exp(x) - 1), above -alpha.

    f'(x) = 1 if x > 0 else f(x) + alpha, which is alpha at 0.

    Parameters
    ----------
    alpha : float, default 1.0
        At least 0; not learned. 1.0 is everyone's default.

    References
    ----------
    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential
    linear units (ELUs)", ICLR 2016.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.elu([-1000.0, 0.0, 3.0])
    array([-1.,  0.,  3.])
    >>> nn.activations.ELU(0.5).derivative(0.0)
    np.float64(0.5)
    """

    name = "elu"
    keeps = "output"
    default_initializer = "he_uniform"
    alpha: float = real(default=1.0, minimum=0.0)

    def forward(self, z: Array) -> Array:
        # expm1 keeps the digits that exp(z) - 1 loses near zero; the minimum prevents overflow.
        return np.where(z > 0.0, z, self.alpha * np.expm1(np.minimum(z, 0.0)))

    def derivative_from(self, kept: Array) -> Array:
        return np.where(kept > 0.0, kept.dtype.type(1.0), kept + self.alpha)


class SELU(Activation):
    """The scaled ELU: f(x) = scale x if x > 0 else scale alpha (exp(x) - 1).

    With alpha = 1.6732632423543772 and scale = 1.0507009873554805 mean 0 and variance 1 are a fixed
    point that layers after layers are drawn to, if their weights start from ``lecun_normal``, the
    default here. f'(x) = scale if x > 0 else f(x) + scale alpha, about 1.758 at 0.

    References
    ----------
    Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", NIPS 2017,
    equations 2 and 14.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.selu([-1000.0, 0.0, 1.0])
    array([-1.75809934,  0.        ,  1.05070099])
    >>> nn.Dense(64, "selu").kernel_initializer
    LecunNormal()
    """

    name = "selu"
    keeps = "output"
    default_initializer = "lecun_normal"

    def forward(self, z: Array) -> Array:
        below = (SELU_SCALE * SELU_ALPHA) * np.expm1(np.minimum(z, 0.0))
        return np.where(z > 0.0, SELU_SCALE * z, below)

    def derivative_from(self, kept: Array) -> Array:
        below = kept + SELU_SCALE * SELU_ALPHA
        return np.where(kept > 0.0, kept.dtype.type(SELU_SCALE), below)
