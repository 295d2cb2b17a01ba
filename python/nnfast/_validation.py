"""The border: every check of what a user passes, before any work is done with it.

A check returns the value in the one form that the rest of the package uses, or raises with one
sentence that names the argument, says what came and what is wanted.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast._backend import Backend

    Array: TypeAlias = NDArray[Any]

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
READ_IN_PLACE = (*FLOATS, np.dtype(np.uint8))
SEED_LIMIT = 2**64
UNITS_LIMIT = 2**31


def integer(value: object, argument: str, *, minimum: int = 1, below: int | None = None) -> int:
    """Return a whole number within bounds as an int; booleans and floats are refused."""
    wanted = f"wanted is a whole number of at least {minimum}"
    if below is not None:
        wanted += f" and below {below}"
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        result = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{argument} is {value!r}; {wanted}") from None
    if result < minimum or (below is not None and result >= below):
        raise ValueError(f"{argument} is {result}; {wanted}")
    return result


def number(
    value: object,
    argument: str,
    *,
    minimum: float = -math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> float:
    """Return a finite real number within bounds as a float."""
    limits = []
    if minimum > -math.inf:
        limits.append(f"of at least {minimum:g}")
    if above > -math.inf:
        limits.append(f"above {above:g}")
    if below < math.inf:
        limits.append(f"below {below:g}")
    wanted = " ".join(["wanted is a finite number", " and ".join(limits)]).rstrip()
    real = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not real:
        raise TypeError(f"{argument} is {value!r}; {wanted}")
    result = float(value)  # type: ignore[arg-type]
    if not (math.isfinite(result) and minimum <= result < below and result > above):
        raise ValueError(f"{argument} is {value!r}; {wanted}")
    return result


def boolean(value: object, argument: str) -> bool:
    """Return True or False; anything that is merely truthy is refused."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{argument} is {value!r}; wanted is True or False")
    return bool(value)


def choice(value: object, argument: str, allowed: Sequence[object]) -> Any:
    """Return the value if it is one of those allowed."""
    for candidate in allowed:
        if type(value) is type(candidate) and value == candidate:
            return candidate
    raise ValueError(f"{argument} is {value!r}; wanted is one of {', '.join(map(repr, allowed))}")


def rows_given(value: object, argument: str) -> tuple[Any, Any, Any]:
    """Return the members of (X, y) or (X, y, sample_weight); None where there are no weights."""
    if not isinstance(value, (tuple, list)) or len(value) not in (2, 3):
        found = f"{type(value).__name__}"
        if isinstance(value, (tuple, list)):
            found += f" of {len(value)}"
        raise TypeError(f"{argument} is a {found}; wanted is (X, y) or (X, y, sample_weight)")
    return value[0], value[1], value[2] if len(value) == 3 else None


def network_dtype(value: object) -> np.dtype[Any]:
    """Return float32 or float64 as a NumPy dtype."""
    try:
        result = np.dtype(value)  # type: ignore[call-overload]
    except TypeError:
        result = None
    if result not in (np.float32, np.float64) or value is None:
        raise ValueError(f"dtype is {value!r}; wanted is 'float32' or 'float64'")
    return np.dtype(np.float32 if result == np.float32 else np.float64)


def array(values: object, argument: str) -> Array:
    """Return an array-like as a plain array of any dtype, without a copy where it can be had."""
    if type(values) is np.ndarray:
        return values
    if hasattr(values, "toarray"):
        raise TypeError(
            f"{argument} is a sparse {type(values).__name__}; wanted is a dense array: "
            f"{argument}.toarray()"
        )
    if isinstance(values, np.ndarray) and np.ma.is_masked(values):
        raise ValueError(f"{argument} has masked entries; every value must be there")
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{argument} cannot be read as an array ({error})") from None


def real_array(values: object, argument: str) -> Array:
    """Return an array-like of booleans, integers or real floats as an array of its own dtype."""
    result = array(values, argument)
    if result.dtype.kind not in "buif":
        names = {"c": "complex numbers", "O": "objects", "U": "strings", "T": "strings"}
        found = names.get(result.dtype.kind, "no numbers")
        raise TypeError(
            f"{argument} holds {found} (dtype {result.dtype}); wanted are real numbers: "
            "float, integer or boolean"
        )
    return result


def float_array(values: object, argument: str) -> Array:
    """Return an array-like of any shape as float32 or float64: those stay, the rest is float64."""
    if type(values) is np.ndarray and values.dtype in FLOATS:
        return values
    result = real_array(values, argument)
    keep = result.dtype.kind == "f" and result.dtype.itemsize in (4, 8)
    return result.astype(result.dtype.newbyteorder("=") if keep else np.float64, copy=False)


def finite(converted: Array, original: Array, argument: str, backend: Backend) -> None:
    """Refuse NaN and inf, and finite values that became inf in the network's dtype."""
    position = backend.first_non_finite(converted)
    if position is None:
        return
    index = np.unravel_index(position, converted.shape)
    names = ("row", "column")
    where = ", ".join(f"{name} {place}" for name, place in zip(names, index, strict=False))
    value = original[index]
    if np.isfinite(value):
        raise ValueError(f"{argument} holds {value} at {where}, which {converted.dtype} cannot")
    raise ValueError(f"{argument} holds {value} at {where}; every value must be finite")


def inputs(
    values: object,
    *,
    columns: int | None,
    dtype: np.dtype[Any],
    backend: Backend,
    scale: float = 1.0,
    argument: str = "X",
    one_row: bool = False,
) -> Array:
    """Return X as a 2-D array of float32, float64 or uint8 with finite values.

    Arrays of these dtypes are passed on as they are, whatever their strides; all else becomes an
    array of the network's dtype. `scale` is what the network will multiply them by. `one_row` lets
    a 1-D array pass as a single row.
    """
    original = real_array(values, argument)
    if one_row and original.ndim == 1:
        original = original[np.newaxis]
    wanted = "(rows, columns)" if columns is None else f"(rows, {columns})"
    if original.ndim != 2:
        hints = {
            1: f": use {argument}.reshape(-1, 1) for one column or [{argument}] for one row",
            3: f": use {argument}.reshape(len({argument}), -1)",
        }
        hint = hints.get(min(original.ndim, 3), "")
        raise ValueError(
            f"{argument} has the shape {original.shape}; wanted are 2 dimensions, {wanted}{hint}"
        )
    if original.size == 0:
        raise ValueError(f"{argument} is empty, its shape is {original.shape}; wanted is {wanted}")
    if columns is not None and original.shape[1] != columns:
        raise ValueError(
            f"{argument} has {original.shape[1]} columns, its shape is {original.shape}; "
            f"wanted is {wanted}, a column for each input"
        )
    converted = original
    if original.dtype not in READ_IN_PLACE or not original.flags.aligned:
        with np.errstate(over="ignore"):
            converted = original.astype(dtype)
    if original.dtype != np.uint8:
        finite(converted, original, argument, backend)
    if converted.dtype.itemsize > dtype.itemsize or abs(scale) > 1:
        in_range(converted, argument, dtype, scale)
    return converted


def output(
    values: object,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    inputs: Array,
    argument: str = "X",
    *,
    in_place: bool = False,
) -> Array:
    """Return the array that outputs are to be written into, which must be as a new one would be.

    It must not share memory with the inputs; with `in_place` it may be the very same array.
    """
    error: type[Exception] = ValueError
    if not isinstance(values, np.ndarray):
        error, problem = TypeError, f"is a {type(values).__name__}"
    elif values.dtype != dtype:
        error, problem = TypeError, f"has the dtype {values.dtype.str}"
    elif values.shape != shape:
        problem = f"has the shape {values.shape}"
    elif not values.flags.c_contiguous:
        problem = "is not contiguous"
    elif not values.flags.aligned:
        problem = "is not aligned"
    elif not values.flags.writeable:
        problem = "is read-only"
    elif np.may_share_memory(values, inputs) and not (in_place and _same(values, inputs)):
        problem = f"shares memory with {argument}"
    else:
        return np.asarray(values)
    raise error(
        f"out {problem}; wanted is a C-contiguous array of {dtype} and of the shape {shape}, "
        f"writable and apart from {argument}{' or the same array' if in_place else ''}"
    )


def _same(a: Array, b: Array) -> bool:
    """Whether two arrays of one dtype and shape are the same memory."""
    interfaces = [one.__array_interface__ for one in (a, b)]
    return all(interfaces[0][key] == interfaces[1][key] for key in ("data", "strides"))


def in_range(values: Array, argument: str, dtype: np.dtype[Any], scale: float) -> None:
    """Refuse finite values that would become infinite in a smaller dtype, or by the scale."""
    largest = max(float(values.max()), -float(values.min()))
    limit = float(np.finfo(dtype).max)
    if largest > limit:
        raise ValueError(
            f"{argument} holds values as large as {largest:g}, which {dtype} cannot; scale "
            f"{argument}, or give the network dtype='float64'"
        )
    if largest * abs(scale) > limit:
        raise ValueError(
            f"{argument} holds values as large as {largest:g}, which {dtype} cannot hold times "
            f"{scale:g}, the scale of Input"
        )


def same_length(count: int, rows: int, argument: str, other: str) -> None:
    """Refuse targets that are not as many as the rows they belong to."""
    if count != rows:
        raise ValueError(
            f"{argument} has {count} rows but {other} has {rows}; wanted is one target for each row"
        )


def rows(values: object, count: int, argument: str = "rows") -> Array:
    """Return the numbers of some of `count` rows as uint32."""
    wanted = f"wanted are numbers of rows, from 0 to {count - 1}"
    result = array(values, argument)
    if result.dtype.kind == "b":
        raise TypeError(f"{argument} holds booleans; {wanted}: np.flatnonzero({argument})")
    if result.ndim != 1 or result.size == 0:
        raise ValueError(f"{argument} has the shape {result.shape}; {wanted}, at least one")
    if result.dtype.kind not in "iu":
        raise TypeError(f"{argument} holds {result.dtype}; {wanted}, as integers")
    outside = (result < 0) | (result >= count)
    if outside.any():
        place = int(outside.argmax())
        raise ValueError(f"{argument} holds {result[place]} at position {place}; {wanted}")
    return np.ascontiguousarray(result, dtype=np.uint32)


def weights(values: object, shapes: Sequence[tuple[str, tuple[int, ...]]]) -> list[Array]:
    """Return a list of arrays, one for each named parameter and of its shape."""
    if isinstance(values, (str, bytes, dict)) or not hasattr(values, "__iter__"):
        raise TypeError(f"weights is a {type(values).__name__}; wanted is a list of arrays")
    given = [real_array(value, f"weights[{index}]") for index, value in enumerate(values)]
    if len(given) != len(shapes):
        names = ", ".join(name for name, _ in shapes)
        raise ValueError(f"weights has {len(given)} arrays; wanted are {len(shapes)}: {names}")
    for index, (value, (name, shape)) in enumerate(zip(given, shapes, strict=True)):
        if value.shape != shape:
            raise ValueError(
                f"weights[{index}], {name}, has the shape {value.shape}; wanted is {shape}"
            )
    return given
