"""The console blocks of the pages run as they stand, and print what is shown there.

A line that begins with a dollar is a command, and those after it are what it prints, on standard
output and standard error. "..." stands for any text, a line "..." for any lines; numbers may differ
by a few in a hundred, for not every machine has the same libraries.
"""

from __future__ import annotations

import gzip
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [page for page in sorted((ROOT / "docs").rglob("*.md")) if "```console" in page.read_text()]
DATA = {
    "housing.csv": "california-housing/housing.csv",
    "adult-train.csv": "jbrownlee/adult-train.csv",
    "adult-test.csv": "jbrownlee/adult-test.csv",
}
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
TOLERANCE = 0.05


def blocks(page: Path) -> list[tuple[str, list[str]]]:
    """Return the commands of a page, each with the lines that it is to print."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def same(shown: str, printed: str) -> bool:
    """Tell whether a line is as it is shown, but for what may differ."""
    pieces = shown.split("...")
    pattern = ".*".join(map(_pattern, pieces))
    match = re.fullmatch(pattern, printed)
    if match is None:
        return False
    wanted = [number for piece in pieces for number in NUMBER.findall(piece)]
    return all(
        math.isclose(_value(a), _value(b), rel_tol=TOLERANCE, abs_tol=0.005)
        for a, b in zip(wanted, match.groups(), strict=True)
    )


def _pattern(text: str) -> str:
    parts = NUMBER.split(text)
    words = [re.sub(r"(\\ )+", " +", re.escape(part)) for part in parts]
    return f"({NUMBER.pattern})".join(words)


def _value(text: str) -> float:
    return float(text.replace(",", ""))


def assert_prints(shown: list[str], printed: list[str], command: str) -> None:
    place = 0
    for number, line in enumerate(shown):
        if line == "...":
            rest = shown[number + 1 :]
            if not rest:
                return
            while place < len(printed) and not same(rest[0], printed[place]):
                place += 1
            continue
        assert place < len(printed), f"{command}\nprints no {line!r} but\n" + "\n".join(printed)
        assert same(line, printed[place]), f"{command}\nshown:   {line}\nprinted: {printed[place]}"
        place += 1
    assert place == len(printed), f"{command}\nprints also\n" + "\n".join(printed[place:])


@pytest.fixture
def folder(data_directory: Path, tmp_path: Path) -> Path:
    """A folder with the data that the pages speak of, and with the command."""
    for name, path in DATA.items():
        content = gzip.decompress((data_directory / f"{path}.gz").read_bytes())
        (tmp_path / name).write_bytes(content)
    for path in (data_directory / "mnist").glob("*.gz"):
        shutil.copy(path, tmp_path)
    command = tmp_path / "bin" / "nnfast"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m nnfast "$@"\n')
    command.chmod(0o755)
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are those of a Unix shell")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_console(page: Path, folder: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
        "PYTHONIOENCODING": "utf-8",
        "NNFAST_NUM_THREADS": "1",  # the same bits, and no waiting on a busy machine
    }
    for command, shown in blocks(page):
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert_prints(shown, done.stdout.rstrip("\n").splitlines(), command)


def test_what_counts_as_the_same() -> None:
    assert same("took 1.50 s, ... rows", "took 1.52 s, 20 or more rows")
    assert same("a  1,000", "a   1,010")
    assert not same("took 1.5 s", "took 2.5 s")
    assert not same("no", "yes")
    assert_prints(["a", "...", "z 1"], ["a", "b", "c", "z 1"], "")
    for shown, printed in ((["a"], ["a", "b"]), (["a", "b"], ["a"]), (["a", "..."], ["b"])):
        with pytest.raises(AssertionError):
            assert_prints(shown, printed, "")
