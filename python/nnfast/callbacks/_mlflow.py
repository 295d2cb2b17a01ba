"""A run as MLflow keeps it: parameters, numbers by epoch, and the network's file."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from typing import Any

from nnfast import _summary, _validation
from nnfast._version import version
from nnfast.callbacks._base import Callback, Logs
from nnfast.callbacks._records import epoch_number, folder, learning_rate


class MLflow(Callback):
    """Keeps the run's parameters, the numbers of every epoch and the network in MLflow.

    Needs the package ``mlflow``, or ``mlflow-skinny``. A run of MLflow that is active is used, and
    left open; otherwise one is begun and ended with the training, as "FAILED" or "KILLED" if that
    was.

    Parameters
    ----------
    experiment : str, optional
        The experiment of a run that is begun here; by default MLflow's own.
    run_name : str, optional
        What to call it.
    tracking_uri : str, optional
        Where MLflow keeps runs; by default as MLflow is set.
    log_model : bool, default True
        Whether to keep the network, as the artifact ``model/net.safetensors``, which `nnfast.load`
        reads, when the run has ended.

    Raises
    ------
    ImportError
        If the package is not installed, when the run begins.

    Notes
    -----
    The steps are the epochs of the network, from 1 on, in all of its runs. MLflow lets no parameter
    change: those of a second `fit` in the same run of MLflow are left as they are.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> net = nn.FeedForward("64-32-10", output="softmax", seed=0)
    >>> kept = nn.callbacks.MLflow("digits", run_name="one hidden layer")
    >>> run = net.fit(X, y, epochs=3, validation_split=0.2, callbacks=kept)  # doctest: +SKIP
    """

    def __init__(
        self,
        experiment: str | None = None,
        *,
        run_name: str | None = None,
        tracking_uri: str | os.PathLike[str] | None = None,
        log_model: bool = True,
    ) -> None:
        for name, value in (("experiment", experiment), ("run_name", run_name)):
            if value is not None and not isinstance(value, str):
                raise TypeError(f"{name} is {value!r}; wanted is a name, or None")
        self.experiment, self.run_name = experiment, run_name
        self.tracking_uri = None if tracking_uri is None else folder(tracking_uri, "tracking_uri")
        self.log_model = _validation.boolean(log_model, "log_model")
        self._mlflow: Any = None
        self._begun = self._ended = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Find the package, begin the run, and keep its parameters."""
        try:
            import mlflow
        except ImportError:
            raise ImportError(
                "nnfast.callbacks.MLflow needs mlflow, which is not installed: pip install mlflow, "
                "or mlflow-skinny, which is smaller"
            ) from None
        self._mlflow, self._begun, self._ended = mlflow, False, False
        run = mlflow.active_run()
        if run is None:
            if self.tracking_uri is not None:
                mlflow.set_tracking_uri(self.tracking_uri)
            if self.experiment is not None:
                mlflow.set_experiment(self.experiment)
            run = mlflow.start_run(run_name=self.run_name)
            self._begun = True
        known = mlflow.get_run(run.info.run_id).data.params
        mlflow.log_params({k: v for k, v in self._parameters().items() if k not in known})

    def _parameters(self) -> dict[str, Any]:
        network = self.model
        names = zip(_summary.names(network.layers), network.layers, strict=True)
        return {
            "architecture": network.architecture,
            "parameter_count": network.parameter_count,
            **{f"layers/{name}": repr(layer) for name, layer in names},
            "loss": repr(network.loss),
            "optimizer": repr(network.optimizer),
            **learning_rate(network),
            "epochs": self.params["epochs"],
            "batch_size": self.params["batch_size"],
            "rows": self.params["rows"],
            "seed": network.seed,
            "dtype": network.dtype.name,
            "backend": network.backend,
            "nnfast": version(),
        }

    def _on_epoch_kept(self, epoch: int, logs: Logs) -> None:
        # Not on_epoch_end: by now other callbacks have added what they add.
        numbers = {**learning_rate(self.model), **logs}
        # A function may have any name, and MLflow does not take any.
        named = {re.sub(r"[^\w\-. :/]", "_", name): float(v) for name, v in numbers.items()}
        self._mlflow.log_metrics(named, step=epoch_number(self.model))

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Note that the run came to its end."""
        self._ended = True

    def _on_run_over(self) -> None:
        # The network is kept here: by now EarlyStopping, say, has put the best weights back.
        status = "KILLED" if isinstance(sys.exc_info()[1], KeyboardInterrupt) else "FAILED"
        try:
            if self._ended and self.log_model:
                self._keep_model()
            status = "FINISHED" if self._ended else status
        finally:
            if self._begun:
                self._begun = False
                self._mlflow.end_run(status)

    def _keep_model(self) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            path = os.path.join(temporary, "net.safetensors")
            self.model.save(path)
            self._mlflow.log_artifact(path, artifact_path="model")
