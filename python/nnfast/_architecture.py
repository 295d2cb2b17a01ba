"""From what a user writes as an architecture to checked layers, and what follows from them.

Nothing here computes: a network's layers, their shapes and their plain description are all that a
backend needs to be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _backend, _validation, activations, initializers
from nnfast._validation import UNITS_LIMIT
from nnfast.layers import Activation, Dense, Embedding, Input, Layer, Standardize

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.layers import ActivationLike, InitializerLike

    Array: TypeAlias = NDArray[Any]

EXAMPLE = "wanted are whole numbers of nodes joined by hyphens, such as '784-256-10'"


def build(
    architecture: str | Sequence[int] | Sequence[Layer],
    hidden: ActivationLike | Sequence[ActivationLike],
    output: ActivationLike,
    initializer: InitializerLike | None,
) -> tuple[Layer, ...]:
    """Return the layers that the first arguments of `FeedForward` describe."""
    if isinstance(architecture, str):
        sizes = _parse(architecture)
    elif isinstance(architecture, Layer) or not isinstance(architecture, (Sequence, np.ndarray)):
        raise TypeError(
            f"layers is {architecture!r}; wanted is a string such as '784-256-10', a list of "
            "integers or a list of layers"
        )
    elif any(isinstance(layer, Layer) for layer in architecture):
        if (hidden, output, initializer) != ("relu", "linear", None):
            raise ValueError(
                "hidden, output and initializer belong to an architecture of numbers; with a list "
                "of layers, give each Dense its own"
            )
        return _checked(architecture)
    else:
        sizes = [
            _validation.integer(size, f"layers[{index}]", below=UNITS_LIMIT)
            for index, size in enumerate(architecture)
        ]
    if len(sizes) < 2:
        raise ValueError(
            f"layers is {architecture!r}; wanted are at least two sizes, inputs and outputs, such "
            "as '784-10'"
        )
    functions = [*_each_hidden(hidden, len(sizes) - 2), _activation(output, "output")]
    if initializer is not None:
        initializer = initializers.registry.get(initializer, "initializer")
    dense = [
        Dense(size, function, kernel_initializer=initializer)
        for size, function in zip(sizes[1:], functions, strict=True)
    ]
    return (Input(sizes[0]), *dense)


def _parse(architecture: str) -> list[int]:
    sizes = []
    for part in architecture.split("-"):
        digits = part.strip()
        if not digits:
            raise ValueError(f"layers is {architecture!r}, which has an empty part; {EXAMPLE}")
        if not (digits.isascii() and digits.isdigit()):
            raise ValueError(f"layers is {architecture!r}, which has the part {part!r}; {EXAMPLE}")
        if not 0 < int(digits[:20]) < UNITS_LIMIT:
            raise ValueError(
                f"layers is {architecture!r}, which has a layer of {digits} nodes; wanted are at "
                f"least 1 and below {UNITS_LIMIT}"
            )
        sizes.append(int(digits))
    return sizes


def _activation(value: ActivationLike, argument: str) -> activations.Activation:
    return activations.registry.get(value, argument)


def _each_hidden(
    hidden: ActivationLike | Sequence[ActivationLike], count: int
) -> list[activations.Activation]:
    if isinstance(hidden, (list, tuple)):
        if len(hidden) != count:
            raise ValueError(
                f"hidden has {len(hidden)} activations; wanted are {count}, one for each hidden "
                "layer"
            )
        return [_activation(value, f"hidden[{index}]") for index, value in enumerate(hidden)]
    return [_activation(hidden, "hidden")] * count  # type: ignore[arg-type]


def _checked(layers: Sequence[Any]) -> tuple[Layer, ...]:
    for index, layer in enumerate(layers):
        if not (isinstance(layer, Input) or type(layer) in Layer.kinds.values()):
            names = ", ".join(sorted(known.__name__ for known in Layer.kinds.values()))
            raise TypeError(
                f"layers[{index}] is {layer!r}; wanted is Input first, then any of {names}"
            )
        if isinstance(layer, Input) != (index == 0):
            raise ValueError(
                f"layers[{index}] is {layer!r}; wanted is exactly one Input, and it comes first"
            )
    if not any(isinstance(layer, Dense) for layer in layers):
        raise ValueError("layers has no Dense; wanted is at least one, the output")
    if not isinstance(layers[-1], Dense):
        raise ValueError(f"layers ends with {layers[-1]!r}; wanted is a Dense, the output")
    return _placed(layers)


def _placed(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Return layers that were checked one by one, once each is in a place that it may be in."""
    placed = list(layers)
    if isinstance(layers[1], Standardize) and isinstance(layers[2], Embedding):
        codes = {column for column, *_ in layers[2].columns}
        placed[1] = layers[1].replace(leave=sorted(codes.union(layers[1].leave)))
    width = 0
    for index, layer in enumerate(placed):
        layer.check_place(placed[:index], width, f"layers[{index}]")
        width = layer.width(width)
    return tuple(placed)


def config(layers: Sequence[Layer], bias: str) -> dict[str, Any]:
    """Return the plain description that a backend builds its network from."""
    return {
        "inputs": inputs(layers),
        "input_scale": input_scale(layers),
        "bias": bias,
        "layers": [layer.config() for layer in layers[1:]],
    }


def from_config(description: Mapping[str, Any]) -> tuple[Layer, ...]:
    """Return the layers of a description made by `config`."""
    scale = description.get("input_scale", 1.0)  # not in the first files
    layers = [Input(description["inputs"], scale=scale)]
    return _checked([*layers, *map(layer_from_config, description["layers"])])


def layer_from_config(config: Mapping[str, Any]) -> Layer:
    """Return the layer that a dict made by its `config` describes."""
    layer: Layer = Layer.kinds[config["type"]].from_config(config)
    return layer


def walk(layers: Sequence[Layer]) -> Iterator[tuple[int, Layer, int]]:
    """Yield each layer after the input with its number, from 0, and the width of its input.

    A block comes before the layers within it.
    """
    number = 0

    def each(layers: Sequence[Layer], width: int) -> Iterator[tuple[int, Layer, int]]:
        nonlocal number
        for layer in layers:
            yield number, layer, width
            number += 1
            yield from each(layer.inner, width)
            width = layer.width(width)

    yield from each(layers[1:], inputs(layers))


def backend(layers: Sequence[Layer], name: str | None) -> str:
    """Return the backend to use: the one asked for, or NumPy for a user's own activation."""
    own = _own(layers)
    if own is None:
        return _backend.select(name)
    if name == "rust":
        raise ValueError(
            f"backend is 'rust', but {own}, which the compiled core does not know; wanted is "
            "'numpy', or no backend"
        )
    return _backend.select("numpy")


NO_CODE = (
    "which a file cannot hold, since to load one never runs code; keep the arrays of get_weights, "
    "or pickle the network"
)


def refuse_own(layers: Sequence[Layer], why: str = NO_CODE) -> None:
    """Refuse to write layers whose mathematics is code of the user's own."""
    own = _own(layers)
    if own is not None:
        raise ValueError(f"{own}, {why}")


def _own(layers: Sequence[Layer]) -> str | None:
    """Say which layer has an activation of the user's own, if one has."""
    for index, layer in enumerate(layers):
        if isinstance(layer, (Dense, Activation)) and layer.activation.own:
            name = type(layer.activation).__name__
            return f"layers[{index}] has the activation {name}, an object of your own"
        within = _own(layer.inner)
        if within is not None:
            return f"within layers[{index}], {within}"
    return None


def inputs(layers: Sequence[Layer]) -> int:
    """Return the number of inputs of a checked sequence of layers."""
    first = layers[0]
    assert isinstance(first, Input)
    return first.units


def input_scale(layers: Sequence[Layer]) -> float:
    """Return what a checked sequence of layers multiplies its inputs by."""
    first = layers[0]
    assert isinstance(first, Input)
    return first.scale


def coded(layers: Sequence[Layer]) -> tuple[Embedding, ...]:
    """Return the layers that want codes among the inputs."""
    return tuple(layer for layer in layers[1:3] if isinstance(layer, Embedding))


def refuse_unknown(layers: Sequence[Layer], x: Array, argument: str) -> None:
    """Refuse rows that a layer knows nothing to do with: codes of no category."""
    for layer in coded(layers):
        layer.refuse_unknown(x, argument)


def standardizes(layers: Sequence[Layer]) -> bool:
    """Whether something is to be fitted to the training rows before all else."""
    return isinstance(layers[1], Standardize)


def refuse_scale_beyond(layers: Sequence[Layer], dtype: np.dtype[Any]) -> None:
    """Refuse a scale that is 0 or infinite in the network's dtype."""
    scale = input_scale(layers)
    smallest, largest = float(np.finfo(dtype).tiny), float(np.finfo(dtype).max)
    if not smallest <= abs(scale) <= largest:
        raise ValueError(
            f"scale of Input is {scale:g}; wanted is, for {dtype}, a number from {smallest:g} to "
            f"{largest:g}, or such a one below 0"
        )


def output(layers: Sequence[Layer]) -> Dense:
    """Return the output layer of a checked sequence of layers."""
    last = layers[-1]
    assert isinstance(last, Dense)
    return last


def refuse_untrainable(layers: Sequence[Layer]) -> None:
    """Refuse to train layers that no gradient can pass."""
    for number, layer, _ in walk(layers):
        if isinstance(layer, (Dense, Activation)) and not layer.activation.trainable:
            raise ValueError(
                f"layers[{number + 1}] has the activation {layer.activation.name}, whose "
                "derivative is 0 everywhere, so that no gradient can train it; take sigmoid or "
                "relu, or nnfast.Perceptron, which learns without gradients"
            )


def sizes(layers: Sequence[Layer]) -> list[int]:
    """Return the numbers of nodes, inputs first, as in the architecture string."""
    dense = [layer.units for _, layer, _ in walk(layers) if isinstance(layer, Dense)]
    return [inputs(layers), *dense]


def parameters(layers: Sequence[Layer], bias: str) -> list[tuple[str, tuple[int, ...]]]:
    """Return name and shape of every parameter, in the order of `FeedForward.get_weights`.

    Names count the layers from 0, the input left out: ``layers.0.kernel``.
    """
    return [
        (f"layers.{number}.{name}", shape)
        for number, layer, width in walk(layers)
        for name, shape in layer.parameters(width, embedded=bias == "embedded").items()
    ]


def refuse_weights(layers: Sequence[Layer], bias: str, weights: Sequence[Array]) -> None:
    """Refuse weights, in the order of `parameters`, that cannot be their layers'."""
    numbered = {number: layer for number, layer, _ in walk(layers)}
    for (argument, _), values in zip(parameters(layers, bias), weights, strict=True):
        _, number, name = argument.split(".")
        numbered[int(number)].refuse_weights(name, values, argument)


def fixed(layers: Sequence[Layer]) -> set[str]:
    """Return the names of the parameters that no gradient changes."""
    return {
        f"layers.{number}.{name}"
        for number, layer, width in walk(layers)
        for name in (
            layer.fixed_parameters
            if getattr(layer, "trainable", True)
            else {*layer.parameters(width, embedded=False), *layer.parameters(width, embedded=True)}
        )
    }
