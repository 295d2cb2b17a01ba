"""Pseudo-labels that change with every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnfast import _validation
from nnfast.semi_supervised._consistency import Consistency

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]


class PseudoLabel(Consistency):
    """Takes the likeliest class of each unlabelled row for its label, anew in every step.

    The loss of a step is mean(labelled) + weight mean(unlabelled), and the weight grows from 0 in
    epoch `ramp[0]` to its full size in epoch `ramp[1]` (equations 15 and 16). This favours borders
    between classes where there are few rows.

    Parameters
    ----------
    net : FeedForward
        With a softmax output; it learns. Dropout in it helps, as in the paper.
    weight : float, default 3.0
        What unlabelled rows weigh in the end.
    ramp : (int, int), default (10, 60)
        Epochs between which the weight grows. An epoch here goes once through the unlabelled rows;
        the paper's, of 100 and 600, go once through the labelled ones.
    unlabelled : int or str, default -1
        What the label of a row is that has none.

    Attributes
    ----------
    epoch_ : int
        Epochs gone through.

    References
    ----------
    Lee, "Pseudo-Label: the simple and efficient semi-supervised learning method for deep neural
    networks", ICML Workshop on Challenges in Representation Learning, 2013.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> few = y.copy()
    >>> few[100:] = -1
    >>> net = nn.FeedForward("64-64-10", output="softmax", seed=0)
    >>> model = nn.semi_supervised.PseudoLabel(net, weight=1.0, ramp=(10, 20))
    >>> history = model.fit(X, few, epochs=30, batch_size=128)
    >>> bool((model.predict_classes(X) == y).mean() > 0.8)
    True
    """

    def __init__(
        self,
        net: FeedForward,
        *,
        weight: float = 3.0,
        ramp: tuple[int, int] = (10, 60),
        unlabelled: int | str = -1,
    ) -> None:
        super().__init__(net, unlabelled)
        self.weight = _validation.number(weight, "weight", above=0.0)
        if not isinstance(ramp, (tuple, list)) or len(ramp) != 2:
            raise TypeError(f"ramp is {ramp!r}; wanted are two numbers of epochs")
        first = _validation.integer(ramp[0], "ramp[0]", minimum=0)
        self.ramp = first, _validation.integer(ramp[1], "ramp[1]", minimum=first)

    def _weight(self) -> float:
        first, last = self.ramp
        if self.epoch_ >= last:
            return self.weight
        return self.weight * max(self.epoch_ - first, 0) / (last - first)

    def _give_targets(self, rows: Array, targets: Array, weights: Array) -> None:
        likeliest = self.net._network.predict(rows, self.net.threads).argmax(axis=1)
        targets[:] = 0
        targets[range(len(rows)), likeliest] = 1

    def __repr__(self) -> str:
        return (
            f"PseudoLabel({self.net!r}, weight={self.weight!r}, ramp={self.ramp!r}, "
            f"unlabelled={self.unlabelled!r})"
        )
