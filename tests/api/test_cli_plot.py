"""The commands plot and bench."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import commands
import nnfast as nn
from nnfast.cli import _peers, main, plot


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with models of every kind, and data for them."""
    folder = tmp_path_factory.mktemp("pictures")
    X, y = nn.datasets.digits()
    X, y = X[:300], y[:300]
    np.savez(folder / "digits.npz", X=X, y=y)
    np.save(folder / "X.npy", X)
    net = nn.FeedForward("64-16-10", output="softmax", seed=0)
    net.compile(nn.Adam(nn.schedules.CosineDecay(0.01, 30)))
    net.fit(X, y, epochs=3)
    net.save(folder / "digits")
    coder = nn.unsupervised.Autoencoder("64-16-2", seed=0)
    coder.fit(X, epochs=2)
    coder.save(folder / "coder")
    some = nn.unsupervised.SelfOrganizingMap(4, 4, seed=0)
    some.fit(X)
    some.save(folder / "map")
    patterns = np.where(np.random.default_rng(0).random((2, 64)) < 0.5, -1.0, 1.0)
    nn.unsupervised.Hopfield().fit(patterns).save(folder / "memory")
    np.save(folder / "patterns.npy", patterns)
    table = commands.without(commands.people(), "price", "name", "height", "job")
    commands.write(folder / "people.csv", table)
    code = main(
        ["train", str(folder / "people.csv"), "--target", "rich", "--epochs", "3", "--quiet",
         "--out", str(folder / "rich")]
    )  # fmt: skip
    assert code == 0
    return folder


DATA = ["digits", "digits.npz", "--target", "y"]
PICTURES = {
    "activations": ["relu,elu(0.5),tanh"],
    "architecture": ["rich"],
    "boundary_growth": ["rich", "people.csv", "--count", "3"],
    "codes": ["coder", "X.npy"],
    "component_plane": ["map", "--column", "20"],
    "confusion_matrix": [*DATA, "--normalize"],
    "decision_boundary": ["rich", "people.csv"],
    "distance_map": ["map"],
    "first_layer_weights": ["digits", "--shape", "8x8", "--count", "9"],
    "gradient_flow": DATA,
    "hit_map": ["map", "X.npy"],
    "hopfield_energy": ["memory", "patterns.npy"],
    "images": ["X.npy", "--count", "16"],
    "label_map": ["map", "digits.npz", "--target", "y"],
    "learning_curves": ["rich", "--metric", "accuracy"],
    "learning_rate_curve": ["cosine_decay(0.1, 100)"],
    "learning_rate_range": ["rich", "people.csv"],
    "recall": ["memory", "patterns.npy", "--row", "1"],
    "reconstructions": ["coder", "X.npy"],
    "reliability_curve": ["rich", "people.csv"],
    "roc_curve": DATA,
    "saturation": ["digits", "X.npy", "--rows", "100"],
}
NO_PICTURES = {"BoundaryRecorder", "architecture_svg"}  # a callback; architecture's other form
MORE_PICTURES = {"boundary_growth"}  # the callback's


def test_every_picture_can_be_had() -> None:
    assert (
        set(PICTURES) == set(plot.PICTURES) == (set(nn.plot.__all__) - NO_PICTURES | MORE_PICTURES)
    )
    said = (plot.__doc__ or "").replace("\n", " ")
    assert [name for name in PICTURES if name.replace("_", "-") not in said] == []


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(name, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    out = f"{name}.png"
    found = commands.found(capsys, "plot", name.replace("_", "-"), *PICTURES[name], "--out", out)
    assert found == {"picture": name, "out": out}
    content = (folder / out).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 5_000


def test_show_knows_what_was_learned_without_a_teacher(folder, capsys):
    found = commands.found(capsys, "show", folder / "map")
    assert found["class"] == "SelfOrganizingMap"
    assert main(["show", str(folder / "memory")]) == 0
    assert "Hopfield" in capsys.readouterr().out


def test_where_pictures_go(folder, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["plot", "learning-curves", str(folder / "rich")]) == 0
    assert capsys.readouterr().out == "drawn         learning-curves.png\n"
    assert (tmp_path / "learning-curves.png").exists()
    for out in ("a.svg", "a.pdf"):
        commands.found(capsys, "plot", "architecture", "3-2-3-2", "--out", out)
    assert (tmp_path / "a.svg").read_text().startswith("<svg")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    commands.found(
        capsys, "plot", "boundary-growth", folder / "rich", folder / "people.csv", "--out", "a.gif"
    )
    assert (tmp_path / "a.gif").read_bytes().startswith(b"GIF89a")
    commands.found(capsys, "show", folder / "rich", "--picture", "net.svg")
    assert ">hours<" in (tmp_path / "net.svg").read_text()
    commands.found(capsys, "show", folder / "rich", "--picture", "net.png")
    assert (tmp_path / "net.png").exists()


@pytest.mark.parametrize(
    ("code", "arguments", "said"),
    [
        (2, ["roc-cruve", "rich"], "did you mean 'roc-curve'?"),
        (2, ["learning-curves"], "learning-curves wants a model, and nothing more"),
        (2, ["roc-curve", "rich"], "roc-curve wants a model and data"),
        (2, ["learning-curves", "rich", "--out", "x.doc"], "an ending of .png, .svg, .pdf"),
        (2, ["images", "X.npy", "--shape", "large"], "wanted is height x width"),
        (1, ["learning-curves", "no"], "'no', where there is no file"),
        (1, ["learning-curves", "rich", "--metric", "auc"], "metric must be one of"),
        (1, ["distance-map", "memory"], "holds a Hopfield; wanted is a self-organizing map"),
        (1, ["roc-curve", "digits", "X.npy"], "has no target, which roc-curve wants"),
        (1, ["images", "people.csv"], "column 'rich' holds words"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_refused(code, arguments, said, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert said in commands.refused(capsys, code, "plot", *arguments)


def test_without_matplotlib_one_sentence_says_what_to_install(folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    said = commands.refused(capsys, 1, "plot", "learning-curves", folder / "rich")
    assert "pip install 'nnfast[plot]'" in said


def test_without_pyarrow_one_sentence_says_what_to_install(folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    said = commands.refused(capsys, 1, "predict", folder / "rich", folder / "people.csv")
    assert "needs pyarrow, which is not installed: pip install 'nnfast[cli]'" in said


def test_bench(capsys, monkeypatch):
    monkeypatch.delitem(_peers.CONTENDERS, "torch")  # whose import alone takes seconds
    quick = ["--only", "small", "--rounds", "1", "--seconds", "0.001", "--threads", "1"]
    found = commands.found(capsys, "bench", *quick)
    tasks = {row["task"]: row for row in found["measured"]}
    assert list(tasks) == ["train", "predict", "predict one"]
    names = _peers.installed()
    assert {"nnfast", "scikit-learn"} <= set(names)
    for row in tasks.values():
        assert all(row[name] > 100 for name in names)
    assert main(["bench", *quick, "--no-peers"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("rows a second, 1 thread\n")
    assert "predict one     4-16-3" in said
    assert "scikit-learn" not in said
