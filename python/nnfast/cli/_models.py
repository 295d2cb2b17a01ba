"""Files of models: our own, and those of other libraries that `nnfast.interop` reads."""

from __future__ import annotations

import argparse
from typing import Any

import nnfast as nn
from nnfast import _files
from nnfast.interop import _any


def load(path: str, options: argparse.Namespace, architecture: str | None = None) -> nn.FeedForward:
    """Return the network of a file, of whichever library.

    Parameters
    ----------
    path : str
    options : Namespace
        Its threads and backend, if it has any.
    architecture : str, optional
        Of a file of weights alone.
    """
    if architecture is not None or _any._kind(path) != "nnfast":
        return _any.read(path, architecture)
    return nn.load(
        path, threads=getattr(options, "threads", None), backend=getattr(options, "backend", None)
    )


def any_model(path: str) -> Any:
    """Return what a file holds: a network, or a method of `nnfast.unsupervised`."""
    if _any._kind(path) == "torch":  # which is what a safetensors file is that has no network
        _, metadata = _files._read(path)
        if any(key.startswith(f"{_files.KEY}.") for key in metadata):
            return nn.unsupervised.load(path)
    return load(path, argparse.Namespace())
