"""Metrics of decisions: precision, recall, F1, top-k accuracy, and the confusion matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _targets, _validation
from nnfast._frozen import whole, word
from nnfast.metrics._base import Answers, Metric

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    Array: TypeAlias = NDArray[Any]

AVERAGES = ("auto", "binary", "macro", "micro", "weighted", "none")


class _OfDecisions(Metric):
    """What is counted of each class, and how classes are averaged.

    Parameters
    ----------
    average : {"auto", "binary", "macro", "micro", "weighted", "none"}
        Of the second class alone, which two classes are told apart by; the mean over the classes;
        of all decisions together; the mean weighted by the rows of each class; an array with a
        number for each class. "auto" is binary for one output, else macro.
    """

    greater_is_better = True
    average: str = word(default="auto", among=AVERAGES)

    def check_outputs(self, outputs: int, by_sign: bool) -> None:
        """Refuse an average that these outputs have not, or that is not one number."""
        if self.average == "none":
            raise ValueError(
                f"average of {type(self).__name__} is 'none', a number for each class; to be "
                "reported it must be one"
            )
        if self.average == "binary" and outputs > 1:
            raise ValueError(
                f"average of {type(self).__name__} is 'binary'; with {outputs} outputs wanted is "
                "'macro', 'micro' or 'weighted'"
            )

    def ratio(self, hits: Array, said: Array, true: Array) -> Array:
        """Return the measure from the sums of weights: of hits, of what was said, of the true."""
        raise NotImplementedError

    def of(self, answers: Answers) -> Any:
        """Return the measure, averaged as is asked for."""
        weights, single = answers.rows(), answers.outputs.shape[1] == 1
        average = self.average
        if average == "auto":
            average = "binary" if single else "macro"
        if average == "binary" and not single:
            raise ValueError(
                f"average of {type(self).__name__} is 'binary', but there are more than two "
                "classes; wanted is 'macro', 'micro' or 'weighted'"
            )
        if answers.several:
            said, true = answers.outputs > answers.threshold, answers.hot()
            sums = [weights @ (said & true), weights @ said, weights @ true]
        else:
            said, true = answers.decided(), answers.classes()
            count = max(answers.outputs.shape[1], 2)
            sums = [
                np.bincount(classes, weights * counted, minlength=count)
                for classes, counted in ((true, said == true), (said, 1.0), (true, 1.0))
            ]
            if average == "binary":
                return float(self._of(*(one[1:] for one in sums))[0])
            if average in ("macro", "weighted"):
                # Classes that are neither there nor said are no part of the mean.
                there = np.isin(np.arange(count), np.union1d(said, true))
                sums = [one[there] for one in sums]
        if average == "micro":
            return float(self._of(*(one.sum(keepdims=True) for one in sums))[0])
        each = self._of(*sums)
        if average == "none":
            return each
        if average == "macro":
            return float(each.mean())
        total = sums[2].sum()
        return float(each @ sums[2] / total) if total > 0 else 0.0

    def _of(self, hits: Array, said: Array, true: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            each = self.ratio(hits, said, true)
        return np.where(np.isfinite(each), each, 0.0)


class Precision(_OfDecisions):
    """Of what was said to be of a class, the share that is: 0 where nothing was said.

    Parameters
    ----------
    average : {"auto", "binary", "macro", "micro", "weighted", "none"}
        How classes are averaged. "auto" is the second class's of two, else "macro", the mean over
        the classes that occur; "micro" counts all decisions together, "weighted" weighs classes by
        their rows, "none" gives an array, for calls only. As in scikit-learn.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.metrics.Precision()([0, 1, 1, 0], [0.1, 0.9, 0.2, 0.8])
    0.5
    """

    name = "precision"

    def ratio(self, hits: Array, said: Array, true: Array) -> Array:
        """Return hits / said."""
        quotient: Array = hits / said
        return quotient


class Recall(_OfDecisions):
    """Of what is of a class, the share that was said to be: 0 where nothing is.

    Parameters
    ----------
    average : {"auto", "binary", "macro", "micro", "weighted", "none"}
        As of `Precision`.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.metrics.Recall(average="none")(["a", "b", "b"], ["a", "a", "b"])
    array([1. , 0.5])
    """

    name = "recall"

    def ratio(self, hits: Array, said: Array, true: Array) -> Array:
        """Return hits / true."""
        quotient: Array = hits / true
        return quotient


class F1(_OfDecisions):
    """The harmonic mean of precision and recall: 0 where neither is anything.

    Parameters
    ----------
    average : {"auto", "binary", "macro", "micro", "weighted", "none"}
        As of `Precision`.

    References
    ----------
    van Rijsbergen, "Information Retrieval", 1979.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("2-3", output="softmax")
    >>> _ = net.compile(metrics=["f1", nn.metrics.F1("micro")])
    >>> list(net.evaluate([[0, 0], [1, 1]], [0, 2]))
    ['loss', 'f1', 'f1_micro']
    """

    name = "f1"
    aliases = ("f1_score",)

    def ratio(self, hits: Array, said: Array, true: Array) -> Array:
        """Return 2 hits / (said + true)."""
        quotient: Array = 2.0 * hits / (said + true)
        return quotient


class TopKAccuracy(Metric):
    """The share of rows whose class is among the k largest outputs.

    A class counts as among them if fewer than k outputs are larger than its own, as in Keras; of
    equal outputs scikit-learn takes those of the later classes.

    Parameters
    ----------
    k : int, default 5

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.metrics.TopKAccuracy(2)([0, 2], [[0.3, 0.4, 0.3], [0.2, 0.7, 0.1]])
    0.5
    """

    name = "top_k_accuracy"
    greater_is_better = True
    k: int = whole(default=5)

    def check_outputs(self, outputs: int, by_sign: bool) -> None:
        """Refuse outputs that do not compete."""
        if by_sign or outputs == 1:
            raise ValueError("top_k_accuracy wants several classes, of which one is right")

    def of(self, answers: Answers) -> float:
        """Return the share."""
        self.check_outputs(answers.outputs.shape[1], answers.threshold is not None)
        own = np.take_along_axis(answers.outputs, answers.classes()[:, np.newaxis], axis=1)
        # A comparison with NaN is false: such a row is no hit.
        hit = ((answers.outputs > own).sum(axis=1) < self.k) & np.isfinite(own[:, 0])
        return float(np.average(hit, weights=answers.rows()))


def confusion_matrix(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    normalize: str | None = None,
) -> Array:
    """Count how often each class was taken for each other.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (rows,)
        Labels, as they are and as they were predicted.
    labels : array-like, optional
        The classes in the order of rows and columns; by default those that occur, sorted.
    sample_weight : array-like of shape (rows,), optional
        How much each row counts.
    normalize : {"true", "pred", "all"}, optional
        Divide by the sum of each row, of each column, or of all; what is empty stays 0.

    Returns
    -------
    ndarray of shape (classes, classes)
        A row for each true class, a column for each predicted one; of integers unless there are
        weights or they are divided.

    See Also
    --------
    nnfast.plot.confusion_matrix : draws it.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.metrics.confusion_matrix(["ant", "bee", "bee"], ["ant", "ant", "bee"])
    array([[1, 0],
           [1, 1]])
    """
    wanted = "wanted is one label for each row"
    true, said = _targets.labels(y_true, "y_true"), _targets.labels(y_pred, "y_pred")
    for name, values in (("y_true", true), ("y_pred", said)):
        if values.ndim != 1 or values.size == 0:
            raise ValueError(f"{name} has the shape {values.shape}; {wanted}")
    _validation.same_length(len(true), len(said), "y_true", "y_pred")
    if (true.dtype.kind == "U") != (said.dtype.kind == "U"):
        raise TypeError("y_true and y_pred hold labels of different kinds; wanted is one kind")
    if labels is None:
        known = np.unique(np.concatenate([true, said]))
    else:
        known = _targets.labels(labels, "labels")
    order = np.argsort(known, kind="stable")
    for name, values in (("y_true", true), ("y_pred", said)):
        outside = ~np.isin(values, known)
        if outside.any():
            row = int(outside.argmax())
            raise ValueError(f"{name} holds {values[row]!r} at row {row}, which is not in labels")
    count = len(known)
    rows, columns = (order[np.searchsorted(known[order], values)] for values in (true, said))
    weights = None
    if sample_weight is not None:
        weights = _validation.real_array(sample_weight, "sample_weight").astype(np.float64)
        if weights.shape != true.shape:
            raise ValueError(f"sample_weight has the shape {weights.shape}; wanted is {true.shape}")
    table = np.bincount(rows * count + columns, weights, count * count).reshape(count, count)
    if normalize is None:
        return table
    axis: Any = {"true": 1, "pred": 0, "all": None}[
        _validation.choice(normalize, "normalize", ("true", "pred", "all"))
    ]
    sums = table.sum(axis=axis, keepdims=True)
    shares: Array = table / np.where(sums == 0, 1, sums)
    return shares
