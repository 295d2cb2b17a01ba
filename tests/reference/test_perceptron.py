"""The error-correction rule on the article's three problems, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nnfast.reference import perceptron_epoch

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
ROWS = np.arange(4, dtype=np.uint32)


def mistakes_per_epoch(target: list[int], epochs: int = 30) -> tuple[list[int], np.ndarray]:
    weights = np.zeros((3, 1))
    classes = np.array(target, dtype=np.uint32)
    counts = [int(perceptron_epoch(CORNERS, classes, weights, 1.0, ROWS)[0]) for _ in range(epochs)]
    return counts, weights


@pytest.mark.parametrize("target", [[0, 0, 0, 1], [0, 1, 1, 1]], ids=["and", "or"])
def test_separable_problems_end_without_mistakes(target: list[int]) -> None:
    counts, weights = mistakes_per_epoch(target)
    assert counts[-1] == 0
    net = weights[0] + CORNERS @ weights[1:]
    assert (net[:, 0] > 0).astype(int).tolist() == target


def test_exclusive_or_never_ends() -> None:
    counts, _ = mistakes_per_epoch([0, 1, 1, 0], epochs=100)
    assert min(counts) > 0


def test_one_epoch_by_hand() -> None:
    weights = np.zeros((3, 1))
    x = np.array([[2.0, -1.0], [1.0, 3.0]])
    classes = np.array([1, 0], dtype=np.uint32)
    # Row 1 first: net 0 gives 0, right. Row 0: net 0 gives 0, wrong: add half of (1, x).
    order = np.array([1, 0], dtype=np.uint32)
    counts = perceptron_epoch(x, classes, weights, 0.5, order)
    assert counts.dtype == np.int64
    assert counts.tolist() == [1]
    assert weights[:, 0].tolist() == [0.5, 1.0, -0.5]


@pytest.mark.parametrize("outputs", [2, 3])
def test_several_outputs_each_separate_their_own_class(outputs: int) -> None:
    x = np.random.default_rng(0).normal(size=(60, 2)) + np.repeat(
        [[9.0, 0.0], [-9.0, 9.0], [-9.0, -9.0]], 20, axis=0
    )
    classes = np.repeat(np.arange(3, dtype=np.uint32), 20) % outputs
    together = np.zeros((3, outputs))
    order = np.random.default_rng(1).permutation(60).astype(np.uint32)
    counts = perceptron_epoch(x, classes, together, 0.1, order)
    for j in range(outputs):
        alone = np.zeros((3, 1))
        own = (classes == j).astype(np.uint32)
        assert perceptron_epoch(x, own, alone, 0.1, order)[0] == counts[j]
        np.testing.assert_array_equal(together[:, j], alone[:, 0])


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_any_type_and_strides_give_the_same_weights(dtype: str) -> None:
    x = np.random.default_rng(0).integers(0, 255, (30, 4)).astype(dtype)
    classes = (x[:, 0] > 100).astype(np.uint32)
    order = np.arange(30, dtype=np.uint32)
    expected = np.zeros((5, 1))
    perceptron_epoch(x.astype(np.float64), classes, expected, 0.01, order)
    for view in (x, np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2]):
        weights = np.zeros((5, 1))
        perceptron_epoch(view, classes, weights, 0.01, order)
        np.testing.assert_array_equal(weights, expected)


def test_mistakes_stay_within_novikoff_s_bound() -> None:
    random = np.random.default_rng(4)
    for _ in range(10):
        direction = random.normal(size=3)
        direction /= np.linalg.norm(direction)
        x = random.uniform(-1, 1, (200, 2))
        extended = np.column_stack((np.ones(200), x))
        margins = extended @ direction
        keep = np.abs(margins) > 0.1
        x, extended, margins = x[keep], extended[keep], margins[keep]
        classes = (margins > 0).astype(np.uint32)
        order = np.arange(len(x), dtype=np.uint32)
        weights, total = np.zeros((3, 1)), 0
        bound = (np.linalg.norm(extended, axis=1).max() / np.abs(margins).min()) ** 2
        for _ in range(1000):
            made = int(perceptron_epoch(x, classes, weights, 1.0, order)[0])
            total += made
            if made == 0:
                break
        assert made == 0
        assert total <= bound
