"""A network that can be asked: what it is, what it says, its weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _architecture, _backend, _summary, _targets, _threads, _validation

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    from nnfast._backend import Network
    from nnfast.layers import Layer
    from nnfast.tables import Table

    Array: TypeAlias = NDArray[Any]


class Predictor:
    """The part of `FeedForward` that does not learn; its constructor makes what is named here."""

    _layers: tuple[Layer, ...]
    _bias: str
    _dtype: np.dtype[Any]
    _seed: int
    _threads: int | None
    _backend: str
    _network: Network
    _table: Table | None

    def _built(self) -> Network:
        config = _backend.described(_architecture.config(self._layers, self._bias))
        return _backend.module(self._backend).Network(config, self._dtype.name, self._seed)

    # What it is ----------------------------------------------------------------------------------

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, the input first."""
        return self._layers

    @property
    def architecture(self) -> str:
        """The numbers of nodes, as in "784-256-10"."""
        return "-".join(map(str, _architecture.sizes(self._layers)))

    @property
    def inputs(self) -> int:
        """The number of input nodes."""
        return _architecture.inputs(self._layers)

    @property
    def outputs(self) -> int:
        """The number of output nodes."""
        return _architecture.output(self._layers).units

    @property
    def bias(self) -> str:
        """Where the biases are kept: "parameter" or "embedded"."""
        return self._bias

    @property
    def dtype(self) -> np.dtype[Any]:
        """In which the network computes: float32 or float64."""
        return self._dtype

    @property
    def seed(self) -> int:
        """What every random number follows from."""
        return self._seed

    @property
    def backend(self) -> str:
        """Where it computes: "rust" or "numpy"."""
        return self._backend

    @property
    def threads(self) -> int:
        """How many threads it works with."""
        return self._threads or _threads.get_num_threads()

    @property
    def parameter_count(self) -> int:
        """The number of weights, biases and learned alphas."""
        shapes = _architecture.parameters(self._layers, self._bias)
        return sum(int(np.prod(shape)) for _, shape in shapes)

    @property
    def table(self) -> Table | None:
        """What the columns of X mean; None unless it is set. It goes into the network's file.

        So a file is all that rows of a table need: names, words and missing values as they come.

        Examples
        --------
        >>> import nnfast as nn
        >>> columns = {"colour": ["red", "blue"], "weight": [1.0, 3.0]}
        >>> table = nn.Table.fit(columns)
        >>> net = nn.FeedForward([*table.layers(), nn.Dense(1)], seed=0)
        >>> net.table = table
        >>> net.adapt(net.table.encode(columns))
        >>> net.predict(net.table.encode({"weight": [2.0], "colour": ["green"]})).shape
        (1, 1)
        """
        return self._table

    @table.setter
    def table(self, table: Table | None) -> None:
        if table is not None:
            from nnfast.tables import Table

            if not isinstance(table, Table):
                raise TypeError(f"table is a {type(table).__name__}; wanted is a Table, or None")
            if len(table.names) != self.inputs:
                raise ValueError(
                    f"table makes {len(table.names)} columns; the network has {self.inputs} inputs"
                )
        self._table = table

    def summary(self) -> _summary.Summary:
        """Return a table of the layers, which shows itself at the prompt.

        Examples
        --------
        >>> import nnfast as nn
        >>> nn.FeedForward("784-256-10", output="softmax").summary()
        FeedForward 784-256-10
        --------------------------------------------------
        Layer (type)     Output shape  Param #  Activation
        --------------------------------------------------
        input (Input)    (None, 784)         0
        dense_1 (Dense)  (None, 256)   200,960  relu
        dense_2 (Dense)  (None, 10)      2,570  softmax
        --------------------------------------------------
        Total params: 203,530 (795 KB, float32)
        Trainable params: 203,530
        """
        return _summary.summary(self._layers, self._bias, self._dtype)

    def __repr__(self) -> str:
        return f"FeedForward([{', '.join(map(repr, self._layers))}])"

    def _repr_html_(self) -> str:
        """Return the network's picture and table, which notebooks show."""
        from nnfast.plot._svg import html

        return html(self)

    def _repr_svg_(self) -> str:
        """Return the network's picture, where a page wants no more."""
        from nnfast.plot._svg import svg

        return svg(self)

    # What it says --------------------------------------------------------------------------------

    def predict(self, X: ArrayLike, *, out: Array | None = None) -> Array:
        """Return the outputs for rows, or for one row.

        Parameters
        ----------
        X : array-like of shape (rows, inputs) or (inputs,)
            Finite numbers. Arrays of float32, float64 and uint8 are read in place.
        out : ndarray, optional
            Where to write the outputs: an array of their shape and of the network's dtype,
            C-contiguous, that shares no memory with X. Nothing is allocated then. Threads that
            predict at the same time need one each.

        Returns
        -------
        ndarray of shape (rows, outputs) or (outputs,)
            A new array, or `out`. Each row is the same, bit for bit, whichever rows come with it
            (Rust).

        Raises
        ------
        ValueError, TypeError
            If an argument is not what is wanted.

        Examples
        --------
        >>> import numpy as np
        >>> import nnfast as nn
        >>> net = nn.FeedForward("2-3", output="softmax", initializer="zeros")
        >>> net.predict([1.0, 2.0])
        array([0.33333334, 0.33333334, 0.33333334], dtype=float32)
        >>> out = np.empty((5, 3), dtype=np.float32)
        >>> net.predict(np.ones((5, 2)), out=out) is out
        True
        """
        threads = self._threads or _threads.get_num_threads()
        result = self._network.try_predict(X, threads, out)
        return self._predict(X, threads, out) if result is None else result

    def layer_outputs(self, X: ArrayLike) -> list[Array]:
        """Return what every layer gives for some rows, as in prediction, without dropout.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)
            As for `predict`; all outputs of all rows are in memory at once.

        Returns
        -------
        list of ndarray of shape (rows, units)
            One for each layer after the input; the last is what `predict` returns.

        Examples
        --------
        >>> import numpy as np
        >>> import nnfast as nn
        >>> net = nn.FeedForward("3-4-2")
        >>> [outputs.shape for outputs in net.layer_outputs(np.ones((5, 3)))]
        [(5, 4), (5, 2)]
        """
        return self._network.layer_outputs(self._inputs(X))

    def _predict(self, X: object, threads: int, out: Array | None) -> Array:
        """Predict from what has to be converted first, or refused."""
        values = _validation.array(X, "X")
        x = self._inputs(values, one_row=True)
        self._refuse_unfitted()
        shape = (self.outputs,) if values.ndim == 1 else (len(x), self.outputs)
        if out is None:
            return self._network.predict(x, threads, None).reshape(shape)
        written = _validation.output(out, shape, self._dtype, x)
        self._network.predict(x, threads, written.reshape(len(x), self.outputs))
        return out

    # Its weights ---------------------------------------------------------------------------------

    def get_weights(self) -> list[Array]:
        """Return copies of the weights: of each layer kernel (inputs, units), bias, alpha.

        With embedded biases kernel and bias are one array (inputs + 1, units), the bias in row 0.

        Examples
        --------
        >>> import nnfast as nn
        >>> [array.shape for array in nn.FeedForward("3-2-1").get_weights()]
        [(3, 2), (2,), (2, 1), (1,)]
        """
        return self._network.parameters()

    def set_weights(self, weights: Iterable[ArrayLike]) -> None:
        """Replace the weights by arrays of the same shapes, in the order of `get_weights`.

        Examples
        --------
        >>> import nnfast as nn
        >>> net = nn.FeedForward("2-1", output="step")
        >>> net.set_weights([[[1.0], [1.0]], [-1.5]])
        >>> net.predict([[0, 1], [1, 1]]).ravel()
        array([0., 1.], dtype=float32)
        """
        shapes = _architecture.parameters(self._layers, self._bias)
        given = _validation.weights(weights, shapes)
        _architecture.refuse_weights(self._layers, self._bias, given)
        self._network.set_parameters([value.astype(self._dtype, order="C") for value in given])

    # The border ----------------------------------------------------------------------------------

    def _inputs(self, X: object, argument: str = "X", *, one_row: bool = False) -> Array:
        x = _validation.inputs(
            X,
            columns=self.inputs,
            dtype=self._dtype,
            backend=_backend.module(self._backend),
            scale=_architecture.input_scale(self._layers),
            argument=argument,
            one_row=one_row,
        )
        _architecture.refuse_unknown(self._layers, x, argument)
        return x

    def _refuse_unfitted(self) -> None:
        if _architecture.standardizes(self._layers) and not self._network.is_fitted():
            raise RuntimeError(
                "the network standardizes its inputs, and has seen none yet; fit it, or call "
                "adapt(X) with the training rows, first"
            )

    def _outputs(self, classes: Array | None) -> _targets.Outputs:
        output = _architecture.output(self._layers)
        backend = _backend.module(self._backend)
        return _targets.Outputs(output.activation, output.units, self._dtype, backend, classes)
