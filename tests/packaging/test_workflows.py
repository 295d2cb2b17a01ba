"""The workflows parse, and name only what there is: files, targets, jobs, artifacts."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# An archive of the sources leaves the workflows out.
pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="no repository: there is no .github/")

SYSTEMS = [
    *("linux-x86_64", "linux-aarch64", "musllinux-x86_64", "musllinux-aarch64"),
    *("macos-x86_64", "macos-aarch64", "windows-x86_64", "windows-aarch64"),
]


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return found


def rows(job: dict[str, Any]) -> list[dict[str, Any]]:
    """The combinations of a job's matrix, as far as these files use one."""
    matrix = dict(job.get("strategy", {}).get("matrix", {}))
    included, excluded = matrix.pop("include", []), matrix.pop("exclude", [])
    combinations: list[dict[str, Any]] = [{}]
    for key, values in matrix.items():
        combinations = [{**row, key: value} for row in combinations for value in values]
    if not matrix:
        return included or [{}]
    for extra in included:
        for row in combinations:
            if all(row.get(key, value) == value for key, value in extra.items() if key in matrix):
                row.update(extra)
    return [row for row in combinations if not any(row.items() >= one.items() for one in excluded)]


def steps(path: Path, action: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each row of a matrix, and what a step that uses the action is given there."""
    for job in jobs(path).values():
        for step in job["steps"]:
            if step.get("uses", "").partition("@")[0] == action:
                for row in rows(job):
                    given = {key: filled(str(value), row) for key, value in step["with"].items()}
                    yield row, given


def filled(text: str, row: dict[str, Any]) -> str:
    return re.sub(r"\${{ matrix\.(\w+) }}", lambda match: str(row.get(match[1], "")), text)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_names_what_there_is(path: Path):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for name, job in jobs(path).items():
        assert "timeout-minutes" in job, name
        needed = job.get("needs", [])
        assert set([needed] if isinstance(needed, str) else needed) <= set(jobs(path)), name
        for script in [step["run"] for step in job["steps"] if "run" in step]:
            assert set(re.findall(r"\bmake ([a-z-]+)", script)) <= targets, script
            for file in re.findall(r"(?<![\w./-])(?:tests|examples|docs|\.ci)/[\w./-]+", script):
                assert (ROOT / file).exists(), file


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_names_its_own_matrix(path: Path):
    for name, job in jobs(path).items():
        named = set(re.findall(r"matrix\.(\w+)", yaml.safe_dump(job)))
        for row in rows(job):
            # Only Linux has a choice of C libraries.
            assert named - set(row) <= {"libc"}, (name, row)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_may_write_nothing_by_default(path: Path):
    text = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert text["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_artifact_that_is_fetched_was_kept(path: Path):
    kept = {given["name"] for _, given in steps(path, "actions/upload-artifact")}
    for row, given in steps(path, "actions/download-artifact"):
        assert fnmatch.filter(kept, given.get("name") or given["pattern"]), row


def test_a_release_serves_every_system_and_tests_each_wheel():
    path = ROOT / ".github" / "workflows" / "release.yml"
    built = {row["name"] for row, _ in steps(path, "PyO3/maturin-action") if row}
    assert sorted(built) == sorted(SYSTEMS)
    interpreters = {
        given["args"].partition("--interpreter ")[2]
        for row, given in steps(path, "PyO3/maturin-action")
        if row
    }
    assert interpreters == {"", "python3.14t"}
    fetched = {given.get("name", "") for _, given in steps(path, "actions/download-artifact")}
    assert fetched >= {f"dist-{system}" for system in SYSTEMS}
    publish = jobs(path)["publish"]
    assert set(publish["needs"]) == set(jobs(path)) - {"publish"}
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["if"] == "${{ github.ref_type == 'tag' }}"


def test_the_test_is_the_one_script():
    scripts = "\n".join(
        step.get("run", "")
        for step in jobs(ROOT / ".github" / "workflows" / "test.yml")["test"]["steps"]
    )
    assert ".ci/run" in scripts
    assert "make test" in scripts
