"""Copies and pickles go on to the same numbers, on their own."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import nnfast as nn
from nnfast import _backend

COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda net, protocol=protocol: pickle.loads(
            pickle.dumps(net, protocol)
        )
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
    },
}
OPTIMIZERS = [
    nn.SGD(),
    nn.SGD(0.1, momentum=0.9, nesterov=True),
    nn.RMSprop(centered=True, momentum=0.5),
    nn.Adam(),
    nn.AdamW(),
]


def network(optimizer="adam", **options):
    layers = [nn.Input(2), nn.Dense(5, "prelu"), nn.Dropout(0.2), nn.Dense(3, "softmax")]
    return nn.FeedForward(layers, seed=3, **options).compile(optimizer, metrics=["acc", "mse"])


def assert_same(first, second):
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for name in ("history", "layers", "dtype", "seed", "optimizer", "loss", "metrics", "backend"):
        assert getattr(first, name) == getattr(second, name)
    np.testing.assert_array_equal(first.classes_, second.classes_)


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("bias", ["parameter", "embedded"])
def test_a_copy_goes_on_to_the_same_numbers(how, bias, backend, blobs):
    X, y = blobs
    net = network(bias=bias)
    for _ in range(3):  # new, trained, and trained further
        other = COPIES[how](net)
        assert_same(net, other)
        net.fit(X, y, epochs=2, batch_size=7)
        other.fit(X, y, epochs=2, batch_size=7)
        assert_same(net, other)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_the_optimizer_goes_along(optimizer, backend, blobs):
    net = network(optimizer, dtype="float64")
    net.fit(*blobs)
    other = pickle.loads(pickle.dumps(net))
    net.fit(*blobs)
    other.fit(*blobs)
    assert_same(net, other)


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_on_its_own(how, backend, blobs):
    net = network()
    net.fit(*blobs)
    before = net.get_weights()
    other = COPIES[how](net)
    other.fit(*blobs)
    other.compile("sgd")
    for a, b in zip(net.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(net.history["loss"]) == 1
    assert net.optimizer == nn.Adam()


def test_a_copy_made_after_compile_starts_the_optimizer_afresh(backend, blobs):
    net = network()
    net.fit(*blobs)
    net.compile("adam", metrics=["acc", "mse"])
    other = pickle.loads(pickle.dumps(net))
    net.fit(*blobs)
    other.fit(*blobs)
    assert_same(net, other)


def test_what_a_user_adds_goes_along(backend):
    class Named(nn.FeedForward):
        pass

    net = Named("2-1")
    net.note = ["kept"]
    other = copy.copy(net)
    assert (type(other), other.note) == (Named, ["kept"])


def test_a_pickle_from_a_machine_with_the_core_works_without(backend, blobs, monkeypatch):
    net = network()
    net.fit(*blobs)
    data, expected = pickle.dumps(net), net.predict(blobs[0])
    monkeypatch.setattr(_backend, "_core_error", lambda: "not built")
    other = pickle.loads(data)
    assert other.backend == "numpy"
    np.testing.assert_allclose(other.predict(blobs[0]), expected, rtol=1e-5)
