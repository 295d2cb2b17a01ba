"""Train a network to predict a column, and save it with all that predicting needs.

Columns of numbers are standardized, words become learned vectors, missing values are told to the
network. A target of words, or of few whole numbers, is of classes; other numbers are predicted as
numbers (--task says it where the guess is wrong). A fifth of the rows is held out to measure by,
and training ends when these have not become better for ten epochs. Ctrl-C ends it too: what has
been learned by then is saved. The same command on the same file gives the same model, bit for bit.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

import nnfast as nn
from nnfast.cli import _building, _errors, _models, _options, _prepared, _specs, _units, _unseen
from nnfast.cli._console import Console, duration, listed, number, numbers, size

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.cli._prepared import Prepared

    Array: TypeAlias = NDArray[Any]

LARGE = 20.0  # numbers beyond are far from where a network starts

EXAMPLES = """\
examples:
  nnfast train houses.csv --target price
      Learns from all other columns, and writes model.safetensors.
  nnfast train people.csv --target income --drop id,name --categories zip --out people.safetensors
      Leaves two columns out, and takes the numbers of a third for names.
  nnfast train people.csv --target income --hidden 256,128 --dropout 0.3 --epochs 200 --patience 20
      A larger network, more patience.
  nnfast train rides.csv --target count --optimizer 'sgd(momentum=0.9)' --learning-rate 0.05 \\
      --schedule cosine
      Another optimizer, and a rate that falls along a cosine until the last epoch.
  nnfast train wine.csv --target quality --task regression --loss huber
      Whole numbers that are no classes; a loss that forgives outliers.
  nnfast train train-images-idx3-ubyte.gz --target train-labels-idx1-ubyte.gz --hidden 256,128
      Images: the target is another file.
  nnfast train new.csv --target price --from model.safetensors --epochs 10
      Goes on from what a model has learned, with other rows.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "data", help="CSV, TSV, Parquet, NPY, NPZ or IDX, also gzipped; - is standard input"
    )
    parser.add_argument(
        "--target",
        metavar="COLUMN",
        help="what to predict: a column's name; for arrays, its number from 0 on, an array of the "
        "same NPZ file, or another file",
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        default="model.safetensors",
        help="the model (default: model.safetensors)",
    )
    rows = parser.add_argument_group("which columns and rows")
    rows.add_argument("--columns", metavar="A,B", help="learn from these only")
    rows.add_argument("--drop", metavar="A,B", help="leave these out")
    rows.add_argument(
        "--categories", metavar="A,B", help="columns of numbers that are names, as postal codes are"
    )
    rows.add_argument(
        "--extrapolate",
        action="store_true",
        help="take numbers beyond all of the training rows as they are, not for the nearest of "
        "those",
    )
    rows.add_argument("--weights", metavar="COLUMN", help="how much each row counts")
    rows.add_argument(
        "--task",
        choices=["auto", "classification", "regression"],
        default="auto",
        help="whether the target is classes or a number (default: auto)",
    )
    rows.add_argument(
        "--validation",
        metavar="PART|FILE",
        default="0.2",
        help="rows to hold out and measure by: a part, drawn by the seed, or a file of their own "
        "(default: 0.2; 0 for none)",
    )
    net = parser.add_argument_group("the network")
    net.add_argument(
        "--hidden", metavar="N,N", default="64,64", help="nodes of each hidden layer, or none"
    )
    net.add_argument(
        "--activation", metavar="F", default="relu", help="of all hidden layers, or F,F one of each"
    )
    net.add_argument(
        "--output", metavar="F", help="the output's activation; by default what fits the target"
    )
    net.add_argument(
        "--dropout", metavar="P", default="0", help="part of the nodes silenced in each step"
    )
    net.add_argument(
        "--normalization", choices=["none", "batch", "layer"], default="none", help="between layers"
    )
    net.add_argument(
        "--embedding",
        type=_options.positive,
        metavar="N",
        help="length of a word's vector (default: half its column's words, 50 at most)",
    )
    net.add_argument("--initializer", metavar="I", help="of the weights")
    net.add_argument("--l1", type=_options.from_zero, metavar="X", help="penalty on weights' sizes")
    net.add_argument("--l2", type=_options.from_zero, metavar="X", help="penalty on their squares")
    net.add_argument(
        "--max-norm", type=_options.above_zero, metavar="X", help="longest weights of a node"
    )
    net.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    net.add_argument(
        "--from", dest="begin", metavar="FILE", help="go on from a model, in place of a new network"
    )
    how = parser.add_argument_group(
        "how it learns",
        "Names with parameters are written as 'adam(beta_1=0.8)'; docs/choices.md has all.",
    )
    how.add_argument("--optimizer", metavar="O", default="adam", help="(default: adam)")
    how.add_argument(
        "--learning-rate", metavar="X", help="a number, or auto: found by the range test"
    )
    how.add_argument(
        "--schedule",
        metavar="S",
        help="how the rate changes: cosine, exponential(decay_rate=0.1), one_cycle, ...; its "
        "length is the whole run, or decay_epochs=N",
    )
    how.add_argument("--weight-decay", type=_options.from_zero, metavar="X")
    how.add_argument(
        "--clip-norm", type=_options.above_zero, metavar="X", help="longest gradient of a step"
    )
    how.add_argument("--loss", metavar="L", help="by default what fits the target")
    how.add_argument("--metrics", metavar="M,M", help="what else to measure, or none")
    how.add_argument(
        "--class-weights", metavar="W", help="balanced, or labels with weights: yes=2,no=1"
    )
    how.add_argument(
        "--epochs", type=_options.positive, default=100, metavar="N", help="at most (default: 100)"
    )
    how.add_argument(
        "--batch-size",
        type=_options.positive,
        metavar="N",
        help="rows a step (default: 16 to 256, by the number of rows)",
    )
    how.add_argument(
        "--patience",
        type=_options.whole,
        default=10,
        metavar="N",
        help="epochs without progress before the end; the best weights are kept (default: 10; 0 to "
        "go through all epochs and keep the last)",
    )
    how.add_argument("--no-shuffle", action="store_true", help="take the rows in their order")
    how.add_argument("--seed", type=_options.whole, default=0, metavar="N", help="(default: 0)")
    how.add_argument("--log", metavar="FILE", help="write each epoch's numbers to a CSV file")
    _options.working(how)
    _options.reading(parser)


def run(options: argparse.Namespace) -> int:
    """Train, save, and say how it went."""
    console = Console(as_json=options.json, quiet=options.quiet)
    _building.check(options)
    _refuse_folder(options.out)
    begin = None
    if options.begin is not None:
        begin = _models.load(options.begin, options)
    prepared = _prepared.prepare(options, begin)
    _say_prepared(console, prepared)
    net, units = _network(prepared, options, begin)
    notes = _notes(net, prepared, units)
    for note in notes:
        console.note(note)
    steps, size_of_batch = _steps(prepared, options)
    callbacks = _callbacks(options, prepared, net, units)
    _say_network(console, net, prepared, options, size_of_batch)
    begun = time.perf_counter()
    interrupted = False
    try:
        net.fit(
            prepared.X,
            prepared.y if units is None else units.standardized(prepared.y),
            rows=prepared.rows,
            sample_weight=prepared.weights,
            class_weight=prepared.class_weights,
            epochs=options.epochs,
            batch_size=size_of_batch,
            validation_data=_validation(prepared, units),
            shuffle=not options.no_shuffle,
            callbacks=list(callbacks.values()),
            verbose=console.verbose,
        )
    except KeyboardInterrupt:
        interrupted = True
    seconds = time.perf_counter() - begun
    with _uninterrupted():
        net = _finish(net, callbacks.get("stopping"), units, prepared, interrupted)
        net.save(options.out, include_optimizer=False)
        found = _result(net, prepared, options, seconds, interrupted, steps) | {"notes": notes}
        _say_result(console, found, prepared, options)
    console.result(found)
    return _errors.INTERRUPTED if interrupted else _errors.GOOD


# Before ------------------------------------------------------------------------------------------


def _refuse_folder(path: str) -> None:
    """Refuse where the model cannot be written before an hour of training, not after."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"--out is {path!r}, whose folder does not exist")
    if os.path.isdir(path):
        raise IsADirectoryError(f"--out is {path!r}, which is a folder; wanted is a file")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"--out is {path!r}, whose folder cannot be written to")


def _network(
    prepared: Prepared, options: argparse.Namespace, begin: nn.FeedForward | None
) -> tuple[nn.FeedForward, _units.Units | None]:
    """Return the network, compiled, and the units that it learns in."""
    loss = _building.loss(options)
    if begin is not None:
        net = begin
        _refuse_other(net, prepared, options.begin)
        loss = net.loss if loss is None else loss
    else:
        net = _building.network(_layers(prepared, options, loss), options)
        net.table = prepared.table
    output = net.layers[-1].activation  # type: ignore[attr-defined]
    loss = nn.losses.registry.get(output.default_loss if loss is None else loss)
    units = None
    if prepared.classes is None and _units.suit(loss, output, prepared.y):
        units = _units.Units.of(prepared.y[prepared.rows])
        if begin is not None:
            units.taken_out(net)
    steps, rows = _steps(prepared, options)
    learns_by = _units.in_standardized(loss, units) if units else loss
    metrics = _building.metrics(options, prepared.classes is not None)
    optimizer = _building.optimizer(options, steps, options.epochs)
    net.compile(optimizer, learns_by, metrics)
    if units is not None and (unknown := _units.refuse_unknown(net.metrics)):
        raise _errors.Misused(f"--metrics: {unknown[0]} is for classes; the target is a number")
    if options.learning_rate == "auto":
        y = prepared.y if units is None else units.standardized(prepared.y)
        if prepared.weights is None and options.schedule is None:
            if any(isinstance(layer, nn.Standardize) for layer in net.layers):
                net.adapt(prepared.X, rows=prepared.rows)
            found = net.find_learning_rate(
                prepared.X[prepared.rows], y[prepared.rows], batch_size=rows
            )
            net.learning_rate = found.suggestion
        else:
            raise _errors.Misused("--learning-rate auto goes without --schedule and --weights")
    return net, units


def _notes(net: nn.FeedForward, prepared: Prepared, units: _units.Units | None) -> list[str]:
    """Return what a person should know before the run."""
    if prepared.classes is not None:
        return []
    largest = float(np.abs(prepared.y).max())
    if units is None and largest > LARGE:
        return [
            f"{net.loss.name} is of numbers as they are, so that the target is not standardized; "
            f"up to {number(largest)} they are learned slowly: divide them, or take another --loss"
        ]
    if units is not None and net.dtype == np.float32:
        ratio = float(np.max(np.abs(units.mean) / units.deviation))
        if ratio > 1e4:
            return [
                f"the target's mean is {number(ratio)} times its deviation: --dtype float64 has "
                "the digits that such numbers want"
            ]
    return []


def _layers(prepared: Prepared, options: argparse.Namespace, loss: Any) -> list[Any]:
    outputs, activation = prepared.outputs, prepared.activation
    if options.output is not None:
        activation = _specs.spec(nn.activations.registry, options.output, "--output")
    if prepared.classes is None and loss is not None:
        outputs *= loss.outputs_for_each
    return _building.layers(prepared.start, outputs, activation, options)


def _refuse_other(net: nn.FeedForward, prepared: Prepared, path: str) -> None:
    if net.inputs != prepared.X.shape[1]:
        raise ValueError(
            f"{path!r} has {net.inputs} inputs, and each row has {prepared.X.shape[1]} values"
        )
    classes = None if net.classes_ is None else net.classes_.tolist()
    if (classes is None) != (prepared.classes is None):
        kind = "numbers" if classes is None else "classes"
        raise ValueError(f"{path!r} predicts {kind}, and the target is something else")


def _steps(prepared: Prepared, options: argparse.Namespace) -> tuple[int, int]:
    """Return the steps of an epoch and the rows of a step."""
    rows = len(prepared.rows)
    batch = min(_building.batch_size(options.batch_size, rows), rows)
    return -(-rows // batch), batch


def _validation(prepared: Prepared, units: _units.Units | None) -> tuple[Array, Array] | None:
    if prepared.held_out is None:
        return None
    X, y = prepared.held_out
    return X, y if units is None else units.standardized(y)


def _callbacks(
    options: argparse.Namespace,
    prepared: Prepared,
    net: nn.FeedForward,
    units: _units.Units | None,
) -> dict[str, nn.Callback]:
    found: dict[str, nn.Callback] = {}
    if units is not None:
        found["units"] = _units.InUnits(units, net.loss)
    if options.patience and prepared.held_out is not None:
        found["stopping"] = nn.callbacks.EarlyStopping(
            patience=options.patience, restore_best_weights=True
        )
    if options.log is not None:
        found["log"] = nn.callbacks.CSVLogger(options.log)
    found["nan"] = nn.callbacks.TerminateOnNaN()
    return found


# After -------------------------------------------------------------------------------------------


def _finish(
    net: nn.FeedForward,
    stopping: Any,
    units: _units.Units | None,
    prepared: Prepared,
    interrupted: bool,
) -> nn.FeedForward:
    """Return the network as it is to be kept."""
    if interrupted and stopping is not None and stopping.best_weights is not None:
        net.set_weights(stopping.best_weights)  # which the end of the run would have done
    if prepared.table is not None:
        _unseen.settle(net, prepared.X[prepared.rows])
    loss = net.loss
    kept = net
    if units is not None:
        kept = _units.without_penalties(net)
        units.taken_in(kept)
        loss = _units.of_standardized(loss, units)
    return kept.compile(net.optimizer, loss, list(net.metrics))


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a second Ctrl-C not keep the model from being saved."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _result(
    net: nn.FeedForward,
    prepared: Prepared,
    options: argparse.Namespace,
    seconds: float,
    interrupted: bool,
    steps: int,
) -> dict[str, Any]:
    history = net.history
    epochs = len(history.get("loss", []))
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
        "best_epoch": _best_epoch(history),
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


def _best_epoch(history: dict[str, list[float]]) -> int | None:
    """Return the epoch, counted from 1, in which the held-out rows' loss was least."""
    losses = history.get("val_loss")
    return (
        None
        if not losses
        else int(np.nanargmin(losses)) + 1
        if np.any(np.isfinite(losses))
        else None
    )


# What is said ------------------------------------------------------------------------------------


def _say_prepared(console: Console, prepared: Prepared) -> None:
    about = prepared.description
    console.row("data", f"{about['path']}: {about['summary']}")
    for note in about["notes"]:
        console.row("", note)
    console.row("target", about["target"])
    for kind in ("numbers", "words", "left out"):
        if about["columns"].get(kind):
            console.row(kind, listed(about["columns"][kind], most=30))


def _say_network(
    console: Console,
    net: nn.FeedForward,
    prepared: Prepared,
    options: argparse.Namespace,
    batch: int,
) -> None:
    held_out = prepared.held_out_rows
    console.row(
        "network",
        f"{net.architecture}: {net.parameter_count:,} parameters, {net.dtype}, seed {net.seed}",
    )
    rate = "" if net.optimizer.full_batch else f", learning rate {net.learning_rate:.3g}"
    console.row(
        "learns by",
        f"{net.optimizer.name}{rate}, "
        f"{net.loss.name.replace('_', ' ')}, {batch} rows a step, {options.epochs} epochs at most",
    )
    console.row(
        "rows",
        f"{len(prepared.rows):,} to learn from, "
        + (f"{held_out:,} held out" if held_out else "none held out"),
    )


def _say_result(
    console: Console, found: dict[str, Any], prepared: Prepared, options: argparse.Namespace
) -> None:
    epochs, seconds = found["epochs"], found["seconds"]
    ended = "interrupted after" if found["interrupted"] else "went through"
    kept = ""
    if options.patience and found["best_epoch"] is not None:
        kept = (
            f"; kept are the weights of epoch {found['best_epoch']}, the best of the held-out rows"
        )
    console.say()
    console.row("learned", f"{ended} {epochs} epochs in {duration(seconds)}{kept}")
    if "held_out" in found:
        console.row("held out", numbers(found["held_out"]))
        console.row("", prepared.baseline_said())
    else:
        last = {name: values[-1] for name, values in found["history"].items()}
        console.row("training", numbers(last))
    console.row("saved", f"{found['out']} ({size(found['bytes'])})")
    if found["interrupted"]:
        console.note(f"interrupted; what was learned until then is in {found['out']}")
