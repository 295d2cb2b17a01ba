"""Who takes part, in what, and what must be installed for it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata, util
from typing import Any

from comparison.cases import Case, Training

OURS = "nnfast"
ONE_BY_ONE = "nnfast, one by one"


@dataclass(frozen=True)
class Contender:
    """One column of the table."""

    name: str
    peer: str
    """The module in `comparison.peers`; of a whole process, the script `whole/with_...`."""
    kinds: tuple[str, ...]
    needs: tuple[str, ...]
    """What must be importable."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What its module is told."""
    environment: Mapping[str, str] = field(default_factory=dict)
    processors: int | None = None
    """How many it keeps to, whatever the case says."""
    slow_to_start: bool = False
    """Whether it takes seconds to get ready: only the table's own cases are worth that."""
    tools: tuple[str, ...] = ()
    """Programs of which one must be there."""

    def missing(self) -> str | None:
        """Return why it cannot take part."""
        for module in self.needs:
            if util.find_spec(module) is None:
                return f"{module} is not installed"
        if self.tools and not any(map(shutil.which, self.tools)):
            return f"it wants one of {', '.join(self.tools)}"
        return None

    def takes_part(self, case: Case, quick: bool) -> bool:
        if case.kind not in self.kinds:
            return False
        if case.at is not None:  # a curve: ours, and whoever is usually the best
            best = "JAX" if isinstance(case, Training) else "onnxruntime"
            return self.name == OURS or (self.name == best and not quick)
        return not self.slow_to_start or (case.table and not quick)


ALL = (
    Contender(
        OURS,
        "nnfast",
        ("training", "prediction", "elementwise", "many", "process"),
        ("nnfast",),
    ),
    Contender(
        ONE_BY_ONE, "nnfast", ("many",), ("nnfast",), options={"one_by_one": True}, processors=1
    ),
    Contender(
        "JAX",
        "jax",
        ("training", "prediction", "elementwise", "many", "process"),
        ("jax", "optax"),
    ),
    Contender(
        "JAX, unrolled by 4",
        "jax",
        ("training",),
        ("jax", "optax"),
        options={"unroll": 4},
        slow_to_start=True,
    ),
    Contender("torch", "torch", ("training", "prediction", "elementwise", "process"), ("torch",)),
    Contender(
        "torch, compiled",
        "torch",
        ("training",),
        ("torch",),
        options={"compiled": True},
        slow_to_start=True,
        tools=("c++", "g++", "clang++", "cl"),
    ),
    Contender("onnxruntime", "onnxruntime", ("prediction",), ("onnxruntime", "onnx")),
    Contender(
        "onnxruntime, 1 thread",
        "onnxruntime",
        ("prediction",),
        ("onnxruntime", "onnx"),
        options={"threads": 1},
    ),
    Contender("NumPy", "numpy", ("training", "prediction", "elementwise"), ("numpy",)),
    Contender(
        "scikit-learn", "scikit_learn", ("training", "prediction", "many", "process"), ("sklearn",)
    ),
    Contender(
        "Keras on JAX",
        "keras",
        ("training", "process"),
        ("keras", "jax"),
        environment={"KERAS_BACKEND": "jax"},
        slow_to_start=True,
    ),
    Contender(
        "Keras on TensorFlow",
        "keras",
        ("training", "process"),
        ("keras", "tensorflow"),
        environment={"KERAS_BACKEND": "tensorflow"},
        slow_to_start=True,
    ),
)


def versions() -> dict[str, str]:
    """Return the version of everything that is installed of them."""
    names = ("nnfast", "numpy", "jax", "optax", "torch", "onnxruntime", "scikit-learn", "keras")
    found = {}
    for name in (*names, "tensorflow"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
