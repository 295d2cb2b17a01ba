"""What a command says: text for people or one JSON object, on standard output."""

from __future__ import annotations

import json
import math
import shutil
import sys
import textwrap
from typing import Any


class Console:
    """Says what a command found.

    Parameters
    ----------
    as_json : bool
        Whether the result is one JSON object, rather than text.
    quiet : bool
        Whether nothing is said but the result that was asked for, and errors.
    data_on_stdout : bool
        Whether standard output is for data: what is said goes to standard error then.
    """

    def __init__(self, *, as_json: bool, quiet: bool, data_on_stdout: bool = False) -> None:
        self.as_json, self.quiet = as_json, quiet
        self.data_on_stdout = data_on_stdout

    def say(self, text: str = "") -> None:
        """Say something to a person."""
        if self.quiet or self.as_json:
            return
        print(text, file=sys.stderr if self.data_on_stdout else sys.stdout, flush=True)

    def row(self, title: str, text: str) -> None:
        """Say something under a title in the margin."""
        width = min(100, shutil.get_terminal_size((100, 24)).columns)
        lines = textwrap.wrap(text, max(40, width - 14), break_on_hyphens=False) or [""]
        for line in lines:
            self.say(f"{title:<14}{line}")
            title = ""

    def note(self, text: str) -> None:
        """Say what a person should know, on standard error."""
        if not self.quiet:
            print(f"note: {text}", file=sys.stderr, flush=True)

    def result(self, found: dict[str, Any]) -> None:
        """Give the result as JSON, if that is asked for."""
        if self.as_json:
            stream = sys.stderr if self.data_on_stdout else sys.stdout
            print(json.dumps(plain(found), indent=2, allow_nan=False), file=stream, flush=True)

    @property
    def verbose(self) -> int:
        """What `FeedForward.fit` takes for it: a bar on a terminal, else lines."""
        if self.quiet:
            return 0
        return 1 if sys.stderr.isatty() else 2


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: NaN and infinities as null."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def size(count: float) -> str:
    """Return a number of bytes for people."""
    for unit in ("bytes", "KB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}" if unit != "bytes" else f"{count:.0f} bytes"
        count /= 1000
    return f"{count:.3g} GB"


def number(value: float) -> str:
    """Return a measured number with as many digits as a person wants."""
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.4f}" if 0.1 <= abs(value) < 10 else f"{value:.4g}"


def duration(seconds: float) -> str:
    """Return a time for people."""
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def numbers(values: dict[str, float]) -> str:
    """Return named numbers in a row."""
    return ", ".join(f"{name.replace('_', ' ')} {number(value)}" for name, value in values.items())


def listed(names: list[str], most: int = 8) -> str:
    """Return names between commas, the first of many."""
    shown = names if len(names) <= most else [*names[:most], f"... ({len(names)} in all)"]
    return ", ".join(shown)
