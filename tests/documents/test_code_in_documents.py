"""The Python code in README.md and docs/ runs as it stands there, block after block."""

from __future__ import annotations

from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_code(path: Path, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch):
    document = Sybil(parsers=[PythonCodeBlockParser(), SkipParser()]).parse(path)
    examples = list(document.examples())
    code = "".join(str(example.parsed) for example in examples)
    # What reads a data set that does not ship with the package needs the folder it is in.
    if "mnist(" in code or "NNFAST_DATA" in code:
        request.getfixturevalue("data_directory")
    # What a document saves must not land in the checkout.
    monkeypatch.chdir(tmp_path)
    for example in examples:
        example.evaluate()
