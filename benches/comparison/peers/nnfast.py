"""The library itself, as a user calls it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial

import numpy as np

import nnfast as nn
from comparison.cases import Elementwise, ManyNets, Prediction, Training
from comparison.data import BETA_1, BETA_2, EPSILON, LEARNING_RATE, Array, Data
from comparison.peers import NotComparable


def training(case: Training, data: Data) -> Network:
    return Network(case, data)


def network(case: Training | Prediction | ManyNets, data: Data, seed: int = 0) -> nn.FeedForward:
    layers = list(case.sizes)
    net = nn.FeedForward(layers, output="softmax", dtype=case.dtype, seed=seed, backend="rust")
    net.compile(nn.Adam(LEARNING_RATE, beta_1=BETA_1, beta_2=BETA_2, epsilon=EPSILON))
    net.set_weights(data.weights)
    return net


class Network:
    """One call of `fit` an epoch."""

    def __init__(self, case: Training, data: Data) -> None:
        self._case, self._data = case, data
        self.reset()

    def reset(self) -> None:
        self._net = network(self._case, self._data)
        self._fit = partial(self._net.fit, batch_size=self._case.batch, verbose=0)

    def epoch(self) -> None:
        self._fit(self._data.x, self._data.y)

    def weights_after(self, steps: int) -> list[Array]:
        rows = slice(steps * self._case.batch)
        self._fit(self._data.x[rows], self._data.y[rows], shuffle=False)
        return self._net.get_weights()


def prediction(case: Prediction, data: Data) -> Callable[[], Array]:
    net = network(case, data)
    if "out" in inspect.signature(net.predict).parameters:
        return partial(net.predict, data.x, out=np.empty((case.rows, case.sizes[-1]), case.dtype))
    return partial(net.predict, data.x)


def elementwise(case: Elementwise, data: Data) -> Callable[[], Array]:
    function = getattr(nn.activations, case.function)
    function = function.derivative if case.derivative else function
    if "out" in inspect.signature(function).parameters:
        return partial(function, data.x, out=np.empty_like(data.x))
    return partial(function, data.x)


def many(case: ManyNets, data: Data, *, one_by_one: bool = False) -> Nets:
    if not one_by_one and not hasattr(nn, "fit_many"):
        raise NotComparable("this version has no nn.fit_many")
    return Nets(case, data, one_by_one)


class Nets:
    """All at once over one copy of the data; or one after another, on the one thread that has."""

    def __init__(self, case: ManyNets, data: Data, one_by_one: bool) -> None:
        self._case, self._data, self._one_by_one = case, data, one_by_one
        self.reset()

    def reset(self) -> None:
        self._nets = [network(self._case, self._data, seed) for seed in range(self._case.nets)]

    def epoch(self) -> None:
        if not self._one_by_one:
            nn.fit_many(
                self._nets,
                self._data.x,
                self._data.y,
                epochs=1,
                batch_size=self._case.batch,
                verbose=0,
            )
            return
        for net in self._nets:
            net.fit(self._data.x, self._data.y, batch_size=self._case.batch, verbose=0)

    def weights_after(self, steps: int) -> list[Array]:
        rows = slice(steps * self._case.batch)
        net = self._nets[0]
        net.fit(
            self._data.x[rows],
            self._data.y[rows],
            batch_size=self._case.batch,
            shuffle=False,
            verbose=0,
        )
        return net.get_weights()
