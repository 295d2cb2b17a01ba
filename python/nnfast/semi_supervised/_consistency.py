"""What the methods share that learn from labelled and unlabelled rows in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nnfast import _architecture, _backend, _targets, _validation, callbacks
from nnfast.callbacks import History
from nnfast.semi_supervised._labels import Partly, checked_marker, checked_network, partly

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]

SHUFFLE = 3  # the purpose of the random numbers that order the rows
LABELLED = 2**31  # where the orders of labelled rows begin, past those of all epochs

Self = TypeVar("Self", bound="Consistency")


class Consistency:
    """Unlabelled rows are learned like labelled ones, towards targets that a network gives them.

    The loss of a step is mean(labelled) + weight mean(unlabelled), both cross-entropies.
    """

    net: FeedForward
    epoch_: int

    def __init__(self, net: FeedForward, unlabelled: int | str) -> None:
        self.net = checked_network(net)
        self.unlabelled = checked_marker(unlabelled)
        self.epoch_ = 0

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        epochs: int = 1,
        batch_size: int = 256,
        labelled_batch_size: int = 64,
        validation_data: tuple[ArrayLike, ArrayLike] | None = None,
    ) -> History:
        """Learn; an epoch goes once through the unlabelled rows. To call it again goes on.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)
        y : array-like of shape (rows,)
            Labels, and `unlabelled` where there is none.
        epochs : int, default 1
        batch_size : int, default 256
            Unlabelled rows of a step.
        labelled_batch_size : int, default 64
            Labelled rows of a step, or as many as there are; they come round again and again.
        validation_data : tuple (X, y), optional
            Measured after every epoch, by what `predict` asks.

        Returns
        -------
        History
            Of every epoch ``loss``, the ``weight`` of the unlabelled rows, and what validation data
            was measured by, as ``val_...``.
        """
        epochs = _validation.integer(epochs, "epochs")
        batch_size = _validation.integer(batch_size, "batch_size")
        labelled = _validation.integer(labelled_batch_size, "labelled_batch_size")
        lesson = partly(self.net, X, y, self.unlabelled)
        target = _targets.encode(
            lesson.y[lesson.known],
            int(lesson.known.sum()),
            self.net.loss,
            self.net._outputs(self.net.classes_),
        )
        if validation_data is not None:
            if not isinstance(validation_data, (tuple, list)) or len(validation_data) != 2:
                raise TypeError("validation_data is not a pair; wanted is a tuple (X, y)")
            checked = self.net._inputs(validation_data[0], "validation_data[0]")
            _targets.encode(
                validation_data[1],
                len(checked),
                self.net.loss,
                self.net._outputs(target.classes),
                argument="validation_data[1]",
                inputs="validation_data[0]",
            )
        _architecture.refuse_untrainable(self.net.layers)
        self.net._classes = target.classes
        if _architecture.standardizes(self.net.layers) and not self.net._network.is_fitted():
            self.net._network.adapt(lesson.x, None)
        self._begin()
        truths = np.eye(self.net.outputs, dtype=self.net.dtype)[_numbers(target)]
        history = History()
        for _ in range(epochs):
            logs = {"loss": self._epoch(lesson, truths, batch_size, labelled)}
            logs["weight"] = self._weight()
            self.epoch_ += 1
            if validation_data is not None:
                measured = self._asked().evaluate(*validation_data)
                logs |= {f"val_{name}": value for name, value in measured.items()}
            history.on_epoch_end(len(history.epoch), logs)
            callbacks.append(self.net._history, logs)
        return history

    def predict(self, X: ArrayLike) -> Array:
        """Return the probabilities of the classes, shape (rows, classes)."""
        return self._asked().predict(X)

    def predict_classes(self, X: ArrayLike) -> Array:
        """Return the label of each row."""
        return self._asked().predict_classes(X)

    def _epoch(self, lesson: Partly, truths: Array, batch_size: int, labelled: int) -> float:
        """Go once through the unlabelled rows; return the mean loss of the steps."""
        x, net = lesson.x, self.net
        known, unknown = np.flatnonzero(lesson.known), np.flatnonzero(~lesson.known)
        labelled, batch_size = min(labelled, len(known)), min(batch_size, len(unknown))
        steps = -(-len(unknown) // batch_size)
        unlabelled_order = self._order(len(unknown), self.epoch_)
        # The labelled rows come in as many orders as the epoch goes through them.
        rounds = -(-steps * labelled // len(known))
        first = LABELLED + self.epoch_ * rounds
        orders = [self._order(len(known), first + round) for round in range(rounds)]
        labelled_order = np.concatenate(orders)

        # A batch: labelled rows, then unlabelled ones. What a step needs is made once.
        rows = np.empty((labelled + batch_size, x.shape[1]), x.dtype)
        targets = np.empty((labelled + batch_size, net.outputs), net.dtype)
        weights = np.empty(labelled + batch_size, net.dtype)
        output = _architecture.output(net.layers)
        net._compile_for(net.loss.resolved(output.activation, net.outputs, soft=True))
        weight, losses = self._weight(), []
        for step in range(steps):
            start = step * batch_size
            chosen = unknown[unlabelled_order[start : start + batch_size]]
            count = labelled + len(chosen)
            again = labelled_order[step * labelled : (step + 1) * labelled]
            np.take(x, known[again], axis=0, out=rows[:labelled])
            np.take(x, chosen, axis=0, out=rows[labelled:count])
            targets[:labelled] = truths[again]
            # A backend divides by the number of all rows; each kind is to be a mean of its own.
            weights[:labelled] = count / labelled
            weights[labelled:count] = weight * count / len(chosen)
            taught = slice(labelled, count)
            self._give_targets(rows[taught], targets[taught], weights[taught])
            values = net._network.train_batch(
                rows[:count], targets[:count], net.threads, weights[:count]
            )
            losses.append(values[0])
            self._follow()
        return float(np.mean(losses))

    def _order(self, rows: int, step: int) -> Array:
        backend = _backend.module(self.net.backend)
        return backend.permutation(rows, self.net.seed, SHUFFLE, step)

    def _begin(self) -> None:
        """Prepare for steps."""

    def _weight(self) -> float:
        """Return the weight of the unlabelled rows in this epoch."""
        raise NotImplementedError

    def _give_targets(self, rows: Array, targets: Array, weights: Array) -> None:
        """Write the targets of unlabelled rows; set to 0 the weights of rows not to count."""
        raise NotImplementedError

    def _follow(self) -> None:
        """Be told that a step was taken."""

    def _asked(self) -> FeedForward:
        """Return the network that answers."""
        if self.net.classes_ is None:
            raise ValueError(f"this {type(self).__name__} has learned nothing yet; call fit")
        return self.net


def _numbers(target: _targets.Target) -> Array:
    """Return the class numbers of targets, which may be one-hot rows."""
    values = target.values
    return values if values.ndim == 1 else values.argmax(axis=1)
