"""Optimizers: three steps of each against a form worked by hand."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

from nnfast import reference
from nnfast.reference.optimizers import Optimizer, power


def path(config: dict[str, Any], gradients: list[float], start: float = 0.0) -> list[float]:
    """Follow one number."""
    optimizer = Optimizer.from_config(config)
    w = np.array([start])
    slots = [np.zeros(1) for _ in range(optimizer.slot_count)]
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


@pytest.mark.parametrize("name", reference.registry()["optimizers"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_type_is_kept_and_the_gradient_untouched(name: str, dtype: str) -> None:
    optimizer = Optimizer.from_config({"name": name})
    w, g = np.ones((2, 3), dtype), np.full((2, 3), 0.5, dtype)
    slots = [np.zeros_like(w) for _ in range(optimizer.slot_count)]
    optimizer.update(w, g, slots, 1)
    assert {array.dtype.name for array in (w, g, *slots)} == {dtype}
    assert (g == 0.5).all()
    assert (w < 1.0).all()


@pytest.mark.parametrize(
    ("config", "count"),
    [
        ({"name": "sgd"}, 0),
        ({"name": "sgd", "momentum": 0.9}, 1),
        ({"name": "rmsprop"}, 1),
        ({"name": "rmsprop", "centered": True}, 2),
        ({"name": "rmsprop", "momentum": 0.1}, 2),
        ({"name": "rmsprop", "momentum": 0.1, "centered": True}, 3),
        ({"name": "adam"}, 2),
        ({"name": "adamw"}, 2),
    ],
    ids=str,
)
def test_slots(config: dict[str, Any], count: int) -> None:
    assert Optimizer.from_config(config).slot_count == count


def test_power() -> None:
    for exponent in (0, 1, 2, 3, 10, 999, 100_000):
        assert power(0.999, exponent) == pytest.approx(0.999**exponent, rel=1e-13)
