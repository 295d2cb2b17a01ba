"""Random numbers: both backends draw the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import nnfast as nn
from nnfast import _core, reference
from nnfast.reference.random import SHUFFLE, SPLIT
from parity.networks import DTYPES, INITIALIZERS, share, values

seeds = st.integers(0, 2**64 - 1)


@given(rows=st.integers(1, 3000), seed=seeds, step=st.integers(0, 2**33))
@pytest.mark.parametrize("purpose", [SHUFFLE, SPLIT])
def test_permutations(purpose: int, rows: int, seed: int, step: int) -> None:
    ours, theirs = (module.permutation(rows, seed, purpose, step) for module in (_core, reference))
    assert ours.dtype == theirs.dtype == np.uint32
    assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize("bias", ["parameter", "embedded"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("initializer", INITIALIZERS, ids=repr)
@share(0.4)
@given(data=st.data(), seed=seeds, sizes=st.lists(st.integers(1, 40), min_size=2, max_size=4))
def test_initial_weights(
    initializer: Any, dtype: str, bias: str, data: st.DataObject, seed: int, sizes: list[int]
) -> None:
    chosen = data.draw(values(initializer))
    layers = [nn.Input(sizes[0])]
    for size in sizes[1:]:
        dense = {"kernel_initializer": chosen, "bias_initializer": chosen}
        layers += [nn.Dropout(0.5), nn.Dense(size, "prelu", **dense)]
    ours, theirs = (
        nn.FeedForward(layers, dtype=dtype, seed=seed, bias=bias, backend=backend).get_weights()
        for backend in ("rust", "numpy")
    )
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.dtype == other.dtype == np.dtype(dtype)
        if initializer.name.endswith("normal"):
            # The last place of a logarithm is the platform's own, and what follows doubles it.
            assert np.abs(mine - other).max() <= 4 * np.finfo(dtype).eps * np.abs(other).max()
        else:
            assert mine.tobytes() == other.tobytes()


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.9])
@given(width=st.integers(1, 70), rows=st.integers(1, 40), seed=seeds)
def test_dropout_masks(rate: float, width: int, rows: int, seed: int) -> None:
    """The identity with dropout before it: the step of its weights shows what was dropped."""

    def steps(backend: str) -> list[Any]:
        layers = [nn.Input(width), nn.Dropout(rate), nn.Dense(1, kernel_initializer="zeros")]
        network = nn.FeedForward(layers, seed=seed, dtype="float64", backend=backend)
        network.compile(nn.SGD(0.5), "mse")
        kept = []
        for _ in range(3):
            network.set_weights([np.zeros((width, 1)), np.zeros(1)])
            # Each row's target marks its place: the sums of different masks differ.
            network.train_on_batch(np.ones((rows, width)), np.arange(1.0, rows + 1))
            kept.append(np.rint(network.get_weights()[0] * rows * (1 - rate)).astype(int).tolist())
        return kept

    assert steps("rust") == steps("numpy")
