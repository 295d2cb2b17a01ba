"""Other libraries on the same work, for the command bench; those that are installed.

Each is written as its own documentation writes it. All have float32 rows, Adam, the same layers and
rows a step, and as many threads as the command was given, where a library can be told.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import nnfast as nn

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class Work(NamedTuple):
    """A network, and what it learns from."""

    sizes: tuple[int, ...]
    rows: int
    batch: int

    @property
    def architecture(self) -> str:
        """Such as 784-256-128-10."""
        return "-".join(map(str, self.sizes))

    def data(self) -> tuple[Array, Array]:
        """Return rows drawn at random, and classes."""
        random = np.random.default_rng(0)
        X = random.random((self.rows, self.sizes[0]), dtype=np.float32)
        return X, np.arange(self.rows) % self.sizes[-1]


class Contender(NamedTuple):
    """What one library does: an epoch, all rows at once, and one row."""

    epoch: Callable[[], object]
    predict: Callable[[], object]
    predict_one: Callable[[], object]


def ours(work: Work, threads: int) -> Contender:
    """Return what this library does."""
    X, y = work.data()
    net = nn.FeedForward(work.architecture, output="softmax", seed=0, threads=threads)
    net.compile(metrics=[])
    return Contender(
        lambda: net.fit(X, y, batch_size=work.batch, verbose=0),
        lambda: net.predict(X),
        lambda: net.predict(X[0]),
    )


def scikit_learn(work: Work, threads: int) -> Contender:
    """Return what scikit-learn's does; its threads are those of the matrix library."""
    from sklearn.neural_network import MLPClassifier

    limits: Any = import_module("threadpoolctl")  # which comes with scikit-learn
    limits.threadpool_limits(threads)
    X, y = work.data()
    net = MLPClassifier(work.sizes[1:-1], batch_size=work.batch, alpha=0.0, random_state=0)
    classes = np.arange(work.sizes[-1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.partial_fit(X, y, classes=classes)
    return Contender(
        lambda: net.partial_fit(X, y),
        lambda: net.predict_proba(X),
        lambda: net.predict_proba(X[:1]),
    )


def pytorch(work: Work, threads: int) -> Contender:
    """Return what PyTorch's does, eagerly."""
    torch: Any = import_module("torch")
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    X, y = (torch.from_numpy(one) for one in work.data())
    layers: list[Any] = []
    for inputs, outputs in zip(work.sizes[:-1], work.sizes[1:], strict=True):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(net.parameters())
    loss = torch.nn.CrossEntropyLoss()

    def epoch() -> None:
        order = torch.randperm(len(X))
        for first in range(0, len(X), work.batch):
            rows = order[first : first + work.batch]
            optimizer.zero_grad(set_to_none=True)
            loss(net(X[rows]), y[rows]).backward()
            optimizer.step()

    def predict(rows: Any) -> Any:
        with torch.inference_mode():
            return torch.softmax(net(rows), dim=1)

    return Contender(epoch, lambda: predict(X), lambda: predict(X[:1]))


CONTENDERS: dict[str, tuple[str, Callable[[Work, int], Contender]]] = {
    "nnfast": ("nnfast", ours),
    "scikit-learn": ("sklearn", scikit_learn),
    "torch": ("torch", pytorch),
}


def installed() -> list[str]:
    """Return the names of the contenders that are there."""
    return [name for name, (module, _) in CONTENDERS.items() if importlib.util.find_spec(module)]
