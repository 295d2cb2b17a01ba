"""The compiled core: nnfast's arithmetic in Rust. Arguments are checked before they come here."""

from collections.abc import Callable, Sequence
from typing import Any, final

from numpy.typing import NDArray

__all__ = [
    "Network",
    "activation",
    "activation_derivative",
    "environment_has",
    "first_non_finite",
    "instruction_set",
    "instruction_sets",
    "perceptron_epoch",
    "permutation",
    "registry",
]

@final
class Network:
    def __new__(cls, config: str, dtype: str, seed: int) -> Network: ...
    def parameters(self) -> list[NDArray[Any]]: ...
    def set_parameters(self, parameters: Sequence[NDArray[Any]]) -> None: ...
    def compile(self, config: str) -> None: ...
    def try_predict(self, x: Any, threads: int, out: Any = None, /) -> NDArray[Any] | None: ...
    def predict(
        self, x: NDArray[Any], threads: int, out: NDArray[Any] | None = None, /
    ) -> NDArray[Any]: ...
    def gradients(
        self,
        x: NDArray[Any],
        y: NDArray[Any],
        threads: int,
        weights: NDArray[Any] | None = None,
    ) -> tuple[float, list[NDArray[Any]]]: ...
    def train_epochs(
        self,
        x: NDArray[Any],
        y: NDArray[Any],
        rows: NDArray[Any] | None,
        batch_size: int,
        shuffle: bool,
        threads: int,
        epochs: int,
        report: list[list[float]],
        stopped: Callable[[], bool],
        weights: NDArray[Any] | None = None,
    ) -> None: ...
    def train_batch(
        self,
        x: NDArray[Any],
        y: NDArray[Any],
        threads: int,
        weights: NDArray[Any] | None = None,
    ) -> list[float]: ...
    def evaluate(
        self,
        x: NDArray[Any],
        y: NDArray[Any],
        batch_size: int,
        threads: int,
        weights: NDArray[Any] | None = None,
    ) -> list[float]: ...
    def state(self) -> dict[str, Any]: ...
    def set_state(self, step: int, epoch: int, slots: Sequence[Sequence[NDArray[Any]]]) -> None: ...

def activation(config: str, x: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]: ...
def activation_derivative(
    config: str, x: NDArray[Any], out: NDArray[Any] | None = None
) -> NDArray[Any]: ...
def perceptron_epoch(
    x: NDArray[Any],
    classes: NDArray[Any],
    weights: NDArray[Any],
    learning_rate: float,
    order: NDArray[Any],
) -> NDArray[Any]: ...
def permutation(rows: int, seed: int, purpose: int, step: int) -> NDArray[Any]: ...
def first_non_finite(x: NDArray[Any]) -> int | None: ...
def environment_has(name: str) -> bool: ...
def registry() -> dict[str, list[str]]: ...
def instruction_set() -> str: ...
def instruction_sets() -> list[str]: ...
