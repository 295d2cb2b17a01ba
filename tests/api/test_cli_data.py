"""The command line on tables as they are: what it finds in them, and how well it learns them."""

from __future__ import annotations

from pathlib import Path

import pytest

import commands

QUICK = ("--epochs", "15", "--learning-rate", "0.003")


@pytest.mark.parametrize(
    ("path", "options", "least", "left_out"),
    [
        # Of the held-out rows one has a slip: z = 31.8 in place of 3.18.
        ("diamonds/diamonds.csv.gz", ["--target", "price"], {"r2": 0.96}, []),
        (
            "bike-sharing/hour.csv.gz",
            ["--target", "count", "--drop", "casual,registered"],
            {"r2": 0.85},
            ["instant (numbers the rows)", "dateday (dates)"],
        ),
        (
            "covertype-15k/train.csv.gz",
            ["--target", "Cover_Type"],
            {"accuracy": 0.77},
            ["Id (numbers the rows)", "Soil_Type7 (always 0)", "Soil_Type15 (always 0)"],
        ),
        ("jbrownlee/abalone.csv.gz", ["--no-header", "--target", "9"], {"r2": 0.5}, []),
        (
            "jbrownlee/winequality-white.csv.gz",
            ["--no-header", "--target", "12"],
            {"accuracy": 0.5},
            [],
        ),
        ("jbrownlee/horse-colic.csv", ["--no-header", "--target", "24"], {"accuracy": 0.7}, []),
        ("adult/adult.data.gz", ["--no-header", "--target", "15"], {"accuracy": 0.85}, []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tables(path, options, least, left_out, data_directory: Path, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    data = data_directory / path
    result = commands.found(capfd, "train", data, *options, *QUICK)
    for name, value in least.items():
        assert result["held_out"][name] > value
    assert result["data"]["columns"].get("left out", []) == left_out
    # The file itself, from beginning to end.
    reading = [option for option in options if option == "--no-header"]
    found = commands.found(
        capfd, "predict", "model.safetensors", data, "--out", "said.csv", *reading
    )
    assert found["rows"] == result["data"]["rows"]
