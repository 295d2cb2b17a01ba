"""Optimizers: how a parameter w follows its gradient g. Conventions are those of Keras.

Each parameter has its own *slots*, arrays of its shape that the optimizer remembers between steps,
all zero at first. `update` changes w and the slots in place.

To add one, write one class here; its name in the class statement enters it in the registry.
"""

# ruff: noqa: D102 (the family's base class says what its methods do)
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Array
from .named import Named


class Optimizer(Named):
    """A rule for one step of one parameter."""

    @property
    def slot_count(self) -> int:
        """How many arrays are remembered for each parameter."""
        raise NotImplementedError

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        """Take step t = 1, 2, ... in place.

        Parameters
        ----------
        w, g : ndarray
            The parameter and the gradient of the mean loss by it, of one shape and type.
        slots : sequence of ndarray
            What is remembered of this parameter, `slot_count` arrays of its shape.
        t : int
            The number of the step.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class SGD(Optimizer, name="sgd"):
    """Gradient descent: Robbins and Monro (1951); momentum: Polyak (1964).

    Momentum and Nesterov's variant in the form of Sutskever, Martens, Dahl and Hinton, "On the
    importance of initialization and momentum in deep learning" (2013), eqs. 1 to 4, with the
    parameter kept at the point that looks ahead.
    """

    learning_rate: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    @property
    def slot_count(self) -> int:
        return 1 if self.momentum > 0.0 else 0

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        step = self.learning_rate * g
        if not slots:
            w -= step
            return
        (v,) = slots
        v *= self.momentum
        v -= step
        w += self.momentum * v - step if self.nesterov else v


@dataclass(frozen=True)
class RMSprop(Optimizer, name="rmsprop"):
    """Divide the gradient by its recent root mean square: Hinton, Coursera lecture 6e (2012).

    Centered (by the recent variance instead) and with momentum as in Graves, "Generating sequences
    with recurrent neural networks" (2013), eqs. 38 to 41. epsilon stands inside the root.
    """

    learning_rate: float = 0.001
    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False

    @property
    def slot_count(self) -> int:
        return 1 + int(self.centered) + int(self.momentum > 0.0)

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        v = slots[0]
        v *= self.rho
        v += (1.0 - self.rho) * np.square(g)
        spread = v
        if self.centered:
            c = slots[1]
            c *= self.rho
            c += (1.0 - self.rho) * g
            spread = np.maximum(v - np.square(c), 0.0)  # rounding must not make it negative
        step = self.learning_rate * g / np.sqrt(spread + self.epsilon)
        if self.momentum > 0.0:
            m = slots[-1]
            m *= self.momentum
            m += step
            step = m
        w -= step


@dataclass(frozen=True)
class Adam(Optimizer, name="adam"):
    """Adaptive moments: Kingma and Ba, "Adam: a method for stochastic optimization" (2015).

    Algorithm 1 in the shorter form of the end of section 2: both bias corrections go into the
    learning rate, so that epsilon is the paper's "epsilon hat".
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    @property
    def slot_count(self) -> int:
        return 2

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        m, v = slots
        m += (1.0 - self.beta_1) * (g - m)
        v += (1.0 - self.beta_2) * (np.square(g) - v)
        correction = (1.0 - power(self.beta_2, t)) ** 0.5 / (1.0 - power(self.beta_1, t))
        step = np.sqrt(v)
        step += self.epsilon
        np.divide(m, step, out=step)
        step *= self.learning_rate * correction
        w -= step


@dataclass(frozen=True)
class AdamW(Adam, name="adamw"):
    """Adam with weight decay apart from the gradient.

    Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), algorithm 2, with the
    learning rate as the schedule multiplier.
    """

    weight_decay: float = 0.004

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        w -= (self.learning_rate * self.weight_decay) * w
        super().update(w, g, slots, t)


def power(base: float, exponent: int) -> float:
    """Raise to a whole power by repeated squaring, so that every platform rounds alike."""
    result = 1.0
    while exponent:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result
