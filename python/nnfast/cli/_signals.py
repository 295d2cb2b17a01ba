"""Signals that end a run: Ctrl-C, and SIGTERM, which batch systems send when the time is up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def terminated_as_interrupted() -> Iterator[list[int]]:
    """Let SIGTERM end what runs as Ctrl-C does; given is a list of those that came."""
    came: list[int] = []
    if not _reach_this_thread():
        yield came
        return

    def note(number: int, frame: object) -> None:
        came.append(number)
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield came
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let neither of them keep what was learned from being saved."""
    if not _reach_this_thread():
        yield
        return
    both = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(one, signal.SIG_IGN) for one in both]
    try:
        yield
    finally:
        for one, handler in zip(both, before, strict=True):
            signal.signal(one, handler)


def _reach_this_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
