"""Networks as graphs: labelled nodes, weighted edges. networkx is imported where it is used."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nnfast import _architecture, activations
from nnfast.layers import Dense, Dropout, Input, Layer

if TYPE_CHECKING:
    import networkx
    from numpy.typing import NDArray

    from nnfast._adjustable import Adjustable
    from nnfast.layers import ActivationLike

    Array = NDArray[Any]

Network = TypeVar("Network", bound="Adjustable")


def _networkx() -> Any:
    try:
        import networkx
    except ImportError:
        raise ImportError(
            'graphs want networkx, which is not installed: pip install "nnfast[graph]"'
        ) from None
    return networkx


def to_graph(network: Adjustable) -> networkx.DiGraph[Any]:
    """Return a network's nodes and connections."""
    graph = _networkx().DiGraph()
    for place, layer in enumerate(network.layers):
        if not isinstance(layer, (Input, Dense, Dropout)):
            raise ValueError(
                f"layers[{place}] is {layer!r}, which is no layer of nodes and edges; to_graph "
                "wants dense layers, with or without dropout"
            )
    names = (name for name, _ in _architecture.parameters(network.layers, network.bias))
    weights = dict(zip(names, network.get_weights(), strict=True))
    graph.graph["input_scale"] = _architecture.input_scale(network.layers)
    graph.add_nodes_from(
        ((0, i), {"layer": 0, "index": i}) for i in range(_architecture.inputs(network.layers))
    )
    depth = 0
    for number, layer, inputs in _architecture.walk(network.layers):
        if not isinstance(layer, Dense):
            continue
        kernel, bias, others = _arrays(weights, number, inputs)
        depth += 1
        for i in range(layer.units):
            values = {name: float(array[i]) for name, array in others.items()}
            if bias is not None:
                values["bias"] = float(bias[i])
            function = _described(layer.activation)
            graph.add_node((depth, i), layer=depth, index=i, activation=function, **values)
        edges = np.ones(kernel.shape, bool) if layer.mask is None else layer.mask.edges
        graph.add_weighted_edges_from(
            ((depth - 1, source), (depth, target), float(kernel[source, target]))
            for source, target in np.argwhere(edges).tolist()
        )
    return graph


def _arrays(
    weights: Mapping[str, Array], number: int, inputs: int
) -> tuple[Array, Array | None, dict[str, Array]]:
    """Return a layer's kernel, its bias if it has one, and what else its nodes have learned."""
    prefix = f"layers.{number}."
    own = {name[len(prefix) :]: w for name, w in weights.items() if name.startswith(prefix)}
    if "weight" in own:
        joined = own.pop("weight")
        return joined[1:], joined[0], own
    return own.pop("kernel"), own.pop("bias", None), own


def _described(activation: activations.Activation) -> Any:
    """Return the name of an activation, or its plain description if its parameters are others."""
    usual = activations.registry.get(activation.name)
    return activation.name if activation == usual else activation.config()


def from_graph(
    cls: type[Network],
    graph: networkx.DiGraph[Any],
    *,
    hidden: ActivationLike = "relu",
    output: ActivationLike = "linear",
    bias: str = "parameter",
    **options: Any,
) -> Network:
    """Build a network from its nodes and connections; see `FeedForward.from_graph`."""
    nx = _networkx()
    if not isinstance(graph, nx.Graph) or not graph.is_directed() or graph.is_multigraph():
        raise TypeError(f"graph is {graph!r}; wanted is a networkx.DiGraph")
    levels = _levels(nx, graph)
    places = {
        node: (depth, i) for depth, level in enumerate(levels) for i, node in enumerate(level)
    }
    kernels = [np.zeros((len(a), len(b))) for a, b in pairwise(levels)]
    masks = [np.zeros(kernel.shape, bool) for kernel in kernels]
    weighted = _all_or_none(
        {(u, v): data for u, v, data in graph.edges(data=True)}, "weight", "edge"
    )
    for source, target, data in graph.edges(data=True):
        (depth, i), (end, j) = places[source], places[target]
        if end != depth + 1:
            how = (
                "stays within a layer"
                if end == depth
                else "goes back"
                if end < depth
                else "skips one"
            )
            raise ValueError(
                f"the edge from {source!r} (layer {depth}) to {target!r} (layer {end}) {how}; "
                "wanted are edges from each layer to the next"
            )
        masks[depth][i, j] = True
        kernels[depth][i, j] = (
            _real(data["weight"], f"weight of the edge {(source, target)}") if weighted else 0
        )
    layers: list[Layer] = [Input(len(levels[0]), scale=graph.graph.get("input_scale", 1.0))]
    biases: list[Array | None] = []
    alphas: list[dict[str, Array]] = []
    for depth, level in enumerate(levels[1:], start=1):
        nodes = {node: graph.nodes[node] for node in level}
        has_bias = _all_or_none(nodes, "bias", "node")
        function = _activation(nodes, depth, output if depth == len(levels) - 1 else hidden)
        biases.append(_values(nodes, "bias") if has_bias else None)
        learned = [name for name in function.parameters if _all_or_none(nodes, name, "node")]
        alphas.append({name: _values(nodes, name) for name in learned})
        mask = masks[depth - 1]
        use_bias = has_bias or not weighted
        layers.append(
            Dense(len(level), function, use_bias=use_bias, mask=None if mask.all() else mask)
        )
    made: Any = cls  # the constructor is FeedForward's
    network: Network = made(layers, bias=bias, **options)
    names = [name for name, _ in _architecture.parameters(network.layers, network.bias)]
    weights = dict(zip(names, network.get_weights(), strict=True))
    for number, (kernel, values, others) in enumerate(zip(kernels, biases, alphas, strict=True)):
        old, old_bias, _ = _arrays(weights, number, len(kernel))
        if weighted:
            old[...] = kernel
        if values is not None and old_bias is not None:
            old_bias[...] = values
        for name, array in others.items():
            weights[f"layers.{number}.{name}"][...] = array
    network.set_weights(list(weights.values()))
    return network


def _levels(nx: Any, graph: networkx.DiGraph[Any]) -> list[list[Hashable]]:
    """Return the nodes of each layer, in order."""
    nodes = {node: graph.nodes[node] for node in graph}
    if _all_or_none(nodes, "layer", "node"):
        depths = {node: data["layer"] for node, data in nodes.items()}
        for node, depth in depths.items():
            if isinstance(depth, bool) or not isinstance(depth, (int, np.integer)) or depth < 0:
                raise ValueError(
                    f"layer of the node {node!r} is {depth!r}; wanted is a whole number from 0, "
                    "the inputs"
                )
    else:
        try:
            order = list(nx.topological_sort(graph))
        except nx.NetworkXUnfeasible:
            cycle = " -> ".join(repr(edge[0]) for edge in nx.find_cycle(graph))
            raise ValueError(
                f"graph has a cycle, {cycle} and back; wanted are edges from each layer to the next"
            ) from None
        depths = {}
        for node in order:
            depths[node] = 1 + max(
                (depths[before] for before in graph.predecessors(node)), default=-1
            )
    count = 1 + max(depths.values(), default=-1)
    levels: list[list[Hashable]] = [
        [node for node in nodes if depths[node] == d] for d in range(count)
    ]
    if count < 2 or not all(levels):
        empty = next((d for d, level in enumerate(levels) if not level), count)
        raise ValueError(
            f"layer {empty} of graph has no nodes; wanted are inputs, outputs, and none missing"
        )
    for depth, level in enumerate(levels):
        if _all_or_none({node: nodes[node] for node in level}, "index", "node"):
            level.sort(key=lambda node: nodes[node]["index"])
            indices = [nodes[node]["index"] for node in level]
            if indices != list(range(len(level))):
                raise ValueError(
                    f"the nodes of layer {depth} have the indices {indices}; wanted is each of 0 "
                    f"to {len(level) - 1} once"
                )
    return levels


def _all_or_none(items: Mapping[Any, Mapping[str, Any]], name: str, kind: str) -> bool:
    """Tell whether all have an attribute; refuse that only some do."""
    lacking = [item for item, data in items.items() if data.get(name) is None]
    if lacking and len(lacking) < len(items):
        raise ValueError(
            f"the {kind} {lacking[0]!r} has no {name}, but others do; wanted is all or none"
        )
    return not lacking and bool(items)


def _real(value: object, what: str) -> float:
    from nnfast import _validation

    return _validation.number(value, what)


def _values(nodes: Mapping[Any, Mapping[str, Any]], name: str) -> Array:
    return np.array([_real(data[name], f"{name} of the node {n!r}") for n, data in nodes.items()])


def _activation(
    nodes: Mapping[Any, Mapping[str, Any]], depth: int, usual: ActivationLike
) -> activations.Activation:
    """Return the one activation of a layer's nodes."""
    if not _all_or_none(nodes, "activation", "node"):
        return activations.registry.get(usual, "activation")
    found = {
        activations.registry.from_config(one)
        if isinstance(one, Mapping)
        else activations.registry.get(one, f"activation of the node {node!r}")
        for node, one in ((node, data["activation"]) for node, data in nodes.items())
    }
    if len(found) > 1:
        names = ", ".join(sorted(one.name for one in found))
        raise ValueError(f"the nodes of layer {depth} have the activations {names}; wanted is one")
    return found.pop()
