"""The weights of rows: what their losses are multiplied by, from what a user passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _targets, _validation

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


def of_rows(
    values: object,
    count: int,
    outputs: _targets.Outputs,
    argument: str = "sample_weight",
    inputs: str = "X",
) -> Array | None:
    """Return a weight for each row, in the network's dtype; None if there are none."""
    if values is None:
        return None
    wanted = f"wanted is a number for each row, ({count},)"
    given = _validation.real_array(values, argument)
    if given.ndim != 1:
        raise ValueError(f"{argument} has the shape {given.shape}; {wanted}")
    if len(given) != count:
        raise ValueError(
            f"{argument} has {len(given)} weights but {inputs} has {count} rows; {wanted}"
        )
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(given, dtype=outputs.dtype)
    _validation.finite(converted, given, argument, outputs.backend)
    if (converted < 0).any():
        row = int((converted < 0).argmax())
        raise ValueError(
            f"{argument} holds {given[row]} at row {row}; wanted is no negative weight"
        )
    return converted


def of_classes(
    values: object,
    target: _targets.Target,
    outputs: _targets.Outputs,
    rows: Array | None = None,
    argument: str = "class_weight",
) -> Array | None:
    """Return for each row the weight of its class; None if classes have none.

    Parameters
    ----------
    values : dict or "balanced"
        Labels and their weights; classes that are not there weigh 1. Balanced, a class weighs rows
        / (classes * rows of it), by the classes that there are, as in scikit-learn.
    target : Target
        The rows' classes.
    rows : ndarray, optional
        The numbers of the rows that count for "balanced".
    """
    if values is None:
        return None
    wanted = "wanted is a dict of labels and weights, or 'balanced'"
    balanced = isinstance(values, str)
    if balanced and values != "balanced":
        raise ValueError(f"{argument} is {values!r}; {wanted}")
    if not balanced and not isinstance(values, Mapping):
        raise TypeError(f"{argument} is a {type(values).__name__}; {wanted}")
    numbers = _numbers(target, outputs, argument)
    count = max(outputs.units, 2)
    if isinstance(values, Mapping):
        weights = np.ones(count)
        for label, weight in values.items():
            weights[_number(label, target.classes, count, argument)] = _validation.number(
                weight, f"{argument}[{label!r}]", minimum=0
            )
    else:
        counts = np.bincount(numbers if rows is None else numbers[rows], minlength=count)
        there = np.count_nonzero(counts)
        weights = counts.sum() / (there * np.maximum(counts, 1))
    taken: Array = weights.astype(outputs.dtype)[numbers]
    return taken


def product(first: Array | None, second: Array | None) -> Array | None:
    """Return the weights of rows that have two, one or none."""
    if first is None or second is None:
        return second if first is None else first
    both: Array = first * second
    return both


def _numbers(target: _targets.Target, outputs: _targets.Outputs, argument: str) -> Array:
    """Return the number of each row's class."""
    values = target.values
    if values.ndim == 1:
        return values
    if target.loss.decides_by_sign(outputs.activation, outputs.units):
        allowed = (-1, 0, 1) if target.loss.targets == "signs" else (0, 1)
        if outputs.units == 1 and np.isin(values, allowed).all():
            numbers: Array = (values[:, 0] == 1).astype(np.intp)
            return numbers
    elif target.loss.targets == "distributions":
        numbers = values.argmax(axis=1)
        return numbers
    found = f"{target.loss.name} with {outputs.units} output{'s' if outputs.units > 1 else ''}"
    raise ValueError(
        f"{argument} wants targets that name one class for each row, which those of {found} do "
        "not; use sample_weight"
    )


def _number(label: object, classes: Array | None, count: int, argument: str) -> int:
    """Return the number of a label."""
    known = np.arange(count) if classes is None else classes
    found = np.flatnonzero(known == label) if np.isscalar(label) else np.arange(0)
    if len(found) != 1:
        listed = ", ".join(map(repr, known.tolist()[:10])) + (", ..." if len(known) > 10 else "")
        raise ValueError(f"{argument} has the label {label!r}; wanted are labels of {listed}")
    return int(found[0])
