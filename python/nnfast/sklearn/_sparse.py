"""Tables with mostly zeros: how they are read without ever being dense as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.layers import Activation, Dense, Embedding, Input, Layer
from nnfast.network import FeedForward
from nnfast.sklearn._network import positions

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.losses import Loss

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


def chunks(x: Any) -> Iterator[tuple[slice, Array]]:
    """Yield a table in parts that are dense: a dense one as a whole, a sparse one by and by.

    Parameters
    ----------
    x : ndarray or CSR matrix of shape (rows, inputs)
    """
    count = x.shape[0]
    if isinstance(x, np.ndarray):
        yield slice(0, count), x
        return
    size = min(count, ROWS_AT_ONCE, max(1, AT_ONCE // max(1, x.shape[1])))
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


def _parted(net: FeedForward) -> tuple[Dense, tuple[Layer, ...]] | None:
    """Return a network's first layer and the others, if the first can be computed by itself."""
    first, rest = net.layers[1], net.layers[2:]
    if not isinstance(first, Dense) or first.activation.parameters or not rest:
        return None
    return first, rest


def _after_sparse_product(net: FeedForward, x: Any) -> Array | None:
    parted = _parted(net)
    if parted is None:
        return None
    first, rest = parted
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


class SparseGradients:
    """Derivatives of a network's loss whose products with sparse rows are SciPy's.

    The net inputs of the first layer are given to the rest of the network as an embedding of the
    rows: row i has the code i. The derivatives by that table are then those by the net inputs, row
    by row, and from them follow those by the first layer's weights.

    Parameters
    ----------
    net : FeedForward
    x : CSR matrix of shape (rows, inputs)
    loss : Loss
    first : Dense
    rest : tuple of Layer
    """

    def __init__(
        self, net: FeedForward, x: Any, loss: Loss, first: Dense, rest: tuple[Layer, ...]
    ) -> None:
        self._net, self._x, self._loss = net, x, loss
        self._size = min(x.shape[0], max(1, AT_ONCE // first.units))
        self._others = net._network.parameters()[2:]
        self._z = np.zeros((self._size, first.units), net.dtype)
        self._codes = np.arange(self._size, dtype=np.float64)[:, np.newaxis]
        table = Embedding({0: (self._size, first.units)}, initializer="zeros")
        layers = [Input(1), table, Activation(first.activation), *rest]
        self._tail = FeedForward(
            layers, dtype=net.dtype, seed=0, threads=net._threads, backend=net.backend
        ).compile("sgd", loss=loss, metrics=[])
        self._tail._compile_for(loss)

    @classmethod
    def of(cls, net: FeedForward, x: Any, loss: Loss) -> SparseGradients | None:
        """Return them for a sparse table, if the network's first layer can be parted from it."""
        parted = None if isinstance(x, np.ndarray) else _parted(net)
        return None if parted is None else cls(net, x, loss, *parted)

    def __call__(
        self, coefs: list[Array], intercepts: list[Array], targets: Array, weights: Array
    ) -> tuple[float, list[Array]]:
        """Return the mean over all rows of their weighted losses, and its derivatives.

        Parameters
        ----------
        coefs, intercepts : list of ndarray
            The weights and biases of all layers.
        targets : ndarray
        weights : ndarray of shape (rows,)
        """
        dtype, tail, count = self._net.dtype, self._tail, self._x.shape[0]
        for (kernel, bias), coef, intercept in zip(
            list(positions(self._net))[1:], coefs[1:], intercepts[1:], strict=True
        ):
            self._others[kernel - 2] = np.ascontiguousarray(coef, dtype)
            self._others[bias - 2] = np.ascontiguousarray(intercept, dtype)
        total = 0.0
        sums: list[Array] = []
        for start in range(0, count, self._size):
            part = slice(start, min(start + self._size, count))
            x = self._x[part]
            rows = x.shape[0]
            self._z[:rows] = x @ coefs[0]
            self._z[:rows] += intercepts[0]
            tail._network.set_parameters([self._z, *self._others])
            shares = weights[part] * dtype.type(rows / count)
            loss, (slopes, *rest) = tail._network.gradients(
                self._codes[:rows], targets[part], tail.threads, shares
            )
            found = [x.T @ slopes[:rows], slopes[:rows].sum(axis=0), *rest]
            total += loss
            sums = [a + b for a, b in zip(sums, found, strict=True)] if sums else found
        return total, sums
