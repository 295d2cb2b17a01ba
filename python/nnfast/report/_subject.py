"""What a report is of: a network, rows, what is right of them, and what the network says."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast import _validation
from nnfast.report._png import Images, found_shape
from nnfast.tables import column_names

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.metrics import Answers
    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]


class Column(NamedTuple):
    """A column as its reader knows it, and the columns of X that it became."""

    name: str
    places: tuple[int, ...]
    values: Array  # numbers, NaN where one is missing; or words, None where one is


class Subject:
    """The network and its answers, after every check.

    Attributes
    ----------
    kind : {"numbers", "classes", "answers"}
        Whether a row has numbers to be met, one class, or several answers of yes or no.
    x : ndarray of shape (rows, inputs)
    outputs : ndarray of shape (rows, outputs)
        What the network says.
    answers : Answers
        The same beside what is right.
    columns : list of Column
    images : Images or None
        How rows are drawn, if they are images.
    classes : list of str
        The names of the classes, or of the several answers.
    """

    def __init__(
        self,
        network: FeedForward,
        X: Any,
        y: Any,
        column_names: Sequence[str] | None,
        class_names: Sequence[str] | None,
        image_shape: tuple[int, ...] | None,
    ) -> None:
        self.network = network
        names, given, y = _named(network, X, y)
        self.x, target, _ = network._data(given, y, None)
        self.y, self.loss = y, target.loss
        self.outputs = network._network.predict(self.x, network.threads, None)
        _refuse_not_finite(self.outputs)
        self.answers: Answers = network._answers(target.values, self.outputs)
        if target.loss.targets in ("values", "nonnegative"):
            self.kind = "numbers"
        else:
            self.kind = "answers" if self.answers.several else "classes"
        self.targets = target.values
        self.target_name = _name_of_target(network, y)
        self.classes = self._classes(target.classes, y)
        if class_names is not None:
            if self.kind == "numbers":
                raise ValueError(
                    f"class_names was given, but {network.loss.name} is of numbers; wanted is None"
                )
            count = len(self.classes)
            self.classes = _checked_names(class_names, count, "class_names", "class")
        if column_names is not None:
            names = _checked_names(column_names, network.inputs, "column_names", "input")
        shape = _checked_shape(image_shape, network.inputs)
        if shape is None and names is None:
            shape = found_shape(self.x)
        self.images = None if shape is None else Images(shape, self.x)
        self.columns = _columns(network, X, self.x, names)

    def _classes(self, known: Array | None, y: Any) -> list[str]:
        if self.kind == "classes" and known is not None:
            return [str(name) for name in known.tolist()]
        if self.kind == "classes":
            return [str(number) for number in range(max(self.outputs.shape[1], 2))]
        count = self.answers.outputs.shape[1]
        named = column_names(y)
        if named is not None and len(named) == count:
            return [str(name) for name in named]
        if count == 1:
            return [self.target_name]
        return [f"output {place + 1}" for place in range(count)]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.x)

    @property
    def has_probabilities(self) -> bool:
        """Whether the outputs are probabilities, or net inputs of such."""
        return self.kind != "numbers" and self.loss.targets != "signs"

    @functools.cached_property
    def probabilities(self) -> Array:
        """The probability of each class, or of each yes, (rows, classes)."""
        given = self.answers.probabilities()
        if self.kind == "classes" and given.shape[1] == 1:
            return np.hstack([1.0 - given, given])
        return given

    @functools.cached_property
    def true(self) -> Array:
        """What is right: numbers of classes (rows,), or yes and no (rows, classes)."""
        return self.answers.hot() if self.kind == "answers" else self.answers.classes()

    @functools.cached_property
    def said(self) -> Array:
        """What the network says, in the same form."""
        if self.kind == "answers":
            yes: Array = self.answers.outputs > self.answers.threshold
            return yes
        return self.answers.decided()

    @functools.cached_property
    def values(self) -> Array:
        """The numbers that are right, (rows, outputs)."""
        return self.answers.values()

    @functools.cached_property
    def predicted(self) -> Array:
        """The numbers that the network says, (rows, outputs)."""
        return self.answers.outputs.astype(np.float64)


def _named(network: FeedForward, X: Any, y: Any) -> tuple[list[str] | None, Any, Any]:
    """Return the names of the columns of X, if it has some, then X and y as arrays."""
    table = network.table
    if table is not None:
        columns = None if column_names(X) is None else X
        if y is None:
            if columns is None:
                raise TypeError(
                    "y is missing; wanted are targets, or an X of columns with the target among "
                    "them"
                )
            y = table.targets(columns)
        return table.names, X if columns is None else table.encode(columns), y
    if y is None:
        raise TypeError("y is missing; wanted are targets, one for each row of X")
    if isinstance(X, dict):
        raise TypeError(
            "X is a dict; wanted is an array or a DataFrame of numbers, or columns as they are if "
            "net.table says what they mean"
        )
    names = column_names(X)
    return None if names is None else [str(name) for name in names], X, y


def _name_of_target(network: FeedForward, y: Any) -> str:
    named = getattr(y, "name", None)
    if named is None and network.table is not None:
        named = network.table.target
    return "y" if named is None else str(named)


def _checked_names(names: Any, count: int, argument: str, each: str) -> list[str]:
    if isinstance(names, str) or not hasattr(names, "__iter__"):
        raise TypeError(f"{argument} is {names!r}; wanted is a list of names")
    result = [str(name) for name in names]
    if len(result) != count:
        raise ValueError(
            f"{argument} has {len(result)} names; wanted are {count}, one for each {each}"
        )
    return result


def _refuse_not_finite(outputs: Array) -> None:
    wrong = ~np.isfinite(outputs).all(axis=1)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"the network says {outputs[row].tolist()} of row {row}; a report wants finite "
            "predictions, and diagnose(X, y) may show why they are not"
        )


def _checked_shape(shape: Any, count: int) -> tuple[int, ...] | None:
    if shape is None:
        return None
    wanted = f"wanted is (height, width), or (height, width, 3), with the product {count}"
    try:
        result = tuple(
            _validation.integer(one, f"image_shape[{place}]") for place, one in enumerate(shape)
        )
    except TypeError:
        raise TypeError(f"image_shape is {shape!r}; {wanted}") from None
    right = len(result) == 2 or (len(result) == 3 and result[2] == 3)
    if not right or int(np.prod(result)) != count:
        raise ValueError(f"image_shape is {shape!r}; {wanted}")
    return result


def _columns(network: FeedForward, X: Any, x: Array, names: list[str] | None) -> list[Column]:
    table = network.table
    if table is None:
        known = names or [f"column {place}" for place in range(x.shape[1])]
        return [Column(name, (place,), x[:, place]) for place, name in enumerate(known)]
    as_given = table.decode(x) if isinstance(X, np.ndarray) else table.read(X)
    places = table.places
    return [Column(name, places[name], values) for name, values in as_given.items()]
