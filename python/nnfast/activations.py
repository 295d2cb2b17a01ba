"""Activation functions: objects to give to a layer, and functions on arrays with their derivatives.

Each is a class, for when its parameter matters (``nn.activations.ELU(0.5)``), and an object with
the default parameters under its name (``nn.activations.elu``). Both are callable on any real
array-like: float32 and float64 are kept, all else becomes float64, a scalar gives a scalar. With
``out=`` the result is written into an array that is there already, which may be the argument.

>>> import numpy as np
>>> import nnfast as nn
>>> nn.activations.relu([-1.0, 0.0, 2.0])
array([0., 0., 2.])
>>> nn.activations.leaky_relu.derivative(-3.0)
np.float64(0.2)
>>> x = np.array([-1.0, 4.0])
>>> nn.activations.relu(x, out=x) is x
True
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from nnfast import _backend, _validation
from nnfast._frozen import real
from nnfast._registry import Registry, Spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

registry: Registry[Activation] = Registry("activation")


class Activation(Spec):
    """What turns a node's net input into its output; the base class of all activations."""

    registry: ClassVar[Registry[Any]] = registry
    default_initializer: ClassVar[str] = "glorot_uniform"
    default_loss: ClassVar[str] = "mean_squared_error"
    parameters: ClassVar[tuple[str, ...]] = ()
    """Names of what is learned for each node, in the order of the network's weights."""
    trainable: ClassVar[bool] = True
    """False where the derivative is 0 everywhere, so that no gradient can pass."""

    def __call__(self, x: ArrayLike, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the function's value at every element of `x`.

        `out` is an array to write them into, which must be as a new one would be: C-contiguous, of
        the result's shape and dtype. It may be `x` itself, but must not overlap it otherwise.
        """
        return self._result(_backend.get().activation, self._values(x), out)

    def derivative(self, x: ArrayLike, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the function's derivative at every element of `x`; `out` is as for the value."""
        return self._result(_backend.get().activation_derivative, self._values(x), out)

    def _values(self, x: ArrayLike) -> NDArray[Any]:
        return _validation.float_array(x, "x")

    def _result(
        self,
        function: Callable[..., NDArray[Any]],
        values: NDArray[Any],
        out: NDArray[Any] | None,
        added: tuple[int, ...] = (),
    ) -> NDArray[Any]:
        """Return what a backend's function makes of the values, whose shape gets axes `added`."""
        if out is not None:
            shape = values.shape + added
            out = _validation.output(out, shape, values.dtype, values, "x", in_place=not added)
        if not (values.flags.c_contiguous and values.flags.aligned):
            values = values.copy()
        result = function(self._described, values, out)
        return result if result.ndim or out is not None else result[()]

    @cached_property
    def _described(self) -> str:
        return _backend.described(self.config())


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
    trainable = False


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
    default_loss = "binary_cross_entropy"


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
    default_initializer = "he_uniform"


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
    default_initializer = "he_uniform"
    negative_slope: float = real(default=0.2, minimum=0.0)


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
    default_initializer = "he_uniform"
    alpha: float = real(default=1.0, minimum=0.0)


class Softmax(Activation):
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
    default_loss = "cross_entropy"

    def derivative(self, x: ArrayLike, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the Jacobian of each row, of the shape (..., k, k); `out` must not overlap `x`."""
        values = self._values(x)
        function = _backend.get().activation_derivative
        return self._result(function, values, out, added=values.shape[-1:])

    def _values(self, x: ArrayLike) -> NDArray[Any]:
        values = super()._values(x)
        if values.ndim == 0 or values.size == 0:
            raise ValueError(f"x has the shape {values.shape}; softmax wants (..., k) with k >= 1")
        return values


def __getattr__(name: str) -> Activation:
    if name in registry.names:
        return registry.get(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *registry.names])
