"""Python is entered once an epoch, never once a batch."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

import nnfast as nn


def calls_of_an_epoch(rows: int) -> int:
    """Count the calls of Python's functions, and of C's from Python, while one epoch runs."""
    network = nn.FeedForward("3-4-2", output="softmax", seed=0, backend="rust")
    x, y = np.zeros((rows, 3), dtype=np.float32), np.arange(rows) % 2
    network.fit(x, y, batch_size=4, verbose=0)  # what is imported or compiled once is done now
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        network.fit(x, y, batch_size=4, verbose=0)
    finally:
        sys.setprofile(None)
    return calls


def test_an_epoch_of_many_batches_enters_python_as_often_as_one_of_few() -> None:
    assert calls_of_an_epoch(8) == calls_of_an_epoch(8000)
