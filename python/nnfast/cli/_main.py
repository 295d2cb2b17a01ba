"""From the command line's arguments to a command and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import TextIO

from nnfast.cli import _errors, _options

COMMANDS = (
    "train",
    "evaluate",
    "predict",
    "show",
    "plot",
    "report",
    "convert",
    "bench",
    "demo",
    "config",
)

DESCRIPTION = """\
Train feedforward neural networks on tables and images, and use them.

  nnfast train houses.csv --target price     learn to predict a column
  nnfast evaluate model.safetensors new.csv  measure how well that goes on other rows
  nnfast predict model.safetensors new.csv   predict it for rows that do not have it
  nnfast show model.safetensors              say what a model is, and how it learned

The model is one file, which knows the names, types and categories of the columns.
"""
EPILOG = """\
'nnfast COMMAND --help' explains a command, with examples.

Exit codes: 0 all went well, 1 the data or a file is not what is wanted, 2 the command line is not,
130 interrupted by Ctrl-C (train saves what has been learned).
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line's arguments; by default those of the process.

    Returns
    -------
    int
        The exit code: 0 good, 1 an error in the data or a file, 2 one in the arguments, 130 after
        Ctrl-C, 141 if who reads the output has gone.

    Examples
    --------
    >>> from nnfast.cli import main
    >>> main(["show", "missing.safetensors"])
    1
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    shows = "--traceback" in arguments
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a letter shows a question mark
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        with warnings.catch_warnings():
            # What a run warns of is told, and never ends it; a quiet one tells nothing.
            quiet = not {"--quiet", "-q"}.isdisjoint(arguments)
            warnings.simplefilter("ignore" if quiet else "always", UserWarning)
            warnings.showwarning = _noted
            code = _run(arguments)
        sys.stdout.flush()
        return code
    except SystemExit as end:  # argparse's, after it has said why
        return end.code if isinstance(end.code, int) else _errors.MISUSED
    except BrokenPipeError:
        # Python would complain once more when it flushes the output at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _errors.PIPE_CLOSED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _errors.INTERRUPTED
    except _errors.Misused as error:
        return _failed(error, _errors.MISUSED, shows)
    except Exception as error:
        return _failed(error, _errors.WRONG, shows)


def _run(arguments: list[str]) -> int:
    if not arguments:
        parser().print_help(sys.stderr)
        return _errors.MISUSED
    options = parser(arguments).parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    return run(options)


def parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Return the parser; of the commands only the one that is meant is imported, or all."""
    top = argparse.ArgumentParser(
        prog="nnfast",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"nnfast {_version()}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    meant = [one for one in arguments if one in COMMANDS][:1] or COMMANDS
    for name in meant:
        command = import_module(f"nnfast.cli.{name}")
        title, _, rest = (command.__doc__ or "").partition("\n\n")
        one = commands.add_parser(
            name,
            help=title.rstrip(".").lower()[0:1] + title.rstrip(".")[1:],
            description=f"{title}\n\n{rest}".strip(),
            epilog=command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_options(one)
        _options.common(one)
        wanted = [action.metavar or action.dest for action in one._get_positional_actions()]
        one.usage = " ".join(["nnfast", name, "[options]", *map(str, wanted)])
        one.set_defaults(run=command.run)
    return top


def _version() -> str:
    import nnfast as nn

    return nn.__version__


def _failed(error: Exception, code: int, shows: bool) -> int:
    if shows:
        traceback.print_exc()
    print(f"nnfast: error: {_errors.sentence(error)}", file=sys.stderr)
    return code


def _noted(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(f"note: {' '.join(str(message).split())}", file=sys.stderr)
