"""The command train: what it finds in a file, what it learns, what it saves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import commands
import nnfast as nn
from nnfast.cli import main

QUICK = ("--epochs", "30", "--hidden", "16", "--learning-rate", "0.01")


@pytest.fixture
def people(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return commands.write(tmp_path / "people.csv", commands.without(commands.people(), "price"))


@pytest.fixture
def prices(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return commands.write(tmp_path / "prices.csv", commands.without(commands.people(), "rich"))


def test_classes_are_learned_from_words_and_numbers(people, capsys):
    result = commands.found(capsys, "train", people, "--target", "rich", *QUICK)
    assert result["task"] == "classification"
    assert result["classes"] == ["no", "yes"]
    assert result["rows"] == {"learned": 320, "held_out": 80}
    assert result["held_out"]["accuracy"] > 0.9 > 0.8 > result["baseline"]["accuracy"]
    columns = result["data"]["columns"]
    assert columns["numbers"][:2] == ["age", "hours"]
    assert columns["numbers"][2].startswith("height (")
    assert columns["words"][0].startswith("job (3 words, ")
    assert columns["left out"] == ["name (another word in almost every row)"]
    net = nn.load("model.safetensors")
    assert net.table is not None
    assert net.table.target == "rich"
    assert net.classes_.tolist() == ["no", "yes"]
    assert net.layers[-1].activation.name == "sigmoid"


def test_numbers_are_learned_and_said_in_their_own_units(prices, capsys):
    result = commands.found(capsys, "train", prices, "--target", "price", *QUICK)
    assert result["task"] == "regression"
    held_out, history = result["held_out"], result["history"]
    assert held_out["r2"] > 0.9
    assert held_out["mean_absolute_error"] < 6_000 < result["baseline"]["mean_absolute_error"]
    # What was measured while it learned is what the file says afterwards.
    best = result["best_epoch"] - 1
    for name, value in held_out.items():
        assert value == pytest.approx(history[f"val_{name}"][best], rel=1e-3)
    assert history["val_loss"][best] == min(history["val_loss"])
    net = nn.load("model.safetensors")
    assert net.loss.name == "mean_squared_error"
    rows = {"age": [50.0], "job": ["pilot"], "hours": [40.0], "height": [170.0]}
    assert net.predict(net.table.encode(rows))[0, 0] == pytest.approx(100_000, rel=0.15)


def test_the_same_command_gives_the_same_file(people):
    arguments = ["train", str(people), "--target", "rich", *QUICK, "--quiet"]
    contents = []
    for threads in ("1", "2"):
        assert main([*arguments, "--threads", threads]) == 0
        contents.append(Path("model.safetensors").read_bytes())
    assert contents[0] == contents[1]
    assert main([*arguments, "--seed", "1"]) == 0
    assert Path("model.safetensors").read_bytes() != contents[0]


@pytest.mark.parametrize(
    ("options", "check"),
    [
        (
            ["--hidden", "8,4", "--activation", "tanh,elu"],
            lambda net: net.architecture == "5-8-4-1",
        ),
        (["--hidden", "none"], lambda net: net.architecture == "5-1"),
        (["--dropout", "0.5"], lambda net: nn.Dropout(0.5) in net.layers),
        (["--normalization", "batch"], lambda net: nn.BatchNorm() in net.layers),
        (["--normalization", "layer"], lambda net: nn.LayerNorm() in net.layers),
        (["--l2", "0.001"], lambda net: net.layers[-1].kernel_regularizer == nn.L2(0.001)),
        (["--max-norm", "2"], lambda net: net.layers[-1].kernel_constraint == nn.MaxNorm(2.0)),
        (["--initializer", "zeros"], lambda net: net.layers[-1].kernel_initializer.name == "zeros"),
        (["--embedding", "7"], lambda net: "(4, 7)" in repr(net.layers)),
        (["--dtype", "float64"], lambda net: net.dtype == np.float64),
        (["--seed", "5"], lambda net: net.seed == 5),
        (
            ["--optimizer", "sgd(momentum=0.9, nesterov=true)", "--learning-rate", "0.05"],
            lambda net: net.optimizer == nn.SGD(0.05, momentum=0.9, nesterov=True),
        ),
        (
            ["--weight-decay", "0.01", "--clip-norm", "1"],
            lambda net: net.optimizer == nn.Adam(weight_decay=0.01, global_clip_norm=1.0),
        ),
        (
            ["--schedule", "cosine"],
            lambda net: net.optimizer == nn.Adam(nn.schedules.CosineDecay(1e-3, 40)),
        ),
        (
            ["--schedule", "exponential(decay_rate=0.5, decay_epochs=1)", "--learning-rate", "0.1"],
            lambda net: (
                net.optimizer
                == nn.Adam(nn.schedules.ExponentialDecay(0.1, decay_steps=20, decay_rate=0.5))
            ),
        ),
        (
            ["--schedule", "one_cycle"],
            lambda net: net.optimizer == nn.Adam(nn.schedules.OneCycle(1e-3, 40)),
        ),
        (
            ["--schedule", "linear_warmup"],
            lambda net: net.optimizer == nn.Adam(nn.schedules.LinearWarmup(1e-3, 2)),
        ),
        (
            ["--schedule", "cosine", "--optimizer", "sgd"],
            lambda net: net.optimizer == nn.SGD(nn.schedules.CosineDecay(0.01, 40)),
        ),
        (["--schedule", "plateau(factor=0.5)"], lambda net: "learning_rate" in net.history),
        (["--validation-frequency", "2"], lambda net: len(net.history["val_loss"]) == 1),
        (["--learning-rate", "auto"], lambda net: 1e-4 < net.learning_rate < 1.0),
        (["--loss", "focal"], lambda net: net.loss.name == "focal_cross_entropy"),
        (["--metrics", "auc,f1"], lambda net: [m.label for m in net.metrics] == ["auc", "f1"]),
        (["--metrics", "none"], lambda net: net.metrics == ()),
        (["--optimizer", "lbfgs"], lambda net: net.optimizer == nn.LBFGS()),
        (["--columns", "age,job"], lambda net: net.table.names == ["age", "job"]),
        (["--drop", "job, height"], lambda net: net.table.names == ["age", "hours"]),
        (["--categories", "age"], lambda net: "age" in [c.name for c in net.table.columns[2:]]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_every_option_is_obeyed(options, check, people):
    arguments = ["--target", "rich", "--epochs", "2", "--batch-size", "16", "--quiet"]
    assert main(["train", str(people), *arguments, *options]) == 0
    assert check(nn.load("model.safetensors"))


def test_classes_and_rows_weigh_what_is_said(people, capsys):
    base = ["train", people, "--target", "rich", *QUICK]
    plain = commands.found(capsys, *base)
    balanced = commands.found(capsys, *base, "--class-weights", "balanced")
    by_name = commands.found(capsys, *base, "--class-weights", "yes=2,no=1")
    by_row = commands.found(capsys, *base, "--weights", "age")
    losses = {tuple(one["history"]["loss"]) for one in (plain, balanced, by_name, by_row)}
    assert len(losses) == 4
    assert not any("age" in one for one in by_row["data"]["columns"]["numbers"])


def test_validation_rows_of_their_own(people, tmp_path, capsys):
    other = commands.write(
        tmp_path / "other.csv", commands.without(commands.people(50, 1), "price")
    )
    result = commands.found(
        capsys, "train", people, "--target", "rich", *QUICK, "--validation", other
    )
    assert result["rows"] == {"learned": 400, "held_out": 50}
    result = commands.found(
        capsys, "train", people, "--target", "rich", *QUICK, "--validation", "0"
    )
    assert result["rows"] == {"learned": 400, "held_out": 0}
    assert result["best_epoch"] is None
    assert result["epochs"] == 30


def test_patience_ends_it_and_the_best_weights_are_kept(people, capsys):
    result = commands.found(
        capsys, "train", people, "--target", "rich", "--epochs", "500", "--patience", "2",
        "--learning-rate", "0.05", "--log", "log.csv",
    )  # fmt: skip
    losses = result["history"]["val_loss"]
    assert result["epochs"] < 500
    assert result["held_out"]["loss"] == pytest.approx(min(losses), rel=1e-5)
    assert len(Path("log.csv").read_text().splitlines()) == 1 + result["epochs"]


def test_averaged_weights_are_those_that_are_kept(people, capsys):
    result = commands.found(
        capsys, "train", people, "--target", "rich", *QUICK, "--patience", "0",
        "--optimizer", "adam(ema_momentum=0.9)",
    )  # fmt: skip
    # Validation is by the averaged weights; the file says the same.
    assert result["held_out"]["loss"] == pytest.approx(result["history"]["val_loss"][-1], rel=1e-6)


def test_training_goes_on_from_a_model(prices, capsys):
    first = commands.found(capsys, "train", prices, "--target", "price", *QUICK)
    again = commands.found(
        capsys, "train", prices, "--from", "model.safetensors", "--epochs", "3", "--out", "b"
    )
    assert again["history"]["loss"][30] < 1.5 * first["history"]["loss"][-1]
    assert again["held_out"]["r2"] > 0.9
    assert nn.load("b").table.config() == nn.load("model.safetensors").table.config()


@pytest.mark.parametrize(
    "loss", ["mae", "huber(delta=5000)", "quantile", "gaussian_nll", "log_cosh"]
)
def test_losses_of_numbers(loss, prices, capsys):
    result = commands.found(capsys, "train", prices, "--target", "price", *QUICK, "--loss", loss)
    net = nn.load("model.safetensors")
    if loss.startswith("huber"):
        assert net.loss.delta == pytest.approx(5000.0)
    if loss == "quantile":
        assert net.outputs == 3
        low, middle, high = net.loss.read(net.predict(net.table.encode(
            {"age": [50.0], "job": ["cook"], "hours": [40.0], "height": [170.0]}
        )))[:, 0, 0]  # fmt: skip
        assert 30_000 < low < middle < high < 120_000
    if loss in ("gaussian_nll", "log_cosh"):
        assert any("as they are" in note for note in result["notes"])
    else:
        last = result["history"]["val_loss"][result["best_epoch"] - 1]
        assert result["held_out"]["loss"] == pytest.approx(last, rel=1e-3)


def test_penalties_of_numbers_are_over_when_it_has_learned(prices, capsys):
    result = commands.found(
        capsys, "train", prices, "--target", "price", *QUICK, "--l2", "0.001", "--max-norm", "3"
    )
    net = nn.load("model.safetensors")
    assert net.layers[-1].kernel_regularizer is None
    assert net.layers[-1].kernel_constraint is None
    assert result["held_out"]["r2"] > 0.9
    assert net.history["loss"] == result["history"]["loss"]


def test_one_slip_does_not_make_a_fortune(prices, capsys):
    row = {"age": ["5000"], "job": ["cook"], "hours": ["40"], "height": ["170"]}
    said = {}
    for option in ([], ["--extrapolate"]):
        commands.found(capsys, "train", prices, "--target", "price", *QUICK, *option)
        net = nn.load("model.safetensors")
        said[bool(option)] = net.predict(net.table.encode(row))[0, 0]
    assert said[False] < 150_000 < 1e6 < said[True]


def test_whole_numbers_are_classes_or_not(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    x = random.normal(size=300)
    columns = {"x": [f"{one:.3f}" for one in x], "y": [str(3 + int(one > 0)) for one in x]}
    path = commands.write(tmp_path / "marks.csv", columns)
    result = commands.found(capsys, "train", path, "--target", "y", *QUICK)
    assert (result["task"], result["classes"]) == ("classification", ["3", "4"])
    assert "a guess" in result["data"]["target"]
    numbers = commands.found(capsys, "train", path, "--target", "y", *QUICK, "--task", "regression")
    assert numbers["task"] == "regression"
    huber = commands.found(capsys, "train", path, "--target", "y", *QUICK, "--loss", "huber")
    assert huber["task"] == "regression"


def test_columns_of_no_use_are_left_out_unless_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    columns = commands.without(commands.people(100), "price", "name")
    columns |= {
        "number": [str(one) for one in range(100)],
        "day": [f"2024-01-{1 + one % 28:02}" for one in range(100)],
        "planet": ["Earth"] * 100,
        "empty": [""] * 100,
        "one": ["1"] * 100,
    }
    path = commands.write(tmp_path / "table.csv", columns)
    result = commands.found(capsys, "train", path, "--target", "rich", *QUICK)
    left_out = " ".join(result["data"]["columns"]["left out"])
    for said in ("number (numbers the rows", "day (dates", "planet (always 'Earth'"):
        assert said in left_out
    assert "one (always 1)" in left_out
    assert "empty (100.0 % missing, empty)" in left_out
    commands.found(capsys, "train", path, "--target", "rich", *QUICK, "--columns", "number,day,age")
    assert nn.load("model.safetensors").table.names == ["number", "age", "day"]


def test_one_word_among_numbers_is_told_and_can_be_a_gap(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    columns = commands.without(commands.people(), "price", "name")
    columns["hours"][5] = "unknown"
    path = commands.write(tmp_path / "table.csv", columns)
    result = commands.found(capsys, "train", path, "--target", "rich", *QUICK)
    [note] = result["data"]["notes"]
    assert note == (
        "'hours' is taken for words, because of 'unknown'; --missing unknown takes it for numbers"
    )
    assert any("hours" in one for one in result["data"]["columns"]["left out"])
    result = commands.found(
        capsys, "train", path, "--target", "rich", *QUICK, "--missing", "unknown"
    )
    assert result["data"]["notes"] == []
    assert "hours (0.2 % missing)" in result["data"]["columns"]["numbers"]
    # The file knows it from then on.
    measured = commands.found(capsys, "evaluate", "model.safetensors", path)
    assert measured["metrics"]["accuracy"] > 0.9


def test_decimal_commas(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    columns = commands.without(commands.people(), "rich", "name")
    plain = commands.write(tmp_path / "plain.csv", columns)
    expected = commands.found(capsys, "train", plain, "--target", "price", *QUICK)
    for name in ("hours", "height", "price"):
        columns[name] = [one.replace(".", ",") for one in columns[name]]
    columns["price"] = [
        f"{one[:-6]}.{one[-6:]}" if len(one) > 6 else one for one in columns["price"]
    ]
    path = commands.write(tmp_path / "european.csv", columns, ";")
    found = commands.found(
        capsys, "train", path, "--target", "price", *QUICK, "--decimal", ",", "--task", "regression"
    )
    assert found["history"] == expected["history"]


def test_rows_without_a_target_are_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    columns = commands.people(100)
    columns["rich"][:10] = ["?"] * 10
    path = commands.write(tmp_path / "table.csv", columns)
    result = commands.found(capsys, "train", path, "--target", "rich", *QUICK)
    assert result["data"]["rows"] == 90
    assert result["data"]["notes"] == ["10 rows without a target are left out"]


def test_arrays(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    X, y = nn.datasets.digits(dtype="uint8")
    np.save("X.npy", X)
    np.save("y.npy", y)
    np.savez("both.npz", X=X, y=y)
    np.save("table.npy", np.column_stack([X.astype(np.float32), y]))
    base = ["--epochs", "3", "--hidden", "32", "--batch-size", "32", "--learning-rate", "0.01"]
    for data, target in (("X.npy", "y.npy"), ("both.npz", "y"), ("table.npy", "-1")):
        result = commands.found(capsys, "train", data, "--target", target, *base)
        assert result["classes"] == list(range(10))
        assert result["held_out"]["accuracy"] > 0.85
        measured = commands.found(capsys, "evaluate", "model.safetensors", data, "--target", target)
        assert measured["rows"] == 1797
    both = commands.found(
        capsys, "train", "X.npy", "--target", "y.npy", *base, "--validation", "X.npy,y.npy"
    )
    assert both["rows"] == {"learned": 1797, "held_out": 1797}


def test_what_is_said(people, capsys):
    capsys.readouterr()
    assert main(["train", str(people), "--target", "rich", *QUICK]) == 0
    said = capsys.readouterr()
    for words in (
        "target",
        "rich: yes ",
        "numbers",
        "age, hours",
        "left out",
        "name (",
        "320 to learn",
    ):
        assert words in said.out
    assert "saved         model.safetensors (" in said.out
    assert "epoch 1/30" in said.err
    assert main(["train", str(people), "--target", "rich", *QUICK, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["train", str(people), "--target", "rich", *QUICK, "--json"]) == 0
    json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("code", "arguments", "said"),
    [
        (1, ["nothing.csv", "--target", "rich"], "there is no file 'nothing.csv'"),
        (1, [".", "--target", "rich"], "'.' is a folder"),
        (1, ["people.csv", "--target", "poor"], "has no column 'poor'; it has 'name', 'age'"),
        (2, ["people.csv"], "--target is missing; wanted is one of the columns name, age"),
        (2, ["people.csv", "--target", "rich", "--optimizer", "adm"], "did you mean 'adam'?"),
        (
            2,
            ["people.csv", "--target", "rich", "--optimizer", "sgd(momentum=2)"],
            "momentum of SGD",
        ),
        (2, ["people.csv", "--target", "rich", "--optimizer", "sgd(open('x'))"], "--optimizer"),
        (2, ["people.csv", "--target", "rich", "--hidden", "many"], "--hidden is 'many'"),
        (2, ["people.csv", "--target", "rich", "--activation", "relu,tanh,elu"], "3 values"),
        (2, ["people.csv", "--target", "rich", "--dropout", "1"], "--dropout is '1'"),
        (2, ["people.csv", "--target", "rich", "--epochs", "0"], "whole number from 1 on"),
        (2, ["people.csv", "--target", "rich", "--validation", "2"], "--validation is 2"),
        (2, ["people.csv", "--target", "rich", "--validation", "x.csv"], "neither a part"),
        (1, ["people.csv", "--target", "rich", "--validation", "0.001"], "none to measure by"),
        (2, ["people.csv", "--target", "rich", "--class-weights", "maybe=1"], "no class 'maybe'"),
        (2, ["people.csv", "--target", "age", "--class-weights", "balanced"], "is for classes"),
        (2, ["people.csv", "--target", "rich", "--learning-rate", "fast"], "a number, or auto"),
        (2, ["people.csv", "--target", "rich", "--schedule", "exponential"], "decay_rate"),
        (2, ["people.csv", "--target", "rich", "--schedule", "plateau(factor=2)"], "factor"),
        (1, ["people.csv", "--target", "rich", "--out", "no/where"], "folder does not exist"),
        (1, ["people.csv", "--target", "rich", "--out", "."], "which is a folder"),
        (1, ["people.csv", "--target", "rich", "--drop", "x"], "has no column 'x'"),
        (1, ["people.csv", "--target", "job", "--task", "regression"], "'job' holds 'pilot'"),
        (1, ["people.csv", "--target", "name"], "too many for classes"),
        (1, ["people.csv", "--target", "rich", "--weights", "job"], "'job' holds 'pilot'"),
        (2, ["people.csv", "--target", "rich", "--encoding", "klingon"], "there is no 'klingon'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_refused(code, arguments, said, people, capsys):
    assert said in commands.refused(capsys, code, "train", *arguments, "--quiet")
    assert not Path("model.safetensors").exists()


def test_what_a_run_warns_of_is_told_and_what_has_diverged_is_not_saved(people, capsys):
    arguments = ["train", str(people), "--target", "rich", "--epochs", "5"]
    wild = ["--optimizer", "sgd", "--learning-rate", "1e30"]
    capsys.readouterr()
    assert main([*arguments, *wild]) == 1
    said = capsys.readouterr().err.splitlines()
    assert any(line.startswith("note: the loss is nan") for line in said)
    assert said[-1].startswith("nnfast: error: the weights have grown past float32, and nothing is")
    assert not Path("model.safetensors").exists()
    error = commands.refused(capsys, 1, *arguments, *wild, "--quiet")
    assert "--clip-norm 1" in error


def test_names_with_commas_stand_in_quotes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    columns = commands.without(commands.people(100), "price", "name")
    columns["a, b"] = columns.pop("hours")
    path = commands.write(tmp_path / "table.csv", columns)
    commands.found(capsys, "train", path, "--target", "rich", *QUICK, "--drop", 'job, "a, b"')
    assert nn.load("model.safetensors").table.names[:2] == ["age", "height"]


def test_an_old_model_outlives_a_run_that_fails(people, capsys):
    commands.found(capsys, "train", people, "--target", "rich", *QUICK)
    before = Path("model.safetensors").read_bytes()
    commands.refused(capsys, 1, "train", "nothing.csv", "--target", "rich")
    assert Path("model.safetensors").read_bytes() == before


def test_the_traceback_is_shown_when_it_is_asked_for(people, capsys):
    capsys.readouterr()
    assert main(["train", "nothing.csv", "--target", "rich", "--traceback"]) == 1
    said = capsys.readouterr().err
    assert "Traceback (most recent call last)" in said
    assert said.splitlines()[-1].startswith("nnfast: error: there is no file")
