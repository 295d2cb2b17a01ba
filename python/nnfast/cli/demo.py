"""Train on handwritten digits, and say how well it went and how long it took.

First on the 1,797 small ones in the package, then on MNIST where it can be had: from the folder
that NNFAST_DATA names, from the cache, or downloaded. Three pictures of each are written.
"""

from __future__ import annotations

import argparse
import contextlib
import io

from nnfast.cli import _errors, _options
from nnfast.cli._console import Console

EXAMPLES = """\
examples:
  nnfast demo
  nnfast demo --only digits --out pictures
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--only", choices=["digits", "mnist"], help="(default: both)")
    parser.add_argument(
        "--seeds", type=_options.positive, default=1, metavar="N", help="nets of each (default: 1)"
    )
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        default="demo-pictures",
        help="of the pictures (default: demo-pictures)",
    )


def run(options: argparse.Namespace) -> int:
    """Train; 1 if a net missed its accuracy."""
    from nnfast import demo

    console = Console(as_json=options.json, quiet=options.quiet)
    tasks = [task for task in (demo.DIGITS, demo.MNIST) if options.only in (None, task.name)]
    silent = options.json or options.quiet
    with contextlib.redirect_stdout(io.StringIO()) if silent else contextlib.nullcontext():
        results = demo.run(
            tasks, seeds=options.seeds, out=options.out, verbose=console.verbose == 1
        )
    console.result(
        {
            "results": [
                {
                    "data": result.task.name,
                    "seed": result.seed,
                    "accuracy": result.accuracy,
                    "goal": result.task.target,
                    "seconds": sum(result.epoch_seconds),
                    "pictures": [str(path) for path in result.pictures],
                }
                for result in results
            ]
        }
    )
    return _errors.GOOD if all(result.reached for result in results) else _errors.WRONG
