"""A self-organizing map as a transformer."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from nnfast import unsupervised
from nnfast.sklearn._parameters import READ_IN_PLACE
from nnfast.unsupervised import _decays
from nnfast.unsupervised.maps import (
    DISTANCES,
    INITIALIZERS,
    NEIGHBORHOODS,
    TOPOLOGIES,
    TRAININGS,
)

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class SelfOrganizingMap(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A map of units on a grid on which neighbours stand for similar rows, as a transformer.

    `nnfast.unsupervised.SelfOrganizingMap` among scikit-learn's tools. As with KMeans, `transform`
    gives the distances to all units, and `predict` the number of the nearest; `places` says where
    on the grid that is.

    Parameters
    ----------
    x, y : int, default 10
        How many units wide and high.
    epochs : int, default 10
        How often `fit` goes through the rows.
    topology, neighborhood_function, sigma, sigma_decay_function, learning_rate, decay_function, \
activation_distance, initializer, training, wrap
        As of `nnfast.unsupervised.SelfOrganizingMap`; `training` is "batch" by default here.
    random_state : int, RandomState instance or None, default None
        What initial units and the order of rows follow from.
    dtype : {"float32", "float64"}, optional
        By default float32 where X is, else float64.
    threads, backend : optional
        As of `nnfast.FeedForward`.

    Attributes
    ----------
    map_ : nnfast.unsupervised.SelfOrganizingMap
        The map, with its pictures and errors.
    weights_ : ndarray of shape (x, y, features)
    quantization_error_ : float
        The mean distance of the rows learned from to the units that win them.
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    References
    ----------
    Kohonen, *Self-Organizing Maps*, 3rd edition, 2001.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from nnfast.sklearn import SelfOrganizingMap
    >>> X, _ = load_iris(return_X_y=True)
    >>> model = SelfOrganizingMap(4, 5, random_state=0).fit(X)
    >>> model.transform(X).shape, model.places(X[:1]).shape
    ((150, 20), (1, 2))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "x": [Interval(Integral, 1, None, closed="left")],
        "y": [Interval(Integral, 1, None, closed="left")],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "topology": [StrOptions(set(TOPOLOGIES))],
        "neighborhood_function": [StrOptions(set(NEIGHBORHOODS))],
        "sigma": [Interval(Real, 0, None, closed="neither"), None],
        "sigma_decay_function": [StrOptions(set(_decays.WIDTHS))],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "decay_function": [StrOptions(set(_decays.RATES)), None],
        "activation_distance": [StrOptions(set(DISTANCES))],
        "initializer": [StrOptions(set(INITIALIZERS))],
        "training": [StrOptions(set(TRAININGS))],
        "wrap": ["boolean"],
        "random_state": ["random_state"],
        "dtype": [StrOptions({"float32", "float64"}), type, np.dtype, None],
        "threads": [Interval(Integral, 1, None, closed="left"), None],
        "backend": [StrOptions({"rust", "numpy"}), None],
    }

    map_: unsupervised.SelfOrganizingMap
    n_features_in_: int

    def __init__(
        self,
        x: int = 10,
        y: int = 10,
        *,
        epochs: int = 10,
        topology: str = "rectangular",
        neighborhood_function: str = "gaussian",
        sigma: float | None = None,
        sigma_decay_function: str = "linear_decay_to_one",
        learning_rate: float | None = None,
        decay_function: str | None = None,
        activation_distance: str = "euclidean",
        initializer: str = "sample",
        training: str = "batch",
        wrap: bool = False,
        random_state: Any = None,
        dtype: Any = None,
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        self.x = x
        self.y = y
        self.epochs = epochs
        self.topology = topology
        self.neighborhood_function = neighborhood_function
        self.sigma = sigma
        self.sigma_decay_function = sigma_decay_function
        self.learning_rate = learning_rate
        self.decay_function = decay_function
        self.activation_distance = activation_distance
        self.initializer = initializer
        self.training = training
        self.wrap = wrap
        self.random_state = random_state
        self.dtype = dtype
        self.threads = threads
        self.backend = backend

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Any:
        """Learn from the start.

        Parameters
        ----------
        X : {array-like, table} of shape (rows, features)
        y : ignored

        Returns
        -------
        self
        """
        x = self._rows(X, reset=True)
        parameters = self.get_params(deep=False)
        epochs, random_state = parameters.pop("epochs"), parameters.pop("random_state")
        parameters["dtype"] = self.dtype or (np.float32 if x.dtype == np.float32 else np.float64)
        seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
        self.map_ = unsupervised.SelfOrganizingMap(**parameters, seed=seed).fit(x, epochs=epochs)
        self.quantization_error_ = self.map_.quantization_error(x)
        self._n_features_out = self.x * self.y
        return self

    def transform(self, X: Any) -> Any:
        """Return the distances of the rows to all units, of the shape (rows, x * y).

        Parameters
        ----------
        X : {array-like, table} of shape (rows, features)
        """
        return self._learned().transform(self._rows(X))

    def predict(self, X: Any) -> Any:
        """Return the number i * y + j of the unit nearest to each row.

        Parameters
        ----------
        X : {array-like, table} of shape (rows, features)
        """
        return self._learned().predict(self._rows(X))

    def places(self, X: Any) -> Any:
        """Return the place (i, j) of the unit nearest to each row, of the shape (rows, 2).

        Parameters
        ----------
        X : {array-like, table} of shape (rows, features)
        """
        return self._learned().winners(self._rows(X))

    def score(self, X: Any, y: Any = None) -> float:
        """Return minus the mean distance of the rows to the units that win them.

        Parameters
        ----------
        X : {array-like, table} of shape (rows, features)
        y : ignored
        """
        return -self._learned().quantization_error(self._rows(X))

    @property
    def weights_(self) -> Array:
        """The weights of the units, of the shape (x, y, features)."""
        return self._learned().weights_

    def _learned(self) -> unsupervised.SelfOrganizingMap:
        check_is_fitted(self)
        return self.map_

    def _rows(self, X: Any, reset: bool = False) -> Any:
        return validate_data(self, X, dtype=READ_IN_PLACE, reset=reset)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
