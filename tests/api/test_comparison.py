"""Activations in each other's place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nnfast as nn

QUICK: dict[str, Any] = {"hidden": [12], "epochs": 4, "learning_rates": [0.01], "seeds": 3}


@pytest.fixture(scope="module")
def digits() -> tuple[Any, Any]:
    X, y = nn.datasets.digits()
    return X[:600], y[:600]


def test_scores_are_those_of_networks_trained_alone(digits: Any) -> None:
    X, y = digits
    found = nn.compare_activations(X, y, ["relu", "tanh"], test_data=(X[500:], y[500:]), **QUICK)
    mean, deviation = X.mean(axis=0), X.std(axis=0)
    scaled = ((X - mean) / np.where(deviation > 0, deviation, 1.0)).astype(np.float32)
    for name, scores in found.scores.items():
        assert len(scores) == 3
        net = nn.FeedForward("64-12-10", hidden=name, output="softmax", seed=1)
        rate, epochs = found.learning_rates[name], found.epochs[name]
        net.compile(nn.Adam(rate)).fit(scaled, y, epochs=epochs)
        assert scores[1] == net.evaluate(scaled[500:], y[500:])["accuracy"]


def test_gains_are_paired_and_have_students_interval(digits: Any) -> None:
    found = nn.compare_activations(*digits, ["relu", "elu"], **QUICK)
    differences = 100 * (found.scores["elu"] - found.scores["relu"])
    gain = found.gains["elu"]
    assert gain.mean == pytest.approx(differences.mean())
    half = 4.303 * differences.std(ddof=1) / np.sqrt(3)
    assert (gain.low, gain.high) == pytest.approx((gain.mean - half, gain.mean + half))


def test_the_learning_rate_that_does_best_is_taken(digits: Any) -> None:
    options = {**QUICK, "learning_rates": [1e-6, 0.01], "seeds": 2}
    found = nn.compare_activations(*digits, ["relu", "elu"], **options)
    assert set(found.learning_rates.values()) == {0.01}
    each = nn.compare_activations(*digits, ["relu", "elu"], tune="each", **options)
    assert each.learning_rates == {"relu": 0.01, "elu": 0.01}
    assert np.array_equal(each.scores["relu"], found.scores["relu"])


def test_numbers_are_measured_in_their_own_units() -> None:
    X = np.random.default_rng(0).normal(size=(400, 3))
    y = 1000.0 * X[:, 0] + 50_000.0
    found = nn.compare_activations(X, y, ["relu", "tanh"], **{**QUICK, "epochs": 20})
    assert found.metric == "rmse"
    assert 1.0 < found.scores["relu"].mean() < 500.0
    ratio = found.scores["tanh"] / found.scores["relu"]
    assert found.gains["tanh"].mean == pytest.approx(100 * (1 - ratio).mean())


def test_bytes_and_words_are_taken_as_they_are(digits: Any) -> None:
    X, y = digits
    raw = np.round(255 * X).astype(np.uint8)
    words = np.array(["even", "odd"])[y % 2]
    found = nn.compare_activations(raw, words, ["relu", "elu"], **QUICK)
    assert found.metric == "accuracy"
    assert found.scores["relu"].mean() > 0.7


def test_the_same_seed_gives_the_same_scores(digits: Any) -> None:
    runs = [nn.compare_activations(*digits, ["relu", "elu"], threads=t, **QUICK) for t in (1, 2)]
    for name, scores in runs[0].scores.items():
        assert np.array_equal(scores, runs[1].scores[name])


def test_it_shows_itself_as_a_table_and_a_picture(digits: Any) -> None:
    found = nn.compare_activations(*digits, ["relu", nn.activations.ELU(0.5)], **QUICK)
    lines = repr(found).splitlines()
    assert lines[0] == "accuracy on 120 rows held out, 3 seeds"
    assert [line.split()[0] for line in lines[2:]] == ["relu", "ELU(alpha=0.5)"]
    axes = found.plot()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["ELU(alpha=0.5)"]


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"activations": ["relu"]}, ValueError, "activations has fewer than two members"),
        ({"activations": "relu"}, TypeError, "activations is 'relu'; wanted is a list"),
        ({"activations": ["relu", "relu"]}, ValueError, "activations has relu twice"),
        ({"activations": ["relu", "step"]}, ValueError, "is step, which no gradient passes"),
        ({"activations": ["relu", "rulu"]}, ValueError, "did you mean 'relu'"),
        ({"hidden": []}, ValueError, "hidden is empty"),
        ({"seeds": 1}, ValueError, "seeds is 1"),
        ({"learning_rates": []}, ValueError, "learning_rates is empty"),
        ({"learning_rates": [0.0]}, ValueError, r"learning_rates\[0\] is 0"),
        ({"tune": "all"}, ValueError, "tune is 'all'"),
        ({"test_data": 3}, TypeError, "test_data is a int; wanted is a pair"),
        ({"test_data": ([[1.0]], [1])}, ValueError, r"test_data\[0\] has the shape \(1, 1\)"),
    ],
)
def test_bad_arguments_are_refused(
    digits: Any, change: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        nn.compare_activations(*digits, **{**QUICK, **change})
