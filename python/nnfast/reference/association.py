"""Associative memory: products of patterns, Storkey's rule, and how a Hopfield network recalls."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .random import SWEEP, Stream


def correlate(x: NDArray[Any], y: NDArray[Any], sums: Array, threads: int) -> None:
    """Add x' y to `sums`: Hebb's rule for pairs of patterns that are both given.

    Parameters
    ----------
    x : ndarray of shape (rows, inputs)
    y : ndarray of shape (rows, outputs)
    sums : ndarray of shape (inputs, outputs)
        Changed in place.
    threads : int
        Has no effect here.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast.reference import correlate
    >>> sums = np.zeros((2, 1))
    >>> correlate(np.array([[1.0, -1.0]]), np.array([[2.0]]), sums, 1)
    >>> sums.tolist()
    [[2.0], [-2.0]]
    """
    sums += x.astype(sums.dtype).T @ y.astype(sums.dtype)


def least_squares(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return x+ y: of all w for which x w is nearest to y, the one of least norm.

    Singular values of x that are below the largest by its rounding are taken for zeros.

    Parameters
    ----------
    x : ndarray of shape (rows, inputs)
    y : ndarray of shape (rows, outputs)

    Returns
    -------
    ndarray of shape (inputs, outputs)

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast.reference import least_squares
    >>> least_squares(np.array([[1.0, 1.0]]), np.array([[3.0]])).round(12).tolist()
    [[1.5], [1.5]]
    """
    w: NDArray[np.float64] = np.linalg.pinv(x, rcond=max(x.shape) * np.finfo(float).eps) @ y
    return w


def storkey_store(patterns: Array, matrix: Array, threads: int) -> None:
    """Store patterns of -1 and 1, one after another: Storkey (1997).

    With the weights W, the local fields h_ij = sum of W_ik x_k over all k but i and j, and N units,

        W_ij += (x_i x_j - x_i h_ji - h_ij x_j) / N

    off the diagonal, which is zero. Here `matrix` is V = N W. With g = V x it is
    N h_ij = g_i - V_ij x_j, and x_j^2 = 1, so that the rule becomes

        V_ij += x_i x_j - (x_i g_j + g_i x_j) / N + 2 V_ij / N.

    Parameters
    ----------
    patterns : ndarray of shape (patterns, units)
    matrix : ndarray of shape (units, units)
        N times the weights; changed in place.
    threads : int
        Has no effect here.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast.reference import storkey_store
    >>> matrix = np.zeros((2, 2))
    >>> storkey_store(np.array([[1.0, -1.0]]), matrix, 1)
    >>> (matrix / 2).tolist()
    [[0.0, -0.5], [-0.5, 0.0]]
    """
    units = matrix.dtype.type(len(matrix))
    for x in patterns:
        g = matrix @ x
        expected = np.outer(x, g) + np.outer(g, x)
        matrix += np.outer(x, x) - expected / units + 2 * matrix / units
        np.fill_diagonal(matrix, 0.0)


def hopfield_fields(matrix: Array, states: Array, threads: int) -> Array:
    """Return the field of every unit in every state, shape (states, units): states times matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast.reference import hopfield_fields
    >>> hopfield_fields(np.array([[0.0, 2.0], [2.0, 0.0]]), np.array([[1.0, -1.0]]), 1)
    array([[-2.,  2.]])
    """
    fields: Array = states @ matrix
    return fields


def hopfield_recall(
    matrix: Array,
    thresholds: Array,
    states: Array,
    synchronous: bool,
    seed: int,
    sweeps: int,
    record: bool,
    threads: int,
) -> list[list[int]]:
    """Let each state fall to where no unit wants to change: Hopfield (1982).

    A unit becomes 1 where its field is above its threshold, -1 where it is below, and stays where
    it is neither. Units that change one after another never raise the energy
    E = -s V s / 2 + s thresholds, since a change of s_i by d_i changes it by
    -d_i (field_i - threshold_i), and d_i has the sign of what is in brackets. So they come to rest.
    Units that change at once come to rest or to two states in turns (Goles 1985), where it is left.

    Parameters
    ----------
    matrix : ndarray of shape (units, units)
        Symmetric, zero on its diagonal.
    thresholds : ndarray of shape (units,)
    states : ndarray of shape (states, units)
        Of -1 and 1; changed in place.
    synchronous : bool
        Whether all units change at once.
    seed : int
        What the order of the units follows from; it is another one in each sweep.
    sweeps : int
        How often each unit is updated at most.
    record : bool
        Whether to list what changed.
    threads : int
        Has no effect here.

    Returns
    -------
    list of lists of int
        For each state the units that changed, in order; empty lists where `record` is False.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast.reference import hopfield_recall
    >>> x = np.array([1.0, -1.0, 1.0])
    >>> states = np.array([[1.0, 1.0, 1.0]])
    >>> hopfield_recall(np.outer(x, x) - np.eye(3), np.zeros(3), states, False, 0, 10, True, 1)
    [[1]]
    >>> states.tolist()
    [[1.0, -1.0, 1.0]]
    """
    changes: list[list[int]] = []
    for s in states:
        changed: list[int] = []
        before = np.zeros_like(s)
        for sweep in range(sweeps):
            old = s.copy()
            if synchronous:
                wanted = _wants_to_change(s, s @ matrix, thresholds)
                changed.extend(np.flatnonzero(wanted).tolist())
                s[wanted] *= -1
            else:
                field = s @ matrix
                for i in Stream(seed, SWEEP, step=sweep).permutation(len(s)).tolist():
                    if _wants_to_change(s[i], field[i], thresholds[i]):
                        changed.append(i)
                        s[i] = -s[i]
                        field += 2 * s[i] * matrix[i]
            if np.array_equal(s, old) or (synchronous and np.array_equal(s, before)):
                break
            before = old
        changes.append(changed if record else [])
    return changes


def _wants_to_change(s: Any, field: Any, threshold: Any) -> Any:
    return np.where(s > 0, field < threshold, field > threshold)
