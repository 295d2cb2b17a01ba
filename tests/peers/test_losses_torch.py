"""Losses against PyTorch in float64: values, gradients, and fifty steps from the same weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnfast as nn

torch = pytest.importorskip("torch")
functional = torch.nn.functional

ROWS, INPUTS, STEPS = 12, 4, 50
QUANTILES = [0.1, 0.5, 0.9]


def pinball(z: Any, t: Any) -> Any:
    a = z.reshape(len(z), len(QUANTILES), -1)
    error, q = t[:, None, :] - a, torch.tensor(QUANTILES, dtype=z.dtype)[None, :, None]
    return torch.maximum(q * error, (q - 1) * error).mean()


def gaussian(full: bool) -> Callable[..., Any]:
    def loss(z: Any, t: Any) -> Any:
        mean, raw = z.chunk(2, dim=1)
        variance = functional.softplus(raw) + 1e-6
        return functional.gaussian_nll_loss(mean, t, variance, full=full, eps=1e-12)

    return loss


def focal(z: Any, t: Any) -> Any:
    """Give the formula of Lin et al., equation 5, on PyTorch's cross-entropy."""
    entropy = functional.binary_cross_entropy_with_logits(z, t, reduction="none")
    right = torch.sigmoid(z) * t + torch.sigmoid(-z) * (1 - t)
    return ((0.25 * t + 0.75 * (1 - t)) * (1 - right) ** 2 * entropy).mean()


def categorical_focal(z: Any, t: Any) -> Any:
    entropy = functional.cross_entropy(z, t, reduction="none")
    return (0.25 * (1 - torch.exp(-entropy)) ** 2 * entropy).mean()


def numbers(random: np.random.Generator, columns: int) -> Any:
    return random.normal(scale=2.0, size=(ROWS, columns))


def counts(random: np.random.Generator, columns: int) -> Any:
    return random.poisson(0.7, (ROWS, columns)).astype(float)


def answers(random: np.random.Generator, columns: int) -> Any:
    return random.integers(0, 2, (ROWS, columns)).astype(float)


def classes(random: np.random.Generator, columns: int) -> Any:
    return random.integers(0, columns, ROWS)


def shares(random: np.random.Generator, columns: int) -> Any:
    weights = random.random((ROWS, columns)) + 0.05
    return weights / weights.sum(axis=1, keepdims=True)


def hinge(a: Any, t: Any) -> Any:
    return torch.clamp(1 - (2 * t - 1) * a, min=0).mean()


CASES: dict[str, tuple[Any, str, Any, Callable[..., Any]]] = {
    "huber": (nn.Huber(), "linear", numbers, functional.huber_loss),
    "huber, delta 0.3": (
        nn.Huber(0.3),
        "tanh",
        numbers,
        lambda a, t: functional.huber_loss(a, t, delta=0.3),
    ),
    # The trap: SmoothL1Loss is the Huber loss divided by its beta.
    "smooth L1": (
        nn.Huber(0.3),
        "linear",
        numbers,
        lambda a, t: 0.3 * functional.smooth_l1_loss(a, t, beta=0.3),
    ),
    "log_cosh": (nn.LogCosh(), "linear", numbers, lambda a, t: torch.log(torch.cosh(a - t)).mean()),
    "hinge": (nn.Hinge(), "linear", answers, hinge),
    "squared_hinge": (
        nn.SquaredHinge(),
        "tanh",
        answers,
        lambda a, t: torch.clamp(1 - (2 * t - 1) * a, min=0).square().mean(),
    ),
    "poisson": (
        nn.Poisson(),
        "sigmoid",
        counts,
        lambda a, t: functional.poisson_nll_loss(a, t, log_input=False, eps=1e-7),
    ),
    "quantile": (nn.Quantile(QUANTILES), "linear", numbers, pinball),
    "gaussian_nll": (nn.GaussianNLL(), "linear", numbers, gaussian(False)),
    "gaussian_nll, full": (nn.GaussianNLL(full=True), "linear", numbers, gaussian(True)),
    # The trap: "mean" divides by the elements, "batchmean" by the rows.
    "kl_divergence": (
        nn.KLDivergence(from_logits=True),
        "linear",
        shares,
        lambda z, t: functional.kl_div(z.log_softmax(1), t, reduction="batchmean"),
    ),
    "smoothed classes": (
        nn.SparseCategoricalCrossEntropy(from_logits=True, label_smoothing=0.1),
        "linear",
        classes,
        lambda z, t: functional.cross_entropy(z, t, label_smoothing=0.1),
    ),
    "smoothed distributions": (
        nn.CategoricalCrossEntropy(from_logits=True, label_smoothing=0.2),
        "linear",
        shares,
        lambda z, t: functional.cross_entropy(z, t, label_smoothing=0.2),
    ),
    "smoothed answers": (
        nn.BinaryCrossEntropy(from_logits=True, label_smoothing=0.2),
        "linear",
        answers,
        lambda z, t: functional.binary_cross_entropy_with_logits(z, 0.8 * t + 0.1),
    ),
    "focal": (
        nn.losses.BinaryFocalCrossEntropy(from_logits=True, apply_class_balancing=True),
        "linear",
        answers,
        focal,
    ),
    "focal classes": (
        nn.losses.SparseCategoricalFocalCrossEntropy(from_logits=True),
        "linear",
        classes,
        categorical_focal,
    ),
}

OUTPUTS = {"linear": lambda z: z, "tanh": torch.tanh, "sigmoid": torch.sigmoid}


@pytest.mark.parametrize("columns", [3, 20])
@pytest.mark.parametrize("case", CASES)
def test_fifty_steps(case: str, columns: int, backend: str) -> None:
    loss, output, draw, theirs = CASES[case]
    random = np.random.default_rng(5)
    x, y = random.normal(size=(ROWS, INPUTS)), draw(random, columns)
    units = columns * loss.outputs_for_each
    net = nn.FeedForward(
        [nn.Input(INPUTS), nn.Dense(6, "tanh"), nn.Dense(units, output)],
        dtype="float64",
        seed=1,
        backend=backend,
    ).compile(nn.SGD(0.1), loss)
    weights = [torch.tensor(value, requires_grad=True) for value in net.get_weights()]
    tx, ty = torch.from_numpy(x), torch.from_numpy(y)
    for step in range(STEPS):
        first, bias, second, last = weights
        z = torch.tanh(tx @ first + bias) @ second + last
        value = theirs(OUTPUTS[output](z), ty)
        gradients = torch.autograd.grad(value, weights)
        if step in (0, STEPS - 1):
            ours, slopes = net.gradients(x, y)
            assert ours == pytest.approx(value.item(), rel=1e-10)
            for mine, wanted in zip(slopes, gradients, strict=True):
                np.testing.assert_allclose(mine, wanted, rtol=0, atol=1e-10)
        net.train_on_batch(x, y)
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                weight -= 0.1 * gradient
    for mine, wanted in zip(net.get_weights(), weights, strict=True):
        np.testing.assert_allclose(mine, wanted.detach(), rtol=0, atol=1e-10)


@pytest.fixture(params=["rust", "numpy"])
def backend(request: Any) -> str:
    if request.param == "rust":
        pytest.importorskip("nnfast._core")
    return str(request.param)
