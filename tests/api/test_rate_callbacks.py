"""Callbacks that change the learning rate between epochs."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn
from nnfast.callbacks import LearningRateScheduler, ReduceLROnPlateau

X = np.linspace(-1, 1, 40).reshape(-1, 1)


class Says(nn.Callback):
    """Puts numbers of its own into the history."""

    def __init__(self, values, name="value"):
        self.values, self.name = values, name

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = self.values[epoch]


def network(backend, rate=1.0):
    net = nn.FeedForward("1-1", seed=0, backend=backend)
    return net.compile(nn.SGD(rate / 1024, momentum=0.5))


def rates(backend, values, **options):
    """Return the rates of the epochs, as multiples of the first."""
    reduce = ReduceLROnPlateau("value", mode=options.pop("mode", "min"), **options)
    run = network(backend).fit(X, X, epochs=len(values), callbacks=[Says(values), reduce])
    return [rate * 1024 for rate in run.history["learning_rate"]]


def test_a_plateau_halves_the_rate(backend):
    values = [5, 4, 4, 4, 4, 3, 4, 4, 4]
    # After the fourth epoch, the second without an improvement; and after the eighth.
    assert rates(backend, values, factor=0.5, patience=2) == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]


def test_what_is_better_may_be_larger(backend):
    assert rates(backend, [1, 2, 3, 3, 3], factor=0.5, patience=1, mode="max") == [1, 1, 1, 1, 0.5]


def test_a_change_below_min_delta_is_none(backend):
    values = [1.0, 0.95, 0.9, 0.7]
    assert rates(backend, values, factor=0.5, patience=1, min_delta=0.25) == [1, 1, 0.5, 0.25]


def test_the_rate_does_not_fall_below_its_minimum(backend):
    options = {"factor": 0.5, "patience": 1, "min_lr": 0.3 / 1024}
    assert rates(backend, [1, 1, 1, 1, 1], **options) == pytest.approx([1, 1, 0.5, 0.3, 0.3])


def test_while_it_cools_down_nothing_is_counted(backend):
    options = {"factor": 0.5, "patience": 1, "cooldown": 2}
    assert rates(backend, [1] * 7, **options) == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125]


def test_every_run_begins_anew(backend):
    reduce, net = ReduceLROnPlateau("value", factor=0.5, patience=2, mode="min"), network(backend)
    for _ in range(2):
        net.fit(X, X, epochs=2, callbacks=[Says([1, 1]), reduce])
    assert net.learning_rate == 1 / 1024


@pytest.mark.parametrize(
    ("monitor", "values", "expected"),
    [("loss", None, 0.5), ("val_mean_absolute_error", None, 0.5), ("accuracy", [1, 2, 3], 1.0)],
)
def test_by_itself_it_knows_what_is_better(monitor, values, expected, backend):
    # With a rate this small nothing improves by a whole 1.
    reduce = ReduceLROnPlateau(monitor, factor=0.5, patience=2, min_delta=0.5)
    net = nn.FeedForward("1-1", seed=0).compile(nn.SGD(1e-9), metrics=["mae"])
    says = [Says(values, monitor)] if values else []
    net.fit(X, X, epochs=3, validation_data=(X, X), callbacks=[*says, reduce])
    assert net.learning_rate == expected * 1e-9


def test_what_is_not_there_is_said(backend):
    with pytest.warns(RuntimeWarning, match="monitor of ReduceLROnPlateau is 'val_loss', which"):
        network(backend).fit(X, X, callbacks=ReduceLROnPlateau())


def test_a_scheduler_sets_the_rate_before_the_epoch(backend, capsys):
    seen = []

    def schedule(epoch, rate):
        seen.append((epoch, rate))
        return rate / 2

    scheduler = LearningRateScheduler(schedule, verbose=1)
    run = network(backend, 1024).fit(X, X, epochs=3, callbacks=scheduler, verbose=0)
    assert run.history["learning_rate"] == [0.5, 0.25, 0.125]
    assert seen == [(0, 1.0), (1, 0.5), (2, 0.25)]
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "epoch 1: LearningRateScheduler: the learning rate is 0.5"


def test_a_scheduler_of_the_epoch_alone(backend):
    schedule = nn.schedules.ExponentialDecay(0.5, 1, 0.5)
    for function in (schedule, lambda epoch: 0.5 ** (epoch + 1)):
        run = network(backend).fit(X, X, epochs=2, callbacks=LearningRateScheduler(function))
        assert run.history["learning_rate"] == [0.5, 0.25]


def test_rates_by_a_scheduler_are_those_of_a_schedule(backend):
    """Two epochs of two steps each; the optimizer forgets nothing in between."""
    by_steps = network(backend)
    boundary = nn.schedules.PiecewiseConstantDecay([1], [0.25, 0.125])
    by_steps.learning_rate = boundary
    by_steps.fit(X, X, epochs=2, batch_size=20)
    by_epochs = network(backend)
    scheduler = LearningRateScheduler(lambda epoch: [0.25, 0.125][epoch])
    by_epochs.fit(X, X, epochs=2, batch_size=20, callbacks=scheduler)
    for ours, theirs in zip(by_steps.get_weights(), by_epochs.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ReduceLROnPlateau(3), "monitor of ReduceLROnPlateau is 3; wanted is a name"),
        (lambda: ReduceLROnPlateau(factor=1), "factor of ReduceLROnPlateau is 1; .* below 1"),
        (lambda: ReduceLROnPlateau(patience=-1), "patience of ReduceLROnPlateau is -1"),
        (lambda: ReduceLROnPlateau(mode="up"), "mode of ReduceLROnPlateau is 'up'; wanted is one"),
        (lambda: ReduceLROnPlateau(min_delta=-1), "min_delta of ReduceLROnPlateau is -1"),
        (lambda: ReduceLROnPlateau(cooldown=0.5), "cooldown of ReduceLROnPlateau is 0.5"),
        (lambda: ReduceLROnPlateau(min_lr=-1), "min_lr of ReduceLROnPlateau is -1"),
        (lambda: LearningRateScheduler(0.1), "schedule of LearningRateScheduler is 0.1; wanted"),
        (lambda: LearningRateScheduler(lambda: 0.1), "schedule of LearningRateScheduler is <func"),
        (lambda: LearningRateScheduler(abs, verbose=3), "verbose of LearningRateScheduler is 3"),
    ],
)
def test_what_is_wrong_gets_one_sentence(make, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        make()


@pytest.mark.parametrize(
    ("callback", "optimizer", "sentence"),
    [
        (ReduceLROnPlateau("loss"), nn.SGD(nn.schedules.OneCycle(1, 9)), "ReduceLROnPlateau chang"),
        (LearningRateScheduler(abs), nn.SGD(nn.schedules.OneCycle(1, 9)), "LearningRateScheduler "),
        (ReduceLROnPlateau("loss"), nn.Rprop(), "the learning rate for ReduceLROnPlateau is 0.01"),
        (ReduceLROnPlateau("something"), nn.SGD(), "mode of ReduceLROnPlateau is 'auto', which do"),
    ],
)
def test_a_network_that_it_is_not_for_is_refused_before_any_step(
    callback, optimizer, sentence, backend
):
    net = nn.FeedForward("1-1", seed=0).compile(optimizer)
    before = net.get_weights()
    with pytest.raises(ValueError, match=sentence):
        net.fit(X, X, callbacks=callback)
    assert all(map(np.array_equal, before, net.get_weights()))
    assert net.history == {}


def test_a_scheduler_that_returns_nonsense_is_stopped(backend):
    net = network(backend)
    with pytest.raises(TypeError, match="returned for epoch 0 is 'fast'; wanted is a finite"):
        net.fit(X, X, callbacks=LearningRateScheduler(lambda epoch: "fast"))
    assert net.learning_rate == 1 / 1024
