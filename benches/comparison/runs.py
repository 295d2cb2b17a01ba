"""A case from start to end: who can take part, do all compute the same, the times in turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import BrokenExecutor, TimeoutError
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any

import numpy as np

from comparison import limits, processes, processors, timing
from comparison.cases import Case, ManyNets, Process
from comparison.contenders import ONE_BY_ONE, OURS, Contender
from comparison.machine import Machine
from comparison.timing import Ratio
from comparison.worker import Worker


@dataclass(frozen=True)
class Result:
    """What became of a case: for each contender its time in every round, or why it has none."""

    case: Case
    times: dict[str, list[float]]
    left_out: dict[str, str] = field(default_factory=dict)
    limit: float | None = None
    """The least seconds that it can take on this machine."""

    def median(self, name: str) -> float | None:
        return statistics.median(self.times[name]) if name in self.times else None

    @property
    def ratios(self) -> dict[str, Ratio]:
        """How many times as long as ours the others took."""
        if OURS not in self.times:
            return {}
        ours = self.times[OURS]
        return {
            name: timing.ratio(theirs, ours)
            for name, theirs in self.times.items()
            if name not in (OURS, ONE_BY_ONE)
        }

    @property
    def best(self) -> tuple[str, Ratio] | None:
        """The fastest of the others."""
        ratios = self.ratios
        return min(ratios.items(), key=lambda item: item[1].median) if ratios else None

    @property
    def part_of_limit(self) -> float | None:
        """How much of what the machine can do we reach."""
        ours = self.median(OURS)
        return self.limit / ours if self.limit and ours else None


class Comparison:
    """All cases of a run, with the contenders' processes, which stay from case to case."""

    def __init__(
        self,
        contenders: Iterable[Contender],
        machine: Machine,
        *,
        rounds: int,
        seconds: float,
        quick: bool,
    ) -> None:
        self._contenders, self._machine, self._quick = tuple(contenders), machine, quick
        self._rounds, self._seconds = rounds, seconds
        self._workers: dict[tuple[str, int], Worker] = {}

    def __enter__(self) -> Comparison:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers.values():
            worker.close()

    def run(self, case: Case) -> Result:
        taking_part = [each for each in self._contenders if each.takes_part(case, self._quick)]
        if isinstance(case, Process):
            ready, left_out = processes.ready(case, taking_part)
            times = timing.in_turns(ready, min(self._rounds, processes.MOST_ROUNDS))
            return Result(case, times, left_out)
        outcomes, left_out = {}, {}
        workers: dict[str, Worker] = {}
        for contender in taking_part:
            worker = self._worker(contender, case)
            try:
                outcomes[contender.name] = worker.prepare(case)
            except Exception as error:  # whatever a library raises: it is named, and the rest go on
                left_out[contender.name] = str(error).strip().split("\n")[0] or repr(error)
                if isinstance(error, BrokenExecutor | TimeoutError):
                    self._give_up(worker)
                continue
            workers[contender.name] = worker
        different = differences(outcomes, case.tolerance)
        turns: dict[str, Callable[[], float]] = {
            name: partial(worker.take_turn, self._seconds)
            for name, worker in workers.items()
            if name not in different
        }
        times = timing.in_turns(turns, self._rounds)
        return Result(case, times, left_out | different, self._limit(case, times))

    def _worker(self, contender: Contender, case: Case) -> Worker:
        count = contender.processors or case.threads or processors.available()
        key = contender.name, count
        if key not in self._workers:
            self._workers[key] = Worker(contender, count)
        return self._workers[key]

    def _give_up(self, worker: Worker) -> None:
        """Let the next case have a new process: this one is dead, or busy for ever."""
        worker.close()
        self._workers = {key: each for key, each in self._workers.items() if each is not worker}

    def _limit(self, case: Case, times: Mapping[str, list[float]]) -> float | None:
        if isinstance(case, ManyNets) and ONE_BY_ONE in times:
            # Perfect scaling: what one core does alone, shared by all.
            return statistics.median(times[ONE_BY_ONE]) / processors.available()
        return limits.seconds(case, self._machine)


def differences(outcomes: Mapping[str, Any], tolerance: float) -> dict[str, str]:
    """Return whose outcome is not ours, and by how much; without ours, nobody's."""
    if OURS not in outcomes:
        return {}
    ours = np.asarray(outcomes[OURS], dtype=float)
    scale = float(np.max(np.abs(ours)))
    found = {}
    for name, outcome in outcomes.items():
        theirs = np.asarray(outcome, dtype=float)
        if theirs.shape != ours.shape:
            found[name] = f"computes something else: {theirs.shape} values, not {ours.shape}"
            continue
        difference = float(np.max(np.abs(theirs - ours))) / scale
        if not difference <= tolerance:  # nor NaN
            found[name] = f"computes something else: {difference:.1e} away from ours"
    return found
