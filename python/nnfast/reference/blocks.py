"""Residual blocks, embeddings, noise, and activations by themselves."""

# ruff: noqa: D102 (the base class says what its methods do)
# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .activations import Activation
from .arrays import Array
from .initializers import Initializer
from .layers import Activate, Layer, Site, Stage, build
from .random import KERNEL, NOISE, Stream, normal_quantile
from .updates import Weights


class Residual(Stage):
    """y = x + f(x), f being stages in a row.

    He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (2016): dL/dx is the sum
    of dL/dy and of what comes back through f.
    """

    def __init__(self, stages: list[Stage]) -> None:
        self.stages = stages

    @property
    def parameters(self) -> list[Array]:  # type: ignore[override]
        """The parameters within."""
        return [parameter for stage in self.stages for parameter in stage.parameters]

    def weights(self, gradients: Sequence[Array | None]) -> list[Weights]:
        found, rest = list[Weights](), list(gradients)
        for stage in self.stages:
            own, rest = rest[: len(stage.parameters)], rest[len(stage.parameters) :]
            found += stage.weights(own)
        return found

    def follow(self) -> list[bool]:
        return [follows for stage in self.stages for follows in stage.follow()]

    def penalty(self, kept: list[Any]) -> Array | float:
        penalties = [stage.penalty(one) for stage, one in zip(self.stages, kept, strict=True)]
        return sum(penalties, 0.0)

    def forward(self, x: Array, step: int | None) -> tuple[Array, list[Any]]:
        inner, kept = x, []
        for stage in self.stages:
            inner, memory = stage.forward(inner, step)
            kept.append(memory)
        return x + inner, kept

    def _back(self, kept: list[Any], g: Array) -> tuple[Array, list[Array | None]]:
        gradients: list[Array | None] = []
        inner = g
        for stage, memory in zip(reversed(self.stages), reversed(kept), strict=True):
            gradients[:0] = stage.parameter_gradients(memory, inner)
            inner = stage.input_gradient(memory, inner)
        return g + inner, gradients

    def input_gradient(self, kept: list[Any], g: Array) -> Array:
        return self._back(kept, g)[0]

    def parameter_gradients(self, kept: list[Any], g: Array) -> list[Array | None]:
        return self._back(kept, g)[1]


class Embedding(Stage):
    """Columns of codes become rows of learned tables, after the columns that are none.

    Guo and Berkhahn, "Entity embeddings of categorical variables" (2016). The gradient of a table's
    row is the sum of those of the vectors that it gave. Codes have none.
    """

    def __init__(self, config: dict[str, Any], site: Site) -> None:
        self.columns = [one["column"] for one in config["columns"]]
        self.others = [place for place in range(site.width) if place not in self.columns]
        draw = Initializer.from_config(config["initializer"]).draw
        self.parameters = []
        for index, one in enumerate(config["columns"]):
            shape = one["categories"], one["dimensions"]
            stream = Stream(site.seed, KERNEL, site.number, index)
            values = draw(stream, shape[0] * shape[1], *shape)
            self.parameters.append(values.reshape(shape).astype(site.dtype))
        self.units = len(self.others) + sum(table.shape[1] for table in self.parameters)

    def forward(self, x: Array, step: int | None) -> tuple[Array, Any]:
        codes = [x[:, column].astype(np.int64) for column in self.columns]
        vectors = [table[code] for table, code in zip(self.parameters, codes, strict=True)]
        return np.concatenate([x[:, self.others], *vectors], axis=1), codes

    def input_gradient(self, kept: Any, g: Array) -> Array:
        raise NotImplementedError("nothing below an embedding learns")

    def parameter_gradients(self, kept: Any, g: Array) -> list[Array | None]:
        gradients: list[Array | None] = []
        place = len(self.others)
        for table, code in zip(self.parameters, kept, strict=True):
            gradient = np.zeros_like(table)
            np.add.at(gradient, code, g[:, place : place + table.shape[1]])
            gradients.append(gradient)
            place += table.shape[1]
        return gradients


class GaussianNoise(Stage):
    """In training, y = x + deviation * z with z standard normal; else y = x.

    Bishop, "Training with noise is equivalent to Tikhonov regularization" (1995). Each number is
    keyed by seed, layer, step and position, and drawn by inversion of the middle of one of 2**32
    equal parts of (0, 1).
    """

    def __init__(self, deviation: float, site: Site) -> None:
        self.parameters = []
        self.deviation, self.seed, self.number = deviation, site.seed, site.number

    def forward(self, x: Array, step: int | None) -> tuple[Array, None]:
        if step is None:
            return x, None
        bits = Stream(self.seed, NOISE, self.number, step).bits(x.size)
        normal = normal_quantile((bits.astype(np.float64) + 0.5) / 2.0**32)
        return x + (self.deviation * normal).reshape(x.shape).astype(x.dtype), None

    def input_gradient(self, kept: None, g: Array) -> Array:
        return g


class ResidualLayer(Layer):
    """``"residual"``: the block has a number, and the layers within have the following ones."""

    kind = "residual"

    @staticmethod
    def build(config: dict[str, Any], site: Site) -> tuple[list[Stage], Site]:
        stages, end = build(config["layers"], site.after(site.width))
        return [Residual(stages)], end


class EmbeddingLayer(Layer):
    """``"embedding"``."""

    kind = "embedding"

    @staticmethod
    def build(config: dict[str, Any], site: Site) -> tuple[list[Stage], Site]:
        stage = Embedding(config, site)
        return [stage], site.after(stage.units)


class GaussianNoiseLayer(Layer):
    """``"gaussian_noise"``."""

    kind = "gaussian_noise"

    @staticmethod
    def build(config: dict[str, Any], site: Site) -> tuple[list[Stage], Site]:
        return [GaussianNoise(config["deviation"], site)], site.after(site.width)


class ActivationLayer(Layer):
    """``"activation"``."""

    kind = "activation"

    @staticmethod
    def build(config: dict[str, Any], site: Site) -> tuple[list[Stage], Site]:
        function = Activation.from_config(config["activation"])
        return [Activate(function, site.width, site.dtype)], site.after(site.width)
