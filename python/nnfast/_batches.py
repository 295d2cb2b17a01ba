"""Learning from batches that come one after another, of which there is one in memory at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nnfast import _architecture, _targets, _validation, _weights
from nnfast._alarms import TrainingWarning
from nnfast._lessons import Batch, Border

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]


class Batches:
    """What a network learns from, as batches (X, y) or (X, y, sample_weight).

    Parameters
    ----------
    network : FeedForward
    source : iterable
        Gives the batches: anew each time that it is begun, or once if it is an iterator.
    steps_per_epoch : int, optional
        How many batches an epoch has; by default all that there are.
    epochs : int
        How many epochs there are to be.
    class_weight : dict, optional
    """

    validation: Batch | None = None
    classes: Array | None = None
    _next: Batch | None = None

    def __init__(
        self,
        network: FeedForward,
        source: object,
        *,
        epochs: int,
        steps_per_epoch: object,
        class_weight: object,
        batch_size: int,
        validation_data: object,
        validation_frequency: object,
    ) -> None:
        _architecture.refuse_untrainable(network.layers)
        if _architecture.standardizes(network.layers) and not network._network.is_fitted():
            raise ValueError(
                "Standardize has no means and deviations yet, and batches that come one by one are "
                "not all known; wanted is adapt(X) before fit"
            )
        self.batch_size = _validation.integer(batch_size, "batch_size")
        self.validation_frequency = _validation.integer(
            validation_frequency, "validation_frequency"
        )
        self.steps: int | None = None
        if steps_per_epoch is not None:
            self.steps = _validation.integer(steps_per_epoch, "steps_per_epoch")
        if isinstance(class_weight, str):
            raise ValueError(
                f"class_weight is {class_weight!r}; of batches wanted is a dict, as not all rows "
                "are known"
            )
        if hasattr(source, "__array__") or not hasattr(source, "__iter__"):
            raise TypeError(
                "y is missing; wanted are targets for the rows of X, or an X that gives batches "
                "(X, y) or (X, y, sample_weight)"
            )
        self._source: Any = source
        self._class_weight = class_weight
        self._begun: Iterator[Any] | None = None
        self._count = 0
        iterator = iter(self._source)
        self._once = iterator is source
        if self._once and self.steps is None and epochs > 1:
            raise ValueError(
                f"X is an iterator, which is there for one epoch, and epochs is {epochs}; wanted "
                "is steps_per_epoch, or an iterable that can be begun again, such as a list or a "
                "class with __iter__"
            )
        # The first batch is looked at before anything changes.
        try:
            self._next = self._checked(next(iterator), network)
        except StopIteration:
            raise ValueError("X gives no batches; wanted is at least one") from None
        self._begun = iterator
        if validation_data is not None:
            first = self._next
            target = _targets.Target(first.loss, first.y, first.classes)
            self.validation = Border().validation(network, validation_data, target)

    def _checked(self, given: object, network: FeedForward) -> Batch:
        name = f"batch {self._count} of X"
        X, y, sample_weight = _validation.rows_given(given, name)
        x = network._inputs(X, f"{name}, [0],")
        outputs = network._outputs(network.classes_)
        target = _targets.encode(
            y, len(x), network.loss, outputs, argument=f"{name}, [1],", inputs="[0]"
        )
        weights = _weights.of_rows(sample_weight, len(x), outputs, f"{name}, [2],", "[0]")
        outputs = outputs._replace(classes=target.classes)
        by_class = _weights.of_classes(self._class_weight, target, outputs)
        weights = _weights.product(weights, by_class)
        return Batch(x, target.values, weights, target.loss, target.classes)

    def next(self) -> None:
        """Return that an epoch is not there as a whole."""

    def batches(self, network: FeedForward) -> Iterator[Batch]:
        """Yield the batches of the network's next epoch."""
        if self._begun is None:
            self._begun = iter(self._source)
        taken = 0
        while self.steps is None or taken < self.steps:
            if self._next is not None:
                batch, self._next = self._next, None
            else:
                try:
                    given = next(self._begun)
                except StopIteration:
                    if self.steps is None or self._once:
                        break
                    self._begun = iter(self._source)
                    try:
                        given = next(self._begun)
                    except StopIteration:
                        break
                batch = self._checked(given, network)
            self._count += 1
            taken += 1
            yield batch
        if self.steps is None:
            self._begun = None
        elif taken < self.steps:
            network.stop_training = True
            warnings.warn(
                f"X gave {taken} batches for an epoch of {self.steps} and has no more: the run "
                "ends",
                TrainingWarning,
                stacklevel=2,
            )
