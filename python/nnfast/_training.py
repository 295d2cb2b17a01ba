"""The loop over the epochs: the only place where Python and the arithmetic take turns."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _architecture, _log, _rates, callbacks
from nnfast._lessons import Lesson
from nnfast.callbacks import Callback, History, Logs, overriding

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast._batches import Batches
    from nnfast._lessons import Lessons
    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]


def train(
    network: FeedForward,
    lesson: Lesson | Lessons | Batches,
    epochs: int,
    threads: Callable[[], int],
    verbose: int,
    watchers: Sequence[Callback] = (),
    stopped: Callable[[], bool] = lambda: False,
    initial_epoch: int = 0,
) -> History:
    """Train epoch by epoch and tell the watchers; history is of whole epochs, whatever is raised.

    Parameters
    ----------
    network : FeedForward
    lesson : Lesson, Lessons or Batches
        What it learns from.
    epochs : int
        The number of the last one, at most.
    threads : callable
        Tells how many threads to work with, for the next epochs.
    verbose : int
        What the history is to say of it.
    watchers : sequence of Callback
    stopped : callable, optional
        Tells whether to end as Ctrl-C does, which reaches the main thread alone.
    initial_epoch : int, default 0
        The number of the first.
    """
    history = History()
    whole = isinstance(lesson, Lesson)
    params = {
        "epochs": epochs,
        "steps": lesson.steps,
        "rows": lesson.length if isinstance(lesson, Lesson) else None,
        "batch_size": lesson.batch_size if whole else None,
        "verbose": verbose,
        "validation": lesson.validation is not None,
        "validation_frequency": lesson.validation_frequency,
    }
    for watcher in (*watchers, history):
        watcher.set_model(network)
        watcher.set_params(dict(params))
    course = _Course(network, lesson, watchers, stopped)
    if lesson.classes is not None:
        network._classes = lesson.classes
    adapts = _architecture.standardizes(network.layers) and not network._network.is_fitted()
    if adapts and isinstance(lesson, Lesson):
        network._network.adapt(lesson.x, lesson.rows)
    network.stop_training = False
    logs: Logs = {}
    _say_begun(network, params, initial_epoch)
    with _Over(network, history, watchers) as over:
        for watcher in watchers:
            watcher.on_train_begin()
        network._network.begin_run()
        while (epoch := initial_epoch + len(history.epoch)) < epochs:
            for watcher in watchers:
                watcher.on_epoch_begin(epoch)
            done: list[Logs] = []
            # Without watchers, Python need not be entered for every epoch.
            most = 1 if watchers else epochs - epoch
            try:
                converged = course.learn(epoch, most, threads(), done)
                if not done:
                    break
                logs = done[-1]
                for watcher in watchers:
                    watcher.on_epoch_end(epoch, logs)
            finally:
                # Whatever is raised, the weights have been through these epochs.
                with InterruptLater(stopped):
                    for numbers in done:
                        history.on_epoch_end(initial_epoch + len(history.epoch), numbers)
                        callbacks.append(network._history, numbers)
                        _say_epoch(history.epoch[-1], numbers)
            for watcher in watchers:
                watcher._on_epoch_kept(epoch, logs)
            if network.stop_training or converged:
                over.reason = "nothing is left to gain" if converged else "a callback stopped it"
                break
        for watcher in watchers:
            watcher.on_train_end(logs)
    return history


def _say_begun(network: FeedForward, params: dict[str, Any], first: int) -> None:
    if _log.is_heard("INFO"):
        rows = "batches one by one" if params["rows"] is None else f"{params['rows']:,} rows"
        _log.info(
            "fit begins: %s, %s, epochs %d to %d, batch_size %s, %r, %r",
            *(network.architecture, rows, first + 1, params["epochs"], params["batch_size"]),
            *(network.optimizer, network.loss),
        )


def _say_epoch(epoch: int, numbers: Logs) -> None:
    if _log.is_heard("DEBUG"):
        _log.debug("epoch %d: %s", epoch + 1, _log.numbers(numbers))


class _Over(ExitStack):
    """Tells the watchers and the log that a run is over, however it ended."""

    reason = "all epochs are done"

    def __init__(
        self, network: FeedForward, history: History, watchers: Sequence[Callback]
    ) -> None:
        super().__init__()
        self._network, self._history, self._before = network, history, network._timing.copy()
        for watcher in watchers:
            self.callback(watcher._on_run_over)

    def __exit__(self, *error: Any) -> bool | None:
        if _log.is_heard("INFO"):
            last = {name: values[-1] for name, values in self._history.history.items()}
            _log.info(
                "fit ended after %d epochs, %.3g s of learning: %s (%s)",
                len(self._history.epoch),
                self._network._timing.seconds - self._before.seconds,
                _log.numbers(last) or "no numbers yet",
                self.reason if error[0] is None else error[0].__name__,
            )
        return super().__exit__(*error)


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


class _Course:
    """How the epochs of a run are gone through: whole by the core, or batch by batch from here."""

    def __init__(
        self,
        network: FeedForward,
        lesson: Lesson | Lessons | Batches,
        watchers: Sequence[Callback],
        stopped: Callable[[], bool],
    ) -> None:
        self._network, self._lesson, self._stopped = network, lesson, stopped
        self._before = overriding(watchers, "on_train_batch_begin")
        self._after = overriding(watchers, "on_train_batch_end")
        self._test_begin = overriding(watchers, "on_test_begin")
        self._test_end = overriding(watchers, "on_test_end")
        self._shows = overriding(watchers, "_on_rows")
        self._rows = 0  # of the last epoch

    def learn(self, epoch: int, most: int, threads: int, done: list[Logs]) -> bool:
        """Train for one epoch, or some more up to `most`; append the numbers of each to `done`.

        Returned is whether there is nothing left to gain.
        """
        lesson = self._lesson
        validates = lesson.validation is not None and (epoch + 1) % lesson.validation_frequency == 0
        now = None if self._before or self._after else lesson.next()
        if now is None:
            started = time.perf_counter()
            numbers = self._by_batches(lesson.batches(self._network), threads)
            if numbers is None:
                return False
            self._network._timing.add(1, self._rows, time.perf_counter() - started)
            with InterruptLater(self._stopped):
                if validates:
                    numbers |= self._validated(threads)
                done.append(numbers | _rates.logged(self._network))
            return False
        with InterruptLater(self._stopped) as interrupt:
            started = time.perf_counter()
            try:
                converged = self._whole(now, most, threads, interrupt.came, done)
            finally:
                rows, seconds = len(done) * now.length, time.perf_counter() - started
                self._network._timing.add(len(done), rows, seconds)
            if validates:
                done.append(done.pop() | self._validated(threads))
        return converged

    def _whole(
        self,
        lesson: Lesson,
        most: int,
        threads: int,
        came: Callable[[], bool],
        done: list[Logs],
    ) -> bool:
        """Let the core go through epochs; tell whether there is nothing left to gain."""
        if came():
            raise KeyboardInterrupt
        network, target = self._network, lesson.target
        network._compile_for(target.loss)  # a callback may have measured by another loss
        report = list[list[float]]()
        outputs = network._room_for_outputs(lesson.length)
        alone = outputs is not None or lesson.validation is not None
        most = 1 if alone or _rates.is_scheduled(network) else most
        try:
            converged = network._network.train_epochs(
                lesson.x,
                target.values,
                lesson.rows,
                lesson.batch_size,
                lesson.shuffle,
                threads,
                most,
                report,
                came,
                lesson.weights,
                network._left_to_backend(lesson.x, lesson.rows, outputs),
                lesson.penalty_factors,
            )
        finally:
            if not alone:
                done += [network._named(values) | _rates.logged(network) for values in report]
        if alone:
            rows = slice(None) if lesson.rows is None else lesson.rows
            answers = None if outputs is None else (target.values[rows], outputs)
            done.append(network._named(report[0], answers) | _rates.logged(network))
        return converged

    def _by_batches(self, batches: Any, threads: int) -> Logs | None:
        """Take the batches of an epoch one by one; return its numbers, or None if it is not whole.

        The sums go from batch to batch, so that the bits are those of an epoch in the core.
        """
        network = self._network
        sums = [0.0] * network._measure_count
        rows, kept = 0, []
        for number, batch in enumerate(batches):
            for watcher in self._before:
                watcher.on_train_batch_begin(number, {})
            outputs = network._room_for_outputs(batch.length)
            with InterruptLater(self._stopped) as interrupt:
                network._compile_for(batch.loss)
                network._classes = batch.classes
                left = network._left_to_backend(batch.x, batch.rows, outputs)
                sums = network._network.train_batch(
                    batch.x,
                    batch.y,
                    threads,
                    batch.weights,
                    batch.rows,
                    left,
                    sums,
                    batch.penalty_factor,
                )
                rows += batch.length
            if interrupt.came():
                raise KeyboardInterrupt
            for watcher in self._shows:
                watcher._on_rows(number, rows)
            if outputs is not None:
                chosen = slice(None) if batch.rows is None else batch.rows
                kept.append((batch.y[chosen], outputs))
            if self._after:
                logs = network._named([value / rows for value in sums])
                for watcher in self._after:
                    watcher.on_train_batch_end(number, logs)
                if network.stop_training:
                    return None
        if rows == 0:
            return None
        network._network.count_epoch()
        self._rows = rows
        answers = None
        if kept:
            targets, said = zip(*kept, strict=True)
            answers = np.concatenate(targets), np.concatenate(said)
        return network._named([value / rows for value in sums], answers)

    def _validated(self, threads: int) -> Logs:
        """Measure the validation data."""
        network, lesson, validation = self._network, self._lesson, self._lesson.validation
        assert validation is not None
        for watcher in self._test_begin:
            watcher.on_test_begin()
        network._compile_for(validation.loss)
        x, y, weights = validation.x, validation.y, validation.weights
        answers = None
        with network.averaged() if network._measured_averaged else nullcontext():
            values = network._network.evaluate(x, y, lesson.batch_size, threads, weights)
            if network._needs_outputs:
                answers = y, network._network.predict(x, threads, None)
        measured = network._named(values, answers)
        for watcher in self._test_end:
            watcher.on_test_end(dict(measured))
        return {f"val_{name}": value for name, value in measured.items()}
