"""The commands that use a model: predict, evaluate, show, config."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

import commands
import nnfast as nn
from nnfast.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a table, and models of its classes and of its numbers."""
    folder = tmp_path_factory.mktemp("models")
    columns = commands.people()
    data = commands.write(folder / "people.csv", columns)
    for target, drop in (("rich", "price"), ("price", "rich")):
        code = main(
            ["train", str(data), "--target", target, "--drop", drop, "--quiet", "--epochs", "20",
             "--learning-rate", "0.01", "--out", str(folder / f"{target}.safetensors")]
        )  # fmt: skip
        assert code == 0
    return folder


@pytest.fixture
def here(folder, monkeypatch, tmp_path):
    """Another folder to write to, beside the models."""
    monkeypatch.chdir(tmp_path)
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def predicted(capfd, *arguments: str | Path) -> list[dict[str, str]]:
    """Run predict; return what it writes to standard output."""
    capfd.readouterr()
    assert main(["predict", *map(str, arguments), "--quiet"]) == 0
    said = capfd.readouterr()
    assert said.err == ""
    return rows(said.out)


def test_classes_come_with_their_probabilities(here, capfd):
    said = predicted(capfd, "rich.safetensors", "people.csv")
    assert list(said[0]) == ["prediction", "probability_no", "probability_yes"]
    net = nn.load("rich.safetensors")
    columns = commands.people()
    X = net.table.encode(columns)
    assert [one["prediction"] for one in said] == net.predict_classes(X).tolist()
    chances = [float(one["probability_yes"]) for one in said]
    np.testing.assert_allclose(chances, net.predict(X)[:, 0], rtol=1e-6)
    alone = predicted(capfd, "rich.safetensors", "people.csv", "--no-probabilities")
    assert alone == [{"prediction": one["prediction"]} for one in said]


def test_numbers(here, capfd):
    said = predicted(capfd, "price.safetensors", "people.csv")
    net = nn.load("price.safetensors")
    expected = net.predict(net.table.encode(commands.people()))[:, 0]
    np.testing.assert_allclose([float(one["prediction"]) for one in said], expected, rtol=1e-6)


def test_columns_are_found_by_name_and_others_do_not_matter(here, capfd):
    columns = commands.people()
    expected = predicted(capfd, "rich.safetensors", "people.csv")
    turned = dict(reversed(list(commands.without(columns, "rich", "price", "name").items())))
    path = commands.write(here / "turned.tsv", {"more": ["x"] * 400, **turned}, "\t")
    assert predicted(capfd, "rich.safetensors", path) == expected


def test_words_and_gaps_that_were_never_seen(here, capfd):
    path = here / "new.csv"
    path.write_text("age,job,hours,height\n40,astronaut,?,\n,cook,38.5,180\n")
    said = predicted(capfd, "rich.safetensors", path)
    assert [one["prediction"] in ("no", "yes") for one in said] == [True, True]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "npy"])
def test_files_are_written_whole(suffix, here, capfd):
    import pandas

    expected = [
        float(one["prediction"]) for one in predicted(capfd, "price.safetensors", "people.csv")
    ]
    path = here / f"out.{suffix}"
    found = commands.found(capfd, "predict", "price.safetensors", "people.csv", "--out", path)
    assert (found["rows"], found["out"]) == (400, str(path))
    read = {
        "csv": pandas.read_csv,
        "tsv": lambda path: pandas.read_csv(path, sep="\t"),
        "parquet": pandas.read_parquet,
        "npy": lambda path: pandas.DataFrame({"prediction": np.load(path)}),
    }[suffix]
    np.testing.assert_allclose(read(path)["prediction"], expected, rtol=1e-6)
    assert sorted(p.name for p in here.iterdir() if p.name.startswith(".")) == []


def test_a_file_that_fails_leaves_the_old_one(here, capfd):
    path = here / "out.csv"
    path.write_text("old")
    broken = here / "broken.csv"
    broken.write_text("age,job,hours,height\n40,cook,1,2\nold,cook,1,2\n")
    said = commands.refused(capfd, 1, "predict", "rich.safetensors", broken, "--out", path)
    assert "column 'age' holds 'old'; wanted are numbers" in said
    assert path.read_text() == "old"
    assert not [p for p in here.iterdir() if p.name.startswith(".")]


def test_columns_are_kept_as_they_came(here, capfd):
    path = here / "kept.csv"
    path.write_text('id,age,job,hours,height\n007,40,cook,40,\n"a,b",50,pilot,30,170\n')
    said = predicted(capfd, "rich.safetensors", path, "--keep", "id,height", "--no-probabilities")
    assert [one["id"] for one in said] == ["007", "a,b"]
    assert [one["height"] for one in said] == ["", "170"]
    every = predicted(capfd, "rich.safetensors", path, "--keep", "all")
    assert list(every[0])[:5] == ["id", "age", "job", "hours", "height"]


def test_parquet_and_compressed_files_are_as_good(here, capfd):
    import gzip

    import pandas

    expected = predicted(capfd, "rich.safetensors", "people.csv")
    frame = pandas.read_csv(here / "people.csv", na_values=["?"])
    frame["job"] = frame["job"].astype("category")
    frame.to_parquet(here / "people.parquet")
    (here / "people.csv.gz").write_bytes(gzip.compress((here / "people.csv").read_bytes()))
    for name in ("people.parquet", "people.csv.gz"):
        said = predicted(capfd, "rich.safetensors", name)
        assert [one["prediction"] for one in said] == [one["prediction"] for one in expected]


@pytest.mark.parametrize(
    ("lines", "separator"),
    [
        (["a,b", "1,2"], ","),
        (["a;b", "1,5;2,5"], ";"),
        (["a\tb c", "1\t2"], "\t"),
        (["39 x y", "40 z w"], " "),
        (["39, x y, z", "40, w, v"], ","),
        (["name;text", '1;"one', 'two"', "3;x"], ";"),
        (["e,f0;b;c", "1;2;3", "4;5;6"], ";"),
        (["a", "1", "2"], ","),
        (['"a,b";c', '"1,2,3";4'], ";"),
    ],
)
def test_what_divides_the_lines(lines, separator):
    from nnfast.cli import _text

    assert _text._separator(lines) == separator


def test_a_model_that_knows_no_names_takes_columns_as_they_come(here, capfd):
    X, y = nn.datasets.digits()
    net = nn.FeedForward("64-10", output="softmax", seed=0)
    net.fit(X, y, epochs=3)
    net.save("digits.safetensors")
    np.savetxt(
        "digits.csv", X, delimiter=",", header=",".join(f"p{n}" for n in range(64)), comments=""
    )
    np.save("digits.npy", X)
    for name in ("digits.csv", "digits.npy"):
        said = predicted(capfd, "digits.safetensors", name)
        assert [int(one["prediction"]) for one in said] == net.predict_classes(X).tolist()
        assert list(said[0])[1:3] == ["probability_0", "probability_1"]


def test_the_result_does_not_depend_on_how_the_rows_come(here, capfd, monkeypatch):
    from nnfast.cli import _table, _text

    expected = predicted(capfd, "rich.safetensors", "people.csv")
    monkeypatch.setattr(_text, "BLOCK_BYTES", 600)
    monkeypatch.setattr(_table, "BLOCK_ROWS", 7)
    assert predicted(capfd, "rich.safetensors", "people.csv") == expected


def test_a_word_that_was_never_seen_counts_as_usual(here, capfd):
    from nnfast.cli import _unseen

    def vectors(net):
        return next(array for array in net.get_weights() if array.shape == (3, 2))

    table = nn.Table.fit({"job": ["cook", "cook", "pilot", "cook"]})
    net = nn.FeedForward([*table.layers(2), nn.Dense(1)], seed=0)
    X = table.encode({"job": ["cook", "cook", "pilot", "cook"]})
    net.adapt(X)
    before = vectors(net)
    _unseen.settle(net, X)
    after = vectors(net)
    np.testing.assert_allclose(after[0], (3 * before[1] + before[2]) / 4, rtol=1e-6)
    np.testing.assert_array_equal(after[1:], before[1:])
    _unseen.settle(net, np.zeros((1, 1)))  # rows that have it have taught its vector
    np.testing.assert_array_equal(vectors(net), after)


def test_evaluate(here, capfd):
    found = commands.found(capfd, "evaluate", "rich.safetensors", "people.csv")
    assert found["rows"] == 400
    assert found["classes"] == ["no", "yes"]
    matrix = np.array(found["confusion_matrix"])
    assert matrix.sum() == 400
    assert found["metrics"]["accuracy"] == pytest.approx(np.trace(matrix) / 400)
    assert found["metrics"]["auc"] > 0.95
    assert 0.5 < found["baseline"]["accuracy"] < 0.8
    assert main(["evaluate", "rich.safetensors", "people.csv"]) == 0
    said = capfd.readouterr().out
    assert "accuracy" in said
    assert "predicted as" in said
    numbers = commands.found(capfd, "evaluate", "price.safetensors", "people.csv")
    assert numbers["metrics"]["r2"] > 0.8
    assert (
        numbers["baseline"]["root_mean_squared_error"]
        > numbers["metrics"]["root_mean_squared_error"]
    )


def test_show(here, capfd):
    found = commands.found(capfd, "show", "rich.safetensors")
    assert found["architecture"] == "5-64-64-1"
    assert found["classes"] == ["no", "yes"]
    assert found["table"]["target"] == "rich"
    assert len(found["history"]["loss"]) <= 20
    assert main(["show", "rich.safetensors"]) == 0
    said = capfd.readouterr().out
    for words in ("predicts      rich", "job (3)", "Total params", "learned by", "val loss", "▁"):
        assert words in said


def test_report(here, capfd):
    for target in ("rich", "price"):
        found = commands.found(capfd, "report", f"{target}.safetensors", "people.csv")
        assert (found["out"], found["rows"]) == ("report.html", 400)
        page = Path("report.html").read_text(encoding="utf-8")
        assert page.startswith("<!DOCTYPE html>")
        assert "height" in page
    X, y = nn.datasets.digits(dtype="uint8")
    np.savez("digits.npz", X=X.reshape(-1, 8, 8), y=y)
    arguments = ["digits.npz", "--target", "y", "--epochs", "2", "--quiet", "--out", "digits"]
    assert main(["train", *arguments]) == 0
    commands.found(capfd, "report", "digits", "digits.npz", "--target", "y", "--title", "Ziffern")
    page = Path("report.html").read_text(encoding="utf-8")
    assert "<h1>Ziffern</h1>" in page
    assert "8 by 8 pixels" in page
    said = commands.refused(capfd, 1, "report", "digits", "digits.npz")
    assert "has no target to measure by" in said


def test_config(capfd):
    found = commands.found(capfd, "config")
    assert found["threads"]["count"] == nn.get_num_threads()
    assert main(["config"]) == 0
    assert "instruction set" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("code", "arguments", "said"),
    [
        (1, ["predict", "no.safetensors", "people.csv"], "'no.safetensors', where there is no"),
        (1, ["predict", "people.csv", "people.csv"], "is of no kind that is known"),
        (1, ["predict", "rich.safetensors", "no.csv"], "there is no file 'no.csv'"),
        (1, ["predict", "rich.safetensors", "X.npy"], "the model wants a table with the columns"),
        (1, ["predict", "rich.safetensors", "part.csv"], "has no column 'age', which the model"),
        (1, ["predict", "rich.safetensors", "empty.csv"], "is empty"),
        (1, ["predict", "rich.safetensors", "header.csv"], "has no rows"),
        (1, ["predict", "rich.safetensors", "ragged.csv"], "cannot be read as it is"),
        (1, ["predict", "rich.safetensors", "twice.csv"], "has two columns 'age'"),
        (1, ["predict", "rich.safetensors", "people.csv", "--keep", "x"], "has no column 'x'"),
        (2, ["predict", "rich.safetensors", "people.csv", "--out", "x.doc"], "an ending of"),
        (2, ["predict", "rich.safetensors", "people.csv", "--out", "people.csv"], "is read"),
        (2, ["predict", "rich.safetensors"], "required: data"),
        (1, ["predict", "rich.safetensors", "people.csv", "--out", "no/x.csv"], "folder does not"),
        (1, ["evaluate", "rich.safetensors", "part.csv"], "has no column 'age'"),
        (1, ["evaluate", "rich.safetensors", "new.csv"], "has no target to measure by"),
        (1, ["evaluate", "rich.safetensors", "other.csv"], "has the class 'maybe' in row 2"),
        (1, ["show", "people.csv"], "is of no kind that is known"),
        (2, ["shw"], "invalid choice: 'shw'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_what_is_refused(code, arguments, said, here, capfd):
    header = "age,job,hours,height"
    files = {
        "part.csv": "job,rich\ncook,no\n",
        "empty.csv": "",
        "header.csv": f"{header}\n",
        "ragged.csv": f"{header}\n1,cook,3,4\n1,cook\n",
        "twice.csv": "age,age\n1,2\n",
        "new.csv": f"{header}\n40,cook,1,2\n",
        "other.csv": f"{header},rich\n40,cook,1,2,no\n40,cook,1,2,maybe\n",
    }
    for name, text in files.items():
        (here / name).write_text(text)
    np.save("X.npy", np.zeros((3, 5)))
    assert said in commands.refused(capfd, code, *arguments)
