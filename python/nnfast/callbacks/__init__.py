"""Callbacks: what is told of a training run while it goes on, and may stop it.

>>> import numpy as np
>>> import nnfast as nn
>>> class StopBelow(nn.Callback):
...     def on_epoch_end(self, epoch, logs=None):
...         if logs["loss"] < 1.0:
...             self.model.stop_training = True
>>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
>>> history = nn.FeedForward("1-1", seed=0).fit(X, X[:, 0], epochs=100, callbacks=[StopBelow()])
>>> len(history.epoch) < 100
True
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING, Any as _Any

from nnfast.callbacks._base import Callback, History, Logs, append, checked_callbacks, overriding
from nnfast.callbacks._monitored import EarlyStopping, ModelCheckpoint, Monitor
from nnfast.callbacks._plain import CSVLogger, LambdaCallback, TerminateOnNaN

if _TYPE_CHECKING:
    from nnfast._rate_callbacks import LearningRateScheduler, ReduceLROnPlateau
    from nnfast.callbacks._mlflow import MLflow
    from nnfast.callbacks._tensorboard import TensorBoard

__all__ = [
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "Logs",
    "MLflow",
    "ModelCheckpoint",
    "Monitor",
    "ReduceLROnPlateau",
    "TensorBoard",
    "TerminateOnNaN",
    "append",
    "checked_callbacks",
    "overriding",
]


_NAMED_LATER = {
    "LearningRateScheduler": "nnfast._rate_callbacks",
    "MLflow": "nnfast.callbacks._mlflow",
    "ReduceLROnPlateau": "nnfast._rate_callbacks",
    "TensorBoard": "nnfast.callbacks._tensorboard",
}


def __getattr__(name: str) -> _Any:
    # They are imported when they are first named: a network can do without them.
    if name in _NAMED_LATER:
        from importlib import import_module

        return getattr(import_module(_NAMED_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
