"""Losses against Keras in float64: values, gradients, and fifty steps from the same weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from peers.double import keras_in_double

jax = pytest.importorskip("jax")
keras = pytest.importorskip("keras")
theirs = keras.losses

ROWS, INPUTS, STEPS = 12, 4, 50


@pytest.fixture(scope="module", autouse=True)
def double_precision() -> Iterator[None]:
    with keras_in_double():
        yield


def numbers(random: np.random.Generator, columns: int) -> Any:
    return random.normal(scale=2.0, size=(ROWS, columns))


def amounts(random: np.random.Generator, columns: int) -> Any:
    return random.exponential(size=(ROWS, columns)) + 0.1


def answers(random: np.random.Generator, columns: int) -> Any:
    return random.integers(0, 2, (ROWS, columns)).astype(float)


def signs(random: np.random.Generator, columns: int) -> Any:
    return 2 * answers(random, columns) - 1


def shares(random: np.random.Generator, columns: int) -> Any:
    weights = random.random((ROWS, columns)) + 0.05
    return weights / weights.sum(axis=1, keepdims=True)


def hot(random: np.random.Generator, columns: int) -> Any:
    return np.eye(columns)[random.integers(0, columns, ROWS)]


def softmax_of(loss: Callable[..., Any]) -> Callable[..., Any]:
    return lambda t, z: loss(t, jax.nn.softmax(z))


CASES: dict[str, tuple[Any, str, Any, Callable[..., Any]]] = {
    "mse": (nn.MeanSquaredError(), "tanh", numbers, theirs.MeanSquaredError(dtype="float64")),
    "mae": (nn.MeanAbsoluteError(), "linear", numbers, theirs.MeanAbsoluteError(dtype="float64")),
    "mape": (
        nn.MeanAbsolutePercentageError(), "linear", amounts,
        theirs.MeanAbsolutePercentageError(dtype="float64")),
    "msle": (
        nn.MeanSquaredLogarithmicError(), "sigmoid", amounts,
        theirs.MeanSquaredLogarithmicError(dtype="float64")),
    "huber": (nn.Huber(0.7), "linear", numbers, theirs.Huber(dtype="float64", delta=0.7)),
    "log_cosh": (nn.LogCosh(), "tanh", numbers, theirs.LogCosh(dtype="float64")),
    "poisson": (nn.Poisson(), "sigmoid", amounts, theirs.Poisson(dtype="float64")),
    # The trap: labels 0 and 1 are turned to -1 and 1 inside the loss.
    "hinge of 0 and 1": (nn.Hinge(), "linear", answers, theirs.Hinge(dtype="float64")),
    "hinge of signs": (nn.Hinge(), "tanh", signs, theirs.Hinge(dtype="float64")),
    "squared_hinge": (nn.SquaredHinge(), "linear", answers, theirs.SquaredHinge(dtype="float64")),
    "kl_divergence": (nn.KLDivergence(from_logits=True), "linear", shares,
                      softmax_of(theirs.KLDivergence(dtype="float64"))),
    "binary, smoothed": (
        nn.BinaryCrossEntropy(from_logits=True, label_smoothing=0.1), "linear", answers,
        theirs.BinaryCrossentropy(dtype="float64", from_logits=True, label_smoothing=0.1)),
    "categorical, smoothed": (
        nn.CategoricalCrossEntropy(from_logits=True, label_smoothing=0.1), "linear", shares,
        theirs.CategoricalCrossentropy(dtype="float64", from_logits=True, label_smoothing=0.1)),
    "classes, smoothed": (
        nn.CrossEntropy(from_logits=True, label_smoothing=0.1), "linear", hot,
        theirs.CategoricalCrossentropy(dtype="float64", from_logits=True, label_smoothing=0.1)),
    "binary focal": (
        nn.losses.BinaryFocalCrossEntropy(from_logits=True), "linear", answers,
        theirs.BinaryFocalCrossentropy(dtype="float64", from_logits=True)),
    "binary focal, with all": (
        nn.losses.BinaryFocalCrossEntropy(
            from_logits=True, alpha=0.4, gamma=1.5, apply_class_balancing=True, label_smoothing=0.1
        ), "linear", answers,
        theirs.BinaryFocalCrossentropy(
            dtype="float64", from_logits=True, alpha=0.4, gamma=1.5, apply_class_balancing=True,
            label_smoothing=0.1
        )),
    "categorical focal": (
        nn.losses.CategoricalFocalCrossEntropy(from_logits=True), "linear", hot,
        theirs.CategoricalFocalCrossentropy(dtype="float64", from_logits=True)),
    "categorical focal, with all": (
        nn.losses.CategoricalFocalCrossEntropy(
            from_logits=True, alpha=0.4, gamma=1.5, label_smoothing=0.1
        ), "linear", shares,
        theirs.CategoricalFocalCrossentropy(
            dtype="float64", from_logits=True, alpha=0.4, gamma=1.5, label_smoothing=0.1
        )),
    "focal classes": (
        nn.FocalCrossEntropy(from_logits=True), "linear", hot,
        theirs.CategoricalFocalCrossentropy(dtype="float64", from_logits=True)),
}  # fmt: skip


@pytest.mark.parametrize("columns", [3, 20])
@pytest.mark.parametrize("case", CASES)
def test_fifty_steps(case: str, columns: int) -> None:
    loss, output, draw, reference = CASES[case]
    random = np.random.default_rng(5)
    x, y = random.normal(size=(ROWS, INPUTS)), draw(random, columns)
    net = nn.FeedForward(
        [nn.Input(INPUTS), nn.Dense(6, "tanh"), nn.Dense(columns, output)], dtype="float64", seed=1
    ).compile(nn.SGD(0.01), loss)
    activation = {"linear": lambda z: z, "tanh": jax.numpy.tanh, "sigmoid": jax.nn.sigmoid}[output]

    def value(weights: Any) -> Any:
        first, bias, second, last = weights
        outputs = activation(jax.numpy.tanh(x @ first + bias) @ second + last)
        return jax.numpy.mean(reference(y, outputs))

    differentiated = jax.value_and_grad(value)
    weights = [jax.numpy.asarray(array) for array in net.get_weights()]
    for step in range(STEPS):
        expected, gradients = differentiated(weights)
        if step in (0, STEPS - 1):
            ours, slopes = net.gradients(x, y)
            assert ours == pytest.approx(float(expected), rel=1e-10)
            for mine, wanted in zip(slopes, gradients, strict=True):
                np.testing.assert_allclose(mine, wanted, rtol=1e-10, atol=1e-10)
        net.train_on_batch(x, y)
        weights = [
            weight - 0.01 * gradient for weight, gradient in zip(weights, gradients, strict=True)
        ]
    for mine, wanted in zip(net.get_weights(), weights, strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=0, atol=1e-10)


def outputs_as_they_are(loss: Any, outputs: Any, targets: Any) -> float:
    """Measure a loss of these outputs: a network that passes its inputs on."""
    outputs = np.asarray(outputs, dtype=float)
    net = nn.FeedForward([outputs.shape[1]] * 2, dtype="float64").compile(loss=loss)
    net.set_weights([np.eye(outputs.shape[1]), np.zeros(outputs.shape[1])])
    return net.evaluate(outputs, targets)["loss"]


TRUE, PREDICTED = [[1, 9, 2], [-5, -2, 6]], [[4, 8, 12], [8, 1, 3]]


@pytest.mark.parametrize(
    ("loss", "outputs", "targets", "expected"),
    [
        # The literal numbers of Keras' own tests of its losses.
        ("mse", PREDICTED, TRUE, 49.5),
        ("mae", PREDICTED, TRUE, 5.5),
        ("mape", PREDICTED, TRUE, 211.85185),
        ("hinge", [[-0.3, 0.2, -0.1, 1.6], [-0.25, -1.0, 0.5, 0.6]],
         [[0, 1, 0, 1], [0, 0, 1, 1]], 0.50625),
        ("squared_hinge", [[-0.3, 0.2, -0.1, 1.6], [-0.25, -1.0, 0.5, 0.6]],
         [[0, 1, 0, 1], [0, 0, 1, 1]], 0.364062),
    ],
)  # fmt: skip
def test_literal_numbers(loss: str, outputs: Any, targets: Any, expected: float) -> None:
    found = outputs_as_they_are(loss, outputs, targets)
    assert found == pytest.approx(expected, rel=1e-5)
    assert float(theirs.get(loss)(np.asarray(targets, float), np.asarray(outputs, float)).mean()
                 ) == pytest.approx(expected, rel=1e-5)  # fmt: skip
