"""Metrics that are means over the rows: the core computes them with the loss."""

from __future__ import annotations

import numpy as np

from nnfast.metrics._base import Answers, Metric


class Accuracy(Metric):
    """The share of right decisions.

    Of several classes: rows whose largest output (the first, if several are equal) is at the class.
    Of sigmoid outputs: the mean over them of whether (a > 0.5) is the target; from logits, (z > 0).

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.FeedForward("2-3", output="softmax").metrics
    (Accuracy(),)
    """

    name = "accuracy"
    aliases = ("acc",)
    in_core = True
    greater_is_better = True

    def of(self, answers: Answers) -> float:
        """Return the share of right decisions."""
        if answers.several:
            right = (answers.outputs > answers.threshold) == answers.hot()
            return float(np.average(right.mean(axis=1), weights=answers.rows()))
        return float(np.average(answers.decided() == answers.classes(), weights=answers.rows()))


class MeanSquaredError(Metric):
    """For each row, the mean over the outputs of (a - t)^2.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.FeedForward("2-1").compile(loss="mae", metrics=["mse"]).metrics
    (MeanSquaredError(),)
    """

    name = "mean_squared_error"
    aliases = ("mse",)
    in_core = True
    greater_is_better = False
    wants = "values"

    def of(self, answers: Answers) -> float:
        """Return the mean over rows and outputs."""
        a, t = answers.outputs.astype(np.float64), answers.values()
        return float(np.average(((a - t) ** 2).mean(axis=1), weights=answers.rows()))


class MeanAbsoluteError(Metric):
    """For each row, the mean over the outputs of abs(a - t).

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.metrics.registry.get("mae").name
    'mean_absolute_error'
    """

    name = "mean_absolute_error"
    aliases = ("mae",)
    in_core = True
    greater_is_better = False
    wants = "values"

    def of(self, answers: Answers) -> float:
        """Return the mean over rows and outputs."""
        a, t = answers.outputs.astype(np.float64), answers.values()
        return float(np.average((np.abs(a - t)).mean(axis=1), weights=answers.rows()))
