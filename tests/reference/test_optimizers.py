"""Optimizers: three steps of each against a form worked by hand."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

from nnfast.reference.optimizers import Optimizer, power
from nnfast.reference.second_order import SecondOrder


def path(config: dict[str, Any], gradients: list[float], start: float = 0.0) -> list[float]:
    """Follow one number."""
    optimizer = Optimizer.from_config(config)
    w = np.array([start])
    slots = [np.array([initial]) for initial in optimizer.initial_slots]
    places = []
    for t, g in enumerate(gradients, start=1):
        optimizer.update(w, np.array([g]), slots, t)
        places.append(float(w[0]))
    return places


def descend(*steps: float) -> list[float]:
    return (-np.cumsum(steps)).tolist()


def test_sgd() -> None:
    assert path({"name": "sgd", "learning_rate": 0.5}, [1.0, 2.0, -4.0]) == [-0.5, -1.5, 0.5]


def test_sgd_with_momentum() -> None:
    config = {"name": "sgd", "learning_rate": 0.5, "momentum": 0.5}
    assert path(config, [1.0, 1.0, 1.0]) == descend(0.5, 0.75, 0.875)


def test_sgd_with_nesterov_s_momentum() -> None:
    config = {"name": "sgd", "learning_rate": 0.5, "momentum": 0.5, "nesterov": True}
    assert path(config, [1.0, 1.0, 1.0]) == descend(0.75, 0.875, 0.9375)


def test_rmsprop() -> None:
    config = {"name": "rmsprop", "learning_rate": 0.1, "rho": 0.5, "epsilon": 0.0}
    expected = descend(0.1 / sqrt(0.5), 0.2 / sqrt(2.25), 0.3 / sqrt(5.625))
    assert path(config, [1.0, 2.0, 3.0]) == pytest.approx(expected, rel=1e-14)


def test_rmsprop_has_epsilon_inside_the_root() -> None:
    config = {"name": "rmsprop", "learning_rate": 1.0, "rho": 0.5, "epsilon": 0.5}
    assert path(config, [1.0]) == [-1.0]


def test_rmsprop_centered() -> None:
    config = {"name": "rmsprop", "learning_rate": 0.1, "rho": 0.5, "epsilon": 0.0, "centered": True}
    expected = descend(0.1 / sqrt(0.25), 0.2 / sqrt(0.6875), 0.3 / sqrt(1.109375))
    assert path(config, [1.0, 2.0, 3.0]) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("centered", [False, True])
def test_rmsprop_with_momentum(centered: bool) -> None:
    config = {"name": "rmsprop", "learning_rate": 0.1, "rho": 0.5, "epsilon": 0.0}
    plain = path({**config, "centered": centered}, [1.0, 2.0, 3.0])
    u = -np.diff([0.0, *plain])
    m = [u[0], 0.5 * u[0] + u[1], 0.25 * u[0] + 0.5 * u[1] + u[2]]
    heavy = path({**config, "centered": centered, "momentum": 0.5}, [1.0, 2.0, 3.0])
    assert heavy == pytest.approx(descend(*m), rel=1e-14)


def test_adam_under_a_constant_gradient() -> None:
    # m_t = (1 - b1^t) g and v_t = (1 - b2^t) g^2, so that each step is lr g / (|g| + eps_t).
    epsilon = 0.01
    config = {"name": "adam", "learning_rate": 0.1, "epsilon": epsilon}
    steps = [0.1 * 3.0 / (3.0 + epsilon / sqrt(1.0 - 0.999**t)) for t in (1, 2, 3)]
    assert path(config, [3.0, 3.0, 3.0]) == pytest.approx(descend(*steps), rel=1e-12)


def test_adam_under_a_changing_gradient() -> None:
    config = {"name": "adam", "learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.0}
    moments = [(0.5, 0.25), (0.25 + 1.0, 0.1875 + 1.0), (0.625 - 1.0, 0.890625 + 1.0)]
    steps = [
        0.1 * sqrt(1.0 - 0.75**t) / (1.0 - 0.5**t) * m / sqrt(v)
        for t, (m, v) in enumerate(moments, start=1)
    ]
    assert path(config, [1.0, 2.0, -2.0]) == pytest.approx(descend(*steps), rel=1e-14)


def test_adamw_decays_the_weight_first() -> None:
    config = {"name": "adamw", "learning_rate": 0.5, "epsilon": 0.0, "weight_decay": 0.5}
    w1 = 2.0 * 0.75 - 0.5
    w2 = w1 * 0.75 - 0.5
    w3 = w2 * 0.75 - 0.5
    assert path(config, [1.0, 1.0, 1.0], start=2.0) == pytest.approx([w1, w2, w3], rel=1e-12)


def test_adamw_without_decay_is_adam() -> None:
    gradients = [0.3, -2.0, 0.7]
    assert path({"name": "adamw", "weight_decay": 0.0}, gradients) == path(
        {"name": "adam"}, gradients
    )


def test_adagrad_sums_up_all_squares() -> None:
    config = {"name": "adagrad", "learning_rate": 0.5, "epsilon": 0.0}
    start = {**config, "initial_accumulator_value": 3.0}
    assert path(start, [1.0]) == [-0.25]
    expected = descend(0.5, 0.5 * 2.0 / sqrt(5.0), 0.5 * 2.0 / 3.0)
    bare = {**config, "initial_accumulator_value": 0.0}
    assert path(bare, [1.0, 2.0, 2.0]) == pytest.approx(expected, rel=1e-14)
    inside = {**config, "initial_accumulator_value": 0.0, "epsilon": 3.0}
    assert path(inside, [1.0]) == [-0.25]


def test_adadelta() -> None:
    config = {"name": "adadelta", "learning_rate": 2.0, "rho": 0.5, "epsilon": 0.5}
    first = 1.0 * sqrt(0.5) / sqrt(1.0)
    second = 2.0 * sqrt(0.5 * first**2 + 0.5) / sqrt(0.25 + 2.0 + 0.5)
    expected = descend(2.0 * first, 2.0 * second)
    assert path(config, [1.0, 2.0]) == pytest.approx(expected, rel=1e-14)


def test_adamax_keeps_the_largest_gradient() -> None:
    config = {"name": "adamax", "learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.5, "epsilon": 0.0}
    # m = 2, 1.5, 0.75 and u = 4, 2, 1; uncorrected, the first step would be half as long.
    expected = descend(0.1, 0.1 / 0.75 * 1.5 / 2.0, 0.1 / 0.875 * 0.75 / 1.0)
    assert path(config, [4.0, 1.0, 0.0]) == pytest.approx(expected, rel=1e-14)


def test_nadam_under_a_constant_gradient() -> None:
    config = {"name": "nadam", "learning_rate": 0.1, "beta_1": 0.5, "epsilon": 0.0}
    u = [0.5 * (1.0 - 0.5 * 0.96**t) for t in range(1, 5)]
    steps, product = [], 1.0
    for t in range(3):
        product *= u[t]
        m = 1.0 - 0.5 ** (t + 1)
        steps.append(0.1 * (u[t + 1] * m / (1 - product * u[t + 1]) + (1 - u[t]) / (1 - product)))
    assert path(config, [3.0, 3.0, 3.0]) == pytest.approx(descend(*steps), rel=1e-12)


def test_nadam_s_momentum_comes_to_beta_1_as_soon_as_its_decay_says() -> None:
    default, slow, never = (
        Optimizer.from_config({"name": "nadam", "momentum_decay": decay}) for decay in (1, 0.5, 0)
    )
    assert default.momentum(7)[0] == pytest.approx(slow.momentum(14)[0])  # type: ignore[attr-defined]
    assert never.momentum(3) == pytest.approx((0.45, 0.45**3))  # type: ignore[attr-defined]


def test_lion_takes_a_sign() -> None:
    config = {"name": "lion", "learning_rate": 0.5, "beta_1": 0.5, "beta_2": 0.75}
    # m = 0.5, 0.25, 0.125: the third gradient does not outweigh it, the fourth does.
    assert path(config, [2.0, -0.5, -0.0625, 0.0]) == [-0.5, -0.5, -1.0, -1.5]
    assert path(config, [0.0]) == [0.0]


def test_rprop() -> None:
    config = {"name": "rprop", "learning_rate": 0.5, "eta_minus": 0.25, "eta_plus": 2.0}
    # The fourth gradient turns: no step, and none of its sign is known next time.
    expected = [-0.5, -1.5, -3.5, -3.5, -3.0, -2.0]
    assert path(config, [3.0, 0.1, 7.0, -1.0, -1.0, -9.0]) == expected
    bounded = {**config, "minimum_step": 0.375, "maximum_step": 0.75}
    assert path(bounded, [1.0, 1.0, -1.0, -1.0]) == [-0.5, -1.25, -1.25, -0.875]


# Those of the second order take a step of all parameters at once, and have tests of their own.
FIRST_ORDER = [name for name, one in Optimizer.members.items() if not issubclass(one, SecondOrder)]


@pytest.mark.parametrize("name", FIRST_ORDER)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_type_is_kept_and_the_gradient_untouched(name: str, dtype: str) -> None:
    optimizer = Optimizer.from_config({"name": name})
    w, g = np.ones((2, 3), dtype), np.full((2, 3), 0.5, dtype)
    slots = [np.full_like(w, initial) for initial in optimizer.initial_slots]
    optimizer.update(w, g, slots, 1)
    assert {array.dtype.name for array in (w, g, *slots)} == {dtype}
    assert (g == 0.5).all()
    assert (w < 1.0).all()


@pytest.mark.parametrize(
    ("config", "slots"),
    [
        ({"name": "sgd"}, []),
        ({"name": "sgd", "momentum": 0.9}, [0.0]),
        ({"name": "rmsprop"}, [0.0]),
        ({"name": "rmsprop", "centered": True}, [0.0, 0.0]),
        ({"name": "rmsprop", "momentum": 0.1}, [0.0, 0.0]),
        ({"name": "rmsprop", "momentum": 0.1, "centered": True}, [0.0, 0.0, 0.0]),
        ({"name": "adam"}, [0.0, 0.0]),
        ({"name": "adamw"}, [0.0, 0.0]),
        ({"name": "nadam"}, [0.0, 0.0]),
        ({"name": "adamax"}, [0.0, 0.0]),
        ({"name": "adagrad"}, [0.1]),
        ({"name": "adagrad", "initial_accumulator_value": 0.5}, [0.5]),
        ({"name": "adadelta"}, [0.0, 0.0]),
        ({"name": "lion"}, [0.0]),
        ({"name": "rprop", "learning_rate": 0.25}, [0.25, 0.0]),
    ],
    ids=str,
)
def test_slots(config: dict[str, Any], slots: list[float]) -> None:
    assert Optimizer.from_config(config).initial_slots == slots


def test_power() -> None:
    for exponent in (0, 1, 2, 3, 10, 999, 100_000):
        assert power(0.999, exponent) == pytest.approx(0.999**exponent, rel=1e-13)
