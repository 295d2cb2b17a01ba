"""Memory does not grow with use. That no batch allocates is tested in Rust; here, what stays."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("resource")

# In a process of its own: its peak is not that of the tests before. Each round handles about a
# megabyte, so that whatever kept a part of it would show after a hundred of them.
SCRIPT = """
import resource, sys
import numpy as np
import nnfast as nn

x = np.random.default_rng(0).random((2000, 64), dtype=np.float32)
y = np.arange(2000) % 64
network = nn.FeedForward("64-128-64", output="softmax", threads=2, seed=0, backend="rust")
uses = {
    "predict": lambda: network.predict(x),
    "fit": lambda: network.fit(x, y, epochs=1, batch_size=500, verbose=0),
    "many epochs": lambda: network.fit(x[:8], y[:8], epochs=40, batch_size=8, verbose=0),
    "evaluate": lambda: network.evaluate(x, y, batch_size=1000),
    "gradients": lambda: network.gradients(x, y),
    "build": lambda: nn.FeedForward("64-2000-64", backend="rust").train_on_batch(x[:9], x[:9]),
    "activation": lambda: nn.activations.tanh(x),
}
use = uses[sys.argv[1]]
peaks = []
for rounds in (30, 100):
    for _ in range(rounds):
        use()
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
kilobytes = 1024 if sys.platform == "darwin" else 1
print((peaks[1] - peaks[0]) // kilobytes)
"""


@pytest.mark.parametrize(
    "use", ["predict", "fit", "many epochs", "evaluate", "gradients", "build", "activation"]
)
def test_no_growth(use: str) -> None:
    command = [sys.executable, "-c", SCRIPT, use]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 8 * 1024  # kilobytes


MANY_CALLS = """
import gc, resource, sys
import numpy as np
import nnfast as nn

network = nn.FeedForward("4-16-3", output="softmax", seed=0, backend="rust")
row, rows = np.ones(4, dtype=np.float32), np.ones((2, 4))
out = network.predict(row)

def use(calls):
    for _ in range(calls // 4):
        network.predict(row)
        network.predict(rows)
        network.predict(row, out=out)
        network.predict(rows[1])
    for _ in range(calls // 500):
        network.predict([1, 2, 3, 4])
        for refused in ([np.nan] * 4, np.full(4, np.nan), np.ones(5)):
            try:
                network.predict(refused, out=out)
            except ValueError:
                continue
            raise AssertionError

def held():
    gc.collect()
    return sys.getallocatedblocks(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

use(50_000)
before = held()
use(1_000_000)
blocks, peak = (after - before for after, before in zip(held(), before))
print(blocks, peak // (1024 if sys.platform == "darwin" else 1))
"""


def test_a_million_predictions_leave_nothing_behind() -> None:
    command = [sys.executable, "-c", MANY_CALLS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    blocks, kilobytes = map(int, done.stdout.split())
    assert blocks < 1000
    assert kilobytes < 2048
