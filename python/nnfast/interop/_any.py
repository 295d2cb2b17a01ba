"""Files of any library, by their suffix and by what is in them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nnfast import _files
from nnfast.network import FeedForward

if TYPE_CHECKING:
    from nnfast.layers import Layer

    Architecture = str | FeedForward | Sequence[Layer]

PICKLES = (".pkl", ".pickle", ".joblib")


def read(path: str | os.PathLike[str], architecture: Architecture | None = None) -> FeedForward:
    """Read a network from a file of whichever library.

    Parameters
    ----------
    path : str or path
        A file of Keras' (see `read_keras`), a state_dict of PyTorch's in safetensors (see
        `read_torch`), a model in ONNX (see `read_onnx`), or one of our own (see `nnfast.load`).
        Which, is seen in the file; only ONNX, which has no mark, is told by its suffix.
    architecture : FeedForward, list of Layer or str, optional
        For files that hold weights alone, of Keras and PyTorch.

    Returns
    -------
    FeedForward

    Raises
    ------
    ValueError
        If the file is of no kind that is known, or the reader of its kind refuses it.
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> import os, tempfile
    >>> import nnfast as nn
    >>> net = nn.FeedForward("4-8-3", output="softmax", seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("model.safetensors", "model.keras", "model.h5"):
    ...         nn.interop.write(net, os.path.join(folder, name))
    ...         nn.interop.read(os.path.join(folder, name)).architecture
    '4-8-3'
    '4-8-3'
    '4-8-3'
    """
    name = os.fspath(path)
    kind = _kind(name)
    if architecture is not None and kind not in ("keras", "torch"):
        raise ValueError(
            f"architecture goes with a file of weights alone; {name!r} says its own architecture"
        )
    net: FeedForward
    if kind == "nnfast":
        net = _files.load(name)
    elif kind == "onnx":
        net = _function("read_onnx")(name)
    else:
        net = _function(f"read_{kind}")(name, architecture)
    return net


def write(net: FeedForward, path: str | os.PathLike[str]) -> None:
    """Write a network to a file of the kind that its suffix names.

    Parameters
    ----------
    net : FeedForward
    path : str or path
        Ending in ``.keras`` or ``.h5`` (`write_keras`), ``.onnx`` (`write_onnx`), or
        ``.safetensors``, our own format (`FeedForward.save`), from which training goes on. For
        PyTorch, whose state_dicts have the same suffix, there is `write_torch`.

    Raises
    ------
    ValueError
        If the suffix is another one, or the kind of file cannot hold the network.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.interop.write(nn.FeedForward("4-8-3"), "model.pt")
    Traceback (most recent call last):
    ValueError: path is 'model.pt'; wanted is one that ends in .safetensors, .keras, .h5, .hdf5 or
    .onnx; for PyTorch there is write_torch
    """
    name = os.fspath(path)
    writers = {
        ".safetensors": lambda net, name: net.save(name),
        ".keras": _function("write_keras"),
        ".h5": _function("write_keras"),
        ".hdf5": _function("write_keras"),
        ".onnx": lambda net, name: _function("write_onnx")(net, name),
    }
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in writers:
        *others, last = writers
        raise ValueError(
            f"path is {name!r}; wanted is one that ends in {', '.join(others)} or {last}; for "
            "PyTorch there is write_torch"
        )
    writers[suffix](net, name)


def _kind(name: str) -> str:
    """Return whose file it is, by what is in it; a word of its suffix where that says nothing."""
    if not os.path.exists(name):
        raise FileNotFoundError(f"path is {name!r}, where there is no file")
    if os.path.isdir(name):
        raise IsADirectoryError(f"path is {name!r}, which is a folder; wanted is a file")
    suffix = os.path.splitext(name)[1].lower()
    with open(name, "rb") as file:
        start = file.read(9)
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return "keras"
    if start[8:9] == b"{":  # after the header's length in 8 bytes
        return "nnfast" if _files.KEY in _files._metadata(name) else "torch"
    by_suffix = {
        ".keras": "keras",
        ".h5": "keras",
        ".hdf5": "keras",
        ".safetensors": "nnfast",
        ".onnx": "onnx",
    } | dict.fromkeys((".pt", ".pth", ".bin"), "torch")
    if start.startswith(b"PK\x03\x04") and suffix not in by_suffix:
        return "keras"
    if suffix in by_suffix:
        return by_suffix[suffix]
    if suffix in PICKLES:
        raise ValueError(
            f"{name!r} is a pickle, which can hold code and is not read; wanted is the model "
            "itself: nnfast.interop.from_sklearn(joblib.load(path)), if you trust the file"
        )
    raise ValueError(
        f"{name!r} is of no kind that is known; wanted is a file of nnfast, Keras, PyTorch "
        "(safetensors) or ONNX (.onnx)"
    )


def _function(name: str) -> Any:
    """Return one of the readers and writers, which are imported only when they are wanted."""
    return getattr(import_module("nnfast.interop"), name)
