"""Networks of any layers go into each kind of file and come back as they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import nnfast as nn

NAMES = [n for n in nn.activations.registry.names if n not in ("step", "exponential")]
NAMED = st.sampled_from(NAMES)
PLAIN = st.sampled_from([name for name in NAMES if name != "prelu"])
SLOPES = st.sampled_from([nn.activations.LeakyReLU(0.01), nn.activations.ELU(0.5), "prelu"])
FLAGS = st.booleans()
DENSE = st.builds(
    nn.Dense,
    st.integers(1, 6),
    NAMED | SLOPES,
    use_bias=FLAGS,
    l2=st.sampled_from([None, 1e-3]),
    kernel_constraint=st.sampled_from([None, nn.MaxNorm(3.0), nn.NonNegative()]),
    trainable=FLAGS,
)
OTHERS = st.one_of(
    DENSE,
    st.builds(nn.Activation, PLAIN.filter(lambda name: name != "linear")),
    st.builds(nn.BatchNorm, epsilon=st.sampled_from([1e-3, 1e-5]), center=FLAGS, scale=FLAGS),
    st.builds(nn.LayerNorm, epsilon=st.sampled_from([1e-3, 1e-5]), center=FLAGS, scale=FLAGS),
    st.builds(nn.Dropout, st.sampled_from([0.1, 0.5])),
)
KINDS = ("keras", "h5", "torch")


@st.composite
def blocks(draw, width):
    """Draw a block, which gives as many values as it is given."""
    inner = draw(st.lists(OTHERS, max_size=2))
    return nn.Residual([*inner, nn.Dense(width, draw(NAMED))])


@st.composite
def networks(draw):
    inputs = draw(st.integers(1, 5))
    layers = [nn.Input(inputs, scale=draw(st.sampled_from([1.0, 0.25])))]
    if draw(FLAGS):
        layers.append(nn.Standardize())
    width = inputs
    for _ in range(draw(st.integers(0, 4))):
        layer = draw(st.one_of(OTHERS, blocks(width)))
        if _merges(layers[-1], layer):
            continue  # the same network with the activation in the layer before
        layers.append(layer)
        width = layer.width(width)
    if isinstance(layers[-1], nn.Activation):
        layers.pop()
    net = nn.FeedForward(
        [*layers, nn.Dense(draw(st.integers(1, 3)), draw(NAMED))],
        seed=0,
        bias=draw(st.sampled_from(["parameter", "embedded"])),
    )
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    net.set_weights([rng.uniform(0.1, 1.0, each.shape) for each in net.get_weights()])
    return net


def _merges(before, layer):
    return (
        isinstance(layer, nn.Activation)
        and isinstance(before, nn.Dense)
        and before.activation.name == "linear"
    )


@pytest.mark.parametrize("kind", KINDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(net=networks())
def test_there_and_back(kind, net, tmp_path):
    path = tmp_path / ("model.safetensors" if kind == "torch" else f"model.{kind}")
    write, read = {
        "torch": (nn.interop.write_torch, nn.interop.read_torch),
    }.get(kind, (nn.interop.write_keras, nn.interop.read_keras))
    write(net, path)
    again = read(path)
    X = np.random.default_rng(0).normal(size=(4, net.inputs))
    np.testing.assert_allclose(again.predict(X), net.predict(X), rtol=1e-4, atol=1e-5)
    assert again.layers == net.layers
