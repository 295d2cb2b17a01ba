"""An autoencoder as a transformer: rows in, codes out, and back."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from nnfast import activations, optimizers, unsupervised
from nnfast.callbacks import EarlyStopping, checked_callbacks
from nnfast.sklearn._parameters import READ_IN_PLACE, spellings
from nnfast.sklearn._sparse import Densifier, chunks, said

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A network that learns to say what it is shown through a narrow middle, as a transformer.

    `nnfast.unsupervised.Autoencoder` among scikit-learn's tools: in place of PCA, say, for tables
    that lie on no plane. Scale the columns before, as for every network.

    Parameters
    ----------
    hidden_layer_sizes : int or list of int, default (64, 8)
        The encoder's layers; the last is the code. The decoder mirrors them.
    activation : activation, default "relu"
        Of the layers between.
    code_activation, output_activation : activation, default "identity"
        Of the code, and of what comes out. With "logistic" the latter is for columns from 0 to 1,
        which are then learned by binary cross-entropy rather than mean squared error.
    noise : float, default 0.0
        Standard deviation of the noise that is added to inputs in training.
    dropout : float, default 0.0
        Share of the inputs that are masked in training.
    sparsity : float, default 0.0
        The code's cost is this times the mean over the rows of the sum of abs(code).
    solver : optimizer, default "adam"
        By name, with `learning_rate_init`, or an instance.
    learning_rate_init : float, default 0.001
    batch_size : int, default 32
    max_iter : int, default 200
        Epochs.
    tol : float, default 1e-4
        `fit` ends when `n_iter_no_change` epochs in a row have not improved the loss by so much.
    n_iter_no_change : int, default 10
    shuffle : bool, default True
    random_state : int, RandomState instance or None, default None
        What initial weights, orders, noise and masks follow from.
    warm_start : bool, default False
        Whether `fit` goes on from the weights that there are.
    verbose : int, default 0
        As of `nnfast.FeedForward.fit`.
    callbacks : list of Callback, optional
    dtype : {"float32", "float64"}, optional
        By default float32 where X is, else float64.
    threads, backend : optional
        As of `nnfast.FeedForward`.

    Attributes
    ----------
    model_ : nnfast.unsupervised.Autoencoder
    net_ : FeedForward
        The whole network.
    loss_ : float
        Of the last epoch.
    loss_curve_ : list of float
    n_iter_ : int
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from nnfast.sklearn import Autoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> model = Autoencoder((32, 4), learning_rate_init=0.005, tol=1e-3, random_state=0)
    >>> codes = model.fit_transform(X / 16)
    >>> codes.shape, model.inverse_transform(codes).shape
    ((1797, 4), (1797, 64))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        **{
            name: [spellings(activations.registry), activations.Activation, type]
            for name in ("activation", "code_activation", "output_activation")
        },
        "noise": [Interval(Real, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "sparsity": [Interval(Real, 0, None, closed="left")],
        "solver": [
            StrOptions({cls.name for cls in optimizers.registry.classes}),
            optimizers.Optimizer,
            type,
        ],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "callbacks": [list, tuple, HasMethods(["on_epoch_end"]), None],
        "dtype": [StrOptions({"float32", "float64"}), type, np.dtype, None],
        "threads": [Interval(Integral, 1, None, closed="left"), None],
        "backend": [StrOptions({"rust", "numpy"}), None],
    }

    model_: unsupervised.Autoencoder
    n_features_in_: int

    def __init__(
        self,
        hidden_layer_sizes: Any = (64, 8),
        activation: Any = "relu",
        *,
        code_activation: Any = "identity",
        output_activation: Any = "identity",
        noise: float = 0.0,
        dropout: float = 0.0,
        sparsity: float = 0.0,
        solver: Any = "adam",
        learning_rate_init: float = 0.001,
        batch_size: int = 32,
        max_iter: int = 200,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        shuffle: bool = True,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        callbacks: Any = None,
        dtype: Any = None,
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.code_activation = code_activation
        self.output_activation = output_activation
        self.noise = noise
        self.dropout = dropout
        self.sparsity = sparsity
        self.solver = solver
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.shuffle = shuffle
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.callbacks = callbacks
        self.dtype = dtype
        self.threads = threads
        self.backend = backend

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Any:
        """Learn from the start or, with `warm_start`, from the weights that there are.

        Parameters
        ----------
        X : {array-like, sparse matrix, table} of shape (rows, features)
            Sparse ones are made dense a batch at a time.
        y : ignored

        Returns
        -------
        self
        """
        first = not (self.warm_start and hasattr(self, "model_"))
        patience = EarlyStopping("loss", min_delta=self.tol, patience=self.n_iter_no_change)
        self._learn(X, first, self.max_iter, [patience])
        if self.n_iter_ == self.max_iter and patience.stopped_epoch == 0:
            warnings.warn(
                f"Maximum iterations ({self.max_iter}) reached and the optimization hasn't "
                "converged yet.",
                ConvergenceWarning,
                stacklevel=3,
            )
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None) -> Any:
        """Go through the rows once, from the weights as they are.

        Parameters
        ----------
        X : {array-like, sparse matrix, table} of shape (rows, features)
        y : ignored

        Returns
        -------
        self
        """
        self._learn(X, not hasattr(self, "model_"), 1, [])
        return self

    def transform(self, X: Any) -> Any:
        """Return the code of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix, table} of shape (rows, features)

        Returns
        -------
        ndarray of shape (rows, code)
        """
        check_is_fitted(self)
        return said(self.model_.encoder, self._rows(X, reset=False))

    def inverse_transform(self, X: Any) -> Any:
        """Return what codes stand for.

        Parameters
        ----------
        X : array-like of shape (rows, code)

        Returns
        -------
        ndarray of shape (rows, features)
        """
        check_is_fitted(self)
        return said(self.model_.decoder, check_array(X, dtype=READ_IN_PLACE))

    def score(self, X: Any, y: Any = None) -> float:
        """Return minus the mean squared error of what the network makes of the rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, table} of shape (rows, features)
        y : ignored
        """
        check_is_fitted(self)
        x, net = self._rows(X, reset=False), self.net_
        errors = 0.0
        for _, part in chunks(x):
            outputs = net._network.predict(part, net.threads)
            errors += float(np.square(outputs - part, dtype=np.float64).sum())
        return -errors / float(x.shape[0] * x.shape[1])

    @property
    def net_(self) -> FeedForward:
        """The whole network."""
        check_is_fitted(self)
        return self.model_.net

    def _rows(self, X: Any, reset: bool) -> Any:
        return validate_data(self, X, accept_sparse="csr", dtype=READ_IN_PLACE, reset=reset)

    def _start(self, features: int, given: np.dtype[Any]) -> None:
        sizes = self.hidden_layer_sizes
        sizes = [int(size) for size in (sizes if hasattr(sizes, "__iter__") else [sizes])]
        if not sizes or min(sizes) < 1:
            raise ValueError(f"hidden_layer_sizes must be > 0 and not empty, got {sizes}.")
        own = self.dtype or (np.float32 if given == np.float32 else np.float64)
        self._random = check_random_state(self.random_state)
        self.model_ = unsupervised.Autoencoder(
            [features, *sizes],
            hidden=self.activation,
            code=self.code_activation,
            output=self.output_activation,
            noise=float(self.noise),
            dropout=float(self.dropout),
            sparsity=float(self.sparsity),
            dtype=own,
            seed=int(self._random.randint(np.iinfo(np.int32).max)),
            threads=self.threads,
            backend=self.backend,
        )
        optimizer = optimizers.registry.get(self.solver, "solver")
        named = isinstance(self.solver, (str, type))
        if named and not optimizer.full_batch and hasattr(optimizer, "learning_rate"):
            optimizer = optimizer.replace(learning_rate=float(self.learning_rate_init))
        self.model_.net.compile(optimizer, metrics=[])
        self.loss_curve_: list[float] = []
        self._n_features_out = sizes[-1]

    def _learn(self, X: Any, first: bool, epochs: int, watchers: list[Any]) -> None:
        x = self._rows(X, reset=first)
        if first:
            self._start(x.shape[1], x.dtype)
        net = self.model_.net
        options: dict[str, Any] = {
            "epochs": epochs,
            "batch_size": self.batch_size,
            "callbacks": [*watchers, *checked_callbacks(self.callbacks)],
            "verbose": int(self.verbose),
        }
        if isinstance(x, np.ndarray):
            run = self.model_.fit(x, shuffle=self.shuffle, **options)
        else:
            random = self._random if self.shuffle else None
            batches = _Batches(x, self.batch_size, random)
            run = net.fit(batches, **options)
        self.loss_curve_ += run.history["loss"]
        self.loss_, self.n_iter_ = self.loss_curve_[-1], len(run.epoch)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class _Batches:
    """The rows of a CSR matrix as what is shown and what is wanted, dense batch by batch."""

    def __init__(self, x: Any, size: int, random: Any) -> None:
        self._count, self._size, self._random = x.shape[0], size, random
        self._dense = Densifier(x, size)

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        count = self._count
        order = np.arange(count) if self._random is None else self._random.permutation(count)
        for start in range(0, count, self._size):
            # The first batch is looked at before the epochs begin, and kept.
            rows = self._dense(order[start : start + self._size]).copy()
            yield rows, rows
