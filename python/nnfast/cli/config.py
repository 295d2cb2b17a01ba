"""Say what nnfast runs on: backend, instruction set, threads, processor, versions."""

from __future__ import annotations

import argparse

import nnfast as nn
from nnfast.cli import _errors
from nnfast.cli._console import Console

EXAMPLES = """\
examples:
  nnfast config
      For a bug report, or to see why it is slow.
  nnfast config --json | jq .instruction_set.used
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options: none of its own."""


def run(options: argparse.Namespace) -> int:
    """Say it."""
    console = Console(as_json=options.json, quiet=options.quiet)
    if not (options.json or options.quiet):
        nn.show_config()
    console.result(nn.show_config("dicts") or {})
    return _errors.GOOD
