"""The command convert: to other libraries and back, and to programs."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import commands
import nnfast as nn
from nnfast.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a table, a model of it, and one of images."""
    folder = tmp_path_factory.mktemp("convert")
    data = commands.write(folder / "people.csv", commands.without(commands.people(), "price"))
    options = ["--target", "rich", "--quiet", "--epochs", "5", "--out", str(folder / "rich")]
    assert main(["train", str(data), *options]) == 0
    X, y = nn.datasets.digits()
    net = nn.FeedForward("64-16-10", output="softmax", seed=0)
    net.fit(X, y, epochs=2)
    net.save(folder / "digits.safetensors")
    np.save(folder / "X.npy", X)
    return folder


@pytest.fixture(autouse=True)
def here(folder, monkeypatch):
    monkeypatch.chdir(folder)


@pytest.mark.parametrize("new", ["digits.keras", "digits.h5", "digits.onnx", "again.safetensors"])
def test_there_and_back(new, capfd):
    found = commands.found(capfd, "convert", "digits.safetensors", new)
    assert found["out"] == new
    assert found["bytes"] > 4 * 64 * 16
    back = commands.found(capfd, "convert", new, "back.safetensors")
    assert back["to"] == "nnfast"
    X = np.load("X.npy")
    expected = nn.load("digits.safetensors").predict(X)
    np.testing.assert_allclose(nn.load("back.safetensors").predict(X), expected, atol=1e-5)
    # What it was need not be converted first.
    assert main(["predict", new, "X.npy", "--quiet"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].startswith("prediction,probability_0,")
    said = [int(line.split(",")[0]) for line in lines[1:]]
    assert said == expected.argmax(axis=1).tolist()
    shown = commands.found(capfd, "show", new)
    assert shown["architecture"] == "64-16-10"


def test_to_pytorch_and_back(capfd):
    commands.found(capfd, "convert", "digits.safetensors", "w.safetensors", "--to", "torch")
    commands.found(
        capfd, "convert", "w.safetensors", "back.safetensors", "--architecture", "64-16-10"
    )
    ours, back = nn.load("digits.safetensors"), nn.load("back.safetensors")
    for one, other in zip(ours.get_weights(), back.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("new", "to"), [("net.py", "python"), ("net.h", "c"), ("net.c", "c"), ("net.js", "javascript")]
)
def test_programs(new, to, folder, capfd):
    assert commands.found(capfd, "convert", "digits.safetensors", new)["to"] == to
    text = (folder / new).read_text()
    assert text == nn.load("digits.safetensors").to_source(to)
    if to == "python":
        specification = importlib.util.spec_from_file_location("net", folder / new)
        program = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(program)
        X = np.load("X.npy")[:3]
        said = [program.predict(row.tolist()) for row in X]
        expected = nn.load("digits.safetensors").predict(X)
        np.testing.assert_allclose(said, expected, atol=1e-6)


def test_what_another_library_is_to_be_given_is_said(capfd):
    assert main(["convert", "rich", "rich.onnx"]) == 0
    said = capfd.readouterr().out
    assert "it takes      age, hours, height, height is missing, job" in said
    assert "job: 0 missing or new, 1 baker, 2 cook, 3 pilot" in said
    assert commands.found(capfd, "convert", "rich", "same.safetensors")["inputs"] is None
    assert nn.load("same.safetensors").table is not None


@pytest.mark.parametrize(
    ("code", "arguments", "said"),
    [
        (2, ["rich", "rich.doc"], "no ending that says what it is to be"),
        (2, ["rich"], "required: new"),
        (1, ["people.csv", "x.onnx"], "is of no kind that is known"),
        (1, ["no", "x.onnx"], "where there is no file"),
        (1, ["rich", "x.safetensors", "--to", "torch"], "mbedding"),
    ],
)
def test_what_is_refused(code, arguments, said, capfd):
    assert said in commands.refused(capfd, code, "convert", *arguments)
