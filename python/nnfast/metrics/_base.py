"""What metrics are, and what they are computed from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from nnfast import _targets, _validation
from nnfast._registry import Registry, Spec

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    Array: TypeAlias = NDArray[Any]

registry: Registry[Metric] = Registry("metric")


class Answers(NamedTuple):
    """What a network said of some rows, and what would have been right.

    Attributes
    ----------
    targets : ndarray
        Numbers of classes (rows,), or values (rows, outputs).
    outputs : ndarray of shape (rows, outputs)
    threshold : float or None
        Above it an output means yes, where each output is a yes-or-no of its own; None where the
        largest output is the class.
    logits : bool
        Whether outputs that stand for probabilities are net inputs rather.
    weights : ndarray or None
        Of the rows.
    """

    targets: Array
    outputs: Array
    threshold: float | None
    logits: bool = False
    weights: Array | None = None

    @property
    def several(self) -> bool:
        """Whether each row has several answers of yes or no."""
        return self.threshold is not None and self.outputs.shape[1] > 1

    def classes(self) -> Array:
        """Return the number of each row's class."""
        if self.targets.ndim == 1:
            return _numbers(self.targets)
        if self.targets.shape[1] == 1:
            return _numbers(self.targets[:, 0] > 0.5)
        return _numbers(self.targets.argmax(axis=1))

    def decided(self) -> Array:
        """Return the number of the class that the outputs decide on, for each row."""
        if self.threshold is None:
            return _numbers(self.outputs.argmax(axis=1))
        return _numbers(self.outputs[:, 0] > self.threshold)

    def hot(self) -> Array:
        """Return whether each class, or each yes-or-no, is right for each row: (rows, classes)."""
        if self.targets.ndim == 2 and (self.several or self.outputs.shape[1] == 1):
            right: Array = self.targets > 0.5
            return right
        hot: Array = self.classes()[:, np.newaxis] == np.arange(self.outputs.shape[1])
        return hot

    def values(self) -> Array:
        """Return targets of the outputs' shape in float64: classes as one-hot rows."""
        if self.targets.ndim == 2:
            return self.targets.astype(np.float64)
        if self.outputs.shape[1] == 1:
            return self.targets.astype(np.float64)[:, np.newaxis]
        return self.hot().astype(np.float64)

    def probabilities(self) -> Array:
        """Return the outputs as probabilities, in float64."""
        z = self.outputs.astype(np.float64)
        if not self.logits:
            return z
        if self.threshold is not None:
            with np.errstate(over="ignore"):
                sigmoid: Array = 1.0 / (1.0 + np.exp(-z))
            return sigmoid
        e = np.exp(z - z.max(axis=1, keepdims=True))
        softmax: Array = e / e.sum(axis=1, keepdims=True)
        return softmax

    def rows(self) -> Array:
        """Return the rows' weights, or ones, in float64."""
        if self.weights is None:
            return np.ones(len(self.outputs))
        return self.weights.astype(np.float64)


def _numbers(values: Array) -> Array:
    numbers: Array = values.astype(np.intp)
    return numbers


class Metric(Spec):
    """What is reported beside the loss; the base class of all metrics."""

    registry: ClassVar[Registry[Any]] = registry
    in_core: ClassVar[bool] = False
    """Whether it is a mean over the rows that the core computes with the loss."""
    greater_is_better: ClassVar[bool | None] = None
    wants: ClassVar[str] = "classes"
    """What its targets are: "classes" or "values"."""

    @property
    def label(self) -> str:
        """What it is reported as: its name, and those parameters that are not as by default."""
        parts = [self.name]
        for name, parameter in self._parameters.items():
            value = getattr(self, name)
            if value != parameter.default:
                parts.append(str(value))
        return "_".join(parts)

    def of(self, answers: Answers) -> Any:
        """Return its value."""
        raise NotImplementedError

    def check_outputs(self, outputs: int, by_sign: bool) -> None:
        """Refuse outputs that it cannot be computed of, or would not be one number of."""

    def __call__(
        self, y_true: ArrayLike, outputs: ArrayLike, *, sample_weight: ArrayLike | None = None
    ) -> Any:
        """Return the metric of targets and of what was predicted.

        Parameters
        ----------
        y_true : array-like
            Labels (rows,), one-hot rows or, for several answers a row, 0 and 1 (rows, outputs); for
            metrics of errors values of the outputs' shape.
        outputs : array-like of shape (rows,) or (rows, outputs)
            Probabilities, as `predict` gives them: of one output, that of the second label. For
            metrics of decisions also labels, as `predict_classes` gives them. Or values.
        sample_weight : array-like of shape (rows,), optional
            How much each row counts: means are divided by the sum of the weights, as in
            scikit-learn.

        Returns
        -------
        float, or ndarray for ``average="none"``
        """
        answers = answered(y_true, outputs, self.wants)
        if sample_weight is not None:
            weights = _validation.real_array(sample_weight, "sample_weight").astype(np.float64)
            if weights.shape != (len(answers.outputs),):
                raise ValueError(
                    f"sample_weight has the shape {weights.shape}; wanted is a number for each "
                    f"row, ({len(answers.outputs)},)"
                )
            answers = answers._replace(weights=weights)
        return self.of(answers)


class UserMetric(Metric):
    """A function of targets and outputs as a metric; it is not kept in files.

    Parameters
    ----------
    function : callable
        Takes the targets (numbers of classes, or values of the outputs' shape) and the outputs
        (rows, outputs), as arrays, and returns a number.
    """

    def __init__(self, function: Callable[[Array, Array], float]) -> None:
        super().__init__()
        self._set("function", function)

    @property
    def label(self) -> str:
        """The function's name."""
        return str(getattr(self.function, "__name__", type(self.function).__name__))

    function: Callable[[Array, Array], float]

    def values(self) -> dict[str, Any]:
        """Return the function by name."""
        return {"function": self.function}

    def of(self, answers: Answers) -> float:
        """Return what the function returns."""
        value = self.function(answers.targets, answers.outputs)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"the metric {self.label} returned {value!r}; wanted is a number"
            ) from None


def checked_metrics(metrics: object) -> tuple[Metric, ...]:
    """Return one metric or several as a tuple of different ones."""
    given = metrics if isinstance(metrics, (list, tuple)) else [metrics]
    found = tuple(_found(metric, f"metrics[{i}]") for i, metric in enumerate(given))
    for index, metric in enumerate(found):
        if metric.label in ("loss", *(other.label for other in found[:index])):
            raise ValueError(f"metrics has {metric.label} twice; wanted is each once")
    return found


def _found(metric: object, argument: str) -> Metric:
    if isinstance(metric, UserMetric):
        return metric
    if callable(metric) and not isinstance(metric, (type, Metric)):
        return UserMetric(metric)
    return registry.get(metric, argument)


def answered(y_true: object, outputs: object, wants: str) -> Answers:
    """Return targets and predictions, as a user has them, as answers."""
    targets, given = _targets.labels(y_true, "y_true"), _targets.labels(outputs, "outputs")
    if given.ndim not in (1, 2) or given.size == 0:
        raise ValueError(
            f"outputs has the shape {given.shape}; wanted is (rows,) or (rows, outputs)"
        )
    _validation.same_length(len(targets), len(given), "y_true", "outputs")
    if wants == "values":
        if "U" in (targets.dtype.kind, given.dtype.kind):
            raise TypeError("y_true or outputs holds strings; wanted are numbers")
        columns = given.reshape(len(given), -1)
        if targets.size != columns.size:
            raise ValueError(
                f"y_true has the shape {targets.shape} and outputs {given.shape}; wanted is the "
                "same shape"
            )
        return Answers(targets.reshape(columns.shape), columns, None)
    if given.ndim == 1 and given.dtype.kind != "f":
        return _of_labels(targets, given)
    columns = given.reshape(len(given), -1).astype(np.float64)
    several = targets.ndim == 2 and targets.shape[1] > 1
    if several and targets.shape != columns.shape:
        raise ValueError(
            f"y_true has the shape {targets.shape} and outputs {given.shape}; wanted is the same "
            "shape, or a label for each row"
        )
    if several:
        hot = (targets != 0).sum(axis=1)
        one_hot = np.all((hot == 1) & (targets.sum(axis=1) == 1))
        return Answers(targets, columns, None if one_hot else 0.5)
    targets = targets.reshape(len(targets))
    count = max(columns.shape[1], 2)
    known = np.arange(count)
    if targets.dtype.kind in "Ub" or not np.isin(targets, known).all():
        known = np.unique(targets)
        if len(known) != count:
            raise ValueError(
                f"y_true holds {len(known)} different labels; wanted are {count}, as many as "
                "outputs tell apart"
            )
    numbers = np.searchsorted(known, targets)
    return Answers(numbers, columns, 0.5 if columns.shape[1] == 1 else None)


def _of_labels(targets: Array, given: Array) -> Answers:
    """Return labels and predicted labels as answers that are certain."""
    if targets.ndim == 2 and targets.shape[1] > 1:
        raise ValueError(
            f"y_true has the shape {targets.shape} and outputs holds labels; wanted is a label for "
            "each row"
        )
    targets = targets.reshape(len(targets))
    if (targets.dtype.kind == "U") != (given.dtype.kind == "U"):
        raise TypeError("y_true and outputs hold labels of different kinds; wanted is one kind")
    known, numbers = np.unique(np.concatenate([targets, given]), return_inverse=True)
    true, said = numbers[: len(targets)], numbers[len(targets) :]
    if len(known) <= 2 and (known.dtype.kind == "b" or len(known) == 2):
        return Answers(true, said[:, np.newaxis].astype(np.float64), 0.5)
    return Answers(true, np.eye(len(known))[said], None)
