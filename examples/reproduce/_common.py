"""What the scripts of this folder share: their options, the images, and the row of the table."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import nnfast as nn

QUICK_ROWS = 6_000  # of the training images, enough for nine digits of ten


@dataclass(frozen=True)
class Images:
    """Rows of pixels from 0 (paper) to 1 (ink) and their labels, to learn from and to test on."""

    train: tuple[Any, Any]
    test: tuple[Any, Any]

    def error(self, net: nn.FeedForward) -> float:
        """Return how many in a hundred test images are taken for something else."""
        X, y = self.test
        return float(100.0 * np.mean(net.predict(X).argmax(axis=1) != y))


@dataclass(frozen=True)
class Published:
    """A net of the literature on images: what was reported, and how ours is trained."""

    title: str
    error: float
    """In per cent of the test images."""
    train: Callable[[int, Any, Any, int], nn.FeedForward]
    """Takes a seed, images, labels and a number of epochs."""
    epochs: int
    quick_epochs: int
    seeds: int = 3
    rows: int = 60_000
    load: Callable[[], tuple[tuple[Any, Any], tuple[Any, Any]]] = field(default=nn.datasets.mnist)


def options(description: str | None, seeds: int) -> argparse.Namespace:
    """Read --seeds and --quick."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seeds", type=int, default=None, help=f"how many nets (default: {seeds})")
    parser.add_argument("--quick", action="store_true", help="some seconds, on a part of the data")
    given = parser.parse_args()
    if given.seeds is None:
        given.seeds = 1 if given.quick else seeds
    if given.seeds < 1:
        parser.error(f"--seeds is {given.seeds}; wanted is 1 at least")
    return given


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return the mean and the standard deviation between the runs."""
    mean = f"{np.mean(values):.{digits}f}"
    return f"{mean} ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else mean


def table_row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def one_hot(y: Any, *, low: float = 0.0, high: float = 1.0) -> Any:
    """Return targets for ten outputs: `high` at the label, `low` elsewhere."""
    return np.where(np.eye(10, dtype=bool)[y], high, low).astype(np.float32)


def reproduce(published: Published, description: str | None) -> None:
    """Train the net from several seeds and print its row: what, published, ours, lowest, seeds."""
    given = options(description, published.seeds)
    train, test = published.load()
    rows = QUICK_ROWS if given.quick else published.rows
    images = Images((train[0][:rows], train[1][:rows]), test)
    errors = []
    for seed in range(given.seeds):
        start = time.perf_counter()
        epochs = published.quick_epochs if given.quick else published.epochs
        errors.append(images.error(published.train(seed, *images.train, epochs)))
        seconds = time.perf_counter() - start
        print(f"seed {seed}: {errors[-1]:.2f} % in {seconds:.0f} s", file=sys.stderr, flush=True)
    print(
        table_row(
            published.title,
            f"{published.error:.2f} %",
            f"{spread(errors)} %",
            f"{min(errors):.2f} to {max(errors):.2f} %",
            str(given.seeds),
        )
    )
