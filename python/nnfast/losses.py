"""Losses: what training makes small.

Each is the mean over the rows of a batch. The cross-entropies are computed from the net inputs of
the output nodes (the logits) together with the output's sigmoid or softmax, which keeps them finite
where the probabilities themselves round to 0 or 1. Keras instead clips the probabilities at 1e-7,
which bends the loss and stops the gradient there.

>>> import nnfast as nn
>>> nn.losses.registry.get("mse")
MeanSquaredError()
"""

from __future__ import annotations

from typing import Any, ClassVar

from nnfast._frozen import flag
from nnfast._registry import Registry, Spec
from nnfast.activations import Activation

registry: Registry[Loss] = Registry("loss")


class Loss(Spec):
    """What training makes small; the base class of all losses."""

    registry: ClassVar[Registry[Any]] = registry
    targets: ClassVar[str]
    """What y holds: "values", "probabilities", "distributions", "classes", or "labels" of any."""
    default_metrics: ClassVar[tuple[str, ...]] = ()

    def check_output(self, output: Activation) -> None:
        """Refuse an output activation that the loss cannot be computed from."""

    def decides_by_sign(self, output: Activation, outputs: int) -> bool:
        """Tell whether each output is a yes-or-no of its own, rather than one class of several."""
        return output.name in ("sigmoid", "step")

    def resolved(self, output: Activation, outputs: int, *, soft: bool) -> Loss:
        """Return the loss that this one stands for, where y holds distributions or not."""
        return self


class MeanSquaredError(Loss):
    """The squared error: for each row, the mean over the outputs of (a - t)^2.

    Its derivative by an output a is 2 (a - t) / outputs. As in Keras and PyTorch; scikit-learn
    halves it. Fits any output activation.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.MeanSquaredError()
    MeanSquaredError()
    """

    name = "mean_squared_error"
    aliases = ("mse",)
    targets = "values"


class MeanAbsoluteError(Loss):
    """The absolute error: for each row, the mean over the outputs of abs(a - t).

    Its derivative by an output a is sign(a - t) / outputs, 0 where a = t. Fits any output
    activation.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.losses.registry.get("mae")
    MeanAbsoluteError()
    """

    name = "mean_absolute_error"
    aliases = ("mae",)
    targets = "values"


class CrossEntropy(Loss):
    """The cross-entropy that fits the output and the labels; chosen when y is seen.

    With a sigmoid output it is `BinaryCrossEntropy`; with softmax `SparseCategoricalCrossEntropy`,
    or `CategoricalCrossEntropy` where y holds a distribution over the classes for each row. y may
    be integers, one-hot rows, booleans or strings.

    Parameters
    ----------
    from_logits : bool, default False
        For a network whose output is linear, whose predictions are then net inputs rather than
        probabilities. One output is taken as for sigmoid, several as for softmax.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.FeedForward("2-3", output="softmax").compile(loss="cross_entropy").loss
    CrossEntropy(from_logits=False)
    """

    name = "cross_entropy"
    aliases: ClassVar[tuple[str, ...]] = ("crossentropy",)
    targets = "labels"
    default_metrics = ("accuracy",)
    fitting: ClassVar[tuple[str, ...]] = ("softmax", "sigmoid")
    from_logits: bool = flag(default=False)

    def check_output(self, output: Activation) -> None:
        """Refuse an output activation that gives no probabilities (or, from logits, no logits)."""
        fits = ("linear",) if self.from_logits else self.fitting
        if output.name not in fits:
            hint = "" if self.from_logits else ", or linear with from_logits=True"
            raise ValueError(
                f"loss {self.name} with from_logits={self.from_logits} does not fit the output "
                f"activation {output.name}; it wants {' or '.join(fits)}{hint}"
            )

    def decides_by_sign(self, output: Activation, outputs: int) -> bool:
        """Tell whether each output is a yes-or-no of its own, rather than one class of several."""
        return output.name == "sigmoid" or (output.name == "linear" and outputs == 1)

    def resolved(self, output: Activation, outputs: int, *, soft: bool) -> Loss:
        """Return the loss that this one stands for, where y holds distributions or not."""
        if self.targets != "labels":
            return self
        if self.decides_by_sign(output, outputs):
            return BinaryCrossEntropy(self.from_logits)
        if soft:
            return CategoricalCrossEntropy(self.from_logits)
        return SparseCategoricalCrossEntropy(self.from_logits)


class BinaryCrossEntropy(CrossEntropy):
    """The cross-entropy of yes-or-no outputs: the mean over them of -t log a - (1 - t) log(1 - a).

    With a = sigmoid(z) it is computed as max(z, 0) - z t + log(1 + exp(-abs(z))), and its
    derivative by the net input z is (a - t) / outputs. Targets lie in [0, 1]; for one output they
    may be 0 and 1, booleans or two strings.

    Parameters
    ----------
    from_logits : bool, default False
        For a network whose output is linear, whose predictions are then net inputs.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("2-1", output="sigmoid")
    >>> net.loss
    BinaryCrossEntropy(from_logits=False)
    """

    name = "binary_cross_entropy"
    aliases = ("bce", "binary_crossentropy")
    targets = "probabilities"
    fitting = ("sigmoid",)

    def decides_by_sign(self, output: Activation, outputs: int) -> bool:
        """Tell whether each output is a yes-or-no of its own: here always."""
        return True


class CategoricalCrossEntropy(CrossEntropy):
    """The cross-entropy of distributions: for each row -sum_k t_k log a_k.

    With a = softmax(z) its derivative by the net input z is a sum(t) - t. Targets are of the shape
    (rows, classes), none negative, each row with the sum 1: one-hot, or soft.

    Parameters
    ----------
    from_logits : bool, default False
        For a network whose output is linear, whose predictions are then net inputs.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.CategoricalCrossEntropy(from_logits=True)
    CategoricalCrossEntropy(from_logits=True)
    """

    name = "categorical_cross_entropy"
    aliases = ("cce", "categorical_crossentropy")
    targets = "distributions"
    fitting = ("softmax",)

    def decides_by_sign(self, output: Activation, outputs: int) -> bool:
        """Tell whether each output is a yes-or-no of its own: here never."""
        return False


class SparseCategoricalCrossEntropy(CategoricalCrossEntropy):
    """The cross-entropy of classes: for each row -log a_c, where c is the row's class.

    The same as `CategoricalCrossEntropy` on one-hot rows, without building them. Targets are
    integers from 0 to classes - 1, or strings.

    Parameters
    ----------
    from_logits : bool, default False
        For a network whose output is linear, whose predictions are then net inputs.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.losses.registry.get("scce")
    SparseCategoricalCrossEntropy(from_logits=False)
    """

    name = "sparse_categorical_cross_entropy"
    aliases = ("scce", "sparse_categorical_crossentropy")
    targets = "classes"
