"""A user's own activations: how a description names one, and what is checked of what it returns.

A description is plain text, and an object of Python's is not. So the text holds a number by which
the object is found while it lives: within this process, and never from a file.
"""

# mypy: disable-error-code=no-any-return
from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from ._base import Activation, Array

live: WeakValueDictionary[int, Activation] = WeakValueDictionary()
DERIVATIVES = ("derivative_from", "derivative")


def handle(activation: Activation) -> int:
    """Return the number by which an activation is found while it lives."""
    cls = type(activation)
    if cls.forward is Activation.forward or _derivative(cls) is None:
        raise TypeError(
            f"{cls.__name__} is an activation of your own without forward or derivative; wanted "
            "are forward(z) and derivative(z), from an array of net inputs to one of its shape"
        )
    live[id(activation)] = activation
    return id(activation)


def _derivative(cls: type[Activation]) -> str | None:
    """Return which derivative the class has: the last that it or a base of it has defined."""
    for base in cls.__mro__:
        if base is Activation:
            return None
        for name in DERIVATIVES:
            if name in base.__dict__:
                return name
    return None


class Guarded(Activation):
    """An activation of a user's own, as a network holds it: what it returns is looked at."""

    def __init__(self, function: Activation) -> None:
        self._set("function", function)
        self._set("name", function.name)
        which = _derivative(type(function))
        self._set("which", which)
        self._set("keeps", "input" if which == "derivative" else function.keeps)

    def forward(self, z: Array) -> Array:
        """Return the output, checked."""
        return self._called("forward", z)

    def derivative_from(self, kept: Array) -> Array:
        """Return the derivative, checked."""
        return self._called(self.__dict__["which"], kept)

    def _called(self, method: str, values: Array) -> Array:
        """Call a method on an array that it cannot change, and check what comes back."""
        function = self.__dict__["function"]
        given = values.view()
        given.flags.writeable = False
        result: Any = getattr(function, method)(given)
        if isinstance(result, np.generic):
            result = np.asarray(result)  # what NumPy makes of an array without axes
        said = f"{method} of {self.name} returned"
        wanted = f"wanted is an array of the shape {values.shape} and the dtype {values.dtype}"
        if not isinstance(result, np.ndarray):
            raise TypeError(f"{said} {type(result).__name__}; {wanted}")
        if result.shape != values.shape:
            raise ValueError(f"{said} an array of the shape {result.shape}; {wanted}")
        if result.dtype != values.dtype:
            raise TypeError(f"{said} an array of the dtype {result.dtype}; {wanted}")
        return values if result is given else result
