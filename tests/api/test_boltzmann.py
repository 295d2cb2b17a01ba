"""The restricted Boltzmann machine beside scikit-learn's, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nnfast as nn
from nnfast.unsupervised import BernoulliRBM


def test_scores_and_energies_are_scikit_learns(backend: str) -> None:
    neural_network = pytest.importorskip("sklearn.neural_network")
    X = (np.random.default_rng(0).random((60, 20)) > 0.6).astype(np.float64)
    ours = BernoulliRBM(8, n_iter=5, dtype="float64", backend=backend).fit(X)
    theirs = neural_network.BernoulliRBM(8)
    theirs.components_ = np.ascontiguousarray(ours.components_)
    theirs.intercept_hidden_ = ours.intercept_hidden_
    theirs.intercept_visible_ = ours.intercept_visible_
    theirs.n_features_in_ = 20
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), rtol=1e-12)
    np.testing.assert_allclose(ours.free_energy(X), theirs._free_energy(X), rtol=1e-12)
    mine = np.mean([ours.score_samples(X, seed=seed).mean() for seed in range(300)])
    theirs.random_state = None
    other = np.mean([theirs.score_samples(X).mean() for _ in range(300)])
    assert mine == pytest.approx(other, abs=0.1)


def test_it_learns_digits_as_scikit_learns_does() -> None:
    neural_network = pytest.importorskip("sklearn.neural_network")
    X, _ = nn.datasets.digits()
    X = X.astype(np.float32)
    options: dict[str, Any] = {"learning_rate": 0.06, "n_iter": 10}
    ours = BernoulliRBM(100, **options).fit(X)
    theirs = neural_network.BernoulliRBM(100, random_state=0, **options).fit(X)
    theirs.random_state = None  # else it asks about the same units each time
    scores = [
        np.mean([ours.score_samples(X, seed=seed).mean() for seed in range(20)]),
        np.mean([theirs.score_samples(X).mean() for _ in range(20)]),
    ]
    assert scores[0] == pytest.approx(scores[1], abs=0.5)
    lost = [np.mean((X - machine.reconstruct(X)) ** 2) for machine in (ours, _started(ours, X))]
    assert lost[0] < 0.5 * lost[1]


def _started(machine: BernoulliRBM, X: Any) -> BernoulliRBM:
    """Return one that has learned nothing."""
    fresh = BernoulliRBM(machine.n_components)
    fresh._start(X.shape[1])
    return fresh


def test_a_fit_is_its_seed(backend: str) -> None:
    X = np.random.default_rng(0).random((33, 6))
    first, second = (BernoulliRBM(5, seed=3, backend=backend).fit(X) for _ in range(2))
    assert np.array_equal(first.components_, second.components_)
    assert first.n_iter_ == 10
    assert first.step_ == 40
    assert first.gibbs(X).dtype == np.bool_
    assert np.array_equal(first.gibbs(X), second.gibbs(X))
    assert not np.array_equal(first.gibbs(X), first.gibbs(X, seed=4))
    assert np.array_equal(first.fit_transform(X), second.transform(X))
    assert not np.array_equal(first.components_, BernoulliRBM(5, seed=4).fit(X).components_)


def test_bad_use(backend: str) -> None:
    machine = BernoulliRBM(3, backend=backend)
    with pytest.raises(ValueError, match="this BernoulliRBM has learned nothing yet"):
        machine.transform([[0.0]])
    with pytest.raises(ValueError, match="X holds values from 0 to 2; wanted are values from 0 to"):
        machine.fit([[0.0, 2.0]])
    with pytest.raises(ValueError, match="X holds nan"):
        machine.fit([[0.0, np.nan]])
    machine.fit([[0.0, 1.0]])
    with pytest.raises(ValueError, match="X has 3 columns"):
        machine.transform(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="v holds values from -1 to 0"):
        machine.gibbs([[0.0, -1.0]])
    with pytest.raises(ValueError, match="steps is 0"):
        machine.gibbs([[0.0, 1.0]], steps=0)
    with pytest.raises(ValueError, match="algorithm is 'bp'; wanted is one of 'pcd', 'cd'"):
        BernoulliRBM(algorithm="bp")
    with pytest.raises(ValueError, match="gibbs_steps is 0"):
        BernoulliRBM(gibbs_steps=0)
    with pytest.raises(ValueError, match="grown past float32 in epoch 1; take a smaller"):
        BernoulliRBM(3, learning_rate=1e300, backend=backend).fit([[0.0, 1.0]])
