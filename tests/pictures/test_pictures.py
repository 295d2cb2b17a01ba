"""Every picture is as it was when someone last looked at it and found it good.

`python tests/pictures/renew.py` draws the baselines anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

import nnfast as nn
from pictures import cases, comparison

RENEW = "if it is as it should be, 'python tests/pictures/renew.py {name}' makes it the baseline"


@pytest.fixture(autouse=True)
def _defaults():
    with cases.style():
        yield


@pytest.mark.parametrize("name", cases.CASES)
def test_picture(name: str, tmp_path: Path) -> None:
    figure = cases.figure_of(name)
    allowed = comparison.tolerance(figure)
    assert comparison.words(figure) == comparison.known_words()[name], RENEW.format(name=name)
    drawn = comparison.without_words(figure)
    error = comparison.error(comparison.baseline(name), drawn)
    if error > allowed:
        Image.fromarray(drawn).save(tmp_path / f"{name}.png")
    assert error <= allowed, (
        f"{tmp_path / name}.png differs from its baseline; {RENEW.format(name=name)}"
    )


def test_svg() -> None:
    text = (cases.FOLDER / "architecture.svg").read_text(encoding="utf-8")
    assert cases.svg() == text, RENEW.format(name="architecture")


def missed(name: str, every: int) -> list[tuple[float, object]]:
    """Return how far a picture is from itself without one of its parts, for every so many parts."""
    figure = cases.figure_of(name)
    whole = comparison.without_words(figure)
    errors = []
    for artist in comparison.artists(figure)[::every]:
        if artist.get_visible():
            artist.set_visible(False)
            errors.append((comparison.error(whole, comparison.pixels(figure)), artist))
            artist.set_visible(True)
    return errors


def test_a_missing_part_is_noticed() -> None:
    for name in ("architecture", "roc_curve", "hopfield_energy", "learning_rate_range"):
        errors = missed(name, every=3)
        assert errors
        for error, artist in errors:
            assert error > 2 * comparison.TOLERANCE, (name, artist)


@pytest.mark.slow
@pytest.mark.parametrize("name", cases.CASES)
def test_any_missing_part_is_noticed(name: str) -> None:
    for error, artist in missed(name, every=1):
        assert error > 2 * comparison.TOLERANCE, artist


def test_a_missing_word_is_noticed() -> None:
    figure = cases.figure_of("roc_curve")
    known = comparison.words(figure)
    figure.axes[0].set_ylabel("")
    assert comparison.words(figure) != known


def test_every_function_has_a_picture() -> None:
    """Whoever adds a picture adds its baseline."""
    source = (Path(cases.__file__)).read_text(encoding="utf-8")
    for name in nn.plot.__all__:
        assert f"nn.plot.{name}(" in source, name


def test_baselines_are_small_and_all_in_use() -> None:
    files = {path.stem: path for path in cases.FOLDER.glob("*.png")}
    assert sorted(files) == sorted(cases.CASES)
    assert max(path.stat().st_size for path in files.values()) < 32_000


def test_the_gallery_has_every_function() -> None:
    page = (Path(__file__).parents[2] / "docs" / "plots.md").read_text(encoding="utf-8")
    for name in nn.plot.__all__:
        assert re.search(rf"\b{name}\b", page), name
    pictures = set(re.findall(r"images/(plot-[a-z-]+\.(?:png|gif))", page))
    folder = Path(__file__).parents[2] / "docs" / "images"
    assert pictures == {path.name for path in folder.glob("plot-*")}
    assert sum((folder / name).stat().st_size for name in pictures) < 800_000
