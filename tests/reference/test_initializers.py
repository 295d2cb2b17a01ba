"""Initializers: limits, moments, and the addresses that their numbers are drawn from."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from nnfast import reference
from nnfast.reference.initializers import Initializer
from nnfast.reference.random import BIAS, KERNEL, Stream
from reference.networks import build, dense

INPUTS, UNITS = 300, 200
VARIANCES = {"glorot": 2.0 / (INPUTS + UNITS), "he": 2.0 / INPUTS, "lecun": 1.0 / INPUTS}


def draw(name: str, **parameters: float) -> np.ndarray:
    initializer = Initializer.from_config({"name": name, **parameters})
    return initializer.draw(Stream(1, KERNEL), INPUTS * UNITS, INPUTS, UNITS)


@pytest.mark.parametrize("family", VARIANCES)
def test_variance_scaling_uniform(family: str) -> None:
    values, variance = draw(f"{family}_uniform"), VARIANCES[family]
    limit = sqrt(3.0 * variance)
    assert -limit <= values.min() < -0.999 * limit
    assert 0.999 * limit < values.max() < limit
    assert abs(values.mean()) < 0.02 * limit
    assert values.var() == pytest.approx(variance, rel=0.02)


@pytest.mark.parametrize("family", VARIANCES)
def test_variance_scaling_normal(family: str) -> None:
    values, variance = draw(f"{family}_normal"), VARIANCES[family]
    assert abs(values.mean()) < 0.02 * sqrt(variance)
    assert values.var() == pytest.approx(variance, rel=0.02)
    assert np.abs(values).max() <= 2.0 * sqrt(variance) / 0.87962566103423978


def test_plain_distributions() -> None:
    assert not draw("zeros").any()
    assert (draw("constant", value=0.25) == 0.25).all()
    uniform = draw("random_uniform", low=1.0, high=3.0)
    assert uniform.min() >= 1.0
    assert uniform.max() < 3.0
    assert uniform.mean() == pytest.approx(2.0, abs=0.01)
    normal = draw("random_normal", mean=1.0, stddev=0.5)
    assert normal.mean() == pytest.approx(1.0, abs=0.01)
    assert normal.std() == pytest.approx(0.5, abs=0.01)
    assert np.abs(normal - 1.0).max() > 1.5  # not truncated


def test_defaults() -> None:
    assert np.abs(draw("random_uniform")).max() < 0.05
    assert draw("random_normal").std() == pytest.approx(0.05, rel=0.02)


@pytest.mark.parametrize("name", reference.registry()["initializers"])
def test_kernel_and_bias_have_streams_of_their_own(name: str) -> None:
    layers = [dense(4, "tanh"), {"type": "dropout", "rate": 0.5}, dense(3, kernel=name, bias=name)]
    kernel, bias = build(5, layers, seed=77).parameters()[2:]
    draw_values = Initializer.from_config({"name": name}).draw
    np.testing.assert_array_equal(
        kernel, draw_values(Stream(77, KERNEL, layer=2), 12, 4, 3).reshape(4, 3)
    )
    np.testing.assert_array_equal(bias, draw_values(Stream(77, BIAS, layer=2), 3, 4, 3))


def test_values_are_rounded_from_float64() -> None:
    exact = build(6, [dense(5)], seed=3).parameters()
    rounded = build(6, [dense(5)], seed=3, dtype="float32").parameters()
    for wide, narrow in zip(exact, rounded, strict=True):
        assert narrow.dtype == np.float32
        np.testing.assert_array_equal(wide.astype(np.float32), narrow)
