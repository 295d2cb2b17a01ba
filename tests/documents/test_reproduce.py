"""The scripts of examples/reproduce run, and come near what was published on a part of the data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "reproduce"
SCRIPTS = {path.stem: path for path in FOLDER.glob("[!_]*.py")}

# The most errors in a hundred test images that a net may make after --quick, with its 6,000 images
# to learn from. LeCun et al. report 12 for a linear classifier.
MOST_ERRORS = {
    "mnist_nielsen": 12.0,
    "mnist_keras": 7.0,
    "mnist_lecun_300": 8.0,
    "mnist_lecun_300_100": 8.0,
    "mnist_simard": 8.0,
    "fashion_xiao": 18.0,
    "fashion_readme": 18.0,
}
PICTURES = {
    "article_figures": 4,
    "article_xor": 1,
    "article_gradients": 2,
}


def output(name: str, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPTS[name]), "--quick", *options],
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_every_script_is_tested() -> None:
    assert sorted(SCRIPTS) == sorted(
        [*MOST_ERRORS, *PICTURES, "activations", "semi_supervised", "uci"]
    )


@pytest.mark.parametrize("name", MOST_ERRORS)
def test_images(name: str, data_directory: Path) -> None:
    _, published, ours, _, seeds = cells(output(name))
    assert seeds == "1"
    assert 0.0 < float(published.split()[0]) < 14.0
    assert 0.0 < float(ours.split()[0]) < MOST_ERRORS[name]


def test_table(data_directory: Path) -> None:
    name, plain, ensemble, likelihood, splits = cells(output("uci"))
    assert (name, splits) == ("yacht", "3")
    assert float(plain.split()[0]) < 3.0
    assert float(ensemble.split()[0]) < 2.0  # the target's deviation is 15
    assert float(likelihood.split()[0]) > -1.6


def test_swapped_activations(data_directory: Path) -> None:
    said = output("activations", "--seeds", "2", "spambase", "dry bean", "bike sharing")
    rows = {name: rest for name, *rest in map(cells, said.splitlines()[2:])}
    assert {name: len(rest) for name, rest in rows.items()} == {
        "spambase": 3,
        "dry bean": 3,
        "bike sharing": 3,
    }
    assert float(rows["spambase"][0].split()[1]) > 80.0  # of spam and ham, 61 % are ham
    assert float(rows["dry bean"][0].split()[1]) > 80.0  # of seven kinds, the commonest is 26 %
    assert 0.0 < float(rows["bike sharing"][0].split()[1]) < 180.0  # the target's deviation is 181


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    said = output(name, "--pictures", str(tmp_path))
    drawn = list(tmp_path.glob("*.png"))
    assert len(drawn) == PICTURES[name]
    for path in drawn:
        assert path.name in said
        assert 5_000 < path.stat().st_size < 150_000


def test_vanishing_gradients(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    said = output("article_gradients", "--pictures", str(tmp_path))
    rows = {name: values for name, *values in map(cells, said.splitlines()) if values}
    depths = [int(depth) for depth in rows["depth"]]
    assert depths == list(range(2, 11))
    sigmoid = [float(value) for value in rows["sigmoid"]]
    assert sigmoid == sorted(sigmoid, reverse=True)
    assert sigmoid[-1] < 1e-4
    for name in ("tanh", "ReLU", "ELU"):
        assert 0.1 < float(rows[name][-1]) < 3.0


def test_xor(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    said = output("article_xor", "--pictures", str(tmp_path))
    perceptron = re.search(r"perceptron \| (\d) of 4", said)
    assert perceptron is not None
    assert int(perceptron[1]) < 4
    for architecture in ("2-2-1", "2-3-1"):
        learned = re.search(rf"{architecture} \| (\d+) of", said)
        assert learned is not None
        assert int(learned[1]) >= 1


def test_few_labels(data_directory: Path) -> None:
    count, *errors = cells(output("semi_supervised").splitlines()[-1])
    assert count == "100"
    assert all(0.0 < float(error) < 50.0 for error in errors[:3])
