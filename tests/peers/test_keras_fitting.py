"""Weights of rows and classes against Keras, in float64: fifty steps from the same weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from peers.double import keras_in_double

jax = pytest.importorskip("jax")
keras = pytest.importorskip("keras")

# Keras asks NumPy for arrays in a way that NumPy 2 no longer likes.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

ROWS, BATCH = 40, 8
X = np.random.default_rng(0).normal(size=(ROWS, 4))
WEIGHTS = 2 * np.random.default_rng(1).random(ROWS)
HEADS = {
    "linear": (3, "mean_squared_error", np.random.default_rng(2).normal(size=(ROWS, 3))),
    "sigmoid": (1, "binary_crossentropy", np.arange(ROWS) % 2),
    "softmax": (3, "sparse_categorical_crossentropy", np.arange(ROWS) % 3),
}


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    with keras_in_double():
        yield


def twins(output: str) -> tuple[nn.FeedForward, Any, np.ndarray]:
    """Make the same network twice, ours and Keras', and targets for it."""
    units, loss, y = HEADS[output]
    ours = nn.FeedForward(f"4-7-{units}", hidden="tanh", output=output, seed=0, dtype="float64")
    ours.compile(nn.SGD(0.1))
    theirs = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(7, "tanh"),
            keras.layers.Dense(units, output),
        ]
    )
    theirs.compile(keras.optimizers.SGD(0.1), loss)
    theirs.set_weights(ours.get_weights())
    return ours, theirs, y


@pytest.mark.parametrize("backend", ["rust", "numpy"])
@pytest.mark.parametrize("output", HEADS)
@pytest.mark.parametrize("kind", ["sample_weight", "class_weight"])
def test_fifty_steps(kind: str, output: str, backend: str, monkeypatch: Any) -> None:
    if kind == "class_weight" and output == "linear":
        pytest.skip("there are no classes")
    monkeypatch.setenv("NNFAST_BACKEND", backend)
    ours, theirs, y = twins(output)
    weights = WEIGHTS if kind == "sample_weight" else {0: 0.3, 1: 2.5}
    options = {kind: weights, "epochs": 10, "batch_size": BATCH, "shuffle": False, "verbose": 0}
    mine = ours.fit(X, y, **options)
    other = theirs.fit(X, y, **options)
    np.testing.assert_allclose(mine.history["loss"], other.history["loss"], rtol=1e-6)
    for one, two in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-10)


LOSSES = np.round(np.random.default_rng(3).random((30, 12)), 1)


@pytest.mark.parametrize("patience", [0, 1, 3])
@pytest.mark.parametrize("baseline", [None, 0.5])
@pytest.mark.parametrize("min_delta", [0.0, 0.2])
@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("start", [0, 4])
def test_early_stopping(
    patience: int, baseline: float | None, min_delta: float, mode: str, start: int
) -> None:
    """The same epochs as Keras' own callback, for the same sequences of losses with many ties."""
    options = {
        "patience": patience,
        "baseline": baseline,
        "min_delta": min_delta,
        "mode": mode,
        "start_from_epoch": start,
        "restore_best_weights": True,
    }
    for losses in LOSSES:
        ours = nn.callbacks.EarlyStopping(**options)
        theirs = keras.callbacks.EarlyStopping(**options)

        class Model:
            metrics = ()
            stop_training = False
            epoch = 0

            def get_weights(self) -> list[int]:
                return [self.epoch]

            def set_weights(self, weights: list[int]) -> None:
                self.restored = weights

        models = [Model(), Model()]
        for callback, model in zip((ours, theirs), models, strict=True):
            callback.set_model(model)
            callback.set_params({"validation": True})
            callback.on_train_begin()
            for epoch, loss in enumerate(losses):
                model.epoch = epoch
                callback.on_epoch_end(epoch, {"val_loss": loss})
                if model.stop_training:
                    break
            callback.on_train_end()
        assert models[0].__dict__ == models[1].__dict__
        assert (ours.stopped_epoch, ours.best_epoch) == (theirs.stopped_epoch, theirs.best_epoch)
        assert ours.best == theirs.best
