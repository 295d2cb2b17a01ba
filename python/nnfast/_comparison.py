"""Does another activation help? The tuned baseline, and each other in its place, seed by seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast import _targets, _validation, activations as functions, datasets
from nnfast._many import fit_many
from nnfast.layers import Dense, Input
from nnfast.network import FeedForward
from nnfast.optimizers import Adam

if TYPE_CHECKING:
    from typing import TypeAlias

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from nnfast.layers import ActivationLike

    Array: TypeAlias = NDArray[Any]

# 97.5th percentiles of Student's distribution for 1, 2, ... degrees of freedom.
_STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)


class Gain(NamedTuple):
    """What an activation brings over the baseline, the mean of paired runs.

    Attributes
    ----------
    mean : float
        Percentage points of accuracy, or per cent of the baseline's error.
    low, high : float
        The ends of its 95 % confidence interval by Student's distribution.
    """

    mean: float
    low: float
    high: float


class ActivationComparison:
    """What `compare_activations` has found; it shows itself as a table.

    Attributes
    ----------
    metric : {"accuracy", "rmse"}
        What the scores are: for numbers the root of the mean squared error, in the units of y.
    scores : dict of ndarray
        By activation, on the rows held out: one for each seed.
    gains : dict of Gain
        By activation but the baseline.
    learning_rates, epochs : dict
        What each was trained with.
    """

    def __init__(
        self,
        metric: str,
        scores: Mapping[str, Array],
        tuned: Mapping[str, _Tuned],
        held_out: int,
    ) -> None:
        self.metric = metric
        self.scores = dict(scores)
        self.learning_rates = {name: one.learning_rate for name, one in tuned.items()}
        self.epochs = {name: one.epochs for name, one in tuned.items()}
        self.baseline, *others = self.scores
        self.gains = {name: self._gain(name) for name in others}
        self._held_out = held_out

    def _gain(self, name: str) -> Gain:
        ours, theirs = self.scores[name], self.scores[self.baseline]
        gains = 100 * (ours - theirs if self.metric == "accuracy" else 1 - ours / theirs)
        mean, count = float(np.mean(gains)), len(gains)
        student = _STUDENT[count - 2] if count - 2 < len(_STUDENT) else 1.96 + 2.4 / (count - 1)
        half = student * float(np.std(gains, ddof=1)) / count**0.5
        return Gain(mean, mean - half, mean + half)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw what each activation brings over the baseline, with its 95 % confidence interval.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default on a new figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from nnfast.plot._comparison import gains

        return gains({"": self.gains}, self.metric, self.baseline, ax)

    def __repr__(self) -> str:
        unit = "points" if self.metric == "accuracy" else "% of the error"
        scale, sign = (100.0, " %") if self.metric == "accuracy" else (1.0, "")
        seeds = len(self.scores[self.baseline])
        wide = max(len("activation"), *map(len, self.scores))
        lines = [
            f"{self.metric} on {self._held_out:,} rows held out, {seeds} seeds",
            f"{'activation':{wide}}  {'mean':>10}  {'spread':>8}  {'rate':>7}  epochs  "
            f"gain over {self.baseline} ({unit}, 95 % interval)",
        ]
        for name, scores in self.scores.items():
            mean, spread = scale * float(np.mean(scores)), scale * float(np.std(scores, ddof=1))
            line = (
                f"{name:{wide}}  {_short(mean) + sign:>10}  {_short(spread):>8}  "
                f"{self.learning_rates[name]:>7g}  {self.epochs[name]:>6}"
            )
            if name in self.gains:
                gain = self.gains[name]
                line += f"  {gain.mean:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})"
            lines.append(line)
        return "\n".join(lines)


def _short(value: float) -> str:
    return f"{value:.2f}" if 0.1 <= abs(value) < 1000 else f"{value:.4g}"


class _Tuned(NamedTuple):
    learning_rate: float
    epochs: int


class _Problem(NamedTuple):
    """The data as all networks take them."""

    X: Array
    y: Array
    scale: float
    outputs: int
    classes: bool
    deviation: float


def compare_activations(
    X: ArrayLike,
    y: ArrayLike,
    activations: Sequence[ActivationLike] = ("relu", "leaky_relu", "elu"),
    *,
    hidden: Sequence[int] = (64, 64),
    test_data: tuple[ArrayLike, ArrayLike] | None = None,
    test_fraction: float = 0.2,
    validation_fraction: float = 0.2,
    seeds: int = 5,
    seed: int = 0,
    epochs: int = 30,
    batch_size: int = 32,
    learning_rates: Iterable[float] = (0.0003, 0.001, 0.003, 0.01),
    tune: str = "baseline",
    threads: int | None = None,
    verbose: str | int = 0,
) -> ActivationComparison:
    """Tune a network with the first activation, then put each other in its place.

    That is the usual advice: get it right with ReLU, then see whether ELU adds the last per cent.
    The learning rate and the number of epochs are those that do best on a part of the training rows
    (two seeds each); then every activation learns from all training rows, from the same seeds and
    in the same order, and is measured on rows that nothing has seen. The networks learn side by
    side on all cores (`nnfast.fit_many`).

    Parameters
    ----------
    X : array-like of shape (rows, inputs)
        Bytes are divided by 255; all else is standardized by the training rows' means and
        deviations.
    y : array-like
        Floats of the shape (rows,) or (rows, outputs) are numbers to approximate; integers,
        booleans and strings of the shape (rows,) are classes.
    activations : list of activations, default ("relu", "leaky_relu", "elu")
        Of the hidden layers; the first is the baseline. At least two.
    hidden : list of int, default (64, 64)
        The widths of the hidden layers.
    test_data : pair (X, y), optional
        The rows held out; by default a share of those given, drawn by `seed`.
    test_fraction, validation_fraction : float, default 0.2
        Shares of the rows that are held out, and of the rest that tuning is measured on.
    seeds : int, default 5
        How many times each is trained, at least 2.
    seed : int, default 0
        The first of them; the splits follow from it too.
    epochs : int, default 30
        How many at most.
    batch_size : int, default 32
    learning_rates : iterable of float
        Those to try, for Adam.
    tune : {"baseline", "each"}, default "baseline"
        Whether all take what is best for the baseline, or each what is best for itself.
    threads : int, optional
        As for `nnfast.fit_many`.
    verbose : optional
        As for `nnfast.fit_many`.

    Returns
    -------
    ActivationComparison
        Scores, gains over the baseline with confidence intervals, a table and a picture.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is wanted.

    References
    ----------
    For the claim that is looked at: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep
    network learning by exponential linear units (ELUs)", ICLR 2016.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> found = nn.compare_activations(X, y, ["relu", "elu"], hidden=[16], seeds=2, epochs=3,
    ...                                learning_rates=[0.01])
    >>> found.metric, sorted(found.gains)
    ('accuracy', ['elu'])
    """
    specs = _specs(activations)
    sizes = [_validation.integer(width, f"hidden[{i}]") for i, width in enumerate(hidden)]
    if not sizes:
        raise ValueError("hidden is empty; wanted is at least one width, as activations are of it")
    count = _validation.integer(seeds, "seeds", minimum=2)
    seed = _validation.integer(seed, "seed", minimum=0, below=2**32)
    epochs = _validation.integer(epochs, "epochs")
    tune = _validation.choice(tune, "tune", ("baseline", "each"))
    rates = [
        _validation.number(rate, f"learning_rates[{i}]", above=0.0)
        for i, rate in enumerate(learning_rates)
    ]
    if not rates:
        raise ValueError("learning_rates is empty; wanted is at least one")

    X, y, training, test = _data(X, y, test_data, test_fraction, seed)
    numbers = np.arange(len(training))
    (kept, _), (checked, _) = datasets.split(
        numbers, numbers, test_fraction=validation_fraction, seed=seed
    )
    problem = _problem(X, y, training)
    options = {"batch_size": batch_size, "threads": threads, "verbose": verbose}

    tuned: dict[str, _Tuned] = {}
    for name, spec in specs.items():
        if tune == "baseline" and tuned:
            tuned[name] = next(iter(tuned.values()))
            continue
        nets = [_network(problem, sizes, spec, rate, seed + i) for rate in rates for i in range(2)]
        rows, held = training[kept], training[checked]
        histories = fit_many(
            nets,
            problem.X,
            problem.y,
            rows=[rows] * len(nets),
            epochs=epochs,
            validation_data=(problem.X[held], problem.y[held]),
            **options,  # type: ignore[arg-type]
        )
        key = "val_accuracy" if problem.classes else "val_loss"
        curves = np.array([history.history[key] for history in histories])
        means = curves.reshape(len(rates), 2, epochs).mean(axis=1)
        means = -means if problem.classes else means
        best = np.unravel_index(np.nanargmin(means), means.shape)
        tuned[name] = _Tuned(rates[int(best[0])], int(best[1]) + 1)

    scores: dict[str, Array] = {}
    for name, spec in specs.items():
        nets = [
            _network(problem, sizes, spec, tuned[name].learning_rate, seed + i)
            for i in range(count)
        ]
        fit_many(
            nets,
            problem.X,
            problem.y,
            rows=[training] * count,
            epochs=tuned[name].epochs,
            **options,  # type: ignore[arg-type]
        )
        measured = [net.evaluate(problem.X[test], problem.y[test]) for net in nets]
        if problem.classes:
            scores[name] = np.array([one["accuracy"] for one in measured])
        else:
            scores[name] = problem.deviation * np.sqrt([one["loss"] for one in measured])
    metric = "accuracy" if problem.classes else "rmse"
    return ActivationComparison(metric, scores, tuned, len(test))


def _specs(given: Sequence[ActivationLike]) -> dict[str, functions.Activation]:
    """Return different trainable activations by what the table calls them."""
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise TypeError(f"activations is {given!r}; wanted is a list of activations")
    specs: dict[str, functions.Activation] = {}
    for index, one in enumerate(given):
        spec = functions.registry.get(one, f"activations[{index}]")
        plain = spec == functions.registry.get(spec.name)
        name = spec.name if plain else repr(spec)
        if not spec.trainable:
            raise ValueError(f"activations[{index}] is {name}, which no gradient passes")
        if name in specs:
            raise ValueError(f"activations has {name} twice; wanted is each once")
        specs[name] = spec
    if len(specs) < 2:
        raise ValueError("activations has fewer than two members; wanted are a baseline and others")
    return specs


def _data(
    X: ArrayLike,
    y: ArrayLike,
    test_data: tuple[ArrayLike, ArrayLike] | None,
    test_fraction: float,
    seed: int,
) -> tuple[Array, Array, Array, Array]:
    """Return all rows, and the numbers of those to learn from and of those held out."""
    x, labels = _validation.array(X, "X"), _targets.labels(y, "y")
    if x.ndim != 2:
        raise ValueError(f"X has the shape {x.shape}; wanted is (rows, inputs)")
    _validation.same_length(len(labels), len(x), "y", "X")
    if test_data is None:
        numbers = np.arange(len(x))
        (training, _), (test, _) = datasets.split(
            numbers, numbers, test_fraction=test_fraction, seed=seed
        )
        return x, labels, training, test
    if not isinstance(test_data, (tuple, list)) or len(test_data) != 2:
        raise TypeError(f"test_data is a {type(test_data).__name__}; wanted is a pair (X, y)")
    held = _validation.array(test_data[0], "test_data[0]")
    held_labels = _targets.labels(test_data[1], "test_data[1]")
    if held.ndim != 2 or held.shape[1] != x.shape[1]:
        raise ValueError(
            f"test_data[0] has the shape {held.shape}; wanted is (rows, {x.shape[1]}), as X has"
        )
    _validation.same_length(len(held_labels), len(held), "test_data[1]", "test_data[0]")
    training, test = np.arange(len(x)), np.arange(len(x), len(x) + len(held))
    return np.concatenate((x, held)), np.concatenate((labels, held_labels)), training, test


def _problem(X: Array, y: Array, training: Array) -> _Problem:
    """Bring inputs, and targets that are numbers, into the range that networks learn from best."""
    scale = 1.0
    if X.dtype == np.uint8:
        scale = 1 / 255
    else:
        X = _validation.real_array(X, "X").astype(np.float64)
        mean, deviation = X[training].mean(axis=0), X[training].std(axis=0)
        X = ((X - mean) / np.where(deviation > 0, deviation, 1.0)).astype(np.float32)
    if y.dtype.kind != "f":
        if y.ndim != 1:
            raise ValueError(f"y has the shape {y.shape}; classes are wanted as ({len(y)},)")
        names, numbers = np.unique(y, return_inverse=True)
        return _Problem(X, numbers, scale, len(names), True, 1.0)
    y = y.reshape(len(y), -1)
    deviation = float(y[training].std())
    deviation = deviation if deviation > 0 else 1.0
    y = ((y - y[training].mean(axis=0)) / deviation).astype(np.float32)
    return _Problem(X, y, scale, y.shape[1], False, deviation)


def _network(
    problem: _Problem, hidden: Sequence[int], spec: functions.Activation, rate: float, seed: int
) -> FeedForward:
    output = "softmax" if problem.classes else "linear"
    layers = [Input(problem.X.shape[1], scale=problem.scale)]
    dense = [Dense(width, spec) for width in hidden]
    network = FeedForward([*layers, *dense, Dense(problem.outputs, output)], seed=seed)
    return network.compile(Adam(rate))
