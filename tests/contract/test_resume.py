"""Training that is cut anywhere goes on to the same bits."""

from __future__ import annotations

import copy
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import nnfast as nn
from contract.bits import layers, said, trained
from parity.networks import DTYPES, EACH_LOSS, OPTIMIZERS, Run, runs, share


def saved(network: Any, folder: Path) -> Any:
    network.save(folder / "network.safetensors")
    return nn.load(folder / "network.safetensors")


WAYS: dict[str, Callable[[Any, Path], Any]] = {
    "not at all": lambda network, folder: network,
    "pickle": lambda network, folder: pickle.loads(pickle.dumps(network)),
    "copy": lambda network, folder: copy.copy(network),
    "deepcopy": lambda network, folder: copy.deepcopy(network),
    "file": saved,
}
each_way = pytest.mark.parametrize("way", WAYS)


def assert_resumes(run: Run, way: str, folder: Path, dtype: str) -> None:
    expected = trained(run, 4, dtype=dtype)
    network = run.network(dtype=dtype)
    for epochs in (1, 2, 1):
        network = WAYS[way](run.fit(network, epochs), folder)
    assert said(network, *run.data()) == expected


@each_way
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_with_every_optimizer(optimizer: Any, dtype: str, way: str, tmp_path: Path) -> None:
    run = Run(layers(9, 12, 7, 3), nn.MeanSquaredError(), optimizer)
    assert_resumes(run, way, tmp_path, dtype)


@each_way
@pytest.mark.parametrize("head", EACH_LOSS, ids=repr)
def test_with_every_loss(head: Any, way: str, tmp_path: Path) -> None:
    loss, output = head
    run = Run(layers(9, 12, 7, 3, output=output), loss, nn.Adam(), bias="embedded")
    assert_resumes(run, way, tmp_path, "float32")


@each_way
@share(0.4)
@given(run=runs())
def test_random_runs(way: str, tmp_path_factory: pytest.TempPathFactory, run: Run) -> None:
    assert_resumes(run, way, tmp_path_factory.mktemp("files"), "float64")


@each_way
def test_a_copy_has_weights_of_its_own(way: str, tmp_path: Path) -> None:
    run = Run(layers(9, 12, 7, 3), nn.MeanSquaredError(), nn.Adam())
    network = run.fit(run.network(), 1)
    before = said(network, *run.data())
    other = WAYS[way](network, tmp_path)
    assert said(other, *run.data()) == before
    if other is not network:
        run.fit(other, 1)
        assert said(network, *run.data()) == before


def test_steps_by_hand_are_those_of_an_epoch() -> None:
    run = Run(layers(9, 12, 7, 3), nn.MeanSquaredError(), nn.Adam(), shuffle=False)
    x, y = run.data()
    whole, pieces = run.fit(run.network(), 1), run.network()
    for start in range(0, run.rows, run.batch_size):
        rows = slice(start, start + run.batch_size)
        pieces.train_on_batch(x[rows], y[rows])
    arrays = zip(whole.get_weights(), pieces.get_weights(), strict=True)
    assert all(ours.tobytes() == theirs.tobytes() for ours, theirs in arrays)


class Interruption(nn.Callback):
    """Sends Ctrl-C's signal while the first epoch runs."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.timer = threading.Timer(0.1, self.interrupt)
        self.timer.start()

    def interrupt(self) -> None:
        self.sent = time.perf_counter()
        signal.raise_signal(signal.SIGINT)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal to send to oneself")
@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_in_the_middle_of_an_epoch(threads: int) -> None:
    # The epoch would take seconds; the rows take no memory.
    x = np.broadcast_to(np.float32(0.5), (400_000, 100))
    y = np.arange(400_000, dtype=np.uint8) % 10
    network = nn.FeedForward("100-300-10", output="softmax", threads=threads, seed=0)
    network.fit(x[:50], y[:50], batch_size=50, verbose=0)
    interruption = Interruption()
    with pytest.raises(KeyboardInterrupt):
        network.fit(x, y, batch_size=128, callbacks=interruption, verbose=0)
    stopped = time.perf_counter()
    interruption.timer.join()
    assert stopped - interruption.sent < 2.0
    state = network._network.state()
    assert 1 < state["step"] < 1 + len(x) // 128
    assert state["epoch"] == 1
    assert [len(values) for values in network.history.values()] == [1, 1]

    # What was learned is kept, and the network is as good as any other.
    assert all(np.isfinite(array).all() for array in network.get_weights())
    twin = pickle.loads(pickle.dumps(network))
    results = []
    for one in (network, twin):
        one.fit(x[:1000], y[:1000], epochs=2, verbose=0)
        results.append(said(one, x[:100], y[:100]))
    assert results[0] == results[1]
