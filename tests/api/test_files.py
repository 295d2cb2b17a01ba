"""Files: what is saved comes back, damage is found, and a failing write costs nothing."""

from __future__ import annotations

import contextlib
import io
import json
import os
import struct

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings, strategies as st
from safetensors import safe_open

import nnfast as nn
from nnfast import _files

LAYERS = [nn.Input(2), nn.Dense(5, "prelu"), nn.Dropout(0.2), nn.Dense(3, "softmax")]
BROKEN = "is no whole safetensors file but truncated, damaged or of another kind"
NAMES = np.array(["rot", "grün", "blau"])


def trained(blobs, **options):
    X, y = blobs
    net = nn.FeedForward(LAYERS, seed=2**64 - 1, **options)
    net.compile(nn.RMSprop(momentum=0.9), metrics=["acc", "mae"])
    net.fit(X, NAMES[y], epochs=2, batch_size=7, validation_data=(X, NAMES[y]))
    return net


def assert_same(first, second):
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for name in ("history", "layers", "bias", "dtype", "seed", "optimizer", "loss", "metrics"):
        assert getattr(first, name) == getattr(second, name)
    np.testing.assert_array_equal(first.classes_, second.classes_)


@pytest.fixture
def saved(blobs, backend, tmp_path):
    path = tmp_path / "net.safetensors"
    trained(blobs).save(path)
    return path


@pytest.mark.parametrize("bias", ["parameter", "embedded"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_training_goes_on_to_the_same_numbers(bias, dtype, backend, blobs, tmp_path):
    net = trained(blobs, bias=bias, dtype=dtype)
    net.save(tmp_path / "a")
    other = nn.load(os.fspath(tmp_path / "a"), threads=2)
    assert_same(net, other)
    assert other.threads == 2
    np.testing.assert_array_equal(net.predict_classes(blobs[0]), other.predict_classes(blobs[0]))
    for each in (net, other):
        each.fit(blobs[0], NAMES[blobs[1]], epochs=2, batch_size=7)
    net.save(tmp_path / "b")
    other.save(tmp_path / "c")
    assert_same(nn.load(tmp_path / "b"), nn.load(tmp_path / "c"))
    assert (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()


def test_without_the_optimizer_the_rest_comes_back(backend, blobs, tmp_path):
    net = trained(blobs)
    net.save(tmp_path / "whole")
    net.save(tmp_path / "part", include_optimizer=False)
    assert (tmp_path / "part").stat().st_size < (tmp_path / "whole").stat().st_size
    other = nn.load(tmp_path / "part")
    assert_same(net, other)
    net.compile(net.optimizer, net.loss, net.metrics)
    for each in (net, other):
        each.fit(blobs[0], NAMES[blobs[1]])
    assert_same(net, other)  # the order of the rows goes on, the optimizer starts afresh


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "linear"])
def test_a_new_network_comes_back(output, backend, tmp_path):
    net = nn.FeedForward("3-2-1", output=output, seed=1)
    net.save(tmp_path / "net")
    other = nn.load(tmp_path / "net")
    assert_same(net, other)
    assert other.classes_ is None


@pytest.mark.parametrize("labels", [NAMES.tolist()[:2], [False, True], [0, 1]])
def test_labels_come_back(labels, backend, blobs, tmp_path):
    X, y = blobs
    net = nn.FeedForward("2-1", output="sigmoid", seed=0)
    net.fit(X, np.array(labels)[(y == 0).astype(int)])
    net.save(tmp_path / "net")
    other = nn.load(tmp_path / "net")
    np.testing.assert_array_equal(other.predict_classes(X), net.predict_classes(X))
    assert other.classes_.dtype == net.classes_.dtype


def test_both_backends_read_the_same_file(blobs, tmp_path):
    pytest.importorskip("nnfast._core")
    X = blobs[0]
    for writer, reader in (("rust", "numpy"), ("numpy", "rust")):
        net = trained(blobs, backend=writer, dtype="float64")
        net.save(tmp_path / writer)
        other = nn.load(tmp_path / writer, backend=reader)
        assert other.backend == reader
        np.testing.assert_allclose(other.predict(X), net.predict(X), rtol=1e-10)
        for each in (net, other):
            each.fit(X, NAMES[blobs[1]], epochs=3)
        np.testing.assert_allclose(other.predict(X), net.predict(X), rtol=1e-8)


def test_the_file_is_plain_safetensors(saved):
    with safe_open(saved, framework="numpy") as file:
        header = json.loads(file.metadata()["nnfast"])
        names = set(file.keys())
    assert {
        "layers.0.kernel",
        "layers.0.alpha",
        "layers.2.bias",
        "optimizer.1.layers.2.bias",
    } <= names
    assert header["format"] == 1
    assert header["optimizer"]["name"] == "rmsprop"
    assert header["network"]["layers"][1] == {"type": "dropout", "rate": 0.2}


def rewritten(path, change):
    """Write a network's file again, with its description changed."""
    with safe_open(path, framework="numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        header = json.loads(file.metadata()["nnfast"])
    change(header, tensors)
    safetensors.numpy.save_file(tensors, path, {"nnfast": json.dumps(header)})


def test_no_such_file_and_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"path is '.*none', where there is no file"):
        nn.load(tmp_path / "none")
    with pytest.raises(IsADirectoryError, match="which is a folder; wanted is a file"):
        nn.load(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"abc",
        b"\x93NUMPY" + bytes(100),
        b"PK\x03\x04" + bytes(1000),
        b"#!/usr/bin/env python\nprint('not run')\n",
        struct.pack("<Q", 12) + b"not json at all",
    ],
)
def test_another_kind_of_file_is_one_sentence(content, tmp_path):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=BROKEN):
        nn.load(tmp_path / "file")


def test_a_safetensors_file_of_something_else_is_one_sentence(tmp_path):
    path = tmp_path / "file"
    for metadata in (None, {"format": "pt"}):
        safetensors.numpy.save_file({"w": np.zeros(3)}, path, metadata)
        with pytest.raises(ValueError, match="is a safetensors file but not a network of nnfast's"):
            nn.load(path)
    for text in ("", "{", "[]", "3", "null", "{}", '{"format": "x"}'):
        safetensors.numpy.save_file({"w": np.zeros(3)}, path, {"nnfast": text})
        with pytest.raises(ValueError, match="is damaged: its metadata cannot be read"):
            nn.load(path)


def test_a_newer_format_is_one_sentence(saved):
    rewritten(saved, lambda header, _: header.update(format=2, library="9.9"))
    with pytest.raises(ValueError, match=r"is of the file format 2, .* up to 1; .* nnfast 9.9"):
        nn.load(saved)


def test_a_wrong_backend_is_not_the_file_s_fault(saved):
    with pytest.raises(ValueError, match=r"^backend is 'cuda'"):
        nn.load(saved, backend="cuda")
    with pytest.raises(ValueError, match=r"^threads is 0"):
        nn.load(saved, threads=0)


CHANGES = [
    lambda header, tensors: header.pop("network"),
    lambda header, tensors: header["network"].update(inputs=-1),
    lambda header, tensors: header["network"].update(inputs=2**30),
    lambda header, tensors: header["network"].update(bias="both"),
    lambda header, tensors: header["network"].update(layers=[]),
    lambda header, tensors: header["network"].update(layers=None),
    lambda header, tensors: header["network"]["layers"].pop(),
    lambda header, tensors: header["network"]["layers"][0].update(units=2**40),
    lambda header, tensors: header["network"]["layers"][0].update(units=6),
    lambda header, tensors: header["network"]["layers"][0]["activation"].update(name="os.system"),
    lambda header, tensors: header["network"]["layers"][0]["activation"].update(code="print(1)"),
    lambda header, tensors: header.update(dtype="float64"),
    lambda header, tensors: header.update(dtype="object"),
    lambda header, tensors: header.update(dtype=None),
    lambda header, tensors: header.update(seed=-1),
    lambda header, tensors: header.update(seed="0"),
    lambda header, tensors: header["optimizer"].update(learning_rate=-1),
    lambda header, tensors: header["optimizer"].update(momentum=0.0),
    lambda header, tensors: header.update(optimizer={"name": "adamix"}),
    lambda header, tensors: header.update(loss={"name": "binary_cross_entropy"}),
    lambda header, tensors: header.update(metrics=["accuracy"]),
    lambda header, tensors: header.update(classes=["a", "b"]),
    lambda header, tensors: header.update(classes=[[1], [2], [3]]),
    lambda header, tensors: header.update(classes=[1.5, 2.5, 3.5]),
    lambda header, tensors: header.update(history=[1]),
    lambda header, tensors: header.update(history={"loss": ["x"]}),
    lambda header, tensors: header["state"].update(step=-1),
    lambda header, tensors: header["state"].update(step=2**70),
    lambda header, tensors: header["state"].update(epoch=1.5),
    lambda header, tensors: header["state"].update(slots=1),
    lambda header, tensors: header["state"].update(slots=10**12),
    lambda header, tensors: header["state"].update(loss={"name": "mse", "from_logits": True}),
    lambda header, tensors: header["state"].update(loss={"name": "binary_cross_entropy"}),
    lambda header, tensors: header.update(checksum=0),
    lambda header, tensors: tensors.pop("layers.0.kernel"),
    lambda header, tensors: tensors.update(more=np.zeros(3, np.float32)),
    lambda header, tensors: tensors.update({"layers.0.bias": np.zeros(4, np.float32)}),
    lambda header, tensors: tensors.update({"layers.0.bias": np.zeros(5, np.float64)}),
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_does_not_fit_together_is_one_sentence(change, saved):
    rewritten(saved, change)
    with pytest.raises(ValueError, match="is damaged: "):
        nn.load(saved)


def test_a_file_cut_anywhere_is_refused(saved, tmp_path):
    content = saved.read_bytes()
    header = struct.unpack("<Q", content[:8])[0]
    places = {*range(12), *range(0, len(content), 97), header + 7, header + 8, header + 9}
    cut = tmp_path / "cut"
    for place in sorted(places | {len(content) - 1}):
        cut.write_bytes(content[:place])
        with pytest.raises(ValueError, match=BROKEN):
            nn.load(cut)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_a_file_with_a_wrong_bit_is_refused_or_harmless(saved, data):
    content = bytearray(saved.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    damaged = saved.with_name("damaged")
    damaged.write_bytes(content)
    header = struct.unpack("<Q", saved.read_bytes()[:8])[0]
    if place >= 8 + header:
        with pytest.raises(ValueError, match="checksum"):
            nn.load(damaged)
        return
    with contextlib.suppress(ValueError):  # one of the sentences above; anything else is a bug
        nn.load(damaged)


@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failing_write_leaves_the_old_file_whole(failing, error, saved, monkeypatch):
    before = saved.read_bytes()

    def fail(*args, **kwargs):
        raise error

    class Full(io.FileIO):
        def write(self, content):
            super().write(content[: len(content) // 2])
            raise error

    with monkeypatch.context() as patched:
        if failing == "write":
            patched.setattr(_files, "open", lambda name, mode: Full(name, mode), raising=False)
        else:
            patched.setattr(os, failing, fail)
        with pytest.raises(type(error)):
            nn.FeedForward("1-1").save(saved)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]
    nn.FeedForward("1-1").save(saved)
    assert nn.load(saved).architecture == "1-1"


def test_a_write_goes_through_a_link(saved, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(saved)
    nn.FeedForward("1-1").save(link)
    assert link.is_symlink()
    assert nn.load(saved).architecture == "1-1"


def test_a_file_keeps_its_mode(saved):
    saved.chmod(0o640)
    nn.FeedForward("1-1").save(saved)
    assert saved.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("name", "function"),
    [("net.keras", "keras"), ("net.H5", "keras"), ("net.onnx", "onnx")],
)
def test_a_file_of_another_library_is_pointed_to(name, function, tmp_path):
    net = nn.FeedForward("2-1", seed=0)
    with pytest.raises(ValueError, match=rf"save writes nnfast's own .*write_{function}\(net, pa"):
        net.save(tmp_path / name)
    assert os.listdir(tmp_path) == []
    nn.interop.write(net, tmp_path / name)
    with pytest.raises(
        ValueError, match=rf"of another kind .*; nnfast.interop.read_{function} rea"
    ):
        nn.load(tmp_path / name)


def test_a_write_to_nowhere_fails_at_once(tmp_path):
    with pytest.raises(FileNotFoundError):
        nn.FeedForward("1-1").save(tmp_path / "none" / "net")
    with pytest.raises(TypeError, match="include_optimizer is 1"):
        nn.FeedForward("1-1").save(tmp_path / "net", include_optimizer=1)
    assert os.listdir(tmp_path) == []


def test_a_diverged_network_comes_back(backend, tmp_path):
    net = nn.FeedForward("1-1", seed=0)
    net.set_weights([[[np.nan]], [np.inf]])
    net.save(tmp_path / "net")
    np.testing.assert_array_equal(nn.load(tmp_path / "net").get_weights()[0], [[np.nan]])


def test_the_key_and_the_format_are_fixed():
    assert (_files.KEY, _files.FORMAT) == ("nnfast", 1)


COLUMNS = {"colour": ["red", "blue", "?"], "weight": [1.0, None, 3.0], "price": [9.0, 11.0, 10.0]}


def for_a_table():
    table = nn.Table.fit(COLUMNS, target="price")
    net = nn.FeedForward([*table.layers(), nn.Dense(1)], seed=0)
    net.table = table
    net.fit(table.encode(COLUMNS), table.targets(COLUMNS), epochs=2)
    return net


def test_what_the_columns_mean_is_kept(backend, tmp_path):
    net = for_a_table()
    net.save(tmp_path / "net")
    again = nn.load(tmp_path / "net")
    assert again.table.config() == net.table.config()
    rows = {"weight": ["2", "?"], "colour": ["green", "red"]}
    np.testing.assert_array_equal(
        again.predict(again.table.encode(rows)), net.predict(net.table.encode(rows))
    )
    net.table = None
    net.save(tmp_path / "net")
    assert nn.load(tmp_path / "net").table is None


def test_a_table_that_does_not_fit_is_refused():
    net = for_a_table()
    with pytest.raises(ValueError, match="table makes 1 columns; the network has 3 inputs"):
        net.table = nn.Table.fit({"a": [1]})
    with pytest.raises(TypeError, match="table is a dict; wanted is a Table"):
        net.table = COLUMNS


NUMBERS = {"name": "a", "categories": None, "mean": 0.0, "has_gaps": False}


@pytest.mark.parametrize(
    "change",
    [
        {"columns": [NUMBERS]},
        {"columns": [{"name": "a"}]},
        {"columns": [{"name": "a", "categories": None, "mean": "0", "has_gaps": False}] * 3},
        {"columns": [{**NUMBERS, "bounds": [3.0, 1.0]}] * 3},
        {"columns": [{**NUMBERS, "bounds": [1.0]}] * 3},
        {"columns": 3},
        {"missing": 3},
    ],
)
def test_a_damaged_table_is_found(change, tmp_path):
    for_a_table().save(tmp_path / "net")
    with safe_open(tmp_path / "net", framework="numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        header = json.loads(file.metadata()[_files.KEY])
    header["table"] |= change
    safetensors.numpy.save_file(tensors, tmp_path / "net", {_files.KEY: json.dumps(header)})
    with pytest.raises(ValueError, match="is damaged"):
        nn.load(tmp_path / "net")
