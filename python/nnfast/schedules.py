"""Schedules: learning rates that change from step to step.

A schedule stands in the place of an optimizer's learning rate, and is asked for the rate of every
step, by the steps made since `compile`. The conventions and the names are Keras'.

>>> import nnfast as nn
>>> schedule = nn.schedules.ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)
>>> [schedule(step) for step in (0, 10, 20)]
[0.1, 0.05, 0.025]
>>> net = nn.FeedForward("4-3", output="softmax").compile(nn.SGD(schedule))
>>> net.learning_rate
0.1
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from nnfast import _backend, _validation
from nnfast._frozen import checked, flag, real, whole
from nnfast._registry import Registry, Spec

if TYPE_CHECKING:
    from dataclasses import KW_ONLY

registry: Registry[Schedule] = Registry("schedule")

STEPS_LIMIT = 2**53  # beyond, the core's numbers leave out some
ABOVE_ONE = math.nextafter(1.0, 2.0)  # so that 1 itself is allowed


class Schedule(Spec):
    """A learning rate that changes from step to step; the base class of all schedules."""

    registry: ClassVar[Registry[Any]] = registry

    def __call__(self, step: int) -> float:
        """Return the learning rate after so many steps, that of the first step for 0.

        Parameters
        ----------
        step : int
            At least 0.
        """
        step = _validation.integer(step, "step", minimum=0, below=STEPS_LIMIT)
        return _backend.get().learning_rate(_backend.described(self.config()), step)


def learning_rate(value: object, argument: str) -> float | Schedule:
    """Return a learning rate as a float, or as the schedule that it is or that a dict describes."""
    if isinstance(value, Schedule):
        return value
    if isinstance(value, type) and issubclass(value, Schedule):
        raise TypeError(f"{argument} is the class {value.__name__}; wanted is an instance of it")
    if isinstance(value, Mapping) and "name" in value:
        return registry.from_config(value)
    return _validation.number(value, argument, minimum=0.0)


def _optional(value: object, argument: str, **bounds: float) -> float | None:
    return None if value is None else _validation.number(value, argument, **bounds)


def _numbers(value: object, argument: str, **bounds: float) -> tuple[float, ...]:
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise TypeError(f"{argument} is {value!r}; wanted is a list of numbers")
    return tuple(
        _validation.number(one, f"{argument}, place {place},", **bounds)
        for place, one in enumerate(value)
    )


class CosineDecay(Schedule):
    """Half a period of a cosine, from the initial rate down; after a linear warm-up if wanted.

    initial_learning_rate ((1 - alpha) (1 + cos(pi t / decay_steps)) / 2 + alpha) after t steps, and
    from decay_steps on the last value. With a warmup_target the rate first rises along a line, in
    warmup_steps steps, from the initial rate to the target, and falls from there.

    Parameters
    ----------
    initial_learning_rate : float
        At least 0.
    decay_steps : int
        How long the rate falls, the warm-up not counted.
    alpha : float, default 0.0
        The last rate as a share of the highest, from 0 to 1.
    warmup_target : float, optional
        The rate after the warm-up. Without one there is no warm-up.
    warmup_steps : int, default 0

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017,
    eq. 5.

    Examples
    --------
    >>> import nnfast as nn
    >>> schedule = nn.schedules.CosineDecay(0.0, 100, warmup_target=0.1, warmup_steps=10)
    >>> [round(schedule(step), 3) for step in (0, 5, 10, 60, 110)]
    [0.0, 0.05, 0.1, 0.05, 0.0]
    """

    name = "cosine_decay"
    initial_learning_rate: float = real(minimum=0.0)
    decay_steps: int = whole(minimum=1, below=STEPS_LIMIT)
    _: KW_ONLY
    alpha: float = real(default=0.0, minimum=0.0, below=ABOVE_ONE)
    warmup_target: float | None = checked(_optional, default=None, minimum=0.0)
    warmup_steps: int = whole(default=0, minimum=0, below=STEPS_LIMIT)


class CosineDecayRestarts(Schedule):
    """A cosine's half period again and again, each as long as `t_mul` of those before it.

    Period i = 0, 1, ... takes first_decay_steps t_mul^i steps; in it the rate falls from
    initial_learning_rate ((1 - alpha) m_mul^i + alpha) along a cosine to alpha times the initial
    rate. For a warm-up before it see `LinearWarmup`.

    Parameters
    ----------
    initial_learning_rate : float
        At least 0.
    first_decay_steps : int
    t_mul : float, default 2.0
        At least 1.
    m_mul : float, default 1.0
        At least 0.
    alpha : float, default 0.0
        From 0 to 1.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017,
    eq. 5.

    Examples
    --------
    >>> import nnfast as nn
    >>> schedule = nn.schedules.CosineDecayRestarts(0.1, 10)
    >>> [round(schedule(step), 3) for step in (0, 5, 9, 10, 20, 30)]
    [0.1, 0.05, 0.002, 0.1, 0.05, 0.1]
    """

    name = "cosine_decay_restarts"
    initial_learning_rate: float = real(minimum=0.0)
    first_decay_steps: int = whole(minimum=1, below=STEPS_LIMIT)
    _: KW_ONLY
    t_mul: float = real(default=2.0, minimum=1.0)
    m_mul: float = real(default=1.0, minimum=0.0)
    alpha: float = real(default=0.0, minimum=0.0, below=ABOVE_ONE)


class ExponentialDecay(Schedule):
    """The rate times `decay_rate` every `decay_steps` steps, smoothly or all at once.

    initial_learning_rate decay_rate^(t / decay_steps) after t steps; the staircase rounds the
    exponent down, as PyTorch's StepLR does.

    Parameters
    ----------
    initial_learning_rate : float
        At least 0.
    decay_steps : int
    decay_rate : float
        Above 0.
    staircase : bool, default False

    Examples
    --------
    >>> import nnfast as nn
    >>> schedule = nn.schedules.ExponentialDecay(0.8, 10, 0.5, staircase=True)
    >>> [schedule(step) for step in (0, 9, 10, 25)]
    [0.8, 0.8, 0.4, 0.2]
    """

    name = "exponential_decay"
    initial_learning_rate: float = real(minimum=0.0)
    decay_steps: int = whole(minimum=1, below=STEPS_LIMIT)
    decay_rate: float = real(above=0.0)
    _: KW_ONLY
    staircase: bool = flag(default=False)


class InverseTimeDecay(Schedule):
    """The rate divided by one plus `decay_rate` for every `decay_steps` steps.

    initial_learning_rate / (1 + decay_rate t / decay_steps) after t steps; the staircase rounds
    t / decay_steps down.

    Parameters
    ----------
    initial_learning_rate : float
        At least 0.
    decay_steps : int
    decay_rate : float
        At least 0.
    staircase : bool, default False

    Examples
    --------
    >>> import nnfast as nn
    >>> schedule = nn.schedules.InverseTimeDecay(0.5, 10, 1.0)
    >>> [schedule(step) for step in (0, 10, 30)]
    [0.5, 0.25, 0.125]
    """

    name = "inverse_time_decay"
    initial_learning_rate: float = real(minimum=0.0)
    decay_steps: int = whole(minimum=1, below=STEPS_LIMIT)
    decay_rate: float = real(minimum=0.0)
    _: KW_ONLY
    staircase: bool = flag(default=False)


class LinearWarmup(Schedule):
    """A line up to a learning rate, and then that rate, be it a number or a schedule.

    Before `warmup_steps` steps the rate goes along a line from `initial_learning_rate` to the first
    rate of `learning_rate`; then follows `learning_rate`, its steps counted from there.

    Parameters
    ----------
    learning_rate : float or Schedule
        What follows the warm-up.
    warmup_steps : int
    initial_learning_rate : float, default 0.0
        Of the first step; at least 0.

    References
    ----------
    Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", arXiv:1706.02677,
    section 2.2.

    Examples
    --------
    >>> import nnfast as nn
    >>> restarts = nn.schedules.CosineDecayRestarts(0.1, 10)
    >>> schedule = nn.schedules.LinearWarmup(restarts, 4)
    >>> [round(schedule(step), 3) for step in (0, 1, 4, 9, 14)]
    [0.0, 0.025, 0.1, 0.05, 0.1]
    """

    name = "linear_warmup"
    learning_rate: float | Schedule = checked(learning_rate)
    warmup_steps: int = whole(minimum=1, below=STEPS_LIMIT)
    _: KW_ONLY
    initial_learning_rate: float = real(default=0.0, minimum=0.0)


class OneCycle(Schedule):
    """One cycle: up to the highest rate, down again, and to far below the first.

    From max_learning_rate / div_factor up to max_learning_rate in the first pct_start of all steps,
    then down to 1 / final_div_factor of the first rate; in three phases, down to the first rate in
    as many steps as it took up, and then to the last. These are the rates of PyTorch's OneCycleLR;
    the momentum stays as it is, where PyTorch lets it go the other way. After the last step the
    rate stays.

    Parameters
    ----------
    max_learning_rate : float
        At least 0.
    total_steps : int
    pct_start : float, default 0.3
        From 0 to 1.
    anneal_strategy : {"cos", "linear"}, default "cos"
        Along half a period of a cosine, or along a line.
    div_factor : float, default 25.0
        Above 0.
    final_div_factor : float, default 10000.0
        Above 0.
    three_phase : bool, default False

    References
    ----------
    Smith and Topin, "Super-convergence: very fast training of neural networks using large learning
    rates", arXiv:1708.07120.

    Examples
    --------
    >>> import nnfast as nn
    >>> schedule = nn.schedules.OneCycle(0.1, 100)
    >>> [f"{schedule(step):.2g}" for step in (0, 29, 64, 99)]
    ['0.004', '0.1', '0.05', '4e-07']
    """

    name = "one_cycle"
    max_learning_rate: float = real(minimum=0.0)
    total_steps: int = whole(minimum=1, below=STEPS_LIMIT)
    _: KW_ONLY
    pct_start: float = real(default=0.3, minimum=0.0, below=ABOVE_ONE)
    anneal_strategy: str = checked(_validation.choice, default="cos", allowed=("cos", "linear"))
    div_factor: float = real(default=25.0, above=0.0)
    final_div_factor: float = real(default=1e4, above=0.0)
    three_phase: bool = flag(default=False)


class PiecewiseConstantDecay(Schedule):
    """One value up to each boundary, the boundary's own step among them, and one beyond them all.

    Parameters
    ----------
    boundaries : list of float
        Numbers of steps, each larger than the one before.
    values : list of float
        At least 0, and one more than boundaries; kept as the attribute `rates`.

    Examples
    --------
    >>> import nnfast as nn
    >>> schedule = nn.schedules.PiecewiseConstantDecay([100, 200], [0.1, 0.01, 0.001])
    >>> [schedule(step) for step in (0, 100, 101, 201)]
    [0.1, 0.1, 0.01, 0.001]
    """

    name = "piecewise_constant_decay"
    boundaries: tuple[float, ...] = checked(_numbers)
    rates: tuple[float, ...] = checked(_numbers, minimum=0.0)

    def __init__(self, boundaries: Iterable[float], values: Iterable[float]) -> None:
        super().__init__(
            boundaries, _numbers(values, "values of PiecewiseConstantDecay", minimum=0.0)
        )

    def values(self) -> dict[str, Any]:
        """Return the parameters by name, with Keras' name for the rates."""
        return {"boundaries": self.boundaries, "values": self.rates}

    def _check(self) -> None:
        if len(self.rates) != len(self.boundaries) + 1:
            raise ValueError(
                f"values of PiecewiseConstantDecay has {len(self.rates)} numbers and boundaries "
                f"{len(self.boundaries)}; wanted is one value more than boundaries"
            )
        if any(left >= right for left, right in itertools.pairwise(self.boundaries)):
            raise ValueError(
                f"boundaries of PiecewiseConstantDecay is {list(self.boundaries)}; wanted is each "
                "larger than the one before"
            )


class PolynomialDecay(Schedule):
    """A power of the share of the steps that is left, between two rates.

    (initial - end) (1 - t / decay_steps)^power + end after t steps, and `end_learning_rate` from
    decay_steps on. With cycle, decay_steps is multiplied by the least whole number that t does not
    exceed, so that the rate leaps up whenever it has come to its end.

    Parameters
    ----------
    initial_learning_rate : float
        At least 0.
    decay_steps : int
    end_learning_rate : float, default 0.0001
        At least 0.
    power : float, default 1.0
        Above 0; 1 is a line.
    cycle : bool, default False

    Examples
    --------
    >>> import nnfast as nn
    >>> schedule = nn.schedules.PolynomialDecay(0.5, 100, end_learning_rate=0.25)
    >>> [schedule(step) for step in (0, 50, 100, 1000)]
    [0.5, 0.375, 0.25, 0.25]
    """

    name = "polynomial_decay"
    initial_learning_rate: float = real(minimum=0.0)
    decay_steps: int = whole(minimum=1, below=STEPS_LIMIT)
    _: KW_ONLY
    end_learning_rate: float = real(default=1e-4, minimum=0.0)
    power: float = real(default=1.0, above=0.0)
    cycle: bool = flag(default=False)
