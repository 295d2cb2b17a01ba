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
import time
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

import nnfast as nn
from nnfast.cli import (
    _building,
    _errors,
    _models,
    _outcome,
    _prepared,
    _signals,
    _specs,
    _units,
    _unseen,
)
from nnfast.cli._console import Console, number
from nnfast.cli._train_options import add_options

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.cli._prepared import Prepared

    Array: TypeAlias = NDArray[Any]

LARGE = 20.0  # numbers beyond are far from where a network starts

__all__ = ["EXAMPLES", "add_options", "run"]

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


def run(options: argparse.Namespace) -> int:
    """Train, save, and say how it went."""
    console = Console(as_json=options.json, quiet=options.quiet)
    _building.check(options)
    _refuse_folder(options.out)
    begin = None
    if options.begin is not None:
        begin = _models.load(options.begin, options)
    prepared = _prepared.prepare(options, begin)
    _outcome.say_prepared(console, prepared)
    net, units = _network(prepared, options, begin)
    notes = _notes(net, prepared, units)
    for note in notes:
        console.note(note)
    steps, size_of_batch = _steps(prepared, options)
    callbacks = _callbacks(options, prepared, net, units)
    _outcome.say_network(console, net, prepared, options, size_of_batch)
    first = len(net.history.get("loss", []))
    begun = time.perf_counter()
    interrupted = False
    with _signals.terminated_as_interrupted() as terminated:
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
                validation_frequency=options.validation_frequency,
                shuffle=not options.no_shuffle,
                callbacks=list(callbacks.values()),
                verbose=console.verbose,
            )
        except KeyboardInterrupt:
            if net._snapshot()["step"] == 0:
                raise  # nothing is learned that could be kept
            interrupted = True
    seconds = time.perf_counter() - begun
    with _signals.uninterrupted():
        net = _finish(net, callbacks.get("stopping"), units, prepared, interrupted)
        _refuse_diverged(net)
        net.save(options.out, include_optimizer=False)
        found = _outcome.result(net, prepared, options, seconds, interrupted, steps, first)
        found["notes"] = notes
        _outcome.say_result(console, found, prepared, options)
    console.result(found)
    if terminated:
        return _errors.TERMINATED
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
    if getattr(net.optimizer, "ema_momentum", None) is not None:
        found["average"] = nn.SwapEMAWeights(swap_on_epoch=True)
    if _building.is_plateau(options.schedule):
        if prepared.held_out is None:
            raise _errors.Misused("--schedule plateau wants rows held out; --validation is 0")
        found["plateau"] = _building.plateau(options)
    if options.patience and prepared.held_out is not None:
        found["stopping"] = nn.callbacks.EarlyStopping(
            patience=options.patience, restore_best_weights=True
        )
    if options.save_every is not None:
        found["saving"] = _Saving(options, prepared, units, found.get("stopping"))
    if options.log is not None:
        found["log"] = nn.callbacks.CSVLogger(options.log)
    found["nan"] = nn.callbacks.TerminateOnNaN()
    return found


class _Saving(nn.Callback):
    """Saves the network as it would be kept if the run ended now."""

    def __init__(
        self,
        options: argparse.Namespace,
        prepared: Prepared,
        units: _units.Units | None,
        stopping: Any,
    ) -> None:
        self._options, self._prepared = options, prepared
        self._units, self._stopping = units, stopping

    def _on_epoch_kept(self, epoch: int, logs: nn.callbacks.Logs) -> None:
        # Not on_epoch_end: by now the epoch is in the history that goes into the file.
        if (epoch + 1) % self._options.save_every == 0:
            net = _finish(copy(self.model), self._stopping, self._units, self._prepared, True)
            if _is_finite(net):
                net.save(self._options.out, include_optimizer=False)


# After -------------------------------------------------------------------------------------------


def _refuse_diverged(net: nn.FeedForward) -> None:
    """Refuse to save a network that says nothing."""
    if not _is_finite(net):
        raise ValueError(
            f"the weights have grown past {net.dtype}, and nothing is saved; wanted is a smaller "
            "--learning-rate, or --clip-norm 1"
        )


def _is_finite(net: nn.FeedForward) -> bool:
    return all(np.isfinite(array).all() for array in net.get_weights())


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
