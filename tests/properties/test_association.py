"""What associative memories promise, in exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from nnfast import reference
from nnfast.unsupervised import Hopfield, LinearAssociator

# Not the fixture: hypothesis wants one that it may make anew for each example.
backends = pytest.mark.parametrize("backend", ["numpy", "rust"])
signs = st.sampled_from([-1.0, 1.0])


@st.composite
def memories(draw: st.DrawFn) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], int]:
    """Draw patterns, a probe, thresholds and a seed."""
    units = draw(st.integers(2, 24))
    count = draw(st.integers(1, 12))
    rows = st.lists(signs, min_size=units, max_size=units)
    patterns = draw(st.lists(rows, min_size=count, max_size=count))
    eighths = st.integers(-8, 8).map(lambda value: value / 8)
    thresholds = draw(st.lists(eighths, min_size=units, max_size=units))
    probe, seed = draw(rows), draw(st.integers(0, 2**64 - 1))
    return np.array(patterns), np.array(probe), np.array(thresholds), seed


def energy(matrix: NDArray[Any], thresholds: NDArray[Any], state: NDArray[Any]) -> Fraction:
    """Return the energy exactly, from the very numbers that recall works with."""
    total = Fraction(0)
    s = [int(value) for value in state]
    for i, row in enumerate(matrix.tolist()):
        total += s[i] * Fraction(thresholds[i])
        total -= s[i] * sum((Fraction(w) * s[j] for j, w in enumerate(row)), Fraction(0)) / 2
    return total


@backends
@given(drawn=memories())
def test_the_energy_falls_at_every_change(drawn: Any, backend: str) -> None:
    patterns, probe, thresholds, seed = drawn
    memory = Hopfield(thresholds=thresholds, seed=seed, backend=backend).fit(patterns)
    states = memory.path(probe)
    assert np.array_equal(states[0], probe)
    assert all(np.count_nonzero(one != other) == 1 for one, other in pairwise(states))
    scaled = memory._scaled_thresholds()
    energies = [energy(memory._matrix, scaled, state) for state in states]
    assert all(after < before for before, after in pairwise(energies))
    assert memory.is_stable(states[-1:]).all()
    assert np.array_equal(states[-1], memory.recall([probe])[0])
    exact = [float(one / len(probe)) for one in energies]
    np.testing.assert_allclose(memory.energy(states), exact, rtol=0, atol=1e-12)


@backends
@given(drawn=memories())
def test_with_storkeys_weights_it_rises_by_no_more_than_rounding(drawn: Any, backend: str) -> None:
    patterns, probe, _, seed = drawn
    memory = Hopfield("storkey", seed=seed, backend=backend).fit(patterns)
    states = memory.path(probe)
    zeros = np.zeros(len(probe))
    energies = [energy(memory._matrix, zeros, state) for state in states]
    # A field is a sum of that many terms; its rounding decides only where it is next to zero.
    limit = 4 * len(probe) * np.finfo(np.float64).eps * np.abs(memory._matrix).sum(axis=1).max()
    assert all(after - before <= limit for before, after in pairwise(energies))
    assert memory.is_stable(states[-1:]).all()


@backends
@given(drawn=memories())
def test_synchronous_updates_end_at_rest_or_between_two_states(drawn: Any, backend: str) -> None:
    patterns, probe, _, _ = drawn
    memory = Hopfield(update="synchronous", max_sweeps=1000, backend=backend).fit(patterns)
    end, _ = memory._recalled(probe[np.newaxis], record=False)
    once = Hopfield(update="synchronous", max_sweeps=1, backend=backend).fit(patterns)
    twice = Hopfield(update="synchronous", max_sweeps=2, backend=backend).fit(patterns)
    assert np.array_equal(twice._recalled(end, record=False)[0], end)
    at_rest = np.array_equal(once._recalled(end, record=False)[0], end)
    assert at_rest == memory.is_stable(end)[0]


@given(drawn=memories())
def test_storkeys_rule_as_it_was_published(drawn: Any) -> None:
    patterns = drawn[0]
    units = patterns.shape[1]
    w = np.zeros((units, units))
    for x in patterns:
        new = w.copy()
        for i in range(units):
            for j in range(units):
                if i == j:
                    continue
                others = [k for k in range(units) if k not in (i, j)]
                h_ij = sum(w[i, k] * x[k] for k in others)
                h_ji = sum(w[j, k] * x[k] for k in others)
                new[i, j] += (x[i] * x[j] - x[i] * h_ji - h_ij * x[j]) / units
        w = new
    matrix = np.zeros_like(w)
    reference.storkey_store(patterns, matrix, 1)
    np.testing.assert_allclose(matrix / units, w, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rule", ["hebb", "pseudo_inverse", "delta"])
def test_orthogonal_keys_are_recalled_exactly(rule: str, backend: str) -> None:
    keys = np.linalg.qr(np.random.default_rng(0).normal(size=(12, 5)))[0].T * 2.5
    answers = np.random.default_rng(1).normal(size=(5, 3))
    memory = LinearAssociator(rule, dtype="float64", epochs=200, backend=backend)
    recalled = memory.fit(keys, answers).recall(keys)
    np.testing.assert_allclose(recalled, answers, atol=1e-12)


@pytest.mark.parametrize("rule", ["pseudo_inverse", "delta"])
def test_independent_keys_are_recalled_exactly(rule: str, backend: str) -> None:
    keys = np.random.default_rng(0).normal(size=(6, 40))
    answers = np.random.default_rng(1).normal(size=(6, 3))
    memory = LinearAssociator(rule, dtype="float64", epochs=1500, backend=backend)
    memory.fit(keys, answers)
    np.testing.assert_allclose(memory.recall(keys), answers, atol=1e-9)
    # From zeros, the delta rule stays in the span of the keys: the least norm.
    np.testing.assert_allclose(memory.weights_, np.linalg.pinv(keys) @ answers, atol=1e-9)
    assert np.abs(LinearAssociator().fit(keys, answers).recall(keys) - answers).max() > 0.1


def test_without_answers_a_pattern_recalls_itself() -> None:
    keys = np.array([[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])
    memory = LinearAssociator(dtype="float64").fit(keys)
    assert np.array_equal(memory.recall(keys), keys)
    assert np.array_equal(np.sign(memory.recall([[0.0, 1.0, -1.0, -1.0]]))[0], keys[0])
