"""Self-training: a network's own confident answers become labels, round after round."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _validation
from nnfast.semi_supervised._labels import checked_marker, checked_network, partly

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]


class SelfTraining:
    """Trains afresh in rounds; what a round's network is sure of is labelled for the next.

    Names and rules are those of scikit-learn's `SelfTrainingClassifier`: a label once given stays,
    and each round starts from the same initial weights.

    Parameters
    ----------
    net : FeedForward
        With a softmax output; it is copied for every round, and not changed.
    criterion : {"threshold", "k_best"}
        Whether to label rows whose probability is above `threshold`, or the `k_best` surest.
    threshold : float, default 0.75
        At least 0 and below 1.
    k_best : int, default 10
    max_iter : int, default 10
        How many rounds at most.
    unlabelled : int or str, default -1
        What the label of a row is that has none.

    Attributes
    ----------
    net_ : FeedForward
        Trained on all labels, given and found.
    transduction_ : ndarray of shape (rows,)
        These labels; `unlabelled` where there is still none.
    labeled_iter_ : ndarray of int, shape (rows,)
        The round that labelled each row: 0 for those that came with it, -1 for those without one.
    n_iter_ : int
        Rounds gone through.
    termination_condition_ : {"all_labeled", "max_iter", "no_change"}

    References
    ----------
    Yarowsky, "Unsupervised word sense disambiguation rivaling supervised methods", ACL 1995.

    Examples
    --------
    >>> import nnfast as nn
    >>> X = [[0.0], [0.2], [0.4], [1.0], [0.8], [0.6]]
    >>> y = ["low", "", "", "high", "", ""]
    >>> net = nn.FeedForward("1-2", output="softmax", seed=0).compile(nn.Adam(0.1))
    >>> model = nn.semi_supervised.SelfTraining(net, threshold=0.6, unlabelled="")
    >>> model.fit(X, y, epochs=300).transduction_.tolist()
    ['low', 'low', 'low', 'high', 'high', 'high']
    """

    net_: FeedForward
    transduction_: Array
    labeled_iter_: NDArray[np.int64]
    n_iter_: int
    termination_condition_: str

    def __init__(
        self,
        net: FeedForward,
        *,
        criterion: str = "threshold",
        threshold: float = 0.75,
        k_best: int = 10,
        max_iter: int = 10,
        unlabelled: int | str = -1,
    ) -> None:
        self.net = checked_network(net)
        self.criterion = _validation.choice(criterion, "criterion", ("threshold", "k_best"))
        self.threshold = _validation.number(threshold, "threshold", minimum=0.0, below=1.0)
        self.k_best = _validation.integer(k_best, "k_best")
        self.max_iter = _validation.integer(max_iter, "max_iter")
        self.unlabelled = checked_marker(unlabelled)

    def fit(self, X: ArrayLike, y: ArrayLike, **options: Any) -> SelfTraining:
        """Train, label and train again.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)
        y : array-like of shape (rows,)
            Labels, and `unlabelled` where there is none.
        **options
            Of `FeedForward.fit`, for every round: epochs, batch_size, ...

        Returns
        -------
        SelfTraining
            Itself.
        """
        x, labels, known = partly(self.net, X, y, self.unlabelled)
        options = {"verbose": 0, **options}
        labels, known = labels.copy(), known.copy()
        found = np.where(known, 0, -1)
        rounds, ended = 0, "max_iter"
        while rounds < self.max_iter and not known.all():
            rounds += 1
            net = self._trained(x, labels, known, options)
            open_rows = np.flatnonzero(~known)
            probabilities = net.predict(x[open_rows])
            sure = self._sure(probabilities.max(axis=1))
            if not len(sure):
                ended = "no_change"
                break
            assert net.classes_ is not None
            rows = open_rows[sure]
            labels[rows] = net.classes_[probabilities[sure].argmax(axis=1)]
            known[rows], found[rows] = True, rounds
        else:
            # What the last round has labelled is still to be learned.
            net = self._trained(x, labels, known, options)
        self.net_, self.transduction_, self.labeled_iter_ = net, labels, found
        self.n_iter_ = rounds
        self.termination_condition_ = "all_labeled" if known.all() else ended
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Return the probabilities of the classes, as `net_.predict`."""
        return self._fitted().predict(X)

    def predict_classes(self, X: ArrayLike) -> Array:
        """Return the label of each row, as `net_.predict_classes`."""
        return self._fitted().predict_classes(X)

    def _fitted(self) -> FeedForward:
        if not hasattr(self, "net_"):
            raise ValueError("this SelfTraining has learned nothing yet; call fit")
        return self.net_

    def _trained(
        self, x: Array, labels: Array, known: NDArray[np.bool_], options: dict[str, Any]
    ) -> FeedForward:
        net = copy(self.net)
        net.fit(x[known], labels[known], **options)
        return net

    def _sure(self, highest: Array) -> NDArray[np.intp]:
        """Return the places of the rows to be labelled, given their highest probability."""
        if self.criterion == "threshold":
            return np.flatnonzero(highest > self.threshold)
        return np.sort(np.argsort(-highest, kind="stable")[: self.k_best])

    def __repr__(self) -> str:
        names = ("criterion", "threshold", "k_best", "max_iter", "unlabelled")
        options = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"SelfTraining({self.net!r}, {options})"
