"""The layers of a model as columns of nodes, with the weights that lead to each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast import _architecture, _graph
from nnfast.layers import Activation, Dense, Dropout, Embedding, Residual

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class Column(NamedTuple):
    """One layer of nodes.

    Attributes
    ----------
    size : int
    notes : list of str
        What is written below it.
    kernel : ndarray of shape (nodes of the column before, size), optional
    bias : ndarray of shape (size,), optional
    biased : bool
        Whether there is a bias, known or not.
    links : bool ndarray like the kernel, optional
        Which edges there are, if not all.
    skip_from : int, optional
        The column whose values are added to this one's, at the end of a residual block.
    counted : bool
        Whether the architecture's string has it.
    """

    size: int
    notes: list[str]
    kernel: Array | None = None
    bias: Array | None = None
    biased: bool = True
    links: Array | None = None
    skip_from: int | None = None
    counted: bool = True


def columns_of(model: Any, weights: bool) -> list[Column]:
    """Return the columns of a network, a perceptron, or what has scikit-learn's `coefs_`.

    Without weights those of a network are not asked for, which takes long if they are many.
    """
    from nnfast.network import FeedForward
    from nnfast.perceptron import Perceptron

    if isinstance(model, FeedForward):
        return _of_network(model, weights)
    if isinstance(model, Perceptron):
        if not hasattr(model, "classes_"):
            raise ValueError("net has no weights yet: call fit first.")
        return _of_arrays([model.weights_], [model.bias_], [], "step")
    if hasattr(model, "hidden_layer_sizes") and not hasattr(model, "coefs_"):
        raise ValueError("net has no weights yet: call fit first.")
    if all(hasattr(model, name) for name in ("coefs_", "intercepts_", "out_activation_")):
        hidden = [str(model.activation)] * (len(model.coefs_) - 1)
        return _of_arrays(model.coefs_, model.intercepts_, hidden, str(model.out_activation_))
    raise TypeError(
        "net must be a FeedForward, a Perceptron or a fitted multilayer perceptron of "
        f"scikit-learn, got {type(model).__name__}."
    )


def _of_arrays(kernels: Any, biases: Any, hidden: list[str], output: str) -> list[Column]:
    columns = [Column(len(kernels[0]), [_counted(len(kernels[0]), "input")])]
    for place, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
        last = place == len(kernels) - 1
        size = kernel.shape[1]
        name = _counted(size, "output") if last else f"{size:,} hidden"
        columns.append(Column(size, [name, output if last else hidden[place]], kernel, bias))
    return columns


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _of_network(net: Any, weights: bool) -> list[Column]:
    names = [name for name, _ in _architecture.parameters(net.layers, net.bias)]
    arrays = dict(zip(names, net.get_weights(), strict=True)) if weights else {}
    columns = [Column(net.inputs, [_counted(net.inputs, "input")])]
    blocks: list[tuple[int, int]] = []  # (the number of the last layer within, the column before)
    for number, layer, width in _architecture.walk(net.layers):
        if isinstance(layer, Residual):
            within = sum(1 for _ in _inside(layer))
            blocks.append((number + within, len(columns) - 1))
        elif isinstance(layer, Embedding):
            size = layer.width(width)
            note = f"{size:,} embedded"
            leads = _embedded(layer, width)
            columns.append(Column(size, [note], biased=False, links=leads, counted=False))
        elif isinstance(layer, Dense):
            kernel, bias = _graph._arrays(arrays, number, width)[:2] if weights else (None, None)
            links = None if layer.mask is None else layer.mask.edges
            notes = [f"{layer.units:,} hidden", layer.activation.name]
            columns.append(Column(layer.units, notes, kernel, bias, layer.use_bias, links))
        else:
            columns[-1].notes.append(_described(layer))
        while blocks and blocks[-1][0] == number:
            columns[-1] = columns[-1]._replace(skip_from=blocks.pop()[1])
    columns[-1].notes[0] = _counted(columns[-1].size, "output")
    return columns


def _inside(layer: Any) -> Any:
    for inner in layer.inner:
        yield inner
        yield from _inside(inner)


def _described(layer: Any) -> str:
    """Return what a layer without nodes of its own is called below the nodes that it changes."""
    if isinstance(layer, Activation):
        return layer.activation.name
    if isinstance(layer, Dropout):
        return f"dropout {layer.rate:g}"
    return str(layer.kind).replace("_", " ")


def _embedded(layer: Embedding, width: int) -> Array:
    """Return which input leads to which value behind an embedding, shape (inputs, width)."""
    links = np.zeros((width, layer.width(width)), bool)
    coded = {column: dimensions for column, _, dimensions in layer.columns}
    place = 0
    for column in range(width):
        if column not in coded:
            links[column, place] = True
            place += 1
    for column, dimensions in coded.items():
        links[column, place : place + dimensions] = True
        place += dimensions
    return links
