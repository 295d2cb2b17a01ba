"""Activations as functions on arrays: values and derivatives, the special ones among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nnfast import _core, reference
from nnfast._backend import described
from parity.networks import ACTIVATIONS, DTYPES, NAMES

SPECIAL = [0.0, 1.0, 20.0, 88.0, 104.0, 709.0, 746.0, 1e4, np.inf]
ULPS = 4


def arguments(dtype: str) -> NDArray[Any]:
    limits = np.finfo(dtype)
    tiny = [limits.smallest_subnormal, limits.smallest_normal, limits.eps]
    random = np.random.default_rng(0).normal(scale=5.0, size=1000)
    with np.errstate(over="ignore"):
        special = np.array([*SPECIAL, *tiny, limits.max], dtype=dtype)
    ordinary = np.concatenate([random, np.linspace(-110, 110, 2001)]).astype(dtype)
    return np.concatenate([special, -special, np.full(1, np.nan, dtype), ordinary])


def assert_same(ours: NDArray[Any], theirs: NDArray[Any], scale: Any) -> None:
    """Compare to a few units in the last place, of the value or of `scale`, or of scales."""
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    limits = np.finfo(ours.dtype)
    # What is below the normal numbers has fewer digits: there a unit is the smallest number.
    least = ULPS * np.maximum(np.asarray(scale) * limits.eps, limits.smallest_subnormal)
    with np.errstate(all="ignore"):
        apart = np.abs(ours.astype(np.float64) - theirs)
        near = (apart <= least + ULPS * limits.eps * np.abs(theirs)) | (ours == theirs)
    assert np.all(near | np.isnan(theirs)), np.stack([ours, theirs])[:, ~near]
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))


def size(spec: Any, x: NDArray[Any]) -> Any:
    """Give the size of the numbers that a value is a sum or a difference of, or 0 for its own."""
    if spec.name == "log_softmax":
        return 1.0  # the logarithm of a sum that is at least 1
    if spec.name == "gelu" and x.dtype == np.float64:
        # The oracle rounds what it gives to erfc or exp: that is worth as much as a rounding of x.
        slope = reference.activation_derivative(described(spec.config()), x)
        with np.errstate(invalid="ignore"):
            scale = np.nan_to_num(np.abs(x * slope), posinf=0.0)
        # Below the normal numbers it multiplies an erfc that has lost digits by x.
        smallest = np.finfo(x.dtype).smallest_normal
        return np.maximum(scale, smallest * np.minimum(np.abs(x), 40.0))
    return 0.0


def both(function: str, spec: Any, x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    config, unchanged = described(spec.config()), x.copy()
    results = tuple(getattr(module, function)(config, x) for module in (_core, reference))
    np.testing.assert_array_equal(x, unchanged)
    return results


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spec", ACTIVATIONS, ids=repr)
def test_values_and_derivatives(spec: Any, dtype: str) -> None:
    x = arguments(dtype)
    if spec.over_rows:
        x = x[: x.size // 3 * 3].reshape(-1, 3)
    assert_same(*both("activation", spec, x), scale=size(spec, x))
    # Derivatives are differences, such as 1 - a^2: of numbers of size 1.
    assert_same(*both("activation_derivative", spec, x), scale=1.0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spec", ACTIVATIONS, ids=repr)
def test_nan_in_gives_nan_out(spec: Any, dtype: str) -> None:
    x = np.full((1, 1), np.nan, dtype=dtype)
    for function in ("activation", "activation_derivative"):
        assert all(np.isnan(result).all() for result in both(function, spec, x))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spec", ACTIVATIONS, ids=repr)
def test_any_length(spec: Any, dtype: str) -> None:
    for count in range(1, 40):  # past the ends of vectors of every width
        x = np.linspace(-2.0, 2.0, count).astype(dtype)
        if spec.over_rows:
            x = x[np.newaxis]
        for function in ("activation", "activation_derivative"):
            assert_same(*both(function, spec, x), scale=1.0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spec", [spec for spec in ACTIVATIONS if spec.over_rows], ids=repr)
def test_rows_with_special_values(spec: Any, dtype: str) -> None:
    for row in (
        [np.inf, 0.0, 1.0],
        [-np.inf, 0.0, 1.0],
        [-np.inf, -np.inf, 5.0],
        [-np.inf, -np.inf, -np.inf],
        [np.inf, np.inf, 0.0],
        [np.inf, -np.inf, 0.0],
        [np.nan, 0.0, 1.0],
        [0.0, 1.0, np.nan],
        [1e4, -1e4, 0.0],
        [1e4, 1e4, 1e4],
        [-1e4, -1e4, -1e4],
        [-0.0, 0.0, -0.0],
    ):
        x = np.array([row], dtype=dtype)
        assert_same(*both("activation", spec, x), scale=0.0)
        assert_same(*both("activation_derivative", spec, x), scale=1.0)


def test_the_backends_know_the_same_names() -> None:
    assert reference.registry() == NAMES
