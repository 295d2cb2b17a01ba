"""ONNX' own tests of its operators, run by networks.

A network maps rows to rows. So what stands along all other axes than the last are rows here, for
BatchNormalization along all but the second; the first input of an operator is what is predicted
from, and the others are weights; the first output is compared. What a network cannot be is listed
below, each with the reason.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx import ModelProto, helper
from onnx.backend.base import Backend, BackendRep

from nnfast.interop import _onnx_read
from nnfast.interop._onnx_graph import Graph

MODULES = (
    *("batch_normalization", "celu", "clip", "dropout", "elu", "exp", "flatten", "gelu", "gemm"),
    *("hardsigmoid", "hardswish", "identity", "layernormalization", "leakyrelu", "logsoftmax"),
    *("matmul", "mish", "prelu", "relu", "selu", "sigmoid", "softmax", "softplus", "softsign"),
    *("swish", "tanh", "thresholdedrelu"),
)
OPERATORS = (
    *("BatchNormalization", "Celu", "Clip", "Dropout", "Elu", "Exp", "Flatten", "Gelu", "Gemm"),
    *("HardSigmoid", "HardSwish", "Identity", "LayerNormalization", "LeakyRelu", "LogSoftmax"),
    *("MatMul", "Mish", "PRelu", "Relu", "Selu", "Sigmoid", "Softmax", "Softplus", "Softsign"),
    *("Swish", "Tanh", "ThresholdedRelu"),
)
LEFT_OUT = {
    r"_expanded": "the same again, as functions of operators that are no layers",
    r"float16": "of a type that networks do not compute in",
    r"int8": "of integers",
    r"training|random_old|_mask": "does what is done in training, or tells what it dropped",
    r"sequence|opt$": "of lists and of what may be missing",
    r"gemm_(transposeA|all_attributes)": "takes columns for rows",
    r"gemm_default_matrix_bias": "has a bias of its own for each row",
    r"matmul_(3d|4d|bcast|1d_3d|4d_1d|1d_1d)": "has weights of another shape than a matrix",
    r"prelu_example": "has a slope of its own for each row",
    r"softmax_axis_[01]$": "is over other axes than the last",
    r"flatten_(axis[023]|negative_axis[124])": "makes other rows than the first axis has",
    r"layer_normalization_2d_axis(0|_negative_2)$": "normalizes over rows together",
    r"layer_normalization_3d_axis([01]|_negative_[23])": "normalizes over rows together",
    r"layer_normalization_4d_axis([012]|_negative_[234])": "normalizes over rows together",
    r"clip_min_greater": "has bounds the wrong way round",
    r"thresholdedrelu": "is no activation of ours",
}


def cases() -> dict[str, Any]:
    """Return the cases of the operators that we have something for, by name."""
    for module in MODULES:
        importlib.import_module(f"onnx.backend.test.case.node.{module}")
    from onnx.backend.test.case import node

    found = {case.name: case for case in node._NodeTestCases}
    return {
        name: case
        for name, case in sorted(found.items())
        if re.match(f"test_({'|'.join(NAMES)})(_|$)", name)
    }


NAMES = ("batchnorm", "layer_normalization", *MODULES)
CASES = cases()


def reason(name: str) -> str | None:
    return next((why for form, why in LEFT_OUT.items() if re.search(form, name)), None)


class Prepared(BackendRep):
    """A model whose weights come when it is run."""

    def __init__(self, model: ModelProto) -> None:
        self.model = model

    def run(self, inputs: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Predict from the first input, by a network that the others are the weights of."""
        x, *others = inputs
        names = [it.name for it in self.model.graph.input[1:]]
        operator = self.model.graph.node[0].op_type
        if operator == "BatchNormalization":
            x = np.moveaxis(x, 1, -1)
        width = x[0].size if operator == "Flatten" else x.shape[-1] if x.ndim > 1 else 1
        rows = x.reshape(-1, width)
        model = ModelProto()
        model.CopyFrom(self.model)
        for attribute in model.graph.node[0].attribute:
            if attribute.name == "axis":  # of x, whose rows have two
                axis = attribute.i % x.ndim
                attribute.i = -1 if axis == x.ndim - 1 else axis
        del model.graph.output[1:]  # LayerNormalization's mean and deviation beside
        first = model.graph.input[0]
        element = first.type.tensor_type.elem_type
        model.graph.input[0].CopyFrom(
            helper.make_tensor_value_info(first.name, element, list(rows.shape))
        )
        net = _onnx_read.network(Graph(model, dict(zip(names, others, strict=True))))
        y = net.predict(rows)
        if operator != "Flatten":
            y = y.reshape(*x.shape[:-1], -1)
        return (np.moveaxis(y, -1, 1) if operator == "BatchNormalization" else y,)


class Networks(Backend):
    """nnfast as ONNX' backend tests see it."""

    @classmethod
    def prepare(cls, model: ModelProto, device: str = "CPU", **kwargs: Any) -> Prepared:
        """Return the model, to be run."""
        super().prepare(model, device, **kwargs)
        return Prepared(model)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Whether a device is the CPU."""
        return device == "CPU"


@pytest.mark.parametrize("name", [name for name in CASES if reason(name) is None])
def test_operator(name):
    from onnx.backend.test.runner import Runner

    case = CASES[name]
    for inputs, outputs in case.data_sets:
        said = Networks.prepare(case.model).run(inputs)
        Runner.assert_similar_outputs(outputs[:1], said, rtol=case.rtol, atol=max(case.atol, 1e-6))


def test_most_are_run_and_no_reason_is_idle():
    assert sum(reason(name) is None for name in CASES) >= 70
    for form in LEFT_OUT:
        assert any(re.search(form, name) for name in CASES), form
    run = {CASES[name].model.graph.node[0].op_type for name in CASES if reason(name) is None}
    assert run == set(OPERATORS) - {"ThresholdedRelu"}
