"""The machine's limits, and the least time of a case."""

from __future__ import annotations

import pytest

from comparison import limits, machine
from comparison.cases import Elementwise, Prediction, Process, Training
from comparison.machine import Limits, Machine

RATES = [(1000, 1e10), (1_000_000, 1e9)]
ONE, ALL = Limits(1, 1e11, RATES, RATES), Limits(2, 2e11, RATES, RATES)
MACHINE = Machine("a test", ONE, ALL)


def test_rates_are_of_the_cache_that_holds_it() -> None:
    assert [machine.at_size(RATES, size) for size in (1, 1000, 1001, 10**9)] == [
        1e10,
        1e10,
        1e9,
        1e9,
    ]


def test_training_by_arithmetic() -> None:
    case = Training(sizes=(10, 20, 5), batch=10_000, steps=1)
    operations = 2 * 10_000 * (3 * (10 * 20 + 20 * 5) - 10 * 20)
    assert limits.seconds(case, MACHINE) == pytest.approx(operations / 2e11)


def test_float64_is_half_as_fast() -> None:
    single = Training(sizes=(10, 20, 5), batch=10_000, steps=1)
    double = Training(sizes=(10, 20, 5), batch=10_000, steps=1, dtype="float64")
    assert limits.seconds(double, MACHINE) == 2 * limits.seconds(single, MACHINE)


def test_training_by_bytes() -> None:
    case = Training(sizes=(100, 100), batch=1, steps=1)
    parameters = 100 * 100 + 100
    assert limits.seconds(case, MACHINE) == pytest.approx(6 * 4 * parameters / 1e9)


def test_prediction_on_one_thread() -> None:
    case = Prediction(sizes=(10, 10), rows=10_000, threads=1)
    assert limits.seconds(case, MACHINE) == pytest.approx(2 * 10_000 * 100 / 1e11)


def test_functions_move_bytes() -> None:
    case = Elementwise(function="relu", elements=100_000)
    assert limits.seconds(case, MACHINE) == pytest.approx(8 * 100_000 / 1e9)


def test_a_process_has_no_limit() -> None:
    assert limits.seconds(Process(), MACHINE) is None


def test_without_cargo_numpy_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    found = machine.measure()
    assert "cargo is missing" in found.sentence()
    assert found.all.peak > 1e8
    assert machine.at_size(found.all.read, 1) > 1e8
