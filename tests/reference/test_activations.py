"""Activations, picked up from the registry: derivatives, extremes, NaN, types and shapes."""

from __future__ import annotations

import json
import math
import warnings

import numpy as np
import pytest

from nnfast import reference
from reference.networks import activation as configured

NAMES = reference.registry()["activations"]
OVER_ROWS = {"softmax", "log_softmax"}
ELEMENTWISE = [name for name in NAMES if name not in OVER_ROWS]
EXTREMES = [-np.inf, -1e4, -800.0, -1.0, -1e-300, -0.0, 0.0, 1e-300, 1.0, 800.0, 1e4, np.inf]

VARIANTS = [
    *(configured(name) for name in ELEMENTWISE),
    {"name": "leaky_relu", "negative_slope": 0.0},
    {"name": "leaky_relu", "negative_slope": 0.01},
    {"name": "prelu", "alpha": 0.0},
    {"name": "prelu", "alpha": -0.5},
    {"name": "elu", "alpha": 0.0},
    {"name": "elu", "alpha": 2.5},
    {"name": "gelu", "approximate": True},
]


def forward(config: dict[str, object], x: object, dtype: str = "float64") -> np.ndarray:
    return reference.activation(json.dumps(config), np.asarray(x, dtype=dtype))


def derivative(config: dict[str, object], x: object, dtype: str = "float64") -> np.ndarray:
    return reference.activation_derivative(json.dumps(config), np.asarray(x, dtype=dtype))


@pytest.mark.parametrize("config", VARIANTS, ids=str)
def test_derivative_agrees_with_central_differences(config: dict[str, object]) -> None:
    x = np.random.default_rng(0).normal(scale=3.0, size=500)
    x = x[np.abs(x) > 1e-3]  # kinks have no derivative
    step = 1e-6
    differences = (forward(config, x + step) - forward(config, x - step)) / (2 * step)
    rtol = 1e-8 if config["name"] == "exponential" else 0  # its values are of any size
    np.testing.assert_allclose(derivative(config, x), differences, rtol=rtol, atol=1e-8)


@pytest.mark.parametrize("name", sorted(OVER_ROWS))
def test_the_derivative_over_rows_is_the_jacobian(name: str) -> None:
    x = np.random.default_rng(0).normal(size=(4, 5))
    step = 1e-6
    jacobian = derivative({"name": name}, x)
    assert jacobian.shape == (4, 5, 5)
    for j in range(5):
        moved = np.eye(5)[j] * step
        change = forward({"name": name}, x + moved) - forward({"name": name}, x - moved)
        np.testing.assert_allclose(jacobian[:, :, j], change / (2 * step), atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_type_and_shape_are_kept(name: str, dtype: str) -> None:
    x = np.linspace(-2, 2, 6).reshape(2, 3).astype(dtype)
    config = configured(name)
    assert forward(config, x, dtype).dtype == dtype
    assert forward(config, x, dtype).shape == x.shape
    assert derivative(config, x, dtype).dtype == dtype
    assert derivative(config, x, dtype).shape == ((2, 3, 3) if name in OVER_ROWS else x.shape)


@pytest.mark.parametrize("config", VARIANTS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extremes_give_numbers_without_a_warning(config: dict[str, object], dtype: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        a, slope = forward(config, EXTREMES, dtype), derivative(config, EXTREMES, dtype)
    assert not np.isnan(a).any()
    assert np.isfinite(slope).all() or config["name"] == "exponential"


@pytest.mark.parametrize("config", VARIANTS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_in_nan_out(config: dict[str, object], dtype: str) -> None:
    x = [1.0, np.nan, -1.0]
    expected = [False, True, False]
    assert np.isnan(forward(config, x, dtype)).tolist() == expected
    assert np.isnan(derivative(config, x, dtype)).tolist() == expected


@pytest.mark.parametrize(
    ("config", "at_zero"),
    [
        ({"name": "linear"}, 1.0),
        ({"name": "step"}, 0.0),
        ({"name": "sigmoid"}, 0.25),
        ({"name": "tanh"}, 1.0),
        ({"name": "relu"}, 0.0),
        ({"name": "leaky_relu", "negative_slope": 0.3}, 0.3),
        ({"name": "prelu", "alpha": 0.4}, 0.4),
        ({"name": "elu", "alpha": 1.5}, 1.5),
        ({"name": "gelu"}, 0.5),
        ({"name": "gelu", "approximate": True}, 0.5),
        ({"name": "silu"}, 0.5),
        ({"name": "mish"}, 0.6),
        ({"name": "softsign"}, 1.0),
        ({"name": "exponential"}, 1.0),
    ],
    ids=lambda value: str(value),
)
def test_derivative_at_zero(config: dict[str, object], at_zero: float) -> None:
    assert derivative(config, [0.0, -0.0]).tolist() == [at_zero, at_zero]


@pytest.mark.parametrize(
    ("config", "x", "a"),
    [
        ({"name": "linear"}, [-2.0, 3.0], [-2.0, 3.0]),
        ({"name": "step"}, [-2.0, 0.0, 1e-300], [0.0, 0.0, 1.0]),
        ({"name": "sigmoid"}, [-1e4, -np.inf, 0.0, np.inf], [0.0, 0.0, 0.5, 1.0]),
        ({"name": "tanh"}, [-np.inf, 0.0, 1e4], [-1.0, 0.0, 1.0]),
        ({"name": "relu"}, [-np.inf, -1.0, 2.0], [0.0, 0.0, 2.0]),
        ({"name": "leaky_relu"}, [-10.0, 2.0], [-2.0, 2.0]),
        ({"name": "prelu", "alpha": -0.5}, [-10.0, 2.0], [5.0, 2.0]),
        ({"name": "elu", "alpha": 2.0}, [-np.inf, -1e4, 3.0, np.inf], [-2.0, -2.0, 3.0, np.inf]),
    ],
    ids=lambda value: str(value),
)
def test_values(config: dict[str, object], x: list[float], a: list[float]) -> None:
    assert forward(config, x).tolist() == a


def test_small_numbers_keep_their_digits() -> None:
    assert forward({"name": "elu"}, [-1e-12])[0] == pytest.approx(np.expm1(-1e-12), rel=1e-15)
    assert forward({"name": "sigmoid"}, [-700.0])[0] == pytest.approx(np.exp(-700.0), rel=1e-14)


def test_softmax_of_large_infinite_and_undefined_rows() -> None:
    rows = [[1e4, 1e4, -1e4], [0.0, -np.inf, 0.0], [np.inf, 0.0, 0.0], [np.nan, 0.0, 0.0]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        a = forward({"name": "softmax"}, rows)
    assert a[:2].tolist() == [[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]]
    assert np.isnan(a[2:]).all()


def test_the_result_is_never_the_argument() -> None:
    x = np.ones(3)
    for name in ELEMENTWISE:
        assert not np.shares_memory(forward(configured(name), x), x)


@pytest.mark.parametrize("approximate", [False, True])
def test_gelu_by_its_definition(approximate: bool) -> None:
    z = np.linspace(-6.0, 6.0, 41)
    if approximate:
        share = 0.5 * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (z + 0.044715 * z**3)))
    else:
        share = 0.5 * (1.0 + np.array([math.erf(value / math.sqrt(2.0)) for value in z]))
    config = {"name": "gelu", "approximate": approximate}
    np.testing.assert_allclose(forward(config, z), z * share, rtol=0, atol=1e-15)


def test_mish_and_silu_by_their_definitions() -> None:
    z = np.linspace(-30.0, 30.0, 61)
    mish = z * np.tanh(np.log1p(np.exp(z)))
    np.testing.assert_allclose(forward({"name": "mish"}, z), mish, rtol=1e-14)
    np.testing.assert_allclose(forward({"name": "silu"}, z), z / (1.0 + np.exp(-z)), rtol=1e-14)


def test_an_activation_is_added_by_one_class() -> None:
    from nnfast.activations import Activation

    class Square(Activation):
        __module__ = "nnfast.activations._squares"
        name = "square"

        def forward(self, z: np.ndarray) -> np.ndarray:
            return z * z

        def derivative_from(self, kept: np.ndarray) -> np.ndarray:
            return 2.0 * kept

    try:
        assert "square" in reference.registry()["activations"]
        assert derivative({"name": "square"}, [3.0]).tolist() == [6.0]
    finally:
        del Activation.registry._classes["square"]
        del Activation.registry._spellings["square"]


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown activation 'rleu' .*known are elu, "):
        forward({"name": "rleu"}, [0.0])
