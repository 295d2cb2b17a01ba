"""Losses of yes-or-no outputs that answer by their sign."""

from __future__ import annotations

from nnfast.activations import Activation
from nnfast.losses._base import Loss, value_range


class Hinge(Loss):
    """The margin that is missing: for each row, the mean over the outputs of max(1 - s a, 0).

    s is 1 for yes and -1 for no, and an output above 0 says yes. An output that is on the right
    side by 1 or more costs nothing, so that training heeds the rows near the border, as a support
    vector machine does. Its derivative by an output is -s / outputs where the margin is missing,
    else 0. As in Keras, targets may be 0 and 1, or -1 and 1; for one output also booleans or two
    strings. The output activation must have both signs: linear, or tanh.

    References
    ----------
    Cortes and Vapnik, "Support-vector networks", Machine Learning 20, 1995.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("1-1", seed=0).compile(nn.SGD(0.5), loss="hinge")
    >>> _ = net.fit([[-1.0], [-2.0], [1.0], [2.0]], [-1, -1, 1, 1], epochs=20)
    >>> net.predict_classes([[-3.0], [3.0]])
    array([-1,  1])
    """

    name = "hinge"
    targets = "signs"
    default_metrics = ("accuracy",)

    def check_output(self, output: Activation) -> None:
        """Refuse an output activation that always gives one answer."""
        low, high = value_range(output)
        if low >= 0.0 or high <= 0.0:
            raise ValueError(
                f"loss {self.name} does not fit the output activation {output.name}, whose values "
                "all have one sign; wanted is linear or tanh"
            )

    def decides_by_sign(self, output: Activation, outputs: int) -> bool:
        """Tell whether each output is a yes-or-no of its own: here always."""
        return True

    def border(self, output: Activation) -> float:
        """Return what an output has to exceed to mean yes: here 0."""
        return 0.0


class SquaredHinge(Hinge):
    """The square of the margin that is missing: the mean over the outputs of max(1 - s a, 0)^2.

    As `Hinge`, but without a kink, and harder on what is far on the wrong side. Its derivative by
    an output is -2 s max(1 - s a, 0) / outputs.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("1-1", initializer="zeros").compile(loss="squared_hinge")
    >>> net.evaluate([[1.0]], [True])
    {'loss': 1.0, 'accuracy': 0.0}
    """

    name = "squared_hinge"
