"""What of a picture is kept as its baseline, and how far another may be from it.

Words are rendered by FreeType, whose version changes every glyph by a little: with them, pictures
of matplotlib 3.10 and 3.11 differ by a root mean square of 8 to 26 of 255 levels, as much as by a
line that is missing. So a baseline is in two parts: the picture without words, and the words.

Measured with matplotlib 3.8.4, 3.9.4, 3.10.9, 3.11.0, 3.11.1 and 3.11.2: without words the pictures
are the same to the last bit, save for those that hold an image, which 3.11 samples in another way
than those before it (a root mean square of up to 22.3). With networks computed in NumPy they differ
by up to 0.02. Of all lines, areas, points and images that the pictures are made of, the one least
missed changes them by 0.27: a test holds that each is missed by twice the tolerance.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.testing.compare import calculate_rms
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from pictures.cases import FOLDER

Array = NDArray[Any]

TOLERANCE = 0.1
SAMPLED_OTHERWISE = 25.0
SERIES = "3.11"  # by which the baselines are drawn
WORDS = FOLDER / "words.json"


def tolerance(figure: Figure) -> float:
    """Return how far a picture may be from its baseline, with this version of matplotlib."""
    series = ".".join(matplotlib.__version__.split(".")[:2])
    holds_image = any(ax.images for ax in all_axes(figure))
    return SAMPLED_OTHERWISE if holds_image and series != SERIES else TOLERANCE


def all_axes(figure: Figure) -> list[Axes]:
    return [ax for ax in figure.findobj(Axes) if isinstance(ax, Axes)]


def pixels(figure: Figure) -> Array:
    """Return the picture as red, green and blue, shape (height, width, 3)."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[:, :, :3].copy()


def error(expected: Array, actual: Array) -> float:
    """Return matplotlib's measure of a difference: the root mean square, of 255 levels."""
    # Signed, or what is darker by one would count as lighter by 255.
    return float(calculate_rms(expected.astype(np.int16), actual.astype(np.int16)))


def without_words(figure: Figure) -> Array:
    """Hide all words and the legends, whose size follows from their words; return the pixels."""
    for ax in all_axes(figure):
        if ax.get_legend() is not None:
            ax.get_legend().set_visible(False)
    for text in figure.findobj(Text):
        text.set_visible(False)
    return pixels(figure)


def words(figure: Figure) -> list[str]:
    """Return what is written, axes by axes: what it is, and the words."""
    figure.canvas.draw()
    return [f"{kind}: {text}" for ax in all_axes(figure) for kind, text in _words(ax) if text]


def _words(ax: Axes) -> Iterator[tuple[str, str]]:
    yield "title", ax.get_title()
    if ax.axison:
        yield "x", ax.get_xlabel()
        yield "y", ax.get_ylabel()
        for name, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
            low, high = sorted(axis.get_view_interval())
            inside = [
                tick.label1.get_text()
                for tick in axis.get_major_ticks()
                if tick.label1.get_visible() and low <= tick.get_loc() <= high
            ]
            yield f"{name} ticks", " ".join(inside)
    for text in ax.texts:
        yield "text", text.get_text()
    legend = ax.get_legend()
    if legend is not None:
        yield "legend", legend.get_title().get_text()
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
            colour = getattr(handle, "get_facecolor", getattr(handle, "get_color", None))
            yield "legend", f"{text.get_text()} {to_hex(colour())}"


def artists(figure: Figure) -> list[Any]:
    """Return all lines, areas, points and images of a picture."""
    return [
        artist
        for ax in all_axes(figure)
        for artist in (*ax.lines, *ax.collections, *ax.patches, *ax.images)
        # A colour bar has a collection of lines between its colours, which is empty.
        if not (isinstance(artist, Collection) and not artist.get_paths())
    ]


def baseline(name: str) -> Array:
    with Image.open(FOLDER / f"{name}.png") as image:
        return np.asarray(image.convert("RGB"))


def known_words() -> dict[str, list[str]]:
    known: dict[str, list[str]] = json.loads(WORDS.read_text(encoding="utf-8"))
    return known
