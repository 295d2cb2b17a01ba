"""Normalizations, blocks and embeddings against PyTorch: fifty steps, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import nnfast as nn

STEPS, ROWS, RATE = 50, 12, 0.05


def layers(center: bool = True, scale: bool = True) -> list[nn.layers.Layer]:
    flags = {"center": center, "scale": scale}
    return [
        nn.Input(6),
        nn.Embedding({1: (5, 3), 4: (4, 2)}, initializer="random_normal"),
        nn.Dense(8),
        nn.BatchNorm(momentum=0.9, **flags),
        nn.Activation("tanh"),
        nn.Residual([nn.LayerNorm(**flags), nn.Dense(7, "tanh"), nn.Dense(8)]),
        nn.Dense(3),
    ]


def data() -> tuple[NDArray[Any], NDArray[Any]]:
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 6))
    x[:, 1], x[:, 4] = random.integers(0, 5, ROWS), random.integers(0, 4, ROWS)
    return x, random.normal(size=(ROWS, 3))


def network(backend: str, center: bool = True, scale: bool = True) -> nn.FeedForward:
    net = nn.FeedForward(layers(center, scale), dtype="float64", seed=1, backend=backend)
    return net.compile(nn.SGD(RATE), "mse")


each_backend = pytest.mark.parametrize("backend", ["rust", "numpy"])


@each_backend
@pytest.mark.parametrize(("center", "scale"), [(True, True), (True, False), (False, True)])
def test_pytorch(backend: str, center: bool, scale: bool) -> None:
    torch: Any = pytest.importorskip("torch")
    functional = torch.nn.functional
    net, (x, y) = network(backend, center, scale), data()
    names = [name for name, _ in nn._architecture.parameters(net.layers, net.bias)]
    values = {
        name: torch.tensor(array) for name, array in zip(names, net.get_weights(), strict=True)
    }
    mean, variance = values["layers.2.moving_mean"], values["layers.2.moving_variance"]
    learned = [value for name, value in values.items() if "moving" not in name]
    for value in learned:
        value.requires_grad_()
    optimizer = torch.optim.SGD(learned, lr=RATE)
    codes = [torch.tensor(x[:, column], dtype=torch.int64) for column in (1, 4)]
    tensor, target = torch.tensor(x), torch.tensor(y)

    def dense(a: Any, number: int) -> Any:
        return a @ values[f"layers.{number}.kernel"] + values[f"layers.{number}.bias"]

    def affine(number: int) -> tuple[Any, Any]:
        return tuple(values.get(f"layers.{number}.{name}") for name in ("gamma", "beta"))

    def passed(training: bool) -> Any:
        vectors = [
            functional.embedding(code, values[f"layers.0.embeddings_{column}"])
            for code, column in zip(codes, (1, 4), strict=True)
        ]
        a = dense(torch.cat([tensor[:, [0, 2, 3, 5]], *vectors], dim=1), 1)
        # Its momentum is the other share.
        a = functional.batch_norm(a, mean, variance, *affine(2), training, 0.1, 1e-3)
        a = torch.tanh(a)
        inner = functional.layer_norm(a, (8,), *affine(5), 1e-3)
        return dense(a + dense(torch.tanh(dense(inner, 6)), 7), 8)

    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = ((passed(True) - target) ** 2).mean()
        loss.backward()
        optimizer.step()
        assert net.train_on_batch(x, y)["loss"] == pytest.approx(loss.item(), abs=1e-10)
    for name, ours in zip(names, net.get_weights(), strict=True):
        if name.endswith("moving_variance"):  # PyTorch's is by one row less
            start = 0.9**STEPS
            ours = start + (ours - start) * ROWS / (ROWS - 1)
        np.testing.assert_allclose(ours, values[name].detach(), rtol=0, atol=1e-10)
