"""Losses: values worked by hand, stability, and what each may be paired with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnfast import reference
from nnfast.reference.losses import Loss, OnLogits, OnOutputs, pair


def rows(name: str, values: object, t: object) -> list[float]:
    t = np.asarray(t)
    return Loss.from_config({"name": name}).rows(np.asarray(values, float), t).tolist()


def gradient(name: str, values: object, t: object) -> np.ndarray:
    return Loss.from_config({"name": name}).gradient(np.asarray(values, float), np.asarray(t))


def test_squared_and_absolute_error() -> None:
    a, t = [[1.0, 2.0], [0.0, 5.0]], [[0.0, 4.0], [0.0, 4.0]]
    assert rows("mean_squared_error", a, t) == [2.5, 0.5]
    assert gradient("mean_squared_error", a, t).tolist() == [[1.0, -2.0], [0.0, 1.0]]
    assert rows("mean_absolute_error", a, t) == [1.5, 0.5]
    assert gradient("mean_absolute_error", a, t).tolist() == [[0.5, -0.5], [0.0, 0.5]]


def test_binary_cross_entropy_is_the_textbook_s() -> None:
    z, t = np.array([[0.3, -2.0], [4.0, 0.0]]), np.array([[1.0, 0.0], [0.25, 1.0]])
    a = 1 / (1 + np.exp(-z))
    expected = -(t * np.log(a) + (1 - t) * np.log(1 - a)).mean(axis=1)
    np.testing.assert_allclose(rows("binary_cross_entropy", z, t), expected, rtol=1e-14)
    np.testing.assert_allclose(gradient("binary_cross_entropy", z, t), (a - t) / 2, rtol=1e-14)


def test_categorical_cross_entropy_is_the_textbook_s() -> None:
    z, t = np.array([[0.3, -2.0, 1.0], [4.0, 0.0, 0.0]]), np.array([[0.2, 0.3, 0.5], [0, 1.0, 0]])
    a = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    expected = -(t * np.log(a)).sum(axis=1)
    np.testing.assert_allclose(rows("categorical_cross_entropy", z, t), expected, rtol=1e-14)
    delta = gradient("categorical_cross_entropy", z, t)
    np.testing.assert_allclose(delta, a - t, rtol=1e-13)


def test_classes_and_one_hot_targets_agree() -> None:
    z = np.random.default_rng(0).normal(scale=3, size=(6, 4))
    classes = np.array([0, 1, 2, 3, 0, 2], dtype=np.uint32)
    one_hot = np.eye(4)[classes]
    sparse, full = "sparse_categorical_cross_entropy", "categorical_cross_entropy"
    np.testing.assert_allclose(rows(sparse, z, classes), rows(full, z, one_hot), rtol=1e-14)
    np.testing.assert_allclose(
        gradient(sparse, z, classes), gradient(full, z, one_hot), rtol=1e-13, atol=1e-16
    )


def test_cross_entropies_are_stable_far_out() -> None:
    with np.errstate(all="raise", under="ignore"):
        assert rows("binary_cross_entropy", [[1e4, -1e4]], [[0.0, 1.0]]) == [1e4]
        assert rows("binary_cross_entropy", [[1e4, -1e4]], [[1.0, 0.0]]) == [0.0]
        assert rows("sparse_categorical_cross_entropy", [[1e4, -1e4]], [1]) == [2e4]
        assert rows("categorical_cross_entropy", [[1e4, -1e4]], [[1.0, 0.0]]) == [0.0]
        assert gradient("sparse_categorical_cross_entropy", [[1e4, -1e4]], [1]).tolist() == [
            [1.0, -1.0]
        ]


@pytest.mark.parametrize("name", reference.registry()["losses"])
def test_type_is_kept(name: str) -> None:
    values = np.full((3, 6), 0.5, dtype=np.float32)
    loss = Loss.from_config({"name": name})
    t: Any = np.ones((3, columns_of(loss, 6)), np.float32)
    if name.startswith("sparse"):
        t = np.zeros(3, np.uint32)
    assert loss.rows(values, t).dtype == np.float32
    assert loss.gradient(values, t).dtype == np.float32


def test_pairs() -> None:
    assert isinstance(pair({"name": "mean_squared_error"}, "softmax"), OnOutputs)
    assert isinstance(pair({"name": "mean_absolute_error"}, "sigmoid"), OnOutputs)
    entropy = {"name": "categorical_cross_entropy", "from_logits": False}
    assert isinstance(pair(entropy, "softmax"), OnLogits)
    assert isinstance(pair({**entropy, "from_logits": True}, "linear"), OnLogits)
    with pytest.raises(ValueError, match="needs the output activation 'softmax', not 'sigmoid'"):
        pair(entropy, "sigmoid")
    with pytest.raises(ValueError, match="needs the output activation 'linear', not 'softmax'"):
        pair({**entropy, "from_logits": True}, "softmax")


VARIANTS = [
    *({"name": name} for name in reference.registry()["losses"]),
    {"name": "huber", "delta": 0.3},
    {"name": "gaussian_nll", "full": True, "epsilon": 0.1},
    {"name": "quantile", "quantiles": [0.2, 0.7]},
    *(
        {"name": name, "label_smoothing": 0.2}
        for name in reference.registry()["losses"]
        if name.endswith("cross_entropy")
    ),
    {"name": "binary_focal_cross_entropy", "gamma": 0.5, "apply_class_balancing": True},
    {"name": "categorical_focal_cross_entropy", "gamma": 0.5},
    {"name": "sparse_categorical_focal_cross_entropy", "gamma": 0.0},
]


def columns_of(loss: Any, outputs: int) -> int:
    """Give how many columns the targets of so many outputs have."""
    each = {"quantile": lambda: len(loss.quantiles), "gaussian_nll": lambda: 2}
    return outputs // each.get(loss.name, lambda: 1)()


@pytest.mark.parametrize("config", VARIANTS, ids=str)
def test_gradients_are_the_slopes(config: dict[str, object]) -> None:
    random = np.random.default_rng(3)
    loss, columns = Loss.from_config(config), 6
    values = random.random((4, columns)) + 0.1
    t: Any = random.random((4, columns_of(loss, columns)))
    if loss.name.startswith("sparse"):
        t = random.integers(0, columns, 4)
    slopes = np.zeros_like(values)
    for column in range(columns):
        step = np.zeros_like(values)
        step[:, column] = 1e-6
        slopes[:, column] = (loss.rows(values + step, t) - loss.rows(values - step, t)) / 2e-6
    np.testing.assert_allclose(loss.gradient(values, t), slopes, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("config", VARIANTS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_outputs_have_finite_losses(config: dict[str, object], dtype: str) -> None:
    loss = Loss.from_config(config)
    values = np.array([[1e4, -1e4, 0.0] * 2, [-90.0, 90.0, -800.0] * 2], dtype=dtype)
    if loss.name == "poisson":
        values = np.abs(values)
    t: Any = np.full((2, columns_of(loss, 6)), 1 / 6, dtype)
    if loss.name.startswith("sparse"):
        t = np.array([0, 1])
    with np.errstate(over="ignore"):
        assert np.isfinite(loss.rows(values, t)).all()
        assert np.isfinite(loss.gradient(values, t)).all()


def test_focal_with_gamma_zero_is_the_cross_entropy() -> None:
    z = np.random.default_rng(0).normal(scale=3, size=(6, 4))
    classes = np.array([0, 1, 2, 3, 0, 2])
    focal = Loss.from_config(
        {"name": "sparse_categorical_focal_cross_entropy", "gamma": 0.0, "alpha": 0.5}
    )
    np.testing.assert_allclose(
        focal.rows(z, classes),
        np.multiply(0.5, rows("sparse_categorical_cross_entropy", z, classes)),
    )


def test_the_normal_likelihood_is_the_textbook_s() -> None:
    loss = Loss.from_config({"name": "gaussian_nll", "full": True})
    mean, raw, t = 1.0, 0.3, 2.5
    variance = np.log1p(np.exp(raw)) + 1e-6
    density = np.exp(-((t - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    found = loss.rows(np.array([[mean, raw]]), np.array([[t]]))
    np.testing.assert_allclose(found, [-np.log(density)], rtol=1e-14)


def test_the_divergence_of_a_distribution_from_itself_is_zero() -> None:
    t = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
    z = np.array([np.log([0.2, 0.3, 0.5]), [50.0, 0.0, 0.0]])
    np.testing.assert_allclose(rows("kl_divergence", z, t), [0.0, 0.0], atol=1e-15)
