"""The pictures of a run: how fast beside the best peer, how near the limit, how it grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

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


def ratios(results: Sequence[Result]) -> Figure:
    """Draw a bar for each case, from 1, where the best peer is as fast."""
    best = [result.best[1] for result in results if result.best]
    names = [result.best[0] for result in results if result.best]
    axes = bars(results, [ratio.median for ratio in best], colors_by_one(best))
    low = [ratio.median - ratio.low for ratio in best]
    high = [ratio.high - ratio.median for ratio in best]
    axes.errorbar(
        [ratio.median for ratio in best],
        range(len(best)),
        xerr=[low, high],
        fmt="none",
        ecolor="0.3",
    )
    for index, (name, ratio) in enumerate(zip(names, best, strict=True)):
        text = f"{ratio.median:.1f}  {name}"
        axes.annotate(
            text, (max(ratio.high, 1), index), (6, 0), textcoords="offset points", va="center"
        )
    axes.axvline(1, color="0.2", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlim(right=axes.get_xlim()[1] * 4)
    axes.set_xlabel("times as fast as the best peer (quartiles of the rounds)")
    return axes.get_figure()


def colors_by_one(best: Sequence[Any]) -> list[str]:
    return [OUR_COLOR if ratio.median >= 1 else PEER_COLOR for ratio in best]


def limits(results: Sequence[Result]) -> Figure:
    """Draw what part of the machine's limit each case reaches."""
    parts = [100 * (result.part_of_limit or 0) for result in results]
    axes = bars(results, parts, [OUR_COLOR] * len(parts))
    axes.axvline(100, color="0.2", linewidth=1)
    axes.set_xlabel("% of the machine's limit")
    return axes.get_figure()


def bars(results: Sequence[Result], values: Sequence[float], colors: Sequence[str]) -> Any:
    axes = sheet(9.0, 1.2 + 0.32 * len(results)).subplots()
    axes.barh(range(len(values)), values, color=colors)
    axes.set_yticks(
        range(len(values)), [f"{result.case.group}: {result.case.label}" for result in results]
    )
    axes.invert_yaxis()  # in the order of the tables
    axes.spines[["top", "right"]].set_visible(False)
    return axes


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
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_title(title)
    axes.set_ylabel("seconds a row")
    axes.legend(fontsize="small")
