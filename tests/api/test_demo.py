"""The demo: what it reaches, what it says, and what it writes."""

from __future__ import annotations

import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from nnfast import demo

PICTURES = ["first-layer-weights", "confusion-matrix", "learning-curves"]


def test_digits_reaches_its_goal_for_each_seed(backend, tmp_path: Path, capsys):
    results = demo.run([demo.DIGITS], seeds=5, out=tmp_path, backend=backend, verbose=False)
    assert [result.seed for result in results] == [0, 1, 2, 3, 4]
    for result in results:
        assert result.accuracy >= 0.965
        assert result.reached
        assert len(result.epoch_seconds) == demo.DIGITS.epochs
        assert all(seconds > 0 for seconds in result.epoch_seconds)
    # "A second or less", of which a busy machine may make a few.
    assert min(sum(result.epoch_seconds) for result in results) < 3.0

    # The first seed is drawn, and the others are not.
    assert results[0].pictures == tuple(tmp_path / f"digits-{name}.png" for name in PICTURES)
    assert all(picture.stat().st_size > 5_000 for picture in results[0].pictures)
    assert not any(result.pictures for result in results[1:])

    printed = capsys.readouterr().out
    assert f"{results[0].accuracy:.2%} of the 359 held-out images right" in printed
    assert "an epoch took" in printed
    assert str(results[0].pictures[0]) in printed


@pytest.mark.skipif(
    importlib.util.find_spec("nnfast._core") is None, reason="nnfast._core is not built"
)
def test_mnist_reaches_its_goal_for_each_seed(data_directory: Path, tmp_path: Path):
    results = demo.run([demo.MNIST], seeds=5, out=tmp_path, backend="rust", verbose=False)
    assert len(results) == 5
    for result in results:
        assert result.accuracy >= 0.976
        assert len(result.epoch_seconds) == 5
    assert len(results[0].pictures) == 3


def test_data_that_cannot_be_had_is_left_out(tmp_path: Path, capsys):
    def offline():
        raise FileNotFoundError("MNIST is not here: put its files there.")

    missing = dataclasses.replace(demo.MNIST, load=offline)
    quick = dataclasses.replace(demo.DIGITS, phases=((1, 5e-3),))
    results = demo.run([missing, quick], out=tmp_path, verbose=False)
    assert [result.task.name for result in results] == ["digits"]
    assert "left out: MNIST is not here: put its files there." in capsys.readouterr().out


def test_a_missed_goal_is_said_and_is_the_exit_code(tmp_path: Path, capsys, monkeypatch):
    hopeless = dataclasses.replace(demo.DIGITS, phases=((1, 5e-3),), target=1.0)
    monkeypatch.setattr(demo, "DIGITS", hopeless)
    assert demo.main(["--only", "digits", "--out", str(tmp_path)]) == 1
    assert "misses the goal of 100.0%" in capsys.readouterr().out


def test_command_line(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "nnfast.demo", "--only", "digits", "--seeds", "2"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("held-out images right") == 2
    assert (tmp_path / "demo-pictures" / "digits-confusion-matrix.png").is_file()


@pytest.mark.parametrize("seeds", ["0", "-1", "two"])
def test_command_line_refuses_a_wrong_number_of_seeds(seeds, capsys):
    with pytest.raises(SystemExit) as stopped:
        demo.main([f"--seeds={seeds}"])
    assert stopped.value.code == 2
    assert "must be an integer of at least 1" in capsys.readouterr().err


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as stopped:
        demo.main(["--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert all(option in printed for option in ("--seeds", "--out", "--only"))


def test_without_matplotlib_there_are_no_pictures(tmp_path: Path):
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from nnfast import demo\n"
        "results = demo.run([demo.DIGITS], verbose=False)\n"
        "assert results[0].reached and results[0].pictures == ()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "no pictures: " in done.stdout
    assert "pip install 'nnfast[plot]'" in done.stdout
    assert list(tmp_path.iterdir()) == []
