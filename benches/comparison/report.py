"""What was measured, as tables in Markdown and as JSON."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from comparison import contenders
from comparison.machine import Machine
from comparison.runs import Result

TITLES = {
    "train": "Training: a step",
    "predict": "Prediction: a call",
    "elementwise": "Functions: 262,144 float32 in the cache, one thread",
    "many": "Many nets: an epoch of all",
    "process": "A whole process",
}
UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


def duration(seconds: float) -> str:
    """Return three digits and a unit.

    >>> duration(0.000430)
    '430 us'
    """
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= size), UNITS[-1])
    return f"{three_digits(seconds / size)} {unit}"


def three_digits(value: float) -> str:
    """Return a number from 1 to 999 without what nobody can know.

    >>> three_digits(1.2345), three_digits(12.345), three_digits(123.45)
    ('1.23', '12.3', '123')
    """
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def markdown(results: Sequence[Result], machine: Machine) -> str:
    """Return everything for people."""
    groups = {result.case.group: None for result in results}
    parts = [environment(machine)]
    for group in groups:
        of_group = [result for result in results if result.case.group == group]
        parts.append(curve(of_group) if group.startswith("growth/") else table(of_group))
    return "\n\n".join(part for part in [*parts, left_out(results)] if part) + "\n"


def environment(machine: Machine) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in contenders.versions().items())
    return f"{machine.sentence()}\nPython {platform.python_version()}, {versions}."


def names_in(results: Iterable[Result]) -> list[str]:
    """Return who has times, in the contenders' order."""
    found = {name for result in results for name in result.times}
    return [contender.name for contender in contenders.ALL if contender.name in found]


def table(results: Sequence[Result]) -> str:
    """Return a table of the times, the best peer's ratio and the part of the limit."""
    group = results[0].case.group
    names = names_in(results)
    lines = [f"### {TITLES.get(group, group)}", ""]
    lines += row(["", *names, "best peer / nnfast", "of the limit"])
    lines += row(["---", *["---:"] * (len(names) + 2)])
    for result in results:
        medians = [result.median(name) for name in names]
        cells = ["" if median is None else duration(median) for median in medians]
        lines += row([result.case.label, *cells, best_peer(result), part_of_limit(result)])
    return "\n".join(lines)


def best_peer(result: Result) -> str:
    if result.best is None:
        return ""
    name, ratio = result.best
    return f"**{ratio.median:.2f}** ({ratio.low:.2f} to {ratio.high:.2f}) {name}"


def part_of_limit(result: Result) -> str:
    return "" if result.part_of_limit is None else f"{result.part_of_limit:.1%}"


def curve(results: Sequence[Result]) -> str:
    """Return one line for each point: its times a row, and the part of the limit."""
    group = results[0].case.group
    names = names_in(results)
    lines = [f"### Growth: {group.removeprefix('growth/').replace('-', ' ')}, time a row", ""]
    lines += row([*["at", *names], "of the limit"])
    lines += row(["---:"] * (len(names) + 2))
    for result in results:
        times = [time_a_row(result, name) for name in names]
        cells = ["" if seconds is None else duration(seconds) for seconds in times]
        lines += row([str(result.case.at), *cells, part_of_limit(result)])
    return "\n".join(lines + cliffs(results))


def time_a_row(result: Result, name: str) -> float | None:
    """Return the seconds of one row in a step or call."""
    median = result.median(name)
    rows = getattr(result.case, "batch", None) or getattr(result.case, "rows", 1)
    return None if median is None else median / rows


# A point of a curve that needs so many times its neighbour's time, and more, for the same work.
CLIFF = 1.5


def cliffs(results: Sequence[Result]) -> list[str]:
    """Return a line for each point that does worse with the machine than the one before it."""
    lines = []
    for before, after in pairwise(results):
        if before.part_of_limit and after.part_of_limit:
            worse = before.part_of_limit / after.part_of_limit
            if worse > CLIFF:
                points = f"from {before.case.at} to {after.case.at}"
                lines.append(f"A cliff {points}: {worse:.1f} times as far from the limit.")
    return ["", *lines] if lines else []


def left_out(results: Iterable[Result]) -> str:
    """Return who is missing where, and why, each reason once."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for result in results:
        for name, reason in result.left_out.items():
            reasons.setdefault((name, reason), []).append(result.case.name)
    lines = [
        f"- {name}, in {', '.join(cases)}: {reason}" for (name, reason), cases in reasons.items()
    ]
    return "\n".join(["### Left out", "", *lines]) if lines else ""


def row(cells: Iterable[str]) -> list[str]:
    return [f"| {' | '.join(cells)} |"]


def as_json(results: Iterable[Result], machine: Machine) -> dict[str, Any]:
    """Return everything for programs; times in seconds, for each round."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": contenders.versions(),
        "machine": asdict(machine),
        "cases": [
            {
                "name": result.case.name,
                "unit": result.case.unit,
                "case": asdict(result.case),
                "times": result.times,
                "left_out": result.left_out,
                "limit": result.limit,
                "part_of_limit": result.part_of_limit,
                "ratios": {name: asdict(ratio) for name, ratio in result.ratios.items()},
            }
            for result in results
        ],
    }
