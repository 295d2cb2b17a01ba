"""L-BFGS and Levenberg-Marquardt, as a user meets them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import nnfast as nn

METHODS = [nn.LBFGS(), nn.LevenbergMarquardt()]
each_method = pytest.mark.parametrize("method", METHODS, ids=repr)


def sine(backend: str, **options: Any) -> tuple[Any, Any, Any]:
    x = np.linspace(-3, 3, 120).reshape(-1, 1)
    options = {"hidden": "tanh", "seed": 0, "dtype": "float64", "backend": backend, **options}
    return nn.FeedForward("1-6-1", **options), x, np.sin(x)


@each_method
def test_the_loss_never_rises_and_becomes_small(method: Any, backend: str) -> None:
    network, x, y = sine(backend)
    losses = network.compile(method).fit(x, y, epochs=150).history["loss"]
    assert all(later <= earlier for earlier, later in pairwise(losses))
    assert network.evaluate(x, y)["loss"] < 1e-4


@each_method
def test_a_run_ends_when_nothing_is_left_to_gain(method: Any, backend: str) -> None:
    network, x, _ = sine(backend)
    y = network.predict(x)  # what it gives already
    run = network.compile(method).fit(x, y, epochs=100)
    assert len(run.epoch) == 1
    linear = nn.FeedForward("1-1", dtype="float64", seed=0, backend=backend).compile(method)
    run = linear.fit(x, 3.0 * x + 1.0, epochs=100)
    assert len(run.epoch) < 20
    weight, bias = linear.get_weights()
    assert weight[0, 0] == pytest.approx(3.0, abs=1e-4)
    assert bias[0] == pytest.approx(1.0, abs=1e-4)


def test_classes_are_learned_by_lbfgs(backend: str) -> None:
    x, y = nn.datasets.digits()
    network = nn.FeedForward("64-16-10", output="softmax", seed=0, backend=backend)
    network.compile("lbfgs").fit(x, y, epochs=60)
    assert network.evaluate(x, y)["accuracy"] > 0.99


def test_names_are_known() -> None:
    assert nn.optimizers.registry.get("lbfgs") == nn.LBFGS()
    assert nn.optimizers.registry.get("lm") == nn.LevenbergMarquardt()


@each_method
def test_dropout_is_refused(method: Any) -> None:
    network = nn.FeedForward([nn.Input(2), nn.Dropout(0.5), nn.Dense(1)])
    with pytest.raises(
        ValueError, match=r"layers\[1\], Dropout\(0.5\), makes it another each time"
    ):
        network.compile(method)


def test_other_losses_and_many_parameters_are_refused_by_levenberg_marquardt() -> None:
    with pytest.raises(ValueError, match="loss is mean_absolute_error; wanted is mean_squared"):
        nn.FeedForward("2-1").compile("lm", "mae")
    with pytest.raises(ValueError, match="the network has 101,770; wanted are 5,000 at most"):
        nn.FeedForward("784-128-10").compile("lm")


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: nn.LBFGS(0.0), "learning_rate of LBFGS is 0.0"),
        (lambda: nn.LBFGS(history_size=0), "history_size of LBFGS is 0"),
        (lambda: nn.LevenbergMarquardt(-1.0), "damping of LevenbergMarquardt is -1.0"),
        (lambda: nn.LevenbergMarquardt(damping_decrease=1.0), "damping_decrease of Levenberg"),
    ],
)
def test_bad_parameters_are_refused(made: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        made()


@each_method
def test_a_batch_is_a_problem_of_its_own(method: Any, backend: str) -> None:
    network, x, y = sine(backend)
    network.compile(method)
    first = network.train_on_batch(x, y)["loss"]
    assert network.train_on_batch(x[::2], y[::2])["loss"] < first


@each_method
def test_many_networks_learn_as_each_alone(method: Any) -> None:
    _, x, y = sine("rust")

    def networks() -> list[Any]:
        return [sine("rust", seed=seed)[0].compile(method) for seed in (0, 1, 2)]

    together, alone = networks(), networks()
    nn.fit_many(together, x, y, epochs=12)
    for one, other in zip(together, alone, strict=True):
        other.fit(x, y, epochs=12)
        for mine, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
            assert np.array_equal(mine, theirs)
