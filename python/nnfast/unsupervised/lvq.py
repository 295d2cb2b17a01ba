"""Learning vector quantization: prototypes of classes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _backend, _targets, _validation
from nnfast.unsupervised import _decays, _saved
from nnfast.unsupervised._codebook import UNITS_LIMIT, Codebook, rows_limit
from nnfast.unsupervised.competitive import CompetitiveLearning

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from nnfast.unsupervised._codebook import Array

RULES = ("glvq", "lvq1")
LOSSES = ("sigmoid", "identity")
INITIALIZERS = ("k-means", "sample")


class LearningVectorQuantization(Codebook):
    """Prototypes that stand for classes: a row is of the class of the one nearest to it.

    Prototypes of the right class are drawn towards a row, those of others are pushed away:

    - `rule="lvq1"` (Kohonen): only the nearest moves, by `learning_rate * (x - w)`, or by as much
      away from x if it is of another class;
    - `rule="glvq"` (Sato and Yamada): the nearest of the row's class and the nearest of all others
      move, down the gradient of f(mu), mu = (d1 - d2) / (d1 + d2) with d1 and d2 their squared
      distances: below 0 where the row is classified rightly, near -1 where surely.

    Parameters
    ----------
    prototypes_per_class : int, default 1
        Classes of fewer different rows have several alike.
    rule : {"glvq", "lvq1"}
    loss : {"sigmoid", "identity"}
        The f of "glvq". A sigmoid, 1 / (1 + exp(-steepness mu)), learns most from rows near a
        border.
    steepness : float, default 10.0
        Of the sigmoid.
    learning_rate : float, optional
        At the start; 0.05 by default for "lvq1", as a share of the way, and 0.25 for "glvq", in
        units of the rows' mean squared distance to the nearest prototype at the start: so it need
        not change with the scale of X.
    decay_function : {"linear_decay_to_zero", "inverse_decay_to_zero", "asymptotic_decay", \
"constant"}
        How the rate shrinks from row to row.
    initializer : {"k-means", "sample"}
        Where prototypes start: at the centres that k-means finds in each class, with one prototype
        the class's mean; or at rows of the class.
    dtype : {"float32", "float64"}
    seed : int, default 0
        What initial prototypes and the order of rows follow from.
    threads : int, optional
        They change no bit; by default as many as `get_num_threads` says.
    backend : {"rust", "numpy"}, optional
        As for `FeedForward`.

    Attributes
    ----------
    classes_ : ndarray of shape (classes,)
        The labels, sorted.
    prototypes_ : ndarray of shape (classes * prototypes_per_class, columns)
    prototype_labels_ : ndarray of shape (classes * prototypes_per_class,)
    mistakes_ : list of int
        Rows that were nearest to a prototype of another class when they came, in each epoch.

    References
    ----------
    Kohonen, "Learning vector quantization for pattern recognition", 1986, and *Self-Organizing
    Maps*, 2001, section 6.2; Sato and Yamada, "Generalized learning vector quantization", NIPS 8,
    1996.

    Examples
    --------
    >>> from nnfast.unsupervised import LearningVectorQuantization
    >>> X = [[0.0], [1.0], [4.0], [5.0], [9.0]]
    >>> model = LearningVectorQuantization().fit(X, ["low", "low", "high", "high", "high"])
    >>> model.predict([[0.5], [6.0]]).tolist()
    ['low', 'high']
    """

    classes_: NDArray[np.generic]
    mistakes_: list[int]

    def __init__(
        self,
        prototypes_per_class: int = 1,
        *,
        rule: str = "glvq",
        loss: str = "sigmoid",
        steepness: float = 10.0,
        learning_rate: float | None = None,
        decay_function: str = "linear_decay_to_zero",
        initializer: str = "k-means",
        dtype: Any = "float32",
        seed: int = 0,
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        super().__init__(dtype, seed, threads, backend)
        self.prototypes_per_class = _validation.integer(
            prototypes_per_class, "prototypes_per_class", below=UNITS_LIMIT
        )
        self.rule = _validation.choice(rule, "rule", RULES)
        self.loss = _validation.choice(loss, "loss", LOSSES)
        self.steepness = _validation.number(steepness, "steepness", above=0.0)
        if learning_rate is None:
            learning_rate = 0.05 if self.rule == "lvq1" else 0.25
        self.learning_rate = _validation.number(learning_rate, "learning_rate", above=0.0)
        if self.rule == "lvq1" and self.learning_rate > 1:
            raise ValueError(
                f"learning_rate is {learning_rate!r}; wanted is a share of the way, 1 at most"
            )
        self.decay_function = _validation.choice(
            decay_function, "decay_function", tuple(_decays.RATES)
        )
        self.initializer = _validation.choice(initializer, "initializer", INITIALIZERS)

    def fit(
        self, X: ArrayLike, y: ArrayLike, *, epochs: int = 30, shuffle: bool = True
    ) -> LearningVectorQuantization:
        """Learn from the start.

        Parameters
        ----------
        X : array-like of shape (rows, columns)
            Finite numbers, of comparable scale in all columns.
        y : array-like of shape (rows,)
            Labels of at least two classes: numbers, booleans or strings.
        epochs : int, default 30
            How often all rows are gone through.
        shuffle : bool, default True
            Whether every epoch takes the rows in another order.

        Returns
        -------
        LearningVectorQuantization
            Itself.
        """
        x = self._inputs(X, None)
        rows_limit(x)
        labels = _labels(y, len(x))
        epochs = _validation.integer(epochs, "epochs")
        shuffle = _validation.boolean(shuffle, "shuffle")
        classes = np.unique(labels)
        if len(classes) < 2:
            raise ValueError(
                f"y has the labels {classes.tolist()}; wanted are at least two different ones"
            )
        if len(classes) * self.prototypes_per_class >= UNITS_LIMIT:
            raise ValueError(
                f"prototypes_per_class is {self.prototypes_per_class}; wanted are fewer than "
                f"{UNITS_LIMIT} prototypes of all {len(classes)} classes together"
            )
        numbers = _targets.lookup(labels, classes, "y").astype(np.uint32)
        core, threads = self._core(), self._workers()
        units = self._initial(x, numbers, len(classes))
        own = np.repeat(np.arange(len(classes), dtype=np.uint32), self.prototypes_per_class)
        scale = 1.0
        if self.rule == "glvq":
            distances = core.nearest_units(x, units, "euclidean", threads)[1]
            scale = float(distances.mean(dtype=np.float64)) or 1.0
        rule = _backend.described(self._rule())
        decay = _decays.RATES[self.decay_function]
        mistakes = []
        for epoch in range(epochs):
            order = self._order(len(x), epoch, shuffle)
            t = np.arange(epoch * len(x), (epoch + 1) * len(x), dtype=np.float64)
            rates = scale * decay(self.learning_rate, t, epochs * len(x))
            wrong = 0
            for part in self._steps(len(order), units):
                wrong += core.lvq_online(
                    x, numbers, units, own, rule, order[part], rates[part], threads
                )
            mistakes.append(int(wrong))
        if not np.isfinite(units).all():
            raise ValueError(
                f"learning_rate is {self.learning_rate:g}, with which the prototypes went beyond "
                "all bounds; wanted is a smaller one"
            )
        self._units, self.classes_, self.mistakes_ = units, classes, mistakes
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.generic]:
        """Return the label of the prototype nearest to each row."""
        winners = self._nearest(X)[0]
        labels: NDArray[np.generic] = self.classes_[winners // self.prototypes_per_class]
        return labels

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Return the share of rows whose label is predicted."""
        predicted = self.predict(X)
        return float(np.mean(predicted == _labels(y, len(predicted))))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the prototypes to a safetensors file, whole or not at all."""
        config = {**self._config(), "classes": self._known().tolist()}
        _saved.save(self, path, config, {"prototypes": self._learned()})

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        threads: int | None = None,
        backend: str | None = None,
    ) -> LearningVectorQuantization:
        """Read prototypes that `save` wrote. No code of the file is run.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it holds no prototypes, or is damaged.
        """

        def build(config: dict[str, Any], tensors: dict[str, Array]) -> LearningVectorQuantization:
            classes = np.array(config.pop("classes"))
            model = cls(**config, threads=threads, backend=backend)
            units = np.array(tensors["prototypes"], dtype=model.dtype, order="C")
            if classes.ndim != 1 or classes.dtype.kind not in "bUif" or units.ndim != 2:
                raise ValueError("its labels are not those of classes")
            if len(units) != len(classes) * model.prototypes_per_class:
                raise ValueError("it has not as many prototypes as its classes want")
            _validation.finite(units, units, "prototypes", model._core())
            model._units, model.classes_, model.mistakes_ = units, classes, []
            return model

        return _saved.load(cls, path, ("prototypes",), build)

    @property
    def prototypes_(self) -> Array:
        """The prototypes, those of one class one after another, a copy."""
        return np.array(self._learned())

    @property
    def prototype_labels_(self) -> NDArray[np.generic]:
        """The label of each prototype."""
        return np.repeat(self._known(), self.prototypes_per_class)

    def _known(self) -> NDArray[np.generic]:
        self._learned()
        return self.classes_

    def _rule(self) -> dict[str, Any]:
        if self.rule == "lvq1":
            return {"name": "lvq1"}
        return {"name": "glvq", "steepness": self.steepness if self.loss == "sigmoid" else None}

    def _config(self) -> dict[str, Any]:
        return {
            "prototypes_per_class": self.prototypes_per_class,
            "rule": self.rule,
            "loss": self.loss,
            "steepness": self.steepness,
            "learning_rate": self.learning_rate,
            "decay_function": self.decay_function,
            "initializer": self.initializer,
            "dtype": self.dtype.name,
            "seed": self.seed,
        }

    def __repr__(self) -> str:
        config = self._config()
        shown = [str(config.pop("prototypes_per_class"))]
        shown += [f"{name}={value!r}" for name, value in config.items()]
        return f"LearningVectorQuantization({', '.join(shown)})"

    def _initial(self, x: Array, numbers: Array, classes: int) -> Array:
        parts = []
        for number in range(classes):
            rows = x[numbers == number]  # a copy, of one class at a time
            if self.initializer == "sample":
                parts.append(self._sample(rows, self.prototypes_per_class, number))
                continue
            means = CompetitiveLearning(
                self.prototypes_per_class,
                training="batch",
                dtype=self.dtype,
                seed=self.seed,
                threads=self.threads,
                backend=self.backend,
            )
            parts.append(means.fit(rows, epochs=20).weights_)
        return np.concatenate(parts)


def _labels(y: object, rows: int) -> NDArray[np.generic]:
    labels = _targets.labels(y, "y")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(f"y has the shape {labels.shape}; wanted is ({rows},), a label a row")
    _validation.same_length(len(labels), rows, "y", "X")
    if labels.dtype.kind == "f" and not np.isfinite(labels.astype(np.float64)).all():
        raise ValueError("y holds NaN or inf; every label must be finite")
    return labels
