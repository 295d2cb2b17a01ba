"""ONNX files that are written: valid, run by others with the same numbers, and read back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nnfast as nn
from api.written import ACTIVATIONS, ALL, CASES, CLASSES, LAYERS, Case, case, weighted
from nnfast import _steps
from nnfast.interop import _onnx_read, _onnx_write
from nnfast.interop._onnx_formulas import FORMS
from nnfast.interop._onnx_graph import Graph
from nnfast.source._program import function_of

onnx = pytest.importorskip("onnx")
reference = pytest.importorskip("onnx.reference")
runtime = pytest.importorskip("onnxruntime")

TOLERANCES = {"float32": 1e-5, "float64": 1e-12}
NEWEST = onnx.defs.onnx_opset_version()
OPSETS = (None, *(it for it in (13, 18, 24) if it <= NEWEST))
DOUBLE = {
    f"double_{number}": case([nn.Input(3), nn.Dense(6, activation), nn.Dense(2)], dtype="float64")
    for number, activation in enumerate(ACTIVATIONS)
}
EVERY = {**ALL, **DOUBLE}
QUIET = runtime.SessionOptions()
QUIET.log_severity_level = 3  # it warns of the kernels that it chooses


def model(net: nn.FeedForward, **options: Any) -> Any:
    made = _onnx_write.model(net, **options)
    onnx.checker.check_model(made, full_check=True)
    return made


def outputs_of(names: Any, values: Any) -> dict[str, Any]:
    return {it.name: value for it, value in zip(names, values, strict=True)}


def run_in_runtime(made: Any, X: Any) -> dict[str, Any]:
    session = runtime.InferenceSession(made.SerializeToString(), QUIET)
    return outputs_of(session.get_outputs(), session.run(None, {"X": X}))


def run_in_reference(made: Any, X: Any) -> dict[str, Any]:
    return outputs_of(made.graph.output, reference.ReferenceEvaluator(made).run(None, {"X": X}))


def read(made: Any) -> nn.FeedForward:
    return _onnx_read.network(Graph(made))


def assert_same(found: Any, wanted: Any, net: nn.FeedForward) -> None:
    tolerance = TOLERANCES[net.dtype.name]
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance, err_msg=repr(net))


@pytest.mark.parametrize("opset", OPSETS)
def test_others_compute_the_same(opset):
    for net, X in EVERY.values():
        made = model(net, labels=False, opset=opset)
        wanted = net.predict(X)
        assert_same(run_in_runtime(made, X)["outputs"], wanted, net)
        # Its BatchNormalization of version 9 always mixes in the batch's means.
        if opset != 13 or not any(isinstance(layer, nn.BatchNorm) for layer in net.layers):
            assert_same(run_in_reference(made, X)["outputs"], wanted, net)


@pytest.mark.parametrize("opset", OPSETS)
def test_round_trips(opset):
    for net, X in EVERY.values():
        again = read(model(net, labels=False, opset=opset))
        assert again.dtype == net.dtype
        assert_same(again.predict(X), net.predict(X), net)
        assert described(again) == described(net)


def described(net: nn.FeedForward) -> list[Any]:
    """Return what a network's layers do in prediction, but for the values of weights."""
    steps = []
    for layer in net.layers[1:]:
        if isinstance(layer, (nn.Dropout, nn.GaussianNoise)):
            continue
        function = getattr(layer, "activation", None)
        # Where an alpha starts from is not written, and normalizations get what they left out.
        function = function if function is None or not function.parameters else function.name
        steps.append((type(layer), getattr(layer, "units", None), function))
    return [net.inputs, *steps]


@pytest.mark.parametrize("run", [run_in_runtime, run_in_reference])
@pytest.mark.parametrize("name", CLASSES)
def test_labels_and_probabilities(name, run):
    net, X = CLASSES[name]
    said = run(model(net), X)
    assert list(said) == ["label", "scores" if name == "signs" else "probabilities"]
    wanted = net.predict_classes(X)
    np.testing.assert_array_equal(said["label"], wanted)
    assert said["label"].shape == wanted.shape
    assert said["label"].dtype == (object if wanted.dtype.kind == "U" else np.int64)
    if name == "signs":
        assert_same(said["scores"], net.predict(X), net)
        return
    probabilities = said["probabilities"]
    assert probabilities.dtype == net.dtype
    if name == "many":
        assert_same(probabilities, net.predict(X), net)
        return
    outputs = net.predict(X).astype(float)
    if name in ("logits", "several_logits"):
        outputs = nn.activations.sigmoid(outputs) if name == "logits" else softmax(outputs)
    if net.outputs == 1:
        outputs = np.hstack([1 - outputs, outputs])
    assert_same(probabilities, np.exp(outputs) if name == "logarithms" else outputs, net)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


def softmax(z: Any) -> Any:
    return nn.activations.softmax(z)


@pytest.mark.parametrize("name", CLASSES)
def test_labels_come_back(name):
    net, X = CLASSES[name]
    again = read(model(net))
    np.testing.assert_array_equal(again.predict_classes(X), net.predict_classes(X))
    decided, before = _steps.decision(again), _steps.decision(net)
    assert decided.labels == before.labels
    assert decided.by_sign == before.by_sign
    once_more = read(model(again))
    np.testing.assert_array_equal(once_more.predict_classes(X), net.predict_classes(X))
    np.testing.assert_array_equal(once_more.predict(X), again.predict(X))


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_activations_far_from_zero(activation):
    """Formulas neither overflow nor lose digits where a table's values are not near 0."""
    for dtype in TOLERANCES:
        net = nn.FeedForward(
            [nn.Input(1), nn.Dense(1, activation), nn.Dense(1)], dtype=dtype, seed=0
        )
        _, *others = net.get_weights()
        net.set_weights([[[1.0]], *others])
        X = np.concatenate([np.linspace(-80, 80, 161), np.linspace(-8, 8, 321)])[:, None]
        if activation.over_rows or activation.name == "exponential":
            X = X / 8  # its outputs are compared with a relative error
        X = X.astype(dtype)
        made = model(net)
        wanted = net.predict(X)
        assert_same(run_in_runtime(made, X)["outputs"], wanted, net)
        assert_same(run_in_reference(made, X)["outputs"], wanted, net)
        assert_same(read(made).predict(X), wanted, net)


def test_every_activation_has_a_form_for_all_versions_and_types():
    for activation in ACTIVATIONS:
        if activation.parameters or activation.name == "linear":
            continue
        function, _ = function_of(activation)
        assert any(form.opset == 13 and form.double for form in FORMS[function]), function


def test_the_number_of_rows_is_free():
    net, _ = CASES["wide"]
    made = model(net)
    for rows in (0, 1, 1000):
        X = np.ones((rows, 2), np.float32)
        assert run_in_runtime(made, X)["outputs"].shape == (rows, 3)


@pytest.mark.parametrize(
    ("layers", "opset", "operators"),
    [
        ("3-4-2", 13, "Gemm Relu Gemm"),
        ([nn.Input(3), nn.Dense(4, "hard_swish"), nn.Dense(2)], 14, "Gemm HardSwish Gemm"),
        ([nn.Input(3), nn.BatchNorm(), nn.Dense(2)], 14, "BatchNormalization Gemm"),
        ([nn.Input(3), nn.LayerNorm(), nn.Dense(2)], 17, "LayerNormalization Gemm"),
        ([nn.Input(3), nn.Dense(4, "mish"), nn.Dense(2)], 13, "Gemm Softplus Tanh Mul Gemm"),
        ([nn.Input(3), nn.Dense(4, "elu"), nn.Dense(2)], 13, "Gemm Elu Gemm"),
    ],
)
def test_the_oldest_version_that_says_it(layers, opset, operators):
    made = model(nn.FeedForward(layers))
    assert [(it.domain, it.version) for it in made.opset_import] == [("", opset)]
    assert made.ir_version == (7 if opset < 15 else 8)
    assert " ".join(node.op_type for node in made.graph.node) == operators
    assert made.producer_name == "nnfast"


def test_files(tmp_path):
    X, y = nn.datasets.digits()
    net = nn.FeedForward("64-32-10", output="softmax", seed=0)
    net.fit(X, np.array([f"digit {number}" for number in y]), epochs=3)
    path = tmp_path / "digits.onnx"
    nn.interop.write_onnx(net, path)
    again = nn.interop.read_onnx(path)
    np.testing.assert_array_equal(again.predict(X), net.predict(X))
    np.testing.assert_array_equal(again.classes_, net.classes_)
    session = runtime.InferenceSession(str(path))
    label, probabilities = session.run(None, {"X": X.astype(np.float32)})
    assert label.tolist() == net.predict_classes(X).tolist()
    assert_same(probabilities, net.predict(X), net)


class Sine(nn.activations.Activation):
    def forward(self, z):
        return np.sin(z)

    def derivative(self, z):
        return np.cos(z)


def test_what_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "net.onnx"
    net, _ = CASES["one"]
    for opset in (12, 99):
        with pytest.raises(ValueError, match=f"opset is {opset}"):
            nn.interop.write_onnx(net, path, opset=opset)
    with pytest.raises(TypeError, match="net is a str; wanted is a FeedForward"):
        nn.interop.write_onnx("net", path)
    with pytest.raises(TypeError, match="labels is 1"):
        nn.interop.write_onnx(net, path, labels=1)
    with pytest.raises(ValueError, match=r"layers\[1\] has the activation Sine, .* no ONNX file"):
        nn.interop.write_onnx(nn.FeedForward("3-4-2", hidden=Sine()), path)
    with pytest.raises(RuntimeError, match="adapt"):
        nn.interop.write_onnx(nn.FeedForward(LAYERS["standardize"]), path)
    monkeypatch.setattr(_onnx_write, "LIMIT", 10)
    with pytest.raises(ValueError, match="an ONNX file holds less than 2 GiB"):
        nn.interop.write_onnx(net, path)
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'nnfast\[onnx\]'"):
        nn.interop.write_onnx(net, path)
    with pytest.raises(ImportError, match=r"pip install 'nnfast\[onnx\]'"):
        nn.interop.read_onnx(path)
    assert not path.exists()


def test_one_hidden_layer_of_an_embedding_and_numbers():
    """Columns of codes come as the floats that they are in the table."""
    net = weighted(LAYERS["embedding"])
    X = Case(net, np.array([[0.5, 3, -1.0, 2, 7.0]], np.float32)).X
    assert_same(run_in_runtime(model(net), X)["outputs"], net.predict(X), net)
