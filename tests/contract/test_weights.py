"""What weights of rows do to the bits: nothing if all are 1, and never more than they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from contract.bits import WIDE, layers, said, trained
from contract.test_resume import WAYS
from parity.networks import DTYPES, HEADS, Run

SMALL = (nn.Input(4), nn.Dense(6, "tanh"), nn.Dense(3))
RUNS = {
    "large": Run(layers(90, 110, 61, 10), nn.MeanSquaredError(), nn.Adam(), weighted=True, **WIDE),
    "small": Run(SMALL, nn.MeanSquaredError(), nn.Adam(), weighted=True),
}
each_run = pytest.mark.parametrize("name", RUNS)
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


@each_dtype
@each_run
def test_weights_of_one_are_none(name: str, dtype: str) -> None:
    run = replace(RUNS[name], weighted=False)
    network = run.network(dtype=dtype)
    x, y = run.data()
    options = {"batch_size": run.batch_size, "epochs": 2, "verbose": 0}
    network.fit(x, y, sample_weight=np.ones(run.rows), **options)
    assert said(network, x, y) == trained(run, dtype=dtype)


@each_dtype
@each_run
def test_threads(name: str, dtype: str) -> None:
    expected = trained(RUNS[name], dtype=dtype, threads=1)
    assert expected != trained(replace(RUNS[name], weighted=False), dtype=dtype)
    for threads in (2, 3, 8):
        assert trained(RUNS[name], dtype=dtype, threads=threads) == expected


@pytest.mark.parametrize("way", WAYS)
@each_run
def test_resumes(name: str, way: str, tmp_path: Path) -> None:
    run = RUNS[name]
    network = run.network()
    for _ in range(2):
        network = WAYS[way](run.fit(network, 1), tmp_path)
    assert said(network, *run.data()) == trained(run, 2)


@pytest.mark.parametrize("head", [one for one in HEADS if one[1].trainable], ids=repr)
def test_powers_of_two_scale_loss_and_gradient(head: Any) -> None:
    """A weight is a factor, and nothing else: a power of two changes exponents alone."""
    loss, output = head
    run = Run((nn.Input(4), nn.Dense(20, "tanh"), nn.Dense(3, output)), loss, nn.SGD())
    network, (x, y) = run.network(), run.data()
    loss_of_one, gradients_of_one = network.gradients(x, y)
    loss_of_four, gradients_of_four = network.gradients(x, y, sample_weight=np.full(run.rows, 4))
    assert loss_of_four == 4 * loss_of_one
    for four, one in zip(gradients_of_four, gradients_of_one, strict=True):
        np.testing.assert_array_equal(four, 4 * one)


def test_two_is_a_row_that_is_there_twice() -> None:
    run = RUNS["large"]
    network, (x, y) = run.network(), run.data()
    twice = np.random.default_rng(1).random(run.rows) < 0.5
    weighted_loss, weighted = network.gradients(x, y, sample_weight=1 + twice)
    rows = np.repeat(np.arange(run.rows), 1 + twice)
    loss, gradients = network.gradients(x[rows], y[rows])
    share = len(rows) / run.rows
    assert weighted_loss == pytest.approx(share * loss, rel=1e-13)
    for ours, theirs in zip(weighted, gradients, strict=True):
        np.testing.assert_allclose(ours, share * theirs, rtol=1e-10, atol=1e-14)


def test_rows_of_no_weight_teach_nothing() -> None:
    run = RUNS["large"]
    network, (x, y) = run.network(), run.data()
    kept = np.arange(run.rows) % 3 > 0
    other = np.where(kept[:, np.newaxis], y, y + 100.0)
    found = network.gradients(x, other, sample_weight=kept)
    expected = network.gradients(x, y, sample_weight=kept)
    assert found[0] == expected[0]
    for ours, theirs in zip(found[1], expected[1], strict=True):
        np.testing.assert_array_equal(ours, theirs)
