"""ONNX files as graphs that can be followed: what makes each value, and what takes it.

A file is data: no operator is run but on constants, and those by NumPy. Weights that lie in other
files are read only if these lie beside the model.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nnfast.interop._onnx_formulas import Parameter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfast.interop._onnx_formulas import Tree

    Array: TypeAlias = NDArray[Any]

DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
EITHER_ORDER = ("Add", "Mul", "Max", "Min")
LAST = (1, -1)
"""Axes of a table that are its columns."""
TOLERANCE = 1e-6
"""How far a number in a formula may be off, relatively: attributes are float32."""


def require_onnx() -> Any:
    """Return the package onnx, or say what to install."""
    try:
        import onnx
        import onnx.helper
        import onnx.numpy_helper
    except ImportError:
        raise ImportError(
            "ONNX files want onnx, which is not installed: pip install 'nnfast[onnx]'"
        ) from None
    return onnx


def float_types() -> tuple[int, ...]:
    proto = require_onnx().TensorProto
    return proto.FLOAT, proto.DOUBLE, proto.FLOAT16


class Refused(ValueError):
    """What a file holds and a network of ours cannot."""


def parsed(path: str) -> Any:
    """Return the model in a file, as it stands there."""
    onnx = require_onnx()
    if not os.path.exists(path):
        raise FileNotFoundError(f"path is {path!r}, where there is no file")
    if os.path.isdir(path):
        raise IsADirectoryError(f"path is {path!r}, which is a folder; wanted is a file")
    from google.protobuf.message import DecodeError

    try:
        return onnx.load(path, load_external_data=False)
    except DecodeError:
        raise ValueError(
            f"{path!r} is no whole ONNX file but truncated, damaged or of another kind"
        ) from None


def completed(model: Any, folder: str) -> Any:
    """Return a model with the weights that lie beside it in a folder, once it is well formed."""
    onnx = require_onnx()
    for tensor in _tensors(model):
        _bring_in(tensor, os.path.realpath(folder))
    try:
        if len(model.functions):
            import onnx.inliner

            model = onnx.inliner.inline_local_functions(model)
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, UnicodeDecodeError) as error:
        raise Refused(f"it is no valid model ({_first_line(error)})") from None
    return model


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _tensors(model: Any) -> Iterator[Any]:
    """Yield the tensors of the main graph and of functions; those of subgraphs are never used."""
    yield from model.graph.initializer
    for nodes in (model.graph.node, *(function.node for function in model.functions)):
        for node in nodes:
            yield from (attribute.t for attribute in node.attribute if attribute.HasField("t"))


def _bring_in(tensor: Any, folder: str) -> None:
    """Read the values of a tensor that lie in another file, if that lies in the model's folder."""
    onnx = require_onnx()
    if tensor.data_location != onnx.TensorProto.EXTERNAL:
        return
    entries = {entry.key: entry.value for entry in tensor.external_data}
    place = entries.get("location", "")
    path = os.path.realpath(os.path.join(folder, place))
    if os.path.isabs(place) or os.path.commonpath([folder, path]) != folder:
        raise Refused(
            f"the tensor {tensor.name!r} lies in {place!r}, outside of the model's folder, where "
            "nothing is read"
        )
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
    size = int(np.prod(tensor.dims, dtype=object)) * dtype.itemsize
    offset = int(entries.get("offset") or 0)
    length = int(entries.get("length") or size)
    there = os.path.getsize(path) if os.path.isfile(path) else -1
    if length != size or offset < 0 or offset + length > there:
        raise Refused(
            f"the tensor {tensor.name!r} is to be {size} bytes of the file {place!r}, which does "
            "not have them"
        )
    with open(path, "rb") as file:
        file.seek(offset)
        tensor.raw_data = file.read(length)
    tensor.data_location = onnx.TensorProto.DEFAULT
    del tensor.external_data[:]


class Node:
    """A node of the graph, with all its attributes, those left out too."""

    def __init__(self, proto: Any, opset: int) -> None:
        onnx = require_onnx()
        self.operator: str = proto.op_type
        self.domain: str = proto.domain
        self.inputs: list[str] = list(proto.input)
        self.outputs: list[str] = list(proto.output)
        self.name: str = proto.name or self.outputs[0]
        self.attributes: dict[str, Any] = {}
        if proto.domain in DOMAINS and onnx.defs.has(proto.op_type, proto.domain):
            for name, attribute in _schema(proto, opset).attributes.items():
                if attribute.default_value.name:
                    self.attributes[name] = _attribute(attribute.default_value)
        for attribute in proto.attribute:
            self.attributes[attribute.name] = _attribute(attribute)

    def __repr__(self) -> str:
        return f"{self.operator} (node {self.name!r})"


def _schema(proto: Any, opset: int) -> Any:
    onnx = require_onnx()
    try:
        return onnx.defs.get_schema(proto.op_type, opset, proto.domain)
    except onnx.defs.SchemaError:
        return onnx.defs.get_schema(proto.op_type, proto.domain)


def _attribute(proto: Any) -> Any:
    onnx = require_onnx()
    value = onnx.helper.get_attribute_value(proto)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    # Written as a float32, it was meant as the shortest decimal number that gives it.
    return float(str(np.float32(value))) if isinstance(value, float) else value


class Graph:
    """The nodes between an input and an output, and the constants beside them.

    Parameters
    ----------
    model : onnx.ModelProto
    constants : dict, optional
        Inputs of the graph that are to be constants, by name.
    """

    def __init__(self, model: Any, constants: dict[str, Array] | None = None) -> None:
        onnx = require_onnx()
        graph = model.graph
        opsets = {it.domain: it.version for it in model.opset_import}
        self.constants = {it.name: onnx.numpy_helper.to_array(it) for it in graph.initializer} | (
            constants or {}
        )
        self.inputs = [it for it in graph.input if it.name not in self.constants]
        self.outputs = list(graph.output)
        self.nodes: list[Node] = []
        self._same: dict[str, str] = {}  # names of what is known by another name already
        elements = {it.name: it.type.tensor_type.elem_type for it in self.inputs}
        self._floats = {name for name, element in elements.items() if element in float_types()}
        for proto in graph.node:
            node = Node(proto, opsets.get(proto.domain, opsets.get("ai.onnx", 1)))
            node.inputs = [self.first_name(name) for name in node.inputs]
            if not self._folded(node) and not self._passed_on(node):
                self.nodes.append(node)
        self.producers = {name: node for node in self.nodes for name in node.outputs if name}
        self.places = {name: i for i, node in enumerate(self.nodes) for name in node.outputs}

    def _folded(self, node: Node) -> bool:
        """Compute a node of constants, if it does no more than lay them out anew."""
        values = [self.constants.get(name) for name in node.inputs if name]
        if any(value is None for value in values) or len(node.outputs) != 1:
            return False
        result = _laid_out(node, values)
        if result is not None:
            self.constants[node.outputs[0]] = result
        return result is not None

    def _passed_on(self, node: Node) -> bool:
        """Give what a node returns the name of what it is given, if it is the same."""
        floats = [name in self._floats for name in node.inputs]
        if node.operator not in ("Cast", "ArgMax", "Greater") and any(floats):
            self._floats.update(node.outputs)
        if node.operator == "Cast" and node.attributes["to"] in float_types():
            self._floats.update(node.outputs)
            same = floats[0]
        elif node.operator == "Dropout":
            training = self.constant(node.inputs[2]) if len(node.inputs) > 2 else np.zeros(())
            same = training is not None and not training.any()
        else:
            same = node.operator == "Identity"
        if same:
            self._same[node.outputs[0]] = node.inputs[0]
        return same

    def first_name(self, name: str) -> str:
        """Return the name that a value had first, before it was passed on under others."""
        return self._same.get(name, name)

    def constant(self, name: str) -> Array | None:
        """Return the values of a constant, or None if it is none."""
        return self.constants.get(name)

    def ancestors(self, name: str) -> set[Node]:
        """Return all nodes that a value comes from."""
        found: set[Node] = set()
        names = [name]
        while names:
            node = self.producers.get(names.pop())
            if node is not None and node not in found:
                found.add(node)
                names += node.inputs
        return found


def _laid_out(node: Node, values: list[Any]) -> Array | None:
    onnx = require_onnx()
    if node.operator == "Constant":
        ((kind, value),) = node.attributes.items()
        if kind == "value":
            return np.asarray(onnx.numpy_helper.to_array(value))
        if kind in ("value_float", "value_floats"):
            return np.array(value, np.float32)
        return np.array(value) if kind in ("value_int", "value_ints") else None
    if node.operator == "Identity":
        return np.asarray(values[0])
    if node.operator == "Cast":
        return np.asarray(values[0]).astype(
            onnx.helper.tensor_dtype_to_np_dtype(node.attributes["to"])
        )
    if node.operator == "Transpose":
        return np.transpose(values[0], node.attributes.get("perm"))
    if node.operator == "Reshape" and not (np.asarray(values[1]) == 0).any():
        return np.reshape(values[0], values[1])
    if node.operator in ("Unsqueeze", "Squeeze") and len(values) == 2:
        change = np.expand_dims if node.operator == "Unsqueeze" else np.squeeze
        return np.asarray(change(values[0], tuple(np.atleast_1d(values[1]).tolist())))
    return None


# Formulas ----------------------------------------------------------------------------------------


def tree_of(graph: Graph, node: Node, known: dict[str, Tree]) -> Tree | None:
    """Return what a node computes as a formula, given those of its inputs; None if it has none."""
    if node.domain not in DOMAINS or not node.inputs:
        return None
    parts: list[Any] = []
    for name in node.inputs:
        constant = graph.constant(name)
        if name in known:
            parts.append(known[name])
        elif constant is None or constant.dtype.kind not in "fiub":
            return None
        else:
            parts.append(constant)
    if node.operator == "ReduceMean":
        axes = node.attributes.get("axes") or np.atleast_1d(np.asarray(parts[1:])).ravel().tolist()
        by_row = len(axes) == 1 and axes[0] in LAST and node.attributes["keepdims"] == 1
        return ("RowMean", parts[0]) if by_row else None
    attributes = dict(node.attributes)
    if node.operator in ("Softmax", "LogSoftmax"):
        if attributes.pop("axis") not in LAST:
            return None
    elif node.operator == "Cast":
        onnx = require_onnx()
        if attributes.pop("to") not in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE):
            return None
        attributes = {}
    return (node.operator, *parts, attributes)


def matched(form: Tree, tree: Any, found: dict[str, Any]) -> bool:
    """Whether a tree is that of a form; what its parameters stand for goes into `found`."""
    if isinstance(form, Parameter):
        if not isinstance(tree, (float, np.ndarray)):
            return False
        value: Any = _number(tree) if np.size(tree) == 1 else tree
        if form.name in found:
            return np.array_equal(found[form.name], value)
        found[form.name] = value
        return True
    if isinstance(form, (int, float)):
        number = _number(tree)
        return number is not None and abs(number - form) <= TOLERANCE * abs(form)
    if isinstance(form, str) or not isinstance(tree, tuple):
        return isinstance(tree, str) and form == tree
    operator, *parts = form
    attributes = parts.pop() if isinstance(parts[-1], dict) else {}
    others, given = tree[1:-1] if isinstance(tree[-1], dict) else tree[1:], tree[-1]
    if operator != tree[0] or len(others) != len(parts):
        return False
    for name, value in attributes.items():
        if isinstance(value, str):
            if given[name] != value:
                return False
        elif not matched(value, given[name], found):
            return False
    orders = [others, others[::-1]] if operator in EITHER_ORDER else [others]
    for order in orders:
        trial = dict(found)
        if all(matched(part, other, trial) for part, other in zip(parts, order, strict=True)):
            found.update(trial)
            return True
    return False


def _number(tree: Any) -> float | None:
    if isinstance(tree, np.ndarray) and tree.size == 1:
        value = tree.reshape(())
        return float(str(value)) if value.dtype == np.float32 else float(value)
    return tree if isinstance(tree, float) else None
