"""Networks as graphs, and graphs as networks."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn

nx = pytest.importorskip("networkx")

X = np.random.default_rng(0).normal(size=(9, 4))


@pytest.mark.parametrize("bias", ["parameter", "embedded"])
@pytest.mark.parametrize("use_bias", [True, False])
def test_there_and_back(bias: str, use_bias: bool) -> None:
    layers = [
        nn.Input(4, scale=0.5),
        nn.Dense(
            5, "prelu", mask=np.tri(4, 5), use_bias=use_bias, bias_initializer="random_normal"
        ),
        nn.Dropout(0.2),
        nn.Dense(3, nn.activations.ELU(0.5), use_bias=use_bias),
        nn.Dense(2, "softmax"),
    ]
    net = nn.FeedForward(layers, bias=bias, seed=0)
    graph = net.to_graph()
    assert graph.number_of_edges() == np.tri(4, 5).sum() + 5 * 3 + 3 * 2
    assert graph.nodes[(1, 2)]["activation"] == "prelu"
    assert ("bias" in graph.nodes[(1, 2)]) == use_bias
    again = nn.FeedForward.from_graph(graph, bias=bias)
    assert np.array_equal(again.predict(X), net.predict(X))
    kept = [layer for layer in net.layers if not isinstance(layer, nn.Dropout)]
    assert [layer.units for layer in again.layers] == [layer.units for layer in kept]
    assert again.layers[1].mask == net.layers[1].mask
    for mine, wanted in zip(again.get_weights(), net.get_weights(), strict=True):
        assert np.array_equal(mine, wanted)


def test_layers_are_found_and_the_article_s_perceptron_is_one() -> None:
    graph = nx.DiGraph()
    graph.add_edge("x1", "and", weight=1.0)
    graph.add_edge("x2", "and", weight=1.0)
    graph.nodes["and"]["bias"] = -1.5
    net = nn.FeedForward.from_graph(graph, output="step")
    assert net.predict([[0, 0], [0, 1], [1, 0], [1, 1]]).ravel().tolist() == [0, 0, 0, 1]


def test_a_graph_without_weights_is_a_structure_to_train() -> None:
    graph = nx.DiGraph([("a", "h"), ("b", "h"), ("b", "i"), ("h", "o"), ("i", "o")])
    net = nn.FeedForward.from_graph(graph, hidden="tanh", seed=1)
    assert net.architecture == "2-2-1"
    assert net.layers[1].use_bias
    w = net.get_weights()[0]
    assert w[0, 1] == 0.0
    assert np.count_nonzero(w) == 3


def layered(*edges: tuple[int, int, int, int]) -> nx.DiGraph:
    graph = nx.DiGraph()
    for layer, width in enumerate((2, 2, 1)):
        graph.add_nodes_from(((layer, i), {"layer": layer}) for i in range(width))
    graph.add_edges_from(((a, i), (b, j)) for a, i, b, j in edges)
    return graph


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (layered((1, 0, 0, 1)), r"the edge from \(1, 0\) \(layer 1\) to \(0, 1\) \(layer 0\) goes"),
        (layered((1, 0, 1, 1)), r"the edge from \(1, 0\) .* to \(1, 1\) \(layer 1\) stays within"),
        (layered((0, 0, 2, 0)), r"the edge from \(0, 0\) .* to \(2, 0\) \(layer 2\) skips one"),
        (layered((1, 0, 1, 0)), r"the edge from \(1, 0\) .* to \(1, 0\) \(layer 1\) stays within"),
        (nx.DiGraph([("a", "b"), ("b", "a")]), "graph has a cycle, 'a' -> 'b' and back"),
        (nx.DiGraph([("a", "b"), ("b", "c"), ("a", "c")]), "the edge from 'a' .* skips one"),
        (nx.DiGraph(), "layer 0 of graph has no nodes"),
    ],
)
def test_what_is_no_feedforward_graph(graph: nx.DiGraph, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        nn.FeedForward.from_graph(graph)


def test_attributes_that_do_not_fit() -> None:
    graph = nx.DiGraph()
    graph.add_edge("a", "b", weight=1.0)
    graph.add_edge("a", "c")
    with pytest.raises(ValueError, match=r"^the edge \('a', 'c'\) has no weight, but others do"):
        nn.FeedForward.from_graph(graph)
    graph.edges["a", "c"]["weight"] = "much"
    with pytest.raises(TypeError, match=r"^weight of the edge \('a', 'c'\) is 'much'"):
        nn.FeedForward.from_graph(graph)
    graph.edges["a", "c"]["weight"] = 1.0
    graph.nodes["b"]["layer"] = 1
    with pytest.raises(ValueError, match=r"^the node 'a' has no layer, but others do"):
        nn.FeedForward.from_graph(graph)
    del graph.nodes["b"]["layer"]
    graph.nodes["b"]["activation"], graph.nodes["c"]["activation"] = "relu", "tanh"
    with pytest.raises(ValueError, match=r"^the nodes of layer 1 have the activations relu, tanh"):
        nn.FeedForward.from_graph(graph)
    for wrong in (nx.Graph([(1, 2)]), nx.MultiDiGraph([(1, 2)]), "2-1"):
        with pytest.raises(TypeError, match=r"wanted is a networkx\.DiGraph"):
            nn.FeedForward.from_graph(wrong)
