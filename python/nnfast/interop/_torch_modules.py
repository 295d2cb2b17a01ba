"""PyTorch's modules, as the tensors in a file show them, and as our layers become them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _architecture, activations
from nnfast.interop._chain import is_step, parts
from nnfast.layers import (
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    GaussianNoise,
    Layer,
    LayerNorm,
    Residual,
    Standardize,
)

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]


class Module:
    """A module: its name in the state_dict, how it is made, and its tensors."""

    def __init__(
        self, name: str, text: str, tensors: dict[str, Array] | None = None, instead_of: str = ""
    ) -> None:
        self.name = name
        self.text = text
        self.tensors = tensors or {}
        self.instead_of = instead_of  # what PyTorch does not have

    @property
    def kind(self) -> str:
        """What it must be, by its tensors."""
        names = set(self.tensors)
        if {"running_mean", "running_var"} <= names <= {*NORM, "running_mean", "running_var"}:
            return "BatchNorm1d"
        weight = self.tensors.get("weight")
        if weight is not None and names <= NORM:
            if weight.ndim == 2:
                return "Linear"
            if weight.ndim == 1:
                return "LayerNorm" if "bias" in names else "PReLU"
        return "module of another kind"

    def __str__(self) -> str:
        shapes = ", ".join(f"{name} {values.shape}" for name, values in self.tensors.items())
        return f"module {self.name!r} ({self.kind}: {shapes})"


NORM = {"weight", "bias"}


def modules(net: FeedForward) -> list[Module]:
    """Return the modules of the ``torch.nn.Sequential`` that a network is.

    A block's own modules follow it, and have its name before theirs.
    """
    return _Modules(net).made


class _Modules:
    def __init__(self, net: FeedForward) -> None:
        self.made: list[Module] = []
        self._parts = iter(parts(net))
        self._scale = _architecture.input_scale(net.layers)
        if self._scale < 0:
            raise ValueError(
                f"the network has {net.layers[0]!r}, and PyTorch has no module for a scale below 0"
            )
        self._counts: list[int] = [0]  # of the modules, in the Sequential and in blocks
        if self._scale != 1 and not isinstance(net.layers[1], Standardize):
            self._scaled(net.inputs, np.zeros(net.inputs), np.ones(net.inputs), net.dtype)
        for layer in net.layers[1:]:
            self._take(layer)

    def _add(
        self, text: str, tensors: dict[str, Array] | None = None, instead_of: str = ""
    ) -> None:
        name = ".".join(map(str, self._counts))
        self._counts[-1] += 1
        self.made.append(Module(name, text, tensors, instead_of))

    def _take(self, layer: Layer) -> None:
        _, width, weights = next(self._parts)
        if isinstance(layer, Residual):
            place = len(self.made)
            self._add("")
            self._counts[-1] -= 1
            self._counts.append(0)
            for each in layer.layers:
                self._take(each)
            depth = len(self._counts)
            self._counts.pop()
            self._counts[-1] += 1
            inner = [m.text for m in self.made[place + 1 :] if m.name.count(".") == depth - 1]
            self.made[place].text = f"Residual({', '.join(inner)})"
            return
        take = _TAKE.get(type(layer))
        if take is None:
            raise ValueError(
                f"the network has {layer!r}, which torch.nn.Sequential has no module for"
            )
        take(self, layer, width, weights)

    def _scaled(self, width: int, mean: Array, deviation: Array, dtype: Any) -> None:
        """Add a BatchNorm1d that does nothing but subtract and divide."""
        self._add(
            f"BatchNorm1d({width}, eps=0.0, momentum=0.0, affine=False)",
            {
                "running_mean": (mean / self._scale).astype(dtype),
                "running_var": np.square(deviation / self._scale).astype(dtype),
                "num_batches_tracked": np.array(0),
            },
        )

    def _standardize(self, layer: Standardize, width: int, weights: dict[str, Array]) -> None:
        if not weights["deviation"].all():
            raise ValueError(
                "the network standardizes its inputs and has seen none yet; fit it, or call adapt, "
                "first"
            )
        mean, deviation = (weights[name].astype(float) for name in ("mean", "deviation"))
        self._scaled(width, mean, deviation, weights["mean"].dtype)

    def _dense(self, layer: Dense, width: int, weights: dict[str, Array]) -> None:
        if not is_step(layer, weights):
            bias = "" if layer.use_bias else ", bias=False"
            tensors = {"weight": weights["kernel"].T}
            if layer.use_bias:
                tensors["bias"] = weights["bias"]
            self._add(f"Linear({width}, {layer.units}{bias})", tensors)
        self._function(layer.activation, layer.units, weights)

    def _activation(self, layer: Activation, width: int, weights: dict[str, Array]) -> None:
        self._function(layer.activation, width, weights)

    def _function(
        self, function: activations.Activation, units: int, weights: dict[str, Array]
    ) -> None:
        if function.name == "linear":
            return
        if isinstance(function, activations.PReLU):
            self._add(f"PReLU({units})", {"weight": weights["alpha"]})
            return
        text = _FUNCTIONS.get(function.name)
        if text is None:
            raise ValueError(
                f"the network has the activation {function!r}, which torch.nn has no module for"
            )
        self._add(text(function))

    def _batch_norm(self, layer: BatchNorm, width: int, weights: dict[str, Array]) -> None:
        affine = layer.center or layer.scale
        tensors = self._affine(width, weights) if affine else {}
        tensors["running_mean"] = weights["moving_mean"]
        tensors["running_var"] = weights["moving_variance"]
        tensors["num_batches_tracked"] = np.array(0)
        momentum = f"momentum={round(1.0 - layer.momentum, 12)!r}"
        plain = "" if affine else ", affine=False"
        self._add(f"BatchNorm1d({width}, eps={layer.epsilon!r}, {momentum}{plain})", tensors)

    def _layer_norm(self, layer: LayerNorm, width: int, weights: dict[str, Array]) -> None:
        affine = layer.center or layer.scale
        plain = "" if affine else ", elementwise_affine=False"
        tensors = self._affine(width, weights) if affine else {}
        self._add(f"LayerNorm({width}, eps={layer.epsilon!r}{plain})", tensors)

    def _affine(self, width: int, weights: dict[str, Array]) -> dict[str, Array]:
        """Return gamma and beta, 1 and 0 for one that is not there: PyTorch has both or none."""
        dtype = next(iter(weights.values())).dtype
        return {
            "weight": weights.get("gamma", np.ones(width, dtype)),
            "bias": weights.get("beta", np.zeros(width, dtype)),
        }

    def _dropout(self, layer: Dropout, width: int, weights: Any) -> None:
        self._add(f"Dropout({layer.rate!r})")

    def _noise(self, layer: GaussianNoise, width: int, weights: Any) -> None:
        self._add("Identity()", instead_of=repr(layer))


_TAKE: dict[type[Layer], Callable[..., None]] = {
    Activation: _Modules._activation,
    BatchNorm: _Modules._batch_norm,
    Dense: _Modules._dense,
    Dropout: _Modules._dropout,
    GaussianNoise: _Modules._noise,
    LayerNorm: _Modules._layer_norm,
    Standardize: _Modules._standardize,
}

_FUNCTIONS: dict[str, Callable[[Any], str]] = {
    "elu": lambda function: f"ELU({function.alpha!r})",
    "gelu": lambda function: "GELU(approximate='tanh')" if function.approximate else "GELU()",
    "hard_sigmoid": lambda function: "Hardsigmoid()",
    "hard_swish": lambda function: "Hardswish()",
    "leaky_relu": lambda function: f"LeakyReLU({function.negative_slope!r})",
    "log_softmax": lambda function: "LogSoftmax(dim=-1)",
    "mish": lambda function: "Mish()",
    "relu": lambda function: "ReLU()",
    "selu": lambda function: "SELU()",
    "sigmoid": lambda function: "Sigmoid()",
    "silu": lambda function: "SiLU()",
    "softmax": lambda function: "Softmax(dim=-1)",
    "softplus": lambda function: "Softplus()",
    "softsign": lambda function: "Softsign()",
    "tanh": lambda function: "Tanh()",
}
"""How PyTorch's module for an activation is made."""
