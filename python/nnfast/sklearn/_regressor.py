"""The regressor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.special import xlogy
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if

from nnfast import activations, losses
from nnfast.sklearn._multilayer import MultilayerPerceptron
from nnfast.sklearn._network import Goal
from nnfast.sklearn._parameters import spellings

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class MLPRegressor(RegressorMixin, MultilayerPerceptron):
    """A multilayer perceptron that predicts numbers: scikit-learn's, computed by nnfast.

    The parameters up to `max_fun` are scikit-learn's, in its order; those after it are ours. From
    the same `random_state` both start at the same weights and take the rows in the same order, so
    that loss curves and weights are the same but for rounding (in float64, to about 1e-14). Two
    things differ: the loss of a row whose probability rounds to 0 is not cut off at -log(2^-52), so
    that a loss curve may be higher there, though no step is; and predictions are of the dtype of
    the weights, whatever X is.

    Parameters
    ----------
    loss : {"squared_error", "poisson"} or loss, default "squared_error"
        Half the squared error, or half the Poisson deviance with an exponential output. Here also
        every other of `nnfast.losses` of numbers, such as "huber", as it is there.
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
    output_activation : activation, optional
        By default the identity, and the exponential for counts.
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
    loss_ : float
        Of the last epoch, penalty and all; each batch's is from before its step.
    best_loss_ : float or None
        The least so far; None with early stopping.
    loss_curve_ : list of float
        Of each epoch; not with "lbfgs".
    validation_scores_, best_validation_score_ : list of float, float
        R2 on the validation rows; None where there are none.
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
    >>> import numpy as np
    >>> from nnfast.sklearn import MLPRegressor
    >>> X = np.linspace(-3, 3, 200).reshape(-1, 1)
    >>> model = MLPRegressor(hidden_layer_sizes=(50,), solver="lbfgs", random_state=0)
    >>> round(model.fit(X, np.sin(X[:, 0])).score(X, np.sin(X[:, 0])), 2)
    1.0
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **MultilayerPerceptron._parameter_constraints,
        "loss": [
            StrOptions({"squared_error", "poisson"}),
            spellings(losses.registry),
            losses.Loss,
            type,
        ],
        "output_activation": [
            spellings(activations.registry),
            activations.Activation,
            type,
            None,
        ],
    }

    def __init__(
        self,
        loss: Any = "squared_error",
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
        output_activation: Any = None,
        dropout: float = 0.0,
        callbacks: Any = None,
        dtype: Any = None,
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        self.loss = loss
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
        self.output_activation = output_activation
        self.dropout = dropout
        self.callbacks = callbacks
        self.dtype = dtype
        self.threads = threads
        self.backend = backend

    @available_if(lambda estimator: estimator._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Go through the rows once, from the weights and the optimizer's state as they are.

        With a full-batch solver there is no such method.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> Any:
        """Return what is predicted of each row."""
        return self._point(self._outputs(X))

    # What differs from the classifier ------------------------------------------------------------

    def _encoded(self, y: Array, incremental: bool) -> Array:
        return y.reshape(-1, 1) if y.ndim == 1 else y

    def _known(self, y: Array, argument: str) -> Array:
        return self._encoded(y, incremental=True)

    def _goal(self, targets: Array | None, dtype: np.dtype[Any]) -> Goal:
        count = self.n_outputs_
        values = np.empty((0, count), dtype)
        if targets is not None:
            values = np.ascontiguousarray(targets, dtype=dtype)
        given = self.output_activation
        if self.loss == "squared_error":
            output = activations.registry.get(given or "linear", "output_activation")
            # Ours is the mean over the columns; there steps follow half the sum.
            return Goal(losses.MeanSquaredError(), output, values, 0.5 * count, columns=count)
        if self.loss == "poisson":
            output = activations.registry.get(given or "exponential", "output_activation")
            constant = (xlogy(values, values) - values).sum(axis=1, dtype=np.float64)
            loss: losses.Loss = losses.Poisson(epsilon=0.0)
            return Goal(loss, output, values, float(count), constant)
        loss = losses.registry.get(self.loss, "loss")
        default = "exponential" if loss.targets == "nonnegative" else "linear"
        output = activations.registry.get(given or default, "output_activation")
        if loss.targets not in ("values", "nonnegative"):
            raise ValueError(
                f"loss is {self.loss!r}; wanted is one of numbers: 'squared_error', 'poisson', "
                "'huber', 'mean_absolute_error', ..."
            )
        return Goal(loss, output, values)

    def _point(self, outputs: Array) -> Any:
        if self.loss not in ("squared_error", "poisson"):
            outputs = losses.registry.get(self.loss, "loss").point(outputs)
        return outputs.ravel() if outputs.shape[1] == 1 else outputs

    def _score_of(self, outputs: Array, targets: Array, sample_weight: Array | None) -> float:
        said = self._point(outputs)
        if not np.isfinite(said).all():
            return float("nan")
        return float(r2_score(targets, said, sample_weight=sample_weight))

    def _row_weights(self, y: Array, sample_weight: Array | None, incremental: bool) -> Any:
        return sample_weight
