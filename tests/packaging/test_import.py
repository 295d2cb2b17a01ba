"""What ``import nnfast`` brings with it, and which nnfast that is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import nnfast


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_nothing_but_numpy_and_safetensors_is_imported():
    code = (
        "import sys, numpy; before = set(sys.modules)\n"
        "import nnfast\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - set(sys.stdlib_module_names)))"
    )
    assert set(run(code).split()) <= {"nnfast", "safetensors"}


def test_the_installed_package_is_tested(on_ci: bool):
    """On CI not a line of the source tree may stand in for what the wheel forgot."""
    if not on_ci:
        pytest.skip("not on CI: the source tree may be tested as well")
    assert Path(nnfast.__file__).is_relative_to(sys.prefix)
    assert nnfast.FeedForward("2-1").backend == "rust"
