"""Zeros among the inputs cost less time in a first layer of 32 units or more, and change no bit."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from contract.bits import bits, said, zero_rich
from parity.networks import DTYPES

each_dtype = pytest.mark.parametrize("dtype", DTYPES)
each_batch_size = pytest.mark.parametrize("batch_size", [1, 7, 64])

SHAPE = (nn.Input(60), nn.Dense(70, "tanh", bias_initializer="random_normal"), nn.Dense(3))
ALWAYS_ZERO, ONE_HOT = 2, 3
"""Columns of `zero_rich`."""


def network(dtype: str, shape: Any = SHAPE, **options: Any) -> Any:
    built = nn.FeedForward(shape, dtype=dtype, seed=0, **options)
    return built.compile(nn.SGD(0.1), "mean_squared_error")


@each_dtype
@each_batch_size
def test_evaluating_gives_what_predicting_gives(batch_size: int, dtype: str) -> None:
    """Predicting adds every term, evaluating leaves out those that are zero."""
    x, _ = zero_rich()
    net = network(dtype)
    assert net.evaluate(x, net.predict(x), batch_size=batch_size)["loss"] == 0.0


def test_predicting_gives_the_chain_of_the_definition() -> None:
    """Each element is one chain of fused multiply-adds, here of exact sums that are rounded."""
    x, _ = zero_rich(10)
    net = network("float64", (nn.Input(60), nn.Dense(35, bias_initializer="random_normal")))
    weights, biases = net.get_weights()
    expected = np.tile(biases, (len(x), 1))
    for (row, unit), bias in np.ndenumerate(expected):
        total = float(bias)
        for value, weight in zip(x[row].tolist(), weights[:, unit].tolist(), strict=True):
            total = float(Fraction(value) * Fraction(weight) + Fraction(total))
        expected[row, unit] = total
    assert net.predict(x).tobytes() == expected.tobytes()


@each_dtype
@each_batch_size
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_learning_is_as_with_few_zeros(threads: int, batch_size: int, dtype: str) -> None:
    """Beside enough inputs that are never zero, but weigh nothing, no term is left out."""
    x, y = (array[-batch_size:] for array in zero_rich())
    never_zero = np.random.default_rng(1).uniform(0.5, 1.0, (batch_size, 720))
    results = []
    for inputs in (x, np.hstack([x, never_zero])):
        net = network(dtype, (nn.Input(inputs.shape[1]), *SHAPE[1:]), threads=threads)
        first, *others = network(dtype).get_weights()
        first = np.pad(first, ((0, inputs.shape[1] - len(first)), (0, 0)))
        net.set_weights([first, *others])
        loss, gradients = net.gradients(inputs, y)
        net.fit(inputs, y, batch_size=batch_size, verbose=0)
        learned = net.get_weights()
        shared = [gradients[0][:60], *gradients[1:], learned[0][:60], *learned[1:]]
        results.append(bits([loss, *shared]))
    assert results[0] == results[1]


@each_dtype
@each_batch_size
def test_any_number_of_threads(batch_size: int, dtype: str) -> None:
    x, y = zero_rich()
    results = []
    for threads in (1, 2, 3, 8):
        net = network(dtype, threads=threads)
        net.fit(x, y, batch_size=batch_size, epochs=2, verbose=0)
        results.append(said(net, x, y))
    assert all(result == results[0] for result in results)


@each_dtype
def test_a_sum_of_zero_is_positive(dtype: str) -> None:
    net = network(dtype, (nn.Input(50), nn.Dense(40)))
    net.set_weights([np.full((50, 40), -1.0), np.full(40, -0.0)])
    zeros = np.zeros((9, 40), dtype).tobytes()
    for zero in (0.0, -0.0):
        assert net.predict(np.full((9, 50), zero)).tobytes() == zeros


@each_dtype
@each_batch_size
@pytest.mark.parametrize("weight", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("column", [ALWAYS_ZERO, ONE_HOT])
def test_zero_times_what_is_not_finite_is_nan(
    column: int, weight: float, batch_size: int, dtype: str
) -> None:
    x, _ = zero_rich()
    y = np.zeros((len(x), 40))
    found = []
    for backend in ("rust", "numpy"):
        net = network(dtype, (nn.Input(60), nn.Dense(40)), backend=backend)
        weights = net.get_weights()
        weights[0][column, 5] = weight
        net.set_weights(weights)
        with np.errstate(invalid="ignore"):
            loss, gradients = net.gradients(x, y)
            says = [net.predict(x), loss, *gradients, *net.evaluate(x, y).values()]
            net.fit(x, y, batch_size=batch_size, verbose=0)
        found.append([np.isnan(array) for array in [*says, *net.get_weights()]])
    assert found[0][0][:, 5].any()
    assert not np.delete(found[0][0], 5, axis=1).any()
    assert bits(found[0]) == bits(found[1])


@each_dtype
def test_zero_times_what_became_infinite_is_nan(dtype: str) -> None:
    """The first batch sends a column's weights to infinity, in the second the column is zero."""
    x, y = np.zeros((2, 20)), np.full((2, 40), -1.0)
    x[0, 0] = x[1, 1] = np.finfo(dtype).max ** 0.5
    found = []
    for backend in ("rust", "numpy"):
        net = network(dtype, (nn.Input(20), nn.Dense(40)), backend=backend)
        net.compile(nn.SGD(np.finfo(dtype).max ** 0.75), "mean_squared_error")
        with np.errstate(all="ignore"):
            net.fit(x, y, batch_size=1, shuffle=False, epochs=1, verbose=0)
        found.append(np.isnan(net.get_weights()[0]))
    assert found[0][1].all()
    assert bits(found[:1]) == bits(found[1:])


@each_dtype
def test_zero_times_an_infinite_delta_is_nan(dtype: str) -> None:
    large = np.finfo(dtype).max ** 0.75
    x, y = np.zeros((9, 20)), np.zeros((9, 40))
    x[:, 0] = large
    found = []
    for backend in ("rust", "numpy"):
        net = network(dtype, (nn.Input(20), nn.Dense(40)), backend=backend)
        net.set_weights([np.full((20, 40), large), np.zeros(40)])
        with np.errstate(all="ignore"):
            found.append(np.isnan(net.gradients(x, y)[1][0]))
    assert found[0][1:].all()
    assert not found[0][0].any()
    assert bits(found[:1]) == bits(found[1:])
