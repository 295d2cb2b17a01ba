"""Metrics of probabilities: the area under the ROC curve and the log loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast._frozen import word
from nnfast.metrics._base import Answers, Metric

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class AUC(Metric):
    """The area under the ROC curve: how often a row of the class has more than one that is not.

    Exact, from the ranks; equal outputs count a half. Of several classes each against the rest, and
    of several answers each by itself, then the mean. Classes that all rows are of, or none, are
    left out of the mean; it is NaN if none is left. Keras estimates it from 200 thresholds.

    Parameters
    ----------
    average : {"macro", "weighted"}, default "macro"
        The mean over the classes, or that weighted by the rows of each class.

    References
    ----------
    Hanley and McNeil, "The meaning and use of the area under a receiver operating characteristic
    (ROC) curve", Radiology 143, 1982.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.metrics.AUC()([0, 1, 0, 1], [0.1, 0.4, 0.4, 0.8])
    0.875
    """

    name = "auc"
    aliases = ("roc_auc",)
    greater_is_better = True
    average: str = word(default="macro", among=("macro", "weighted"))

    def of(self, answers: Answers) -> float:
        """Return the area."""
        scores, weights = answers.outputs, answers.rows()
        if answers.logits and answers.threshold is None:
            scores = answers.probabilities()
        hot = answers.hot()
        if scores.shape[1] == 1:
            return _area(scores[:, 0], answers.classes() == 1, weights)
        areas = np.array([_area(scores[:, k], hot[:, k], weights) for k in range(hot.shape[1])])
        there = np.isfinite(areas)
        if not there.any():
            return float("nan")
        shares = weights @ hot if self.average == "weighted" else np.ones(len(areas))
        return float(np.average(areas[there], weights=shares[there]))


def _area(scores: Array, positive: Array, weights: Array) -> float:
    """Return Mann and Whitney's statistic as a share of all pairs; NaN if there are none."""
    if np.isnan(scores).any():
        return float("nan")
    _, groups = np.unique(scores, return_inverse=True)
    above = np.bincount(groups, weights * positive)
    below = np.bincount(groups, weights * ~positive)
    pairs = above.sum() * below.sum()
    if pairs == 0:
        return float("nan")
    return float(above @ (np.cumsum(below) - below / 2) / pairs)


class LogLoss(Metric):
    """The mean of -log of the probability that was given to what is right.

    Of several answers a row, the mean over them. Probabilities are clipped to within the dtype's
    epsilon from 0 and 1, as in scikit-learn.

    Examples
    --------
    >>> import nnfast as nn
    >>> round(nn.metrics.LogLoss()([0, 1], [0.5, 0.5]), 4)
    0.6931
    """

    name = "log_loss"
    greater_is_better = False

    def of(self, answers: Answers) -> float:
        """Return the mean."""
        epsilon = float(np.finfo(answers.outputs.dtype).eps)
        p, t = np.clip(answers.probabilities(), epsilon, 1.0 - epsilon), answers.values()
        if answers.threshold is None and p.shape[1] > 1:
            each = -(t * np.log(p)).sum(axis=1)
        else:
            each = -(t * np.log(p) + (1.0 - t) * np.log1p(-p)).mean(axis=1)
        return float(np.average(each, weights=answers.rows()))
