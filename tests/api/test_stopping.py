"""The callbacks that come with the library, hooks for batches and tests, and validation."""

from __future__ import annotations

import copy
import csv

import numpy as np
import pytest

import nnfast as nn

callbacks = nn.callbacks


def arrays(net):
    return [array.tobytes() for array in net.get_weights()]


class Says(nn.Callback):
    """Puts numbers of our own into the logs, and remembers the weights of each epoch."""

    def __init__(self, values, name="val_loss"):
        self.values, self.name, self.weights = values, name, []

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = self.values[epoch]
        self.weights.append(arrays(self.model))


@pytest.mark.parametrize("restore", [False, True])
def test_early_stopping_restores_the_best_weights_bit_for_bit(restore, classifier, blobs):
    says = Says([3.0, 2.0, 1.0, 1.5, 1.0, 0.5])
    stopping = callbacks.EarlyStopping(patience=2, restore_best_weights=restore)
    run = classifier.fit(*blobs, epochs=6, callbacks=[says, stopping], validation_data=blobs)
    assert (len(run.epoch), stopping.best_epoch, stopping.stopped_epoch) == (5, 2, 4)
    assert stopping.best == 1.0
    assert arrays(classifier) == says.weights[2 if restore else 4]
    classifier.fit(*blobs, epochs=1)  # and it goes on


def test_without_a_stop_the_best_weights_are_restored_as_well(classifier, blobs):
    says = Says([1.0, 2.0, 3.0])
    stopping = callbacks.EarlyStopping(patience=9, restore_best_weights=True)
    classifier.fit(*blobs, epochs=3, callbacks=[says, stopping], validation_data=blobs)
    assert arrays(classifier) == says.weights[0]


def test_more_is_better_for_some_metrics(classifier, blobs):
    for name, values, epochs in (
        ("accuracy", [0.1, 0.2, 0.1, 0.3], 3),
        ("loss", [0.1, 0.2, 0.1, 0.3], 2),
    ):
        stopping = callbacks.EarlyStopping(name)
        run = copy.copy(classifier).fit(*blobs, epochs=4, callbacks=[Says(values, name), stopping])
        assert len(run.epoch) == epochs


@pytest.mark.parametrize("best_only", [False, True])
def test_checkpoints(best_only, classifier, blobs, tmp_path):
    says = Says([3.0, 1.0, 2.0, 0.5])
    path = tmp_path / "net-{epoch:02d}-{val_loss:.1f}.safetensors"
    checkpoint = callbacks.ModelCheckpoint(path, save_best_only=best_only)
    classifier.fit(*blobs, epochs=4, callbacks=[says, checkpoint], validation_data=blobs)
    names = ["net-01-3.0", "net-02-1.0", "net-03-2.0", "net-04-0.5"]
    wanted = [name for name in names if not (best_only and name == "net-03-2.0")]
    assert sorted(path.stem for path in tmp_path.iterdir()) == wanted
    resumed = nn.load(tmp_path / "net-02-1.0.safetensors")
    assert arrays(resumed) == says.weights[1]
    assert len(resumed.history["loss"]) == 2
    resumed.fit(*blobs, epochs=2, validation_data=blobs)
    assert arrays(resumed) == arrays(classifier)
    assert resumed.history["loss"] == classifier.history["loss"]


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_csv_log(separator, classifier, blobs, tmp_path):
    path = tmp_path / "log.csv"
    for append in (False, True):
        logger = callbacks.CSVLogger(path, separator=separator, append=append)
        classifier.fit(
            *blobs, epochs=2, callbacks=logger, validation_data=blobs, validation_frequency=2
        )
    with path.open(newline="") as file:
        names, *lines = csv.reader(file, delimiter=separator)
    assert names == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    assert [line[0] for line in lines] == ["0", "1", "0", "1"]
    assert [line[3] == "NA" for line in lines] == [True, False, True, False]
    assert [float(line[1]) for line in lines] == classifier.history["loss"]
    assert len(classifier.history["val_loss"]) == 2


def test_a_loss_that_is_not_a_number_ends_the_run(backend):
    net = nn.FeedForward("1-1", seed=0).compile(nn.SGD(1e30))
    with pytest.warns(nn.TrainingWarning, match="the loss is"):
        run = net.fit([[1e3]], [0.0], epochs=100, callbacks=[callbacks.TerminateOnNaN()])
    assert len(run.epoch) < 10
    assert not np.isfinite(run.history["loss"][-1])


class Hooks(nn.Callback):
    def __init__(self):
        self.calls = []

    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append(("begin", batch))

    def on_train_batch_end(self, batch, logs=None):
        self.calls.append(("end", batch, logs))

    def on_test_begin(self, logs=None):
        self.calls.append(("test begin",))

    def on_test_end(self, logs=None):
        self.calls.append(("test end", logs))


@pytest.mark.parametrize("rows", [None, np.arange(50)[::-1]])
@pytest.mark.parametrize("shuffle", [False, True])
def test_hooks_for_batches_change_no_bit(shuffle, rows, classifier, blobs):
    plain, hooks = copy.copy(classifier), Hooks()
    options = {"rows": rows, "shuffle": shuffle, "epochs": 2, "batch_size": 24}
    weights = np.random.default_rng(0).random(60)
    options |= {"sample_weight": weights, "validation_data": blobs}
    plain.fit(*blobs, **options)
    run = classifier.fit(*blobs, callbacks=hooks, **options)
    assert arrays(classifier) == arrays(plain)
    assert classifier.history == plain.history
    classifier.fit(*blobs, **options)
    plain.fit(*blobs, **options)
    assert arrays(classifier) == arrays(plain)
    assert [call[0] for call in hooks.calls] == (
        ["begin", "end"] * 3 + ["test begin", "test end"]
    ) * 2
    assert [call[1] for call in hooks.calls if call[0] == "end"] == [0, 1, 2, 0, 1, 2]
    last = [call[2] for call in hooks.calls if call[0] == "end"][-1]
    assert last == {name: run.history[name][-1] for name in ("loss", "accuracy")}
    assert hooks.calls[-1][1] == {
        name: run.history[f"val_{name}"][-1] for name in ("loss", "accuracy")
    }


def test_a_stop_after_a_batch_is_at_once(classifier, blobs):
    def stop(batch, logs):
        if batch == 1:
            classifier.stop_training = True

    hook = callbacks.LambdaCallback(on_train_batch_end=stop)
    run = classifier.fit(*blobs, batch_size=20, epochs=3, callbacks=hook)
    assert run.epoch == []
    state = classifier._network.state()
    assert (state["step"], state["epoch"]) == (2, 0)


@pytest.mark.parametrize(
    "hook",
    [
        *("on_train_begin", "on_epoch_begin", "on_train_batch_begin", "on_train_batch_end"),
        *("on_test_begin", "on_test_end", "on_epoch_end", "on_train_end"),
    ],
)
def test_an_error_in_any_hook_leaves_whole_epochs(hook, classifier, blobs):
    def fail(*arguments):
        raise RuntimeError("of the user's own")

    given = callbacks.LambdaCallback(**{hook: fail})
    with pytest.raises(RuntimeError, match="of the user's own"):
        classifier.fit(*blobs, epochs=2, callbacks=given, validation_data=blobs)
    lengths = {len(values) for values in classifier.history.values()}
    assert lengths <= {{"on_epoch_end": 1, "on_train_end": 2}.get(hook, 0)}
    assert all(np.isfinite(array).all() for array in classifier.get_weights())
    classifier.fit(*blobs, epochs=2, validation_data=blobs)
    assert len({len(values) for values in classifier.history.values()}) == 1


def test_the_last_rows_are_held_out(classifier, blobs):
    X, y = blobs
    weights = np.random.default_rng(0).random(60)
    other = copy.copy(classifier)
    run = classifier.fit(X, y, sample_weight=weights, validation_split=0.25, epochs=2)
    same = other.fit(
        *(X[:45], y[:45]),
        sample_weight=weights[:45],
        validation_data=(X[45:], y[45:], weights[45:]),
        epochs=2,
    )
    assert (arrays(classifier), run.history) == (arrays(other), same.history)
    rows = np.random.default_rng(1).permutation(60)
    other = copy.copy(classifier)
    run = classifier.fit(X, y, rows=rows, validation_split=0.25, class_weight="balanced")
    same = other.fit(
        *(X, y),
        rows=rows[:45],
        validation_data=(X[rows[45:]], y[rows[45:]]),
        class_weight="balanced",
    )
    assert (arrays(classifier), run.history) == (arrays(other), same.history)


def test_epochs_are_counted_from_the_initial_one(classifier, blobs):
    seen = []
    hook = callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs=None: seen.append(epoch))
    other = copy.copy(classifier).fit(*blobs, epochs=2).model
    run = classifier.fit(*blobs, epochs=5, initial_epoch=3, callbacks=hook)
    assert run.epoch == seen == [3, 4]
    assert arrays(classifier) == arrays(other)
    assert classifier.fit(*blobs, epochs=5, initial_epoch=2).epoch == [2, 3, 4]


def test_reset_begins_afresh(classifier, blobs):
    fresh = copy.copy(classifier)
    X, y = blobs
    classifier.fit(X, np.array(["a", "b", "c"])[y], epochs=3)
    assert classifier.reset() is classifier
    assert (classifier.history, classifier.classes_) == ({}, None)
    classifier.fit(X, y, epochs=2)
    fresh.fit(X, y, epochs=2)
    assert (arrays(classifier), classifier.history) == (arrays(fresh), fresh.history)
    assert arrays(classifier.reset(7)) == arrays(nn.FeedForward(fresh.layers, seed=7))


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"validation_split": 1.0}, ValueError, "validation_split is 1.0; wanted is a finite num"),
        ({"validation_split": "a"}, TypeError, "validation_split is 'a'"),
        ({"validation_split": 0.999}, ValueError, "which of 60 rows leaves none to learn from"),
        ({"validation_split": 1e-17}, ValueError, "of 60 rows leaves none to validate by"),
        ({"validation_frequency": 0}, ValueError, "validation_frequency is 0"),
        ({"initial_epoch": 1}, ValueError, "initial_epoch is 1; wanted is a whole number of at "),
        ({"steps_per_epoch": 3}, TypeError, "steps_per_epoch is for batches that come one by one"),
        (
            {"callbacks": callbacks.EarlyStopping()},
            ValueError,
            "EarlyStopping monitors 'val_loss', which needs validation_data or validation_split",
        ),
        (
            {"callbacks": callbacks.EarlyStopping("speed")},
            ValueError,
            "monitors 'speed', of which it does not know whether less or more of it is better",
        ),
    ],
)
def test_what_is_refused_changes_nothing(options, error, sentence, classifier, blobs):
    before = arrays(classifier)
    with pytest.raises(error, match=sentence):
        classifier.fit(*blobs, **options)
    assert arrays(classifier) == before
    assert classifier.history == {}


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: callbacks.EarlyStopping(patience=-1), ValueError, "patience is -1"),
        (lambda: callbacks.EarlyStopping(mode="up"), ValueError, "mode is 'up'; wanted is one of"),
        (lambda: callbacks.EarlyStopping(3), TypeError, "monitor is 3; wanted is the name"),
        (lambda: callbacks.ModelCheckpoint(3), TypeError, "path is 3; wanted is the name"),
        (lambda: callbacks.CSVLogger("a", separator="::"), ValueError, "separator is '::'"),
        (lambda: callbacks.LambdaCallback(on_lunch=print), TypeError, "has no 'on_lunch'"),
        (lambda: callbacks.LambdaCallback(on_train_end=3), TypeError, "on_train_end is 3"),
    ],
)
def test_callbacks_refuse_in_one_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


def test_validation_both_ways_is_refused(classifier, blobs):
    with pytest.raises(TypeError, match="given both validation_data and validation_split"):
        classifier.fit(*blobs, validation_data=blobs, validation_split=0.1)


def test_a_number_that_is_not_there(classifier, blobs):
    with pytest.raises(ValueError, match="monitors 'speed', but the logs have 'loss', 'accuracy'"):
        classifier.fit(*blobs, callbacks=callbacks.EarlyStopping("speed", mode="max"))


def test_a_folder_that_is_not_there(classifier, blobs, tmp_path):
    path = tmp_path / "nowhere" / "net"
    with pytest.raises(FileNotFoundError, match="whose folder does not exist"):
        classifier.fit(*blobs, callbacks=callbacks.ModelCheckpoint(path))
    path = tmp_path / "{speed}"
    with pytest.raises(ValueError, match="cannot be filled in"):
        classifier.fit(*blobs, callbacks=callbacks.ModelCheckpoint(path))
