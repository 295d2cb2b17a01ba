"""Labels and probabilities, checked and brought into one form for the pictures of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    Array: TypeAlias = NDArray[Any]


def labelled(
    y_true: ArrayLike,
    y_score: ArrayLike,
    classes: Sequence[Any] | Array | None,
    argument: str,
) -> tuple[Array, Array, list[str]]:
    """Return the place of each row's class among all, the scores by column, and the names.

    With two classes there is one column of scores, which are those of the second.
    """
    true, scores = np.asarray(y_true), np.asarray(y_score)
    if true.ndim != 1:
        raise ValueError(f"y_true must hold one class for each row, got shape {true.shape}.")
    if scores.dtype.kind not in "fiub" or scores.ndim not in (1, 2):
        raise ValueError(
            f"{argument} must hold one number for each row, or one for each row and class, got "
            f"shape {scores.shape} of {scores.dtype}."
        )
    if len(true) != len(scores):
        raise ValueError(
            f"y_true and {argument} must have the same length, got {len(true)} and {len(scores)}."
        )
    if len(true) == 0:
        raise ValueError("y_true must hold at least one row, got none.")
    scores = scores.reshape(len(scores), -1).astype(np.float64)
    if not np.isfinite(scores).all():
        raise ValueError(f"{argument} must hold finite numbers.")
    count = max(scores.shape[1], 2)
    places, names = _places(true, count, classes)
    return places, scores[:, 1:] if scores.shape[1] == 2 else scores, names


def _places(
    true: Array, count: int, classes: Sequence[Any] | Array | None
) -> tuple[Array, list[str]]:
    """Return the number of each row's class, from 0, and the names of all."""
    numbers = true.dtype.kind in "iub"
    if classes is None:
        try:
            known = np.unique(true)
        except TypeError:
            raise TypeError("the labels of y_true must be of one kind.") from None
        if numbers and known.min() >= 0 and known.max() < count:
            known = np.arange(count)
        if len(known) != count:
            raise ValueError(
                f"classes must be given, as y_true has {len(known)} different labels and there are "
                f"scores for {count} classes."
            )
        order = known.tolist()
        names = [str(label) for label in order]
    else:
        order = list(np.asarray(classes).tolist())
        names = [str(label) for label in order]
        if len(order) != count or len(set(order)) != count:
            raise ValueError(f"classes must be {count} different ones, got {order}.")
        if numbers and all(isinstance(label, str) for label in order):
            order = list(range(count))
    position = {label: index for index, label in enumerate(order)}
    try:
        return np.array([position[label] for label in true.tolist()]), names
    except KeyError as error:
        raise ValueError(
            f"classes must hold every label of y_true, got none for {error.args[0]!r}."
        ) from None
