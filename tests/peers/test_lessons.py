"""The lessons for those who know another library: both halves run, and come to the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnfast as nn

FOLDER = Path(__file__).parents[2] / "docs" / "lessons"


def after(page: str) -> dict[str, Any]:
    """What all names stand for after the lesson: our half runs first, and leaves files behind."""
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for language in ("python", "py"):
        for block in re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            exec(compile(block, f"{page}.md", "exec"), names)
    return names


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
def test_from_keras():
    pytest.importorskip("keras")
    names = after("from_keras")
    assert names["theirs"]["accuracy"] == pytest.approx(names["ours"]["accuracy"], abs=0.025)
    # Keras loads what we wrote, and we what it wrote.
    X = names["X_test"]
    np.testing.assert_allclose(names["expected"], names["net"].predict(X), atol=1e-5)
    read = nn.interop.read_keras("digits.keras").predict(X)
    np.testing.assert_allclose(read, names["model"].predict(X, verbose=0), atol=1e-5)


def test_from_pytorch():
    pytest.importorskip("torch")
    names = after("from_pytorch")
    assert names["theirs"] == pytest.approx(names["ours"], abs=0.025)
    for theirs, ours in zip(names["model"].parameters(), names["net"].get_weights(), strict=True):
        assert tuple(theirs.shape) == ours.T.shape
    # PyTorch loads what we wrote, and we what it wrote.
    read = nn.interop.read_torch("back.safetensors", names["net"])
    np.testing.assert_array_equal(read.get_weights()[0], names["net"].get_weights()[0])
    np.testing.assert_allclose(names["expected"], names["net"].predict(names["X_test"]), atol=1e-5)
