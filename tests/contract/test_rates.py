"""Rates that change keep the contract: cut anywhere, changed anywhere, on any number of threads."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

import nnfast as nn
from contract.bits import WIDE, bits, layers, said
from contract.test_resume import assert_resumes, each_way
from parity.networks import DTYPES, Run

SCHEDULES = [
    nn.schedules.CosineDecay(0.001, 9, warmup_target=0.02, warmup_steps=3),
    nn.schedules.CosineDecayRestarts(0.02, 2, t_mul=1.5, m_mul=0.7),
    nn.schedules.ExponentialDecay(0.02, 3, 0.7),
    nn.schedules.InverseTimeDecay(0.02, 3, 0.7, staircase=True),
    nn.schedules.LinearWarmup(nn.schedules.ExponentialDecay(0.02, 3, 0.7), 5),
    nn.schedules.OneCycle(0.03, 11),
    nn.schedules.PiecewiseConstantDecay([2, 5, 7], [0.01, 0.02, 0.005, 0.001]),
    nn.schedules.PolynomialDecay(0.02, 8, power=1.7),
]


def test_every_schedule_is_held() -> None:
    assert tuple(sorted({one.name for one in SCHEDULES})) == nn.schedules.registry.names


def made(optimizer: Any, **options: Any) -> Run:
    return Run(layers(9, 12, 7, 3), nn.MeanSquaredError(), optimizer, **options)


@each_way
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda one: one.name)
def test_resumes(schedule: Any, way: str, tmp_path: Path) -> None:
    assert_resumes(made(nn.Adam(schedule)), way, tmp_path, "float32")


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda one: one.name)
def test_threads(schedule: Any) -> None:
    run = Run(layers(300, 400, 50, 3), nn.MeanSquaredError(), nn.SGD(schedule), **WIDE)
    results = [said(run.fit(run.network(threads=n), 2), *run.data()) for n in (1, 2, 3)]
    assert results[0] == results[1] == results[2]


OPTIMIZERS = [
    nn.SGD(0.02, momentum=0.9),
    nn.RMSprop(0.02, centered=True),
    nn.Adam(0.02),
    nn.AdamW(0.02),
    nn.Nadam(0.02),
    nn.Adamax(0.02),
    nn.Adagrad(0.02),
    nn.Adadelta(0.5),
    nn.Lion(0.02),
]


@pytest.mark.parametrize("backend", ["rust", "numpy"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_rate_that_is_set_is_as_if_compiled_with(
    optimizer: Any, dtype: str, backend: str
) -> None:
    """Against a schedule with the same rates; and the state is as it was."""
    run = made(optimizer)
    changing = run.fit(run.network(backend, dtype), 1)
    before = changing._network.state()
    changing.learning_rate = 0.003
    after = changing._network.state()
    assert (before["step"], before["epoch"]) == (after["step"], after["epoch"])
    assert [bits(slot) for slot in before["slots"]] == [bits(slot) for slot in after["slots"]]
    assert changing.learning_rate == 0.003
    run.fit(changing, 1)

    boundary = before["step"] - 1
    rates = nn.schedules.PiecewiseConstantDecay([boundary], [optimizer.learning_rate, 0.003])
    scheduled = run.fit(made(optimizer.replace(learning_rate=rates)).network(backend, dtype), 2)
    ours, theirs = changing.get_weights(), scheduled.get_weights()
    assert bits(ours) == bits(theirs)


@pytest.mark.parametrize("backend", ["rust", "numpy"])
def test_a_rate_that_is_set_is_kept_by_copies_and_by_another_loss(backend: str) -> None:
    run = made(nn.Adam(0.02))
    network = run.fit(run.network(backend), 1)
    network.learning_rate = nn.schedules.ExponentialDecay(0.01, 5, 0.5)
    twin = copy.deepcopy(network)
    assert twin.learning_rate == network.learning_rate != 0.01
    results = [said(run.fit(one, 2), *run.data()) for one in (network, twin)]
    assert results[0] == results[1]
