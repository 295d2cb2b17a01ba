"""What `FeedForward.diagnose` finds: how each layer answers to some rows, and how it learns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast import _architecture, _summary
from nnfast.layers import Dense

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]

LIMITS = {
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
}
"""Between which values activations stay that go flat at both ends."""

NEAR = (
    0.01  # of the range: the derivative of sigmoid and tanh is a twenty-fifth of its largest there
)
VANISHING = 1e-3  # one layer's gradient norm by another's
USUAL_RATIOS = (1e-5, 1e-1)  # of an update to the weights; 1e-3 is common


class LayerDiagnosis(NamedTuple):
    """One layer.

    Attributes
    ----------
    name : str
        As in `FeedForward.summary`.
    mean, deviation : float
        Of all its outputs.
    dead : float
        The share of units that are 0 for all rows.
    saturated : float or None
        Where the activation has two limits, the share of outputs within a hundredth of its range
        of one.
    gradient_norm : float or None
        The norm of the loss's gradient by all its parameters, if it has any and y is known.
    update_ratio : float or None
        By how much a step changes them, in proportion: norm of the change by norm of what is there.
    """

    name: str
    mean: float
    deviation: float
    dead: float
    saturated: float | None
    gradient_norm: float | None
    update_ratio: float | None


class Diagnosis:
    """What was found, as a table at the prompt.

    Attributes
    ----------
    layers : tuple of LayerDiagnosis
        All layers but the input.
    notes : tuple of str
        What is probably wrong, in plain words; empty if nothing is.
    """

    def __init__(self, layers: tuple[LayerDiagnosis, ...], notes: tuple[str, ...]) -> None:
        self.layers, self.notes = layers, notes

    def __repr__(self) -> str:
        heads = ("Layer", "Mean", "Deviation", "Dead", "Saturated", "Gradient norm", "Update ratio")
        lines = [heads, *(_line(layer) for layer in self.layers)]
        columns = [index for index in range(len(heads)) if any(line[index] for line in lines[1:])]
        lines = [tuple(line[index] for index in columns) for line in lines]
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        texts = [
            "  ".join(
                cell.ljust(width) if index == 0 else cell.rjust(width)
                for index, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        return "\n".join([texts[0], rule, *texts[1:], rule, *(self.notes or ("nothing unusual",))])


def _line(layer: LayerDiagnosis) -> tuple[str, ...]:
    numbers = [
        "" if value is None else f"{value:.3g}"
        for value in (layer.gradient_norm, layer.update_ratio)
    ]
    saturated = "" if layer.saturated is None else f"{100 * layer.saturated:.0f} %"
    return (
        layer.name,
        f"{layer.mean:.3g}",
        f"{layer.deviation:.3g}",
        f"{100 * layer.dead:.0f} %",
        saturated,
        *numbers,
    )


def diagnose(network: FeedForward, X: object, y: object) -> Diagnosis:
    """Look at a network that answers to X and, on a copy, learns from y."""
    x = network._inputs(X)
    with np.errstate(all="ignore"):
        outputs = network._network.layer_outputs(x)
        learned = [(None, None)] * len(outputs) if y is None else _learned(network, X, y)
        names = _summary.names(network.layers)[1:]
        found = [
            _layer(layer, name, values, *numbers)
            for layer, name, values, numbers in zip(
                network.layers[1:], names, outputs, learned, strict=True
            )
        ]
    return Diagnosis(tuple(found), tuple(_notes(network, found, outputs)))


def _layer(
    layer: object, name: str, values: Array, gradient: float | None, ratio: float | None
) -> LayerDiagnosis:
    wide = values.astype(np.float64)
    saturated = None
    if isinstance(layer, Dense) and layer.activation.name in LIMITS:
        low, high = LIMITS[layer.activation.name]
        margin = NEAR * (high - low)
        saturated = float(np.mean((wide < low + margin) | (wide > high - margin)))
    dead = float(np.mean(~wide.any(axis=0)))
    return LayerDiagnosis(
        name, float(wide.mean()), float(wide.std()), dead, saturated, gradient, ratio
    )


def _learned(network: FeedForward, X: object, y: object) -> list[tuple[Any, Any]]:
    """Return of each layer the norm of the gradient and, of one step, the change in proportion."""
    from copy import deepcopy

    _architecture.refuse_untrainable(network.layers)
    other = deepcopy(network)
    _, gradients = other.gradients(X, y)  # type: ignore[arg-type]
    before = other.get_weights()
    other.train_on_batch(X, y)  # type: ignore[arg-type]
    after = other.get_weights()
    # Layers within a block count as the block.
    sizes = [1 + sum(1 for _ in _inside(layer)) for layer in network.layers[1:]]
    top = [index for index, size in enumerate(sizes) for _ in range(size)]
    sums: dict[int, list[float]] = {}
    names = [name for name, _ in _architecture.parameters(network.layers, network.bias)]
    for name, gradient, old, new in zip(names, gradients, before, after, strict=True):
        number = top[int(name.split(".")[1])]
        squares = [np.sum(a.astype(np.float64) ** 2) for a in (gradient, new - old, old)]
        sums[number] = [a + b for a, b in zip(sums.get(number, [0, 0, 0]), squares, strict=True)]
    found: list[tuple[Any, Any]] = []
    for number in range(len(network.layers) - 1):
        if number not in sums:
            found.append((None, None))
            continue
        gradient, change, size = np.sqrt(sums[number])
        found.append((float(gradient), float(change / size) if size > 0 else None))
    return found


def _inside(layer: Any) -> Iterator[Any]:
    for inner in layer.inner:
        yield inner
        yield from _inside(inner)


def _notes(network: FeedForward, found: list[LayerDiagnosis], outputs: list[Array]) -> list[str]:
    notes = []
    rows = len(outputs[0])
    hidden = found[:-1]
    for layer, values in zip(found, outputs, strict=True):
        if not np.isfinite(values).all():
            notes.append(f"{layer.name}: outputs are NaN or infinite")
    for layer in hidden:
        if layer.dead >= 0.2:
            notes.append(
                f"{layer.name}: {100 * layer.dead:.0f} % of the units are 0 for all {rows} rows "
                "and learn nothing from them; try a smaller learning rate, leaky_relu or elu"
            )
        if layer.saturated is not None and layer.saturated >= 0.5:
            notes.append(
                f"{layer.name}: {100 * layer.saturated:.0f} % of the outputs are near a limit, "
                "where the gradient vanishes; scale the inputs, or begin with smaller weights"
            )
    norms = [(one.gradient_norm, one.name) for one in found if one.gradient_norm is not None]
    if norms and min(norms)[0] < VANISHING * max(norms)[0]:
        notes.append(
            f"gradient norms differ from {max(norms)[0]:.1g} ({max(norms)[1]}) to "
            f"{min(norms)[0]:.1g} ({min(norms)[1]}); try relu or elu, or fewer layers"
        )
    for layer in found:
        low, high = USUAL_RATIOS
        if layer.update_ratio is not None and not low <= layer.update_ratio <= high:
            size = "little" if layer.update_ratio < low else "much"
            notes.append(
                f"{layer.name}: a step changes its weights by {layer.update_ratio:.1g} of their "
                f"size, which is {size}; try another learning rate"
            )
    if rows > 1 and np.ptp(outputs[-1], axis=0).max() == 0:
        notes.append(f"the network says the same of all {rows} rows")
    return notes
