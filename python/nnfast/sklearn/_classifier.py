"""The classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import compute_sample_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    type_of_target,
    unique_labels,
)

from nnfast import activations, losses
from nnfast.losses._labels import LabelLoss
from nnfast.sklearn._multilayer import MultilayerPerceptron
from nnfast.sklearn._network import Goal
from nnfast.sklearn._parameters import spellings

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class MLPClassifier(ClassifierMixin, MultilayerPerceptron):
    """A multilayer perceptron that tells classes apart: scikit-learn's, computed by nnfast.

    The parameters up to `max_fun` are scikit-learn's, in its order; those after it are ours. From
    the same `random_state` both start at the same weights and take the rows in the same order, so
    that loss curves and weights are the same but for rounding (in float64, to about 1e-14). Two
    things differ: the loss of a row whose probability rounds to 0 is not cut off at -log(2^-52), so
    that a loss curve may be higher there, though no step is; and predictions are of the dtype of
    the weights, whatever X is.

    Parameters
    ----------
    hidden_layer_sizes : int or list of int, default (100,)
        Nodes of each hidden layer.
    activation : activation, or list of one for each hidden layer, default "relu"
        There: "identity", "logistic", "tanh" or "relu". Here also every other of
        `nnfast.activations`, by name, class or instance, and a list of them.
    solver : {"lbfgs", "sgd", "adam"} or optimizer, default "adam"
        "lbfgs" is SciPy's. Here also every other of `nnfast.optimizers`: by name, with
        `learning_rate_init`, or as an instance, with its own rate or schedule.
    alpha : float, default 0.0001
        The penalty of a batch is alpha / 2 times the sum of the squared weights, not of the
        biases, divided by the batch's rows (the sum of their weights).
    batch_size : int or "auto", default "auto"
        Rows of a step; "auto" is min(200, rows). With "lbfgs" all rows.
    learning_rate : {"constant", "invscaling", "adaptive"}, default "constant"
        Of "sgd": `learning_rate_init` always; divided by (rows seen + 1)^`power_t`; or divided by 5
        whenever `n_iter_no_change` epochs have brought too little, until it is 1e-6.
    learning_rate_init : float, default 0.001
    power_t : float, default 0.5
    max_iter : int, default 200
        Epochs; with "lbfgs" iterations.
    shuffle : bool, default True
        Whether every epoch takes the rows in another order.
    random_state : int, RandomState instance or None, default None
        What initial weights, the split for early stopping and the order of the rows follow from:
        the same as there. Dropout follows from a number drawn from it.
    tol : float, default 1e-4
        An epoch that does not improve the loss (or the validation score) by so much counts.
    verbose : bool, default False
        Whether to print the loss of each epoch.
    warm_start : bool, default False
        Whether `fit` goes on from the weights that there are.
    momentum : float, default 0.9
        Of "sgd", from 0 to 1.
    nesterovs_momentum : bool, default True
    early_stopping : bool, default False
        Whether to hold rows out, and to stop by the score on them; the weights of the best epoch
        stay. Without effect with "lbfgs".
    validation_fraction : float, default 0.1
        Of the rows, how many are held out.
    beta_1, beta_2, epsilon : float, default 0.9, 0.999, 1e-8
        Of "adam".
    n_iter_no_change : int, default 10
        Training ends after more than so many epochs in a row that brought too little.
    max_fun : int, default 15000
        How often at most "lbfgs" computes the loss.
    loss : "log_loss" or loss, default "log_loss"
        Every loss of `nnfast.losses` that learns probabilities, such as
        ``nn.FocalCrossEntropy()`` or ``nn.CrossEntropy(label_smoothing=0.1)``.
    class_weight : dict or "balanced", optional
        What rows of a class weigh, beside `sample_weight`; balanced, rows / (classes * rows of it).
    dropout : float, default 0.0
        What share of each hidden layer's outputs is set to 0 in training.
    callbacks : list of Callback, optional
        `nnfast.callbacks`; ``stop_training`` ends the fit.
    dtype : {"float32", "float64"}, optional
        In which to compute. By default as there: float32 where X is, else float64.
    threads : int, optional
        As of `nnfast.FeedForward`; the result is the same.
    backend : {"rust", "numpy"}, optional
        As of `nnfast.FeedForward`.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    loss_ : float
        Of the last epoch, penalty and all; each batch's is from before its step.
    best_loss_ : float or None
        The least so far; None with early stopping.
    loss_curve_ : list of float
        Of each epoch; not with "lbfgs".
    validation_scores_, best_validation_score_ : list of float, float
        Accuracy on the validation rows; None where there are none.
    t_ : int
        Rows seen.
    coefs_, intercepts_ : list of ndarray
        Weights (inputs, outputs) and biases of each layer. Those that are changed by hand, in place
        or not, are taken by what follows.
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.
    n_iter_ : int
    n_layers_ : int
        Inputs and outputs counted.
    n_outputs_ : int
    out_activation_ : str
    net_ : FeedForward
        The network itself, with all that it can: `summary`, `save`, `diagnose`, `history`, ...

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010; Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from nnfast.sklearn import MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X, Xt, y, yt = train_test_split(X / 16, y, random_state=0)
    >>> model = MLPClassifier(learning_rate_init=0.01, early_stopping=True, random_state=0)
    >>> model.fit(X, y).score(Xt, yt) > 0.95
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **MultilayerPerceptron._parameter_constraints,
        "loss": [StrOptions({"log_loss"}), spellings(losses.registry), losses.Loss, type],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    classes_: Array

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        loss: Any = "log_loss",
        class_weight: Any = None,
        dropout: float = 0.0,
        callbacks: Any = None,
        dtype: Any = None,
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.loss = loss
        self.class_weight = class_weight
        self.dropout = dropout
        self.callbacks = callbacks
        self.dtype = dtype
        self.threads = threads
        self.backend = backend

    @available_if(lambda estimator: estimator._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Any:
        """Go through the rows once, from the weights and the optimizer's state as they are.

        With a full-batch solver there is no such method.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : array-like, optional
            All labels there are: wanted at the first call.

        Returns
        -------
        self
        """
        if _check_partial_fit_first_call(self, classes):
            self._label_binarizer = LabelBinarizer()
            labels = y if type_of_target(y).startswith("multilabel") else classes
            self._label_binarizer.fit(labels)
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> Any:
        """Return the class of each row."""
        return self._labels(self._outputs(X))

    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class, or of each label where a row may have several."""
        outputs = self._outputs(X)
        if self.n_outputs_ == 1:
            return np.hstack([1 - outputs, outputs])
        return outputs

    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithms of `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    # What differs from the regressor -------------------------------------------------------------

    def _encoded(self, y: Array, incremental: bool) -> Array:
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        else:
            classes = unique_labels(y)
            if self.warm_start:
                if set(classes) != set(self.classes_):
                    raise ValueError(
                        "warm_start can only be used where `y` has the same classes as in the "
                        f"previous call to fit. Previously got {self.classes_}, `y` has {classes}"
                    )
            elif len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
                raise ValueError(
                    f"`y` has classes not in `self.classes_`. `self.classes_` has "
                    f"{self.classes_}. 'y' has {classes}."
                )
        return self._columns(y)

    def _columns(self, y: Array) -> Array:
        if self._label_binarizer.y_type_ == "multiclass":
            # One number a row, not a row of zeros and a one.
            return np.broadcast_to(
                np.searchsorted(self.classes_, y)[:, np.newaxis], (len(y), len(self.classes_))
            )
        encoded: Array = self._label_binarizer.transform(y).astype(bool)
        return encoded

    def _known(self, y: Array, argument: str) -> Array:
        unseen = np.setdiff1d(unique_labels(y), self.classes_)
        if len(unseen):
            raise ValueError(
                f"{argument} has the labels {unseen.tolist()}; wanted are those of y: "
                f"{self.classes_.tolist()}"
            )
        return self._columns(y)

    def _goal(self, targets: Array | None, dtype: np.dtype[Any]) -> Goal:
        several = self._label_binarizer.y_type_ == "multiclass"
        activation = activations.registry.get("softmax" if several else "sigmoid")
        if targets is None:
            values = np.empty((0, 1), dtype)
        elif several:
            values = np.ascontiguousarray(targets[:, 0], dtype=np.uint32)
        else:
            values = np.ascontiguousarray(targets, dtype=dtype)
        if self.loss == "log_loss":
            loss: losses.Loss = losses.CrossEntropy()
            scale = 1.0 if several else float(values.shape[1])
        else:
            loss, scale = losses.registry.get(self.loss, "loss"), 1.0
            if not isinstance(loss, LabelLoss) or getattr(loss, "from_logits", False):
                raise ValueError(
                    f"loss is {self.loss!r}; wanted is one that learns probabilities: 'log_loss', "
                    "'cross_entropy', 'focal_cross_entropy', ..."
                )
        loss = loss.resolved(activation, self.n_outputs_, soft=False)
        return Goal(loss, activation, values, scale)

    def _labels(self, outputs: Array) -> Any:
        kind = self._label_binarizer.y_type_
        if kind == "multiclass":
            return self.classes_[outputs.argmax(axis=1)]
        if kind == "binary" and len(self.classes_) == 2:
            return self.classes_[(outputs[:, 0] > 0.5).astype(np.intp)]
        if self.n_outputs_ == 1:
            outputs = outputs.ravel()
        return self._label_binarizer.inverse_transform(outputs)

    def _labels_of_network(self) -> Array | None:
        """Return the labels that the network itself is to know: whole numbers, booleans, words."""
        kind = self._label_binarizer.y_type_
        labels = np.array(self.classes_.tolist())
        if labels.dtype.kind == "f" and (labels == np.floor(labels)).all():
            labels = labels.astype(np.int64)
        several = kind == "multiclass" or (kind == "binary" and len(labels) == 2)
        return labels if several and labels.dtype.kind in "biuU" else None

    def _score_of(self, outputs: Array, targets: Array, sample_weight: Array | None) -> float:
        if self._label_binarizer.y_type_ == "multiclass":
            right, said = targets[:, 0], outputs.argmax(axis=1)
        else:
            right, said = targets, outputs > 0.5
        return float(accuracy_score(right, said, sample_weight=sample_weight))

    def _row_weights(self, y: Array, sample_weight: Array | None, incremental: bool) -> Any:
        if self.class_weight is None:
            return sample_weight
        if incremental and self.class_weight == "balanced":
            raise ValueError(
                "class_weight 'balanced' is not supported for partial_fit, which does not know all "
                "rows; wanted is a dict of labels and weights"
            )
        by_class = compute_sample_weight(self.class_weight, y)
        return by_class if sample_weight is None else by_class * sample_weight

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
