"""Files of models: our own, and those of other libraries that `nnfast.interop` reads."""

from __future__ import annotations

import argparse
import os
from pathlib import PurePath
from typing import Any

import nnfast as nn

FOREIGN = (".keras", ".h5", ".hdf5", ".onnx")


def load(path: str, options: argparse.Namespace) -> nn.FeedForward:
    """Return the network of a file."""
    if not os.path.exists(path):
        raise FileNotFoundError(f"there is no file {path!r}")
    if PurePath(path).suffix.lower() in FOREIGN:
        return foreign(path)
    return nn.load(
        path, threads=getattr(options, "threads", None), backend=getattr(options, "backend", None)
    )


def any_model(path: str) -> Any:
    """Return what a file of ours holds: a network, or a method of `nnfast.unsupervised`."""
    if not os.path.exists(path):
        raise FileNotFoundError(f"there is no file {path!r}")
    if PurePath(path).suffix.lower() in FOREIGN:
        return foreign(path)
    from nnfast import _files

    _, metadata = _files._read(path)
    if _files.KEY in metadata:
        return nn.load(path)
    return nn.unsupervised.load(path)


def foreign(path: str) -> nn.FeedForward:
    """Return the network of a file of another library's."""
    from importlib import import_module

    read: Any = import_module("nnfast.interop").read
    net: nn.FeedForward = read(path)
    return net
