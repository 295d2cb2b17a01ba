"""Hebbian learning beside what it is known to converge to."""

from __future__ import annotations

import copy
import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import nnfast as nn
from nnfast.unsupervised import DeltaRule, Hebb, Oja, Sanger


@pytest.fixture(scope="module")
def digits() -> NDArray[Any]:
    X, _ = nn.datasets.digits()
    return X.astype(np.float64)


def principal(X: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the principal components, rows of norm 1, and the variances along them."""
    _, values, components = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    return components, values**2 / len(X)


def test_sanger_finds_the_principal_components(digits: NDArray[Any], backend: str) -> None:
    components, variances = principal(digits)
    options: dict[str, Any] = {"learning_rate": 0.02, "decay": 0.3, "dtype": "float64"}
    epochs = 100 if backend == "rust" else 20
    sanger = Sanger(4, epochs=epochs, backend=backend, **options).fit(digits)
    overlap = np.abs(np.sum(sanger.components_ * components[:4], axis=1))
    assert overlap.min() > (0.999 if backend == "rust" else 0.98)
    np.testing.assert_allclose(sanger.norms_[-1], 1, atol=0.01)
    explained = sanger.transform(digits).var(axis=0)
    np.testing.assert_allclose(explained, variances[:4], rtol=0.02)


def test_sanger_finds_the_components_of_mnist(data_directory: Any) -> None:
    (X, _), _ = nn.datasets.mnist()
    X = X[:10_000].reshape(10_000, -1)
    centred = X - X.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(X))
    sanger = Sanger(4, learning_rate=0.003, decay=0.3, epochs=30).fit(X)
    overlap = np.abs(np.sum(sanger.components_ * vectors[:, :-5:-1].T, axis=1))
    assert overlap.min() > 0.99
    np.testing.assert_allclose(sanger.transform(X).var(axis=0), values[:-5:-1], rtol=0.01)


def test_oja_finds_the_first_component(digits: NDArray[Any], backend: str) -> None:
    components, _ = principal(digits)
    oja = Oja(learning_rate=0.02, decay=1.0, epochs=20, backend=backend).fit(digits)
    assert abs(oja.components_[0] @ components[0]) > 0.999
    assert oja.norms_[-1, 0] == pytest.approx(1, abs=0.005)


def test_several_oja_nodes_find_the_subspace(digits: NDArray[Any]) -> None:
    components, _ = principal(digits)
    oja = Oja(3, learning_rate=0.02, decay=0.3, epochs=60, dtype="float64").fit(digits)
    inside = np.linalg.norm(oja.components_ @ components[:3].T, axis=1)
    np.testing.assert_allclose(inside, 1, atol=0.01)
    np.testing.assert_allclose(oja.components_ @ oja.components_.T, np.eye(3), atol=0.02)


def test_plain_hebb_grows_without_end_towards_the_first_component(digits: NDArray[Any]) -> None:
    components, variances = principal(digits)
    rate = 1e-3
    hebb = Hebb(learning_rate=rate, epochs=12, dtype="float64").fit(digits)
    norms = hebb.norms_[:, 0]
    assert (np.diff(norms) > 0).all()
    # Once it points along the component, an epoch multiplies it by about exp(rate rows variance).
    growth = np.log(norms[-1] / norms[-2])
    assert growth == pytest.approx(rate * len(digits) * variances[0], rel=0.15)
    assert abs(hebb.components_[0] @ components[0]) / norms[-1] > 0.99
    bounded = Hebb(learning_rate=rate, epochs=12, max_norm=2.0, dtype="float64").fit(digits)
    assert bounded.norms_.max() <= 2.0 + 1e-12
    assert abs(bounded.components_[0] @ components[0]) > 2 * 0.99


def test_growth_past_all_numbers_is_said_and_loses_nothing(
    digits: NDArray[Any], backend: str
) -> None:
    hebb = Hebb(learning_rate=0.01, epochs=50, backend=backend)
    with pytest.raises(ValueError, match=r"grown past float32 in epoch \d+; .* max_norm"):
        hebb.fit(digits)
    assert np.isfinite(hebb.components_).all()
    assert len(hebb.norms_) == hebb.epochs_ > 0
    with pytest.raises(ValueError, match="smaller learning_rate"):
        Oja(learning_rate=100.0, backend=backend).fit(digits)
    with pytest.raises(ValueError, match="smaller learning_rate"):
        DeltaRule(10.0, backend=backend).fit(digits, digits[:, 20])


def test_the_delta_rule_finds_least_squares(digits: NDArray[Any]) -> None:
    X = (digits - digits.mean(axis=0))[:, digits.std(axis=0) > 0.1]
    Y = np.column_stack([digits[:, 20], digits[:, 36] + digits[:, 37]])
    extended = np.column_stack([X, np.ones(len(X))])
    best = np.linalg.lstsq(extended, Y, rcond=None)[0]
    rule = DeltaRule(0.02, decay=0.02, epochs=300, dtype="float64").fit(X, Y)
    assert all(after < before for before, after in pairwise(rule.losses_[::50]))
    excess = np.mean((rule.predict(X) - extended @ best) ** 2)
    assert excess < 1e-3 * np.mean(Y.var(axis=0))
    exact = DeltaRule(0.02, epochs=300, dtype="float64").fit(X[:20], Y[:20, 0])
    assert exact.predict(X[:20]).shape == (20,)
    np.testing.assert_allclose(exact.predict(X[:20]), Y[:20, 0], atol=0.01)


def test_epochs_one_by_one_are_a_fit(digits: NDArray[Any], backend: str) -> None:
    whole = Sanger(3, epochs=3, seed=7, backend=backend).fit(digits)
    parts = Sanger(3, seed=7, backend=backend)
    for _ in range(3):
        parts.partial_fit(digits)
    assert np.array_equal(whole.components_, parts.components_)
    assert np.array_equal(whole.norms_, parts.norms_)
    other = Sanger(3, epochs=3, seed=8, backend=backend).fit(digits)
    assert not np.array_equal(whole.components_, other.components_)


def test_rows_are_rebuilt_from_their_components(digits: NDArray[Any]) -> None:
    sanger = Sanger(20, learning_rate=0.02, decay=0.3, epochs=60, dtype="float64").fit(digits)
    rebuilt = sanger.inverse_transform(sanger.transform(digits))
    lost = np.sum((digits - rebuilt) ** 2) / np.sum((digits - digits.mean(axis=0)) ** 2)
    variances = principal(digits)[1]
    assert lost == pytest.approx(variances[20:].sum() / variances.sum(), abs=0.02)


@pytest.mark.parametrize("method", [Hebb, Oja, Sanger])
def test_images_of_bytes_are_read_where_they_lie(method: Any, backend: str) -> None:
    X = np.random.default_rng(0).integers(0, 4, (50, 9)).astype(np.uint8)
    options: dict[str, Any] = {"learning_rate": 1e-3, "backend": backend}
    ours = method(2, **options).fit(X).components_
    assert np.array_equal(ours, method(2, **options).fit(X.astype(np.float32)).components_)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"n_components": 0}, "n_components is 0; wanted is a whole number of at least 1"),
        ({"learning_rate": -1.0}, "learning_rate is -1.0; wanted is a finite number above 0"),
        ({"decay": -0.5}, "decay is -0.5; wanted is a finite number of at least 0"),
        ({"epochs": 0}, "epochs is 0; wanted is a whole number of at least 1"),
        ({"max_norm": 0.0}, "max_norm is 0.0; wanted is a finite number above 0"),
        ({"dtype": "float16"}, "dtype is 'float16'; wanted is 'float32' or 'float64'"),
        ({"seed": -1}, "seed is -1; wanted is a whole number of at least 0"),
    ],
)
def test_bad_options(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Hebb(**options)


def test_bad_data(backend: str) -> None:
    oja = Oja(backend=backend)
    with pytest.raises(ValueError, match="this Oja has learned nothing yet; call fit"):
        oja.transform([[1.0]])
    with pytest.raises(ValueError, match="X holds nan at row 0, column 1"):
        oja.fit([[1.0, np.nan]])
    with pytest.raises(ValueError, match="wanted are 2 dimensions"):
        oja.fit([1.0, 2.0])
    oja.fit(np.eye(3))
    with pytest.raises(ValueError, match="X has 2 columns"):
        oja.transform([[1.0, 2.0]])
    with pytest.raises(ValueError, match="X has 2 columns"):
        oja.partial_fit([[1.0, 2.0]])
    with pytest.raises(ValueError, match="Z has 3 columns"):
        oja.inverse_transform(np.eye(3))
    rule = DeltaRule(backend=backend)
    with pytest.raises(ValueError, match="y has 2 rows but X has 3"):
        rule.fit(np.eye(3), [1.0, 2.0])
    with pytest.raises(TypeError, match="y holds strings"):
        rule.fit(np.eye(3), ["a", "b", "c"])
    rule.fit(np.eye(3), [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="y has 3 columns; wanted are 1"):
        rule.partial_fit(np.eye(3), np.eye(3))


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_learn_apart(copied: Any, backend: str) -> None:
    X = np.random.default_rng(0).normal(size=(20, 4))
    first = Oja(2, backend=backend).fit(X)
    kept = first.components_.copy()
    second = copied(first)
    second.partial_fit(X)
    assert np.array_equal(first.components_, kept)
    assert np.array_equal(first.partial_fit(X).components_, second.components_)
    assert repr(second) == repr(first)
    assert repr(first).startswith("Oja(n_components=2, learning_rate=0.01, decay=0.0, epochs=10")
