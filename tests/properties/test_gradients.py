"""The compiled core's back-propagation against central differences in float64."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import nnfast as nn
from nnfast import _architecture
from parity.conditioning import clearance
from parity.networks import ACTIVATIONS, FEW_HEADS, HEADS, Run, difference, runs, share
from reference.networks import central_differences

STEP = 1e-6


def assert_gradients(run: Run) -> None:
    network, (x, y) = run.network("rust", "float64"), run.data()
    learned = learned_places(network)

    def set_learned(values: Any) -> None:
        weights = network.get_weights()
        for place, value in zip(learned, values, strict=True):
            weights[place] = value
        network.set_weights(weights)

    wrapped: Any = SimpleNamespace(
        parameters=lambda: [network.get_weights()[place] for place in learned],
        set_parameters=set_learned,
        evaluate=lambda x, y, size: [
            network.evaluate(x, y, sample_weight=run.weights(), batch_size=size)["loss"]
        ],
    )
    loss, gradients = network.gradients(x, y, sample_weight=run.weights())
    assert loss == pytest.approx(wrapped.evaluate(x, y, 2)[0], rel=1e-13)
    differences = central_differences(wrapped, x, y, STEP)
    found = [gradients[place] for place in learned]
    assert max(map(difference, found, differences), default=0.0) < 1e-6
    fixed = set(range(len(gradients))) - set(learned)
    assert not any(gradients[place].any() for place in fixed)


def learned_places(network: Any) -> list[int]:
    """Return which of the weights gradients change."""
    names = [name for name, _ in _architecture.parameters(network.layers, network.bias)]
    fixed = _architecture.fixed(network.layers)
    return [place for place, name in enumerate(names) if name not in fixed]


# What is above a layer and what is in it meet in one number, the delta: so every activation below
# some heads, and every head above one activation, are as good as all with all.
TANH = nn.activations.registry.get("tanh")
MEETINGS = [
    *((head, hidden) for head in FEW_HEADS for hidden in ACTIVATIONS if hidden != TANH),
    *((head, TANH) for head in HEADS),
]


@pytest.mark.parametrize(("head", "hidden"), MEETINGS, ids=repr)
def test_every_activation_and_every_loss_and_output(head: Any, hidden: Any) -> None:
    loss, output = head
    # The biases keep a node whose inputs are all zero away from its kink.
    first, second, last = (
        nn.Dense(units, function, bias_initializer="random_normal")
        for units, function in ((4, hidden), (3, hidden), (3, output))
    )
    layers = (nn.Input(3), first, nn.Dropout(0.5), second, last)
    assert_gradients(Run(layers, loss, nn.SGD(), rows=5, seed=2))


@pytest.mark.parametrize("head", HEADS, ids=repr)
@pytest.mark.parametrize(
    ("bias", "use_bias", "weighted"),
    [("parameter", True, True), ("parameter", False, False), ("embedded", True, False)],
)
def test_a_single_layer_with_either_bias(
    head: Any, bias: str, use_bias: bool, weighted: bool
) -> None:
    loss, output = head
    layers = (nn.Input(3), nn.Dense(4, output, use_bias=use_bias))
    assert_gradients(Run(layers, loss, nn.SGD(), bias=bias, rows=5, weighted=weighted))


@share(2.0)
@given(data=st.data())
def test_random_networks(data: st.DataObject) -> None:
    run = data.draw(runs(widest=6))
    if (
        clearance(run, zeros=True) > 100 * STEP
    ):  # a difference across a kink is none of its two slopes
        assert_gradients(run)


def test_a_gradient_is_of_the_mean_over_the_rows() -> None:
    layers = (nn.Input(3), nn.Dense(4, "tanh"), nn.Dense(2))
    run = Run(layers, nn.MeanSquaredError(), nn.SGD(), rows=6)
    network, (x, y) = run.network(), run.data()
    each = [network.gradients(x[row : row + 1], y[row : row + 1])[1] for row in range(6)]
    for whole, *parts in zip(network.gradients(x, y)[1], *each, strict=True):
        np.testing.assert_allclose(whole, np.mean(parts, axis=0), rtol=1e-12, atol=1e-15)
