"""What a call costs from Python, beside the arithmetic: `make bench-micro`."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import nnfast as nn

pytest.importorskip("pytest_benchmark")

SHAPES = ["4-16-3", "784-128-10", "784-512-512-10"]


def rows(net: nn.FeedForward, count: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.random((count, net.inputs), dtype=net.dtype.name) - 0.5


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [1, 32, 1024])
def test_predict(benchmark, shape: str, count: int) -> None:
    net = nn.FeedForward(shape, output="softmax", seed=0)
    assert benchmark(net.predict, rows(net, count)).shape == (count, net.outputs)


def test_predict_one_row_without_its_table(benchmark) -> None:
    net = nn.FeedForward("4-16-3", output="softmax", seed=0)
    assert benchmark(net.predict, rows(net, 1)[0]).shape == (3,)


@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_predict_from_another_dtype(benchmark, dtype: str) -> None:
    net = nn.FeedForward("784-128-10", output="softmax", seed=0)
    x = (rows(net, 32) * 255).astype(dtype)
    assert benchmark(net.predict, x).shape == (32, 10)


@pytest.mark.parametrize(("shape", "batch"), [("3-2-3-2", 4), ("16-32-32-4", 32)])
def test_epoch_of_a_small_net(benchmark, shape: str, batch: int) -> None:
    net = nn.FeedForward(shape, output="softmax", seed=0)
    x = rows(net, 16 * batch)
    y = np.random.default_rng(1).integers(0, net.outputs, len(x))
    benchmark(net.fit, x, y, batch_size=batch, verbose=0)


def test_train_on_batch(benchmark) -> None:
    net = nn.FeedForward("16-32-32-4", output="softmax", seed=0)
    x = rows(net, 32)
    y = np.arange(32) % 4
    benchmark(net.train_on_batch, x, y)


@pytest.mark.parametrize("size", [1, 262_144])
@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "elu"])
def test_activation(benchmark, name: str, size: int) -> None:
    x = np.linspace(-6, 6, size, dtype=np.float32)
    assert benchmark(getattr(nn.activations, name), x).shape == x.shape


def test_new_network(benchmark) -> None:
    benchmark(nn.FeedForward, "784-128-10", output="softmax", seed=0)


@pytest.mark.parametrize("module", ["numpy", "nnfast"])
def test_import(benchmark, module: str) -> None:
    """The second less the first is what ours adds."""
    command = [sys.executable, "-c", f"import {module}"]
    benchmark.pedantic(subprocess.check_call, (command,), rounds=5, warmup_rounds=1)
