"""Schedules against PyTorch's, in float64, at every step."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import nnfast as nn

torch = pytest.importorskip("torch")
STEPS = 300


def rates(make: Any, learning_rate: float) -> np.ndarray:
    """Follow a scheduler of PyTorch's."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=learning_rate)
    scheduler = make(optimizer)
    result = []
    for _ in range(STEPS):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scheduler.step()
    return np.array(result)


ONE_CYCLES = [
    {"total_steps": STEPS},
    {"total_steps": STEPS, "anneal_strategy": "linear"},
    {"total_steps": STEPS, "pct_start": 0.1, "div_factor": 10.0, "final_div_factor": 100.0},
    {"total_steps": STEPS, "three_phase": True},
    {"total_steps": STEPS, "three_phase": True, "anneal_strategy": "linear", "pct_start": 0.45},
    {"total_steps": 301, "pct_start": 0.333},
]


@pytest.mark.parametrize("backend", ["rust", "numpy"])
@pytest.mark.parametrize("options", ONE_CYCLES, ids=str)
def test_one_cycle(options: Any, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNFAST_BACKEND", backend)
    schedule = nn.schedules.OneCycle(0.1, **options)
    theirs = rates(
        lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=0.1, cycle_momentum=False, **options
        ),
        0.1,
    )
    ours = np.array([schedule(step) for step in range(STEPS)])
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-16)


PEERS = torch.optim.lr_scheduler
ALIKE = [
    (
        nn.schedules.ExponentialDecay(0.1, 30, 0.5, staircase=True),
        lambda optimizer: PEERS.StepLR(optimizer, 30, 0.5),
    ),
    (
        nn.schedules.ExponentialDecay(0.1, 1, 0.99),
        lambda optimizer: PEERS.ExponentialLR(optimizer, 0.99),
    ),
    (
        nn.schedules.PolynomialDecay(0.1, 200, end_learning_rate=0.0, power=2.0),
        lambda optimizer: PEERS.PolynomialLR(optimizer, 200, 2.0),
    ),
    (
        nn.schedules.LinearWarmup(0.1, 40, initial_learning_rate=0.025),
        lambda optimizer: PEERS.LinearLR(optimizer, 0.25, 1.0, 40),
    ),
]


@pytest.mark.parametrize("backend", ["rust", "numpy"])
@pytest.mark.parametrize(("schedule", "make"), ALIKE, ids=lambda one: type(one).__name__)
def test_alike(schedule: Any, make: Any, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNFAST_BACKEND", backend)
    ours = np.array([schedule(step) for step in range(STEPS)])
    # PyTorch multiplies up from step to step.
    np.testing.assert_allclose(ours, rates(make, 0.1), rtol=1e-11, atol=1e-16)
