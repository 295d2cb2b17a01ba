"""Callbacks that change the learning rate between epochs. Keras' names and rules."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from nnfast import _log, _progress, _rates, _validation, metrics
from nnfast.callbacks import Callback, Logs
from nnfast.schedules import Schedule

if TYPE_CHECKING:
    from nnfast.network import FeedForward


class _RateCallback(Callback):
    """What both share: a rate that is theirs alone to change, and a place for it in the history."""

    verbose: int

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Refuse a network whose rate changes by itself, or cannot be changed."""
        name = type(self).__name__
        optimizer = self.model.optimizer
        if _rates.is_scheduled(self.model):
            raise ValueError(
                f"{name} changes the learning rate, and so does {optimizer!r}; wanted is a number "
                f"there, or no {name}"
            )
        optimizer.with_learning_rate(self.model.learning_rate, f"the learning rate for {name}")

    def _say(self, epoch: int, what: str) -> None:
        line = f"epoch {epoch + 1}: {type(self).__name__}: {what}"
        _log.info("%s", line)
        if self.verbose:
            _progress.say(line)


class LearningRateScheduler(_RateCallback):
    """Sets the learning rate before every epoch, by a function of yours.

    For a rate that changes from step to step, and inside the core, see `nnfast.schedules`.

    Parameters
    ----------
    schedule : callable
        ``schedule(epoch, learning_rate)``, or ``schedule(epoch)``, returns the rate for the epoch,
        counted from 0; `learning_rate` is the one before.
    verbose : {0, 1}, default 0
        Whether to write a line for each epoch, on standard error.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> def schedule(epoch, rate):
    ...     return rate if epoch < 2 else rate / 2
    >>> halving = nn.callbacks.LearningRateScheduler(schedule)
    >>> net = nn.FeedForward("1-1", seed=0).compile(nn.SGD(0.25))
    >>> net.fit(X, X[:, 0], epochs=4, callbacks=halving).history["learning_rate"]
    [0.25, 0.25, 0.125, 0.0625]
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        if not callable(schedule):
            raise TypeError(
                f"schedule of LearningRateScheduler is {schedule!r}; wanted is a function of the "
                "epoch and the learning rate"
            )
        self.schedule = schedule
        self.verbose = _validation.choice(verbose, "verbose of LearningRateScheduler", (0, 1))
        self._wants_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the rate of this epoch."""
        before = self.model.learning_rate
        rate = self.schedule(epoch, before) if self._wants_rate else self.schedule(epoch)
        what = f"what the schedule of LearningRateScheduler returned for epoch {epoch}"
        self.model.learning_rate = _validation.number(rate, what, minimum=0.0)
        self._say(epoch, f"the learning rate is {self.model.learning_rate:g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Put the rate of this epoch into the history."""
        if logs is not None:
            logs["learning_rate"] = self.model.learning_rate


class ReduceLROnPlateau(_RateCallback):
    """Multiplies the learning rate by a factor when something has stopped getting better.

    After `patience` epochs in a row without an improvement by more than `min_delta`, the rate
    becomes max(factor rate, min_lr); for `cooldown` epochs after that none is counted.

    Parameters
    ----------
    monitor : str, default "val_loss"
        What to watch, by its name in the history. Where it is missing, a warning says so.
    factor : float, default 0.1
        In (0, 1).
    patience : int, default 10
    verbose : {0, 1}, default 0
        Whether to write a line when the rate is reduced, on standard error.
    mode : {"auto", "min", "max"}, default "auto"
        Whether smaller or larger is better. By itself it knows losses, errors and accuracies.
    min_delta : float, default 0.0001
        At least 0.
    cooldown : int, default 0
    min_lr : float, default 0.0
        At least 0.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> careful = nn.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=2)
    >>> net = nn.FeedForward("1-1", seed=0).compile(nn.SGD(0.5))
    >>> run = net.fit(X, X[:, 0], epochs=20, batch_size=50, callbacks=careful)
    >>> run.history["learning_rate"][-1] < 0.5
    True
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        def called(name: str) -> str:
            return f"{name} of ReduceLROnPlateau"

        if not isinstance(monitor, str):
            raise TypeError(f"{called('monitor')} is {monitor!r}; wanted is a name of the history")
        self.monitor = monitor
        self.factor = _validation.number(factor, called("factor"), above=0.0, below=1.0)
        self.patience = _validation.integer(patience, called("patience"), minimum=0)
        self.verbose = _validation.choice(verbose, called("verbose"), (0, 1))
        self.mode: str = _validation.choice(mode, called("mode"), ("auto", "min", "max"))
        self.min_delta = _validation.number(min_delta, called("min_delta"), minimum=0.0)
        self.cooldown = _validation.integer(cooldown, called("cooldown"), minimum=0)
        self.min_lr = _validation.number(min_lr, called("min_lr"), minimum=0.0)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin anew: every run has a best value of its own."""
        super().on_train_begin(logs)
        mode = _mode(self.monitor, self.model) if self.mode == "auto" else self.mode
        self._sign = 1.0 if mode == "max" else -1.0
        self._best: float | None = None
        self._waited = self._resting = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at the epoch's numbers, and reduce the rate if it is time."""
        logs = {} if logs is None else logs
        logs["learning_rate"] = self.model.learning_rate
        if self.monitor not in logs:
            warnings.warn(
                f"monitor of ReduceLROnPlateau is {self.monitor!r}, which this run does not have; "
                f"it has {', '.join(logs)}",
                RuntimeWarning,
                stacklevel=2,
            )
            return
        value = self._sign * logs[self.monitor]
        if self._resting:
            self._resting -= 1
            self._waited = 0
        if self._best is None or value - self.min_delta > self._best:
            self._best, self._waited = value, 0
        elif not self._resting:
            self._waited += 1
            if self._waited >= self.patience and self.model.learning_rate > self.min_lr:
                reduced = max(self.model.learning_rate * self.factor, self.min_lr)
                self.model.learning_rate = reduced
                self._resting, self._waited = self.cooldown, 0
                self._say(epoch, f"the learning rate is reduced to {reduced:g}")


def _takes_two(function: Callable[..., float]) -> bool:
    """Tell whether a function takes the epoch and the rate, or the epoch alone."""
    if isinstance(function, Schedule):
        return False
    try:
        signature = inspect.signature(function)
    except ValueError:  # of some that are compiled nothing is known
        return True
    for arguments in ((0, 0.1), (0,)):
        try:
            signature.bind(*arguments)
        except TypeError:
            continue
        return len(arguments) == 2
    raise TypeError(
        f"schedule of LearningRateScheduler is {function!r}; wanted is a function of the epoch and "
        "the learning rate, or of the epoch alone"
    )


def _mode(monitor: str, network: FeedForward) -> str:
    """Tell whether smaller or larger values of what is watched are better."""
    name = monitor.removeprefix("val_")
    if name == "loss" or name.endswith("_error"):
        return "min"
    if name == metrics.Accuracy.name:
        return "max"
    raise ValueError(
        f"mode of ReduceLROnPlateau is 'auto', which does not know whether {monitor!r} is better "
        "when it is smaller or larger; wanted is 'min' or 'max'"
    )
