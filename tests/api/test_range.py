"""The learning rate range test."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn

X, Y = nn.datasets.digits()


def network(optimizer=None, backend=None, **options):
    net = nn.FeedForward("64-16-10", output="softmax", seed=0, backend=backend, **options)
    return net.compile(optimizer)


def test_rates_rise_by_one_factor_and_losses_fall_and_rise(backend):
    found = network().find_learning_rate(X, Y, minimum=1e-5, maximum=10.0, steps=120)
    assert found.rates[0] == 1e-5
    factor = (10.0 / 1e-5) ** (1 / 119)
    np.testing.assert_allclose(found.rates[1:] / found.rates[:-1], factor, rtol=1e-9)
    assert len(found.rates) == len(found.losses) == len(found.raw_losses) <= 120
    assert found.losses.min() < 0.7 * found.losses[0]
    lowest = found.rates[found.losses.argmin()]
    assert 1e-4 < found.suggestion < lowest
    assert repr(found).startswith(f"<LearningRateRange of {len(found.rates)} steps from 1e-05 to")


def test_it_ends_when_the_loss_diverges(backend):
    found = network(nn.SGD()).find_learning_rate(X, Y, maximum=1e6, steps=150)
    assert len(found.rates) < 150
    assert found.rates[-1] < 1e6
    assert np.isfinite(found.losses).all()


def test_raw_losses_are_those_of_the_steps(backend):
    found = network(nn.SGD()).find_learning_rate(X, Y, steps=30, smoothing=0.0, batch_size=64)
    assert np.array_equal(found.losses, found.raw_losses)
    # The first step's loss is of the network as it is.
    order = nn._backend.get().permutation(len(X), 0, 3, 0)[:64]
    assert found.raw_losses[0] == network().evaluate(X[order], Y[order])["loss"]


@pytest.mark.parametrize("fitted", [False, True])
def test_the_network_is_as_it_was(fitted, backend):
    ours, theirs = (
        network(nn.Adam(nn.schedules.OneCycle(0.01, 100), epsilon=1e-5)) for _ in range(2)
    )
    for net in (ours, theirs):
        if fitted:
            net.fit(X, Y, epochs=2)
    ours.find_learning_rate(X, Y, steps=20)
    assert ours.optimizer == theirs.optimizer
    assert ours.learning_rate == theirs.learning_rate
    assert ours.history == theirs.history
    for net in (ours, theirs):
        net.fit(X, Y, epochs=2)
    assert ours.history == theirs.history
    assert all(map(np.array_equal, ours.get_weights(), theirs.get_weights()))


def test_it_is_the_same_each_time_and_on_any_number_of_threads():
    found = [
        network(threads=threads).find_learning_rate(X, Y, steps=40, batch_size=1000)
        for threads in (1, 1, 2)
    ]
    assert all(np.array_equal(found[0].raw_losses, one.raw_losses) for one in found)


FIRST_ORDER = [one.name for one in nn.optimizers.registry.classes if not one.full_batch]


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_every_optimizer_but_rprop_learns_well_by_its_suggestion(name):
    if name == "rprop":
        with pytest.raises(ValueError, match="the learning rate of Rprop is only the size of its"):
            network("rprop").find_learning_rate(X, Y)
        return
    found = network(name).find_learning_rate(X, Y, maximum=1e4)
    optimizer = nn.optimizers.registry.get(name).replace(learning_rate=found.suggestion)
    net = network(optimizer)
    net.fit(X, Y, epochs=30)
    assert net.evaluate(X, Y)["accuracy"] > 0.95


def test_an_optimizer_that_finds_its_own_steps_is_refused():
    with pytest.raises(ValueError, match="LBFGS finds the length of each step by itself"):
        network("lbfgs").find_learning_rate(X, Y)


def test_labels_and_values_of_every_kind(backend):
    names = np.array(["even", "odd"])[Y % 2]
    net = nn.FeedForward("64-8-1", output="sigmoid", seed=0)
    assert net.find_learning_rate(X, names, steps=40).suggestion > 0
    assert net.classes_ is None
    net = nn.FeedForward("64-8-1", seed=0)
    assert net.find_learning_rate(X.astype("uint8"), Y / 10, steps=40).suggestion > 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"minimum": 0}, "minimum is 0; wanted is a finite number above 0"),
        ({"minimum": 1.0, "maximum": 0.5}, "maximum is 0.5; wanted is a finite number above 1"),
        ({"steps": 5}, "steps is 5; wanted is a whole number of at least 10"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"smoothing": -1}, "smoothing is -1"),
        ({"minimum": 1e25, "maximum": 1e30}, "minimum is 1e.25, at which the loss is not finite"),
    ],
)
def test_what_is_wrong_gets_one_sentence(options, sentence):
    net = nn.FeedForward("64-8-1", seed=0).compile("sgd")
    with pytest.raises(ValueError, match=sentence):
        net.find_learning_rate(X, Y, **options)


def test_data_that_is_wrong_is_refused_as_ever(backend):
    with pytest.raises(ValueError, match="X has 3 columns"):
        network().find_learning_rate(X[:, :3], Y)


def test_its_picture():
    pytest.importorskip("matplotlib")
    found = network().find_learning_rate(X, Y, steps=60)
    axes = found.plot()
    assert axes.get_xscale() == "log"
    [raw, smooth, point] = axes.get_lines()
    assert np.array_equal(raw.get_ydata(), found.raw_losses)
    assert np.array_equal(smooth.get_ydata(), found.losses)
    assert point.get_xdata() == [found.suggestion]
    assert nn.plot.learning_rate_range(found, axes) is axes
    with pytest.raises(TypeError, match="result is 3; wanted is what"):
        nn.plot.learning_rate_range(3)
