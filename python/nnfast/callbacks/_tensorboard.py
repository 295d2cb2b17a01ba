"""A run as TensorBoard shows it, written by TensorBoard's own writer, without TensorFlow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _architecture, _validation
from nnfast.callbacks._base import Callback, Logs
from nnfast.callbacks._records import epoch_number, folder, learning_rate

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class TensorBoard(Callback):
    """Writes the numbers of every epoch to files that TensorBoard shows while the network learns.

    Needs the package ``tensorboard``, and neither TensorFlow nor PyTorch. Look at the folder with
    ``tensorboard --logdir logs``. The names are Keras': ``epoch_loss``, ``epoch_accuracy``, ... and
    ``epoch_learning_rate``, in the folder ``train``, and those of the validation data, under the
    same names, in ``validation``.

    Parameters
    ----------
    log_dir : str or path, default "logs"
        The folder, of this run alone if it is not to be drawn together with others.
    histogram_frequency : int, default 0
        After how many epochs to write histograms of all weights; 0 for never.

    Raises
    ------
    ImportError
        If the package is not installed, when the run begins.

    Notes
    -----
    The steps are the epochs of the network, so that the curves of a second `fit` follow those of
    the first. What an epoch has given is on the disk when the next begins.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import nnfast as nn
    >>> X, y = nn.datasets.digits()
    >>> net = nn.FeedForward("64-32-10", output="softmax", seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +SKIP
    ...     board = nn.callbacks.TensorBoard(folder, histogram_frequency=1)
    ...     run = net.fit(X, y, epochs=3, validation_split=0.2, callbacks=board)
    ...     sorted(path.name for path in pathlib.Path(folder).iterdir())
    ['train', 'validation']
    """

    def __init__(
        self, log_dir: str | os.PathLike[str] = "logs", *, histogram_frequency: int = 0
    ) -> None:
        self.log_dir = folder(log_dir, "log_dir")
        self.histogram_frequency = _validation.integer(
            histogram_frequency, "histogram_frequency", minimum=0
        )
        self._writers: dict[str, Any] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Find the package, and begin the files."""
        try:
            # The first is what all of them need; without it they raise errors of their own.
            import tensorboard  # noqa: F401
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
        except ImportError:
            raise ImportError(
                "nnfast.callbacks.TensorBoard needs tensorboard, which is not installed: "
                "pip install tensorboard"
            ) from None
        parts = ["train", *(["validation"] if self.params.get("validation") else [])]
        for part in parts:
            self._writers[part] = EventFileWriter(os.path.join(self.log_dir, part))

    def _on_epoch_kept(self, epoch: int, logs: Logs) -> None:
        # Not on_epoch_end: by now other callbacks have added what they add.
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        step = epoch_number(self.model)
        numbers = {**learning_rate(self.model), **logs}
        for name, value in numbers.items():
            part = "validation" if name.startswith("val_") else "train"
            tag = f"epoch_{name.removeprefix('val_')}"
            self._write(part, step, scalar_pb(tag, float(value)))
        if self.histogram_frequency and step % self.histogram_frequency == 0:
            self._write_histograms(step)
        for writer in self._writers.values():
            writer.flush()

    def _write_histograms(self, step: int) -> None:
        from tensorboard.plugins.histogram.summary_v2 import histogram_pb

        shapes = _architecture.parameters(self.model.layers, self.model.bias)
        for (name, _), values in zip(shapes, self.model.get_weights(), strict=True):
            if np.isfinite(values).all():  # its buckets have no place for others
                self._write("train", step, histogram_pb(name.replace(".", "/"), values.ravel()))

    def _write(self, part: str, step: int, summary: Any) -> None:
        import time

        from tensorboard.compat.proto.event_pb2 import Event

        writer = self._writers.get(part)
        if writer is not None:
            writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))

    def _on_run_over(self) -> None:
        """Close the files."""
        while self._writers:
            _, writer = self._writers.popitem()
            writer.close()
