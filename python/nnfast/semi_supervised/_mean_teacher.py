"""A student that learns what the running mean of itself says."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from nnfast import _validation
from nnfast.activations import Exponential
from nnfast.semi_supervised._consistency import Consistency

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]


class MeanTeacher(Consistency):
    """A student learns to say of noisy rows what its teacher does, the running mean of itself.

    After every step each weight of the teacher moves to the student's, teacher = momentum teacher +
    (1 - momentum) student, momentum being `ema_momentum`, or 1 - 1 / steps while that is less. The
    loss of a step is mean(labelled) + weight mean(unlabelled); the weight grows as
    exp(-5 (1 - t)^2), t from 0 to 1 over `ramp_epochs`.

    Other than in the paper, the cost of an unlabelled row is the cross-entropy to the teacher's
    probabilities, whose gradient is that of the divergence between both, and not the squared
    distance; and noise is the student's alone: the teacher sees rows as they are. On
    MNIST with 100 labels this confirms the teacher's own mistakes in the end, and a `threshold` of
    0.95 mends it: 12 % of errors instead of 19 % at a weight of 3 (docs/semi_supervised.md).

    Parameters
    ----------
    net : FeedForward
        The student, with a softmax output; it learns. It wants noise: `GaussianNoise` after the
        inputs, `Dropout` between layers. Without any, there is little to be consistent about.
    ema_momentum : float, default 0.99
        In [0, 1).
    weight : float, default 1.0
        What unlabelled rows weigh in the end.
    ramp_epochs : int, default 10
        Epochs until then; 0 for at once. An epoch goes once through the unlabelled rows.
    threshold : float, default 0.0
        In [0, 1). An unlabelled row counts in a step only where the teacher's largest probability
        is this or more (French and others); the mean is still over all unlabelled rows of the step.
        0 is off, as in the first paper.
    unlabelled : int or str, default -1
        What the label of a row is that has none.

    Attributes
    ----------
    teacher_ : FeedForward
        What `predict` asks: an ordinary network, which can be saved.
    epoch_ : int
        Epochs gone through.

    References
    ----------
    Tarvainen and Valpola, "Mean teachers are better role models: weight-averaged consistency
    targets improve semi-supervised deep learning results", NIPS 2017; the ramp is of Laine and
    Aila, "Temporal ensembling for semi-supervised learning", ICLR 2017. The threshold is of French,
    Mackiewicz and Fisher, "Self-ensembling for visual domain adaptation", ICLR 2018.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> few = y.copy()
    >>> few[100:] = -1
    >>> layers = [nn.Input(64), nn.GaussianNoise(0.3), nn.Dense(128, "relu"), nn.Dropout(0.3)]
    >>> net = nn.FeedForward([*layers, nn.Dense(10, "softmax")], seed=0)
    >>> model = nn.semi_supervised.MeanTeacher(net)
    >>> history = model.fit(X, few, epochs=30, batch_size=128)
    >>> bool((model.predict_classes(X) == y).mean() > 0.8)
    True
    """

    teacher_: FeedForward

    def __init__(
        self,
        net: FeedForward,
        *,
        ema_momentum: float = 0.99,
        weight: float = 1.0,
        ramp_epochs: int = 10,
        threshold: float = 0.0,
        unlabelled: int | str = -1,
    ) -> None:
        super().__init__(net, unlabelled)
        self.ema_momentum = _validation.number(ema_momentum, "ema_momentum", minimum=0.0, below=1.0)
        self.weight = _validation.number(weight, "weight", above=0.0)
        self.ramp_epochs = _validation.integer(ramp_epochs, "ramp_epochs", minimum=0)
        self.threshold = _validation.number(threshold, "threshold", minimum=0.0, below=1.0)
        self._means: list[Array] = []
        self._steps = 0

    def _begin(self) -> None:
        if not self._means:
            self.teacher_ = copy(self.net)
            self._means = self.net._network.parameters()
        self.teacher_._classes = self.net.classes_

    def _weight(self) -> float:
        if self.epoch_ >= self.ramp_epochs:
            return self.weight
        # By the library's own function: the platform's would not give the same bits everywhere.
        grown = Exponential()(-5.0 * (1.0 - self.epoch_ / self.ramp_epochs) ** 2)
        return self.weight * float(grown)

    def _give_targets(self, rows: Array, targets: Array, weights: Array) -> None:
        self.teacher_._network.predict(rows, self.net.threads, targets)
        weights[targets.max(axis=1) < self.threshold] = 0

    def _follow(self) -> None:
        self._steps += 1
        share = max(1.0 - self.ema_momentum, 1.0 / self._steps)
        for mean, weights in zip(self._means, self.net._network.parameters(), strict=True):
            weights -= mean
            weights *= share
            mean += weights
        self.teacher_._network.set_parameters(self._means)

    def _asked(self) -> FeedForward:
        super()._asked()
        return self.teacher_

    def __repr__(self) -> str:
        return (
            f"MeanTeacher({self.net!r}, ema_momentum={self.ema_momentum!r}, "
            f"weight={self.weight!r}, ramp_epochs={self.ramp_epochs!r}, "
            f"threshold={self.threshold!r}, unlabelled={self.unlabelled!r})"
        )
