"""Options that several commands share."""

from __future__ import annotations

import argparse

from nnfast.cli._sources import FORMATS, Reading


def common(parser: argparse.ArgumentParser) -> None:
    """Add what every command has."""
    group = parser.add_argument_group("what is said")
    group.add_argument("--json", action="store_true", help="say the result as one JSON object")
    group.add_argument("--quiet", "-q", action="store_true", help="say nothing but errors")
    group.add_argument(
        "--traceback", action="store_true", help="show where in the code an error came up"
    )


def reading(parser: argparse.ArgumentParser) -> None:
    """Add how files are read."""
    group = parser.add_argument_group(
        "how files are read", "What a file does not say by its ending or its first lines."
    )
    group.add_argument("--format", choices=FORMATS, help="of the data; by default from its name")
    group.add_argument(
        "--separator", metavar="S", help="of text files; by default what divides the first lines"
    )
    group.add_argument(
        "--no-header",
        action="store_true",
        help="the first line is a row too; the columns are then called 1, 2, 3, ...",
    )
    group.add_argument(
        "--decimal", choices=[".", ","], default=".", help="of numbers in text files (default: .)"
    )
    group.add_argument("--encoding", default="utf-8", help="of text files (default: utf-8)")
    group.add_argument("--array", metavar="NAME", help="which array of an NPZ file holds the rows")


def as_reading(options: argparse.Namespace) -> Reading:
    """Return how files are read."""
    separator = options.separator
    if separator is not None:
        separator = {"\\t": "\t", "tab": "\t", "space": " ", "comma": ","}.get(separator, separator)
    return Reading(
        options.format,
        separator,
        not options.no_header,
        options.encoding,
        options.decimal,
        options.array,
    )


def working(parser: argparse._ActionsContainer) -> None:
    """Add what a network works with."""
    parser.add_argument(
        "--threads", type=positive, metavar="N", help="the result is the same whatever N is"
    )
    parser.add_argument("--backend", choices=["rust", "numpy"], help=argparse.SUPPRESS)


def positive(text: str) -> int:
    """Read a whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"wanted is a whole number from 1 on, not {text!r}")
    return int(text)


def whole(text: str) -> int:
    """Read a whole number from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"wanted is a whole number from 0 on, not {text!r}")
    return int(text)


def part(text: str) -> float:
    """Read a number from 0 up to below 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 1.0:
        raise argparse.ArgumentTypeError(f"wanted is a number from 0 up to below 1, not {text!r}")
    return value


def above_zero(text: str) -> float:
    """Read a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"wanted is a number above 0, not {text!r}")
    return value


def from_zero(text: str) -> float:
    """Read a number from 0 on."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"wanted is a number from 0 on, not {text!r}")
    return value
