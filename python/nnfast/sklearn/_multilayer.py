"""What the classifier and the regressor share: scikit-learn's parameters, checks and attributes."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, _fit_context, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

from nnfast import _training, activations
from nnfast._validation import rows_given
from nnfast.callbacks import checked_callbacks
from nnfast.sklearn import _lbfgs, _network
from nnfast.sklearn._lessons import Epochs
from nnfast.sklearn._parameters import CONSTRAINTS, MADE_BY, READ_IN_PLACE
from nnfast.sklearn._rules import Rules
from nnfast.sklearn._sparse import said

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.network import FeedForward
    from nnfast.sklearn._network import Goal

    Array: TypeAlias = NDArray[Any]


SPELLED = {"linear": "identity", "sigmoid": "logistic", "exponential": "exp"}


class Descent:
    """The optimizer of an estimator, from one `partial_fit` to the next."""

    def __init__(self, net: FeedForward, initial_rate: float, made_of: tuple[Any, ...]) -> None:
        self.net, self.initial_rate, self.made_of = net, initial_rate, made_of

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return self.net.learning_rate


class MultilayerPerceptron(BaseEstimator, ABC):
    """The base of `MLPClassifier` and `MLPRegressor`."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    n_features_in_: int
    coefs_: list[Array]
    intercepts_: list[Array]

    # What the two differ in ----------------------------------------------------------------------

    @abstractmethod
    def _encoded(self, y: Array, incremental: bool) -> Array:
        """Return targets of the shape (rows, columns), of y as scikit-learn has checked it."""

    @abstractmethod
    def _known(self, y: Array, argument: str) -> Array:
        """Return targets of validation data, which are of the kind of those learned from."""

    @abstractmethod
    def _goal(self, targets: Array | None, dtype: np.dtype[Any]) -> Goal:
        """Return what is made small with these targets."""

    @abstractmethod
    def _score_of(self, outputs: Array, targets: Array, sample_weight: Array | None) -> float:
        """Return the validation score of what the network says of rows."""

    @abstractmethod
    def _row_weights(self, y: Array, sample_weight: Array | None, incremental: bool) -> Any:
        """Return the weights of rows, those of their classes and all."""

    def _labels_of_network(self) -> Array | None:
        """Return the labels that the network itself is to know, if it can."""
        return None

    # Learning ------------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, validation_data: Any = None) -> Any:
        """Learn from the start or, with `warm_start`, from the weights that there are.

        Parameters
        ----------
        X : {array-like, sparse matrix, table} of shape (rows, features)
            Sparse ones are made dense a batch at a time.
        y : array-like of shape (rows,) or (rows, outputs)
        sample_weight : array-like of shape (rows,), optional
            The loss of a batch is divided by the sum of its weights.
        validation_data : tuple (X, y) or (X, y, sample_weight), optional
            Scored after every epoch, into `validation_scores_`; `early_stopping` goes by it, and
            holds out no rows of X.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight, validation_data)

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation_data: Any = None,
        incremental: bool = False,
    ) -> Any:
        hidden = self._hidden_sizes()
        first = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
        x, y = self._checked(X, y, reset=first)
        targets = self._encoded(y, incremental)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, x)
        weights = self._row_weights(y, sample_weight, incremental)
        held_out = None if validation_data is None else self._held_out(validation_data)
        self.n_outputs_ = targets.shape[1]
        self._random_state = check_random_state(self.random_state)
        dtype = self._computing_in(x, first)
        goal = self._goal(targets, dtype)
        sizes = [x.shape[1], *hidden, self.n_outputs_ * goal.loss.outputs_for_each]
        if first:
            self._start(sizes, goal, dtype)
        rows = None
        if self.early_stopping and self.solver != "lbfgs":
            if incremental:
                raise ValueError("partial_fit does not support early_stopping=True")
            if held_out is None:
                rows, held_out = self._split(x, targets, weights)
        count = x.shape[0] if rows is None else len(rows)
        full_batch = _network.is_full_batch(self.solver)
        batch_size = count if full_batch else self._batch_size(count)
        l2 = 0.5 * float(self.alpha) / batch_size
        if full_batch and weights is not None:
            l2 *= count / float(np.sum(weights if rows is None else weights[rows]))
        net = self._prepared(sizes, goal, dtype, l2, goes_on=incremental and not first)
        if self.solver == "lbfgs":
            _lbfgs.fit(self, net, x, goal, weights, l2)
        else:
            epochs = Epochs(
                x,
                goal,
                rows=rows,
                batch_size=batch_size,
                shuffle=self.shuffle and not full_batch,
                random=self._random_state,
                weights=weights,
                dtype=net.dtype,
                metric=_network.metric(net),
                classes=self._labels_of_network(),
            )
            self._watch(net)
            score = None if held_out is None else self._scorer(net, held_out)
            self._learn(net, epochs, Rules(self, epochs, goal.columns, score, incremental))
        self._keep(net)
        if not all(np.isfinite(array).all() for array in self.coefs_ + self.intercepts_):
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large "
                "values and need to be preprocessed."
            )
        return self

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        """Return rows, dense or sparse, and what there is to learn of them, as scikit-learn."""
        x, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            y_numeric=not is_classifier(self),
            dtype=READ_IN_PLACE,
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return x, y

    def _hidden_sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        sizes = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
        if np.any(np.array(sizes) <= 0):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        return [int(size) for size in sizes]

    def _computing_in(self, x: Any, first: bool) -> np.dtype[Any]:
        """Return the dtype of the weights: the one asked for, else X's, as in scikit-learn."""
        if self.dtype is not None:
            return np.dtype(self.dtype)
        if self.solver == "lbfgs":  # SciPy's numbers are double
            return np.dtype(np.float64)
        given = x.dtype if first else np.asarray(self.coefs_[0]).dtype
        return np.dtype(np.float32 if given == np.float32 else np.float64)

    def _batch_size(self, count: int) -> int:
        if self.batch_size == "auto":
            return min(200, count)
        if self.batch_size > count:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped",
                stacklevel=5,
            )
        return int(min(self.batch_size, count))

    def _start(self, sizes: list[int], goal: Goal, dtype: np.dtype[Any]) -> None:
        """Draw the weights, and begin all curves and counts."""
        self.n_iter_ = self.t_ = 0
        self.n_layers_ = len(sizes)
        self.out_activation_ = SPELLED.get(goal.activation.name, goal.activation.name)
        logistic = [function.name == "sigmoid" for function in self._hidden_activations()]
        # There it is the one activation that decides, of the output too.
        logistic = [*logistic, *logistic[-1:]] if logistic else [self.activation == "logistic"]
        self.coefs_, self.intercepts_ = _network.draw(sizes, logistic, self._random_state, dtype)
        self._net: FeedForward | None = None
        if self.solver != "lbfgs":
            self.loss_curve_: list[float] = []
            self._no_improvement_count = 0
            self.validation_scores_: list[float] | None = [] if self.early_stopping else None
            self.best_validation_score_: float | None = None
            self.best_loss_: float | None = None

    def _watch(self, net: FeedForward) -> None:
        """Begin to look for the best epoch, unless an earlier fit has begun."""
        if not self.early_stopping:
            self.best_loss_ = np.inf if self.best_loss_ is None else self.best_loss_
        elif self.best_validation_score_ is None:
            self.best_validation_score_ = -np.inf
            self._best = net._network.parameters()

    def _hidden_activations(self) -> list[activations.Activation]:
        """Return the activation of each hidden layer."""
        hidden, count = self.activation, len(self._hidden_sizes())
        if not isinstance(hidden, (list, tuple)):
            return [activations.registry.get(hidden, "activation")] * count
        if len(hidden) != count:
            raise ValueError(
                f"activation has {len(hidden)} members; wanted are {count}, one for each hidden "
                "layer"
            )
        return [
            activations.registry.get(one, f"activation[{index}]")
            for index, one in enumerate(hidden)
        ]

    def _network_seed(self) -> int:
        """Draw what dropout follows from: only if there is some, as scikit-learn draws nothing."""
        return int(self._random_state.randint(np.iinfo(np.int32).max)) if self.dropout else 0

    def _split(self, x: Any, targets: Array, weights: Any) -> tuple[Array, Any]:
        """Return the numbers of the rows to learn from, and the others with their targets."""
        train, test = train_test_split(
            np.arange(x.shape[0]),
            random_state=self._random_state,
            test_size=self.validation_fraction,
            stratify=targets if is_classifier(self) and self.n_outputs_ == 1 else None,
        )
        if len(test) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return train, (x[test], targets[test], None if weights is None else weights[test])

    def _held_out(self, validation_data: object) -> Any:
        """Return validation data that was given, after every check."""
        X, y, sample_weight = rows_given(validation_data, "validation_data")
        x, y = self._checked(X, y, reset=False)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, x)
        return x, self._known(y, "validation_data[1]"), sample_weight

    def _scorer(self, net: FeedForward, held_out: Any) -> Callable[[], float]:
        x, targets, weights = held_out
        if self.validation_scores_ is None:
            self.validation_scores_ = []

        def score() -> float:
            return self._score_of(said(net, x), targets, weights)

        return score

    def _prepared(
        self, sizes: list[int], goal: Goal, dtype: np.dtype[Any], l2: float, *, goes_on: bool
    ) -> FeedForward:
        """Return the network to train, which may go on with what its optimizer remembers."""
        before: Descent | None = getattr(self, "_optimizer", None) if goes_on else None
        chosen = [getattr(self, name) for name in MADE_BY]
        made_of = (sizes, dtype, l2, goal.loss, goal.activation, goal.columns, chosen)
        if before is not None and before.made_of == made_of:
            self._synchronize(before.net)
            return before.net
        # SciPy's solver adds the penalty itself.
        net = _network.build(self, sizes, goal, dtype, 0.0 if self.solver == "lbfgs" else l2)
        if before is not None and type(before.net.optimizer) is type(net.optimizer):
            snapshot = before.net._snapshot()
            if [array.shape for array in snapshot["parameters"]] == [
                array.shape for array in net._network.parameters()
            ]:
                rate = getattr(before.net.optimizer, "learning_rate", None)
                if rate is not None:
                    net.learning_rate = rate
                net._restore({**snapshot, "loss": goal.loss})
        self._synchronize(net)
        if self.solver != "lbfgs":
            initial = float(self.learning_rate_init)
            self._optimizer = Descent(net, getattr(before, "initial_rate", initial), made_of)
        return net

    def _synchronize(self, net: FeedForward) -> None:
        """Give a network the weights in `coefs_` and `intercepts_`, unless it has them."""
        arrays = [np.asarray(array) for array in [*self.coefs_, *self.intercepts_]]
        seen: list[Array] = getattr(self, "_seen", [])
        # Whoever changes the weights by hand, in place or not, is to get what he wants.
        same = len(seen) == len(arrays) and all(map(np.array_equal, seen, arrays))
        if getattr(self, "_net", None) is not net or not same:
            _network.put(net, self.coefs_, self.intercepts_)
            self._net, self._seen = net, [array.copy() for array in arrays]

    def _learn(self, net: FeedForward, epochs: Epochs, rules: Rules) -> None:
        self.n_iter_ = 0
        watchers = [rules, *checked_callbacks(self.callbacks)]
        count = 1 if rules.incremental else self.max_iter
        try:
            _training.train(net, epochs, count, lambda: net.threads, 0, watchers)
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=5)
        if self.early_stopping:
            net._network.set_parameters(self._best)

    def _keep(self, net: FeedForward) -> None:
        """Take on a network's weights."""
        net._classes = self._labels_of_network()
        self.coefs_, self.intercepts_ = _network.take(net)
        self._net = net
        self._seen = [array.copy() for array in self.coefs_ + self.intercepts_]

    # Predicting ----------------------------------------------------------------------------------

    @property
    def net_(self) -> FeedForward:
        """The network with the weights in `coefs_` and `intercepts_`, for all that nnfast can."""
        check_is_fitted(self)
        net: FeedForward | None = getattr(self, "_net", None)
        if net is None:
            self._random_state = check_random_state(self.random_state)
            coefs = [np.asarray(coef) for coef in self.coefs_]
            dtype = np.dtype(np.float32 if coefs[0].dtype == np.float32 else np.float64)
            sizes = [len(coefs[0]), *(coef.shape[1] for coef in coefs)]
            net = _network.build(self, sizes, self._goal(None, dtype), dtype, 0.0)
        self._synchronize(net)
        return net

    def _outputs(self, X: object) -> Array:
        """Return what the network says of rows, after every check."""
        check_is_fitted(self)
        if (
            type(X) is np.ndarray
            and X.dtype in READ_IN_PLACE
            and X.shape[1:] == (self.n_features_in_,)
            and not hasattr(self, "feature_names_in_")
        ):
            # The usual case: what is left to check, the core does, or leaves it to what follows.
            # scikit-learn's checks take longer than the network takes for a hundred rows.
            net = self.net_
            outputs: Array | None = net._network.try_predict(X, net.threads)
            if outputs is not None:
                return outputs
        x = validate_data(self, X, accept_sparse="csr", dtype=READ_IN_PLACE, reset=False)
        return said(self.net_, x)

    def _check_solver(self) -> bool:
        if _network.is_full_batch(self.solver):
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. "
                f"{self.solver} is not stochastic."
            )
        return True

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_seen"}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
