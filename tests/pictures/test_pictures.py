"""Every picture is as it was when someone last looked at it and found it good.

`python tests/pictures/renew.py` draws the baselines anew.
"""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image

import nnfast as nn
from nnfast.plot._figure import LINE_COLOURS
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
    for name, picture in cases.svgs().items():
        text = (cases.FOLDER / f"{name}.svg").read_text(encoding="utf-8")
        assert picture == text, RENEW.format(name=name)


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


@pytest.mark.parametrize("vision", ["usual", "protanopia", "deuteranopia", "tritanopia"])
def test_every_kind_of_vision_tells_the_colours_apart(vision: str) -> None:
    """Machado, Oliveira and Fernandes, IEEE Transactions on Visualization 15(6), 2009, table 1."""
    seen = {
        "usual": np.eye(3),
        "protanopia": [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        "deuteranopia": [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        "tritanopia": [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    }[vision]
    coded = np.array([to_rgb(colour) for colour in LINE_COLOURS])
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.transpose(seen), 0.0, 1.0)
    # To CIE's L*, a*, b*, in which 2 is just noticeable.
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = linear @ np.transpose(to_xyz) / [0.9505, 1.0, 1.089]
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = root.T
    lab = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)
    apart = [np.linalg.norm(a - b) for a, b in combinations(lab, 2)]
    assert min(apart) > 15


def test_words_are_legible_at_600_pixels() -> None:
    """On a figure of their own, scaled to the width of a page, letters are 7.5 pixels high."""
    X, y = cases.digits()
    deep = nn.FeedForward([64, *[12] * 12, 10], hidden="tanh", seed=0)
    for axes in (
        nn.plot.architecture(deep),
        nn.plot.architecture(cases.network("784-64-10")),
        nn.plot.activations(),
        nn.plot.saturation(nn.FeedForward("64-9-8-7-10", seed=0), X),
        nn.plot.gradient_flow(nn.FeedForward("64-9-8-7-10", seed=0), X, np.eye(10)[y]),
        nn.plot.confusion_matrix(y, y),
        nn.plot.label_map(*cases.som()),
    ):
        figure = axes.figure
        scale = min(1.0, 600 / (figure.get_figwidth() * figure.dpi))
        figure.canvas.draw()
        for text in figure.findobj(Text):
            if text.get_visible() and text.get_text():
                assert text.get_fontsize() * figure.dpi / 72 * scale > 7.5, text
