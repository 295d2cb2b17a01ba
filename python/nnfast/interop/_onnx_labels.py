"""What a graph says at its end: numbers, and beside them perhaps labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from nnfast.interop._onnx_graph import LAST, Graph, Node, Refused, float_types

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

PASSED = ("Cast", "Reshape", "Squeeze")
"""Operators that change how labels lie, and not which they are."""
TAKEN = ("Gather", "ArrayFeatureExtractor")


class Ending(NamedTuple):
    """What the network is to say, and how it becomes labels.

    `value` is the name of the network's outputs. `both` says that the graph goes on to the
    probabilities of both of two classes; `classes` are the labels that its places stand for,
    `border` what an output has to exceed to mean yes.
    """

    value: str
    both: bool = False
    labelled: bool = False
    classes: Array | None = None
    border: float | None = None


def ending(graph: Graph) -> Ending:
    """Return what a graph ends with, as skl2onnx and we write it."""
    numbers: list[str] = []
    labels: list[str] = []
    for output in graph.outputs:
        tensor = output.type.WhichOneof("value") == "tensor_type"
        is_numbers = not tensor or output.type.tensor_type.elem_type in float_types()
        (numbers if is_numbers else labels).append(graph.first_name(output.name))
    if len(numbers) != 1 or len(labels) > 1:
        said = ", ".join(repr(output.name) for output in graph.outputs)
        raise Refused(
            f"its outputs are {said}; wanted is one of numbers, and at most one of labels"
        )
    names, value = _passed(graph, numbers[0], ("ZipMap",))
    classes = None
    maker = graph.producers.get(numbers[0])
    if maker is not None and maker.operator == "ZipMap":
        classes = _classes_of_map(maker)
    before = _both(graph, value)
    end = Ending(value if before is None else before, before is not None)
    if not labels:
        return end if classes is None else end._replace(labelled=True, classes=classes)
    return _labelled(graph, end, {*names, value}, labels[0])


def _passed(graph: Graph, name: str, operators: tuple[str, ...]) -> tuple[list[str], str]:
    """Return the value that some operators pass on, and the names that it has had since."""
    names: list[str] = []
    while (node := graph.producers.get(name)) is not None and node.operator in operators:
        names.append(name)
        name = node.inputs[0]
    return names, name


def _classes_of_map(node: Node) -> Array | None:
    labels = node.attributes.get("classlabels_int64s") or node.attributes.get("classlabels_strings")
    if not labels:
        return None
    return np.array([it.decode() if isinstance(it, bytes) else it for it in labels])


def _both(graph: Graph, name: str) -> str | None:
    """Return p where a value is 1 - p and p side by side."""
    node = graph.producers.get(name)
    if node is None or node.operator != "Concat" or len(node.inputs) != 2:
        return None
    rest = graph.producers.get(node.inputs[0])
    if rest is None or rest.operator != "Sub" or node.attributes["axis"] not in LAST:
        return None
    one = graph.constant(rest.inputs[0])
    is_rest = one is not None and one.size == 1 and one.item() == 1
    return node.inputs[1] if is_rest and rest.inputs[1] == node.inputs[1] else None


def _labelled(graph: Graph, end: Ending, names: set[str], label: str) -> Ending:
    """Add what the labels are, which come from one of the names of the outputs."""
    _, place = _passed(graph, label, PASSED)
    node, classes = graph.producers.get(place), None
    if node is not None and node.operator in TAKEN:
        classes = graph.constant(node.inputs[0])
        if classes is None:
            raise Refused(f"{node} takes labels from what is no constant")
        classes = classes.ravel()
        _, place = _passed(graph, node.inputs[1], PASSED)
        node = graph.producers.get(place)
    if node is None:
        raise Refused(f"the label {label!r} does not come from the outputs")
    names = names | {end.value} if not end.both else names
    before = graph.producers.get(end.value)
    if before is not None and before.operator in ("Softmax", "LogSoftmax"):
        names = {*names, before.inputs[0]}  # the largest is the same
    of_outputs = node.inputs[0] in names
    if node.operator == "ArgMax" and of_outputs and node.attributes["axis"] in LAST:
        return end._replace(labelled=True, classes=classes)
    if node.operator in ("Greater", "Binarizer") and _passed(graph, node.inputs[0], PASSED)[1] in (
        *names,
        end.value,
    ):
        if node.operator == "Binarizer":
            border: Any = node.attributes["threshold"]
        else:
            border = graph.constant(node.inputs[1])
        if np.size(border) == 1 and border is not None:
            return end._replace(labelled=True, classes=classes, border=float(border))
    raise Refused(f"{node} makes labels in a way that is not known")
