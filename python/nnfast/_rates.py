"""The learning rate of a network while it learns: what it is, and how it is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfast import _backend
from nnfast.schedules import Schedule

if TYPE_CHECKING:
    from nnfast.callbacks import Logs
    from nnfast.network import FeedForward


def current(network: FeedForward) -> float:
    """Return the learning rate of the network's next step."""
    optimizer = network.optimizer
    rate: float | Schedule | None = getattr(optimizer, "learning_rate", None)
    if rate is None:
        raise ValueError(f"{type(optimizer).__name__} has no learning rate")
    if not isinstance(rate, Schedule):
        return rate
    return rate(0) if network._compiled_loss is None else network._network.learning_rate()


def change(network: FeedForward, rate: object) -> None:
    """Let the network go on with another rate; its optimizer forgets nothing."""
    optimizer = network.optimizer.with_learning_rate(rate, "learning_rate")
    if network._compiled_loss is not None:
        config = optimizer.config()["learning_rate"]
        network._network.set_learning_rate(_backend.described(config))
    network._optimizer = optimizer


def is_scheduled(network: FeedForward) -> bool:
    """Tell whether the learning rate changes by itself."""
    return isinstance(getattr(network.optimizer, "learning_rate", None), Schedule)


def logged(network: FeedForward) -> Logs:
    """Return what an epoch's numbers say of a learning rate that changes by itself."""
    return {"learning_rate": current(network)} if is_scheduled(network) else {}
