"""Keras on the backend that KERAS_BACKEND names: its own `fit`."""

from __future__ import annotations

import keras
import numpy as np

from comparison.cases import Training
from comparison.data import BETA_1, BETA_2, EPSILON, LEARNING_RATE, Array, Data
from comparison.peers import NotComparable


def training(case: Training, data: Data) -> Network:
    if case.dtype != "float32":
        raise NotComparable("left at its float32")
    return Network(case, data)


class Network:
    def __init__(self, case: Training, data: Data) -> None:
        self._case, self._data = case, data
        # The loss from logits, which is the faster and the more exact way.
        layers = [keras.layers.Dense(units, "relu") for units in case.sizes[1:-1]]
        layers.append(keras.layers.Dense(case.sizes[-1]))
        self._model = keras.Sequential([keras.Input((case.sizes[0],)), *layers])
        self._optimizer = keras.optimizers.Adam(
            LEARNING_RATE, beta_1=BETA_1, beta_2=BETA_2, epsilon=EPSILON
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self._model.compile(optimizer=self._optimizer, loss=loss)
        self._optimizer.build(self._model.trainable_variables)
        self._fresh = [np.array(variable.numpy()) for variable in self._optimizer.variables]
        self.reset()

    def reset(self) -> None:
        # Not a new optimizer, which would be compiled anew: that is not what is measured.
        self._model.set_weights(self._data.weights)
        for variable, value in zip(self._optimizer.variables, self._fresh, strict=True):
            variable.assign(value)

    def epoch(self) -> None:
        self._model.fit(self._data.x, self._data.y, batch_size=self._case.batch, verbose=0)

    def weights_after(self, steps: int) -> list[Array]:
        rows = slice(steps * self._case.batch)
        self._model.fit(
            self._data.x[rows],
            self._data.y[rows],
            batch_size=self._case.batch,
            shuffle=False,
            verbose=0,
        )
        return self._model.get_weights()
