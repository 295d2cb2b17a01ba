"""The loop over the epochs: the only place where Python and the arithmetic take turns."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from nnfast import _architecture, _rates, callbacks
from nnfast._lessons import Lesson
from nnfast._progress import ProgressLines
from nnfast.callbacks import Callback, History, Logs

if TYPE_CHECKING:
    from nnfast.network import FeedForward


def train(
    network: FeedForward,
    lesson: Lesson,
    epochs: int,
    threads: Callable[[], int],
    verbose: int,
    watchers: Sequence[Callback] = (),
    progress: ProgressLines | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> History:
    """Train epoch by epoch and tell the watchers; history is of whole epochs, whatever is raised.

    Parameters
    ----------
    network : FeedForward
    lesson : Lesson
        What it learns from.
    epochs : int
        How many at most.
    threads : callable
        Tells how many threads to work with, for the next epochs.
    verbose : int
        What the history is to say of it.
    watchers : sequence of Callback
    progress : ProgressLines, optional
        One of the watchers, to be closed however the run ends.
    stopped : callable, optional
        Tells whether to end as Ctrl-C does, which reaches the main thread alone.
    """
    steps = -(-lesson.length // lesson.batch_size)
    history = History()
    for watcher in (*watchers, history):
        watcher.set_model(network)
        watcher.set_params({"epochs": epochs, "steps": steps, "verbose": verbose})
    network._classes = lesson.target.classes
    if _architecture.standardizes(network.layers) and not network._network.is_fitted():
        network._network.adapt(lesson.x, lesson.rows)
    network.stop_training = False
    logs: Logs = {}
    try:
        for watcher in watchers:
            watcher.on_train_begin()
        network._network.begin_run()
        while len(history.epoch) < epochs:
            epoch = len(history.epoch)
            for watcher in watchers:
                watcher.on_epoch_begin(epoch)
            done: list[Logs] = []
            # Without watchers, Python need not be entered for every epoch.
            most = 1 if watchers else epochs - epoch
            try:
                with InterruptLater(stopped) as interrupt:
                    converged = _learn(network, lesson, most, threads(), interrupt.came, done)
                logs = done[-1]
                for watcher in watchers:
                    watcher.on_epoch_end(epoch, logs)
            finally:
                # Whatever is raised, the weights have been through these epochs.
                with InterruptLater(stopped):
                    for numbers in done:
                        history.on_epoch_end(len(history.epoch), numbers)
                        callbacks.append(network._history, numbers)
            if network.stop_training or converged:
                break
        for watcher in watchers:
            watcher.on_train_end(logs)
    finally:
        if progress is not None:
            progress.close()
    return history


class InterruptLater:
    """Lets Ctrl-C wait for the end of what must not be left half done, and raises it there.

    Otherwise its exception may come between any two lines, or in the middle of a finalizer, which
    swallows it. A handler of the user's own is left alone, as are threads that Ctrl-C does not
    reach.

    Parameters
    ----------
    stopped : callable
        Another reason to end as Ctrl-C does.
    """

    def __init__(self, stopped: Callable[[], bool]) -> None:
        self._stopped, self._came, self._in_charge = stopped, False, False

    def came(self) -> bool:
        """Tell whether to end."""
        return self._came or self._stopped()

    def __enter__(self) -> InterruptLater:
        if threading.current_thread() is threading.main_thread():
            self._in_charge = signal.getsignal(signal.SIGINT) is signal.default_int_handler
            if self._in_charge:
                signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        if self._in_charge:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if self._came and error[0] is None:
                raise KeyboardInterrupt

    def _note(self, number: int, frame: object) -> None:
        self._came = True


def _learn(
    network: FeedForward,
    lesson: Lesson,
    epochs: int,
    threads: int,
    stopped: Callable[[], bool],
    done: list[Logs],
) -> bool:
    """Train for at least one of these epochs; append the numbers of each whole one to `done`.

    Returned is whether there is nothing left to gain.
    """
    if stopped():
        raise KeyboardInterrupt
    x, target, rows, batch_size, shuffle, validation, weights = lesson
    network._compile_for(target.loss)  # a callback may have measured by another loss
    backend, report = network._network, list[list[float]]()
    if validation is not None or _rates.is_scheduled(network):
        epochs = 1
    try:
        converged = backend.train_epochs(
            x, target.values, rows, batch_size, shuffle, threads, epochs, report, stopped, weights
        )
    finally:
        if validation is None:
            done += [network._named(values) | _rates.logged(network) for values in report]
    if validation is not None:
        x, values, weights = validation
        with network.averaged() if network._measured_averaged else nullcontext():
            measured = network._named(backend.evaluate(x, values, batch_size, threads, weights))
        measured = {f"val_{name}": value for name, value in measured.items()}
        done.append(network._named(report[0]) | measured | _rates.logged(network))
    return converged
