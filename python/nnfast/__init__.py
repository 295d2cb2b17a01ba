"""nnfast: fast, bit-exact feedforward neural networks on the CPU, from one small package.

>>> import nnfast as nn
>>> net = nn.FeedForward("64-32-10", hidden="relu", output="softmax", seed=0)
>>> X, y = nn.datasets.digits()
>>> history = net.fit(X, y, epochs=20)
>>> net.evaluate(X, y)["accuracy"] > 0.9
True
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING, Any as _Any

from nnfast import (
    activations,
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
    schedules,
)
from nnfast._backend import warn_if_core_is_missing as _warn_if_core_is_missing
from nnfast._threads import get_num_threads, set_num_threads
from nnfast.callbacks import Callback, History
from nnfast.constraints import MaxNorm, MinMaxNorm, NonNegative, UnitNorm
from nnfast.layers import (
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    Input,
    LayerNorm,
    Residual,
    Standardize,
)
from nnfast.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    CrossEntropy,
    CustomLoss,
    FocalCrossEntropy,
    GaussianNLL,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    Quantile,
    SparseCategoricalCrossEntropy,
    SquaredHinge,
)
from nnfast.network import FeedForward
from nnfast.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    Nadam,
    RMSprop,
    Rprop,
)
from nnfast.perceptron import ConvergenceWarning, Perceptron
from nnfast.regularizers import L1, L1L2, L2
from nnfast.second_order import LBFGS, LevenbergMarquardt

if _TYPE_CHECKING:
    from nnfast import datasets, interop, plot, reference, semi_supervised, unsupervised
    from nnfast._alarms import TrainingWarning
    from nnfast._comparison import compare_activations
    from nnfast._config import show_config
    from nnfast._files import inspect, load
    from nnfast._many import fit_many
    from nnfast._swap import SwapEMAWeights
    from nnfast.tables import Table

    __version__: str

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "LBFGS",
    "SGD",
    "Activation",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "BatchNorm",
    "BinaryCrossEntropy",
    "Callback",
    "CategoricalCrossEntropy",
    "ConvergenceWarning",
    "CrossEntropy",
    "CustomLoss",
    "Dense",
    "Dropout",
    "Embedding",
    "FeedForward",
    "FocalCrossEntropy",
    "GaussianNLL",
    "GaussianNoise",
    "Hinge",
    "History",
    "Huber",
    "Input",
    "KLDivergence",
    "LayerNorm",
    "LevenbergMarquardt",
    "Lion",
    "LogCosh",
    "MaxNorm",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "MinMaxNorm",
    "Nadam",
    "NonNegative",
    "Perceptron",
    "Poisson",
    "Quantile",
    "RMSprop",
    "Residual",
    "Rprop",
    "SparseCategoricalCrossEntropy",
    "SquaredHinge",
    "Standardize",
    "SwapEMAWeights",
    "Table",
    "TrainingWarning",
    "UnitNorm",
    "__version__",
    "activations",
    "callbacks",
    "compare_activations",
    "constraints",
    "datasets",
    "fit_many",
    "get_num_threads",
    "initializers",
    "inspect",
    "interop",
    "layers",
    "load",
    "losses",
    "metrics",
    "optimizers",
    "plot",
    "reference",
    "regularizers",
    "schedules",
    "semi_supervised",
    "set_num_threads",
    "show_config",
    "unsupervised",
]

_NAMED_LATER = {
    "compare_activations": "nnfast._comparison",
    "fit_many": "nnfast._many",
    "TrainingWarning": "nnfast._alarms",
    "inspect": "nnfast._files",
    "load": "nnfast._files",
    "show_config": "nnfast._config",
    "Table": "nnfast.tables",
    "SwapEMAWeights": "nnfast._swap",
}

_warn_if_core_is_missing()


def __getattr__(name: str) -> _Any:
    # What not everyone needs is imported when it is first named, to keep the import short.
    if name == "__version__":
        from nnfast._version import version

        return version()
    if name in _NAMED_LATER:
        from importlib import import_module

        return getattr(import_module(_NAMED_LATER[name]), name)
    if name in ("datasets", "interop", "plot", "reference", "semi_supervised", "unsupervised"):
        from importlib import import_module

        return import_module(f"nnfast.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
