"""How a command ends: its exit codes, and what went wrong as one sentence."""

from __future__ import annotations

GOOD = 0
WRONG = 1  # the data or a file is not what is wanted
MISUSED = 2  # the command line is not: argparse's own code
PIPE_CLOSED = 141  # 128 + SIGPIPE: who read the output has gone, as `head` does
INTERRUPTED = 130  # 128 + SIGINT
TERMINATED = 143  # 128 + SIGTERM


class Misused(Exception):
    """An option is not what is wanted; known from the command line alone."""


# What is raised for options, data, files and packages that are not what is wanted.
EXPECTED = (Misused, ValueError, TypeError, OSError, ImportError, RuntimeError, OverflowError)


def missing(what: str, package: str, extra: str) -> ImportError:
    """Return what to raise where a package is not installed."""
    return ImportError(
        f"{what} needs {package}, which is not installed: pip install 'nnfast[{extra}]'"
    )


def sentence(error: BaseException) -> str:
    """Return an error as one line."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, MemoryError):
        return "not enough memory" + (f": {error}" if str(error) else "")
    said = " ".join(str(error).split())
    if isinstance(error, EXPECTED):
        return said or type(error).__name__
    return f"unexpected {type(error).__name__}: {said} (--traceback shows where)"
