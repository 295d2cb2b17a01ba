"""Metrics: what is reported beside the loss.

Those that are means over the rows (accuracy, squared and absolute error) are computed with the
loss. The others are of all rows at once: they are computed from the outputs of an epoch, each row's
as it was before its step, and of all rows in `evaluate`. Every metric is also a function of targets
and outputs. Rows have no weights in what `fit` and `evaluate` report, as with Keras' ``metrics=``.

>>> import nnfast as nn
>>> nn.metrics.registry.get("acc")
Accuracy()
>>> nn.metrics.F1(average="macro")([0, 1, 2, 2], [0, 2, 2, 2])
0.6
"""

from nnfast.metrics._base import Answers, Metric, UserMetric, checked_metrics, registry
from nnfast.metrics._classes import F1, Precision, Recall, TopKAccuracy, confusion_matrix
from nnfast.metrics._ranking import AUC, LogLoss
from nnfast.metrics._rows import Accuracy, MeanAbsoluteError, MeanSquaredError
from nnfast.metrics._values import R2, RootMeanSquaredError

__all__ = [
    "AUC",
    "F1",
    "R2",
    "Accuracy",
    "Answers",
    "LogLoss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "Recall",
    "RootMeanSquaredError",
    "TopKAccuracy",
    "UserMetric",
    "checked_metrics",
    "confusion_matrix",
    "registry",
]
