"""Schedules, Rust against the oracle: every rate, and runs that are trained by them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

import nnfast as nn
from contract.test_rates import SCHEDULES
from nnfast import _core, reference
from parity.networks import DTYPES, NAMES, Run, assert_agree, share

rates = st.floats(1e-6, 10.0)
steps = st.integers(1, 300)
shares = st.floats(0.0, 1.0)
COSINES = st.one_of(
    st.builds(nn.schedules.CosineDecay, rates, steps, alpha=shares),
    st.builds(
        nn.schedules.CosineDecay,
        rates,
        steps,
        alpha=shares,
        warmup_target=st.none() | rates,
        warmup_steps=st.integers(0, 200),
    ),
)
DRAWN = {
    "cosine_decay": COSINES,
    "cosine_decay_restarts": st.builds(
        nn.schedules.CosineDecayRestarts,
        rates,
        steps,
        # Where a period ends between two steps, either side of a restart may be right.
        t_mul=st.sampled_from([1.0, 2.0, 3.0]),
        m_mul=st.floats(0.5, 1.1),
        alpha=shares,
    ),
    "exponential_decay": st.builds(
        nn.schedules.ExponentialDecay, rates, steps, st.floats(0.1, 1.1), staircase=st.booleans()
    ),
    "inverse_time_decay": st.builds(
        nn.schedules.InverseTimeDecay, rates, steps, st.floats(0.0, 10.0), staircase=st.booleans()
    ),
    "linear_warmup": st.builds(
        nn.schedules.LinearWarmup, rates | COSINES, steps, initial_learning_rate=rates
    ),
    "one_cycle": st.builds(
        nn.schedules.OneCycle,
        rates,
        steps,
        pct_start=shares,
        anneal_strategy=st.sampled_from(["cos", "linear"]),
        div_factor=st.floats(1.0, 100.0),
        final_div_factor=st.floats(1.0, 1e5),
        three_phase=st.booleans(),
    ),
    "piecewise_constant_decay": st.lists(steps, unique=True, max_size=4).flatmap(
        lambda boundaries: st.lists(
            rates, min_size=len(boundaries) + 1, max_size=len(boundaries) + 1
        ).map(lambda values: nn.schedules.PiecewiseConstantDecay(sorted(boundaries), values))
    ),
    "polynomial_decay": st.builds(
        nn.schedules.PolynomialDecay,
        rates,
        steps,
        end_learning_rate=rates,
        power=st.floats(0.1, 4.0),
        cycle=st.booleans(),
    ),
}


def test_every_schedule_is_drawn() -> None:
    assert sorted(DRAWN) == NAMES["schedules"]


@pytest.mark.parametrize("name", NAMES["schedules"])
@given(data=st.data())
def test_every_rate(name: str, data: st.DataObject) -> None:
    schedule = data.draw(DRAWN[name])
    config = json.dumps(schedule.config())
    # Rounding at the end of a cosine is of its highest rate.
    highest = max(_core.learning_rate(config, step) for step in range(400))
    for step in range(400):
        ours, theirs = (part.learning_rate(config, step) for part in (_core, reference))
        assert ours == pytest.approx(theirs, rel=1e-13, abs=1e-14 * highest), step
        assert ours >= 0.0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", [nn.SGD, nn.AdamW])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda one: one.name)
@share(0.2)
@given(seed=st.integers(0, 2**64 - 1))
def test_runs(schedule: Any, optimizer: Any, dtype: str, seed: int) -> None:
    layers = nn.Input(3), nn.Dense(5, "tanh"), nn.Dense(2)
    run: Any = Run(layers, nn.MeanSquaredError(), optimizer(schedule), batch_size=4, seed=seed)
    assert_agree(run, dtype)
