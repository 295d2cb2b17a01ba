"""The extras are real: what names one finds it, and what is imported is in one."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

tomllib = pytest.importorskip("tomllib")

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
# For those who work on the library, not with it.
TOOLS = {"bench", "docs", "lint", "peers", "test"}
# Under another name, or brought along: matplotlib needs Pillow, ONNX Google's protobuf.
NAMES = {"sklearn": "scikit-learn", "PIL": "matplotlib", "google": "onnx"}
# Taken where the user has one already: a table, a notebook, a service that watches a run.
BROUGHT_BY_THE_USER = {"IPython", "joblib", "mlflow", "pandas", "polars", "scipy", "tensorboard"}

SOURCES = [*(ROOT / "python").rglob("*.py")]
TEXTS = [
    *SOURCES,
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "examples").rglob("*.py"),
    *(ROOT / ".github").rglob("*.yml"),
]


def wanted(extra: str) -> set[str]:
    """The distributions that an extra brings, also by way of others."""
    found = set()
    for requirement in EXTRAS[extra]:
        name = re.match(r"[\w.-]+", requirement)
        assert name is not None, requirement
        others = re.match(r"nnfast\[([\w,]+)\]$", requirement)
        if others is None:
            found.add(name[0])
        else:
            found |= {each for other in others[1].split(",") for each in wanted(other)}
    return found


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """All of a file but what is there for those who check types."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield from executed(child)


def imported() -> dict[str, set[str]]:
    """The modules of others that the package imports, each with the files that do."""
    found: dict[str, set[str]] = {}
    for path in SOURCES:
        for node in executed(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                found.setdefault(name.partition(".")[0], set()).add(
                    path.relative_to(ROOT).as_posix()
                )
    known = {*sys.stdlib_module_names, "nnfast", "numpy", "safetensors"}
    return {name: files for name, files in found.items() if name not in known}


def test_there_is_one_for_every_part():
    assert {"sklearn", "plot", "keras", "onnx", "cli", "bench", "all"} <= set(EXTRAS)


@pytest.mark.parametrize("extra", EXTRAS)
def test_brings_something(extra: str):
    assert wanted(extra)


def test_all_brings_what_every_user_could_want():
    users = set(EXTRAS) - TOOLS - {"all"}
    assert wanted("all") == {name for extra in users for name in wanted(extra)}


def test_every_extra_that_is_named_exists():
    count = 0
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        for names in re.findall(r"(?:nnfast|\.|\.whl)\[([a-z_]+(?:,[a-z_]+)*)\]['\"`]", text):
            count += 1
            assert set(names.split(",")) <= set(EXTRAS), f"{path.relative_to(ROOT)}: [{names}]"
    assert count > 5


def test_what_is_imported_is_in_an_extra():
    brought = wanted("all") | BROUGHT_BY_THE_USER
    for name, files in imported().items():
        assert NAMES.get(name, name) in brought, f"{name}, imported by {', '.join(sorted(files))}"


def test_what_is_in_an_extra_is_imported():
    used = {NAMES.get(name, name) for name in imported()}
    assert wanted("all") <= used
