"""Learning rates: schedules, and the rate of a network, to read and to set."""

from __future__ import annotations

import json
import math
import pickle
import re

import numpy as np
import pytest

import nnfast as nn
from nnfast import _backend, schedules

EXAMPLES = [
    schedules.CosineDecay(0.1, 10),
    schedules.CosineDecay(0.1, 10, alpha=0.5, warmup_target=1.0, warmup_steps=5),
    schedules.CosineDecayRestarts(0.1, 10),
    schedules.ExponentialDecay(0.1, 10, 0.5),
    schedules.InverseTimeDecay(0.1, 10, 0.5),
    schedules.LinearWarmup(0.1, 10),
    schedules.LinearWarmup(schedules.LinearWarmup(schedules.OneCycle(0.1, 10), 3), 4),
    schedules.OneCycle(0.1, 10),
    schedules.PiecewiseConstantDecay([10, 20], [0.1, 0.01, 0.001]),
    schedules.PolynomialDecay(0.1, 10),
]


def test_the_public_names_are_the_backend_s(backend):
    assert list(schedules.registry.names) == _backend.get().registry()["schedules"]
    assert {one.name for one in EXAMPLES} == set(schedules.registry.names)


@pytest.mark.parametrize("schedule", EXAMPLES, ids=repr)
def test_a_schedule_survives_its_config_its_text_and_a_pickle(schedule):
    cls = type(schedule)
    assert cls.from_config(json.loads(json.dumps(schedule.config()))) == schedule
    names = {one.__name__: one for one in schedules.registry.classes}
    assert eval(repr(schedule), names) == schedule
    assert pickle.loads(pickle.dumps(schedule)) == schedule
    assert schedule.replace() == schedule
    assert len({schedule, schedule.replace()}) == 1
    with pytest.raises(AttributeError, match="frozen"):
        schedule.name = "other"
    optimizer = nn.Adam(schedule)
    assert nn.Adam.from_config(json.loads(json.dumps(optimizer.config()))) == optimizer


@pytest.mark.parametrize("schedule", EXAMPLES, ids=repr)
def test_rates_are_numbers_for_ever(schedule, backend):
    rates = [schedule(step) for step in (0, 1, 9, 10, 11, 1000, 2**53 - 1)]
    assert all(isinstance(rate, float) and 0.0 <= rate < math.inf for rate in rates)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: nn.Adam("0.1"), "learning_rate of Adam is '0.1'; wanted is a finite number"),
        (lambda: nn.Adam(schedules.CosineDecay), "learning_rate of Adam is the class CosineDecay"),
        (lambda: schedules.CosineDecay(0.1), "decay_steps of CosineDecay is missing"),
        (lambda: schedules.CosineDecay(0.1, 2.5), "decay_steps of CosineDecay is 2.5; wanted is a"),
        (lambda: schedules.CosineDecay(-1, 2), "initial_learning_rate of CosineDecay is -1"),
        (lambda: schedules.CosineDecay(1, 2, alpha=1.5), "alpha of CosineDecay is 1.5"),
        (lambda: schedules.CosineDecay(1, 2, warmup_target="a"), "warmup_target of CosineDecay"),
        (lambda: schedules.CosineDecayRestarts(1, 2, t_mul=0.5), "t_mul of CosineDecayRestarts is"),
        (lambda: schedules.ExponentialDecay(1, 0, 0.5), "decay_steps of ExponentialDecay is 0; wa"),
        (lambda: schedules.ExponentialDecay(1, 1, 0), "decay_rate of ExponentialDecay is 0"),
        (lambda: schedules.OneCycle(1, 9, pct_start=-0.1), "pct_start of OneCycle is -0.1"),
        (lambda: schedules.OneCycle(1, 9, anneal_strategy="sin"), "anneal_strategy of OneCycle is"),
        (lambda: schedules.PolynomialDecay(1, 9, power=0), "power of PolynomialDecay is 0"),
        (lambda: schedules.LinearWarmup("1", 9), "learning_rate of LinearWarmup is '1'"),
        (lambda: schedules.PiecewiseConstantDecay(3, [1, 2]), "boundaries of PiecewiseConstantDec"),
        (
            lambda: schedules.PiecewiseConstantDecay([3], [1]),
            "values of PiecewiseConstantDecay has",
        ),
        (lambda: schedules.PiecewiseConstantDecay([3], [1, -2]), "values of .*, place 1, is -2"),
        (lambda: schedules.PiecewiseConstantDecay([3, 3], [1, 2, 3]), "boundaries of .* larger"),
        (lambda: schedules.OneCycle(1, 9)(-1), "step is -1; wanted is a whole number"),
        (lambda: nn.Rprop(schedules.OneCycle(1, 9)), "learning_rate of Rprop is OneCycle"),
        (lambda: nn.Rprop(minimum_step=2, maximum_step=1), "minimum_step of Rprop is 2.0 and max"),
        (lambda: nn.Rprop(eta_plus=1), "eta_plus of Rprop is 1; wanted is a finite number above 1"),
    ],
)
def test_what_is_wrong_gets_one_sentence(make, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        make()


def data():
    random = np.random.default_rng(0)
    x = random.normal(size=(50, 3))
    return x, x @ [1.0, 2.0, 3.0]


def test_the_rate_of_a_network(backend):
    net = nn.FeedForward("3-1", seed=0).compile(nn.SGD(0.25))
    assert net.learning_rate == 0.25
    net.learning_rate = 0.125
    assert net.learning_rate == 0.125
    assert net.optimizer == nn.SGD(0.125)
    net.fit(*data(), epochs=2)
    assert net.learning_rate == 0.125
    assert "learning_rate" not in net.history


def test_the_rate_of_a_schedule_is_that_of_the_next_step(backend):
    schedule = schedules.ExponentialDecay(0.1, 1, 0.5)
    net = nn.FeedForward("3-1", seed=0).compile(nn.SGD(schedule))
    assert net.learning_rate == 0.1
    x, y = data()
    net.train_on_batch(x, y)
    assert net.learning_rate == schedule(1)
    net.fit(x, y, epochs=2, batch_size=25)
    assert net.learning_rate == schedule(5)
    assert net.history["learning_rate"] == [schedule(3), schedule(5)]
    net.fit(x, y, batch_size=25, validation_data=(x, y))
    assert net.history["learning_rate"] == [schedule(3), schedule(5), schedule(7)]
    net.compile(net.optimizer)
    assert net.learning_rate == 0.1


@pytest.mark.parametrize("wrong", [-1.0, math.nan, "0.1", None, schedules.CosineDecay])
def test_a_wrong_rate_changes_nothing(wrong, backend):
    net = nn.FeedForward("3-1", seed=0).compile(nn.Adam(0.01))
    net.fit(*data(), epochs=1)
    with pytest.raises((TypeError, ValueError), match=r"^learning_rate is"):
        net.learning_rate = wrong
    assert (net.learning_rate, net.optimizer) == (0.01, nn.Adam(0.01))


def test_rprop_s_rate_cannot_be_set(backend):
    net = nn.FeedForward("3-1", seed=0).compile(nn.Rprop(0.5))
    sentence = "learning_rate is 0.1, but the learning rate of Rprop is only the size of its first"
    with pytest.raises(ValueError, match=re.escape(sentence)):
        net.learning_rate = 0.1
    assert net.learning_rate == 0.5


FIRST_ORDER = [one.name for one in nn.optimizers.registry.classes if not one.full_batch]


@pytest.mark.parametrize("optimizer", [nn.LBFGS(), nn.LevenbergMarquardt()])
def test_an_optimizer_that_finds_its_own_steps_has_no_rate_to_set(optimizer, backend):
    net = nn.FeedForward("3-1", seed=0).compile(optimizer, "mse")
    with pytest.raises(ValueError, match=r"learning_rate is 0.1, but .* finds the length of each"):
        net.learning_rate = 0.1
    assert net.optimizer == optimizer
    with pytest.raises(ValueError, match="LevenbergMarquardt has no learning rate"):
        _ = net.compile(nn.LevenbergMarquardt(), "mse").learning_rate


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_every_optimizer_learns(name, backend):
    rate = {"adadelta": 50.0, "adagrad": 1.0, "sgd": 0.01, "rprop": 0.01}.get(name, 0.1)
    x, y = data()
    optimizer = nn.optimizers.registry.get(name).replace(learning_rate=rate)
    net = nn.FeedForward("3-1", seed=0).compile(optimizer)
    net.fit(x, y, epochs=300, batch_size=50)
    assert net.history["loss"][-1] < 0.1 * net.history["loss"][0]
