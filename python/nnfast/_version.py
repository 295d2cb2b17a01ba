"""The version, written once in the build's own files and read back from the installed package."""

from __future__ import annotations


def version() -> str:
    """Return the installed version, or "unknown" where the package is only a folder of files."""
    from importlib import metadata

    try:
        return metadata.version("nnfast")
    except metadata.PackageNotFoundError:
        return "unknown"
