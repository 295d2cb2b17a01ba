"""What nnfast runs on: for bug reports, and for whoever wonders why it is slow."""

from __future__ import annotations

import os
import platform
from typing import Any

from nnfast import _backend, _threads, _validation
from nnfast._version import version

UNKNOWN = "unknown"


def show_config(mode: str = "stdout") -> dict[str, Any] | None:
    """Show backend, instruction set, threads, processor and versions; put it into a bug report.

    Parameters
    ----------
    mode : {"stdout", "dicts"}, default "stdout"
        Whether to print it or to return it, as in `numpy.show_config`.

    Returns
    -------
    dict or None
        With "dicts": ``backend``, ``instruction_set``, ``threads``, ``processor`` and ``versions``,
        each a dict. What this system does not tell is None.

    Notes
    -----
    The instruction set is the widest that the processor has, or what the environment variable
    ``NNFAST_ISA`` names. With the NumPy backend, NumPy chooses: see `numpy.show_config`.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.show_config()
    nnfast ...
      backend          ...
      instruction set  ...
      threads          ...
      processor        ...
      caches           ...
      versions         Python ..., NumPy ..., safetensors ...
    >>> nn.show_config(mode="dicts")["threads"]["count"] == nn.get_num_threads()
    True
    """
    mode = _validation.choice(mode, "mode", ("stdout", "dicts"))
    config = _config()
    if mode == "dicts":
        return config
    print(_described(config))
    return None


def _config() -> dict[str, Any]:
    name = _backend.select()
    threads, reason = _threads.explained()
    return {
        "backend": {"name": name, "reason": _reason_for(name)},
        "instruction_set": _instruction_set(_backend.module(name)),
        "threads": {"count": threads, "reason": reason},
        "processor": {
            "model": _model(),
            "architecture": platform.machine() or None,
            "count": os.cpu_count(),
            "caches": _caches(),
        },
        "versions": {
            "nnfast": version(),
            "python": platform.python_version(),
            "numpy": _installed("numpy"),
            "safetensors": _installed("safetensors"),
        },
    }


def _reason_for(backend: str) -> str:
    if os.environ.get(_backend.VARIABLE, "").strip():
        return f"the environment variable {_backend.VARIABLE}"
    return "the default" if backend == "rust" else "the compiled core cannot be imported"


def _instruction_set(backend: _backend.Backend) -> dict[str, Any]:
    try:
        used, problem = backend.instruction_set(), None
    except RuntimeError as error:  # what is wrong with the choice is what the reader looks for
        used, problem = None, str(error)
    return {"used": used, "available": backend.instruction_sets(), "problem": problem}


def _model(root: str = "/") -> str | None:
    """Return the processor's name as its maker wrote it."""
    for line in _threads.read(root, "proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or None


def _caches(root: str = "/") -> dict[str, int]:
    """Return the sizes of the first processor's caches in bytes; only Linux tells them."""
    folder = os.path.join(root, "sys/devices/system/cpu/cpu0/cache")
    try:
        indices = sorted(name for name in os.listdir(folder) if name.startswith("index"))
    except OSError:
        return {}
    caches = {}
    for index in indices:
        level, kind, size = (
            _threads.read(folder, index, name).strip() for name in ("level", "type", "size")
        )
        unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(size[-1:], 1)
        digits = size.rstrip("KMG")
        if level and digits.isdigit():
            name = f"L{level}" if kind == "Unified" else f"L{level} {kind.lower()}"
            caches[name] = int(digits) * unit
    return caches


def _installed(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _described(config: dict[str, Any]) -> str:
    backend, threads, processor = config["backend"], config["threads"], config["processor"]
    caches = processor["caches"].items()
    versions = config["versions"]
    named = {"Python": "python", "NumPy": "numpy", "safetensors": "safetensors"}
    rows = {
        "backend": f"{backend['name']} ({backend['reason']})",
        "instruction set": _described_set(config["instruction_set"]),
        "threads": f"{threads['count']} ({threads['reason']})",
        "processor": f"{processor['model'] or UNKNOWN} ({processor['architecture'] or UNKNOWN})",
        "caches": ", ".join(f"{name} {_size(size)}" for name, size in caches) or UNKNOWN,
        "versions": ", ".join(f"{name} {versions[key] or UNKNOWN}" for name, key in named.items()),
    }
    width = max(map(len, rows))
    lines = [f"  {name:<{width}}  {text}" for name, text in rows.items()]
    return "\n".join([f"nnfast {versions['nnfast']}", *lines])


def _described_set(chosen: dict[str, Any]) -> str:
    if chosen["problem"] is not None:
        return str(chosen["problem"])
    if chosen["used"] is None:
        return "NumPy's choice: see numpy.show_config()"
    return f"{chosen['used']} (available: {', '.join(chosen['available'])})"


def _size(size: int) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:g} {unit}"
        size /= 1024  # type: ignore[assignment]
    return f"{size:g} GiB"
