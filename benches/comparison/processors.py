"""Which processors a process may use, and how to keep every library to some of them."""

from __future__ import annotations

import os

# What libraries read when they are loaded; affinity alone tells most of them, where there is any.
VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NNFAST_NUM_THREADS",
)


def available() -> int:
    """Return how many this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux has it
        return os.cpu_count() or 1


def variables(count: int) -> dict[str, str]:
    """Return the environment that keeps a new process to so many threads."""
    return dict.fromkeys(VARIABLES, str(count))


def keep_to(count: int) -> None:
    """Keep this process, and the threads it will start, to so many processors."""
    if hasattr(os, "sched_setaffinity"):
        # The last ones: the first are what everything else of a system prefers.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-count:])
