"""The perceptron, the Boltzmann machine, the autoencoder and the map as estimators."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model
import sklearn.neural_network
from scipy import sparse
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nnfast as nn
from nnfast.sklearn import Autoencoder, BernoulliRBM, Perceptron, SelfOrganizingMap

DIGITS, LABELS = load_digits(return_X_y=True)
DIGITS = DIGITS / 16
FLOWERS, KINDS = load_iris(return_X_y=True)


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("options", [{}, {"penalty": "elasticnet"}, {"early_stopping": True}])
def test_perceptrons_are_the_same(kind: Any, options: dict[str, Any]) -> None:
    theirs = sklearn.linear_model.Perceptron(**options).fit(kind(DIGITS), LABELS)
    ours = Perceptron(**options).fit(kind(DIGITS), LABELS)
    np.testing.assert_array_equal(ours.coef_, theirs.coef_)
    np.testing.assert_array_equal(ours.intercept_, theirs.intercept_)
    assert (ours.n_iter_, ours.t_) == (theirs.n_iter_, theirs.t_)
    np.testing.assert_allclose(ours.net_.predict(DIGITS), theirs.decision_function(DIGITS))


@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}])
def test_a_perceptron_of_two_classes_is_a_network_of_one_output(options: dict[str, Any]) -> None:
    model = Perceptron(**options).fit(DIGITS.astype(np.float32), LABELS == 8)
    assert (model.net_.architecture, model.net_.dtype) == ("64-1", model.coef_.dtype)
    np.testing.assert_allclose(
        model.net_.predict(DIGITS)[:, 0], model.decision_function(DIGITS), rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_boltzmann_machines_are_the_same(kind: Any, dtype: Any) -> None:
    x = kind(DIGITS[:500].astype(dtype))
    options = {"n_components": 30, "n_iter": 3, "batch_size": 16, "random_state": 0}
    theirs = sklearn.neural_network.BernoulliRBM(**options).fit(x)
    ours = BernoulliRBM(**options).fit(x)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    for name in ("components_", "intercept_hidden_", "intercept_visible_", "h_samples_"):
        found, wanted = getattr(ours, name), getattr(theirs, name)
        assert found.dtype == wanted.dtype
        np.testing.assert_allclose(found, wanted, atol=tolerance)
    np.testing.assert_allclose(ours.transform(x), theirs.transform(x), atol=tolerance)


def test_boltzmann_machines_learn_in_parts_and_sample_the_same() -> None:
    pair = [
        library.BernoulliRBM(n_components=20, random_state=0)
        for library in (sklearn.neural_network, nn.sklearn)
    ]
    for model in pair:
        for part in range(4):
            model.partial_fit(DIGITS[10 * part : 10 * part + 10])
    np.testing.assert_allclose(pair[1].components_, pair[0].components_, atol=1e-12)
    np.testing.assert_array_equal(*(model.gibbs(DIGITS[:50] > 0.5) for model in pair))


def test_a_score_belongs_to_a_row() -> None:
    machine = BernoulliRBM(n_components=30, n_iter=5, random_state=0).fit(DIGITS)
    x = (DIGITS[:200] > 0.5).astype(float)
    whole = machine.score_samples(x)
    np.testing.assert_array_equal(machine.score_samples(x[::-1])[::-1], whole)
    np.testing.assert_array_equal(machine.score_samples(sparse.csr_array(x)), whole)
    # Over many states it estimates what scikit-learn's does.
    theirs = sklearn.neural_network.BernoulliRBM(n_components=30, n_iter=5, random_state=0)
    theirs.fit(DIGITS)
    means = []
    for model in (theirs, machine):
        scores = [model.set_params(random_state=s).score_samples(x).mean() for s in range(40)]
        means.append((np.mean(scores), np.std(scores) / 40**0.5))
    assert abs(means[0][0] - means[1][0]) < 4 * np.hypot(means[0][1], means[1][1])


def test_codes_go_and_come_back() -> None:
    model = Autoencoder(
        (32, 6), learning_rate_init=0.005, max_iter=100, tol=1e-3, random_state=0, dtype="float32"
    )
    codes = model.fit_transform(DIGITS)
    assert codes.shape == (1797, 6)
    assert model.n_iter_ < 100
    np.testing.assert_array_equal(model.inverse_transform(codes), model.net_.predict(DIGITS))
    error = np.mean((model.inverse_transform(codes) - DIGITS) ** 2)
    assert model.score(DIGITS) == pytest.approx(-error, rel=1e-5)
    assert error < 0.6 * DIGITS.var(axis=0).mean()
    assert model.loss_curve_[-1] == model.loss_ < model.loss_curve_[0]


def test_an_autoencoder_within_a_pipeline_and_a_search() -> None:
    coder = Autoencoder(8, max_iter=15, tol=0, random_state=0, learning_rate_init=0.01)
    model = make_pipeline(coder, StandardScaler(), LogisticRegression())
    search = GridSearchCV(model, {"autoencoder__code_activation": ["identity", "tanh"]}, cv=2)
    with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
        search.fit(DIGITS, LABELS)
    assert search.best_score_ > 0.7


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_autoencoder_goes_on_and_watches() -> None:
    log: list[Any] = []
    watcher = nn.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: log.append(logs))
    model = Autoencoder(4, max_iter=3, warm_start=True, random_state=0, callbacks=[watcher])
    model.fit(DIGITS).fit(DIGITS).partial_fit(DIGITS)
    assert len(model.loss_curve_) == 7
    # Callbacks are shared, not copied, unless the estimator is cloned.
    assert len(log) == 7
    whole = Autoencoder(4, max_iter=7, random_state=0).fit(DIGITS)
    np.testing.assert_array_equal(model.loss_curve_, whole.loss_curve_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_autoencoder_of_bits_and_of_noise() -> None:
    options = {"hidden_layer_sizes": 10, "max_iter": 20, "learning_rate_init": 0.01}
    model = Autoencoder(
        **options, output_activation="logistic", noise=0.1, dropout=0.1, sparsity=1e-4
    )
    said = model.fit(DIGITS).inverse_transform(model.transform(DIGITS))
    assert 0 <= said.min() <= said.max() <= 1
    with pytest.raises(ValueError, match="wanted are values from 0 to 1"):
        model.fit(16 * DIGITS)
    with pytest.raises(ValueError, match="hidden_layer_sizes must be > 0 and not empty, got"):
        Autoencoder(()).fit(DIGITS)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_sparse_rows_are_coded_a_batch_at_a_time() -> None:
    small = Autoencoder(5, max_iter=2, shuffle=False, random_state=0)
    dense = small.fit(DIGITS).transform(DIGITS)
    loose = small.fit(sparse.csr_array(DIGITS)).transform(sparse.csr_array(DIGITS))
    np.testing.assert_array_equal(loose, dense)
    wide = sparse.random_array((1500, 20_000), density=1e-3, format="csr", rng=0)  # 240 MB
    tracemalloc.start()
    try:
        Autoencoder(2, max_iter=1, random_state=0).fit(wide).transform(wide)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60e6


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_names_of_columns() -> None:
    table = pd.DataFrame(FLOWERS, columns=list("abcd"))
    for model, count in ((Autoencoder(3, max_iter=2), 3), (SelfOrganizingMap(2, 2), 4)):
        out = model.set_output(transform="pandas").fit_transform(table)
        name = type(model).__name__.lower()
        assert list(out.columns) == [f"{name}{i}" for i in range(count)]
        assert model.feature_names_in_.tolist() == list("abcd")


def test_a_map_is_the_one_of_unsupervised() -> None:
    model = SelfOrganizingMap(5, 4, epochs=5, random_state=0, topology="hexagonal").fit(FLOWERS)
    distances = model.transform(FLOWERS)
    assert distances.shape == (150, 20)
    np.testing.assert_array_equal(distances.argmin(axis=1), model.predict(FLOWERS))
    places = model.places(FLOWERS)
    np.testing.assert_array_equal(places[:, 0] * 4 + places[:, 1], model.predict(FLOWERS))
    assert model.score(FLOWERS) == -model.quantization_error_ > -0.6
    assert model.weights_.shape == (5, 4, 4)
    own = model.map_
    again = nn.unsupervised.SelfOrganizingMap(
        5, 4, topology="hexagonal", training="batch", dtype="float64", seed=own.seed
    ).fit(FLOWERS, epochs=5)
    np.testing.assert_array_equal(again.weights_, model.weights_)


def test_a_map_within_a_pipeline() -> None:
    model = make_pipeline(StandardScaler(), SelfOrganizingMap(6, 6, random_state=0))
    model.steps.append(("classify", LogisticRegression(max_iter=1000)))
    assert model.fit(FLOWERS, KINDS).score(FLOWERS, KINDS) > 0.93
