"""The compiled core against PyTorch's autograd and optimizers, in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import nnfast as nn

pytest.importorskip("torch")

from parity.conditioning import has_kink
from parity.networks import HEADS, NAMES, Run
from peers.double import torch_in_double
from peers.test_losses_torch import CASES as OTHER_LOSSES
from peers.test_torch_reference import ACTIVATIONS, LOSSES, OPTIMIZERS, tensor, torch_loss
from reference.networks import stack

FORMS = {"prelu": nn.activations.PReLU(0.25)}
HIDDEN = [name for name in NAMES["activations"] if nn.activations.registry.get(name).trainable]
KNOWN = [
    (loss, output)
    for loss, output in HEADS
    if loss.name in LOSSES
    and not getattr(loss, "label_smoothing", 0.0)
    and output.trainable
    and output == FORMS.get(output.name, output)
]

FEW = [
    next(head for head in KNOWN if head[0].name == name and head[1].name == output)
    for name, output in (
        ("mean_squared_error", "linear"),
        ("binary_cross_entropy", "sigmoid"),
        ("sparse_categorical_cross_entropy", "softmax"),
    )
]
"""Heads to cross with all optimizers and activations: these meet any head in one number, delta."""


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    with torch_in_double():
        yield


def run(names: list[Any], loss: Any, optimizer: Any = None, **options: Any) -> Run:
    dense = [
        nn.Dense(units, FORMS.get(name, name), bias_initializer="random_normal")
        for name, units in zip(names, [7, 6, 8, 5][-len(names) :], strict=True)
    ]
    return Run((nn.Input(4), *dense), loss, optimizer or nn.SGD(), rows=9, seed=3, **options)


def as_torch(values: Any) -> Any:
    integers = values.dtype.kind == "i"
    return tensor(values.astype(np.uint32) if integers else values)


def assert_near(ours: Any, theirs: Any) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        # A gradient by way of an exponential is of any size: then its digits count.
        theirs = other.detach()
        size = max(1.0, float(theirs.abs().max()))
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-10 * size)


def test_everything_has_a_peer() -> None:
    """A new one needs its line in `test_torch_reference`; of losses, in that or in another."""
    assert set(ACTIVATIONS) == set(NAMES["activations"])
    compared = {case[0].name for case in OTHER_LOSSES.values()}
    # These are compared with Keras in `test_losses_keras`.
    compared |= {"mean_absolute_percentage_error", "mean_squared_logarithmic_error"}
    compared |= {name for name in NAMES["losses"] if "focal" in name}
    compared |= {"hinge", "squared_hinge", "log_cosh"}
    assert set(LOSSES) | compared == set(NAMES["losses"])
    classes = {name: nn.optimizers.registry.get(name) for name in NAMES["optimizers"]}
    stepped = {name for name, optimizer in classes.items() if not optimizer.full_batch}
    assert {ours["optimizer"] for ours, _ in OPTIMIZERS} == stepped


@pytest.mark.parametrize(
    ("head", "hidden"),
    [*((head, "tanh") for head in KNOWN), *((head, name) for head in FEW for name in HIDDEN)],
    ids=repr,
)
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_gradients(hidden: str, head: Any, depth: int) -> None:
    loss, output = head
    names = [*stack(hidden, depth), output.name]
    made = run(names, loss)
    network, (x, y) = made.network(), made.data()
    value, gradients = network.gradients(x, y)
    weights = [tensor(array).requires_grad_() for array in network.get_weights()]
    expected = torch_loss(names, loss.name, weights, tensor(x), as_torch(y))
    expected.backward()
    assert value == pytest.approx(expected.item(), abs=1e-12, rel=1e-12)
    assert_near(gradients, [weight.grad for weight in weights])


# Without an epsilon PyTorch makes NaN of a gradient that is 0 at every step, as a node of relu or
# prelu may have.
STEPPED = [
    pytest.param(ours, theirs, head, id=f"{ours}-{head}")
    for ours, theirs in OPTIMIZERS
    for head in (KNOWN if ours["optimizer"] == "adam" else FEW)
    if not ("epsilon" in ours and has_kink(head[1]))
    # Rprop follows a gradient's sign, which is a matter of rounding once classes are told apart.
    and not (ours["optimizer"] == "rprop" and "cross_entropy" in head[0].name)
]


@pytest.mark.parametrize(("ours", "theirs", "head"), STEPPED)
def test_fifty_steps(ours: dict[str, Any], theirs: Callable[[Any], Any], head: Any) -> None:
    loss, output = head
    # An epsilon of 0 is refused, but this one is 0 beside any other number.
    config = {name: value or 1e-300 for name, value in ours.items() if name != "optimizer"}
    optimizer = nn.optimizers.registry.get(ours["optimizer"]).replace(**config)
    names = ["tanh", "elu", output.name]
    made = run(names, loss, optimizer)
    network, (x, y) = made.network(), made.data()
    weights = [tensor(array).requires_grad_() for array in network.get_weights()]
    peer = theirs(weights)
    for _ in range(50):
        peer.zero_grad()
        value = torch_loss(names, loss.name, weights, tensor(x), as_torch(y))
        value.backward()
        peer.step()
        assert network.train_on_batch(x, y)["loss"] == pytest.approx(value.item(), rel=1e-9)
    assert_near(network.get_weights(), weights)
