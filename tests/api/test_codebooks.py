"""Maps, competitive learning and learning vector quantization, as a user meets them."""

from __future__ import annotations

import copy
import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnfast.unsupervised import (
    CompetitiveLearning,
    LearningVectorQuantization,
    SelfOrganizingMap,
    load,
)

RANDOM = np.random.default_rng(0)
X = np.concatenate([RANDOM.normal(size=(60, 3)) + 6 * np.eye(3)[k] for k in range(3)])
Y = np.repeat([0, 1, 2], 60)


def test_a_map_keeps_neighbours_together(backend: str) -> None:
    som = SelfOrganizingMap(5, 4, seed=2, backend=backend).fit(X, epochs=5)
    assert som.topographic_error(X) < 0.25
    winners = som.winners(X)
    assert winners.shape == (180, 2)
    assert tuple(winners[7]) == som.winner(X[7])
    np.testing.assert_array_equal(som.predict(X), winners[:, 0] * 4 + winners[:, 1])
    quantized = som.quantization(X)
    error = np.sqrt(((X - quantized) ** 2).sum(axis=1)).mean()
    assert som.quantization_error(X) == pytest.approx(error, rel=1e-5)
    distances = som.transform(X)
    assert distances.shape == (180, 20)
    assert distances.min(axis=1).mean() == pytest.approx(error, rel=1e-5)


@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
@pytest.mark.parametrize("wrap", [False, True])
def test_maps_of_a_map(topology: str, wrap: bool) -> None:
    som = SelfOrganizingMap(5, 4, topology=topology, wrap=wrap).fit(X, epochs=3)
    hits = som.activation_response(X)
    assert hits.shape == (5, 4)
    assert hits.sum() == 180
    won = som.win_map(X)
    assert {place: len(rows) for place, rows in won.items()} == {
        (int(i), int(j)): int(hits[i, j]) for i, j in np.argwhere(hits)
    }
    labels = som.labels_map(X, Y)
    assert sum(labels.values(), Counter()) == {0: 60, 1: 60, 2: 60}
    distances = som.distance_map()
    assert distances.max() == 1.0
    assert distances.min() >= 0.0


def test_on_a_torus_all_units_have_as_many_neighbours() -> None:
    for topology, count in (("rectangular", 8), ("hexagonal", 6)):
        som = SelfOrganizingMap(6, 6, topology=topology, wrap=True).fit(X, epochs=1)
        one, two = np.divmod(np.arange(36 * 36), 36)
        near = som._grid.adjacent(one, two).reshape(36, 36)
        assert (near.sum(axis=1) == count + 1).all()


def test_equal_units_are_at_no_distance() -> None:
    som = SelfOrganizingMap(3, 3).fit(np.ones((4, 2)), epochs=1)
    np.testing.assert_array_equal(som.distance_map(), np.zeros((3, 3)))


@pytest.mark.parametrize("initializer", ["sample", "pca", "random"])
def test_initial_weights_are_those_of_either_backend(initializer: str) -> None:
    weights = [
        SelfOrganizingMap(6, 5, initializer=initializer, seed=4, backend=backend)
        .fit(X, iterations=1)
        .weights_
        for backend in ("numpy", "rust")
    ]
    np.testing.assert_allclose(weights[0], weights[1], rtol=0, atol=1e-5)


def test_the_plane_of_the_principal_components() -> None:
    from nnfast.unsupervised._grid import principal_plane

    table = RANDOM.normal(size=(500, 3)) * [10.0, 3.0, 0.1] + 1000.0
    plane = principal_plane(table, 5, 5).reshape(5, 5, 3)
    np.testing.assert_allclose(plane[2, 2], table.mean(axis=0), atol=1e-9)
    spread = plane[4, 2] - plane[0, 2]
    assert np.abs(spread / (4 * table.std(axis=0))).argmax() == 0
    assert spread[0] == pytest.approx(4 * table[:, 0].std(), rel=0.02)


def test_to_go_on_from_a_map() -> None:
    first = SelfOrganizingMap(4, 4, dtype="float64").fit(X, epochs=2)
    again = SelfOrganizingMap(4, 4, dtype="float64", sigma=1.0, learning_rate=0.1)
    again.fit(X, epochs=5, initial=first.weights_)
    assert again.quantization_error(X) < first.quantization_error(X)
    given = first.weights_
    again.fit(X, initial=given)
    np.testing.assert_array_equal(given, first.weights_)


def test_the_rows_are_not_changed_and_the_seed_decides() -> None:
    before = X.copy()
    maps = [SelfOrganizingMap(4, 4, seed=seed).fit(X).weights_ for seed in (1, 1, 2)]
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(maps[0], maps[1])
    assert not np.array_equal(maps[0], maps[2])


@pytest.mark.parametrize("training", ["online", "batch"])
def test_competitive_learning_finds_the_clusters(training: str, backend: str) -> None:
    units = CompetitiveLearning(3, training=training, backend=backend).fit(X)
    assert all(len(set(units.predict(X)[60 * k : 60 * k + 60])) == 1 for k in range(3))
    assert len(set(units.predict(X))) == 3
    assert units.converged_ == (training == "batch")


def test_more_units_than_rows() -> None:
    for initializer in ("sample", "k-means++"):
        units = CompetitiveLearning(7, initializer=initializer).fit(X[:3])
        assert units.quantization_error(X[:3]) < 1e-3


@pytest.mark.parametrize("rule", ["lvq1", "glvq"])
@pytest.mark.parametrize("loss", ["sigmoid", "identity"])
@pytest.mark.parametrize("initializer", ["k-means", "sample"])
def test_prototypes_learn(rule: str, loss: str, initializer: str, backend: str) -> None:
    names = np.array(["ash", "birch", "cedar"])[Y]
    model = LearningVectorQuantization(
        2, rule=rule, loss=loss, initializer=initializer, backend=backend
    ).fit(X, names, epochs=10)
    assert model.score(X, names) > 0.98
    assert model.prototypes_.shape == (6, 3)
    assert model.prototype_labels_.tolist() == ["ash", "ash", "birch", "birch", "cedar", "cedar"]
    assert len(model.mistakes_) == 10


def test_glvq_does_not_depend_on_the_scale() -> None:
    models = [
        LearningVectorQuantization(dtype="float64").fit(scale * X, Y) for scale in (1.0, 1024.0)
    ]
    np.testing.assert_allclose(models[1].prototypes_, 1024 * models[0].prototypes_, rtol=1e-12)


MODELS: list[Any] = [
    SelfOrganizingMap(4, 3, topology="hexagonal", seed=3),
    CompetitiveLearning(4, frequency_sensitive=True),
    LearningVectorQuantization(2, dtype="float64"),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_saved_and_copied(model: Any, tmp_path: Path) -> None:
    model = copy.deepcopy(model)
    path = tmp_path / "model.safetensors"
    with pytest.raises(ValueError, match="has learned nothing yet; call fit"):
        model.predict(X)
    with pytest.raises(ValueError, match="has learned nothing yet; call fit"):
        model.save(path)
    assert not path.exists()
    model.fit(X, Y)
    model.save(path)
    for other in (
        type(model).load(path),
        load(path),
        pickle.loads(pickle.dumps(model)),
        copy.copy(model),
    ):
        assert repr(other) == repr(model)
        np.testing.assert_array_equal(other.predict(X), model.predict(X))
        np.testing.assert_array_equal(other._units, model._units)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"is damaged: its tensors do not have the checksum"):
        type(model).load(path)


def test_files_of_other_kinds(tmp_path: Path) -> None:
    path = tmp_path / "units.safetensors"
    CompetitiveLearning(2).fit(X).save(path)
    with pytest.raises(ValueError, match="holds a CompetitiveLearning; wanted is a Self"):
        SelfOrganizingMap.load(path)
    with pytest.raises(FileNotFoundError, match="where there is no file"):
        SelfOrganizingMap.load(tmp_path / "none")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"x": 0}, "x is 0; wanted is a whole number of at least 1"),
        ({"x": 2.0}, "x is 2.0; wanted is a whole number"),
        ({"x": 5000, "y": 5000}, r"x \* y is 25000000; wanted is a map below"),
        ({"topology": "cubic"}, "topology is 'cubic'; wanted is one of 'rectangular'"),
        ({"sigma": 0}, "sigma is 0; wanted is a finite number above 0"),
        ({"learning_rate": -1.0}, "learning_rate is -1.0; wanted is a finite number above 0"),
        ({"neighborhood_function": "box"}, "neighborhood_function is 'box'; wanted is one of"),
        ({"sigma_decay_function": "no"}, "sigma_decay_function is 'no'; wanted is one of"),
        ({"decay_function": None, "initializer": "no"}, "initializer is 'no'; wanted is one"),
        ({"wrap": True, "y": 3, "topology": "hexagonal"}, "y is 3; wanted is an even number"),
        ({"wrap": 1}, "wrap is 1; wanted is True or False"),
        ({"dtype": "int8"}, "dtype is 'int8'; wanted is 'float32' or 'float64'"),
        ({"training": "both"}, "training is 'both'; wanted is one of 'online', 'batch'"),
    ],
)
def test_bad_maps(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        SelfOrganizingMap(**{"x": 4, "y": 4, **arguments})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"X": X[0]}, "X has the shape"),
        ({"X": [[1.0, np.nan]]}, "X holds nan at row 0, column 1"),
        ({"X": [["a"]]}, "X holds strings"),
        ({"epochs": 0}, "epochs is 0; wanted"),
        ({"iterations": 1.5}, "iterations is 1.5; wanted"),
        ({"shuffle": "yes"}, "shuffle is 'yes'; wanted"),
        ({"initial": np.zeros((4, 3, 2))}, r"initial has the shape \(4, 3, 2\); wanted is"),
        ({"initial": np.full((4, 3, 3), np.inf)}, "initial holds inf"),
    ],
)
def test_bad_rows(options: dict[str, Any], sentence: str) -> None:
    som = SelfOrganizingMap(4, 3).fit(X, epochs=1)
    before = som.weights_
    with pytest.raises((TypeError, ValueError), match=sentence):
        som.fit(**{"X": X, **options})
    np.testing.assert_array_equal(som.weights_, before)


def test_other_bad_input() -> None:
    som = SelfOrganizingMap(4, 3).fit(X, epochs=1)
    with pytest.raises(ValueError, match="X has 2 columns"):
        som.predict(X[:, :2])
    with pytest.raises(ValueError, match="x has 180 rows; wanted is one: winners takes several"):
        som.winner(X)
    with pytest.raises(ValueError, match="labels has 5 rows but X has 180"):
        som.labels_map(X, [1] * 5)
    with pytest.raises(ValueError, match="scaling is 'max'; wanted is one of"):
        som.distance_map("max")
    with pytest.raises(ValueError, match="iterations is 5; batch training takes epochs"):
        SelfOrganizingMap(4, 3, training="batch").fit(X, iterations=5)
    with pytest.raises(ValueError, match="weights grew beyond all bounds"):
        SelfOrganizingMap(4, 3, learning_rate=50.0).fit(X, iterations=3000)
    with pytest.raises(ValueError, match="initializer is 'pca' but X has 1 column"):
        SelfOrganizingMap(4, 3, initializer="pca").fit(X[:, :1])
    with pytest.raises(ValueError, match="learning_rate is 2; wanted is a share of the way"):
        CompetitiveLearning(3, learning_rate=2)
    with pytest.raises(ValueError, match="frequency_sensitive is True; batch training"):
        CompetitiveLearning(3, frequency_sensitive=True, training="batch")
    with pytest.raises(ValueError, match=r"initial has the shape \(3,\); wanted is \(3, 3\)"):
        CompetitiveLearning(3).fit(X, initial=[1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="y has the labels"):
        LearningVectorQuantization().fit(X, np.zeros(180))
    with pytest.raises(ValueError, match="y has 5 rows but X has 180"):
        LearningVectorQuantization().fit(X, Y[:5])
    with pytest.raises(ValueError, match="rule is 'lvq4'; wanted is one of"):
        LearningVectorQuantization(rule="lvq4")
    with pytest.raises(ValueError, match=r"learning_rate is 1\.5; wanted is a share of the way"):
        LearningVectorQuantization(rule="lvq1", learning_rate=1.5)
