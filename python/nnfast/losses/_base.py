"""What every loss is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nnfast._registry import Registry, Spec
from nnfast.activations import Activation

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

registry: Registry[Loss] = Registry("loss")


class Loss(Spec):
    """What training makes small; the base class of all losses."""

    registry: ClassVar[Registry[Any]] = registry
    targets: ClassVar[str]
    """What y holds: "values", "nonnegative" ones, "signs", "probabilities", "distributions",
    "classes", or "labels" of any."""
    default_metrics: ClassVar[tuple[str, ...]] = ()

    @property
    def outputs_for_each(self) -> int:
        """How many outputs of the network belong to each column of y."""
        return 1

    def check_output(self, output: Activation) -> None:
        """Refuse an output activation that the loss cannot be computed from."""

    def check_count(self, outputs: int) -> None:
        """Refuse a number of outputs that is not a whole number of columns of y."""
        each = self.outputs_for_each
        if outputs % each:
            raise ValueError(
                f"the network has {outputs} outputs; {self!r} wants {each} for each column of y, "
                f"so that wanted are {each}, {2 * each}, ..."
            )

    def decides_by_sign(self, output: Activation, outputs: int) -> bool:
        """Tell whether each output is a yes-or-no of its own, rather than one class of several."""
        return output.name in ("sigmoid", "step")

    def border(self, output: Activation) -> float:
        """Return what an output that is a yes-or-no has to exceed to mean yes."""
        return 0.0 if output.name == "linear" else 0.5

    def resolved(self, output: Activation, outputs: int, *, soft: bool) -> Loss:
        """Return the loss that this one stands for, where y holds distributions or not."""
        return self

    def point(self, outputs: Array) -> Array:
        """Return of a network's outputs those that predict the columns of y: here all."""
        return outputs


def value_range(output: Activation) -> tuple[float, float]:
    """Return about the smallest and largest values of an activation, from inputs far and near."""
    values = output(np.linspace(-30.0, 30.0, 25))
    return float(np.min(values)), float(np.max(values))
