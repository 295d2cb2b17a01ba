"""Threads change who computes a number, never the number."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import nnfast as nn
from contract.bits import TRAINABLE, WIDE, bits, layers, said, trained
from parity.networks import DTYPES, HEADS, OPTIMIZERS, Run, runs, share

THREADS = [2, 3, 8]
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def assert_same_on_all(run: Run, dtype: str) -> None:
    expected = trained(run, dtype=dtype, threads=1)
    for threads in THREADS:
        assert trained(run, dtype=dtype, threads=threads) == expected, threads


@each_dtype
@pytest.mark.parametrize("head", [one for one in HEADS if one[1].trainable], ids=repr)
def test_fit_with_every_loss_and_output(head: Any, dtype: str) -> None:
    loss, output = head
    shape = layers(90, 110, 61, 10, hidden="elu", output=output)
    assert_same_on_all(Run(shape, loss, nn.Adam(), **WIDE), dtype)


@each_dtype
@pytest.mark.parametrize("hidden", TRAINABLE, ids=repr)
def test_fit_with_every_hidden_activation(hidden: Any, dtype: str) -> None:
    shape = layers(90, 110, 61, 10, hidden=hidden)
    assert_same_on_all(Run(shape, nn.MeanSquaredError(), nn.SGD(0.001), **WIDE), dtype)


@each_dtype
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_fit_with_every_optimizer(optimizer: Any, dtype: str) -> None:
    shape = layers(90, 110, 61, 10, output="softmax")
    loss = nn.SparseCategoricalCrossEntropy()
    assert_same_on_all(Run(shape, loss, optimizer, bias="embedded", **WIDE), dtype)


@each_dtype
@share(0.4)
@given(data=st.data())
def test_fit_of_random_networks(dtype: str, data: st.DataObject) -> None:
    assert_same_on_all(data.draw(runs()), dtype)


@each_dtype
@pytest.mark.parametrize("widths", [(3, 2, 3, 2), (1, 1, 1), (2000, 1, 3), (5, 3000, 1)])
def test_fit_of_uneven_networks(widths: tuple[int, ...], dtype: str) -> None:
    run = Run(layers(*widths), nn.MeanSquaredError(), nn.Adam(), rows=400, batch_size=300)
    assert_same_on_all(run, dtype)


@each_dtype
def test_fit_of_more_threads_than_rows(dtype: str) -> None:
    shape = layers(700, 800, 300, 5)
    assert_same_on_all(Run(shape, nn.MeanSquaredError(), nn.SGD(), rows=7, batch_size=3), dtype)


def slow_data() -> tuple[np.ndarray, np.ndarray]:
    """Make rows enough for an epoch of about half a second, without the memory of so many."""
    return np.broadcast_to(np.float32(0.5), (60_000, 100)), np.arange(60_000, dtype=np.uint8) % 10


def test_other_threads_run_during_fit() -> None:
    network = nn.FeedForward("100-300-10", output="softmax", threads=1, seed=0)
    ticks: list[float] = []
    begun, ended = threading.Event(), threading.Event()

    def tick() -> None:
        begun.wait()
        while not ended.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    class Bell(nn.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            begun.set()
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.end = time.perf_counter()

    ticker, bell = threading.Thread(target=tick), Bell()
    ticker.start()
    try:
        network.fit(*slow_data(), batch_size=256, callbacks=bell, verbose=0)
    finally:
        begun.set()
        ended.set()
        ticker.join()
    # Held, the lock would let a tick through at the two ends alone.
    inside = [when for when in ticks if bell.start < when < bell.end]
    assert len(inside) > 20
    assert np.ptp(inside) > 0.5 * (bell.end - bell.start)


@each_dtype
def test_predictions_from_several_threads_at_once(dtype: str) -> None:
    network = nn.FeedForward("60-200-50-7", hidden="tanh", output="softmax", dtype=dtype, seed=0)
    x = np.random.default_rng(0).normal(size=(333, 60))
    expected = network.predict(x)
    with ThreadPoolExecutor(4) as pool:
        parts = [slice(start, start + 100) for start in range(0, 300, 7)]
        predictions = pool.map(lambda part: network.predict(x[part]), parts)
        for part, found in zip(parts, predictions, strict=True):
            assert found.tobytes() == expected[part].tobytes()


def test_predictions_during_fit_are_those_of_whole_epochs() -> None:
    run = Run(layers(60, 80, 40, 3), nn.MeanSquaredError(), nn.Adam(), rows=300, batch_size=32)
    x, _ = run.data()
    network = run.network()
    legal = {network.predict(x).tobytes()}
    for _ in range(10):
        legal.add(run.fit(network, 1).predict(x).tobytes())
    again = run.network()
    with ThreadPoolExecutor(2) as pool:
        training = pool.submit(run.fit, again, 10)
        found = set()
        while not training.done():
            found.add(again.predict(x).tobytes())
    assert found <= legal
    assert said(again, *run.data()) == said(network, *run.data())


def test_single_rows_from_several_threads_during_fit() -> None:
    """Small predictions keep Python's lock, but never while they wait for a network that learns."""
    run = Run(layers(6, 8, 4, 3), nn.MeanSquaredError(), nn.Adam(), rows=3000, batch_size=1)
    x, _ = run.data()
    network = run.network()
    legal = {network.predict(x[0]).tobytes()}
    for _ in range(10):
        legal.add(run.fit(network, 1).predict(x[0]).tobytes())
    again = run.network()

    def predict() -> set[bytes]:
        found, out = set(), np.empty(3, dtype=again.dtype)
        while not training.done():
            found.add(again.predict(x[0]).tobytes())
            found.add(again.predict(x[0], out=out).tobytes())
        return found

    with ThreadPoolExecutor(4) as pool:
        training = pool.submit(run.fit, again, 10)
        for found in [pool.submit(predict) for _ in range(3)]:
            assert found.result(timeout=60) <= legal
    assert said(again, *run.data()) == said(network, *run.data())


def test_networks_train_side_by_side() -> None:
    shape = layers(60, 80, 40, 3)
    several = [Run(shape, nn.MeanSquaredError(), nn.Adam(), seed=seed) for seed in range(8)]
    expected = [trained(run) for run in several]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(trained, several)) == expected


def test_the_global_number_of_threads() -> None:
    run = Run(layers(90, 110, 61, 10), nn.MeanSquaredError(), nn.Adam(), **WIDE)
    expected = trained(run)
    try:
        for threads in THREADS:
            nn.set_num_threads(threads)
            assert trained(run) == expected
    finally:
        nn.set_num_threads(None)


def test_the_arrays_given_are_left_alone() -> None:
    run = Run(layers(20, 30, 10, 3), nn.MeanSquaredError(), nn.Adam())
    x, y = run.data()
    before = bits([x, y])
    network = run.network().fit(x, y, epochs=2, verbose=0).model
    said(network, x, y)
    assert bits([x, y]) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_starts_threads_of_its_own() -> None:
    X = np.random.default_rng(0).random((4096, 256), dtype=np.float32)
    net = nn.FeedForward("256-256-10", output="softmax", seed=0, threads=2, backend="rust")
    expected = net.predict(X)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        # Nothing of pytest's must run in the child, whatever happens.
        try:
            os.write(write, b"same" if np.array_equal(net.predict(X), expected) else b"else")
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        assert answer.read() == b"same"
    os.waitpid(child, 0)
    assert np.array_equal(net.predict(X), expected)
