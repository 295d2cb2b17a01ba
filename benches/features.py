"""The time of a step of 784-256-128-10 with each feature, beside that of the plain network.

    python benches/features.py [--threads 1] [--rounds 7] [PART OF A NAME ...]

Activations, losses, optimizers, layers, regularizers, constraints, clipping, averaging, masks and
weights of rows, each alone. Networks take turns with the plain one, so that what else the machine
does meets all of them; the median of the ratios counts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import nnfast as nn

ROWS, BATCH = 2_560, 128
Case = tuple[list[nn.layers.Layer], Any, Any, dict[str, Any]]


def hidden(*between: nn.layers.Layer, activation: Any = "relu", **options: Any) -> list[Any]:
    """Build the two hidden layers, and layers between them."""
    dense = [nn.Dense(units, activation, **options) for units in (256, 128)]
    return [dense[0], *between, dense[1]]


def case(layers: list[Any] | None = None, optimizer: Any = "adam", **data: Any) -> Case:
    """Return a network with a softmax output, and how it learns."""
    return ([*(layers or hidden()), nn.Dense(10, "softmax")], optimizer, None, data)


def with_loss(loss: nn.losses.Loss) -> Case:
    """Return a network whose output fits a loss."""
    for name in ("linear", "softmax", "sigmoid", "exponential"):
        output = nn.activations.registry.get(name)
        try:
            loss.check_output(output)
        except ValueError:
            continue
        outputs = 20 if loss.name == "gaussian_nll" else 30 if loss.name == "quantile" else 10
        return ([*hidden(), nn.Dense(outputs, output)], "adam", loss, {})
    raise ValueError(f"no output fits {loss}")


def cases() -> dict[str, Case]:
    """Return every feature by its name."""
    found: dict[str, Case] = {}
    for spec in nn.activations.registry.classes:
        if spec.trainable and spec.name not in ("relu", "exponential"):  # which would overflow
            found[f"activation {spec.name}"] = case(hidden(activation=spec.name))
    for loss in nn.losses.registry.classes:
        if loss.targets != "labels":
            made = nn.Quantile([0.1, 0.5, 0.9]) if loss.name == "quantile" else loss()
            found[f"loss {loss.name}"] = with_loss(made)
    for optimizer in nn.optimizers.registry.classes:
        if not optimizer.full_batch:
            found[f"optimizer {optimizer.name}"] = case(optimizer=optimizer())
    for name, schedule in SCHEDULES.items():
        found[f"schedule {name}"] = case(optimizer=nn.Adam(schedule))
    for parameter, value in SHARED.items():
        found[parameter] = case(optimizer=nn.Adam(**{parameter: value}))
    for name, penalty in {
        "l1": nn.L1(1e-5),
        "l2": nn.L2(1e-4),
        "l1l2": nn.L1L2(1e-5, 1e-4),
    }.items():
        found[f"kernel {name}"] = case(hidden(kernel_regularizer=penalty))
        found[f"activity {name}"] = case(hidden(activity_regularizer=penalty))
    for constraint in nn.constraints.registry.classes:
        found[f"constraint {constraint.name}"] = case(hidden(kernel_constraint=constraint()))
    mask = np.random.default_rng(0).random((784, 256)) < 0.5
    found["mask"] = case([nn.Dense(256, "relu", mask=mask), nn.Dense(128, "relu")])
    found["frozen first layer"] = case(
        [nn.Dense(256, "relu", trainable=False), nn.Dense(128, "relu")]
    )
    found["sample_weight"] = case(sample_weight=np.linspace(0.5, 1.5, ROWS))
    for name, layers in LAYERS.items():
        found[f"layer {name}"] = case(layers)
    return found


SCHEDULES = {
    "cosine": nn.schedules.CosineDecay(1e-3, 1000),
    "exponential": nn.schedules.ExponentialDecay(1e-3, 100, 0.9),
}
SHARED: dict[str, Any] = {
    "weight_decay": 1e-4,
    "clip_value": 0.1,
    "clip_norm": 1.0,
    "global_clip_norm": 1.0,
    "ema_momentum": 0.99,
    "accumulation_steps": 4,
}
LAYERS: dict[str, list[Any]] = {
    "Dropout of 256": hidden(nn.Dropout(0.5)),
    "GaussianNoise of 256": hidden(nn.GaussianNoise(0.1)),
    "GaussianNoise of 784": [nn.GaussianNoise(0.1), *hidden()],
    "LayerNorm of 256": hidden(nn.LayerNorm()),
    "BatchNorm of 256": hidden(nn.BatchNorm()),
    "Dense, BatchNorm, Activation twice": [
        *(nn.Dense(256), nn.BatchNorm(), nn.Activation("relu")),
        *(nn.Dense(128), nn.BatchNorm(), nn.Activation("relu")),
    ],
    "Residual around 128": [*hidden(), nn.Residual([nn.Dense(128, "relu")])],
    "Standardize of 784": [nn.Standardize(), *hidden()],
    "Embedding of 4 columns": [nn.Embedding(dict.fromkeys(range(4), (100, 8))), *hidden()],
}


def targets(loss: Any) -> Any:
    """Return targets that a loss takes."""
    random = np.random.default_rng(1)
    classes = random.integers(0, 10, ROWS)
    kind = "classes" if loss is None else loss.targets
    if kind == "classes":
        return classes
    one_hot = np.eye(10, dtype=np.float32)[classes]
    return one_hot if kind in ("distributions", "probabilities", "signs") else one_hot + 0.5


def runner(chosen: Case, threads: int, x: Any) -> Callable[[], float]:
    """Return what trains for an epoch and tells the seconds that it took."""
    layers, optimizer, loss, data = chosen
    net = nn.FeedForward([nn.Input(784), *layers], seed=0, threads=threads)
    net.compile(optimizer, loss, [])
    y = targets(loss)

    def run() -> float:
        start = time.perf_counter()
        net.fit(x, y, batch_size=BATCH, verbose=0, **data)
        return time.perf_counter() - start

    run()
    return run


def main() -> None:
    """Print microseconds a step, and the ratio to the plain network."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="only features whose name holds one of these")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    x = random.random((ROWS, 784), dtype=np.float32)
    x[:, :4] = random.integers(0, 100, (ROWS, 4))
    steps = ROWS // BATCH
    print(f"784-256-128-10, batches of {BATCH}, Adam, float32, {options.threads} threads")
    print(f"{'feature':45}{'us a step':>10}{'ratio':>8}")
    for name, chosen in cases().items():
        if options.names and not any(part in name for part in options.names):
            continue
        plain, other = runner(case(), options.threads, x), runner(chosen, options.threads, x)
        pairs = [(plain(), other()) for _ in range(options.rounds)]
        ratio = statistics.median(theirs / ours for ours, theirs in pairs)
        microseconds = 1e6 * statistics.median(theirs for _, theirs in pairs) / steps
        print(f"{name:45}{microseconds:10.0f}{ratio:8.2f}", flush=True)


if __name__ == "__main__":
    main()
