"""The table that `FeedForward.summary` gives."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from nnfast import _architecture
from nnfast.layers import Input, Layer


class Summary(str):
    """A text that shows itself as it is, printed or at the prompt."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def names(layers: Sequence[Layer]) -> list[str]:
    """Return what the layers are called: each by its kind, and its number among those of it."""
    result: list[str] = []
    seen: dict[str, int] = {}
    for layer in layers:
        kind = type(layer).__name__.lower()
        seen[kind] = seen.get(kind, 0) + 1
        result.append(kind if isinstance(layer, Input) else f"{kind}_{seen[kind]}")
    return result


class Row(NamedTuple):
    """What is said of a layer."""

    name: str
    kind: str
    width: int
    parameters: int
    description: str  # of its activation, or of what it does


def each(layers: Sequence[Layer], bias: str) -> list[Row]:
    """Return what is said of each layer, those in blocks too, the input first."""
    walked = [(layers[0], 0), *((layer, width) for _, layer, width in _architecture.walk(layers))]
    counts = [0] * len(walked)
    for name, shape in _architecture.parameters(layers, bias):
        counts[int(name.split(".")[1]) + 1] += prod(shape)
    called = names([layer for layer, _ in walked])
    return [
        Row(name, type(layer).__name__, layer.width(width), count, layer.description())
        for (layer, width), name, count in zip(walked, called, counts, strict=True)
    ]


def summary(layers: Sequence[Layer], bias: str, dtype: np.dtype[Any]) -> Summary:
    """Return the layers as a table, with the number and the size of their parameters."""
    fixed = _architecture.fixed(layers)
    shapes = _architecture.parameters(layers, bias)
    trainable = sum(0 if name in fixed else prod(shape) for name, shape in shapes)
    said = each(layers, bias)
    rows = [
        ("Layer (type)", "Output shape", "Param #", "Activation"),
        *(
            (
                f"{one.name} ({one.kind})",
                f"(None, {one.width})",
                f"{one.parameters:,}",
                one.description,
            )
            for one in said
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:<{widths[3]}}".rstrip()
        for a, b, c, d in rows
    ]
    rule = "-" * (sum(widths) + 6)
    title = "FeedForward " + "-".join(map(str, _architecture.sizes(layers)))
    total = sum(one.parameters for one in said)
    footer = [
        f"Total params: {total:,} ({_bytes(total * dtype.itemsize)}, {dtype})",
        f"Trainable params: {trainable:,}",
    ]
    if trainable < total:
        footer.append(f"Non-trainable params: {total - trainable:,}")
    return Summary("\n".join([title, rule, lines[0], rule, *lines[1:], rule, *footer]))


def _bytes(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.4g} {unit}"
        size /= 1024
    return f"{size:.4g} TB"
