"""Progress of a training run on standard error or in a notebook: a bar, or a line an epoch."""

from __future__ import annotations

import sys
import time
from typing import Any

from nnfast import _validation
from nnfast.callbacks import Callback, Logs

BETWEEN_DRAWINGS = 0.1  # seconds: a bar that is drawn more often only takes time from learning


def watcher(verbose: object, unit: str = "epoch") -> tuple[int, ProgressLines | None]:
    """Return `verbose` as a number and what then shows the progress, if anything.

    "auto" is 1 on a terminal and in a notebook, else 0. 0 is silence. 1 is a bar; lines where there
    is no terminal to draw it on, or no tqdm to draw it with. 2 is a line for each epoch, or for
    whatever is the unit.
    """
    level: Any = int(verbose) if isinstance(verbose, bool) else verbose
    level = _validation.choice(level, "verbose", ("auto", 0, 1, 2))
    notebook = level in ("auto", 1) and _is_notebook()
    if level == "auto":
        level = 1 if notebook or _is_terminal() else 0
    if level == 0:
        return 0, None
    if level == 1 and notebook:
        return level, NotebookBar(unit)
    if level == 1 and _is_terminal() and _has_tqdm():
        return level, ProgressBar(unit)
    return level, ProgressLines(unit)


def say(line: str) -> None:
    """Write a line to standard error; a bar that is there stays whole, and below it."""
    if "tqdm" in sys.modules:
        from tqdm import tqdm

        tqdm.write(line, file=sys.stderr)
    else:
        print(line, file=sys.stderr, flush=True)


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _has_tqdm() -> bool:
    try:
        import tqdm  # noqa: F401
    except ImportError:
        return False
    return True


def _is_notebook() -> bool:
    """Tell whether this runs in the kernel of a notebook: then IPython is imported already."""
    ask = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return ask is not None and getattr(ask(), "kernel", None) is not None


class ProgressLines(Callback):
    """One plain line an epoch: its number, its time, how many rows a second, and the time left."""

    def __init__(self, unit: str) -> None:
        self.unit = unit

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start the clocks."""
        self.done = self.begun_rows = 0
        self.first: int | None = None
        self.begun = self.started = time.perf_counter()
        network = getattr(self, "model", None)  # of many networks there is none
        self.timing = None if network is None else network._timing
        self.before = None if self.timing is None else self.timing.copy()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the epoch's clock."""
        if self.first is None:
            self.first = epoch
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Count the epoch, and show it."""
        self.done, self.begun_rows = self.done + 1, 0
        self.show(epoch, logs or {})

    def show(self, epoch: int, logs: Logs) -> None:
        """Write the line."""
        parts = [duration(time.perf_counter() - self.started), *self.rate(), *self.left()]
        numbers = "".join(f"  {name} {number(value)}" for name, value in logs.items())
        counter = f"{self.unit} {epoch + 1}/{self.params['epochs']}"
        print(f"{counter}{numbers}  ({', '.join(parts)})", file=sys.stderr, flush=True)

    def rate(self) -> list[str]:
        """Return how many rows a second it has learned from in this run, if that is known."""
        if self.timing is None or self.before is None:
            return []
        rows = self.timing.rows - self.before.rows
        seconds = self.timing.seconds - self.before.seconds
        if self.begun_rows:
            rows, seconds = rows + self.begun_rows, seconds + time.perf_counter() - self.started
        return [f"{rows / seconds:,.0f} rows/s"] if seconds > 0 else []

    def left(self) -> list[str]:
        """Return how long the rest will take at most, if there is any."""
        rest = self.params["epochs"] - (self.first or 0) - self.done
        seconds = (time.perf_counter() - self.begun) / self.done * rest
        return [f"{duration(seconds)} left"] if rest > 0 else []

    def _on_run_over(self) -> None:
        """Leave the terminal in order, however the run ended."""


class ProgressBar(ProgressLines):
    """A bar that moves with the epochs, with their numbers beside it."""

    bar: Any = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Show the empty bar."""
        super().on_train_begin(logs)
        self.drawn, self.last, self.within = self.begun, Logs(), ""
        self.part = 0.0  # of the epoch that is going on, where that is known
        self.open()

    def open(self) -> None:
        """Draw it for the first time."""
        from tqdm import tqdm

        total = self.params["epochs"]
        self.bar = tqdm(total=total, unit=self.unit, file=sys.stderr, dynamic_ncols=True)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Let the bar begin where the count of the epochs does."""
        if self.first is None and self.bar is not None:
            self.bar.initial = self.bar.n = epoch
        super().on_epoch_begin(epoch, logs)

    def show(self, epoch: int, logs: Logs) -> None:
        """Keep the numbers, and move the bar if that can be seen."""
        self.last, self.part, self.within = logs, 0.0, ""
        self.draw_now_and_then()

    def _on_rows(self, batch: int, rows: int) -> None:
        """Move the bar within an epoch, whose batches come one by one."""
        steps, self.begun_rows = self.params["steps"], rows
        self.part = 0.0 if steps is None else (batch + 1) / steps
        self.within = f"batch {batch + 1:,}" + ("" if steps is None else f"/{steps:,}")
        self.draw_now_and_then()

    def draw_now_and_then(self) -> None:
        """Move the bar if that can be seen."""
        now = time.perf_counter()
        if now - self.drawn >= BETWEEN_DRAWINGS:
            self.drawn = now
            self.draw()

    def epochs(self) -> float:
        """Return how many epochs are behind, and which part of one."""
        whole = (self.first or 0) + self.done
        return round(whole + self.part, 2) if self.part else whole

    def beside(self) -> str:
        """Return what is to be read beside the bar."""
        numbers = [f"{name}={number(value)}" for name, value in self.last.items()]
        return ", ".join([*([self.within] if self.within else []), *numbers, *self.rate()])

    def draw(self) -> None:
        """Move the bar."""
        self.bar.n = self.epochs()
        self.bar.set_postfix_str(self.beside(), refresh=False)
        self.bar.refresh()

    def _on_run_over(self) -> None:
        """Leave the bar as it stands and end its line."""
        if self.bar is not None:
            self.draw()
            self.bar.close()
            self.bar = None


class NotebookBar(ProgressBar):
    """A bar in a notebook's output.

    It is a piece of HTML, and no widget: it needs no extension of the notebook, and is still there
    when the notebook is saved, exported or seen on a page.
    """

    def open(self) -> None:
        """Draw it for the first time."""
        from IPython.display import display

        self.bar = display(self.content(), raw=True, display_id=True)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the epoch's clock."""
        ProgressLines.on_epoch_begin(self, epoch, logs)

    def content(self) -> dict[str, str]:
        """Return the bar as HTML, and as a text for what shows none."""
        from html import escape

        total, done = self.params["epochs"], self.epochs()
        times = [duration(time.perf_counter() - self.begun)]
        if self.done:
            times += self.left()
        text = f"{self.unit} {done}/{total} ({', '.join(times)})"
        if self.last or self.within:
            text += f" {self.beside()}"
        bar = f'<progress value="{done}" max="{total}" style="vertical-align: middle"></progress>'
        return {"text/html": f"<div>{bar} <code>{escape(text)}</code></div>", "text/plain": text}

    def draw(self) -> None:
        """Draw it anew in its place."""
        self.bar.update(self.content(), raw=True)

    def _on_run_over(self) -> None:
        """Leave the bar as it stands."""
        if self.bar is not None:
            self.draw()
            self.bar = None


def number(value: float) -> str:
    """Return a number as short as it can be read; small ones, such as rates, are not zero."""
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.3e}"


def duration(seconds: float) -> str:
    """Return a time as it is said."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
