"""Optimizers and schedules against Keras', in float64: fifty steps of each rule, every rate.

Keras' own golden sequences are here too: x of ones, a first gradient of 0.01, then 0.1 ... 1.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import nnfast as nn
from parity.networks import Run
from peers.double import keras_in_double

jax = pytest.importorskip("jax")
keras = pytest.importorskip("keras")

if keras.backend.backend() != "jax":
    pytest.skip("Keras computes with jax here: KERAS_BACKEND=jax", allow_module_level=True)


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    with keras_in_double():
        yield


def spelled(spec: Any) -> Any:
    """Give the optimizer that has Keras' name for the same thing, with the same parameters."""
    parameters = {name: value for name, value in spec.values().items() if value is not None}
    if spec.name == "nadam":
        del parameters["momentum_decay"]  # which Keras has as the number 1
    known = {"adam", "adamw", "adamax", "nadam", "adagrad", "adadelta", "lion", "rmsprop", "sgd"}
    assert spec.name in known
    names = {"rmsprop": "RMSprop", "sgd": "SGD", "adamw": "AdamW"}
    return getattr(keras.optimizers, names.get(spec.name, spec.name.title()))(**parameters)


OPTIMIZERS = [
    nn.SGD(0.1),
    nn.SGD(0.05, momentum=0.9),
    nn.SGD(0.05, momentum=0.9, nesterov=True),
    nn.RMSprop(),
    nn.RMSprop(0.01, rho=0.8, momentum=0.5),
    nn.RMSprop(centered=True, epsilon=1e-4),
    nn.Adam(),
    nn.AdamW(0.01, weight_decay=0.1),
    nn.Nadam(),
    nn.Nadam(0.01, beta_1=0.7, beta_2=0.9, epsilon=1e-3),
    nn.Adamax(),
    nn.Adamax(0.02, beta_1=0.7, beta_2=0.9, epsilon=1e-3),
    nn.Adagrad(),
    nn.Adagrad(0.1, initial_accumulator_value=0.0, epsilon=1e-3),
    nn.Adadelta(),
    nn.Adadelta(1.0, rho=0.8, epsilon=1e-4),
    nn.Lion(),
    nn.Lion(0.01, beta_1=0.7, beta_2=0.8),
]


@pytest.mark.parametrize("backend", ["rust", "numpy"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_fifty_steps(optimizer: Any, backend: str) -> None:
    layers = nn.Input(4), nn.Dense(7, "tanh"), nn.Dense(5, "elu"), nn.Dense(3, "softmax")
    run = Run(layers, nn.CrossEntropy(), optimizer, rows=9, seed=3)
    x, _ = run.data()
    ours, theirs = (run.network(backend).compile(optimizer, "cce") for _ in range(2))
    rows = np.random.default_rng(0).dirichlet(np.ones(3), len(x))
    peer = spelled(optimizer)
    weights = [keras.Variable(array, dtype="float64") for array in theirs.get_weights()]
    for _ in range(50):
        _, gradients = theirs.gradients(x, rows)
        peer.apply_gradients(zip(map(keras.ops.array, gradients), weights, strict=True))
        theirs.set_weights([np.asarray(weight) for weight in weights])
        ours.train_on_batch(x, rows)
    for mine, other in zip(ours.get_weights(), weights, strict=True):
        np.testing.assert_allclose(mine, np.asarray(other), rtol=0, atol=1e-10)


GOLDEN = {
    nn.Nadam(0.5, beta_1=0.5, beta_2=0.67, epsilon=1e-5): [
        [0.4281] * 10,
        [-0.1738, -0.1731, -0.1726, -0.1723, -0.1721, -0.172, -0.1719, -0.1718, -0.1718, -0.1717],
        [-0.7115, -0.7103, -0.7096, -0.7092, -0.709, -0.7088, -0.7086, -0.7085, -0.7085, -0.7084],
        [-1.2335, -1.2322, -1.2313, -1.2309, -1.2306, -1.2304, -1.2302, -1.2301, -1.23, -1.2299],
        [-1.7492, -1.7478, -1.7469, -1.7464, -1.7461, -1.7459, -1.7457, -1.7456, -1.7455, -1.7454],
    ],
    nn.Adamax(0.2, beta_1=0.85, beta_2=0.95, epsilon=1e-6): [
        [0.8] * 10,
        [0.6827, 0.6873, 0.6888, 0.6896, 0.6901, 0.6904, 0.6906, 0.6908, 0.6909, 0.691],
        [0.5333, 0.5407, 0.5431, 0.5444, 0.5451, 0.5456, 0.546, 0.5462, 0.5464, 0.5466],
        [0.368, 0.3773, 0.3804, 0.382, 0.3829, 0.3835, 0.384, 0.3843, 0.3846, 0.3848],
        [0.1933, 0.204, 0.2076, 0.2094, 0.2105, 0.2112, 0.2117, 0.2121, 0.2124, 0.2126],
    ],
    nn.Adagrad(0.2, initial_accumulator_value=0.3, epsilon=1e-6): [
        [0.9963] * 10,
        [0.9604, 0.9278, 0.9003, 0.8784, 0.8615, 0.8487, 0.8388, 0.8313, 0.8255, 0.8209],
        [0.9251, 0.8629, 0.8137, 0.7768, 0.7497, 0.7298, 0.7151, 0.704, 0.6956, 0.6891],
        [0.8903, 0.8012, 0.7342, 0.6862, 0.6521, 0.6277, 0.6099, 0.5967, 0.5867, 0.579],
        [0.856, 0.7422, 0.6604, 0.6037, 0.5644, 0.5367, 0.5168, 0.5021, 0.491, 0.4825],
    ],
    nn.Adadelta(1.0, rho=0.8, epsilon=1e-6): [
        [value] * 10 for value in (0.9978, 0.9947, 0.9915, 0.9882, 0.9849)
    ],
    nn.Lion(): [[value] * 10 for value in (0.999, 0.998, 0.997, 0.996, 0.995)],
}


@pytest.mark.parametrize("backend", ["rust", "numpy"])
@pytest.mark.parametrize("optimizer", GOLDEN, ids=repr)
def test_golden_sequences(optimizer: Any, backend: str) -> None:
    ones = nn.initializers.Constant(1.0)
    layers = [nn.Input(1), nn.Dense(10, use_bias=False, kernel_initializer=ones)]
    network = nn.FeedForward(layers, dtype="float64", backend=backend).compile(optimizer, "mse")
    for expected, gradient in zip(
        GOLDEN[optimizer], [np.full(10, 0.01), *[np.arange(1, 11) / 10] * 4], strict=True
    ):
        [weights] = network.get_weights()
        target = weights - 5.0 * gradient  # a gradient of 2 (w - t) / 10
        network.train_on_batch([[1.0]], target)
        [weights] = network.get_weights()
        np.testing.assert_allclose(weights[0], expected, rtol=5e-4, atol=5e-4)


SCHEDULES = [
    nn.schedules.PiecewiseConstantDecay([10, 100, 250], [0.1, 0.05, 0.01, 0.001]),
    nn.schedules.ExponentialDecay(0.1, 70, 0.9),
    nn.schedules.ExponentialDecay(0.1, 70, 0.9, staircase=True),
    nn.schedules.ExponentialDecay(1e-4, 30, 1.5),
    nn.schedules.InverseTimeDecay(0.1, 30, 0.5),
    nn.schedules.InverseTimeDecay(0.1, 30, 0.5, staircase=True),
    nn.schedules.PolynomialDecay(0.1, 300),
    nn.schedules.PolynomialDecay(0.1, 300, power=0.5, end_learning_rate=0.01),
    nn.schedules.PolynomialDecay(0.1, 70, power=2.5, cycle=True),
    nn.schedules.CosineDecay(0.1, 300),
    nn.schedules.CosineDecay(0.1, 300, alpha=0.1),
    nn.schedules.CosineDecay(0.01, 200, alpha=0.05, warmup_target=0.2, warmup_steps=50),
    nn.schedules.CosineDecay(0.1, 300, warmup_steps=50),
    nn.schedules.CosineDecayRestarts(0.1, 30),
    nn.schedules.CosineDecayRestarts(0.1, 40, t_mul=1.0, m_mul=0.8, alpha=0.01),
    nn.schedules.CosineDecayRestarts(0.1, 37, t_mul=1.3, m_mul=0.9),
]


@pytest.mark.parametrize("backend", ["rust", "numpy"])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_every_rate(schedule: Any, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNFAST_BACKEND", backend)
    peer = getattr(keras.optimizers.schedules, type(schedule).__name__)(**schedule.values())
    ours = np.array([schedule(step) for step in range(400)])
    # Near the end of a cosine's half period Keras' is right to a part of the highest rate.
    atol = 1e-15 * ours.max()
    theirs = np.array([float(peer(np.float64(step))) for step in range(400)])
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=atol)


def test_every_schedule_and_optimizer_of_keras_is_here() -> None:
    """A new one needs its line above, or the reason why there is none."""
    without = {"one_cycle", "linear_warmup"}  # PyTorch's; and nobody's
    assert {one.name for one in SCHEDULES} | without == set(nn.schedules.registry.names)
    alone = {"rprop", "lbfgs", "levenberg_marquardt"}  # PyTorch's, SciPy's
    assert {one.name for one in OPTIMIZERS} | alone == set(nn.optimizers.registry.names)
