"""scikit-learn: `partial_fit` of its MLPClassifier, an epoch a call; many nets through joblib."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from joblib import Parallel, delayed
from sklearn.neural_network import MLPClassifier

from comparison import processors
from comparison.cases import ManyNets, Prediction, Training
from comparison.data import BETA_1, BETA_2, EPSILON, LEARNING_RATE, Array, Data
from comparison.peers import NotComparable


def classifier(case: Training | ManyNets | Prediction, data: Data, batch: int) -> MLPClassifier:
    """Return one with the given weights and a fresh optimizer."""
    outputs = case.sizes[-1]
    if outputs <= 2:
        raise NotComparable("two classes are one sigmoid output there")
    net = MLPClassifier(
        case.sizes[1:-1],
        alpha=0.0,
        batch_size=batch,
        learning_rate_init=LEARNING_RATE,
        beta_1=BETA_1,
        beta_2=BETA_2,
        epsilon=EPSILON,
        random_state=0,
    )
    # It makes its arrays when it first sees data.
    net.partial_fit(data.x[:batch], data.y[:batch], classes=np.arange(outputs))
    for array, value in zip(net.coefs_, data.weights[::2], strict=True):
        array[...] = value
    for array, value in zip(net.intercepts_, data.weights[1::2], strict=True):
        array[...] = value
    del net._optimizer
    return net


def weights_of(net: MLPClassifier) -> list[Array]:
    return [array for layer in zip(net.coefs_, net.intercepts_, strict=True) for array in layer]


def training(case: Training, data: Data) -> Network:
    return Network(case, data)


class Network:
    def __init__(self, case: Training, data: Data) -> None:
        self._case, self._data = case, data
        self.reset()

    def reset(self) -> None:
        self._net = classifier(self._case, self._data, self._case.batch)

    def epoch(self) -> None:
        self._net.partial_fit(self._data.x, self._data.y)

    def weights_after(self, steps: int) -> list[Array]:
        rows = slice(steps * self._case.batch)
        self._net.set_params(shuffle=False)
        self._net.partial_fit(self._data.x[rows], self._data.y[rows])
        return weights_of(self._net)


def prediction(case: Prediction, data: Data) -> Callable[[], Array]:
    net = classifier(case, Data(data.x[:1], data.y[:1], data.weights), 1)
    return partial(net.predict_proba, data.x)


def many(case: ManyNets, data: Data) -> Nets:
    return Nets(case, data)


class Nets:
    """A network is one task; the processes stay from epoch to epoch."""

    def __init__(self, case: ManyNets, data: Data) -> None:
        self._case, self._data = case, data
        self._parallel = Parallel(n_jobs=processors.available())
        self.reset()

    def reset(self) -> None:
        self._nets = [
            classifier(self._case, self._data, self._case.batch).set_params(random_state=seed)
            for seed in range(self._case.nets)
        ]

    def epoch(self) -> None:
        self._fit(self._data.x, self._data.y)

    def weights_after(self, steps: int) -> list[Array]:
        rows = slice(steps * self._case.batch)
        for net in self._nets:
            net.set_params(shuffle=False)
        self._fit(self._data.x[rows], self._data.y[rows])
        return weights_of(self._nets[0])

    def _fit(self, x: Array, y: Array) -> None:
        self._nets = self._parallel(delayed(net.partial_fit)(x, y) for net in self._nets)
