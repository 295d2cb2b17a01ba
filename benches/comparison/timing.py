"""Times in turns: what a turn is worth, and what is made of many.

A machine that others use too is fast one second and slow the next. So nothing is timed alone:
everyone has a short turn in each round, what counts is the ratio of two turns of the same round,
and of the rounds' ratios the median.
"""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

# Shorter than this the clock itself would be measured.
LEAST_SECONDS = 1e-3


def turn(call: Callable[[], object], seconds: float) -> float:
    """Return the median time of a call, over about `seconds` of calling."""
    timer = timeit.Timer(call)
    calls, first = warmed_up(timer)
    if first >= seconds:  # so long that the start does not weigh
        return first / calls
    samples: list[float] = []
    while sum(samples) < seconds:
        samples.append(timer.timeit(calls))
    return statistics.median(samples) / calls


def warmed_up(timer: timeit.Timer) -> tuple[int, float]:
    """Return how many calls are long enough to be timed together, and how long they were."""
    calls = 1
    while (seconds := timer.timeit(calls)) < LEAST_SECONDS:
        wanted = int(calls * LEAST_SECONDS / max(seconds, 1e-9)) + 1
        # Not at once: the first call is slower than those to come.
        calls = min(max(2 * calls, wanted), 10 * calls)
    return calls, seconds


@dataclass(frozen=True)
class Ratio:
    """How many times as long as ours: the median of the rounds, and the quartiles around it."""

    median: float
    low: float
    high: float


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> Ratio:
    """Compare turns of the same rounds."""
    ratios = [their / our for their, our in zip(theirs, ours, strict=True)]
    low, median, high = quartiles(ratios)
    return Ratio(median, low, high)


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, median, high


def in_turns(turns: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Give everyone a turn in each round, each round beginning with another one."""
    times: dict[str, list[float]] = {name: [] for name in turns}
    names = list(turns)
    for index in range(rounds):
        first = index % len(names) if names else 0
        for name in names[first:] + names[:first]:
            times[name].append(turns[name]())
    return times
