"""The tables and the JSON."""

from __future__ import annotations

import json

import pytest

from comparison import report
from comparison.cases import Elementwise, ManyNets, Training
from comparison.machine import Limits, Machine
from comparison.runs import Result, differences

LIMITS = Limits(2, 2e11, [(1, 1e9)], [(1, 4e10)])
MACHINE = Machine("a test", LIMITS, LIMITS)
CASE = Training(sizes=(16, 32, 4), batch=32, steps=4)


def result(**others: object) -> Result:
    times = {"nnfast": [2e-6, 2e-6], "JAX": [5e-6, 7e-6], "NumPy": [1e-4, 1e-4]}
    return Result(
        **{"case": CASE, "times": times, "left_out": {"torch": "no"}, "limit": 1e-6} | others
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2.5, "2.50 s"),
        (0.0656, "65.6 ms"),
        (430.4e-6, "430 us"),
        (9.996e-6, "10.0 us"),
        (1.4e-7, "140 ns"),
        (5e-10, "0.50 ns"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert report.duration(seconds) == text


def test_a_row_of_the_table() -> None:
    lines = report.table([result()]).splitlines()
    assert lines[0] == "### Training: a step"
    assert lines[2] == "|  | nnfast | JAX | NumPy | best peer / nnfast | of the limit |"
    assert lines[4] == (
        "| 16-32-4, batch 32 | 2.00 us | 6.00 us | 100 us | **3.00** (2.75 to 3.25) JAX | 50.0% |"
    )


def test_without_peers_there_is_no_ratio() -> None:
    alone = result(times={"nnfast": [2e-6]})
    assert report.table([alone]).splitlines()[-1] == "| 16-32-4, batch 32 | 2.00 us |  | 50.0% |"


def test_who_is_left_out_is_named_once() -> None:
    lines = report.left_out([result(), result(case=Elementwise(function="relu"))]).splitlines()
    assert lines[-1] == "- torch, in train/16-32-4/batch-32, elementwise/relu: no"


def test_one_by_one_is_no_peer() -> None:
    case = ManyNets(nets=2, sizes=(4, 3), batch=1, steps=1)
    times = {"nnfast": [1.0], "nnfast, one by one": [2.0]}
    assert result(case=case, times=times).best is None


def test_a_cliff_is_named() -> None:
    def point(at: int, ours: float) -> Result:
        case = Training(group="growth/width", at=at, sizes=(4, at), batch=8, steps=1)
        return Result(case, {"nnfast": [ours]}, limit=at * 1e-6)

    points = [point(45, 96e-6), point(46, 96e-6), point(64, 400e-6)]
    text = report.curve(points)
    assert "### Growth: width, time a row" in text
    assert "| 45 | 12.0 us | 46.9% |" in text
    assert "A cliff from 46 to 64: 3.0 times as far from the limit." in text
    assert text.count("cliff") == 1


def test_json_holds_every_round() -> None:
    content = json.loads(json.dumps(report.as_json([result()], MACHINE)))
    [case] = content["cases"]
    assert case["name"] == "train/16-32-4/batch-32"
    assert case["times"]["JAX"] == [5e-6, 7e-6]
    assert case["ratios"]["JAX"]["median"] == pytest.approx(3.0)
    assert content["machine"]["all"]["peak"] == 2e11


def test_another_result_is_found_out() -> None:
    outcomes = {"nnfast": 1.0, "JAX": 1.00005, "torch": 1.001, "NumPy": float("nan")}
    assert differences(outcomes, 1e-4) == {
        "torch": "computes something else: 1.0e-03 away from ours",
        "NumPy": "computes something else: nan away from ours",
    }


def test_another_shape_is_found_out() -> None:
    found = differences({"nnfast": [[1.0, 2.0]], "JAX": [[1.0], [2.0]]}, 1e-4)
    assert found == {"JAX": "computes something else: (2, 1) values, not (1, 2)"}
