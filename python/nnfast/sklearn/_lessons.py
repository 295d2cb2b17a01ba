"""The epochs of an estimator: the rows in scikit-learn's order, dense or sparse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast._lessons import Batch, Lesson
from nnfast._targets import Target
from nnfast.sklearn._sparse import Densifier

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.network import FeedForward
    from nnfast.sklearn._network import Goal, MeanSquaredError

    Array: TypeAlias = NDArray[Any]


class Epochs:
    """What a network learns from, epoch after epoch.

    Parameters
    ----------
    x : ndarray or CSR matrix of shape (rows, inputs)
        A sparse one is made dense a batch at a time.
    goal : Goal
    rows : ndarray of int, optional
        The numbers of those to learn from; by default all.
    batch_size : int
    shuffle : bool
    random : RandomState
        What the order follows from.
    weights : ndarray of shape (rows,), optional
        Of the rows. As in scikit-learn, the loss of a batch, penalties and all, is divided by the
        sum of its rows' weights.
    dtype : dtype
        The network's.
    metric : MeanSquaredError, optional
        To be told of each epoch's weights.
    """

    validation: Batch | None = None
    validation_frequency = 1

    def __init__(
        self,
        x: Any,
        goal: Goal,
        *,
        rows: Array | None,
        batch_size: int,
        shuffle: bool,
        random: np.random.RandomState,
        weights: Array | None,
        dtype: np.dtype[Any],
        metric: MeanSquaredError | None,
        classes: Array | None,
    ) -> None:
        self._x, self._goal, self._dtype = x, goal, dtype
        self._sparse = not isinstance(x, np.ndarray)
        count = x.shape[0] if rows is None else len(rows)
        self._order: Array = np.arange(count) if rows is None else np.asarray(rows)
        self._in_order = rows is None and not shuffle
        self.batch_size = batch_size
        self._shuffle, self._random = shuffle, random
        self._weights = None if weights is None else np.asarray(weights, dtype=np.float64)
        self._metric = metric
        self.classes = classes
        self.offset = 0.0
        """What the epoch's loss is above the one that the network reports."""
        self._starts = np.arange(0, count, batch_size)
        self._counts = np.minimum(batch_size, count - self._starts)
        self._even: Array | None = None  # the rows' weights where they have none of their own
        if self._weights is None and goal.scale != 1.0:
            self._even = np.full(x.shape[0], goal.scale, dtype)
        self._factors: list[float] | None = None
        if self._weights is None and self._counts[-1] != batch_size:
            self._factors = (batch_size / self._counts).tolist()

    @property
    def length(self) -> int:
        """How many rows an epoch goes through."""
        return len(self._order)

    @property
    def steps(self) -> int:
        """How many batches an epoch has."""
        return len(self._starts)

    def next(self) -> Lesson | None:
        """Return what the next epoch goes through; None if its batches have to come one by one."""
        if self._sparse:
            return None
        weights, factors = self._begin()
        rows = None if self._in_order else self._order.astype(np.uint32)
        target = Target(self._goal.loss, self._goal.values, self.classes)
        return Lesson(
            self._x, target, rows, self.batch_size, False, None, weights, penalty_factors=factors
        )

    def batches(self, network: FeedForward) -> Iterator[Batch]:
        """Yield the batches of the next epoch."""
        weights, factors = self._begin()
        goal = self._goal
        dense = Densifier(self._x, self.batch_size) if self._sparse else None
        for index, (start, count) in enumerate(zip(self._starts, self._counts, strict=True)):
            rows = self._order[start : start + count]
            factor = 1.0 if factors is None else factors[index]
            if dense is not None:
                yield Batch(
                    dense(rows),
                    goal.values[rows],
                    None if weights is None else weights[rows],
                    goal.loss,
                    self.classes,
                    None,
                    factor,
                )
            else:
                numbers = rows.astype(np.uint32)
                yield Batch(self._x, goal.values, weights, goal.loss, self.classes, numbers, factor)

    def _begin(self) -> tuple[Array | None, list[float] | None]:
        """Put the rows in the next epoch's order; return their weights, and factors of penalties.

        With the sum of a batch's weights S, its loss is mean(weights rows / S * loss), of which the
        network takes the mean; and its penalty is that of a whole batch times batch_size / S.
        """
        if self._shuffle:
            order = np.arange(self.length)
            self._random.shuffle(order)
            self._order = self._order[order]
        weights, factors, goal = self._even, self._factors, self._goal
        shares: Array | None = None
        if self._weights is not None:
            given = self._weights[self._order]
            sums = np.add.reduceat(given, self._starts)
            if (sums == 0).any():
                raise ZeroDivisionError("Weights sum to zero, can't be normalized")
            shares = given * np.repeat(self._counts / sums, self._counts)
            scaled = np.zeros(self._x.shape[0], self._dtype)
            scaled[self._order] = goal.scale * shares
            weights, factors = scaled, (self.batch_size / sums).tolist()
        if goal.constant is not None:
            constant = goal.constant[self._order]
            self.offset = float(np.mean(constant if shares is None else shares * constant))
        if self._metric is not None:
            self._metric.weights = shares
        return weights, factors
