"""Competitive learning and learning vector quantization beside scikit-learn, on real data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import nnfast as nn
from nnfast.unsupervised import CompetitiveLearning, LearningVectorQuantization

cluster = pytest.importorskip("sklearn.cluster")
neighbors = pytest.importorskip("sklearn.neighbors")


def digits() -> tuple[NDArray[Any], NDArray[Any]]:
    x, y = nn.datasets.digits()
    return np.asarray(x, dtype=np.float64), np.asarray(y)


def test_batch_training_is_lloyds(backend: str) -> None:
    x, _ = digits()
    initial = x[:20].copy()
    ours = CompetitiveLearning(20, training="batch", dtype="float64", backend=backend)
    ours.fit(x, initial=initial)
    theirs = cluster.KMeans(20, init=initial, n_init=1, tol=0.0, max_iter=300, algorithm="lloyd")
    theirs.fit(x)
    assert ours.converged_
    np.testing.assert_allclose(ours.weights_, theirs.cluster_centers_, rtol=0, atol=1e-10)
    np.testing.assert_array_equal(ours.predict(x), theirs.labels_)


@pytest.mark.parametrize("sensitive", [False, True])
def test_online_quantizes_as_well(sensitive: bool) -> None:
    x, _ = digits()
    theirs = cluster.KMeans(32, n_init=3, random_state=0).fit(x)
    error = float(np.sqrt(((x - theirs.cluster_centers_[theirs.labels_]) ** 2).sum(axis=1)).mean())
    ours = CompetitiveLearning(32, frequency_sensitive=sensitive).fit(x, epochs=20)
    assert ours.quantization_error(x) < 1.03 * error
    assert len(np.unique(ours.predict(x))) == 32


def test_frequency_sensitive_competition_leaves_no_unit_dead() -> None:
    x, _ = digits()
    far = np.full((32, 64), 2.0)
    far[0] = x.mean(axis=0)
    plain = CompetitiveLearning(32).fit(x, initial=far, epochs=20)
    fair = CompetitiveLearning(32, frequency_sensitive=True)
    fair.fit(x, initial=far, epochs=20)
    assert len(np.unique(plain.predict(x))) == 1
    assert len(np.unique(fair.predict(x))) == 32


def dry_bean(folder: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    import csv
    import gzip

    [path] = sorted((folder / "dry-bean").glob("*.csv.gz"))
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    x = np.array([row[:-1] for row in rows], dtype=np.float64)
    return (x - x.mean(axis=0)) / x.std(axis=0), np.array([row[-1] for row in rows])


def test_learned_prototypes_are_better_than_means(data_directory: Path) -> None:
    x, y = dry_bean(data_directory)
    held = np.arange(len(x)) % 4 == 0
    means = neighbors.NearestCentroid().fit(x[~held], y[~held]).score(x[held], y[held])
    near = neighbors.KNeighborsClassifier().fit(x[~held], y[~held]).score(x[held], y[held])
    for rule in ("lvq1", "glvq"):
        model = LearningVectorQuantization(5, rule=rule).fit(x[~held], y[~held])
        assert model.score(x[held], y[held]) > means
        assert model.score(x[held], y[held]) > near - 0.015
