"""Warnings when a run goes wrong: said once, and never of a run that is well."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import nnfast as nn

X = np.random.default_rng(0).normal(size=(90, 4))
Y = np.arange(90) % 3


def classifier(**options):
    return nn.FeedForward("4-8-3", output="softmax", seed=0, **options)


def silent(call):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return call()


def test_a_loss_that_is_not_finite(backend):
    net = nn.FeedForward("4-1", seed=0).compile(nn.SGD(1e30))
    with pytest.warns(nn.TrainingWarning, match="the loss is (nan|inf); try a smaller learning"):
        net.fit(X, Y, epochs=5)
    silent(lambda: net.fit(X, Y))  # once of a network
    net.reset()
    with pytest.warns(nn.TrainingWarning, match="the loss is"):
        net.fit(X, Y, epochs=5)


def test_a_loss_that_grows(backend):
    net = nn.FeedForward("4-1", seed=0, dtype="float64").compile(nn.SGD(1.5))
    with pytest.warns(nn.TrainingWarning, match="the loss grows: it was .* and is"):
        net.fit(X, Y, epochs=8)


def test_the_same_prediction_for_all_rows(backend):
    net = nn.FeedForward("4-8-1", seed=0)
    weights = net.get_weights()
    weights[1][:] = -1e3
    net.set_weights(weights)
    silent(lambda: net.fit(X, Y, epochs=4))
    with pytest.warns(nn.TrainingWarning, match="says the same of 64 different rows; diagnose"):
        net.fit(X, Y, epochs=5)


@pytest.mark.parametrize("rows", [None, np.arange(40)])
def test_inputs_that_are_not_scaled(backend, rows):
    for factor, sentence in ((1e5, "values as large as .* in column"), (1e-6, "no value larger")):
        with pytest.warns(nn.TrainingWarning, match=sentence):
            classifier().compile(nn.SGD(1e-9)).fit(X * factor, Y, rows=rows)
    images = np.random.default_rng(0).integers(0, 256, (90, 4)).astype(np.uint8)
    silent(lambda: classifier().compile(nn.SGD(1e-9)).fit(images, Y))
    scaled = nn.FeedForward([nn.Input(4, scale=1e-5), nn.Dense(3, "softmax")], seed=0)
    silent(lambda: scaled.fit(X * 1e5, Y))


def test_a_class_without_rows(backend):
    names = np.array(["ant", "bee", "cat"])
    net = classifier()
    with pytest.warns(nn.TrainingWarning, match="no row is of the class 'bee', for which"):
        net.fit(X, names[Y], rows=np.flatnonzero(Y != 1))
    silent(lambda: classifier().fit(X[:9], Y[:9] // 2))  # too few rows to tell


def test_the_warning_points_to_the_call(backend):
    calls = [
        lambda: nn.FeedForward("4-1", seed=0).compile(nn.SGD(1e30)).fit(X, Y, epochs=5),
        lambda: classifier().fit(X * 1e5, Y),
        lambda: classifier().fit(X, Y, rows=np.flatnonzero(Y)),
    ]
    for call in calls:
        with pytest.warns(nn.TrainingWarning) as caught:
            call()
        assert caught[0].filename == __file__


def test_a_run_that_is_well_is_silent(backend):
    digits = nn.datasets.digits()
    net = nn.FeedForward("64-32-10", output="softmax", seed=0)
    silent(lambda: net.fit(*digits, epochs=6))
