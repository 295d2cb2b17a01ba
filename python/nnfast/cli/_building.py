"""From what was typed to a network, compiled."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np

import nnfast as nn
from nnfast.cli import _specs
from nnfast.cli._errors import Misused
from nnfast.layers import Layer

NORMALIZATIONS = {"batch": nn.BatchNorm, "layer": nn.LayerNorm}
PLATEAU = "plateau"
REGRESSION_METRICS = "mean_absolute_error,r2"


def layers(
    start: Sequence[Layer], outputs: int, output: str, options: argparse.Namespace
) -> list[Layer]:
    """Return all layers, given those that the inputs come through first."""
    nodes = _specs.whole_numbers(options.hidden, "--hidden") if options.hidden != "none" else []
    texts = _specs.split(options.activation)
    rates = [_rate(text) for text in _specs.split(options.dropout)]
    activations = _specs.one_of_each(texts, len(nodes), "--activation")
    dropouts = _specs.one_of_each(rates, len(nodes), "--dropout")
    found = list(start)
    for units, activation, dropout in zip(nodes, activations, dropouts, strict=True):
        function = _specs.spec(nn.activations.registry, activation, "--activation")
        if options.normalization == "none":
            found.append(_dense(units, function, options))
        else:
            found.append(_dense(units, "linear", options, like=function))
            found += [NORMALIZATIONS[options.normalization](), nn.Activation(function)]
        if dropout:
            found.append(nn.Dropout(dropout))
    return [*found, _dense(outputs, output, options)]


def check(options: argparse.Namespace) -> None:
    """Refuse what is wrong with the options by themselves, before any file is read."""
    layers([nn.Input(1)], 1, "linear", options)
    if options.output is not None:
        _specs.spec(nn.activations.registry, options.output, "--output")
    loss(options)
    metrics(options, classes=False)
    optimizer(options, steps=1, epochs=1)
    if is_plateau(options.schedule):
        plateau(options)


def _dense(units: int, activation: Any, options: argparse.Namespace, like: Any = None) -> nn.Dense:
    initializer = None
    if options.initializer is not None:
        initializer = _specs.spec(nn.initializers.registry, options.initializer, "--initializer")
    elif like is not None:  # the initializer that fits the activation to come
        initializer = like.default_initializer
    try:
        return nn.Dense(
            units,
            activation,
            kernel_initializer=initializer,
            l1=options.l1,
            l2=options.l2,
            kernel_constraint=None if options.max_norm is None else nn.MaxNorm(options.max_norm),
        )
    except (TypeError, ValueError) as error:
        raise Misused(str(error)) from None


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0.0 <= rate < 1.0:
        raise Misused(f"--dropout is {text!r}; wanted is a part from 0 up to below 1, such as 0.2")
    return rate


def network(found: Sequence[Layer], options: argparse.Namespace) -> nn.FeedForward:
    """Return a network of these layers."""
    return nn.FeedForward(
        found,
        dtype=options.dtype,
        seed=options.seed,
        threads=options.threads,
        backend=options.backend,
    )


def loss(options: argparse.Namespace) -> Any:
    """Return the loss that was typed, or None for the one that fits the outputs."""
    if options.loss is None:
        return None
    return _specs.spec(nn.losses.registry, options.loss, "--loss")


def metrics(options: argparse.Namespace, classes: bool) -> list[Any] | None:
    """Return the metrics that were typed, or those that people want to see."""
    text = options.metrics
    if text is None:
        text = "accuracy" if classes else REGRESSION_METRICS
    return _specs.specs(nn.metrics.registry, text, "--metrics") if text != "none" else []


def optimizer(options: argparse.Namespace, steps: int, epochs: int) -> Any:
    """Return the optimizer, with the learning rate and its schedule.

    Parameters
    ----------
    options : Namespace
    steps : int
        Of an epoch.
    epochs : int
    """

    def complete(cls: type, named: dict[str, Any]) -> dict[str, Any]:
        rate: Any = _learning_rate(options)
        if options.schedule is not None and not is_plateau(options.schedule):
            if "learning_rate" not in cls._parameters:  # type: ignore[attr-defined]
                raise ValueError(f"--schedule is of a learning rate, which {cls.__name__} has not")
            usual = cls._parameters["learning_rate"].default  # type: ignore[attr-defined]
            rate = _schedule(options, usual if rate is None else rate, steps, epochs)
        known = dict(named)
        if rate is not None:
            known["learning_rate"] = rate
        given = {"weight_decay": options.weight_decay, "global_clip_norm": options.clip_norm}
        return known | {name: value for name, value in given.items() if value is not None}

    return _specs.spec(nn.optimizers.registry, options.optimizer, "--optimizer", complete)


def _learning_rate(options: argparse.Namespace) -> float | None:
    text = options.learning_rate
    if text in (None, "auto"):
        return None
    try:
        return float(text)
    except ValueError:
        raise Misused(f"--learning-rate is {text!r}; wanted is a number, or auto") from None


def _schedule(options: argparse.Namespace, rate: float, steps: int, epochs: int) -> Any:
    """Return the schedule that was typed: lengths in steps or epochs, by default the whole run."""
    total = steps * epochs

    def complete(cls: type, named: dict[str, Any]) -> dict[str, Any]:
        known: dict[str, Any] = {}
        for name, value in named.items():
            if name.endswith("_epochs"):
                try:
                    known[name.removesuffix("epochs") + "steps"] = max(1, round(steps * value))
                except TypeError:
                    raise ValueError(f"{name} is {value!r}; wanted is a number") from None
            else:
                known[name] = value
        parameters = cls._parameters  # type: ignore[attr-defined]
        rates = ["initial_learning_rate", "max_learning_rate"]
        if "learning_rate" in parameters:  # where the initial one is that of a warm-up, 0
            rates = ["learning_rate"]
        for name in rates:
            if name in parameters:
                known.setdefault(name, rate)
        lengths = {"decay_steps": total, "first_decay_steps": total, "total_steps": total}
        if "decay_steps" not in parameters and cls is nn.schedules.LinearWarmup:
            lengths["warmup_steps"] = max(1, total // 20)
        for name, length in lengths.items():
            if name in parameters:
                known.setdefault(name, length)
        return known

    text = options.schedule
    name, bracket, rest = text.partition("(")
    if f"{name.strip()}_decay" in nn.schedules.registry.names:  # cosine is cosine_decay
        text = f"{name.strip()}_decay{bracket}{rest}"
    return _specs.spec(nn.schedules.registry, text, "--schedule", complete)


def is_plateau(text: str | None) -> bool:
    """Tell whether what was typed is no schedule, but a rate that falls where the loss does not."""
    return text is not None and text.partition("(")[0].strip() == PLATEAU


def plateau(options: argparse.Namespace) -> nn.callbacks.ReduceLROnPlateau:
    """Return the callback that was typed as a schedule: ``plateau(factor=0.5, patience=5)``."""
    _, values, named = _specs.call(options.schedule, "--schedule")
    # Before the run ends for want of progress, a smaller rate should have had its chance.
    named.setdefault("patience", max(1, options.patience // 2))
    try:
        return nn.callbacks.ReduceLROnPlateau(*values, **named)
    except (TypeError, ValueError) as error:
        raise Misused(f"--schedule: {error}") from None


def batch_size(asked: int | None, rows: int) -> int:
    """Return the rows of a step: what was asked, or a power of two that makes some 100 an epoch."""
    if asked is not None:
        return asked
    return int(2 ** np.clip(np.round(np.log2(max(rows, 1) / 100)), 4, 8))


def class_weights(text: str | None, classes: Any) -> Any:
    """Return the weights of the classes that were typed: balanced, or yes=2,no=1."""
    if text is None:
        return None
    if classes is None:
        raise Misused("--class-weights is for classes; the target is a number")
    if text == "balanced":
        return text
    weights = {}
    known = {str(label): label for label in classes.tolist()}
    for part in _specs.split(text):
        label, equals, weight = part.rpartition("=")
        try:
            value = float(weight)
        except ValueError:
            equals = ""
        if not equals:
            raise Misused(
                f"--class-weights is {text!r}; wanted is 'balanced', or labels with their weights, "
                "such as yes=2,no=1"
            )
        if label not in known:
            raise Misused(f"--class-weights: there is no class {label!r}, but {', '.join(known)}")
        weights[known[label]] = value
    return weights
