"""A network whose layers can be frozen, whose weights are averaged, and that is a graph, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from nnfast import _validation
from nnfast._predictor import Predictor

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    import networkx
    from numpy.typing import NDArray

    from nnfast import optimizers

    Array: TypeAlias = NDArray[Any]

Self = TypeVar("Self", bound="Adjustable")


class Adjustable(Predictor):
    """The part of `FeedForward` that changes which of its weights learn, or tells of them."""

    _optimizer: optimizers.Optimizer

    if TYPE_CHECKING:

        def _snapshot(self) -> dict[str, Any]: ...

    def averaged_weights(self) -> list[Array]:
        """Return the running means of the weights, which an optimizer with `ema_momentum` keeps.

        Before the first update they are the weights, and of layers that do not learn always.

        See Also
        --------
        averaged : predicts and measures with them.

        Examples
        --------
        >>> import nnfast as nn
        >>> net = nn.FeedForward("2-1", seed=0).compile(nn.SGD(0.01, ema_momentum=0.5))
        >>> old = net.get_weights()[1]
        >>> for _ in range(2):
        ...     report = net.train_on_batch([[1.0, 2.0]], [3.0])
        >>> bool(net.averaged_weights()[1] < net.get_weights()[1])
        True
        """
        from nnfast import _averages

        return _averages.averaged(self)

    def averaged(self) -> AbstractContextManager[None]:
        """Let the network have its averaged weights while a block runs, which is not to train it.

        Examples
        --------
        >>> import nnfast as nn
        >>> net = nn.FeedForward("2-1", seed=0).compile(nn.SGD(0.1, ema_momentum=0.9))
        >>> report = net.train_on_batch([[1.0, 2.0]], [3.0])
        >>> with net.averaged():
        ...     outputs = net.predict([[1.0, 2.0]])
        """
        from nnfast import _averages

        return _averages.in_place(self)

    def set_trainable(self, layer: int | str, trainable: bool = True) -> None:
        """Let a layer learn, or freeze it; what the optimizer remembers stays as it is.

        A frozen layer takes no part in penalties, and below the lowest layer that learns no
        gradient is computed.

        Parameters
        ----------
        layer : int or str
            Its place in `layers`, where the input is 0, or its name in the summary.
        trainable : bool, default True

        Examples
        --------
        >>> import nnfast as nn
        >>> net = nn.FeedForward("4-8-2", seed=0)
        >>> net.set_trainable("dense_1", False)
        >>> net.layers[1].trainable
        False
        """
        from nnfast import _trainable

        trainable = _validation.boolean(trainable, "trainable")
        place = _trainable.chosen(self._layers, layer)
        self._network.set_trainable(_trainable.number(self._layers, place), trainable)
        self._layers = _trainable.changed(self._layers, place, trainable)

    def to_graph(self) -> networkx.DiGraph[Any]:
        """Return the network as a graph of labelled nodes and weighted edges (networkx.DiGraph).

        Node (l, i) is the i-th of layer l, of which 0 are the inputs; it has the attributes
        ``layer``, ``index``, ``activation`` and ``bias``. Edges have a ``weight``; where a mask has
        no connection there is no edge. Dropout, which is there only in training, is left out.

        Raises
        ------
        ValueError
            If there are other layers than dense ones and dropout.
        ImportError
            If networkx is missing: ``pip install "nnfast[graph]"``.

        See Also
        --------
        from_graph : the inverse.

        Examples
        --------
        >>> import nnfast as nn
        >>> graph = nn.FeedForward([nn.Input(2), nn.Dense(1, mask=[[1], [0]])]).to_graph()
        >>> sorted(graph.nodes), sorted(graph.edges)
        ([(0, 0), (0, 1), (1, 0)], [((0, 0), (1, 0))])
        """
        from nnfast import _graph

        return _graph.to_graph(self)

    @classmethod
    def from_graph(cls: type[Self], graph: networkx.DiGraph[Any], **options: Any) -> Self:
        """Build a network from a graph whose edges go from one layer to the next, some missing.

        Parameters
        ----------
        graph : networkx.DiGraph
            Nodes may have the attributes of `to_graph`. If none has a ``layer``, layers are found:
            a node's is the length of the longest path that leads to it. If none has an ``index``,
            nodes come in the graph's order. Without an ``activation`` a node has that of `hidden`
            or `output`; those of a layer are alike. Edges have weights, or, if none has, these are
            drawn as in a new network; then there are biases too, else where nodes have them.
        hidden, output, dtype, seed, threads, backend, bias : optional
            As for `FeedForward`.

        Raises
        ------
        ValueError
            If an edge goes back, stays within a layer or skips one, if there is a cycle, or if
            attributes do not fit together.

        Examples
        --------
        >>> import networkx as nx
        >>> import nnfast as nn
        >>> graph = nx.DiGraph()
        >>> graph.add_weighted_edges_from([("a", "c", 1.0), ("b", "c", -1.0), ("b", "d", 2.0)])
        >>> net = nn.FeedForward.from_graph(graph)
        >>> net.architecture, net.predict([3.0, 1.0])
        ('2-2', array([2., 2.], dtype=float32))
        """
        from nnfast import _graph

        return _graph.from_graph(cls, graph, **options)
