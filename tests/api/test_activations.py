"""Activations as functions on arrays."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn
from nnfast import activations

ELEMENTWISE = [cls.name for cls in activations.registry.classes if not cls.over_rows]
NUMBERS = np.array([-1e4, -3.0, -0.5, -0.0, 0.0, 0.5, 3.0, 1e4])


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_and_dtype_are_kept(name, dtype, backend):
    function = getattr(activations, name)
    for shape in [(8,), (2, 4), (2, 2, 2), (1, 8, 1)]:
        x = NUMBERS.astype(dtype).reshape(shape)
        for result in (function(x), function.derivative(x)):
            assert result.shape == shape
            assert result.dtype == dtype
    strided = NUMBERS.astype(dtype).reshape(2, 4).T[::-1]
    np.testing.assert_array_equal(function(strided), function(strided.copy()))
    swapped = NUMBERS.astype(np.dtype(dtype).newbyteorder())
    np.testing.assert_array_equal(function(swapped), function(NUMBERS.astype(dtype)))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_all_else_becomes_float64_and_a_scalar_stays_one(name, backend):
    function = getattr(activations, name)
    for values in ([1, 2], (1.0, 2.0), np.array([1, 2], np.uint8), [True, False], np.float16([1])):
        assert function(values).dtype == np.float64
    assert isinstance(function(1), np.float64)
    assert isinstance(function(np.float32(1)), np.float32)
    assert isinstance(function.derivative(0.5), np.float64)
    assert function(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_derivative_is_that_of_the_function(name, backend):
    function = getattr(activations, name)
    x, h = np.array([-2.0, -0.5, 0.3, 1.7]), 1e-6
    slope = (function(x + h) - function(x - h)) / (2 * h)
    np.testing.assert_allclose(function.derivative(x), slope, atol=1e-8)


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (activations.step, 0.0),
        (activations.relu, 0.0),
        (activations.leaky_relu, 0.2),
        (activations.PReLU(0.3), 0.3),
        (activations.ELU(0.7), 0.7),
        (activations.sigmoid, 0.25),
        (activations.tanh, 1.0),
        (activations.linear, 1.0),
        (activations.selu, 1.0507009873554805 * 1.6732632423543772),
        (activations.gelu, 0.5),
        (activations.GELU(approximate=True), 0.5),
        (activations.silu, 0.5),
        (activations.mish, 0.6),
        (activations.hard_swish, 0.5),
        (activations.hard_sigmoid, 1 / 6),
        (activations.softsign, 1.0),
        (activations.softplus, 0.5),
        (activations.exponential, 1.0),
    ],
)
def test_the_derivative_at_0_is_as_documented(function, slope, backend):
    assert function.derivative(0.0) == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if name != "exponential"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_from_0_the_values_are_finite_and_nan_stays_nan(name, dtype, backend):
    function = getattr(activations, name)
    x = np.array([-1e4, 1e4], dtype)
    assert np.isfinite(function(x)).all()
    assert np.isfinite(function.derivative(x)).all()
    nan = np.array([np.nan], dtype)
    assert np.isnan(function(nan)).all()
    assert np.isnan(function.derivative(nan)).all()


@pytest.mark.parametrize("name", activations.registry.names)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_out_is_filled_and_returned(name, dtype, backend):
    function = getattr(activations, name)
    x = np.random.default_rng(0).normal(size=(7, 5)).astype(dtype)
    for method in (function, function.derivative):
        expected = method(x)
        # At an odd place, as a view of a larger array can be.
        out = np.full(expected.size + 3, 9, dtype)[3:].reshape(expected.shape)
        assert method(x, out=out) is out
        np.testing.assert_array_equal(out, expected)
        np.testing.assert_array_equal(method(x.T.copy().T, out), expected)
        if expected.shape == x.shape:
            for view in (lambda x: x, lambda x: x[:]):
                same = x.copy()
                assert method(view(same), out=same) is same
                np.testing.assert_array_equal(same, expected)


def read_only(x):
    x.flags.writeable = False
    return x


@pytest.mark.parametrize(
    ("out", "error", "sentence"),
    [
        (
            lambda x: [0.0] * 8,
            TypeError,
            "out is a list; wanted is a C-contiguous",
        ),
        (lambda x: np.zeros(8, np.float32), TypeError, "out has the dtype <f4; wanted is"),
        (lambda x: np.zeros(9), ValueError, r"out has the shape \(9,\); wanted is"),
        (lambda x: np.zeros(16)[::2], ValueError, "out is not contiguous; wanted is"),
        (lambda x: read_only(np.zeros(8)), ValueError, "out is read-only; wanted is"),
        (lambda x: x.base[1:9], ValueError, "out shares memory with x; wanted is .* same array"),
    ],
)
def test_an_out_that_does_not_fit_is_refused(out, error, sentence):
    x = np.ones(10)[:8]
    with pytest.raises(error, match=sentence):
        activations.tanh(x, out=out(x))
    np.testing.assert_array_equal(x, 1)


def test_a_jacobian_is_not_written_over_its_argument():
    x = np.zeros((3, 3, 3))
    with pytest.raises(ValueError, match=r"out shares memory with x; wanted is .* apart from x$"):
        activations.softmax.derivative(x[0], out=x)


def test_read_only_and_unaligned_arrays_are_read():
    x = read_only(np.arange(4.0))
    unaligned = np.frombuffer(b"." + x.tobytes(), offset=1)
    np.testing.assert_array_equal(activations.relu(x), x)
    np.testing.assert_array_equal(activations.relu(unaligned), x)


def test_softmax_is_a_distribution_over_the_last_axis(backend):
    x = np.random.default_rng(0).normal(size=(2, 3, 4)) * 1e4
    result = activations.softmax(x)
    assert result.shape == x.shape
    np.testing.assert_allclose(result.sum(axis=-1), 1)
    jacobian = activations.softmax.derivative(x[0, 0] / 1e4)
    assert jacobian.shape == (4, 4)
    assert activations.softmax.derivative(x).shape == (2, 3, 4, 4)
    s = activations.softmax(x[0, 0] / 1e4)
    np.testing.assert_allclose(jacobian, np.diag(s) - np.outer(s, s), atol=1e-15)
    assert np.isnan(activations.softmax([np.nan, 1.0])).all()


def test_log_softmax_is_the_logarithm_of_softmax(backend):
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    result = activations.log_softmax(x)
    np.testing.assert_allclose(result, np.log(activations.softmax(x)), rtol=1e-13)
    jacobian = activations.log_softmax.derivative(x)
    assert jacobian.shape == (2, 3, 4, 4)
    shares = activations.softmax(x)[..., None, :]
    np.testing.assert_allclose(jacobian, np.eye(4) - shares, atol=1e-15)
    far = activations.log_softmax([[1e4, -1e4], [-np.inf, 0.0]])
    np.testing.assert_array_equal(far, [[0.0, -2e4], [-np.inf, 0.0]])
    assert np.isnan(activations.log_softmax([np.nan, 1.0])).all()


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("values", [1.0, [], [[]]])
def test_what_is_over_rows_refuses_what_has_no_last_axis(values, name):
    with pytest.raises(ValueError, match=rf"x has the shape .*; {name} wants"):
        getattr(activations, name)(values)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("selu", [-1.0507009873554805 * 1.6732632423543772, np.inf]),
        ("gelu", [0.0, np.inf]),
        ("silu", [0.0, np.inf]),
        ("mish", [0.0, np.inf]),
        ("hard_swish", [0.0, np.inf]),
        ("hard_sigmoid", [0.0, 1.0]),
        ("softsign", [-1.0, 1.0]),
        ("softplus", [0.0, np.inf]),
        ("exponential", [0.0, np.inf]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_limits_at_infinity(name, values, dtype, backend):
    x = np.array([-np.inf, np.inf], dtype)
    np.testing.assert_array_equal(getattr(activations, name)(x), np.array(values, dtype))
    assert not np.isnan(getattr(activations, name).derivative(x)).any()


@pytest.mark.parametrize(
    ("alias", "name"),
    [("swish", "silu"), ("hard_silu", "hard_swish"), ("exp", "exponential"), ("GELU", "gelu")],
)
def test_keras_names_are_known(alias, name):
    assert activations.registry.get(alias).name == name


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (1j, "x holds complex numbers"),
        ("abc", "x holds strings"),
        ([None], "x holds objects"),
        (np.array(["2020-01-01"], "M8[D]"), "x holds no numbers"),
    ],
)
def test_what_is_no_real_number_is_refused(values, sentence):
    with pytest.raises(TypeError, match=sentence):
        nn.activations.relu(values)


def test_the_module_lists_its_functions():
    assert set(activations.registry.names) < set(dir(activations))
    with pytest.raises(AttributeError, match="no attribute 'swoosh'"):
        activations.swoosh  # noqa: B018
