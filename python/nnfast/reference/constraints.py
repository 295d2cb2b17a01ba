"""Constraints: what a node's weights, a column of w, are brought back to after every update.

The formulas are those of Keras, axis 0: a bias vector is one column.

To add one, write one class here; its name in the class statement enters it in the registry.
"""

# ruff: noqa: D102 (the family's base class says what its methods do)
# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Array
from .named import Named

EPSILON = 1e-7  # added to a length that is divided by


class Constraint(Named):
    """A rule for the weights that lead to each node."""

    def apply(self, w: Array) -> Array:
        """Bring w (inputs, units) or (units,) back, column by column."""
        raise NotImplementedError


def lengths(w: Array) -> Array:
    """Measure the length of each column."""
    return np.sqrt(np.sum(np.square(w), axis=0, keepdims=True))


@dataclass(frozen=True)
class MaxNorm(Constraint, name="max_norm"):
    """Columns are not longer than `max_value`: Srebro and Shraibman (2005)."""

    max_value: float = 2.0

    def apply(self, w: Array) -> Array:
        length = lengths(w)
        return w * (np.minimum(length, self.max_value) / (length + EPSILON))


@dataclass(frozen=True)
class NonNegative(Constraint, name="non_negative"):
    """No weight is below 0."""

    def apply(self, w: Array) -> Array:
        return np.maximum(w, 0.0)


@dataclass(frozen=True)
class UnitNorm(Constraint, name="unit_norm"):
    """Columns are of length 1."""

    def apply(self, w: Array) -> Array:
        return w / (lengths(w) + EPSILON)


@dataclass(frozen=True)
class MinMaxNorm(Constraint, name="min_max_norm"):
    """Columns' lengths come `rate` of the way into [min_value, max_value]."""

    min_value: float = 0.0
    max_value: float = 1.0
    rate: float = 1.0

    def apply(self, w: Array) -> Array:
        length = lengths(w)
        within = np.clip(length, self.min_value, self.max_value)
        wanted = self.rate * within + (1.0 - self.rate) * length
        return w * (wanted / (length + EPSILON))
