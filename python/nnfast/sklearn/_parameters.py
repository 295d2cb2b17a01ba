"""What the parameters of the multilayer perceptrons may be: scikit-learn's own checks of them."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

from nnfast import activations, optimizers

# Other numbers become float64, as everywhere in scikit-learn.
READ_IN_PLACE = (np.float64, np.float32, np.uint8)


def spellings(registry: Any) -> StrOptions:
    """Return the constraint that a parameter is a name of a registry."""
    names = {name for cls in registry.classes for name in (cls.name, *cls.aliases)}
    return StrOptions(names | {"identity", "logistic"} & set(registry._spellings))


CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "activation": [
        spellings(activations.registry),
        activations.Activation,
        type,
        list,
        tuple,
    ],
    "solver": [
        StrOptions({"lbfgs", *(cls.name for cls in optimizers.registry.classes)}),
        optimizers.Optimizer,
        type,
    ],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
    "max_fun": [Interval(Integral, 1, None, closed="left")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "callbacks": [list, tuple, HasMethods(["on_epoch_end"]), None],
    "dtype": [StrOptions({"float32", "float64"}), type, np.dtype, None],
    "threads": [Interval(Integral, 1, None, closed="left"), None],
    "backend": [StrOptions({"rust", "numpy"}), None],
}

# The parameters that its network is made by, beside what it learns.
MADE_BY = (
    *("activation", "solver", "dropout", "threads", "backend", "momentum", "nesterovs_momentum"),
    *("beta_1", "beta_2", "epsilon", "learning_rate_init"),
)
