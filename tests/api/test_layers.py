"""Layers as a user writes them: what is refused, what is shown, what is kept."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from contract.bits import mixed

X = np.random.default_rng(0).normal(size=(20, 3))


@pytest.mark.parametrize(
    ("layers", "error", "message"),
    [
        ([nn.Dense(3), nn.Standardize()], ValueError, r"layers\[2\] is Standardize.*first after"),
        ([nn.Residual([nn.Standardize()])], ValueError, "comes first after Input"),
        ([nn.Standardize(leave=[3])], ValueError, "has 3 columns; wanted are numbers of columns"),
        ([nn.Residual([nn.Dense(4)])], ValueError, r"turns 3 values a row into 4"),
        (
            [nn.Residual([nn.Dense(3), nn.Residual([nn.Dense(2)])])],
            ValueError,
            r"layers\[1\]\.layers\[1\] is Residual.*turns 3 values a row into 2",
        ),
        ([nn.Dense(3), nn.Embedding({0: (2, 2)})], ValueError, "comes first after Input"),
        ([nn.Residual([nn.Embedding({0: (2, 1)})])], ValueError, "comes first after Input"),
        ([nn.Embedding({3: (2, 2)})], ValueError, "has the column 3 but its input has 3"),
        ([nn.Input(3)], ValueError, "exactly one Input"),
    ],
)
def test_places_that_are_refused(layers: list[Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        nn.FeedForward([nn.Input(3), *layers, nn.Dense(1)])


def test_no_scale_before_an_embedding() -> None:
    with pytest.raises(ValueError, match="wanted is no scale"):
        nn.FeedForward([nn.Input(3, scale=0.5), nn.Embedding({0: (2, 2)}), nn.Dense(1)])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.BatchNorm(momentum=1.0), ValueError, "momentum of BatchNorm is 1.0"),
        (lambda: nn.BatchNorm(epsilon=0.0), ValueError, "epsilon of BatchNorm is 0.0"),
        (lambda: nn.LayerNorm(center=1), TypeError, "center of LayerNorm is 1"),
        (lambda: nn.GaussianNoise(0.0), ValueError, "deviation of GaussianNoise is 0.0"),
        (lambda: nn.Residual([]), ValueError, "layers of Residual is empty"),
        (lambda: nn.Residual(nn.Dense(3)), TypeError, "wanted is a list of layers"),
        (lambda: nn.Residual([nn.Input(3)]), TypeError, r"holds Input\(3\)"),
        (lambda: nn.Activation("prelu"), ValueError, "which learns"),
        (lambda: nn.Activation("relo"), ValueError, "did you mean 'relu'"),
        (lambda: nn.Embedding({}), ValueError, "columns of Embedding is empty"),
        (lambda: nn.Embedding([1]), TypeError, "wanted is a dict of columns"),
        (lambda: nn.Embedding({0: 3}), TypeError, "holds 3 for column 0"),
        (lambda: nn.Embedding({0: (3, 0)}), ValueError, "the dimensions of column 0 is 0"),
        (lambda: nn.Embedding({-1: (3, 1)}), ValueError, "a column in columns of Embedding is -1"),
        (lambda: nn.Standardize(leave=[1, 1]), ValueError, "each once"),
        (lambda: nn.Standardize(leave="ab"), TypeError, "wanted are numbers of columns"),
    ],
)
def test_parameters_that_are_refused(make: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("backend", ["rust", "numpy"])
def test_what_is_not_fitted_says_so(backend: str) -> None:
    net = nn.FeedForward([nn.Input(3), nn.Standardize(), nn.Dense(1)], backend=backend)
    calls = [
        lambda: net.predict(X),
        lambda: net.predict(X[0]),
        lambda: net.evaluate(X, X[:, :1]),
        lambda: net.gradients(X, X[:, :1]),
        lambda: net.train_on_batch(X, X[:, :1]),
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="standardizes its inputs, and has seen none yet"):
            call()
    net.fit(X, X[:, :1], verbose=0)
    assert net.predict(X).shape == (20, 1)
    with pytest.raises(ValueError, match="nothing to adapt"):
        nn.FeedForward("3-1", backend=backend).adapt(X)


@pytest.mark.parametrize("backend", ["rust", "numpy"])
def test_the_first_fit_alone_fits_means_and_deviations(backend: str) -> None:
    net = nn.FeedForward([nn.Input(3), nn.Standardize(leave=[1]), nn.Dense(1)], backend=backend)
    net.fit(X, X[:, :1], rows=[0, 1, 2, 3], verbose=0)
    found = net.get_weights()[:2]
    mean, deviation = X[:4].mean(axis=0), X[:4].std(axis=0)
    mean[1], deviation[1] = 0.0, 1.0
    np.testing.assert_allclose(found, [mean, deviation], rtol=1e-6)
    net.fit(X, X[:, :1], verbose=0)
    np.testing.assert_array_equal(net.get_weights()[:2], found)
    net.adapt(X)
    np.testing.assert_allclose(net.get_weights()[0][0], X[:, 0].mean(), rtol=1e-6)


@pytest.mark.parametrize("backend", ["rust", "numpy"])
@pytest.mark.parametrize("constant", [0.0, 0.1, 1e30, -7.0])
def test_constant_columns_are_divided_by_one(backend: str, constant: float) -> None:
    x = X.copy()
    x[:, 2] = constant
    net = nn.FeedForward([nn.Input(3), nn.Standardize(), nn.Dense(1)], backend=backend)
    net.adapt(x)
    assert net.get_weights()[1][2] == 1.0


@pytest.mark.parametrize("code", [-1.0, 5.0, 0.5])
@pytest.mark.parametrize("backend", ["rust", "numpy"])
def test_codes_of_no_category_are_refused(backend: str, code: float) -> None:
    net = nn.FeedForward([nn.Input(3), nn.Embedding({1: (5, 2)}), nn.Dense(1)], backend=backend)
    x = X.copy()
    x[:, 1] = 4
    y = np.zeros(20)
    net.fit(x, y, verbose=0)
    before = net.get_weights()
    x[7, 1] = code
    message = rf"holds {code} at row 7, column 1; wanted are category codes, from 0 to 4"
    for call in (
        lambda: net.predict(x),
        lambda: net.fit(x, y, verbose=0),
        lambda: net.train_on_batch(x, y),
        lambda: net.evaluate(x, y),
    ):
        with pytest.raises(ValueError, match="X " + message):
            call()
    with pytest.raises(ValueError, match=r"validation_data\[0\] " + message):
        net.fit(x[8:], y[8:], validation_data=(x, y), verbose=0)
    for ours, others in zip(net.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, others)


def test_standardize_leaves_the_columns_of_codes_alone() -> None:
    layers = [nn.Input(4), nn.Standardize(leave=[3]), nn.Embedding({1: (5, 2)}), nn.Dense(1)]
    assert nn.FeedForward(layers).layers[1] == nn.Standardize(leave=[1, 3])


def test_weights_are_named_and_ordered_as_in_keras() -> None:
    net = nn.FeedForward([nn.Input(3), nn.BatchNorm(), nn.Residual([nn.LayerNorm()]), nn.Dense(1)])
    names = [name for name, _ in nn._architecture.parameters(net.layers, net.bias)]
    assert names == [
        *(f"layers.0.{name}" for name in ("gamma", "beta", "moving_mean", "moving_variance")),
        *(f"layers.2.{name}" for name in ("gamma", "beta")),
        *(f"layers.3.{name}" for name in ("kernel", "bias")),
    ]
    assert "Non-trainable params: 6" in str(net.summary())


def test_batch_norm_normalizes_a_batch() -> None:
    x = 5 + 3 * X
    net = nn.FeedForward([nn.Input(3), nn.BatchNorm(momentum=0.0), nn.Dense(1)], dtype="float64")
    net.train_on_batch(x, X[:, 0])
    _, _, mean, variance = net.get_weights()[:4]
    np.testing.assert_allclose(mean, x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(variance, x.var(axis=0), rtol=1e-12)


@pytest.mark.parametrize("backend", ["rust", "numpy"])
def test_copies_and_pickles_say_the_same(backend: str) -> None:
    net = nn.FeedForward(mixed(), seed=1, backend=backend)
    x = np.random.default_rng(0).integers(0, 7, (30, 40)).astype(float)
    net.fit(x, x[:, :3], verbose=0)
    for other in (copy.copy(net), pickle.loads(pickle.dumps(net))):
        assert other.layers == net.layers
        np.testing.assert_array_equal(other.predict(x), net.predict(x))


def test_layers_are_shown_as_they_are_made() -> None:
    for layer in mixed():
        assert eval(repr(layer), {**vars(nn.activations), **vars(nn.initializers), **vars(nn)}) == (
            layer
        )
        if layer.kind != "input":
            assert type(layer).from_config(layer.config()) == layer


class Cube(nn.activations.Activation):
    """An activation of a user's own."""

    name = "cube"

    def forward(self, z: Any) -> Any:
        return z**3

    def derivative(self, z: Any) -> Any:
        return 3 * z**2


@pytest.mark.parametrize("layer", [nn.Dense(3, Cube()), nn.Activation(Cube())], ids=repr)
def test_activations_of_a_users_own_work_within_blocks(layer: nn.layers.Layer) -> None:
    layers = [nn.Input(3), nn.Residual([layer, nn.Dense(3)]), nn.Dense(1)]
    with pytest.raises(ValueError, match="has the activation Cube, an object of your own"):
        nn.FeedForward(layers, backend="rust")
    net = nn.FeedForward(layers, seed=0).compile(nn.SGD(0.01))
    assert net.backend == "numpy"
    losses = net.fit(X, X[:, 0] ** 3, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (0, r"layers\.0\.mean has the value 0\.5 for the column 1.*wanted is 0 there"),
        (1, r"layers\.0\.deviation has the value 0\.5 for the column 1.*wanted is 1 there"),
    ],
)
def test_columns_that_are_left_cannot_be_moved(backend, number, sentence):
    layers = [nn.Input(2), nn.Standardize(), nn.Embedding({1: (3, 2)}), nn.Dense(1)]
    net = nn.FeedForward(layers, seed=0, backend=backend)
    net.set_weights(net.get_weights())  # not fitted yet
    net.adapt([[0.0, 0], [1, 1], [2, 2]])
    before = net.predict([[1.0, 2]])
    weights = net.get_weights()
    weights[number][1] = 0.5  # codes would be others, or none
    with pytest.raises(ValueError, match=sentence):
        net.set_weights(weights)
    assert net.predict([[1.0, 2]]) == before
