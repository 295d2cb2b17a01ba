"""The Python files without the extension: everything still works, on NumPy, after one warning."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nnfast

TRAIN = """
import sys
import nnfast
from nnfast import demo

assert nnfast.__file__.startswith(sys.argv[1]), nnfast.__file__
[result] = demo.run([demo.DIGITS], out=sys.argv[1] + "/pictures")
assert result.accuracy >= 0.965, result.accuracy
assert len(result.pictures) == 3
"""


@pytest.fixture(scope="module")
def without_extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as it is installed, but for its compiled part."""
    folder = tmp_path_factory.mktemp("without-extension")
    source = Path(nnfast.__file__).parent
    ignored = shutil.ignore_patterns("_core*.so", "_core*.pyd", "__pycache__")
    shutil.copytree(source, folder / "nnfast", ignore=ignored)
    return folder


def test_the_demo_trains_on_numpy_after_one_warning(without_extension: Path):
    inherited = {name: value for name, value in os.environ.items() if name != "NNFAST_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", TRAIN, str(without_extension)],
        cwd=without_extension,
        env={**inherited, "PYTHONPATH": str(without_extension)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "numpy backend" in done.stdout
    warnings = [line for line in done.stderr.splitlines() if "Warning: nnfast" in line]
    assert len(warnings) == 1, done.stderr
    assert "_core" in warnings[0]
