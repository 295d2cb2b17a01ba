"""How many threads to work with: asked for, or as many processors as this process may use.

The number changes how fast a result is there, never the result.
"""

from __future__ import annotations

import math
import os

from nnfast import _validation

VARIABLE = "NNFAST_NUM_THREADS"

_chosen: tuple[int, str] | None = None  # how many, and why


def set_num_threads(count: int | None) -> None:
    """Set the number of threads of all networks that were given none of their own.

    Parameters
    ----------
    count : int or None
        At least 1; None goes back to the default.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.set_num_threads(2)
    >>> nn.get_num_threads()
    2
    >>> nn.set_num_threads(None)
    """
    global _chosen
    _chosen = None if count is None else (_validation.integer(count, "count"), "set_num_threads")


def get_num_threads() -> int:
    """Return the number of threads that networks work with.

    It is what `set_num_threads` set, else the environment variable ``NNFAST_NUM_THREADS``, else the
    number of processors that this process may run on, within its container's quota.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.get_num_threads() >= 1
    True
    """
    return explained()[0]


def explained() -> tuple[int, str]:
    """Return the number of threads that networks work with, and where it comes from."""
    global _chosen
    if _chosen is None:
        _chosen = _default()
    return _chosen


def _default() -> tuple[int, str]:
    asked = os.environ.get(VARIABLE, "").strip()
    if not asked:
        return available_processors()
    if not (asked.isascii() and asked.isdigit() and int(asked) >= 1):
        raise ValueError(f"{VARIABLE} is {asked!r}; wanted is a whole number of at least 1")
    return int(asked), f"the environment variable {VARIABLE}"


def available_processors(root: str = "/") -> tuple[int, str]:
    """Return how many processors this process may use, and what says so.

    That is its affinity, within its cgroup's quota.
    """
    there = os.cpu_count() or 1
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux has it
        count = there
    quota = _cgroup_quota(root)
    if quota < count:
        # A quota of 1.5 processors keeps two threads busy three quarters of the time: round up.
        return max(1, math.ceil(quota)), f"the cgroup's quota of {quota:g} processors"
    if count < there:
        return count, f"the affinity to {count} of {there} processors"
    return count, "the number of processors"


def _cgroup_quota(root: str) -> float:
    """Return the processors that the cgroup and those above it allow; inf without a limit."""
    quota = math.inf
    for line in read(root, "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = os.path.join("sys/fs/cgroup", "cpu" if controllers else "")
        # In a container the path may be the host's, with only the base mounted: try every level.
        parts = [part for part in path.split("/") if part]
        for depth in range(len(parts) + 1):
            folder = os.path.join(base, *parts[:depth])
            if controllers:
                limit = read(root, folder, "cpu.cfs_quota_us").split()
                limit += read(root, folder, "cpu.cfs_period_us").split()
            else:
                limit = read(root, folder, "cpu.max").split()
            if len(limit) == 2 and all(value.isdigit() for value in limit) and int(limit[1]):
                quota = min(quota, int(limit[0]) / int(limit[1]))
    return quota


def read(*parts: str) -> str:
    try:
        with open(os.path.join(*parts), encoding="ascii") as file:
            return file.read()
    except (OSError, ValueError):
        return ""
