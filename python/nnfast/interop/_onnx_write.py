"""Networks as ONNX files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nnfast import _steps, _validation
from nnfast._files import write_whole
from nnfast._version import version
from nnfast.interop._onnx_formulas import FORMS, Form, Parameter
from nnfast.interop._onnx_graph import require_onnx
from nnfast.network import FeedForward
from nnfast.source._program import function_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfast.interop._onnx_formulas import Tree

    Array: TypeAlias = NDArray[Any]

WIDEST, NEWEST = 17, 24
"""The newest version of the operators that is taken unasked, and that can be asked for."""
INFERENCE = 14
"""Since which version BatchNormalization says whether it is training; onnx' evaluator wants it."""
LIMIT = 2**31
ROW_MEAN_BY_INPUT = 18
"""Since which version ReduceMean has its axes as an input rather than an attribute."""


def write_onnx(
    net: FeedForward,
    path: str | os.PathLike[str],
    *,
    labels: bool = True,
    opset: int | None = None,
) -> None:
    """Write a network as an ONNX file, for onnxruntime and all else that reads one.

    Parameters
    ----------
    net : FeedForward
    path : str or path
        Usually ending in ``.onnx``. A file that is there is replaced only once the new one is
        complete.
    labels : bool, default True
        Whether a classifier has two outputs, as skl2onnx writes them: ``label``, an integer or a
        string for each row, and ``probabilities`` (rows, classes), also of two classes; where the
        outputs are no probabilities, as with a hinge loss, ``scores`` in their place. Otherwise,
        and for all other networks, there is one output, ``outputs``, which is that of `predict`.
    opset : int, optional
        The version of ONNX' operators, from 13 to 24, or to what the installed onnx knows. By
        default the oldest of 13 to 17 that has one for each activation and normalization that has
        one in these; what has none is written as a formula.

    Raises
    ------
    ValueError
        If an activation is an object of your own, or an argument is not what is wanted.
    ImportError
        If onnx is not installed: ``pip install 'nnfast[onnx]'``.

    Notes
    -----
    The input is ``X`` (rows, inputs), of the network's dtype; the number of rows is free. What
    belongs to the network goes along: an input scale, standardization, embeddings, whose codes come
    as the floats that `predict` takes them as. Dropout and noise do nothing in prediction, and are
    left out. Attributes of operators are float32; so in a float64 network a parameter is written as
    a part of a formula, and so is what onnxruntime has for float32 alone.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> import nnfast as nn
    >>> net = nn.FeedForward("4-8-3", hidden="gelu", output="softmax", seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "net.onnx")
    ...     nn.interop.write_onnx(net, path)
    ...     again = nn.interop.read_onnx(path)
    >>> again
    FeedForward([Input(4), Dense(8, GELU(approximate=False)), Dense(3, Softmax())])
    >>> np.array_equal(again.predict(np.eye(4)), net.predict(np.eye(4)))
    True
    """
    if not isinstance(net, FeedForward):
        raise TypeError(f"net is a {type(net).__name__}; wanted is a FeedForward")
    _validation.boolean(labels, "labels")
    known = require_onnx().defs.onnx_opset_version()
    if opset is not None:
        _validation.integer(opset, "opset", minimum=13, below=min(NEWEST, known) + 1)
    write_whole(path, model(net, labels=labels, opset=opset).SerializeToString())


WHY = "whose mathematics is Python, which no ONNX file can hold; wanted are activations of nnfast's"


def model(net: FeedForward, *, labels: bool = True, opset: int | None = None) -> Any:
    """Return the model that `write_onnx` writes."""
    import onnx

    steps = _steps.of_network(net, WHY)
    size = sum(array.nbytes for array in net.get_weights())
    if size >= LIMIT:
        raise ValueError(
            f"the network has weights of {size / 2**30:.1f} GiB; an ONNX file holds less than 2 GiB"
        )
    graph = Graph(net.dtype, _opset(steps, net.dtype) if opset is None else opset)
    outputs = graph.steps(steps, "X")
    decision = _steps.decision(net) if labels else None
    if decision is None:
        results = [graph.output(outputs, "outputs", net.outputs)]
    else:
        results = _classifier(graph, net, decision, outputs)
    element = graph.element
    made = onnx.helper.make_graph(
        graph.nodes,
        "network",
        [onnx.helper.make_tensor_value_info("X", element, ["rows", net.inputs])],
        results,
        graph.initializers,
        doc_string=f"A feedforward network, {net.architecture}.",
    )
    sets = [onnx.helper.make_opsetid("", graph.opset)]
    return onnx.helper.make_model(
        made,
        opset_imports=sets,
        ir_version=onnx.helper.find_min_ir_version_for(sets),
        producer_name="nnfast",
        producer_version=version(),
    )


def _opset(steps: list[_steps.Step], dtype: np.dtype[Any]) -> int:
    """Return the oldest version that has an operator wherever WIDEST has one."""
    newest = 13
    for step in steps:
        if isinstance(step, _steps.Block):
            newest = max(newest, _opset(step.steps, dtype))
        elif isinstance(step, _steps.Normalized):
            by_row = step.mean is None and dtype == np.float32
            newest = max(newest, WIDEST if by_row else INFERENCE)
        elif isinstance(step, _steps.Applied) and step.alpha is None:
            form = _form(function_of(step.activation)[0], dtype, WIDEST)
            newest = max(newest, form.opset or 0)
    return newest


def _form(function: str, dtype: np.dtype[Any], opset: int) -> Form:
    """Return the first form of a function that may be written."""
    return next(
        form
        for form in FORMS[function]
        if form.opset is not None and form.opset <= opset and (form.double or dtype == np.float32)
    )


class Graph:
    """Nodes and initializers of a graph, as they come; values are known by their names."""

    def __init__(self, dtype: np.dtype[Any], opset: int) -> None:
        import onnx

        self.dtype, self.opset = dtype, opset
        self.element = onnx.helper.np_dtype_to_tensor_dtype(dtype)
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._counts: dict[str, int] = {}
        self._numbers: dict[float, str] = {}

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node, and return the name of its output."""
        import onnx

        name = self._name(operator)
        self.nodes.append(
            onnx.helper.make_node(operator, list(inputs), [name], name=name, **attributes)
        )
        return name

    def constant(self, values: Array, name: str) -> str:
        """Add an array of constants, and return its name."""
        import onnx

        name = self._name(name)
        self.initializers.append(onnx.numpy_helper.from_array(values, name))
        return name

    def number(self, value: float) -> str:
        """Add a number of the network's type, unless it is there, and return its name."""
        if value not in self._numbers:
            self._numbers[value] = self.constant(np.array(value, self.dtype), "number")
        return self._numbers[value]

    def output(self, value: str, name: str, width: int | None, element: int | None = None) -> Any:
        """Give a value the name of an output of the graph, and return what is said of it."""
        import onnx

        for node in self.nodes:
            for names in (node.input, node.output):
                names[:] = [name if it == value else it for it in names]
        shape: list[str | int] = ["rows"] if width is None else ["rows", width]
        return onnx.helper.make_tensor_value_info(
            name, self.element if element is None else element, shape
        )

    def _name(self, kind: str) -> str:
        count = self._counts.get(kind, 0)
        self._counts[kind] = count + 1
        return f"{kind}_{count}"

    # Steps ---------------------------------------------------------------------------------------

    def steps(self, steps: list[_steps.Step], x: str) -> str:
        """Add the nodes of some steps, from the name of what they begin with to that of the end."""
        for step in steps:
            x = self.step(step, x)
        return x

    def step(self, step: _steps.Step, x: str) -> str:
        """Add the nodes of one step."""
        if isinstance(step, _steps.Product):
            bias = [] if step.bias is None else [self.constant(step.bias, "bias")]
            return self.node("Gemm", x, self.constant(step.kernel, "kernel"), *bias)
        if isinstance(step, _steps.Applied):
            return self.applied(step, x)
        if isinstance(step, _steps.Block):
            return self.node("Add", x, self.steps(step.steps, x))
        if isinstance(step, _steps.Scaled):
            return self.node("Mul", x, self.number(step.factor))
        if isinstance(step, _steps.Standardized):
            x = self.node("Sub", x, self.constant(step.mean, "mean"))
            return self.node("Div", x, self.constant(step.deviation, "deviation"))
        if isinstance(step, _steps.Embedded):
            return self.embedded(step, x)
        return self.normalized(step, x)

    def applied(self, step: _steps.Applied, x: str) -> str:
        """Add an activation."""
        function, parameters = function_of(step.activation)
        if step.alpha is None:
            return self.formula(function, x, parameters)
        slope = self.constant(step.alpha, "slope")
        if self.dtype == np.float32:
            return self.node("PRelu", x, slope)
        return self.formula("leaky_relu", x, {"negative_slope": slope})

    def embedded(self, step: _steps.Embedded, x: str) -> str:
        """Add the columns that pass, then each column's vectors, taken from its table by code."""
        import onnx

        parts = []
        if step.passed:
            columns = self.constant(np.array(step.passed, np.int64), "columns")
            parts.append(self.node("Gather", x, columns, axis=1))
        for column, table in step.tables.items():
            place = self.constant(np.array(column, np.int64), "column")
            codes = self.node("Gather", x, place, axis=1)
            codes = self.node("Cast", codes, to=onnx.TensorProto.INT64)
            parts.append(self.node("Gather", self.constant(table, "vectors"), codes, axis=0))
        return self.node("Concat", *parts, axis=1)

    def normalized(self, step: _steps.Normalized, x: str) -> str:
        """Add a normalization, by given means and variances or by those of the row."""
        width = next((len(a) for a in step[:4] if isinstance(a, np.ndarray)), None)
        if step.mean is None or step.variance is None:
            return self.layer_normalized(step, x, width)
        assert width is not None
        gamma = np.ones(width, self.dtype) if step.gamma is None else step.gamma
        beta = np.zeros(width, self.dtype) if step.beta is None else step.beta
        # The attribute is a float32: what it loses of epsilon, the variance gets.
        epsilon = float(np.float32(step.epsilon))
        variance = (step.variance.astype(np.float64) + (step.epsilon - epsilon)).astype(self.dtype)
        if epsilon == 0:
            epsilon = float(np.finfo(np.float32).smallest_subnormal)
        named = {"scale": gamma, "beta": beta, "mean": step.mean, "variance": variance}
        constants = [self.constant(values, name) for name, values in named.items()]
        return self.node("BatchNormalization", x, *constants, epsilon=epsilon)

    def layer_normalized(self, step: _steps.Normalized, x: str, width: int | None) -> str:
        """Add a normalization of each row, as an operator where one has gamma and may be used."""
        gamma, beta = (
            None if values is None else self.constant(values, name)
            for name, values in (("scale", step.gamma), ("beta", step.beta))
        )
        if self.dtype == np.float32 and self.opset >= WIDEST:
            if gamma is None:
                gamma = (
                    self.number(1.0)
                    if width is None
                    else self.constant(np.ones(width, self.dtype), "scale")
                )
            inputs = (x, gamma) if beta is None else (x, gamma, beta)
            return self.node("LayerNormalization", *inputs, axis=-1, epsilon=step.epsilon)
        x = self.formula("layer_norm", x, {"epsilon": step.epsilon})
        if gamma is not None:
            x = self.node("Mul", x, gamma)
        return x if beta is None else self.node("Add", x, beta)

    # Formulas ------------------------------------------------------------------------------------

    def formula(self, function: str, x: str, parameters: dict[str, Any]) -> str:
        """Add a function by the first of its forms that may be used.

        A parameter is a number, or the name of an array that is a constant already.
        """
        form = _form(function, self.dtype, self.opset)
        written: dict[int, str] = {}

        def value(tree: Tree) -> Any:
            if isinstance(tree, Parameter):
                tree = parameters[tree.name]
            return self.number(tree) if isinstance(tree, (int, float)) else tree

        def add(tree: Tree) -> str:
            if not isinstance(tree, tuple) or isinstance(tree, Parameter):
                found = value(tree)
                return x if found == "x" else str(found)
            if id(tree) not in written:  # a part that occurs twice is computed once
                operator, *inputs = tree
                attributes = inputs.pop() if isinstance(inputs[-1], dict) else {}
                attributes = {
                    name: parameters[it.name] if isinstance(it, Parameter) else it
                    for name, it in attributes.items()
                }
                names = [add(part) for part in inputs]
                if operator == "RowMean":
                    written[id(tree)] = self.row_mean(names[0])
                else:
                    written[id(tree)] = self.node(operator, *names, **attributes)
            return written[id(tree)]

        return add(form.tree)

    def row_mean(self, x: str) -> str:
        """Add the mean of each row."""
        if self.opset < ROW_MEAN_BY_INPUT:
            return self.node("ReduceMean", x, axes=[1], keepdims=1)
        return self.node("ReduceMean", x, self.constant(np.array([1]), "axes"), keepdims=1)


def _classifier(
    graph: Graph, net: FeedForward, decision: _steps.Decision, outputs: str
) -> list[Any]:
    """Add what makes labels and probabilities of the outputs; return what is said of both."""
    import onnx

    activation = net.layers[-1].activation.name  # type: ignore[attr-defined]
    scores, name, width = outputs, "probabilities", net.outputs
    if activation == "log_softmax":
        scores = graph.node("Exp", outputs)
    elif getattr(net.loss, "from_logits", False):
        scores = graph.node("Sigmoid" if decision.by_sign else "Softmax", outputs)
    elif activation not in ("sigmoid", "softmax"):
        name = "scores"
    number = onnx.TensorProto.INT64
    if decision.by_sign and (name == "scores" or decision.labels is None):
        place = graph.node("Greater", outputs, graph.number(decision.border))
        place = graph.node("Cast", place, to=number)
        if decision.labels is not None:
            place = graph.node("Reshape", place, graph.constant(np.array([-1]), "shape"))
    else:
        if decision.by_sign:  # the probabilities of both classes
            rest = graph.node("Sub", graph.number(1.0), scores)
            scores, width = graph.node("Concat", rest, scores, axis=1), 2
        place = graph.node("ArgMax", scores, axis=1, keepdims=0)
    said = graph.output(scores, name, width)
    if decision.labels is None:
        return [graph.output(place, "label", net.outputs, number), said]
    classes = np.array(decision.labels)
    if classes.dtype.kind == "U":
        number = onnx.TensorProto.STRING
        classes = classes.astype(object)
    if decision.labels != list(range(len(classes))):
        place = graph.node("Gather", graph.constant(classes, "classes"), place, axis=0)
    return [graph.output(place, "label", None, number), said]
