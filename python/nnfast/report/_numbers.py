"""The part of a report on numbers that are predicted: how far off they are."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.losses import GaussianNLL, Quantile
from nnfast.metrics import R2, MeanAbsoluteError, RootMeanSquaredError
from nnfast.metrics._base import Answers
from nnfast.report import _charts
from nnfast.report._data import name_of_output
from nnfast.report._html import Markup, figure, number, percent, section, table, tag

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.report._subject import Subject

    Array: TypeAlias = NDArray[Any]

MOST_POINTS = 1500  # that are drawn
MOST_OUTPUTS = 4  # that have pictures


def headline(subject: Subject) -> tuple[list[tuple[str, str]], str]:
    """Return the numbers that matter most, and a sentence that says what they mean."""
    answers = subject.answers
    error = MeanAbsoluteError().of(answers)
    center = np.median(subject.values, axis=0)
    always = float(np.abs(subject.values - center).mean())
    tiles = [
        ("R²", f"{R2().of(answers):.4f}"),
        ("root mean squared error", number(RootMeanSquaredError().of(answers))),
        ("mean absolute error", number(error)),
    ]
    return tiles, (
        f"Predictions are off by {number(error)} on average. Always saying the median would be off "
        f"by {number(always)}."
    )


def numbers_sections(subject: Subject, seed: int) -> list[Markup]:
    """Return how good the network is: errors, and pictures of them."""
    rows = [_errors(subject, place) for place in range(subject.values.shape[1])]
    head = (
        "",
        "R²",
        "root mean squared",
        "mean absolute",
        "median absolute",
        "mean error",
        "90 % within",
    )
    caption = (
        "Errors, predicted less true. R² is the share of the targets' variance that is explained."
    )
    parts: list[object] = [table(caption, head, rows, numbers=range(1, 7))]
    chosen = np.arange(subject.rows)
    if subject.rows > MOST_POINTS:
        chosen = np.sort(np.random.RandomState(seed).permutation(subject.rows)[:MOST_POINTS])
        parts.append(tag("p", f"Drawn are {MOST_POINTS:,} rows, taken at random.", class_="soft"))
    for place in range(min(subject.values.shape[1], MOST_OUTPUTS)):
        if subject.values.shape[1] > 1:
            parts.append(tag("h3", name_of_output(subject, place)))
        parts.append(_pictures(subject, place, chosen))
    intervals = _levels(subject)
    return [
        section("quality", "How far off it is", *parts),
        *([] if intervals is None else [_intervals(subject, *intervals)]),
    ]


def _levels(subject: Subject) -> tuple[Array, Array] | None:
    """Return shares of the targets that are said to be below something, and those that are.

    None where the loss says but one number of each target.
    """
    loss = subject.loss
    if isinstance(loss, Quantile):
        below = subject.values <= loss.read(subject.outputs)
        return np.array(loss.quantiles), below.mean(axis=(1, 2))
    if isinstance(loss, GaussianNLL):
        mean, variance = loss.read(subject.outputs.astype(np.float64))
        z = (subject.values - mean) / np.sqrt(variance)
        levels = np.arange(1, 20) / 20
        limits = np.array([NormalDist().inv_cdf(level) for level in levels])
        return levels, (z[..., np.newaxis] <= limits).mean(axis=(0, 1))
    return None


def _intervals(subject: Subject, said: Array, true: Array) -> Markup:
    """Return how many of the targets are below what the network says that so many are below."""
    words = (
        "For each share of the targets that the network says to be below a number: how many are? "
        "A network that can be believed is on the dashed line. Where the curve is flatter its "
        "intervals are too narrow, where it is steeper too wide."
    )
    rows = np.full(len(said), subject.rows)
    drawn = _charts.reliability(
        said, true, rows, "said to be below", "share that is below", words, bars=False
    )
    each = [(percent(a), percent(b)) for a, b in zip(said.tolist(), true.tolist(), strict=True)]
    made = table("Shares of the targets", ("said", "is"), each, numbers=(1,))
    pair = tag("div", figure("Quantiles", drawn), made, class_="grid")
    return section("calibration", "Can its intervals be believed?", tag("p", words), pair)


def _errors(subject: Subject, place: int) -> tuple[str, ...]:
    true, said = subject.values[:, [place]], subject.predicted[:, [place]]
    answers = Answers(true, said, None)
    errors = (said - true)[:, 0]
    measured = (
        RootMeanSquaredError().of(answers),
        MeanAbsoluteError().of(answers),
        np.median(np.abs(errors)),
        errors.mean(),
        np.quantile(np.abs(errors), 0.9),
    )
    name = name_of_output(subject, place)
    return (name, f"{R2().of(answers):.4f}", *(number(float(one)) for one in measured))


def _pictures(subject: Subject, place: int, chosen: Array) -> Markup:
    true, said = subject.values[:, place], subject.predicted[:, place]
    errors = said - true
    name = name_of_output(subject, place)
    share = float(np.mean(np.abs(errors) <= np.abs(true - np.median(true))))
    against = (
        f"On the dashed line {name} is predicted as it is; {percent(share)} of the rows are nearer "
        "to it than the median is."
    )
    residuals = "Predicted less true. Best is no pattern about the dashed line."
    spread = (
        f"Mean {number(float(errors.mean()))}, deviation {number(float(errors.std()))}, of "
        f"{len(errors):,} rows."
    )
    pictures: tuple[tuple[str, str, Callable[[str], Markup]], ...] = (
        (
            f"Predicted against true {name}",
            against,
            lambda words: _charts.scatter(
                true[chosen], said[chosen], "true", "predicted", words, "diagonal"
            ),
        ),
        (
            f"Errors against predicted {name}",
            residuals,
            lambda words: _charts.scatter(
                said[chosen], errors[chosen], "predicted", "error", words, "zero"
            ),
        ),
        (
            f"Errors of {name}",
            spread,
            lambda words: _charts.histogram(errors, "error", words),
        ),
    )
    return tag(
        "div",
        *(figure(title, draw(f"{title}. {text}"), " ", text) for title, text, draw in pictures),
        class_="grid",
    )
