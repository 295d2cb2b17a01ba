"""Layers that bring values to mean 0 and variance 1."""

# ruff: noqa: D102 (the base class says what its methods do)
# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .layers import Layer, Site, Stage


class Normalization(Stage):
    """y = gamma * xhat + beta, with xhat = (x - mean) / sqrt(variance + epsilon).

    x, y (rows, width); gamma, beta (width,), of which either may be left out.
    """

    def __init__(self, config: dict[str, Any], site: Site) -> None:
        self.epsilon, self.scale, self.center = (
            config[name] for name in ("epsilon", "scale", "center")
        )
        one = np.ones(site.width, dtype=site.dtype)
        self.parameters = [one] * self.scale + [0 * one] * self.center

    def affine(self, normalized: Array) -> Array:
        y = normalized
        if self.scale:
            y = y * self.parameters[0]
        return y + self.parameters[int(self.scale)] if self.center else y

    def by_normalized(self, g: Array) -> Array:
        """Give dL/dxhat (rows, width)."""
        return g * self.parameters[0] if self.scale else g

    def affine_gradients(self, normalized: Array, g: Array) -> list[Array]:
        gamma, beta = np.sum(g * normalized, axis=0), np.sum(g, axis=0)
        return [gamma] * self.scale + [beta] * self.center


class LayerNorm(Normalization):
    """Mean and variance of each row.

    Ba, Kiros and Hinton, "Layer normalization" (2016). With r = 1 / sqrt(variance + epsilon) and
    g = dL/dxhat, dL/dx = r (g - mean(g) - xhat mean(g xhat)), the means over the row.
    """

    def forward(self, x: Array, step: int | None) -> tuple[Array, tuple[Array, Array]]:
        centred = x - np.mean(x, axis=1, keepdims=True)
        variance = np.mean(centred**2, axis=1, keepdims=True)
        r = 1 / np.sqrt(variance + x.dtype.type(self.epsilon))
        normalized = centred * r
        return self.affine(normalized), (normalized, r)

    def input_gradient(self, kept: tuple[Array, Array], g: Array) -> Array:
        normalized, r = kept
        g = self.by_normalized(g)
        product = np.mean(g * normalized, axis=1, keepdims=True)
        return r * (g - np.mean(g, axis=1, keepdims=True) - normalized * product)

    def parameter_gradients(self, kept: tuple[Array, Array], g: Array) -> list[Array | None]:
        return [*self.affine_gradients(kept[0], g)]


class BatchNorm(Normalization):
    """Mean and variance of each column: of the batch in training, else their moving averages.

    Ioffe and Szegedy, "Batch normalization" (2015), algorithms 1 and 2. The variance is the biased
    one, by the number of rows, also in the moving average (Keras). With r and g as in `LayerNorm`,
    dL/dx is the same, the means over the batch; and r g where mean and variance are given.
    """

    def __init__(self, config: dict[str, Any], site: Site) -> None:
        super().__init__(config, site)
        self.momentum = config["momentum"]
        self.mean = np.zeros(site.width, dtype=site.dtype)
        self.variance = np.ones(site.width, dtype=site.dtype)
        self.parameters += [self.mean, self.variance]

    def forward(self, x: Array, step: int | None) -> tuple[Array, tuple[Array, Array, bool]]:
        mean, variance = self.mean, self.variance
        if step is not None:
            mean = np.mean(x, axis=0)
            variance = np.mean((x - mean) ** 2, axis=0)
            for moving, batch in ((self.mean, mean), (self.variance, variance)):
                moving[...] = moving * self.momentum + batch * (1 - self.momentum)
        r = 1 / np.sqrt(variance + x.dtype.type(self.epsilon))
        normalized = (x - mean) * r
        return self.affine(normalized), (normalized, r, step is not None)

    def input_gradient(self, kept: tuple[Array, Array, bool], g: Array) -> Array:
        normalized, r, of_batch = kept
        g = self.by_normalized(g)
        if not of_batch:
            return r * g
        product = np.mean(g * normalized, axis=0)
        return r * (g - np.mean(g, axis=0) - normalized * product)

    def parameter_gradients(self, kept: tuple[Array, Array, bool], g: Array) -> list[Array | None]:
        return [*self.affine_gradients(kept[0], g), None, None]


class Standardize(Stage):
    """xhat = (x - mean) / deviation, by what `fit` found in the training rows."""

    def __init__(self, leave: list[int], site: Site) -> None:
        self.leave = leave
        self.mean = np.zeros(site.width, dtype=site.dtype)
        self.deviation = np.zeros(site.width, dtype=site.dtype)  # 0: not fitted
        self.parameters = [self.mean, self.deviation]

    @property
    def learns(self) -> bool:
        """No."""
        return False

    @property
    def is_fitted(self) -> bool:
        """Whether means and deviations were found."""
        return bool(np.all(self.deviation != 0))

    def fit(self, x: NDArray[Any]) -> None:
        """Find means and deviations of the columns of x (rows, width), in float64."""
        x = x.astype(np.float64, copy=False)
        mean = np.mean(x, axis=0)
        deviation = np.sqrt(np.mean((x - mean) ** 2, axis=0))
        # What is smaller is rounding: the column is constant.
        least = 10 * np.finfo(np.float64).eps * np.abs(mean)
        deviation[deviation <= least] = 1.0
        mean[self.leave], deviation[self.leave] = 0.0, 1.0
        self.mean[...], self.deviation[...] = mean, deviation
        self.deviation[self.deviation == 0] = 1.0  # too small for the network's dtype

    def forward(self, x: Array, step: int | None) -> tuple[Array, None]:
        return (x - self.mean) / self.deviation, None

    def input_gradient(self, kept: None, g: Array) -> Array:
        return g / self.deviation

    def parameter_gradients(self, kept: None, g: Array) -> list[Array | None]:
        return [None, None]


class LayerNormLayer(Layer):
    """``"layer_norm"``."""

    kind = "layer_norm"

    @staticmethod
    def build(config: dict[str, Any], site: Site) -> tuple[list[Stage], Site]:
        return [LayerNorm(config, site)], site.after(site.width)


class BatchNormLayer(Layer):
    """``"batch_norm"``."""

    kind = "batch_norm"

    @staticmethod
    def build(config: dict[str, Any], site: Site) -> tuple[list[Stage], Site]:
        return [BatchNorm(config, site)], site.after(site.width)


class StandardizeLayer(Layer):
    """``"standardize"``."""

    kind = "standardize"

    @staticmethod
    def build(config: dict[str, Any], site: Site) -> tuple[list[Stage], Site]:
        return [Standardize(config["leave"], site)], site.after(site.width)
