"""Activations, initializers, optimizers and the like, as Keras' files describe them, and back.

What is described is looked up by its name among what there is here; nothing is imported or run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nnfast import (
    activations,
    constraints,
    initializers,
    losses,
    metrics,
    optimizers,
    regularizers,
    schedules,
)

ACTIVATIONS = (
    *("linear", "relu", "sigmoid", "tanh", "softmax", "softplus", "softsign", "elu", "selu"),
    *("gelu", "silu", "swish", "mish", "hard_sigmoid", "hard_silu", "hard_swish", "exponential"),
    *("leaky_relu", "log_softmax"),
)
"""The names that mean the same in Keras, with the defaults of nnfast."""

INITIALIZERS = (
    *("Zeros", "Constant", "GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal"),
    *("LecunUniform", "LecunNormal", "RandomUniform", "RandomNormal"),
)
RENAMED = {"minval": "low", "maxval": "high"}

CONSTRAINTS = {"MaxNorm": "MaxNorm", "NonNeg": "NonNegative", "UnitNorm": "UnitNorm"} | {
    "MinMaxNorm": "MinMaxNorm"
}

OPTIMIZERS = ("SGD", "RMSprop", "Adam", "AdamW", "Nadam", "Adamax", "Adagrad", "Adadelta", "Lion")
SHARED = {
    "clipnorm": "clip_norm",
    "clipvalue": "clip_value",
    "global_clipnorm": "global_clip_norm",
    "gradient_accumulation_steps": "accumulation_steps",
    "weight_decay": "weight_decay",
}
"""What Keras calls the parameters that all optimizers have."""

ACCURACIES = (
    *("accuracy", "acc", "Accuracy", "BinaryAccuracy", "CategoricalAccuracy"),
    *("SparseCategoricalAccuracy", "binary_accuracy", "categorical_accuracy"),
    *("sparse_categorical_accuracy",),
)
METRICS = {
    "mae": "mean_absolute_error",
    "mse": "mean_squared_error",
    "MeanAbsoluteError": "mean_absolute_error",
    "MeanSquaredError": "mean_squared_error",
    "RootMeanSquaredError": "root_mean_squared_error",
    "Precision": "precision",
    "Recall": "recall",
    "AUC": "auc",
} | dict.fromkeys(ACCURACIES, "accuracy")


class Unknown(ValueError):
    """What a file describes is none of what there is here."""


def named(description: Any) -> tuple[str, Mapping[str, Any]]:
    """Return the class' or function's name and the parameters of a description."""
    if isinstance(description, str):
        return description, {}
    if not isinstance(description, Mapping):
        raise Unknown(f"{description!r}")
    kind, config = description.get("class_name"), description.get("config", {})
    own = description.get("registered_name")
    if kind == "function" and isinstance(config, str):
        kind, config = config, {}
    package = str(description.get("module") or "keras").partition(".")[0]
    # A function's registered name is that of the function; that of a class of a user has ">".
    if package not in ("keras", "tf_keras", "builtins") or ">" in str(own or ""):
        raise Unknown(f"{kind}, code of its author's own")
    if not (isinstance(kind, str) and isinstance(config, Mapping)):
        raise Unknown(f"{description!r}")
    return kind, config


# Read --------------------------------------------------------------------------------------------


def activation(description: Any, *, since_keras_3: bool = True) -> activations.Activation:
    """Return the activation that a string or an object describes; a layer is read elsewhere."""
    if description is None:
        return activations.linear
    name, _ = named(description)
    if name not in ACTIVATIONS:
        raise Unknown(f"the activation {name!r}")
    if name == "hard_sigmoid" and not since_keras_3:
        raise Unknown("the activation 'hard_sigmoid', which was another function before Keras 3")
    return activations.registry.get(name)


def initializer(description: Any) -> initializers.Initializer | None:
    """Return an initializer, or None for one that is not here: the weights are there already."""
    try:
        name, config = named(description)
        kind = {one.lower(): one for one in INITIALIZERS}.get(name.lower().replace("_", ""))
        if kind is None:
            return None
        cls: Any = getattr(initializers, kind)
        taken = {RENAMED.get(key, key): value for key, value in config.items()}
        made: initializers.Initializer = cls(**_known(cls, taken))
    except (ValueError, TypeError):
        return None
    return made


def regularizer(description: Any) -> regularizers.Regularizer | None:
    """Return a penalty, or None for none."""
    if description is None:
        return None
    name, config = named(description)
    kind = {"l1": "L1", "l2": "L2", "l1l2": "L1L2", "l1_l2": "L1L2"}.get(name.lower())
    if kind is None:
        raise Unknown(name)
    cls: Any = getattr(regularizers, kind)
    made: regularizers.Regularizer = cls(**_known(cls, config))
    return made


def constraint(description: Any) -> constraints.Constraint | None:
    """Return a constraint, or None for none."""
    if description is None:
        return None
    name, config = named(description)
    if name not in CONSTRAINTS or config.get("axis", 0) not in (0, [0]):
        raise Unknown(name if name not in CONSTRAINTS else f"{name} along another axis than 0")
    cls: Any = getattr(constraints, CONSTRAINTS[name])
    made: constraints.Constraint = cls(**_known(cls, config))
    return made


def optimizer(description: Any) -> optimizers.Optimizer:
    """Return an optimizer with the parameters of Keras'."""
    if isinstance(description, Mapping):  # Keras 2.11 said so of its own ones
        description = {**description, "class_name": str(description["class_name"])}
        description["class_name"] = description["class_name"].removeprefix("Custom>")
    name, config = named(description)
    kind = {one.lower(): one for one in OPTIMIZERS}.get(name.lower())
    if kind is None:
        raise Unknown(f"the optimizer {name}")
    if config.get("amsgrad") or config.get("decay"):
        raise Unknown(f"{name} with {'amsgrad' if config.get('amsgrad') else 'decay'}")
    cls: Any = getattr(optimizers, kind)
    taken = _known(cls, config)
    for theirs, ours in SHARED.items():
        if config.get(theirs) is not None:
            taken[ours] = config[theirs]
    if config.get("use_ema"):
        taken["ema_momentum"] = config.get("ema_momentum", 0.99)
    taken = {key: value for key, value in taken.items() if value is not None}
    if taken.get("nesterov") and not taken.get("momentum"):
        taken["nesterov"] = False  # which is what it is without momentum
    rate = config.get("learning_rate", config.get("lr"))
    if rate is not None:
        taken["learning_rate"] = _learning_rate(rate)
    made: optimizers.Optimizer = cls(**taken)
    return made


def shortest(value: Any) -> float:
    """Return a number that went through float32 as it was written.

    So Keras says what it keeps in arrays: 0.001 as 0.0010000000474974513.
    """
    number = float(np.ravel(value)[0])
    return float(str(np.float32(number))) if np.float32(number) == number else number


def _learning_rate(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return shortest(value)
    name, config = named(value)
    cls: Any = next((one for one in schedules.registry.classes if one.__name__ == name), None)
    if cls is None:
        raise Unknown(f"the schedule {name}")
    return cls(**{key: one for key, one in config.items() if key != "name" and one is not None})


def loss(description: Any) -> losses.Loss:
    """Return a loss with the parameters of Keras'."""
    name, config = named(description)
    try:
        cls: Any = type(losses.registry.get(name))
    except ValueError:
        raise Unknown(f"the loss {name}") from None
    if config.get("axis", -1) != -1 or config.get("ignore_class") is not None:
        raise Unknown(f"the loss {name} with an axis or a class to ignore")
    if config.get("reduction", "auto") in ("sum", "none", None):
        raise Unknown(f"the loss {name} with the reduction {config['reduction']!r}")
    made: losses.Loss = cls(**_known(cls, config))
    return made


def metric(description: Any) -> metrics.Metric:
    """Return a metric."""
    name, config = named(description)
    if name == "MeanMetricWrapper":  # as Keras 2 says it
        name = str(config.get("name"))
    if name not in METRICS:
        raise Unknown(f"the metric {name}")
    return metrics.registry.get(METRICS[name])


def _known(cls: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return those parameters that a class of ours has."""
    return {key: value for key, value in config.items() if key in cls._parameters}


# Write -------------------------------------------------------------------------------------------


def described(module: str, name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return Keras' description of an object."""
    return {
        "module": module,
        "class_name": name,
        "config": dict(config),
        "registered_name": None,
    }


def written_activation(function: activations.Activation) -> str | None:
    """Return the name that Keras knows an activation by, or None if none says its parameters."""
    for name in ACTIVATIONS:
        if activations.registry.get(name) == function:
            return name
    return None


def written_initializer(value: initializers.Initializer) -> dict[str, Any]:
    """Return Keras' description of an initializer."""
    back = {ours: theirs for theirs, ours in RENAMED.items()}
    config = {back.get(key, key): one for key, one in value.values().items()}
    name = type(value).__name__
    if name not in ("Zeros", "Constant"):
        config["seed"] = None
    return described("keras.initializers", name, config)


def written_regularizer(value: regularizers.Regularizer | None) -> dict[str, Any] | None:
    """Return Keras' description of a penalty."""
    if value is None:
        return None
    return described("keras.regularizers", type(value).__name__, value.values())


def written_constraint(value: constraints.Constraint | None) -> dict[str, Any] | None:
    """Return Keras' description of a constraint."""
    if value is None:
        return None
    [name] = [theirs for theirs, ours in CONSTRAINTS.items() if ours == type(value).__name__]
    config = value.values() if name == "NonNeg" else {**value.values(), "axis": 0}
    return described("keras.constraints", name, config)


def written_optimizer(value: optimizers.Optimizer) -> dict[str, Any] | None:
    """Return Keras' description of an optimizer, or None if Keras has none such."""
    name = type(value).__name__
    if name not in OPTIMIZERS or getattr(value, "momentum_decay", 1.0) != 1.0:
        return None
    config = {k: one for k, one in value.values().items() if k != "momentum_decay"}
    rate = config["learning_rate"]
    if isinstance(rate, schedules.Schedule):
        kind = type(rate).__name__
        if kind in ("LinearWarmup", "OneCycle"):
            return None
        parameters = {
            key: list(one) if isinstance(one, tuple) else one for key, one in rate.values().items()
        }
        config["learning_rate"] = described("keras.optimizers.schedules", kind, parameters)
    for theirs, ours in SHARED.items():
        config[theirs] = getattr(value, ours)
    config["weight_decay"] = value.weight_decay or None
    config["gradient_accumulation_steps"] = (
        None if value.accumulation_steps == 1 else value.accumulation_steps
    )
    config["use_ema"] = value.ema_momentum is not None
    if value.ema_momentum is not None:
        config["ema_momentum"] = value.ema_momentum
    return described("keras.optimizers", name, config)


def written_loss(value: losses.Loss) -> dict[str, Any] | None:
    """Return Keras' description of a loss, or None if Keras has none such."""
    name = KERAS_LOSSES.get(value.name)
    if name is None or isinstance(value, losses.CustomLoss):
        return None
    config = value.values()
    for key in NOT_IN_KERAS.get(name, ()):
        if config.pop(key) != type(value)._parameters[key].default:
            return None
    return described("keras.losses", name, config)


KERAS_LOSSES = {
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "huber": "Huber",
    "log_cosh": "LogCosh",
    "poisson": "Poisson",
    "hinge": "Hinge",
    "squared_hinge": "SquaredHinge",
    "kl_divergence": "KLDivergence",
    "binary_cross_entropy": "BinaryCrossentropy",
    "categorical_cross_entropy": "CategoricalCrossentropy",
    "sparse_categorical_cross_entropy": "SparseCategoricalCrossentropy",
    "binary_focal_cross_entropy": "BinaryFocalCrossentropy",
    "categorical_focal_cross_entropy": "CategoricalFocalCrossentropy",
}

NOT_IN_KERAS = {
    "SparseCategoricalCrossentropy": ("label_smoothing",),
    "KLDivergence": ("from_logits",),
    "Poisson": ("epsilon",),
}

KERAS_METRICS = {
    "accuracy": "accuracy",
    "mean_absolute_error": "mae",
    "mean_squared_error": "mse",
    "root_mean_squared_error": "RootMeanSquaredError",
    "precision": "Precision",
    "recall": "Recall",
}
"""The metrics that are measured alike in Keras; its AUC is an estimate by thresholds."""

Reader = Callable[[Any], Any]
