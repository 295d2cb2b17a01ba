"""Many networks at once: which of them learns when, on which thread. What they learn is fit's."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nnfast import _progress, _threads, _training, _validation
from nnfast._lessons import Border, Lesson, Names
from nnfast.callbacks import History
from nnfast.network import FeedForward

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

BETWEEN_SIGNALS = 0.05  # seconds: where a wait cannot be interrupted, Ctrl-C waits this long


def fit_many(
    nets: Sequence[FeedForward],
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    targets: Sequence[ArrayLike] | None = None,
    sample_weight: ArrayLike | None = None,
    sample_weights: Sequence[ArrayLike | None] | None = None,
    class_weight: Mapping[Any, float] | str | None = None,
    rows: Sequence[ArrayLike | None] | None = None,
    epochs: int = 1,
    batch_size: int = 32,
    validation_data: tuple[ArrayLike, ...] | list[tuple[ArrayLike, ...]] | None = None,
    shuffle: bool = True,
    threads: int | None = None,
    verbose: str | int = "auto",
) -> list[History]:
    """Train many networks side by side on one copy of the data: a search, folds, an ensemble.

    Each becomes what `FeedForward.fit` with the same arguments would make of it, bit for bit,
    whatever the others are and however many threads there are. They may differ in everything:
    architecture, seed, dtype, optimizer, loss.

    Parameters
    ----------
    nets : list of FeedForward
        Different networks, which learn in place; compiled, each with its own optimizer.
    X : array-like of shape (rows, inputs)
        As for `FeedForward.fit`: read in place by all.
    y : array-like
        The targets of all networks, as for `FeedForward.fit`.
    targets : list of array-like, optional
        In place of y: the targets of each network, as in one-versus-rest.
    sample_weight, class_weight : optional
        As for `FeedForward.fit`, for all networks.
    sample_weights : list of array-like, optional
        In place of sample_weight: the weights of the rows for each network, or None.
    rows : list of array-like of int, optional
        The numbers of the rows that each network learns from, or None for all: the folds of a
        cross-validation, or samples for an ensemble.
    epochs, batch_size, shuffle : optional
        As for `FeedForward.fit`.
    validation_data : tuple (X, y), or list of such tuples, optional
        Measured after every epoch: a tuple by all networks, a list has one for each.
    threads : int, optional
        How many threads to work with in all, by default `nnfast.get_num_threads`. While more
        networks than threads are left, each thread trains a network of its own, the largest first;
        then the rest share them.
    verbose : {"auto", 0, 1, 2}, default "auto"
        As for `FeedForward.fit`, with a network for an epoch.

    Returns
    -------
    list of History
        For each network, what `FeedForward.fit` returns.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is wanted; no network has changed then.
    KeyboardInterrupt
        On Ctrl-C all networks end as `FeedForward.fit` does: they keep what they have learned, and
        in their `history` is every whole epoch.

    Notes
    -----
    An error in one network, such as memory that is not there, ends the others likewise and is
    raised. With the NumPy backend the networks learn one after another, as its products have
    threads of their own.

    Examples
    --------
    Four learning rates, and the best of them on rows held out:

    >>> import nnfast as nn
    >>> (X, y), held_out = nn.datasets.split(*nn.datasets.digits())
    >>> rates = [0.0001, 0.001, 0.01, 0.1]
    >>> nets = [nn.FeedForward("64-32-10", output="softmax", seed=0) for _ in rates]
    >>> for net, rate in zip(nets, rates):
    ...     _ = net.compile(nn.Adam(rate))
    >>> histories = nn.fit_many(nets, X, y, epochs=5, validation_data=held_out)
    >>> scores = [history.history["val_accuracy"][-1] for history in histories]
    >>> rates[scores.index(max(scores))]
    0.01
    """
    nets = _checked_nets(nets)
    epochs = _validation.integer(epochs, "epochs")
    workers = _threads.get_num_threads()
    if threads is not None:
        workers = _validation.integer(threads, "threads")
    level, progress = _progress.watcher(verbose, unit="net")
    if (y is None) == (targets is None):
        given = "neither y nor targets" if y is None else "both y and targets"
        raise TypeError(f"fit_many was given {given}; wanted is y for all nets or targets for each")
    each_y = [y] * len(nets) if targets is None else _each(targets, "targets", len(nets))
    if sample_weight is not None and sample_weights is not None:
        raise TypeError(
            "fit_many was given both sample_weight and sample_weights; wanted is sample_weight for "
            "all nets or sample_weights for each"
        )
    each_weight = [sample_weight] * len(nets)
    if sample_weights is not None:
        each_weight = _each(sample_weights, "sample_weights", len(nets))
    each_rows = [None] * len(nets) if rows is None else _each(rows, "rows", len(nets))
    if isinstance(validation_data, list):
        each_validation = _each(validation_data, "validation_data", len(nets))
    else:
        each_validation = [validation_data] * len(nets)

    border, lessons = Border(), []
    for index, net in enumerate(nets):
        names = Names(
            "y" if targets is None else f"targets[{index}]",
            f"rows[{index}]",
            "sample_weight" if sample_weights is None else f"sample_weights[{index}]",
            f"validation_data[{index}]" if isinstance(validation_data, list) else "validation_data",
        )
        try:
            lesson = border.lesson(
                net,
                X,
                each_y[index],
                sample_weight=each_weight[index],
                class_weight=class_weight,
                rows=each_rows[index],
                batch_size=batch_size,
                shuffle=shuffle,
                validation_data=each_validation[index],
                names=names,
            )
        except (TypeError, ValueError) as error:
            raise type(error)(f"nets[{index}]: {error}") from None
        lessons.append(lesson)

    return _Run(nets, lessons, epochs, workers, level, progress).histories()


def _checked_nets(nets: object) -> list[FeedForward]:
    if isinstance(nets, (str, bytes, FeedForward)) or not hasattr(nets, "__iter__"):
        raise TypeError(f"nets is a {type(nets).__name__}; wanted is a list of FeedForward")
    result: list[Any] = list(nets)
    if not result:
        raise ValueError("nets is empty; wanted is at least one FeedForward")
    first: dict[int, int] = {}
    for index, net in enumerate(result):
        if not isinstance(net, FeedForward):
            raise TypeError(f"nets[{index}] is a {type(net).__name__}; wanted is a FeedForward")
        if first.setdefault(id(net), index) != index:
            raise ValueError(
                f"nets[{index}] is nets[{first[id(net)]}]; wanted are different networks, as each "
                "is trained by itself: copy.deepcopy makes one"
            )
    return result


def _each(values: object, argument: str, count: int) -> list[Any]:
    """Return something for each network as a list."""
    if isinstance(values, (str, bytes, dict)) or not hasattr(values, "__iter__"):
        raise TypeError(
            f"{argument} is a {type(values).__name__}; wanted is a list with one for each net"
        )
    result = list(values)
    if len(result) != count:
        raise ValueError(
            f"{argument} has {len(result)} members; wanted are {count}, one for each net"
        )
    return result


class _Run:
    """The training of checked networks: each by `_training.train`, on one thread or on several."""

    def __init__(
        self,
        nets: list[FeedForward],
        lessons: list[Lesson],
        epochs: int,
        threads: int,
        verbose: int,
        progress: _progress.ProgressLines | None,
    ) -> None:
        self._nets, self._lessons, self._epochs = nets, lessons, epochs
        self._threads, self._verbose, self._progress = threads, verbose, progress
        self._done: dict[int, History] = {}
        self._stop = threading.Event()

    def histories(self) -> list[History]:
        """Train all networks, and return the history of each."""
        try:
            if self._progress is not None:
                self._progress.set_params({"epochs": len(self._nets)})
                self._progress.on_train_begin()
                self._progress.on_epoch_begin(0)
            # NumPy computes in threads of its own already; more of Python's only cost it time.
            if self._threads > 1 and all(net.backend == "rust" for net in self._nets):
                self._side_by_side()
            else:
                for index in range(len(self._nets)):
                    self._show(self._train(index))
        finally:
            if self._progress is not None:
                self._progress._on_run_over()
        return [self._done[index] for index in range(len(self._nets))]

    def _side_by_side(self) -> None:
        """Train on threads, while this one waits for them or for Ctrl-C."""
        from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

        def work(index: int) -> int:
            return self._nets[index].parameter_count * self._lessons[index].length

        # The largest first: at the end there are only small ones to wait for.
        order = sorted(range(len(self._nets)), key=work, reverse=True)
        with ThreadPoolExecutor(min(self._threads, len(order)), "nnfast") as pool:
            try:
                left = {pool.submit(self._train, index) for index in order}
                while left:
                    ended, left = wait(left, BETWEEN_SIGNALS, FIRST_COMPLETED)
                    for future in ended:
                        self._show(future.result())
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _train(self, index: int) -> int:
        """Train one network, on the calling thread and those that are to spare."""
        self._done[index] = _training.train(
            self._nets[index],
            self._lessons[index],
            self._epochs,
            self._share,
            self._verbose,
            stopped=self._stop.is_set,
        )
        return index

    def _share(self) -> int:
        """Return how many threads each network may have, now that some are done."""
        return max(1, self._threads // (len(self._nets) - len(self._done)))

    def _show(self, index: int) -> None:
        if self._progress is not None:
            numbers = self._done[index].history
            self._progress.on_epoch_end(index, {name: all_[-1] for name, all_ in numbers.items()})
