"""The classic perceptron, as Rosenblatt gave it: a threshold, and learning from mistakes alone."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from nnfast import _architecture, _backend, _targets, _threads, _validation
from nnfast.layers import Dense, Input

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SHUFFLE = 3  # the purpose of the random numbers that order the rows


class ConvergenceWarning(UserWarning):
    """Training ended before it was done."""


class Perceptron:
    """A layer of threshold nodes, learning by error correction.

    A node's output is 1 if its net input b + x w is above 0, else 0. For every row that a node gets
    wrong, w += learning_rate (target - output) x and b likewise; rows that are right change
    nothing. If a plane separates the classes, the mistakes are bounded (see `novikoff_bound`) and
    learning stops by itself; if not, as for XOR, it never does.

    Two classes need one node; more have one each, against the rest, and the largest net input
    decides.

    Parameters
    ----------
    learning_rate : float, default 1.0
        Above 0. Starting from zeros it scales the weights and changes no decision.
    epochs : int, default 1000
        How many at most `fit` goes through the rows; it stops after one without a mistake.
    shuffle : bool, default True
        Whether every epoch takes the rows in another order.
    seed : int, default 0
        What that order follows from.
    backend : {"rust", "numpy"}, optional
        As for `FeedForward`.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted; for two, the node is 1 for the second.
    weights_ : float64 ndarray of shape (features, outputs)
    bias_ : float64 ndarray of shape (outputs,)
    mistakes_ : list of int
        Mistakes in each epoch, of all nodes together.
    epochs_ : int
        Epochs gone through.
    converged_ : bool
        Whether the last epoch was without a mistake.

    References
    ----------
    Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in
    the brain", Psychological Review 65, 1958; Novikoff, "On convergence proofs on perceptrons",
    Symposium on the Mathematical Theory of Automata 12, 1962.

    Examples
    --------
    >>> import nnfast as nn
    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> unit = nn.Perceptron().fit(X, [0, 0, 0, 1])
    >>> unit.predict(X)
    array([0, 0, 0, 1])
    >>> unit.converged_, unit.mistakes_[-1]
    (True, 0)
    """

    classes_: NDArray[np.generic]
    mistakes_: list[int]
    epochs_: int
    converged_: bool

    def __init__(
        self,
        learning_rate: float = 1.0,
        *,
        epochs: int = 1000,
        shuffle: bool = True,
        seed: int = 0,
        backend: str | None = None,
    ) -> None:
        self.learning_rate = _validation.number(learning_rate, "learning_rate", above=0.0)
        self.epochs = _validation.integer(epochs, "epochs")
        self.shuffle = _validation.boolean(shuffle, "shuffle")
        self.seed = _validation.integer(seed, "seed", minimum=0, below=_validation.SEED_LIMIT)
        self.backend = _backend.select(backend)
        self._weights: NDArray[np.float64] | None = None  # row 0 is the bias

    def fit(self, X: ArrayLike, y: ArrayLike) -> Perceptron:
        """Learn from the start, until an epoch makes no mistake or `epochs` are over.

        Parameters
        ----------
        X : array-like of shape (rows, features)
            Finite numbers.
        y : array-like of shape (rows,)
            Labels of at least two classes: numbers, booleans or strings.

        Returns
        -------
        Perceptron
            Itself.

        Warns
        -----
        ConvergenceWarning
            If the last epoch still made mistakes.

        Examples
        --------
        >>> import nnfast as nn
        >>> nn.Perceptron().fit([[1.0], [2.0], [3.0]], ["low", "low", "high"]).predict([[2.5]])
        array(['low'], dtype='<U4')
        """
        x = self._inputs(X, None)
        labels = _labels(y, len(x))
        classes = _known(labels, "y")
        numbers = _targets.lookup(labels, classes, "y")
        self._start(x.shape[1], classes)
        for _ in range(self.epochs):
            self._epoch(x, numbers)
            if self.converged_:
                return self
        warnings.warn(
            f"the perceptron has not converged: epoch {self.epochs_}, the last, still made "
            f"{self.mistakes_[-1]} mistakes; the classes may not be linearly separable",
            ConvergenceWarning,
            stacklevel=2,
        )
        return self

    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None
    ) -> Perceptron:
        """Go through the rows once, from the weights as they are.

        Parameters
        ----------
        X, y : array-like
            As in `fit`.
        classes : array-like, optional
            All labels there are. Wanted at the first call if `y` does not have them all.

        Returns
        -------
        Perceptron
            Itself.

        Examples
        --------
        >>> import nnfast as nn
        >>> unit = nn.Perceptron().partial_fit([[1.0]], [1], classes=[0, 1])
        >>> unit.mistakes_
        [1]
        """
        first = self._weights is None
        x = self._inputs(X, None if first else self.weights_.shape[0])
        labels = _labels(y, len(x))
        if classes is not None:
            given = _known(_targets.labels(classes, "classes"), "classes")
            if not first and not np.array_equal(given, self.classes_):
                raise ValueError(
                    f"classes is {given.tolist()}; wanted are those of the first call: "
                    f"{self.classes_.tolist()}"
                )
        else:
            given = _known(labels, "y") if first else self.classes_
        numbers = _targets.lookup(labels, given, "y")
        if first:
            self._start(x.shape[1], given)
        self._epoch(x, numbers)
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the net inputs b + x w.

        Returns
        -------
        ndarray of shape (rows,) for two classes, else (rows, classes)

        Examples
        --------
        >>> import nnfast as nn
        >>> unit = nn.Perceptron().fit([[-1.0], [1.0]], [0, 1])
        >>> bool(unit.decision_function([[2.0]])[0] > 0)
        True
        """
        weights = self._fitted()
        x = self._inputs(X, len(weights) - 1)
        # Its nodes without their threshold are a linear layer whose bias is row 0 of the weights.
        layers = (Input(x.shape[1]), Dense(weights.shape[1]))
        config = _backend.described(_architecture.config(layers, "embedded"))
        network = _backend.module(self.backend).Network(config, "float64", 0)
        network.set_parameters([weights])
        net = network.predict(x, _threads.get_num_threads())
        return net[:, 0] if weights.shape[1] == 1 else net

    def predict(self, X: ArrayLike) -> NDArray[np.generic]:
        """Return the label of each row.

        Examples
        --------
        >>> import nnfast as nn
        >>> nn.Perceptron().fit([[-1.0], [1.0]], [False, True]).predict([[5.0], [-5.0]])
        array([ True, False])
        """
        net = self.decision_function(X)
        numbers = (net > 0).astype(np.intp) if net.ndim == 1 else net.argmax(axis=1)
        labels: NDArray[np.generic] = self.classes_[numbers]
        return labels

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Return the share of rows whose label is predicted.

        Examples
        --------
        >>> import nnfast as nn
        >>> nn.Perceptron().fit([[-1.0], [1.0]], [0, 1]).score([[2.0], [3.0]], [1, 0])
        0.5
        """
        predicted = self.predict(X)
        return float(np.mean(predicted == _labels(y, len(predicted))))

    @property
    def weights_(self) -> NDArray[np.float64]:
        """The weights, of the shape (features, outputs)."""
        return np.array(self._fitted()[1:])

    @property
    def bias_(self) -> NDArray[np.float64]:
        """The bias of each output."""
        return np.array(self._fitted()[0])

    def __repr__(self) -> str:
        return (
            f"Perceptron(learning_rate={self.learning_rate}, epochs={self.epochs}, "
            f"shuffle={self.shuffle}, seed={self.seed}, backend={self.backend!r})"
        )

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self.backend = _backend.select_or_other(self.backend)

    def __copy__(self) -> Perceptron:
        # Learning goes on in place: a copy that shared its numbers would be a trap.
        from copy import deepcopy

        return deepcopy(self)

    def _inputs(self, X: ArrayLike, columns: int | None) -> NDArray[np.generic]:
        return _validation.inputs(
            X,
            columns=columns,
            dtype=np.dtype(np.float64),
            backend=_backend.module(self.backend),
        )

    def _fitted(self) -> NDArray[np.float64]:
        if self._weights is None:
            raise ValueError("this Perceptron has learned nothing yet; call fit or partial_fit")
        return self._weights

    def _start(self, features: int, classes: NDArray[np.generic]) -> None:
        outputs = 1 if len(classes) == 2 else len(classes)
        self._weights = np.zeros((features + 1, outputs))
        self.classes_ = classes
        self.mistakes_, self.epochs_, self.converged_ = [], 0, False

    def _epoch(self, x: NDArray[np.generic], numbers: NDArray[np.intp]) -> None:
        backend = _backend.module(self.backend)
        weights = self._fitted().copy()  # learned in place: an interrupted epoch leaves no trace
        order = np.arange(len(x), dtype=np.uint32)
        if self.shuffle:
            order = backend.permutation(len(x), self.seed, SHUFFLE, self.epochs_)
        mistakes = backend.perceptron_epoch(
            x, numbers.astype(np.uint32), weights, self.learning_rate, order
        )
        self._weights = weights
        self.mistakes_.append(int(mistakes.sum()))
        self.epochs_ += 1
        self.converged_ = self.mistakes_[-1] == 0


def novikoff_bound(X: ArrayLike, y: ArrayLike, weights: ArrayLike, bias: float = 0.0) -> float:
    """Return the bound on a perceptron's mistakes that a separating plane proves: (R / margin)^2.

    With every row extended by a constant 1, for the bias, R is the largest norm of a row, and the
    margin is the least distance of a row from the plane x w + b = 0. However the rows are ordered,
    however often they come, and whatever the learning rate, a perceptron that starts from zeros
    makes no more mistakes on two classes.

    Parameters
    ----------
    X : array-like of shape (rows, features)
    y : array-like of shape (rows,)
        Labels of two classes; those of the second, sorted, lie where x w + b > 0.
    weights : array-like of shape (features,) or (features, 1)
    bias : float, default 0.0

    Raises
    ------
    ValueError
        If the plane does not separate the classes.

    References
    ----------
    Novikoff, "On convergence proofs on perceptrons", Symposium on the Mathematical Theory of
    Automata 12, 1962.

    Examples
    --------
    >>> from nnfast.perceptron import novikoff_bound
    >>> novikoff_bound([[-1.0], [1.0]], [0, 1], [1.0])
    2.0
    """
    x = _validation.inputs(
        X, columns=None, dtype=np.dtype(np.float64), backend=_backend.get()
    ).astype(np.float64)
    labels = _labels(y, len(x))
    classes = _known(labels, "y")
    w = _validation.float_array(weights, "weights").ravel()
    if len(classes) != 2 or len(w) != x.shape[1]:
        raise ValueError(
            f"y has {len(classes)} classes and weights {len(w)} values; wanted are 2 classes and "
            f"{x.shape[1]} values, one for each column of X"
        )
    b = _validation.number(bias, "bias")
    signs = np.where(labels == classes[1], 1.0, -1.0)
    norm = np.sqrt(w @ w + b * b)
    margin = float(np.min(signs * (x @ w + b))) / norm if norm else 0.0
    if not margin > 0:
        raise ValueError(
            "weights and bias do not separate the classes; wanted is a plane that does"
        )
    return float((1.0 + np.sum(x * x, axis=1).max()) / margin**2)


def _labels(y: object, rows: int) -> NDArray[np.generic]:
    labels = _targets.labels(y, "y")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(f"y has the shape {labels.shape}; wanted is ({rows},), a label a row")
    _validation.same_length(len(labels), rows, "y", "X")
    if labels.dtype.kind == "f":
        _validation.finite(labels.astype(np.float64), labels, "y", _backend.get())
    return labels


def _known(labels: NDArray[np.generic], argument: str) -> NDArray[np.generic]:
    classes = np.unique(labels)
    if len(classes) < 2:
        raise ValueError(
            f"{argument} has the labels {classes.tolist()}; wanted are at least two different ones"
        )
    return classes
