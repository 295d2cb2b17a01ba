"""Metrics of errors that are not means over the rows."""

from __future__ import annotations

import numpy as np

from nnfast.metrics._base import Answers, Metric


class R2(Metric):
    """The coefficient of determination: 1 - sum (a - t)^2 / sum (t - mean t)^2.

    The mean over the outputs of that of each. Where the targets of an output are all the same, it
    is 1 if they are met exactly, else 0. As in scikit-learn.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.metrics.R2()([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """

    name = "r2"
    aliases = ("r2_score",)
    greater_is_better = True
    wants = "values"

    def of(self, answers: Answers) -> float:
        """Return the mean over the outputs."""
        a, t, w = answers.outputs.astype(np.float64), answers.values(), answers.rows()
        errors = w @ (a - t) ** 2
        spread = w @ (t - np.average(t, axis=0, weights=w)) ** 2
        each = np.where(errors == 0, 1.0, 0.0)
        np.subtract(1.0, errors / np.where(spread == 0, 1.0, spread), out=each, where=spread != 0)
        return float(each.mean())


class RootMeanSquaredError(Metric):
    """The square root of the mean over rows and outputs of (a - t)^2.

    As in Keras; of several outputs scikit-learn takes the mean of the roots of each.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.metrics.RootMeanSquaredError()([0.0, 0.0], [3.0, 3.0])
    3.0
    """

    name = "root_mean_squared_error"
    aliases = ("rmse",)
    greater_is_better = False
    wants = "values"

    def of(self, answers: Answers) -> float:
        """Return the root of the mean."""
        squares = (answers.outputs.astype(np.float64) - answers.values()) ** 2
        return float(np.sqrt(np.average(squares.mean(axis=1), weights=answers.rows())))
