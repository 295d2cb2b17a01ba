"""From the steps of another library's model, one after the other, to a network of ours.

Other libraries have activations as layers of their own, scale inputs wherever they like and end
with anything. A chain takes such steps in their order and makes of them what `FeedForward` takes:
an activation goes into the Dense before it, scales and offsets of the inputs become those of
`Input` or `Standardize`, and what cannot be said so becomes a Dense that connects each unit with
itself alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.activations import Activation as Function
from nnfast.layers import Activation, Dense, Input, Layer, Residual, Standardize
from nnfast.network import FeedForward

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    Array: TypeAlias = NDArray[Any]


WIDEST = 4096
"""How wide a Dense may be that connects each unit with itself alone: its weights are the square."""


class Chain:
    """Layers and their weights, as they come.

    Parameters
    ----------
    width : int
        How many values a row has before the first step.
    first : bool, default True
        Whether the steps begin with the inputs themselves: within a block they do not.
    """

    def __init__(self, width: int, *, first: bool = True) -> None:
        self.inputs = self.width = width
        self._layers: list[Layer] = []
        self._weights: list[list[Array]] = []
        self._first = first
        self._scale = 1.0  # of Input
        self._mean: Array | None = None  # of Standardize
        self._deviation: Array = np.ones(())
        self._last_width = width  # of what the last layer gives, of which some may be chosen
        self._chosen: list[int] | None = None

    def add(self, layer: Layer, weights: Sequence[Array] = ()) -> None:
        """Take a layer of ours with its weights, in the order of `FeedForward.get_weights`."""
        if self._chosen is not None and isinstance(layer, Dense):
            # What it is given stands in other places of what there is, and the rest counts nothing.
            places, self._chosen = self._chosen, None
            kernel = np.zeros((self._last_width, layer.units), weights[0].dtype)
            kernel[places] = weights[0]
            weights = [kernel, *weights[1:]]
        self._begin()
        self._layers.append(layer)
        self._weights.append(list(weights))
        self.width = self._last_width = layer.width(self.width)

    def choose(self, places: Sequence[int]) -> None:
        """Take values in another order, and leave out those that are not named."""
        self._begin()
        if list(places) != list(range(self.width)):
            self._last_width, self.width = self.width, len(places)
            self._chosen = list(places)

    def shapes(self, layer: Layer) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the weights that a layer would have here."""
        return layer.parameters(self.width, embedded=False)

    def activation(
        self, function: Function, weights: Sequence[Array] = (), *, initializes: bool = False
    ) -> None:
        """Take an activation, with the weights that it has learned.

        `initializes` says that it chooses what the weights before it start from, as nothing else
        says that.
        """
        if function.name == "linear":
            return
        self._begin()
        last = self._layers[-1] if self._layers else None
        if (
            isinstance(last, Dense)
            and last.activation.name == "linear"
            and last.activity_regularizer is None  # it is of what comes before the activation
        ):
            changes = {"kernel_initializer": function.default_initializer} if initializes else {}
            self._layers[-1] = last.replace(activation=function, **changes)
            self._weights[-1].extend(weights)
        elif function.parameters:
            self._diagonal(function, trainable=True, more=weights)
        else:
            self.add(Activation(function))

    def scale(self, scale: float) -> None:
        """Take a multiplication of all values by one number."""
        if self._at_inputs and self._mean is None and scale != 0:
            self._scale *= scale
        else:
            self.affine(scale, 0.0)

    def affine(self, scale: ArrayLike, offset: ArrayLike) -> None:
        """Take a multiplication by numbers and an addition of others, value by value."""
        scale, offset = np.asarray(scale, float), np.asarray(offset, float)
        if self._at_inputs and (scale > 0).all():
            self.standardize(-offset / scale, 1.0 / scale)
        else:
            self._begin()
            self._diagonal(None, trainable=False, kernel=scale, bias=offset)

    def standardize(self, mean: ArrayLike, deviation: ArrayLike) -> None:
        """Take a subtraction of means and a division by deviations, all above 0."""
        mean, deviation = np.asarray(mean, float), np.asarray(deviation, float)
        if not self._at_inputs:
            self.affine(1.0 / deviation, -mean / deviation)
            return
        before = np.zeros(()) if self._mean is None else self._mean
        self._mean = before + mean * self._deviation
        self._deviation = self._deviation * deviation

    def residual(self, block: Chain) -> None:
        """Take a block whose output is added to its input; its steps are those of another chain."""
        block._begin()
        if block.width != self.width:
            raise ValueError(
                f"a block that turns {self.width} values a row into {block.width} is added to its "
                "input; wanted is as many"
            )
        self._begin()
        self._layers.append(Residual(block._layers))
        self._weights.append([array for each in block._weights for array in each])

    def network(self, dtype: str) -> FeedForward:
        """Return the network, once all steps are taken."""
        self._begin()
        last = self._layers[-1] if self._layers else None
        if isinstance(last, Activation):
            del self._layers[-1], self._weights[-1]
            self._diagonal(last.activation, trainable=False)
        elif not isinstance(last, Dense):
            self._diagonal(None, trainable=False)
        if isinstance(self._layers[0], Standardize):  # a number may stand for all columns
            self._weights[0] = [np.broadcast_to(w, self.inputs) for w in self._weights[0]]
        net = FeedForward([Input(self.inputs, scale=self._scale), *self._layers], dtype=dtype)
        net.set_weights([array for each in self._weights for array in each])
        return net

    @property
    def of_inputs(self) -> tuple[Array, Array]:
        """What is subtracted from the inputs, and by what they are divided, so far."""
        if not self._at_inputs:
            raise ValueError("something else than scales and offsets of the inputs has come")
        mean = np.zeros(()) if self._mean is None else self._mean
        return mean / self._scale, self._deviation / self._scale

    @property
    def _at_inputs(self) -> bool:
        """Whether nothing but scales and offsets of the inputs has come."""
        return self._first and not self._layers

    def _begin(self) -> None:
        """Make the layer that what came of scales and offsets calls for."""
        if self._at_inputs and self._mean is not None:
            self._layers.append(Standardize())
            self._weights.append([self._mean, self._deviation])
        if self._chosen is not None:  # by something else than a Dense
            width = _bounded(self.width)
            self.add(Dense(width, use_bias=False, trainable=False), [np.eye(width)])

    def _diagonal(
        self,
        function: Function | None,
        *,
        trainable: bool,
        kernel: Array | None = None,
        bias: Array | None = None,
        more: Sequence[Array] = (),
    ) -> None:
        """Take a Dense that connects each unit with itself alone, with the weight 1 if not said."""
        layer = Dense(
            _bounded(self.width),
            "linear" if function is None else function,
            use_bias=bias is not None,
            trainable=trainable,
            mask=np.eye(self.width),
        )
        weights = [np.eye(self.width) * (1.0 if kernel is None else kernel)]
        if bias is not None:
            weights.append(np.broadcast_to(bias, self.width))
        self.add(layer, [*weights, *more])


def _bounded(width: int) -> int:
    """Return a width, unless the square of it would be too many weights."""
    if width > WIDEST:
        raise ValueError(
            f"a step over {width} values wants a Dense from each to itself, and there are more "
            f"than {WIDEST}"
        )
    return width


def is_step(layer: Layer, weights: dict[str, Array]) -> bool:
    """Whether a Dense does nothing but apply its activation to each unit, as a chain makes them."""
    if not isinstance(layer, Dense) or layer.mask is None or layer.use_bias:
        return False
    edges, kernel = layer.mask.edges, weights["kernel"]
    shape = (layer.units, layer.units)
    return (
        edges.shape == shape
        and bool((edges == np.eye(layer.units)).all())
        and bool((kernel == np.eye(layer.units)).all())
    )


def parts(net: FeedForward) -> list[tuple[Layer, int, dict[str, Array]]]:
    """Return every layer after the input, the width of what it is given, and its weights by name.

    A layer within a block follows the block. Biases stand by themselves, embedded or not.
    """
    from nnfast import _architecture

    arrays = dict(
        zip(
            (name for name, _ in _architecture.parameters(net.layers, net.bias)),
            net.get_weights(),
            strict=True,
        )
    )
    found = []
    for number, layer, width in _architecture.walk(net.layers):
        prefix = f"layers.{number}."
        weights = {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
        if "weight" in weights:
            joined = weights.pop("weight")
            weights = {"kernel": joined[1:], "bias": joined[0], **weights}
        found.append((layer, width, weights))
    return found


def assembled(net: FeedForward, found: Sequence[dict[str, Array]]) -> list[Array]:
    """Return weights by name, as `parts` gives them, as `FeedForward.set_weights` takes them."""
    arrays = []
    for weights in found:
        if net.bias == "embedded" and "bias" in weights:
            kernel, bias, *more = weights.values()
            arrays += [np.vstack([bias, kernel]), *more]
        else:
            arrays += list(weights.values())
    return arrays
