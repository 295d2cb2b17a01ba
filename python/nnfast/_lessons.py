"""What networks are given to learn from: checked once for all networks that ask the same of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from nnfast import _architecture, _targets, _validation, _weights

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]

Checked = TypeVar("Checked")


class Lesson(NamedTuple):
    """What a network learns from, as a backend takes it."""

    x: Array
    target: _targets.Target
    rows: Array | None  # the numbers of those that there are to it; None for all
    batch_size: int
    shuffle: bool
    validation: tuple[Array, Array, Array | None] | None  # with the weights of its rows
    weights: Array | None  # of the rows of x

    @property
    def length(self) -> int:
        """How many rows an epoch goes through."""
        return len(self.x if self.rows is None else self.rows)


class Names(NamedTuple):
    """What errors call the arguments."""

    y: str = "y"
    rows: str = "rows"
    sample_weight: str = "sample_weight"
    validation: str = "validation_data"


class Border:
    """The checks of one call: each is made once, however many networks and arguments share it.

    What a user passed is known by its identity: for as long as the call lasts, that is enough.
    """

    def __init__(self) -> None:
        self._made: dict[Hashable, Any] = {}

    def lesson(
        self,
        network: FeedForward,
        X: object,
        y: object,
        *,
        sample_weight: object,
        class_weight: object,
        rows: object,
        batch_size: int,
        shuffle: bool,
        validation_data: object,
        names: Names = Names(),  # noqa: B008 (it is immutable)
    ) -> Lesson:
        """Return what `FeedForward.fit` was given, after every check."""
        _architecture.refuse_untrainable(network.layers)
        batch_size = _validation.integer(batch_size, "batch_size")
        shuffle = _validation.boolean(shuffle, "shuffle")
        x = self._inputs(network, X, "X")
        target = self._target(network, y, x, network.classes_, names.y, "X")
        numbers = None
        if rows is not None:
            numbers = self._once(
                ("rows", id(rows), len(x)), lambda: _validation.rows(rows, len(x), names.rows)
            )
        validation = None
        if validation_data is not None:
            validation = self._validation(network, validation_data, target, names.validation)
        weights = self._weights(network, sample_weight, x, names.sample_weight, "X")
        outputs = network._outputs(target.classes)
        by_class = _weights.of_classes(class_weight, target, outputs, numbers)
        weights = _weights.product(weights, by_class)
        length = len(x if numbers is None else numbers)
        batch_size = min(batch_size, length)
        return Lesson(x, target, numbers, batch_size, shuffle, validation, weights)

    def _validation(
        self, network: FeedForward, data: object, target: _targets.Target, argument: str
    ) -> tuple[Array, Array, Array | None]:
        X, y, sample_weight = _validation.rows_given(data, argument)
        names = [f"{argument}[{index}]" for index in range(3)]
        x = self._inputs(network, X, names[0])
        encoded = self._target(network, y, x, target.classes, names[1], names[0])
        outputs = network._outputs(target.classes)
        matched = _targets.matched(encoded, target, outputs, names[1])
        return x, matched.values, self._weights(network, sample_weight, x, names[2], names[0])

    def _inputs(self, network: FeedForward, X: object, argument: str) -> Array:
        scale = _architecture.input_scale(network.layers)
        start = network.layers[1:3]  # which may want codes of categories
        key = ("X", id(X), network.inputs, network.dtype, network.backend, scale, start)
        return self._once(key, lambda: network._inputs(X, argument))

    def _weights(
        self, network: FeedForward, values: object, x: Array, argument: str, inputs: str
    ) -> Array | None:
        outputs = network._outputs(None)
        key = ("weights", id(values), len(x), network.dtype, network.backend)
        return self._once(key, lambda: _weights.of_rows(values, len(x), outputs, argument, inputs))

    def _target(
        self,
        network: FeedForward,
        y: object,
        x: Array,
        classes: Array | None,
        argument: str,
        inputs: str,
    ) -> _targets.Target:
        outputs, loss = network._outputs(classes), network.loss
        known = None if classes is None else (classes.dtype, classes.tobytes())
        key = ("y", id(y), len(x), loss, outputs._replace(classes=None), known)
        return self._once(
            key,
            lambda: _targets.encode(y, len(x), loss, outputs, argument=argument, inputs=inputs),
        )

    def _once(self, key: Hashable, check: Callable[[], Checked]) -> Checked:
        if key not in self._made:
            self._made[key] = check()
        made: Checked = self._made[key]
        return made
