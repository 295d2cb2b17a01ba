"""scikit-learn's fitted networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _architecture, activations, losses, optimizers
from nnfast.interop._chain import Chain, parts
from nnfast.layers import Dense, Dropout, GaussianNoise, Standardize
from nnfast.network import FeedForward
from nnfast.perceptron import Perceptron

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.unsupervised import BernoulliRBM

    Array: TypeAlias = NDArray[Any]

HIDDEN = {"identity": "linear", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
OUTPUT = {"identity": "linear", "logistic": "sigmoid", "softmax": "softmax", "exp": "exponential"}


def from_sklearn(estimator: Any) -> FeedForward | Perceptron | BernoulliRBM:
    """Return what a fitted estimator of scikit-learn's is here.

    Parameters
    ----------
    estimator : fitted estimator
        An MLPClassifier or MLPRegressor, alone or as the end of a Pipeline whose other steps are
        StandardScaler, MinMaxScaler or MaxAbsScaler; a Perceptron; or a BernoulliRBM.

    Returns
    -------
    FeedForward, Perceptron or BernoulliRBM
        Of a network, predictions are those of ``predict_proba`` or ``predict``, and those of one
        output of two classes the second's probability; scalers become `Standardize`. The labels
        come along as `classes_`, ``loss_curve_`` as the history's loss, and the optimizer, if it is
        sgd or adam with a constant learning rate; ``alpha``, whose effect there depends on the
        batch size, does not.

    Raises
    ------
    TypeError
        If it is an estimator of another kind, which is named.
    ValueError
        If it is not fitted.

    Examples
    --------
    >>> import nnfast as nn
    >>> from sklearn.neural_network import MLPRegressor
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> theirs = MLPRegressor(hidden_layer_sizes=[4], solver="lbfgs").fit(X, y)
    >>> net = nn.interop.from_sklearn(theirs)
    >>> net.architecture, bool(abs(net.predict(X).ravel() - theirs.predict(X)).max() < 1e-12)
    ('1-4-1', True)
    """
    if _is(estimator, "Pipeline"):
        return _pipeline(estimator)
    if _is(estimator, "MLPClassifier", "MLPRegressor"):
        return _network(estimator, None)
    if _is(estimator, "Perceptron"):
        return _perceptron(estimator)
    if _is(estimator, "BernoulliRBM"):
        return _machine(estimator)
    raise TypeError(
        f"estimator is a {type(estimator).__name__}; wanted is a fitted MLPClassifier, "
        "MLPRegressor, Perceptron or BernoulliRBM of scikit-learn's, or a Pipeline of scalers and "
        "one of the first two"
    )


def _is(estimator: Any, *names: str) -> bool:
    """Whether it is an estimator of scikit-learn's of such a name, or of a class made of one."""
    return any(
        cls.__name__ in names and cls.__module__.partition(".")[0] in ("sklearn", "nnfast")
        for cls in type(estimator).__mro__
    )


def _fitted(estimator: Any, attribute: str) -> Any:
    """Return what fit finds."""
    if not hasattr(estimator, attribute):
        raise ValueError(
            f"estimator is a {type(estimator).__name__} that is not fitted; call its fit first"
        )
    return getattr(estimator, attribute)


def _pipeline(pipeline: Any) -> FeedForward:
    steps = [(name, step) for name, step in pipeline.steps if step not in (None, "passthrough")]
    *before, (last, estimator) = steps
    if not _is(estimator, "MLPClassifier", "MLPRegressor"):
        raise TypeError(
            f"step {last!r} of the Pipeline is a {type(estimator).__name__}; wanted is an "
            "MLPClassifier or an MLPRegressor as the last"
        )
    chain = Chain(_fitted(estimator, "n_features_in_"))
    for name, step in before:
        take = next((SCALERS[kind] for kind in SCALERS if _is(step, kind)), None)
        if take is None:
            raise TypeError(
                f"step {name!r} of the Pipeline is a {type(step).__name__}; wanted is one of "
                f"{', '.join(SCALERS)}"
            )
        take(chain, step)
    return _network(estimator, chain)


def _standard(chain: Chain, scaler: Any) -> None:
    _fitted(scaler, "n_features_in_")
    mean = scaler.mean_ if scaler.with_mean else 0.0
    chain.standardize(mean, scaler.scale_ if scaler.with_std else 1.0)


def _min_max(chain: Chain, scaler: Any) -> None:
    scale = _fitted(scaler, "scale_")
    if scaler.clip:
        raise ValueError("the Pipeline has a MinMaxScaler that clips; wanted is clip=False")
    chain.affine(scale, scaler.min_)


def _max_abs(chain: Chain, scaler: Any) -> None:
    chain.standardize(0.0, _fitted(scaler, "scale_"))


SCALERS: dict[str, Callable[[Chain, Any], None]] = {
    "StandardScaler": _standard,
    "MinMaxScaler": _min_max,
    "MaxAbsScaler": _max_abs,
}


def _network(estimator: Any, chain: Chain | None) -> FeedForward:
    kernels, biases = _fitted(estimator, "coefs_"), estimator.intercepts_
    chain = Chain(len(kernels[0])) if chain is None else chain
    own = getattr(estimator, "net_", None)
    if isinstance(own, FeedForward):  # an estimator of nnfast.sklearn's, which has more layers
        for layer, _, weights in parts(own):
            chain.add(layer, list(weights.values()))
        output = _architecture.output(own.layers).activation.name
    else:
        hidden, output = HIDDEN[estimator.activation], OUTPUT[estimator.out_activation_]
        functions = [hidden] * (len(kernels) - 1) + [output]
        for kernel, bias, function in zip(kernels, biases, functions, strict=True):
            chain.add(Dense(kernel.shape[1], function), [kernel, bias])
    net = chain.network(kernels[0].dtype.name)
    loss = {"exponential": "poisson", "linear": "mean_squared_error"}.get(output)
    net.compile(_optimizer(estimator), loss)
    if output in ("sigmoid", "softmax"):
        several = estimator._label_binarizer.y_type_.startswith("multilabel")
        net._classes = None if several else _labels(estimator.classes_)
    net._history = {"loss": [float(value) for value in getattr(estimator, "loss_curve_", [])]}
    return net


def _labels(classes: Array) -> Array:
    """Return the labels of classes as a network keeps them: integers, booleans or strings."""
    found = np.array(classes.tolist())
    if found.dtype.kind == "f" and (found == np.floor(found)).all():
        found = found.astype(np.int64)
    if found.dtype.kind not in "bUi":
        raise ValueError(
            f"estimator has the classes {classes.tolist()}; wanted are integers, booleans or "
            "strings"
        )
    return found


def _optimizer(estimator: Any) -> optimizers.Optimizer | None:
    """Return the optimizer, or None for one that is not here."""
    rate = estimator.learning_rate_init
    if estimator.solver == "adam":
        return optimizers.Adam(
            rate,
            beta_1=estimator.beta_1,
            beta_2=estimator.beta_2,
            epsilon=estimator.epsilon,
        )
    if estimator.solver == "sgd" and estimator.learning_rate == "constant":
        nesterov = bool(estimator.nesterovs_momentum and estimator.momentum)
        return optimizers.SGD(rate, momentum=estimator.momentum, nesterov=nesterov)
    return None


def _perceptron(estimator: Any) -> Perceptron:
    kernel = np.asarray(_fitted(estimator, "coef_"), dtype=np.float64)
    made = Perceptron(estimator.eta0, shuffle=estimator.shuffle)
    made._start(kernel.shape[1], np.array(estimator.classes_.tolist()))
    made._weights = np.vstack([np.broadcast_to(estimator.intercept_, len(kernel)), kernel.T])
    return made


def _machine(estimator: Any) -> BernoulliRBM:
    from nnfast.unsupervised import BernoulliRBM

    components = np.asarray(_fitted(estimator, "components_"))
    made = BernoulliRBM(
        len(components),
        learning_rate=estimator.learning_rate,
        batch_size=estimator.batch_size,
        n_iter=estimator.n_iter,
        dtype="float32" if components.dtype == np.float32 else "float64",
    )
    made._start(components.shape[1])

    def as_ours(values: Any) -> Array:
        return np.ascontiguousarray(values, dtype=made.dtype)

    made._weights = as_ours(components.T)
    made.intercept_hidden_ = as_ours(estimator.intercept_hidden_)
    made.intercept_visible_ = as_ours(estimator.intercept_visible_)
    chains = getattr(estimator, "h_samples_", None)
    if chains is not None and chains.shape == made._chains.shape:
        made._chains = as_ours(chains)
    return made


# The other way -----------------------------------------------------------------------------------


def to_sklearn(net: FeedForward) -> Any:
    """Return a network as a fitted estimator of scikit-learn's.

    Parameters
    ----------
    net : FeedForward
        Dense layers, the hidden ones with the same activation: relu, tanh, sigmoid or linear; after
        `Input`, which may scale, `Standardize` may come. Dropout and noise, which do nothing in
        prediction, are left out.

    Returns
    -------
    MLPClassifier, MLPRegressor or Pipeline
        A classifier for an output of softmax or sigmoid, or with a loss ``from_logits``; a
        regressor for a linear or exponential one. Where inputs are scaled or standardized, it comes
        after a StandardScaler in a Pipeline. It predicts the same, and ``partial_fit`` learns on.

    Raises
    ------
    ValueError
        If the network has a layer or an activation that scikit-learn does not have, which is named.
    ImportError
        If scikit-learn is not installed: ``pip install 'nnfast[sklearn]'``.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> net = nn.FeedForward("64-32-10", output="softmax", seed=0)
    >>> history = net.fit(X, y, epochs=5)
    >>> theirs = nn.interop.to_sklearn(net)
    >>> theirs, bool(theirs.score(X, y) == net.evaluate(X, y)["accuracy"])
    (MLPClassifier(epsilon=1e-07, hidden_layer_sizes=(32,)), True)
    """
    try:
        from sklearn.neural_network import MLPClassifier, MLPRegressor
    except ImportError:
        raise ImportError(
            "to_sklearn makes estimators of scikit-learn's, which is not installed: pip install "
            "'nnfast[sklearn]'"
        ) from None
    if not isinstance(net, FeedForward):
        raise TypeError(f"net is a {type(net).__name__}; wanted is a FeedForward")
    scaler, kernels, biases, functions = _taken_apart(net)
    *hidden, last = functions
    output, kernel, bias = _output(net, last, kernels[-1], biases[-1])
    kernels[-1], biases[-1] = kernel, bias
    learning = {
        "hidden_layer_sizes": tuple(kernel.shape[1] for kernel in kernels[:-1]),
        "activation": hidden[0] if hidden else "relu",
        **_solver(net.optimizer),
    }
    if output in ("softmax", "logistic"):
        made: Any = MLPClassifier(**learning)
        _name_classes(made, net, output, kernel.shape[1])
    else:
        loss = {"loss": "poisson"} if output == "exp" else {}
        made = MLPRegressor(**loss, **learning)
    made.coefs_, made.intercepts_ = kernels, biases
    made.out_activation_ = output
    made.n_features_in_, made.n_outputs_ = net.inputs, kernel.shape[1]
    made.n_layers_ = len(kernels) + 1
    made.loss_curve_ = list(net.history.get("loss", []))
    made.loss_ = made.loss_curve_[-1] if made.loss_curve_ else np.inf
    made.best_loss_ = min(made.loss_curve_, default=np.inf)
    made.n_iter_ = len(made.loss_curve_)
    made.validation_scores_ = made.best_validation_score_ = None
    made.t_ = made._no_improvement_count = 0
    return made if scaler is None else _after(scaler, made)


def _taken_apart(
    net: FeedForward,
) -> tuple[tuple[Array, Array] | None, list[Array], list[Array], list[str]]:
    """Return mean and deviation of the inputs, and kernels, biases and activations."""
    back = {ours: theirs for theirs, ours in HIDDEN.items()}
    kernels, biases, functions = [], [], []
    scale = _architecture.input_scale(net.layers)
    ones = np.ones(net.inputs)
    scaler = None if scale == 1 else (0.0 * ones, ones / scale)
    for layer, _, weights in parts(net):
        if isinstance(layer, Standardize):
            if not weights["deviation"].all():
                raise ValueError(
                    "the network standardizes its inputs and has seen none yet; fit it, or call "
                    "adapt, first"
                )
            mean, deviation = (weights[name].astype(float) for name in ("mean", "deviation"))
            scaler = mean / scale, deviation / scale
        elif isinstance(layer, Dense):
            kernels.append(weights["kernel"])
            biases.append(weights.get("bias", np.zeros(layer.units, net.dtype)))
            functions.append(layer.activation.name)
        elif not isinstance(layer, (Dropout, GaussianNoise)):
            raise ValueError(f"the network has {layer!r}, which scikit-learn's networks have not")
    hidden = functions[:-1]
    for name in hidden:
        if name not in back or name != hidden[0]:
            raise ValueError(
                f"the network has the hidden activations {', '.join(hidden)}; wanted is one for "
                f"all, of {', '.join(back)}"
            )
    return scaler, kernels, biases, [*(back[name] for name in hidden), functions[-1]]


def _output(net: FeedForward, name: str, kernel: Array, bias: Array) -> tuple[str, Array, Array]:
    """Return scikit-learn's output activation, and the last layer's weights for it."""
    if name == "linear" and getattr(net.loss, "from_logits", False):
        loss = net.loss.resolved(activations.linear, kernel.shape[1], soft=False)
        binary = isinstance(loss, (losses.BinaryCrossEntropy, losses.BinaryFocalCrossEntropy))
        name = "sigmoid" if binary else "softmax"
    back = {ours: theirs for theirs, ours in OUTPUT.items()}
    if name not in back or (name == "softmax" and kernel.shape[1] == 1):
        raise ValueError(
            f"the network has {kernel.shape[1]} outputs of {name}; wanted is one of "
            f"{', '.join(back)}, and several of softmax"
        )
    if name == "softmax" and kernel.shape[1] == 2:
        # The second's probability is the logistic function of the difference.
        return "logistic", kernel[:, 1:] - kernel[:, :1], bias[1:] - bias[:1]
    return back[name], kernel, bias


def _name_classes(made: Any, net: FeedForward, output: str, outputs: int) -> None:
    """Give a classifier the labels of its classes."""
    from sklearn.preprocessing import LabelBinarizer

    if output == "logistic" and outputs > 1:  # each output says yes or no
        made._label_binarizer = LabelBinarizer().fit(np.eye(outputs, dtype=int))
    else:
        classes = net.classes_
        known = np.arange(max(outputs, 2)) if classes is None else classes
        made._label_binarizer = LabelBinarizer().fit(known)
    made.classes_ = made._label_binarizer.classes_


def _solver(optimizer: optimizers.Optimizer) -> dict[str, Any]:
    """Return the parameters of scikit-learn's for an optimizer, none for one it does not have."""
    rate = getattr(optimizer, "learning_rate", None)
    if not isinstance(rate, float) or not rate > 0:
        return {}
    if type(optimizer) is optimizers.Adam:
        names = ("beta_1", "beta_2", "epsilon")
        return {"learning_rate_init": rate, **{n: getattr(optimizer, n) for n in names}}
    if type(optimizer) is optimizers.SGD:
        return {
            "solver": "sgd",
            "learning_rate_init": rate,
            "momentum": optimizer.momentum,
            "nesterovs_momentum": optimizer.nesterov,
        }
    return {}


def _after(scaler: tuple[Array, Array], estimator: Any) -> Any:
    """Return a Pipeline of a fitted StandardScaler and an estimator."""
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    mean, deviation = scaler
    standard = StandardScaler()
    standard.mean_, standard.scale_, standard.var_ = mean, deviation, np.square(deviation)
    standard.n_features_in_ = len(mean)
    standard.n_samples_seen_ = 1
    return Pipeline([("scaler", standard), ("network", estimator)])
