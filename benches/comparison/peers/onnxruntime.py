"""onnxruntime: the network as Gemm, Relu and Softmax, with everything it does to a graph."""

from __future__ import annotations

from collections.abc import Callable

import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from comparison import processors
from comparison.cases import Prediction
from comparison.data import Array, Data

# Read by every onnxruntime of the last years.
OPSET, IR_VERSION = 17, 8


def model(case: Prediction, data: Data) -> bytes:
    nodes, constants = [], []
    name = "x"
    layers = list(zip(data.weights[::2], data.weights[1::2], strict=True))
    for index, (kernel, bias) in enumerate(layers):
        constants.append(numpy_helper.from_array(kernel, f"kernel{index}"))
        constants.append(numpy_helper.from_array(bias, f"bias{index}"))
        net_input, output = f"z{index}", f"a{index}"
        nodes.append(
            helper.make_node("Gemm", [name, f"kernel{index}", f"bias{index}"], [net_input])
        )
        function = "Softmax" if index == len(layers) - 1 else "Relu"
        nodes.append(helper.make_node(function, [net_input], [output]))
        name = output
    inputs = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, case.sizes[0]])
    outputs = helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, case.sizes[-1]])
    graph = helper.make_graph(nodes, "network", [inputs], [outputs], constants)
    opsets = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(made)
    return made.SerializeToString()


def prediction(case: Prediction, data: Data, *, threads: int | None = None) -> Callable[[], Array]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or processors.available()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(
        model(case, data), options, providers=["CPUExecutionProvider"]
    )
    inputs = {"x": data.x}
    return lambda: session.run(None, inputs)[0]
