"""Does swapping ReLU for ELU bring the 1 to 5 % that is said of it? Images and tables.

    python examples/reproduce/activations.py [--seeds 5] [--quick] [--picture FILE] [NAME ...]

prints a row of a table for each data set, read from the folder that NNFAST_DATA names.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import nnfast as nn
from nnfast.plot._comparison import gains

ACTIVATIONS = ["relu", "leaky_relu", "elu"]


def folder() -> Path:
    if "NNFAST_DATA" not in os.environ:
        raise SystemExit("NNFAST_DATA is not set: it names the folder that holds the data sets")
    return Path(os.environ["NNFAST_DATA"])


def table(
    path: str, target: str | int, *, skip: tuple[str, ...] = (), numbers: bool = False
) -> tuple[Any, Any]:
    """Read a table: columns of numbers as they are, of words one-hot, the target apart."""
    with gzip.open(folder() / path, "rt", encoding="utf-8-sig", newline="") as file:
        text = file.read()
    separated = csv.reader(text.splitlines()) if "," in text.splitlines()[0] else None
    rows = list(separated) if separated else [line.split() for line in text.splitlines() if line]
    names = rows.pop(0) if isinstance(target, str) else [str(i) for i in range(len(rows[0]))]
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    y = columns.pop(str(target) if isinstance(target, str) else names[target])
    parts = []
    for name, values in columns.items():
        if name in skip:
            continue
        try:
            numeric = np.array([float(value or "nan") for value in values])
            parts.append(np.where(np.isnan(numeric), np.nanmean(numeric), numeric)[:, np.newaxis])
        except ValueError:
            words, places = np.unique(values, return_inverse=True)
            parts.append(np.eye(len(words))[places])
    return np.hstack(parts), np.array(y, dtype=float) if numbers else np.array(y)


def images(load: Callable[..., Any]) -> tuple[Any, Any, Any]:
    (X, y), test = load(dtype="uint8")
    return X, y, test


DATA: dict[str, Callable[[], tuple[Any, ...]]] = {
    "MNIST": lambda: images(nn.datasets.mnist),
    "Fashion-MNIST": lambda: images(nn.datasets.fashion_mnist),
    "covertype": lambda: table("covertype-15k/train.csv.gz", "Cover_Type", skip=("Id",)),
    "dry bean": lambda: table("dry-bean/Frijoles_secos.csv.gz", "Class"),
    "spambase": lambda: table("spambase-esl/spam.data.gz", 57),
    "credit default": lambda: table(
        "credit-default/UCI_Credit_Card.csv.gz", "default.payment.next.month"
    ),
    "adult": lambda: table("adult/adult.data.gz", 14),
    "California housing": lambda: table(
        "california-housing/housing.csv.gz", "median_house_value", numbers=True
    ),
    "bike sharing": lambda: table(
        "bike-sharing/hour.csv.gz",
        "count",
        skip=("instant", "dateday", "casual", "registered"),
        numbers=True,
    ),
    "diamonds": lambda: table("diamonds/diamonds.csv.gz", "price", numbers=True),
}


def compared(name: str, seeds: int, quick: bool) -> Any:
    """Compare the activations on one data set."""
    X, y, *test = DATA[name]()
    options: dict[str, Any] = {"test_data": test[0]} if test else {}
    if quick:
        rows = np.random.default_rng(0).permutation(len(X))[:2000]
        X, y = X[rows], y[rows]
        options |= {"epochs": 5, "learning_rates": [0.003]}
        if test:
            options["test_data"] = (test[0][0][:1000], test[0][1][:1000])
    elif test:
        options |= {"hidden": [256, 128], "batch_size": 128, "epochs": 15}
        options |= {"learning_rates": [0.0005, 0.001, 0.002]}
    else:
        options |= {"hidden": [128, 64], "batch_size": 64, "epochs": 40}
    return nn.compare_activations(X, y, ACTIVATIONS, seeds=seeds, **options)


def row(name: str, found: Any) -> str:
    """Return a row of the table."""
    scores, cells = found.scores["relu"], []
    if found.metric == "accuracy":
        cells.append(f"accuracy {100 * scores.mean():.2f} % ± {100 * scores.std(ddof=1):.2f}")
    else:
        cells.append(f"RMSE {scores.mean():.4g} ± {scores.std(ddof=1):.2g}")
    for gain in found.gains.values():
        cells.append(f"{gain.mean:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})")
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(DATA))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="on 2,000 rows of each, in seconds")
    parser.add_argument("--picture", help="where to write the picture")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in DATA]
    if unknown:
        parser.error(f"{unknown[0]!r} is no data set here; known are {', '.join(DATA)}")
    print("| data | relu | leaky_relu brings | elu brings |\n|---|---|---|---|")
    all_gains = {}
    for name in options.names or DATA:
        found = compared(name, options.seeds, options.quick)
        print(row(name, found), flush=True)
        all_gains[name] = found.gains
    if options.picture and len(all_gains) > 1:
        gains(all_gains, "both", "relu").figure.savefig(options.picture)


if __name__ == "__main__":
    main()
