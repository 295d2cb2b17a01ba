"""Constraints: what weights are brought back to after every update.

A node's weights are a column of the kernel, those that lead to it: Keras' axis 0. A layer's biases
are one vector. The formulas are Keras' too: lengths are divided by after 1e-7 has been added.

>>> import nnfast as nn
>>> nn.Dense(64, "relu", kernel_constraint=nn.MaxNorm(3.0))
Dense(64, ReLU(), kernel_constraint=MaxNorm(max_value=3.0))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from nnfast._frozen import real
from nnfast._registry import Registry, Spec

if TYPE_CHECKING:
    from dataclasses import KW_ONLY
    from typing import TypeAlias

    ConstraintLike: TypeAlias = "str | Constraint | type[Constraint]"

registry: Registry[Constraint] = Registry("constraint")


class Constraint(Spec):
    """What weights are brought back to; the base class of all constraints."""

    registry: ClassVar[Registry[Any]] = registry


def from_config(config: Mapping[str, Any] | None) -> Constraint | None:
    """Return the constraint that a dict made by its `config` describes."""
    return None if config is None else registry.from_config(config)


class MaxNorm(Constraint):
    """Shortens a node's weights to the length `max_value`, if they are longer.

    Parameters
    ----------
    max_value : float, default 2.0
        Above 0.

    References
    ----------
    Srebro and Shraibman, "Rank, trace-norm and max-norm", COLT 2005; with dropout: Srivastava et
    al., "Dropout", JMLR 15, 2014, section 5.1.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward([nn.Input(2), nn.Dense(1, kernel_constraint=nn.MaxNorm(1.0))])
    >>> net.set_weights([[[3.0], [4.0]], [0.0]])
    >>> _ = net.compile(nn.SGD(0.0)).train_on_batch([[0.0, 0.0]], [0.0])
    >>> net.get_weights()[0].round(4).tolist()
    [[0.6000000238418579], [0.800000011920929]]
    """

    name = "max_norm"
    max_value: float = real(default=2.0, above=0.0)


class NonNegative(Constraint):
    """Sets weights below 0 to 0.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Dense(3, kernel_constraint="non_negative").kernel_constraint
    NonNegative()
    """

    name = "non_negative"
    aliases = ("non_neg", "nonneg")


class UnitNorm(Constraint):
    """Scales a node's weights to length 1.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Dense(3, kernel_constraint=nn.UnitNorm())
    Dense(3, Linear(), kernel_constraint=UnitNorm())
    """

    name = "unit_norm"


class MinMaxNorm(Constraint):
    """Moves the length n of a node's weights into [min_value, max_value], or some of the way.

    The new length is rate clip(n, min_value, max_value) + (1 - rate) n.

    Parameters
    ----------
    min_value : float, default 0.0
        At least 0.
    max_value : float, default 1.0
        At least `min_value`, above 0.
    rate : float, default 1.0
        Above 0; 1 goes the whole way at every update.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.MinMaxNorm(0.5, 2.0)
    MinMaxNorm(min_value=0.5, max_value=2.0, rate=1.0)
    """

    name = "min_max_norm"
    min_value: float = real(default=0.0, minimum=0.0)
    max_value: float = real(default=1.0, above=0.0)
    _: KW_ONLY
    rate: float = real(default=1.0, above=0.0)

    def _check(self) -> None:
        if self.min_value > self.max_value:
            raise ValueError(
                f"min_value of MinMaxNorm is {self.min_value}, above its max_value "
                f"{self.max_value}; wanted is at most that"
            )
        if self.rate > 1.0:
            raise ValueError(f"rate of MinMaxNorm is {self.rate}; wanted is at most 1")
