"""Dropout's mask, and the two ways to hold a bias."""

from __future__ import annotations

import numpy as np
import pytest

from nnfast.reference.layers import Dropout
from nnfast.reference.random import DROPOUT, Stream
from reference.networks import build, compiled, dense, dropout, targets


def mask(rate: float, *, rows: int = 200, width: int = 300, step: int = 0) -> np.ndarray:
    output, _ = Dropout(rate, seed=5, layer=1).forward(np.ones((rows, width)), step)
    return output


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_dropout_drops_at_its_rate_and_keeps_the_mean(rate: float) -> None:
    output = mask(rate)
    assert (output == 0.0).mean() == pytest.approx(rate, abs=0.01)
    kept = output[output != 0.0]
    np.testing.assert_allclose(kept, 1.0 / (1.0 - rate), rtol=1e-15)
    assert output.mean() == pytest.approx(1.0, abs=0.03)


def test_dropout_follows_its_stream() -> None:
    dropped = mask(0.3, rows=4, width=7, step=9) == 0.0
    bits = Stream(5, DROPOUT, 1, 9).bits(28).reshape(4, 7)
    np.testing.assert_array_equal(dropped, bits < round(0.3 * 2**32))


def test_dropout_differs_by_step_and_is_the_same_for_a_smaller_batch() -> None:
    assert (mask(0.5, step=0) != mask(0.5, step=1)).mean() > 0.4
    np.testing.assert_array_equal(mask(0.5)[:10], mask(0.5, rows=10))


def test_dropout_sends_gradients_through_the_same_mask() -> None:
    layer = Dropout(0.4, seed=5, layer=1)
    x = np.random.default_rng(0).normal(size=(6, 8))
    output, kept = layer.forward(x, 3)
    ones, _ = layer.forward(np.ones_like(x), 3)
    np.testing.assert_array_equal(layer.input_gradient(kept, np.ones_like(x)), ones)
    np.testing.assert_array_equal(output, x * ones)


def test_dropout_rests_outside_of_training() -> None:
    layers = [dense(8, "tanh"), dropout(0.9), dense(2)]
    network = compiled(build(3, layers))
    plain = build(3, [dense(8, "tanh"), dense(2)])
    plain.set_parameters(network.parameters())
    x = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_array_equal(network.predict(x), plain.predict(x))


def test_dropped_infinities_are_dropped() -> None:
    output, _ = Dropout(0.5, seed=5, layer=1).forward(np.full((10, 10), np.inf), 0)
    assert not np.isnan(output).any()


def mixed(bias: str) -> list[dict[str, object]]:
    return [
        dense(7, "prelu"),
        dropout(0.2),
        dense(6, "elu", use_bias=False),
        dense(5, "tanh", bias="glorot_normal"),
        dense(3, "softmax"),
    ]


def split_weights(parameters: list[np.ndarray], shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Take row 0 of every tensor that has one row more than the kernel it stands for."""
    result: list[np.ndarray] = []
    rest = list(parameters)
    while len(result) < len(shapes):
        tensor = rest.pop(0)
        kernel = shapes[len(result)]
        if tensor.ndim == 2 and tensor.shape[0] == kernel[0] + 1:
            result += [tensor[1:], tensor[0]]
        else:
            result.append(tensor)
    assert not rest
    return result


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_an_embedded_bias_gives_the_same_numbers(optimizer: str) -> None:
    loss = "sparse_categorical_cross_entropy"
    x, y = np.random.default_rng(0).normal(size=(50, 4)), targets(loss, 50, 3)
    apart = compiled(build(4, mixed("parameter")), loss, optimizer=optimizer)
    joined = compiled(build(4, mixed("embedded"), bias="embedded"), loss, optimizer=optimizer)
    shapes = [parameter.shape for parameter in apart.parameters()]
    assert [parameter.shape for parameter in joined.parameters()] == [
        (5, 7), (7,), (7, 6), (7, 5), (6, 3)
    ]  # fmt: skip
    for ours, theirs in zip(
        split_weights(joined.parameters(), shapes), apart.parameters(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_allclose(joined.predict(x), apart.predict(x), rtol=0, atol=1e-12)
    for _ in range(10):
        ours, theirs = (net.train_epoch(x, y, 16, True) for net in (joined, apart))
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
    for a, b in zip(split_weights(joined.parameters(), shapes), apart.parameters(), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)
    np.testing.assert_allclose(joined.predict(x), apart.predict(x), rtol=0, atol=1e-12)
