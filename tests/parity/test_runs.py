"""Whole runs, Rust against the oracle: outputs, gradients, and weights after fifty steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import nnfast as nn
from parity.networks import (
    ACTIVATIONS,
    DTYPES,
    HEADS,
    OPTIMIZERS,
    Run,
    assert_agree,
    runs,
    share,
    values,
)

each_dtype = pytest.mark.parametrize("dtype", DTYPES)


@each_dtype
@given(data=st.data())
def test_random_runs(dtype: str, data: st.DataObject) -> None:
    assert_agree(data.draw(runs(dtype)), dtype)


@each_dtype
@pytest.mark.parametrize("hidden", ACTIVATIONS, ids=repr)
@share(0.1)
@given(data=st.data())
def test_every_hidden_activation(hidden: Any, dtype: str, data: st.DataObject) -> None:
    assert_agree(data.draw(runs(dtype, hidden=hidden, widest=60)), dtype)


@each_dtype
@pytest.mark.parametrize("head", HEADS, ids=repr)
@share(0.1)
@given(data=st.data())
def test_every_loss_with_every_output(head: Any, dtype: str, data: st.DataObject) -> None:
    assert_agree(data.draw(runs(dtype, head=head, widest=60)), dtype)


@each_dtype
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@share(0.2)
@given(data=st.data())
def test_every_optimizer(optimizer: Any, dtype: str, data: st.DataObject) -> None:
    assert_agree(data.draw(runs(dtype, optimizer=optimizer, widest=60)), dtype)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@share(0.4)
@given(data=st.data())
def test_every_parameter_of_every_optimizer(optimizer: Any, data: st.DataObject) -> None:
    layers = nn.Input(5), nn.Dense(7, "tanh"), nn.Dense(3)
    chosen = data.draw(values(optimizer))
    assert_agree(Run(layers, nn.MeanSquaredError(), chosen, rows=40, batch_size=16), "float64")


@pytest.mark.parametrize("backend", ["rust", "numpy"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_variance_that_rounding_would_make_negative(dtype: str, backend: str) -> None:
    """The absolute error's gradient by a weight is its input, always: its variance goes to 0."""
    x = np.random.default_rng(0).uniform(1.0, 1000.0, (1, 2000))
    network = nn.FeedForward([2000, 1], initializer="zeros", dtype=dtype, backend=backend)
    network.compile(nn.RMSprop(1e-6, centered=True), "mae")
    network.fit(x, [1e30], epochs=600, verbose=0)
    assert all(np.isfinite(array).all() for array in network.get_weights())
