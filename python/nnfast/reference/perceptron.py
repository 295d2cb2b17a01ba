"""The perceptron's error-correction rule: Rosenblatt, "The perceptron" (1958)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def perceptron_epoch(
    x: NDArray[Any],
    classes: NDArray[np.uint32],
    weights: NDArray[np.float64],
    learning_rate: float,
    order: NDArray[np.uint32],
) -> NDArray[np.int64]:
    """Show every row once, and correct the weights after each mistake.

    For each row: net = bias + sum_k x_k w_k, the answer is 1 if net > 0 and else 0, the error is
    target - answer (-1, 0 or 1), w += learning_rate * error * x, bias += learning_rate * error.
    On data that a plane separates with margin gamma and that lie within radius R, at most
    (R / gamma)^2 corrections are ever made: Novikoff, "On convergence proofs for perceptrons"
    (1962).

    Parameters
    ----------
    x : ndarray of shape (rows, features)
        float32, float64 or uint8, any strides.
    classes : ndarray of uint32, shape (rows,)
        With one output, class 1 is its target 1 and any other is 0. With several, each output
        separates its own class from the rest.
    weights : ndarray of float64, shape (features + 1, outputs)
        Row 0 is the bias. Changed in place.
    learning_rate : float
    order : ndarray of uint32, shape (rows,)
        The order in which rows are shown.

    Returns
    -------
    ndarray of int64, shape (outputs,)
        The mistakes of each output.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast.reference import perceptron_epoch
    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> both = np.array([0, 0, 0, 1], dtype=np.uint32)
    >>> weights = np.zeros((3, 1))
    >>> rows = np.arange(4, dtype=np.uint32)
    >>> [int(perceptron_epoch(x, both, weights, 1.0, rows)[0]) for _ in range(6)]
    [1, 3, 3, 2, 1, 0]
    """
    outputs = weights.shape[1]
    positive = np.array([1]) if outputs == 1 else np.arange(outputs)
    mistakes = np.zeros(outputs, dtype=np.int64)
    for row in order:
        features = x[row].astype(np.float64)
        net = weights[0] + features @ weights[1:]
        target = (classes[row] == positive).astype(np.float64)
        error = target - (net > 0.0)
        wrong = error != 0.0
        if wrong.any():
            correction = learning_rate * error[wrong]
            weights[0, wrong] += correction
            weights[1:, wrong] += correction * features[:, None]
            mistakes += wrong
    return mistakes
