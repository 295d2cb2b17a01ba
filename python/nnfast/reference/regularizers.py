"""Regularizers: what large weights or outputs cost, l1 sum |w| + l2 sum w^2, with Keras' factors.

L2: Krogh and Hertz, "A simple weight decay can improve generalization" (1991). L1: Tibshirani,
"Regression shrinkage and selection via the lasso" (1996). Both: Zou and Hastie (2005).
"""

# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .arrays import Array


class Regularizer(NamedTuple):
    """A penalty on values; nothing by default.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast.reference.regularizers import Regularizer
    >>> elastic, w = Regularizer(l1=0.5, l2=0.25), np.array([2.0, 0.0, -1.0])
    >>> float(elastic.penalty(w)), elastic.gradient(w).tolist()
    (2.75, [1.5, 0.0, -1.0])
    """

    l1: float = 0.0
    l2: float = 0.0

    def penalty(self, w: Array, axis: int | None = None) -> Any:
        """Sum what the values cost, all of them or along an axis."""
        return np.sum(self.l1 * np.abs(w) + self.l2 * np.square(w), axis=axis)

    def gradient(self, w: Array) -> Array:
        """Give the derivative of the penalty by each value; that of |w| at 0 is 0."""
        return self.l1 * np.sign(w) + 2.0 * self.l2 * w
