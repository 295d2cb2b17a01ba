"""The running mean of a network's weights, which an optimizer with `ema_momentum` keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nnfast import _architecture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfast._adjustable import Adjustable


def averaged(network: Adjustable) -> list[NDArray[Any]]:
    """Return the mean of each parameter that learns, and each other as it is."""
    optimizer = network._optimizer
    if optimizer.ema_momentum is None:
        raise ValueError(
            f"averaged_weights wants an optimizer that averages, such as {type(optimizer).__name__}"
            "(ema_momentum=0.99); this network's has no ema_momentum"
        )
    snapshot = network._snapshot()
    weights: list[NDArray[Any]] = snapshot["parameters"]
    if snapshot["step"] < optimizer.accumulation_steps:
        return weights  # there was no update yet
    fixed = _architecture.fixed(network.layers)
    names = [name for name, _ in _architecture.parameters(network.layers, network.bias)]
    means = zip(names, weights, snapshot["slots"][-1], strict=True)
    return [weight if name in fixed else mean for name, weight, mean in means]


@contextmanager
def in_place(network: Adjustable) -> Iterator[None]:
    """Let a network have its averaged weights for a while."""
    weights, means = network.get_weights(), averaged(network)
    network._network.set_parameters(means)
    try:
        yield
    finally:
        network._network.set_parameters(weights)


def exchange(network: Adjustable) -> None:
    """Let weights and their mean change places."""
    means = averaged(network)
    snapshot = network._snapshot()
    if snapshot["step"] >= network._optimizer.accumulation_steps:
        slots = [*snapshot["slots"][:-1], snapshot["parameters"]]
        numbers = snapshot["numbers"]
        network._network.set_state(snapshot["step"], snapshot["epoch"], slots, numbers)
        network._network.set_parameters(means)
