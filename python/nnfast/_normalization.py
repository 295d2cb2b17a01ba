"""Layers that bring values to mean 0 and variance 1: by batch, by row, or by the training rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nnfast import _validation
from nnfast._frozen import Parameter, flag, real
from nnfast._layer import Layer

if TYPE_CHECKING:
    from dataclasses import KW_ONLY

    from nnfast._layer import Array


class BatchNorm(Layer):
    """Brings each column of a batch to mean 0 and variance 1, then scales and shifts it.

    y = gamma * (x - mean) / sqrt(variance + epsilon) + beta. While training, mean and variance are
    those of the batch (the biased variance, by the number of rows). Prediction and evaluation use
    moving averages of them, so that there a row's output does not depend on other rows; so do
    `FeedForward.gradients`.

    Parameters
    ----------
    momentum : float, default 0.99
        Share of a moving average that stays at each step: ``moving * momentum + batch * (1 -
        momentum)``, as in Keras. PyTorch's momentum is the other share, 0.1 for 0.9 here, its
        epsilon is 1e-5, and its moving variance is the unbiased one, by one row less.
    epsilon : float, default 1e-3
        Added to the variance, as in Keras.
    center, scale : bool, default True
        Whether beta, and gamma, are there. They start from 0 and 1.

    Notes
    -----
    Its weights are gamma, beta, moving mean and moving variance, each (inputs,); no gradient
    changes the last two. It usually stands before an `Activation`, after a Dense without one.

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal
    covariate shift", ICML 2015, algorithms 1 and 2.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward(
    ...     [nn.Input(4), nn.Dense(8), nn.BatchNorm(), nn.Activation("relu"), nn.Dense(1)])
    >>> [array.shape for array in net.get_weights()[2:6]]
    [(8,), (8,), (8,), (8,)]
    """

    kind = "batch_norm"
    repeatable = False
    fixed_parameters = ("moving_mean", "moving_variance")

    _: KW_ONLY
    momentum: float = real(default=0.99, minimum=0.0, below=1.0)
    epsilon: float = real(default=1e-3, above=0.0)
    center: bool = flag(default=True)
    scale: bool = flag(default=True)

    def parameters(self, inputs: int, *, embedded: bool) -> dict[str, tuple[int, ...]]:
        """Return the shapes of gamma, beta and the moving averages."""
        names = [*_affine(self), *self.fixed_parameters]
        return dict.fromkeys(names, (inputs,))

    def description(self) -> str:
        """Return the momentum."""
        return f"momentum {self.momentum:g}"


class LayerNorm(Layer):
    """Brings each row to mean 0 and variance 1, then scales and shifts it by column.

    y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, mean and variance being those of the
    row. It does the same in training and in prediction.

    Parameters
    ----------
    epsilon : float, default 1e-3
        Added to the variance, as in Keras; PyTorch adds 1e-5.
    center, scale : bool, default True
        Whether beta, and gamma, are there. They start from 0 and 1.

    References
    ----------
    Ba, Kiros and Hinton, "Layer normalization", arXiv 1607.06450, 2016.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward([nn.Input(4), nn.LayerNorm(), nn.Dense(1)])
    >>> [array.tolist() for array in net.get_weights()[:2]]
    [[1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]]
    """

    kind = "layer_norm"

    _: KW_ONLY
    epsilon: float = real(default=1e-3, above=0.0)
    center: bool = flag(default=True)
    scale: bool = flag(default=True)

    def parameters(self, inputs: int, *, embedded: bool) -> dict[str, tuple[int, ...]]:
        """Return the shapes of gamma and beta."""
        return dict.fromkeys(_affine(self), (inputs,))


def _affine(layer: BatchNorm | LayerNorm) -> list[str]:
    """Return which of gamma and beta a normalization has."""
    return [name for name, there in (("gamma", layer.scale), ("beta", layer.center)) if there]


def _columns(value: Any, argument: str) -> tuple[int, ...]:
    wanted = "wanted are numbers of columns, each once"
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"{argument} is {value!r}; {wanted}")
    columns = tuple(_validation.integer(one, argument, minimum=0) for one in value)
    if len(set(columns)) < len(columns):
        raise ValueError(f"{argument} is {value!r}; {wanted}")
    return tuple(sorted(columns))


class Standardize(Layer):
    """Subtracts each column's mean in the training rows, and divides by its standard deviation.

    The two are found in the rows of the first `FeedForward.fit`, or by `FeedForward.adapt`, and
    saved with the network. They are weights that no gradient changes; before they are found, the
    deviations are 0, and the network predicts nothing.

    It can only be the first layer after `Input`. A column that is constant is divided by 1.

    Parameters
    ----------
    leave : list of int, optional
        Columns to leave as they are. Those that a following `Embedding` reads are left in any case.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> net = nn.FeedForward([nn.Input(2), nn.Standardize(), nn.Dense(1)], dtype="float64")
    >>> net.adapt(np.array([[1.0, 5.0], [3.0, 5.0]]))
    >>> [array.tolist() for array in net.get_weights()[:2]]
    [[2.0, 5.0], [1.0, 1.0]]
    """

    kind = "standardize"
    fixed_parameters = ("mean", "deviation")

    _: KW_ONLY
    leave: tuple[int, ...] = Parameter(_columns, (), {})  # type: ignore[assignment]

    if TYPE_CHECKING:

        def __init__(self, *, leave: Sequence[int] = ()) -> None: ...

    def config(self) -> dict[str, Any]:
        """Return the layer as a plain dict."""
        return {"type": self.kind, "leave": list(self.leave)}

    def parameters(self, inputs: int, *, embedded: bool) -> dict[str, tuple[int, ...]]:
        """Return the shapes of means and deviations."""
        return dict.fromkeys(self.fixed_parameters, (inputs,))

    def refuse_weights(self, name: str, values: Array, argument: str) -> None:
        """Refuse to change columns that are left as they are."""
        neutral = 0.0 if name == "mean" else 1.0
        if not values.any():  # not fitted yet
            return
        for column in self.leave:
            if values[column] != neutral:
                raise ValueError(
                    f"{argument} has the value {values[column]:g} for the column {column}, which "
                    f"the layer leaves as it is; wanted is {neutral:g} there"
                )

    def check_place(self, before: Sequence[Layer], width: int, argument: str) -> None:
        """Refuse a place after another layer than the input, and columns that are not there."""
        if len(before) != 1:
            raise ValueError(f"{argument} is {self!r}; wanted is that it comes first after Input")
        for column in self.leave:
            if column >= width:
                raise ValueError(
                    f"{argument} is {self!r} but its input has {width} columns; wanted are numbers "
                    f"of columns up to {width - 1}"
                )

    def __repr__(self) -> str:
        return f"Standardize(leave={list(self.leave)})" if self.leave else "Standardize()"
