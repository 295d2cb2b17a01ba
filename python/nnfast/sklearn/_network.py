"""Between an estimator's `coefs_` and `intercepts_` and the network that computes with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast import _architecture, activations, losses, optimizers
from nnfast.layers import Dense, Dropout, Input, Layer
from nnfast.network import FeedForward

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

JUST_BELOW_ONE = float(np.nextafter(1.0, 0.0))


class Goal(NamedTuple):
    """What an estimator makes small, and what that is beside scikit-learn's.

    Attributes
    ----------
    loss : Loss
    activation : Activation
        Of the output.
    values : ndarray
        The targets, as a backend takes them.
    scale : float
        How often the loss of a row counts: ours are means over the outputs.
    constant : ndarray of shape (rows,), optional
        What scikit-learn's loss of each row has beyond that, though it changes no step.
    columns : int
        How many columns the reported squared error is a mean over, while steps follow their sum.
    """

    loss: losses.Loss
    activation: activations.Activation
    values: Array
    scale: float = 1.0
    constant: Array | None = None
    columns: int = 1


class MeanSquaredError:
    """The metric that the reported loss of several columns is found from.

    Attributes
    ----------
    weights : ndarray, optional
        Of the rows, in the order in which an epoch takes them.
    """

    __name__ = "mean_squared_error"
    weights: Array | None = None

    def __call__(self, targets: Array, outputs: Array) -> float:
        """Return the mean over rows and columns."""
        rows = np.square(targets.astype(np.float64) - outputs).mean(axis=1)
        return float(np.mean(rows if self.weights is None else rows * self.weights))


def optimizer(estimator: Any) -> optimizers.Optimizer:
    """Return what an estimator's `solver` stands for, if it is not SciPy's L-BFGS."""
    solver, rate = estimator.solver, float(estimator.learning_rate_init)
    if solver == "sgd":
        # Both ends of [0, 1] are allowed there. Without momentum, Nesterov's changes nothing.
        momentum = min(float(estimator.momentum), JUST_BELOW_ONE)
        nesterov = bool(estimator.nesterovs_momentum and momentum > 0)
        return optimizers.SGD(rate, momentum=momentum, nesterov=nesterov)
    if solver == "adam":
        return optimizers.Adam(
            rate,
            beta_1=float(estimator.beta_1),
            beta_2=float(estimator.beta_2),
            epsilon=float(estimator.epsilon),
        )
    chosen: optimizers.Optimizer = optimizers.registry.get(solver, "solver")
    named = isinstance(solver, (str, type))
    if named and not chosen.full_batch and hasattr(chosen, "learning_rate"):
        chosen = chosen.replace(learning_rate=rate)
    return chosen


def is_full_batch(solver: object) -> bool:
    """Tell whether a solver looks at all rows before a step."""
    return solver == "lbfgs" or optimizers.registry.get(solver, "solver").full_batch


def build(estimator: Any, sizes: Sequence[int], goal: Goal, dtype: Any, l2: float) -> FeedForward:
    """Return the network of an estimator, whose weights are still to be set.

    Parameters
    ----------
    estimator : MultilayerPerceptron
    sizes : list of int
        Numbers of nodes, the inputs first.
    goal : Goal
    dtype : dtype
    l2 : float
        What the square of a weight costs.
    """
    layers: list[Layer] = [Input(sizes[0])]
    functions = estimator._hidden_activations()
    dropout = float(estimator.dropout)
    for size, function in zip(sizes[1:-1], functions, strict=True):
        layers.append(_dense(size, function, l2))
        if dropout:
            layers.append(Dropout(dropout))
    layers.append(_dense(sizes[-1], goal.activation, l2))
    net = FeedForward(
        layers,
        dtype=dtype,
        seed=estimator._network_seed(),
        threads=estimator.threads,
        backend=estimator.backend,
    )
    metrics = [MeanSquaredError()] if goal.columns > 1 else []
    rule = "sgd" if estimator.solver == "lbfgs" else optimizer(estimator)
    return net.compile(optimizer=rule, loss=goal.loss, metrics=metrics)


def _dense(size: int, activation: Any, l2: float) -> Dense:
    # The weights are drawn as scikit-learn draws them, not by the layer.
    return Dense(size, activation, kernel_initializer="zeros", l2=l2 or None)


def metric(net: FeedForward) -> MeanSquaredError | None:
    """Return the metric that `build` has added, if it has."""
    for one in net.metrics:
        function = getattr(one, "function", None)
        if isinstance(function, MeanSquaredError):
            return function
    return None


def draw(
    sizes: Sequence[int], logistic: Sequence[bool], random: np.random.RandomState, dtype: Any
) -> tuple[list[Array], list[Array]]:
    """Draw initial weights and biases as scikit-learn does, from the same numbers.

    Both are uniform within sqrt(6 / (inputs + outputs)) of 0; with logistic nodes, within
    sqrt(2 / (inputs + outputs)). The weights of a layer are drawn before its biases.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010, equation 16.
    """
    coefs, intercepts = [], []
    for inputs, outputs, is_logistic in zip(sizes[:-1], sizes[1:], logistic, strict=True):
        bound = np.sqrt((2.0 if is_logistic else 6.0) / (inputs + outputs))
        coefs.append(random.uniform(-bound, bound, (inputs, outputs)).astype(dtype, copy=False))
        intercepts.append(random.uniform(-bound, bound, outputs).astype(dtype, copy=False))
    return coefs, intercepts


def positions(net: FeedForward) -> Iterator[tuple[int, int]]:
    """Yield where among a network's parameters the weights and the biases of each layer are."""
    names = [name for name, _ in _architecture.parameters(net.layers, net.bias)]
    for index, name in enumerate(names):
        if name.endswith(".kernel"):
            yield index, index + 1


def put(net: FeedForward, coefs: Sequence[Array], intercepts: Sequence[Array]) -> None:
    """Set a network's weights and biases; what else its activations have learned stays."""
    parameters = net._network.parameters()
    pairs = zip(positions(net), coefs, intercepts, strict=True)
    for (kernel, bias), coef, intercept in pairs:
        for place, values in ((kernel, coef), (bias, intercept)):
            values = np.asarray(values, dtype=net.dtype)
            if values.shape != parameters[place].shape:
                raise ValueError(
                    f"coefs_ or intercepts_ has an array of the shape {values.shape}; wanted is "
                    f"{parameters[place].shape}"
                )
            parameters[place] = np.ascontiguousarray(values)
    net._network.set_parameters(parameters)


def take(net: FeedForward) -> tuple[list[Array], list[Array]]:
    """Return copies of a network's weights and of its biases."""
    parameters = net._network.parameters()
    pairs = list(positions(net))
    return [parameters[k] for k, _ in pairs], [parameters[b] for _, b in pairs]
