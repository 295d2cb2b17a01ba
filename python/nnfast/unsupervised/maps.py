"""Self-organizing maps."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _backend, _validation
from nnfast.unsupervised import _decays, _grid, _saved
from nnfast.unsupervised._codebook import KERNEL, UNITS_LIMIT, Codebook, rows_limit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from nnfast.unsupervised._codebook import Array

TOPOLOGIES = ("rectangular", "hexagonal")
NEIGHBORHOODS = ("gaussian", "mexican_hat", "bubble", "triangle")
DISTANCES = ("euclidean", "manhattan", "chebyshev")
INITIALIZERS = ("sample", "pca", "random")
TRAININGS = ("online", "batch")


class SelfOrganizingMap(Codebook):
    """A map of units on a grid, on which neighbours learn to stand for similar rows.

    Row by row: the unit nearest to a row, c, wins, and every unit moves towards the row by a share
    of its way, `w += learning_rate * h(c, unit) * (x - w)`, that falls with the unit's distance to
    the winner *on the grid*. Both the rate and the neighbourhood's width shrink as training goes
    on. Parameters and formulas are MiniSom's, whose weights `training="online"` reproduces to
    rounding, in a small part of its time.

    Parameters
    ----------
    x, y : int
        How many units wide and high. Unit (i, j) is the one at column i and row j.
    topology : {"rectangular", "hexagonal"}
        On a hexagonal grid every second row is shifted by half a unit, so that each unit inside has
        six neighbours at distance 1.
    neighborhood_function : {"gaussian", "mexican_hat", "bubble", "triangle"}
        With d the distance on the grid: exp(-d^2 / (2 sigma^2)); that times 1 - d^2 / sigma^2; 1
        within sigma; 1 - d / sigma or 0. The latter two are taken along both axes of a rectangular
        grid and multiplied, and along the distance of a hexagonal one (MiniSom: always along both
        axes, and its triangle is sigma^2 times as high).
    sigma : float, optional
        The width of the neighbourhood at the start, in units of the grid; half of the longer side
        by default (MiniSom: 1).
    sigma_decay_function : {"linear_decay_to_one", "inverse_decay_to_one", "asymptotic_decay", \
"constant"}
        How the width shrinks (MiniSom: "asymptotic_decay", to a third).
    learning_rate : float, optional
        At the start: 0.5 by default, and 1 in batch training.
    decay_function : {"linear_decay_to_zero", "inverse_decay_to_zero", "asymptotic_decay", \
"constant"}, optional
        How the rate shrinks: "linear_decay_to_zero" by default, and "constant" in batch training
        (MiniSom: "asymptotic_decay" in both).
    activation_distance : {"euclidean", "manhattan", "chebyshev"}
        By which the winner is found.
    initializer : {"sample", "pca", "random"}
        Where units start: at rows drawn from the data; spread over the plane of the first two
        principal components, two standard deviations to each side; or at random directions of
        length 1. The principal components are found by NumPy's LAPACK, whose last bits may differ
        between machines.
    training : {"online", "batch"}
        Row by row, or from all rows at once: each unit then moves to the mean of all rows, each
        weighted by the neighbourhood of its winner (Kohonen, 2013). Batch training is the faster
        one, needs no learning rate and shares its work between threads.
    wrap : bool, default False
        Whether opposite edges are joined: the map is a torus. Wants an even `y` if hexagonal.
    dtype : {"float32", "float64"}
    seed : int, default 0
        What initial units and the order of rows follow from.
    threads : int, optional
        They change no bit; by default as many as `get_num_threads` says.
    backend : {"rust", "numpy"}, optional
        As for `FeedForward`.

    Attributes
    ----------
    weights_ : ndarray of shape (x, y, columns)
        `weights_[:, :, k]` is the component plane of column k.
    positions_ : ndarray of shape (x, y, 2)
        Where the units lie on the plane.

    References
    ----------
    Kohonen, "Self-organized formation of topologically correct feature maps", Biological
    Cybernetics 43, 1982; *Self-Organizing Maps*, 3rd edition, 2001; "Essentials of the
    self-organizing map", Neural Networks 37, 2013. Vettigli, "MiniSom", 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast.unsupervised import SelfOrganizingMap
    >>> X = np.random.default_rng(0).random((500, 2))
    >>> som = SelfOrganizingMap(8, 8, seed=0).fit(X, epochs=20)
    >>> som.weights_.shape
    (8, 8, 2)
    >>> som.quantization_error(X) < 0.08, som.topographic_error(X) < 0.1
    (True, True)
    """

    def __init__(
        self,
        x: int,
        y: int,
        *,
        topology: str = "rectangular",
        neighborhood_function: str = "gaussian",
        sigma: float | None = None,
        sigma_decay_function: str = "linear_decay_to_one",
        learning_rate: float | None = None,
        decay_function: str | None = None,
        activation_distance: str = "euclidean",
        initializer: str = "sample",
        training: str = "online",
        wrap: bool = False,
        dtype: Any = "float32",
        seed: int = 0,
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        super().__init__(dtype, seed, threads, backend)
        self.x = _validation.integer(x, "x", below=UNITS_LIMIT)
        self.y = _validation.integer(y, "y", below=UNITS_LIMIT)
        if self.x * self.y >= UNITS_LIMIT:
            raise ValueError(f"x * y is {self.x * self.y}; wanted is a map below {UNITS_LIMIT}")
        self.topology = _validation.choice(topology, "topology", TOPOLOGIES)
        self.neighborhood_function = _validation.choice(
            neighborhood_function, "neighborhood_function", NEIGHBORHOODS
        )
        self.training = _validation.choice(training, "training", TRAININGS)
        batch = self.training == "batch"
        if sigma is None:
            sigma = max(max(self.x, self.y) / 2, 1.0)
        self.sigma = _validation.number(sigma, "sigma", above=0.0)
        self.sigma_decay_function = _validation.choice(
            sigma_decay_function, "sigma_decay_function", tuple(_decays.WIDTHS)
        )
        if learning_rate is None:
            learning_rate = 1.0 if batch else 0.5
        self.learning_rate = _validation.number(learning_rate, "learning_rate", above=0.0)
        if decay_function is None:
            decay_function = "constant" if batch else "linear_decay_to_zero"
        self.decay_function = _validation.choice(
            decay_function, "decay_function", tuple(_decays.RATES)
        )
        self.activation_distance = self._distance = _validation.choice(
            activation_distance, "activation_distance", DISTANCES
        )
        self.initializer = _validation.choice(initializer, "initializer", INITIALIZERS)
        self.wrap = _validation.boolean(wrap, "wrap")
        if self.wrap and self.topology == "hexagonal" and self.y % 2:
            raise ValueError(
                f"y is {self.y}; wanted is an even number where a hexagonal map is wrapped, since "
                "every second row is shifted"
            )
        self._grid = _grid.Grid(self.x, self.y, self.topology == "hexagonal", self.wrap)

    def fit(
        self,
        X: ArrayLike,
        y: object = None,
        *,
        epochs: int = 10,
        iterations: int | None = None,
        shuffle: bool = True,
        initial: ArrayLike | None = None,
    ) -> SelfOrganizingMap:
        """Learn from the start.

        Parameters
        ----------
        X : array-like of shape (rows, columns)
            Finite numbers, of comparable scale in all columns: distances are what is learned from.
        y : ignored
        epochs : int, default 10
            How often all rows are gone through. Rate and width stay through an epoch (MiniSom's
            `use_epochs=True`).
        iterations : int, optional
            Instead: how many rows are learned in all, rate and width shrinking with each. Only for
            online training.
        shuffle : bool, default True
            Whether every epoch takes the rows in another order. Batch training has none.
        initial : array-like of shape (x, y, columns), optional
            Where the units start, in place of what `initializer` says: another map's `weights_`,
            for instance, to go on from.

        Returns
        -------
        SelfOrganizingMap
            Itself.
        """
        x = self._inputs(X, None)
        rows_limit(x)
        epochs = _validation.integer(epochs, "epochs")
        shuffle = _validation.boolean(shuffle, "shuffle")
        if iterations is not None:
            iterations = _validation.integer(iterations, "iterations")
            if self.training == "batch":
                raise ValueError(
                    f"iterations is {iterations}; batch training takes epochs, each of all rows"
                )
        units = self._initial(x) if initial is None else self._given(initial, x.shape[1])
        if self.training == "batch":
            self._learn_batch(x, units, epochs)
        elif iterations is None:
            for epoch in range(epochs):
                order = self._order(len(x), epoch, shuffle)
                t = np.full(len(x), float(epoch))
                self._learn_online(x, units, order, t, epochs)
        else:
            for epoch, start in enumerate(range(0, iterations, len(x))):
                order = self._order(len(x), epoch, shuffle)[: iterations - start]
                t = np.arange(start, start + len(order), dtype=np.float64)
                self._learn_online(x, units, order, t, iterations)
        if not np.isfinite(units).all():
            raise ValueError(
                f"learning_rate is {self.learning_rate:g} and sigma {self.sigma:g}, with which the "
                "weights grew beyond all bounds; wanted are smaller ones, or X scaled"
            )
        self._units = units
        return self

    def winner(self, x: ArrayLike) -> tuple[int, int]:
        """Return the place (i, j) of the unit nearest to one row.

        Parameters
        ----------
        x : array-like of shape (columns,)
        """
        columns = self._learned().shape[1]
        row = _validation.inputs(
            x, columns=columns, dtype=self.dtype, backend=self._core(), argument="x", one_row=True
        )
        if len(row) != 1:
            raise ValueError(f"x has {len(row)} rows; wanted is one: winners takes several")
        place = int(self._found(row)[0][0])
        return place // self.y, place % self.y

    def winners(self, X: ArrayLike) -> NDArray[np.intp]:
        """Return the place (i, j) of the unit nearest to each row, of the shape (rows, 2)."""
        return np.stack(np.divmod(self._nearest(X)[0], self.y), axis=1)

    def predict(self, X: ArrayLike) -> NDArray[np.intp]:
        """Return the number i * y + j of the unit nearest to each row."""
        return self._nearest(X)[0]

    def topographic_error(self, X: ArrayLike) -> float:
        """Return the share of rows whose two nearest units are no neighbours on the grid.

        Kiviluoto, "Topology preservation in self-organizing maps", 1996. Neighbours are the eight
        around a unit, or the six of a hexagonal grid, as in MiniSom.
        """
        if self.x * self.y == 1:
            raise ValueError("x and y are 1; a topographic error takes two units")
        first, _, second = self._nearest(X)
        return float(np.mean(~self._grid.adjacent(first, second)))

    def distance_map(self, scaling: str = "mean") -> NDArray[np.float64]:
        """Return the U-matrix: how far each unit is from its neighbours, the largest being 1.

        Parameters
        ----------
        scaling : {"mean", "sum"}
            Of the Euclidean distances to all neighbours (MiniSom: "sum" by default, which makes
            edges look close since there are fewer).

        Returns
        -------
        ndarray of shape (x, y)
            Ridges of large values part the clusters. All 0 where all units are equal.

        References
        ----------
        Ultsch and Siemon, "Kohonen's self organizing feature maps for exploratory data analysis",
        1990.
        """
        scaling = _validation.choice(scaling, "scaling", ("mean", "sum"))
        return self._grid.distance_map(self.weights_.astype(np.float64), scaling == "mean")

    def activation_response(self, X: ArrayLike) -> NDArray[np.int64]:
        """Return how many of the rows each unit wins, of the shape (x, y): the map of hits."""
        hits = np.bincount(self._nearest(X)[0], minlength=self.x * self.y)
        return hits.reshape(self.x, self.y)

    def win_map(self, X: ArrayLike) -> dict[tuple[int, int], NDArray[np.intp]]:
        """Return for each unit (i, j) that wins any the numbers of the rows that it wins.

        MiniSom's with `return_indices=True`; the rows themselves are `X[numbers]`.
        """
        numbers = self._nearest(X)[0]
        order = np.argsort(numbers, kind="stable")
        units, starts = np.unique(numbers[order], return_index=True)
        pieces = np.split(order, starts[1:])
        return {
            (int(unit) // self.y, int(unit) % self.y): piece
            for unit, piece in zip(units, pieces, strict=True)
        }

    def labels_map(self, X: ArrayLike, labels: ArrayLike) -> dict[tuple[int, int], Counter[Any]]:
        """Return for each unit (i, j) that wins any how often it wins each label.

        Parameters
        ----------
        X : array-like of shape (rows, columns)
        labels : array-like of shape (rows,)
        """
        names = _validation.array(labels, "labels")
        if names.ndim != 1:
            raise ValueError(f"labels has the shape {names.shape}; wanted is a label for each row")
        won = self.win_map(X)
        _validation.same_length(len(names), sum(map(len, won.values())), "labels", "X")
        return {place: Counter(names[rows].tolist()) for place, rows in won.items()}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the map to a safetensors file, whole or not at all."""
        _saved.save(self, path, self._config(), {"weights": self.weights_})

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        threads: int | None = None,
        backend: str | None = None,
    ) -> SelfOrganizingMap:
        """Read a map that `save` wrote. No code of the file is run.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is no map, or damaged.
        """

        def build(config: dict[str, Any], tensors: dict[str, Array]) -> SelfOrganizingMap:
            som = cls(**config, threads=threads, backend=backend)
            weights = tensors["weights"]
            som._units = som._given(weights, weights.shape[-1])
            return som

        return _saved.load(cls, path, ("weights",), build)

    @property
    def weights_(self) -> Array:
        """The weights of the units, a copy of the shape (x, y, columns)."""
        units = self._learned()
        return np.array(units.reshape(self.x, self.y, units.shape[1]))

    @property
    def positions_(self) -> NDArray[np.float64]:
        """Where the units lie on the plane, of the shape (x, y, 2)."""
        return self._grid.positions

    def _config(self) -> dict[str, Any]:
        return {
            "x": self.x,
            "y": self.y,
            "topology": self.topology,
            "neighborhood_function": self.neighborhood_function,
            "sigma": self.sigma,
            "sigma_decay_function": self.sigma_decay_function,
            "learning_rate": self.learning_rate,
            "decay_function": self.decay_function,
            "activation_distance": self.activation_distance,
            "initializer": self.initializer,
            "training": self.training,
            "wrap": self.wrap,
            "dtype": self.dtype.name,
            "seed": self.seed,
        }

    def __repr__(self) -> str:
        config = self._config()
        shown = [str(config.pop("x")), str(config.pop("y"))]
        shown += [f"{name}={value!r}" for name, value in config.items()]
        return f"SelfOrganizingMap({', '.join(shown)})"

    def _map(self) -> str:
        return _backend.described(
            {
                "x": self.x,
                "y": self.y,
                "topology": self.topology,
                "neighborhood_function": self.neighborhood_function,
                "wrap": self.wrap,
            }
        )

    def _rates(self, t: NDArray[np.float64], steps: int) -> tuple[Array, Array]:
        rate = _decays.RATES[self.decay_function](self.learning_rate, t, steps)
        sigma = _decays.WIDTHS[self.sigma_decay_function](self.sigma, t, steps)
        return rate, sigma

    def _learn_online(self, x: Array, units: Array, order: Array, t: Array, steps: int) -> None:
        rates, sigmas = self._rates(t, steps)
        map, core, threads = self._map(), self._core(), self._workers()
        for part in self._steps(len(order), units):
            core.map_online(
                x, units, map, self._distance, order[part], rates[part], sigmas[part], threads
            )

    def _learn_batch(self, x: Array, units: Array, epochs: int) -> None:
        rates, sigmas = self._rates(np.arange(epochs, dtype=np.float64), epochs)
        map, core, threads = self._map(), self._core(), self._workers()
        for rate, sigma in zip(rates.tolist(), sigmas.tolist(), strict=True):
            core.map_batch(x, units, map, self._distance, rate, sigma, threads)

    def _given(self, initial: ArrayLike, columns: int) -> Array:
        given = _validation.float_array(initial, "initial")
        wanted = (self.x, self.y, columns)
        if given.shape != wanted:
            raise ValueError(f"initial has the shape {given.shape}; wanted is {wanted}")
        with np.errstate(over="ignore"):
            converted = given.astype(self.dtype)
        _validation.finite(converted, given, "initial", self._core())
        return np.ascontiguousarray(converted.reshape(-1, columns))

    def _initial(self, x: Array) -> Array:
        count, columns = self.x * self.y, x.shape[1]
        if self.initializer == "pca" and columns == 1:
            raise ValueError("initializer is 'pca' but X has 1 column; wanted are at least 2")
        if self.initializer == "sample" or (self.initializer == "pca" and len(x) == 1):
            return self._sample(x, count)
        if self.initializer == "random":
            from nnfast.reference.random import Stream  # the core's numbers, drawn in NumPy

            drawn = 2.0 * Stream(self.seed, KERNEL).uniform(count * columns) - 1.0
            vectors = drawn.reshape(count, columns)
            length = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
            return (vectors / np.where(length > 0, length, 1.0)).astype(self.dtype)
        if min(self.x, self.y) == 1:
            warnings.warn(
                f"initializer is 'pca' but the map is {self.x} by {self.y}: its units start on a "
                "line",
                stacklevel=3,
            )
        return _grid.principal_plane(x, self.x, self.y).astype(self.dtype)
