"""State_dicts without PyTorch: those that the real one wrote, and wrong ones of every kind.

`tests/peers/test_torch_files.py` is where the real PyTorch reads and writes.
"""

from __future__ import annotations

import io
import itertools
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from safetensors import safe_open

import nnfast as nn

FILES = Path(__file__).parents[1] / "fixtures" / "torch"
EXPECTED = np.load(FILES / "expected.npz")
LAYERS = {
    "plain": [nn.Input(4), nn.Dense(5, "tanh"), nn.Dense(3, "softmax")],
    "normalized": [
        nn.Input(4),
        nn.Dense(5, use_bias=False),
        nn.BatchNorm(epsilon=1e-5, momentum=0.9),
        nn.Activation("relu"),
        nn.Dropout(0.1),
        nn.Dense(4, "prelu"),
        nn.LayerNorm(epsilon=1e-5),
        nn.Dense(3),
    ],
}


@pytest.mark.parametrize("name", LAYERS)
def test_what_pytorch_wrote(name, backend):
    net = nn.interop.read_torch(FILES / f"{name}.safetensors", LAYERS[name])
    assert net.backend == backend
    np.testing.assert_allclose(net.predict(EXPECTED["X"]), EXPECTED[name], rtol=1e-5, atol=1e-5)


def test_the_architecture_may_be_a_network_or_a_string():
    path = FILES / "plain.safetensors"
    given = nn.FeedForward("4-5-3", hidden="tanh", output="softmax", bias="embedded", seed=7)
    given.compile("sgd")
    before = given.get_weights()
    net = nn.interop.read_torch(path, given)
    np.testing.assert_allclose(net.predict(EXPECTED["X"]), EXPECTED["plain"], rtol=1e-5)
    assert (net.bias, net.seed, net.optimizer) == ("embedded", 7, nn.SGD())
    np.testing.assert_array_equal(given.get_weights()[0], before[0])
    assert nn.interop.read_torch(path, "4-5-3").layers == nn.FeedForward("4-5-3").layers


def test_without_an_architecture_it_is_asked_for():
    with pytest.raises(ValueError, match=r"of 4-5-3, .* nn\.FeedForward\('4-5-3'"):
        nn.interop.read_torch(FILES / "plain.safetensors")
    with pytest.raises(ValueError, match=r"wanted is architecture, for module '0' \(Linear: wei"):
        nn.interop.read_torch(FILES / "normalized.safetensors")


def named(tmp_path, sizes, names):
    """Write Linear modules of these sizes under these names; return them in this order."""
    rng = np.random.default_rng(0)
    state, kernels = {}, []
    for name, (inputs, outputs) in zip(names, itertools.pairwise(sizes), strict=True):
        kernels.append(rng.normal(size=(outputs, inputs)).astype(np.float32))
        state[f"{name}.weight"] = kernels[-1]
        state[f"{name}.bias"] = np.zeros(outputs, np.float32)
    safetensors.numpy.save_file(state, tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors", kernels


@pytest.mark.parametrize(
    ("sizes", "names"),
    [
        ([4, 5, 3], ["input", "output"]),
        ([4, 5, 3], ["output", "input"]),
        ([4, 5, 5, 3], ["input", "hidden", "output"]),
        ([4, 5, 5, 5, 3], ["fc1", "fc2", "fc3", "out"]),
        ([4, 5, 5, 5, 3], ["fc1", "fc2", "fc10", "a_head"]),
        ([5] * 12, [f"layers.{place}" for place in range(11)]),
        ([5, 5, 5, 3], ["encoder.0", "encoder.2", "decoder.0"]),
    ],
)
def test_names_in_the_only_order_that_fits(sizes, names, tmp_path):
    path, kernels = named(tmp_path, sizes, names)
    net = nn.interop.read_torch(path, "-".join(map(str, sizes)))
    for ours, theirs in zip(net.get_weights()[::2], kernels, strict=True):
        np.testing.assert_array_equal(ours, theirs.T)


def test_names_in_several_orders_are_asked_for(tmp_path):
    names = ["input", "hidden", "output"]
    path, kernels = named(tmp_path, [5, 5, 5, 5], names)
    with pytest.raises(ValueError, match=r"fit in several orders, such as hidden, input, output"):
        nn.interop.read_torch(path, "5-5-5-5")
    net = nn.interop.read_torch(path, "5-5-5-5", modules=names)
    for ours, theirs in zip(net.get_weights()[::2], kernels, strict=True):
        np.testing.assert_array_equal(ours, theirs.T)
    for wrong in (["input"], "input", ["input", "hidden", "out"], 3):
        with pytest.raises(ValueError, match=r"modules is .*; wanted is a list of 'hidden', 'inp"):
            nn.interop.read_torch(path, "5-5-5-5", modules=wrong)


def test_the_metadata_says_what_it_is(tmp_path):
    net = nn.FeedForward(LAYERS["normalized"], seed=0)
    path = tmp_path / "model.safetensors"
    nn.interop.write_torch(net, path)
    with safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()["nnfast.torch"])
        assert file.metadata()["format"] == "pt"  # as other libraries' files say it
        assert file.get_tensor("5.weight").shape == (4,)
        np.testing.assert_array_equal(file.get_tensor("0.weight"), net.get_weights()[0].T)
    assert header["modules"] == [
        "Linear(4, 5, bias=False)",
        "BatchNorm1d(5, eps=1e-05, momentum=0.1)",
        "ReLU()",
        "Dropout(0.1)",
        "Linear(5, 4)",
        "PReLU(4)",
        "LayerNorm(4, eps=1e-05)",
        "Linear(4, 3)",
    ]
    again = nn.interop.read_torch(path)
    assert again.layers == net.layers
    for ours, theirs in zip(net.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_labels_come_along(tmp_path):
    net = nn.FeedForward("4-3", output="softmax", seed=0)
    net.fit(EXPECTED["X"], np.array(["red", "blue", "red", "green", "blue"]))
    nn.interop.write_torch(net, tmp_path / "model.safetensors")
    again = nn.interop.read_torch(tmp_path / "model.safetensors")
    assert again.classes_.tolist() == ["blue", "green", "red"]


# What is refused ---------------------------------------------------------------------------------


def test_no_such_file_and_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"path is '.*none', where there is no file"):
        nn.interop.read_torch(tmp_path / "none")
    with pytest.raises(IsADirectoryError, match="which is a folder"):
        nn.interop.read_torch(tmp_path)


def test_what_torch_save_wrote_is_not_opened(tmp_path):
    class Bomb:
        def __reduce__(self):
            return pytest.fail, ("the pickle was run",)

    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps(Bomb(), protocol=2))
    with pytest.raises(ValueError, match="a pickle, which is not read"):
        nn.interop.read_torch(path)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb(), protocol=2))
    path.write_bytes(content.getvalue())
    with pytest.raises(ValueError, match="a pickle, which is not read"):
        nn.interop.read_torch(path)


def test_a_truncated_file_is_refused(tmp_path):
    content = (FILES / "plain.safetensors").read_bytes()
    path = tmp_path / "cut"
    for place in (0, 4, 8, 100, len(content) - 1):
        path.write_bytes(content[:place])
        with pytest.raises(ValueError, match="truncated, damaged or of another kind"):
            nn.interop.read_torch(path, LAYERS["plain"])


W = np.ones((3, 4), np.float32)
B = np.ones(3, np.float32)
ONE = [nn.Input(4), nn.Dense(3)]
WRONG = [
    ({"0.weight": W}, ONE, r"module '0' \(Linear: weight \(3, 4\)\) has no bias, which Dense"),
    (
        {"0.weight": W, "0.bias": B},
        [nn.Input(4), nn.Dense(3, use_bias=False)],
        "has a bias, which Dense.* has not",
    ),
    ({"0.weight": W.T, "0.bias": B}, ONE, r"of the shape \(4, 3\); wanted for .* \(3, 4\)"),
    (
        {"0.weight": W, "0.bias": B[:2]},
        ONE,
        r"has a bias of the shape \(2,\); wanted for .* is \(3,\)",
    ),
    (
        {"0.weight": W, "0.bias": B, "1.weight": W, "1.bias": B},
        ONE,
        "module '1' .* belongs to no layer of the architecture",
    ),
    (
        {"0.weight": W, "0.bias": B},
        [nn.Input(4), nn.Dense(3), nn.Dense(1)],
        r"has no further module; wanted is one for Dense\(1",
    ),
    (
        {"0.weight": W, "0.bias": B},
        [nn.Input(4), nn.BatchNorm(), nn.Dense(3)],
        r"module '0' \(Linear: .* comes where one for BatchNorm",
    ),
    (
        {"0.weight": W[None, None], "0.bias": B},
        ONE,
        r"module '0' \(module of another kind: .* comes where one for Dense",
    ),
    ({"0.weight_ih": W, "0.weight_hh": W}, ONE, "module of another kind"),
    ({"0.weight": W.astype(np.int8), "0.bias": B}, ONE, "holds int8; wanted are floats"),
    ({"0.weight": W, "0.bias": B}, "4-x", "cannot be read: layers is '4-x'"),
    ({"0.weight": W, "0.bias": B}, 3, "cannot be read: layers is 3"),
    (
        {"0.weight": W, "0.bias": B},
        [nn.Input(4), nn.Embedding({0: (3, 2)}), nn.Dense(3)],
        "Embedding.* is nothing that PyTorch has a module for",
    ),
]


@pytest.mark.parametrize(("tensors", "architecture", "problem"), WRONG)
def test_what_does_not_fit_is_one_sentence(tensors, architecture, problem, tmp_path):
    path = tmp_path / "model.safetensors"
    safetensors.numpy.save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, path)
    with pytest.raises(ValueError, match=problem) as caught:
        nn.interop.read_torch(path, architecture)
    assert repr(str(path)) in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "{}", '{"format": 1}', '{"format": 9}'])
def test_metadata_that_is_damaged_is_one_sentence(text, tmp_path):
    path = tmp_path / "model.safetensors"
    safetensors.numpy.save_file({"0.weight": W}, path, {"nnfast.torch": text})
    with pytest.raises(ValueError, match=r"is damaged|cannot be read|file format 9"):
        nn.interop.read_torch(path)


@pytest.mark.parametrize(
    ("layers", "problem"),
    [
        ([nn.Input(2), nn.Dense(1, "step")], "the activation Step"),
        ([nn.Input(2), nn.Dense(1, "exponential")], "the activation Exponential"),
        ([nn.Input(2), nn.Standardize(), nn.Dense(1)], "has seen none yet"),
        ([nn.Input(2), nn.Embedding({1: (3, 2)}), nn.Dense(1)], "Embedding.* has no module for"),
        ([nn.Input(2, scale=-1.0), nn.Dense(1)], "a scale below 0"),
    ],
)
def test_what_pytorch_does_not_have_is_refused_by_name(layers, problem, tmp_path):
    with pytest.raises(ValueError, match=problem):
        nn.interop.write_torch(nn.FeedForward(layers, backend="numpy"), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_noise_is_left_out_with_a_warning(tmp_path):
    net = nn.FeedForward([nn.Input(2), nn.GaussianNoise(0.1), nn.Dense(1)], seed=0)
    with pytest.warns(UserWarning, match=r"PyTorch has none such: GaussianNoise\(0.1\)"):
        nn.interop.write_torch(net, tmp_path / "model")
    again = nn.interop.read_torch(tmp_path / "model")
    assert again.layers == net.layers
    with safe_open(tmp_path / "model", framework="numpy") as file:
        assert sorted(file.keys()) == ["1.bias", "1.weight"]
