"""Whole runs: what one is, how they are drawn, and how those of the two backends are compared.

All names come from the core's own registry, so that an activation, a loss or an optimizer is tested
from the day that it is there.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import hypothesis
import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

import nnfast as nn
from nnfast import _architecture, _core
from parity.conditioning import (
    BY_SIGN,
    MARGIN,
    NEVER_CANCEL,
    ROUNDING,
    clearance,
    disturbed,
    grows,
    has_kink,
)

NAMES = _core.registry()
STEPS = 50
TOLERANCES = {"float64": 1e-10, "float32": 1e-4}
DTYPES = tuple(TOLERANCES)
SOURCES = ("float64", "float32", "uint8")
LAYOUTS = ("rows", "columns", "strided", "backwards")
# Metrics that jump: where two outputs tie but for their rounding, either answer is right. They have
# a test of their own, on outputs that do not tie.
JUMPING = {"accuracy"}
METRICS = [name for name in NAMES["metrics"] if name not in JUMPING]


def other(value: Any) -> Any:
    """Give another value that a parameter may have, whatever it is."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return tuple(map(other, value))
    return 0.5 * value if value else 0.25


def changed(spec: Any, choice: dict[str, Any]) -> Any:
    """Give a spec with other parameters, or None where they do not go together."""
    try:
        return spec.replace(**choice)
    except ValueError:
        return None


def variants(registry: Any, name: str) -> list[Any]:
    """Give a spec in all its forms: what is off by default, such as momentum, also turned on."""
    default = registry.get(name)
    values = default.values()
    choices = [(value,) if value else (value, other(value)) for value in values.values()]
    chosen = (dict(zip(values, choice, strict=True)) for choice in itertools.product(*choices))
    return [spec for spec in (changed(default, choice) for choice in chosen) if spec is not None]


def every(registry: Any, names: Iterable[str]) -> list[Any]:
    return [variant for name in names for variant in variants(registry, name)]


ACTIVATIONS = every(nn.activations.registry, NAMES["activations"])
# Those that look at all rows go where rounding leads them: they have tests of their own.
OPTIMIZERS = [
    optimizer
    for optimizer in every(nn.optimizers.registry, NAMES["optimizers"])
    if not optimizer.full_batch
]
LOSSES = every(nn.losses.registry, NAMES["losses"])
INITIALIZERS = every(nn.initializers.registry, NAMES["initializers"])


def fits(loss: nn.losses.Loss, output: nn.activations.Activation) -> bool:
    try:
        loss.check_output(output)
    except ValueError:
        return False
    return True


def is_told_apart(loss: nn.losses.Loss, output: nn.activations.Activation) -> bool:
    """Tell whether a pair is worth a test of its own: losses of outputs meet them one way."""
    plain = ("mean_squared_error", "mean_absolute_error")
    some = ("linear", "tanh", "sigmoid", "softplus", "exponential")
    return loss.name in plain or hasattr(loss, "from_logits") or output.name in some


HEADS = [
    (loss, output)
    for loss in LOSSES
    for output in ACTIVATIONS
    if fits(loss, output) and is_told_apart(loss, output)
]
"""Every loss with output activations that it may have; some losses with all of them."""

EACH_LOSS = [next(head for head in HEADS if head[0].name == name) for name in NAMES["losses"]]
FEW_HEADS = [head for head in EACH_LOSS if head[0].name in ("mean_squared_error", "quantile")]
FEW_HEADS += [head for head in EACH_LOSS if head[0].name == "categorical_cross_entropy"]
if os.environ.get("NNFAST_TEST_PROFILE") == "slow":
    EACH_LOSS = FEW_HEADS = HEADS
"""One head for each loss, and a few of different ways: for what is crossed with much else."""


def layout(x: NDArray[Any], how: str) -> NDArray[Any]:
    """Lay the same values out in memory in another way."""
    if how == "columns":
        return np.asfortranarray(x)
    if how == "strided":
        return np.repeat(np.repeat(x, 2, axis=0), 3, axis=1)[::2, ::3]
    if how == "backwards":
        return x[::-1, ::-1].copy()[::-1, ::-1]
    return x


def targets(kind: str, rows: int, outputs: int, random: np.random.Generator) -> NDArray[Any]:
    """Draw what a loss wants, by its `targets`."""
    if kind == "classes":
        return random.integers(0, outputs, rows)
    if kind == "distributions":
        weights = random.random((rows, outputs)) + 0.01
        return weights / weights.sum(axis=1, keepdims=True)
    if kind == "probabilities":
        return random.random((rows, outputs))
    if kind == "signs":
        yes = random.integers(0, 2, (rows, outputs))
        return 2 * yes - 1 if random.random() < 0.5 else yes
    if kind == "nonnegative":
        return random.exponential(size=(rows, outputs))
    if kind == "nonzero":
        return random.choice([-1.0, 1.0], (rows, outputs)) * (0.5 + random.random((rows, outputs)))
    return random.normal(size=(rows, outputs))


@dataclass(frozen=True)
class Run:
    """A network, its data, and how it is trained."""

    layers: tuple[nn.layers.Layer, ...]
    loss: nn.losses.Loss
    optimizer: nn.optimizers.Optimizer
    bias: str = "parameter"
    seed: int = 0
    rows: int = 20
    batch_size: int = 7
    shuffle: bool = True
    source: str = "float64"
    layout: str = "rows"
    weighted: bool = False

    def __post_init__(self) -> None:
        """Give the last layer as many outputs for each column of y as the loss wants."""
        last = self.layers[-1].replace(units=self.columns * self.loss.outputs_for_each)
        object.__setattr__(self, "layers", (*self.layers[:-1], last))

    @property
    def columns(self) -> int:
        """How many columns y has."""
        units, each = self.layers[-1].units, self.loss.outputs_for_each
        return units if units % each else units // each

    @property
    def trainable(self) -> bool:
        return all(one.trainable for one in self.activations)

    @property
    def activations(self) -> list[nn.activations.Activation]:
        """Of all layers, those within blocks among them."""
        each = (layer for _, layer, _ in _architecture.walk(self.layers))
        return [layer.activation for layer in each if isinstance(layer, (nn.Dense, nn.Activation))]

    @property
    def epochs(self) -> int:
        """Enough for `STEPS` steps."""
        return -(-STEPS // -(-self.rows // self.batch_size))

    def network(self, backend: str = "rust", dtype: str = "float64", **options: Any) -> Any:
        options = {"bias": self.bias, "seed": self.seed, **options}
        network = nn.FeedForward(self.layers, dtype=dtype, backend=backend, **options)
        if isinstance(self.layers[1], nn.Standardize):
            network.adapt(self.data()[0])
        return network.compile(self.optimizer, self.loss, METRICS)

    def data(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Draw features of about the size that a user scales them to, and bytes as small counts."""
        random = np.random.default_rng(self.seed)
        shape = (self.rows, self.layers[0].units)
        x = random.integers(0, 3, shape) if self.source == "uint8" else random.normal(size=shape)
        for layer in self.layers:
            for column, categories, _ in getattr(layer, "columns", ()):
                x[:, column] = random.integers(0, categories, self.rows)
        # A percentage of next to nothing would drown all else.
        percent = isinstance(self.loss, nn.MeanAbsolutePercentageError)
        kind = "nonzero" if percent else self.loss.targets
        y = targets(kind, self.rows, self.columns, random)
        return layout(x.astype(self.source), self.layout), y

    def weights(self) -> NDArray[Any] | None:
        """Draw a weight for each row, of which some are zero."""
        drawn = np.random.default_rng(self.seed).random(self.rows)
        return 2 * np.maximum(drawn - 0.1, 0.0) if self.weighted else None

    def fit(self, network: Any, epochs: int | None = None) -> Any:
        options = {"epochs": epochs or self.epochs, "batch_size": self.batch_size, "verbose": 0}
        network.fit(*self.data(), sample_weight=self.weights(), shuffle=self.shuffle, **options)
        return network


def first_layers(draw: Any, inputs: int, scale: float) -> list[nn.layers.Layer]:
    """Draw what can only come right after the input: what is fitted, what takes codes."""
    layers: list[nn.layers.Layer] = []
    if draw(st.integers(0, 2)) == 2:
        layers.append(nn.Standardize())
    if scale == 1 and draw(st.integers(0, 2)) == 2:
        sizes = st.tuples(st.integers(1, 9), st.integers(1, 5))
        columns = draw(st.dictionaries(st.integers(0, inputs - 1), sizes, min_size=1, max_size=3))
        layers.append(nn.Embedding(columns, initializer="random_normal"))
    return layers


def between(draw: Any, width: int, functions: Sequence[Any], depth: int = 2) -> nn.layers.Layer:
    """Draw a layer that gives as many values as it is given, of any type."""
    kind = draw(st.integers(0, 5 if depth else 4))
    flags = {"center": draw(st.booleans()), "scale": draw(st.booleans())}
    if kind == 0:
        return nn.Dropout(draw(st.sampled_from([0.1, 0.5])))
    if kind == 1:
        return nn.GaussianNoise(draw(st.sampled_from([0.1, 0.5])))
    if kind == 2:
        return nn.LayerNorm(epsilon=draw(st.sampled_from([1e-1, 1e-2])), **flags)
    if kind == 3:
        return nn.BatchNorm(momentum=0.9, epsilon=draw(st.sampled_from([1e-1, 1e-2])), **flags)
    if kind == 4:
        functions = [one for one in functions if not one.parameters]
        return nn.Activation(draw(st.sampled_from(functions or ["tanh"])))
    count = draw(st.integers(1, 2))
    inner = [between(draw, width, functions, depth - 1) for _ in range(count)]
    function = draw(st.sampled_from(functions))
    return nn.Residual([*inner, nn.Dense(width, function)] if draw(st.booleans()) else inner)


def values(spec: Any) -> st.SearchStrategy[Any]:
    """Draw the parameters of a spec: each as it is, or another."""
    choices = {
        name: st.sampled_from([value, other(value)]) for name, value in spec.values().items()
    }
    return st.fixed_dictionaries(choices).map(lambda choice: changed(spec, choice) or spec)


@st.composite
def runs(
    draw: Any,
    dtype: str = "float64",
    hidden: nn.activations.Activation | None = None,
    head: tuple[nn.losses.Loss, nn.activations.Activation] | None = None,
    optimizer: nn.optimizers.Optimizer | None = None,
    widest: int = 200,
) -> Run:
    """Draw a run, of this hidden activation, loss and output, or optimizer where one is given.

    A run of fifty steps has to be well-posed, or two roundings of it part for reasons of their own;
    see `conditioning`. So in float32 kinked functions come in small networks, where it is likely
    that no net input comes within rounding of a kink, smooth ones in networks of any size.
    """
    given = [*([hidden] if hidden else []), *(head or ())]
    kinked = dtype == "float64" or any(map(has_kink, given)) or draw(st.booleans())
    growing = any(isinstance(one, nn.activations.Activation) and grows(one) for one in given)
    cancels = head is not None and head[0].name not in NEVER_CANCEL
    rules = [one for one in OPTIMIZERS if not (cancels and one.name in BY_SIGN)]
    optimizer = optimizer or draw(st.sampled_from(rules))
    by_sign = optimizer.name in BY_SIGN
    if growing or (dtype == "float32" and (kinked or by_sign)):
        widest = min(widest, 8)
    allowed = [one for one in ACTIVATIONS if one.trainable and (kinked or not has_kink(one))]
    allowed = [one for one in allowed if not grows(one)]
    heads = [one for one in HEADS if one[1] in allowed and (kinked or not has_kink(one[0]))]
    heads = [one for one in heads if not by_sign or one[0].name in NEVER_CANCEL]
    loss, output = head or draw(st.sampled_from(heads))
    widths = st.integers(1, widest)
    scale = draw(st.sampled_from([1.0, 0.5, -1 / 3]))
    layers: list[nn.layers.Layer] = [nn.Input(draw(widths), scale=scale)]
    layers += first_layers(draw, layers[0].units, scale)
    width = layers[0].units
    for layer in layers[1:]:
        width = layer.width(width)
    depth = draw(st.integers(1 if hidden is None else 2, 6))
    for place in range(depth):
        if draw(st.integers(0, 2)) == 2:
            layers.append(between(draw, width, allowed))
        function = output if place == depth - 1 else hidden or draw(st.sampled_from(allowed))
        if growing and place % 2 == 0 and place < depth - 1:
            function = nn.activations.tanh
        use_bias, bias = draw(st.booleans()), draw(st.sampled_from(["zeros", "random_normal"]))
        width = draw(widths)
        layers.append(nn.Dense(width, function, use_bias=use_bias, bias_initializer=bias))
    rate = draw(st.sampled_from([1.0, 0.5, 0.1])) * (0.01 if growing else 1.0)
    if hasattr(optimizer, "epsilon"):
        optimizer = optimizer.replace(epsilon=ROUNDING)
    return Run(
        tuple(layers),
        loss,
        optimizer.replace(learning_rate=rate * optimizer.learning_rate),
        bias=draw(st.sampled_from(["parameter", "embedded"])),
        seed=draw(st.integers(0, 2**64 - 1)),
        rows=draw(st.integers(1, 12 if widest == 8 else 60)),
        batch_size=draw(st.integers(1, 40)),
        shuffle=draw(st.booleans()),
        source=draw(st.sampled_from(SOURCES)),
        layout=draw(st.sampled_from(LAYOUTS)),
        weighted=draw(st.integers(0, 3)) == 3,
    )


def share(part: float) -> hypothesis.settings:
    """Take a part of the profile's examples, for a test that is repeated for many names."""
    return hypothesis.settings(
        max_examples=max(1, round(part * hypothesis.settings().max_examples))
    )


def difference(ours: Any, theirs: Any) -> float:
    """Measure the largest difference, relative to max(1, abs(value)); all must be finite."""
    ours, theirs = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    assert ours.shape == theirs.shape
    assert np.isfinite(theirs).all()
    return float(np.max(np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs)), initial=0.0))


def assert_close(ours: Sequence[Any], theirs: Sequence[Any], dtype: str, what: str) -> None:
    for place, (mine, wanted) in enumerate(zip(ours, theirs, strict=True)):
        found = difference(mine, wanted)
        assert found <= TOLERANCES[dtype], f"{what} [{place}] differ by {found:.3g}"


def outcome(
    network: Any, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None = None
) -> dict[str, list[Any]]:
    """Return all that a network says of its data, and its weights."""
    loss, gradients = network.gradients(x, y, sample_weight=weights)
    measures = network.evaluate(x, y, sample_weight=weights, batch_size=13)
    return {
        "weights": network.get_weights(),
        "outputs": [network.predict(x)],
        "gradients": [loss, *gradients],
        "evaluation": list(measures.values()),
    }


def assert_agree(run: Run, dtype: str) -> None:
    """Compare the backends before training, and, of networks that can be trained, after it."""
    hypothesis.assume(dtype == "float64" or clearance(run) > MARGIN)
    rust, oracle = (run.network(backend, dtype) for backend in ("rust", "numpy"))
    neighbour = disturbed(run, dtype)
    (x, y), weights = run.data(), run.weights()

    def compare(when: str) -> None:
        theirs = outcome(oracle, x, y, weights)
        for what, ours in outcome(rust, x, y, weights).items():
            assert_close(ours, theirs[what], dtype, f"{what} {when}")

    compare("before training")
    if run.trainable:
        run.fit(oracle)
        hypothesis.assume(all(np.isfinite(array).all() for array in said(oracle, x)))
        run.fit(neighbour)
        apart = max(map(difference, said(neighbour, x), said(oracle, x)))
        hypothesis.assume(apart < 0.1 * TOLERANCES[dtype])
        run.fit(rust)
        compare(f"after {STEPS} steps")
        ours, theirs = rust.history, oracle.history
        assert list(ours) == list(theirs)
        assert_close(list(ours.values()), list(theirs.values()), dtype, "history")


def said(network: Any, x: NDArray[Any]) -> list[NDArray[Any]]:
    return [network.predict(x), *network.get_weights()]
