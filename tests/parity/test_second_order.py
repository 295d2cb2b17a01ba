"""Optimizers that look at all rows: Rust against the oracle, step by step from the same state.

Left alone, two roundings of a line search part after some tens of steps, as those of PyTorch and
ours do. So each step begins for both where Rust's last one ended.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nnfast as nn

STEPS = 40
METHODS = [
    nn.LBFGS(),
    nn.LBFGS(0.5, history_size=3, line_search_steps=4),
    nn.LevenbergMarquardt(),
    nn.LevenbergMarquardt(1.0, damping_increase=4.0, damping_decrease=0.5),
]
SHAPES: list[tuple[Any, ...]] = [
    (nn.Input(1), nn.Dense(8, "tanh"), nn.Dense(1)),
    (nn.Input(3, scale=0.5), nn.Dense(6, "prelu"), nn.Dense(5, "elu"), nn.Dense(2, "tanh")),
    (nn.Input(5), nn.Dense(4, "sigmoid", use_bias=False), nn.Dense(3, "softmax")),
]


def pair(layers: tuple[Any, ...], method: Any, dtype: str, bias: str) -> tuple[list[Any], Any, Any]:
    random = np.random.default_rng(1)
    x = random.normal(size=(300, layers[0].units))
    y = np.sin(x @ random.normal(size=(layers[0].units, layers[-1].units))) / 2 + 0.5
    networks = [
        nn.FeedForward(layers, dtype=dtype, seed=4, backend=backend, bias=bias)
        for backend in ("rust", "numpy")
    ]
    return [network.compile(method, "mse", ["mae"]) for network in networks], x, y


@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 2e-3)])
@pytest.mark.parametrize("layers", SHAPES, ids=str)
@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_each_step(method: Any, layers: Any, dtype: str, tolerance: float, weighted: bool) -> None:
    (ours, oracle), x, y = pair(layers, method, dtype, "embedded" if weighted else "parameter")
    weights = np.random.default_rng(0).uniform(0.5, 1.5, len(x)) if weighted else None
    compared = 0
    for _ in range(STEPS):
        oracle.set_weights(ours.get_weights())
        if ours._compiled_loss is not None:
            oracle._compile_for(ours._compiled_loss)
            oracle._network.set_state(**ours._network.state())
        before = ours.get_weights()
        runs = [network.fit(x, y, epochs=1, sample_weight=weights) for network in (ours, oracle)]
        for name, values in runs[0].history.items():
            assert values == pytest.approx(runs[1].history[name], rel=tolerance)
        step = max(np.abs(a - b).max() for a, b in zip(ours.get_weights(), before, strict=True))
        # Where the loss falls by no more than rounding, either may see it fall.
        if step < 1e3 * np.finfo(dtype).eps or (dtype == "float32" and compared == 10):
            break
        for mine, other in zip(ours.get_weights(), oracle.get_weights(), strict=True):
            np.testing.assert_allclose(mine, other, rtol=0, atol=tolerance * max(1.0, step))
        compared += 1
    assert compared >= 10


@pytest.mark.parametrize("backend", ["rust", "numpy"])
def test_the_gradient_of_many_rows_is_that_of_one_batch(backend: str) -> None:
    """A run goes through its rows in chunks; 3,000 of them make three."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(3000, 4)), random.normal(size=(3000, 1))
    network = nn.FeedForward("4-5-1", hidden="tanh", dtype="float64", seed=0, backend=backend)
    network.compile(nn.LBFGS(1e-3, line_search_steps=1))
    before, (_, gradients) = network.get_weights(), network.gradients(x, y)
    network.fit(x, y, epochs=1)
    steps = [new - old for new, old in zip(network.get_weights(), before, strict=True)]
    flat = [np.concatenate([part.ravel() for part in parts]) for parts in (steps, gradients)]
    cosine = flat[0] @ flat[1] / np.linalg.norm(flat[0]) / np.linalg.norm(flat[1])
    assert cosine == pytest.approx(-1.0, abs=1e-12)
