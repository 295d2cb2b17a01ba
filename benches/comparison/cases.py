"""What is measured: which networks, batches and functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import ClassVar

from comparison.processors import available

ELEMENTS = 262_144
# With neighbours of a vector's multiples, and the 45 and 46 between which a peer has its cliff.
WIDTHS = (1, 2, 3, 5, 8, 13, 16, 17, 24, 32, 45, 46, 64, 100, 128, 192, 256, 384, 512, 1024, 3000)
DEPTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
BATCHES = (1, 2, 3, 4, 7, 8, 16, 17, 32, 64, 100, 128, 256, 512, 1000, 2048)
FUNCTIONS = ("relu", "leaky_relu", "sigmoid", "tanh", "elu")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row of the table: the same work for everyone."""

    kind: ClassVar[str]
    unit: ClassVar[str]
    """What the time is of."""

    group: str
    """The table, or the curve, that it belongs to."""
    at: int | None = None
    """On a curve, where."""
    quick: bool = False
    """Whether a quick run has it."""
    table: bool = False
    """Whether even those take part who need long to get ready."""
    threads: int | None = None
    """How many processors everyone may use; None is all."""
    tolerance: float = 1e-4
    """How far results may differ, relative to their size."""

    @property
    def label(self) -> str:
        """What it is, within its group."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """What it is chosen by."""
        if self.at is not None:
            return f"{self.group}/{self.at}"
        return f"{self.group}/{self.label.replace(', ', '/').replace(' ', '-')}"


@dataclass(frozen=True, kw_only=True)
class Training(Case):
    """An epoch of Adam on softmax cross-entropy, ReLU within, in random order; a step's time."""

    kind = "training"
    unit = "a step"
    group: str = "train"
    sizes: tuple[int, ...]
    batch: int
    steps: int
    dtype: str = "float32"
    steps_to_check: int = 20

    @property
    def label(self) -> str:
        words = [architecture(self.sizes), f"batch {self.batch}"]
        words += [self.dtype] if self.dtype != "float32" else []
        words += [f"threads {self.threads}"] if self.threads else []
        return ", ".join(words)

    @property
    def rows(self) -> int:
        return self.batch * self.steps


@dataclass(frozen=True, kw_only=True)
class Prediction(Case):
    """The outputs for some rows, from one array to another; a call's time."""

    kind = "prediction"
    unit = "a call"
    group: str = "predict"
    sizes: tuple[int, ...]
    rows: int
    dtype: str = "float32"

    @property
    def label(self) -> str:
        return f"{architecture(self.sizes)}, rows {self.rows}"


@dataclass(frozen=True, kw_only=True)
class Elementwise(Case):
    """A function, or its derivative, of an array in the cache, on one thread; a call's time."""

    kind = "elementwise"
    unit = "262,144 numbers"
    group: str = "elementwise"
    function: str
    derivative: bool = False
    elements: int = ELEMENTS

    @property
    def label(self) -> str:
        return f"{self.function} derivative" if self.derivative else self.function


@dataclass(frozen=True, kw_only=True)
class ManyNets(Case):
    """An epoch of many nets over the same data, each in its own random order; the time of all."""

    kind = "many"
    unit = "an epoch of all nets"
    group: str = "many"
    nets: int
    sizes: tuple[int, ...]
    batch: int
    steps: int
    dtype: str = "float32"
    steps_to_check: int = 20

    @property
    def label(self) -> str:
        return f"{self.nets} nets {architecture(self.sizes)}, batch {self.batch}"

    @property
    def rows(self) -> int:
        return self.batch * self.steps


@dataclass(frozen=True, kw_only=True)
class Process(Case):
    """A process from start to end: import, compile, train on MNIST, test, print the accuracy."""

    kind = "process"
    unit = "a process"
    group: str = "process"
    sizes: tuple[int, ...] = (784, 256, 128, 10)
    epochs: int = 5
    batch: int = 128
    accuracy: float = 0.97
    """What counts as having trained."""

    @property
    def label(self) -> str:
        return f"MNIST, {self.epochs} epochs"


def architecture(sizes: tuple[int, ...]) -> str:
    return "-".join(map(str, sizes))


def quick(case: Training | Prediction) -> bool:
    """Say whether a case takes a part of a second, and not several, with the slowest library."""
    return case.rows * kernels(case.sizes) < 5e9


def kernels(sizes: tuple[int, ...]) -> int:
    """Return the number of weights, the biases left out: a row's multiply-adds."""
    return sum(inputs * units for inputs, units in pairwise(sizes))


def training() -> list[Case]:
    """The table's shapes, and others that nobody tuned for."""
    goals = [
        Training(sizes=(784, 256, 128, 10), batch=128, steps=128),
        Training(sizes=(784, 128, 10), batch=32, steps=512),
        Training(sizes=(16, 32, 32, 4), batch=32, steps=1024),
        Training(sizes=(3, 2, 3, 2), batch=4, steps=2048),
        Training(sizes=(1024, 2048, 2048, 1024), batch=512, steps=4, steps_to_check=4),
    ]
    others = [
        Training(sizes=(37, 113, 7), batch=17, steps=512),
        Training(sizes=(1, 1, 2), batch=32, steps=1024),
        Training(sizes=(3000, 3000, 10), batch=64, steps=8, steps_to_check=8),
        Training(sizes=(784, 128, 10), batch=1, steps=1024),
        Training(sizes=(784, 128, 10), batch=1000, steps=20),
        Training(sizes=(64, 64, 64, 64, 64, 64, 10), batch=64, steps=256),
        Training(sizes=(784, 256, 128, 10), batch=128, steps=64, dtype="float64"),
    ]
    return [*(replace(case, table=True, quick=quick(case)) for case in goals), *others]


def prediction() -> list[Case]:
    wanted = [
        ((4, 16, 3), 1),
        ((784, 128, 10), 1),
        ((784, 512, 512, 10), 1),
        ((784, 128, 10), 32),
        ((784, 512, 512, 10), 1024),
        ((784, 512, 512, 10), 16_384),
    ]
    goals = [Prediction(sizes=sizes, rows=rows) for sizes, rows in wanted]
    return [
        *(replace(case, quick=quick(case)) for case in goals),
        Prediction(sizes=(37, 113, 7), rows=17),
        Prediction(sizes=(3000, 3000, 10), rows=1),
    ]


def elementwise() -> list[Case]:
    """Those of the functions that the library offers."""
    from nnfast import activations

    return [
        Elementwise(
            function=function, derivative=derivative, threads=1, quick="leaky" not in function
        )
        for function in FUNCTIONS
        if function in activations.registry.names
        for derivative in (False, True)
    ]


def many() -> list[Case]:
    return [ManyNets(nets=64, sizes=(16, 32, 32, 4), batch=32, steps=64, quick=True)]


def process() -> list[Case]:
    return [Process(table=True)]


def growth() -> list[Case]:
    """Curves of the time a row: over rows, width, depth, batch and threads."""
    image, layers, small = (784, 128, 10), (784, 256, 128, 10), (16, 32, 32, 4)

    def curve(name: str, points: Iterable[int], make: Callable[[int], Case]) -> list[Case]:
        made = [(at, make(at)) for at in points]
        return [
            replace(case, group=f"growth/{name}", at=at, quick=at in (1, 2, 64, 1024))
            for at, case in made
        ]

    return [
        *curve(
            "rows", (4**power for power in range(9)), lambda at: Prediction(sizes=image, rows=at)
        ),
        *curve("width", WIDTHS, lambda at: Training(sizes=(64, at, at, 10), batch=64, steps=20)),
        *curve(
            "depth", DEPTHS, lambda at: Training(sizes=(64, *[64] * at, 10), batch=64, steps=64)
        ),
        *curve(
            "batch",
            BATCHES,
            lambda at: Training(sizes=image, batch=at, steps=max(20, 2048 // at)),
        ),
        *curve(
            "threads",
            thread_counts(),
            lambda at: Training(sizes=layers, batch=128, steps=64, threads=at),
        ),
        *curve(
            "threads-of-a-small-net",
            thread_counts(),
            lambda at: Training(sizes=small, batch=32, steps=256, threads=at),
        ),
    ]


def thread_counts() -> list[int]:
    """Powers of two, and all."""
    return sorted({2**power for power in range(10) if 2**power < available()} | {available()})


def everything() -> list[Case]:
    return [*training(), *prediction(), *elementwise(), *many(), *process(), *growth()]


def chosen(patterns: Iterable[str], quick: bool) -> list[Case]:
    """Those whose name, or a folder of it, fits one of the patterns; without any, all."""
    patterns = list(patterns)
    cases = [case for case in everything() if case.quick or not quick]
    if not patterns:
        return cases
    return [
        case
        for case in cases
        if any(fnmatchcase(case.name, form) for given in patterns for form in (given, given + "/*"))
    ]
