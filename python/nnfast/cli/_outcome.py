"""What the command train finds and says: before the run, and after it."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

import numpy as np

import nnfast as nn
from nnfast.cli._console import Console, duration, listed, numbers, size

if TYPE_CHECKING:
    from nnfast.cli._prepared import Prepared


def result(
    net: nn.FeedForward,
    prepared: Prepared,
    options: argparse.Namespace,
    seconds: float,
    interrupted: bool,
    steps: int,
    first: int,
) -> dict[str, Any]:
    """Return all that there is to say of a run, which began after the first epochs of another."""
    history = net.history
    epochs = len(history.get("loss", [])) - first
    found: dict[str, Any] = {
        "data": prepared.description,
        "task": "regression" if prepared.classes is None else "classification",
        "classes": None if prepared.classes is None else net.classes_,
        "network": {
            "architecture": net.architecture,
            "parameters": net.parameter_count,
            "optimizer": net.optimizer.config(),
            "loss": net.loss.config(),
            "seed": net.seed,
            "dtype": net.dtype.name,
        },
        "rows": {"learned": len(prepared.rows), "held_out": prepared.held_out_rows},
        "epochs": epochs,
        "steps_per_epoch": steps,
        "best_epoch": _best_epoch(net, first, options.validation_frequency),
        "seconds": seconds,
        "interrupted": interrupted,
        "history": history,
        "out": options.out,
        "bytes": os.path.getsize(options.out),
    }
    if prepared.held_out is not None:
        found["held_out"] = net.evaluate(*prepared.held_out)
        found["baseline"] = prepared.baseline()
    return found


def _best_epoch(net: nn.FeedForward, first: int, frequency: int) -> int | None:
    """Return the epoch, counted from 1, in which the held-out rows' loss was least in this run."""
    count = (len(net.history.get("loss", [])) - first) // frequency
    losses = net.history.get("val_loss", [])
    losses = losses[len(losses) - count :]
    if not np.isfinite(losses).any():
        return None
    return first + frequency * (int(np.nanargmin(losses)) + 1)


# What is said ------------------------------------------------------------------------------------


def say_prepared(console: Console, prepared: Prepared) -> None:
    """Say what was found in a file."""
    about = prepared.description
    console.row("data", f"{about['path']}: {about['summary']}")
    for note in about["notes"]:
        console.row("", note)
    console.row("target", about["target"])
    for kind in ("numbers", "words", "left out"):
        if about["columns"].get(kind):
            console.row(kind, listed(about["columns"][kind], most=30))


def say_network(
    console: Console,
    net: nn.FeedForward,
    prepared: Prepared,
    options: argparse.Namespace,
    batch: int,
) -> None:
    """Say what is to learn, and how."""
    held_out = prepared.held_out_rows
    console.row(
        "network",
        f"{net.architecture}: {net.parameter_count:,} parameters, {net.dtype}, seed {net.seed}",
    )
    rate = "" if net.optimizer.full_batch else f", learning rate {net.learning_rate:.3g}"
    console.row(
        "learns by",
        f"{net.optimizer.name}{rate}, {net.loss.name.replace('_', ' ')}, {batch} rows a step, "
        f"{options.epochs:,} epochs at most",
    )
    shares = f"{len(prepared.rows):,} to learn from, {f'{held_out:,}' if held_out else 'none'}"
    console.row("rows", f"{shares} held out; {size(prepared.X.nbytes)} in memory")


def say_result(
    console: Console, found: dict[str, Any], prepared: Prepared, options: argparse.Namespace
) -> None:
    """Say how it went."""
    epochs, seconds = found["epochs"], found["seconds"]
    ended = "interrupted after" if found["interrupted"] else "went through"
    kept = ""
    if options.patience and found["best_epoch"] is not None:
        kept = (
            f"; kept are the weights of epoch {found['best_epoch']}, the best of the held-out rows"
        )
    console.say()
    count = "1 epoch" if epochs == 1 else f"{epochs:,} epochs"
    console.row("learned", f"{ended} {count} in {duration(seconds)}{kept}")
    if "held_out" in found:
        console.row("held out", numbers(found["held_out"]))
        console.row("", prepared.baseline_said())
    else:
        last = {name: values[-1] for name, values in found["history"].items() if values}
        console.row("training", numbers(last))
    console.row("saved", f"{found['out']} ({size(found['bytes'])})")
    if found["interrupted"]:
        console.note(f"interrupted; what was learned until then is in {found['out']}")
