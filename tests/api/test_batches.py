"""Batches that come one after another."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import nnfast as nn
from nnfast import TrainingWarning

NAMES = np.array(["ant", "bee", "cat"])


def arrays(net):
    return [array.tobytes() for array in net.get_weights()]


def cut(X, y, size=16):
    return [(X[first : first + size], y[first : first + size]) for first in range(0, len(X), size)]


class Anew:
    """Batches that are made when they are asked for."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


@pytest.mark.parametrize("kind", [list, tuple, Anew, iter])
def test_batches_are_the_batches_of_an_epoch(kind, classifier, blobs):
    other = copy.copy(classifier)
    epochs = 1 if kind is iter else 3
    run = classifier.fit(kind(cut(*blobs)), epochs=epochs, validation_data=blobs)
    same = other.fit(*blobs, epochs=epochs, batch_size=16, shuffle=False, validation_data=blobs)
    assert arrays(classifier) == arrays(other)
    for name in ("loss", "accuracy"):
        assert run.history[name] == same.history[name]
    assert run.params["steps"] is None
    classifier.fit(*blobs)
    other.fit(*blobs)
    assert arrays(classifier) == arrays(other)


def test_weights_labels_and_all_metrics(backend, blobs):
    X, y = blobs
    weights = np.random.default_rng(0).random(60)
    nets = [
        nn.FeedForward("2-8-3", output="softmax", seed=1).compile(metrics=["f1", "acc"])
        for _ in range(2)
    ]
    batches = [(a, b, c) for (a, b), (_, c) in zip(cut(X, NAMES[y]), cut(X, weights), strict=True)]
    nets[0].fit(batches, epochs=2, class_weight={"bee": 2.0})
    nets[1].fit(
        *(X, NAMES[y]),
        sample_weight=weights,
        class_weight={"bee": 2.0},
        epochs=2,
        batch_size=16,
        shuffle=False,
    )
    assert arrays(nets[0]) == arrays(nets[1])
    assert nets[0].history == nets[1].history
    assert nets[0].classes_.tolist() == NAMES.tolist()


def test_a_generator_is_cut_into_epochs(classifier, blobs):
    def endless():
        while True:
            yield from cut(*blobs)

    given = endless()
    run = classifier.fit(given, steps_per_epoch=3, epochs=4)
    assert (run.epoch, run.params["steps"]) == ([0, 1, 2, 3], 3)
    assert classifier._network.state()["step"] == 12
    # A list is begun again wherever an epoch asks for more than it has.
    other = nn.FeedForward(classifier.layers, seed=1).compile(nn.Adam(0.05))
    other.fit(cut(*blobs), steps_per_epoch=3, epochs=4)
    assert arrays(other) == arrays(classifier)


def test_only_as_many_batches_are_taken_as_are_wanted(classifier, blobs):
    taken = []

    def counted():
        for batch in cut(*blobs):
            taken.append(len(batch[0]))
            yield batch

    classifier.fit(counted(), steps_per_epoch=2)
    assert taken == [16, 16]


def test_a_generator_that_runs_out_ends_the_run_with_a_warning(classifier, blobs):
    with pytest.warns(TrainingWarning, match="X gave 1 batches for an epoch of 3 and has no more"):
        run = classifier.fit(iter(cut(*blobs)), steps_per_epoch=3, epochs=5)
    assert run.epoch == [0, 1]


def test_hooks_see_every_batch(classifier, blobs):
    seen = []
    hook = nn.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    classifier.fit(cut(*blobs), epochs=2, callbacks=hook)
    assert seen == [0, 1, 2, 3] * 2


def test_an_error_in_the_middle_keeps_what_was_learned(classifier, blobs):
    batches = cut(*blobs)

    def broken():
        yield from batches
        yield batches[0]
        yield (batches[0][0], batches[0][1][:3])

    with pytest.raises(ValueError, match=r"batch 5 of X, \[1\], has 3 rows but \[0\] has 16"):
        classifier.fit(broken(), steps_per_epoch=4, epochs=2)
    assert len(classifier.history["loss"]) == 1
    assert classifier._network.state()["step"] == 5


@pytest.mark.parametrize(
    ("X", "options", "error", "sentence"),
    [
        (np.ones((3, 2)), {}, TypeError, "y is missing; wanted are targets for the rows of X, or"),
        (7, {}, TypeError, "y is missing; wanted are targets for the rows of X, or"),
        ([], {}, ValueError, "X gives no batches; wanted is at least one"),
        ([[1.0, 2.0, 3.0, 4.0]], {}, TypeError, "batch 0 of X is a list of 4; wanted is"),
        ([3.0], {}, TypeError, "batch 0 of X is a float; wanted is"),
        ([(np.ones((2, 3)), [0, 1])], {}, ValueError, r"batch 0 of X, \[0\], has 3 columns"),
        ([(np.ones((2, 2)), [0, 5])], {}, ValueError, r"batch 0 of X, \[1\], holds 5"),
        ("good", {"rows": [1]}, TypeError, "rows goes with X and y"),
        ("good", {"sample_weight": [1]}, TypeError, "sample_weight goes with X and y"),
        ("good", {"validation_split": 0.5}, TypeError, "validation_split goes with X and y"),
        ("good", {"class_weight": "balanced"}, ValueError, "class_weight is 'balanced'; of batch"),
        ("good", {"steps_per_epoch": 0}, ValueError, "steps_per_epoch is 0"),
        ("once", {"epochs": 2}, ValueError, "X is an iterator, which is there for one epoch, and"),
    ],
)
def test_what_is_refused_changes_nothing(X, options, error, sentence, classifier):
    before = arrays(classifier)
    if isinstance(X, str):
        batches = [(np.ones((2, 2)), [0, 1])]
        X = batches if X == "good" else iter(batches)
    with pytest.raises(error, match=sentence):
        classifier.fit(X, **options)
    assert arrays(classifier) == before
    assert classifier.classes_ is None
