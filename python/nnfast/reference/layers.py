"""Layers: the stages that a batch passes through, forwards and back.

A stage maps x (rows, inputs) to an output (rows, units). `forward` also returns what the way back
needs; nothing of a batch is stored in the stage, so that a network can predict in several threads.
"""

# ruff: noqa: D102 (the base class says what its methods do)
# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import floor
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from .activations import Activation
from .arrays import Array
from .constraints import Constraint
from .initializers import Initializer
from .random import BIAS, DROPOUT, KERNEL, Stream
from .regularizers import Regularizer
from .updates import Terms, Weights


class Site(NamedTuple):
    """Where a layer is put, and what it is built with."""

    number: int  # among the layers, from 0: with the seed it keys all that is random
    width: int  # of what comes in
    seed: int  # of the whole network
    dtype: DTypeLike
    embedded: bool  # whether a bias is row 0 of its weights

    def after(self, width: int) -> Site:
        """Return the site of the next layer, given the width of what comes out of this one."""
        return self._replace(number=self.number + 1, width=width)


class Layer(ABC):
    """A layer of the configuration: its kind, and the stages that it consists of."""

    kinds: ClassVar[dict[str, type[Layer]]] = {}
    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.kinds[cls.kind] = cls

    @staticmethod
    @abstractmethod
    def build(config: dict[str, Any], site: Site) -> tuple[list[Stage], Site]:
        """Build the stages of a layer from its complete entry of the configuration.

        Returns
        -------
        list of Stage
            Their initial values are drawn from the seed.
        Site
            Of what may follow.
        """


def build(layers: list[dict[str, Any]], site: Site) -> tuple[list[Stage], Site]:
    """Build the stages of layers in a row; return the site of what may follow them, too."""
    stages: list[Stage] = []
    for config in layers:
        built, after = Layer.kinds[config["type"]].build(config, site)
        for stage in built:
            stage.number = site.number
        site = after
        stages += built
    return stages, site


class Stage(ABC):
    """One differentiable map with its own parameters.

    Attributes
    ----------
    parameters : list of ndarray
        What is learned; optimizers change the arrays in place.
    """

    parameters: list[Array]
    number: int  # of the layer that it belongs to
    trainable = True  # whether the parameters follow the gradient
    terms: Sequence[Terms] | None = None  # what holds for them; nothing if None

    def weights(self, gradients: Sequence[Array | None]) -> list[Weights]:
        """Pair the arrays of weights, those that are parts of a parameter too, with gradients."""
        terms = self.terms or [Terms(p) for p in range(len(self.parameters))]
        pairs = [(self.parameters[one.parameter], gradients[one.parameter], one) for one in terms]
        return [Weights(w[one.rows], g[one.rows], one) for w, g, one in pairs if g is not None]

    def follow(self) -> list[bool]:
        """Tell of each parameter whether it is to follow its gradient, if it has one."""
        return [self.trainable] * len(self.parameters)

    def penalty(self, kept: Any) -> Array | float:
        """Give what each row's output costs, as a part of its loss."""
        return 0.0

    @property
    def learns(self) -> bool:
        """Whether a gradient changes any of them."""
        return any(self.follow())

    @abstractmethod
    def forward(self, x: Array, step: int | None) -> tuple[Array, Any]:
        """Map x (rows, inputs) to the output (rows, units).

        Parameters
        ----------
        x : ndarray of shape (rows, inputs)
        step : int or None
            The training step, which keys dropout; None outside of training.

        Returns
        -------
        output : ndarray of shape (rows, units)
        kept : object
            What the two methods below need of this pass.
        """

    @abstractmethod
    def input_gradient(self, kept: Any, g: Array) -> Array:
        """Carry g = dL/d(output) (rows, units) back to dL/dx (rows, inputs)."""

    def parameter_gradients(self, kept: Any, g: Array) -> list[Array | None]:
        """Give dL/dp for each of `parameters`, from g = dL/d(output) (rows, units).

        None is for one that no gradient changes.
        """
        return []


class Dense(Stage):
    """Every unit sees every input: z = x w + b.

    x (rows, inputs), w (inputs, units), b (units,), z (rows, units). Back-propagation: Rumelhart,
    Hinton and Williams, "Learning representations by back-propagating errors" (1986):
    dL/dw = x^T delta, dL/db = the column sums of delta, dL/dx = delta w^T, for delta = dL/dz.

    Parameters
    ----------
    w : ndarray of shape (inputs, units)
    b : ndarray of shape (units,), optional
    """

    def __init__(self, w: Array, b: Array | None) -> None:
        self.parameters = [w] if b is None else [w, b]

    def forward(self, x: Array, step: int | None) -> tuple[Array, Array]:
        w, *b = self.parameters
        z = x @ w
        if b:
            z += b[0]
        return z, x

    def input_gradient(self, kept: Array, g: Array) -> Array:
        return g @ self.parameters[0].T

    def parameter_gradients(self, kept: Array, g: Array) -> list[Array | None]:
        gradients: list[Array | None] = [kept.T @ g]
        if len(self.parameters) == 2:
            gradients.append(np.sum(g, axis=0))
        return gradients


class EmbeddedDense(Stage):
    """The bias trick: the design matrix starts with a column of ones, and the bias is a weight.

    x~ = [1, x] (rows, 1 + inputs), w~ (1 + inputs, units) whose row 0 is the bias, z = x~ w~.
    The same numbers as `Dense`, with one tensor instead of two.

    Parameters
    ----------
    w : ndarray of shape (1 + inputs, units)
    """

    def __init__(self, w: Array) -> None:
        self.parameters = [w]

    def forward(self, x: Array, step: int | None) -> tuple[Array, Array]:
        ones = np.ones((len(x), 1), dtype=x.dtype)
        design = np.concatenate((ones, x), axis=1)
        return design @ self.parameters[0], design

    def input_gradient(self, kept: Array, g: Array) -> Array:
        return g @ self.parameters[0][1:].T  # nothing flows back into the constant

    def parameter_gradients(self, kept: Array, g: Array) -> list[Array | None]:
        return [kept.T @ g]


class Activate(Stage):
    """a = f(z), each unit by itself, or each row for softmax.

    Parameters
    ----------
    function : Activation
    units : int
        Width of the layer, for an activation that learns something for each node.
    dtype : data type
        Of what it learns.
    """

    def __init__(self, function: Activation, units: int, dtype: DTypeLike) -> None:
        self.activity: Regularizer | None = None  # what the output costs, as the mean over the rows
        self.function, self.parameters = function.build(units, dtype)

    def forward(self, x: Array, step: int | None) -> tuple[Array, Array]:
        a = self.function.forward(x)
        return a, (x if self.function.keeps == "input" else a)

    def input_gradient(self, kept: Array, g: Array) -> Array:
        return self.function.backward(kept, self._with_penalty(kept, g))

    def parameter_gradients(self, kept: Array, g: Array) -> list[Array | None]:
        return [*self.function.parameter_gradients(kept, self._with_penalty(kept, g))]

    def penalty(self, kept: Array) -> Array | float:
        return 0.0 if self.activity is None else self.activity.penalty(self._output(kept), axis=1)

    def _with_penalty(self, kept: Array, g: Array) -> Array:
        """Add the gradient of the mean penalty to that of the loss."""
        if self.activity is None:
            return g
        return g + self.activity.gradient(self._output(kept)) * (1.0 / len(g))

    def _output(self, kept: Array) -> Array:
        return self.function.forward(kept) if self.function.keeps == "input" else kept


class Dropout(Stage):
    """In training, each number is dropped with probability `rate`, and the rest scaled up.

    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout" (2014), in the inverted
    form: the kept numbers are divided by 1 - rate in training, so that nothing changes afterwards.

    Parameters
    ----------
    rate : float
        0 <= rate < 1.
    seed : int
        Of the whole network.
    layer : int
        Index in the configuration's list of layers; with the step it keys the mask.
    """

    def __init__(self, rate: float, seed: int, layer: int) -> None:
        self.parameters = []
        self.seed, self.layer = seed, layer
        self.threshold = np.uint64(floor(rate * 2.0**32 + 0.5))
        self.scale = 1.0 / (1.0 - rate)

    def forward(self, x: Array, step: int | None) -> tuple[Array, Any]:
        if step is None:
            return x, None
        bits = Stream(self.seed, DROPOUT, self.layer, step).bits(x.size)
        stays = (bits >= self.threshold).reshape(x.shape)
        return self._scaled(x, stays), stays

    def input_gradient(self, kept: Any, g: Array) -> Array:
        return g if kept is None else self._scaled(g, kept)

    def _scaled(self, x: Array, stays: Any) -> Array:
        return np.where(stays, x * self.scale, x.dtype.type(0.0))


class DenseLayer(Layer):
    """``"dense"``: the affine map, then the activation."""

    kind = "dense"

    @staticmethod
    def build(config: dict[str, Any], site: Site) -> tuple[list[Stage], Site]:
        inputs, units = site.width, config["units"]
        draw_w = Initializer.from_config(config["kernel_initializer"]).draw
        w = draw_w(Stream(site.seed, KERNEL, site.number), inputs * units, inputs, units)
        w = w.reshape(inputs, units).astype(site.dtype)
        affine: Stage = Dense(w, None)
        if config["use_bias"]:
            draw_b = Initializer.from_config(config["bias_initializer"]).draw
            b = draw_b(Stream(site.seed, BIAS, site.number), units, inputs, units)
            b = b.astype(site.dtype)
            affine = EmbeddedDense(np.vstack((b, w))) if site.embedded else Dense(w, b)
        activation = Activate(Activation.from_config(config["activation"]), units, site.dtype)
        activation.activity = _regularizer(config, "activity_regularizer")
        mask = _mask(config, inputs)
        kernel = Terms(
            0, ..., _regularizer(config, "kernel_regularizer"), _constraint(config, "kernel"), mask
        )
        bias = Terms(1, ..., _regularizer(config, "bias_regularizer"), _constraint(config, "bias"))
        if isinstance(affine, EmbeddedDense):
            kernel, bias = kernel._replace(rows=slice(1, None)), bias._replace(parameter=0, rows=0)
        affine.terms = [kernel, bias] if config["use_bias"] else [kernel]
        if mask is not None:
            affine.parameters[0][kernel.rows] *= mask
        affine.trainable = activation.trainable = config.get("trainable", True)
        return [affine, activation], site.after(units)


def _regularizer(config: dict[str, Any], name: str) -> Regularizer | None:
    return Regularizer(**config[name]) if config.get(name) else None


def _constraint(config: dict[str, Any], of: str) -> Constraint | None:
    description = config.get(f"{of}_constraint")
    return Constraint.from_config(description) if description else None


def _mask(config: dict[str, Any], inputs: int) -> Array | None:
    """Read which connections there are: bits, row by row, in base 16."""
    if not config.get("mask"):
        return None
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(config["mask"]), np.uint8))
    return bits[: inputs * config["units"]].reshape(inputs, config["units"]).astype(np.float32)


class DropoutLayer(Layer):
    """``"dropout"``."""

    kind = "dropout"

    @staticmethod
    def build(config: dict[str, Any], site: Site) -> tuple[list[Stage], Site]:
        return [Dropout(config["rate"], site.seed, site.number)], site.after(site.width)
