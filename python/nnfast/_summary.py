"""The table that `FeedForward.summary` gives."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

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


def summary(layers: Sequence[Layer], bias: str, dtype: np.dtype[Any]) -> Summary:
    """Return the layers as a table, with the number and the size of their parameters."""
    counts = [0] * (1 + sum(1 for _ in _architecture.walk(layers)))
    trainable, fixed = 0, _architecture.fixed(layers)
    for name, shape in _architecture.parameters(layers, bias):
        counts[int(name.split(".")[1]) + 1] += prod(shape)
        trainable += 0 if name in fixed else prod(shape)
    rows = [("Layer (type)", "Output shape", "Param #", "Activation")]
    each = [(layers[0], 0), *((layer, width) for _, layer, width in _architecture.walk(layers))]
    called = names([layer for layer, _ in each])
    for (layer, width), name, count in zip(each, called, counts, strict=True):
        kind = type(layer).__name__
        rows.append(
            (f"{name} ({kind})", f"(None, {layer.width(width)})", f"{count:,}", layer.description())
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:<{widths[3]}}".rstrip()
        for a, b, c, d in rows
    ]
    rule = "-" * (sum(widths) + 6)
    title = "FeedForward " + "-".join(map(str, _architecture.sizes(layers)))
    total = sum(counts)
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
