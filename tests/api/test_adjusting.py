"""Penalties, constraints, masks, frozen layers, averages: what is refused, and what is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nnfast as nn

X = np.random.default_rng(0).normal(size=(30, 4))
Y = np.random.default_rng(1).normal(size=(30, 2))


def network(optimizer: nn.optimizers.Optimizer | None = None, **options: object) -> nn.FeedForward:
    layers = [nn.Input(4), nn.Dense(5, "tanh", **options), nn.Dense(2)]  # type: ignore[arg-type]
    return nn.FeedForward(layers, seed=0).compile(optimizer or nn.Adam(0.01), "mse", [])


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: nn.L2(-1), "l2 of L2 is -1; wanted is a finite number of at least 0"),
        (lambda: nn.MaxNorm(0.0), "max_value of MaxNorm is 0.0; wanted is a finite number above 0"),
        (lambda: nn.MinMaxNorm(2.0, 1.0), "min_value of MinMaxNorm is 2.0, above its max_value"),
        (lambda: nn.MinMaxNorm(rate=1.5), "rate of MinMaxNorm is 1.5; wanted is at most 1"),
        (lambda: nn.Dense(2, l2=0.1, kernel_regularizer="l1"), "kernel_regularizer of Dense is"),
        (lambda: nn.Dense(2, kernel_constraint="max"), "kernel_constraint of Dense: unknown"),
        (lambda: nn.Dense(2, mask=[[1, 2]]), "mask of Dense has values other than 0 and 1"),
        (lambda: nn.Dense(2, mask=[[1], [1]]), r"mask of Dense has the shape \(2, 1\); wanted"),
        (lambda: network(mask=np.ones((3, 5))), r"mask of layers\[1\] has the shape \(3, 5\)"),
        (lambda: nn.Adam(weight_decay=-0.1), "weight_decay of Adam is -0.1; wanted"),
        (lambda: nn.Adam(clip_value=0), "clip_value of Adam is 0; wanted is a finite number above"),
        (lambda: nn.SGD(ema_momentum=1.0), "ema_momentum of SGD is 1.0; wanted is a finite number"),
        (lambda: nn.SGD(accumulation_steps=0), "accumulation_steps of SGD is 0; wanted is a whole"),
        (
            lambda: nn.SGD(clip_value=1.0, clip_norm=1.0),
            "clip_value and clip_norm of SGD are given; wanted is one of them",
        ),
        (lambda: network().set_trainable("dense_3", False), "layer is 'dense_3'; this network has"),
        (
            lambda: network().set_trainable(0, False),
            "layer is 0, which is input; wanted is a layer",
        ),
        (lambda: network().set_trainable(3, False), "layer is 3; wanted is a whole number of at"),
        (lambda: network().averaged_weights(), "averaged_weights wants an optimizer that averages"),
    ],
)
def test_what_is_refused(make: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        make()  # type: ignore[operator]


def test_specs_say_how_they_were_made() -> None:
    assert repr(nn.Adam(weight_decay=0.1)).endswith("epsilon=1e-07, weight_decay=0.1)")
    optimizer = nn.RMSprop(clip_norm=1.0, accumulation_steps=4)
    assert eval(repr(optimizer), {"RMSprop": nn.RMSprop}) == optimizer != nn.RMSprop()
    assert nn.optimizers.registry.from_config(optimizer.config()) == optimizer
    assert optimizer.replace(rho=0.5).clip_norm == 1.0
    assert hash(optimizer) != hash(nn.RMSprop())
    layer = nn.Dense(3, "relu", l1=0.1, bias_constraint="nonneg", trainable=False)
    assert (
        eval(
            repr(layer),
            {n: getattr(nn, n) for n in ("Dense", "L1", "NonNegative")}
            | {"ReLU": nn.activations.ReLU},
        )
        == layer
    )
    assert nn.L1L2(l1=0.1) == nn.L1(0.1)
    assert hash(nn.L1L2(l1=0.1)) == hash(nn.L1(0.1))


def test_set_weights_refuses_a_weight_without_its_connection(backend: str) -> None:
    mask = np.eye(4, 5)
    net = network(mask=mask)
    kernel, *rest = net.get_weights()
    assert not np.any(kernel[mask == 0])
    wrong = kernel.copy()
    wrong[1, 0] = 0.25
    with pytest.raises(ValueError, match=r"^layers\.0\.kernel has the weight 0\.25 from node 1 to"):
        net.set_weights([wrong, *rest])
    assert np.array_equal(net.get_weights()[0], kernel)
    net.set_weights([wrong * mask, *rest])


@pytest.mark.parametrize("name", nn.optimizers.registry.names)
def test_a_missing_connection_stays_missing_through_every_optimizer(name: str) -> None:
    mask = np.eye(4, 5)
    optimizer = nn.optimizers.registry.get(name)
    options = {"l1": 0.1, "kernel_constraint": "unit_norm"}
    if optimizer.full_batch:
        with pytest.raises(ValueError, match=f"^optimizer {name} looks along a line, and layers"):
            network(optimizer, **options)
        options = {"l1": 0.1}
    if name == "levenberg_marquardt":
        for option in ({"mask": mask}, options):
            with pytest.raises(ValueError, match="is for least squares alone, and a layer has a"):
                network(optimizer, **option)
        return
    net = network(optimizer, **options, mask=mask)
    net.fit(X, Y, epochs=3, verbose=0)
    kernel = net.get_weights()[0]
    assert not np.any(kernel[mask == 0])
    assert np.all(kernel[mask == 1])


def test_a_frozen_layer_stays_and_its_optimizer_state_too(backend: str) -> None:
    net = network(nn.Adam(0.01, ema_momentum=0.9))
    net.fit(X, Y, epochs=2, verbose=0)
    net.set_trainable("dense_1", False)
    assert "Non-trainable params: 25" in net.summary()
    weights, slots = net.get_weights(), net._network.state()["slots"]
    net.fit(X, Y, epochs=2, verbose=0)
    for before, after in zip(weights[:2], net.get_weights()[:2], strict=True):
        assert np.array_equal(before, after)
    assert np.any(weights[2] != net.get_weights()[2])
    for before, after in zip(slots, net._network.state()["slots"], strict=True):
        assert np.array_equal(before[0], after[0])
    for mean, weight in zip(net.averaged_weights()[:2], weights[:2], strict=True):
        assert np.array_equal(mean, weight)
    net.set_trainable(1, True)
    assert "Non-trainable" not in net.summary()
    assert np.array_equal(net.averaged_weights()[0], weights[0])
    net.fit(X, Y, verbose=0)
    assert np.any(weights[0] != net.get_weights()[0])


def test_all_layers_may_be_frozen(backend: str) -> None:
    net = network()
    for layer in (1, -1):
        net.set_trainable(layer, False)
    before = net.get_weights()
    net.fit(X, Y, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, net.get_weights(), strict=True))
    assert not any(np.any(one) for one in net.gradients(X, Y)[1])


def test_a_frozen_and_masked_layer_survives_its_file(tmp_path: Path, backend: str) -> None:
    mask = np.tri(4, 5)
    net = network(mask=mask, trainable=False, l2=0.1, bias_constraint=nn.MaxNorm(1.0))
    net.save(tmp_path / "net.safetensors")
    loaded = nn.load(tmp_path / "net.safetensors")
    assert loaded.layers == net.layers
    assert loaded.optimizer == net.optimizer


def test_accumulated_batches_are_one_large_batch(backend: str) -> None:
    one = network(nn.SGD(0.1))
    many = network(nn.SGD(0.1, accumulation_steps=3))
    one.fit(X, Y, batch_size=30, epochs=2, shuffle=False, verbose=0)
    many.fit(X, Y, batch_size=10, epochs=2, shuffle=False, verbose=0)
    for mine, wanted in zip(many.get_weights(), one.get_weights(), strict=True):
        np.testing.assert_allclose(mine, wanted, atol=1e-6)


def test_the_mean_of_the_weights(backend: str) -> None:
    net = network(nn.SGD(0.1, ema_momentum=0.75))
    assert np.array_equal(net.averaged_weights()[0], net.get_weights()[0])
    mean = None
    for _ in range(4):
        net.train_on_batch(X, Y)
        w = net.get_weights()[0].astype(np.float64)
        mean = w if mean is None else 0.75 * mean + 0.25 * w
        np.testing.assert_allclose(net.averaged_weights()[0], mean, atol=1e-6)
    with net.averaged():
        assert np.array_equal(net.get_weights()[0], net.averaged_weights()[0])
    np.testing.assert_allclose(net.get_weights()[0], w)


@pytest.mark.parametrize("swap", [False, True])
def test_the_callback_measures_the_mean_and_trains_as_without(swap: bool, backend: str) -> None:
    plain, swapped = (network(nn.SGD(0.1, ema_momentum=0.9)) for _ in range(2))
    callback = nn.SwapEMAWeights(swap_on_epoch=swap)
    plain.fit(X, Y, epochs=3, verbose=0)
    options = {"validation_data": (X, Y), "callbacks": callback, "verbose": 0}
    swapped.fit(X, Y, epochs=2, **options)
    swapped.fit(X, Y, epochs=1, **options)
    assert swapped.history["loss"] == plain.history["loss"]
    wanted = plain.averaged_weights() if swap else plain.get_weights()
    for mine, other in zip(swapped.get_weights(), wanted, strict=True):
        assert np.array_equal(mine, other)
    with plain.averaged():
        loss = plain.evaluate(X, Y, batch_size=32)["loss"]
    assert swapped.history["val_loss"][-1] == loss


def test_the_callback_wants_an_optimizer_that_averages() -> None:
    with pytest.raises(ValueError, match="averaged_weights wants an optimizer that averages"):
        network().fit(X, Y, callbacks=nn.SwapEMAWeights(), verbose=0)
