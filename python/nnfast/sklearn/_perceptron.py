"""The classic perceptron, as scikit-learn's."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import sklearn.linear_model
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from nnfast.layers import Dense, Input
from nnfast.network import FeedForward


class Perceptron(sklearn.linear_model.Perceptron):
    """The perceptron of scikit-learn, as a network of nnfast.

    It learns by scikit-learn's own code, each class from the rows in an order of its own: so all
    that it learns and says is the same, bit for bit. `net_` is the learned network, to save, to
    draw or to take elsewhere.

    `nnfast.Perceptron` is Rosenblatt's algorithm alone, with its mistakes in each epoch. It shows
    each row to all classes at once.

    Parameters
    ----------
    penalty : {"l2", "l1", "elasticnet"}, optional
    alpha : float, default 0.0001
        What the penalty is multiplied by.
    l1_ratio : float, default 0.15
        The share of the l1 penalty in "elasticnet".
    fit_intercept : bool, default True
    max_iter : int, default 1000
        Epochs.
    tol : float, optional, default 1e-3
    shuffle : bool, default True
    verbose : int, default 0
    eta0 : float, default 1.0
        What updates are multiplied by.
    n_jobs : int, optional
    random_state : int, RandomState instance or None, default 0
    early_stopping : bool, default False
    validation_fraction : float, default 0.1
    n_iter_no_change : int, default 5
    class_weight : dict or "balanced", optional
    warm_start : bool, default False
    threads : int, optional
        As of `nnfast.FeedForward`, for `net_`.
    backend : {"rust", "numpy"}, optional
        As of `nnfast.FeedForward`, for `net_`.

    Attributes
    ----------
    classes_ : ndarray
    coef_ : ndarray of shape (1 or classes, features)
    intercept_ : ndarray of shape (1 or classes,)
    n_iter_ : int
    t_ : int
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.
    net_ : FeedForward
        A linear layer with these weights.

    References
    ----------
    Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in
    the brain", Psychological Review 65, 1958.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from nnfast.sklearn import Perceptron
    >>> X, y = load_digits(return_X_y=True)
    >>> model = Perceptron().fit(X, y)
    >>> model.score(X, y) > 0.9, model.net_.architecture
    (True, '64-10')
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **sklearn.linear_model.Perceptron._parameter_constraints,
        "threads": [Interval(Integral, 1, None, closed="left"), None],
        "backend": [StrOptions({"rust", "numpy"}), None],
    }

    def __init__(
        self,
        *,
        penalty: str | None = None,
        alpha: float = 0.0001,
        l1_ratio: float = 0.15,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float | None = 1e-3,
        shuffle: bool = True,
        verbose: int = 0,
        eta0: float = 1.0,
        n_jobs: int | None = None,
        random_state: Any = 0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        class_weight: Any = None,
        warm_start: bool = False,
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        super().__init__(
            penalty=penalty,
            alpha=alpha,
            l1_ratio=l1_ratio,
            fit_intercept=fit_intercept,
            max_iter=max_iter,
            tol=tol,
            shuffle=shuffle,
            verbose=verbose,
            eta0=eta0,
            n_jobs=n_jobs,
            random_state=random_state,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            class_weight=class_weight,
            warm_start=warm_start,
        )
        self.threads = threads
        self.backend = backend

    @property
    def net_(self) -> FeedForward:
        """A linear layer with the learned weights, in the dtype that they have."""
        check_is_fitted(self)
        coef = np.asarray(self.coef_)
        net = FeedForward(
            [Input(coef.shape[1]), Dense(coef.shape[0], kernel_initializer="zeros")],
            dtype=np.float32 if coef.dtype == np.float32 else np.float64,
            seed=0,
            threads=self.threads,
            backend=self.backend,
        )
        net.set_weights([coef.T, np.broadcast_to(self.intercept_, len(coef))])
        return net
