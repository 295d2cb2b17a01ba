"""Metrics: what is reported beside the loss, as the mean over the rows.

A metric is reported under its full name, whichever alias it was asked for by, so that
``history["accuracy"]`` is always there to find.

>>> import nnfast as nn
>>> nn.metrics.registry.get("acc")
Accuracy()
"""

from __future__ import annotations

from typing import Any, ClassVar

from nnfast._registry import Registry, Spec

registry: Registry[Metric] = Registry("metric")


class Metric(Spec):
    """What is reported beside the loss; the base class of all metrics."""

    registry: ClassVar[Registry[Any]] = registry


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


def checked_metrics(metrics: object) -> tuple[Metric, ...]:
    """Return one metric or several as a tuple of different ones."""
    given = metrics if isinstance(metrics, (list, tuple)) else [metrics]
    found = tuple(registry.get(metric, f"metrics[{i}]") for i, metric in enumerate(given))
    for index, metric in enumerate(found):
        if metric in found[:index]:
            raise ValueError(f"metrics has {metric.name} twice; wanted is each once")
    return found
