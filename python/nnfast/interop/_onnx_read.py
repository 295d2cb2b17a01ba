"""ONNX files as networks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nnfast.interop._chain import Chain
from nnfast.interop._onnx_graph import Graph, Refused, completed, parsed
from nnfast.interop._onnx_labels import Ending, ending
from nnfast.interop._onnx_reader import Reader
from nnfast.layers import Dense
from nnfast.losses import CrossEntropy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]


def read_onnx(path: str | os.PathLike[str]) -> FeedForward:
    """Read an ONNX file that holds a network of layers one after the other.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    FeedForward
        Its predictions are what the file's graph gives: of a classifier of two classes the
        probability of the second. Labels become `FeedForward.classes_`. It is float64 if the
        weights in the file are.

    Raises
    ------
    ValueError
        If the file is truncated, damaged or of another kind, or the graph has what a network of
        nnfast's cannot have: then the operator and its node are named.
    FileNotFoundError, ImportError
        If there is no such file, or onnx is not installed: ``pip install 'nnfast[onnx]'``.

    Notes
    -----
    It reads dense layers (Gemm, MatMul with Add), all activations of nnfast's, as operators and as
    the formulas that PyTorch, Keras and `write_onnx` write, BatchNormalization and
    LayerNormalization, additions of a block's input to its output, scalings and standardizations of
    the inputs, embedded columns, Dropout, Flatten, Reshape to rows, Cast and Identity; at the end
    what skl2onnx and `write_onnx` make labels and probabilities with.

    Nothing in the file is run. Weights that lie in other files are read only if these lie in the
    model's folder.

    Examples
    --------
    >>> import os, tempfile
    >>> import nnfast as nn
    >>> net = nn.FeedForward("4-8-3", hidden="elu", output="softmax", seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "net.onnx")
    ...     nn.interop.write_onnx(net, path)
    ...     nn.interop.read_onnx(path)
    FeedForward([Input(4), Dense(8, ELU(alpha=1.0)), Dense(3, Softmax())])
    """
    name = os.fspath(path)
    model = parsed(name)
    try:
        return network(Graph(completed(model, os.path.dirname(os.path.realpath(name)))))
    except RecursionError:
        raise ValueError(f"{name!r} holds what nnfast cannot read: blocks too deep") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{name!r} holds what nnfast cannot read: {error}") from error


def network(graph: Graph) -> FeedForward:
    """Return the network that a graph of one input is."""
    if len(graph.inputs) != 1:
        names = ", ".join(repr(it.name) for it in graph.inputs) or "none"
        raise Refused(f"its inputs are {names}; wanted is one")
    end = ending(graph)
    reader = Reader(graph, end.value)
    start = graph.inputs[0]
    shape = start.type.tensor_type.shape.dim
    reader.flat = len(shape) in (0, 2)
    chain = Chain(_width(reader, [dim.dim_value for dim in shape[1:]]))
    reader.follow(chain, start.name, end.value)
    net = chain.network(reader.dtype)
    return _labelled(net, end) if end.labelled else net


def _width(reader: Reader, sizes: list[int]) -> int:
    """Return how many columns the input has, by its shape or by the first product."""
    if sizes and all(sizes):
        return int(np.prod(sizes))
    for node in reader.nodes:
        if node.operator in ("Gemm", "MatMul"):
            kernel = reader.graph.constant(node.inputs[1])
            if kernel is not None and kernel.ndim == 2:
                return int(kernel.shape[bool(node.attributes.get("transB"))])
    raise Refused("nothing says how many columns the input has")


def _labelled(net: FeedForward, end: Ending) -> FeedForward:
    """Give a network the labels of its classes, and the loss that decides as the graph does."""
    layers = net.layers
    last = layers[-1]
    assert isinstance(last, Dense)
    output = last.activation.name
    if end.border is not None:
        wanted = 0.0 if output == "linear" else 0.5
        if output not in ("linear", "sigmoid", "step") or end.border != wanted:
            raise Refused(f"an output of {output} that is above {end.border:g} is a label")
    if output == "linear":
        several = end.border is None
        net.compile(loss=CrossEntropy(from_logits=True) if several else "hinge")
    if end.border is not None and net.outputs > 1:
        return net
    count = max(net.outputs, 2)
    classes = np.arange(count) if end.classes is None else end.classes
    if len(classes) != count or len(set(classes.tolist())) != count:
        raise Refused(f"its labels are {classes.tolist()}; wanted are {count} different ones")
    if classes.dtype.kind in "OUS":
        classes = np.array([it.decode() if isinstance(it, bytes) else str(it) for it in classes])
    else:
        classes = classes.astype(np.int64)
    net._classes = _sorted(net, classes)
    return net


def _sorted(net: FeedForward, classes: Array) -> Array:
    """Bring strings into their order, in which they are looked up, and the outputs with them."""
    order = np.argsort(classes)
    if classes.dtype.kind != "U" or (order == np.arange(len(order))).all():
        return classes
    *before, kernel, bias = net.get_weights()
    last = net.layers[-1]
    if net.outputs == 1 or not last.use_bias or last.activation.parameters:  # type: ignore[attr-defined]
        raise Refused(
            f"its labels are {classes.tolist()}; wanted are strings in alphabetical order"
        )
    net.set_weights([*before, kernel[:, order], bias[order]])
    return classes[order]
