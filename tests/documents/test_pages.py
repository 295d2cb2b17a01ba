"""What the pages list is what there is: files, names, parameters, and the places they link to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nnfast as nn

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
KINDS = (
    *("activations", "losses", "optimizers", "regularizers", "constraints"),
    *("initializers", "metrics"),
)


def rows(text: str) -> list[list[str]]:
    """Return the cells of the table rows that begin with code."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines]


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def anchors(page: Path) -> set[str]:
    """Return what a page's headings are linked by, as on GitHub."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {word.replace(" ", "-") for word in words}


def test_architecture_lists_every_file() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = [code(cells[0])[0] for cells in rows(text) if "/" in cells[0]]
    sources = [*(ROOT / "src").rglob("*.rs"), *(ROOT / "python").rglob("*.py")]
    assert sorted(listed) == sorted(path.relative_to(ROOT).as_posix() for path in sources)


@pytest.mark.parametrize("kind", KINDS)
def test_choices_list_every_name(kind: str) -> None:
    text = (ROOT / "docs" / "choices.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    [table] = [part for part in section if part.lower().startswith(f"{kind}\n")]
    registry = getattr(nn, kind).registry
    listed = {code(cells[0])[0]: cells for cells in rows(table)}
    assert sorted(listed) == list(registry.names)
    for cls in registry.classes:
        cells = listed[cls.name]
        assert code(cells[1]) == [cls.__name__]
        assert code(cells[-1]) == list(cls.aliases)
        for name, value in cls().values().items():
            said = f"`{name}={value!r}`" in " ".join(cells) or name == "from_logits"
            assert said or issubclass(cls, nn.Adam | nn.AdamW), f"{name}={value!r} of {cls.name}"


def test_every_activation_is_explained() -> None:
    text = (ROOT / "docs" / "lessons" / "activations.md").read_text(encoding="utf-8")
    assert {code(cells[0])[0] for cells in rows(text)} >= set(nn.activations.registry.names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target
