"""The border's second half: what y may be for each loss, and how labels become classes.

`encode` is the only entrance. It returns y in one of the two forms that a backend takes (class
numbers, or a row of values for each row of X), together with the loss that this form calls for and
the labels that the classes stand for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast import _validation
from nnfast.activations import Activation
from nnfast.losses import CrossEntropy, Loss

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast._backend import Backend

    Array: TypeAlias = NDArray[Any]

SUM_TOLERANCE = 1e-3  # float16 probabilities of a hundred classes still pass


class Outputs(NamedTuple):
    """What y has to fit: the network's outputs, its dtype and the labels that it knows."""

    activation: Activation
    units: int
    dtype: np.dtype[Any]
    backend: Backend
    classes: Array | None


class Target(NamedTuple):
    """y as a backend takes it, the loss for it, and the labels of its classes."""

    loss: Loss
    values: Array
    classes: Array | None


def encode(
    y: object,
    rows: int,
    loss: Loss,
    outputs: Outputs,
    *,
    argument: str = "y",
    inputs: str = "X",
) -> Target:
    """Return y as `loss` wants it, after every check.

    Parameters
    ----------
    y : array-like
        Targets, one for each row.
    rows : int
        How many rows X has.
    loss : Loss
        The loss; `CrossEntropy` becomes the one that fits the output and y.
    outputs : Outputs
        What y has to fit.
    argument, inputs : str
        What to call y and X in an error.
    """
    values = labels(y, argument)
    if values.ndim not in (1, 2) or values.size == 0:
        raise ValueError(
            f"{argument} has the shape {values.shape}; wanted is ({rows},) or ({rows}, columns)"
        )
    _validation.same_length(len(values), rows, argument, inputs)
    if loss.targets == "labels":
        assert isinstance(loss, CrossEntropy)
        loss, values = _resolved(loss, values, outputs, argument)
    encoder = {
        "values": _values,
        "nonnegative": _nonnegative,
        "signs": _signs,
        "probabilities": _probabilities,
        "distributions": _distributions,
        "classes": _classes,
    }[loss.targets]
    encoded, classes = encoder(values, loss, outputs, argument)
    return Target(loss, encoded, classes)


def matched(target: Target, like: Target, outputs: Outputs, argument: str) -> Target:
    """Return validation targets in the form of the training's, so that one loss serves both."""
    if target.loss == like.loss:
        return target
    if target.values.ndim == 1:
        rows = np.eye(outputs.units, dtype=outputs.dtype)[target.values]
        return Target(like.loss, rows, target.classes)
    raise ValueError(
        f"{argument} holds distributions but y holds classes; wanted is the same form in both"
    )


def decided(predicted: Array, by_sign: bool, border: float, classes: Array | None) -> Array:
    """Return the labels that a network's outputs decide on: the way back from `encode`."""
    if by_sign:
        numbers = (predicted > border).astype(np.int64)
        if predicted.shape[-1] > 1:
            return numbers
        numbers = numbers[..., 0]
    else:
        numbers = predicted.argmax(axis=-1)
    return numbers if classes is None else classes[numbers]


def labels(y: object, argument: str) -> Array:
    """Return y as an array of numbers, booleans or strings; objects become what they all are."""
    values = _validation.array(y, argument)
    if values.dtype.kind == "O":
        kinds = {type(value) for value in values.ravel()}
        if all(issubclass(kind, str) for kind in kinds):
            return values.astype(np.str_)
        numbers = (int, float, np.bool_, np.integer, np.floating)
        if all(issubclass(kind, numbers) for kind in kinds):
            return np.array(values.tolist())
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise TypeError(f"{argument} holds objects ({names}); wanted are numbers or strings")
    if values.dtype.kind == "T":
        return values.astype(np.str_)
    if values.dtype.kind == "U":
        return values
    if values.dtype.kind == "S":
        raise TypeError(f"{argument} holds bytes; wanted are numbers or strings: decode it")
    return _validation.real_array(values, argument)


def _resolved(
    loss: CrossEntropy, values: Array, outputs: Outputs, argument: str
) -> tuple[Loss, Array]:
    """Return the loss that `cross_entropy` stands for with this y; one-hot rows become classes."""
    if loss.decides_by_sign(outputs.activation, outputs.units):
        return loss.resolved(outputs.activation, outputs.units, soft=False), values
    if values.ndim == 1 or values.shape[1] == 1:
        return loss.resolved(outputs.activation, outputs.units, soft=False), values
    soft = loss.resolved(outputs.activation, outputs.units, soft=True)
    distributions, _ = _distributions(values, soft, outputs, argument)
    hot = distributions.argmax(axis=1)
    if np.count_nonzero(distributions) == len(hot) and np.all(
        distributions[np.arange(len(hot)), hot] == 1
    ):
        # The same numbers come out of classes as of one-hot rows, in less time and memory.
        sparse = loss.resolved(outputs.activation, outputs.units, soft=False)
        return sparse, hot if outputs.classes is None else outputs.classes[hot]
    return soft, values


def _values(
    values: Array, loss: Loss, outputs: Outputs, argument: str
) -> tuple[Array, Array | None]:
    """Encode real values, one for each output."""
    return _columns(values, loss, outputs, argument), outputs.classes


def _columns(values: Array, loss: Loss, outputs: Outputs, argument: str) -> Array:
    """Return numbers as (rows, outputs) of the network's dtype."""
    if values.dtype.kind == "U":
        raise TypeError(
            f"{argument} holds strings, which {loss.name} cannot take; wanted are numbers (or, for "
            "classes, a softmax output and cross_entropy)"
        )
    columns = values[:, np.newaxis] if values.ndim == 1 else values
    wanted = outputs.units // loss.outputs_for_each
    if columns.shape[1] != wanted:
        raise ValueError(
            f"{argument} has the shape {values.shape}; wanted is ({len(values)}, {wanted}) "
            f"for {loss.name} with {outputs.units} outputs" + _hint(values, loss)
        )
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(columns, dtype=outputs.dtype)
    _validation.finite(converted, columns, argument, outputs.backend)
    return converted


def _hint(values: Array, loss: Loss) -> str:
    if values.ndim > 1 or loss.targets not in ("distributions", "probabilities", "signs"):
        return ""
    return "; class numbers belong to a softmax output and cross_entropy"


def _nonnegative(
    values: Array, loss: Loss, outputs: Outputs, argument: str
) -> tuple[Array, Array | None]:
    """Encode numbers from 0 on, such as counts, one for each output."""
    columns = _columns(values, loss, outputs, argument)
    _refuse(columns < 0, columns, argument, loss, "numbers from 0 on")
    return columns, outputs.classes


def _refuse(wrong: Array, columns: Array, argument: str, loss: Loss, wanted: str) -> None:
    """Refuse the first value that is wrong, if any is."""
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise ValueError(
            f"{argument} holds {columns[row, column]:g} at row {row}, column {column}; {loss.name} "
            f"wants {wanted}"
        )


def _signs(
    values: Array, loss: Loss, outputs: Outputs, argument: str
) -> tuple[Array, Array | None]:
    """Encode yes-or-no targets as 1 and 0, whether they come as these, as 1 and -1 or as labels."""
    classes = outputs.classes
    if outputs.units == 1:
        values = _one_column(values, loss, argument)
        if values.dtype.kind in "Ub" or _are_strings(classes):
            numbers, classes = _class_numbers(values, 2, classes, argument)
            return _columns(numbers, loss, outputs, argument), classes
    columns = _columns(values, loss, outputs, argument)
    wrong = (columns != 1) & (columns != 0) & (columns != -1)
    _refuse(wrong, columns, argument, loss, "0 and 1, or -1 and 1")
    low = [int(value) for value in (0, -1) if (columns == value).any()]
    if len(low) == 2:
        raise ValueError(f"{argument} holds both 0 and -1; {loss.name} wants one of them for no")
    if outputs.units == 1 and low:  # all yes leaves open what no is called
        if classes is None:
            classes = np.array([low[0], 1])
        elif classes[0] != low[0]:
            raise ValueError(
                f"{argument} holds {low[0]}; wanted are labels of those seen before: "
                f"{_list(classes)}"
            )
    return (columns == 1).astype(outputs.dtype), classes


def _probabilities(
    values: Array, loss: Loss, outputs: Outputs, argument: str
) -> tuple[Array, Array | None]:
    """Encode yes-or-no targets: within [0, 1]; for one output also two strings."""
    if outputs.units > 1:
        columns, classes = _columns(values, loss, outputs, argument), outputs.classes
    else:
        values = _one_column(values, loss, argument)
        if values.dtype.kind == "U" or _are_looked_up(outputs.classes):
            numbers, classes = _class_numbers(values, 2, outputs.classes, argument)
            columns = _columns(numbers, loss, outputs, argument)
        else:
            classes = outputs.classes
            if classes is None:
                classes = np.array([False, True]) if values.dtype.kind == "b" else np.arange(2)
            columns = _columns(values, loss, outputs, argument)
    outside = (columns < 0) | (columns > 1)
    _refuse(outside, columns, argument, loss, "0 and 1, or probabilities between them")
    return columns, classes


def _distributions(
    values: Array, loss: Loss, outputs: Outputs, argument: str
) -> tuple[Array, Array | None]:
    """Encode distributions over the classes: rows that are not negative and have the sum 1."""
    columns = _columns(values, loss, outputs, argument)
    _refuse(columns < 0, columns, argument, loss, "no negative values")
    sums = columns.sum(axis=1, dtype=np.float64)
    wrong = np.abs(sums - 1) > SUM_TOLERANCE
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"{argument} has the sum {sums[row]:g} in row {row}; {loss.name} wants one-hot "
            "rows or distributions, with the sum 1"
        )
    classes = np.arange(outputs.units) if outputs.classes is None else outputs.classes
    return columns, classes


def _classes(
    values: Array, loss: Loss, outputs: Outputs, argument: str
) -> tuple[Array, Array | None]:
    """Encode one class for each row, as uint32 numbers."""
    values = _one_column(values, loss, argument)
    numbers, classes = _class_numbers(values, outputs.units, outputs.classes, argument)
    return numbers.astype(np.uint32), classes


def _one_column(values: Array, loss: Loss, argument: str) -> Array:
    if values.ndim == 2 and values.shape[1] != 1:
        raise ValueError(
            f"{argument} has the shape {values.shape}; wanted is ({len(values)},), one label for "
            f"each row, for {loss.name}"
        )
    return values.reshape(len(values))


def _class_numbers(
    values: Array, count: int, known: Array | None, argument: str
) -> tuple[Array, Array]:
    """Return labels as the numbers 0 to count - 1, and what these numbers stand for."""
    if values.dtype.kind == "U":
        if known is None:
            known = np.unique(values)
            if len(known) != count:
                raise ValueError(
                    f"{argument} holds {len(known)} different labels; wanted are {count}, as many "
                    "as the network tells apart"
                )
        return lookup(values, known, argument), known
    if _are_looked_up(known):
        return lookup(values, known, argument), known  # type: ignore[arg-type, return-value]
    wrong = (values < 0) | (values >= count)
    if values.dtype.kind == "f":
        wrong |= values != np.floor(values)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"{argument} holds {values[row]} at row {row}; wanted are whole class numbers "
            f"from 0 to {count - 1}"
        )
    if known is None:
        known = np.array([False, True]) if values.dtype.kind == "b" else np.arange(count)
        known = known if len(known) == count else np.arange(count)
    return values, known


def lookup(values: Array, known: Array, argument: str) -> Array:
    """Return the position of each label among the known ones, which are sorted."""
    if (values.dtype.kind == "U") != _are_strings(known):
        found = "strings" if values.dtype.kind == "U" else "numbers"
        raise TypeError(
            f"{argument} holds {found}; wanted are labels of the kind seen before: {_list(known)}"
        )
    places = np.searchsorted(known, values)
    unseen = known[np.minimum(places, len(known) - 1)] != values
    if unseen.any():
        row = int(unseen.argmax())
        raise ValueError(
            f"{argument} holds the label {values[row].item()!r} at row {row}; wanted are those "
            f"seen before: {_list(known)}"
        )
    return places


def _are_strings(known: Array | None) -> bool:
    return known is not None and known.dtype.kind == "U"


def _are_looked_up(known: Array | None) -> bool:
    """Whether labels are others than the numbers of their classes, as an estimator's may be."""
    if known is None or known.dtype.kind not in "Uiu":
        return False
    return known.dtype.kind == "U" or not np.array_equal(known, np.arange(len(known)))


def _list(known: Array) -> str:
    shown = [repr(label) for label in known[:10].tolist()]
    return ", ".join([*shown, "..."] if len(known) > 10 else shown)
