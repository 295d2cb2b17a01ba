"""The loop over the epochs: the only place where Python and the arithmetic take turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nnfast import callbacks
from nnfast._progress import ProgressLines
from nnfast.callbacks import Callback, History, Logs


def run(
    epoch_of: Callable[[], Logs],
    stopped: Callable[[], bool],
    kept: dict[str, list[float]],
    epochs: int,
    watchers: Sequence[Callback],
    progress: ProgressLines | None,
) -> History:
    """Train epoch by epoch and tell the watchers; history is of whole epochs, whatever is raised.

    Parameters
    ----------
    epoch_of : callable
        Trains for one epoch and returns its numbers.
    stopped : callable
        Tells whether a watcher has asked for the end.
    kept : dict
        The history of all runs, to which each epoch is added.
    epochs : int
        How many at most.
    watchers : sequence of Callback
    progress : ProgressLines, optional
        One of the watchers, to be closed however the run ends.
    """
    history = History()
    logs: Logs = {}
    try:
        for watcher in watchers:
            watcher.on_train_begin()
        for epoch in range(epochs):
            for watcher in watchers:
                watcher.on_epoch_begin(epoch)
            logs = epoch_of()
            try:
                for watcher in watchers:
                    watcher.on_epoch_end(epoch, logs)
            finally:
                # Whatever a watcher raises, the weights have been through this epoch.
                history.on_epoch_end(epoch, logs)
                callbacks.append(kept, logs)
            if stopped():
                break
        for watcher in watchers:
            watcher.on_train_end(logs)
    finally:
        if progress is not None:
            progress.close()
    return history
