"""Callbacks, the history, and runs that end early."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import nnfast as nn


class Recorder(nn.Callback):
    def __init__(self):
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append(("train begins", dict(self.params)))

    def on_train_end(self, logs=None):
        self.calls.append(("train ends", sorted(logs)))

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(("begins", epoch))

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(("ends", epoch, sorted(logs), self.model.stop_training))


class StopAt(nn.Callback):
    def __init__(self, epoch, error=None):
        self.last, self.error = epoch, error

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.last:
            if self.error is not None:
                raise self.error
            self.model.stop_training = True


def test_the_hooks_are_called_in_order(classifier, blobs):
    recorder = Recorder()
    classifier.fit(*blobs, epochs=2, batch_size=50, callbacks=recorder)
    assert recorder.model is classifier
    assert recorder.calls == [
        (
            "train begins",
            {
                "epochs": 2,
                "steps": 2,
                "rows": 60,
                "batch_size": 50,
                "verbose": 0,
                "validation": False,
                "validation_frequency": 1,
            },
        ),
        ("begins", 0),
        ("ends", 0, ["accuracy", "loss"], False),
        ("begins", 1),
        ("ends", 1, ["accuracy", "loss"], False),
        ("train ends", ["accuracy", "loss"]),
    ]


def test_a_callback_stops_the_run_and_the_next_goes_on(classifier, blobs):
    run = classifier.fit(*blobs, epochs=10, callbacks=[StopAt(2)])
    assert run.epoch == [0, 1, 2]
    assert classifier.stop_training
    assert len(classifier.fit(*blobs, epochs=2).epoch) == 2
    assert len(classifier.history["loss"]) == 5


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_run_leaves_whole_epochs(classifier, blobs, error):
    whole = copy.deepcopy(classifier)
    with pytest.raises(error):
        classifier.fit(*blobs, epochs=10, callbacks=[StopAt(1, error())])
    whole.fit(*blobs, epochs=2)
    assert classifier.history == whole.history
    classifier.fit(*blobs)
    whole.fit(*blobs)
    np.testing.assert_array_equal(classifier.predict(blobs[0]), whole.predict(blobs[0]))


def test_what_a_callback_adds_is_kept(classifier, blobs):
    class Adds(nn.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["learning_rate"] = self.model.optimizer.learning_rate

    run = classifier.fit(*blobs, epochs=2, callbacks=[Adds()])
    assert run.history["learning_rate"] == classifier.history["learning_rate"] == [0.05, 0.05]
    assert "learning_rate=0.05" in repr(run)


def test_a_callback_may_use_the_network(classifier, blobs):
    X, y = blobs
    plain = copy.deepcopy(classifier)

    class Uses(nn.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.evaluate(X, np.eye(3)[y] * 0.7 + 0.1)
            self.model.predict(X)
            copy.copy(self.model).fit(X, y)

    classifier.fit(X, y, epochs=3, callbacks=[Uses()])
    plain.fit(X, y, epochs=3)
    np.testing.assert_array_equal(classifier.predict(X), plain.predict(X))
