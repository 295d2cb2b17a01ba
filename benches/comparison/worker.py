"""A process for each contender, so that no library's threads, settings or crash are another's.

The parent makes a `Worker`; what it calls runs in `prepare` and `take_turn`, in the process.
"""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import numpy as np

from comparison import data, processors, timing
from comparison.cases import Case, ManyNets, Training
from comparison.contenders import Contender
from comparison.peers import Learner

# The longest that a library may take to get ready or to have its turn.
PATIENCE_SECONDS = 600.0
# Threads that wait by spinning go to sleep, before the next one's turn.
REST_SECONDS = 0.02
ROWS_OF_THE_CHECK = 256

_turn: Callable[[float], float] | None = None


def prepare(peer: str, options: Mapping[str, Any], case: Case) -> Any:
    """Get ready for a case, and return what is to be checked: a loss, or the values themselves."""
    global _turn
    _turn = None
    gc.collect()  # the last case's data
    made = data.of(case)
    module = importlib.import_module(f"comparison.peers.{peer}")
    subject = getattr(module, case.kind)(case, made, **options)
    if isinstance(case, Training | ManyNets):
        weights, some = subject.weights_after(case.steps_to_check), slice(ROWS_OF_THE_CHECK)
        loss = data.mean_loss(weights, made.x[some], made.y[some])
        subject.epoch()  # what is compiled for a whole one is compiled now
        _turn = partial(_epochs, subject, case.steps if isinstance(case, Training) else 1)
        return loss
    _turn = partial(timing.turn, subject)
    return np.array(subject())  # a copy: the next call may write into the same


def _epochs(learner: Learner, steps: int, seconds: float) -> float:
    # From where it began, so that every turn sees the same numbers.
    learner.reset()
    return timing.turn(learner.epoch, seconds) / steps


def take_turn(seconds: float) -> float:
    assert _turn is not None, "nothing was prepared"
    time.sleep(REST_SECONDS)
    return _turn(seconds)


def leave() -> None:
    """End the process at once, with those that it started: some libraries' threads never end."""
    loky = sys.modules.get("joblib.externals.loky")
    if loky is not None:
        loky.get_reusable_executor().shutdown(kill_workers=True)
    os._exit(0)


class Worker:
    """A contender's process, kept to so many processors."""

    def __init__(self, contender: Contender, count: int) -> None:
        self._contender = contender
        self._pool = ProcessPoolExecutor(
            1,
            multiprocessing.get_context("spawn"),
            initializer=processors.keep_to,
            initargs=(count,),
        )
        self._environment = {
            **processors.variables(count),
            **contender.environment,
            # What libraries have to say is not what was asked.
            "PYTHONWARNINGS": "ignore",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }

    def prepare(self, case: Case) -> Any:
        contender = self._contender
        # The process starts with the first call, and takes the environment that it finds.
        with variables(self._environment):
            future = self._pool.submit(prepare, contender.peer, dict(contender.options), case)
        return future.result(PATIENCE_SECONDS)

    def take_turn(self, seconds: float) -> float:
        return self._pool.submit(take_turn, seconds).result(PATIENCE_SECONDS)

    def close(self) -> None:
        with suppress(BrokenProcessPool):
            self._pool.submit(leave)
        self._pool.shutdown(wait=False)


@contextmanager
def variables(environment: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment for a while."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
