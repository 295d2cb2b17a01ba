"""How much worse a network gets when a column is shuffled: what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast.metrics import R2, Accuracy

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.report._subject import Subject

    Array: TypeAlias = NDArray[Any]

OPERATIONS = 2e11  # that may be spent: some seconds on one core
FEWEST = 100  # rows of which an importance still says something


class Importances(NamedTuple):
    """What was found.

    Attributes
    ----------
    names : list of str
    values : ndarray of shape (names, repeats)
        By how much the score falls.
    score : str
        What it is: "accuracy" or "R2".
    baseline : float
        The score as it is.
    rows : int
        How many rows it is of.
    """

    names: list[str]
    values: Array
    score: str
    baseline: float
    rows: int


def permuted(
    score: Callable[[Array], float],
    x: Array,
    groups: Sequence[tuple[int, ...]],
    repeats: int,
    seed: int,
) -> tuple[float, Array]:
    """Return the score, and by how much it falls when a group of columns is shuffled.

    The draws are those of scikit-learn's ``permutation_importance`` with ``random_state=seed``, and
    so are the numbers, where each group is one column.

    References
    ----------
    Breiman, "Random forests", Machine Learning 45, 2001, section 10.
    """
    baseline = score(x)
    drawn = np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1)
    falls = np.empty((len(groups), repeats))
    for place, columns in enumerate(groups):
        random = np.random.RandomState(drawn)
        order = np.arange(len(x))
        shuffled = x.copy()
        for turn in range(repeats):
            random.shuffle(order)
            for column in columns:
                shuffled[:, column] = shuffled[order, column]
            falls[place, turn] = baseline - score(shuffled)
    return baseline, falls


def importances(subject: Subject, repeats: int, seed: int) -> Importances | None:
    """Return the importances of the columns, or of patches of images; None if it takes too long."""
    network = subject.network
    if subject.images is None:
        names = [column.name for column in subject.columns]
        groups = [column.places for column in subject.columns]
    else:
        names, groups = patches(subject.images.shape)
    if repeats == 0:
        return None
    each = 2 * max(network.parameter_count, 1) * len(groups) * repeats
    rows = min(subject.rows, int(OPERATIONS / each))
    if rows < min(FEWEST, subject.rows):
        return None
    chosen = np.arange(subject.rows)
    if rows < subject.rows:
        chosen = np.sort(np.random.RandomState(seed).permutation(subject.rows)[:rows])
    targets = subject.targets[chosen]
    metric = R2() if subject.kind == "numbers" else Accuracy()

    def score(x: Array) -> float:
        outputs = network._network.predict(x, network.threads, None)
        return float(metric.of(network._answers(targets, outputs)))

    x = np.ascontiguousarray(subject.x[chosen])
    baseline, falls = permuted(score, x, groups, repeats, seed)
    return Importances(
        names, falls, "R2" if subject.kind == "numbers" else "accuracy", baseline, rows
    )


def patches(shape: tuple[int, ...]) -> tuple[list[str], list[tuple[int, ...]]]:
    """Return squares that images are cut into, about seven by seven: names, and their columns."""
    height, width, *_ = shape
    side = max(1, round(max(height, width) / 7))
    places = np.arange(int(np.prod(shape))).reshape(height, width, -1)
    names, groups = [], []
    for top in range(0, height, side):
        for left in range(0, width, side):
            square = places[top : top + side, left : left + side]
            below, right = top + square.shape[0] - 1, left + square.shape[1] - 1
            names.append(f"rows {top} to {below}, columns {left} to {right}")
            groups.append(tuple(square.ravel().tolist()))
    return names, groups
