"""The oracle: the whole of nnfast's mathematics in NumPy, written to be read.

This is the specification that the compiled core is tested against, and what `nnfast` runs on where
the core is missing. It imports nothing from the rest of the package but `nnfast.activations`, whose
classes are the specification and the public objects in one. Read it in this order:
`nnfast.activations`, `losses`, `layers`, `normalization`, `blocks`, `network`, `optimizers`,
`schedules`, `updates` with `regularizers` and `constraints`; then `random`, `initializers`,
`metrics` and `perceptron`; and, without a teacher, `hebbian`, `association`, `boltzmann`,
`codebooks`, `maps`. The letters are the textbook's: x an input, w and b the weights and the bias, z
the net input, a the output, t the target, g a gradient, delta the gradient by z.
"""

from __future__ import annotations

from .activations import Activation, activation, activation_derivative
from .arrays import first_non_finite
from .association import correlate, hopfield_fields, hopfield_recall, least_squares, storkey_store
from .boltzmann import (
    boltzmann_energy,
    boltzmann_epoch,
    boltzmann_gibbs,
    boltzmann_hidden,
    boltzmann_visible,
)
from .codebooks import competitive_online, lvq_online, nearest_units, unit_distances, unit_sums
from .constraints import Constraint
from .hebbian import delta_epoch, hebbian_epoch
from .initializers import Initializer
from .losses import Loss
from .maps import map_batch, map_online
from .metrics import Metric
from .network import Network
from .optimizers import Optimizer
from .perceptron import perceptron_epoch
from .random import permutation
from .schedules import Schedule, learning_rate

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


def registry() -> dict[str, list[str]]:
    """List every name that a configuration can use, by family, sorted.

    Examples
    --------
    >>> from nnfast import reference
    >>> reference.registry()["optimizers"]
    ['adadelta', 'adagrad', 'adam', 'adamax', 'adamw', 'lbfgs', 'levenberg_marquardt', 'lion',
     'nadam', 'rmsprop', 'rprop', 'sgd']
    """
    return {
        "activations": list(Activation.registry.names),
        "constraints": Constraint.names(),
        "losses": Loss.names(),
        "optimizers": Optimizer.names(),
        "initializers": Initializer.names(),
        "metrics": Metric.names(),
        "schedules": Schedule.names(),
    }


def instruction_set() -> str | None:
    """Return None: which instructions NumPy's products and functions use is NumPy's to choose."""
    return None


def instruction_sets() -> list[str]:
    """Return an empty list, for the same reason; the compiled core names its own here."""
    return []
