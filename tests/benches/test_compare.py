"""The command line, and a run of a tiny case from start to end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import compare
from comparison import cases, contenders, data
from comparison.cases import Training
from comparison.machine import Limits, Machine

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the tests the Rust program, which takes a minute to build."""
    limits = Limits(1, 1e11, [(1, 1e10)], [(1, 1e10)])
    monkeypatch.setattr(compare.machine, "measure", lambda: Machine("a test", limits, limits))


def test_list() -> None:
    """As users call it: from the checkout, as a script."""
    done = subprocess.run(
        [sys.executable, "benches/compare.py", "--list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    names = done.stdout.split()
    assert "train/784-256-128-10/batch-128" in names
    assert "growth/width/46" in names
    assert len(names) == len(set(names))


def test_choosing() -> None:
    def names(*patterns: str, quick: bool = False) -> list[str]:
        return [case.name for case in cases.chosen(patterns, quick)]

    assert names("elementwise/tanh") == ["elementwise/tanh"]
    assert names("elementwise/tanh*") == ["elementwise/tanh", "elementwise/tanh-derivative"]
    assert set(names("growth")) > set(names("growth", quick=True)) > set()
    assert names("nothing") == []
    assert set(names(quick=True)) < set(names())


def test_no_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["nothing"]) == 1
    assert "No case fits nothing" in capsys.readouterr().err


def test_peers_are_chosen_by_name() -> None:
    taking_part, absent = compare.present([])
    assert {each.peer for each in taking_part} == {"nnfast"}
    assert not absent
    taking_part, _ = compare.present(["NumPy"])
    assert [each.name for each in taking_part if each.peer != "nnfast"] == ["NumPy"]


def test_who_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = contenders.Contender("Other", "other", ("training",), ("no_such_module",))
    monkeypatch.setattr(contenders, "ALL", (lacking,))
    assert compare.present(None) == ([], {"Other": "no_such_module is not installed"})


@pytest.mark.parametrize(
    ("name", "peer"),
    [
        ("train/1-1-2/batch-32", "NumPy"),
        ("predict/4-16-3/rows-1", "scikit-learn"),
        ("elementwise/tanh-derivative", "NumPy"),
    ],
)
def test_a_run(name: str, peer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "out.json"
    options = ["--quick"] if name in {case.name for case in cases.chosen([], True)} else []
    given = [name, "--peer", peer, "--rounds", "2", "--json", str(written), *options]
    assert compare.main(given) == 0
    [case] = json.loads(written.read_text(encoding="utf-8"))["cases"]
    assert case["name"] == name
    assert {key: len(times) for key, times in case["times"].items()} == {"nnfast": 2, peer: 2}
    assert not case["left_out"]
    assert peer in capsys.readouterr().out


def test_pictures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    given = ["growth/width/[12]", "--alone", "--quick", "--rounds", "1"]
    assert compare.main([*given, "--pictures", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["performance-growth.png"]


def test_a_contender_without_what_is_asked_is_left_out(tmp_path: Path) -> None:
    written = tmp_path / "out.json"
    given = ["train/1-1-2/*", "--peer", "scikit-learn", "--rounds", "1", "--json", str(written)]
    assert compare.main(given) == 0
    [case] = json.loads(written.read_text(encoding="utf-8"))["cases"]
    assert case["left_out"] == {"scikit-learn": "two classes are one sigmoid output there"}
    assert list(case["times"]) == ["nnfast"]


def test_everyone_gets_the_same_data() -> None:
    case = Training(sizes=(3, 2), batch=2, steps=2)
    one, other = data.of(case), data.of(case)
    assert np.array_equal(one.x, other.x)
    assert all(map(np.array_equal, one.weights, other.weights))


def test_the_loss() -> None:
    weights = [np.zeros((3, 4)), np.log(np.array([1.0, 2.0, 3.0, 4.0]))]
    loss = data.mean_loss(weights, np.ones((2, 3)), np.array([0, 3]))
    assert loss == pytest.approx(-(np.log(0.1) + np.log(0.4)) / 2)
