"""What networks are given to learn from: checked once for all networks that ask the same of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from nnfast import _architecture, _targets, _validation, _weights

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast import losses
    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]

Checked = TypeVar("Checked")

_NOT_YET: Any = object()


class Batch(NamedTuple):
    """Some rows as a backend takes them."""

    x: Array
    y: Array
    weights: Array | None
    loss: losses.Loss
    classes: Array | None = None
    rows: Array | None = None  # the numbers of those that are meant; None for all
    penalty_factor: float = 1.0  # what the penalties of weights are multiplied by

    @property
    def length(self) -> int:
        """How many rows are meant."""
        return len(self.x if self.rows is None else self.rows)


class Lesson(NamedTuple):
    """What a network learns from, as a backend takes it."""

    x: Array
    target: _targets.Target
    rows: Array | None  # the numbers of those that there are to it; None for all
    batch_size: int
    shuffle: bool
    validation: Batch | None
    weights: Array | None  # of the rows of x
    validation_frequency: int = 1  # epochs from one measurement to the next
    penalty_factors: list[float] | None = None  # of each batch of an epoch; None for 1

    def next(self) -> Lesson:
        """Return what the next epoch goes through."""
        return self

    @property
    def length(self) -> int:
        """How many rows an epoch goes through."""
        return len(self.x if self.rows is None else self.rows)

    @property
    def steps(self) -> int:
        """How many batches an epoch has."""
        return -(-self.length // self.batch_size)

    @property
    def classes(self) -> Array | None:
        """The labels of the classes."""
        return self.target.classes

    def batches(self, network: FeedForward) -> Iterator[Batch]:
        """Yield the batches of the network's next epoch."""
        full = network.optimizer.full_batch
        order = network._network.epoch_order(self.length, self.shuffle and not full)
        if self.rows is not None:
            order = self.rows[order]
        target = self.target
        size = self.length if full else self.batch_size
        factors = self.penalty_factors or [1.0] * self.steps
        for first, factor in zip(range(0, self.length, size), factors, strict=False):
            rows = order[first : first + size]
            yield Batch(
                self.x, target.values, self.weights, target.loss, target.classes, rows, factor
            )


class Lessons(Protocol):
    """Lessons that differ from epoch to epoch."""

    batch_size: int
    validation: Batch | None
    validation_frequency: int
    classes: Array | None

    @property
    def steps(self) -> int:
        """How many batches an epoch has."""

    def next(self) -> Lesson | None:
        """Return what the next epoch goes through; None if its batches have to come one by one."""

    def batches(self, network: FeedForward) -> Iterator[Batch]:
        """Yield the batches of the next epoch."""


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
        validation_split: object = 0.0,
        validation_frequency: object = 1,
        names: Names = Names(),  # noqa: B008 (it is immutable)
    ) -> Lesson:
        """Return what `FeedForward.fit` was given, after every check."""
        _architecture.refuse_untrainable(network.layers)
        batch_size = _validation.integer(batch_size, "batch_size")
        shuffle = _validation.boolean(shuffle, "shuffle")
        frequency = _validation.integer(validation_frequency, "validation_frequency")
        x = self._inputs(network, X, "X")
        target = self._target(network, y, x, network.classes_, names.y, "X")
        numbers = None
        if rows is not None:
            numbers = self._once(
                ("rows", id(rows), len(x)), lambda: _validation.rows(rows, len(x), names.rows)
            )
        validation = None
        if validation_data is not None:
            validation = self.validation(network, validation_data, target, names.validation)
        weights = self._weights(network, sample_weight, x, names.sample_weight, "X")
        lesson = Lesson(x, target, numbers, batch_size, shuffle, validation, weights, frequency)
        if validation_split:
            lesson = _split(lesson, validation_split)
        outputs = network._outputs(target.classes)
        by_class = _weights.of_classes(class_weight, lesson.target, outputs, lesson.rows)
        weights = _weights.product(lesson.weights, by_class)
        return lesson._replace(batch_size=min(batch_size, lesson.length), weights=weights)

    def validation(
        self,
        network: FeedForward,
        data: object,
        target: _targets.Target,
        argument: str = "validation_data",
    ) -> Batch:
        """Return validation data, after every check, for the targets that are learned from."""
        X, y, sample_weight = _validation.rows_given(data, argument)
        names = [f"{argument}[{index}]" for index in range(3)]
        x = self._inputs(network, X, names[0])
        encoded = self._target(network, y, x, target.classes, names[1], names[0])
        outputs = network._outputs(target.classes)
        matched = _targets.matched(encoded, target, outputs, names[1])
        weights = self._weights(network, sample_weight, x, names[2], names[0])
        return Batch(x, matched.values, weights, target.loss)

    def _inputs(self, network: FeedForward, X: object, argument: str) -> Array:
        scale = _architecture.input_scale(network.layers)
        codes = _architecture.coded(network.layers)
        key = ("X", id(X), network.inputs, network.dtype, network.backend, scale, codes)
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
        # A key is hashed but once: that of a layer takes microseconds.
        made: Checked = self._made.get(key, _NOT_YET)
        if made is _NOT_YET:
            made = self._made[key] = check()
        return made


def _split(lesson: Lesson, validation_split: object) -> Lesson:
    """Return the lesson without the last part of its rows, by which it is validated."""
    part = _validation.number(validation_split, "validation_split", minimum=0.0, below=1.0)
    if lesson.validation is not None:
        raise TypeError(
            "fit was given both validation_data and validation_split; wanted is one of them"
        )
    first = int(lesson.length * (1.0 - part))
    if not 0 < first < lesson.length:
        raise ValueError(
            f"validation_split is {part:g}, which of {lesson.length} rows leaves none to "
            f"{'learn from' if first == 0 else 'validate by'}"
        )
    x, y, weights, target = lesson.x, lesson.target.values, lesson.weights, lesson.target
    held_out: Any = slice(first, None) if lesson.rows is None else lesson.rows[first:]
    validation = Batch(
        x[held_out], y[held_out], None if weights is None else weights[held_out], target.loss
    )
    if lesson.rows is not None:
        return lesson._replace(rows=lesson.rows[:first], validation=validation)
    return lesson._replace(
        x=x[:first],
        target=target._replace(values=y[:first]),
        weights=None if weights is None else weights[:first],
        validation=validation,
    )
