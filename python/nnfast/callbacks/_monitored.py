"""Callbacks that watch one number: early stopping and checkpoints."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

from nnfast import _log, _validation
from nnfast.callbacks._base import Callback, Logs

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

MODES = ("auto", "min", "max")


class Monitor(Callback):
    """The base class of callbacks that watch whether a number of the logs gets better.

    Parameters
    ----------
    monitor : str, default "val_loss"
        The number's name in the logs.
    mode : {"auto", "min", "max"}, default "auto"
        Whether less or more of it is better; "auto" knows of the loss and of the metrics.
    min_delta : float, default 0
        By how much it has to change to count as better.
    """

    def __init__(
        self, monitor: str = "val_loss", *, mode: str = "auto", min_delta: float = 0.0
    ) -> None:
        if not isinstance(monitor, str):
            raise TypeError(
                f"monitor is {monitor!r}; wanted is the name of a number in the logs, such as "
                "'val_loss'"
            )
        self.monitor = monitor
        self.mode: str = _validation.choice(mode, "mode", MODES)
        self.min_delta = _validation.number(min_delta, "min_delta", minimum=0.0)
        self._sign = 0.0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Find out which way is better; refuse to watch what will never be there."""
        name = self.monitor.removeprefix("val_")
        if name != self.monitor and not self.params.get("validation", True):
            raise ValueError(
                f"{type(self).__name__} monitors {self.monitor!r}, which needs validation_data or "
                "validation_split"
            )
        directions = {metric.label: metric.greater_is_better for metric in self.model.metrics}
        directions["loss"] = False
        better = {"min": False, "max": True}.get(self.mode, directions.get(name))
        if better is None:
            raise ValueError(
                f"{type(self).__name__} monitors {self.monitor!r}, of which it does not know "
                "whether less or more of it is better; wanted is mode='min' or mode='max'"
            )
        self._sign = 1.0 if better else -1.0

    def value(self, logs: Logs | None) -> float | None:
        """Return the number that is watched; None in an epoch without validation."""
        numbers = logs or {}
        if self.monitor in numbers:
            return float(numbers[self.monitor])
        if self.monitor.startswith("val_") and self.params.get("validation_frequency", 1) > 1:
            return None
        raise ValueError(
            f"{type(self).__name__} monitors {self.monitor!r}, but the logs have "
            f"{', '.join(map(repr, numbers))}"
        )

    def is_better(self, value: float, than: float | None) -> bool:
        """Tell whether a value is better by more than `min_delta`; any is better than None."""
        return than is None or self._sign * value - self.min_delta > self._sign * than


class EarlyStopping(Monitor):
    """Ends a run when a number has not become better for some epochs.

    Parameters
    ----------
    monitor, mode, min_delta : optional
        As for `Monitor`: by default "val_loss" has to become less.
    patience : int, default 0
        How many epochs without progress it waits for.
    baseline : float, optional
        Progress counts only if it is better than this.
    restore_best_weights : bool, default False
        Whether the network ends with the weights of its best epoch, bit for bit, rather than with
        the last. The optimizer's state stays that of the last.
    start_from_epoch : int, default 0
        The first epoch that is watched.

    Attributes
    ----------
    best : float or None
        The best value.
    best_epoch : int
        Its epoch.
    stopped_epoch : int
        The epoch after which the run ended, or 0.

    Notes
    -----
    Keras' rules to the letter, epoch by epoch; only that Keras warns of a number that is not there,
    where this is an error. scikit-learn's ``n_iter_no_change=k`` ends one epoch later than
    ``patience=k``, and holds a part of the rows out by itself: `validation_split` does so here.

    References
    ----------
    Prechelt, "Early stopping - but when?", in: Neural Networks: Tricks of the Trade, 1998.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> net = nn.FeedForward("64-32-10", output="softmax", seed=0)
    >>> stopping = nn.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    >>> run = net.fit(X, y, epochs=1000, validation_split=0.2, callbacks=stopping)
    >>> len(run.epoch) == stopping.best_epoch + 1 + 3
    True
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        min_delta: float = 0.0,
        patience: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode=mode, min_delta=min_delta)
        self.patience = _validation.integer(patience, "patience", minimum=0)
        self.baseline = None if baseline is None else _validation.number(baseline, "baseline")
        self.restore_best_weights = _validation.boolean(
            restore_best_weights, "restore_best_weights"
        )
        self.start_from_epoch = _validation.integer(start_from_epoch, "start_from_epoch", minimum=0)
        self._forget()

    def _forget(self) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best: float | None = None
        self.best_weights: list[Array] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin afresh."""
        super().on_train_begin(logs)
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Keep the best, and stop if it has been too long ago."""
        value = self.value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._keep(epoch)
        self.wait += 1
        if self.is_better(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self._keep(epoch)
            if self.baseline is None or self.is_better(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            _log.info(
                "epoch %d: EarlyStopping: %s was best in epoch %d, %s",
                *(epoch + 1, self.monitor, self.best_epoch + 1, self.best),
            )
            self.model.stop_training = True

    def _keep(self, epoch: int) -> None:
        self.best_epoch, self.best_weights = epoch, self.model.get_weights()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Put the best weights back."""
        if self.restore_best_weights and self.best_weights is not None:
            self.model.set_weights(self.best_weights)


class ModelCheckpoint(Monitor):
    """Saves the network after every epoch, or only when a number has become better.

    Parameters
    ----------
    path : str or path
        The file, which is replaced whole or not at all. ``{epoch}`` in it stands for the number of
        the epoch from 1 on, and names of the logs for their values:
        ``"net-{epoch:03d}-{val_loss:.3f}.safetensors"``.
    monitor, mode, min_delta : optional
        As for `Monitor`; of no meaning unless `save_best_only`.
    save_best_only : bool, default False
        Whether to save only when the number is better than it ever was in this run.
    include_optimizer : bool, default True
        As for `FeedForward.save`: so that training can go on to the same bits.
    initial_value : float, optional
        What has to be beaten from the first epoch on.

    Attributes
    ----------
    best : float or None
        The best value.

    See Also
    --------
    EarlyStopping : keeps the best weights in memory.

    Examples
    --------
    >>> import os, tempfile
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "best.safetensors")
    ...     net = nn.FeedForward("64-10", output="softmax", seed=0)
    ...     best = nn.callbacks.ModelCheckpoint(path, save_best_only=True)
    ...     run = net.fit(X, y, epochs=3, validation_split=0.2, callbacks=best)
    ...     len(nn.load(path).history["loss"])
    3
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        monitor: str = "val_loss",
        *,
        save_best_only: bool = False,
        mode: str = "auto",
        min_delta: float = 0.0,
        include_optimizer: bool = True,
        initial_value: float | None = None,
    ) -> None:
        super().__init__(monitor, mode=mode, min_delta=min_delta)
        try:
            self.path = os.fspath(path)
        except TypeError:
            raise TypeError(f"path is {path!r}; wanted is the name of a file") from None
        self.save_best_only = _validation.boolean(save_best_only, "save_best_only")
        self.include_optimizer = _validation.boolean(include_optimizer, "include_optimizer")
        self.initial_value = (
            None if initial_value is None else _validation.number(initial_value, "initial_value")
        )
        self.best = self.initial_value

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin afresh; refuse a path that cannot be written."""
        self.best = self.initial_value
        if self.save_best_only:
            super().on_train_begin(logs)
        folder = os.path.dirname(self.path)
        if folder and "{" not in folder and not os.path.isdir(folder):
            raise FileNotFoundError(f"path is {self.path!r}, whose folder does not exist")

    def _on_epoch_kept(self, epoch: int, logs: Logs) -> None:
        # Not on_epoch_end: by now the epoch is in the history that goes into the file.
        if self.save_best_only:
            value = self.value(logs)
            if value is None or math.isnan(value) or not self.is_better(value, self.best):
                return
            self.best = value
        try:
            path = self.path.format(**{**logs, "epoch": epoch + 1})
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(
                f"path is {self.path!r}, which cannot be filled in ({error}); the logs have "
                f"{', '.join(map(repr, logs))}"
            ) from None
        self.model.save(path, include_optimizer=self.include_optimizer)
