"""One file for each library: how those who know it best make it fast.

A module has a function for each kind of case that the library takes part in. It is given the case
and its data, and what `contenders` says of a variant as keywords:

- `training` and `many` give a `Learner`,
- `prediction` and `elementwise` give a function without arguments that returns the result.

What a library cannot do as asked, it refuses with `NotComparable` and the reason.
"""

from __future__ import annotations

from typing import Protocol

from comparison.data import Array


class NotComparable(Exception):
    """The library computes something else, or lacks what is asked for."""


class Learner(Protocol):
    """A network, or many, with the optimizer, at their initial weights."""

    def reset(self) -> None:
        """Go back to the initial weights and a fresh optimizer."""

    def epoch(self) -> None:
        """Learn from all rows in a new random order, and return when it is done."""

    def weights_after(self, steps: int) -> list[Array]:
        """Return the (first) network's weights after so many batches in the order of the rows."""
