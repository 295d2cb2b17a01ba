"""What the nodes of the first layer look for, as images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from nnfast.plot._figure import axes_or_new, checked_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def first_layer_weights(
    net: Any,
    *,
    shape: tuple[int, int] | None = None,
    count: int = 64,
    ax: Axes | None = None,
) -> Axes:
    """Draw the weights of the first layer as images, one for each node.

    Where the inputs are the pixels of an image, so are a node's weights: red pixels push the node
    up, blue ones down, and those that are white it does not look at.

    Parameters
    ----------
    net : FeedForward or estimator
        The net, trained or not, or a fitted multilayer perceptron of scikit-learn's kind. Biases
        are not drawn.
    shape : (int, int), optional
        Height and width of the images in pixels; by default they are square.
    count : int
        How many nodes to draw, the first of the layer: all of them if it has fewer.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        With one image, the nodes side by side in rows, and a colour bar that is symmetric around 0.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `net` is neither, or `ax` is not matplotlib axes.
    ValueError
        If `shape` does not hold as many pixels as the net has inputs, or `count` is not at least 1.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("64-16-10", output="softmax", seed=0)
    >>> nn.plot.first_layer_weights(net).get_title()
    'Weights of the 16 nodes of the first layer'
    """
    kernel = _first_kernel(net)
    inputs, units = kernel.shape
    height, width = _image_shape(shape, inputs)
    shown = min(checked_count(count, "count"), units)

    columns = _columns(shown, height / width)
    rows = math.ceil(shown / columns)
    mosaic = _mosaic(kernel[:, :shown].T.reshape(shown, height, width), rows, columns)

    ratio = mosaic.shape[0] / mosaic.shape[1]
    ax = axes_or_new(ax, width=7.0, height=min(max(0.7 + 5.7 * ratio, 2.0), 20.0))
    # A few outliers would leave all the rest pale, so the scale ends where 99.8 % of the weights
    # do.
    magnitude = np.abs(kernel[:, :shown])
    limit = float(np.quantile(magnitude, 0.998)) or 1.0
    extend = "both" if magnitude.max() > limit else "neither"
    image = ax.imshow(mosaic, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    # The gaps between the images, and the frame, in one grey.
    ax.set_facecolor("0.8")
    ax.spines[:].set_color("0.8")
    of = f"{shown} of the {units}" if shown < units else f"the {units}"
    ax.set_title(f"Weights of {of} node{'s' * (units > 1)} of the first layer")
    bar = ax.figure.colorbar(image, ax=ax, extend=extend, shrink=0.8)
    bar.set_label("weight")
    bar.outline.set_visible(False)
    return ax


def _first_kernel(net: Any) -> NDArray[np.float64]:
    """Return the first layer's weights, shape (inputs, units), without its bias."""
    from nnfast import _architecture
    from nnfast.layers import Input
    from nnfast.network import FeedForward

    if not isinstance(net, FeedForward) and hasattr(net, "coefs_"):
        return np.asarray(net.coefs_[0], dtype=np.float64)
    if not isinstance(net, FeedForward):
        raise TypeError(f"net must be a FeedForward, got {type(net).__name__}.")
    names = [name for name, _ in _architecture.parameters(net.layers, net.bias)]
    first = next(place for place, name in enumerate(names) if name.endswith(("kernel", "weight")))
    weight = np.asarray(net.get_weights()[first], dtype=np.float64)
    inputs = cast(Input, net.layers[0]).units
    # With an embedded bias row 0 belongs to the constant 1, which comes before the inputs.
    return weight[weight.shape[0] - inputs :]


def _image_shape(shape: tuple[int, int] | None, inputs: int) -> tuple[int, int]:
    """Height and width in pixels of an image of `inputs` pixels."""
    if shape is None:
        side = math.isqrt(inputs)
        if side * side != inputs:
            raise ValueError(
                f"shape must be given as (height, width), as the {inputs} inputs of the net do not "
                "make a square image."
            )
        return side, side
    try:
        height, width = (int(side) for side in shape)
    except (TypeError, ValueError):
        raise ValueError(f"shape must be (height, width), got {shape!r}.") from None
    if height < 1 or width < 1 or height * width != inputs:
        raise ValueError(
            f"shape must hold as many pixels as the net has inputs, {inputs}, got {shape!r}."
        )
    return height, width


def _columns(count: int, ratio: float) -> int:
    """How many of `count` images of height to width `ratio` to put side by side.

    About one and a half times as many as make a square picture, and then the number near it that
    leaves the fewest places of the last row empty.
    """
    wanted = math.sqrt(1.5 * count * ratio)
    fewest = min(count, max(1, round(wanted / 1.4)))
    most = max(fewest, min(count, round(wanted * 1.6)))
    return min(
        range(fewest, most + 1), key=lambda columns: (-count % columns, abs(columns - wanted))
    )


def _mosaic(images: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    """Lay images, shape (count, height, width), side by side with gaps of NaN between them."""
    count, height, width = images.shape
    gap = max(1, min(height, width) // 10)
    mosaic = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap), np.nan)
    for index in range(count):
        row, column = divmod(index, columns)
        top, left = gap + row * (height + gap), gap + column * (width + gap)
        mosaic[top : top + height, left : left + width] = images[index]
    return mosaic
