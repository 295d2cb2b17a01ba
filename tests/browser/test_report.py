"""The report as a browser shows it: on a phone and on a desk, in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import nnfast as nn
from browser import chromium

pytestmark = pytest.mark.skipif(
    chromium.found() is None, reason="there is no Chromium: install it from the distribution"
)

SIZES = {"phone": (390, 844), "small phone": (320, 568), "desk": (1280, 900)}
SECTIONS = ("quality", "mistakes", "importance", "training", "model", "data", "timings", "origin")


def classes() -> tuple[nn.FeedForward, object, object]:
    (X, y), held_out = nn.datasets.split(*nn.datasets.digits())
    net = nn.FeedForward("64-16-10", output="softmax", seed=0)
    net.fit(X, y, epochs=5, validation_data=held_out)
    return net, *held_out


def numbers() -> tuple[nn.FeedForward, object, None]:
    """Return a table with long words and hostile ones, which is what a page breaks on."""
    rng = np.random.default_rng(0)
    columns = {
        f"a column with a name that is rather longer than a phone is wide {place}": rng.normal(
            size=200
        )
        for place in range(8)
    }
    columns["<img src=x onerror=alert(1)>"] = rng.choice(["w" * 80, "<script>boom()</script>"], 200)
    columns["price"] = rng.normal(size=200) * 1e6
    table = nn.Table.fit(columns, target="price")
    net = nn.FeedForward([*table.layers(), nn.Dense(4, "tanh"), nn.Dense(1)], seed=0)
    net.table = table
    net.fit(table.encode(columns), table.targets(columns) / 1e6, epochs=3)
    return net, columns, None


def answers() -> tuple[nn.FeedForward, object, object]:
    """Return many classes with long names: a matrix that is wider than any screen."""
    rng = np.random.default_rng(0)
    names = np.array([f"class number {place} of twenty-five" for place in range(25)])
    y = names[np.arange(300) % 25]
    X = rng.normal(size=(300, 5))
    net = nn.FeedForward("5-25", output="softmax", seed=0)
    net.fit(X, y, epochs=2)
    return net, X, y


@pytest.fixture(scope="module", params=[classes, numbers, answers])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    net, X, y = request.param()
    path = tmp_path_factory.mktemp("report") / "report.html"
    net.report(path, X, y, repeats=1)
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory):
    browser = chromium.Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_a_page_fits_and_asks_for_nothing(page, browser, size, scheme):
    width, height = SIZES[size]
    browser.open(page, width, height, scheme)
    assert browser.complaints == []
    assert [one for one in browser.requests if not one.startswith("data:")] == []
    assert browser.evaluate("innerWidth") == width
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    # What is too wide scrolls in a frame of its own; nothing else sticks out of its place.
    out = browser.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => !e.closest('.wide, svg') && "
        "e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 99))"
    )
    assert out == []
    for name in SECTIONS:
        box = f"document.getElementById('{name}').getBoundingClientRect()"
        assert browser.evaluate(f"{box}.width > 200 && {box}.height > 40"), name


def luminance(colour: str) -> float:
    """Return how bright a colour of CSS is (Web Content Accessibility Guidelines 2.2)."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_the_paper(page, browser, scheme):
    browser.open(page, *SIZES["desk"], scheme)
    paper = luminance(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert (paper > 0.5) == (scheme == "light")
    places = {"p": "color", ".soft": "color", "a": "color", "dt": "color", "svg.chart text": "fill"}
    for place, kind in places.items():
        asked = f"getComputedStyle(document.querySelector('main {place}, {place}')).{kind}"
        ink = luminance(browser.evaluate(asked))
        contrast = (max(paper, ink) + 0.05) / (min(paper, ink) + 0.05)
        assert contrast >= 4.5, place


def test_words_of_charts_can_be_read_on_a_phone(page, browser):
    """Letters of charts shrink with the chart: they stay those of a footnote at least."""
    browser.open(page, *SIZES["phone"])
    sizes = browser.evaluate(
        "[...document.querySelectorAll('svg.chart')].map(e => 12 * e.clientWidth / 360)"
    )
    assert len(sizes) >= 2
    assert min(sizes) >= 10


def test_nothing_in_a_page_runs(page, browser):
    browser.open(page, *SIZES["desk"])
    assert browser.evaluate("document.scripts.length") == 0
    assert browser.evaluate("document.querySelectorAll('img[onerror]').length") == 0


def test_pictures_are_drawn(page, browser):
    browser.open(page, *SIZES["desk"])
    decoded = "Promise.all([...document.images].map(one => one.decode()))"  # or it raises
    count = browser.evaluate(f"{decoded}.then(all => all.length)")
    assert count == page.read_text(encoding="utf-8").count("<img src=")
    boxes = browser.evaluate(
        "[...document.querySelectorAll('svg.chart, .architecture svg')].map("
        "e => [e.getBoundingClientRect().width, e.getBoundingClientRect().height])"
    )
    assert len(boxes) >= 2
    assert all(width > 100 and height > 60 for width, height in boxes)
