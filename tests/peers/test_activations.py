"""Activations against PyTorch and Keras: values, derivatives, and fifty steps of training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnfast as nn

pytest.importorskip("torch")

import torch

from parity.conditioning import grows
from peers.test_torch_reference import ACTIVATIONS, tensor

functional = torch.nn.functional
FORMS: list[tuple[nn.activations.Activation, Callable[..., Any]]] = [
    (nn.activations.registry.get(name), function)
    for name, function in ACTIVATIONS.items()
    if name not in ("prelu", "step")
]
FORMS += [
    (nn.activations.GELU(True), lambda z: functional.gelu(z, approximate="tanh")),
    (nn.activations.PReLU(0.25), lambda z: torch.where(z > 0, z, 0.25 * z)),
]
KERAS = {
    "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "leaky_relu", "linear", "mish",
    "log_softmax", "relu", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "tanh",
}  # fmt: skip
X = np.random.default_rng(0).normal(scale=3.0, size=(40, 5))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("ours", "theirs"), FORMS, ids=lambda one: repr(one))
def test_values_and_derivatives_of_pytorch(ours: Any, theirs: Any, dtype: str) -> None:
    x = X.astype(dtype)
    z = tensor(x).requires_grad_()
    a = theirs(z)
    g = np.random.default_rng(1).normal(size=x.shape).astype(dtype)
    a.backward(tensor(g))
    slope = ours.derivative(x)
    mine = np.einsum("rij,ri->rj", slope, g) if ours.over_rows else slope * g
    tolerance = 50 * np.finfo(dtype).eps
    np.testing.assert_allclose(ours(x), a.detach(), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(mine, z.grad, rtol=tolerance, atol=10 * tolerance)


@pytest.mark.parametrize("name", sorted(KERAS))
def test_values_of_keras(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras")
    theirs = np.asarray(keras.activations.get(name)(X.astype(np.float32)))
    ours = nn.activations.registry.get(name)(X.astype(np.float32))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_gelu_of_scipy() -> None:
    special = pytest.importorskip("scipy.special")
    x = np.linspace(-37.0, 37.0, 20_001)
    share = np.exp(special.log_ndtr(x))
    # Where the share is tiny, its logarithm's last place is that of many of its own.
    np.testing.assert_allclose(nn.activations.gelu(x), x * share, rtol=6e-13)
    near = np.linspace(-1.0, 8.0, 20_001)
    np.testing.assert_allclose(nn.activations.gelu(near), near * special.ndtr(near), rtol=1e-15)


@pytest.mark.parametrize("backend", ["rust", "numpy"])
@pytest.mark.parametrize(("ours", "theirs"), FORMS, ids=lambda one: repr(one))
def test_fifty_steps(ours: Any, theirs: Any, backend: str) -> None:
    if ours.name == "prelu":
        pytest.skip("its alpha is learned: `test_torch` has it")
    random = np.random.default_rng(2)
    x, y = random.normal(size=(24, 4)), random.normal(size=(24, 3))
    # An exponential of exponentials has values of any size.
    first, peer = (nn.activations.tanh, torch.tanh) if grows(ours) else (ours, theirs)
    layers = [nn.Input(4), nn.Dense(7, first), nn.Dense(6, ours), nn.Dense(3)]
    network = nn.FeedForward(layers, dtype="float64", seed=5, backend=backend)
    # Where outputs are large, so are gradients, and the rate is smaller for it.
    rate = 1e-3 if ours.name in ("exponential", "log_softmax") else 0.02
    network.compile(nn.SGD(rate, momentum=0.9))
    weights = [tensor(array).requires_grad_() for array in network.get_weights()]
    optimizer = torch.optim.SGD(weights, lr=rate, momentum=0.9)
    for _ in range(50):
        optimizer.zero_grad()
        a = tensor(x)
        for layer in range(3):
            a = a @ weights[2 * layer] + weights[2 * layer + 1]
            a = (peer, theirs, lambda z: z)[layer](a)
        loss = functional.mse_loss(a, tensor(y))
        loss.backward()
        optimizer.step()
        report = network.train_on_batch(x, y)
        assert report["loss"] == pytest.approx(loss.item(), rel=1e-10)
    for mine, other in zip(network.get_weights(), weights, strict=True):
        np.testing.assert_allclose(mine, other.detach(), rtol=1e-10, atol=1e-10)
