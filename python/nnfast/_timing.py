"""How long a network has been learning: no part of its history, which is the same each time."""

from __future__ import annotations


class Timing:
    """What a network has gone through in this process, validation and callbacks not counted.

    Attributes
    ----------
    epochs : int
        Whole ones.
    rows : int
        In all of them.
    seconds : float
    """

    __slots__ = ("epochs", "rows", "seconds")

    def __init__(self, epochs: int = 0, rows: int = 0, seconds: float = 0.0) -> None:
        self.epochs, self.rows, self.seconds = epochs, rows, seconds

    def add(self, epochs: int, rows: int, seconds: float) -> None:
        """Count some epochs."""
        self.epochs += epochs
        self.rows += rows
        self.seconds += seconds

    def copy(self) -> Timing:
        """Return what it is now."""
        return Timing(self.epochs, self.rows, self.seconds)
