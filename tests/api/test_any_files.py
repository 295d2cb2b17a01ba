"""`nn.interop.read` and `write`: whose file it is, by its suffix and by what is in it."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import nnfast as nn

FILES = Path(__file__).parents[1] / "fixtures"
NAMES = ["a.safetensors", "a.keras", "a.h5"]
X = np.random.default_rng(0).normal(size=(5, 4))


def network():
    net = nn.FeedForward("4-5-3", hidden="tanh", output="softmax", seed=0)
    net.fit(X, np.arange(5) % 3)
    return net


@pytest.mark.parametrize("name", [*NAMES, "A.H5", "A.KERAS", "a.hdf5", "a.onnx"])
def test_by_suffix(name, tmp_path):
    net = network()
    nn.interop.write(net, tmp_path / name)
    again = nn.interop.read(tmp_path / name)
    np.testing.assert_array_equal(again.predict(X), net.predict(X))
    assert again.optimizer == net.optimizer or name == "a.onnx"


@pytest.mark.parametrize("name", NAMES)
def test_by_what_is_in_it(name, tmp_path):
    net = network()
    nn.interop.write(net, tmp_path / name)
    for other in ("model", "model.bin", "model.safetensors"):
        shutil.copy(tmp_path / name, tmp_path / other)
        if name == "a.keras" and other != "model":
            continue  # a zip archive that is called otherwise is taken for what it is called
        np.testing.assert_array_equal(nn.interop.read(tmp_path / other).predict(X), net.predict(X))


def test_a_state_dict():
    path = FILES / "torch" / "plain.safetensors"
    net = nn.interop.read(path, [nn.Input(4), nn.Dense(5, "tanh"), nn.Dense(3, "softmax")])
    assert net.architecture == "4-5-3"
    with pytest.raises(ValueError, match="wanted is architecture"):
        nn.interop.read(path)


def test_weights_alone_of_keras(tmp_path):
    net = network()
    nn.interop.write(net, tmp_path / "model.keras")
    with pytest.raises(ValueError, match="wanted is also architecture"):
        nn.interop.read(FILES / "keras" / "classifier.weights.h5")


def test_an_architecture_for_a_file_that_says_its_own(tmp_path):
    network().save(tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match=r"goes with a file of weights alone; .* says its own"):
        nn.interop.read(tmp_path / "a.safetensors", "4-5-3")


def test_no_such_file_and_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"path is '.*none', where there is no file"):
        nn.interop.read(tmp_path / "none")
    with pytest.raises(IsADirectoryError, match="which is a folder"):
        nn.interop.read(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("model.txt", b"hello", "is of no kind that is known"),
        ("model", b"", "is of no kind that is known"),
        ("model.pkl", pickle.dumps([1]), "is a pickle, which can hold code and is not read"),
        ("model.pt", pickle.dumps([1], protocol=2), "is what torch.save wrote, a pickle"),
        ("model.onnx", b"hello", "cannot read|damaged|truncated"),
        ("model.keras", b"hello", "is no whole zip archive but truncated"),
        ("model.h5", b"", "is no whole HDF5 file but truncated"),
        ("model.safetensors", b"hello", "is no whole safetensors file but truncated"),
        ("model", b"PK\x03\x04" + bytes(99), "is no whole zip archive but truncated"),
    ],
)
def test_another_kind_of_file_is_one_sentence(name, content, problem, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=problem):
        nn.interop.read(tmp_path / name)


def test_another_model_s_safetensors_is_one_sentence(tmp_path):
    path = tmp_path / "model.safetensors"
    safetensors.numpy.save_file({"embed.weight_ih": np.ones((2, 2))}, path, {"format": "pt"})
    with pytest.raises(ValueError, match="does not say which architecture"):
        nn.interop.read(path)


def test_a_suffix_of_another_kind_is_refused(tmp_path):
    for name in ("model", "model.pt", "model.txt"):
        with pytest.raises(ValueError, match=r"wanted is one that ends in \.safetensors, "):
            nn.interop.write(network(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_every_public_name_is_there():
    for name in nn.interop.__all__:
        assert callable(getattr(nn.interop, name))
        assert name in dir(nn.interop)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        nn.interop.nothing  # noqa: B018
