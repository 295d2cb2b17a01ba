"""Activations that level off on both sides: S-shaped ones, and steps."""

# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

import numpy as np

from ._base import Activation, Array


class Step(Activation):
    """The threshold of the classic perceptron: f(x) = 1 if x > 0 else 0.

    f'(x) = 0 everywhere, by definition also at the jump at 0, where f(0) = 0. Since no gradient
    passes it, a network with this activation predicts but cannot be fitted: `nnfast.Perceptron`
    learns by another rule.

    References
    ----------
    McCulloch and Pitts, "A logical calculus of the ideas immanent in nervous activity", Bulletin
    of Mathematical Biophysics 5, 1943.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.step([-2.0, 0.0, 2.0])
    array([0., 0., 1.])
    """

    name = "step"
    aliases = ("heaviside",)
    keeps = "output"
    trainable = False

    def forward(self, z: Array) -> Array:
        return np.heaviside(z, 0.0)

    def derivative_from(self, kept: Array) -> Array:
        return kept * 0.0  # a is 0, 1 or NaN


class Sigmoid(Activation):
    """The logistic function: f(x) = 1 / (1 + exp(-x)), within [0, 1].

    f'(x) = f(x) (1 - f(x)), 1/4 at 0. The output for two classes, or for several labels at once.
    FANN's sigmoid, with its default steepness of 0.5, is this function too.

    References
    ----------
    Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature
    323, 1986.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.sigmoid(0.0)
    np.float64(0.5)
    >>> nn.activations.sigmoid.derivative(0.0)
    np.float64(0.25)
    """

    name = "sigmoid"
    aliases = ("logistic",)
    keeps = "output"
    default_loss = "binary_cross_entropy"

    def forward(self, z: Array) -> Array:
        return sigmoid(z)

    def derivative_from(self, kept: Array) -> Array:
        return kept * (1.0 - kept)


class Tanh(Activation):
    """The hyperbolic tangent: f(x) = tanh(x), within [-1, 1].

    f'(x) = 1 - f(x)^2, 1 at 0. FANN's, with its default steepness of 0.5, is tanh(x / 2).

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient BackProp", in Neural Networks: Tricks of the Trade,
    1998.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.tanh([-1000.0, 0.0, 1000.0])
    array([-1.,  0.,  1.])
    """

    name = "tanh"
    keeps = "output"

    def forward(self, z: Array) -> Array:
        return np.tanh(z)

    def derivative_from(self, kept: Array) -> Array:
        return 1.0 - kept * kept


class Softsign(Activation):
    """A sigmoid without an exponential: f(x) = x / (1 + abs(x)), within [-1, 1].

    f'(x) = (1 - abs(f(x)))^2 = 1 / (1 + abs(x))^2, 1 at 0. Far from 0 it levels off much more
    slowly than tanh.

    References
    ----------
    Bergstra, Desjardins, Lamblin and Bengio, "Quadratic polynomials learn better image features",
    technical report 1337, University of Montreal, 2009.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.softsign([-1.0, 0.0, 3.0])
    array([-0.5 ,  0.  ,  0.75])
    """

    name = "softsign"
    keeps = "output"

    def forward(self, z: Array) -> Array:
        largest = np.finfo(z.dtype).max
        z = np.clip(z, -largest, largest)  # inf / inf would be NaN
        return z / (1.0 + np.abs(z))

    def derivative_from(self, kept: Array) -> Array:
        return np.square(1.0 - np.abs(kept))


class HardSigmoid(Activation):
    """A sigmoid of straight lines: f(x) = x / 6 + 1/2, cut at 0 and 1.

    f'(x) = 1/6 if -3 < x < 3 else 0. So in Keras 3 and PyTorch; ONNX, and Keras before, have
    x / 5 + 1/2.

    References
    ----------
    Courbariaux, Bengio and David, "BinaryConnect: training deep neural networks with binary weights
    during propagations", NIPS 2015; the slope is that of `HardSwish`.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.activations.hard_sigmoid([-4.0, 0.0, 1.5])
    array([0.  , 0.5 , 0.75])
    """

    name = "hard_sigmoid"
    keeps = "output"

    def forward(self, z: Array) -> Array:
        return hard_sigmoid(z)

    def derivative_from(self, kept: Array) -> Array:
        rising = (kept > 0.0) & (kept < 1.0)
        slope = np.where(rising, kept.dtype.type(1.0 / 6.0), kept.dtype.type(0.0))
        return np.where(np.isnan(kept), kept, slope)


def sigmoid(z: Array) -> Array:
    """Compute 1 / (1 + exp(-z)) with an exponential that is never above 1."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0.0, 1.0, e) / (1.0 + e)


def hard_sigmoid(z: Array) -> Array:
    """Compute z / 6 + 1/2 within [0, 1]; the sum comes first, since near -3 it is exact."""
    return np.clip(z + 3.0, 0.0, 6.0) / 6.0
