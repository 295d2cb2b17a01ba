"""Keras' files without Keras: those that the real one wrote, and wrong ones of every kind.

`tests/peers/test_keras_files.py` is where the real Keras reads and writes.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import nnfast as nn
from nnfast.interop import _hdf5

FILES = Path(__file__).parents[1] / "fixtures" / "keras"
EXPECTED = np.load(FILES / "expected.npz")
CLASSIFIER = [
    nn.Input(4),
    nn.Dense(5, nn.activations.PReLU()),
    nn.Dropout(0.2),
    nn.Dense(3, "softmax"),
]


def assert_as_expected(net, name):
    X = EXPECTED[f"{name}.X"]
    y = net.predict(X.reshape(len(X), -1))
    np.testing.assert_allclose(y, EXPECTED[f"{name}.y"], rtol=1e-5, atol=1e-6)


# What Keras wrote --------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_sequential_model(suffix, backend):
    net = nn.interop.read_keras(FILES / f"classifier{suffix}")
    assert_as_expected(net, "classifier")
    assert net.backend == backend
    assert [layer.kind for layer in net.layers] == [
        *("input", "dense", "batch_norm", "dense", "dropout", "dense")
    ]
    assert net.layers[1].kernel_regularizer == nn.L2(1e-4)
    assert net.optimizer == nn.Adam(nn.schedules.CosineDecay(0.01, 100))
    assert net.loss == nn.SparseCategoricalCrossEntropy()
    assert [metric.name for metric in net.metrics] == ["accuracy"]


def test_a_functional_model():
    net = nn.interop.read_keras(FILES / "blocks.keras")
    assert_as_expected(net, "blocks")
    assert isinstance(net.layers[1], nn.Standardize)
    assert net.layers[2] == nn.Residual(
        [nn.LayerNorm(), nn.Dense(4, "gelu", kernel_initializer="glorot_uniform")]
    )
    assert net.optimizer == nn.SGD(0.05, momentum=0.9)
    assert net.loss == nn.Huber()


def test_a_table():
    net = nn.interop.read_keras(FILES / "table.keras")
    assert_as_expected(net, "table")
    assert net.layers[2] == nn.Embedding({2: (4, 2), 3: (5, 3)})
    np.testing.assert_allclose(net.get_weights()[0], [-2, -2, 0, 0])


def test_columns_and_embeddings_go_there_and_back(tmp_path):
    layers = [
        nn.Input(6),
        nn.Standardize(),
        nn.Embedding({1: (4, 2), 4: (3, 5)}),
        nn.Dense(2),
    ]
    net = nn.FeedForward(layers, seed=0)
    X = np.random.default_rng(0).integers(0, 3, (20, 6))
    net.adapt(X)
    nn.interop.write_keras(net, tmp_path / "model.keras")
    again = nn.interop.read_keras(tmp_path / "model.keras")
    assert again.layers == net.layers
    np.testing.assert_allclose(again.predict(X), net.predict(X), rtol=1e-5)
    with pytest.raises(ValueError, match=r"Embedding of some columns .* ends in \.keras"):
        nn.interop.write_keras(net, tmp_path / "model.h5")
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def named(layers, kind, place=0):
    return [layer for layer in layers.values() if layer["class_name"] == kind][place]


def joins(change):
    return lambda config, layers: change(named(layers, "Concatenate"))


def test_a_wrong_table_is_one_sentence(tmp_path):
    wrong = [
        (joins(lambda layer: layer["config"].update(axis=0)), "has axis=0; wanted is -1"),
        (
            joins(lambda layer: layer["inbound_nodes"][0]["args"][0].pop()),
            "leaves out the input 'shape'",
        ),
        (
            joins(
                lambda layer: layer["inbound_nodes"][0]["args"][0].append(
                    layer["inbound_nodes"][0]["args"][0][0]
                )
            ),
            "joins column 2 of the inputs twice",
        ),
        (
            joins(
                lambda layer: layer["inbound_nodes"][0]["args"][0].append(
                    layer["inbound_nodes"][0]["args"][0][1]
                )
            ),
            "joins column 0 of the inputs twice",
        ),
        (
            lambda config, layers: named(layers, "Embedding")["config"].update(input_dim=9),
            r"embeddings of layer .* has the shape \(4, 2\); wanted is \(9, 2\)",
        ),
        (
            lambda config, layers: named(layers, "Embedding")["config"].update(mask_zero=True),
            "has mask_zero=True",
        ),
        (
            lambda config, layers: named(layers, "Rescaling").update(class_name="Hashing"),
            r"\(Hashing\) comes before layer .* joins columns; wanted there is one of Norm",
        ),
        (
            lambda config, layers: layers["numbers"]["config"].update(batch_shape=[None, None]),
            r"layer 'numbers' \(InputLayer\) has the shape \[None, None\]; wanted are fixed",
        ),
        (
            lambda config, layers: config["config"].update(
                output_layers=[["a", 0, 0], ["b", 0, 0]]
            ),
            "the model has 2 outputs; wanted is one",
        ),
        (
            lambda config, layers: config["config"].update(input_layers=[]),
            "does not say its inputs",
        ),
    ]
    for change, problem in wrong:
        path = changed(tmp_path, change, name="table")
        with pytest.raises(ValueError, match=problem):
            nn.interop.read_keras(path)


def test_images():
    net = nn.interop.read_keras(FILES / "images.h5")
    assert_as_expected(net, "images")
    assert net.inputs == 4
    np.testing.assert_allclose(net.get_weights()[0], 127.5)


def test_a_file_of_keras_2():
    assert_as_expected(nn.interop.read_keras(FILES / "older.keras"), "older")


def test_weights_alone():
    layers = [
        nn.Input(4),
        nn.Dense(5),
        nn.BatchNorm(),
        nn.Dense(5, "prelu", use_bias=False, trainable=False, mask=np.eye(5)),
        nn.Dropout(0.2),
        nn.Dense(3, "softmax"),
    ]
    with pytest.raises(ValueError, match="wanted is also architecture"):
        nn.interop.read_keras(FILES / "classifier.weights.h5")
    # Its second Dense would be the file's, which has another shape.
    with pytest.raises(ValueError, match=r"kernel of layer 'dense_1' .* has the shape"):
        nn.interop.read_keras(FILES / "classifier.weights.h5", architecture=layers)
    with zipfile.ZipFile(FILES / "classifier.keras") as archive:
        text = archive.read("config.json").decode()
    net = nn.interop.read_keras(FILES / "classifier.weights.h5", architecture=text)
    assert_as_expected(net, "classifier")


def of_keras_2(path, description, training, weights, version="2.2.4"):
    """Write a whole model as Keras 2 did."""
    with h5py.File(path, "w") as root:
        root.attrs["keras_version"] = np.bytes_(version)
        root.attrs["model_config"] = np.bytes_(json.dumps(description))
        root.attrs["training_config"] = np.bytes_(json.dumps(training))
        group = root.create_group("model_weights")
        group.attrs["layer_names"] = [np.bytes_(name) for name in weights]
        for name, arrays in weights.items():
            own = group.create_group(name)
            own.attrs["weight_names"] = [np.bytes_(f"{name}/{one}") for one in arrays]
            for one, values in arrays.items():
                own.create_dataset(f"{name}/{one}", data=values)


def test_of_keras_2_in_hdf5(tmp_path):
    """The older form: no InputLayer, names that end in :0, configurations without modules."""
    rng = np.random.default_rng(0)
    kernel, bias, alpha, last = (rng.normal(size=s) for s in ((4, 3), (3,), (3,), (3, 1)))
    layers = [
        {
            "class_name": "Dense",
            "config": {
                "name": "first",
                "batch_input_shape": [None, 4],
                "units": 3,
                "activation": "linear",
                "kernel_initializer": {
                    "class_name": "VarianceScaling",
                    "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform"},
                },
                "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}},
            },
        },
        {"class_name": "PReLU", "config": {"name": "slopes", "shared_axes": None}},
        {
            "class_name": "Dense",
            "config": {"name": "last", "units": 1, "use_bias": False, "activation": "sigmoid"},
        },
    ]
    training = {
        "loss": "binary_crossentropy",
        "metrics": ["acc"],
        "optimizer_config": {"class_name": "RMSprop", "config": {"lr": 0.003, "rho": 0.8}},
    }
    weights = {
        "first": {"kernel:0": kernel, "bias:0": bias},
        "slopes": {"alpha:0": alpha},
        "last": {"kernel:0": last},
    }
    description = {"class_name": "Sequential", "config": layers}
    of_keras_2(tmp_path / "model.h5", description, training, weights)
    net = nn.interop.read_keras(tmp_path / "model.h5")
    X = rng.normal(size=(5, 4))
    z = X @ kernel + bias
    expected = 1 / (1 + np.exp(-np.where(z > 0, z, alpha * z) @ last))
    np.testing.assert_allclose(net.predict(X), expected, rtol=1e-5)
    assert net.optimizer == nn.RMSprop(0.003, rho=0.8)
    assert net.layers[1].kernel_regularizer == nn.L2(0.01)


def test_of_the_last_keras_2_in_hdf5(tmp_path):
    """The later form: lists of TensorFlow's, numbers of float32's, graphs as lists, objects."""
    rng = np.random.default_rng(0)
    norm = {n: rng.uniform(0.5, 1.5, 4) for n in ("gamma", "beta", "moving_mean")}
    norm["moving_variance"] = rng.uniform(0.5, 1.5, 4)
    kernel = rng.normal(size=(4, 1))

    def layer(kind, name, before, **config):
        nodes = [[[before, 0, 0, {}]]] if before else []
        entry = {"class_name": kind, "config": {"name": name, **config}}
        return {**entry, "name": name, "inbound_nodes": nodes}

    layers = [
        layer("InputLayer", "input_1", None, batch_input_shape=[None, 4], dtype="float32"),
        layer(
            "BatchNormalization",
            "norm",
            "input_1",
            axis={"class_name": "ListWrapper", "items": [1]},
            momentum=0.9,
            epsilon=0.001,
        ),
        layer("LeakyReLU", "leaky", "norm", alpha=0.30000001192092896),
        layer("Dense", "out", "leaky", units=1, use_bias=False, activation="linear"),
    ]
    config = {
        "name": "model",
        "layers": layers,
        "input_layers": [["input_1", 0, 0]],
        "output_layers": [["out", 0, 0]],
    }
    loss = {"reduction": "auto", "name": "binary_crossentropy", "from_logits": True}
    accuracy = {"name": "accuracy", "dtype": "float32", "fn": "binary_accuracy"}
    training = {
        "loss": {"class_name": "BinaryCrossentropy", "config": loss},
        "metrics": [[{"class_name": "MeanMetricWrapper", "config": accuracy}]],
        "weighted_metrics": None,
        "loss_weights": None,
        "optimizer_config": {
            "class_name": "Custom>Adam",
            "config": {"learning_rate": 0.0020000000949949026, "decay": 0.0, "amsgrad": False},
        },
    }
    weights = {
        "input_1": {},
        "norm": {f"{name}:0": values for name, values in norm.items()},
        "leaky": {},
        "out": {"kernel:0": kernel},
    }
    path = tmp_path / "model.h5"
    of_keras_2(path, {"class_name": "Functional", "config": config}, training, weights, "2.13.1")
    net = nn.interop.read_keras(path)
    X = rng.normal(size=(5, 4))
    deviation = np.sqrt(norm["moving_variance"] + 1e-3)
    z = norm["gamma"] * (X - norm["moving_mean"]) / deviation + norm["beta"]
    expected = np.where(z > 0, z, 0.3 * z) @ kernel
    np.testing.assert_allclose(net.predict(X), expected, rtol=1e-5, atol=1e-6)
    assert net.layers[2] == nn.Activation(nn.activations.LeakyReLU(0.3))
    assert net.optimizer == nn.Adam(0.002)
    assert net.loss == nn.BinaryCrossEntropy(from_logits=True)
    assert [metric.name for metric in net.metrics] == ["accuracy"]
    layers[-1]["config"]["activation"] = "hard_sigmoid"
    of_keras_2(path, {"class_name": "Functional", "config": config}, training, weights, "2.13.1")
    with pytest.raises(ValueError, match="which was another function before Keras 3"):
        nn.interop.read_keras(path)


def test_what_is_written_is_the_same_file_each_time(tmp_path):
    net = nn.FeedForward([nn.Input(4, scale=0.5), nn.BatchNorm(), nn.Dense(3, "prelu")], seed=0)
    for suffix in (".keras", ".h5"):
        nn.interop.write_keras(net, tmp_path / f"a{suffix}")
        nn.interop.write_keras(net, tmp_path / f"b{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
        again = nn.interop.read_keras(tmp_path / f"a{suffix}")
        assert again.layers == net.layers
        for ours, theirs in zip(net.get_weights(), again.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


# What is refused ---------------------------------------------------------------------------------


def changed(tmp_path, change=None, weights=None, name="older"):
    """Write a file of Keras' again, with its description or its weights changed."""
    with zipfile.ZipFile(FILES / f"{name}.keras") as archive:
        config = json.loads(archive.read("config.json"))
        content = io.BytesIO(archive.read("model.weights.h5"))
    if change is not None:
        change(config, {layer["config"]["name"]: layer for layer in config["config"]["layers"]})
    if weights is not None:
        with h5py.File(content, "r+") as root:
            weights(root)
    path = tmp_path / "changed.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", content.getvalue())
    return path


def layer_is(**settings):
    return lambda config, layers: config["config"]["layers"][1].update(settings)


def dense_has(**settings):
    return lambda config, layers: config["config"]["layers"][1]["config"].update(settings)


WRONG = [
    (layer_is(class_name="Lambda"), r"\(Lambda\) is none that nnfast has; it has InputLayer, Den"),
    (
        lambda config, layers: config["config"]["layers"].__setitem__(
            1, json.loads(json.dumps({**config, "config": {**config["config"], "name": "within"}}))
        ),
        r"layer 'dense\w*' \(Dense\) has 0 weights in the file; wanted are kernel, bias",
    ),
    (layer_is(class_name="Conv2D"), r"layer 'dense\w*' \(Conv2D\) is none that nnfast has"),
    (layer_is(module="mine.layers"), "is a Dense, a class of its author's own, whose code is not"),
    (layer_is(registered_name="mine>Dense"), "is a mine>Dense, a class of its author's own"),
    (dense_has(units=7), r"kernel of layer .* has the shape \(4, 3\); wanted is \(4, 7\)"),
    (dense_has(units=2**40), "units of Dense is"),
    (dense_has(units="3"), "units of Dense is '3'"),
    (dense_has(use_bias=False, units=5), "has the shape"),
    (dense_has(activation="relu6"), "the activation 'relu6', which nnfast does not"),
    (
        dense_has(activation={"module": "os", "class_name": "function", "config": "system"}),
        "code of its author's own",
    ),
    (dense_has(activation={"class_name": "Lambda", "config": {}}), "activation 'Lambda'"),
    (dense_has(activation=3), "has 3"),
    (dense_has(dtype="int8_from_float32"), "is quantized"),
    (dense_has(quantization_config={"mode": "int8"}), "wanted is a plain Dense"),
    (lambda config, layers: config.update(class_name="MyModel"), "the model is a MyModel, a class"),
    (lambda config, layers: config["config"].update(layers=[]), "has no layers"),
    (lambda config, layers: config["config"].pop("layers"), "what it says has no 'layers'"),
    (lambda config, layers: config["config"]["layers"].pop(0), "does not say the shape"),
    (lambda config, layers: config["config"]["layers"][1].pop("config"), "has no 'config'"),
    (
        lambda config, layers: config["config"]["layers"][1]["config"].pop("units"),
        "say its 'units'",
    ),
    (lambda config, layers: config["config"]["layers"].append(None), "cannot be read"),
    (lambda config, layers: config.update(config=3), "cannot be read"),
]


@pytest.mark.parametrize(("change", "problem"), WRONG)
def test_a_wrong_description_is_one_sentence(change, problem, tmp_path):
    def both(config, layers):
        if config["config"]["layers"][0]["config"].get("batch_input_shape"):
            config["config"].pop("build_input_shape", None)
        change(config, layers)

    path = changed(tmp_path, both)
    with pytest.raises(ValueError, match=problem) as caught:
        nn.interop.read_keras(path)
    assert repr(str(path)) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


PLACE = "_layer_checkpoint_dependencies/dense/vars"


def replaced(make):
    def change(root):
        del root[f"{PLACE}/0"]
        make(root)

    return change


def claiming(root):
    root.create_dataset(f"{PLACE}/0", shape=(2**20, 2**10), dtype="f8", chunks=(1024, 1024))


def virtual(root):
    layout = h5py.VirtualLayout((4, 3), "f4")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "data", (4, 3))
    root.create_virtual_dataset(f"{PLACE}/0", layout)


def linked(link):
    def make(root):
        root[f"{PLACE}/0"] = link

    return make


SPOILED = [
    (replaced(lambda root: None), "has 1 weights in the file; wanted are kernel, bias"),
    (replaced(lambda root: root.create_group(f"{PLACE}/0")), "kernel of .* is not in the file"),
    (replaced(linked(h5py.ExternalLink("/etc/passwd", "data"))), "'0' is a link to another place"),
    (replaced(linked(h5py.SoftLink("/vars"))), "'0' is a link to another place"),
    (replaced(virtual), "is said to be in another file, which is not read"),
    (
        replaced(
            lambda root: root.create_dataset(
                f"{PLACE}/0", (4, 3), "f4", external=[("elsewhere", 0, 48)]
            )
        ),
        "is said to be in another file, which is not read",
    ),
    (
        replaced(lambda root: root.create_dataset(f"{PLACE}/0", data=np.zeros((3, 4), "f4"))),
        r"kernel of layer .* has the shape \(3, 4\); wanted is \(4, 3\)",
    ),
    (
        replaced(lambda root: root.create_dataset(f"{PLACE}/0", data=np.zeros((4, 3), "i4"))),
        "holds int32; wanted are floats",
    ),
    (
        replaced(lambda root: root.create_dataset(f"{PLACE}/0", data=np.full((4, 3), b"x"))),
        "wanted are floats",
    ),
]


@pytest.mark.parametrize(("weights", "problem"), SPOILED)
def test_wrong_weights_are_one_sentence(weights, problem, tmp_path):
    path = changed(tmp_path, weights=weights)
    with pytest.raises(ValueError, match=problem):
        nn.interop.read_keras(path)


def test_a_bomb_is_not_opened(tmp_path):
    def wide(config, layers):
        config["config"]["layers"][0]["config"]["batch_input_shape"] = [None, 2**20]
        config["config"]["layers"][1]["config"]["units"] = 2**10

    path = changed(tmp_path, wide, replaced(claiming))
    assert path.stat().st_size < 100_000
    with pytest.raises(ValueError, match=r"claims 8589934592 bytes and has 0; it is not read"):
        nn.interop.read_keras(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", bytes(_hdf5.SMALL + 1))
    with pytest.raises(ValueError, match="such an archive is not opened"):
        nn.interop.read_keras(path)


def test_no_such_file_and_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"path is '.*none.keras', where there is no file"):
        nn.interop.read_keras(tmp_path / "none.keras")
    with pytest.raises(IsADirectoryError, match="which is a folder"):
        nn.interop.read_keras(tmp_path)


@pytest.mark.parametrize("content", [b"", b"abc", b"PK\x03\x04" + bytes(99), b"\x89HDF\r\n\x1a\n"])
def test_another_kind_of_file_is_one_sentence(content, tmp_path):
    (tmp_path / "model.keras").write_bytes(content)
    with pytest.raises(ValueError, match="but truncated, damaged or of another kind"):
        nn.interop.read_keras(tmp_path / "model.keras")


def test_an_archive_of_something_else_is_one_sentence(tmp_path):
    path = tmp_path / "model.keras"
    for members, problem in (
        ({}, "has no 'config.json'; wanted is the archive that Keras writes"),
        ({"config.json": "{"}, "is damaged: it is no JSON"),
        ({"config.json": "[" * 100_000}, "is damaged: it is no JSON"),
        ({"config.json": "[]"}, "describes no model"),
        ({"config.json": "{}"}, "has no 'model.weights.h5'"),
        ({"config.json": "{}", "model.weights.h5": "x"}, "is no whole HDF5 file"),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in members.items():
                archive.writestr(name, text)
        with pytest.raises(ValueError, match=problem):
            nn.interop.read_keras(path)
    with h5py.File(path, "w") as root:
        root["data"] = 1.0
    with pytest.raises(ValueError, match="is an HDF5 file, but not one that Keras wrote"):
        nn.interop.read_keras(path)


@pytest.mark.parametrize("name", ["classifier.keras", "classifier.h5"])
def test_a_file_cut_anywhere_is_refused(name, tmp_path):
    content = (FILES / name).read_bytes()
    path = tmp_path / "cut"
    for place in sorted({*range(0, len(content), 997), len(content) - 1}):
        path.write_bytes(content[:place])
        with pytest.raises(ValueError, match="truncated, damaged or of another kind"):
            nn.interop.read_keras(path)


def test_a_path_of_another_kind_is_refused(tmp_path):
    net = nn.FeedForward("2-1")
    for name in ("model.txt", "model", "model.weights.h5"):
        with pytest.raises(ValueError, match=r"wanted is one that ends in \.keras or \.h5"):
            nn.interop.write_keras(net, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("layers", "problem"),
    [
        ([nn.Input(2), nn.Dense(1, "step")], "the activation Step"),
        ([nn.Input(2), nn.Dense(1, nn.activations.GELU(approximate=True))], "the activation GELU"),
        ([nn.Input(2), nn.Standardize(), nn.Dense(1)], "has seen none yet"),
    ],
)
def test_what_keras_does_not_have_is_refused_by_name(layers, problem, tmp_path):
    net = nn.FeedForward(layers, backend="numpy")
    with pytest.raises(ValueError, match=problem):
        nn.interop.write_keras(net, tmp_path / "model.keras")
    assert list(tmp_path.iterdir()) == []


def test_what_predictions_do_not_need_is_left_out_with_a_warning(tmp_path):
    net = nn.FeedForward([nn.Input(2), nn.Dense(2, mask=[[1, 0], [1, 1]])])
    net.compile(nn.Rprop())
    with pytest.warns(UserWarning, match=r"since Keras has none such: the mask of De.*; Rprop\("):
        nn.interop.write_keras(net, tmp_path / "model.keras")
    again = nn.interop.read_keras(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(np.eye(2)), net.predict(np.eye(2)))


def test_what_is_a_user_s_own_is_left_out_with_a_warning(tmp_path):
    class MeanSquaredError(nn.CustomLoss):  # which is none of ours, whatever it is called
        name = "mean_squared_error"

    def nearly(targets, outputs):
        return 0.0

    net = nn.FeedForward("2-1").compile(metrics=[nearly, "mae"])
    with pytest.warns(UserWarning, match=r"none such: the metric nearly$"):
        nn.interop.write_keras(net, tmp_path / "model.keras")
    again = nn.interop.read_keras(tmp_path / "model.keras")
    assert [metric.name for metric in again.metrics] == ["mean_absolute_error"]
    net.compile(loss=MeanSquaredError())
    with pytest.warns(UserWarning, match=r"none such: .*MeanSquaredError"):
        nn.interop.write_keras(net, tmp_path / "model.keras")


def test_without_h5py_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"pip install 'nnfast\[keras\]'"):
        nn.interop.read_keras(FILES / "classifier.keras")
    with pytest.raises(ImportError, match=r"pip install 'nnfast\[keras\]'"):
        nn.interop.write_keras(nn.FeedForward("2-1"), tmp_path / "model.keras")


def test_reading_imports_neither_keras_nor_pickle(tmp_path):
    shutil.copy(FILES / "classifier.keras", tmp_path)
    code = (
        "import sys, nnfast as nn; nn.interop.read_keras('classifier.keras'); "
        "assert not {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_an_older_functional_model_s_graph(tmp_path):
    """Keras 2 had nodes as lists; and a call with training=True draws at random."""

    def older_nodes(training):
        def change(config, layers):
            for layer in layers.values():
                for node in layer["inbound_nodes"]:
                    args = node["args"]
                    given = args[0] if isinstance(args[0], list) else args
                    names = [one["config"]["keras_history"][0] for one in given]
                    layer["inbound_nodes"] = [[[name, 0, 0, {**training}] for name in names]]
            config["class_name"] = "Model"

        return change

    net = nn.interop.read_keras(changed(tmp_path, older_nodes({}), name="blocks"))
    assert_as_expected(net, "blocks")
    with pytest.raises(ValueError, match="is called with training=True, so that predictions"):
        nn.interop.read_keras(changed(tmp_path, older_nodes({"training": True}), name="blocks"))


TAKEN = {  # by Keras' losses, and by its optimizers
    *("from_logits", "label_smoothing", "alpha", "gamma", "apply_class_balancing", "delta"),
    *("learning_rate", "momentum", "nesterov", "rho", "epsilon", "centered", "beta_1", "beta_2"),
    *("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema"),
    *("gradient_accumulation_steps", "initial_accumulator_value"),
}


def test_what_is_written_keras_takes():
    """A parameter that only nnfast has is left out where it is as usual, and not said otherwise."""
    from nnfast.interop import _keras_specs as specs

    for name in specs.KERAS_LOSSES:
        written = specs.written_loss(nn.losses.registry.get(name))
        assert set(written["config"]) <= TAKEN - {"epsilon"}
    for name in nn.optimizers.registry.names:
        written = specs.written_optimizer(nn.optimizers.registry.get(name))
        assert written is None or set(written["config"]) <= TAKEN
    assert specs.written_loss(nn.Poisson(epsilon=1e-3)) is None
    assert specs.written_loss(nn.KLDivergence(from_logits=True)) is None
    assert specs.written_optimizer(nn.Nadam(momentum_decay=0.004)) is None


def test_one_array_under_many_names_is_not_read_again_and_again(tmp_path, monkeypatch):
    monkeypatch.setattr(_hdf5, "TOGETHER", 200)
    monkeypatch.setattr(_hdf5, "HDF5_EXPANSION", 0)
    with pytest.raises(ValueError, match="claim far more bytes together than are stored"):
        nn.interop.read_keras(FILES / "classifier.keras")
    with pytest.raises(ValueError, match="claim far more bytes together than are stored"):
        nn.interop.read_keras(FILES / "classifier.h5")
    monkeypatch.undo()

    def wide(config, layers):
        for name in ("numbers", "colour"):
            layers[name]["config"]["batch_shape"] = [None, 40]

    monkeypatch.setattr(_hdf5, "TOGETHER", 1000)
    with pytest.raises(ValueError, match=r"the table of layer .* is wanted 40 times, which are 12"):
        nn.interop.read_keras(changed(tmp_path, wide, name="table"))


@pytest.mark.parametrize("name", ["classifier.keras", "classifier.h5"])
def test_a_whole_model_takes_no_architecture(name):
    with pytest.raises(ValueError, match="says its own architecture; wanted is none beside it"):
        nn.interop.read(FILES / name, architecture="4-5-3")


def test_weights_alone_of_keras_2(tmp_path):
    """A group for each layer at the root, those without weights among them."""
    rng = np.random.default_rng(0)
    net = nn.FeedForward(CLASSIFIER, seed=0, bias="embedded", dtype="float64")
    kernels = [rng.normal(size=size) for size in ((4, 5), (5,), (5,), (5, 3), (3,))]
    names = {
        "in": [],
        "first": ["kernel:0", "bias:0"],
        "slopes": ["alpha:0"],
        "drop": [],
        "second": ["kernel:0", "bias:0"],
    }
    left = iter(kernels)
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as root:
        root.attrs["layer_names0"] = [np.bytes_(name) for name in list(names)[:2]]
        root.attrs["layer_names1"] = [np.bytes_(name) for name in list(names)[2:]]
        for name, arrays in names.items():
            group = root.create_group(name)
            group.attrs["weight_names"] = [np.bytes_(f"{name}/{one}") for one in arrays]
            for one in arrays:
                group.create_dataset(f"{name}/{one}", data=next(left))
    found = nn.interop.read_keras(path, architecture=net)
    kernel, bias, alpha, last, final = kernels
    expected = [np.vstack([bias, kernel]), alpha, np.vstack([final, last])]
    for ours, theirs in zip(found.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="has no further layer with weights; wanted is a Dense"):
        nn.interop.read_keras(path, architecture=[*CLASSIFIER, nn.Dense(2)])
