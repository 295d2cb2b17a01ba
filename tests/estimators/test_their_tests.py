"""scikit-learn's own tests, which its wheel brings along, on our classes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

# How many there are at least, and those that cannot pass, with the reason.
SUITES = {
    "sklearn.neural_network.tests.test_mlp": (
        50,
        {"test_gradient": "calls the private _loss_grad_lbfgs(packed, X, y, ...)"},
    ),
    "sklearn.linear_model.tests.test_perceptron": (6, {}),
    "sklearn.neural_network.tests.test_rbm": (14, {}),
}


@pytest.mark.parametrize("suite", SUITES)
def test_suite(suite: str, tmp_path: Path) -> None:
    count, excused = SUITES[suite]
    file = tmp_path / "outcomes.json"
    environment = {
        **os.environ,
        "NNFAST_OUTCOMES": str(file),
        "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]),
    }
    options = ["-q", "-p", "estimators.swap", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-c", os.devnull, "--pyargs", suite],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert file.exists(), run.stdout + run.stderr
    outcomes = json.loads(file.read_text(encoding="utf-8"))
    assert len(outcomes) >= count
    failed = {name for name, outcome in outcomes.items() if outcome == "failed"}
    assert failed == set(excused), run.stdout
