"""ONNX files of others: what a network can be is read, and all else is refused by its name."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from api.written import ALL
from nnfast.interop import _onnx_write

onnx = pytest.importorskip("onnx")
parser = pytest.importorskip("onnx.parser")
reference = pytest.importorskip("onnx.reference")

HEAD = '<ir_version: 8, opset_import: ["" : 17, "ai.onnx.ml" : 2]>'
W = "float[3,2] W = {1.5, -2.0, 0.25, 1.0, -0.5, 0.75}"
V = "float[2,2] V = {0.5, -1.0, 2.0, 0.125}"
B = "float[2] B = {0.5, -0.25}"
S = "float[3] S = {0.5, -2.0, 3.0}"
P = "float[3] P = {0.5, 2.0, 3.0}"


def graph(
    body: str, constants: str = W, head: str = HEAD, x: str = "float[N,3] X", y: str = ""
) -> Any:
    y = y or "float[N,M] Y"
    model = parser.parse_model(f"{head} net ({x}) => ({y}) <{constants}> {{ {body} }}")
    onnx.checker.check_model(model)
    return model


def read(model: Any, folder: Any) -> nn.FeedForward:
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return nn.interop.read_onnx(path)


SAME = {
    "product": ("Y = MatMul(X, W)", W),
    "bias": ("a = MatMul(X, W) Y = Add(a, B)", f"{W}, {B}"),
    "bias_first": ("a = MatMul(X, W) Y = Add(B, a)", f"{W}, {B}"),
    "gemm": ("Y = Gemm<alpha = 0.5, beta = 2.0>(X, W, B)", f"{W}, {B}"),
    "gemm_turned": ("w = Transpose<perm = [1, 0]>(W) Y = Gemm<transB = 1>(X, w)", W),
    "one_bias": ("a = Constant<value_float = 2.5>() Y = Gemm(X, W, a)", W),
    "weights_passed_on": ("w = Identity(W) Y = MatMul(X, w)", W),
    "max": ("a = MatMul(X, W) z = Constant<value = float {0.0}>() Y = Max(z, a)", W),
    "clip": (
        "a = MatMul(X, W) l = Constant<value = float {-0.5}>() h = Constant<value = float {1.5}>() "
        "Y = Clip(a, l, h)",
        W,
    ),
    "clip_above": ("a = MatMul(X, W) h = Constant<value = float {0.5}>() Y = Clip(a, , h)", W),
    "clip_below": ("a = MatMul(X, W) l = Constant<value = float {0.5}>() Y = Clip(a, l)", W),
    "selu": (
        "a = MatMul(X, W) b = Selu<alpha = 2.0, gamma = 0.5>(a) Y = MatMul(b, V)",
        f"{W}, {V}",
    ),
    "hard_sigmoid": ("a = MatMul(X, W) Y = HardSigmoid(a)", W),
    "celu": ("a = MatMul(X, W) Y = Celu<alpha = 0.5>(a)", W),
    "standardized": ("a = Sub(X, S) b = Div(a, P) Y = MatMul(b, W)", f"{W}, {S}, {P}"),
    "turned_inputs": ("a = Sub(S, X) b = Neg(a) c = Mul(b, S) Y = MatMul(c, W)", f"{W}, {S}"),
    "shifted": ("a = Add(X, S) Y = MatMul(a, W)", f"{W}, {S}"),
    "scaled": ("a = Constant<value_float = 0.25>() b = Mul(X, a) Y = MatMul(b, W)", W),
    "scaler": ("a = ai.onnx.ml.Scaler<offset = [1.0], scale = [2.0]>(X) Y = MatMul(a, W)", W),
    "shifted_within": (
        "a = MatMul(X, W) b = Relu(a) c = Mul(b, B) d = Add(c, B) Y = MatMul(d, V)",
        f"{W}, {V}, {B}",
    ),
    "dropout": ("a, m = Dropout(X) Y = MatMul(a, W)", W),
    "dropout_off": (
        "r = Constant<value_float = 0.5>() t = Constant<value = bool {0}>() a = Dropout(X, r, t) "
        "Y = MatMul(a, W)",
        W,
    ),
    "casts": ("a = Cast<to = 11>(X) b = Cast<to = 1>(a) c = MatMul(b, W) Y = Relu(c)", W),
    "block": ("a = MatMul(X, W) b = Gemm(a, V) c = Tanh(b) Y = Add(c, a)", f"{W}, {V}"),
    "blocks": (
        "a = MatMul(X, W) b = Gemm(a, V) c = Sigmoid(b) d = Add(b, c) e = Add(a, d) Y = Gemm(e, V)",
        f"{W}, {V}",
    ),
    "silu_in_block": (
        "a = MatMul(X, W) s = Sigmoid(a) b = Mul(s, a) c = Gemm(b, V) d = Add(a, c) Y = Gemm(d, V)",
        f"{W}, {V}",
    ),
    "prelu_alone": ("a = PRelu(X, S) Y = MatMul(a, W)", f"{W}, {S}"),
    "prelu_before_normalization": (
        "a = MatMul(X, W) b = LayerNormalization(a, B) c = PRelu(b, B) Y = Gemm(c, V)",
        f"{W}, {V}, {B}",
    ),
    "step": (
        "a = MatMul(X, W) z = Constant<value_float = 0.0>() b = Greater(a, z) c = Cast<to = 1>(b) "
        "Y = MatMul(c, V)",
        f"{W}, {V}",
    ),
    "nothing_but_an_activation": ("Y = Softsign(X)", W),
}


@pytest.mark.parametrize("name", SAME)
def test_graphs_that_are_networks(name, tmp_path):
    body, constants = SAME[name]
    model = graph(body, constants)
    X = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    [wanted] = reference.ReferenceEvaluator(model).run(None, {"X": X})
    net = read(model, tmp_path)
    assert net.dtype == np.float32
    np.testing.assert_allclose(net.predict(X), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("x", "shape", "body"),
    [
        ("float[N,1,3] X", (5, 1, 3), "a = Flatten(X) Y = MatMul(a, W)"),
        ("uint8[N,3] X", (5, 3), "a = Cast<to = 1>(X) Y = MatMul(a, W)"),
        (
            "float[N,1,3] X",
            (5, 1, 3),
            "h = Constant<value_float = 1.0>() a = Mul(X, h) b = Flatten(a) Y = MatMul(b, W)",
        ),
        (
            "float[N,3,1] X",
            (5, 3, 1),
            "s = Constant<value = int64[2] {0, -1}>() a = Reshape(X, s) Y = MatMul(a, W)",
        ),
        ("float[N,M] X", (5, 3), "Y = MatMul(X, W)"),
        ("float[A,B,C] X", (5, 1, 3), "a = Flatten(X) Y = Gemm(a, W)"),
        ("float[N,3] X, float[3,2] W", (5, 3), "Y = MatMul(X, W)"),  # as in older versions
    ],
)
def test_inputs(x, shape, body, tmp_path):
    model = graph(body, x=x)
    X = np.random.default_rng(0).integers(0, 9, shape)
    net = read(model, tmp_path)
    kernel = onnx.numpy_helper.to_array(model.graph.initializer[0])
    np.testing.assert_allclose(net.predict(X.reshape(5, 3)), X.reshape(5, 3) @ kernel)


TAIL = {
    "gathered": (
        "i = ArgMax<axis = 1, keepdims = 0>(P) L = Gather(C, i)",
        'string[2] C = {"no", "yes"}',
        "string[N] L",
    ),
    "of_the_net_inputs": (
        "i = ArgMax<axis = -1>(a) r = Constant<value = int64[1] {-1}>() j = Reshape(i, r) "
        "L = ai.onnx.ml.ArrayFeatureExtractor(C, j)",
        "int64[2] C = {3, 7}",
        "int64[N] L",
    ),
    "places": ("L = ArgMax<axis = 1, keepdims = 0>(P)", "", "int64[N] L"),
    "unsorted": (
        "i = ArgMax<axis = 1, keepdims = 0>(P) L = Gather(C, i)",
        'string[2] C = {"yes", "no"}',
        "string[N] L",
    ),
}


@pytest.mark.parametrize("name", TAIL)
def test_labels(name, tmp_path):
    tail, constant, y = TAIL[name]
    body = f"a = Gemm(X, W, B) P = Softmax(a) {tail}"
    model = graph(body, ", ".join(filter(None, [W, B, constant])), y=f"{y}, float[N,2] P")
    net = read(model, tmp_path)
    X = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    a = X @ np.reshape([1.5, -2.0, 0.25, 1.0, -0.5, 0.75], (3, 2)) + [0.5, -0.25]
    labels = {"places": [0, 1], "of_the_net_inputs": [3, 7], "unsorted": ["yes", "no"]}
    found = np.array(labels.get(name, ["no", "yes"]))
    assert net.predict_classes(X).tolist() == found[a.argmax(axis=1)].tolist()
    assert net.classes_.tolist() == sorted(found.tolist())
    assert 0 < np.mean(a.argmax(axis=1)) < 1
    if name in ("gathered", "unsorted"):
        assert net.evaluate(X, found[a.argmax(axis=1)])["accuracy"] == 1


REFUSED = {
    "Conv": ("Y = Conv(X, W)", "float[1,1,1] W = {1.0}", "float[N,1,3] X"),
    "Celu": ("a = MatMul(X, W) Y = Celu<alpha = -1.0>(a)", W),
    "Softmax": ("a = MatMul(X, W) Y = Softmax<axis = 0>(a)", W),
    "Dropout": (
        "r = Constant<value_float = 0.5>() t = Constant<value = bool {1}>() Y = Dropout(X, r, t)",
        W,
    ),
    "Sub": ("a = MatMul(X, W) b = Tanh(a) Y = Sub(a, b)", W),
    "Mul": ("a = MatMul(X, W) b = Tanh(a) Y = Mul(a, b)", W),
    "MatMul": ("w = Relu(X) Y = MatMul(X, w)", W),
    "Gemm": ("Y = Gemm<transA = 1>(X, W)", W),
    "LayerNormalization": ("Y = LayerNormalization<axis = 0>(X, S)", S),
    "BatchNormalization": ("Y = BatchNormalization<training_mode = 1>(X, S, S, S, S)", S),
    "ReduceSum": ("Y = ReduceSum(X)", W),
    "Div": ("Y = Div(S, X)", S),
    "Gather": ("i = Constant<value = int64[2] {2, 0}>() a = Gather<axis = 1>(X, i) Y = Tanh(a)", W),
    "Flatten": ("a = Flatten<axis = 0>(X) Y = MatMul(a, W)", W),
    "Reshape": ("s = Constant<value = int64[2] {-1, 1}>() Y = Reshape(X, s)", W),
    "LinearRegressor": ("Y = ai.onnx.ml.LinearRegressor<coefficients = [1.0]>(X)", W),
}


@pytest.mark.parametrize("operator", REFUSED)
def test_graphs_that_are_none(operator, tmp_path):
    body, constants, *x = REFUSED[operator]
    model = graph(body, constants, x=x[0] if x else "float[N,3] X")
    for node in model.graph.node:
        node.name = f"the {node.op_type} of the graph"
    with pytest.raises(ValueError, match="holds what nnfast cannot read") as error:
        read(model, tmp_path)
    assert f"{operator} (node 'the {operator} of the graph')" in str(error.value)


@pytest.mark.parametrize(
    ("body", "options", "message"),
    [
        (
            "Y = Add(X, Z)",
            {"x": "float[N,3] X, float[N,3] Z"},
            "inputs are 'X', 'Z'; wanted is one",
        ),
        (
            "Y = Tanh(X) Z = Relu(X)",
            {"y": "float[N,3] Y, float[N,3] Z"},
            "outputs are 'Y', 'Z'; wanted is one of numbers",
        ),
        ("Y = Tanh(X)", {"x": "float[N,M] X"}, "nothing says how many columns"),
        ("Y = MatMul(X, W)", {"x": "float[N,4] X"}, r"MatMul .* the shape \(3, 2\) for 4 values"),
        ("Y = Tanh(X)", {"x": "float[N,2,3] X"}, r"given arrays of more than two axes"),
        (
            "Y = MatMul(X, W) z = Constant<value_float = 0.3>() g = Greater(Y, z) "
            "L = Cast<to = 7>(g)",
            {"y": "int64[N,2] L, float[N,2] Y"},
            "an output of linear that is above 0.3 is a label",
        ),
        (
            "Y = MatMul(X, W) L = ArgMin(Y)",
            {"y": "int64[N,2] L, float[N,2] Y"},
            "ArgMin .* makes labels in a way that is not known",
        ),
        ("Y = custom.Thing(X)", {"head": HEAD[:-2] + ', "custom" : 1]>'}, "Thing .* is no layer"),
    ],
)
def test_what_is_said_of_others(body, options, message, tmp_path):
    model = graph(body, **{"constants": W, **options})
    with pytest.raises(ValueError, match=message):
        read(model, tmp_path)


def test_integers_as_weights_are_refused(tmp_path):
    model = graph("Y = MatMul(X, W)")
    kernel = onnx.numpy_helper.from_array(np.ones((3, 2), np.int32), "W")
    model.graph.initializer[0].CopyFrom(kernel)
    with pytest.raises(ValueError, match="weights of int32; wanted are floats"):
        read(model, tmp_path)


# Files -------------------------------------------------------------------------------------------


def external(folder: Any, location: str, **entries: Any) -> Any:
    """Return a model whose weights lie in another file, as far as it says."""
    model = graph("Y = MatMul(X, W)")
    tensor = model.graph.initializer[0]
    tensor.raw_data = b""
    onnx.external_data_helper.set_external_data(tensor, location, **entries)
    tensor.ClearField("float_data")
    tensor.ClearField("raw_data")
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_weights_in_another_file(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    kernel = np.arange(6, dtype=np.float32).reshape(3, 2)
    for place in (inside / "w.bin", tmp_path / "w.bin"):
        place.write_bytes(b"12345678" + kernel.tobytes())
    os.symlink(tmp_path / "w.bin", inside / "link.bin")
    path = external(inside, "w.bin", offset=8, length=24)
    np.testing.assert_array_equal(nn.interop.read_onnx(path).get_weights()[0], kernel)
    for location in ("../w.bin", "link.bin", str(tmp_path / "w.bin"), "a/../../w.bin"):
        path = external(inside, location, offset=8, length=24)
        with pytest.raises(ValueError, match=r"outside of the model's folder"):
            nn.interop.read_onnx(path)
    for entries in ({"offset": 9}, {"offset": 8, "length": 25}, {"offset": -8}, {"length": 8}):
        path = external(inside, "w.bin", **entries)
        with pytest.raises(ValueError, match=r"'W' is to be 24 bytes of the file 'w.bin'"):
            nn.interop.read_onnx(path)
    path = external(inside, "missing.bin")
    with pytest.raises(ValueError, match="which does not have them"):
        nn.interop.read_onnx(path)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="where there is no file"):
        nn.interop.read_onnx(tmp_path / "missing.onnx")
    with pytest.raises(IsADirectoryError, match="which is a folder"):
        nn.interop.read_onnx(tmp_path)


def test_damage_is_found_or_does_no_harm(tmp_path):
    """A cut or changed file is refused in a sentence, or is still some network."""
    net = ALL["strings"].net
    whole = _onnx_write.model(net).SerializeToString()
    path = tmp_path / "model.onnx"
    rng = np.random.default_rng(0)
    refused = 0
    changed = [whole[: len(whole) * cut // 60] for cut in range(60)]
    for _ in range(240):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            damaged[place] = rng.integers(256)
        changed.append(bytes(damaged))
    for content in [b"", b"not a model", *changed]:
        path.write_bytes(content)
        said = ""
        try:
            nn.interop.read_onnx(path)
        except ValueError as error:
            refused += 1
            said = str(error)
        assert not said or said.startswith(repr(str(path))), said
    assert refused >= 150
