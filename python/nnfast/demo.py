"""Train on handwritten digits, and say how well it went and how long it took.

``python -m nnfast.demo`` trains first on the 1,797 small digits that ship with the package, and
then on MNIST where it can be had: it is read from ``NNFAST_DATA`` or the cache, or else downloaded.
It writes three pictures for each: the learning curves, the confusion matrix, and the first layer's
weights.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from numpy.typing import NDArray

import nnfast as nn

__all__ = ["DIGITS", "MNIST", "Result", "Task", "main", "run"]

Rows: TypeAlias = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class Task:
    """A data set, the net to train on it, and the accuracy to reach.

    Attributes
    ----------
    name : str
        Short name, also of the picture files.
    description : str
        What the images are.
    load : callable
        Gives ``(X, y), (X_test, y_test)``.
    architecture : str
        Nodes of each layer, as `FeedForward` takes them.
    phases : tuple of (int, float)
        Epochs and Adam's learning rate, one after the other: the last, at a tenth of the rate,
        lets the weights settle where large steps only made them circle.
    batch_size : int
        How many rows a step takes.
    target : float
        The accuracy to reach on the test rows, from 0 to 1.
    """

    name: str
    description: str
    load: Callable[[], tuple[Rows, Rows]]
    architecture: str
    phases: tuple[tuple[int, float], ...]
    batch_size: int
    target: float

    @property
    def epochs(self) -> int:
        """The epochs of all phases together."""
        return sum(epochs for epochs, _ in self.phases)


def _digits() -> tuple[Rows, Rows]:
    return nn.datasets.split(*nn.datasets.digits(), test_fraction=0.2, seed=0)


DIGITS = Task(
    name="digits",
    description="1,797 handwritten digits of 8 x 8 pixels, a fifth of them held out",
    load=_digits,
    architecture="64-64-10",
    phases=((24, 1e-2), (6, 1e-3)),
    batch_size=32,
    target=0.965,
)
MNIST = Task(
    name="mnist",
    description="70,000 handwritten digits of 28 x 28 pixels, 10,000 of them held out",
    load=lambda: nn.datasets.mnist(),
    architecture="784-256-128-10",
    phases=((4, 2e-3), (1, 2e-4)),
    batch_size=128,
    target=0.976,
)


@dataclass(frozen=True)
class Result:
    """What became of training one net.

    Attributes
    ----------
    task : Task
        What was trained.
    seed : int
        The seed of the net.
    accuracy : float
        On the test rows, from 0 to 1.
    epoch_seconds : tuple of float
        How long each epoch took, the check on the test rows after it included.
    pictures : tuple of Path
        The picture files written; empty for all seeds but the first, and without matplotlib.
    """

    task: Task
    seed: int
    accuracy: float
    epoch_seconds: tuple[float, ...]
    pictures: tuple[Path, ...]

    @property
    def reached(self) -> bool:
        """Whether the accuracy is at least the task's target."""
        return self.accuracy >= self.task.target


class _Clock(nn.Callback):
    """Keeps how long each epoch takes."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._begun = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._begun = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self._begun)


def run(
    tasks: Sequence[Task] = (DIGITS, MNIST),
    *,
    seeds: int = 1,
    out: str | Path = "demo-pictures",
    backend: Literal["rust", "numpy"] | None = None,
    verbose: bool = True,
) -> list[Result]:
    """Train a net for each task and seed, print how it went, and write the pictures.

    A task whose data cannot be had is left out, with a sentence that says why.

    Parameters
    ----------
    tasks : sequence of Task
        What to train.
    seeds : int
        How many nets for each task: the seeds are 0 to ``seeds - 1``.
    out : str or Path
        The folder for the pictures; made when it is not there.
    backend : {"rust", "numpy"}, optional
        What computes; by default as `FeedForward` chooses.
    verbose : bool
        Whether to show a progress bar.

    Returns
    -------
    list of Result
        One for each task and seed, in their order.

    Raises
    ------
    OSError
        If a picture cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import nnfast.demo
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     results = nnfast.demo.run([nnfast.demo.DIGITS], out=folder, verbose=False)
    digits: ...
    >>> results[0].reached
    True
    """
    results = []
    for task in tasks:
        print(f"{task.name}: {task.description}")
        try:
            train, test = task.load()
        # An original file that is damaged is a ValueError; all else that can go wrong is an
        # OSError.
        except (OSError, ValueError) as error:
            print(f"  left out: {error}\n")
            continue
        for seed in range(seeds):
            results.append(_train(task, train, test, seed, Path(out), backend, verbose))
    return results


def _train(
    task: Task,
    train: Rows,
    test: Rows,
    seed: int,
    out: Path,
    backend: Literal["rust", "numpy"] | None,
    verbose: bool,
) -> Result:
    """Train one net and print how it went; the first seed's is drawn as well."""
    net = nn.FeedForward(task.architecture, output="softmax", seed=seed, backend=backend)
    print(
        f"  {task.architecture} with seed {seed}: {net.parameter_count:,} parameters, "
        f"{task.epochs} epochs in batches of {task.batch_size}, {net.backend} backend",
        flush=True,  # before the bar, which goes to standard error
    )
    clock = _Clock()
    for epochs, learning_rate in task.phases:
        net.compile(nn.Adam(learning_rate), loss="cross_entropy", metrics=["accuracy"])
        net.fit(
            *train,
            epochs=epochs,
            batch_size=task.batch_size,
            validation_data=test,
            callbacks=[clock],
            verbose=verbose,
        )
    accuracy = float(net.evaluate(*test)["accuracy"])
    pictures = _draw(net, task, test, out) if seed == 0 else ()
    result = Result(task, seed, accuracy, tuple(clock.seconds), pictures)
    print(
        f"  {accuracy:.2%} of the {len(test[1]):,} held-out images right "
        f"({'the goal was' if result.reached else 'which misses the goal of'} {task.target:.1%})"
    )
    print(
        f"  an epoch took {_duration(statistics.median(clock.seconds))}, "
        f"all {task.epochs} took {_duration(sum(clock.seconds))}"
    )
    for picture in pictures:
        print(f"  wrote {picture}")
    print()
    return result


def _draw(net: nn.FeedForward, task: Task, test: Rows, out: Path) -> tuple[Path, ...]:
    """Write the three pictures of a trained net; none, and a sentence, without matplotlib."""
    X, y = test
    try:
        # These first: without matplotlib they say how to get it.
        figures = {
            "first-layer-weights": nn.plot.first_layer_weights(net).figure,
            "confusion-matrix": nn.plot.confusion_matrix(y, net.predict_classes(X)).figure,
            "learning-curves": _loss_and_accuracy(net),
        }
    except ImportError as error:
        print(f"  no pictures: {error}")
        return ()
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, figure in figures.items():
        path = out / f"{task.name}-{name}.png"
        figure.savefig(path)
        paths.append(path)
    return tuple(paths)


def _loss_and_accuracy(net: nn.FeedForward) -> Any:
    """Draw the loss and the accuracy side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 4.0), dpi=120, layout="constrained")
    for metric, axes in zip(("loss", "accuracy"), figure.subplots(1, 2), strict=True):
        nn.plot.learning_curves(net, axes, metric=metric)
    return figure


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1e3:.1f} ms"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo from the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line's arguments; by default those of the process.

    Returns
    -------
    int
        0, or 1 if a net missed its accuracy.
    """
    parser = argparse.ArgumentParser(
        prog="python -m nnfast.demo",
        description="Train on handwritten digits, the small ones in the package and then MNIST.",
    )
    parser.add_argument(
        "--seeds",
        type=_positive,
        default=1,
        metavar="N",
        help="train N nets for each data set, with the seeds 0 to N-1 (default: 1)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("demo-pictures"),
        metavar="FOLDER",
        help="where to write the pictures (default: demo-pictures)",
    )
    parser.add_argument(
        "--only", choices=["digits", "mnist"], help="train on this data set only (default: both)"
    )
    options = parser.parse_args(arguments)
    tasks = [task for task in (DIGITS, MNIST) if options.only in (None, task.name)]
    results = run(tasks, seeds=options.seeds, out=options.out)
    return 0 if all(result.reached for result in results) else 1


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer of at least 1, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
