"""Every instruction set gives the same bits; the environment pins one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
VARIABLE = "NNFAST_ISA"
PREDICT = (
    "import nnfast as nn; print(nn.FeedForward('2-1', seed=0, backend='rust').predict([1, 2]))"
)


def python(*arguments: str, instruction_set: str) -> subprocess.CompletedProcess[str]:
    paths = [str(TESTS), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        VARIABLE: instruction_set,
    }
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@cache
def available() -> list[str]:
    """Return the names of the machine's instruction sets, which the refusal of another gives."""
    refused = python("-c", PREDICT, instruction_set="abacus")
    return refused.stderr.strip().rsplit(": ", 1)[-1].split(", ")


@cache
def digests(instruction_set: str) -> dict[str, str]:
    done = python(str(TESTS / "contract" / "digests.py"), instruction_set=instruction_set)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ["abacus", "AVX2", "avx2 ", "none"])
def test_an_unknown_one_is_refused_in_a_sentence(name: str) -> None:
    refused = python("-c", PREDICT, instruction_set=name)
    assert refused.returncode == 1
    sentence = refused.stderr.strip().splitlines()[-1]
    assert sentence.startswith(
        f'RuntimeError: {VARIABLE} is "{name}", but this machine runs only: '
    )
    assert "portable" in sentence
    assert "panic" not in refused.stderr


def test_an_empty_name_is_none() -> None:
    assert python("-c", PREDICT, instruction_set="").returncode == 0


def test_the_portable_one_is_always_there() -> None:
    assert "portable" in available()
    for name in available():
        assert python("-c", PREDICT, instruction_set=name).returncode == 0


def test_all_give_the_same_bits() -> None:
    expected = digests("portable")
    assert len(expected) > 100
    for name in available():
        found = digests(name)
        different = [what for what in expected if found[what] != expected[what]]
        assert not different, f"{name}: {len(different)} of {len(expected)}: {different[:3]}"
