"""Activation functions: objects to give to a layer, and functions on arrays with their derivatives.

Each is a class, for when its parameter matters (``nn.activations.ELU(0.5)``), and an object with
the default parameters under its name (``nn.activations.elu``). Both are callable on any real
array-like: float32 and float64 are kept, all else becomes float64, a scalar gives a scalar. With
``out=`` the result is written into an array that is there already, which may be the argument.

The classes are also the specification: `forward` and `derivative_from` are their mathematics in
NumPy. An activation of your own is a subclass of `Activation`, which says how.

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

from nnfast._frozen import flag, real, whole

from ._base import Activation, registry
from ._gates import GELU, HardSwish, Mish, SiLU
from ._positive import Exponential, Linear, Softplus
from ._rectifiers import ELU, SELU, LeakyReLU, PReLU, ReLU
from ._rows import LogSoftmax, Softmax
from ._sigmoids import HardSigmoid, Sigmoid, Softsign, Step, Tanh

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "Activation",
    "Exponential",
    "HardSigmoid",
    "HardSwish",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Step",
    "Tanh",
    "flag",
    "real",
    "registry",
    "whole",
]


def __getattr__(name: str) -> Activation:
    if name in registry.names:
        return registry.get(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *registry.names])
