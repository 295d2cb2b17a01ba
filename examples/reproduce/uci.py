"""Nine tables of UCI with the splits of Hernandez-Lobato and Adams 2015: errors and likelihoods.

"Probabilistic backpropagation for scalable learning of Bayesian neural networks", ICML 2015; the
splits are those that Gal and Ghahramani 2016 and Lakshminarayanan et al. 2017 took as well. One
hidden layer of 50 ReLU (protein: 100), 20 splits (protein: 5), inputs and target standardized by
the training rows. Two answers for every split:

- back-propagation: one net on the squared error;
- ensemble: five nets that each predict a mean and a variance, and what they say together, a
  mixture of five normal distributions taken as one, as in Lakshminarayanan et al., section 2.4.

Adam at 0.01, the last quarter of the epochs at a tenth of that, in batches of 8; of 100 from 20,000
rows on, which is protein, where nets with a variance ran away in small ones. As many epochs as
stand beside the splits: 40, for protein 20.

Errors are in the units of the data, log-likelihoods of its densities in the same units. Without
--set, all tables that NNFAST_DATA/uci-pbp holds; each has a row, mean and standard error over the
splits. --seeds N takes the first N splits.
"""

from __future__ import annotations

import argparse
import gzip
import os
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _common import table_row

import nnfast as nn

SETS = (
    "yacht",
    "bostonHousing",
    "energy",
    "concrete",
    "wine-quality-red",
    "kin8nm",
    "power-plant",
    "naval-propulsion-plant",
    "protein-tertiary-structure",
)
MEMBERS = 5
BATCH_SIZE, LARGE_BATCH_SIZE = 8, 100
LARGE = 20_000  # rows, from which on the batches are large
QUICK = ("yacht", 3)  # the table and how many of its splits


class Split(NamedTuple):
    """Rows to learn from and to test on, and what brings the target to mean 0 and deviation 1."""

    train: Any
    test: Any
    mean: float
    deviation: float


class Scores(NamedTuple):
    """A split's test error and log-likelihood of each answer."""

    plain_error: float
    ensemble_error: float
    ensemble_likelihood: float


def read(name: str) -> tuple[Any, Any, list[Split], int, int]:
    """Return inputs, targets, splits, the number of hidden nodes and of epochs of a table."""
    folder = Path(os.environ["NNFAST_DATA"]) / "uci-pbp" / name
    with gzip.open(folder / "data.txt.gz", "rt") as file:
        table = np.loadtxt(file)
    columns = np.loadtxt(folder / "index_features.txt", dtype=int, ndmin=1)
    target = table[:, int(np.loadtxt(folder / "index_target.txt"))]
    splits = []
    with gzip.open(folder / "test_index.txt.gz", "rt") as file:
        for line in file:
            test = np.array(line.split(), dtype=int)
            train = np.setdiff1d(np.arange(len(table)), test)
            splits.append(Split(train, test, target[train].mean(), target[train].std()))
    hidden, epochs = (int(np.loadtxt(folder / f"n_{what}.txt")) for what in ("hidden", "epochs"))
    return table[:, columns], target, splits, hidden, epochs


def scores(name: str, epochs: int | None, count: int | None) -> list[Scores]:
    """Train all nets of a table's first `count` splits at once, and score them."""
    X, y, splits, hidden, published_epochs = read(name)
    splits = splits[:count]
    epochs = epochs or published_epochs
    batch_size = BATCH_SIZE if len(X) < LARGE else LARGE_BATCH_SIZE
    loss = nn.GaussianNLL()
    nets, targets, rows = [], [], []
    for number, split in enumerate(splits):
        for member in range(1 + MEMBERS):
            outputs = 1 if member == 0 else 2
            layers = [nn.Input(X.shape[1]), nn.Standardize(), nn.Dense(hidden, "relu")]
            net = nn.FeedForward([*layers, nn.Dense(outputs)], seed=100 * number + member)
            nets.append(net)
            targets.append((y - split.mean) / split.deviation)
            rows.append(split.train)
    slow = epochs // 4
    for rate, part in ((0.01, epochs - slow), (0.001, slow)):
        for index, net in enumerate(nets):
            plain = index % (1 + MEMBERS) == 0
            net.compile(nn.Adam(rate), "mean_squared_error" if plain else loss)
        nn.fit_many(nets, X, targets=targets, rows=rows, epochs=part, batch_size=batch_size)

    result = []
    for number, split in enumerate(splits):
        single, *members = nets[number * (1 + MEMBERS) :][: 1 + MEMBERS]
        inputs, wanted = X[split.test], y[split.test]
        guess = single.predict(inputs)[:, 0] * split.deviation + split.mean
        said = [loss.read(net.predict(inputs).astype(float)) for net in members]
        means = np.array([one.mean[:, 0] for one in said]) * split.deviation + split.mean
        variances = np.array([one.variance[:, 0] for one in said]) * split.deviation**2
        mean = means.mean(axis=0)
        variance = (variances + means**2).mean(axis=0) - mean**2
        likelihood = -0.5 * (np.log(2 * np.pi * variance) + (wanted - mean) ** 2 / variance)
        result.append(
            Scores(
                float(np.sqrt(np.mean((guess - wanted) ** 2))),
                float(np.sqrt(np.mean((mean - wanted) ** 2))),
                float(likelihood.mean()),
            )
        )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=SETS, action="append", help="only this table")
    parser.add_argument("--seeds", type=int, help="how many of the splits (default: all)")
    parser.add_argument("--epochs", type=int, help="default: as published, 40 or 20")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK[1]} splits of {QUICK[0]}")
    given = parser.parse_args()
    if "NNFAST_DATA" not in os.environ:
        parser.error("NNFAST_DATA is not set: it names the folder that holds uci-pbp/")
    quick = [QUICK[0]] if given.quick else list(SETS)
    count = QUICK[1] if given.quick and given.seeds is None else given.seeds
    for name in given.set or quick:
        start = time.perf_counter()
        values = np.array(scores(name, given.epochs, count))
        errors = values.std(axis=0) / np.sqrt(len(values))
        digits = 4 if name == "naval-propulsion-plant" else 3
        cells = [
            f"{mean:.{digits}f} ± {error:.{digits}f}"
            for mean, error in zip(values.mean(axis=0), errors, strict=True)
        ]
        print(table_row(name, *cells, str(len(values))), flush=True)
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
