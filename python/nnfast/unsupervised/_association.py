"""Associative memory: patterns recalled from parts of themselves, or from other patterns."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _validation
from nnfast.unsupervised._delta import DeltaRule
from nnfast.unsupervised._method import Method

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    Array: TypeAlias = NDArray[Any]


class LinearAssociator(Method):
    """A layer of linear nodes that answers patterns with those they were paired with.

    The answer to a row x is x W. With the pairs (x_p, y_p) the rules give

    - ``"hebb"``: W = sum over p of x_p' y_p / |x_p|^2, the outer products. Patterns that are
      orthogonal to each other are recalled exactly; others disturb each other.
    - ``"pseudo_inverse"``: W = X+ Y, the least-squares solution of least norm. Patterns that are
      linearly independent are recalled exactly.
    - ``"delta"``: the delta rule without bias, which approaches the same W from zeros.

    Parameters
    ----------
    rule : {"hebb", "pseudo_inverse", "delta"}
    learning_rate : float, optional
        For ``"delta"``; by default 1 / (largest squared norm of a row).
    epochs : int, default 100
        For ``"delta"``.
    seed : int, default 0
        For ``"delta"``: what the order of the rows follows from.
    dtype : {"float32", "float64"}
    threads, backend : optional
        As for `FeedForward`.

    Attributes
    ----------
    weights_ : ndarray of shape (inputs, outputs)

    Notes
    -----
    ``"pseudo_inverse"`` is computed in float64 by Jacobi rotations, of every two rows or columns,
    whichever are fewer: exact for keys that are nearly dependent, and slow for thousands.

    References
    ----------
    Kohonen, "Correlation matrix memories", IEEE Transactions on Computers 21, 1972; Kohonen and
    Ruohonen, "Representation of associated data by matrix operators", ibid. 22, 1973.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> X = np.array([[1, 1, 1, 1], [1, -1, 1, -1]])
    >>> Y = np.array([[1, -1], [-1, -1]])
    >>> nn.unsupervised.LinearAssociator().fit(X, Y).recall(X)
    array([[ 1., -1.],
           [-1., -1.]], dtype=float32)
    """

    _options = ("rule", "learning_rate", "epochs", "seed")
    _arrays = ("weights_",)

    weights_: Array

    def __init__(
        self,
        rule: str = "hebb",
        *,
        learning_rate: float | None = None,
        epochs: int = 100,
        seed: int = 0,
        dtype: Any = "float32",
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        self.rule = _validation.choice(rule, "rule", ("hebb", "pseudo_inverse", "delta"))
        if learning_rate is not None:
            learning_rate = _validation.number(learning_rate, "learning_rate", above=0.0)
        self.learning_rate = learning_rate
        self.epochs = _validation.integer(epochs, "epochs")
        self._set_common(seed, dtype, threads, backend)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> LinearAssociator:
        """Store pairs of patterns, in place of what was stored.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)
            The keys.
        y : array-like of shape (rows,) or (rows, outputs), optional
            What they are to recall; by default themselves (auto-association).

        Returns
        -------
        LinearAssociator
            Itself.
        """
        x = self._inputs(X)
        targets = self._targets(x if y is None else y, len(x))
        if self.rule == "hebb":
            self.weights_ = self._correlated(x, targets)
        elif self.rule == "pseudo_inverse":
            keys = np.ascontiguousarray(x, dtype=np.float64)
            solution = self._core.least_squares(keys, targets.astype(np.float64))
            self.weights_ = solution.astype(self.dtype)
        else:
            rate = self.learning_rate
            if rate is None:
                rate = 1.0 / max(float(_squared_norms(x).max()), np.finfo(self.dtype).tiny)
            rule = DeltaRule(
                rate,
                epochs=self.epochs,
                use_bias=False,
                seed=self.seed,
                dtype=self.dtype,
                backend=self.backend,
            )
            self.weights_ = np.ascontiguousarray(rule.fit(x, targets).weights_)
        return self

    def recall(self, X: ArrayLike) -> Array:
        """Return X W: the answer to each row.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)

        Returns
        -------
        ndarray of shape (rows, outputs)
            Numbers; their signs are the answer where patterns are of -1 and 1.
        """
        self._check_fitted()
        return self._product(self._inputs(X, len(self.weights_)), self.weights_)

    def _correlated(self, x: Array, targets: Array) -> Array:
        norms = _squared_norms(x)
        norms[norms == 0] = 1.0  # a key of zeros stores nothing
        sums = np.zeros((x.shape[1], targets.shape[1]), self.dtype)
        answers = (targets / norms[:, np.newaxis]).astype(self.dtype)
        self._core.correlate(x, answers, sums, self._thread_count)
        return sums

    def _shapes(self, tensors: dict[str, Array]) -> dict[str, tuple[int, ...]]:
        inputs, outputs = tensors["weights_"].shape
        return {"weights_": (inputs, outputs)}


class Hopfield(Method):
    """A Hopfield network: units of -1 and 1 that fall from any state to one like those stored.

    Each unit is connected with each other by the weights W, symmetric and zero on the diagonal. It
    becomes 1 where its field W s is above its threshold, -1 where it is below, and stays as it is
    where it is neither. One after another, they never raise the energy
    E(s) = -s W s / 2 + s thresholds: recall ends in a minimum.

    Parameters
    ----------
    rule : {"hebb", "storkey"}
        How patterns are stored. With N units, Hebb's rule W = sum over p of x_p x_p' / N keeps
        about 0.138 N random patterns with few errors; Storkey's keeps more, in N^2 operations a
        pattern as well.
    update : {"asynchronous", "synchronous"}
        Units one after another in a random order, a new one in every sweep; or all at once, which
        may end in two states in turns.
    thresholds : float or array-like of shape (units,), default 0.0
    max_sweeps : int, default 100
        How often every unit is updated at most.
    seed : int, default 0
        What the random orders follow from.
    dtype : {"float32", "float64"}, default "float64"
        With Hebb's rule and thresholds of 0 all arithmetic is on whole numbers: it is exact in
        float64, and in float32 while units times patterns are below 2^24.
    threads, backend : optional
        As for `FeedForward`.

    Attributes
    ----------
    weights_ : ndarray of shape (units, units)
    n_patterns_ : int
        How many are stored.

    References
    ----------
    Hopfield, "Neural networks and physical systems with emergent collective computational
    abilities", PNAS 79, 1982; Storkey, "Increasing the capacity of a Hopfield network without
    sacrificing functionality", ICANN 1997; Amit, Gutfreund and Sompolinsky, "Storing infinite
    numbers of patterns in a spin-glass model of neural networks", Physical Review Letters 55, 1985.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> patterns = np.array([[1, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
    >>> memory = nn.unsupervised.Hopfield().fit(patterns)
    >>> memory.recall([[-1, 1, 1, 1, -1, -1, -1, -1]]).tolist()
    [[1, 1, 1, 1, -1, -1, -1, -1]]
    >>> memory.is_stable(patterns).tolist()
    [True, True]
    """

    _options = ("rule", "update", "max_sweeps", "seed")
    _arrays = ("_matrix", "_thresholds")
    _counters = ("n_patterns_",)

    _matrix: Array  # N W: with Hebb's rule whole numbers
    _thresholds: NDArray[np.float64]
    n_patterns_: int

    def __init__(
        self,
        rule: str = "hebb",
        *,
        update: str = "asynchronous",
        thresholds: ArrayLike = 0.0,
        max_sweeps: int = 100,
        seed: int = 0,
        dtype: Any = "float64",
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        self.rule = _validation.choice(rule, "rule", ("hebb", "storkey"))
        self.update = _validation.choice(update, "update", ("asynchronous", "synchronous"))
        self.max_sweeps = _validation.integer(max_sweeps, "max_sweeps")
        self._set_common(seed, dtype, threads, backend)
        self.thresholds = self._checked_thresholds(thresholds)

    def fit(self, X: ArrayLike, y: object = None) -> Hopfield:
        """Store patterns, in place of what was stored.

        Parameters
        ----------
        X : array-like of shape (patterns, units)
            Of -1 and 1, or booleans.
        y : ignored

        Returns
        -------
        Hopfield
            Itself.
        """
        patterns = self._states(X)
        units = patterns.shape[1]
        self._start(units)
        self._store(patterns)
        return self

    def partial_fit(self, X: ArrayLike, y: object = None) -> Hopfield:
        """Store more patterns, beside what is stored.

        Parameters
        ----------
        X : array-like of shape (patterns, units)
        y : ignored

        Returns
        -------
        Hopfield
            Itself.
        """
        patterns = self._states(X, len(self._matrix) if self._is_fitted else None)
        if not self._is_fitted:
            self._start(patterns.shape[1])
        self._store(patterns)
        return self

    def recall(self, X: ArrayLike) -> NDArray[np.int8]:
        """Return the state that each row falls to; rows are recalled side by side.

        Parameters
        ----------
        X : array-like of shape (rows, units)
            Of -1 and 1, or booleans.

        Returns
        -------
        ndarray of int8, shape (rows, units)

        Warns
        -----
        RuntimeWarning
            If some rows are not at rest after `max_sweeps`, or go between two states.
        """
        states, _ = self._recalled(X, record=False)
        restless = int(np.count_nonzero(~self.is_stable(states)))
        if restless:
            warnings.warn(
                f"{restless} of {len(states)} rows have not come to rest within {self.max_sweeps} "
                f"sweeps of {self.update} updates",
                RuntimeWarning,
                stacklevel=2,
            )
        return states.astype(np.int8)

    def path(self, x: ArrayLike) -> NDArray[np.int8]:
        """Return every state on the way of one state to its rest, unit by unit.

        Parameters
        ----------
        x : array-like of shape (units,)

        Returns
        -------
        ndarray of int8, shape (changes + 1, units)
            The first is `x`; from each to the next one unit changes. Of synchronous updates the
            units that change at once are shown one by one.
        """
        start = self._states([x], argument="x")
        _, changes = self._recalled(start, record=True)
        states = np.repeat(start.astype(np.int8), len(changes[0]) + 1, axis=0)
        for step, unit in enumerate(changes[0], start=1):
            states[step:, unit] *= -1
        return states

    def energy(self, X: ArrayLike) -> Array:
        """Return E(s) = -s W s / 2 + s thresholds of each row s.

        Parameters
        ----------
        X : array-like of shape (rows, units)

        Returns
        -------
        ndarray of shape (rows,)
        """
        states, fields = self._fields(X)
        energies = (states * (self._scaled_thresholds() - fields / 2)).sum(axis=1)
        result: Array = energies / len(self._matrix)
        return result

    def is_stable(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Return for each row whether no unit wants to change.

        Parameters
        ----------
        X : array-like of shape (rows, units)

        Returns
        -------
        ndarray of bool, shape (rows,)
        """
        states, fields = self._fields(X)
        stable: NDArray[np.bool_] = (states * (fields - self._scaled_thresholds()) >= 0).all(axis=1)
        return stable

    @property
    def weights_(self) -> Array:
        """The weights, of the shape (units, units)."""
        self._check_fitted()
        weights: Array = self._matrix / self.dtype.type(len(self._matrix))
        return weights

    def _start(self, units: int) -> None:
        if self.thresholds.ndim and len(self.thresholds) != units:
            raise ValueError(
                f"X has {units} columns but there are {len(self.thresholds)} thresholds; wanted is "
                "one for each unit"
            )
        self._matrix = np.zeros((units, units), self.dtype)
        self._thresholds = np.broadcast_to(self.thresholds, (units,)).copy()
        self.n_patterns_ = 0

    def _store(self, patterns: Array) -> None:
        matrix = self._matrix.copy()
        if self.rule == "hebb":
            self._core.correlate(patterns, patterns, matrix, self._thread_count)
            np.fill_diagonal(matrix, 0.0)
        else:
            self._core.storkey_store(patterns, matrix, self._thread_count)
        self._matrix = matrix
        self.n_patterns_ += len(patterns)

    def _recalled(self, X: ArrayLike, record: bool) -> tuple[Array, list[list[int]]]:
        self._check_fitted()
        states = self._states(X, len(self._matrix))
        if states is X:
            states = states.copy()
        changes = self._core.hopfield_recall(
            self._matrix,
            self._scaled_thresholds(),
            states,
            self.update == "synchronous",
            self.seed,
            self.max_sweeps,
            record,
            self._thread_count,
        )
        return states, changes

    def _fields(self, X: ArrayLike) -> tuple[Array, Array]:
        """Return the states, and N times their units' fields."""
        self._check_fitted()
        states = self._states(X, len(self._matrix))
        return states, self._core.hopfield_fields(self._matrix, states, self._thread_count)

    def _scaled_thresholds(self) -> Array:
        return (self._thresholds * len(self._matrix)).astype(self.dtype)

    def _states(self, X: object, columns: int | None = None, argument: str = "X") -> Array:
        """Return rows of -1 and 1 in the dtype of the weights."""
        given = _validation.array(X, argument)
        if given.dtype == np.bool_:
            given = np.where(given, 1.0, -1.0)
        states = self._inputs(given, columns, argument)
        wrong = np.abs(states) != 1
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise ValueError(
                f"{argument} holds {states[row, column]} at row {row}, column {column}; wanted are "
                "-1 and 1, or booleans"
            )
        return np.ascontiguousarray(states, dtype=self.dtype)

    def _checked_thresholds(self, values: ArrayLike) -> NDArray[np.float64]:
        given = _validation.real_array(values, "thresholds").astype(np.float64)
        if given.ndim > 1 or given.size == 0:
            raise ValueError(
                f"thresholds has the shape {given.shape}; wanted is a number, or one for each unit"
            )
        _validation.finite(given.reshape(-1), given.reshape(-1), "thresholds", self._core)
        return given

    def _plain_options(self) -> dict[str, Any]:
        return {**super()._plain_options(), "thresholds": self.thresholds.tolist()}

    def _shapes(self, tensors: dict[str, Array]) -> dict[str, tuple[int, ...]]:
        units = len(tensors["_matrix"])
        return {"_matrix": (units, units), "_thresholds": (units,)}


def _squared_norms(x: Array) -> NDArray[np.float64]:
    norms: NDArray[np.float64] = np.square(x, dtype=np.float64).sum(axis=1)
    return norms
