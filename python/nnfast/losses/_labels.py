"""Losses of labels, fused with the sigmoid or softmax of the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from nnfast._frozen import flag, real
from nnfast.activations import Activation
from nnfast.losses._base import Loss

if TYPE_CHECKING:
    from dataclasses import KW_ONLY


class LabelLoss(Loss):
    """A loss of labels: computed from the net inputs of the outputs, the logits."""

    fitting: ClassVar[tuple[str, ...]] = ("softmax", "sigmoid")
    default_metrics: ClassVar[tuple[str, ...]] = ("accuracy",)
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


class CrossEntropy(LabelLoss):
    """The cross-entropy that fits the output and the labels; chosen when y is seen.

    With a sigmoid output it is `BinaryCrossEntropy`; with softmax `SparseCategoricalCrossEntropy`,
    or `CategoricalCrossEntropy` where y holds a distribution over the classes for each row. y may
    be integers, one-hot rows, booleans or strings.

    Parameters
    ----------
    from_logits : bool, default False
        For a network whose output is linear, whose predictions are then net inputs rather than
        probabilities. One output is taken as for sigmoid, several as for softmax.
    label_smoothing : float, default 0.0
        From 0 to 1: how much of each target is shared out evenly among all answers, so that none
        is learned as certain (Szegedy et al., "Rethinking the Inception architecture for computer
        vision", CVPR 2016, section 7). Targets become
        t (1 - s) + s / classes, where yes and no are two.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.FeedForward("2-3", output="softmax").compile(loss="cross_entropy").loss
    CrossEntropy(from_logits=False, label_smoothing=0.0)
    """

    name = "cross_entropy"
    aliases: ClassVar[tuple[str, ...]] = ("crossentropy",)
    targets = "labels"
    label_smoothing: float = real(default=0.0, minimum=0.0, below=1.0)

    def decides_by_sign(self, output: Activation, outputs: int) -> bool:
        """Tell whether each output is a yes-or-no of its own, rather than one class of several."""
        return output.name == "sigmoid" or (output.name == "linear" and outputs == 1)

    def resolved(self, output: Activation, outputs: int, *, soft: bool) -> Loss:
        """Return the loss that this one stands for, where y holds distributions or not."""
        if self.targets != "labels":
            return self
        if self.decides_by_sign(output, outputs):
            return self._as(BinaryCrossEntropy)
        return self._as(CategoricalCrossEntropy if soft else SparseCategoricalCrossEntropy)

    def _as(self, cls: type[CrossEntropy]) -> Loss:
        """Return a loss of another class with those of the parameters that it has."""
        return cls(**{name: self.values()[name] for name in cls._parameters})


class BinaryCrossEntropy(CrossEntropy):
    """The cross-entropy of yes-or-no outputs: the mean over them of -t log a - (1 - t) log(1 - a).

    With a = sigmoid(z) it is computed as max(z, 0) - z t + log(1 + exp(-abs(z))), and its
    derivative by the net input z is (a - t) / outputs. Targets lie in [0, 1]; for one output they
    may be 0 and 1, booleans or two strings.

    Parameters
    ----------
    from_logits : bool, default False
        For a network whose output is linear, whose predictions are then net inputs.
    label_smoothing : float, default 0.0
        From 0 to 1: how much of each target is shared out evenly among all answers, so that none
        is learned as certain (Szegedy et al., "Rethinking the Inception architecture for computer
        vision", CVPR 2016, section 7). Targets become t (1 - s) + s / 2.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("2-1", output="sigmoid")
    >>> net.loss
    BinaryCrossEntropy(from_logits=False, label_smoothing=0.0)
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
    label_smoothing : float, default 0.0
        From 0 to 1: how much of each target is shared out evenly among all answers, so that none
        is learned as certain (Szegedy et al., "Rethinking the Inception architecture for computer
        vision", CVPR 2016, section 7). Targets become t (1 - s) + s / classes.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.CategoricalCrossEntropy(from_logits=True)
    CategoricalCrossEntropy(from_logits=True, label_smoothing=0.0)
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
    label_smoothing : float, default 0.0
        From 0 to 1: how much of each target is shared out evenly among all answers, so that none
        is learned as certain (Szegedy et al., "Rethinking the Inception architecture for computer
        vision", CVPR 2016, section 7). Targets become t (1 - s) + s / classes.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.losses.registry.get("scce")
    SparseCategoricalCrossEntropy(from_logits=False, label_smoothing=0.0)
    """

    name = "sparse_categorical_cross_entropy"
    aliases = ("scce", "sparse_categorical_crossentropy")
    targets = "classes"


class _Focal(CrossEntropy):
    """What every focal cross-entropy has."""

    _: KW_ONLY
    alpha: float = real(default=0.25, above=0.0, below=1.0)
    gamma: float = real(default=2.0, minimum=0.0)


class FocalCrossEntropy(_Focal):
    """The cross-entropy where rows that are right already count less; chosen when y is seen.

    For classes of which one is rare: the many easy rows of the other no longer outweigh it. With a
    sigmoid output it is `BinaryFocalCrossEntropy`; with softmax
    `SparseCategoricalFocalCrossEntropy`, or `CategoricalFocalCrossEntropy` where y holds a
    distribution for each row. As in Keras, `alpha` is heeded for two answers only with
    `apply_class_balancing`, and for several classes always.

    Parameters
    ----------
    from_logits : bool, default False
        For a network whose output is linear, whose predictions are then net inputs.
    label_smoothing : float, default 0.0
        As of `CrossEntropy`.
    alpha : float, default 0.25
        The weight of yes, that of no being 1 - alpha; of several classes, that of all.
    gamma : float, default 2.0
        The power of the missing probability that the cross-entropy is multiplied by: 0 is the plain
        cross-entropy.
    apply_class_balancing : bool, default False
        Whether yes and no are weighted by alpha.

    References
    ----------
    Lin, Goyal, Girshick, He and Dollar, "Focal loss for dense object detection", ICCV 2017.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("2-1", output="sigmoid", initializer="zeros").compile(loss="focal")
    >>> round(net.evaluate([[1.0, 1.0]], [1])["loss"], 4)  # (1/2)^2 log(2)
    0.1733
    """

    name = "focal_cross_entropy"
    aliases: ClassVar[tuple[str, ...]] = ("focal", "focal_loss", "focal_crossentropy")
    _: KW_ONLY
    apply_class_balancing: bool = flag(default=False)

    def resolved(self, output: Activation, outputs: int, *, soft: bool) -> Loss:
        """Return the loss that this one stands for, where y holds distributions or not."""
        if self.targets != "labels":
            return self
        if self.decides_by_sign(output, outputs):
            return self._as(BinaryFocalCrossEntropy)
        return self._as(
            CategoricalFocalCrossEntropy if soft else SparseCategoricalFocalCrossEntropy
        )


class BinaryFocalCrossEntropy(FocalCrossEntropy):
    """The focal cross-entropy of yes-or-no outputs: the mean over them of w q^gamma b.

    b is the binary cross-entropy and q = t (1 - a) + (1 - t) a the probability that is left to the
    wrong answer. w is 1, or with class balancing t alpha + (1 - t) (1 - alpha). Computed from the
    net input z, a = sigmoid(z): its derivative by z is w q^gamma (gamma b (log q)' + a - t), each
    divided by the number of outputs.

    Parameters
    ----------
    from_logits, label_smoothing, alpha, gamma, apply_class_balancing
        As of `FocalCrossEntropy`.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.losses.BinaryFocalCrossEntropy(gamma=1.0).gamma
    1.0
    """

    name = "binary_focal_cross_entropy"
    aliases = ("binary_focal_crossentropy",)
    targets = "probabilities"
    fitting = ("sigmoid",)

    def decides_by_sign(self, output: Activation, outputs: int) -> bool:
        """Tell whether each output is a yes-or-no of its own: here always."""
        return True


class CategoricalFocalCrossEntropy(_Focal):
    """The focal cross-entropy of distributions: of a row -sum_k alpha t_k (1 - a_k)^gamma log a_k.

    Computed from the net inputs z, a = softmax(z): with w = alpha t (1 - a)^gamma
    (1 - gamma a log(a) / (1 - a)) its derivative by z is a sum(w) - w. All classes have the weight
    alpha, as in Keras, which makes the loss smaller and changes nothing else.

    Parameters
    ----------
    from_logits, label_smoothing, alpha, gamma
        As of `FocalCrossEntropy`.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("2-2", output="softmax", initializer="zeros")
    >>> _ = net.compile(loss=nn.losses.CategoricalFocalCrossEntropy(alpha=0.5))
    >>> round(net.evaluate([[1.0, 1.0]], [[1.0, 0.0]])["loss"], 4)  # 1/2 (1/2)^2 log(2)
    0.0866
    """

    name = "categorical_focal_cross_entropy"
    aliases = ("categorical_focal_crossentropy",)
    targets = "distributions"
    fitting = ("softmax",)

    def decides_by_sign(self, output: Activation, outputs: int) -> bool:
        """Tell whether each output is a yes-or-no of its own: here never."""
        return False


class SparseCategoricalFocalCrossEntropy(CategoricalFocalCrossEntropy):
    """The focal cross-entropy of classes: for each row -alpha (1 - a_c)^gamma log a_c.

    The same as `CategoricalFocalCrossEntropy` on one-hot rows, without building them. Targets are
    integers from 0 to classes - 1, or strings. Keras has none for integers.

    Parameters
    ----------
    from_logits, label_smoothing, alpha, gamma
        As of `FocalCrossEntropy`.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.losses.registry.get("sparse_categorical_focal_crossentropy").alpha
    0.25
    """

    name = "sparse_categorical_focal_cross_entropy"
    aliases = ("sparse_categorical_focal_crossentropy",)
    targets = "classes"


class KLDivergence(LabelLoss):
    """Kullback and Leibler's divergence: for each row sum_k t_k (log t_k - log a_k).

    How far a softmax output is from the distribution that y wants, 0 where they are one:
    `CategoricalCrossEntropy` less the entropy of the targets, so that training is the same and only
    the number differs. Computed from the net inputs; Keras instead clips both sides at 1e-7.

    Parameters
    ----------
    from_logits : bool, default False
        For a network whose output is linear, whose predictions are then net inputs.

    References
    ----------
    Kullback and Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22,
    1951.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("2-2", output="softmax", initializer="zeros").compile(loss="kld")
    >>> round(net.evaluate([[1.0, 1.0]], [[0.5, 0.5]])["loss"], 6)
    0.0
    """

    name = "kl_divergence"
    aliases = ("kld", "kullback_leibler", "kullback_leibler_divergence")
    targets = "distributions"
    fitting = ("softmax",)
    default_metrics = ()

    def decides_by_sign(self, output: Activation, outputs: int) -> bool:
        """Tell whether each output is a yes-or-no of its own: here never."""
        return False
