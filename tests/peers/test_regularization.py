"""Penalties, decay, clipping, constraints, averaging and freezing against Keras, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from peers.double import keras_in_double

keras = pytest.importorskip("keras")
jax = pytest.importorskip("jax")

TOLERANCE = 1e-10
STEPS = 50
ROWS = 24


# Keras asks NumPy for arrays in a way that NumPy 2 no longer likes.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    with keras_in_double():
        yield


def regularizer(l1: float, l2: float) -> tuple[Any, Any]:
    return nn.L1L2(l1, l2), keras.regularizers.L1L2(l1, l2)


LAYERS: dict[str, Any] = {
    "plain": lambda: ({}, {}),
    **{
        place: lambda place=place: (
            {place: regularizer(0.01, 0.02)[0]},
            {place: regularizer(0.01, 0.02)[1]},
        )
        for place in ("kernel_regularizer", "bias_regularizer", "activity_regularizer")
    },
    **{
        f"{place} {name}": lambda place=place, ours=ours, name=name, args=args: (
            {place: ours(*args)},
            {place: getattr(keras.constraints, name)(*args)},
        )
        for place in ("kernel_constraint", "bias_constraint")
        for name, ours, args in (
            ("MaxNorm", nn.MaxNorm, (0.4,)),
            ("NonNeg", nn.NonNegative, ()),
            ("UnitNorm", nn.UnitNorm, ()),
            ("MinMaxNorm", nn.MinMaxNorm, (0.2, 0.5)),
        )
    },
    "frozen": lambda: (
        {"trainable": False, "l2": 0.01},
        {"trainable": False, "kernel_regularizer": keras.regularizers.L2(0.01)},
    ),
}

UPDATES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "decay": ({"weight_decay": 0.1}, {"weight_decay": 0.1}),
    "value": ({"clip_value": 0.01}, {"clipvalue": 0.01}),
    "norm": ({"clip_norm": 0.05}, {"clipnorm": 0.05}),
    "global": ({"global_clip_norm": 0.05}, {"global_clipnorm": 0.05}),
    "mean": ({"ema_momentum": 0.9}, {"use_ema": True, "ema_momentum": 0.9}),
    "accumulated": (
        {"accumulation_steps": 4, "clip_norm": 0.05},
        {"gradient_accumulation_steps": 4, "clipnorm": 0.05},
    ),
}


def networks(layer: str, update: str, adam: bool) -> tuple[Any, Any]:
    """Build both from the same weights; the first layer has the terms."""
    # No bias is 0: JAX's derivative of |w| there is 1, not 0 as ours and TensorFlow's.
    frozen = layer == "frozen"
    ours, theirs = LAYERS[layer]()
    mine, wanted = UPDATES[update]
    net = nn.FeedForward(
        [
            nn.Input(5),
            nn.Dense(7, "tanh", bias_initializer="random_normal", **ours),
            nn.Dense(6, "tanh", bias_initializer="random_normal", **{} if frozen else ours),
            nn.Dense(2),
        ],
        dtype="float64",
        seed=1,
    )
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(7, "tanh", **theirs),
            keras.layers.Dense(6, "tanh", **{} if frozen else theirs),
            keras.layers.Dense(2),
        ]
    )
    model.set_weights(net.get_weights())
    if adam:
        net.compile(nn.Adam(0.01, **mine), "mse", [])
        model.compile(keras.optimizers.Adam(0.01, **wanted), "mse")
    else:
        net.compile(nn.SGD(0.05, momentum=0.9, **mine), "mse", [])
        model.compile(keras.optimizers.SGD(0.05, momentum=0.9, **wanted), "mse")
    return net, model


def data() -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    return random.normal(size=(ROWS, 5)), random.normal(size=(ROWS, 2))


def assert_alike(net: Any, model: Any) -> None:
    x, y = data()
    options = {"epochs": STEPS // 3 + 1, "batch_size": 10, "shuffle": False, "verbose": 0}
    ours, theirs = net.fit(x, y, **options).history, model.fit(x, y, **options).history
    np.testing.assert_allclose(ours["loss"], theirs["loss"], atol=TOLERANCE, rtol=0)
    averages = net.optimizer.ema_momentum is not None
    # At the end of a run Keras overwrites the weights by their mean.
    weights = net.averaged_weights() if averages else net.get_weights()
    for mine, wanted in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, wanted, atol=TOLERANCE, rtol=0)
    evaluated = model.evaluate(x, y, batch_size=ROWS, verbose=0)
    with net.averaged() if averages else nullcontext():
        assert net.evaluate(x, y)["loss"] == pytest.approx(evaluated, abs=TOLERANCE)


@pytest.mark.parametrize("adam", [True, False])
@pytest.mark.parametrize("layer", LAYERS)
def test_layers(layer: str, adam: bool) -> None:
    assert_alike(*networks(layer, "plain", adam))


@pytest.mark.parametrize("adam", [True, False])
@pytest.mark.parametrize("update", UPDATES)
def test_updates(update: str, adam: bool) -> None:
    assert_alike(*networks("kernel_regularizer", update, adam))


def test_adamw_is_adam_with_decay() -> None:
    x, y = data()
    nets = [
        nn.FeedForward("5-7-2", seed=1).compile(optimizer, "mse")
        for optimizer in (nn.AdamW(0.01, weight_decay=0.1), nn.Adam(0.01, weight_decay=0.1))
    ]
    for net in nets:
        net.fit(x, y, epochs=3, verbose=0)
    for one, other in zip(*(net.get_weights() for net in nets), strict=True):
        assert np.array_equal(one, other)


def test_pytorch_s_weight_decay() -> None:
    """SGD's is an L2 of half of it, on weights and biases; AdamW's is ours."""
    torch = pytest.importorskip("torch")
    x, y = data()
    half = nn.L2(0.05)
    cases = [
        (nn.SGD(0.05), half, lambda p: torch.optim.SGD(p, lr=0.05, weight_decay=0.1)),
        (
            nn.SGD(0.05, weight_decay=0.1),
            None,
            # Without a gradient's moments, AdamW's decay alone tells it from Adam: so SGD by hand.
            None,
        ),
    ]
    for optimizer, penalty, make in cases:
        net = nn.FeedForward(
            [nn.Input(5), nn.Dense(2, kernel_regularizer=penalty, bias_regularizer=penalty)],
            dtype="float64",
            seed=1,
        ).compile(optimizer, "mse", [])
        w, b = (torch.tensor(one, requires_grad=True) for one in net.get_weights())
        rule = make([w, b]) if make else None
        for _ in range(STEPS):
            net.train_on_batch(x, y)
            loss = torch.mean((torch.tensor(x) @ w + b - torch.tensor(y)) ** 2)
            w.grad = b.grad = None
            loss.backward()
            if rule is not None:
                rule.step()
                continue
            with torch.no_grad():
                for one in (w, b):
                    one -= 0.05 * 0.1 * one
                    one -= 0.05 * one.grad
        for mine, wanted in zip(net.get_weights(), (w, b), strict=True):
            np.testing.assert_allclose(mine, wanted.detach(), atol=TOLERANCE, rtol=0)


def test_scikit_learn_s_alpha() -> None:
    """It is an L2 of alpha / (2 B), without the biases."""
    neural_network = pytest.importorskip("sklearn.neural_network")
    x, y = data()
    alpha, options = 0.3, {"learning_rate_init": 0.05, "momentum": 0.0, "nesterovs_momentum": False}
    theirs = neural_network.MLPRegressor(
        hidden_layer_sizes=(7,),
        activation="tanh",
        solver="sgd",
        alpha=alpha,
        batch_size=ROWS,
        shuffle=False,
        max_iter=1,
        **options,
    )
    penalty = nn.L2(alpha / (2 * ROWS))
    # Its loss is half of the squared error, so that its gradient is half of ours.
    layers = [nn.Input(5), nn.Dense(7, "tanh", kernel_regularizer=penalty)]
    net = nn.FeedForward(
        [*layers, nn.Dense(2, kernel_regularizer=penalty)], dtype="float64", seed=1
    )
    net.compile(nn.SGD(0.05), "mse", [])
    theirs.partial_fit(x, y)
    w, b = theirs.coefs_, theirs.intercepts_
    net.set_weights([w[0], b[0], w[1], b[1]])
    for _ in range(STEPS):
        theirs.partial_fit(x, y)
        net.train_on_batch(x, y)
    for mine, wanted in zip(net.get_weights(), [w[0], b[0], w[1], b[1]], strict=True):
        np.testing.assert_allclose(mine, wanted, atol=TOLERANCE, rtol=0)
