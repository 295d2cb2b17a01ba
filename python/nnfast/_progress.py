"""Progress of a training run on standard error: a bar, or one plain line an epoch."""

from __future__ import annotations

import sys
import time
from typing import Any

from nnfast import _validation
from nnfast.callbacks import Callback, Logs


def watcher(verbose: object, unit: str = "epoch") -> tuple[int, ProgressLines | None]:
    """Return `verbose` as a number and what then shows the progress, if anything.

    "auto" is a bar on a terminal, else silence; 0 silence; 1 a bar; 2 a line for each epoch, or for
    whatever is the unit.
    """
    level: Any = int(verbose) if isinstance(verbose, bool) else verbose
    level = _validation.choice(level, "verbose", ("auto", 0, 1, 2))
    if level == "auto":
        level = 1 if sys.stderr is not None and sys.stderr.isatty() else 0
    if level == 0:
        return 0, None
    return level, _bar(unit) if level == 1 else ProgressLines(unit)


def _bar(unit: str) -> ProgressLines:
    """Return a bar where tqdm is installed, else lines."""
    try:
        import tqdm  # noqa: F401
    except ImportError:
        return ProgressLines(unit)
    return ProgressBar(unit)


class ProgressLines(Callback):
    """One plain line an epoch."""

    def __init__(self, unit: str) -> None:
        self.unit = unit

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the line."""
        seconds = time.perf_counter() - self.started
        numbers = "".join(f"  {name} {value:.4f}" for name, value in (logs or {}).items())
        counter = f"{self.unit} {epoch + 1}/{self.params['epochs']}"
        print(f"{counter}{numbers}  ({seconds:.2f} s)", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the terminal in order, however the run ended."""


class ProgressBar(ProgressLines):
    """A bar that moves once an epoch, with the epoch's numbers beside it."""

    bar: Any = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Show the empty bar."""
        from tqdm import tqdm

        self.bar = tqdm(total=self.params["epochs"], unit=self.unit, file=sys.stderr)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Move the bar."""
        self.bar.set_postfix({name: f"{value:.4f}" for name, value in (logs or {}).items()}, False)
        self.bar.update()

    def close(self) -> None:
        """Leave the bar as it stands and end its line."""
        if self.bar is not None:
            self.bar.close()
