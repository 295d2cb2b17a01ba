"""Write a model as another library's file, or as a program that needs no library at all.

The ending of the new file says what it becomes: .keras or .h5 for Keras, .onnx for ONNX runtimes,
.py, .c, .h or .js for a program; --to says it where the ending does not, as for PyTorch, whose
weights are .safetensors as well. Models of other libraries are read too, from .keras, .h5, .onnx
and PyTorch's .safetensors. Neither needs Keras or PyTorch to be installed.

Names and words stay behind: another library's file takes numbers and codes of words, in the order
that is said.
"""

from __future__ import annotations

import argparse
import os
from pathlib import PurePath

import nnfast as nn
from nnfast.cli import _errors, _models
from nnfast.cli._console import Console, listed, size
from nnfast.cli._errors import Misused

ENDINGS = {
    ".safetensors": "nnfast",
    ".keras": "keras",
    ".h5": "keras",
    ".onnx": "onnx",
    ".py": "python",
    ".c": "c",
    ".h": "c",
    ".js": "javascript",
    ".mjs": "javascript",
}
LANGUAGES = ("python", "c", "javascript")

EXAMPLES = """\
examples:
  nnfast convert model.safetensors model.onnx
  nnfast convert model.safetensors model.h
      A C header, for a microcontroller.
  nnfast convert model.keras model.safetensors
      From Keras.
  nnfast convert model.safetensors weights.safetensors --to torch
      A state_dict for PyTorch.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("model", help="of nnfast, Keras, ONNX, or PyTorch's weights")
    parser.add_argument("out", metavar="new", help="the file to write")
    parser.add_argument(
        "--to",
        choices=["nnfast", "keras", "torch", "onnx", *LANGUAGES],
        help="by default what the ending says",
    )
    parser.add_argument(
        "--architecture",
        metavar="N-N-N",
        help="of a file of weights alone, such as 784-256-10, with relu between the layers",
    )


def run(options: argparse.Namespace) -> int:
    """Read one, write the other."""
    console = Console(as_json=options.json, quiet=options.quiet)
    suffix = PurePath(options.out).suffix.lower()
    to = options.to or ENDINGS.get(suffix)
    if to is None:
        raise Misused(
            f"{options.out!r} has no ending that says what it is to be; wanted is one of "
            f"{', '.join(ENDINGS)}, or --to"
        )
    net = _models.load(options.model, options, options.architecture)
    write(net, options.out, to)
    length = os.path.getsize(options.out)
    console.row("written", f"{options.out} ({size(length)}), for {to}")
    inputs = None
    if net.table is not None and to != "nnfast":
        inputs = net.table.names
        console.row("it takes", listed(inputs, most=30))
        words = [column for column in net.table.columns if column.categories is not None]
        for column in words[:30]:
            codes = (f"{code} {word}" for code, word in enumerate(column.categories or (), start=1))
            console.row("", f"{column.name}: 0 missing or new, {listed(list(codes))}")
    console.result({"out": options.out, "to": to, "bytes": length, "inputs": inputs})
    return _errors.GOOD


def write(net: nn.FeedForward, path: str, to: str) -> None:
    """Write a network as what it is to be."""
    if to == "nnfast":
        net.save(path)
    elif to in LANGUAGES:
        net.to_source(to, path)
    elif to == "torch":
        nn.interop.write_torch(net, path)
    elif to == "keras":
        nn.interop.write_keras(net, path)
    else:
        nn.interop.write_onnx(net, path)
