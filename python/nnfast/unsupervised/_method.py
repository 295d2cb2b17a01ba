"""What the methods share: how they show and copy themselves, the border, and their files."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from nnfast import _backend, _threads, _validation
from nnfast.unsupervised import _saved

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

KEY = "nnfast.unsupervised"
FORMAT = 1
ROWS = 4096  # of a table, that are looked at together
SHUFFLE = 3  # the purpose of the random numbers that order the rows
SMALLER = "take a smaller learning_rate, or scale X"  # where weights grow without end

Self = TypeVar("Self", bound="Method")


class Method:
    """A method of learning, and what it has learned."""

    _options: ClassVar[tuple[str, ...]] = ()
    _arrays: ClassVar[tuple[str, ...]] = ()  # what it learns; attributes, and tensors of its file
    _counters: ClassVar[tuple[str, ...]] = ()
    _classes: ClassVar[dict[str, type[Method]]] = {}

    dtype: np.dtype[Any]
    threads: int | None
    backend: str

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not cls.__name__.startswith("_"):
            Method._classes[cls.__name__] = cls

    def _set_common(self, seed: int, dtype: Any, threads: int | None, backend: str | None) -> None:
        self.seed = _validation.integer(seed, "seed", minimum=0, below=_validation.SEED_LIMIT)
        self.dtype = _validation.network_dtype(dtype)
        self.threads = None if threads is None else _validation.integer(threads, "threads")
        self.backend = _backend.select(backend)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write what was learned, and the options, to a safetensors file.

        The file is written whole or not at all; `nnfast.unsupervised.load` reads it.

        Parameters
        ----------
        path : str or path
        """
        from nnfast import _files
        from nnfast._version import version

        self._check_fitted()
        tensors = {name: np.ascontiguousarray(getattr(self, name)) for name in self._arrays}
        header = {
            "format": FORMAT,
            "library": version(),
            "method": type(self).__name__,
            "options": {**self._plain_options(), "dtype": self.dtype.name},
            "counters": {name: getattr(self, name) for name in self._counters},
            "checksum": _files._checksum(tensors),
        }
        _files._write(os.path.realpath(path), tensors, {KEY: json.dumps(header)})

    def _plain_options(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._options}

    def _shapes(self, tensors: dict[str, Array]) -> dict[str, tuple[int, ...]]:
        """Return the shapes that tensors of a file must have, from what is free in them."""
        raise NotImplementedError

    def __repr__(self) -> str:
        options = [f"{name}={getattr(self, name)!r}" for name in self._options]
        options += [f"dtype={self.dtype.name!r}", f"backend={self.backend!r}"]
        return f"{type(self).__name__}({', '.join(options)})"

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self.backend = _backend.select_or_other(self.backend)

    def __copy__(self: Self) -> Self:
        # Learning goes on in place: a copy that shared its numbers would be a trap.
        from copy import deepcopy

        return deepcopy(self)

    @property
    def _core(self) -> _backend.Backend:
        return _backend.module(self.backend)

    @property
    def _thread_count(self) -> int:
        return self.threads or _threads.get_num_threads()

    @property
    def _is_fitted(self) -> bool:
        return self._arrays[0] in self.__dict__

    def _check_fitted(self) -> None:
        if not self._is_fitted:
            raise ValueError(f"this {type(self).__name__} has learned nothing yet; call fit")

    def _inputs(self, X: object, columns: int | None = None, argument: str = "X") -> Array:
        """Return a table of numbers that a backend reads where it lies."""
        return _validation.inputs(
            X, columns=columns, dtype=self.dtype, backend=self._core, argument=argument
        )

    def _targets(self, Y: object, rows: int, argument: str = "y") -> Array:
        """Return a table of numbers in this method's own dtype, a row for each input."""
        y = _validation.real_array(Y, argument)
        y = y[:, np.newaxis] if y.ndim == 1 else y
        y = self._inputs(y, argument=argument)
        _validation.same_length(len(y), rows, argument, "X")
        return np.ascontiguousarray(y, dtype=self.dtype)

    def _initial(self, inputs: int, outputs: int, initializer: Any) -> Array:
        """Draw weights of the shape (inputs, outputs), as a layer's are drawn."""
        from nnfast.layers import Dense, Input
        from nnfast.network import FeedForward

        layers = [Input(inputs), Dense(outputs, kernel_initializer=initializer)]
        network = FeedForward(layers, seed=self.seed, dtype=self.dtype, backend=self.backend)
        return network.get_weights()[0]

    def _product(self, x: Array, weights: Array, bias: Array | None = None) -> Array:
        """Return x times weights, and the bias: a linear layer."""
        from nnfast import _architecture
        from nnfast.layers import Dense, Input

        inputs, outputs = weights.shape
        if bias is None:
            bias = np.zeros(outputs, self.dtype)
        config = _architecture.config((Input(inputs), Dense(outputs)), "embedded")
        network = self._core.Network(_backend.described(config), self.dtype.name, 0)
        network.set_parameters([np.concatenate([bias[np.newaxis], weights])])
        return network.predict(x, self._thread_count)

    def _order(self, rows: int, shuffle: bool, epoch: int) -> Array:
        """Return the order of the rows in an epoch."""
        if not shuffle:
            return np.arange(rows, dtype=np.uint32)
        return self._core.permutation(rows, self.seed, SHUFFLE, epoch)

    def _finite(self, arrays: list[Array], epoch: int, remedy: str) -> None:
        """Refuse what has grown past the numbers there are."""
        if not all(np.isfinite(array).all() for array in arrays):
            raise ValueError(
                f"the weights of this {type(self).__name__} have grown past {self.dtype} in epoch "
                f"{epoch + 1}; {remedy}"
            )


def column_means(x: Array) -> NDArray[np.float64]:
    """Return the mean of each column, added up row after row."""
    total = np.zeros(x.shape[1])
    for start in range(0, len(x), ROWS):
        total += np.ascontiguousarray(x[start : start + ROWS], dtype=np.float64).sum(axis=0)
    means: NDArray[np.float64] = total / len(x)
    return means


def load(
    path: str | os.PathLike[str], *, threads: int | None = None, backend: str | None = None
) -> Any:
    """Read what a method of `nnfast.unsupervised` has saved.

    Parameters
    ----------
    path : str or path
    threads, backend : optional
        As for the methods; they are no part of the file.

    Returns
    -------
    The method, with what it had learned.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated or damaged, or of another kind, or of a newer format.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.unsupervised.load("missing.safetensors")
    Traceback (most recent call last):
    FileNotFoundError: path is 'missing.safetensors', where there is no file
    """
    from nnfast import _files

    name = os.fspath(path)
    tensors, metadata = _files._read(name)
    if _saved.KEY in metadata:
        return _saved.load_any(name, metadata, threads, backend)
    otherwise = "no method of nnfast.unsupervised"
    header = _files._header(name, metadata, KEY, FORMAT, otherwise)
    try:
        return _method(header, tensors, threads, backend)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{name!r} is damaged: {error}") from error


def _method(
    header: dict[str, Any], tensors: dict[str, Array], threads: int | None, backend: str | None
) -> Method:
    from nnfast import _files

    cls = Method._classes[header["method"]]
    if sorted(tensors) != sorted(cls._arrays):
        raise ValueError("its tensors have not the names of its method's")
    if header["checksum"] != _files._checksum(tensors):
        raise ValueError("its tensors do not have the checksum that they were written with")
    make: Any = cls
    method: Method = make(**header["options"], threads=threads, backend=backend)
    shapes = method._shapes(tensors)
    for array in cls._arrays:
        values = tensors[array]
        if values.shape != shapes[array] or values.dtype not in _validation.FLOATS:
            raise ValueError(f"its {array} has the shape {values.shape}, not {shapes[array]}")
        setattr(method, array, values)
    for counter in cls._counters:
        setattr(
            method, counter, _validation.integer(header["counters"][counter], counter, minimum=0)
        )
    return method
