"""Our estimators among scikit-learn's tools, and with the tables that people have."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from nnfast.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
TABLE = {f"column {i}": X[:, i] for i in range(4)}
MODEL = MLPClassifier((20,), learning_rate_init=0.02, max_iter=60, random_state=0)
SCALED = make_pipeline(StandardScaler(), MODEL)


def test_pipeline_with_words_as_labels() -> None:
    assert cross_val_score(SCALED, X, NAMES).mean() > 0.9
    assert SCALED.fit(X, NAMES).predict(X[:1]) == ["setosa"]
    assert SCALED[-1].classes_.tolist() == sorted(set(NAMES))


@pytest.mark.parametrize("way", ["threading", "loky"])
def test_grid_search(way: str) -> None:
    grid = {"mlpclassifier__alpha": [1e-4, 1.0], "mlpclassifier__activation": ["relu", "elu"]}
    with joblib.parallel_backend(way):
        search = GridSearchCV(SCALED, grid, cv=3, n_jobs=2).fit(X, NAMES)
    alone = GridSearchCV(SCALED, grid, cv=3).fit(X, NAMES)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )
    assert search.best_score_ > 0.9


def test_calibration_bagging_importance() -> None:
    calibrated = CalibratedClassifierCV(SCALED, cv=3).fit(X, Y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1.0)
    assert BaggingClassifier(SCALED, 3, random_state=0).fit(X, Y).score(X, Y) > 0.9
    importances = permutation_importance(SCALED.fit(X, Y), X, Y, n_repeats=3, random_state=0)
    assert importances.importances_mean.argmax() in (2, 3)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_tables(library: str) -> None:
    table: Any = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}[library](
        TABLE
    )
    model = MLPClassifier(max_iter=5, random_state=0)
    model.fit(table, NAMES)
    assert model.feature_names_in_.tolist() == list(TABLE)
    plain = MLPClassifier(max_iter=5, random_state=0).fit(X, NAMES)
    np.testing.assert_array_equal(model.predict_proba(table), plain.predict_proba(X))


def test_labels_of_tables() -> None:
    wanted = MLPClassifier(max_iter=5, random_state=0).fit(X, NAMES).coefs_[0]
    for labels in (pd.Series(NAMES), pd.Categorical(NAMES), pl.Series(NAMES), list(NAMES)):
        model = MLPClassifier(max_iter=5, random_state=0).fit(X, labels)
        np.testing.assert_array_equal(model.coefs_[0], wanted)
        assert set(model.predict(X)) <= set(NAMES)


def test_a_table_of_words_and_numbers_with_holes() -> None:
    random = np.random.RandomState(0)
    colour = random.choice(["red", "green"], 300)
    size = random.rand(300)
    y = np.where(colour == "red", size, 1 - size)
    size[::7] = np.nan
    table = pd.DataFrame({"colour": pd.Categorical(colour), "size": size})
    prepared = ColumnTransformer(
        [
            ("words", OneHotEncoder(sparse_output=False), ["colour"]),
            ("numbers", SimpleImputer(add_indicator=True), ["size"]),
        ]
    ).set_output(transform="pandas")
    regressor = MLPRegressor(solver="lbfgs", max_iter=300, random_state=0)
    model = make_pipeline(prepared, regressor).fit(table, y)
    assert model.score(table, y) > 0.85
    assert model[-1].feature_names_in_[-1] == "numbers__missingindicator_size"
    with pytest.raises(ValueError, match="Input X contains NaN"):
        MLPRegressor().fit(table[["size"]], y)
    with pytest.raises(ValueError, match="could not convert string to float"):
        MLPRegressor().fit(table[["colour"]], y)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_wide_sparse_table_is_never_dense_as_a_whole(solver: str) -> None:
    rows, columns = 4000, 20_000  # dense: 640 MB
    x = sparse.random_array(
        (rows, columns), density=1e-3, format="csr", rng=np.random.default_rng(0)
    )
    y = np.asarray(x[:, :50].sum(axis=1) > 0).ravel()
    tracemalloc.start()
    try:
        model = MLPClassifier((2,), solver=solver, max_iter=2, random_state=0, batch_size=100)
        model.fit(x, y).predict_proba(x)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A batch of 100 rows takes 16 MB, and a part of 2^22 numbers 34 MB.
    assert peak < 60e6


@pytest.mark.parametrize("kind", ["csr_array", "csc_matrix", "coo_array", "lil_matrix"])
def test_sparse_and_dense_tables_learn_the_same_bits(kind: str) -> None:
    x, y = (array[:300] for array in load_digits(return_X_y=True))
    options = {"max_iter": 3, "random_state": 0, "early_stopping": True}
    dense = MLPClassifier(**options).fit(x, y)
    loose = MLPClassifier(**options).fit(getattr(sparse, kind)(x), y)
    assert all(map(np.array_equal, dense.coefs_, loose.coefs_))
    assert dense.validation_scores_ == loose.validation_scores_


@pytest.mark.parametrize("options", [{}, {"activation": "prelu"}, {"hidden_layer_sizes": ()}])
def test_sparse_tables_of_many_parts(options: dict[str, Any], monkeypatch: Any) -> None:
    x, y = (array[:300] for array in load_digits(return_X_y=True))
    x = x / 16
    loose = sparse.csr_array(x)
    options = {"solver": "lbfgs", "max_iter": 8, "random_state": 0, "alpha": 0.1, **options}
    weights = np.random.default_rng(0).random(300)
    dense = MLPClassifier(**options).fit(x, y, sample_weight=weights)
    whole = MLPClassifier(**options).fit(loose, y, sample_weight=weights)
    monkeypatch.setattr("nnfast.sklearn._sparse.AT_ONCE", 5000)
    parts = MLPClassifier(**options).fit(loose, y, sample_weight=weights)
    for model in (whole, parts):
        for one, other in zip(model.coefs_, dense.coefs_, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-8)
        assert model.loss_ == pytest.approx(dense.loss_)
        np.testing.assert_allclose(model.predict_proba(loose), dense.predict_proba(x), atol=1e-7)


def test_scikit_learn_is_imported_by_this_module_alone() -> None:
    program = "import sys, nnfast; assert not {'sklearn', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
    program = "import sys; sys.modules['sklearn'] = None; import nnfast.sklearn"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "pip install 'nnfast[sklearn]'" in run.stderr
