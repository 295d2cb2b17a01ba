"""Files that earlier versions of the format wrote load, predict the same, and learn on.

`tests/fixtures/nnfast/write.py` says how they were made.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

import nnfast as nn
from nnfast import _files

FILES = Path(__file__).parents[1] / "fixtures" / "nnfast"
METHODS = {"oja": "Oja", "map": "SelfOrganizingMap", "machine": "BernoulliRBM"}
NAMES = sorted({path.stem for path in FILES.glob("*.safetensors")} - METHODS.keys())
LATER = {  # what the metadata did not have yet
    "first": ({"table"}, {"input_scale"}),
    "second_order": ({"table"}, set()),
    "before_tables": ({"table"}, set()),
}


def test_there_are_some():
    assert sorted(LATER) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_older_file(name, backend):
    kept = np.load(FILES / f"{name}.npz")
    X, y = kept["X"], kept["y"]
    net = nn.load(FILES / f"{name}.safetensors")
    assert net.backend == backend
    np.testing.assert_allclose(net.predict(X), kept["predicted"], rtol=1e-5, atol=1e-6)
    assert len(net.history["loss"]) == len(net.history["val_loss"]) == 2
    assert (net.classes_ is None) == (y.dtype.kind == "f")
    # The optimizer's state and the counters came along: the third epoch is what it was then.
    net.fit(X, y, epochs=1, batch_size=5)
    for place, array in enumerate(net.get_weights()):
        np.testing.assert_allclose(array, kept[f"weights.{place}"], rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", METHODS)
def test_an_older_file_of_another_method(name, backend):
    kept = np.load(FILES / f"{name}.npz")
    method = nn.unsupervised.load(FILES / f"{name}.safetensors")
    assert type(method).__name__ == METHODS[name]
    np.testing.assert_allclose(method.transform(kept["X"]), kept["transformed"], rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_older(name):
    header = nn.inspect(FILES / f"{name}.safetensors")
    of_file, of_network = LATER[name]
    assert not of_file & set(header)
    assert not of_network & set(header["network"])
    assert header["format"] == 1


@pytest.mark.parametrize("name", NAMES)
def test_written_again_it_is_of_today(name, tmp_path):
    kept = np.load(FILES / f"{name}.npz")
    net = nn.load(FILES / f"{name}.safetensors")
    net.save(tmp_path / "net")
    again = nn.load(tmp_path / "net")
    np.testing.assert_array_equal(again.predict(kept["X"]), net.predict(kept["X"]))
    assert again.history == net.history
    assert "table" in nn.inspect(tmp_path / "net")


# What a file says of itself ----------------------------------------------------------------------


def test_inspect_reads_no_weight(tmp_path, monkeypatch):
    net = nn.FeedForward("3-4-2", output="softmax", seed=7)
    net.fit(np.eye(3), np.array(["a", "b", "a"]), epochs=2)
    net.save(tmp_path / "net")
    monkeypatch.setattr(_files, "_read", None)
    found = nn.inspect(tmp_path / "net")
    assert found["classes"] == ["a", "b"]
    assert (found["seed"], found["dtype"]) == (7, "float32")
    assert found["history"] == net.history
    assert found["library"] == nn.__version__


def test_inspect_of_other_models_of_ours(tmp_path):
    nn.unsupervised.Oja().fit(np.eye(3)).save(tmp_path / "oja")
    assert nn.inspect(tmp_path / "oja")["method"] == "Oja"
    nn.unsupervised.CompetitiveLearning(2).fit(np.eye(3)).save(tmp_path / "units")
    assert nn.inspect(tmp_path / "units")["class"] == "CompetitiveLearning"
    nn.interop.write_torch(nn.FeedForward("3-2"), tmp_path / "torch")
    assert nn.inspect(tmp_path / "torch")["modules"] == ["Linear(3, 2)"]


def test_inspect_of_other_files_is_one_sentence(tmp_path):
    from safetensors.numpy import save_file

    with pytest.raises(FileNotFoundError, match=r"path is '.*none', where there is no file"):
        nn.inspect(tmp_path / "none")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ValueError, match="is no whole safetensors file"):
        nn.inspect(tmp_path / "text")
    for metadata in (None, {"format": "pt"}, {"nnfasts": "{}"}):
        save_file({"w": np.zeros(3)}, tmp_path / "other", metadata)
        with pytest.raises(ValueError, match="but not one of nnfast's"):
            nn.inspect(tmp_path / "other")
    for text in ("", "{", "[]", "3", "null"):
        save_file({"w": np.zeros(3)}, tmp_path / "damaged", {"nnfast": text})
        with pytest.raises(ValueError, match=r"is damaged|not one of nnfast's"):
            nn.inspect(tmp_path / "damaged")


@pytest.mark.filterwarnings("ignore::nnfast.TrainingWarning")
def test_the_metadata_is_json_as_others_read_it(tmp_path):
    """Numbers that JSON has not, of a run that went wrong, are words; and come back as numbers."""
    net = nn.FeedForward("1-1", seed=0).compile(nn.SGD(1e6))
    net.fit([[1e10], [1e10]], [0.0, 1e10], epochs=5, batch_size=2)
    assert not np.isfinite(net.history["loss"]).all()
    net.save(tmp_path / "net")
    with safe_open(tmp_path / "net", framework="numpy") as file:
        text = file.metadata()["nnfast"]

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    json.loads(text, parse_constant=refuse)
    np.testing.assert_array_equal(nn.load(tmp_path / "net").history["loss"], net.history["loss"])
