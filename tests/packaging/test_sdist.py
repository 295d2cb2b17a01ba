"""The archive of the sources holds what a build wants, and says the same as the wheel."""

from __future__ import annotations

import email
import os
import shutil
import subprocess
import sys
import tarfile
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def archive(on_ci: bool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    beside = Path(sys.executable).with_name("maturin")
    maturin = str(beside) if beside.exists() else shutil.which("maturin")
    if maturin is None or shutil.which("cargo") is None:
        if on_ci:
            pytest.fail("maturin or cargo is not there, and on CI the archive must be tested.")
        pytest.skip("maturin or cargo is not there: `make test` brings the one and wants the other")
    folder = tmp_path_factory.mktemp("sdist")
    command = [maturin, "sdist", "--out", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [path] = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def unpacked(archive: Path) -> dict[str, bytes]:
    """What each file in the one folder of the archive holds."""
    files = {}
    with tarfile.open(archive) as opened:
        for member in opened.getmembers():
            folder, _, name = member.name.partition("/")
            assert f"{folder}.tar.gz" == archive.name
            content = opened.extractfile(member)
            if content is not None:
                files[name] = content.read()
    return files


@pytest.fixture(scope="module")
def metadata(unpacked: dict[str, bytes]) -> Message:
    return email.message_from_bytes(unpacked["PKG-INFO"])


def test_holds_what_a_build_wants(unpacked: dict[str, bytes]):
    wanted = ["Cargo.toml", "Cargo.lock", "pyproject.toml", "README.md", "LICENSE"]
    for folder, endings in {"src": {".rs"}, "python": {".py", ".pyi", ".typed", ".npz"}}.items():
        files = [
            path
            for path in (ROOT / folder).rglob("*")
            if path.suffix in endings or path.name == "py.typed"
        ]
        wanted += [path.relative_to(ROOT).as_posix() for path in files]
    # What Cargo.toml names beside, it looks for before it builds anything.
    wanted += ["tests/rust/allocation.rs", "benches/rust/machine.rs", "benches/rust/model.rs"]
    for name in wanted:
        assert unpacked.get(name) == (ROOT / name).read_bytes(), name


def test_holds_what_it_is_tested_by(unpacked: dict[str, bytes]):
    for name in ("Makefile", "tests/conftest.py", "docs/index.md", "examples/xor.py"):
        assert name in unpacked


def test_holds_nothing_that_was_built(unpacked: dict[str, bytes]):
    built = {".so", ".pyd", ".pyc", ".whl", ".gz"}
    assert not [name for name in unpacked if Path(name).suffix in built]
    assert not [name for name in unpacked if name.startswith((".venv/", "target/", ".github/"))]


def test_says_what_it_is(metadata: Message):
    assert metadata["Name"] == "nnfast"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["Description-Content-Type"].startswith("text/markdown")
    assert metadata.get_payload().startswith("# nnfast")
    version = f'version = "{metadata["Version"]}"'
    assert version in (ROOT / "Cargo.toml").read_text(encoding="utf-8").splitlines()


def test_says_the_same_as_the_wheel(metadata: Message):
    from zipfile import ZipFile

    path = os.environ.get("NNFAST_WHEEL")
    if not path:
        pytest.skip("NNFAST_WHEEL is not set: `make test-python` builds the wheel and sets it")
    with ZipFile(path) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        built = email.message_from_bytes(wheel.read(name))
    for field in ("Version", "Requires-Dist", "Provides-Extra", "Classifier"):
        assert built.get_all(field) == metadata.get_all(field), field
