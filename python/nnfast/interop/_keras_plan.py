"""A network as Keras' layers: which they are, and which weights they have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _architecture, activations
from nnfast.interop import _keras_specs as specs
from nnfast.interop._chain import is_step, parts
from nnfast.interop._keras_graph import keys
from nnfast.layers import (
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    Layer,
    LayerNorm,
    Residual,
    Standardize,
)

if TYPE_CHECKING:
    from nnfast.interop._hdf5 import Array
    from nnfast.network import FeedForward


class Step:
    """A layer of Keras', its weights, and the branches that it joins."""

    def __init__(
        self,
        kind: str,
        config: dict[str, Any],
        shape: int | tuple[int, ...],
        weights: Sequence[tuple[str, Array]] = (),
        branches: Sequence[Sequence[Step]] = (),
        trainable: int = 0,
    ) -> None:
        self.kind = kind
        self.config = config
        self.shape = (shape,) if isinstance(shape, int) else shape  # of a row of what it is given
        self.weights = list(weights)
        self.branches = branches  # each from what came before this step
        self.trainable = trainable  # how many of the weights a gradient changes
        self.name = ""


class Plan:
    """A network as Keras' layers, in their order."""

    def __init__(self, net: FeedForward) -> None:
        self.net = net
        self.left_out: list[str] = []
        self._parts = iter(parts(net))
        # Columns that Standardize leaves in any case.
        embedded = [layer for layer in net.layers[1:3] if isinstance(layer, Embedding)]
        self._codes = {column for layer in embedded for column, *_ in layer.columns}
        self.steps = list(self._scaled())
        self.steps += [step for layer in net.layers[1:] for step in self._of(layer)]
        everyone = list(self._all(self.steps))
        for step, key in zip(everyone, keys([step.kind for step in everyone]), strict=True):
            step.name = key

    def _all(self, steps: Sequence[Step]) -> Iterator[Step]:
        for step in steps:
            for branch in step.branches:
                yield from self._all(branch)
            yield step

    @property
    def everyone(self) -> list[Step]:
        """All layers, those of branches before what joins them."""
        return list(self._all(self.steps))

    @property
    def layers(self) -> list[Step]:
        """Those of them that are layers to Keras."""
        return [step for step in self.everyone if step.kind != "GetItem"]

    def _scaled(self) -> Iterator[Step]:
        scale = _architecture.input_scale(self.net.layers)
        if scale != 1:
            yield Step("Rescaling", {"scale": scale, "offset": 0.0}, self.net.inputs)

    def _of(self, layer: Layer) -> Iterator[Step]:
        """Yield the layers of Keras' that one of ours is."""
        _, width, weights = next(self._parts)
        if isinstance(layer, Residual):
            block = [step for each in layer.layers for step in self._of(each)]
            yield Step("Add", {}, width, branches=[[], block])
            return
        yield from _STEPS[type(layer)](self, layer, width, weights)

    # One method for each layer --------------------------------------------------------------------

    def _dense(self, layer: Dense, width: int, weights: dict[str, Array]) -> Iterator[Step]:
        named = specs.written_activation(layer.activation)
        if is_step(layer, weights) and layer.activity_regularizer is None:
            yield self._step(layer.activation, layer.units, layer.trainable, weights)
            return
        if layer.activity_regularizer is not None and named is None:
            self.left_out.append(f"the activity_regularizer of {layer!r}")
        if layer.mask is not None and layer.trainable:
            self.left_out.append(f"the mask of {layer!r}, whose weights are 0 where it has none")
        config = {
            "units": layer.units,
            "activation": named or "linear",
            "use_bias": layer.use_bias,
            "trainable": layer.trainable,
            "kernel_initializer": specs.written_initializer(layer.kernel_initializer),
            "bias_initializer": specs.written_initializer(layer.bias_initializer),
            "kernel_regularizer": specs.written_regularizer(layer.kernel_regularizer),
            "bias_regularizer": specs.written_regularizer(layer.bias_regularizer),
            "activity_regularizer": specs.written_regularizer(
                None if named is None else layer.activity_regularizer
            ),
            "kernel_constraint": specs.written_constraint(layer.kernel_constraint),
            "bias_constraint": specs.written_constraint(layer.bias_constraint),
        }
        names = ("kernel", "bias") if layer.use_bias else ("kernel",)
        own = [(name, weights[name]) for name in names]
        count = len(own) if layer.trainable else 0
        yield Step("Dense", config, width, own, trainable=count)
        if named is None:
            yield self._function(layer.activation, layer.units, layer.trainable, weights)

    def _step(self, function: Any, width: int, trainable: bool, weights: dict[str, Array]) -> Step:
        """Return the layer of Keras' that is an activation."""
        named = specs.written_activation(function)
        if named is None:
            return self._function(function, width, trainable, weights)
        return Step("Activation", {"activation": named}, width)

    def _function(
        self,
        function: activations.Activation,
        width: int,
        trainable: bool,
        weights: dict[str, Array],
    ) -> Step:
        """Return the layer of Keras' that is an activation no name says."""
        if isinstance(function, activations.LeakyReLU):
            return Step("LeakyReLU", {"negative_slope": function.negative_slope}, width)
        if isinstance(function, activations.ELU):
            return Step("ELU", {"alpha": function.alpha}, width)
        if isinstance(function, activations.PReLU):
            start = specs.described("keras.initializers", "Constant", {"value": function.alpha})
            config = {"alpha_initializer": start, "shared_axes": None, "trainable": trainable}
            alpha = [("alpha", weights["alpha"])]
            return Step("PReLU", config, width, alpha, trainable=int(trainable))
        raise ValueError(
            f"the network has the activation {function!r}, which Keras' files cannot hold; wanted "
            f"is one of {', '.join(sorted(set(specs.ACTIVATIONS)))}, or any LeakyReLU, PReLU or ELU"
        )

    def _activation(self, layer: Activation, width: int, weights: Any) -> Iterator[Step]:
        yield self._step(layer.activation, width, True, weights)

    def _dropout(self, layer: Dropout, width: int, weights: Any) -> Iterator[Step]:
        yield Step("Dropout", {"rate": layer.rate, "seed": None, "noise_shape": None}, width)

    def _noise(self, layer: GaussianNoise, width: int, weights: Any) -> Iterator[Step]:
        yield Step("GaussianNoise", {"stddev": layer.deviation, "seed": None}, width)

    def _norm(
        self, layer: BatchNorm | LayerNorm, width: int, weights: dict[str, Array]
    ) -> Iterator[Step]:
        kind = "BatchNormalization" if isinstance(layer, BatchNorm) else "LayerNormalization"
        count = layer.center + layer.scale
        config = {**layer.values(), "axis": -1}
        yield Step(kind, config, width, list(weights.items()), trainable=count)

    def _standardize(
        self, layer: Standardize, width: int, weights: dict[str, Array]
    ) -> Iterator[Step]:
        deviation = weights["deviation"].astype(np.float64)
        if not deviation.all():
            raise ValueError(
                "the network standardizes its inputs and has seen none yet; fit it, or call adapt, "
                "first"
            )
        if set(layer.leave) - self._codes:
            self.left_out.append(f"which columns {layer!r} leaves, whose mean is 0, deviation 1")
        config = {
            "axis": [-1],
            "invert": False,
            "mean": weights["mean"].astype(np.float64).tolist(),
            "variance": np.square(deviation).tolist(),
        }
        yield Step("Normalization", config, width)

    def _embedding(self, layer: Embedding, width: int, weights: dict[str, Array]) -> Iterator[Step]:
        tables = list(weights.values())
        alike = all(np.array_equal(table, tables[0]) for table in tables)
        if len(tables) == width and alike:  # one table for a whole row of codes
            yield from self._embedded(layer, tables[0], width)
            return
        others = sorted(set(range(width)) - self._codes)
        branches = [[_taken(run, width)] for run in _runs(others)]
        for (column, *_), table in zip(layer.columns, tables, strict=True):
            taken = _taken(slice(column, column + 1), width)
            branches.append([taken, *self._embedded(layer, table, 1)])
        yield Step("Concatenate", {"axis": -1}, layer.width(width), branches=branches)

    def _embedded(self, layer: Embedding, table: Array, columns: int) -> Iterator[Step]:
        categories, dimensions = table.shape
        config = {
            "input_dim": categories,
            "output_dim": dimensions,
            "embeddings_initializer": specs.written_initializer(layer.initializer),
            "mask_zero": False,
        }
        yield Step("Embedding", config, columns, [("embeddings", table)], trainable=1)
        yield Step("Flatten", {"data_format": "channels_last"}, (columns, dimensions))


def _runs(columns: Sequence[int]) -> Iterator[slice]:
    """Yield columns that follow each other as slices."""
    first = 0
    for place in range(1, len(columns) + 1):
        if place == len(columns) or columns[place] != columns[place - 1] + 1:
            yield slice(columns[first], columns[place - 1] + 1)
            first = place


def _taken(columns: slice, width: int) -> Step:
    """Return the operation that takes some columns: no layer, but all Keras has."""
    return Step("GetItem", {"columns": columns}, width)


_STEPS: dict[type[Layer], Any] = {
    Dense: Plan._dense,
    Activation: Plan._activation,
    Dropout: Plan._dropout,
    GaussianNoise: Plan._noise,
    BatchNorm: Plan._norm,
    LayerNorm: Plan._norm,
    Standardize: Plan._standardize,
    Embedding: Plan._embedding,
}
