"""Metrics: what is reported beside the loss, one number per row of the batch.

To add a metric, write one class here; its name in the class statement enters it in the registry.
"""

# ruff: noqa: D102 (the family's base class says what its methods do)
# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

import numpy as np

from .arrays import Array, Targets
from .losses import (
    Loss,
    MeanAbsoluteError as MeanAbsoluteErrorLoss,
    MeanSquaredError as MeanSquaredErrorLoss,
)
from .named import Named


class Metric(Named):
    """A figure of merit of each row."""

    def rows(self, a: Array, t: Targets, threshold: float | None) -> Array:
        """Give the figure of each row, shape (rows,).

        Parameters
        ----------
        a : ndarray of shape (rows, outputs)
            The network's outputs.
        t : ndarray
            Classes (rows,) or targets (rows, outputs).
        threshold : float or None
            Above it an output counts as 1, where each output is a question of its own; None where
            the outputs compete and the largest wins. See `decision_threshold`.
        """
        raise NotImplementedError


class Accuracy(Metric, name="accuracy"):
    """Share of right answers.

    Where outputs compete, the largest one (the first, if several are) names the class; otherwise
    each output answers yes or no.
    """

    def rows(self, a: Array, t: Targets, threshold: float | None) -> Array:
        if threshold is not None:
            return np.mean((a > threshold) == t, axis=1, dtype=a.dtype)
        classes = t if t.ndim == 1 else np.argmax(t, axis=1)
        return (np.argmax(a, axis=1) == classes).astype(a.dtype)


class MeanSquaredError(Metric, name="mean_squared_error"):
    """The loss of the same name, on the outputs."""

    def rows(self, a: Array, t: Targets, threshold: float | None) -> Array:
        return MeanSquaredErrorLoss().rows(a, _as_outputs(t, a))


class MeanAbsoluteError(Metric, name="mean_absolute_error"):
    """The loss of the same name, on the outputs."""

    def rows(self, a: Array, t: Targets, threshold: float | None) -> Array:
        return MeanAbsoluteErrorLoss().rows(a, _as_outputs(t, a))


def _as_outputs(t: Targets, a: Array) -> Array:
    """Turn classes (rows,) into one-hot targets (rows, outputs); leave targets alone."""
    return np.eye(a.shape[1], dtype=a.dtype)[t] if t.ndim == 1 else t


def decision_threshold(
    loss: Loss, from_logits: bool, output_activation: str, outputs: int
) -> float | None:
    """Say how outputs become an answer.

    Returns
    -------
    float or None
        None for classes that compete: the largest output is the answer. Else what an output has to
        exceed to mean yes: 0.5, or 0 for a logit, which is where its sigmoid passes 0.5, and for a
        loss that takes the sign as the answer.
    """
    if loss.fused_with == "softmax" or output_activation in ("softmax", "log_softmax"):
        return None
    if (loss.fused_with == "sigmoid" and from_logits) or loss.decides_by_sign:
        return 0.0
    return 0.5 if output_activation == "sigmoid" or outputs == 1 else None
