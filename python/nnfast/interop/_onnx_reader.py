"""Following a graph of ONNX from its input to its output, node after node."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nnfast import activations
from nnfast.interop._chain import Chain
from nnfast.interop._onnx_formulas import FORMS, Form
from nnfast.interop._onnx_graph import DOMAINS, Graph, Node, Refused, matched, tree_of
from nnfast.interop._onnx_scaled import Scaled, scaled
from nnfast.layers import BatchNorm, Dense, Embedding, LayerNorm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfast.interop._onnx_formulas import Tree

    Array: TypeAlias = NDArray[Any]

LONGEST = 120
"""How many nodes a formula may have."""
AFFINE = ("Add", "Sub", "Mul", "Div", "Neg")


class Reader:
    """What follows a graph from its input to the value that a network is to say."""

    def __init__(self, graph: Graph, end: str) -> None:
        self.graph = graph
        needed = graph.ancestors(end)
        self.nodes = [node for node in graph.nodes if node in needed]
        self.places = {node: place for place, node in enumerate(self.nodes)}
        self.consumers: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                self.consumers.setdefault(name, []).append(node)
        self.flat = True  # whether values are rows, rather than arrays of more axes
        used = [graph.constant(name) for node in self.nodes for name in node.inputs]
        double = any(it is not None and it.dtype == np.float64 for it in used)
        self.dtype = "float64" if double else "float32"

    def follow(
        self, chain: Chain, x: str, end: str, without: frozenset[Node] = frozenset()
    ) -> None:
        """Add to a chain what is done from one value to another, not heeding some nodes."""
        while x != end:
            nodes = [node for node in self.consumers.get(x, []) if node not in without]
            if not nodes:
                raise Refused(f"the value {x!r} leads to no output")
            following = self.function(chain, x, nodes)
            if following is None:
                following = self.block(chain, x, nodes, without)
            if following is None:
                following = self.embedding(chain, x, nodes)
            if following is None:
                if len(nodes) > 1:
                    raise Refused(
                        f"{' and '.join(map(repr, nodes))} take the same value, and together they "
                        "are no layer or activation of nnfast's"
                    )
                following = self.layer(chain, x, nodes[0])
            x = following

    # Activations: what several nodes compute, as one ---------------------------------------------

    def function(self, chain: Chain, x: str, nodes: list[Node]) -> str | None:
        """Take the longest formula that begins with a value, if there is one."""
        if not self.flat:  # a row of its values is not what the graph has along the last axis
            return None
        known: dict[str, Tree] = {x: "x"}
        waiting = [(self.places[node], node) for node in nodes]
        heapq.heapify(waiting)
        best, seen = None, 0
        while waiting and seen < LONGEST:
            _, node = heapq.heappop(waiting)
            output = node.outputs[0]
            if output in known or node.operator not in OPERATORS:
                continue
            tree = tree_of(self.graph, node, known)
            if tree is None:
                continue
            known[output] = tree
            seen += 1
            found = self._function_of(tree)
            if found is not None and self._is_closed(x, nodes, output):
                best = (*found, output)
            for following in self.consumers.get(output, []):
                heapq.heappush(waiting, (self.places[following], following))
        if best is None:
            return None
        name, values, output = best
        if name == "layer_norm":
            return self.normalized(chain, output, values["epsilon"])
        self.activation(chain, name, values)
        return output

    def _function_of(self, tree: Any) -> tuple[str, dict[str, Any]] | None:
        if not isinstance(tree, tuple):
            return None
        for name, form in BY_OPERATOR.get(tree[0], []):
            values: dict[str, Any] = {}
            if matched(form.tree, tree, values):
                return name, values
        return None

    def _is_closed(self, x: str, nodes: list[Node], output: str) -> bool:
        """Whether nothing between a value and an output, nor the value, is used elsewhere."""
        within: set[Node] = set()
        names = [output]
        while names:
            name = names.pop()
            node = self.graph.producers.get(name)
            if name != x and node is not None and node not in within:
                within.add(node)
                names += node.inputs
        made = {name for node in within for name in node.outputs} - {output}
        used = all(node in within for name in made for node in self.consumers.get(name, []))
        return used and all(node in within for node in nodes)

    def activation(self, chain: Chain, name: str, values: dict[str, Any]) -> None:
        """Add an activation by the name that formulas know it by."""
        slope = values.get("negative_slope")
        if isinstance(slope, np.ndarray):
            self.prelu(chain, slope)
        elif "beta" in values:
            beta = values["beta"]
            self.scaled(chain, Scaled(activations.Softplus(), beta, output_scale=1.0 / beta))
        elif name in ("gelu", "gelu_by_tanh"):
            gelu = activations.GELU(approximate=name == "gelu_by_tanh")
            chain.activation(gelu, initializes=True)
        else:
            function = activations.registry.get(name)
            function = function.replace(**values) if values else function
            chain.activation(function, initializes=True)

    def prelu(self, chain: Chain, slope: Array) -> None:
        """Add an activation with a slope of its own for each unit, or one for all."""
        slope = np.broadcast_to(np.atleast_1d(slope).reshape(-1), chain.width)
        chain.activation(activations.PReLU(), [slope], initializes=True)

    # Blocks --------------------------------------------------------------------------------------

    def block(
        self, chain: Chain, x: str, nodes: list[Node], without: frozenset[Node]
    ) -> str | None:
        """Take a block whose output is added to its input, the largest that begins here."""
        for node in sorted(nodes, key=self.places.__getitem__, reverse=True):
            if node.operator != "Add" or x not in node.inputs or not self.flat:
                continue
            other = node.inputs[1 - node.inputs.index(x)]
            if self.graph.constant(other) is not None:
                continue
            within = Chain(chain.width, first=False)
            self.follow(within, x, other, without | {node})
            if other == x:
                within.affine(1.0, 0.0)
            chain.residual(within)
            return node.outputs[0]
        return None

    def embedding(self, chain: Chain, x: str, nodes: list[Node]) -> str | None:
        """Take columns that pass and columns whose codes become vectors, side by side."""
        if any(node.operator != "Gather" or node.inputs[0] != x for node in nodes):
            return None
        columns: dict[int, Array] = {}
        passed: list[int] = []
        joins = {self._join(node) for node in nodes}
        join = joins.pop()
        if joins or join is None:
            return None
        for name in join.inputs:
            maker = self.graph.producers.get(name)
            table = None if maker is None else self.graph.constant(maker.inputs[0])
            if maker is not None and maker.inputs[0] == x and not columns and not passed:
                passed = self._columns(maker)
            elif maker is not None and table is not None and maker.operator == "Gather":
                codes = self.graph.producers[maker.inputs[1]]
                if codes.operator == "Cast":
                    codes = self.graph.producers[codes.inputs[0]]
                (column,) = self._columns(codes) if codes in nodes else [-1]
                columns[column] = table
            else:
                raise Refused(f"{join} joins other things than columns and vectors of codes")
        others = [column for column in range(chain.width) if column not in columns]
        if passed != others or list(columns) != sorted(columns) or -1 in columns:
            raise Refused(f"{join} joins columns in another order than nnfast's Embedding")
        chain.add(Embedding({c: table.shape for c, table in columns.items()}), [*columns.values()])
        return join.outputs[0]

    def _join(self, node: Node | None) -> Node | None:
        """Return the Concat that a column ends in."""
        for _ in range(3):
            if node is None or node.operator == "Concat":
                break
            following = self.consumers.get(node.outputs[0], [])
            node = following[0] if len(following) == 1 else None
        return node if node is not None and node.operator == "Concat" else None

    def _columns(self, node: Node) -> list[int]:
        places = self.graph.constant(node.inputs[1])
        if places is None or node.attributes["axis"] not in (1, -1):
            raise Refused(f"{node} takes columns that are no constants")
        return [int(place) for place in places.ravel()]

    # Layers of one node, or of two ---------------------------------------------------------------

    def layer(self, chain: Chain, x: str, node: Node) -> str:
        """Take what one node does, and return its output or, of several, the last's."""
        if node.domain in DOMAINS and node.inputs[0] == x:
            if node.operator == "Cast":  # of integers
                return node.outputs[0]
            if node.operator == "Dropout":
                raise Refused(f"{node} drops values in prediction too")
            if node.operator in ("Flatten", "Reshape") and self._makes_rows(chain, node):
                self.flat = True
                return node.outputs[0]
        if node.operator in AFFINE:
            return self.affine(chain, x, node)
        if not self.flat:
            raise Refused(f"{node} is given arrays of more than two axes")
        if node.domain in DOMAINS:
            taken = getattr(self, f"take_{node.operator}", None)
            if taken is not None and node.inputs[0] == x:
                return str(taken(chain, node))
            within = scaled(self.graph, node)
            if within is not None and node.inputs[0] == x:
                self.scaled(chain, within)
                return node.outputs[0]
        raise Refused(f"{node} is no layer or activation of nnfast's")

    def _makes_rows(self, chain: Chain, node: Node) -> bool:
        if node.operator == "Flatten":
            return bool(node.attributes["axis"] == 1)
        shape = self.graph.constant(node.inputs[1])
        if shape is None or shape.size != 2:
            return False
        rows, width = map(int, shape)
        return (width == chain.width and rows in (0, -1)) or (width == -1 and rows == 0)

    def array(self, node: Node, place: int, size: int | None = None) -> Array:
        """Return an input of a node that has to be a constant, of a size if that is said."""
        name = node.inputs[place] if place < len(node.inputs) else ""
        values = self.graph.constant(name)
        if values is None:
            raise Refused(f"{node} has {name!r} where a constant is wanted")
        if values.dtype.kind != "f":
            raise Refused(f"{node} has weights of {values.dtype}; wanted are floats")
        if size is not None:
            if values.size not in (1, size) or values.shape[-1:] not in ((), (1,), (size,)):
                raise Refused(f"{node} has weights of the shape {values.shape} for {size} values")
            values = np.broadcast_to(values.reshape(-1), size)
        return values

    def following(self, x: str, operator: str, width: int) -> tuple[Array | None, str]:
        """Return the constant by which the next node changes a value so, and that node's output."""
        nodes = self.consumers.get(x, [])
        if len(nodes) == 1 and nodes[0].operator == operator:
            node = nodes[0]
            place = 1 - node.inputs.index(x)
            constant = self.graph.constant(node.inputs[place])
            if constant is not None and constant.size in (1, width):
                return self.array(node, place, width), node.outputs[0]
        return None, x

    def take_Gemm(self, chain: Chain, node: Node) -> str:
        """Take x W + b."""
        kernel, values = self.array(node, 1), node.attributes
        if kernel.ndim != 2 or values["transA"]:
            raise Refused(f"{node} is no product of rows and a matrix")
        kernel = (kernel.T if values["transB"] else kernel) * values["alpha"]
        bias = None
        if len(node.inputs) > 2 and node.inputs[2]:
            bias = self.array(node, 2, kernel.shape[1]) * values["beta"]
        return self.dense(chain, node, kernel, bias, node.outputs[0])

    def take_MatMul(self, chain: Chain, node: Node) -> str:
        """Take x W, and the b that is added to it."""
        kernel = self.array(node, 1)
        if kernel.ndim != 2:
            raise Refused(f"{node} is no product of rows and a matrix")
        bias, output = self.following(node.outputs[0], "Add", kernel.shape[1])
        return self.dense(chain, node, kernel, bias, output)

    def dense(
        self, chain: Chain, node: Node, kernel: Array, bias: Array | None, output: str
    ) -> str:
        """Add a Dense."""
        if len(kernel) != chain.width:
            raise Refused(
                f"{node} has weights of the shape {kernel.shape} for {chain.width} values"
            )
        layer = Dense(kernel.shape[1], use_bias=bias is not None)
        chain.add(layer, [kernel] if bias is None else [kernel, bias])
        return output

    def scaled(self, chain: Chain, within: Scaled) -> None:
        """Add an activation between two changes of scale."""
        if within[1:3] != (1.0, 0.0):
            chain.affine(within.input_scale, within.input_offset)
        chain.activation(within.activation, initializes=True)
        if within[3:] != (1.0, 0.0):
            chain.affine(within.output_scale, within.output_offset)

    def take_PRelu(self, chain: Chain, node: Node) -> str:
        """Take a slope below 0."""
        slope = self.array(node, 1, chain.width)
        self.prelu(chain, slope)
        return node.outputs[0]

    def take_BatchNormalization(self, chain: Chain, node: Node) -> str:
        """Take a normalization by given means and variances."""
        if node.attributes.get("training_mode"):
            raise Refused(f"{node} normalizes by the batch in prediction too")
        weights = [self.array(node, place, chain.width) for place in range(1, 5)]
        layer = BatchNorm(epsilon=self._epsilon(node.attributes["epsilon"]))
        chain.add(layer, weights)
        return node.outputs[0]

    def take_LayerNormalization(self, chain: Chain, node: Node) -> str:
        """Take a normalization of each row."""
        if node.attributes["axis"] not in (1, -1):
            raise Refused(f"{node} normalizes over other axes than the last")
        layer = LayerNorm(
            epsilon=self._epsilon(node.attributes["epsilon"]),
            center=len(node.inputs) > 2 and bool(node.inputs[2]),
        )
        weights = [self.array(node, 1 + it, chain.width) for it in range(1 + layer.center)]
        chain.add(layer, weights)
        return node.outputs[0]

    def normalized(self, chain: Chain, x: str, epsilon: float) -> str:
        """Add a normalization of each row that was a formula, and gamma and beta after it."""
        gamma, x = self.following(x, "Mul", chain.width)
        beta, x = self.following(x, "Add", chain.width)
        layer = LayerNorm(epsilon=epsilon, center=beta is not None, scale=gamma is not None)
        chain.add(layer, [it for it in (gamma, beta) if it is not None])
        return x

    def _epsilon(self, epsilon: float) -> float:
        """Return the epsilon of an attribute: in a float64 network the float32 that it is."""
        return float(np.float32(epsilon)) if self.dtype == "float64" else epsilon

    def take_Scaler(self, chain: Chain, node: Node) -> str:
        """Take a standardization as ai.onnx.ml says it: (x - offset) scale."""
        names = ("offset", "scale")
        offset, scale = (
            np.broadcast_to(np.asarray(node.attributes[name], float), chain.width) for name in names
        )
        if (scale > 0).all():
            chain.standardize(offset, 1.0 / scale)
        else:
            chain.affine(scale, -offset * scale)
        return node.outputs[0]

    def affine(self, chain: Chain, x: str, node: Node) -> str:
        """Take additions of constants and multiplications by some, as many as follow each other."""
        scale, offset = np.ones(()), np.zeros(())
        taken: list[tuple[str, Array]] = []
        while True:
            operator, value = node.operator, np.zeros(())
            if operator != "Neg":
                place = 1 - node.inputs.index(x)
                value = self.array(node, place).astype(np.float64)
                if value.size == 1:
                    value = value.reshape(())
                elif self.flat:
                    value = self.array(node, place, chain.width)
                else:
                    raise Refused(f"{node} is given arrays of more than two axes")
                if place == 0 and operator == "Sub":  # the constant minus x
                    scale, offset, operator = -scale, -offset, "Add"
                elif place == 0 and operator == "Div":
                    raise Refused(f"{node} divides by what is no constant")
            if operator in ("Add", "Sub"):
                offset = offset + (value if operator == "Add" else -value)
            else:
                factor = np.array(-1.0) if operator == "Neg" else value
                factor = 1.0 / factor if operator == "Div" else factor
                scale, offset = scale * factor, offset * factor
            taken.append((operator, value))
            x = node.outputs[0]
            nodes = self.consumers.get(x, [])
            if len(nodes) != 1 or not self._goes_on(nodes[0], x):
                break
            node = nodes[0]
        if [it[0] for it in taken] == ["Sub", "Div"]:
            chain.standardize(taken[0][1], taken[1][1])
        elif len(taken) == 1 and taken[0][0] == "Mul" and taken[0][1].ndim == 0:
            chain.scale(float(scale))
        else:
            chain.affine(scale, offset)
        return x

    def _goes_on(self, node: Node, x: str) -> bool:
        if node.operator not in AFFINE:
            return False
        others = [name for name in node.inputs if name != x]
        return all(self.graph.constant(name) is not None for name in others) and (
            len(others) == len(node.inputs) - 1
        )


def _operators(tree: Tree) -> set[str]:
    if not isinstance(tree, tuple) or not isinstance(tree[0], str) or len(tree) < 2:
        return set()
    return {tree[0]}.union(*map(_operators, tree[1:]))


OPERATORS = {"ReduceMean"}.union(
    *(_operators(form.tree) for forms in FORMS.values() for form in forms)
)
BY_OPERATOR: dict[str, list[tuple[str, Form]]] = {}
for _name, _forms in FORMS.items():
    for _each in _forms:
        BY_OPERATOR.setdefault(_each.tree[0], []).append((_name, _each))  # type: ignore[index]
