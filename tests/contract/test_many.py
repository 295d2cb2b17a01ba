"""Of many networks trained at once each becomes what it would be alone, bit for bit."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from contract.bits import said
from parity.networks import DTYPES

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(230, 9))
Y = RANDOM.integers(0, 3, 230)
NAMES = np.array(["rot", "grün", "blau"])[Y]
OPTIONS: dict[str, Any] = {"epochs": 3, "batch_size": 32, "verbose": 0}
FOLDS = [np.flatnonzero(np.arange(230) % 4 != fold) for fold in range(4)]
each_dtype = pytest.mark.parametrize("dtype", DTYPES)
each_number_of_threads = pytest.mark.parametrize("threads", [1, 2, 3, 8])


def networks(dtype: str = "float32") -> list[Any]:
    """Build networks that differ in everything that they may differ in."""
    dropout = [
        nn.Input(9, scale=0.3),
        nn.Dropout(0.2),
        nn.Dense(40, "tanh"),
        nn.Dense(3, "softmax"),
    ]
    nets = [
        nn.FeedForward("9-16-3", output="softmax", dtype=dtype, seed=0),
        nn.FeedForward("9-16-3", output="softmax", dtype=dtype, seed=1),
        nn.FeedForward("9-300-200-3", hidden="elu", output="softmax", dtype=dtype, seed=2),
        nn.FeedForward(dropout, dtype=dtype, seed=3),
        nn.FeedForward("9-5-3", output="softmax", bias="embedded", dtype=dtype, seed=4),
        nn.FeedForward("9-3", output="softmax", dtype="float64", seed=5),
        nn.FeedForward("9-4-3", hidden="prelu", output="softmax", dtype="float32", seed=6),
    ]
    nets[1].compile(nn.SGD(0.1, momentum=0.9), metrics=["accuracy", "mse"])
    return nets


def same(nets: list[Any], others: list[Any], y: Any = Y) -> None:
    for net, other in zip(nets, others, strict=True):
        assert said(net, X, y) == said(other, X, y)


@each_dtype
@each_number_of_threads
def test_networks_of_all_kinds(threads: int, dtype: str) -> None:
    alone, many = networks(dtype), networks(dtype)
    validation = (X[:50], Y[:50])
    expected = [net.fit(X, Y, **OPTIONS) for net in alone]
    expected_2 = [net.fit(X, Y, validation_data=validation, **OPTIONS) for net in alone]
    found = nn.fit_many(many, X, Y, threads=threads, **OPTIONS)
    found_2 = nn.fit_many(many, X, Y, threads=threads, validation_data=validation, **OPTIONS)
    same(many, alone)
    for ours, theirs in zip([*found, *found_2], [*expected, *expected_2], strict=True):
        assert ours.history == theirs.history
        assert ours.epoch == theirs.epoch
        assert ours.params == theirs.params
    assert all(history.model is net for history, net in zip(found, many, strict=True))


@each_dtype
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("shuffle", [True, False])
def test_folds_are_as_copies_of_their_rows(shuffle: bool, threads: int, dtype: str) -> None:
    # Strings, that the labels are known to every fold; repeated and unordered rows, as in bagging.
    rows = [*FOLDS, None, FOLDS[1][::-1].tolist(), RANDOM.integers(0, 230, 300)]
    alone, many = networks(dtype), networks(dtype)
    for net, some in zip(alone, rows, strict=True):
        part = slice(None) if some is None else np.asarray(some)
        net.fit(X[part], NAMES[part], shuffle=shuffle, **OPTIONS)
    histories = nn.fit_many(many, X, NAMES, rows=rows, threads=threads, shuffle=shuffle, **OPTIONS)
    same(many, alone, NAMES)
    assert [history.params["steps"] for history in histories] == [6, 6, 6, 6, 8, 6, 10]


@pytest.mark.parametrize("kind", ["float32", "float64", "uint8", "columns", "strided"])
def test_rows_of_one_network_are_as_a_copy_of_them(kind: str) -> None:
    x = RANDOM.integers(0, 5, (230, 9))
    forms = {"columns": np.asfortranarray(x * 1.0), "strided": np.repeat(x * 1.0, 3, 1)[:, ::3]}
    table = forms[kind] if kind in forms else x.astype(kind)
    one, other = (nn.FeedForward("9-8-2", seed=0, backend="rust") for _ in range(2))
    target = RANDOM.normal(size=(230, 2))
    for rows in (FOLDS[2], FOLDS[0][:5], np.array([7], dtype=np.uint8)):
        one.fit(table, target, rows=rows, validation_data=(table, target), **OPTIONS)
        other.fit(table[rows], target[rows], validation_data=(table, target), **OPTIONS)
    assert said(one, table, target) == said(other, table, target)


def test_one_versus_rest() -> None:
    alone, many = (
        [nn.FeedForward("9-6-1", output="sigmoid", seed=label) for label in range(3)]
        for _ in range(2)
    )
    targets = [label == Y for label in range(3)]
    validation = [(X[::3], target[::3]) for target in targets]
    for net, y, pair in zip(alone, targets, validation, strict=True):
        net.fit(X, y, validation_data=pair, **OPTIONS)
    nn.fit_many(many, X, targets=targets, validation_data=validation, threads=2, **OPTIONS)
    for net, other, y in zip(many, alone, targets, strict=True):
        assert said(net, X, y) == said(other, X, y)
        assert net.classes_.tolist() == [False, True]


def test_a_network_that_was_trained_goes_on() -> None:
    alone, many = networks(), networks()
    for net in (*alone, *many):
        net.fit(X, NAMES, **OPTIONS)
    for net in alone:
        net.fit(X, NAMES, rows=FOLDS[3], **OPTIONS)
    nn.fit_many(many, X, NAMES, rows=[FOLDS[3]] * len(many), threads=2, **OPTIONS)
    same(many, alone, NAMES)


def test_many_epochs_in_one_call_are_as_one_by_one() -> None:
    one, other = (nn.FeedForward("9-2-3", output="softmax", seed=0) for _ in range(2))
    run = one.fit(X[:4], Y[:4], epochs=3000, verbose=0)
    for _ in range(3000):
        other.fit(X[:4], Y[:4], verbose=0)
    assert run.epoch == list(range(3000))
    assert run.history == one.history == other.history
    assert said(one, X, Y) == said(other, X, Y)


needs_a_signal = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no signal to send to oneself"
)


def interrupted(work: Any, after: float = 0.5) -> float:
    """Return how long work goes on after Ctrl-C's signal."""
    # A shell that starts the tests in its background has them ignore the signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sent: list[float] = []

    def interrupt() -> None:
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(after, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        work()
    stopped = time.perf_counter()
    timer.join()
    return stopped - sent[0]


@needs_a_signal
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_ctrl_c_while_epochs_are_long(threads: int) -> None:
    # An epoch would take seconds; the rows take no memory.
    x = np.broadcast_to(np.float32(0.5), (60_000, 100))
    y = np.arange(60_000, dtype=np.uint8) % 10
    nets = [nn.FeedForward("100-900-900-10", output="softmax", seed=seed) for seed in range(4)]
    took = interrupted(lambda: nn.fit_many(nets, x, y, threads=threads, batch_size=128, verbose=0))
    assert took < 2.0  # about 0.1 on a machine that is not busy
    for index, net in enumerate(nets):
        assert net.history == {}
        assert all(np.isfinite(array).all() for array in net.get_weights())
        if index < threads:
            state = net._network.state()
            assert state["epoch"] == 0
            assert 0 < state["step"] < len(x) // 128
    nn.fit_many(nets, x[:50], y[:50], threads=threads, verbose=0)
    assert all(len(net.history["loss"]) == 1 for net in nets)


@pytest.fixture
def watched_collector() -> Any:
    """Let Python run code whenever it collects: an exception from there would be lost."""

    def watch(phase: str, info: Any) -> None:
        return None

    gc.callbacks.append(watch)
    yield
    gc.callbacks.remove(watch)


@needs_a_signal
@pytest.mark.usefixtures("watched_collector")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("count", [1, 5])
def test_ctrl_c_while_epochs_are_short_loses_none(count: int, threads: int) -> None:
    nets = [nn.FeedForward("9-3", output="softmax", seed=seed) for seed in range(count)]
    options: dict[str, Any] = {"epochs": 10**6, "verbose": 0}
    assert interrupted(lambda: nn.fit_many(nets, X, Y, threads=threads, **options)) < 2.0
    assert interrupted(lambda: nets[0].fit(X, Y, **options)) < 2.0
    for net in nets:
        epochs = len(net.history.get("loss", []))
        if epochs:
            assert net._network.state()["epoch"] == epochs
            assert net._network.state()["step"] == epochs * -(-len(X) // 32)
    assert nets[0].history["loss"]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_an_error_in_one_ends_the_others_and_is_raised(threads: int) -> None:
    class Full:
        """A backend's network that has no memory to learn in."""

        def begin_run(self) -> None:
            pass

        def train_epochs(self, *arguments: Any) -> None:
            time.sleep(0.1)
            raise MemoryError("there is none")

    nets = [nn.FeedForward("9-3", output="softmax", seed=seed) for seed in range(3)]
    broken = nets[0] if threads == 1 else nets[1]
    for net in nets:
        net.fit(X, Y, verbose=0)
    broken._network = Full()
    with pytest.raises(MemoryError, match="there is none"):
        nn.fit_many(nets, X, Y, epochs=10**6, threads=threads, verbose=0)
    others = [net for net in nets if net is not broken]
    assert all(net._network.state()["epoch"] == len(net.history["loss"]) for net in others)
