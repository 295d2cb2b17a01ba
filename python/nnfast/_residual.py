"""Blocks of layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nnfast._frozen import REQUIRED, Parameter
from nnfast._layer import Layer


def _layers(value: Any, argument: str) -> tuple[Layer, ...]:
    """Return a block's layers, checked as far as they can be without what comes before."""
    wanted = "wanted is a list of layers, without Input"
    if isinstance(value, Layer) or not isinstance(value, Sequence) or isinstance(value, str):
        raise TypeError(f"{argument} is {value!r}; {wanted}")
    if not value:
        raise ValueError(f"{argument} is empty; {wanted}")
    for layer in value:
        if type(layer) not in Layer.kinds.values():
            raise TypeError(f"{argument} holds {layer!r}; {wanted}")
    return tuple(value)


class Residual(Layer):
    """A block that adds its input to its output: y = x + f(x).

    Parameters
    ----------
    layers : list of Layer
        What f consists of. What comes out must be as wide as what comes in. Blocks may be nested.

    References
    ----------
    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, section 3.2.

    Examples
    --------
    >>> import nnfast as nn
    >>> block = nn.Residual([nn.LayerNorm(), nn.Dense(32, "relu"), nn.Dense(8)])
    >>> net = nn.FeedForward([nn.Input(4), nn.Dense(8), block, block, nn.Dense(1)])
    >>> net.architecture
    '4-8-32-8-32-8-1'
    """

    kind = "residual"

    layers: tuple[Layer, ...] = Parameter(_layers, REQUIRED, {})  # type: ignore[assignment]

    if TYPE_CHECKING:

        def __init__(self, layers: Sequence[Layer]) -> None: ...

    @property
    def inner(self) -> tuple[Layer, ...]:
        """The layers within."""
        return self.layers

    def config(self) -> dict[str, Any]:
        """Return the layer as a plain dict, with the layers within."""
        return {"type": self.kind, "layers": [layer.config() for layer in self.layers]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Residual:
        """Return the layer that a dict made by `config` describes."""
        return cls([Layer.kinds[one["type"]].from_config(one) for one in config["layers"]])

    def check_place(self, before: Sequence[Layer], width: int, argument: str) -> None:
        """Refuse layers that give other widths than they are given, or cannot be in a block."""
        inner, within = width, list(before)
        for place, layer in enumerate(self.layers):
            # The first within does not come first after the input: something is added to it.
            layer.check_place([*within, self], inner, f"{argument}.layers[{place}]")
            within.append(layer)
            inner = layer.width(inner)
        if inner != width:
            raise ValueError(
                f"{argument} is {self!r}, which turns {width} values a row into {inner}; wanted is "
                "as many, since the two are added"
            )

    def __repr__(self) -> str:
        return f"Residual([{', '.join(map(repr, self.layers))}])"
