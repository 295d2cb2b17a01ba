"""Maps against MiniSom: the same weights, step for step, and the same measures of them."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nnfast.unsupervised import SelfOrganizingMap, _decays

minisom = pytest.importorskip("minisom")
TOLERANCE = 1e-10


def data(columns: int) -> NDArray[Any]:
    return np.random.default_rng(columns).normal(size=(120, columns))


def pair(x: int, y: int, columns: int, backend: str = "rust", **options: Any) -> tuple[Any, Any]:
    """Make a map of ours and one of MiniSom's, with the same parameters."""
    shared = {
        "sigma": 2.0,
        "learning_rate": 0.4,
        "sigma_decay_function": "asymptotic_decay",
        "decay_function": "asymptotic_decay",
    } | options
    ours = SelfOrganizingMap(x, y, dtype="float64", backend=backend, **shared)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ours, minisom.MiniSom(x, y, columns, random_seed=3, **shared)


@pytest.mark.parametrize("columns", [3, 60])
@pytest.mark.parametrize(
    "options",
    [
        {"topology": topology, "neighborhood_function": function}
        for topology, function in itertools.product(
            ("rectangular", "hexagonal"), ("gaussian", "mexican_hat", "bubble")
        )
        # MiniSom's bubble takes no notice of hexagons.
        if (function, topology) != ("bubble", "hexagonal")
    ],
    ids=lambda options: "-".join(options.values()),
)
def test_online_weights(options: dict[str, Any], columns: int, backend: str) -> None:
    # A mexican hat pushes units away without end; small steps keep the numbers small.
    if options["neighborhood_function"] == "mexican_hat":
        options = {**options, "learning_rate": 0.02}
    ours, theirs = pair(6, 7, columns, backend, **options)
    x, initial = data(columns), theirs.get_weights().copy()
    ours.fit(x, iterations=300, shuffle=False, initial=initial)
    theirs.train(x, 300)
    assert np.abs(ours.weights_ - initial).max() > 0.1
    np.testing.assert_allclose(ours.weights_, theirs.get_weights(), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("columns", [3, 60])
def test_online_weights_by_epochs(columns: int, epochs: int) -> None:
    ours, theirs = pair(6, 7, columns)
    x, initial = data(columns), theirs.get_weights().copy()
    ours.fit(x, epochs=epochs, shuffle=False, initial=initial)
    theirs.train(x, epochs, use_epochs=True)
    np.testing.assert_allclose(ours.weights_, theirs.get_weights(), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("rate", ["linear_decay_to_zero", "inverse_decay_to_zero"])
@pytest.mark.parametrize("sigma", ["linear_decay_to_one", "inverse_decay_to_one"])
def test_decays(sigma: str, rate: str) -> None:
    ours, theirs = pair(6, 7, 3, sigma_decay_function=sigma, decay_function=rate)
    x, initial = data(3), theirs.get_weights().copy()
    ours.fit(x, iterations=200, shuffle=False, initial=initial)
    theirs.train(x, 200)
    np.testing.assert_allclose(ours.weights_, theirs.get_weights(), rtol=0, atol=TOLERANCE)


def test_triangle_is_theirs_without_its_height() -> None:
    ours, theirs = pair(6, 7, 3, neighborhood_function="triangle")

    def rate_over_height(rate: float, t: int, steps: int) -> float:
        decay = _decays.asymptotic_decay
        return float(decay(rate, np.array(t), steps) / decay(2.0, np.array(t), steps) ** 2)

    theirs._learning_rate_decay_function = rate_over_height
    x, initial = data(3), theirs.get_weights().copy()
    ours.fit(x, iterations=200, shuffle=False, initial=initial)
    theirs.train(x, 200)
    np.testing.assert_allclose(ours.weights_, theirs.get_weights(), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
@pytest.mark.parametrize("columns", [3, 60])
def test_batch_weights(columns: int, topology: str, backend: str) -> None:
    if not hasattr(minisom.MiniSom, "train_batch_offline"):
        pytest.skip("this MiniSom has no batch training")
    ours, theirs = pair(6, 7, columns, backend, topology=topology)
    ours.training = "batch"
    x, initial = data(columns), theirs.get_weights().copy()
    ours.fit(x, epochs=5, initial=initial)
    theirs.train_batch_offline(x, 5)
    np.testing.assert_allclose(ours.weights_, theirs.get_weights(), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
def test_measures(topology: str) -> None:
    ours, theirs = pair(6, 7, 3, topology=topology)
    x, initial = data(3), theirs.get_weights().copy()
    ours.fit(x, iterations=500, shuffle=False, initial=initial)
    theirs._weights = ours.weights_
    assert ours.quantization_error(x) == pytest.approx(theirs.quantization_error(x), abs=1e-12)
    assert ours.topographic_error(x) == pytest.approx(theirs.topographic_error(x), abs=1e-12)
    np.testing.assert_array_equal(ours.activation_response(x), theirs.activation_response(x))
    # With an odd number of rows: of an even one MiniSom takes the wrong rows for the shifted ones.
    for scaling in ("sum", "mean"):
        np.testing.assert_allclose(
            ours.distance_map(scaling), theirs.distance_map(scaling), rtol=0, atol=1e-12
        )
    labels = np.arange(len(x)) % 3
    found = theirs.labels_map(x, labels)
    assert ours.labels_map(x, labels) == {tuple(map(int, key)): found[key] for key in found}
    won = theirs.win_map(x, return_indices=True)
    assert {key: rows.tolist() for key, rows in ours.win_map(x).items()} == won
    assert ours.winner(x[5]) == theirs.winner(x[5])
    xx, yy = theirs.get_euclidean_coordinates()
    np.testing.assert_allclose(ours.positions_, np.stack([xx, yy], axis=2), rtol=0, atol=1e-12)
