"""Whole processes: a script for each library, timed from its start to its end."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path

import numpy as np

import nnfast as nn
from comparison.cases import Process
from comparison.contenders import Contender

SCRIPTS = Path(__file__).parents[1] / "whole"
FILE = "mnist.npz"
MOST_ROUNDS = 3
PATIENCE_SECONDS = 300.0


def ready(
    case: Process, contenders: Iterable[Contender]
) -> tuple[dict[str, Callable[[], float]], dict[str, str]]:
    """Run everyone once, which also fills the disk's cache; return those that learned."""
    contenders = list(contenders)
    try:
        data = Path(images().name) / FILE
    except (OSError, ValueError) as error:
        return {}, {contender.name: f"no MNIST: {error}" for contender in contenders}
    turns, left_out = {}, {}
    for contender in contenders:
        turn = partial(run, case, contender, data)
        try:
            turn()
        except (subprocess.SubprocessError, ValueError) as error:
            left_out[contender.name] = str(error).strip().split("\n")[-1]
        else:
            turns[contender.name] = turn
    return turns, left_out


def run(case: Process, contender: Contender, data: Path) -> float:
    """Return the seconds of one process, which must have reached the accuracy."""
    script = SCRIPTS / f"with_{contender.peer}.py"
    command = [sys.executable, str(script), str(data), str(case.epochs), str(case.batch)]
    begin = time.perf_counter()
    done = subprocess.run(
        command,
        env={**os.environ, **contender.environment, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise ValueError(done.stderr)
    accuracy = float(done.stdout.split()[-1])
    if accuracy < case.accuracy:
        raise ValueError(f"its accuracy is {accuracy:.4f}, below {case.accuracy}")
    return seconds


@cache
def images() -> tempfile.TemporaryDirectory[str]:
    """Write MNIST where every script reads it alike: unpacking it is not what is measured."""
    (x, y), (x_test, y_test) = nn.datasets.mnist(dtype="uint8", mirrors=[])
    folder = tempfile.TemporaryDirectory(prefix="nnfast-benchmark-")  # gone when this process is
    np.savez(Path(folder.name) / FILE, x=x, y=y, x_test=x_test, y_test=y_test)
    return folder
