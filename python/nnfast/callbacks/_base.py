"""What callbacks are, and the history that every run keeps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnfast.network import FeedForward

Logs = dict[str, float]


class Callback:
    """The base class of callbacks, with Keras' names; each method does nothing until overridden.

    Python is entered once an epoch, and for every batch only if a callback has a hook for batches:
    the numbers are the same bits then, but small networks learn many times more slowly.

    Attributes
    ----------
    model : FeedForward
        The network that is trained. Setting ``model.stop_training = True`` ends the run after the
        epoch.
    params : dict
        ``epochs``, ``steps`` (batches an epoch) and ``rows`` (of an epoch; both None where they are
        not known), ``batch_size`` (None where batches come one by one), ``verbose``, ``validation``
        (whether there is validation data) and ``validation_frequency``.
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

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Be told that a step is to be taken; each epoch counts its batches from 0."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Be told that a step has been taken.

        Parameters
        ----------
        batch : int
            The batch, counted from 0 in each epoch.
        logs : dict
            The means of the loss and of such metrics as are means over the rows, over the epoch's
            rows so far. If ``model.stop_training`` is set here, the run ends at once; the history
            does not have the epoch then, as it is not a whole one.
        """

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Be told that the validation data is to be measured."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Be told what was measured of the validation data, without the prefix ``val_``."""

    def _on_epoch_kept(self, epoch: int, logs: Logs) -> None:
        """Be told that an epoch is in the network's history."""

    def _on_rows(self, batch: int, rows: int) -> None:
        """Be told of a batch that came by itself, and of the epoch's rows so far."""

    def _on_run_over(self) -> None:
        """Be told that a run is over, however it ended: by `on_train_end`, or by an error."""


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))


def overriding(callbacks: Iterable[Callback], hook: str) -> list[Callback]:
    """Return those callbacks for which a hook does something."""
    nothing = getattr(Callback, hook)
    return [
        one for one in callbacks if getattr(getattr(one, hook), "__func__", None) is not nothing
    ]


class History(Callback):
    """What `FeedForward.fit` returns: the numbers of every epoch of that run.

    Attributes
    ----------
    history : dict of list of float
        ``loss``, the metrics' names, and the same with the prefix ``val_``.
    epoch : list of int
        The epochs, counted from 0.
    params : dict
        As of `Callback`.

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
