"""Optimizers: how a parameter w follows its gradient g. Conventions are those of Keras.

Each parameter has its own *slots*, arrays of its shape that the optimizer remembers between steps.
`update` changes w and the slots in place.

To add one, write one class here; its name in the class statement enters it in the registry.
"""

# ruff: noqa: D102 (the family's base class says what its methods do)
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import Array
from .named import Named
from .schedules import Schedule, after, read

if TYPE_CHECKING:
    from typing_extensions import Self


class Optimizer(Named):
    """A rule for one step of one parameter."""

    learning_rate: float | Schedule

    @property
    def initial_slots(self) -> list[float]:
        """What each array that is remembered of a parameter is filled with at first."""
        raise NotImplementedError

    def rate(self, t: int) -> float:
        """Give the learning rate of step t = 1, 2, ..."""
        return after(self.learning_rate, t - 1)

    def with_rate(self, rate: float | Schedule) -> Self:
        """Make the same optimizer with another learning rate."""
        changed: Self = replace(self, learning_rate=rate)  # type: ignore[type-var]
        return changed

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        if "learning_rate" in config:
            config = {**config, "learning_rate": read(config["learning_rate"])}
        return super().from_config(config)

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        """Take step t = 1, 2, ... in place.

        Parameters
        ----------
        w, g : ndarray
            The parameter and the gradient of the mean loss by it, of one shape and type.
        slots : sequence of ndarray
            What is remembered of this parameter, arrays of its shape.
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

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    @property
    def initial_slots(self) -> list[float]:
        return [0.0] if self.momentum > 0.0 else []

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        step = self.rate(t) * g
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

    learning_rate: float | Schedule = 0.001
    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False

    @property
    def initial_slots(self) -> list[float]:
        return [0.0] * (1 + int(self.centered) + int(self.momentum > 0.0))

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
        step = self.rate(t) * g / np.sqrt(spread + self.epsilon)
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

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    @property
    def initial_slots(self) -> list[float]:
        return [0.0, 0.0]

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        m, v = slots
        m += (1.0 - self.beta_1) * (g - m)
        v += (1.0 - self.beta_2) * (np.square(g) - v)
        correction = (1.0 - power(self.beta_2, t)) ** 0.5 / (1.0 - power(self.beta_1, t))
        step = np.sqrt(v)
        step += self.epsilon
        np.divide(m, step, out=step)
        step *= self.rate(t) * correction
        w -= step


@dataclass(frozen=True)
class AdamW(Adam, name="adamw"):
    """Adam with weight decay apart from the gradient.

    Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), algorithm 2, with the
    learning rate as the schedule multiplier.
    """

    weight_decay: float = 0.004

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        w -= (self.rate(t) * self.weight_decay) * w
        super().update(w, g, slots, t)


@dataclass(frozen=True)
class Nadam(Adam, name="nadam"):
    """Adam with Nesterov's momentum: Dozat, "Incorporating Nesterov momentum into Adam" (2016).

    Algorithm 8 with the momentum u_t = beta_1 (1 - 0.96^(momentum_decay t) / 2), in Keras' and
    PyTorch's form: epsilon is added to the root of the corrected second moment.
    """

    momentum_decay: float = 1.0

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        m, v = slots
        m += (1.0 - self.beta_1) * (g - m)
        v += (1.0 - self.beta_2) * (np.square(g) - v)
        u, product = self.momentum(t)
        ahead, further = self.momentum(t + 1)
        mean = (ahead / (1.0 - further)) * m + ((1.0 - u) / (1.0 - product)) * g
        spread = np.sqrt(v * (1.0 / (1.0 - power(self.beta_2, t))))
        w -= self.rate(t) * mean / (spread + self.epsilon)

    def momentum(self, t: int) -> tuple[float, float]:
        """Give u_t and the product of u_1 to u_t, of which late factors differ in beta_1 alone."""
        base, product = 0.96**self.momentum_decay, 1.0
        for i in range(1, t + 1):
            factor = 1.0 - 0.5 * base**i
            product *= factor
            if factor == 1.0 or product == 0.0:
                break
        return self.beta_1 * (1.0 - 0.5 * base**t), power(self.beta_1, t) * product


@dataclass(frozen=True)
class Adamax(Adam, name="adamax"):
    """Adam by the largest gradient: Kingma and Ba (2015), algorithm 2."""

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        m, u = slots
        m += (1.0 - self.beta_1) * (g - m)
        np.maximum(self.beta_2 * u, np.abs(g), out=u)
        w -= (self.rate(t) / (1.0 - power(self.beta_1, t))) * m / (u + self.epsilon)


@dataclass(frozen=True)
class Adagrad(Optimizer, name="adagrad"):
    """Divide the gradient by the root of the sum of all its squares.

    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization" (2011), with a sum that starts above zero. epsilon stands inside the root.
    """

    learning_rate: float | Schedule = 0.001
    initial_accumulator_value: float = 0.1
    epsilon: float = 1e-7

    @property
    def initial_slots(self) -> list[float]:
        return [self.initial_accumulator_value]

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        (a,) = slots
        a += np.square(g)
        w -= self.rate(t) * g / np.sqrt(a + self.epsilon)


@dataclass(frozen=True)
class Adadelta(Optimizer, name="adadelta"):
    """Steps as large, in the mean, as those before them: Zeiler, arXiv:1212.5701, algorithm 1."""

    learning_rate: float | Schedule = 0.001
    rho: float = 0.95
    epsilon: float = 1e-7

    @property
    def initial_slots(self) -> list[float]:
        return [0.0, 0.0]

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        v, u = slots
        v *= self.rho
        v += (1.0 - self.rho) * np.square(g)
        step = np.sqrt(u + self.epsilon) * g / np.sqrt(v + self.epsilon)
        u *= self.rho
        u += (1.0 - self.rho) * np.square(step)
        w -= self.rate(t) * step


@dataclass(frozen=True)
class Lion(Optimizer, name="lion"):
    """The sign of the momentum: Chen et al., "Symbolic discovery of optimization algorithms".

    arXiv:2302.06675, algorithm 2, without its weight decay.
    """

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.99

    @property
    def initial_slots(self) -> list[float]:
        return [0.0]

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        (m,) = slots
        w -= self.rate(t) * np.sign(self.beta_1 * m + (1.0 - self.beta_1) * g)
        m *= self.beta_2
        m += (1.0 - self.beta_2) * g


@dataclass(frozen=True)
class Rprop(Optimizer, name="rprop"):
    """Steps by the sign alone, longer while it stays: Riedmiller and Braun (1993).

    In the form iRprop- of Igel and Huesken, "Empirical evaluation of the improved Rprop learning
    algorithms" (2003): where the gradient has turned the parameter stays, and so does the size of
    its step next time.
    """

    learning_rate: float | Schedule = 0.01
    eta_minus: float = 0.5
    eta_plus: float = 1.2
    minimum_step: float = 1e-6
    maximum_step: float = 50.0

    @property
    def initial_slots(self) -> list[float]:
        return [self.rate(1), 0.0]

    def update(self, w: Array, g: Array, slots: Sequence[Array], t: int) -> None:
        size, previous = slots
        turn = np.sign(g * previous)
        size[turn > 0.0] *= self.eta_plus
        size[turn < 0.0] *= self.eta_minus
        np.clip(size, self.minimum_step, self.maximum_step, out=size)
        previous[...] = np.where(turn < 0.0, 0.0, g)
        w -= np.sign(previous) * size


def power(base: float, exponent: int) -> float:
    """Raise to a whole power by repeated squaring, so that every platform rounds alike."""
    result = 1.0
    while exponent:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result
