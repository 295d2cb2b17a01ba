"""From files of rows to what a network takes, and to the targets that belong to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from nnfast.cli import _columns
from nnfast.cli._errors import Misused
from nnfast.cli._sources import Reading, Rows, Table, open_rows
from nnfast.tables import MISSING

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    import nnfast as nn

    Array: TypeAlias = NDArray[Any]


class Model(Protocol):
    """What has to be known of a network to feed it."""

    @property
    def table(self) -> nn.Table | None:
        """What the columns mean."""

    @property
    def inputs(self) -> int:
        """How many there are."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """In which the network computes."""

    @property
    def classes_(self) -> Array | None:
        """The labels of the classes."""


class Part(NamedTuple):
    """Some rows: what the network takes, and columns that were asked for beside it."""

    inputs: Array
    beside: dict[str, Array]


def inputs(
    net: Model,
    source: Table | Rows,
    beside: Sequence[str] = (),
    target: str | None = None,
) -> Iterator[Part]:
    """Yield the inputs of a network from a file, some rows at a time.

    Parameters
    ----------
    net : Model
    source : Table or Rows
    beside : sequence of str
        Columns of the file that are wanted as they are.
    target : str, optional
        A column that is no input, for a network that knows no names of columns.
    """
    if isinstance(source, Rows):
        yield from _of_array(net, source, beside, target)
        return
    if net.table is None:
        yield from _by_place(net, source, beside, target)
        return
    source.missing = net.table.missing
    names = [column.name for column in net.table.columns]
    words = [column.name for column in net.table.columns if column.categories is not None]
    refuse_absent(source, names, "which the model was trained on")
    refuse_absent(source, beside)
    wanted = list(dict.fromkeys([*names, *beside]))
    for block in source.blocks(wanted, [*words, *(name for name in beside if name not in names)]):
        yield Part(_encoded(net, block, source.path), {name: block[name] for name in beside})


def _encoded(net: Model, block: dict[str, Array], path: str) -> Array:
    assert net.table is not None
    try:
        encoded = net.table.encode(block)
    except ValueError as error:
        raise ValueError(f"{path!r}: {error}") from None
    return encoded.astype(net.dtype)


def _of_array(
    net: Model, source: Rows, beside: Sequence[str], target: str | None
) -> Iterator[Part]:
    if beside:
        raise Misused(f"{source.path!r} is an array, which has no columns with names to keep")
    column = _left_out(net, source, target)
    for block in source.blocks():
        yield Part(block if column is None else np.delete(block, column, axis=1), {})


def _left_out(net: Model, source: Rows, target: str | None) -> int | None:
    """Return the column that is no input, if one is; refuse an array that does not fit."""
    if net.table is not None:
        names = [column.name for column in net.table.columns]
        raise ValueError(
            f"{source.path!r} is an array, and the model wants a table with the columns "
            f"{_columns_listed(names)}"
        )
    column = None if target is None else place(target, source)
    width = source.width - (column is not None)
    if width != net.inputs:
        raise ValueError(
            f"{source.path!r} has {width} values in each row; the model wants {net.inputs}"
        )
    return column


def _by_place(
    net: Model, source: Table, beside: Sequence[str], target: str | None
) -> Iterator[Part]:
    """Yield all columns in their order, for a network that knows no names."""
    refuse_absent(source, beside)
    names = [name for name in source.names if name != target]
    if len(names) != net.inputs:
        raise ValueError(
            f"the model knows no names of columns and has {net.inputs} inputs; {source.path!r} has "
            f"{len(names)} columns"
        )
    for block in source.blocks([*names, *(name for name in beside if name not in names)], beside):
        for name in names:
            if block[name].dtype.kind == "O" and name not in beside:
                wrong = next((one for one in block[name] if one is not None), "nothing")
                raise ValueError(
                    f"{source.path!r}: column {name!r} holds {wrong!r}; wanted are numbers"
                )
        columns = [np.asarray(block[name], dtype=np.float64) for name in names]
        yield Part(np.column_stack(columns), {name: block[name] for name in beside})


def of_model(
    net: Model, path: str, reading: Reading, target: str | None
) -> tuple[Array, Array | None]:
    """Return all inputs of a file, and the targets if there are any, as the network takes them."""
    source = open_rows(path, reading)
    if isinstance(source, Rows):
        column = _left_out(net, source, target_column(source, target))
        X = source.flat() if column is None else np.delete(source.flat(), column, axis=1)
        values = None if target is None else target_of_array(source, target, reading)
    else:
        name = target or (None if net.table is None else net.table.target)
        if name is None or name not in source.names:
            X = np.concatenate([part.inputs for part in inputs(net, source)])
            values = None
        else:
            X, values = _with_target(net, source, name)
    if values is None:
        return X, None
    there = ~_columns.gaps(values, MISSING if net.table is None else net.table.missing)
    if not there.all():
        X, values = X[there], values[there]
    if len(values) == 0:
        raise ValueError(f"{path!r} has no row with a target")
    if net.classes_ is not None and values.ndim == 1:
        values = _columns.labels(values, net.classes_)
        _columns.refuse_unknown(values, net.classes_, path)
    return X, values


def _with_target(net: Model, source: Table, name: str) -> tuple[Array, Array]:
    words = net.classes_ is not None and net.classes_.dtype.kind == "U"
    parts, targets = [], []
    for part in inputs(net, source, [name], name):
        parts.append(part.inputs)
        targets.append(part.beside[name])
    if not parts:
        raise ValueError(f"{source.path!r} has no rows")
    X, values = np.concatenate(parts), np.concatenate(targets)
    return X, values if words else as_numbers(values, name, source.path)


def as_numbers(values: Array, name: str, path: str) -> Array:
    """Return a target's words as the numbers that they are."""
    if values.dtype.kind != "O":
        return values
    there = ~_columns.gaps(values)
    numbers = np.full(len(values), np.nan)
    try:
        numbers[there] = [float(one) for one in values[there]]
    except ValueError as error:
        wrong = str(error).rpartition(": ")[2]
        raise ValueError(f"{path!r}: column {name!r} holds {wrong}; wanted are numbers") from None
    return numbers


def refuse_absent(source: Table, names: Sequence[str], why: str = "") -> None:
    """Refuse a table that lacks a column."""
    for name in names:
        if name not in source.names:
            hint = ""
            if any(_is_number(one) for one in source.names):
                hint = " (is its first row no header? then say --no-header)"
            raise ValueError(
                f"{source.path!r} has no column {name!r}{', ' + why if why else ''}; it has "
                f"{_columns_listed(source.names)}{hint}"
            )


def place(target: str, source: Rows) -> int | None:
    """Return the column of an array that a target's number means, if it is one."""
    try:
        number = int(target)
    except ValueError:
        return None
    if len(source.shape) != 1 or not -source.width <= number < source.width:
        raise ValueError(
            f"--target is {number}; wanted is the number of one of the {source.width} columns of "
            f"{source.path!r}, counted from 0"
        )
    return number


def target_column(source: Rows, target: str | None) -> str | None:
    """Return the target if it is a column of the array itself."""
    if target is None or target in source.others or place(target, source) is None:
        return None
    return target


def target_of_array(source: Rows, target: str, reading: Reading) -> Array:
    """Return the targets of an array: of the same NPZ file, a column, or another file."""
    if target in source.others:
        values = source.others[target]
    elif (column := place(target, source)) is not None:
        values = source.flat()[:, column]
    else:
        other = open_rows(target, Reading(array=reading.array))
        if isinstance(other, Table):
            raise ValueError(f"{target!r} is a table; the target of an array is an array as well")
        values = np.asarray(other.values)
    if len(values) != len(source):
        raise ValueError(
            f"the target {target!r} has {len(values)} rows and {source.path!r} has {len(source)}; "
            "wanted are as many"
        )
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    return np.asarray(values)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _columns_listed(names: Sequence[str]) -> str:
    shown = [repr(name) for name in names[:12]]
    return ", ".join(shown) + (f", ... ({len(names)} in all)" if len(names) > 12 else "")
