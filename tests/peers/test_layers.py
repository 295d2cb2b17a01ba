"""Normalizations, blocks and embeddings against PyTorch and Keras: fifty steps, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import nnfast as nn
from peers.double import keras_in_double

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


@each_backend
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(("center", "scale"), [(True, True), (False, False)])
def test_keras(backend: str, center: bool, scale: bool) -> None:
    keras = pytest.importorskip("keras")
    with keras_in_double():
        peer = keras_model(keras, center, scale)
        net, (x, y) = network(backend, center, scale), data()
        parts = [x[:, [0, 2, 3, 5]], x[:, [1]].astype("int32"), x[:, [4]].astype("int32")]
        kinds = ("embedding", "dense", "batch_normalization", "layer_normalization")
        peers = [layer for layer in peer.layers if layer.name.split("-")[0] in kinds]
        peers.sort(key=lambda layer: int(layer.name.split("-")[1]))
        counts = np.cumsum([len(layer.get_weights()) for layer in peers])[:-1]
        weights = net.get_weights()
        for layer, end in zip(peers, [*counts, len(weights)], strict=True):
            layer.set_weights(weights[end - len(layer.get_weights()) : end])
        for _ in range(STEPS):
            peer.train_on_batch(parts, y)
            net.train_on_batch(x, y)
        theirs = [array for layer in peers for array in layer.get_weights()]
        for ours, other in zip(net.get_weights(), theirs, strict=True):
            np.testing.assert_allclose(ours, other, rtol=0, atol=1e-10)
        outputs = peer.predict(parts, verbose=0)
        np.testing.assert_allclose(net.predict(x), outputs, rtol=0, atol=1e-10)


def keras_model(keras: Any, center: bool, scale: bool) -> Any:
    """Build the same network of Keras' layers, named by their order in ours."""
    each = keras.layers
    flags = {"center": center, "scale": scale}
    numbers, one, other = keras.Input((4,)), keras.Input((1,), dtype="int32"), None
    other = keras.Input((1,), dtype="int32")
    vectors = [
        each.Flatten()(each.Embedding(5, 3, name="embedding-0")(one)),
        each.Flatten()(each.Embedding(4, 2, name="embedding-1")(other)),
    ]
    a = each.Dense(8, name="dense-2")(each.Concatenate()([numbers, *vectors]))
    a = each.BatchNormalization(momentum=0.9, **flags, name="batch_normalization-3")(a)
    a = each.Activation("tanh")(a)
    inner = each.LayerNormalization(**flags, name="layer_normalization-4")(a)
    inner = each.Dense(7, "tanh", name="dense-5")(inner)
    inner = each.Dense(8, name="dense-6")(inner)
    output = each.Dense(3, name="dense-7")(each.Add()([a, inner]))
    model = keras.Model([numbers, one, other], output)
    model.compile(keras.optimizers.SGD(RATE), "mse")
    return model
