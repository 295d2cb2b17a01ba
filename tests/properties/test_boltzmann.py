"""A Boltzmann machine so small that every state can be listed, against sums over all of them."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nnfast.unsupervised import BernoulliRBM

VISIBLE, HIDDEN = 4, 3
STATES = np.array(list(product([0.0, 1.0], repeat=VISIBLE)))
HIDDEN_STATES = np.array(list(product([0.0, 1.0], repeat=HIDDEN)))


def machine(backend: str, scale: float = 1.0, **options: Any) -> BernoulliRBM:
    """Make one with parameters that are far from zero."""
    random = np.random.default_rng(3)
    made = BernoulliRBM(HIDDEN, dtype="float64", backend=backend, **options)
    made._start(VISIBLE)
    made._weights = random.normal(size=(VISIBLE, HIDDEN)) * scale
    made.intercept_hidden_ = random.normal(size=HIDDEN) * 0.5
    made.intercept_visible_ = random.normal(size=VISIBLE) * 0.5
    return made


def joint(made: BernoulliRBM) -> NDArray[np.float64]:
    """Return P(v, h) for all visible states and all hidden ones."""
    bias = (STATES @ made.intercept_visible_)[:, None] + HIDDEN_STATES @ made.intercept_hidden_
    weights = np.exp(bias + STATES @ made._weights @ HIDDEN_STATES.T)
    result: NDArray[np.float64] = weights / weights.sum()
    return result


def test_free_energies_give_the_distribution(backend: str) -> None:
    made = machine(backend)
    weights = np.exp(-made.free_energy(STATES))
    np.testing.assert_allclose(weights / weights.sum(), joint(made).sum(axis=1), rtol=1e-12)


def test_hidden_probabilities(backend: str) -> None:
    made = machine(backend)
    p = joint(made)
    expected = p @ HIDDEN_STATES / p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(made.transform(STATES), expected, rtol=1e-12)


def test_the_pseudo_likelihood_is_that_of_one_unit_given_the_others(backend: str) -> None:
    made = machine(backend)
    p = joint(made).sum(axis=1)
    number = {tuple(state): index for index, state in enumerate(STATES)}
    expected = np.empty((len(STATES), VISIBLE))
    for index, state in enumerate(STATES):
        for unit in range(VISIBLE):
            other = state.copy()
            other[unit] = 1 - other[unit]
            expected[index, unit] = np.log(p[index] / (p[index] + p[number[tuple(other)]]))
    for seed in range(5):
        scores = made.score_samples(STATES, seed=seed) / VISIBLE
        assert (np.abs(expected - scores[:, None]).min(axis=1) < 1e-12).all()
    # Over many draws of the unit, the mean is the sum over all units.
    scores = np.mean([made.score_samples(STATES, seed=seed) for seed in range(4000)], axis=0)
    np.testing.assert_allclose(scores, expected.sum(axis=1), rtol=0.1)


def test_gibbs_sampling_reaches_the_distribution(backend: str) -> None:
    made = machine(backend)
    drawn = made.gibbs(np.zeros((40_000, VISIBLE)), steps=30)
    counts = np.bincount(drawn @ (1 << np.arange(VISIBLE)[::-1]), minlength=len(STATES))
    expected = joint(made).sum(axis=1) * len(drawn)
    # Chi-squared with 15 degrees of freedom: 37.7 is its 99.9th percentile.
    assert ((counts - expected) ** 2 / expected).sum() < 37.7


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_the_mean_step_is_the_gradient(algorithm: str, backend: str) -> None:
    """With many chains at the model's distribution a step is the exact gradient, but for noise."""
    copies = 3000
    data = np.repeat(STATES[[1, 3, 7, 12]], copies, axis=0)
    options: dict[str, Any] = {"learning_rate": 1.0, "batch_size": len(data)}
    made = machine(backend, 0.7, algorithm=algorithm, gibbs_steps=30, **options)
    p = joint(made)
    hidden = p @ HIDDEN_STATES / p.sum(axis=1, keepdims=True)
    seen = np.zeros(len(STATES))
    seen[[1, 3, 7, 12]] = 0.25
    difference = seen - p.sum(axis=1)
    expected = [
        STATES.T @ (hidden * difference[:, None]),
        difference @ hidden,
        difference @ STATES,
    ]
    before = [array.copy() for array in made._parameters()]
    made.partial_fit(data)
    for old, new, gradient in zip(before, made._parameters(), expected, strict=True):
        # Five deviations of a mean of 12,000 values from 0 to 1.
        np.testing.assert_allclose(new - old, gradient, rtol=0, atol=5 * 0.5 / np.sqrt(len(data)))


def test_learning_makes_the_data_likely(backend: str) -> None:
    data = np.repeat(STATES[[3, 12]], 50, axis=0)
    options: dict[str, Any] = {"learning_rate": 0.05, "batch_size": 100, "gibbs_steps": 5}
    made = BernoulliRBM(HIDDEN, n_iter=2000, dtype="float64", backend=backend, **options)
    made.fit(data)
    p = joint(made).sum(axis=1)
    assert p[3] + p[12] > 0.8
    assert min(p[3], p[12]) > 0.2
