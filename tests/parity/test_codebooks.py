"""Maps, competitive learning and learning vector quantization: the core against the oracle."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nnfast import _core, reference
from nnfast._backend import described
from nnfast.unsupervised.maps import DISTANCES, NEIGHBORHOODS, TOPOLOGIES
from parity.networks import DTYPES, LAYOUTS, TOLERANCES, layout

# A map learned row by row, and one by blocks of rows; panels that are full and that are not.
SHAPES = [(3, 4, 5), (4, 4, 31), (5, 6, 33), (7, 6, 120)]
MAPS = [
    described({"topology": topology, "neighborhood_function": function, "wrap": wrap})
    for topology, function, wrap in itertools.product(TOPOLOGIES, NEIGHBORHOODS, (False, True))
]


def table(rows: int, columns: int, dtype: str) -> NDArray[Any]:
    return np.random.default_rng(columns).normal(size=(rows, columns)).astype(dtype)


def units(count: int, columns: int, dtype: str) -> NDArray[Any]:
    return np.random.default_rng(count).normal(size=(count, columns)).astype(dtype)


def lesson(rows: int, steps: int, rate: float, sigma: float) -> tuple[NDArray[Any], ...]:
    order = np.random.default_rng(steps).integers(0, rows, steps).astype(np.uint32)
    return order, np.linspace(rate, 0.01, steps), np.linspace(sigma, 0.7, steps)


def agree(one: Any, two: Any, dtype: str) -> None:
    scale = max(1.0, float(np.abs(two).max()))
    np.testing.assert_allclose(one, two, rtol=0, atol=TOLERANCES[dtype] * scale)


@pytest.mark.parametrize("description", MAPS)
@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_maps(shape: tuple[int, int, int], distance: str, description: str) -> None:
    wide, high, columns = shape
    config = described({"x": wide, "y": high, **json.loads(description)})
    x, before = table(150, columns, "float64"), units(wide * high, columns, "float64")
    # Of a bubble's units that move alike, which wins is soon a matter of rounding: few steps.
    order, rates, sigmas = lesson(150, 150, 0.05, 1.8)
    learned = []
    for backend in (_core, reference):
        weights = before.copy()
        backend.map_online(x, weights, config, distance, order, rates, sigmas, 2)
        batch = before.copy()
        for sigma in (1.8, 1.2):
            backend.map_batch(x, batch, config, distance, 0.7, sigma, 2)
        learned.append((weights, batch))
    assert not np.array_equal(learned[0][0], before)
    agree(learned[0][0], learned[1][0], "float64")
    agree(learned[0][1], learned[1][1], "float64")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("how", LAYOUTS)
@pytest.mark.parametrize("source", ["float64", "float32", "uint8"])
def test_every_source_is_read_where_it_lies(source: str, how: str, dtype: str) -> None:
    x = np.random.default_rng(0).integers(0, 200, (90, 40)).astype(source)
    before = 10.0 * units(20, 40, dtype) + 100.0
    config = described(
        {
            "x": 5,
            "y": 4,
            "topology": "hexagonal",
            "neighborhood_function": "gaussian",
            "wrap": False,
        }
    )
    order, rates, sigmas = lesson(90, 90, 0.3, 2.0)
    weights, expected = before.copy(), before.copy()
    _core.map_online(layout(x, how), weights, config, "euclidean", order, rates, sigmas, 1)
    reference.map_online(x, expected, config, "euclidean", order, rates, sigmas, 1)
    agree(weights, expected, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize(("count", "columns"), [(1, 3), (2, 1), (16, 7), (45, 40)])
def test_nearest_units_and_sums(count: int, columns: int, distance: str, dtype: str) -> None:
    x, weights = table(300, columns, dtype), units(count, columns, dtype)
    winners, distances, seconds = _core.nearest_units(x, weights, distance, 2)
    expected = reference.nearest_units(x, weights, distance, 1)
    np.testing.assert_array_equal(winners, expected[0])
    np.testing.assert_array_equal(seconds, expected[2])
    agree(distances, expected[1], dtype)
    every, expected_every = (np.empty((300, count), dtype) for _ in range(2))
    _core.unit_distances(x, weights, distance, every, 2)
    reference.unit_distances(x, weights, distance, expected_every, 1)
    agree(every, expected_every, dtype)
    np.testing.assert_array_equal(every.min(axis=1), distances)
    sums, expected_sums = np.empty_like(weights), np.empty_like(weights)
    counts = _core.unit_sums(x, winners, sums, 2)
    np.testing.assert_array_equal(counts, reference.unit_sums(x, winners, expected_sums, 1))
    agree(sums, expected_sums, dtype)


@pytest.mark.parametrize("backend", [_core, reference])
@pytest.mark.parametrize("distance", DISTANCES)
def test_ties_go_to_the_first(backend: Any, distance: str) -> None:
    weights = np.zeros((70, 3))
    weights[[5, 33, 69]] = 2.0
    winners, _, seconds = backend.nearest_units(np.full((2, 3), 2.0), weights, distance, 1)
    assert winners.tolist() == [5, 5]
    assert seconds.tolist() == [33, 33]


@pytest.mark.parametrize("columns", [3, 33, 120, 300])
@pytest.mark.parametrize("sensitive", [False, True])
def test_competitive_learning(sensitive: bool, columns: int) -> None:
    x, before = table(400, columns, "float64"), units(21, columns, "float64")
    order, rates, _ = lesson(400, 400, 0.4, 1.0)
    learned = []
    for backend in (_core, reference):
        weights, wins = before.copy(), np.ones(21 if sensitive else 0)
        backend.competitive_online(x, weights, wins, order, rates, 2)
        learned.append((weights, wins))
    agree(learned[0][0], learned[1][0], "float64")
    np.testing.assert_array_equal(learned[0][1], learned[1][1])


@pytest.mark.parametrize("columns", [3, 33, 120, 300])
@pytest.mark.parametrize(
    "rule",
    [
        {"name": "lvq1"},
        {"name": "glvq", "steepness": 3.0},
        {"name": "glvq", "steepness": None},
    ],
    ids=str,
)
def test_learning_vector_quantization(rule: dict[str, Any], columns: int) -> None:
    x, before = table(400, columns, "float64"), units(21, columns, "float64")
    classes = (x[:, 0] > 0).astype(np.uint32) + (x[:, 1] > 0)
    own = (np.arange(21) % 3).astype(np.uint32)
    order, rates, _ = lesson(400, 400, 0.05 if rule["name"] == "lvq1" else columns, 1.0)
    learned = []
    for backend in (_core, reference):
        weights = before.copy()
        wrong = backend.lvq_online(
            x, classes.astype(np.uint32), weights, own, json.dumps(rule), order, rates, 2
        )
        learned.append((weights, wrong))
    agree(learned[0][0], learned[1][0], "float64")
    assert learned[0][1] == learned[1][1] > 0
