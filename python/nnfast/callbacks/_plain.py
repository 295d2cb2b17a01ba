"""Callbacks that keep a log, that end a run of NaN, and that are made of functions."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable
from typing import Any

from nnfast import _validation
from nnfast.callbacks._base import HOOKS, Callback, Logs


class CSVLogger(Callback):
    """Writes the numbers of every epoch to a file of comma-separated values.

    Parameters
    ----------
    path : str or path
        The file. Each epoch is one line, on the disk as soon as the epoch is over.
    separator : str, default ","
        One character.
    append : bool, default False
        Whether to go on with a file that is there, rather than to begin it anew.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import nnfast as nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "log.csv")
    ...     net = nn.FeedForward("1-1", initializer="zeros")
    ...     run = net.fit([[0.0]], [0.0], epochs=2, callbacks=nn.callbacks.CSVLogger(path))
    ...     print(path.read_text())
    epoch,loss
    0,0.0
    1,0.0
    """

    def __init__(
        self, path: str | os.PathLike[str], *, separator: str = ",", append: bool = False
    ) -> None:
        try:
            self.path = os.fspath(path)
        except TypeError:
            raise TypeError(f"path is {path!r}; wanted is the name of a file") from None
        if not isinstance(separator, str) or len(separator) != 1:
            raise ValueError(f"separator is {separator!r}; wanted is one character")
        self.separator = separator
        self.append = _validation.boolean(append, "append")
        self._names: list[str] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin the file, or look at what is in it."""
        self._names = []
        if self.append and os.path.exists(self.path):
            with open(self.path, newline="", encoding="utf-8") as file:
                self._names = next(csv.reader(file, delimiter=self.separator), [])[1:]
        else:
            with open(self.path, "w", encoding="utf-8"):
                pass

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the line, and before the first one the names."""
        numbers = logs or {}
        # Opened each time: a run that is ended by an error leaves a whole file, and no open one.
        with open(self.path, "a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=self.separator, lineterminator="\n")
            if not self._names:
                self._names = list(numbers)
                if self.params.get("validation") and not any(n.startswith("val_") for n in numbers):
                    self._names += [f"val_{name}" for name in numbers]
                writer.writerow(["epoch", *self._names])
            writer.writerow([epoch, *(numbers.get(name, "NA") for name in self._names)])


class TerminateOnNaN(Callback):
    """Ends a run when the loss of an epoch is NaN or infinite.

    Keras looks after every batch; here Python is entered once an epoch. One such row makes an
    epoch's loss NaN or infinite, so that none is missed.

    Examples
    --------
    >>> import warnings
    >>> import nnfast as nn
    >>> net = nn.FeedForward("1-1").compile(nn.SGD(1e30))
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", nn.TrainingWarning)
    ...     run = net.fit([[1e3]], [0.0], epochs=100, callbacks=nn.callbacks.TerminateOnNaN())
    >>> len(run.epoch) < 100
    True
    """

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at the loss."""
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            self.model.stop_training = True


class LambdaCallback(Callback):
    """A callback made of functions, each given by the name of its hook.

    Parameters
    ----------
    on_train_begin, on_epoch_end, ... : callable, optional
        What to call, with the arguments of the method of that name of `Callback`.

    Examples
    --------
    >>> import nnfast as nn
    >>> shout = nn.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch))
    >>> run = nn.FeedForward("1-1").fit([[0.0]], [0.0], epochs=2, callbacks=shout)
    0
    1
    """

    def __init__(self, **hooks: Callable[..., Any]) -> None:
        for name, function in hooks.items():
            if name not in HOOKS:
                raise TypeError(f"LambdaCallback has no {name!r}; wanted are {', '.join(HOOKS)}")
            if not callable(function):
                raise TypeError(f"{name} is {function!r}; wanted is a function")
            setattr(self, name, function)
