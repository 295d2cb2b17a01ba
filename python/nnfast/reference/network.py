"""A feedforward network: stages in a row, and the loop that trains them.

The same methods as the compiled core, so that either can stand behind `nnfast.FeedForward`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, Rows, Targets, take_rows
from .blocks import Residual  # noqa: F401 (which, imported, makes the layers in it known)
from .layers import Activate, Site, Stage, build
from .losses import Objective, OnLogits, OnOutputs, pair
from .metrics import Metric, decision_threshold
from .normalization import Standardize
from .optimizers import Optimizer
from .random import SHUFFLE, permutation
from .schedules import read
from .second_order import Memory, Problem, SecondOrder
from .updates import Update, Weights, penalize, penalties

_ROWS_AT_ONCE = 1024  # in prediction: enough for fast products, little enough for small memory


class Training(NamedTuple):
    """What `compile` adds to a network: how it learns, and what it reports."""

    optimizer: Optimizer
    update: Update
    objective: Objective
    metrics: list[Metric]
    threshold: float | None


class Network:
    """A feedforward network with its parameters, its optimizer and its counters.

    Parameters
    ----------
    config : str
        The architecture as JSON: ``inputs``, ``input_scale`` (what every input is multiplied by; 1
        if left out), ``bias`` (``"parameter"`` or ``"embedded"``) and ``layers``, complete and
        already validated.
    dtype : str
        ``"float32"`` or ``"float64"``; all arithmetic is done in it, except for the sum of the
        losses over the rows, which is done in float64.
    seed : int
        Every random number of the network follows from it.

    Examples
    --------
    >>> import json
    >>> import numpy as np
    >>> from nnfast.reference import Network
    >>> dense = {"type": "dense", "use_bias": True, "bias_initializer": {"name": "zeros"},
    ...          "kernel_initializer": {"name": "glorot_uniform"}}
    >>> layers = [{**dense, "units": 4, "activation": {"name": "tanh"}},
    ...           {**dense, "units": 1, "activation": {"name": "sigmoid"}}]
    >>> config = {"inputs": 2, "bias": "parameter", "layers": layers}
    >>> network = Network(json.dumps(config), "float64", seed=0)
    >>> network.compile(json.dumps({"optimizer": {"name": "adam", "learning_rate": 0.1},
    ...     "loss": {"name": "binary_cross_entropy", "from_logits": False}, "metrics": []}))
    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> exclusive_or = np.array([[0.0], [1.0], [1.0], [0.0]])
    >>> for _ in range(200):
    ...     report = network.train_epoch(x, exclusive_or, batch_size=4, shuffle=True)
    >>> network.predict(x).round().ravel().tolist()
    [0.0, 1.0, 1.0, 0.0]
    """

    def __init__(self, config: str, dtype: str, seed: int) -> None:
        architecture = json.loads(config)
        self.dtype = np.dtype(dtype)
        self.seed = seed
        self.step = 0
        self.epoch = 0
        self.training: Training | None = None
        self.memory = Memory()  # of an optimizer that looks at all rows
        self.slots: list[list[Array]] = []  # slots[s][p] has the shape of parameter p
        self.input_scale: float = architecture.get("input_scale", 1.0)
        embedded = architecture["bias"] == "embedded"
        site = Site(0, architecture["inputs"], seed, self.dtype, embedded)
        self.stages: list[Stage] = []
        self.ends: list[int] = []  # of each layer the last of its stages
        for layer in architecture["layers"]:
            stages, site = build([layer], site)
            self.stages += stages
            self.ends.append(len(self.stages) - 1)
        self.outputs = site.width

    # Parameters and state

    def parameters(self) -> list[Array]:
        """Copy the parameters out: of each layer kernel, bias, alpha; or weight, alpha."""
        return [parameter.copy() for parameter in self._parameters()]

    def set_parameters(self, values: Sequence[NDArray[Any]]) -> None:
        """Put values of the same shapes and order as `parameters` gives in their place."""
        for parameter, value in zip(self._parameters(), values, strict=True):
            parameter[...] = value

    def is_fitted(self) -> bool:
        """Tell whether there is nothing that had to be fitted to rows first, and was not."""
        return all(stage.is_fitted for stage in self.stages if isinstance(stage, Standardize))

    def adapt(self, x: NDArray[Any], rows: NDArray[np.uint32] | None) -> None:
        """Fit to all rows of x, or to those named, what has to be fitted first."""
        for stage in self.stages:
            if isinstance(stage, Standardize):
                stage.fit(self._take(x, slice(None) if rows is None else rows))

    def state(self) -> dict[str, Any]:
        """Copy out what, beside the parameters, training has to know to go on as if never stopped.

        Returns
        -------
        dict
            ``step``, ``epoch``, ``slots``: the optimizer's arrays, slots[s][p] for parameter p, and
            ``numbers``: what else it remembers.
        """
        slots = [[array.copy() for array in slot] for slot in self.slots]
        slots += map(self._split, self.memory.vectors)
        numbers = list(self.memory.numbers)
        return {"step": self.step, "epoch": self.epoch, "slots": slots, "numbers": numbers}

    def set_state(
        self,
        step: int,
        epoch: int,
        slots: Sequence[Sequence[NDArray[Any]]],
        numbers: Sequence[float],
    ) -> None:
        """Put back what `state` gave; the network is compiled as it was then."""
        if isinstance(self._compiled().optimizer, SecondOrder):
            vectors = [np.concatenate([part.ravel() for part in slot]) for slot in slots]
            self.memory, slots = Memory(vectors, list(numbers)), []
        for slot, values in zip(self.slots, slots, strict=True):
            for array, value in zip(slot, values, strict=True):
                array[...] = value
        self.step, self.epoch = step, epoch

    def _parameters(self) -> list[Array]:
        return [parameter for stage in self.stages for parameter in stage.parameters]

    # Learning

    def compile(self, config: str, own: Any = None) -> None:
        """Choose how to learn; the optimizer starts afresh, the count of epochs goes on.

        Parameters
        ----------
        config : str
            JSON: ``optimizer`` and ``loss``, each with a ``name`` and its parameters,
            ``metrics``, a list of names, and ``update``, the parameters of `Update`.
        own : object, optional
            A loss of the outputs in place of the one that is named: an object with the methods and
            attributes of `reference.losses.Loss`.
        """
        choice = json.loads(config)
        output = self.stages[-1]
        assert isinstance(output, Activate)
        loss, activation = choice["loss"], output.function.name
        from_logits = loss.get("from_logits", False)
        objective = pair(loss, activation) if own is None else OnOutputs(own)
        self.training = Training(
            optimizer=Optimizer.from_config(choice["optimizer"]),
            update=Update(**choice.get("update", {})),
            objective=objective,
            metrics=[Metric.from_config({"name": name}) for name in choice["metrics"]],
            threshold=decision_threshold(objective.loss, from_logits, activation, self.outputs),
        )
        initial = self.training.optimizer.initial_slots
        more = [0.0] * self.training.update.slot_count
        self.slots = [
            [np.full_like(parameter, value) for parameter in self._parameters()]
            for value in [*initial, *more]
        ]
        self.memory = Memory()
        self.step = 0

    def begin_run(self) -> None:
        """Be told that data may be others now: nothing computed from earlier ones is used again."""
        self.memory.here = None

    def learning_rate(self) -> float:
        """Give the learning rate of the next step."""
        return self._compiled().optimizer.rate(self.step + 1)

    def set_learning_rate(self, config: str) -> None:
        """Go on with another learning rate, a number or a schedule as JSON; all else stays."""
        training = self._compiled()
        optimizer = training.optimizer.with_rate(read(json.loads(config)))
        self.training = training._replace(optimizer=optimizer)

    @np.errstate(all="ignore")
    def train_epoch(
        self,
        x: NDArray[Any],
        y: Targets,
        batch_size: int,
        shuffle: bool,
        rows: NDArray[np.uint32] | None = None,
        weights: Array | None = None,
        outputs: Array | None = None,
        penalty_factors: Sequence[float] | None = None,
    ) -> list[float]:
        """Learn from every row once, batch by batch; the last batch may be smaller.

        Parameters
        ----------
        x : ndarray of shape (rows, inputs)
            float32, float64 or uint8, any strides.
        y : ndarray
            Classes (rows,) of uint32, or targets (rows, outputs).
        batch_size : int
        shuffle : bool
            Whether the rows come in the order of the epoch's own permutation, or as they are.
        rows : ndarray of uint32, optional
            The numbers of the rows that there are to this epoch, as if x and y were x[rows] and
            y[rows].
        weights : ndarray of shape (x's rows,), optional
            What each row's loss and its gradient are multiplied by. The means are still divided by
            the number of rows, as Keras' are, not by the sum of the weights; metrics have none.
        outputs : ndarray of shape (rows, outputs), optional
            Takes what the network said of each row before the step that it was part of.
        penalty_factors : sequence of float, optional
            What each batch's penalties of weights are multiplied by.

        Returns
        -------
        list of float
            Loss, then metrics: means over these rows, each batch measured before its update.
        """
        count = len(x) if rows is None else len(rows)
        order = self.epoch_order(count, True) if shuffle else None
        total = np.zeros(1 + len(self._compiled().metrics))
        for number, places in enumerate(_batches(count, batch_size, order)):
            batch = places if rows is None else rows[places]
            factor = 1.0 if penalty_factors is None else penalty_factors[number]
            sums, said = self._learn(self._take(x, batch), y[batch], _some(weights, batch), factor)
            total += sums
            if outputs is not None:
                outputs[places] = said
        self.epoch += 1
        return [float(value) for value in total / count]

    def train_epochs(
        self,
        x: NDArray[Any],
        y: Targets,
        rows: NDArray[np.uint32] | None,
        batch_size: int,
        shuffle: bool,
        threads: int,
        epochs: int,
        report: list[list[float]],
        stopped: Callable[[], bool],
        weights: Array | None = None,
        outputs: Array | None = None,
        penalty_factors: Sequence[float] | None = None,
    ) -> bool:
        """Learn for one of the epochs wanted, and append what `train_epoch` gives to the report.

        The rest is for the compiled core: NumPy's products have threads of their own, and Python
        can be interrupted anywhere.

        Returns
        -------
        bool
            Whether the optimizer has found that there is nothing left to gain.
        """
        if isinstance(self._compiled().optimizer, SecondOrder):
            chosen = slice(None) if rows is None else rows
            values, converged = self._iterate(x, y, chosen, weights)
            self.epoch += 1
            report.append(values)
            return converged
        values = self.train_epoch(
            x, y, batch_size, shuffle, rows, weights, outputs, penalty_factors
        )
        report.append(values)
        return False

    @np.errstate(all="ignore")
    def _iterate(
        self, x: NDArray[Any], y: Targets, rows: Rows, weights: Array | None
    ) -> tuple[list[float], bool]:
        """Take one step of an optimizer that looks at all rows."""
        optimizer = self._compiled().optimizer
        assert isinstance(optimizer, SecondOrder)
        w = self._joined(self._parameters())
        problem = _OnRows(self, self._take(x, rows), y[rows], _some(weights, rows))
        result = optimizer.iterate(self.memory, w, problem)
        self.set_parameters(self._split(w))
        self.step += 1
        return result

    def _joined(self, arrays: Sequence[Array]) -> Array:
        return np.concatenate([array.ravel() for array in arrays])

    def _split(self, w: Array) -> list[Array]:
        """Cut a vector into arrays of the parameters' shapes."""
        shapes = [parameter.shape for parameter in self._parameters()]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        return [part.reshape(s).copy() for part, s in zip(np.split(w, ends), shapes, strict=True)]

    @np.errstate(all="ignore")
    def train_batch(
        self,
        x: NDArray[Any],
        y: Targets,
        threads: int = 1,
        weights: Array | None = None,
        rows: NDArray[np.uint32] | None = None,
        outputs: Array | None = None,
        sums: Sequence[float] | None = None,
        penalty_factor: float = 1.0,
    ) -> list[float]:
        """Take one step on these rows, or some of them; return loss and metrics from before it.

        If `sums` are given, the new sums over the rows are returned rather than the means. What the
        network said of the rows goes into `outputs`. Penalties of weights are multiplied by
        `penalty_factor`.
        """
        batch: Rows = slice(0, len(x)) if rows is None else rows
        if isinstance(self._compiled().optimizer, SecondOrder):
            self.begin_run()
            means, _ = self._iterate(x, y, batch, weights)
            if sums is None:
                return means
            return [s + m * len(y[batch]) for s, m in zip(sums, means, strict=True)]
        x = self._take(x, batch)
        total, said = self._learn(x, y[batch], _some(weights, batch), penalty_factor)
        if outputs is not None:
            outputs[...] = said
        total = total / len(said) if sums is None else np.asarray(sums) + total
        return [float(value) for value in total]

    def epoch_order(self, rows: int, shuffle: bool) -> NDArray[np.uint32]:
        """Give the order in which the next epoch takes so many rows."""
        if shuffle:
            return permutation(rows, self.seed, SHUFFLE, self.epoch)
        return np.arange(rows, dtype=np.uint32)

    def count_epoch(self) -> None:
        """Count an epoch whose batches were taken one by one."""
        self.epoch += 1

    @np.errstate(all="ignore")
    def gradients(
        self, x: NDArray[Any], y: Targets, threads: int = 1, weights: Array | None = None
    ) -> tuple[float, list[Array]]:
        """Give the mean loss of these rows and its gradient by each parameter, without dropout."""
        passed, kept = self._forward(self._take(x, slice(None)), step=None)
        loss = self._measure(passed, kept, y, weights)[0] / len(x)
        gradients = self._backward(passed, kept, y, weights)
        return float(loss), self._with_zeros(gradients)

    def _with_zeros(self, gradients: list[Array | None]) -> list[Array]:
        """Give zeros for the parameters that no gradient changes."""
        pairs = zip(self._parameters(), gradients, strict=True)
        return [np.zeros_like(p) if g is None else g for p, g in pairs]

    def set_trainable(self, layer: int, trainable: bool) -> None:
        """Let the layer with a number learn or not; what the optimizer remembers stays.

        The running mean of a layer that begins to learn starts from its parameters.
        """
        training, first = self.training, 0
        for stage in self.stages:
            parameters = range(first, first + len(stage.parameters))
            first = parameters.stop
            if stage.number != layer:
                continue
            if training and training.update.ema_momentum is not None and not stage.trainable:
                for p, w in zip(parameters, stage.parameters, strict=True):
                    self.slots[-1][p][...] = w
            stage.trainable = trainable

    def _learn(
        self, x: Array, y: Targets, weights: Array | None, penalty_factor: float
    ) -> tuple[NDArray[np.float64], Array]:
        """Take one step; return the sums over the rows of loss and metrics, and the outputs."""
        passed, kept = self._forward(x, self.step)
        total = self._measure(passed, kept, y, weights, penalty_factor)
        gradients = self._backward(passed, kept, y, weights, penalty_factor)
        self.step += 1
        optimizer, update = self._compiled().optimizer, self._compiled().update
        count = len(optimizer.initial_slots)
        rest = iter(self.slots[count:])
        sums = next(rest) if update.accumulation_steps > 1 else self._parameters()
        if not update.accumulate(gradients, sums, self.step):
            return total, passed[-1]
        t = self.step // update.accumulation_steps
        learned = self._weights(gradients)
        update.clip(learned)
        for p, (w, g) in enumerate(zip(self._parameters(), gradients, strict=True)):
            if g is not None:
                update.take(optimizer, w, g, [slot[p] for slot in self.slots[:count]], t)
        update.restrain(learned)
        if update.ema_momentum is not None:
            means = next(rest)
            for w, g, mean in zip(self._parameters(), gradients, means, strict=True):
                if g is not None:
                    update.average(w, mean, t)
        return total, passed[-1]

    def _weights(self, gradients: Sequence[Array | None]) -> list[Weights]:
        """List the arrays of weights that have a gradient, with it and what holds for them."""
        found, first = list[Weights](), 0
        for stage in self.stages:
            last = first + len(stage.parameters)
            found += stage.weights(gradients[first:last])
            first = last
        return found

    def _take(self, x: NDArray[Any], rows: Rows) -> Array:
        """Gather a batch of the user's array, scaled: what the first layer sees."""
        return take_rows(x, rows, self.dtype, self.input_scale)

    def _forward(self, x: Array, step: int | None) -> tuple[list[Array], list[Any]]:
        """Pass x through every stage; return the output of each, and what each keeps."""
        passed: list[Array] = []
        kept: list[Any] = []
        for stage in self.stages:
            x, memory = stage.forward(x, step)
            passed.append(x)
            kept.append(memory)
        return passed, kept

    def _backward(
        self,
        passed: list[Array],
        kept: list[Any],
        y: Targets,
        weights: Array | None,
        penalty_factor: float = 1.0,
    ) -> list[Array | None]:
        """Carry the gradient of the mean loss from the last stage to the first that learns."""
        objective = self._compiled().objective
        on_logits = isinstance(objective, OnLogits)
        # A loss on the logits has the output activation inside it: start below that stage.
        last = len(self.stages) - (2 if on_logits else 1)
        g = objective.loss.gradient(passed[last], y) * (1.0 / len(y))
        if weights is not None:
            g *= weights[:, np.newaxis]
        output = self.stages[-1]
        if on_logits and isinstance(output, Activate) and output.activity is not None:
            # What the output itself costs comes back through the activation.
            g = g + output.input_gradient(kept[-1], np.zeros_like(g))
        gradients = self._carried_back(g, kept, last)
        penalize(self._weights(gradients), penalty_factor)
        return gradients

    def _carried_back(self, g: Array, kept: list[Any], last: int) -> list[Array | None]:
        """Carry a gradient by the output of stage `last` to the first stage that learns."""
        learns = [stage.learns for stage in self.stages]
        first = learns.index(True) if any(learns) else len(self.stages)
        gradients: list[Array | None] = [None for _ in self._parameters()]
        end = len(gradients) - sum(len(stage.parameters) for stage in self.stages[last + 1 :])
        for i in range(last, first - 1, -1):
            stage = self.stages[i]
            start = end - len(stage.parameters)
            found = zip(stage.parameter_gradients(kept[i], g), stage.follow(), strict=True)
            gradients[start:end] = [one if follows else None for one, follows in found]
            if i > first:
                g = stage.input_gradient(kept[i], g)
            end = start
        return gradients

    def _measure(
        self,
        passed: list[Array],
        kept: list[Any],
        y: Targets,
        weights: Array | None,
        penalty_factor: float = 1.0,
    ) -> NDArray[np.float64]:
        """Sum loss and metrics over the rows of a batch, in float64."""
        training = self._compiled()
        z, a = passed[-2:]
        on_logits = isinstance(training.objective, OnLogits)
        loss = training.objective.loss.rows(z if on_logits else a, y)
        loss = loss if weights is None else loss * weights
        for stage, memory in zip(self.stages, kept, strict=True):
            loss = loss + stage.penalty(memory)
        learned = [
            w if follows else None
            for stage in self.stages
            for w, follows in zip(stage.parameters, stage.follow(), strict=True)
        ]
        loss = loss + penalty_factor * sum(penalties(self._weights(learned)))
        rows = [loss]
        point = training.objective.loss.point(a)
        rows += [metric.rows(point, y, training.threshold) for metric in training.metrics]
        return np.array([np.sum(values, dtype=np.float64) for values in rows])

    def _compiled(self) -> Training:
        if self.training is None:
            raise RuntimeError("The network has no loss and no optimizer yet; call compile first.")
        return self.training

    # Use

    def try_predict(self, x: object, threads: int = 1, out: object = None) -> Array | None:
        """Leave to the border what has not been checked; the compiled core checks some of it."""
        return None

    @np.errstate(all="ignore")
    def predict(self, x: NDArray[Any], threads: int = 1, out: Array | None = None) -> Array:
        """Compute the outputs (rows, outputs) for x (rows, inputs), some rows at a time.

        They are written into `out` if it is given: an array apart from x.
        """
        outputs = np.empty((len(x), self.outputs), dtype=self.dtype) if out is None else out
        for rows in _batches(len(x), _ROWS_AT_ONCE):
            a = self._take(x, rows)
            for stage in self.stages:
                a, _ = stage.forward(a, None)
            outputs[rows] = a
        return outputs

    @np.errstate(all="ignore")
    def layer_outputs(self, x: NDArray[Any]) -> list[Array]:
        """Give what every layer after the input gives for these rows, without dropout."""
        passed, _ = self._forward(self._take(x, slice(None)), step=None)
        return [passed[last] for last in self.ends]

    @np.errstate(all="ignore")
    def evaluate(
        self,
        x: NDArray[Any],
        y: Targets,
        batch_size: int,
        threads: int = 1,
        weights: Array | None = None,
    ) -> list[float]:
        """Measure loss and metrics, means over all rows, without dropout and without learning."""
        total = np.zeros(1 + len(self._compiled().metrics))
        for rows in _batches(len(x), batch_size):
            passed, kept = self._forward(self._take(x, rows), step=None)
            total += self._measure(passed, kept, y[rows], _some(weights, rows))
        return [float(value) for value in total / len(x)]


def _some(weights: Array | None, rows: Rows) -> Array | None:
    """Take the weights of some rows, if rows have any."""
    return None if weights is None else weights[rows]


class _OnRows(Problem):
    """The mean loss of some rows, as a function of all parameters in one vector."""

    def __init__(self, network: Network, x: Array, y: Targets, weights: Array | None) -> None:
        self.network, self.x, self.y, self.weights = network, x, y, weights

    def values(self, w: Array) -> list[float]:
        return self._forward(w)[0]

    def gradient(self, w: Array) -> tuple[list[float], Array]:
        values, passed, kept = self._forward(w)
        network = self.network
        gradients = network._backward(passed, kept, self.y, self.weights)
        return values, network._joined(network._with_zeros(gradients))

    def _forward(self, w: Array) -> tuple[list[float], list[Array], list[Any]]:
        network = self.network
        network.set_parameters(network._split(w))
        passed, kept = network._forward(self.x, step=None)
        total = network._measure(passed, kept, self.y, self.weights)
        return [float(value) for value in total / len(self.x)], passed, kept

    def residuals(self, w: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        network = self.network
        network.set_parameters(network._split(w))
        weights = np.ones(len(self.x)) if self.weights is None else self.weights
        errors, derivatives = [], []
        for row, t, weight in zip(self.x, self.y, weights, strict=True):
            passed, kept = network._forward(row[np.newaxis], step=None)
            root = float(weight) ** 0.5
            for output, one_hot in enumerate(np.eye(network.outputs, dtype=network.dtype)):
                errors.append(root * (float(passed[-1][0, output]) - float(t[output])))
                g = network._carried_back(one_hot[np.newaxis], kept, len(network.stages) - 1)
                joined = network._joined(network._with_zeros(g))
                derivatives.append(root * joined.astype(np.float64))
        return np.array(errors), np.array(derivatives)


def _batches(count: int, size: int, order: NDArray[np.uint32] | None = None) -> Iterator[Rows]:
    """Cut the rows, or a given order of them, into runs of `size`; the last may be shorter."""
    for start in range(0, count, size):
        rows = slice(start, min(start + size, count))
        yield rows if order is None else order[rows]
