"""Callbacks: what is told of a training run while it goes on, and may stop it.

>>> import numpy as np
>>> import nnfast as nn
>>> class StopBelow(nn.Callback):
...     def on_epoch_end(self, epoch, logs=None):
...         if logs["loss"] < 1.0:
...             self.model.stop_training = True
>>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
>>> history = nn.FeedForward("1-1", seed=0).fit(X, X[:, 0], epochs=100, callbacks=[StopBelow()])
>>> len(history.epoch) < 100
True
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnfast._rate_callbacks import (
        LearningRateScheduler as LearningRateScheduler,
        ReduceLROnPlateau as ReduceLROnPlateau,
    )
    from nnfast.network import FeedForward

Logs = dict[str, float]


class Callback:
    """The base class of callbacks, with Keras' names; each method does nothing until overridden.

    Python is entered once an epoch, so there are no hooks for batches.

    Attributes
    ----------
    model : FeedForward
        The network that is trained. Setting ``model.stop_training = True`` ends the run after the
        epoch.
    params : dict
        ``epochs``, ``steps`` (batches an epoch) and ``verbose``.
    """

    model: FeedForward
    params: dict[str, Any]

    def set_model(self, model: FeedForward) -> None:
        """Take the network that will be trained."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the parameters of the run."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Be told that a run begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Be told that a run has ended, with the last epoch's `logs`."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Be told that an epoch begins; each run counts its epochs from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Be told that an epoch has ended.

        Parameters
        ----------
        epoch : int
            The epoch, counted from 0 in each run.
        logs : dict
            The loss and the metrics, those of the validation data with the prefix ``val_``. What is
            added to it is kept in the history.
        """


class History(Callback):
    """What `FeedForward.fit` returns: the numbers of every epoch of that run.

    Attributes
    ----------
    history : dict of list of float
        ``loss``, the metrics' names, and the same with the prefix ``val_``.
    epoch : list of int
        The epochs, counted from 0.
    params : dict
        ``epochs``, ``steps`` (batches an epoch) and ``verbose``.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> run = nn.FeedForward("1-1", seed=0).fit(X, X[:, 0], epochs=3)
    >>> run.epoch, list(run.history)
    ([0, 1, 2], ['loss'])
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []
        self.params = {}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Keep the epoch's numbers."""
        self.epoch.append(epoch)
        append(self.history, logs or {})

    def __repr__(self) -> str:
        last = "".join(f", {name}={values[-1]:.4g}" for name, values in self.history.items())
        return f"<History of {len(self.epoch)} epochs{last}>"


def append(history: dict[str, list[float]], logs: Logs) -> None:
    """Append an epoch's numbers to those of the epochs before."""
    for name, value in logs.items():
        history.setdefault(name, []).append(value)


def checked_callbacks(callbacks: Iterable[Callback] | Callback | None) -> list[Callback]:
    """Return the callbacks as a list, refusing what is none."""
    if callbacks is None:
        return []
    given = [callbacks] if isinstance(callbacks, Callback) else callbacks
    if not hasattr(given, "__iter__"):
        raise TypeError(
            f"callbacks is {callbacks!r}; wanted is a list of nnfast.Callback instances"
        )
    result = list(given)
    for index, callback in enumerate(result):
        if not isinstance(callback, Callback):
            raise TypeError(
                f"callbacks[{index}] is {callback!r}; wanted is an instance of nnfast.Callback"
            )
    return result


def __getattr__(name: str) -> Any:
    # They are imported when they are first named: a network can do without them.
    if name in ("LearningRateScheduler", "ReduceLROnPlateau"):
        from nnfast import _rate_callbacks

        return getattr(_rate_callbacks, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
