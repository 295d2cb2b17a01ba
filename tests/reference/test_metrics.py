"""Metrics: what counts as a right answer for each kind of output."""

from __future__ import annotations

import numpy as np
import pytest

from nnfast.reference.losses import Loss
from nnfast.reference.metrics import (
    Accuracy,
    MeanAbsoluteError,
    MeanSquaredError,
    decision_threshold,
)

SPARSE, DENSE = "sparse_categorical_cross_entropy", "categorical_cross_entropy"


@pytest.mark.parametrize(
    ("loss", "from_logits", "output", "outputs", "threshold"),
    [
        (SPARSE, False, "softmax", 3, None),
        (SPARSE, True, "linear", 3, None),
        (SPARSE, True, "linear", 1, None),
        (DENSE, False, "softmax", 3, None),
        (DENSE, True, "linear", 3, None),
        ("binary_cross_entropy", False, "sigmoid", 1, 0.5),
        ("binary_cross_entropy", False, "sigmoid", 3, 0.5),
        ("binary_cross_entropy", True, "linear", 3, 0.0),
        ("mean_squared_error", False, "sigmoid", 3, 0.5),
        ("mean_squared_error", False, "linear", 1, 0.5),
        ("mean_squared_error", False, "linear", 3, None),
        ("mean_squared_error", False, "softmax", 3, None),
        ("hinge", False, "linear", 1, 0.0),
        ("squared_hinge", False, "tanh", 3, 0.0),
        ("binary_focal_cross_entropy", True, "linear", 3, 0.0),
        ("sparse_categorical_focal_cross_entropy", True, "linear", 3, None),
    ],
)
def test_how_outputs_become_answers(
    loss: str, from_logits: bool, output: str, outputs: int, threshold: float | None
) -> None:
    chosen = Loss.from_config({"name": loss})
    assert decision_threshold(chosen, from_logits, output, outputs) == threshold


def test_accuracy_of_classes() -> None:
    a = np.array([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]])
    classes = np.array([1, 0, 1], dtype=np.uint32)
    assert Accuracy().rows(a, classes, None).tolist() == [1.0, 1.0, 0.0]
    assert Accuracy().rows(a, np.eye(2)[classes], None).tolist() == [1.0, 1.0, 0.0]


def test_accuracy_of_questions() -> None:
    a, t = np.array([[0.6, 0.4], [0.5, 0.9]]), np.array([[1.0, 1.0], [0.0, 1.0]])
    assert Accuracy().rows(a, t, 0.5).tolist() == [0.5, 1.0]
    assert Accuracy().rows(a - 0.5, t, 0.0).tolist() == [0.5, 1.0]


def test_errors_read_classes_as_one_hot_targets() -> None:
    a, classes = np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 1], dtype=np.uint32)
    assert MeanSquaredError().rows(a, classes, None).tolist() == [0.25, 1.0]
    assert MeanAbsoluteError().rows(a, np.eye(2)[classes], None).tolist() == [0.5, 1.0]
