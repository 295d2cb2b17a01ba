"""How a learning rate or a neighbourhood shrinks from step to step, by MiniSom's names.

Each takes the value at the start, the step t = 0, 1, ... and how many steps there are in all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Decay = Callable[[float, NDArray[Any], int], NDArray[Any]]


def asymptotic_decay(start: float, t: NDArray[Any], steps: int) -> NDArray[Any]:
    """Return start / (1 + 2 t / steps), a third of the start in the end."""
    return start / (1 + t / (steps / 2))


def linear_decay_to_zero(start: float, t: NDArray[Any], steps: int) -> NDArray[Any]:
    """Return start (1 - t / steps)."""
    return start * (1 - t / steps)


def inverse_decay_to_zero(start: float, t: NDArray[Any], steps: int) -> NDArray[Any]:
    """Return start C / (C + t) with C = steps / 100."""
    scale = steps / 100.0
    return start * scale / (scale + t)


def linear_decay_to_one(start: float, t: NDArray[Any], steps: int) -> NDArray[Any]:
    """Return start + (1 - start) t / steps."""
    return start + t * (1 - start) / steps


def inverse_decay_to_one(start: float, t: NDArray[Any], steps: int) -> NDArray[Any]:
    """Return start / (1 + (start - 1) t / steps)."""
    return start / (1 + t * ((start - 1) / steps))


def constant(start: float, t: NDArray[Any], steps: int) -> NDArray[Any]:
    """Return the start."""
    return start + 0.0 * t


RATES: dict[str, Decay] = {
    decay.__name__: decay
    for decay in (asymptotic_decay, linear_decay_to_zero, inverse_decay_to_zero, constant)
}
WIDTHS: dict[str, Decay] = {
    decay.__name__: decay
    for decay in (asymptotic_decay, linear_decay_to_one, inverse_decay_to_one, constant)
}
