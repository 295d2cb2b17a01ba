"""Initializers: the values that learning starts from.

Values are computed in float64, position by position in C order, and then rounded to the network's
type. To add one, write one class here; its name in the class statement enters it in the registry.
"""

# ruff: noqa: D102 (the family's base class says what its methods do)
from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .named import Named
from .random import Stream


class Initializer(Named):
    """A rule for initial values."""

    def draw(self, stream: Stream, count: int, inputs: int, units: int) -> NDArray[np.float64]:
        """Draw the values of one tensor, in C order.

        Parameters
        ----------
        stream : Stream
            The random numbers that belong to this tensor.
        count : int
            How many values.
        inputs, units : int
            Of the layer (fan-in and fan-out), for a kernel and a bias alike.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Zeros(Initializer, name="zeros"):
    """All 0."""

    def draw(self, stream: Stream, count: int, inputs: int, units: int) -> NDArray[np.float64]:
        return np.zeros(count)


@dataclass(frozen=True)
class Constant(Initializer, name="constant"):
    """All the same value."""

    value: float = 0.0

    def draw(self, stream: Stream, count: int, inputs: int, units: int) -> NDArray[np.float64]:
        return np.full(count, self.value, dtype=np.float64)


@dataclass(frozen=True)
class RandomUniform(Initializer, name="random_uniform"):
    """Uniform in [low, high)."""

    low: float = -0.05
    high: float = 0.05

    def draw(self, stream: Stream, count: int, inputs: int, units: int) -> NDArray[np.float64]:
        return self.low + (self.high - self.low) * stream.uniform(count)


@dataclass(frozen=True)
class RandomNormal(Initializer, name="random_normal"):
    """Normal, not truncated."""

    mean: float = 0.0
    stddev: float = 0.05

    def draw(self, stream: Stream, count: int, inputs: int, units: int) -> NDArray[np.float64]:
        return self.mean + self.stddev * stream.normal(count)


class VarianceScaling(Initializer):
    """Variance scale / n, so that signals neither grow nor fade from layer to layer."""

    scale: ClassVar[float] = 1.0

    def variance(self, inputs: int, units: int) -> float:
        """Give scale / n, where n is the fan-in."""
        return self.scale / inputs


class _Uniform(VarianceScaling):
    """Uniform in [-limit, limit): the variance is limit^2 / 3."""

    def draw(self, stream: Stream, count: int, inputs: int, units: int) -> NDArray[np.float64]:
        limit = sqrt(3.0 * self.variance(inputs, units))
        return limit * (2.0 * stream.uniform(count) - 1.0)


class _Normal(VarianceScaling):
    """Normal, truncated at two standard deviations, and widened to make up for that."""

    def draw(self, stream: Stream, count: int, inputs: int, units: int) -> NDArray[np.float64]:
        # The constant is the standard deviation of a standard normal number truncated at +-2.
        sigma = sqrt(self.variance(inputs, units)) / 0.87962566103423978
        return sigma * stream.truncated_normal(count)


class _Glorot(VarianceScaling):
    """Variance 2 / (fan-in + fan-out): Glorot and Bengio (2010), eqs. 12 and 16."""

    def variance(self, inputs: int, units: int) -> float:
        return self.scale / ((inputs + units) / 2.0)


class GlorotUniform(_Glorot, _Uniform, name="glorot_uniform"):
    """From a uniform distribution.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks"
    (2010), eq. 16.
    """


class GlorotNormal(_Glorot, _Normal, name="glorot_normal"):
    """From a truncated normal distribution: Glorot and Bengio (2010), eq. 12."""


class HeUniform(_Uniform, name="he_uniform"):
    """Variance 2 / fan-in, for rectifiers: He, Zhang, Ren and Sun (2015), eq. 10."""

    scale = 2.0


class HeNormal(_Normal, name="he_normal"):
    """He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015), eq. 10."""

    scale = 2.0


class LecunUniform(_Uniform, name="lecun_uniform"):
    """Variance 1 / fan-in: LeCun, Bottou, Orr and Mueller, "Efficient BackProp" (1998), eq. 16."""


class LecunNormal(_Normal, name="lecun_normal"):
    """Variance 1 / fan-in: LeCun, Bottou, Orr and Mueller (1998), eq. 16."""
