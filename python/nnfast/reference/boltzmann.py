"""The Bernoulli restricted Boltzmann machine: two layers of units that are 0 or 1.

Visible units v and hidden units h have the probability P(v, h) = exp(-E) / Z with the energy
E(v, h) = -v a - h b - v w h. Within a layer nothing is connected, so that each layer's units are
independent given the other's: P(h_j = 1 | v) = sigmoid(b_j + v w_j), and likewise back. Smolensky,
"Information processing in dynamical systems: foundations of harmony theory" (1986).
"""

# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, take_rows
from .random import HIDDEN, VISIBLE, Stream


def boltzmann_hidden(x: NDArray[Any], w: Array, b: Array, a: Array, threads: int) -> Array:
    """Return P(h = 1 | v) for each row v, shape (rows, hidden).

    Parameters
    ----------
    x : ndarray of shape (rows, visible)
        Values from 0 to 1.
    w : ndarray of shape (visible, hidden)
    b : ndarray of shape (hidden,)
        The hidden units' biases.
    a : ndarray of shape (visible,)
        The visible units' biases.
    threads : int
        Has no effect here.
    """
    return _sigmoid(x.astype(w.dtype) @ w + b)


def boltzmann_visible(h: NDArray[Any], w: Array, b: Array, a: Array, threads: int) -> Array:
    """Return P(v = 1 | h) for each row h, shape (rows, visible); see `boltzmann_hidden`."""
    return _sigmoid(h.astype(w.dtype) @ w.T + a)


def boltzmann_energy(
    x: NDArray[Any],
    w: Array,
    b: Array,
    a: Array,
    flipped: NDArray[np.uint32] | None,
    threads: int,
) -> Array:
    """Return the free energy F(v) of each row, or its pseudo-log-likelihood.

    F(v) = -v a - sum_j log(1 + exp(b_j + v w_j)), so that P(v) = exp(-F(v)) / Z: the hidden units
    are summed over. Z is out of reach, but not P(v_i | all other units), which is
    sigmoid(F(v with v_i flipped) - F(v)). The sum of its logarithm over all i is the
    pseudo-log-likelihood; one random i times the number of units estimates it.

    Parameters
    ----------
    x, w, b, a, threads
        As in `boltzmann_hidden`.
    flipped : ndarray of uint32, shape (rows,), or None
        The unit i for each row; None asks for the free energies.

    Returns
    -------
    ndarray of shape (rows,)

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast.reference import boltzmann_energy
    >>> x, w = np.array([[1.0, 0.0]]), np.zeros((2, 1))
    >>> boltzmann_energy(x, w, np.zeros(1), np.array([3.0, 0.0]), None, 1).round(4).tolist()
    [-3.6931]
    """
    v = x.astype(w.dtype)
    if flipped is None:
        return -(v @ a) - _softplus(v @ w + b).sum(axis=1)
    rows = np.arange(len(v))
    other = v.copy()
    other[rows, flipped] = 1 - v[rows, flipped]
    energies = [boltzmann_energy(one, w, b, a, None, threads) for one in (v, other)]
    return -v.shape[1] * _softplus(energies[0] - energies[1])


def boltzmann_gibbs(
    x: NDArray[Any],
    w: Array,
    b: Array,
    a: Array,
    steps: int,
    seed: int,
    step: int,
    threads: int,
) -> Array:
    """Draw hidden units from each row, visible from hidden ones, and so on, `steps` times.

    Random numbers have the address (seed, `step`, how many Gibbs steps there were), and the
    place row * units + unit.

    Returns
    -------
    ndarray of shape (rows, visible)
        Of 0 and 1.
    """
    h = _decide(boltzmann_hidden(x, w, b, a, threads), HIDDEN, 0, seed, step)
    return _walk(h, w, b, a, steps, seed, step)[0]


def boltzmann_epoch(
    x: NDArray[Any],
    w: Array,
    b: Array,
    a: Array,
    chains: Array,
    order: NDArray[np.uint32],
    batch_size: int,
    learning_rate: float,
    persistent: bool,
    gibbs_steps: int,
    seed: int,
    step: int,
    threads: int,
) -> None:
    """Take a step of contrastive divergence for each batch of rows.

    The mean log-likelihood's gradient by w is <v h>, its mean over the data, less that over what
    the machine itself would show. The latter is estimated by Gibbs sampling: a few steps from the
    data (Hinton 2002, CD-k), or from where the steps before have left (Tieleman 2008, persistent
    CD). Hidden units enter both means by their probabilities, which has less noise.

    Parameters
    ----------
    x, w, b, a, threads
        As in `boltzmann_hidden`; w, b and a are changed in place.
    chains : ndarray of shape (chains, hidden), of no rows unless persistent
        The chains' hidden units, of 0 and 1; changed in place.
    order : ndarray of uint32
        The order in which rows are shown.
    batch_size : int
    learning_rate : float
    persistent : bool
    gibbs_steps : int
    seed : int
    step : int
        How many steps there were before.
    """
    one = w.dtype.type
    for start in range(0, len(order), batch_size):
        v = take_rows(x, order[start : start + batch_size], w.dtype)
        p = boltzmann_hidden(v, w, b, a, threads)
        h = chains if persistent else _decide(p, HIDDEN, 0, seed, step)
        v_model, p_model, h = _walk(h, w, b, a, gibbs_steps, seed, step)
        if persistent:
            chains[:] = h
        up, down = one(learning_rate / len(v)), one(learning_rate / len(v_model))
        w += up * (v.T @ p) - down * (v_model.T @ p_model)
        b += up * p.sum(axis=0) - down * p_model.sum(axis=0)
        a += up * v.sum(axis=0) - down * v_model.sum(axis=0)
        step += 1


def _walk(
    h: Array, w: Array, b: Array, a: Array, steps: int, seed: int, step: int
) -> tuple[Array, Array, Array]:
    """Sample down and up; return the visible states, the hidden probabilities and states."""
    for turn in range(steps):
        v = _decide(boltzmann_visible(h, w, b, a, 1), VISIBLE, turn, seed, step)
        p = boltzmann_hidden(v, w, b, a, 1)
        h = _decide(p, HIDDEN, turn + 1, seed, step)
    return v, p, h


def _decide(p: Array, purpose: int, turn: int, seed: int, step: int) -> Array:
    """Turn probabilities into 0 and 1, each by 32 random bits."""
    bits = Stream(seed, purpose, turn, step).bits(p.size).reshape(p.shape)
    return (bits < p.astype(np.float64) * 2.0**32).astype(p.dtype)


def _sigmoid(z: Array) -> Array:
    # exp of a number that is not positive cannot overflow.
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def _softplus(z: Array) -> Array:
    """Return log(1 + exp(z))."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
