"""Pictures of what Keras has learned."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn

keras = pytest.importorskip("keras")

# Keras' own, with NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_learning_curves_and_rates_of_keras() -> None:
    keras.utils.set_random_seed(0)
    X = np.linspace(-1, 1, 60, dtype="float32").reshape(-1, 1)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(4, "tanh")])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    falling = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    run = model.fit(
        X, np.tile(X, 4), epochs=3, validation_split=0.2, callbacks=[falling], verbose=0
    )
    axes = nn.plot.learning_curves(run)
    drawn = [line.get_ydata().tolist() for line in axes.lines]
    assert drawn == [run.history["loss"], run.history["val_loss"]]
    rates = nn.plot.learning_rate_curve(run).lines[0].get_ydata()
    np.testing.assert_allclose(rates, [0.05, 0.025, 0.0125])
