"""The logger "nnfast": what the library says of itself to whoever listens.

INFO is said once a run or once a file: a run begins, ends and why; a rate changes; a network is
saved or loaded. DEBUG is said once an epoch. What a user has to know is a warning or an error, and
comes by `warnings` or as an exception.
"""

from __future__ import annotations

import sys
from typing import Any

NAME = "nnfast"


def info(message: str, *values: object) -> None:
    """Say what happens once a run or once a file."""
    logger = _logger()
    if logger is not None:
        logger.info(message, *values, stacklevel=2)


def debug(message: str, *values: object) -> None:
    """Say what happens once an epoch."""
    logger = _logger()
    if logger is not None:
        logger.debug(message, *values, stacklevel=2)


def is_heard(level: str) -> bool:
    """Tell whether anyone listens at a level, "INFO" or "DEBUG", before a sentence is made."""
    logger = _logger()
    return logger is not None and logger.isEnabledFor({"DEBUG": 10, "INFO": 20}[level])


def numbers(logs: dict[str, float]) -> str:
    """Return an epoch's numbers as words."""
    return ", ".join(f"{name} {value:.6g}" for name, value in logs.items())


def _logger() -> Any:
    # Who listens has imported logging; for who does not, its import would take longer than ours.
    if "logging" not in sys.modules:
        return None
    import logging

    logger = logging.getLogger(NAME)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return logger
