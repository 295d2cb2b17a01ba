"""Regularizers, constraints, masks, frozen layers and updates: core against oracle."""

from __future__ import annotations

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
