"""The restricted Boltzmann machine of binary units, as scikit-learn's."""

from __future__ import annotations

import time
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.linalg import get_blas_funcs
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import check_random_state, gen_even_slices
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from nnfast import _backend, _threads
from nnfast.sklearn._sparse import chunks

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

FLOATS = (np.float64, np.float32)


class BernoulliRBM(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A restricted Boltzmann machine of binary units: scikit-learn's, computed by nnfast.

    It learns by stochastic maximum likelihood, which is persistent contrastive divergence. The
    parameters up to `random_state` are scikit-learn's. Initial weights and all samples are drawn
    from the same numbers, so that the same is learned but for rounding; each step changes the
    weights in place, which is most of what it is faster by.

    `nnfast.unsupervised.BernoulliRBM` has more: CD-k, several Gibbs steps, other orders of the
    rows.

    Parameters
    ----------
    n_components : int, default 256
        Hidden units.
    learning_rate : float, default 0.1
    batch_size : int, default 10
        Rows of a step, and persistent chains.
    n_iter : int, default 10
        How often `fit` goes through the rows.
    verbose : int, default 0
        Whether to print the pseudo-likelihood after each.
    random_state : int, RandomState instance or None, default None
        What initial weights and samples follow from.
    threads : int, optional
        As of `nnfast.FeedForward`; the result is the same.
    backend : {"rust", "numpy"}, optional
        As of `nnfast.FeedForward`.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The weights.
    intercept_hidden_ : ndarray of shape (n_components,)
    intercept_visible_ : ndarray of shape (n_features,)
    h_samples_ : ndarray of shape (batch_size, n_components)
        The hidden units of the chains.
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    References
    ----------
    Tieleman, "Training restricted Boltzmann machines using approximations to the likelihood
    gradient", ICML 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast.sklearn import BernoulliRBM
    >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> BernoulliRBM(n_components=2, random_state=0).fit_transform(X).shape
    (4, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_iter": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "threads": [Interval(Integral, 1, None, closed="left"), None],
        "backend": [StrOptions({"rust", "numpy"}), None],
    }

    components_: Array
    intercept_hidden_: Array
    intercept_visible_: Array
    h_samples_: Array
    n_features_in_: int

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: Any = None,
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.threads = threads
        self.backend = backend

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Any:
        """Learn from the start: `n_iter` times every row.

        Parameters
        ----------
        X : {array-like, sparse matrix, table} of shape (rows, features)
            Values from 0 to 1, which is not checked.
        y : ignored

        Returns
        -------
        self
        """
        x = validate_data(self, X, accept_sparse="csr", dtype=FLOATS)
        count = x.shape[0]
        random = check_random_state(self.random_state)
        self._start(x.shape[1], x.dtype, random)
        steps = int(np.ceil(count / self.batch_size))
        batches = list(gen_even_slices(steps * self.batch_size, steps, n_samples=count))
        begin = time.time()
        for iteration in range(1, self.n_iter + 1):
            for batch in batches:
                self._step(x[batch], random)
            if self.verbose:
                end = time.time()
                print(
                    f"[{type(self).__name__}] Iteration {iteration}, pseudo-likelihood = "
                    f"{self.score_samples(x).mean():.2f}, time = {end - begin:.2f}s"
                )
                begin = end
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None) -> Any:
        """Take one step on the rows, from the weights as they are.

        Parameters
        ----------
        X : {array-like, sparse matrix, table} of shape (rows, features)
        y : ignored

        Returns
        -------
        self
        """
        first = not hasattr(self, "components_")
        x = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=first)
        if not hasattr(self, "random_state_"):
            self.random_state_ = check_random_state(self.random_state)
        if first:
            self._start(x.shape[1], x.dtype, self.random_state_)
        self._step(x, self.random_state_)
        return self

    def transform(self, X: Any) -> Any:
        """Return the probability of each hidden unit to be 1.

        Parameters
        ----------
        X : {array-like, sparse matrix, table} of shape (rows, features)

        Returns
        -------
        ndarray of shape (rows, n_components)
        """
        check_is_fitted(self)
        return self._mean_hiddens(
            validate_data(self, X, accept_sparse="csr", reset=False, dtype=FLOATS)
        )

    def gibbs(self, v: Any) -> Any:
        """Sample the hidden units given the visible ones, and visible ones given these.

        Parameters
        ----------
        v : ndarray of shape (rows, features)

        Returns
        -------
        ndarray of bool, of the same shape
        """
        check_is_fitted(self)
        if not hasattr(self, "random_state_"):
            self.random_state_ = check_random_state(self.random_state)
        h = self._sample_hiddens(v, self.random_state_)
        return self._sample_visibles(h, self.random_state_)

    def score_samples(self, X: Any) -> Any:
        """Return an estimate of each row's pseudo-log-likelihood.

        It is the number of features times log P(v_i | all others) for one feature i. Which one
        follows from `random_state` and from the row itself, so that a row has the same score
        wherever it stands; in scikit-learn it follows from the row's place.

        Parameters
        ----------
        X : {array-like, sparse matrix, table} of shape (rows, features)
            Of 0 and 1, which is not checked.

        Returns
        -------
        ndarray of shape (rows,)
        """
        check_is_fitted(self)
        x = validate_data(self, X, accept_sparse="csr", reset=False, dtype=FLOATS)
        count = x.shape[1]
        shares = check_random_state(self.random_state).uniform(size=count + 1)
        core, parameters, threads = self._core()
        parts = []
        for _, rows in chunks(x):
            # The fraction of a sum of random shares is uniform, whichever of them are in it.
            places = np.einsum("ij,j->i", rows, shares[:-1], dtype=np.float64) + shares[-1]
            places = (places - np.floor(places)) * count
            flipped = np.minimum(places, count - 1).astype(np.uint32)
            parts.append(core.boltzmann_energy(rows, *parameters, flipped, threads))
        return np.concatenate(parts)

    # How it learns -------------------------------------------------------------------------------

    def _start(self, features: int, dtype: Any, random: np.random.RandomState) -> None:
        drawn = random.normal(0, 0.01, (self.n_components, features))
        self.components_ = np.asarray(drawn, order="F", dtype=dtype)
        self._n_features_out = self.n_components
        self.intercept_hidden_ = np.zeros(self.n_components, dtype)
        self.intercept_visible_ = np.zeros(features, dtype)
        self.h_samples_ = np.zeros((self.batch_size, self.n_components), dtype)

    def _step(self, rows: Any, random: np.random.RandomState) -> None:
        """Take a step along the log-likelihood's gradient, as far as the chains tell it."""
        w = self.components_
        v_data = rows if isinstance(rows, np.ndarray) else rows.toarray(order="C")
        h_data = self._mean_hiddens(v_data)
        v_model = self._sample_visibles(self.h_samples_, random).astype(w.dtype)
        h_model = self._mean_hiddens(v_model)
        rate = float(self.learning_rate) / len(v_data)
        if not (w.flags.f_contiguous and w.flags.writeable):  # as after unpickling from a map
            w = self.components_ = np.array(w, order="F")
        # c = c + rate h' v - rate h' v, in place: half of the time went into arrays between.
        gemm = get_blas_funcs("gemm", (w,))
        for h, v, share in ((h_data, v_data, rate), (h_model, v_model, -rate)):
            gemm(share, h.T, v.T, beta=1.0, c=w, trans_b=True, overwrite_c=True)
        self.intercept_hidden_ += rate * (h_data.sum(axis=0) - h_model.sum(axis=0))
        # Like there, with a sum that is double even where all else is single precision.
        drawn_visible = v_model.sum(axis=0, dtype=np.float64)
        self.intercept_visible_ += rate * (v_data.sum(axis=0) - drawn_visible)
        drawn = random.uniform(size=h_model.shape) < h_model
        self.h_samples_ = np.where(drawn, 1.0, np.floor(h_model)).astype(w.dtype)

    def _core(self) -> tuple[Any, tuple[Array, Array, Array], int]:
        """Return what computes, with which parameters, and with how many threads."""
        weights = self.components_.T  # in place, as long as nobody has put others there
        if not weights.flags.c_contiguous:
            weights = np.ascontiguousarray(weights)
        parameters = (weights, self.intercept_hidden_, self.intercept_visible_)
        return _backend.get(self.backend), parameters, self.threads or _threads.get_num_threads()

    def _mean_hiddens(self, v: Any) -> Any:
        """Return the probabilities of hidden units, given visible ones."""
        core, parameters, threads = self._core()
        dtype = self.components_.dtype
        v = v.tocsr() if hasattr(v, "tocsr") else np.asarray(v, order="C")
        if v.ndim == 1:
            return self._mean_hiddens(v[np.newaxis])[0]
        if isinstance(v, np.ndarray) and v.dtype not in FLOATS:
            v = v.astype(dtype)
        parts = [core.boltzmann_hidden(x, *parameters, threads) for _, x in chunks(v)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _sample_hiddens(self, v: Any, rng: np.random.RandomState) -> Any:
        """Draw hidden units, given visible ones."""
        p = self._mean_hiddens(v)
        return rng.uniform(size=p.shape) < p

    def _sample_visibles(self, h: Any, rng: np.random.RandomState) -> Any:
        """Draw visible units, given hidden ones."""
        core, parameters, threads = self._core()
        p = core.boltzmann_visible(
            np.ascontiguousarray(h, dtype=self.components_.dtype), *parameters, threads
        )
        return rng.uniform(size=p.shape) < p

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
