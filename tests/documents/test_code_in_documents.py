"""The Python code in README.md and docs/ runs as it stands there, and prints what stands there."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PRINTED = "printed by the last block"


def compare(example: Example) -> None:
    """A block of output is what the block of code before it printed, to the letter."""
    assert str(example.parsed).rstrip() == example.document.namespace[PRINTED].rstrip()


PARSERS = [PythonCodeBlockParser(), CodeBlockParser("output", compare), SkipParser()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_code(path: Path, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch):
    document = Sybil(parsers=PARSERS).parse(path)
    examples = list(document.examples())
    code = "".join(str(example.parsed) for example in examples)
    # What reads a data set that does not ship with the package needs the folder it is in.
    if "mnist(" in code or "NNFAST_DATA" in code:
        request.getfixturevalue("data_directory")
    # What a document saves must not land in the checkout.
    monkeypatch.chdir(tmp_path)
    for example in examples:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            example.evaluate()
        if printed.getvalue():
            document.namespace[PRINTED] = printed.getvalue()
