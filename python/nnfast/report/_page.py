"""The page as a whole: what is in it, in which order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nnfast.report import _classes, _numbers
from nnfast.report._data import data_section
from nnfast.report._html import Markup, facts, joined, number, tag
from nnfast.report._importance import importances
from nnfast.report._measures import speed
from nnfast.report._mistakes import importance_section, mistakes_section
from nnfast.report._model import model_section, origin_section, speed_section, training_section
from nnfast.report._style import STYLE

if TYPE_CHECKING:
    from nnfast.report._subject import Subject

# A browser that obeys it asks the network for nothing, whatever might have got into the page.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
NAMES = {
    "quality": "Quality",
    "calibration": "Calibration",
    "mistakes": "Mistakes",
    "importance": "Importance",
    "training": "Training",
    "model": "Model",
    "data": "Data",
    "timings": "Timings",
    "origin": "Seed and versions",
}


def page(subject: Subject, title: str | None, seed: int, repeats: int, mistakes: int) -> str:
    """Return the report as one HTML page."""
    network = subject.network
    found = importances(subject, repeats, seed)
    if subject.kind == "numbers":
        tiles, sentence = _numbers.headline(subject)
        quality = _numbers.numbers_sections(subject, seed)
    else:
        tiles, sentence = _classes.headline(subject)
        quality = _classes.classes_sections(subject)
    measured = network.evaluate(subject.x, subject.y)
    tiles += [("loss", number(measured["loss"])), ("rows", f"{subject.rows:,}")]
    known = {"loss", "accuracy", "root_mean_squared_error", "mean_absolute_error", "r2"}
    tiles += [(n.replace("_", " "), number(v)) for n, v in measured.items() if n not in known]
    sections = {
        "quality": quality[0],
        **({"calibration": quality[1]} if len(quality) > 1 else {}),
        "mistakes": mistakes_section(subject, mistakes, found),
        "importance": importance_section(subject, found, repeats),
        "training": training_section(network),
        "model": model_section(subject),
        "data": data_section(subject),
        "timings": speed_section(network, speed(network, subject.x)),
        "origin": origin_section(network, seed),
    }
    title = f"Report on {network.architecture}" if title is None else title
    links = [tag("li", tag("a", NAMES[name], href=f"#{name}")) for name in sections]
    made = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    body = tag(
        "body",
        tag(
            "header",
            tag("h1", title),
            tag("p", f"{network.architecture}, {subject.rows:,} rows. {made}.", class_="soft"),
            tag("nav", tag("ul", *links), aria_label="Sections"),
        ),
        tag("main", facts(tiles, "tiles"), tag("p", sentence), *sections.values()),
        tag("footer", "Made by nnfast. The page is complete in itself: it loads nothing."),
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Markup(STYLE)),
    )
    return joined([Markup("<!DOCTYPE html>\n"), tag("html", head, body, lang="en"), "\n"])
