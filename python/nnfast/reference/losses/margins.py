"""Losses of yes-or-no outputs that answer by their sign.

Targets are 1 for yes and 0 for no, as everywhere; s = 2 t - 1 is 1 and -1.
"""

# ruff: noqa: D102 (the family's base class says what its methods do)
# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

import numpy as np

from ..arrays import Array, Targets
from .base import Loss


class Hinge(Loss, name="hinge"):
    """mean_k max(1 - s_k a_k, 0); at the kink the derivative is taken as 0.

    Cortes and Vapnik, "Support-vector networks", Machine Learning 20, 1995.
    """

    decides_by_sign = True

    def rows(self, values: Array, t: Targets) -> Array:
        return np.mean(np.maximum(1.0 - (2.0 * t - 1.0) * values, 0.0), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        s = 2.0 * t - 1.0
        return np.where(s * values < 1.0, -s, 0.0 * s) * (1.0 / values.shape[1])


class SquaredHinge(Loss, name="squared_hinge"):
    """mean_k max(1 - s_k a_k, 0)^2."""

    decides_by_sign = True

    def rows(self, values: Array, t: Targets) -> Array:
        return np.mean(np.square(np.maximum(1.0 - (2.0 * t - 1.0) * values, 0.0)), axis=1)

    def gradient(self, values: Array, t: Targets) -> Array:
        s = 2.0 * t - 1.0
        return -2.0 * s * np.maximum(1.0 - s * values, 0.0) * (1.0 / values.shape[1])
