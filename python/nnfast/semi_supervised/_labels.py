"""The border: which rows are labelled, and which networks can learn from rows that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast import _architecture, _targets, _validation
from nnfast.losses import CrossEntropy
from nnfast.network import FeedForward

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class Partly(NamedTuple):
    """Rows of which some are labelled."""

    x: Array
    y: Array  # the labels as they came, the marker among them
    known: NDArray[np.bool_]  # which rows are labelled


def checked_network(net: object) -> FeedForward:
    """Return the network if it tells classes apart by softmax and a cross-entropy."""
    if not isinstance(net, FeedForward):
        raise TypeError(f"net is a {type(net).__name__}; wanted is a FeedForward")
    output = _architecture.output(net.layers)
    if output.activation.name != "softmax":
        raise ValueError(
            f"net has a {output.activation.name} output; wanted is softmax, whose outputs are the "
            "probabilities of classes (of two, two outputs)"
        )
    if not isinstance(net.loss, CrossEntropy):
        raise ValueError(f"the loss of net is {net.loss!r}; wanted is cross_entropy")
    return net


def checked_marker(unlabelled: object) -> int | str:
    """Return the label that stands for no label."""
    if isinstance(unlabelled, str):
        return str(unlabelled)
    if isinstance(unlabelled, (int, np.integer)) and not isinstance(unlabelled, bool):
        return int(unlabelled)
    raise TypeError(f"unlabelled is {unlabelled!r}; wanted is a whole number or a string")


def partly(net: FeedForward, X: object, y: object, marker: int | str) -> Partly:
    """Return rows and labels after every check; some rows are labelled and some are not."""
    x = net._inputs(X)
    labels = _targets.labels(y, "y")
    if labels.ndim != 1:
        raise ValueError(
            f"y has the shape {labels.shape}; wanted is ({len(x)},), a label for each row"
        )
    _validation.same_length(len(labels), len(x), "y", "X")
    strings = labels.dtype.kind == "U"
    if strings != isinstance(marker, str):
        held, like = ("strings", "such as ''") if strings else ("numbers", "such as -1")
        raise TypeError(
            f"y holds {held} but unlabelled is {marker!r}; wanted is one of them, {like}"
        )
    if labels.dtype.kind == "u" and isinstance(marker, int) and marker < 0:
        raise ValueError(
            f"y holds {labels.dtype}, in which there is no {marker}; wanted are signed integers"
        )
    known = labels != marker
    if not known.any():
        raise ValueError(f"y has {marker!r} in every row; wanted are some rows with labels")
    if known.all():
        raise ValueError(
            f"y has {marker!r} in no row; wanted are some rows without a label (else take "
            "FeedForward.fit)"
        )
    return Partly(x, labels, known)
