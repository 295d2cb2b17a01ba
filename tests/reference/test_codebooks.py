"""Codebooks in the oracle: against closed forms and differences."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nnfast import reference

ONE = np.array([0], dtype=np.uint32)


def loss(x: NDArray[Any], w: NDArray[Any], own: NDArray[Any], steepness: float | None) -> float:
    """Return f(mu) of one row of class 0."""
    d = ((x - w) ** 2).sum(axis=1)
    right, wrong = d[own == 0].min(), d[own == 1].min()
    mu = float((right - wrong) / (right + wrong))
    return mu if steepness is None else float(1 / (1 + np.exp(-steepness * mu)))


@pytest.mark.parametrize("steepness", [None, 1.0, 7.0])
def test_glvq_steps_down_the_gradient(steepness: float | None) -> None:
    random = np.random.default_rng(0)
    own = np.array([0, 1, 0, 1], dtype=np.uint32)
    rule = json.dumps({"name": "glvq", "steepness": steepness})
    for _ in range(20):
        x, w = random.normal(size=(1, 5)), random.normal(size=(4, 5))
        gradient = np.empty_like(w)
        for place in np.ndindex(w.shape):
            step = np.zeros_like(w)
            step[place] = 1e-6
            rise = loss(x, w + step, own, steepness) - loss(x, w - step, own, steepness)
            gradient[place] = rise / 2e-6
        moved = w.copy()
        reference.lvq_online(x, ONE, moved, own, rule, ONE, np.array([4.0]), 1)
        np.testing.assert_allclose(moved - w, -gradient, rtol=1e-6, atol=1e-8)


def test_lvq1_draws_and_pushes() -> None:
    own = np.array([0, 1], dtype=np.uint32)
    rule, rate = json.dumps({"name": "lvq1"}), np.array([0.5])
    w = np.array([[0.0], [4.0]])
    assert reference.lvq_online(np.array([[1.0]]), ONE, w, own, rule, ONE, rate, 1) == 0
    assert w.tolist() == [[0.5], [4.0]]
    assert reference.lvq_online(np.array([[3.0]]), ONE, w, own, rule, ONE, rate, 1) == 1
    assert w.tolist() == [[0.5], [4.5]]


def test_a_rate_of_one_over_the_wins_gives_the_mean() -> None:
    x = np.random.default_rng(1).normal(size=(50, 3))
    w = np.zeros((1, 3))
    rates = 1.0 / np.arange(1, 51)
    reference.competitive_online(x, w, np.zeros(0), np.arange(50, dtype=np.uint32), rates, 1)
    np.testing.assert_allclose(w[0], x.mean(axis=0), atol=1e-12)


def test_a_map_without_neighbours_is_lloyds_step() -> None:
    x = np.random.default_rng(2).normal(size=(80, 3))
    w = x[:6].copy()
    config = {"x": 3, "y": 2, "topology": "rectangular", "wrap": False}
    expected = w.copy()
    winners, _, _ = reference.nearest_units(x, w, "euclidean", 1)
    for unit in range(6):
        expected[unit] = x[winners == unit].mean(axis=0)
    description = json.dumps({**config, "neighborhood_function": "bubble"})
    reference.map_batch(x, w, description, "euclidean", 1.0, 0.5, 1)
    np.testing.assert_allclose(w, expected, atol=1e-12)
