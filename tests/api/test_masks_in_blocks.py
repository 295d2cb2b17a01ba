"""Masks of layers that stand after a block, or within one."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn


def test_weights_of_layers_after_and_within_a_block(backend):
    mask = np.array([[1, 0], [1, 1]])
    block = nn.Residual([nn.Dense(2, "tanh", mask=mask), nn.Dense(2)])
    net = nn.FeedForward([nn.Input(2), block, nn.Dense(2, mask=mask)], seed=0)
    weights = net.get_weights()
    net.set_weights(weights)
    for place, name in ((0, "layers.1.kernel"), (4, "layers.3.kernel")):
        other = [array.copy() for array in weights]
        other[place][0, 1] = 1.0
        with pytest.raises(ValueError, match=f"{name} has the weight 1 from node 0 to node 1"):
            net.set_weights(other)
