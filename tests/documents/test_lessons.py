"""The course: every lesson has what it promises, in one order, and says what its code prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "lessons"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}
ORDER = re.findall(r"^\| \d \| \[[^]]+\]\((\w+)\.md\)", PAGES["index"], re.MULTILINE)
BRIDGES = ["from_keras", "from_scikit_learn", "from_pytorch"]
LESSONS = [*ORDER, *BRIDGES]


def blocks(text: str) -> list[tuple[str, str]]:
    """The blocks of code of a page: their language, and what is in them."""
    return re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_first_page_lists_every_lesson():
    assert sorted([*LESSONS, "index"]) == sorted(PAGES)
    for bridge in BRIDGES:
        assert f"({bridge}.md)" in PAGES["index"]


def test_they_are_numbered_and_lead_to_each_other():
    for number, name in enumerate(ORDER, start=1):
        assert PAGES[name].startswith(f"# {number}. ")
        if number < len(ORDER):
            *_, end = PAGES[name].split("## Where to go next\n")
            assert f"({ORDER[number]}.md)" in end, name


@pytest.mark.parametrize("name", LESSONS)
def test_has_its_parts(name: str):
    text = PAGES[name]
    opening = text.split("\n\n")[1]
    assert opening.startswith(("**After this lesson** you can", "**After this page** you can"))
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[-2:] == ["Exercises", "Where to go next"]
    exercises = text.partition("## Exercises\n")[2].partition("## Where to go next\n")[0]
    asked = re.findall(r"^\*\*(\d)\.\*\* ", exercises, re.MULTILINE)
    assert asked == [str(number + 1) for number in range(len(asked))]
    assert len(asked) == exercises.count("<summary>Answer</summary>") >= 2
    assert exercises.count("<details markdown=") == exercises.count("</details>") == len(asked)


@pytest.mark.parametrize("name", ORDER)
def test_explains_shows_and_draws(name: str):
    text = PAGES[name]
    assert "$$" in text
    assert re.search(r"!\[[^]]+\]\(\.\./images/[\w-]+\.png\)", text)
    assert [language for language, _ in blocks(text)].count("python") >= 4


@pytest.mark.parametrize("name", LESSONS)
def test_says_what_it_prints(name: str):
    """Side by side, both halves come before what ours prints."""
    found = [block for block in blocks(PAGES[name]) if block[0] in ("python", "output")]
    for (language, code), (following, _) in zip(found, [*found[1:], ("", "")], strict=True):
        if language == "python" and re.search(r"^ *print\(", code, re.MULTILINE):
            assert following == "output" or name == "from_scikit_learn", code
