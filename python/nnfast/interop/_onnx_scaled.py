"""Operators that are an activation of ours with its input or its output scaled and shifted."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from nnfast.activations import ELU, Activation, HardSigmoid, Linear, ReLU, SiLU

if TYPE_CHECKING:
    from nnfast.interop._onnx_graph import Graph, Node


LARGEST = 1e30
"""A bound beyond this is none: older versions write the largest float32."""


class Scaled(NamedTuple):
    """output_scale f(input_scale x + input_offset) + output_offset."""

    activation: Activation
    input_scale: float = 1.0
    input_offset: float = 0.0
    output_scale: float = 1.0
    output_offset: float = 0.0


def scaled(graph: Graph, node: Node) -> Scaled | None:
    """Return what a node is in terms of an activation of ours, or None if it is nothing like it."""
    values: dict[str, Any] = node.attributes
    if node.operator == "Selu":
        return Scaled(ELU(values["alpha"]), output_scale=values["gamma"])
    if node.operator == "Celu" and values["alpha"] > 0:
        return Scaled(ELU(), input_scale=1.0 / values["alpha"], output_scale=values["alpha"])
    if node.operator == "Swish" and values["alpha"] != 0:
        return Scaled(SiLU(), input_scale=values["alpha"], output_scale=1.0 / values["alpha"])
    if node.operator == "HardSigmoid":  # ours has the slope 1/6
        return Scaled(
            HardSigmoid(),
            input_scale=6.0 * values["alpha"],
            input_offset=6.0 * (values["beta"] - 0.5),
        )
    return _clipped(graph, node) if node.operator == "Clip" else None


def _clipped(graph: Graph, node: Node) -> Scaled | None:
    """Return what cuts values at a low and a high bound, of which either may be missing."""
    bounds: list[float] = [node.attributes.get("min", -inf), node.attributes.get("max", inf)]
    for place, name in enumerate(node.inputs[1:3]):
        constant = graph.constant(name)
        if name and (constant is None or constant.size != 1):
            return None
        if constant is not None:
            bounds[place] = float(constant.reshape(()))
    low, high = bounds
    if low >= high:
        return None
    above, below = low < -LARGEST, high > LARGEST  # no bound
    if above or below:
        if above and below:
            return Scaled(Linear())
        return Scaled(ReLU(), -1.0, high, -1.0, high) if above else Scaled(ReLU(), 1, -low, 1, low)
    slope = 6.0 / (high - low)  # hard_sigmoid rises from 0 at -3 to 1 at 3
    return Scaled(HardSigmoid(), slope, -3.0 - slope * low, high - low, low)
