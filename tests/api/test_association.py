"""Associative memory: what is stored, recalled and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnfast.unsupervised import Hopfield, LinearAssociator
from parity.unsupervised import noisy, patterns


def test_hebbs_weights_are_the_mean_of_products(backend: str) -> None:
    stored = patterns(7, 40)
    weights = Hopfield(backend=backend).fit(stored).weights_
    expected = stored.T @ stored / 40
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(weights, expected, rtol=1e-15)
    twice = Hopfield(backend=backend).fit(stored[:3]).partial_fit(stored[3:])
    assert np.array_equal(twice.weights_, weights)
    assert twice.n_patterns_ == 7


@pytest.mark.parametrize("update", ["asynchronous", "synchronous"])
@pytest.mark.parametrize("rule", ["hebb", "storkey"])
def test_disturbed_patterns_are_recalled(rule: str, update: str, backend: str) -> None:
    stored = patterns(10, 200)
    memory = Hopfield(rule, update=update, backend=backend).fit(stored)
    recalled = memory.recall(noisy(stored))
    assert recalled.dtype == np.int8
    assert np.array_equal(recalled, stored)
    assert np.array_equal(memory.recall(stored > 0), stored)
    assert (memory.energy(stored) < memory.energy(noisy(stored))).all()
    # The negative of a pattern is as deep.
    assert np.array_equal(memory.recall(noisy(-stored)), -stored)
    np.testing.assert_allclose(memory.energy(-stored), memory.energy(stored), rtol=1e-12)


def test_storkey_stores_more_than_hebb() -> None:
    stored = patterns(40, 200)
    kept = {
        rule: Hopfield(rule).fit(stored).is_stable(stored).mean() for rule in ("hebb", "storkey")
    }
    assert kept["hebb"] < 0.2
    assert kept["storkey"] > 0.9


def test_recall_does_not_touch_what_it_is_given(backend: str) -> None:
    stored = patterns(3, 50)
    probes = noisy(stored)
    before = probes.copy()
    memory = Hopfield(backend=backend).fit(stored)
    assert not np.array_equal(memory.recall(probes), probes)
    memory.path(probes[0])
    assert np.array_equal(probes, before)


def test_thresholds_pull_units_down(backend: str) -> None:
    stored = patterns(2, 60)
    high = Hopfield(thresholds=np.full(60, 5.0), backend=backend).fit(stored)
    assert (high.recall(stored) == -1).all()
    with pytest.raises(ValueError, match="X has 60 columns but there are 59 thresholds"):
        Hopfield(thresholds=np.zeros(59), backend=backend).fit(stored)


def test_two_states_in_turns_are_said(backend: str) -> None:
    # One pattern of two units that differ, begun at (1, 1): both change at once, for ever.
    memory = Hopfield(update="synchronous", backend=backend).fit([[1, -1]])
    with pytest.warns(RuntimeWarning, match="1 of 2 rows have not come to rest"):
        memory.recall([[1, 1], [1, -1]])
    assert np.array_equal(Hopfield(backend=backend).fit([[1, -1]]).path([1, 1])[-1] ** 2, [1, 1])


@pytest.mark.parametrize(
    ("X", "sentence"),
    [
        ([[1, 0]], "X holds 0.0 at row 0, column 1; wanted are -1 and 1, or booleans"),
        ([1, -1], "wanted are 2 dimensions"),
        ([[1.0, np.inf]], "X holds inf at row 0, column 1"),
    ],
)
def test_bad_patterns(X: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Hopfield().fit(X)


def test_bad_use() -> None:
    with pytest.raises(ValueError, match="rule is 'oja'; wanted is one of 'hebb', 'storkey'"):
        Hopfield("oja")
    with pytest.raises(ValueError, match="update is 'slow'"):
        Hopfield(update="slow")
    with pytest.raises(ValueError, match=r"thresholds has the shape \(1, 1\)"):
        Hopfield(thresholds=[[0.0]])
    with pytest.raises(ValueError, match="this Hopfield has learned nothing yet"):
        Hopfield().recall([[1, -1]])
    memory = Hopfield().fit([[1, -1, 1]])
    with pytest.raises(ValueError, match="X has 2 columns"):
        memory.recall([[1, -1]])
    with pytest.raises(ValueError, match="X has 2 columns"):
        memory.partial_fit([[1, -1]])
    with pytest.raises(ValueError, match="y has 1 rows but X has 2"):
        LinearAssociator().fit(np.eye(2), [[1.0]])


def test_keys_of_zeros_store_nothing(backend: str) -> None:
    memory = LinearAssociator(backend=backend).fit([[0.0, 0.0], [0.0, 2.0]], [5.0, 3.0])
    assert np.array_equal(memory.weights_, [[0.0], [1.5]])
