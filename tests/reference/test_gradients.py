"""Back-propagation against central differences: every activation with every loss."""

from __future__ import annotations

import numpy as np
import pytest

from nnfast import reference
from nnfast.reference import Network
from reference.networks import (
    LOSSES_BY_OUTPUT,
    build,
    central_differences,
    compiled,
    dense,
    dropout,
    stack,
    targets,
)

X = np.random.default_rng(2).normal(size=(5, 3))


def check(network: Network, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    loss, gradients = network.gradients(x, y)
    assert loss == pytest.approx(network.evaluate(x, y, 2)[0], rel=1e-13)
    for gradient, difference in zip(gradients, central_differences(network, x, y), strict=True):
        error = np.abs(gradient - difference) / np.maximum(1.0, np.abs(gradient))
        assert error.max() < 1e-6
    return gradients


@pytest.mark.parametrize("hidden", reference.registry()["activations"])
@pytest.mark.parametrize(("loss", "from_logits", "output"), LOSSES_BY_OUTPUT)
@pytest.mark.parametrize("depth", [1, 3])
def test_gradients(hidden: str, loss: str, from_logits: bool, output: str, depth: int) -> None:
    layers = [dense(4, name) for name in stack(hidden, depth)] + [dense(3, output)]
    network = compiled(build(3, layers, seed=depth), loss, from_logits=from_logits)
    check(network, X, targets(loss, 5, 3))


@pytest.mark.parametrize(("loss", "from_logits", "output"), LOSSES_BY_OUTPUT)
def test_gradients_of_a_single_layer(loss: str, from_logits: bool, output: str) -> None:
    network = compiled(build(3, [dense(4, output)]), loss, from_logits=from_logits)
    check(network, X, targets(loss, 5, 4))


@pytest.mark.parametrize("bias", ["parameter", "embedded"])
@pytest.mark.parametrize("use_bias", [True, False])
def test_gradients_with_either_bias(bias: str, use_bias: bool) -> None:
    layers = [dense(4, "prelu", use_bias=use_bias), dense(2, "tanh", use_bias=use_bias)]
    check(compiled(build(3, layers, bias=bias)), X, targets("mean_squared_error", 5, 2))


def test_gradients_leave_dropout_out() -> None:
    layers = [dropout(0.5), dense(4, "tanh"), dropout(0.5), dense(2)]
    network = compiled(build(3, layers))
    plain = compiled(build(3, [dense(4, "tanh"), dense(2)]))
    plain.set_parameters(network.parameters())
    y = targets("mean_squared_error", 5, 2)
    check(network, X, y)
    for ours, theirs in zip(network.gradients(X, y)[1], plain.gradients(X, y)[1], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_alpha_of_prelu_by_hand() -> None:
    network = compiled(build(1, [dense(2, "prelu", kernel="constant", bias="zeros")]))
    network.set_parameters([np.array([[1.0, -2.0]]), np.zeros(2), np.array([0.5, 0.25])])
    x, y = np.array([[2.0], [-4.0]]), np.zeros((2, 2))
    # z = [[2, -4], [-4, 8]], a = [[2, -1], [-2, 8]]; dL/da = a / 2 (2 rows, 2 outputs)
    loss, (kernel, bias, alpha) = network.gradients(x, y)
    assert loss == (4 + 1 + 4 + 64) / 4
    assert alpha.tolist() == [-4 * -2 / 2, -4 * -1 / 2]
    assert bias.tolist() == [1.0 - 0.5, -0.125 + 4.0]
    assert kernel.tolist() == [[2 * 1.0 + -4 * -0.5, 2 * -0.125 + -4 * 4.0]]


def test_nothing_below_a_step_has_a_gradient() -> None:
    network = compiled(build(3, [dense(4, "tanh"), dense(4, "step"), dense(2)]))
    gradients = check(network, X, targets("mean_squared_error", 5, 2))
    assert not any(gradient.any() for gradient in gradients[:4])
    assert gradients[5].any()
