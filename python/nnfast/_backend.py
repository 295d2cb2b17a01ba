"""The border to the arithmetic: the compiled core, or the NumPy reference with the same methods.

This is the only place that asks whether the core is there.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

VARIABLE = "NNFAST_BACKEND"
MODULES = {"rust": "nnfast._core", "numpy": "nnfast.reference"}

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class Network(Protocol):
    """A network as a backend holds it: parameters, optimizer state and counters."""

    def parameters(self) -> list[Array]:
        """Return copies of the parameters."""

    def set_parameters(self, values: Sequence[Array], /) -> None:
        """Replace the parameters by arrays of the same shapes."""

    def is_fitted(self) -> bool:
        """Return whether there is nothing that had to be fitted to rows first, and was not."""

    def adapt(self, x: Array, rows: Array | None) -> None:
        """Fit to all rows of x, or to those named, what has to be fitted first."""

    def compile(self, config: str, /) -> None:
        """Set optimizer, loss and metrics; resets the optimizer's slots and the step."""

    def set_trainable(self, layer: int, trainable: bool) -> None:
        """Let the layer with a number, from 0, learn or not; its optimizer's state stays."""

    def try_predict(self, x: Any, threads: int, out: Any = None, /) -> Array | None:
        """Return the outputs for what a user passes, or None if the border has to look at it."""

    def predict(self, x: Array, threads: int, out: Array | None = None, /) -> Array:
        """Return the outputs, of the shape (rows, outputs), in `out` if it is given."""

    def gradients(
        self, x: Array, y: Array, threads: int, weights: Array | None = None
    ) -> tuple[float, list[Array]]:
        """Return the mean loss and its derivative by every parameter.

        Here and below, `weights` holds what each row's loss is multiplied by before the mean over
        the rows is taken, in the network's dtype.
        """

    def train_epochs(
        self,
        x: Array,
        y: Array,
        rows: Array | None,
        batch_size: int,
        shuffle: bool,
        threads: int,
        epochs: int,
        report: list[list[float]],
        stopped: Callable[[], bool],
        weights: Array | None = None,
        outputs: Array | None = None,
        penalty_factors: list[float] | None = None,
    ) -> bool:
        """Train for one epoch, or for some more up to `epochs` if they are short.

        An epoch goes through all rows once, or through those whose numbers `rows` holds. The loss
        and the metrics of each, means over its rows, are appended to `report`, whatever is raised
        then. `stopped` is asked now and then, from any thread, whether to end by KeyboardInterrupt.
        `outputs`, of the shape (rows of the epoch, outputs), takes what the network said of each
        row before its step, in the order of the rows as they are given, whatever the shuffle.
        `penalty_factors` are what each batch's penalties of weights are multiplied by.
        Returned is whether the optimizer has found that there is nothing left to gain.
        """

    def learning_rate(self) -> float:
        """Return the learning rate of the next step."""

    def set_learning_rate(self, config: str) -> None:
        """Go on with another learning rate, a number or a schedule; all else stays as it is."""

    def train_batch(
        self,
        x: Array,
        y: Array,
        threads: int,
        weights: Array | None = None,
        rows: Array | None = None,
        outputs: Array | None = None,
        sums: list[float] | None = None,
        penalty_factor: float = 1.0,
    ) -> list[float]:
        """Take one step on these rows; return loss and metrics from before it.

        `rows` are the numbers of those to take; `outputs` takes what the network said of them. To
        `sums` loss and metrics are added row by row, and the new sums are returned rather than the
        means: so batches taken one by one give an epoch's bits. `penalty_factor` is what penalties
        of weights are multiplied by.
        """

    def epoch_order(self, rows: int, shuffle: bool) -> Array:
        """Return the order in which the next epoch takes so many rows."""

    def count_epoch(self) -> None:
        """Count an epoch whose batches were taken one by one."""

    def layer_outputs(self, x: Array) -> list[Array]:
        """Return what each layer after the input gives for the rows, without dropout."""

    def evaluate(
        self, x: Array, y: Array, batch_size: int, threads: int, weights: Array | None = None
    ) -> list[float]:
        """Return loss and metrics, each the mean over the rows."""

    def begin_run(self) -> None:
        """Be told that data may be others now: nothing computed from earlier ones is used again."""

    def state(self) -> dict[str, Any]:
        """Return the counters ``step`` and ``epoch``, the optimizer's ``slots`` and ``numbers``."""

    def set_state(
        self,
        step: int,
        epoch: int,
        slots: Sequence[Sequence[Array]],
        numbers: Sequence[float],
    ) -> None:
        """Replace what `state` returns."""


class Backend(Protocol):
    """What a backend module offers."""

    def Network(self, config: str, dtype: str, seed: int) -> Network:
        """Build a network with its initial parameters."""

    def activation(self, config: str, x: Array, out: Array | None = None, /) -> Array:
        """Return an activation's values, written into `out` where there is one."""

    def activation_derivative(self, config: str, x: Array, out: Array | None = None, /) -> Array:
        """Return an activation's derivative, written into `out` where there is one."""

    def perceptron_epoch(
        self, x: Array, classes: Array, weights: Array, learning_rate: float, order: Array, /
    ) -> Array:
        """Learn from every row once, in place; return the mistakes of each output."""

    def hebbian_epoch(
        self,
        x: Array,
        components: Array,
        mean: Array,
        order: Array,
        rule: str,
        limit: float,
        learning_rate: float,
        decay: float,
        epoch: int,
    ) -> None:
        """Learn from every row once by a rule without a teacher, in place."""

    def delta_epoch(
        self,
        x: Array,
        targets: Array,
        components: Array,
        bias: Array,
        order: Array,
        learning_rate: float,
        decay: float,
        epoch: int,
    ) -> float:
        """Learn from every row once by the delta rule, in place; return the squared errors' sum."""

    def correlate(self, x: Array, y: Array, sums: Array, threads: int) -> None:
        """Add x' y to `sums`."""

    def least_squares(self, x: Array, y: Array) -> Array:
        """Return the matrix of least norm for which x times it is nearest to y, in float64."""

    def storkey_store(self, patterns: Array, matrix: Array, threads: int) -> None:
        """Store patterns by Storkey's rule, in place."""

    def hopfield_fields(self, matrix: Array, states: Array, threads: int) -> Array:
        """Return the fields of states."""

    def hopfield_recall(
        self,
        matrix: Array,
        thresholds: Array,
        states: Array,
        synchronous: bool,
        seed: int,
        sweeps: int,
        record: bool,
        threads: int,
    ) -> list[list[int]]:
        """Let states come to rest, in place; return which units changed, if that is wanted."""

    def boltzmann_hidden(self, x: Array, w: Array, b: Array, a: Array, threads: int, /) -> Array:
        """Return the probabilities of the hidden units."""

    def boltzmann_visible(self, h: Array, w: Array, b: Array, a: Array, threads: int, /) -> Array:
        """Return the probabilities of the visible units."""

    def boltzmann_energy(
        self, x: Array, w: Array, b: Array, a: Array, flipped: Array | None, threads: int, /
    ) -> Array:
        """Return free energies or, where units are listed, pseudo-log-likelihoods."""

    def boltzmann_gibbs(
        self,
        x: Array,
        w: Array,
        b: Array,
        a: Array,
        steps: int,
        seed: int,
        step: int,
        threads: int,
        /,
    ) -> Array:
        """Return visible states after some Gibbs steps."""

    def boltzmann_epoch(
        self,
        x: Array,
        w: Array,
        b: Array,
        a: Array,
        chains: Array,
        order: Array,
        batch_size: int,
        learning_rate: float,
        persistent: bool,
        gibbs_steps: int,
        seed: int,
        step: int,
        threads: int,
        /,
    ) -> None:
        """Learn from every row once by contrastive divergence, in place."""

    def nearest_units(
        self, x: Array, weights: Array, distance: str, threads: int, /
    ) -> tuple[Array, Array, Array]:
        """Return the nearest unit of each row, its distance, and the second nearest."""

    def unit_distances(
        self, x: Array, weights: Array, distance: str, out: Array, threads: int, /
    ) -> None:
        """Write the distances of all rows to all units into `out`."""

    def unit_sums(self, x: Array, winners: Array, sums: Array, threads: int, /) -> Array:
        """Sum the rows of each winner into `sums`; return how many they are."""

    def map_online(
        self,
        x: Array,
        weights: Array,
        map: str,
        distance: str,
        order: Array,
        rates: Array,
        sigmas: Array,
        threads: int,
        /,
    ) -> None:
        """Learn a self-organizing map row by row, in place."""

    def map_batch(
        self,
        x: Array,
        weights: Array,
        map: str,
        distance: str,
        rate: float,
        sigma: float,
        threads: int,
        /,
    ) -> None:
        """Move the units of a self-organizing map once, from all rows, in place."""

    def competitive_online(
        self, x: Array, weights: Array, wins: Array, order: Array, rates: Array, threads: int, /
    ) -> None:
        """Learn a codebook row by row, in place."""

    def lvq_online(
        self,
        x: Array,
        classes: Array,
        weights: Array,
        prototype_classes: Array,
        rule: str,
        order: Array,
        rates: Array,
        threads: int,
        /,
    ) -> int:
        """Learn prototypes of classes row by row, in place; return the mistakes on the way."""

    def learning_rate(self, config: str, steps: int, /) -> float:
        """Return the learning rate after so many steps."""

    def permutation(self, rows: int, seed: int, purpose: int, step: int) -> Array:
        """Return the order of the rows that belongs to a seed, purpose and step."""

    def first_non_finite(self, x: Array, /) -> int | None:
        """Return the flat index of the first NaN or inf."""

    def registry(self) -> dict[str, list[str]]:
        """Return the names that the backend knows, by kind."""

    def instruction_set(self) -> str | None:
        """Return the instruction set in use, or None where it is NumPy that chooses."""

    def instruction_sets(self) -> list[str]:
        """Return the instruction sets that this machine can run, the widest first."""


def select(name: str | None = None) -> str:
    """Return the backend to use: the one asked for, else the environment's, else the best there.

    Raises
    ------
    ValueError
        If the name is not a backend's.
    ImportError
        If the compiled core is asked for but cannot be imported.
    """
    argument = "backend"
    if name is None:
        name, argument = os.environ.get(VARIABLE, "").strip() or None, VARIABLE
    if name is None:
        return "rust" if _core_error() is None else "numpy"
    if name not in MODULES:
        raise ValueError(f"{argument} is {name!r}; wanted is 'rust' or 'numpy'")
    error = _core_error() if name == "rust" else None
    if error is not None:
        raise ImportError(
            f"{argument} is 'rust' but the compiled core cannot be imported ({error}); install "
            "nnfast from a wheel, or take 'numpy'"
        )
    return name


def select_or_other(name: str) -> str:
    """Return a backend chosen on another machine, or, where it is not there, the one that is."""
    return "numpy" if name == "rust" and _core_error() is not None else name


def get(name: str | None = None) -> Backend:
    """Return the module of the backend that `select` returns."""
    if name is None and _core_error() is None:
        # The usual case. os.environ takes more than a microsecond to say that a name is not there,
        # a tenth of what the simplest activation of 262,144 values takes.
        core = cast(Any, module("rust"))
        if not core.environment_has(VARIABLE):
            return cast(Backend, core)
    return module(select(name))


@cache
def module(name: str) -> Backend:
    """Return the module of a backend that `select` has returned."""
    return cast(Backend, import_module(MODULES[name]))


@cache
def _core_error() -> str | None:
    """Return why the compiled core cannot be imported, or None if it can."""
    try:
        import_module(MODULES["rust"])
    except ImportError as error:
        return str(error)
    return None


def described(config: Mapping[str, Any] | float) -> str:
    """Return a plain description as the text that a backend takes."""
    import json

    return json.dumps(config)


def warn_if_core_is_missing() -> None:
    """Say once, when the package is imported, that it falls back to NumPy."""
    if os.environ.get(VARIABLE, "").strip():
        return
    error = _core_error()
    if error is not None:
        warnings.warn(
            f"nnfast: the compiled core cannot be imported ({error}), so that the slower "
            f"NumPy backend is used; setting {VARIABLE}=numpy chooses it without this warning",
            RuntimeWarning,
            stacklevel=3,
        )


if TYPE_CHECKING:
    from nnfast import _core, reference

    _kept_by: tuple[Backend, Backend] = (_core, reference)
