"""L-BFGS against PyTorch's, step by step; both methods against SciPy's minima."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nnfast as nn


def problem(output: str = "linear") -> tuple[Any, Any, Any]:
    random = np.random.default_rng(3)
    x = random.normal(size=(150, 4))
    y = np.tanh(x @ random.normal(size=(4, 2))) + 0.1 * random.normal(size=(150, 2))
    return nn.FeedForward("4-5-2", hidden="tanh", output=output, seed=5, dtype="float64"), x, y


def test_fifty_steps_are_those_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    network, x, y = problem()
    network.compile(nn.LBFGS(gradient_tolerance=0.0, change_tolerance=0.0))
    w = [torch.tensor(array, requires_grad=True) for array in network.get_weights()]
    inputs, targets = torch.tensor(x), torch.tensor(y)
    peer = torch.optim.LBFGS(
        w,
        max_iter=1,
        max_eval=26,
        tolerance_grad=0.0,
        tolerance_change=0.0,
        history_size=10,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Any:
        peer.zero_grad()
        output = torch.tanh(inputs @ w[0] + w[1]) @ w[2] + w[3]
        loss = torch.mean((output - targets) ** 2)
        loss.backward()
        return loss

    for _ in range(50):
        peer.step(closure)
    network.fit(x, y, epochs=50)
    for mine, other in zip(network.get_weights(), w, strict=True):
        np.testing.assert_allclose(mine, other.detach(), rtol=0, atol=1e-10)


def flat(arrays: Any) -> Any:
    return np.concatenate([array.ravel() for array in arrays])


def shaped(vector: Any, like: Any) -> Any:
    ends = np.cumsum([array.size for array in like])[:-1]
    return [part.reshape(a.shape) for part, a in zip(np.split(vector, ends), like, strict=True)]


def test_levenberg_marquardt_ends_where_scipy_does() -> None:
    """From near the network that made the data, both find the one minimum that is there."""
    optimize = pytest.importorskip("scipy.optimize")
    random = np.random.default_rng(3)
    network = nn.FeedForward("2-3-2", hidden="tanh", seed=5, dtype="float64")
    truth = [random.normal(size=array.shape) for array in network.get_weights()]
    start = [array + 0.1 * random.normal(size=array.shape) for array in truth]
    x = random.normal(size=(150, 2))

    def outputs(weights: Any) -> Any:
        a, b, c, d = weights
        return np.tanh(x @ a + b) @ c + d

    y = outputs(truth) + 0.1 * random.normal(size=(150, 2))
    theirs = optimize.least_squares(
        lambda vector: (outputs(shaped(vector, start)) - y).ravel(),
        flat(start),
        method="lm",
        xtol=1e-14,
        ftol=1e-14,
        gtol=1e-14,
    )
    network.set_weights(start)
    method = nn.LevenbergMarquardt(gradient_tolerance=1e-12)
    run = network.compile(method).fit(x, y, epochs=100)
    assert len(run.epoch) < 30
    np.testing.assert_allclose(flat(network.get_weights()), theirs.x, atol=1e-6)
    loss = network.evaluate(x, y)["loss"]
    assert loss == pytest.approx(2 * theirs.cost / y.size, rel=1e-12)


def test_lbfgs_finds_what_scipy_finds_on_a_convex_problem() -> None:
    """Logistic regression has one minimum."""
    optimize = pytest.importorskip("scipy.optimize")
    random = np.random.default_rng(0)
    x = random.normal(size=(400, 3))
    y = (x @ [1.0, -2.0, 0.5] + random.normal(size=400) > 0).astype(float)
    network = nn.FeedForward("3-1", output="sigmoid", seed=0, dtype="float64")
    method = nn.LBFGS(gradient_tolerance=1e-10, change_tolerance=1e-16)
    network.compile(method).fit(x, y, epochs=100)

    def loss(vector: Any) -> Any:
        z = x @ vector[:3] + vector[3]
        return np.mean(np.logaddexp(0, z) - y * z)

    theirs = optimize.minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(flat(network.get_weights()), theirs.x, atol=1e-6)
    assert network.evaluate(x, y)["loss"] == pytest.approx(theirs.fun, abs=1e-11)
