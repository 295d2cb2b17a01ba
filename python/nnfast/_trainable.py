"""Which layers learn: how one is named, and what the layers are once it is told to learn or not."""

from __future__ import annotations

from collections.abc import Sequence

from nnfast import _architecture, _summary, _validation
from nnfast.layers import Layer


def chosen(layers: Sequence[Layer], which: int | str) -> int:
    """Return the place of the layer that a number or a name means."""
    names = _summary.names(layers)
    if isinstance(which, str):
        if which not in names:
            raise ValueError(f"layer is {which!r}; this network has {', '.join(names)}")
        place = names.index(which)
    else:
        count = len(layers)
        place = _validation.integer(which, "layer", minimum=-count, below=count) % count
    if not hasattr(layers[place], "trainable"):
        able = [n for n, one in zip(names, layers, strict=True) if hasattr(one, "trainable")]
        raise ValueError(
            f"layer is {which!r}, which is {names[place]}; wanted is a layer that can learn: "
            f"{', '.join(able)}"
        )
    return place


def number(layers: Sequence[Layer], place: int) -> int:
    """Return the number that a backend knows the layer at a place by: blocks' layers count, too."""
    return sum(1 for _ in _architecture.walk(layers[:place]))


def changed(layers: Sequence[Layer], place: int, trainable: bool) -> tuple[Layer, ...]:
    """Return the layers, with the one at a place learning or not."""
    return (*layers[:place], layers[place].replace(trainable=trainable), *layers[place + 1 :])
