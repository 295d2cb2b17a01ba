"""The callback that lets averaged weights be measured, and kept."""

from __future__ import annotations

from nnfast import _averages, _validation
from nnfast.callbacks import Callback, Logs


class SwapEMAWeights(Callback):
    """Measures validation data by the averaged weights, which the optimizer's `ema_momentum` keeps.

    Parameters
    ----------
    swap_on_epoch : bool, default False
        Whether the averaged weights are also in the network between epochs, and after the last:
        so a callback that comes later saves them. The weights that learn, in their place in the
        optimizer's state, are back before the next epoch.

    Raises
    ------
    ValueError
        When training begins, if the optimizer does not average.

    References
    ----------
    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992. The
    callback is Keras' of the same name.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> X, y = np.eye(4), np.arange(4) % 2
    >>> net = nn.FeedForward("4-8-1", output="sigmoid", seed=0)
    >>> _ = net.compile(nn.Adam(0.1, ema_momentum=0.9))
    >>> swap = nn.SwapEMAWeights(swap_on_epoch=True)
    >>> _ = net.fit(X, y, epochs=20, validation_data=(X, y), callbacks=swap)
    >>> net.evaluate(X, y)["loss"] == net.history["val_loss"][-1]
    True
    """

    def __init__(self, *, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = _validation.boolean(swap_on_epoch, "swap_on_epoch")
        self._swapped = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Ask for validation by the averaged weights."""
        _averages.averaged(self.model)
        self.model._measured_averaged = True

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Put the weights that learn back."""
        self._swap(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Put the averaged weights in their place, if that is wanted."""
        self._swap(self.swap_on_epoch)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Ask for validation as usual."""
        self.model._measured_averaged = False

    def _swap(self, swapped: bool) -> None:
        if swapped != self._swapped:
            _averages.exchange(self.model)
            self._swapped = swapped
