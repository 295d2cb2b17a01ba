"""Weights of rows, Rust against the oracle: every loss, at two sizes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

import nnfast as nn
from parity.networks import DTYPES, EACH_LOSS, Run, assert_agree, share


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("head", EACH_LOSS, ids=repr)
@pytest.mark.parametrize("width", [3, 40])
@share(0.1)
@given(seed=st.integers(0, 2**32))
def test_every_loss(width: int, head: Any, dtype: str, seed: int) -> None:
    loss, output = head
    layers = nn.Input(5), nn.Dense(width, "tanh"), nn.Dense(3, output)
    run = Run(layers, loss, nn.SGD(), seed=seed, rows=12, batch_size=5, weighted=True)
    assert_agree(run, dtype)
