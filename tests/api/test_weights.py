"""Weights of rows and of classes as a user meets them."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import nnfast as nn


def arrays(net):
    return [array.tobytes() for array in net.get_weights()]


def random_weights(rows):
    return np.random.default_rng(5).random(rows)


def test_the_loss_is_a_mean_over_the_rows(backend):
    net = nn.FeedForward("1-1", initializer="zeros", dtype="float64")
    X, y = [[0.0], [0.0]], [1.0, 2.0]
    assert net.evaluate(X, y, sample_weight=[1, 3]) == {"loss": (1 * 1 + 3 * 4) / 2}
    assert net.gradients(X, y, sample_weight=[1, 3])[0] == 6.5
    assert net.train_on_batch(X, y, sample_weight=[1, 3]) == {"loss": 6.5}


def test_metrics_have_no_weights(classifier, blobs):
    X, y = blobs
    classifier.fit(X, y, epochs=2)
    plain = classifier.evaluate(X, y)["accuracy"]
    assert classifier.evaluate(X, y, sample_weight=random_weights(60))["accuracy"] == plain


@pytest.mark.parametrize("labels", [None, np.array(["ash", "elm", "oak"]), "one-hot"])
def test_class_weights_are_weights_of_rows(labels, classifier, blobs):
    X, y = blobs
    names = range(3) if labels is None or isinstance(labels, str) else labels
    given = y if labels is None else np.eye(3)[y] if isinstance(labels, str) else labels[y]
    other = copy.copy(classifier)
    classifier.fit(X, given, class_weight={names[0]: 3, names[2]: 0.25}, epochs=2)
    other.fit(X, given, sample_weight=np.array([3, 1, 0.25])[y], epochs=2)
    assert arrays(classifier) == arrays(other)
    one, two = classifier, other
    assert one.train_on_batch(X, given, class_weight={names[1]: 2}) == two.train_on_batch(
        X, given, sample_weight=np.array([1, 2, 1])[y]
    )


def test_class_weights_of_a_single_output(backend, blobs):
    X, y = blobs
    nets = [nn.FeedForward("2-3-1", output="sigmoid", seed=0) for _ in range(3)]
    nets[0].fit(X, y > 0, class_weight={True: 2.0}, epochs=2)
    nets[1].fit(X, np.where(y > 0, "yes", "no"), class_weight={"yes": 2.0}, epochs=2)
    nets[2].fit(X, y > 0, sample_weight=1 + (y > 0), epochs=2)
    assert arrays(nets[0]) == arrays(nets[1]) == arrays(nets[2])


def test_balanced_is_what_scikit_learn_calls_so(classifier, blobs):
    compute = pytest.importorskip("sklearn.utils.class_weight").compute_class_weight
    X, y = blobs
    rows = np.flatnonzero((y != 1) | (np.arange(60) < 20))
    classifier, other = copy.copy(classifier), classifier
    classifier.fit(X, y, class_weight="balanced", rows=rows, epochs=2)
    weights = compute("balanced", classes=np.arange(3), y=y[rows])
    other.fit(X, y, sample_weight=weights[y], rows=rows, epochs=2)
    assert arrays(classifier) == arrays(other)


def test_weights_of_both_kinds_are_multiplied(classifier, blobs):
    X, y = blobs
    other, weights = copy.copy(classifier), random_weights(60).astype(np.float32)
    classifier.fit(X, y, sample_weight=weights, class_weight={1: 2.0}, epochs=2)
    other.fit(X, y, sample_weight=weights * np.array([1, 2, 1], np.float32)[y], epochs=2)
    assert arrays(classifier) == arrays(other)


def test_validation_data_has_weights_of_its_own(classifier, blobs):
    X, y = blobs
    weights = random_weights(60)
    run = classifier.fit(X, y, class_weight="balanced", validation_data=(X, y, weights))
    measured = classifier.evaluate(X, y, sample_weight=weights, batch_size=32)
    assert run.history["val_loss"] == [measured["loss"]]
    assert run.history["val_accuracy"] == [measured["accuracy"]]


@pytest.mark.parametrize("each", [False, True])
def test_many_networks(each, blobs, backend):
    X, y = blobs
    weights = [random_weights(60), None] if each else [random_weights(60)] * 2
    nets = [nn.FeedForward("2-4-3", output="softmax", seed=seed) for seed in range(2)]
    alone = [copy.copy(net) for net in nets]
    given = {"sample_weights": weights} if each else {"sample_weight": weights[0]}
    runs = nn.fit_many(nets, X, y, class_weight={0: 2}, epochs=2, threads=2, **given)
    for net, some, many, run in zip(alone, weights, nets, runs, strict=True):
        assert (
            net.fit(X, y, sample_weight=some, class_weight={0: 2}, epochs=2).history == run.history
        )
        assert arrays(net) == arrays(many)


@pytest.mark.parametrize(
    ("weights", "error", "sentence"),
    [
        ([1, 2], ValueError, r"sample_weight has 2 weights but X has 60 rows; wanted is a number"),
        (
            np.ones((60, 1)),
            ValueError,
            r"sample_weight has the shape \(60, 1\); wanted is a number",
        ),
        (["a"] * 60, TypeError, "sample_weight holds strings"),
        ([np.nan] * 60, ValueError, "sample_weight holds nan at row 0; every value must be finite"),
        ([1e300] * 60, ValueError, "sample_weight holds 1e[+]300 at row 0, which float32 cannot"),
        ([1] * 59 + [-2], ValueError, "sample_weight holds -2 at row 59; wanted is no negative"),
    ],
)
def test_bad_weights_are_one_sentence(weights, error, sentence, classifier, blobs):
    before = arrays(classifier)
    for method in (classifier.fit, classifier.evaluate, classifier.train_on_batch):
        with pytest.raises(error, match=sentence):
            method(*blobs, sample_weight=weights)
    with pytest.raises(
        error,
        match=sentence.replace("sample_weight", r"validation_data\[2\]").replace(
            "but X", r"but validation_data\[0\]"
        ),
    ):
        classifier.fit(*blobs, validation_data=(*blobs, weights))
    assert arrays(classifier) == before
    assert classifier.classes_ is None


@pytest.mark.parametrize(
    ("weights", "error", "sentence"),
    [
        (
            "equal",
            ValueError,
            "class_weight is 'equal'; wanted is a dict of labels and weights, or",
        ),
        (
            [1, 2, 3],
            TypeError,
            "class_weight is a list; wanted is a dict of labels and weights, or",
        ),
        ({3: 1}, ValueError, "class_weight has the label 3; wanted are labels of 0, 1, 2"),
        ({"0": 1}, ValueError, "class_weight has the label '0'; wanted are labels of 0, 1, 2"),
        ({0: -1}, ValueError, r"class_weight\[0\] is -1; wanted is a finite number of at least 0"),
        ({0: "1"}, TypeError, r"class_weight\[0\] is '1'; wanted is a finite number"),
    ],
)
def test_bad_class_weights_are_one_sentence(weights, error, sentence, classifier, blobs):
    before = arrays(classifier)
    for method in (classifier.fit, classifier.train_on_batch):
        with pytest.raises(error, match=sentence):
            method(*blobs, class_weight=weights)
    assert arrays(classifier) == before


def test_class_weights_where_there_are_no_classes(blobs):
    X, y = blobs
    sentence = "class_weight wants targets that name one class for each row, which those of"
    with pytest.raises(ValueError, match=f"{sentence} mean_squared_error with 1 output do not"):
        nn.FeedForward("2-1").fit(X, y, class_weight="balanced")
    several = nn.FeedForward("2-3", output="sigmoid")
    with pytest.raises(ValueError, match=f"{sentence} binary_cross_entropy with 3 outputs do not"):
        several.fit(X, np.eye(3)[y], class_weight="balanced")


def test_both_kinds_of_weights_for_many_networks(blobs):
    nets = [nn.FeedForward("2-3", output="softmax")]
    with pytest.raises(TypeError, match="fit_many was given both sample_weight and sample_weights"):
        nn.fit_many(nets, *blobs, sample_weight=[1] * 60, sample_weights=[None])
    with pytest.raises(ValueError, match=r"nets\[0\]: sample_weights\[0\] has 2 weights but X has"):
        nn.fit_many(nets, *blobs, sample_weights=[[1, 1]])
