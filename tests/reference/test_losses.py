"""Losses: values worked by hand, stability, and what each may be paired with."""

from __future__ import annotations

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
    values = np.zeros((3, 2), dtype=np.float32)
    t = np.zeros(3, np.uint32) if name.startswith("sparse") else np.ones((3, 2), np.float32)
    loss = Loss.from_config({"name": name})
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
