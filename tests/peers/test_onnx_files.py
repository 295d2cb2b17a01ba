"""ONNX files that PyTorch, Keras and skl2onnx write, read by networks that predict the same."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest

import nnfast as nn

pytest.importorskip("onnx")

OPSETS = (9, 13, 17, 20)
HAS_NEW_EXPORTER = importlib.util.find_spec("onnxscript") is not None
X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
CLASSES = np.arange(60) % 3


# PyTorch -----------------------------------------------------------------------------------------

ACTIVATIONS = {
    "CELU": (),
    "ELU": (0.5,),
    "GELU": (),
    "GELU_tanh": ("tanh",),
    "Hardsigmoid": (),
    "Hardswish": (),
    "Hardtanh": (),
    "Identity": (),
    "LeakyReLU": (0.1,),
    "LogSoftmax": (1,),
    "Mish": (),
    "PReLU": (),
    "PReLU_each": (4,),
    "ReLU": (),
    "ReLU6": (),
    "SELU": (),
    "SiLU": (),
    "Sigmoid": (),
    "Softmax": (-1,),
    "Softplus": (),
    "Softplus_steep": (2.0,),
    "Softsign": (),
    "Tanh": (),
    "BatchNorm1d": (4,),
    "Dropout": (0.5,),
    "LayerNorm": (4,),
}


def blocks(torch: Any) -> Any:
    """Return a module whose blocks add their input, one of them first and one last."""

    class Blocks(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = torch.nn.Linear(3, 4), torch.nn.Linear(4, 2)
            self.within = torch.nn.Sequential(
                torch.nn.LayerNorm(4), torch.nn.Linear(4, 6), torch.nn.GELU(), torch.nn.Linear(6, 4)
            )

        def forward(self, x: Any) -> Any:
            x = torch.relu(self.first(x))
            x = x + self.within(x)
            return torch.softmax(self.last(self.within(x) + x), -1)

    return Blocks()


def modules(torch: Any) -> dict[str, Any]:
    made = {}
    for name, arguments in ACTIVATIONS.items():
        options = {"approximate": "tanh"} if name == "GELU_tanh" else {}
        values = () if options else arguments
        between = getattr(torch.nn, name.partition("_")[0])(*values, **options)
        made[name] = torch.nn.Sequential(torch.nn.Linear(3, 4), between, torch.nn.Linear(4, 2))
    made["flat"] = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(3, 4, bias=False),
        torch.nn.BatchNorm1d(4),
        torch.nn.PReLU(),
        torch.nn.Linear(4, 2),
        torch.nn.Softmax(-1),
    )
    made["normalized_last"] = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    made["blocks"] = blocks(torch)
    parts = [torch.nn.Linear(3, 4)]
    for name in ACTIVATIONS:
        parts += [made[name][1], torch.nn.Linear(4, 4)]
    made["all"] = torch.nn.Sequential(*parts)
    return made


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("name", [*ACTIVATIONS, "flat", "normalized_last", "blocks"])
def test_torch(name, opset, tmp_path):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = modules(torch)[name].eval()
    for values in (*module.parameters(), *module.buffers()):
        if values.dtype == torch.float32:
            values.data += torch.rand_like(values)
    path = tmp_path / "model.onnx"
    rows = torch.from_numpy(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says of this exporter that there is a newer one
        try:
            options = {"input_names": ["x"], "dynamic_axes": {"x": [0]}}
            torch.onnx.export(
                module, (rows,), str(path), dynamo=False, opset_version=opset, **options
            )
        except torch.onnx.errors.UnsupportedOperatorError as error:
            pytest.skip(f"PyTorch cannot write it: {str(error).splitlines()[0]}")
    with torch.no_grad():
        wanted = module(rows).numpy()
    net = nn.interop.read_onnx(path)
    np.testing.assert_allclose(net.predict(X), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(not HAS_NEW_EXPORTER, reason="PyTorch's newer exporter wants onnxscript")
@pytest.mark.parametrize("name", ["all", "flat", "normalized_last", "blocks"])
def test_torch_by_its_newer_exporter(name, tmp_path):
    """It keeps weights in a file beside the model, unless told otherwise."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = modules(torch)[name].eval()
    for values in (*module.parameters(), *module.buffers()):
        if values.dtype == torch.float32:
            values.data += torch.rand_like(values) / 4
    path = tmp_path / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (torch.from_numpy(X),), str(path), dynamo=True, verbose=False)
    with torch.no_grad():
        wanted = module(torch.from_numpy(X)).numpy()
    net = nn.interop.read_onnx(path)
    np.testing.assert_allclose(net.predict(X), wanted, rtol=1e-5, atol=1e-5)


def test_torch_and_back(tmp_path):
    """What PyTorch wrote, read here, written here and run by onnxruntime says the same."""
    torch = pytest.importorskip("torch")
    runtime = pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    module = blocks(torch).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, (torch.from_numpy(X),), str(tmp_path / "a.onnx"), dynamo=False, opset_version=17
        )
    nn.interop.write_onnx(nn.interop.read_onnx(tmp_path / "a.onnx"), tmp_path / "b.onnx")
    session = runtime.InferenceSession(str(tmp_path / "b.onnx"))
    _, probabilities = session.run(None, {"X": X})
    with torch.no_grad():
        wanted = module(torch.from_numpy(X)).numpy()
    np.testing.assert_allclose(probabilities, wanted, rtol=1e-5, atol=1e-5)


# scikit-learn ------------------------------------------------------------------------------------

LABELS = {
    "numbers": CLASSES,
    "words": np.array(["rot", "grün", "blau"])[CLASSES],
    "two_words": np.array(["no", "yes"])[CLASSES % 2],
    "booleans": CLASSES > 0,
    "many": np.eye(3, dtype=int)[CLASSES],
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("zipmap", [False, True])
@pytest.mark.parametrize("labels", LABELS)
def test_classifiers_of_scikit_learn(labels, zipmap, dtype, tmp_path):
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.neural_network import MLPClassifier

    estimator = MLPClassifier((4,), activation="tanh", max_iter=500, tol=1e-2, random_state=0)
    estimator.fit(X, LABELS[labels])
    options = {id(estimator): {"zipmap": zipmap}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = skl2onnx.to_onnx(estimator, X[:1].astype(dtype), options=options)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    net = nn.interop.read_onnx(path)
    wanted = estimator.predict_proba(X)
    found = net.predict(X)
    wanted = wanted[:, 1:] if found.shape[1] == 1 else wanted
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(net.predict_classes(X), estimator.predict(X))
    if labels != "many":
        assert net.classes_.tolist() == estimator.classes_.tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scaler", ["StandardScaler", "MinMaxScaler"])
@pytest.mark.parametrize("activation", ["relu", "logistic", "identity"])
def test_pipelines_of_scikit_learn(activation, scaler, dtype, tmp_path):
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn import preprocessing
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline

    regressor = MLPRegressor(activation=activation, hidden_layer_sizes=(4,), random_state=0)
    regressor.set_params(max_iter=500, tol=1e-2)
    pipeline = make_pipeline(getattr(preprocessing, scaler)(), regressor).fit(5 * X + 3, X[:, 0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = skl2onnx.to_onnx(pipeline, X[:1].astype(dtype))
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    net = nn.interop.read_onnx(path)
    assert isinstance(net.layers[1], nn.Standardize)
    wanted = pipeline.predict(5 * X + 3)
    np.testing.assert_allclose(net.predict(5 * X + 3)[:, 0], wanted, rtol=1e-5, atol=1e-5)


# Keras -------------------------------------------------------------------------------------------

EXPORT = """
import os, sys
os.environ["KERAS_BACKEND"] = "torch"
import keras, numpy as np
from keras import layers
keras.utils.set_random_seed(0)
x = np.load(sys.argv[1])
model = keras.Sequential([
    keras.Input((3,)), layers.Dense(4, "gelu", bias_initializer="random_normal"),
    layers.BatchNormalization(), layers.LeakyReLU(), layers.Dropout(0.5), layers.Dense(4, "elu"),
    layers.Dense(2, "softmax"),
])
model(x)
model.layers[1].set_weights([np.random.default_rng(k).uniform(1, 2, 4) for k in range(4)])
model.export(sys.argv[2], format="onnx", verbose=False)
np.save(sys.argv[3], model.predict(x, verbose=0))
"""


def test_keras(tmp_path):
    """Keras writes ONNX by PyTorch, its backend here, which takes a process of its own."""
    for package in ("keras", "torch"):  # not imported: Keras would choose its backend for all
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    np.save(tmp_path / "x.npy", X)
    names = [str(tmp_path / name) for name in ("x.npy", "model.onnx", "y.npy")]
    done = subprocess.run([sys.executable, "-c", EXPORT, *names], capture_output=True, text=True)
    if "onnxscript" in done.stderr and not (tmp_path / "y.npy").exists():
        pytest.skip("PyTorch's exporter wants onnxscript, which is not installed")
    assert done.returncode == 0, done.stderr
    net = nn.interop.read_onnx(tmp_path / "model.onnx")
    np.testing.assert_allclose(net.predict(X), np.load(tmp_path / "y.npy"), rtol=1e-5, atol=1e-5)
