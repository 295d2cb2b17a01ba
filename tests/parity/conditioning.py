"""Which runs can be followed: those whose end does not hang on the rounding of a single number.

Rust and the oracle round differently. How much becomes of that in fifty steps is a property of the
problem, and for some no two programs agree:

- Training can be chaotic: with a large step for a wide network every step may triple a difference.
  `disturbed` tells: the oracle against itself, from weights that differ in the last places alone.
- An adaptive optimizer with an epsilon no larger than the gradients' own rounding errors makes a
  step of about the learning rate of such an error, where the true gradient is zero: in a network
  that has converged, or by a symmetry. Hence `ROUNDING`.
- A rule that takes the gradient's sign jumps where the gradient is zero. Under a loss whose slope
  is 1 or -1, rows cancel, and what is left is rounding of either sign. Hence `NEVER_CANCEL`.
- Training that leaves the finite numbers, as it soon does where exponentials follow one another.
- A kink (or jump). Where a net input of relu, or an error under the absolute loss, comes within
  rounding of zero, one program takes the one slope and the other the other. In float32 and 200
  nodes a layer that happens somewhere in fifty steps; in small networks hardly ever, and where it
  does, `clearance` tells. In float64 it is never met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import nnfast as nn
from nnfast import _architecture
from nnfast.reference.layers import Activate

if TYPE_CHECKING:
    from parity.networks import Run

ROUNDING = 1e-4
"""An epsilon well above float32's rounding of gradients, as in Graves' RMSprop (2013)."""

BY_SIGN = {"lion", "rprop"}
"""Optimizers that jump where the gradient passes zero."""

NEVER_CANCEL = {
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "mean_squared_error",
    "sparse_categorical_cross_entropy",
}
"""Losses whose slopes at two rows are hardly ever the same number."""

MARGIN = 1e-5
"""How far from every kink a float32 run stays: some hundred roundings of a net input."""


KINKS: dict[str, Any] = {
    "hinge": lambda a, t: (2.0 * t - 1.0) * a - 1.0,
    "mean_absolute_error": lambda a, t: a - t,
    "mean_absolute_percentage_error": lambda a, t: a - t,
    "mean_squared_logarithmic_error": lambda a, t: a - 1e-7,
    "quantile": lambda a, t: a.reshape(len(t), -1, t.shape[1]) - t[:, np.newaxis],
}
"""The losses whose derivative jumps, and how far their outputs are from where it does."""


def has_kink(spec: nn.activations.Activation | nn.losses.Loss) -> bool:
    """Tell whether a function, or its derivative, jumps where its argument passes zero."""
    if isinstance(spec, nn.losses.Loss):
        return spec.name in KINKS
    below, above = np.array([[-1e-9, 0.0]]), np.array([[1e-9, 0.0]])
    sides = [(spec(x), spec.derivative(x)) for x in (below, above)]
    return any(np.abs(a - b).max() > 1e-6 for a, b in zip(*sides, strict=True))


def grows(spec: nn.activations.Activation) -> bool:
    """Tell whether a function grows faster than its argument: layers of such give any number."""
    return bool(np.max(spec(np.full((1, 2), 50.0))) > 1e3)


def disturbed(run: Run, dtype: str) -> Any:
    """Build the oracle's network with the last places of its weights changed."""
    network, random = run.network("numpy", dtype), np.random.default_rng(0)
    unit = 4 * np.finfo(dtype).eps
    weights = network.get_weights()
    for array, (name, _) in zip(
        weights, _architecture.parameters(network.layers, network.bias), strict=True
    ):
        # What standardizes may leave columns as they are, which is exact.
        if not name.endswith((".mean", ".deviation")):
            array *= 1 + unit * random.uniform(-1, 1, array.shape)
    network.set_weights(weights)
    return network


def every_stage(stages: Iterable[Any]) -> Iterator[Any]:
    """Yield stages, and those within blocks."""
    for stage in stages:
        yield stage
        yield from every_stage(getattr(stage, "stages", ()))


def clearance(run: Run, *, zeros: bool = False) -> float:
    """Follow a run in float64, and return how near to a kink it comes.

    An argument of exactly zero counts only if asked for: it comes from rows or nodes that are zero
    themselves, and is zero in every arithmetic; but not when weights are moved.
    """
    kinked = {spec.name for spec in run.activations if has_kink(spec)}
    if not kinked and not has_kink(run.loss):
        return np.inf
    oracle = run.network("numpy", "float64")
    oracle.gradients(*run.data())  # which compiles it
    distances: list[float] = []

    def watch(owner: Any, method: str, argument: Any) -> None:
        original = getattr(owner, method)

        def watched(*arguments: Any) -> Any:
            distance: NDArray[np.float64] = np.abs(argument(*arguments))
            distances.append(float(distance.min(initial=np.inf, where=zeros | (distance > 0.0))))
            return original(*arguments)

        setattr(owner, method, watched)

    for stage in every_stage(oracle._network.stages):
        if isinstance(stage, Activate) and stage.function.name in kinked:
            watch(stage, "forward", lambda z, step: z)
    if has_kink(run.loss):
        watch(oracle._network.training.objective.loss, "gradient", KINKS[run.loss.name])
    oracle.gradients(*run.data())
    if run.trainable:
        run.fit(oracle)
    return min(distances)
