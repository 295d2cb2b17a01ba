"""The pictures of a run: how fast beside the best peer, how near the limit, how it grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from comparison import report
from comparison.contenders import OURS
from comparison.runs import Result

OUR_COLOR, PEER_COLOR, MUTED = "tab:blue", "tab:orange", "0.6"
# Curves on one sheet, side by side.
COLUMNS = 3


def draw(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write every picture that there are results for, and return where."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [result for result in results if result.case.at is None]
    points = [result for result in results if result.case.at is not None]
    wanted: dict[str, tuple[Callable[[Sequence[Result]], Figure], Sequence[Result]]] = {
        "ratios": (ratios, [result for result in rows if result.best]),
        "limits": (limits, [result for result in rows if result.part_of_limit]),
        "growth": (growth, points),
    }
    paths = []
    for name, (picture, of) in wanted.items():
        if of:
            paths.append(folder / f"performance-{name}.png")
            picture(of).savefig(paths[-1])
    return paths


def sheet(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), dpi=120, layout="constrained")


def in_words(axis: Axis, words: Callable[[float], str]) -> None:
    """Make the axis of something drawn logarithmic, with a few numbers that read well."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    least, most = axis.get_view_interval()
    wide = most > 300 * least
    axis.set_major_locator(LogLocator(subs=[1.0] if wide else [1.0, 2.0, 5.0], numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda value, _: words(value)))
    axis.set_minor_locator(NullLocator())


def ratios(results: Sequence[Result]) -> Figure:
    """Draw a bar for each case, from 1, where the best peer is as fast."""
    best = [result.best for result in results if result.best]
    medians = [ratio.median for _, ratio in best]
    spread = [
        [ratio.median - ratio.low for _, ratio in best],
        [ratio.high - ratio.median for _, ratio in best],
    ]
    colors = [OUR_COLOR if median >= 1 else PEER_COLOR for median in medians]
    figure, axes = bars(results, [median - 1 for median in medians], colors, left=1)
    axes.errorbar(medians, range(len(best)), xerr=spread, fmt="none", ecolor="0.3")
    for index, (name, ratio) in enumerate(best):
        right = max(ratio.high, 1), index
        text = f"{ratio.median:.2f}  {name}"
        axes.annotate(text, right, (6, 0), textcoords="offset points", va="center")
    axes.axvline(1, color="0.2", linewidth=1)
    in_words(axes.xaxis, "{:g}".format)
    least, most = axes.get_xlim()
    axes.set_xlim(min(least, 0.5), 4 * most)  # with room for the names
    axes.set_xlabel("times as fast as the best peer, with the quartiles of the rounds")
    return figure


def limits(results: Sequence[Result]) -> Figure:
    """Draw what part of the machine's limit each case reaches."""
    parts = [100 * (result.part_of_limit or 0) for result in results]
    figure, axes = bars(results, parts, [OUR_COLOR] * len(parts))
    axes.axvline(100, color="0.2", linewidth=1)
    axes.set_xlabel("% of the machine's limit")
    return figure


def bars(
    results: Sequence[Result], widths: Sequence[float], colors: Sequence[str], left: float = 0
) -> tuple[Figure, Axes]:
    figure = sheet(9.0, 1.2 + 0.3 * len(results))
    axes = figure.subplots()
    axes.barh(range(len(widths)), widths, left=left, color=colors)
    names = [f"{result.case.group}: {result.case.label}" for result in results]
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()  # in the order of the tables
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def growth(results: Sequence[Result]) -> Figure:
    """Draw the time a row along every curve: ours, the peer's, and the machine's limit."""
    groups = list(dict.fromkeys(result.case.group for result in results))
    lines = -(-len(groups) // COLUMNS)
    figure = sheet(4.0 * COLUMNS, 3.2 * lines)
    panels = figure.subplots(lines, COLUMNS, squeeze=False).ravel()
    for axes, group in zip(panels, groups, strict=False):
        curve(axes, [result for result in results if result.case.group == group])
    for axes in panels[len(groups) :]:
        axes.set_visible(False)
    return figure


def curve(axes: Axes, results: Sequence[Result]) -> None:
    title = results[0].case.group.removeprefix("growth/").replace("-", " ")
    for name in report.names_in(results):
        points = [
            (result.case.at, seconds)
            for result in results
            if (seconds := report.time_a_row(result, name)) is not None
        ]
        color = OUR_COLOR if name == OURS else PEER_COLOR
        axes.plot(*zip(*points, strict=True), marker=".", label=name, color=color)
    floor = [
        (result.case.at, result.part_of_limit * seconds)
        for result in results
        if result.part_of_limit and (seconds := report.time_a_row(result, OURS))
    ]
    if floor:
        axes.plot(
            *zip(*floor, strict=True), color=MUTED, linestyle=":", label="the machine's limit"
        )
    in_words(axes.xaxis, "{:g}".format)
    in_words(axes.yaxis, report.duration)
    axes.set_title(f"{title}: time a row")
    axes.legend(fontsize="small")
