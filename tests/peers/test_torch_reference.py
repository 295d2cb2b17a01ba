"""The oracle against PyTorch's autograd and optimizers, in float64."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from nnfast import reference
from peers.double import torch_in_double
from reference.networks import (
    LOSSES_BY_OUTPUT,
    activation,
    build,
    compiled,
    dense,
    stack,
    targets,
)

torch = pytest.importorskip("torch")
functional = torch.nn.functional


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    with torch_in_double():
        yield


ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "linear": lambda z: z,
    "step": lambda z: torch.heaviside(z, torch.zeros_like(z)),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": lambda z: functional.leaky_relu(z, 0.2),
    "prelu": functional.prelu,
    "elu": functional.elu,
    "softmax": lambda z: torch.softmax(z, dim=-1),
    "log_softmax": lambda z: torch.log_softmax(z, dim=-1),
    "selu": functional.selu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "mish": functional.mish,
    "softplus": lambda z: functional.softplus(z, threshold=700),
    "softsign": functional.softsign,
    # In functional.hardsigmoid the slope of 1/6 is rounded to float32 for float64 too.
    "hard_sigmoid": lambda z: torch.clamp(z / 6 + 0.5, 0, 1),
    "hard_swish": functional.hardswish,
    "exponential": torch.exp,
}

LOSSES: dict[str, Callable[..., Any]] = {
    "mean_squared_error": functional.mse_loss,
    "mean_absolute_error": functional.l1_loss,
    "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
    "categorical_cross_entropy": functional.cross_entropy,
    "sparse_categorical_cross_entropy": functional.cross_entropy,
}

HIDDEN = [name for name in reference.registry()["activations"] if name != "step"]
X = np.random.default_rng(7).normal(size=(9, 4))


def tensor(values: np.ndarray) -> Any:
    return torch.from_numpy(values.astype(np.int64) if values.dtype == np.uint32 else values)


def torch_loss(layers: list[str], loss: str, weights: list[Any], x: Any, y: Any) -> Any:
    """Run a dense network in PyTorch, to the mean loss of its outputs or logits."""
    remaining: Iterator[Any] = iter(weights)
    z = a = x
    for name in layers:
        z = a @ next(remaining) + next(remaining)
        function = ACTIVATIONS[name]
        a = function(z, next(remaining)) if name == "prelu" else function(z)
    return LOSSES[loss](z if loss.endswith("cross_entropy") else a, y)


@pytest.mark.parametrize("name", reference.registry()["activations"])
def test_activations(name: str) -> None:
    x = np.random.default_rng(0).normal(scale=4.0, size=(20, 5))
    config = json.dumps(activation(name))
    z = tensor(x).requires_grad_(name != "step")
    alpha = [torch.tensor([0.25], dtype=z.dtype)] if name == "prelu" else []
    a = ACTIVATIONS[name](z, *alpha)
    np.testing.assert_allclose(reference.activation(config, x), a.detach(), rtol=0, atol=1e-14)
    if name == "step":
        return  # PyTorch defines no derivative of it
    g = np.random.default_rng(1).normal(size=x.shape)
    a.backward(tensor(g))
    slope = reference.activation_derivative(config, x)
    ours = np.einsum("rij,ri->rj", slope, g) if slope.ndim == 3 else slope * g
    np.testing.assert_allclose(ours, z.grad, rtol=0, atol=1e-14)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("loss", "from_logits", "output"), LOSSES_BY_OUTPUT)
@pytest.mark.parametrize("depth", [1, 4])
def test_gradients(hidden: str, loss: str, from_logits: bool, output: str, depth: int) -> None:
    names = [*stack(hidden, depth), output]
    network = build(4, [dense(5, name) for name in names], seed=depth)
    compiled(network, loss, from_logits=from_logits)
    y = targets(loss, 9, 5)
    value, gradients = network.gradients(X, y)
    weights = [tensor(parameter).requires_grad_() for parameter in network.parameters()]
    expected = torch_loss(names, loss, weights, tensor(X), tensor(y))
    expected.backward()
    assert value == pytest.approx(expected.item(), rel=1e-12)
    for ours, theirs in zip(gradients, weights, strict=True):
        np.testing.assert_allclose(ours, theirs.grad, rtol=0, atol=1e-10)


class Lion:
    """Algorithm 2 of arXiv:2302.06675, which PyTorch does not have, without weight decay."""

    def __init__(self, weights: list[Any], rate: float, beta_1: float, beta_2: float) -> None:
        self.weights, self.rate, self.betas = weights, rate, (beta_1, beta_2)
        self.momenta = [torch.zeros_like(weight) for weight in weights]

    def zero_grad(self) -> None:
        for weight in self.weights:
            weight.grad = None

    @torch.no_grad()
    def step(self) -> None:
        for weight, momentum in zip(self.weights, self.momenta, strict=True):
            weight -= self.rate * torch.sign(torch.lerp(weight.grad, momentum, self.betas[0]))
            momentum.copy_(torch.lerp(weight.grad, momentum, self.betas[1]))


# Where the two place epsilon differently, it is 0 for both.
OPTIMIZERS: list[tuple[dict[str, Any], Callable[[Any], Any]]] = [
    ({"optimizer": "sgd", "learning_rate": 0.1}, lambda p: torch.optim.SGD(p, lr=0.1)),
    (
        {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9},
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    ),
    (
        {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True},
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    ),
    (
        {"optimizer": "rmsprop", "learning_rate": 0.001, "rho": 0.9, "epsilon": 0.0},
        lambda p: torch.optim.RMSprop(p, lr=0.001, alpha=0.9, eps=0.0),
    ),
    (
        {"optimizer": "rmsprop", "learning_rate": 0.001, "epsilon": 0.0, "momentum": 0.5},
        lambda p: torch.optim.RMSprop(p, lr=0.001, alpha=0.9, eps=0.0, momentum=0.5),
    ),
    (
        {"optimizer": "rmsprop", "learning_rate": 0.001, "epsilon": 0.0, "centered": True},
        lambda p: torch.optim.RMSprop(p, lr=0.001, alpha=0.9, eps=0.0, centered=True),
    ),
    (
        {"optimizer": "adam", "learning_rate": 0.01, "epsilon": 0.0},
        lambda p: torch.optim.Adam(p, lr=0.01, eps=0.0),
    ),
    (
        {"optimizer": "adamw", "learning_rate": 0.01, "epsilon": 0.0, "weight_decay": 0.1},
        lambda p: torch.optim.AdamW(p, lr=0.01, eps=0.0, weight_decay=0.1),
    ),
    (
        {"optimizer": "nadam", "learning_rate": 0.01, "epsilon": 1e-8, "momentum_decay": 0.004},
        lambda p: torch.optim.NAdam(p, lr=0.01),
    ),
    (
        {"optimizer": "nadam", "learning_rate": 0.01, "epsilon": 1e-7, "beta_1": 0.8},
        lambda p: torch.optim.NAdam(p, 0.01, (0.8, 0.999), eps=1e-7, momentum_decay=1.0),
    ),
    (
        {"optimizer": "adamax", "learning_rate": 0.01, "epsilon": 0.0},
        lambda p: torch.optim.Adamax(p, lr=0.01, eps=0.0),
    ),
    (
        {"optimizer": "adagrad", "learning_rate": 0.1, "epsilon": 0.0},
        lambda p: torch.optim.Adagrad(p, lr=0.1, initial_accumulator_value=0.1, eps=0.0),
    ),
    (
        {"optimizer": "adadelta", "learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-6},
        lambda p: torch.optim.Adadelta(p, lr=1.0, rho=0.9, eps=1e-6),
    ),
    ({"optimizer": "lion", "learning_rate": 0.01}, lambda p: Lion(p, 0.01, 0.9, 0.99)),
    ({"optimizer": "rprop", "learning_rate": 0.01}, lambda p: torch.optim.Rprop(p, lr=0.01)),
    (
        {"optimizer": "rprop", "learning_rate": 0.1, "eta_minus": 0.3, "maximum_step": 0.12},
        lambda p: torch.optim.Rprop(p, lr=0.1, etas=(0.3, 1.2), step_sizes=(1e-6, 0.12)),
    ),
]


@pytest.mark.parametrize(
    ("ours", "theirs"), OPTIMIZERS, ids=lambda value: "" if callable(value) else str(value)
)
@pytest.mark.parametrize(
    ("loss", "output"),
    [("mean_squared_error", "linear"), ("sparse_categorical_cross_entropy", "softmax")],
)
def test_fifty_steps(
    ours: dict[str, Any], theirs: Callable[[Any], Any], loss: str, output: str
) -> None:
    names = ["tanh", "elu", output]
    network = compiled(build(4, [dense(6, name) for name in names], seed=1), loss, **ours)
    weights = [tensor(parameter).requires_grad_() for parameter in network.parameters()]
    optimizer = theirs(weights)
    y = targets(loss, 9, 6)
    for _ in range(50):
        optimizer.zero_grad()
        value = torch_loss(names, loss, weights, tensor(X), tensor(y))
        value.backward()
        optimizer.step()
        assert network.train_batch(X, y)[0] == pytest.approx(value.item(), rel=1e-9)
    for mine, other in zip(network.parameters(), weights, strict=True):
        np.testing.assert_allclose(mine, other.detach(), rtol=0, atol=1e-10)
