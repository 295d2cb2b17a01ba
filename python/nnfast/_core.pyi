"""The compiled core: nnfast's arithmetic in Rust. Arguments are checked before they come here."""

from collections.abc import Callable, Sequence
from typing import Any, final

from numpy.typing import NDArray

__all__ = [
    "Network",
    "activation",
    "activation_derivative",
    "boltzmann_energy",
    "boltzmann_epoch",
    "boltzmann_gibbs",
    "boltzmann_hidden",
    "boltzmann_visible",
    "competitive_online",
    "correlate",
    "delta_epoch",
    "environment_has",
    "first_non_finite",
    "hebbian_epoch",
    "hopfield_fields",
    "hopfield_recall",
    "instruction_set",
    "instruction_sets",
    "learning_rate",
    "least_squares",
    "lvq_online",
    "map_batch",
    "map_online",
    "nearest_units",
    "perceptron_epoch",
    "permutation",
    "registry",
    "storkey_store",
    "unit_distances",
    "unit_sums",
]

@final
class Network:
    def __new__(cls, config: str, dtype: str, seed: int) -> Network: ...
    def parameters(self) -> list[NDArray[Any]]: ...
    def set_parameters(self, parameters: Sequence[NDArray[Any]]) -> None: ...
    def is_fitted(self) -> bool: ...
    def adapt(self, x: NDArray[Any], rows: NDArray[Any] | None) -> None: ...
    def compile(self, config: str) -> None: ...
    def learning_rate(self) -> float: ...
    def set_learning_rate(self, config: str) -> None: ...
    def set_trainable(self, layer: int, trainable: bool) -> None: ...
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
        outputs: NDArray[Any] | None = None,
        penalty_factors: Sequence[float] | None = None,
    ) -> bool: ...
    def train_batch(
        self,
        x: NDArray[Any],
        y: NDArray[Any],
        threads: int,
        weights: NDArray[Any] | None = None,
        rows: NDArray[Any] | None = None,
        outputs: NDArray[Any] | None = None,
        sums: Sequence[float] | None = None,
        penalty_factor: float = 1.0,
    ) -> list[float]: ...
    def epoch_order(self, rows: int, shuffle: bool) -> NDArray[Any]: ...
    def count_epoch(self) -> None: ...
    def layer_outputs(self, x: NDArray[Any]) -> list[NDArray[Any]]: ...
    def evaluate(
        self,
        x: NDArray[Any],
        y: NDArray[Any],
        batch_size: int,
        threads: int,
        weights: NDArray[Any] | None = None,
    ) -> list[float]: ...
    def begin_run(self) -> None: ...
    def state(self) -> dict[str, Any]: ...
    def set_state(
        self,
        step: int,
        epoch: int,
        slots: Sequence[Sequence[NDArray[Any]]],
        numbers: Sequence[float],
    ) -> None: ...

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
def hebbian_epoch(
    x: NDArray[Any],
    components: NDArray[Any],
    mean: NDArray[Any],
    order: NDArray[Any],
    rule: str,
    limit: float,
    learning_rate: float,
    decay: float,
    epoch: int,
) -> None: ...
def delta_epoch(
    x: NDArray[Any],
    targets: NDArray[Any],
    components: NDArray[Any],
    bias: NDArray[Any],
    order: NDArray[Any],
    learning_rate: float,
    decay: float,
    epoch: int,
) -> float: ...
def correlate(x: NDArray[Any], y: NDArray[Any], sums: NDArray[Any], threads: int) -> None: ...
def least_squares(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]: ...
def storkey_store(patterns: NDArray[Any], matrix: NDArray[Any], threads: int) -> None: ...
def hopfield_fields(matrix: NDArray[Any], states: NDArray[Any], threads: int) -> NDArray[Any]: ...
def hopfield_recall(
    matrix: NDArray[Any],
    thresholds: NDArray[Any],
    states: NDArray[Any],
    synchronous: bool,
    seed: int,
    sweeps: int,
    record: bool,
    threads: int,
) -> list[list[int]]: ...
def boltzmann_hidden(
    x: NDArray[Any],
    weights: NDArray[Any],
    hidden: NDArray[Any],
    visible: NDArray[Any],
    threads: int,
) -> NDArray[Any]: ...
def boltzmann_visible(
    h: NDArray[Any],
    weights: NDArray[Any],
    hidden: NDArray[Any],
    visible: NDArray[Any],
    threads: int,
) -> NDArray[Any]: ...
def boltzmann_energy(
    x: NDArray[Any],
    weights: NDArray[Any],
    hidden: NDArray[Any],
    visible: NDArray[Any],
    flipped: NDArray[Any] | None,
    threads: int,
) -> NDArray[Any]: ...
def boltzmann_gibbs(
    x: NDArray[Any],
    weights: NDArray[Any],
    hidden: NDArray[Any],
    visible: NDArray[Any],
    steps: int,
    seed: int,
    step: int,
    threads: int,
) -> NDArray[Any]: ...
def boltzmann_epoch(
    x: NDArray[Any],
    weights: NDArray[Any],
    hidden: NDArray[Any],
    visible: NDArray[Any],
    chains: NDArray[Any],
    order: NDArray[Any],
    batch_size: int,
    learning_rate: float,
    persistent: bool,
    gibbs_steps: int,
    seed: int,
    step: int,
    threads: int,
) -> None: ...
def permutation(rows: int, seed: int, purpose: int, step: int) -> NDArray[Any]: ...
def learning_rate(config: str, steps: int) -> float: ...
def first_non_finite(x: NDArray[Any]) -> int | None: ...
def environment_has(name: str) -> bool: ...
def registry() -> dict[str, list[str]]: ...
def instruction_set() -> str: ...
def instruction_sets() -> list[str]: ...
def nearest_units(
    x: NDArray[Any], weights: NDArray[Any], distance: str, threads: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]: ...
def unit_distances(
    x: NDArray[Any], weights: NDArray[Any], distance: str, out: NDArray[Any], threads: int
) -> None: ...
def unit_sums(
    x: NDArray[Any], winners: NDArray[Any], sums: NDArray[Any], threads: int
) -> NDArray[Any]: ...
def map_online(
    x: NDArray[Any],
    weights: NDArray[Any],
    map: str,
    distance: str,
    order: NDArray[Any],
    rates: NDArray[Any],
    sigmas: NDArray[Any],
    threads: int,
) -> None: ...
def map_batch(
    x: NDArray[Any],
    weights: NDArray[Any],
    map: str,
    distance: str,
    rate: float,
    sigma: float,
    threads: int,
) -> None: ...
def competitive_online(
    x: NDArray[Any],
    weights: NDArray[Any],
    wins: NDArray[Any],
    order: NDArray[Any],
    rates: NDArray[Any],
    threads: int,
) -> None: ...
def lvq_online(
    x: NDArray[Any],
    classes: NDArray[Any],
    weights: NDArray[Any],
    prototype_classes: NDArray[Any],
    rule: str,
    order: NDArray[Any],
    rates: NDArray[Any],
    threads: int,
) -> int: ...
