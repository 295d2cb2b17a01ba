"""Numbers to be predicted, in units of their own: learned standardized, said as they are.

A network learns a price of some 200,000 by steps made for numbers about 1. So targets are brought
to mean 0 and deviation 1; and when the network has learned, its last layer takes the deviation and
the mean in: what it says from then on is a price, wherever its file goes. Losses and metrics are
told in the target's own units from the first epoch on.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import nnfast as nn
from nnfast.callbacks import Callback, Logs

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.losses import Loss

    Array: TypeAlias = NDArray[Any]

# By which power of the units these grow.
POWERS = {
    "loss": 0,  # replaced by that of the loss
    "mean_squared_error": 2,
    "mean_absolute_error": 1,
    "root_mean_squared_error": 1,
    "r2": 0,
}
LOSSES = {"mean_squared_error": 2, "mean_absolute_error": 1, "quantile": 1, "huber": 2}


class Units(NamedTuple):
    """What a standardized target is multiplied by, and what is then added."""

    deviation: Array  # one for each column of the targets
    mean: Array

    @classmethod
    def of(cls, targets: Array) -> Units:
        """Return the units of targets, (rows,) or (rows, columns)."""
        columns = targets.reshape(len(targets), -1).astype(np.float64)
        # Exact sums are the same on every machine, whatever its NumPy adds up first.
        mean = np.array([fsum(column) for column in columns.T]) / len(columns)
        squares = np.square(columns - mean)
        deviation = np.sqrt([fsum(column) / len(columns) for column in squares.T])
        return cls(np.where(deviation > 0, deviation, 1.0), mean)

    def standardized(self, targets: Array) -> Array:
        """Return targets of mean 0 and deviation 1."""
        columns = targets.reshape(len(targets), -1)
        return ((columns - self.mean) / self.deviation).reshape(targets.shape)

    def taken_in(self, net: nn.FeedForward) -> None:
        """Let the last layer, a linear one, give the targets as they are."""
        *rest, kernel, bias = net.get_weights()
        each = len(bias) // len(self.mean)  # a loss may have several outputs for each column
        deviation, mean = np.tile(self.deviation, each), np.tile(self.mean, each)
        net.set_weights([*rest, kernel * deviation, bias * deviation + mean])

    def taken_out(self, net: nn.FeedForward) -> None:
        """Undo `taken_in`, to within rounding."""
        *rest, kernel, bias = net.get_weights()
        each = len(bias) // len(self.mean)
        deviation, mean = np.tile(self.deviation, each), np.tile(self.mean, each)
        net.set_weights([*rest, kernel / deviation, (bias - mean) / deviation])


def without_penalties(net: nn.FeedForward) -> nn.FeedForward:
    """Return a network whose weights are bound by nothing, so that they can take units in.

    What penalties and constraints were for, learning, is over.
    """
    free = [
        layer.replace(kernel_regularizer=None, kernel_constraint=None)
        if isinstance(layer, nn.Dense)
        else layer
        for layer in net.layers
    ]
    if free == list(net.layers):
        return net
    kept = nn.FeedForward(
        free, dtype=net.dtype, seed=net.seed, threads=net.threads, backend=net.backend
    )
    kept.set_weights(net.get_weights())
    kept.table = net.table
    kept._history = net.history
    return kept


def suit(loss: Loss, output: nn.activations.Activation, targets: Array) -> bool:
    """Tell whether targets can be standardized for a loss, and the network undo it."""
    one = targets.ndim == 1 or targets.shape[1] == 1
    # Columns of different units have no one factor that their common loss grows by.
    return loss.name in LOSSES and output.name == "linear" and one


def in_standardized(loss: Loss, units: Units) -> Loss:
    """Return the loss of standardized targets that means the same."""
    if isinstance(loss, nn.Huber):
        return loss.replace(delta=loss.delta / float(units.deviation[0]))
    return loss


def of_standardized(loss: Loss, units: Units) -> Loss:
    """Return the loss of targets as they are that means the same as one of standardized ones."""
    if isinstance(loss, nn.Huber):
        return loss.replace(delta=loss.delta * float(units.deviation[0]))
    return loss


class InUnits(Callback):
    """Tells losses and metrics in the target's own units; comes before all that reads them."""

    def __init__(self, units: Units, loss: Loss) -> None:
        self._factor = float(units.deviation[0])
        self._powers = {**POWERS, "loss": LOSSES[loss.name]}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Change the epoch's numbers where they are, so that the history has them too."""
        logs = {} if logs is None else logs
        for name in logs:
            power = self._powers.get(name.removeprefix("val_"), 0)
            logs[name] *= self._factor**power


def refuse_unknown(metrics: tuple[Any, ...]) -> list[str]:
    """Return the names of metrics whose units are not known."""
    return [metric.label for metric in metrics if metric.label not in POWERS]
