"""Competitive learning: vector quantization row by row, and Lloyd's from all rows at once."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _validation
from nnfast.unsupervised import _decays, _saved
from nnfast.unsupervised._codebook import KERNEL, UNITS_LIMIT, Codebook, rows_limit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from nnfast.unsupervised._codebook import Array

INITIALIZERS = ("k-means++", "sample")
TRAININGS = ("online", "batch")


class CompetitiveLearning(Codebook):
    """Units that compete for rows: the nearest wins, and it alone moves towards the row.

    `w += learning_rate * (x - w)` for the winner, row by row; the units become the means of the
    rows that they win, a codebook for the data (vector quantization) and the centres of clusters.
    `training="batch"` moves all units to those means at once: Lloyd's algorithm, known as k-means.

    Parameters
    ----------
    units : int
        How many, 1 or more.
    learning_rate : float, default 0.1
        At the start, in (0, 1]; batch training has none.
    decay_function : {"linear_decay_to_zero", "inverse_decay_to_zero", "asymptotic_decay", \
"constant"}
        How the rate shrinks from row to row.
    frequency_sensitive : bool, default False
        Whether a unit's squared distances are multiplied by how often it has won, so that units
        which started far from all rows win some in time: Ahalt and others, 1990. Units then win
        more equally often, which costs a little of the quantization error.
    initializer : {"k-means++", "sample"}
        Where units start: at rows drawn with a probability that grows with the squared distance to
        those drawn before (Arthur and Vassilvitskii, 2007), or at any rows. The former leaves
        hardly any unit dead.
    training : {"online", "batch"}
    dtype : {"float32", "float64"}
    seed : int, default 0
        What initial units and the order of rows follow from.
    threads : int, optional
        They change no bit; by default as many as `get_num_threads` says.
    backend : {"rust", "numpy"}, optional
        As for `FeedForward`.

    Attributes
    ----------
    weights_ : ndarray of shape (units, columns)
    wins_ : ndarray of shape (units,)
        How many rows each unit won in the last epoch (batch), or in all and 1 more (online, if
        frequency-sensitive); empty otherwise.
    epochs_ : int
        Epochs gone through.
    converged_ : bool
        Whether batch training ended since no row changed its unit.

    References
    ----------
    Rumelhart and Zipser, "Feature discovery by competitive learning", Cognitive Science 9, 1985;
    Ahalt, Krishnamurthy, Chen and Melton, "Competitive learning algorithms for vector
    quantization", Neural Networks 3, 1990; Lloyd, "Least squares quantization in PCM", 1982; Arthur
    and Vassilvitskii, "k-means++: the advantages of careful seeding", 2007.

    Examples
    --------
    >>> from nnfast.unsupervised import CompetitiveLearning
    >>> X = [[0.0, 0.0], [0.1, 0.0], [5.0, 5.0], [5.1, 5.0]]
    >>> two = CompetitiveLearning(2, training="batch", dtype="float64").fit(X)
    >>> sorted(two.weights_.round(2).tolist())
    [[0.05, 0.0], [5.05, 5.0]]
    >>> bool(two.predict([[4.0, 4.0]]) == two.predict([[6.0, 6.0]]))
    True
    """

    epochs_: int
    converged_: bool
    wins_: NDArray[np.float64]

    def __init__(
        self,
        units: int,
        *,
        learning_rate: float = 0.1,
        decay_function: str = "linear_decay_to_zero",
        frequency_sensitive: bool = False,
        initializer: str = "k-means++",
        training: str = "online",
        dtype: Any = "float32",
        seed: int = 0,
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        super().__init__(dtype, seed, threads, backend)
        self.units = _validation.integer(units, "units", below=UNITS_LIMIT)
        self.learning_rate = _validation.number(learning_rate, "learning_rate", above=0.0)
        if self.learning_rate > 1:
            raise ValueError(
                f"learning_rate is {learning_rate!r}; wanted is a share of the way, 1 at most"
            )
        self.decay_function = _validation.choice(
            decay_function, "decay_function", tuple(_decays.RATES)
        )
        self.frequency_sensitive = _validation.boolean(frequency_sensitive, "frequency_sensitive")
        self.initializer = _validation.choice(initializer, "initializer", INITIALIZERS)
        self.training = _validation.choice(training, "training", TRAININGS)
        if self.frequency_sensitive and self.training == "batch":
            raise ValueError(
                "frequency_sensitive is True; batch training does not know it: wanted is "
                "training='online'"
            )

    def fit(
        self,
        X: ArrayLike,
        y: object = None,
        *,
        epochs: int | None = None,
        shuffle: bool = True,
        initial: ArrayLike | None = None,
    ) -> CompetitiveLearning:
        """Learn from the start.

        Parameters
        ----------
        X : array-like of shape (rows, columns)
            Finite numbers, of comparable scale in all columns.
        y : ignored
        epochs : int, optional
            How often all rows are gone through: 10 by default, in batch training 300 at most, which
            ends when no row changes its unit.
        shuffle : bool, default True
            Whether every epoch takes the rows in another order. Batch training has none.
        initial : array-like of shape (units, columns), optional
            Where the units start, in place of what `initializer` says.

        Returns
        -------
        CompetitiveLearning
            Itself.
        """
        x = self._inputs(X, None)
        rows_limit(x)
        if epochs is None:
            epochs = 300 if self.training == "batch" else 10
        epochs = _validation.integer(epochs, "epochs")
        shuffle = _validation.boolean(shuffle, "shuffle")
        units = self._initial(x) if initial is None else self._given(initial, x.shape[1])
        if self.training == "batch":
            self._learn_batch(x, units, epochs)
        else:
            self._learn_online(x, units, epochs, shuffle)
        self._units = units
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.intp]:
        """Return the number of the unit nearest to each row."""
        return self._nearest(X)[0]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the codebook to a safetensors file, whole or not at all."""
        _saved.save(self, path, self._config(), {"weights": self._learned(), "wins": self.wins_})

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        threads: int | None = None,
        backend: str | None = None,
    ) -> CompetitiveLearning:
        """Read a codebook that `save` wrote. No code of the file is run.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is no codebook, or damaged.
        """

        def build(config: dict[str, Any], tensors: dict[str, Array]) -> CompetitiveLearning:
            model = cls(**config, threads=threads, backend=backend)
            weights = tensors["weights"]
            model._units = model._given(weights, weights.shape[-1])
            model.wins_ = tensors["wins"]
            return model

        return _saved.load(cls, path, ("weights", "wins"), build)

    @property
    def weights_(self) -> Array:
        """The weights of the units, a copy."""
        return np.array(self._learned())

    def _config(self) -> dict[str, Any]:
        return {
            "units": self.units,
            "learning_rate": self.learning_rate,
            "decay_function": self.decay_function,
            "frequency_sensitive": self.frequency_sensitive,
            "initializer": self.initializer,
            "training": self.training,
            "dtype": self.dtype.name,
            "seed": self.seed,
        }

    def __repr__(self) -> str:
        config = self._config()
        shown = [str(config.pop("units"))]
        shown += [f"{name}={value!r}" for name, value in config.items()]
        return f"CompetitiveLearning({', '.join(shown)})"

    def _learn_online(self, x: Array, units: Array, epochs: int, shuffle: bool) -> None:
        core, threads = self._core(), self._workers()
        wins = np.ones(self.units if self.frequency_sensitive else 0)
        decay = _decays.RATES[self.decay_function]
        for epoch in range(epochs):
            order = self._order(len(x), epoch, shuffle)
            t = np.arange(epoch * len(x), (epoch + 1) * len(x), dtype=np.float64)
            rates = decay(self.learning_rate, t, epochs * len(x))
            for part in self._steps(len(order), units):
                core.competitive_online(x, units, wins, order[part], rates[part], threads)
        self.wins_, self.epochs_, self.converged_ = wins, epochs, False

    def _learn_batch(self, x: Array, units: Array, epochs: int) -> None:
        core, threads = self._core(), self._workers()
        sums = np.empty_like(units)
        before: Array | None = None
        self.converged_ = False
        for epoch in range(epochs):
            winners, _, _ = core.nearest_units(x, units, "euclidean", threads)
            if before is not None and np.array_equal(winners, before):
                self.converged_ = True
                break
            before = winners
            counts = core.unit_sums(x, winners, sums, threads)
            won = counts > 0  # the others stay where they are
            units[won] = sums[won] / counts[won, np.newaxis].astype(units.dtype)
            self.wins_, self.epochs_ = counts.astype(np.float64), epoch + 1

    def _given(self, initial: ArrayLike, columns: int) -> Array:
        given = _validation.float_array(initial, "initial")
        if given.shape != (self.units, columns):
            raise ValueError(
                f"initial has the shape {given.shape}; wanted is ({self.units}, {columns})"
            )
        with np.errstate(over="ignore"):
            converted = np.array(given, dtype=self.dtype, order="C")
        _validation.finite(converted, given, "initial", self._core())
        return converted

    def _initial(self, x: Array) -> Array:
        if self.initializer == "sample":
            return self._sample(x, self.units)
        return plus_plus(self, x, self.units)


def plus_plus(codebook: Codebook, x: Array, count: int) -> Array:
    """Draw rows, each with a probability proportional to its squared distance to those before it.

    Of some rows drawn so (2 + log count, as in scikit-learn) the one is taken that leaves the least
    sum of squared distances. Once all rows are drawn, or equal to drawn ones, they are taken in
    their order.
    """
    from nnfast.reference.random import Stream  # the core's numbers, drawn in NumPy

    trials = 2 + int(math.log(count))
    uniform = Stream(codebook.seed, KERNEL).uniform(count * trials).reshape(count, trials)
    chosen = np.empty((count, x.shape[1]), codebook.dtype)
    least = np.ones(len(x))
    for unit in range(count):
        reached = np.cumsum(least)
        if reached[-1] > 0:
            drawn = np.searchsorted(reached, uniform[unit] * reached[-1], side="right")
            rows = np.minimum(drawn, len(x) - 1)[: 1 if unit == 0 else trials]
        else:
            rows = np.array([unit % len(x)])
        candidates = np.ascontiguousarray(x[rows], dtype=codebook.dtype)
        distances = codebook._distances(x, candidates).astype(np.float64)
        if unit > 0:
            distances = np.minimum(distances, least[:, np.newaxis])
        best = int(distances.sum(axis=0).argmin())
        chosen[unit], least = candidates[best], distances[:, best]
    return chosen
