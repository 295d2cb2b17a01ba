"""What happens to weights and gradients beside an optimizer's rule.

In this order, where it is asked for: gradients of several batches are averaged, clipped; weights
decay, follow the optimizer's rule, are brought back to their masks and constraints, and averaged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .arrays import Array
from .constraints import Constraint
from .optimizers import Optimizer
from .regularizers import Regularizer


class Terms(NamedTuple):
    """What holds for one array of weights: a parameter, or some rows of it.

    A kernel with an embedded bias is two such arrays in one parameter.
    """

    parameter: int  # its number among those of its stage
    rows: Any = ...
    regularizer: Regularizer | None = None
    constraint: Constraint | None = None
    mask: Array | None = None  # 1 where there is a connection, 0 where there is not


class Weights(NamedTuple):
    """An array of weights that learns, its gradient, and what holds for it."""

    w: Array
    g: Array
    terms: Terms


@dataclass(frozen=True)
class Update:
    """How one step goes, beside the optimizer's rule.

    Weight decay: Loshchilov and Hutter, "Decoupled weight decay regularization" (2019). Clipping by
    a norm: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks"
    (2013). Averaging: Polyak and Juditsky (1992), with forgetting.
    """

    weight_decay: float = 0.0
    clip_value: float | None = None
    clip_norm: float | None = None
    global_clip_norm: float | None = None
    ema_momentum: float | None = None
    accumulation_steps: int = 1

    @property
    def slot_count(self) -> int:
        """How many arrays are remembered for each parameter, after those of the optimizer."""
        return int(self.accumulation_steps > 1) + int(self.ema_momentum is not None)

    def accumulate(
        self, gradients: Sequence[Array | None], sums: Sequence[Array], step: int
    ) -> bool:
        """Average gradients over the steps; tell whether step = 1, 2, ... updates the weights."""
        if self.accumulation_steps == 1:
            return True
        last = step % self.accumulation_steps == 0
        for g, total in zip(gradients, sums, strict=True):
            if g is None:
                continue
            total += g
            if last:
                g[...] = total / self.accumulation_steps
                total[...] = 0.0
        return last

    def clip(self, weights: Sequence[Weights]) -> None:
        """Shorten gradients, in place, that are too long."""
        squares = [float(np.sum(np.square(one.g))) for one in weights]
        for one, square in zip(weights, squares, strict=True):
            if self.clip_value is not None:
                np.clip(one.g, -self.clip_value, self.clip_value, out=one.g)
            elif self.clip_norm is not None:
                one.g[...] *= self.clip_norm / np.maximum(np.sqrt(square), self.clip_norm)
            elif self.global_clip_norm is not None:
                norm = np.sqrt(sum(squares))
                one.g[...] *= self.global_clip_norm / np.maximum(norm, self.global_clip_norm)

    def take(
        self, optimizer: Optimizer, w: Array, g: Array, slots: Sequence[Array], t: int
    ) -> None:
        """Take update t = 1, 2, ... of one parameter: decay, then the optimizer's rule."""
        w -= (optimizer.rate(t) * self.weight_decay) * w
        optimizer.update(w, g, slots, t)

    def restrain(self, weights: Sequence[Weights]) -> None:
        """Bring weights back, in place, to their connections and constraints."""
        for w, _, terms in weights:
            if terms.mask is not None:
                w[...] = np.where(terms.mask, w, 0.0)
            if terms.constraint is not None:
                w[...] = terms.constraint.apply(w)

    def average(self, w: Array, mean: Array, t: int) -> None:
        """Move the running mean of a parameter towards it; the first update's is the first mean."""
        assert self.ema_momentum is not None
        momentum = self.ema_momentum if t > 1 else 0.0
        mean[...] = momentum * mean + (1.0 - momentum) * w


def penalize(weights: Sequence[Weights], factor: float = 1.0) -> None:
    """Add `factor` times the penalties' gradient, in place; take missing connections' away."""
    for w, g, terms in weights:
        if terms.regularizer is not None:
            g += factor * terms.regularizer.gradient(w)
        if terms.mask is not None:
            g[...] = np.where(terms.mask, g, 0.0)


def penalties(weights: Sequence[Weights]) -> Iterator[float]:
    """Give what each array of weights costs."""
    for w, _, terms in weights:
        if terms.regularizer is not None:
            yield float(terms.regularizer.penalty(w))
