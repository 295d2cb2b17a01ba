"""What the tests of the command line share: small files, and a way to run a command."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from nnfast.cli import main


def people(count: int = 400, seed: int = 0) -> dict[str, list[str]]:
    """Return a table of words and numbers, some missing, from which `rich` and `price` follow."""
    random = np.random.default_rng(seed)
    age = random.integers(18, 80, count)
    job = random.choice(["baker", "cook", "pilot"], count)
    hours = random.normal(40, 10, count)
    height = random.normal(170, 10, count)
    height[random.random(count) < 0.1] = np.nan
    worth = 1000.0 * age + 30_000.0 * (job == "pilot") + 500.0 * hours
    return {
        "name": [f"person {number}" for number in range(count)],
        "age": [str(one) for one in age],
        "job": ["?" if random.random() < 0.02 else str(one) for one in job],
        "hours": [f"{one:.2f}" for one in hours],
        "height": ["" if np.isnan(one) else f"{one:.1f}" for one in height],
        "rich": ["yes" if one > 80_000 else "no" for one in worth],
        "price": [f"{one:.2f}" for one in worth],
    }


def write(path: Path, columns: dict[str, list[str]], separator: str = ",") -> Path:
    """Write a text file with a header."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def without(columns: dict[str, list[str]], *names: str) -> dict[str, list[str]]:
    """Return a table without some columns."""
    return {name: values for name, values in columns.items() if name not in names}


def found(capsys: Any, *arguments: str | Path) -> dict[str, Any]:
    """Run a command that goes well; return its result."""
    capsys.readouterr()
    assert main([*map(str, arguments), "--json", "--quiet"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    result: dict[str, Any] = json.loads(said.out)
    return result


def refused(capsys: Any, code: int, *arguments: str | Path) -> str:
    """Run a command that is refused; return what it says, which is one line."""
    capsys.readouterr()
    assert main([*map(str, arguments)]) == code
    lines = capsys.readouterr().err.splitlines()
    errors = [line for line in lines if not line.startswith("usage:") and line[:1] != " "]
    assert len(errors) == 1, lines
    assert errors[0].startswith("nnfast")
    return errors[0]
