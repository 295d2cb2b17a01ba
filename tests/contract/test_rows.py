"""A row's output is the same bits, whichever rows come with it, wherever they lie in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

import nnfast as nn
from contract.bits import bits, layers, said, trained
from parity.networks import ACTIVATIONS, DTYPES, HEADS, LAYOUTS, Run, layout, runs, share

COUNTS = [1, 2, 3, 5, 6, 7, 11, 12, 13, 16, 31, 64, 100, 255, 256, 257]
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def assert_rows_alone(network: Any, x: np.ndarray) -> None:
    whole = network.predict(x)
    for place, row in enumerate(whole):
        assert network.predict(x[place : place + 1]).tobytes() == row.tobytes(), place
    assert network.predict(x[0]).tobytes() == whole[0].tobytes()
    assert network.predict(x[::-1]).tobytes() == whole[::-1].tobytes()


@each_dtype
@pytest.mark.parametrize("function", ACTIVATIONS, ids=repr)
def test_every_activation(function: Any, dtype: str) -> None:
    x = np.random.default_rng(0).normal(size=(30, 19))
    for bias in ("parameter", "embedded"):
        shape = layers(19, 23, 40, 9, hidden=function, output=function)
        assert_rows_alone(nn.FeedForward(shape, bias=bias, dtype=dtype, seed=0), x)


@each_dtype
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_any_number_of_rows_and_threads(threads: int, dtype: str) -> None:
    x = np.random.default_rng(0).normal(size=(1100, 100)).astype("float32")
    shape = layers(100, 200, 150, 10, output="softmax")
    whole = nn.FeedForward(shape, dtype=dtype, seed=0, threads=1).predict(x)
    network = nn.FeedForward(shape, dtype=dtype, seed=0, threads=threads)
    assert network.predict(x).tobytes() == whole.tobytes()
    for count in COUNTS:
        for start in (0, 5, len(x) - count):
            part = slice(start, start + count)
            assert network.predict(x[part]).tobytes() == whole[part].tobytes(), (start, count)


@each_dtype
@share(0.8)
@given(run=runs())
def test_random_networks(dtype: str, run: Run) -> None:
    assert_rows_alone(run.network(dtype=dtype), run.data()[0])


@each_dtype
@pytest.mark.parametrize("inputs", [1, 2, 3, 255, 256, 257, 511, 513, 3000])
def test_any_number_of_inputs(inputs: int, dtype: str) -> None:
    x = np.random.default_rng(0).normal(size=(40, inputs))
    network = nn.FeedForward([inputs, 33, 2], hidden="tanh", dtype=dtype, seed=0)
    assert_rows_alone(network, x)


@pytest.mark.parametrize("head", HEADS, ids=repr)
def test_a_measured_row_is_its_own(head: Any) -> None:
    """Two rows that are alike have the mean of one: doubling and halving are exact."""
    loss, output = head
    run = Run((nn.Input(5), nn.Dense(7, "elu"), nn.Dense(4, output)), loss, nn.SGD(), rows=1)
    network, (x, y) = run.network(), run.data()
    alone = list(network.evaluate(x, y).values())
    twice = list(network.evaluate(np.repeat(x, 2, axis=0), np.repeat(y, 2, axis=0)).values())
    assert twice == alone


@each_dtype
@pytest.mark.parametrize("how", LAYOUTS)
@pytest.mark.parametrize("source", ["float32", "uint8"])
def test_any_type_and_layout_of_inputs(source: str, how: str, dtype: str) -> None:
    x = (np.random.default_rng(0).random((50, 12)) * 3).astype(source)
    y = np.arange(50) % 4
    results = []
    for view in (x.astype("float64"), x.astype(dtype), layout(x, how), layout(x, how).astype("f8")):
        network = nn.FeedForward(layers(12, 9, 8, 4, output="softmax"), dtype=dtype, seed=1)
        network.fit(view, y, epochs=3, batch_size=8, verbose=0)
        results.append(said(network, view, y))
    assert all(result == results[0] for result in results)


@each_dtype
@pytest.mark.parametrize("how", ["repeated rows", "one column for all"])
def test_strides_of_zero(how: str, dtype: str) -> None:
    shape = (40, 6)
    start = np.arange(6.0) if how == "repeated rows" else np.arange(40.0)[:, np.newaxis]
    x, y = np.broadcast_to(start, shape), np.arange(40.0)
    results = []
    for view in (x, x.copy()):
        network = nn.FeedForward("6-5-1", dtype=dtype, seed=1)
        network.fit(view, y, epochs=3, batch_size=8, verbose=0)
        results.append(said(network, view, y))
    assert results[0] == results[1]


@each_dtype
@pytest.mark.parametrize("head", [one for one in HEADS if one[1].trainable], ids=repr)
def test_the_bias_as_a_weight(head: Any, dtype: str) -> None:
    """A column of ones in the design matrix gives the bits that a bias beside the weights gives."""
    loss, output = head
    shape = (*layers(21, 30, 17, 5, hidden="tanh")[:-1], nn.Dense(5, output, use_bias=False))
    run = Run(shape, loss, nn.Adam(0.01), rows=50, batch_size=16)
    both = [run.fit(run.network(dtype=dtype, bias=bias), 3) for bias in ("parameter", "embedded")]
    x, y = run.data()
    beside, within = both
    assert beside.predict(x).tobytes() == within.predict(x).tobytes()
    assert beside.history == within.history
    assert beside.evaluate(x, y) == within.evaluate(x, y)
    for ours, theirs in (
        (beside.get_weights(), within.get_weights()),
        (beside.gradients(x, y)[1], within.gradients(x, y)[1]),
    ):
        assert bits(apart(theirs, ours)) == bits(ours)


def apart(within: list[np.ndarray], beside: list[np.ndarray]) -> list[np.ndarray]:
    """Take the biases out of the weights, where the other list has them by themselves."""
    result: list[np.ndarray] = []
    for array in within:
        held = array.shape != beside[len(result)].shape
        result += [array[1:], array[0]] if held else [array]
    return result


@each_dtype
@share(0.4)
@given(run=runs())
def test_a_run_repeated(dtype: str, run: Run) -> None:
    assert trained(run, dtype=dtype) == trained(run, dtype=dtype)
