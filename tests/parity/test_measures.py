"""Losses and metrics of data, and the module's other functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import nnfast as nn
from nnfast import _core, reference
from parity.networks import DTYPES, HEADS, LAYOUTS, NAMES, SOURCES, Run, assert_close, layout, share


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("head", HEADS, ids=repr)
@share(0.2)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 60), outputs=st.integers(1, 5))
def test_every_metric(head: Any, dtype: str, seed: int, size: int, outputs: int) -> None:
    loss, output = head
    layers = (
        nn.Input(4),
        nn.Dense(9, "tanh"),
        nn.Dense(outputs, output, bias_initializer="random_normal"),
    )
    run = Run(layers, loss, nn.SGD(), seed=seed, rows=37)
    x, y = run.data()
    if loss.targets == "probabilities" and seed % 2:
        y = np.rint(y)
    ours, theirs = (
        network.compile("sgd", loss, NAMES["metrics"]).evaluate(x, y, batch_size=size)
        for network in (run.network(backend, dtype) for backend in ("rust", "numpy"))
    )
    assert list(ours) == list(theirs)
    assert_close(list(ours.values()), list(theirs.values()), dtype, "measures")


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES["losses"])
def test_losses_of_extreme_logits(name: str, dtype: str, from_logits: bool) -> None:
    """Fused with their activation, cross-entropies are as large as the logits, never infinite."""
    for loss, output in HEADS:
        if loss.name != name or getattr(loss, "from_logits", False) != from_logits:
            continue
        if output.name == "exponential":
            continue  # e^10000 itself is infinite
        units = 3 * loss.outputs_for_each
        layers = (nn.Input(3), nn.Dense(units, output, use_bias=False))
        x = np.diag([1e4, -1e4, 50.0])
        y = {"classes": np.arange(3)[::-1]}.get(loss.targets, np.eye(3)[::-1])
        results = []
        for backend in ("rust", "numpy"):
            network = Run(layers, loss, nn.SGD()).network(backend, dtype)
            network.set_weights([np.eye(3, units), *network.get_weights()[1:]])
            value, gradients = network.gradients(x, y)
            results.append([value, *gradients, *network.evaluate(x, y).values()])
        assert_close(*results, dtype, f"{loss!r} of {output!r}")


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("source", SOURCES)
@given(seed=st.integers(0, 2**32), how=st.sampled_from(LAYOUTS), rows=st.integers(1, 40))
def test_perceptron(classes: int, source: str, seed: int, how: str, rows: int) -> None:
    random = np.random.default_rng(seed)
    x = layout(random.integers(0, 5, (rows, 3)).astype(source), how)  # exact in any order
    y = random.integers(0, classes, rows).astype(np.uint32)
    results = []
    for module in (_core, reference):
        weights = np.zeros((4, 1 if classes == 2 else classes))
        mistakes = [
            module.perceptron_epoch(x, y, weights, 0.5, module.permutation(rows, seed, 3, epoch))
            for epoch in range(5)
        ]
        results.append((np.array(mistakes).tolist(), weights.tolist()))
    assert results[0] == results[1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@given(
    shape=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    places=st.lists(st.integers(0, 2000), max_size=3),
    reverse=st.booleans(),
    transpose=st.booleans(),
)
def test_first_non_finite(
    bad: float, dtype: str, shape: list[int], places: list[int], reverse: bool, transpose: bool
) -> None:
    x = np.full(shape, np.finfo(dtype).max, dtype=dtype)
    x.flat[[place % x.size for place in places]] = bad
    x = x.T if transpose else x
    x = x[::-1] if reverse else x
    flat = np.isfinite(x).ravel()
    expected = None if flat.all() else int(flat.argmin())
    assert _core.first_non_finite(x) == reference.first_non_finite(x) == expected
