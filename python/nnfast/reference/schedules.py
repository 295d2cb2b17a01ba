"""Learning rates that change from step to step. Conventions are those of Keras.

A schedule is a function of t = 0, 1, ..., the number of steps that were made.

To add one, write one class here; its name in the class statement enters it in the registry.
"""

# ruff: noqa: D102 (the family's base class says what its methods do)
from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, cos, pi
from typing import TYPE_CHECKING, Any

import numpy as np

from .named import Named

if TYPE_CHECKING:
    from typing_extensions import Self


class Schedule(Named):
    """A learning rate as a function of the steps made."""

    def __call__(self, t: int) -> float:
        """Give the rate after t steps: that of the first step for t = 0."""
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        if "learning_rate" in config:
            config = {**config, "learning_rate": read(config["learning_rate"])}
        return super().from_config(config)


def read(config: float | Mapping[str, Any]) -> float | Schedule:
    """Make the rate that a configuration asks for: a number is one."""
    return Schedule.from_config(config) if isinstance(config, Mapping) else config


def after(rate: float | Schedule, t: int) -> float:
    """Give a rate, be it a number or a schedule, after t steps."""
    return rate(t) if isinstance(rate, Schedule) else rate


def learning_rate(config: str, steps: int) -> float:
    """Give the rate after so many steps, of a number or a schedule as JSON."""
    return after(read(json.loads(config)), steps)


@dataclass(frozen=True)
class CosineDecay(Schedule, name="cosine_decay"):
    """Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017), eq. 5.

    A warm-up along a line goes before it if there is a target.
    """

    initial_learning_rate: float
    decay_steps: int
    alpha: float = 0.0
    warmup_target: float | None = None
    warmup_steps: int = 0

    def __call__(self, t: int) -> float:
        peak = self.initial_learning_rate
        if self.warmup_target is not None:
            if t < self.warmup_steps:
                return line(peak, self.warmup_target, t / self.warmup_steps)
            t -= self.warmup_steps
            peak = self.warmup_target
        height = half_wave(min(t / self.decay_steps, 1.0))
        return peak * ((1.0 - self.alpha) * height + self.alpha)


@dataclass(frozen=True)
class CosineDecayRestarts(Schedule, name="cosine_decay_restarts"):
    """The same again and again, as in the same paper: ever longer, and higher or lower."""

    initial_learning_rate: float
    first_decay_steps: int
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0

    def __call__(self, t: int) -> float:
        begun, length, height = 0.0, float(self.first_decay_steps), 1.0
        if self.t_mul == 1.0:
            restarts = t // self.first_decay_steps
            begun, height = restarts * length, power(self.m_mul, restarts)
        else:
            while t >= begun + length:
                begun += length
                length *= self.t_mul
                height *= self.m_mul
        height *= half_wave((t - begun) / length)
        return self.initial_learning_rate * ((1.0 - self.alpha) * height + self.alpha)


@dataclass(frozen=True)
class ExponentialDecay(Schedule, name="exponential_decay"):
    """The rate times `decay_rate` every `decay_steps` steps."""

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False

    def __call__(self, t: int) -> float:
        p = t // self.decay_steps if self.staircase else t / self.decay_steps
        return self.initial_learning_rate * power(self.decay_rate, p)


@dataclass(frozen=True)
class InverseTimeDecay(Schedule, name="inverse_time_decay"):
    """The rate divided by 1 plus `decay_rate` for every `decay_steps` steps."""

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False

    def __call__(self, t: int) -> float:
        p = t // self.decay_steps if self.staircase else t / self.decay_steps
        return self.initial_learning_rate / (1.0 + self.decay_rate * p)


@dataclass(frozen=True)
class LinearWarmup(Schedule, name="linear_warmup"):
    """A line up to another rate, then that: Goyal et al., arXiv:1706.02677, section 2.2."""

    learning_rate: float | Schedule
    warmup_steps: int
    initial_learning_rate: float = 0.0

    def __call__(self, t: int) -> float:
        if t < self.warmup_steps:
            target = after(self.learning_rate, 0)
            return line(self.initial_learning_rate, target, t / self.warmup_steps)
        return after(self.learning_rate, t - self.warmup_steps)


@dataclass(frozen=True)
class OneCycle(Schedule, name="one_cycle"):
    """Smith and Topin, "Super-convergence" (2019), with the rates of PyTorch's OneCycleLR."""

    max_learning_rate: float
    total_steps: int
    pct_start: float = 0.3
    anneal_strategy: str = "cos"
    div_factor: float = 25.0
    final_div_factor: float = 1e4
    three_phase: bool = False

    def __call__(self, t: int) -> float:
        first = self.max_learning_rate / self.div_factor
        last = first / self.final_div_factor
        peak = self.pct_start * self.total_steps - 1.0
        phases = [(peak, self.max_learning_rate)]  # where each ends, and at which rate
        if self.three_phase:
            phases.append((2.0 * self.pct_start * self.total_steps - 2.0, first))
        start, rate = 0.0, first
        for end, target in phases:
            if t <= end:
                break
            start, rate = end, target
        else:
            end, target = self.total_steps - 1.0, last
        done = min((t - start) / (end - start), 1.0) if end > start else 1.0
        if self.anneal_strategy == "linear":
            return line(rate, target, done)
        return target + (rate - target) * half_wave(done)


@dataclass(frozen=True)
class PiecewiseConstantDecay(Schedule, name="piecewise_constant_decay"):
    """A value up to each boundary, which belongs to it, and one beyond them all."""

    boundaries: Sequence[float]
    values: Sequence[float]

    def __call__(self, t: int) -> float:
        return float(self.values[bisect_left(self.boundaries, t)])


@dataclass(frozen=True)
class PolynomialDecay(Schedule, name="polynomial_decay"):
    """A power of the share of the steps that is left, between two rates."""

    initial_learning_rate: float
    decay_steps: int
    end_learning_rate: float = 1e-4
    power: float = 1.0
    cycle: bool = False

    def __call__(self, t: int) -> float:
        steps = self.decay_steps * (max(ceil(t / self.decay_steps), 1) if self.cycle else 1)
        left = power(1.0 - min(t / steps, 1.0), self.power)
        start, end = self.initial_learning_rate, self.end_learning_rate
        return (start - end) * left + end


def line(start: float, end: float, done: float) -> float:
    """Go from one rate to another, `done` of the way."""
    return (end - start) * done + start


def power(base: float, exponent: float) -> float:
    """Raise to a power, to infinity where it is too large."""
    with np.errstate(over="ignore", under="ignore"):
        return float(np.float64(base) ** exponent)


def half_wave(done: float) -> float:
    """Fall from 1 to 0 along half a period of a cosine."""
    return 0.5 * (1.0 + cos(pi * done))
