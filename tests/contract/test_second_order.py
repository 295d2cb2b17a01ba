"""Optimizers that look at all rows: the same bits on any threads, and after any interruption."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from contract.bits import bits
from contract.test_resume import WAYS
from parity.networks import DTYPES

METHODS = [nn.LBFGS(history_size=4), nn.LevenbergMarquardt()]
each_method = pytest.mark.parametrize("method", METHODS, ids=repr)
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def made(method: Any, dtype: str, threads: int = 1) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(2)
    x = random.normal(size=(3000, 10))
    y = np.tanh(x @ random.normal(size=(10, 2)))
    network = nn.FeedForward("10-15-9-2", hidden="tanh", dtype=dtype, seed=1, threads=threads)
    return network.compile(method, "mse", ["mae"]), x, y


def known(network: Any) -> list[bytes]:
    state = network._network.state()
    slots = [array for slot in state["slots"] for array in slot]
    numbers = [state["step"], state["epoch"], *state["numbers"]]
    return bits([*network.get_weights(), *slots, numbers, *network.history.values()])


@each_dtype
@each_method
def test_threads_change_nothing(method: Any, dtype: str) -> None:
    found = []
    for threads in (1, 2, 3, 8):
        network, x, y = made(method, dtype, threads)
        network.fit(x, y, epochs=6)
        found.append(known(network))
    assert all(one == found[0] for one in found)


@each_dtype
@each_method
@pytest.mark.parametrize("way", WAYS)
def test_a_run_that_is_cut_goes_on(method: Any, dtype: str, way: str, tmp_path: Path) -> None:
    network, x, y = made(method, dtype)
    network.fit(x, y, epochs=9)
    expected = known(network)
    network, x, y = made(method, dtype)
    for epochs in (2, 4, 3):
        network.fit(x, y, epochs=epochs)
        network = WAYS[way](network, tmp_path)
    assert known(network) == expected


@each_method
def test_watchers_change_nothing(method: Any) -> None:
    """With a callback Python is entered after every step, and the last gradient is used again."""
    network, x, y = made(method, "float64")
    network.fit(x, y, epochs=8)
    watched, x, y = made(method, "float64")
    watched.fit(x, y, epochs=8, callbacks=[nn.Callback()])
    assert known(network) == known(watched)


@each_method
def test_rows_are_those_of_a_copy(method: Any) -> None:
    rows = [5, 3, 3, 100, *range(200, 900)]
    network, x, y = made(method, "float64")
    network.fit(x, y, rows=rows, epochs=5)
    copied, x, y = made(method, "float64")
    copied.fit(x[rows], y[rows], epochs=5)
    assert known(network) == known(copied)


@each_method
def test_a_weight_of_two_is_a_row_that_is_there_twice(method: Any) -> None:
    network, x, y = made(method, "float64")
    once = network.fit(x[:400], y[:400], sample_weight=[2.0, 0.0] * 200, epochs=4)
    other, x, y = made(method, "float64")
    twice = other.fit(x, y, rows=np.repeat(np.arange(0, 400, 2), 2), epochs=4)
    assert once.history["loss"] == pytest.approx(twice.history["loss"], rel=1e-9)


@each_method
def test_data_may_change_between_runs(method: Any) -> None:
    """What was computed from earlier data is not taken for that of the new."""
    network, x, y = made(method, "float64")
    network.fit(x, y, epochs=2)
    x *= 0.5
    loss = network.evaluate(x, y)["loss"]
    assert network.fit(x, y, epochs=1).history["loss"][0] == pytest.approx(loss, rel=1e-12)
