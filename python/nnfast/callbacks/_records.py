"""What the callbacks that keep records of runs share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nnfast.callbacks._base import Logs

if TYPE_CHECKING:
    from nnfast.network import FeedForward


def folder(path: str | os.PathLike[str], argument: str) -> str:
    """Return a folder's name as a string."""
    try:
        return os.fspath(path)
    except TypeError:
        raise TypeError(f"{argument} is {path!r}; wanted is the name of a folder") from None


def epoch_number(network: FeedForward) -> int:
    """Return how many epochs the network has been through, in all runs, from 1 on."""
    return len(network._history["loss"])


def learning_rate(network: FeedForward) -> Logs:
    """Return the rate of the network's next step, if its optimizer has one."""
    try:
        return {"learning_rate": network.learning_rate}
    except ValueError:
        return {}
