"""What every layer is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from nnfast._frozen import Frozen

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class Layer(Frozen):
    """The base class of all layers: frozen, comparable, hashable.

    A layer that follows the input has a `kind`, by which configurations and files know it. What it
    answers here is all that the rest of the package asks of it.
    """

    kind: ClassVar[str] = "input"
    kinds: ClassVar[dict[str, type[Layer]]] = {}
    fixed_parameters: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = True
    """Whether a row gives the same in training each time, and whatever rows are with it."""

    @property
    def inner(self) -> tuple[Layer, ...]:
        """The layers within, of a block."""
        return ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "kind" in cls.__dict__:
            cls.kinds[cls.kind] = cls

    def config(self) -> dict[str, Any]:
        """Return the layer as a plain dict, complete with its defaults."""
        return {"type": self.kind, **self.values()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """Return the layer that a dict made by `config` describes."""
        return cls(**{name: value for name, value in config.items() if name != "type"})

    def width(self, inputs: int) -> int:
        """Return how many values a row of the layer's output has, given how many come in."""
        return inputs

    def parameters(self, inputs: int, *, embedded: bool) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the layer's parameters, in the order of the weights.

        Those in `fixed_parameters` no gradient changes.
        """
        return {}

    def description(self) -> str:
        """Return what a table of the layers says of it."""
        return ""

    def check_place(self, before: Sequence[Layer], width: int, argument: str) -> None:
        """Refuse a place after the layers `before`, the input first, where rows have a width."""

    def refuse_weights(self, name: str, values: Array, argument: str) -> None:
        """Refuse values of the parameter with a name that cannot be the layer's."""
