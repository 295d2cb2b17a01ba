"""The feedforward network, as a user sees it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nnfast import (
    _alarms,
    _architecture,
    _backend,
    _progress,
    _range_test,
    _rates,
    _targets,
    _timing,
    _training,
    _validation,
    _weights,
    losses,
    optimizers,
    schedules,
)
from nnfast._adjustable import Adjustable
from nnfast._batches import Batches
from nnfast._lessons import Border, Lesson
from nnfast.callbacks import Callback, History, checked_callbacks
from nnfast.metrics import Answers, Metric, checked_metrics, confusion_matrix

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    from nnfast._diagnosis import Diagnosis
    from nnfast.layers import ActivationLike, InitializerLike, Layer

    Array: TypeAlias = NDArray[Any]
    MetricLike: TypeAlias = str | Metric | type[Metric] | Callable[[Array, Array], float]

Self = TypeVar("Self", bound="FeedForward")


class FeedForward(Adjustable):
    """A network of layers, each fed by the one before, trained by gradient descent.

    Parameters
    ----------
    layers : str, list of int or list of Layer
        Numbers of nodes, the inputs first: "784-256-10" or [784, 256, 10]; or the layers
        themselves: [nn.Input(784), nn.Dense(256, "elu"), nn.Dense(10, "softmax")].
    hidden : activation or list of activations, default "relu"
        Of all hidden layers, or one for each.
    output : activation, default "linear"
        Of the output layer.
    bias : {"parameter", "embedded"}, default "parameter"
        Embedded, each layer's bias is row 0 of its weights, and belongs to a constant 1 that comes
        before the layer's inputs. The numbers are the same.
    initializer : initializer, optional
        Of all weights. The default is chosen for each layer by its activation.
    dtype : {"float32", "float64"}, default "float32"
        In which the network computes.
    seed : int, optional
        From 0 to 2**64 - 1: initial weights, order of the rows and dropout follow from it. The
        default is drawn from the operating system, and kept as `seed`.
    threads : int, optional
        How many threads to work with; by default `nnfast.get_num_threads`. The result is the same.
    backend : {"rust", "numpy"}, optional
        Where to compute. By default the environment variable ``NNFAST_BACKEND``, else Rust; NumPy,
        which is slower, if an activation is an object of your own.

    Attributes
    ----------
    stop_training : bool
        Set by a callback, it ends the run after the epoch.

    References
    ----------
    Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature
    323, 1986.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> y = np.array([0, 1, 1, 0])
    >>> net = nn.FeedForward("2-8-1", hidden="tanh", output="sigmoid", seed=0)
    >>> net.compile(optimizer=nn.Adam(0.1)).fit(X, y, epochs=200)
    <History of 200 epochs...
    >>> net.predict_classes(X)
    array([0, 1, 1, 0])
    """

    def __init__(
        self,
        layers: str | Sequence[int] | Sequence[Layer],
        *,
        hidden: ActivationLike | Sequence[ActivationLike] = "relu",
        output: ActivationLike = "linear",
        bias: str = "parameter",
        initializer: InitializerLike | None = None,
        dtype: Any = "float32",
        seed: int | None = None,
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        self._layers = _architecture.build(layers, hidden, output, initializer)
        self._bias = _validation.choice(bias, "bias", ("parameter", "embedded"))
        self._dtype = _validation.network_dtype(dtype)
        _architecture.refuse_scale_beyond(self._layers, self._dtype)
        if seed is None:
            seed = int.from_bytes(os.urandom(4), "little")
        self._seed = _validation.integer(seed, "seed", minimum=0, below=_validation.SEED_LIMIT)
        self._threads = None if threads is None else _validation.integer(threads, "threads")
        self._asked_backend = backend
        self._backend = self._home_backend = _architecture.backend(self._layers, backend)
        self._history: dict[str, list[float]] = {}
        self._classes: Array | None = None
        self._table = None
        self._measured_averaged = False  # whether validation is by the averaged weights
        self.stop_training = False
        self._timing = _timing.Timing()
        self._warned: set[str] = set()  # what was said of its training
        self._network = self._built()
        self._compiled_loss: losses.Loss | None = None  # what the backend learns by, if it does yet
        self.compile()

    # How it learns -------------------------------------------------------------------------------

    @property
    def optimizer(self) -> optimizers.Optimizer:
        """The optimizer chosen by `compile`."""
        return self._optimizer

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step. It can be set, to a number or a schedule.

        What the optimizer remembers and the count of steps stay: training goes on to the bits that
        it would have come to from here had the network been compiled with this rate.

        Examples
        --------
        >>> import nnfast as nn
        >>> net = nn.FeedForward("2-1").compile(nn.Adam(0.01))
        >>> net.learning_rate /= 10
        >>> net.optimizer
        Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07)
        """
        return _rates.current(self)

    @learning_rate.setter
    def learning_rate(self, rate: float | schedules.Schedule) -> None:
        _rates.change(self, rate)

    @property
    def loss(self) -> losses.Loss:
        """The loss chosen by `compile`."""
        return self._loss

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics chosen by `compile`."""
        return self._metrics

    @property
    def classes_(self) -> Array | None:
        """The labels of the classes, in the order of the outputs; None before there are any."""
        return self._classes

    @property
    def history(self) -> dict[str, list[float]]:
        """The numbers of every epoch of all runs: ``loss``, the metrics, and both as ``val_``."""
        return {name: list(values) for name, values in self._history.items()}

    def compile(
        self: Self,
        optimizer: str | optimizers.Optimizer | type[optimizers.Optimizer] | None = None,
        loss: str | losses.Loss | type[losses.Loss] | None = None,
        metrics: MetricLike | Sequence[MetricLike] | None = None,
    ) -> Self:
        """Choose how to learn. A new network has chosen all defaults already.

        The optimizer starts afresh; weights, history and the count of epochs stay.

        Parameters
        ----------
        optimizer : optimizer, default Adam()
        loss : loss, optional
            By default the one that fits the output: cross_entropy for softmax,
            binary_cross_entropy for sigmoid, else mean_squared_error.
        metrics : list of metrics, optional
            Names, objects of `nnfast.metrics`, or functions of the targets and the outputs that
            return a number. By default accuracy for the cross-entropies, else none.

        Returns
        -------
        FeedForward
            The network itself.

        Raises
        ------
        ValueError
            If a name is unknown, or the loss does not fit the output activation.

        Examples
        --------
        >>> import nnfast as nn
        >>> net = nn.FeedForward("4-3", output="softmax").compile("sgd")
        >>> net.optimizer, net.loss
        (SGD(learning_rate=0.01, momentum=0.0, nesterov=False), CrossEntropy(...))
        """
        layer = _architecture.output(self._layers)
        output = layer.activation
        chosen_optimizer = optimizers.registry.get(
            "adam" if optimizer is None else optimizer, "optimizer"
        )
        chosen_loss = losses.checked_loss(output.default_loss if loss is None else loss)
        chosen_loss.check_output(output)
        chosen_loss.check_count(layer.units)
        chosen_optimizer.check(self._layers, chosen_loss, self.parameter_count)
        backend = self._backend_for(chosen_loss)
        if metrics is None:
            metrics = chosen_loss.default_metrics
        self._metrics = self._fitting(checked_metrics(metrics), chosen_loss)
        self._optimizer, self._loss = chosen_optimizer, chosen_loss
        epoch = None if self._compiled_loss is None else self._network.state()["epoch"]
        if backend != self._backend:
            parameters = self._network.parameters()
            self._backend = backend
            self._network = self._built()
            self._network.set_parameters(parameters)
        if epoch is not None:
            self._compiled_loss = None
            self._compile_for(chosen_loss.resolved(output, layer.units, soft=False))
            self._network.set_state(**{**self._network.state(), "epoch": epoch})
        return self

    def _backend_for(self, loss: losses.Loss) -> str:
        """Return where to compute with a loss: the core cannot call a user's Python code."""
        if not isinstance(loss, losses.CustomLoss):
            return self._home_backend
        if self._asked_backend == "rust":
            raise ValueError(
                f"backend is 'rust' but the loss {loss!r} is Python code of your own, which only "
                "the NumPy backend can call; leave backend out, or take 'numpy'"
            )
        return "numpy"

    def _compile_for(self, loss: losses.Loss) -> None:
        """Tell the backend what to learn by, unless it knows; a new loss alone keeps its state."""
        if loss == self._compiled_loss:
            return
        state = None if self._compiled_loss is None else self._network.state()
        own = isinstance(loss, losses.CustomLoss)
        config = {
            "optimizer": self._optimizer.rule(),
            "update": self._optimizer.update(),
            "loss": {"name": loss.name} if own else loss.config(),
            "metrics": [metric.name for metric in self._metrics if metric.in_core],
        }
        network: Any = self._network
        network.compile(_backend.described(config), *losses.callable_by_numpy(loss))
        if state is not None:
            self._network.set_state(**state)
        self._compiled_loss = loss

    def adapt(self, X: ArrayLike, *, rows: ArrayLike | None = None) -> None:
        """Find what `Standardize` needs, means and deviations, in training rows.

        The first `fit` does it by itself; this is for doing it anew, or without it.

        Parameters
        ----------
        X, rows : array-like
            As in `fit`.

        Examples
        --------
        >>> import nnfast as nn
        >>> net = nn.FeedForward([nn.Input(1), nn.Standardize(), nn.Dense(1)])
        >>> net.adapt([[1.0], [5.0]])
        >>> [array.tolist() for array in net.get_weights()[:2]]
        [[3.0], [2.0]]
        """
        if not _architecture.standardizes(self._layers):
            raise ValueError("the network has nothing to adapt; wanted is Standardize after Input")
        x = self._inputs(X)
        numbers = None if rows is None else _validation.rows(rows, len(x))
        self._network.adapt(x, numbers)

    def fit(
        self,
        X: ArrayLike | Iterable[tuple[Any, ...]],
        y: ArrayLike | None = None,
        *,
        sample_weight: ArrayLike | None = None,
        class_weight: Mapping[Any, float] | str | None = None,
        rows: ArrayLike | None = None,
        epochs: int = 1,
        batch_size: int = 32,
        validation_data: tuple[ArrayLike, ...] | None = None,
        validation_split: float = 0.0,
        validation_frequency: int = 1,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        shuffle: bool = True,
        callbacks: Iterable[Callback] | Callback | None = None,
        verbose: str | int = "auto",
    ) -> History:
        """Learn from rows and their targets. Twice for one epoch is the same as once for two.

        Weights, optimizer and count of epochs stay from call to call: it always goes on with what
        has been learned. `reset` begins afresh.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)
            Finite numbers. Arrays of float32, float64 and uint8 are read in place. Without y: an
            iterable of batches (X, y) or (X, y, sample_weight), of which one is in memory at a
            time; each is a step. One that can be begun again, such as a list, gives any number of
            epochs, a generator one, or as many as `steps_per_epoch` cuts it into.
        y : array-like
            For squared error and other losses of numbers, those of the shape (rows, outputs), or
            (rows,) for one output; for losses with several outputs for each number, (rows,
            numbers). For classes, (rows,) of integers from 0, booleans or strings, or one-hot rows;
            for several sigmoid outputs, (rows, outputs) of 0 and 1.
        sample_weight : array-like of shape (rows,), optional
            What each row's loss is multiplied by: numbers that are not negative. The loss stays a
            mean over the rows, as in Keras; scikit-learn divides by the sum of the weights, and so
            does PyTorch by that of the classes' weights. To have that, divide them by their mean.
            Metrics are not weighted.
        class_weight : dict or "balanced", optional
            What the loss of each class's rows is multiplied by, on top of `sample_weight`: labels
            and numbers, 1 for labels that are not there. Balanced, a class weighs rows / (classes *
            rows of it), as in scikit-learn. Validation data is not weighted by it.
        rows : array-like of int, optional
            The numbers of the rows to learn from, as if X were X[rows] and y y[rows], but without
            the copies. A row that is there twice counts twice. All of X and y is checked, and the
            labels of all of y are known.
        epochs : int, default 1
            The number of the last epoch, which is how many there are unless there is an
            `initial_epoch`.
        batch_size : int, default 32
            Rows a step; the last batch of an epoch may be smaller.
        validation_data : tuple (X, y) or (X, y, sample_weight), optional
            Measured after every epoch.
        validation_split : float, default 0
            Of the rows the part at their end that is held out and measured instead; as in Keras the
            last ones as they come, before any shuffle. `nnfast.datasets.split` holds out others.
        validation_frequency : int, default 1
            The validation data is measured after every so many epochs.
        initial_epoch : int, default 0
            What the count of this run's epochs begins with, as callbacks and the history see it.
        steps_per_epoch : int, optional
            Of batches that come one by one, how many make an epoch; by default all.
        shuffle : bool, default True
            Whether every epoch takes the rows in another order.
        callbacks : list of Callback, optional
        verbose : {"auto", 0, 1, 2}, default "auto"
            0 is silence; 1 a bar on a terminal or in a notebook, elsewhere lines; 2 a line for each
            epoch; "auto" a bar where there can be one, else silence. On standard error.

        Returns
        -------
        History
            The numbers of this run's epochs. `history` has those of all runs.

        Warns
        -----
        TrainingWarning
            If the run has gone wrong: see there.

        See Also
        --------
        nnfast.fit_many : trains many networks at once.

        Raises
        ------
        ValueError, TypeError
            If an argument is not what is wanted; nothing has changed then.

        Examples
        --------
        >>> import numpy as np
        >>> import nnfast as nn
        >>> X = np.linspace(-3, 3, 200).reshape(-1, 1)
        >>> net = nn.FeedForward("1-32-1", hidden="tanh", seed=0).compile(nn.Adam(0.01))
        >>> net.fit(X, np.sin(X), epochs=150).history["loss"][-1] < 0.02
        True
        """
        epochs = _validation.integer(epochs, "epochs")
        first = _validation.integer(initial_epoch, "initial_epoch", minimum=0, below=epochs)
        watchers = checked_callbacks(callbacks)
        level, progress = _progress.watcher(verbose)
        threads = self.threads
        lesson: Lesson | Batches
        if y is None:
            _refuse_of_batches(sample_weight, rows, validation_split)
            lesson = Batches(
                self,
                X,
                epochs=epochs - first,
                steps_per_epoch=steps_per_epoch,
                class_weight=class_weight,
                batch_size=batch_size,
                validation_data=validation_data,
                validation_frequency=validation_frequency,
            )
        else:
            if steps_per_epoch is not None:
                raise TypeError("steps_per_epoch is for batches that come one by one, without y")
            lesson = Border().lesson(
                self,
                X,
                y,
                sample_weight=sample_weight,
                class_weight=class_weight,
                rows=rows,
                batch_size=batch_size,
                shuffle=shuffle,
                validation_data=validation_data,
                validation_split=validation_split,
                validation_frequency=validation_frequency,
            )
        if progress is not None:
            watchers.append(progress)
        run = _training.train(
            self, lesson, epochs, lambda: threads, level, watchers, initial_epoch=first
        )
        _alarms.look(self, lesson, run)
        return run

    def reset(self: Self, seed: int | None = None) -> Self:
        """Forget all that was learned: weights are drawn anew, history, labels and counts are gone.

        Parameters
        ----------
        seed : int, optional
            A new seed; with the old one the same weights are drawn as at first.

        Returns
        -------
        FeedForward
            The network itself, compiled as it was.

        Examples
        --------
        >>> import numpy as np
        >>> import nnfast as nn
        >>> net = nn.FeedForward("1-4-1", seed=0)
        >>> first = net.get_weights()
        >>> _ = net.fit([[1.0]], [2.0], epochs=3)
        >>> all(map(np.array_equal, net.reset().get_weights(), first))
        True
        """
        if seed is not None:
            self._seed = _validation.integer(seed, "seed", minimum=0, below=_validation.SEED_LIMIT)
        self._network = self._built()
        self._compiled_loss = self._classes = None
        self._history, self._warned, self._timing = {}, set(), _timing.Timing()
        self.stop_training = False
        return self

    def find_learning_rate(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        minimum: float = 1e-6,
        maximum: float = 10.0,
        steps: int = 200,
        batch_size: int = 32,
        smoothing: float = 3.0,
    ) -> _range_test.LearningRateRange:
        """Find a learning rate by the range test: train a copy with ever larger rates.

        The rate rises by the same factor from step to step, until the loss diverges or `maximum` is
        reached. The network itself, its optimizer and its history are left as they are; the
        optimizer of the copy starts afresh.

        Parameters
        ----------
        X, y : array-like
            As in `fit`.
        minimum, maximum : float, default 1e-6 and 10
            The first and the last rate.
        steps : int, default 200
            How many steps it takes from the one to the other; at least 10.
        batch_size : int, default 32
            Rows a step: as many as will be trained with.
        smoothing : float, default 3.0
            The width of the bell curve that each loss is averaged with its neighbours by, in steps.

        Returns
        -------
        LearningRateRange
            ``rates``, ``losses`` (smoothed), ``raw_losses``, ``suggestion`` (the rate where the
            smoothed loss falls fastest, at most a tenth of the one where it is least), and
            ``plot()``.

        Raises
        ------
        ValueError, TypeError
            If an argument is not what is wanted, or the optimizer is Rprop, which has no rate.

        References
        ----------
        Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.3.

        Examples
        --------
        >>> import nnfast as nn
        >>> X, y = nn.datasets.digits()
        >>> net = nn.FeedForward("64-32-10", output="softmax", seed=0)
        >>> net.learning_rate = net.find_learning_rate(X, y).suggestion
        >>> 1e-4 < net.learning_rate < 0.1
        True
        """
        return _range_test.find(
            self,
            X,
            y,
            minimum=minimum,
            maximum=maximum,
            steps=steps,
            batch_size=batch_size,
            smoothing=smoothing,
        )

    def train_on_batch(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        class_weight: Mapping[Any, float] | str | None = None,
    ) -> dict[str, float]:
        """Take one step on these rows.

        Parameters
        ----------
        X, y, sample_weight, class_weight
            As in `fit`.

        Returns
        -------
        dict
            ``loss`` and the metrics, from before the step.

        Examples
        --------
        >>> import nnfast as nn
        >>> net = nn.FeedForward("2-1", initializer="zeros").compile("sgd")
        >>> net.train_on_batch([[1.0, 2.0]], [3.0])
        {'loss': 9.0}
        """
        _architecture.refuse_untrainable(self._layers)
        x, target, weights = self._data(X, y, sample_weight)
        classes = self._outputs(target.classes)
        weights = _weights.product(weights, _weights.of_classes(class_weight, target, classes))
        self._compile_for(target.loss)
        self._classes = target.classes
        outputs = self._room_for_outputs(len(x))
        left = self._left_to_backend(x, None, outputs)
        values = self._network.train_batch(x, target.values, self.threads, weights, None, left)
        return self._named(values, None if outputs is None else (target.values, outputs))

    def evaluate(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        batch_size: int = 256,
    ) -> dict[str, float]:
        """Measure loss and metrics, the mean over the rows, without dropout.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`: weights are of the loss, and it is divided by the number of rows.
        batch_size : int, default 256
            Rows at a time.

        Examples
        --------
        >>> import nnfast as nn
        >>> net = nn.FeedForward("2-1", initializer="zeros").compile(loss="mse", metrics=["mae"])
        >>> net.evaluate([[1.0, 2.0]], [3.0])
        {'loss': 9.0, 'mean_absolute_error': 3.0}
        """
        batch_size = _validation.integer(batch_size, "batch_size")
        x, target, weights = self._data(X, y, sample_weight)
        self._compile_for(target.loss)
        batch_size = min(batch_size, len(x))
        values = self._network.evaluate(x, target.values, batch_size, self.threads, weights)
        answers = None
        if self._needs_outputs:
            answers = target.values, self._network.predict(x, self.threads, None)
        return self._named(values, answers)

    def confusion_matrix(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        normalize: str | None = None,
    ) -> Array:
        """Count how often each class is taken for each other.

        Parameters
        ----------
        X, y : array-like
            As in `fit`; one class for each row.
        sample_weight, normalize : optional
            As for `nnfast.metrics.confusion_matrix`.

        Returns
        -------
        ndarray of shape (classes, classes)
            A row for each true class, a column for each predicted one, in the order of `classes_`.

        Examples
        --------
        >>> import nnfast as nn
        >>> net = nn.FeedForward("1-2", output="softmax", initializer="zeros")
        >>> net.confusion_matrix([[0.0], [1.0], [2.0]], [0, 1, 1])
        array([[1, 0],
               [2, 0]])
        """
        x, target, weights = self._data(X, y, sample_weight)
        answers = self._answers(target.values, self._network.predict(x, self.threads, None))
        if target.loss.targets == "values" or answers.several:
            raise ValueError(
                "confusion_matrix wants one class for each row; this network has targets of "
                f"{target.loss.name} with {self.outputs} outputs"
            )
        return confusion_matrix(
            answers.classes(),
            answers.decided(),
            labels=range(max(self.outputs, 2)),
            sample_weight=weights,
            normalize=normalize,
        )

    def gradients(
        self, X: ArrayLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None
    ) -> tuple[float, list[Array]]:
        """Return the mean loss over the rows and its derivative by every weight, without dropout.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.

        Examples
        --------
        >>> import nnfast as nn
        >>> net = nn.FeedForward("1-1", initializer="zeros", dtype="float64")
        >>> net.gradients([[1.0]], [3.0])
        (9.0, [array([[-6.]]), array([-6.])])
        """
        x, target, weights = self._data(X, y, sample_weight)
        self._compile_for(target.loss)
        return self._network.gradients(x, target.values, self.threads, weights)

    def diagnose(self, X: ArrayLike, y: ArrayLike | None = None) -> Diagnosis:
        """Look for what keeps the network from learning: dead or saturated units, lost gradients.

        Parameters
        ----------
        X, y : array-like
            As in `fit`; some hundred rows are enough. Without y there are no gradients.

        Returns
        -------
        Diagnosis
            A table at the prompt; its `layers` have the numbers, its `notes` the words. The network
            itself stays as it is.

        References
        ----------
        Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
        networks", AISTATS 2010.

        Examples
        --------
        >>> import numpy as np
        >>> import nnfast as nn
        >>> net = nn.FeedForward("2-4-1", initializer="zeros")
        >>> net.diagnose(np.eye(2))
        Layer    Mean  Deviation   Dead
        -------------------------------
        dense_1     0          0  100 %
        dense_2     0          0  100 %
        -------------------------------
        dense_1: 100 % of the units are 0 for all 2 rows and learn nothing from them; try ...
        the network says the same of all 2 rows
        """
        from nnfast._diagnosis import diagnose

        return diagnose(self, X, y)

    def predict_classes(self, X: ArrayLike) -> Array:
        """Return the class of each row, by the labels that the network was fitted with.

        Of several outputs the largest decides; each sigmoid output decides for itself at 0.5, each
        output with a hinge loss at 0, and several of them give (rows, outputs) of 0 and 1.

        Parameters
        ----------
        X : array-like of shape (rows, inputs) or (inputs,)

        Examples
        --------
        >>> import numpy as np
        >>> import nnfast as nn
        >>> X = np.array([[-1.0], [1.0]])
        >>> net = nn.FeedForward("1-1", output="sigmoid", seed=0).compile(nn.SGD(1.0))
        >>> _ = net.fit(X, ["cold", "warm"], epochs=20)
        >>> net.predict_classes(X)
        array(['cold', 'warm'], dtype='<U4')
        """
        output = _architecture.output(self._layers)
        by_sign = self._loss.decides_by_sign(output.activation, output.units)
        if self._loss.outputs_for_each > 1:
            raise ValueError(
                f"predict_classes wants outputs of classes, but the loss is {self._loss}"
            )
        if output.units == 1 and not by_sign:
            raise ValueError(
                "predict_classes wants a sigmoid output, or several outputs; this network has one "
                f"{output.activation.name} output"
            )
        border = self._loss.border(output.activation)
        return _targets.decided(self.predict(X), by_sign, border, self._classes)

    # How it is kept ------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], *, include_optimizer: bool = True) -> None:
        """Write the network to a safetensors file, whole or not at all.

        Parameters
        ----------
        path : str or path
            Usually ending in ``.safetensors``. A file that is there is replaced only once the new
            one is complete.
        include_optimizer : bool, default True
            Whether the optimizer's state goes along, so that training resumes to the same bits.

        See Also
        --------
        nnfast.load : reads the file.

        Examples
        --------
        >>> import os, tempfile
        >>> import nnfast as nn
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "net.safetensors")
        ...     nn.FeedForward("3-2-1").save(path)
        ...     nn.load(path).architecture
        '3-2-1'
        """
        from nnfast import _files

        _files.save(self, path, _validation.boolean(include_optimizer, "include_optimizer"))

    def to_source(
        self, language: str, path: str | os.PathLike[str] | None = None, *, name: str = "net"
    ) -> str:
        """Return the network as a program that predicts the same and needs nothing else.

        For microcontrollers, browsers, or wherever a library is too much. It computes in the
        network's dtype or in more; what it says differs from `predict` by rounding alone.

        Parameters
        ----------
        language : {"python", "c", "javascript"}
            Python of the standard library alone; a C99 header, which is C++ too, with constant
            arrays and no memory of its own; an ES module for browsers and Node.
        path : str or path, optional
            Where to write it as well, whole or not at all.
        name : str, default "net"
            What all names begin with, in C.

        Returns
        -------
        str
            The file's text. It has `predict`, and, if the outputs are classes, `predict_classes`;
            in C ``net_predict`` and ``net_predict_class``.

        Raises
        ------
        ValueError
            If an activation is an object of your own, a weight is not finite, or an argument is
            not what is wanted.
        RuntimeError
            If the network standardizes its inputs and has seen none.

        Examples
        --------
        >>> import nnfast as nn
        >>> net = nn.FeedForward("2-1", initializer="zeros")
        >>> net.set_weights([[[1.0], [2.0]], [0.5]])
        >>> program = {}
        >>> exec(net.to_source("python"), program)
        >>> program["predict"]([10.0, 100.0])
        [210.5]
        """
        from nnfast.source import to_source

        return to_source(self, language, path, name=name)

    def report(
        self,
        path: str | os.PathLike[str],
        X: Any,
        y: Any = None,
        *,
        title: str | None = None,
        column_names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        image_shape: tuple[int, ...] | None = None,
        seed: int = 0,
        repeats: int = 5,
        mistakes: int = 24,
    ) -> None:
        """Write a report: one HTML page on how good the network is, and how it came to be.

        It has the metrics, what is taken for what or how far off predictions are, whether
        probabilities can be believed, the worst mistakes, what the network looks at, the history,
        the model, the rows, timings, seed and versions. It is complete in itself and loads nothing.

        Parameters
        ----------
        path : str or path
            Usually ending in ``.html``. A file that is there is replaced only by a whole one.
        X : array-like of shape (rows, inputs), or columns
            Rows that the network did not learn from: of the others it says too much good. With
            `table` set also columns as they are: a dict or a DataFrame.
        y : array-like, optional
            As in `fit`. It may be left out where X is columns with the table's target among them.
        title : str, optional
            The page's heading.
        column_names : list of str, optional
            What the columns of X are called; by default as its DataFrame or the table calls them.
        class_names : list of str, optional
            What the classes are called, in the order of `classes_`, or the several answers of a
            row; by default by their labels.
        image_shape : tuple of int, optional
            Height and width (and 3, for colours) if rows are images. By default columns without
            names are taken for a square image if neighbours among them are alike.
        seed : int, default 0
            What rows are drawn and shuffled by.
        repeats : int, default 5
            How often each column is shuffled to find its importance; 0 leaves that out.
        mistakes : int, default 24
            How many of the worst mistakes to show.

        Raises
        ------
        ValueError, TypeError
            If an argument is not what is wanted; no file is written then.

        Examples
        --------
        >>> import os, tempfile
        >>> import nnfast as nn
        >>> (X, y), (X_test, y_test) = nn.datasets.split(*nn.datasets.digits())
        >>> net = nn.FeedForward("64-32-10", output="softmax", seed=0)
        >>> run = net.fit(X, y, epochs=5)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     net.report(os.path.join(folder, "report.html"), X_test, y_test)
        """
        from nnfast import report

        report.write(
            self,
            path,
            X,
            y,
            title=title,
            column_names=column_names,
            class_names=class_names,
            image_shape=image_shape,
            seed=seed,
            repeats=repeats,
            mistakes=mistakes,
        )

    def _snapshot(self) -> dict[str, Any]:
        """Return the parameters, and with them the optimizer's state and the counters."""
        if self._compiled_loss is None:
            state = {"step": 0, "epoch": 0, "slots": [], "numbers": []}
        else:
            state = self._network.state()
        return {"parameters": self._network.parameters(), "loss": self._compiled_loss, **state}

    def _restore(self, snapshot: dict[str, Any]) -> None:
        """Take on what `_snapshot` returned; without slots the optimizer starts afresh."""
        self._network.set_parameters(snapshot["parameters"])
        self._compiled_loss = None
        if snapshot["loss"] is not None:
            self._compile_for(snapshot["loss"])
            slots = snapshot["slots"] or self._network.state()["slots"]
            self._network.set_state(snapshot["step"], snapshot["epoch"], slots, snapshot["numbers"])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_network": self._snapshot()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._backend = _backend.select_or_other(self._backend)
        self._home_backend = _backend.select_or_other(self._home_backend)
        snapshot = state["_network"]
        self._network = self._built()
        self._restore(snapshot)

    def __copy__(self: Self) -> Self:
        # Two networks on one set of weights would be a trap: a copy is independent.
        from copy import deepcopy

        return deepcopy(self)

    # The border ----------------------------------------------------------------------------------

    def _data(
        self, X: object, y: object, sample_weight: object
    ) -> tuple[Array, _targets.Target, Array | None]:
        x, outputs = self._inputs(X), self._outputs(self._classes)
        self._refuse_unfitted()
        target = _targets.encode(y, len(x), self._loss, outputs)
        return x, target, _weights.of_rows(sample_weight, len(x), outputs)

    # What is reported ----------------------------------------------------------------------------

    def _fitting(self, metrics: tuple[Metric, ...], loss: losses.Loss) -> tuple[Metric, ...]:
        """Return metrics that fit the outputs."""
        output = _architecture.output(self._layers)
        by_sign = loss.decides_by_sign(output.activation, output.units)
        for metric in metrics:
            metric.check_outputs(output.units, by_sign)
        return metrics

    @property
    def _needs_outputs(self) -> bool:
        """Whether there are metrics that the core does not compute."""
        return not all(metric.in_core for metric in self._metrics)

    @property
    def _measure_count(self) -> int:
        """How many numbers the core gives of its rows."""
        return 1 + sum(metric.in_core for metric in self._metrics)

    def _room_for_outputs(self, rows: int) -> Array | None:
        """Return an array for the outputs of so many rows, if any metric needs them."""
        return np.empty((rows, self.outputs), self._dtype) if self._needs_outputs else None

    def _left_to_backend(self, x: Array, rows: Array | None, outputs: Array | None) -> Array | None:
        """Return where the backend is to leave the outputs; fill it here for what leaves none."""
        if outputs is None or not self._optimizer.full_batch:
            return outputs
        some = np.ascontiguousarray(x if rows is None else x[rows])
        self._network.predict(some, self.threads, outputs)
        return None

    def _answers(self, targets: Array, outputs: Array) -> Answers:
        output = _architecture.output(self._layers)
        outputs = self._loss.point(outputs)
        if output.activation.name == "log_softmax":
            outputs = np.exp(outputs)
        threshold = None
        if self._loss.decides_by_sign(output.activation, output.units):
            threshold = self._loss.border(output.activation)
        elif outputs.shape[1] == 1:
            threshold = 0.5
        logits = bool(getattr(self._loss, "from_logits", False))
        return Answers(targets, outputs, threshold, logits)

    def _named(
        self, values: Sequence[float], answers: tuple[Array, Array] | None = None
    ) -> dict[str, float]:
        """Name the core's numbers; the other metrics are computed from targets and outputs."""
        core = iter(values)
        named = {"loss": next(core)}
        judged = None if answers is None else self._answers(*answers)
        for metric in self._metrics:
            if metric.in_core:
                named[metric.label] = next(core)
            elif judged is not None:
                named[metric.label] = metric.of(judged)
        return named


def _refuse_of_batches(sample_weight: object, rows: object, validation_split: object) -> None:
    """Refuse what goes with all rows at once."""
    given = {"sample_weight": sample_weight, "rows": rows, "validation_split": validation_split}
    for name, value in given.items():
        if value is not None and not (name == "validation_split" and not value):
            raise TypeError(f"{name} goes with X and y; batches (X, y, sample_weight) come without")
