"""Correlation learning: what goes together in the data is wired together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from nnfast import _validation
from nnfast.unsupervised._method import SMALLER, Method, column_means

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    Array: TypeAlias = NDArray[Any]

Self = TypeVar("Self", bound="_Correlation")


class _Correlation(Method):
    """The loop that Hebb's rule and those that tame it have in common."""

    _rule: ClassVar[str]
    _remedy: ClassVar[str] = SMALLER
    _options: ClassVar[tuple[str, ...]] = (
        "n_components",
        "learning_rate",
        "decay",
        "epochs",
        "center",
        "shuffle",
        "seed",
    )
    _arrays = ("components_", "mean_", "norms_")
    _counters = ("epochs_",)

    components_: Array
    mean_: Array
    norms_: NDArray[np.float64]
    epochs_: int

    def __init__(
        self,
        n_components: int = 1,
        *,
        learning_rate: float = 0.01,
        decay: float = 0.0,
        epochs: int = 10,
        center: bool = True,
        shuffle: bool = True,
        seed: int = 0,
        dtype: Any = "float32",
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        self.n_components = _validation.integer(n_components, "n_components")
        self.learning_rate = _validation.number(learning_rate, "learning_rate", above=0.0)
        self.decay = _validation.number(decay, "decay", minimum=0.0)
        self.epochs = _validation.integer(epochs, "epochs")
        self.center = _validation.boolean(center, "center")
        self.shuffle = _validation.boolean(shuffle, "shuffle")
        self._set_common(seed, dtype, threads, backend)

    def fit(self: Self, X: ArrayLike, y: object = None) -> Self:
        """Learn from the start: `epochs` times every row, one after another.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)
            Finite numbers.
        y : ignored

        Returns
        -------
        The method itself.

        Raises
        ------
        ValueError
            If the weights grow past the numbers there are; what the epochs before have learned
            is kept.
        """
        x = self._inputs(X)
        self._start(x)
        for _ in range(self.epochs):
            self._epoch(x)
        return self

    def partial_fit(self: Self, X: ArrayLike, y: object = None) -> Self:
        """Go through the rows once, from the weights as they are; the mean stays the first call's.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)
        y : ignored

        Returns
        -------
        The method itself.
        """
        x = self._inputs(X, self.components_.shape[1] if self._is_fitted else None)
        if not self._is_fitted:
            self._start(x)
        self._epoch(x)
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Return each node's output: (X - mean) times its weights.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)

        Returns
        -------
        ndarray of shape (rows, n_components)
        """
        self._check_fitted()
        x = self._inputs(X, len(self.mean_))
        weights = np.ascontiguousarray(self.weights_)
        outputs = self._product(x, weights)
        outputs -= self._product(self.mean_[np.newaxis], weights)
        return outputs

    def fit_transform(self, X: ArrayLike, y: object = None) -> Array:
        """Return `fit(X).transform(X)`."""
        return self.fit(X).transform(X)

    def inverse_transform(self, Z: ArrayLike) -> Array:
        """Return mean + Z times the components: the rows that orthonormal components stand for.

        Parameters
        ----------
        Z : array-like of shape (rows, n_components)

        Returns
        -------
        ndarray of shape (rows, inputs)
        """
        self._check_fitted()
        z = self._inputs(Z, len(self.components_), "Z")
        return self._product(z, self.components_, self.mean_)

    @property
    def weights_(self) -> Array:
        """The weights as a layer's, of the shape (inputs, n_components)."""
        self._check_fitted()
        weights: Array = self.components_.T
        return weights

    def _limit(self) -> float:
        return math.inf

    def _start(self, x: Array) -> None:
        from nnfast.initializers import RandomUniform

        inputs = x.shape[1]
        bound = math.sqrt(3 / inputs)  # so that the expected squared norm is 1
        drawn = self._initial(inputs, self.n_components, RandomUniform(-bound, bound))
        mean = column_means(x) if self.center else np.zeros(inputs)
        self.mean_ = mean.astype(self.dtype)
        self.components_ = np.ascontiguousarray(drawn.T)
        self.norms_ = np.empty((0, self.n_components))
        self.epochs_ = 0

    def _epoch(self, x: Array) -> None:
        components = self.components_.copy()
        order = self._order(len(x), self.shuffle, self.epochs_)
        with np.errstate(over="ignore", invalid="ignore"):
            self._core.hebbian_epoch(
                x,
                components,
                self.mean_,
                order,
                self._rule,
                self._limit(),
                self.learning_rate,
                self.decay,
                self.epochs_,
            )
        self._finite([components], self.epochs_, self._remedy)
        norms = np.sqrt(np.square(components, dtype=np.float64).sum(axis=1))
        self.components_ = components
        self.norms_ = np.concatenate([self.norms_, norms[np.newaxis]])
        self.epochs_ += 1

    def _shapes(self, tensors: dict[str, Array]) -> dict[str, tuple[int, ...]]:
        inputs, epochs = len(tensors["mean_"]), len(tensors["norms_"])
        return {
            "components_": (self.n_components, inputs),
            "mean_": (inputs,),
            "norms_": (epochs, self.n_components),
        }


class Hebb(_Correlation):
    """Plain Hebbian learning: a weight grows when both of its ends are active together.

    A node's output is y = w x, and after every row w += learning_rate y x. In the mean that is
    learning_rate C w with C the correlation matrix of the inputs: w turns towards the first
    principal component and grows without end, which `max_norm` stops and Oja's rule avoids.

    Parameters
    ----------
    n_components : int, default 1
        Nodes. Nothing tells them apart but the weights that they start from.
    learning_rate : float, default 0.01
    decay : float, default 0.0
        After e epochs the learning rate is learning_rate / (1 + decay e), from row to row.
    epochs : int, default 10
        How often `fit` goes through the rows.
    center : bool, default True
        Whether the rows' mean is subtracted from each: correlations become covariances.
    max_norm : float, optional
        A node whose weights are longer is shortened to this norm after every row.
    shuffle : bool, default True
        Whether every epoch takes the rows in another order.
    seed : int, default 0
        What initial weights and orders follow from.
    dtype : {"float32", "float64"}
    threads, backend : optional
        As for `FeedForward`.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, inputs)
        The weights of each node; `weights_` is its transpose.
    mean_ : ndarray of shape (inputs,)
    norms_ : float64 ndarray of shape (epochs, n_components)
        The norm of each node's weights after every epoch.
    epochs_ : int

    References
    ----------
    Hebb, "The Organization of Behavior", 1949: "When an axon of cell A is near enough to excite a
    cell B and repeatedly or persistently takes part in firing it, some growth process or metabolic
    change takes place in one or both cells such that A's efficiency, as one of the cells firing B,
    is increased."

    Examples
    --------
    >>> import nnfast as nn
    >>> X = [[1.0, 1.0], [-1.0, -1.0], [0.5, -0.5], [-0.5, 0.5]]
    >>> free = nn.unsupervised.Hebb(learning_rate=0.1, epochs=10).fit(X)
    >>> bool(free.norms_[-1, 0] > 10 * free.norms_[0, 0])
    True
    >>> nn.unsupervised.Hebb(learning_rate=0.1, max_norm=1.0, epochs=30).fit(X).norms_[-1].round(3)
    array([1.])
    """

    _rule = "hebb"
    _remedy = "plain Hebbian weights grow without end: give it a max_norm, or take Oja's rule"
    _options = (*_Correlation._options[:-2], "max_norm", "shuffle", "seed")

    def __init__(
        self,
        n_components: int = 1,
        *,
        learning_rate: float = 0.01,
        decay: float = 0.0,
        epochs: int = 10,
        center: bool = True,
        max_norm: float | None = None,
        shuffle: bool = True,
        seed: int = 0,
        dtype: Any = "float32",
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        super().__init__(
            n_components,
            learning_rate=learning_rate,
            decay=decay,
            epochs=epochs,
            center=center,
            shuffle=shuffle,
            seed=seed,
            dtype=dtype,
            threads=threads,
            backend=backend,
        )
        if max_norm is not None:
            max_norm = _validation.number(max_norm, "max_norm", above=0.0)
        self.max_norm = max_norm

    def _limit(self) -> float:
        return math.inf if self.max_norm is None else self.max_norm


class Oja(_Correlation):
    """Oja's rule: Hebbian learning that keeps its weights at norm 1 by itself.

    After every row w_j += learning_rate y_j (x - sum_k y_k w_k), the sum over all nodes: what they
    already explain of x is learned no more. One node finds the first principal component; several
    find an orthonormal basis of the subspace of as many, but not the components one by one
    (`Sanger` does).

    Parameters
    ----------
    n_components : int, default 1
    learning_rate : float, default 0.01
        Stable while it stays well below 1 / (largest squared norm of a centred row).
    decay, epochs, center, shuffle, seed, dtype, threads, backend
        As for `Hebb`.

    Attributes
    ----------
    components_, mean_, norms_, epochs_
        As for `Hebb`.

    References
    ----------
    Oja, "A simplified neuron model as a principal component analyzer", Journal of Mathematical
    Biology 15, 1982, equation 3; Oja, "Neural networks, principal components, and subspaces",
    International Journal of Neural Systems 1, 1989.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> X = np.random.default_rng(0).normal(size=(500, 3)) * [3.0, 1.0, 0.3]
    >>> unit = nn.unsupervised.Oja(learning_rate=0.01, decay=1.0, epochs=20).fit(X)
    >>> abs(unit.components_[0]).round(1).tolist(), unit.norms_[-1].round(2).tolist()
    ([1.0, 0.0, 0.0], [1.0])
    """

    _rule = "oja"


class Sanger(_Correlation):
    """Sanger's rule, the generalized Hebbian algorithm: principal components, one after another.

    After every row w_j += learning_rate y_j (x - sum_{k <= j} y_k w_k): each node learns from what
    those before it have left. The weights converge to the principal components, the largest
    variance first, without a covariance matrix ever being made.

    Parameters
    ----------
    n_components : int, default 1
    learning_rate : float, default 0.01
        Stable while it stays well below 1 / (largest squared norm of a centred row). With a decay,
        components come as close as wanted; with a constant rate they keep trembling around.
    decay, epochs, center, shuffle, seed, dtype, threads, backend
        As for `Hebb`.

    Attributes
    ----------
    components_, mean_, norms_, epochs_
        As for `Hebb`.

    References
    ----------
    Sanger, "Optimal unsupervised learning in a single-layer linear feedforward neural network",
    Neural Networks 2, 1989, equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> X = np.random.default_rng(0).normal(size=(500, 3)) * [3.0, 1.0, 0.3]
    >>> pca = nn.unsupervised.Sanger(2, learning_rate=0.01, decay=0.5, epochs=30).fit(X)
    >>> abs(pca.components_).round(1).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """

    _rule = "sanger"
