"""Regularizers, constraints, masks, frozen layers and updates: core against oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nnfast as nn
from nnfast import _core, reference
from parity.networks import TOLERANCES, assert_close, difference, outcome
from parity.terms import CASES, CONSTRAINTS, REGULARIZERS


def test_every_one_has_its_case() -> None:
    assert {one.name for one in REGULARIZERS} == set(nn.regularizers.registry.names)
    names = sorted({one.name for one in CONSTRAINTS})
    assert names == list(nn.constraints.registry.names)
    assert names == _core.registry()["constraints"] == reference.registry()["constraints"]


@pytest.mark.parametrize("name", CASES)
def test_fifty_steps(name: str) -> None:
    run = CASES[name]
    rust, oracle = (run.network(backend) for backend in ("rust", "numpy"))
    x, y = run.data()
    for when in ("before", "after"):
        theirs = outcome(oracle, x, y)
        for what, ours in outcome(rust, x, y).items():
            assert_close(ours, theirs[what], "float64", f"{what} {when} training")
        if when == "before":
            run.fit(rust, 10)
            run.fit(oracle, 10)
    ours, theirs = rust.history["loss"], oracle.history["loss"]
    assert difference(ours, theirs) < TOLERANCES["float64"]
    slots = zip(rust._network.state()["slots"], oracle._network.state()["slots"], strict=True)
    for mine, wanted in slots:
        assert_close(mine, wanted, "float64", "slots")


def test_one_network_of_either_precision_learns_alike() -> None:
    for name, run in list(CASES.items())[:4]:
        losses = [run.fit(run.network(dtype=dtype), 2).history["loss"] for dtype in TOLERANCES]
        assert difference(*losses) < 1e-4, name


def test_penalties_have_factors_batch_by_batch() -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(11, 3)), random.normal(size=(11, 2))
    factors, size = [0.5, 2.0, 7.0], 4

    def network(backend: str) -> Any:
        layers = [nn.Input(3), nn.Dense(5, "elu", l1=0.01, l2=0.02), nn.Dense(2, l2=0.1)]
        net = nn.FeedForward(layers, dtype="float64", seed=0, backend=backend)
        net.compile(nn.Adam(0.01), metrics=["mae"])._compile_for(net.loss)
        return net

    def whole(net: Any, factors: list[float] | None) -> Any:
        report: list[list[float]] = []
        arguments = (x, y, None, size, False, 1, 1, report, lambda: False, None, None)
        net._network.train_epochs(*arguments, factors)
        return *report[0], *(array.ravel() for array in net.get_weights())

    def one_by_one(net: Any) -> Any:
        values = [0.0, 0.0]
        for number, factor in enumerate(factors):
            rows = np.arange(11, dtype=np.uint32)[number * size : (number + 1) * size]
            values = net._network.train_batch(x, y, 1, None, rows, None, values, factor)
        return *np.divide(values, 11), *(array.ravel() for array in net.get_weights())

    wanted = np.hstack(whole(network("numpy"), factors))
    np.testing.assert_array_equal(np.hstack(one_by_one(network("numpy"))), wanted)
    ours = np.hstack(whole(network("rust"), factors))
    np.testing.assert_array_equal(np.hstack(one_by_one(network("rust"))), ours)
    np.testing.assert_allclose(ours, wanted, rtol=1e-12)
    assert np.abs(np.hstack(whole(network("rust"), None)) - wanted).max() > 1e-6
    np.testing.assert_array_equal(
        np.hstack(whole(network("rust"), [1.0] * 3)), np.hstack(whole(network("rust"), None))
    )
    with pytest.raises(ValueError, match="not as many factors of penalties as batches"):
        whole(network("rust"), factors[:2])
