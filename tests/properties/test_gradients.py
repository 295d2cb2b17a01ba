"""The compiled core's back-propagation against central differences in float64."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import nnfast as nn
from parity.conditioning import clearance
from parity.networks import ACTIVATIONS, HEADS, Run, difference, runs, share
from reference.networks import central_differences

STEP = 1e-6


def assert_gradients(run: Run) -> None:
    network, (x, y) = run.network("rust", "float64"), run.data()
    wrapped: Any = SimpleNamespace(
        parameters=network.get_weights,
        set_parameters=network.set_weights,
        evaluate=lambda x, y, size: [network.evaluate(x, y, batch_size=size)["loss"]],
    )
    loss, gradients = network.gradients(x, y)
    assert loss == pytest.approx(network.evaluate(x, y, batch_size=2)["loss"], rel=1e-13)
    differences = central_differences(wrapped, x, y, STEP)
    assert max(map(difference, gradients, differences)) < 1e-6


@pytest.mark.parametrize("hidden", ACTIVATIONS, ids=repr)
@pytest.mark.parametrize("head", HEADS, ids=repr)
def test_every_activation_with_every_loss_and_output(head: Any, hidden: Any) -> None:
    loss, output = head
    # The biases keep a node whose inputs are all zero away from its kink.
    first, second, last = (
        nn.Dense(units, function, bias_initializer="random_normal")
        for units, function in ((4, hidden), (3, hidden), (3, output))
    )
    layers = (nn.Input(3), first, nn.Dropout(0.5), second, last)
    assert_gradients(Run(layers, loss, nn.SGD(), rows=5, seed=2))


@pytest.mark.parametrize("head", HEADS, ids=repr)
@pytest.mark.parametrize("bias", ["parameter", "embedded"])
@pytest.mark.parametrize("use_bias", [True, False])
def test_a_single_layer_with_either_bias(head: Any, bias: str, use_bias: bool) -> None:
    loss, output = head
    layers = (nn.Input(3), nn.Dense(4, output, use_bias=use_bias))
    assert_gradients(Run(layers, loss, nn.SGD(), bias=bias, rows=5))


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
