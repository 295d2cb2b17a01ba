"""Parameters, defaults, order, methods, fitted attributes and warnings are scikit-learn's."""

from __future__ import annotations

import inspect
import re
import warnings
from typing import Any

import numpy as np
import pytest
import sklearn
import sklearn.linear_model
import sklearn.neural_network
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nnfast.sklearn as ours

PAIRS = {
    "MLPClassifier": sklearn.neural_network.MLPClassifier,
    "MLPRegressor": sklearn.neural_network.MLPRegressor,
    "BernoulliRBM": sklearn.neural_network.BernoulliRBM,
    "Perceptron": sklearn.linear_model.Perceptron,
}
OPTIONS: dict[str, dict[str, Any]] = {"BernoulliRBM": {"n_iter": 2}, "Perceptron": {}}
X, Y = load_digits(return_X_y=True)
X = X / 16


def fitted(cls: Any, **options: Any) -> Any:
    options = {**OPTIONS.get(cls.__name__, {"max_iter": 3}), **options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return cls(**options).fit(X[:300], Y[:300])


@pytest.mark.parametrize("name", PAIRS)
def test_parameters(name: str) -> None:
    wanted = list(inspect.signature(PAIRS[name]).parameters.values())
    found = list(inspect.signature(getattr(ours, name)).parameters.values())
    assert [(one.name, one.kind, one.default) for one in found[: len(wanted)]] == [
        (one.name, one.kind, one.default) for one in wanted
    ]
    assert all(extra.kind is inspect.Parameter.KEYWORD_ONLY for extra in found[len(wanted) :])
    assert len(found) > len(wanted)


@pytest.mark.parametrize("name", PAIRS)
def test_methods(name: str) -> None:
    cls, other = getattr(ours, name), PAIRS[name]
    methods = {m for m in dir(other) if not m.startswith("_")}
    assert methods - {"densify", "loss_function_"} <= set(dir(cls))
    for method in methods:
        theirs = getattr(other, method)
        if not callable(theirs) or method in ("set_params", "get_params"):
            continue
        wanted = list(inspect.signature(theirs).parameters)
        assert list(inspect.signature(getattr(cls, method)).parameters)[: len(wanted)] == wanted


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_fitted_attributes_of_networks(name: str, solver: str, early_stopping: bool) -> None:
    options = {"solver": solver, "early_stopping": early_stopping}
    assert_attributes(fitted(PAIRS[name], **options), fitted(getattr(ours, name), **options))


@pytest.mark.parametrize("name", ["BernoulliRBM", "Perceptron"])
def test_fitted_attributes(name: str) -> None:
    assert_attributes(fitted(PAIRS[name]), fitted(getattr(ours, name)))


def assert_attributes(theirs: Any, mine: Any) -> None:
    names = {n for n in vars(theirs) if n.endswith("_") and not n.startswith("_")}
    assert {n for n in vars(mine) if n.endswith("_") and not n.startswith("_")} == names
    for name in names:
        wanted, found = getattr(theirs, name), getattr(mine, name)
        assert isinstance(found, type(wanted)) or np.isscalar(wanted), name
        assert np.shape(found) == np.shape(wanted) if not isinstance(wanted, list) else True, name


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_warnings(solver: str) -> None:
    said = []
    for cls in (PAIRS["MLPClassifier"], ours.MLPClassifier):
        with pytest.warns(ConvergenceWarning) as caught:
            cls(max_iter=3, solver=solver, random_state=0).fit(X, Y)
        assert len(caught) == 1
        said.append(re.sub(r"[\d.e-]{6,}", "", str(caught[0].message)))
    assert said[0] == said[1]


def test_errors_before_a_fit() -> None:
    for name in PAIRS:
        model = getattr(ours, name)()
        method = model.transform if name == "BernoulliRBM" else model.predict
        with pytest.raises(NotFittedError, match=f"This {name} instance is not fitted yet"):
            method(X)


def test_errors_of_columns() -> None:
    model = fitted(ours.MLPClassifier)
    with pytest.raises(ValueError, match="X has 3 features, but MLPClassifier is expecting 64"):
        model.predict(X[:, :3])
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array instead"):
        model.predict(X[0])
    with pytest.raises(ValueError, match="Input X contains NaN"):
        model.predict(np.full((1, 64), np.nan))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_metadata_routing() -> None:
    weights = np.random.default_rng(0).random(300)
    with sklearn.config_context(enable_metadata_routing=True):
        model = ours.MLPClassifier(max_iter=3, random_state=0).set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        pipe.fit(X[:300], Y[:300], sample_weight=weights)
        scores = cross_validate(pipe, X[:300], Y[:300], params={"sample_weight": weights}, cv=2)
    alone = ours.MLPClassifier(max_iter=3, random_state=0)
    alone.fit(StandardScaler().fit_transform(X[:300]), Y[:300], sample_weight=weights)
    np.testing.assert_array_equal(pipe[-1].coefs_[0], alone.coefs_[0])
    assert len(scores["test_score"]) == 2
