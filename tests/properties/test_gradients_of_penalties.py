"""Gradients with penalties and masks against central differences in float64."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn
from parity.networks import FEW_HEADS, Run
from parity.terms import LAYERS, layers
from properties.test_gradients import assert_gradients

PENALTIES = [name for name in LAYERS if "regularizer" in name]


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("head", FEW_HEADS, ids=repr)
def test_every_penalty(head: object, penalty: str) -> None:
    loss, output = head  # type: ignore[misc]
    shape = layers((3, 4, 3, 3), penalty, hidden="tanh", output=output)
    assert_gradients(Run(shape, loss, nn.SGD(), rows=5, seed=2))


@pytest.mark.parametrize("bias", ["parameter", "embedded"])
def test_missing_connections_and_frozen_layers_have_no_gradient(bias: str) -> None:
    for term in ("mask", "frozen"):
        run = Run(layers((5, 4, 3, 2), term), nn.MeanSquaredError(), nn.SGD(), bias=bias, rows=5)
        network, free = run.network(), run.network()
        gradients = network.gradients(*run.data())[1]
        if term == "frozen":
            free.set_trainable(1, True)
            arrays = 1 if bias == "embedded" else 2
            assert not any(np.any(one) for one in gradients[:arrays])
            wanted = free.gradients(*run.data())[1][arrays:]
            for ours, theirs in zip(gradients[arrays:], wanted, strict=True):
                assert np.array_equal(ours, theirs)
        else:
            edges = np.asarray(network.layers[1].mask)
            kernel = gradients[0][1:] if bias == "embedded" else gradients[0]
            assert not np.any(kernel[~edges])
            assert np.all(kernel[edges] != 0.0)
