"""Tables with mostly zeros: how they are read without ever being dense as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.layers import Activation, Dense, Input
from nnfast.network import FeedForward

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

AT_ONCE = 2**22  # numbers: 32 MB in float64
ROWS_AT_ONCE = 1024  # beyond that, what passes from layer to layer leaves the caches


class Densifier:
    """Makes some rows of a CSR matrix dense, always in the same memory.

    Parameters
    ----------
    x : CSR matrix of shape (rows, inputs)
    most : int
        Rows at a time.
    """

    def __init__(self, x: Any, most: int) -> None:
        self._x = x
        # To ask the system for memory, batch by batch, takes longer than to fill it.
        self._memory: Array = np.empty((most, x.shape[1]), x.dtype)

    def __call__(self, rows: Any) -> Array:
        """Return the rows with some numbers, or of a slice, until it is called again."""
        part = self._x[rows]
        found = self._memory[: part.shape[0]]
        part.toarray(out=found)
        return found


def chunks(x: Any, most: int = AT_ONCE) -> Iterator[tuple[slice, Array]]:
    """Yield a table in parts that are dense: a dense one as a whole, a sparse one by and by.

    Parameters
    ----------
    x : ndarray or CSR matrix of shape (rows, inputs)
    most : int
        Numbers of a part.
    """
    count = x.shape[0]
    if isinstance(x, np.ndarray):
        yield slice(0, count), x
        return
    size = min(count, ROWS_AT_ONCE, max(1, most // max(1, x.shape[1])))
    dense = Densifier(x, size)
    for start in range(0, count, size):
        part = slice(start, min(start + size, count))
        yield part, dense(part)


def said(net: FeedForward, x: Any) -> Array:
    """Return what a network says of the rows of a table.

    The zeros of a sparse one take no part in the product with the first layer's weights, which is
    SciPy's; the rest of the network is asked with what comes out.

    Parameters
    ----------
    net : FeedForward
    x : ndarray or CSR matrix of shape (rows, inputs)
    """
    if isinstance(x, np.ndarray):
        return net._network.predict(x, net.threads)
    outputs = _after_sparse_product(net, x)
    if outputs is None:
        parts = [net._network.predict(part, net.threads) for _, part in chunks(x)]
        outputs = np.concatenate(parts)
    return outputs


def _after_sparse_product(net: FeedForward, x: Any) -> Array | None:
    first, rest = net.layers[1], net.layers[2:]
    if not isinstance(first, Dense) or first.activation.parameters or not rest:
        return None
    kernel, bias, *others = net._network.parameters()
    layers = [Input(first.units), Activation(first.activation), *rest]
    tail = FeedForward(layers, dtype=net.dtype, seed=0, threads=net._threads, backend=net.backend)
    tail._network.set_parameters(others)
    parts = []
    size = max(1, AT_ONCE // first.units)
    for start in range(0, x.shape[0], size):
        z = np.ascontiguousarray(x[start : start + size] @ kernel)
        z += bias
        if not np.isfinite(z).all():  # as of a network that diverged
            return None
        parts.append(tail._network.predict(z, net.threads))
    return np.concatenate(parts)
