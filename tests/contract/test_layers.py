"""The same bits with every type of layer: threads, rows by themselves, runs that are resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from contract.bits import WIDE, bits, mixed, said, trained
from parity.networks import DTYPES, Run

each_dtype = pytest.mark.parametrize("dtype", DTYPES)
THREADS = [2, 3, 8]


def run(**options: Any) -> Run:
    loss = nn.SparseCategoricalCrossEntropy()
    return Run(mixed(outputs=5, output="softmax"), loss, nn.Adam(), **{**WIDE, **options})


def test_every_type_of_layer_is_among_them() -> None:
    kinds = {layer.kind for _, layer, _ in nn._architecture.walk(mixed())}
    assert kinds == set(nn.layers.Layer.kinds)


@each_dtype
def test_any_number_of_threads(dtype: str) -> None:
    expected = trained(run(), dtype=dtype, threads=1)
    for threads in THREADS:
        assert trained(run(), dtype=dtype, threads=threads) == expected, threads


@each_dtype
def test_a_row_alone(dtype: str) -> None:
    made = run()
    network = made.fit(made.network(dtype=dtype), 2)
    x, _ = made.data()
    whole = network.predict(x)
    for place in range(0, len(x), 7):
        assert network.predict(x[place : place + 1]).tobytes() == whole[place].tobytes()
        assert network.predict(x[place]).tobytes() == whole[place].tobytes()


@each_dtype
def test_a_single_row_shared_between_threads(dtype: str) -> None:
    shape = [
        nn.Input(600),
        nn.Standardize(),
        nn.Dense(2000),
        nn.BatchNorm(),
        nn.Residual([nn.LayerNorm(), nn.Dense(2000, "relu")]),
        nn.Dense(5),
    ]
    x = np.random.default_rng(0).normal(size=(20, 600))
    answers = []
    for threads in (1, 2, 3):
        network = nn.FeedForward(shape, dtype=dtype, seed=0, threads=threads)
        network.adapt(x)
        answers.append(network.predict(x[3]).tobytes())
    assert answers[0] == answers[1] == answers[2] == network.predict(x)[3].tobytes()


@each_dtype
def test_a_run_that_is_saved_and_resumed(dtype: str, tmp_path: Path) -> None:
    made = run(rows=60, batch_size=16)
    whole = made.fit(made.network(dtype=dtype), 4)
    made.fit(first := made.network(dtype=dtype), 2)
    first.save(tmp_path / "net.safetensors")
    second = made.fit(nn.load(tmp_path / "net.safetensors"), 2)
    assert said(second, *made.data()) == said(whole, *made.data())
    assert second.layers == whole.layers


@each_dtype
def test_named_rows_are_as_copied_ones(dtype: str) -> None:
    made = run(rows=60, batch_size=16)
    x, y = made.data()
    rows = np.arange(5, 55)[::-2].copy()
    both = []
    for options in ((x, y, rows), (x[rows], y[rows], None)):
        network = nn.FeedForward(made.layers, dtype=dtype, seed=3)
        network.fit(*options[:2], rows=options[2], epochs=2, batch_size=8, verbose=0)
        both.append(bits(network.get_weights()))
    assert both[0] == both[1]


@each_dtype
@pytest.mark.parametrize("source", ["uint8", "float32"])
def test_bytes_are_standardized_as_the_numbers_that_they_are(source: str, dtype: str) -> None:
    random = np.random.default_rng(0)
    x = random.integers(0, 255, (90, 12)).astype(source)
    y = random.integers(0, 4, 90)
    results = []
    for view in (x, x.astype("float64"), np.asfortranarray(x)):
        shape = [nn.Input(12), nn.Standardize(), nn.Dense(40, "relu"), nn.Dense(4, "softmax")]
        network = nn.FeedForward(shape, dtype=dtype, seed=1)
        network.fit(view, y, epochs=2, batch_size=20, verbose=0)
        results.append(said(network, view, y))
    assert results[0] == results[1] == results[2]


@each_dtype
def test_zeros_are_left_out_after_other_layers_too(dtype: str) -> None:
    """Of zeros that vectors bring about, and dropout: with a NaN weight nothing may be left out."""
    random = np.random.default_rng(0)
    x = random.normal(size=(100, 50)) * (random.random((100, 50)) < 0.1)
    x[:, 7] = random.integers(0, 3, 100)
    y = random.normal(size=(100, 2))
    shape = [nn.Input(50), nn.Embedding({7: (3, 10)}), nn.Dropout(0.5), nn.Dense(64), nn.Dense(2)]
    made = [
        nn.FeedForward(shape, dtype=dtype, seed=1, threads=threads).fit(x, y, epochs=2, verbose=0)
        for threads in (1, 3)
    ]
    assert said(made[0].model, x, y) == said(made[1].model, x, y)
    weights = made[0].model.get_weights()
    weights[1][0, 0] = np.nan
    made[0].model.set_weights(weights)
    assert np.isnan(made[0].model.predict(x)).all(axis=0)[0]
