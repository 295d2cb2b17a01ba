"""NumPy by hand: what someone careful writes, in place and without a loop over rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from comparison.cases import Elementwise, Prediction, Training
from comparison.data import BETA_1, BETA_2, EPSILON, LEARNING_RATE, Array, Data
from comparison.peers import NotComparable


def training(case: Training, data: Data) -> Network:
    return Network(case, data)


class Network:
    """All parameters in one flat array, so that Adam is a few operations on the whole of it."""

    def __init__(self, case: Training, data: Data) -> None:
        self._case, self._data = case, data
        self._random = np.random.default_rng(0)
        self.reset()

    def reset(self) -> None:
        self._flat = np.concatenate([array.ravel() for array in self._data.weights])
        self._gradient, self._m, self._v = (np.zeros_like(self._flat) for _ in range(3))
        self._spare, self._root = np.empty_like(self._flat), np.empty_like(self._flat)
        self._weights, self._gradients = self._views(self._flat), self._views(self._gradient)
        self._steps = 0

    def _views(self, flat: Array) -> list[Array]:
        ends = np.cumsum([array.size for array in self._data.weights])
        parts = np.split(flat, ends[:-1])
        return [
            part.reshape(array.shape) for part, array in zip(parts, self._data.weights, strict=True)
        ]

    def epoch(self) -> None:
        order = self._random.permutation(self._case.rows)
        for rows in order.reshape(-1, self._case.batch):
            self._step(self._data.x[rows], self._data.y[rows])

    def weights_after(self, steps: int) -> list[Array]:
        for rows in np.arange(steps * self._case.batch).reshape(steps, -1):
            self._step(self._data.x[rows], self._data.y[rows])
        return self._weights

    def _step(self, x: Array, y: Array) -> None:
        weights, gradients = self._weights, self._gradients
        outputs = [x]
        for layer in range(0, len(weights), 2):
            z = outputs[-1] @ weights[layer]
            z += weights[layer + 1]
            if layer + 2 < len(weights):
                np.maximum(z, 0, out=z)
            outputs.append(z)
        delta = softmax(outputs.pop())
        delta[np.arange(len(y)), y] -= 1
        delta /= len(y)
        for layer in range(len(weights) - 2, -1, -2):
            a = outputs.pop()
            np.matmul(a.T, delta, out=gradients[layer])
            np.sum(delta, axis=0, out=gradients[layer + 1])
            if layer:
                delta = delta @ weights[layer].T
                delta *= a > 0
        self._adam()

    def _adam(self) -> None:
        self._steps += 1
        gradient, m, v, spare, root = self._gradient, self._m, self._v, self._spare, self._root
        m *= BETA_1
        m += np.multiply(gradient, 1 - BETA_1, out=spare)
        v *= BETA_2
        np.square(gradient, out=spare)
        v += np.multiply(spare, 1 - BETA_2, out=spare)
        np.sqrt(v, out=root)
        root += EPSILON
        correction = np.sqrt(1 - BETA_2**self._steps) / (1 - BETA_1**self._steps)
        np.multiply(m, LEARNING_RATE * float(correction), out=spare)
        self._flat -= np.divide(spare, root, out=spare)


def softmax(z: Array) -> Array:
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)
    return z


def prediction(case: Prediction, data: Data) -> Callable[[], Array]:
    x, weights = data.x, data.weights

    def predict() -> Array:
        a = x
        for layer in range(0, len(weights) - 2, 2):
            a = a @ weights[layer]
            a += weights[layer + 1]
            np.maximum(a, 0, out=a)
        z = a @ weights[-2]
        z += weights[-1]
        return softmax(z)

    return predict


def elementwise(case: Elementwise, data: Data) -> Callable[[], Array]:
    x, out = data.x, np.empty_like(data.x)

    def sigmoid() -> Array:
        np.negative(x, out=out)
        np.exp(out, out=out)
        np.add(out, 1, out=out)
        return np.reciprocal(out, out=out)

    def sigmoid_derivative() -> Array:
        s = sigmoid()
        return np.multiply(s, 1 - s, out=out)

    def tanh_derivative() -> Array:
        np.tanh(x, out=out)
        np.square(out, out=out)
        return np.subtract(1, out, out=out)

    functions: dict[str, Callable[[], Array]] = {
        "relu": lambda: np.maximum(x, 0, out=out),
        "relu derivative": lambda: np.greater(x, 0, out=out, casting="unsafe"),
        "leaky_relu": lambda: np.maximum(x, np.multiply(x, 0.2, out=out), out=out),
        "sigmoid": sigmoid,
        "sigmoid derivative": sigmoid_derivative,
        "tanh": lambda: np.tanh(x, out=out),
        "tanh derivative": tanh_derivative,
        "elu": lambda: np.where(x > 0, x, np.expm1(x, out=out)),
        "elu derivative": lambda: np.minimum(np.exp(x, out=out), 1, out=out),
    }
    if case.label not in functions:
        raise NotComparable("not worth writing by hand")
    return functions[case.label]
