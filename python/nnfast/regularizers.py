"""Regularizers: what large weights or outputs cost, as a part of the loss.

The penalty is l1 sum |w| + l2 sum w^2, as in Keras: there is no half in it. It is part of the loss
that `fit`, `evaluate` and `gradients` report. That of a layer's outputs is the mean over the rows
of a batch.

scikit-learn's `alpha` is l2 = alpha / (2 B), B being the rows of a batch: it halves the sum, and
divides it by them. PyTorch's `weight_decay` in SGD is l2 = weight_decay / 2; in AdamW it is
`weight_decay` here too, which is no penalty; see `nnfast.optimizers`.

>>> import nnfast as nn
>>> nn.Dense(256, "elu", kernel_regularizer=nn.L2(1e-4)) == nn.Dense(256, "elu", l2=1e-4)
True
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from nnfast._frozen import real
from nnfast._registry import Registry, Spec

if TYPE_CHECKING:
    from typing import TypeAlias

    RegularizerLike: TypeAlias = "str | Regularizer | type[Regularizer]"

registry: Registry[Regularizer] = Registry("regularizer")


class Regularizer(Spec):
    """What values cost; the base class of all regularizers. Two that cost the same are equal."""

    registry: ClassVar[Registry[Any]] = registry

    def coefficients(self) -> tuple[float, float]:
        """Return l1 and l2."""
        return getattr(self, "l1", 0.0), getattr(self, "l2", 0.0)

    def config(self) -> dict[str, Any]:
        """Return both coefficients as a plain dict."""
        l1, l2 = self.coefficients()
        return {"l1": l1, "l2": l2}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Regularizer):
            return NotImplemented
        return self.coefficients() == other.coefficients()

    def __hash__(self) -> int:
        return hash(self.coefficients())


class L1(Regularizer):
    """Costs l1 sum |w|: it drives weights to 0, where the derivative is taken to be 0.

    Parameters
    ----------
    l1 : float, default 0.01
        At least 0.

    References
    ----------
    Tibshirani, "Regression shrinkage and selection via the lasso", JRSS B 58, 1996.

    Examples
    --------
    >>> import nnfast as nn
    >>> layers = [nn.Input(1), nn.Dense(1, use_bias=False, kernel_regularizer="l1")]
    >>> net = nn.FeedForward(layers, dtype="float64")
    >>> net.set_weights([[[2.0]]])
    >>> net.evaluate([[1.0]], [2.0])
    {'loss': 0.02}
    """

    name = "l1"
    l1: float = real(default=0.01, minimum=0.0)


class L2(Regularizer):
    """Costs l2 sum w^2, which is what weight decay is to plain gradient descent.

    Parameters
    ----------
    l2 : float, default 0.01
        At least 0. scikit-learn's alpha is ``L2(alpha / (2 * batch_size))``, PyTorch's
        ``SGD(weight_decay=w)`` is ``L2(w / 2)`` on weights and biases.

    References
    ----------
    Krogh and Hertz, "A simple weight decay can improve generalization", NIPS 1991.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Dense(10, "softmax", kernel_regularizer=nn.L2(1e-4)).kernel_regularizer
    L2(l2=0.0001)
    """

    name = "l2"
    l2: float = real(default=0.01, minimum=0.0)


class L1L2(Regularizer):
    """Costs l1 sum |w| + l2 sum w^2: the elastic net.

    Parameters
    ----------
    l1, l2 : float, default 0.0
        At least 0.

    References
    ----------
    Zou and Hastie, "Regularization and variable selection via the elastic net", JRSS B 67, 2005.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.L1L2(l1=1e-5, l2=1e-4)
    L1L2(l1=1e-05, l2=0.0001)
    """

    name = "l1_l2"
    aliases = ("elastic_net",)
    l1: float = real(default=0.0, minimum=0.0)
    l2: float = real(default=0.0, minimum=0.0)


def from_config(config: Mapping[str, float] | None) -> Regularizer | None:
    """Return the regularizer that a dict made by `Regularizer.config` describes."""
    if config is None:
        return None
    l1, l2 = config["l1"], config["l2"]
    return L1(l1) if l1 and not l2 else L2(l2) if l2 and not l1 else L1L2(l1, l2)


def short(value: object, l1: object, l2: object) -> Any:
    """Return what a layer's arguments mean: a regularizer, or its coefficients, or nothing."""
    if l1 is None and l2 is None:
        return value
    if value is not None:
        raise ValueError(
            f"kernel_regularizer of Dense is {value!r}, but l1 or l2 is given too; wanted is the "
            "one or the other"
        )
    given = {name: value for name, value in (("l1", l1), ("l2", l2)) if value is not None}
    return L1L2(**given) if len(given) == 2 else L1(l1) if l2 is None else L2(l2)  # type: ignore[arg-type]
