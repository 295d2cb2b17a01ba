"""Activations of a user's own: Python objects, which networks compute with in NumPy."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import nnfast as nn
from nnfast.activations import Activation

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.sin(X.sum(axis=1, keepdims=True))


class Swish(Activation):
    """The built-in silu, as a user would write it."""

    def forward(self, z):
        return z / (1.0 + np.exp(-z))

    def derivative(self, z):
        s = 1.0 / (1.0 + np.exp(-z))
        return s + z * s * (1.0 - s)


class Scaled(Activation):
    """tanh with a declared parameter, and a derivative that is taken from the output."""

    keeps = "output"
    scale: float = nn.activations.real(default=1.5, above=0.0)

    def forward(self, z):
        return self.scale * np.tanh(z)

    def derivative_from(self, kept):
        return self.scale - kept * kept / self.scale


class Power(Activation):
    """One with a constructor of its own."""

    def __init__(self, exponent):
        self.exponent = exponent

    def forward(self, z):
        return np.sign(z) * np.abs(z) ** self.exponent

    def derivative(self, z):
        return self.exponent * np.abs(z) ** (self.exponent - 1)


def net(hidden, **options):
    layers = [nn.Input(3), nn.Dense(8, hidden, kernel_initializer="he_uniform"), nn.Dense(1)]
    return nn.FeedForward(layers, dtype="float64", seed=1, **options).compile(nn.SGD(0.05))


def test_the_user_s_swish_trains_as_the_built_in_one():
    mine, theirs = net(Swish()), net("silu", backend="numpy")
    assert mine.backend == "numpy"
    np.testing.assert_allclose(mine.predict(X), theirs.predict(X), rtol=1e-13, atol=1e-15)
    for one in (mine, theirs):
        one.fit(X, Y, epochs=5, batch_size=8)
    np.testing.assert_allclose(mine.predict(X), theirs.predict(X), rtol=1e-11)
    compiled = net("silu", backend="rust").fit(X, Y, epochs=5, batch_size=8).history["loss"]
    np.testing.assert_allclose(mine.history["loss"], compiled, rtol=1e-10)


@pytest.mark.parametrize("function", [Swish(), Scaled(), Scaled(0.5), Power(2)], ids=repr)
def test_gradients_are_those_of_the_loss(function):
    network, step = net(function), 1e-6
    _, gradients = network.gradients(X, Y)
    kernel, *rest = network.get_weights()
    for place in ((0, 0), (2, 5)):
        losses = []
        for change in (step, -step):
            moved = kernel.copy()
            moved[place] += change
            network.set_weights([moved, *rest])
            losses.append(network.evaluate(X, Y)["loss"])
        slope = (losses[0] - losses[1]) / (2 * step)
        assert gradients[0][place] == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_it_is_given_as_an_instance_a_class_or_for_all_hidden_layers():
    assert nn.Dense(3, Swish).activation == Swish()
    deep = nn.FeedForward("3-4-4-2", hidden=Swish, output=Scaled(2.0), seed=0)
    assert [layer.activation.name for layer in deep.layers[1:]] == ["Swish", "Swish", "Scaled"]
    assert "Swish" in repr(deep.summary())
    assert deep.fit(X, np.hstack([Y, Y]), epochs=1).history["loss"]


def test_it_is_a_function_on_arrays():
    x = np.linspace(-2.0, 2.0, 7, dtype=np.float32)
    np.testing.assert_allclose(Swish()(x), nn.activations.silu(x), rtol=1e-6)
    np.testing.assert_allclose(Swish().derivative(x), nn.activations.silu.derivative(x), rtol=1e-5)
    np.testing.assert_allclose(Scaled().derivative(x), 1.5 / np.cosh(x) ** 2, rtol=1e-5)
    out = np.empty_like(x)
    assert Swish()(x, out=out) is out
    assert Power(2)(-3.0) == -9.0


def test_it_is_compared_by_what_it_holds():
    assert Scaled() == Scaled(1.5) != Scaled(2.0)
    assert Power(2) == Power(2) != Power(3)
    assert nn.Dense(3, Power(2)) == nn.Dense(3, Power(2))
    assert Swish() != nn.activations.silu
    with pytest.raises(ValueError, match="scale of Scaled is -1"):
        Scaled(-1)
    assert "Swish" not in nn.activations.registry.names


def test_a_network_with_one_is_copied_and_pickled_and_goes_on():
    original = net(Power(2)).compile(nn.SGD(0.005))
    original.fit(X, Y, epochs=1)
    twins = [copy.deepcopy(original), pickle.loads(pickle.dumps(original))]
    original.fit(X, Y, epochs=2)
    for twin in twins:
        assert twin.layers == original.layers
        twin.fit(X, Y, epochs=2)
        np.testing.assert_array_equal(twin.predict(X), original.predict(X))


def test_a_subclass_of_a_known_one_is_one_of_your_own():
    class Shifted(nn.activations.ELU):
        def forward(self, z):
            return super().forward(z) + 1.0

        def derivative(self, z):
            return np.where(z > 0, 1.0, self.alpha * np.exp(np.minimum(z, 0.0)))

    mine = net(Shifted(0.5))
    assert mine.backend == "numpy"
    assert Shifted(0.5)(0.0) == 1.0
    _, gradients = mine.gradients(X, Y)
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_the_core_is_refused_by_name():
    with pytest.raises(
        ValueError, match=r"backend is 'rust', but layers\[1\] has the activation S"
    ):
        net(Swish(), backend="rust")


def test_one_within_a_block_is_found(tmp_path):
    layers = [nn.Input(3), nn.Residual([nn.Dense(3, Swish)]), nn.Dense(1)]
    network = nn.FeedForward(layers, seed=0)
    assert network.backend == "numpy"
    assert network.predict(X).shape == (40, 1)
    with pytest.raises(
        ValueError, match=r"within layers\[1\], layers\[0\] has the activation Swish"
    ):
        network.save(tmp_path / "net.safetensors")
    with pytest.raises(ValueError, match=r"backend is 'rust', but within layers\[1\]"):
        nn.FeedForward(layers, backend="rust")


def test_a_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"layers\[1\] has the activation Swish, .* never runs co"):
        net(Swish()).save(tmp_path / "net.safetensors")
    assert not list(tmp_path.iterdir())


def returning(value):
    class Own(Activation):
        def forward(self, z):
            return value(z)

        def derivative(self, z):
            return np.ones_like(z)

    return Own()


@pytest.mark.parametrize(
    ("value", "error", "sentence"),
    [
        (lambda z: None, TypeError, "forward of Own returned NoneType; wanted is an array of the"),
        (lambda z: z[:1], ValueError, r"forward of Own returned an array of the shape \(1, 8\); w"),
        (lambda z: z > 0, TypeError, "forward of Own returned an array of the dtype bool; wanted"),
        (lambda z: z.astype("f4"), TypeError, "forward of Own returned .* dtype float32; wanted"),
    ],
)
def test_what_it_returns_is_checked(value, error, sentence):
    network = net(returning(value))
    before = network.get_weights()
    for work in (lambda: network.predict(X), lambda: network.fit(X, Y)):
        with pytest.raises(error, match=sentence):
            work()
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_its_argument_cannot_be_written_to():
    def overwrite(z):
        z *= 2.0
        return z

    with pytest.raises(ValueError, match="read-only"):
        net(returning(overwrite)).predict(X)


def test_one_without_its_methods_is_refused():
    class Half(Activation):
        def forward(self, z):
            return z

    for function in (Half(), Activation()):
        with pytest.raises(
            TypeError, match=r"without forward or derivative; wanted are forward\(z"
        ):
            net(function)


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(ValueError, match="there is an activation 'tanh' already"):
        type("tanh", (Activation,), {})
