"""What the machine can do at most, measured in the same run as the times."""

from __future__ import annotations

import json
import shutil
import subprocess
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from comparison import processors

ROOT = Path(__file__).parents[2]
COMMAND = ("cargo", "run", "--quiet", "--release", "--example", "machine")

Rates = list[tuple[int, float]]
"""Bytes that are worked on again and again, and the bytes a second at which that goes."""


@dataclass(frozen=True)
class Limits:
    """Of so many threads."""

    threads: int
    peak: float
    """Floating-point operations on float32 a second; a multiply-add is two."""
    read: Rates
    update: Rates
    """An update reads and writes, and both count."""


@dataclass(frozen=True)
class Machine:
    measured_by: str
    one: Limits
    all: Limits

    def limits(self, threads: int | None) -> Limits:
        """Return those of one thread, or of all."""
        return self.one if threads == 1 else self.all

    def sentence(self) -> str:
        def of(limits: Limits) -> str:
            return (
                f"{limits.peak / 1e9:.0f} GFLOP/s and {limits.update[-1][1] / 1e9:.0f} GB/s "
                f"on {limits.threads} thread{'s' if limits.threads > 1 else ''}"
            )

        return f"The machine's limits: {of(self.one)}, {of(self.all)} ({self.measured_by})."


def at_size(rates: Rates, size: float) -> float:
    """Return the rate of the smallest measured size that holds `size` bytes."""
    return next((rate for bytes_, rate in rates if bytes_ >= size), rates[-1][1])


def measure() -> Machine:
    """Ask the Rust program; without cargo, NumPy."""
    if shutil.which(COMMAND[0]) is None:
        return by_numpy()
    done = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(COMMAND)} failed: {done.stderr.strip()}")
    values = json.loads(done.stdout)
    return Machine(values["instruction_set"], limits(values["one"]), limits(values["all"]))


def limits(values: dict[str, Any]) -> Limits:
    def rates(name: str) -> Rates:
        return [(int(size), float(rate)) for size, rate in values[name]]

    return Limits(values["threads"], values["peak"], rates("read"), rates("update"))


def by_numpy() -> Machine:
    """Return the best that NumPy reaches, which is less than there is; one thread counts as all."""

    def rate(amount: float, work: Callable[[], object]) -> float:
        return amount / min(timeit.repeat(work, number=1, repeat=9))

    rows = 1024
    a = np.ones((rows, rows), np.float32)
    peak = rate(2.0 * rows**3, lambda: a @ a)
    values = np.ones(1 << 25, np.float32)
    update = [(values.nbytes, rate(2.0 * values.nbytes, lambda: np.negative(values, out=values)))]
    read = [(values.nbytes, rate(1.0 * values.nbytes, values.max))]
    threads = processors.available()
    found = Limits(threads, peak, read, update)
    how = "NumPy's fastest product, as cargo is missing: the true limits are higher"
    return Machine(how, found, found)
