"""What every loss is."""

from __future__ import annotations

from typing import ClassVar

from ..arrays import Array, Targets
from ..named import Named


class Loss(Named):
    """The loss of each row, and its gradient."""

    fused_with: ClassVar[str | None] = None
    """The output activation that the loss includes, or None for a loss of any outputs."""

    decides_by_sign: ClassVar[bool] = False
    """Whether an output above zero is the answer yes."""

    def rows(self, values: Array, t: Targets) -> Array:
        """Give the loss of each row, shape (rows,), from outputs a or logits z (rows, outputs)."""
        raise NotImplementedError

    def gradient(self, values: Array, t: Targets) -> Array:
        """Give the derivative of each row's loss by its own values, shape (rows, outputs)."""
        raise NotImplementedError

    def point(self, a: Array) -> Array:
        """Give of the outputs those that metrics compare with the targets: here all."""
        return a
