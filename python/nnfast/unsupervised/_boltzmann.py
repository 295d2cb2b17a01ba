"""The restricted Boltzmann machine of binary units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _validation
from nnfast.unsupervised._method import Method

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    Array: TypeAlias = NDArray[Any]

FLIP = 19  # the purpose of the random numbers that say which unit is asked about


class BernoulliRBM(Method):
    """A restricted Boltzmann machine: hidden units that learn what makes the data likely.

    Visible units v and hidden units h are 0 or 1, with P(v, h) proportional to
    exp(v a + h b + v W h). It learns by following the gradient of the data's log-likelihood, whose
    second half Gibbs sampling estimates: from chains that go on from step to step (persistent
    contrastive divergence), or from each row for a few steps (CD-k).

    The names are scikit-learn's, whose algorithm is ``"pcd"`` with one Gibbs step. Other than
    there, `fit` takes the rows in another order each epoch, a last batch with fewer rows weighs its
    own mean against that of all chains, and values outside 0 to 1 are refused.

    Parameters
    ----------
    n_components : int, default 256
        Hidden units.
    learning_rate : float, default 0.1
    batch_size : int, default 10
        Rows of a step, and persistent chains.
    n_iter : int, default 10
        How often `fit` goes through the rows.
    algorithm : {"pcd", "cd"}
    gibbs_steps : int, default 1
        The k of CD-k: how often the chains go down and up before each step.
    shuffle : bool, default True
    seed : int, default 0
        What initial weights, orders and samples follow from.
    dtype : {"float32", "float64"}
    threads, backend : optional
        As for `FeedForward`.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, inputs)
        The weights; they start normally distributed with a deviation of 0.01.
    intercept_hidden_ : ndarray of shape (n_components,)
    intercept_visible_ : ndarray of shape (inputs,)
    n_iter_ : int
        Epochs gone through.
    step_ : int
        Steps taken.

    References
    ----------
    Hinton, "Training products of experts by minimizing contrastive divergence", Neural Computation
    14, 2002; Tieleman, "Training restricted Boltzmann machines using approximations to the
    likelihood gradient", ICML 2008; Hinton, "A practical guide to training restricted Boltzmann
    machines", UTML TR 2010-003.

    Examples
    --------
    >>> import nnfast as nn
    >>> X = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]]
    >>> machine = nn.unsupervised.BernoulliRBM(2, n_iter=50).fit(X)
    >>> machine.transform(X).shape
    (4, 2)
    """

    _options = (
        "n_components",
        "learning_rate",
        "batch_size",
        "n_iter",
        "algorithm",
        "gibbs_steps",
        "shuffle",
        "seed",
    )
    _arrays = ("_weights", "intercept_hidden_", "intercept_visible_", "_chains")
    _counters = ("n_iter_", "step_")

    _weights: Array  # (inputs, n_components)
    intercept_hidden_: Array
    intercept_visible_: Array
    _chains: Array  # the hidden units of the persistent chains
    n_iter_: int
    step_: int

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        algorithm: str = "pcd",
        gibbs_steps: int = 1,
        shuffle: bool = True,
        seed: int = 0,
        dtype: Any = "float32",
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        self.n_components = _validation.integer(n_components, "n_components")
        self.learning_rate = _validation.number(learning_rate, "learning_rate", above=0.0)
        self.batch_size = _validation.integer(batch_size, "batch_size")
        self.n_iter = _validation.integer(n_iter, "n_iter")
        self.algorithm = _validation.choice(algorithm, "algorithm", ("pcd", "cd"))
        self.gibbs_steps = _validation.integer(gibbs_steps, "gibbs_steps", below=2**20)
        self.shuffle = _validation.boolean(shuffle, "shuffle")
        self._set_common(seed, dtype, threads, backend)

    def fit(self, X: ArrayLike, y: object = None) -> BernoulliRBM:
        """Learn from the start: `n_iter` times every row.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)
            Values from 0 to 1.
        y : ignored

        Returns
        -------
        BernoulliRBM
            Itself.
        """
        x = self._units(X)
        self._start(x.shape[1])
        for _ in range(self.n_iter):
            self._learn(x, self.batch_size, self._order(len(x), self.shuffle, self.n_iter_))
            self.n_iter_ += 1
        return self

    def partial_fit(self, X: ArrayLike, y: object = None) -> BernoulliRBM:
        """Take one step on the rows, from the weights as they are.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)
        y : ignored

        Returns
        -------
        BernoulliRBM
            Itself.
        """
        x = self._units(X, len(self.intercept_visible_) if self._is_fitted else None)
        if not self._is_fitted:
            self._start(x.shape[1])
        self._learn(x, len(x), np.arange(len(x), dtype=np.uint32))
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Return the probability of each hidden unit to be 1, shape (rows, n_components).

        Parameters
        ----------
        X : array-like of shape (rows, inputs)
        """
        x = self._known_units(X)
        return self._core.boltzmann_hidden(x, *self._parameters(), self._thread_count)

    def fit_transform(self, X: ArrayLike, y: object = None) -> Array:
        """Return `fit(X).transform(X)`."""
        return self.fit(X).transform(X)

    def reconstruct(self, X: ArrayLike) -> Array:
        """Return the visible units' probabilities, given those of the hidden ones, given X.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)

        Returns
        -------
        ndarray of shape (rows, inputs)
        """
        h = self.transform(X)
        return self._core.boltzmann_visible(h, *self._parameters(), self._thread_count)

    def gibbs(self, v: ArrayLike, *, steps: int = 1, seed: int | None = None) -> NDArray[np.bool_]:
        """Sample hidden units given the visible ones and visible ones given these, `steps` times.

        Parameters
        ----------
        v : array-like of shape (rows, inputs)
        steps : int, default 1
        seed : int, optional
            What the samples follow from; by default the machine's seed.

        Returns
        -------
        ndarray of bool, shape (rows, inputs)
        """
        x = self._known_units(v, "v")
        steps = _validation.integer(steps, "steps", below=2**20)
        # Its numbers lie past those of all steps of training.
        states = self._core.boltzmann_gibbs(
            x, *self._parameters(), steps, self._seed(seed), 2**32 - 1, self._thread_count
        )
        drawn: NDArray[np.bool_] = states > 0.5
        return drawn

    def free_energy(self, X: ArrayLike) -> Array:
        """Return F(v) of each row: P(v) is exp(-F(v)) / Z, with one Z for all v.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)

        Returns
        -------
        ndarray of shape (rows,)
        """
        x = self._known_units(X)
        return self._core.boltzmann_energy(x, *self._parameters(), None, self._thread_count)

    def score_samples(self, X: ArrayLike, *, seed: int | None = None) -> Array:
        """Return an estimate of each row's pseudo-log-likelihood.

        It is the number of visible units times log P(v_i | all others) for one unit i, drawn for
        each row.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)
        seed : int, optional
            What the choice of the units follows from; by default the machine's seed.

        Returns
        -------
        ndarray of shape (rows,)
        """
        from nnfast.reference.random import Stream

        x = self._known_units(X)
        places = Stream(self._seed(seed), FLIP).uniform(len(x)) * x.shape[1]
        return self._core.boltzmann_energy(
            x, *self._parameters(), places.astype(np.uint32), self._thread_count
        )

    @property
    def components_(self) -> Array:
        """The weights, of the shape (n_components, inputs)."""
        self._check_fitted()
        weights: Array = self._weights.T
        return weights

    @property
    def weights_(self) -> Array:
        """The weights as a layer's, of the shape (inputs, n_components)."""
        self._check_fitted()
        return self._weights

    def _parameters(self) -> tuple[Array, Array, Array]:
        return self._weights, self.intercept_hidden_, self.intercept_visible_

    def _seed(self, seed: int | None) -> int:
        if seed is None:
            return self.seed
        return _validation.integer(seed, "seed", minimum=0, below=_validation.SEED_LIMIT)

    def _start(self, inputs: int) -> None:
        from nnfast.initializers import RandomNormal

        self._weights = self._initial(inputs, self.n_components, RandomNormal(0.0, 0.01))
        self.intercept_hidden_ = np.zeros(self.n_components, self.dtype)
        self.intercept_visible_ = np.zeros(inputs, self.dtype)
        chains = self.batch_size if self.algorithm == "pcd" else 0
        self._chains = np.zeros((chains, self.n_components), self.dtype)
        self.n_iter_ = self.step_ = 0

    def _learn(self, x: Array, batch_size: int, order: Array) -> None:
        # Learned in place: an interrupted epoch leaves no trace.
        w, b, a = (array.copy() for array in self._parameters())
        chains = self._chains.copy()
        with np.errstate(over="ignore", invalid="ignore"):
            self._core.boltzmann_epoch(
                x,
                w,
                b,
                a,
                chains,
                order,
                batch_size,
                self.learning_rate,
                self.algorithm == "pcd",
                self.gibbs_steps,
                self.seed,
                self.step_,
                self._thread_count,
            )
        self._finite([w, b, a], self.n_iter_, "take a smaller learning_rate")
        self._weights, self.intercept_hidden_, self.intercept_visible_ = w, b, a
        self._chains = chains
        self.step_ += -(-len(order) // batch_size)

    def _known_units(self, X: ArrayLike, argument: str = "X") -> Array:
        self._check_fitted()
        return self._units(X, len(self.intercept_visible_), argument)

    def _units(self, X: ArrayLike, columns: int | None = None, argument: str = "X") -> Array:
        """Return a table of values from 0 to 1."""
        x = self._inputs(X, columns, argument)
        low, high = x.min(), x.max()
        if low < 0 or high > 1:
            raise ValueError(
                f"{argument} holds values from {low:g} to {high:g}; wanted are values from 0 to 1"
            )
        return x

    def _shapes(self, tensors: dict[str, Array]) -> dict[str, tuple[int, ...]]:
        inputs, hidden = len(tensors["intercept_visible_"]), self.n_components
        return {
            "_weights": (inputs, hidden),
            "intercept_hidden_": (hidden,),
            "intercept_visible_": (inputs,),
            "_chains": (self.batch_size if self.algorithm == "pcd" else 0, hidden),
        }
