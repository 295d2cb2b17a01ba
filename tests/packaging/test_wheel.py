"""What the wheel holds, how large it is, and what it asks for."""

from __future__ import annotations

import email
import os
import re
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(on_ci: bool) -> Path:
    path = os.environ.get("NNFAST_WHEEL")
    if path:
        return Path(path)
    if on_ci:
        pytest.fail("NNFAST_WHEEL is not set, and on CI the wheel must be tested.")
    pytest.skip("NNFAST_WHEEL is not set: `make test-python` builds the wheel and sets it")


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


def test_size(wheel: Path):
    assert wheel.stat().st_size < 5_000_000


def test_one_wheel_for_every_python(wheel: Path):
    assert "-cp310-abi3-" in wheel.name


@pytest.mark.skipif(sys.platform != "linux", reason="the tag is about Linux' C library")
def test_says_which_c_library_it_wants(wheel: Path):
    """maturin looks at every symbol; plain "linux" would mean that one is forbidden."""
    assert re.search(r"-(many|musl)linux_\d+_\d+_\w+\.whl$", wheel.name), wheel.name


def test_holds_types_data_and_licence(names: list[str]):
    for name in ("nnfast/py.typed", "nnfast/_core.pyi", "nnfast/data/digits.npz"):
        assert name in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_brings_the_command(wheel: Path, names: list[str]):
    [entries] = [name for name in names if name.endswith(".dist-info/entry_points.txt")]
    text = zipfile.ZipFile(wheel).read(entries).decode()
    assert re.search(r"\[console_scripts\]\s+nnfast\s*=\s*nnfast\.cli:main\s", text)
    assert "nnfast/__main__.py" in names


def test_holds_nothing_else(names: list[str]):
    endings = {Path(name).suffix for name in names if name.startswith("nnfast/")}
    assert endings <= {".py", ".pyi", ".typed", ".npz", ".so", ".pyd"}
    folders = {name.partition("/")[0] for name in names}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {"nnfast"}


def test_asks_for_numpy_and_safetensors_only(wheel: Path, names: list[str]):
    [metadata] = [name for name in names if name.endswith(".dist-info/METADATA")]
    message = email.message_from_bytes(zipfile.ZipFile(wheel).read(metadata))
    required = [line for line in message.get_all("Requires-Dist") if "extra ==" not in line]
    assert sorted(line.partition(">")[0] for line in required) == ["numpy", "safetensors"]
    assert message["Requires-Python"] == ">=3.10"
