"""Correlation learning, one row after another: Hebb's rule, Oja's, Sanger's and the delta rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array


def hebbian_epoch(
    x: NDArray[Any],
    components: Array,
    mean: Array,
    order: NDArray[np.uint32],
    rule: str,
    limit: float,
    learning_rate: float,
    decay: float,
    epoch: int,
) -> None:
    """Show every row once; the weights follow what goes together in it.

    Node j answers the row x with y_j = w_j x, and its weights grow by the learning rate times

    - hebb: y_j x. Hebb, "The Organization of Behavior" (1949): what fires together is wired
      together. Nothing stops the growth but `limit`, to which a longer w_j is shortened;
    - oja: y_j (x - sum_k y_k w_k), over all nodes k. Oja (1982) for one node, which finds the
      first principal component with norm 1, and Oja (1989) for several, which find the subspace
      of as many;
    - sanger: y_j (x - sum_{k <= j} y_k w_k). Sanger (1989): each node learns from what those
      before it leave, and the nodes find the principal components in their order.

    Parameters
    ----------
    x : ndarray of shape (rows, inputs)
        float32, float64 or uint8, any strides.
    components : ndarray of shape (nodes, inputs)
        The weights; a row for each node. Changed in place.
    mean : ndarray of shape (inputs,)
        Subtracted from every row.
    order : ndarray of uint32
        The order in which rows are shown.
    rule : {"hebb", "oja", "sanger"}
    limit : float
        The greatest norm of a node's weights, for "hebb"; inf for none.
    learning_rate, decay : float
        The row at place p of `order` is learned at learning_rate / (1 + decay e), where
        e = epoch + p / rows.
    epoch : int
        How many there were before.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast.reference import hebbian_epoch
    >>> w = np.array([[0.5, 0.5]])
    >>> hebbian_epoch(np.array([[1.0, 0.0]]), w, np.zeros(2), np.array([0], np.uint32),
    ...     "oja", np.inf, 0.1, 0.0, 0)
    >>> w
    array([[0.5375, 0.4875]])
    """
    w = components
    for place, row in enumerate(order):
        v = x[row].astype(w.dtype) - mean
        rate = _rate(w, learning_rate, decay, epoch + place / len(order))
        y = w @ v
        if rule == "hebb":
            w += (rate * y)[:, None] * v
            norms = np.sqrt(np.sum(w * w, axis=1, dtype=np.float64))
            longer = norms > limit
            w[longer] *= (limit / norms[longer]).astype(w.dtype)[:, None]
        elif rule == "oja":
            w += (rate * y)[:, None] * (v - y @ w)
        else:
            for j in range(len(w)):
                v = v - y[j] * w[j]
                w[j] += rate * y[j] * v


def delta_epoch(
    x: NDArray[Any],
    targets: Array,
    components: Array,
    bias: Array,
    order: NDArray[np.uint32],
    learning_rate: float,
    decay: float,
    epoch: int,
) -> float:
    """Show every row once; the weights follow the error: Widrow and Hoff (1960).

    Node j answers with y_j = b_j + w_j x. Its weights grow by the learning rate times
    (t_j - y_j) x, its bias by the learning rate times t_j - y_j: a step against the gradient of
    this row's (t_j - y_j)^2 / 2.

    Parameters
    ----------
    x : ndarray of shape (rows, inputs)
    targets : ndarray of shape (rows, nodes)
    components : ndarray of shape (nodes, inputs)
        Changed in place.
    bias : ndarray of shape (nodes,), or of shape (0,) for none
        Changed in place.
    order, learning_rate, decay, epoch
        As in `hebbian_epoch`.

    Returns
    -------
    float
        The sum of the squared errors of all rows and nodes, each from before its row was learned.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast.reference import delta_epoch
    >>> w, b = np.zeros((1, 1)), np.zeros(1)
    >>> delta_epoch(np.array([[2.0]]), np.array([[3.0]]), w, b, np.array([0], np.uint32),
    ...     0.1, 0.0, 0)
    9.0
    >>> w.round(3).tolist(), b.round(3).tolist()
    ([[0.6]], [0.3])
    """
    w = components
    total = 0.0
    for place, row in enumerate(order):
        v = x[row].astype(w.dtype)
        rate = _rate(w, learning_rate, decay, epoch + place / len(order))
        y = w @ v + (bias if len(bias) else 0)
        error = targets[row] - y
        w += (rate * error)[:, None] * v
        bias += rate * error if len(bias) else 0
        total += float(np.sum(np.square(error, dtype=np.float64)))
    return total


def _rate(w: Array, learning_rate: float, decay: float, epochs: float) -> Any:
    return w.dtype.type(learning_rate / (1.0 + decay * epochs))
