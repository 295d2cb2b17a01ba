"""Measure how fast this machine trains and predicts, beside the libraries that are installed.

Everyone has a short turn in each round, and what counts is the median of the rounds: a machine that
others use too is fast one second and slow the next. Rows a second, on a few sizes of networks and
of data drawn at random; it takes about half a minute. 'make bench' in the sources measures more.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import nnfast as nn
from nnfast.cli import _errors, _options, _peers
from nnfast.cli._console import Console
from nnfast.cli._errors import Misused
from nnfast.cli._peers import Work

WORKS = {
    "small": Work((4, 16, 3), 1_000, 32),
    "table": Work((14, 64, 64, 2), 4_000, 128),
    "images": Work((784, 256, 128, 10), 2_000, 128),
}
LEAST_SECONDS = 1e-3  # shorter than this the clock itself would be measured

EXAMPLES = """\
examples:
  nnfast bench
  nnfast bench --only table --threads 1
  nnfast bench --no-peers --json
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--only", choices=list(WORKS), help="one size (default: all)")
    parser.add_argument("--no-peers", action="store_true", help="nnfast alone")
    parser.add_argument(
        "--seconds",
        type=_options.above_zero,
        default=0.2,
        metavar="S",
        help="of a turn (default: 0.2)",
    )
    parser.add_argument(
        "--rounds", type=_options.positive, default=3, metavar="N", help="(default: 3)"
    )
    _options.working(parser)


def run(options: argparse.Namespace) -> int:
    """Measure, and say it as a table."""
    console = Console(as_json=options.json, quiet=options.quiet)
    threads = options.threads or nn.get_num_threads()
    names = ["nnfast"] if options.no_peers else _peers.installed()
    if options.backend is not None:
        raise Misused("--backend is none of bench's options; set NNFAST_BACKEND")
    works = {options.only: WORKS[options.only]} if options.only else WORKS
    said = "1 thread" if threads == 1 else f"{threads} threads"
    more = "; in brackets how many times as many nnfast has" if len(names) > 1 else ""
    console.say(f"rows a second, {said}{more}")
    console.say()
    console.say(f"{'':<34}" + "".join(f"{name:>24}" for name in names))
    found: list[dict[str, Any]] = []
    for size, work in works.items():
        for task, rates in measured(work, names, threads, options).items():
            found.append({"size": size, "architecture": work.architecture, "task": task, **rates})
            console.say(f"{task:<16}{work.architecture:<18}" + _cells(rates))
    console.result({"threads": threads, "unit": "rows a second", "measured": found})
    return _errors.GOOD


def measured(
    work: Work, names: list[str], threads: int, options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """Return for each task the rows a second of everyone."""
    contenders = {name: _peers.CONTENDERS[name][1](work, threads) for name in names}
    tasks: dict[str, tuple[int, dict[str, Callable[[], object]]]] = {
        "train": (work.rows, {name: one.epoch for name, one in contenders.items()}),
        "predict": (work.rows, {name: one.predict for name, one in contenders.items()}),
        "predict one": (1, {name: one.predict_one for name, one in contenders.items()}),
    }
    found = {}
    for task, (rows, calls) in tasks.items():
        seconds: dict[str, list[float]] = {name: [] for name in names}
        for number in range(options.rounds):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                seconds[name].append(turn(calls[name], options.seconds))
        found[task] = {name: rows / statistics.median(times) for name, times in seconds.items()}
    return found


def turn(call: Callable[[], object], seconds: float) -> float:
    """Return the median time of a call, over about so many seconds of calling."""
    calls = 1
    while (taken := _timed(call, calls)) < LEAST_SECONDS:
        calls *= 4
    if taken >= seconds:
        return taken / calls
    samples = [taken / calls]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        samples.append(_timed(call, calls) / calls)
    # The first is slower than those to come.
    return statistics.median(samples[1:] or samples)


def _timed(call: Callable[[], object], calls: int) -> float:
    begun = time.perf_counter()
    for _ in range(calls):
        call()
    return time.perf_counter() - begun


def _cells(rates: dict[str, float]) -> str:
    best = rates["nnfast"]
    cells = []
    for name, rate in rates.items():
        ratio = "" if name == "nnfast" else f" ({best / rate:.1f}x)"
        cells.append(f"{f'{rate:,.0f}{ratio}':>24}")
    return "".join(cells)
