"""ROC and reliability curves, beside scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn
from nnfast._calibration import calibration


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def curve(line) -> np.ndarray:
    return np.asarray(line.get_xydata())


# ROC


def test_roc_curve_is_scikit_learn_s(rng) -> None:
    from sklearn.metrics import roc_auc_score, roc_curve

    y = rng.integers(0, 2, 300)
    scores = np.round(y + rng.normal(size=300), 1)  # with ties
    axes = nn.plot.roc_curve(y, scores)
    false, true, _ = roc_curve(y, scores)
    drawn = axes.lines[1]
    np.testing.assert_allclose(curve(drawn), np.stack([false, true], axis=1), atol=1e-12)
    assert axes.get_title() == f"ROC curve (AUC {roc_auc_score(y, scores):.3f})"


def test_roc_curves_of_several_classes_are_each_against_the_rest(rng) -> None:
    from sklearn.metrics import roc_auc_score, roc_curve

    names = np.array(["setosa", "versicolor", "virginica"])
    y = rng.integers(0, 3, 200)
    scores = np.eye(3)[y] + rng.normal(size=(200, 3))
    axes = nn.plot.roc_curve(names[y], scores)
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    for k, line in enumerate(axes.lines[1:]):
        false, true, _ = roc_curve(y == k, scores[:, k])
        np.testing.assert_allclose(curve(line), np.stack([false, true], axis=1), atol=1e-12)
        assert legend[k] == f"{names[k]}: {roc_auc_score(y == k, scores[:, k]):.3f}"
    each = [roc_auc_score(y == k, scores[:, k]) for k in range(3)]
    assert axes.get_title() == f"ROC curves (mean AUC {np.mean(each):.3f})"


def test_roc_curve_of_two_outputs_is_one_of_the_second_class(rng) -> None:
    y, p = rng.integers(0, 2, 50), rng.random(50)
    both = nn.plot.roc_curve(y, np.stack([1 - p, p], axis=1), classes=["ham", "spam"])
    one = nn.plot.roc_curve(y, p[:, np.newaxis], classes=["ham", "spam"])
    np.testing.assert_array_equal(curve(both.lines[1]), curve(one.lines[1]))
    assert one.get_ylabel() == "true positive rate of spam"


def test_roc_curve_leaves_out_classes_without_rows(rng) -> None:
    axes = nn.plot.roc_curve([0, 1, 0, 1], rng.random((4, 3)))
    assert len(axes.lines) == 1 + 2


def test_roc_curves_of_many_classes_name_the_worst(rng) -> None:
    y = np.arange(400) % 20
    scores = np.eye(20)[y] + rng.normal(size=(400, 20)) * np.linspace(0.1, 2, 20)
    axes = nn.plot.roc_curve(y, scores)
    named = [text.get_text().split(":")[0] for text in axes.get_legend().get_texts()]
    assert len(axes.lines) == 1 + 20
    assert len(named) == 5
    assert set(named) <= {str(k) for k in range(12, 20)}


def test_roc_curve_of_a_million_rows_is_short() -> None:
    y = np.repeat([0, 1], 500_000)
    [_, line] = nn.plot.roc_curve(y, np.arange(1_000_000) / 1e6).lines
    assert line.get_xydata()[[0, -1]].tolist() == [[0, 0], [1, 1]]
    assert len(line.get_xydata()) < 6


def test_the_corner_of_good_curves_is_enlarged(rng) -> None:
    y = np.arange(200) % 2
    good = nn.plot.roc_curve(y, y + 0.2 * rng.normal(size=200))
    [corner] = good.child_axes
    np.testing.assert_array_equal(curve(corner.lines[0]), curve(good.lines[1]))
    assert corner.get_xlim()[1] == 0.2
    assert nn.plot.roc_curve(y, y + 2.0 * rng.normal(size=200)).child_axes == []


def test_an_area_below_one_is_not_written_as_one() -> None:
    y = np.repeat([0, 1], 100)
    scores = np.arange(200.0)
    assert nn.plot.roc_curve(y, scores).get_title() == "ROC curve (AUC 1.000)"
    scores[[99, 100]] = scores[[100, 99]]  # one pair of ten thousand
    assert nn.plot.roc_curve(y, scores).get_title() == "ROC curve (AUC 0.9999)"


# Reliability


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
@pytest.mark.parametrize("bins", [2, 5, 10])
def test_reliability_curve_is_scikit_learn_s(rng, bins: int, strategy: str) -> None:
    from sklearn.calibration import calibration_curve

    p = rng.beta(0.5, 0.5, size=400)
    y = (rng.random(400) < p**2).astype(int)
    axes = nn.plot.reliability_curve(y, p, bins=bins, strategy=strategy)
    observed, predicted = calibration_curve(y, p, n_bins=bins, strategy=strategy)
    drawn = axes.child_axes[0].lines[1]
    np.testing.assert_allclose(curve(drawn), np.stack([predicted, observed], axis=1), rtol=1e-12)


def test_probabilities_of_exactly_0_and_1_have_their_bins() -> None:
    from sklearn.calibration import calibration_curve

    y, p = [0, 0, 1, 1, 1, 0], [0.0, 0.1, 0.2, 1.0, 1.0, 0.5]
    observed, predicted = calibration_curve(y, p, n_bins=10)
    drawn = curve(nn.plot.reliability_curve(y, p).child_axes[0].lines[1])
    np.testing.assert_allclose(drawn, np.stack([predicted, observed], axis=1))


def test_expected_calibration_error_is_what_its_definition_says(rng) -> None:
    p = rng.random(500)
    true = rng.random(500) < 0.5
    found = calibration(p, true, bins=10)
    error = 0.0
    for low in np.arange(10) / 10:
        inside = (p > low) & (p <= low + 0.1)
        error += inside.sum() / 500 * abs(p[inside].mean() - true[inside].mean())
    assert found.error == pytest.approx(error)
    assert found.counts.sum() == 500
    # Probabilities that come true as often as they say have none.
    assert calibration(np.repeat([0.2, 0.8], 10), np.tile([1, 0, 0, 0, 0], 4)[:20]).error > 0.1
    assert calibration(np.full(10, 0.2), np.arange(10) < 2).error == pytest.approx(0.0)


def test_reliability_of_several_classes_is_that_of_the_predicted_one(rng) -> None:
    p = rng.dirichlet([1.0, 1.0, 1.0], size=300)
    y = np.array([rng.choice(3, p=row) for row in p])
    axes = nn.plot.reliability_curve(y, p)
    found = calibration(p.max(axis=1), p.argmax(axis=1) == y)
    upper, lower = axes.child_axes
    np.testing.assert_allclose(upper.lines[1].get_ydata(), found.observed[found.counts > 0])
    assert upper.get_ylabel() == "share that is right"
    np.testing.assert_array_equal(lower.patches[0].get_data().values, found.counts)
    assert axes.get_title() == f"Reliability (expected calibration error {found.error:.3f})"


def test_pictures_of_a_fitted_network(blobs) -> None:
    X, y = blobs
    net = nn.FeedForward("2-8-3", output="softmax", seed=1).compile(nn.Adam(0.05))
    net.fit(X, y, epochs=3, verbose=0)
    assert len(nn.plot.roc_curve(y, net.predict(X)).lines) == 4
    assert nn.plot.reliability_curve(y, net.predict(X)).get_title().startswith("Reliability")


# What is refused


@pytest.mark.parametrize("draw", [nn.plot.roc_curve, nn.plot.reliability_curve])
def test_labels_and_numbers_that_do_not_fit(draw) -> None:
    name = "y_score" if draw is nn.plot.roc_curve else "y_prob"
    with pytest.raises(ValueError, match=r"y_true must hold one class .* got shape \(1, 2\)"):
        draw([[0, 1]], [0.1])
    with pytest.raises(ValueError, match=f"y_true and {name} must have the same length, got 2"):
        draw([0, 1], [0.1])
    with pytest.raises(ValueError, match="at least one row, got none"):
        draw([], np.zeros((0, 2)))
    with pytest.raises(ValueError, match=f"{name} must hold finite numbers"):
        draw([0, 1], [0.1, np.nan])
    with pytest.raises(ValueError, match=f"{name} must hold one number for each row"):
        draw([0, 1], ["a", "b"])
    with pytest.raises(ValueError, match="classes must be given, as y_true has 3 different labels"):
        draw(["a", "b", "c"], [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="classes must be 2 different ones, got"):
        draw([0, 1], [0.1, 0.2], classes=["a", "a"])
    with pytest.raises(ValueError, match="classes must hold every label of y_true, got none for 2"):
        draw([0, 2], [0.1, 0.2], classes=["a", "b"])
    with pytest.raises(TypeError, match="the labels of y_true must be of one kind"):
        draw(np.array(["a", 1], dtype=object), [0.1, 0.2])
    with pytest.raises(TypeError, match="ax must be matplotlib axes"):
        draw([0, 1], [0.1, 0.2], ax="here")


def test_roc_curve_of_one_class_only() -> None:
    with pytest.raises(ValueError, match="rows of at least two classes"):
        nn.plot.roc_curve([1, 1], [0.1, 0.2])


def test_reliability_wants_probabilities() -> None:
    with pytest.raises(ValueError, match="y_prob must hold probabilities, from 0 to 1, got -2 to"):
        nn.plot.reliability_curve([0, 1], [-2.0, 3.0])
    with pytest.raises(ValueError, match="bins must be an integer of at least 2, got 1"):
        nn.plot.reliability_curve([0, 1], [0.2, 0.3], bins=1)
    with pytest.raises(ValueError, match="strategy must be 'uniform' or 'quantile', got 'equal'"):
        nn.plot.reliability_curve([0, 1], [0.2, 0.3], strategy="equal")
