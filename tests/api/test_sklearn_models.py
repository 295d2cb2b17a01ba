"""scikit-learn's fitted networks become ours, and ours theirs; both predict the same."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PolynomialFeatures, StandardScaler

import nnfast as nn
import nnfast.sklearn

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer:UserWarning")

RNG = np.random.default_rng(0)
X = RNG.normal(2.0, 3.0, (40, 4))
NAMES = np.array(["rot", "grün", "blau"])
TARGETS = {
    "binary": np.arange(40) % 2,
    "words": NAMES[:2][np.arange(40) % 2],
    "several": NAMES[np.arange(40) % 3],
    "objects": NAMES[np.arange(40) % 3].astype(object),
    "numbers": np.array([2.0, 5.0, 9.0])[np.arange(40) % 3],
    "two_numbers": np.array([-1, 7])[np.arange(40) % 2],
    "truths": np.arange(40) % 2 == 0,
}
SEVERAL_LABELS = (RNG.random((40, 3)) > 0.5).astype(int)
SCALERS = (StandardScaler(), MinMaxScaler(), MaxAbsScaler(), StandardScaler(with_mean=False))


def same(ours, theirs, rows=X, tolerance=1e-12):
    np.testing.assert_allclose(ours.predict(rows), theirs, rtol=tolerance, atol=tolerance)


# Theirs to ours ----------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("kind", TARGETS)
def test_a_classifier(kind, activation, backend):
    y = TARGETS[kind]
    theirs = MLPClassifier((6, 5), activation=activation, max_iter=5, random_state=0).fit(X, y)
    net = nn.interop.from_sklearn(theirs)
    assert (net.backend, net.dtype) == (backend, np.float64)
    probabilities = theirs.predict_proba(X)
    same(net, probabilities[:, 1:] if net.outputs == 1 else probabilities)
    assert net.predict_classes(X).tolist() == theirs.predict(X).tolist()
    assert net.history["loss"] == theirs.loss_curve_
    assert net.evaluate(X, y)["accuracy"] == pytest.approx(theirs.score(X, y))
    net.fit(X, y)  # and it learns on, by the same labels
    assert net.classes_.tolist() == theirs.classes_.tolist()


def test_several_labels_a_row():
    theirs = MLPClassifier((6,), max_iter=5, random_state=0).fit(X, SEVERAL_LABELS)
    net = nn.interop.from_sklearn(theirs)
    same(net, theirs.predict_proba(X))
    np.testing.assert_array_equal(net.predict_classes(X), theirs.predict(X))


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_regressor(loss, dtype):
    y = np.abs(X[:, :2]).astype(dtype)
    theirs = MLPRegressor(loss, (6,), max_iter=5, random_state=0).fit(X.astype(dtype), y)
    net = nn.interop.from_sklearn(theirs)
    assert net.dtype == dtype
    rows = X.astype(dtype)
    same(net, theirs.predict(rows), rows, 1e-5 if dtype == np.float32 else 1e-12)
    assert net.loss == (nn.Poisson() if loss == "poisson" else nn.MeanSquaredError())


@pytest.mark.parametrize("scaler", SCALERS, ids=repr)
def test_a_pipeline(scaler):
    theirs = make_pipeline(scaler, MLPClassifier((6,), max_iter=5, random_state=0))
    theirs.fit(X, TARGETS["several"])
    net = nn.interop.from_sklearn(theirs)
    assert isinstance(net.layers[1], nn.Standardize)
    same(net, theirs.predict_proba(X), tolerance=1e-10)
    assert net.predict_classes(X).tolist() == theirs.predict(X).tolist()


def test_a_pipeline_of_two_scalers_and_nothing():
    theirs = make_pipeline(MinMaxScaler(), "passthrough", StandardScaler(), MLPRegressor())
    theirs.fit(X, X[:, 0])
    net = nn.interop.from_sklearn(theirs)
    same(net, theirs.predict(X)[:, np.newaxis], tolerance=1e-10)


@pytest.mark.parametrize(
    ("settings", "optimizer"),
    [
        ({"learning_rate_init": 0.02}, nn.Adam(0.02, epsilon=1e-8)),
        ({"solver": "sgd"}, nn.SGD(0.001, momentum=0.9, nesterov=True)),
        ({"solver": "sgd", "momentum": 0.0}, nn.SGD(0.001)),
        ({"solver": "sgd", "learning_rate": "adaptive"}, nn.Adam()),
        ({"solver": "lbfgs"}, nn.Adam()),
    ],
)
@pytest.mark.filterwarnings("ignore:lbfgs failed")
def test_the_optimizer(settings, optimizer):
    theirs = MLPRegressor(hidden_layer_sizes=(3,), max_iter=3, random_state=0, **settings)
    net = nn.interop.from_sklearn(theirs.fit(X, X[:, 0]))
    assert net.optimizer == optimizer
    net.fit(X, X[:, 0])


@pytest.mark.parametrize("kind", ["words", "several"])
def test_a_perceptron(kind):
    theirs = Perceptron(random_state=0).fit(X, TARGETS[kind])
    ours = nn.interop.from_sklearn(theirs)
    assert isinstance(ours, nn.Perceptron)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=1e-12)
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()
    ours.partial_fit(X, TARGETS[kind])


def test_a_boltzmann_machine():
    rows = RNG.random((30, 5))
    theirs = BernoulliRBM(3, n_iter=3, random_state=0).fit(rows)
    ours = nn.interop.from_sklearn(theirs)
    np.testing.assert_allclose(ours.transform(rows), theirs.transform(rows), rtol=1e-12)
    np.testing.assert_allclose(ours.components_, theirs.components_)
    ours.partial_fit(rows)


def test_our_own_estimators():
    theirs = nnfast.sklearn.MLPClassifier(
        (6, 5), activation=["elu", "tanh"], dropout=0.1, max_iter=5, random_state=0
    )
    pipeline = make_pipeline(StandardScaler(), theirs).fit(X, TARGETS["several"])
    net = nn.interop.from_sklearn(pipeline)
    same(net, pipeline.predict_proba(X), tolerance=1e-10)
    assert net.predict_classes(X).tolist() == pipeline.predict(X).tolist()
    rows = RNG.random((30, 5))
    machine = nnfast.sklearn.BernoulliRBM(3, n_iter=3, random_state=0).fit(rows)
    np.testing.assert_allclose(
        nn.interop.from_sklearn(machine).transform(rows), machine.transform(rows), rtol=1e-12
    )


# Ours to theirs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", ["linear", "sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("kind", [kind for kind in TARGETS if "numbers" not in kind])
def test_a_network_as_a_classifier(kind, hidden):
    y = TARGETS[kind]
    several = len(set(y.tolist())) > 2
    layers = [
        nn.Input(4, scale=0.5),
        nn.Standardize(),
        nn.Dense(6, hidden),
        nn.Dropout(0.2),
        nn.Dense(5, hidden, use_bias=False),
        nn.Dense(3, "softmax") if several else nn.Dense(1, "sigmoid"),
    ]
    net = nn.FeedForward(layers, dtype="float64", seed=0, bias="embedded")
    net.fit(X, y, epochs=3)
    theirs = nn.interop.to_sklearn(net)
    probabilities = theirs.predict_proba(X)
    same(net, probabilities if several else probabilities[:, 1:], tolerance=1e-10)
    assert theirs.predict(X).tolist() == net.predict_classes(X).tolist()
    assert theirs[-1].loss_curve_ == net.history["loss"]
    again = nn.interop.from_sklearn(theirs)
    np.testing.assert_allclose(again.predict(X), net.predict(X), rtol=1e-10)
    theirs[-1].partial_fit(theirs[0].transform(X), y)  # it learns on


def test_two_outputs_of_softmax_are_one_logistic_one():
    net = nn.FeedForward("4-6-2", output="softmax", dtype="float64", seed=0)
    net.fit(X, TARGETS["words"], epochs=3)
    theirs = nn.interop.to_sklearn(net)
    assert theirs.n_outputs_ == 1
    same(net, theirs.predict_proba(X))
    assert theirs.predict(X).tolist() == net.predict_classes(X).tolist()


@pytest.mark.parametrize("outputs", [1, 3])
def test_logits(outputs):
    loss = nn.BinaryCrossEntropy if outputs == 1 else nn.SparseCategoricalCrossEntropy
    net = nn.FeedForward(f"4-{outputs}", dtype="float64", seed=0).compile(
        loss=loss(from_logits=True)
    )
    y = TARGETS["words" if outputs == 1 else "several"]
    net.fit(X, y, epochs=3)
    theirs = nn.interop.to_sklearn(net)
    assert theirs.predict(X).tolist() == net.predict_classes(X).tolist()
    if outputs == 3:
        expected = nn.activations.softmax(net.predict(X))
        np.testing.assert_allclose(theirs.predict_proba(X), expected)


def test_several_labels_there():
    net = nn.FeedForward("4-6-3", output="sigmoid", seed=0)
    net.fit(X, SEVERAL_LABELS, epochs=3)
    theirs = nn.interop.to_sklearn(net)
    np.testing.assert_allclose(theirs.predict_proba(X), net.predict(X), rtol=1e-5)
    np.testing.assert_array_equal(theirs.predict(X), net.predict_classes(X))


@pytest.mark.parametrize("output", ["linear", "exponential"])
@pytest.mark.parametrize("columns", [1, 2])
def test_a_network_as_a_regressor(output, columns):
    net = nn.FeedForward(f"4-6-{columns}", hidden="tanh", output=output, seed=0)
    net.compile(nn.SGD(0.001, momentum=0.5), "poisson" if output == "exponential" else "mse")
    y = np.abs(X[:, :columns])
    net.fit(X, y, epochs=2)
    theirs = nn.interop.to_sklearn(net)
    expected = net.predict(X)
    np.testing.assert_allclose(
        theirs.predict(X), expected[:, 0] if columns == 1 else expected, rtol=1e-5, atol=1e-6
    )
    assert (theirs.solver, theirs.momentum, theirs.nesterovs_momentum) == ("sgd", 0.5, False)
    theirs.partial_fit(X, y[:, 0] if columns == 1 else y)


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimator", "error", "problem"),
    [
        (3, TypeError, "estimator is a int; wanted is a fitted MLPClassifier"),
        (MLPClassifier, TypeError, "estimator is a"),
        (MLPClassifier(), ValueError, "MLPClassifier that is not fitted"),
        (Perceptron(), ValueError, "Perceptron that is not fitted"),
        (BernoulliRBM(), ValueError, "BernoulliRBM that is not fitted"),
        (LogisticRegression(), TypeError, "estimator is a LogisticRegression"),
        (
            make_pipeline(PolynomialFeatures(), MLPRegressor(max_iter=2)),
            TypeError,
            "step 'polynomialfeatures' of the Pipeline is a PolynomialFeatures; wanted is one of",
        ),
        (
            make_pipeline(StandardScaler(), LogisticRegression()),
            TypeError,
            "step 'logisticregression' of the Pipeline is a LogisticRegression",
        ),
        (
            make_pipeline(MinMaxScaler(clip=True), MLPRegressor(max_iter=2)),
            ValueError,
            "MinMaxScaler that clips",
        ),
        (make_pipeline(StandardScaler(), MLPRegressor()), ValueError, "is not fitted"),
    ],
)
def test_other_estimators_are_refused_by_name(estimator, error, problem):
    if "Pipeline" in problem or "clips" in problem:
        estimator.fit(X, TARGETS["binary"])
    with pytest.raises(error, match=problem):
        nn.interop.from_sklearn(estimator)


def test_classes_that_are_no_labels_are_refused():
    theirs = MLPClassifier((3,), max_iter=2).fit(X, TARGETS["binary"])
    theirs.classes_ = np.array([0.5, 1.5])
    with pytest.raises(ValueError, match=r"has the classes \[0.5, 1.5\]"):
        nn.interop.from_sklearn(theirs)


@pytest.mark.parametrize(
    ("layers", "problem"),
    [
        ([nn.Input(2), nn.Dense(3, "elu"), nn.Dense(1)], "hidden activations elu; wanted is one"),
        ([nn.Input(2), nn.Dense(3, "relu"), nn.Dense(3, "tanh"), nn.Dense(1)], "relu, tanh"),
        ([nn.Input(2), nn.Dense(1, "relu")], "1 outputs of relu"),
        ([nn.Input(2), nn.Dense(1, "softmax")], "1 outputs of softmax"),
        ([nn.Input(2), nn.BatchNorm(), nn.Dense(1)], "BatchNorm.*, which scikit-learn's networks"),
        ([nn.Input(2), nn.Residual([nn.Dense(2)]), nn.Dense(1)], "Residual"),
        ([nn.Input(2), nn.Standardize(), nn.Dense(1)], "has seen none yet"),
    ],
)
def test_what_scikit_learn_does_not_have_is_refused_by_name(layers, problem):
    with pytest.raises(ValueError, match=problem):
        nn.interop.to_sklearn(nn.FeedForward(layers))


def test_no_network_is_refused():
    with pytest.raises(TypeError, match="net is a str; wanted is a FeedForward"):
        nn.interop.to_sklearn("net")


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.neural_network", None)
    with pytest.raises(ImportError, match=r"pip install 'nnfast\[sklearn\]'"):
        nn.interop.to_sklearn(nn.FeedForward("2-1"))
