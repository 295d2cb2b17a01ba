"""Layers: what a network is made of, where an architecture string is not enough.

>>> import nnfast as nn
>>> nn.FeedForward([nn.Input(784), nn.Dense(256, "elu"), nn.Dropout(0.2), nn.Dense(10, "softmax")])
FeedForward([Input(784), Dense(256, ELU(alpha=1.0)), Dropout(0.2), Dense(10, Softmax())])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nnfast import _mask, activations, constraints, initializers, regularizers
from nnfast._embedding import Embedding
from nnfast._frozen import Parameter, flag, real, whole
from nnfast._layer import Layer
from nnfast._normalization import BatchNorm, LayerNorm, Standardize
from nnfast._registry import member, optional_member
from nnfast._residual import Residual
from nnfast._validation import UNITS_LIMIT

if TYPE_CHECKING:
    from dataclasses import KW_ONLY
    from typing import TypeAlias

    from numpy.typing import ArrayLike

    from nnfast._layer import Array
    from nnfast.constraints import ConstraintLike
    from nnfast.regularizers import RegularizerLike

    ActivationLike: TypeAlias = str | activations.Activation | type[activations.Activation]
    InitializerLike: TypeAlias = str | initializers.Initializer | type[initializers.Initializer]


__all__ = [
    "Activation",
    "BatchNorm",
    "Dense",
    "Dropout",
    "Embedding",
    "GaussianNoise",
    "Input",
    "Layer",
    "LayerNorm",
    "Residual",
    "Standardize",
]


class Input(Layer):
    """The input nodes: they pass on what they are given, so they have no activation.

    Parameters
    ----------
    units : int
        Number of columns of X, at least 1.
    scale : float, default 1.0
        What every value of X is multiplied by when a batch is gathered, in the network's dtype: so
        bytes are brought into [0, 1] by ``scale=1/255`` without a copy of them all as floats. It is
        a part of the network, in `predict` as in `fit`, and goes into its file. Not 0.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Input(784).units
    784
    >>> nn.Input(64, scale=0.0625)
    Input(64, scale=0.0625)
    """

    units: int = whole(below=UNITS_LIMIT)
    _: KW_ONLY
    scale: float = real(default=1.0)

    def _check(self) -> None:
        if self.scale == 0:
            raise ValueError(
                f"scale of Input is {self.scale}; wanted is a finite number other than 0"
            )

    def width(self, inputs: int) -> int:
        """Return the number of input nodes."""
        return self.units

    def description(self) -> str:
        """Return the scale, unless it is 1."""
        return "" if self.scale == 1 else f"scale {self.scale:g}"

    def __repr__(self) -> str:
        scale = "" if self.scale == 1 else f", scale={self.scale!r}"
        return f"Input({self.units}{scale})"


class Dense(Layer):
    """A layer whose every node sees every output of the layer before: a = f(x W + b).

    Parameters
    ----------
    units : int
        Number of nodes, at least 1.
    activation : name, class or instance, default "linear"
        The nodes' activation f.
    use_bias : bool, default True
        Whether b is there.
    kernel_initializer : name, class or instance, optional
        What W, of the shape (inputs, units), starts from. The default is chosen by the activation.
    bias_initializer : name, class or instance, default "zeros"
        What b, of the shape (units,), starts from.
    kernel_regularizer, bias_regularizer, activity_regularizer : regularizer, optional
        What W, b and the outputs a cost, as a part of the loss: see `nnfast.regularizers`.
    l1, l2 : float, optional
        Short for ``kernel_regularizer=nn.L1L2(l1, l2)``.
    kernel_constraint, bias_constraint : constraint, optional
        What W and b are brought back to after every update: see `nnfast.constraints`.
    trainable : bool, default True
        Whether the layer learns; see `FeedForward.set_trainable`.
    mask : array-like of shape (inputs, units), optional
        1 where there is a connection, 0 where there is not: a weight there is 0 and stays 0,
        whatever is learned, and `set_weights` refuses another.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Dense(256, nn.activations.ELU(0.5))
    Dense(256, ELU(alpha=0.5))
    >>> nn.Dense(256, "elu", l2=1e-4)
    Dense(256, ELU(alpha=1.0), kernel_regularizer=L2(l2=0.0001))
    >>> nn.Dense(10, "tanh").kernel_initializer
    GlorotUniform()
    """

    kind = "dense"

    units: int = whole(below=UNITS_LIMIT)
    activation: activations.Activation = member(of=activations.registry)
    use_bias: bool = flag(default=True)
    kernel_initializer: initializers.Initializer = member(of=initializers.registry)
    bias_initializer: initializers.Initializer = member(of=initializers.registry)
    kernel_regularizer: regularizers.Regularizer | None = optional_member(of=regularizers.registry)
    bias_regularizer: regularizers.Regularizer | None = optional_member(of=regularizers.registry)
    activity_regularizer: regularizers.Regularizer | None = optional_member(
        of=regularizers.registry
    )
    kernel_constraint: constraints.Constraint | None = optional_member(of=constraints.registry)
    bias_constraint: constraints.Constraint | None = optional_member(of=constraints.registry)
    trainable: bool = flag(default=True)
    mask: _mask.Mask | None = Parameter(lambda value, argument: value, None, {})  # type: ignore[assignment]

    def __init__(
        self,
        units: int,
        activation: ActivationLike = "linear",
        *,
        use_bias: bool = True,
        kernel_initializer: InitializerLike | None = None,
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike | None = None,
        bias_regularizer: RegularizerLike | None = None,
        activity_regularizer: RegularizerLike | None = None,
        l1: float | None = None,
        l2: float | None = None,
        kernel_constraint: ConstraintLike | None = None,
        bias_constraint: ConstraintLike | None = None,
        trainable: bool = True,
        mask: ArrayLike | _mask.Mask | None = None,
    ) -> None:
        if kernel_initializer is None:
            function = activations.registry.get(activation, "activation of Dense")
            kernel_initializer = function.default_initializer
        super().__init__(
            units=units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=regularizers.short(kernel_regularizer, l1, l2),
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            trainable=trainable,
            mask=mask,
        )

    def _check(self) -> None:
        self._set("mask", _mask.checked(self.mask, self.units))

    def __repr__(self) -> str:
        parts = [repr(self.units), repr(self.activation)]
        usual = Dense(self.units, self.activation)
        for name in list(self._parameters)[2:]:
            if getattr(self, name) != getattr(usual, name):
                parts.append(f"{name}={getattr(self, name)!r}")
        return f"Dense({', '.join(parts)})"

    def config(self) -> dict[str, Any]:
        """Return the layer as a plain dict, complete with its defaults."""
        specs = {name: getattr(self, name) for name in _OPTIONAL}
        return {
            "type": self.kind,
            "units": self.units,
            "use_bias": self.use_bias,
            "activation": self.activation.config(),
            "kernel_initializer": self.kernel_initializer.config(),
            "bias_initializer": self.bias_initializer.config(),
            **{name: spec and spec.config() for name, spec in specs.items()},
            "trainable": self.trainable,
            **({} if self.mask is None else {"mask_inputs": len(self.mask.edges)}),
            "mask": self.mask and self.mask.text(),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Dense:
        """Return the layer that a dict made by `config` describes."""
        initializer = initializers.registry.from_config
        return cls(
            config["units"],
            activations.registry.from_config(config["activation"]),
            use_bias=config["use_bias"],
            kernel_initializer=initializer(config["kernel_initializer"]),
            bias_initializer=initializer(config["bias_initializer"]),
            # Files that are older have no more than that.
            kernel_regularizer=regularizers.from_config(config.get("kernel_regularizer")),
            bias_regularizer=regularizers.from_config(config.get("bias_regularizer")),
            activity_regularizer=regularizers.from_config(config.get("activity_regularizer")),
            kernel_constraint=constraints.from_config(config.get("kernel_constraint")),
            bias_constraint=constraints.from_config(config.get("bias_constraint")),
            trainable=config.get("trainable", True),
            mask=_mask.from_config(config),
        )

    def check_place(self, before: Sequence[Layer], width: int, argument: str) -> None:
        """Refuse a mask that is for another number of inputs."""
        if self.mask is not None and len(self.mask.edges) != width:
            raise ValueError(
                f"mask of {argument} has the shape {self.mask.edges.shape}; wanted is "
                f"{(width, self.units)}"
            )

    def refuse_weights(self, name: str, values: Array, argument: str) -> None:
        """Refuse weights where the mask has no connection."""
        if self.mask is not None and name in ("kernel", "weight"):
            _mask.refuse_missing(self.mask, values, argument)

    def width(self, inputs: int) -> int:
        """Return the number of nodes."""
        return self.units

    def description(self) -> str:
        """Return the activation with its parameters."""
        return _described(self.activation)

    def parameters(self, inputs: int, *, embedded: bool) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the layer's parameters, in the order of the weights.

        Embedded, the bias is row 0 of the weights: it belongs to the constant 1 that is the first
        column of the design matrix.
        """
        if self.use_bias and embedded:
            shapes: dict[str, tuple[int, ...]] = {"weight": (inputs + 1, self.units)}
        else:
            shapes = {"kernel": (inputs, self.units)}
            if self.use_bias:
                shapes["bias"] = (self.units,)
        return shapes | dict.fromkeys(self.activation.parameters, (self.units,))


_OPTIONAL = (
    *("kernel_regularizer", "bias_regularizer", "activity_regularizer"),
    *("kernel_constraint", "bias_constraint"),
)


class Dropout(Layer):
    """Sets a share of its inputs to 0 in training, and scales the rest up to keep the mean.

    Which inputs are dropped follows from the network's seed, the training step, the row in the
    batch and the column. In prediction and evaluation it does nothing.

    Parameters
    ----------
    rate : float
        Share of inputs dropped, in [0, 1).

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to prevent
    neural networks from overfitting", JMLR 15, 2014.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Dropout(0.2).rate
    0.2
    """

    kind = "dropout"
    repeatable = False

    rate: float = real(minimum=0.0, below=1.0)

    def description(self) -> str:
        """Return the rate."""
        return f"dropout {self.rate:g}"

    def __repr__(self) -> str:
        return f"Dropout({self.rate})"


class GaussianNoise(Layer):
    """Adds normally distributed numbers of mean 0 to its inputs in training.

    Which numbers follows from the network's seed, the training step, the row in the batch and the
    column. In prediction and evaluation it does nothing.

    Parameters
    ----------
    deviation : float
        Their standard deviation, above 0; Keras' ``stddev``.

    References
    ----------
    Bishop, "Training with noise is equivalent to Tikhonov regularization", Neural Computation 7,
    1995.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.GaussianNoise(0.1).deviation
    0.1
    """

    kind = "gaussian_noise"
    repeatable = False

    deviation: float = real(above=0.0)

    def description(self) -> str:
        """Return the deviation."""
        return f"deviation {self.deviation:g}"

    def __repr__(self) -> str:
        return f"GaussianNoise({self.deviation})"


class Activation(Layer):
    """An activation by itself: a = f(x), for where a Dense does not come right before.

    Parameters
    ----------
    activation : name, class or instance
        Any that learns nothing.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Activation("relu")
    Activation(ReLU())
    """

    kind = "activation"

    activation: activations.Activation = member(of=activations.registry)

    if TYPE_CHECKING:

        def __init__(self, activation: ActivationLike) -> None: ...

    def _check(self) -> None:
        if self.activation.parameters:
            raise ValueError(
                f"activation of Activation is {self.activation!r}, which learns; wanted is one "
                "that does not, or a Dense with this one"
            )

    def config(self) -> dict[str, Any]:
        """Return the layer as a plain dict."""
        return {"type": self.kind, "activation": self.activation.config()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Activation:
        """Return the layer that a dict made by `config` describes."""
        return cls(activations.registry.from_config(config["activation"]))

    def description(self) -> str:
        """Return the activation with its parameters."""
        return _described(self.activation)

    def __repr__(self) -> str:
        return f"Activation({self.activation!r})"


def _described(activation: activations.Activation) -> str:
    config = activation.config()
    name = config.pop("name")
    values = ", ".join(f"{key}={value:g}" for key, value in config.items())
    return f"{name}({values})" if values else str(name)
