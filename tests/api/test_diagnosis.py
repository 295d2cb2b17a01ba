"""The outputs of every layer, and what is found by looking at them."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn

X = np.random.default_rng(0).normal(size=(300, 5))
Y = np.arange(300) % 3


def deep(activation, **options):
    layers = [nn.Dense(12, activation) for _ in range(5)]
    return nn.FeedForward(
        [nn.Input(5), *layers, nn.Dense(3, "softmax")], seed=0, dtype="float64", **options
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_outputs_of_every_layer(dtype, backend):
    hidden = [nn.Dense(300, "tanh"), nn.Dropout(0.5), nn.Dense(20, "prelu")]
    net = nn.FeedForward(
        [nn.Input(5), nn.Dropout(0.2), *hidden, nn.Dense(3, "softmax")], seed=0, dtype=dtype
    )
    found = net.layer_outputs(X)
    assert [one.shape for one in found] == [(300, n) for n in (5, 300, 300, 20, 3)]
    assert {one.dtype.name for one in found} == {dtype}
    np.testing.assert_array_equal(found[0], X.astype(dtype))
    np.testing.assert_array_equal(found[2], found[1])
    np.testing.assert_array_equal(found[-1], net.predict(X))
    kernel, bias = net.get_weights()[:2]
    expected = np.tanh(X.astype(dtype) @ kernel + bias)
    np.testing.assert_allclose(found[1], expected, rtol=1e-5, atol=1e-6)


def test_both_backends_say_the_same():
    found = [deep("elu", backend=backend).layer_outputs(X) for backend in ("rust", "numpy")]
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_the_network_stays_as_it_is(backend):
    net = deep("relu").fit(X, Y).model
    before = [array.tobytes() for array in net.get_weights()], net._network.state()["step"]
    net.diagnose(X, Y)
    assert (
        [array.tobytes() for array in net.get_weights()],
        net._network.state()["step"],
    ) == before


def test_the_numbers(backend):
    net = deep("tanh").compile(nn.SGD(0.1))
    found = net.diagnose(X, Y)
    _, gradients = net.gradients(X, Y)
    weights = net.get_weights()
    for number, layer in enumerate(found.layers):
        own = np.concatenate([array.ravel() for array in gradients[2 * number : 2 * number + 2]])
        size = np.concatenate([array.ravel() for array in weights[2 * number : 2 * number + 2]])
        assert layer.gradient_norm == pytest.approx(np.linalg.norm(own))
        ratio = 0.1 * np.linalg.norm(own) / np.linalg.norm(size)
        assert layer.update_ratio == pytest.approx(ratio, rel=1e-6)
        values = net.layer_outputs(X)[number]
        assert (layer.mean, layer.deviation) == pytest.approx((values.mean(), values.std()))
    assert [layer.name for layer in found.layers] == [f"dense_{number}" for number in range(1, 7)]


def test_dead_and_saturated_units(backend):
    net = deep("relu")
    weights = net.get_weights()
    weights[1][:6] = -100.0
    net.set_weights(weights)
    found = net.diagnose(X)
    assert found.layers[0].dead == 0.5
    assert found.notes[0].startswith("dense_1: 50 % of the units are 0 for all 300 rows")
    net = deep("sigmoid")
    net.set_weights([array * 50 for array in net.get_weights()])
    found = net.diagnose(X)
    assert found.layers[0].saturated > 0.5
    assert "near a limit, where the gradient vanishes" in found.notes[0]
    assert found.layers[-1].saturated is None


def test_gradients_that_vanish(backend):
    found = deep("sigmoid").diagnose(X, Y)
    assert any(note.startswith("gradient norms differ from") for note in found.notes)
    healthy = deep("elu").diagnose(X, Y)
    assert healthy.notes == ()
    assert repr(healthy).endswith("nothing unusual")
    assert "Saturated" not in repr(healthy)


def test_steps_that_are_too_large(backend):
    found = deep("elu").compile(nn.SGD(100.0)).diagnose(X, Y)
    assert any("which is much; try another learning rate" in note for note in found.notes)


def test_bad_input_is_one_sentence(backend):
    net = deep("elu")
    for method in (net.diagnose, net.layer_outputs):
        with pytest.raises(ValueError, match="X has 2 columns"):
            method(np.ones((3, 2)))
