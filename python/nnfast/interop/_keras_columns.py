"""The beginning of Keras' models of tables: columns of numbers, and of codes that are embedded.

Such a model has an input for each column, or takes columns out of one, embeds those of codes, and
joins all again. Here that is one X, whose columns are the inputs' one after the other, and an
`Embedding`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast.interop import _keras_specs as specs
from nnfast.interop._chain import Chain
from nnfast.interop._hdf5 import repeated
from nnfast.interop._keras_graph import Place
from nnfast.layers import Embedding

if TYPE_CHECKING:
    from nnfast.initializers import Initializer
    from nnfast.interop._hdf5 import Array


class Table(NamedTuple):
    """What the codes of a column become."""

    column: int
    values: Array  # (categories, dimensions)
    initializer: Initializer | None


class Branch:
    """What is made of some columns before they are joined with others.

    `columns` are their numbers in X, of the shape that a row has to Keras; `tables` what they
    became, once they are embedded.
    """

    def __init__(self, columns: Array, wide: int) -> None:
        self.columns = columns
        self.tables: list[Table] | None = None
        self.mean, self.deviation = np.zeros(wide), np.ones(wide)  # of the columns of X
        self.is_flat = False  # of tables: whether their vectors are one after the other

    def scaled(self, mean: Array, deviation: Array) -> None:
        """Take a subtraction and a division, of the columns or of each."""
        places = self.columns.ravel()
        before = self.deviation[places]
        self.mean[places] += np.broadcast_to(mean, places.shape) * before
        self.deviation[places] = before * np.broadcast_to(deviation, places.shape)


Scaling = Callable[[Place, Chain], None]
Reading = Callable[[Place, Mapping[str, tuple[int, ...]]], Sequence["Array"]]


def begin(
    place: Place,
    starts: Mapping[str, int],
    wide: int,
    scalings: Mapping[str, Scaling],
    read: Reading,
) -> Chain:
    """Return a chain that begins with what a Concatenate joins.

    Parameters
    ----------
    place : Place
        The Concatenate.
    starts : dict
        Of every input the first column in X, which has `wide` columns.
    scalings : dict
        What takes a Normalization or a Rescaling, by its class.
    read : callable
        Gives a layer's weights.
    """
    axis = place.config.get("axis", -1)
    if axis not in (-1, 1):
        raise ValueError(f"{place} has axis={axis!r}; wanted is -1")
    branches = [_branch(place, one, starts, wide, scalings, read) for one in place.branches]
    tables: dict[int, Table] = {}
    numbers: dict[int, tuple[float, float]] = {}
    for branch in branches:
        for column in branch.columns.ravel().tolist() if branch.tables is None else ():
            if column in numbers:
                raise ValueError(f"{place} joins column {column} of the inputs twice")
            numbers[column] = (branch.mean[column], branch.deviation[column])
        for table in branch.tables or ():
            if table.column in tables:
                raise ValueError(f"{place} joins column {table.column} of the inputs twice")
            tables[table.column] = table
    if numbers.keys() & tables.keys():
        raise ValueError(f"{place} joins a column both as numbers and as codes")
    mean, deviation = np.zeros(wide), np.ones(wide)
    for column, (subtracted, divided) in numbers.items():
        mean[column], deviation[column] = subtracted, divided
    chain = Chain(wide)
    if mean.any() or (deviation != 1).any():
        chain.standardize(mean, deviation)
    places = _places(wide, tables)
    if tables:
        by_column = [tables[column] for column in sorted(tables)]
        columns = {one.column: one.values.shape for one in by_column}
        start = by_column[0].initializer or "random_uniform"
        layer = Embedding(columns, initializer=start)
        chain.add(layer, [one.values for one in by_column])
    chain.choose([at for branch in branches for at in _joined(branch, places)])
    return chain


def _places(wide: int, tables: Mapping[int, Table]) -> dict[int, list[int]]:
    """Return where the values of each column of X are after `Embedding`."""
    others = [column for column in range(wide) if column not in tables]
    places = {column: [place] for place, column in enumerate(others)}
    place = len(others)
    for column in sorted(tables):
        width = tables[column].values.shape[1]
        places[column] = list(range(place, place + width))
        place += width
    return places


def _joined(branch: Branch, places: Mapping[int, list[int]]) -> list[int]:
    """Return where the values of a branch are, in its order."""
    if branch.tables is None:
        return [places[column][0] for column in branch.columns.tolist()]
    return [place for table in branch.tables for place in places[table.column]]


def _branch(
    joint: Place,
    steps: Sequence[Place],
    starts: Mapping[str, int],
    wide: int,
    scalings: Mapping[str, Scaling],
    read: Reading,
) -> Branch:
    first, *rest = steps
    shape = tuple((first.config.get("batch_shape") or first.config["batch_input_shape"])[1:])
    start = starts[first.name]
    branch = Branch(np.arange(start, start + math.prod(shape)).reshape(shape), wide)
    for place in rest:
        if place.kind in scalings and branch.tables is None:
            chain = Chain(branch.columns.size)
            scalings[place.kind](place, chain)
            branch.scaled(*chain.of_inputs)
        elif place.kind == "GetItem" and branch.tables is None:
            branch.columns = _taken(place, branch.columns)
        elif place.kind == "Embedding" and branch.tables is None:
            branch.tables = _embedded(place, branch, read)
            branch.is_flat = branch.columns.ndim == 0
        elif place.kind in ("Flatten", "Reshape"):
            shape = tuple(place.config.get("target_shape", (-1,)))
            if place.kind == "Reshape" and len(shape) != 1:
                raise ValueError(f"{place} has the target_shape {shape}; wanted is one axis")
            branch.is_flat = True
            if branch.tables is None:
                branch.columns = branch.columns.ravel()
        else:
            raise ValueError(
                f"{place} comes before {joint} joins columns; wanted there is one of "
                f"{', '.join(scalings)}, Embedding, Flatten, Reshape and taking columns"
            )
    if branch.columns.ndim != 1 if branch.tables is None else not branch.is_flat:
        raise ValueError(f"{steps[-1]} gives more than one axis; wanted is one, as Flatten makes")
    return branch


def _taken(place: Place, columns: Array) -> Array:
    """Return the columns that an index, such as ``x[:, 2:5]``, takes."""

    def part(one: Any) -> Any:
        if isinstance(one, Mapping) and one.get("class_name") == "__slice__":
            config = one["config"]
            return slice(config["start"], config["stop"], config["step"])
        if isinstance(one, int) and not isinstance(one, bool):
            return one
        raise ValueError(f"{place} takes {one!r}; wanted are columns")

    key = place.config["key"]
    rows, *index = [part(one) for one in (key if isinstance(key, list) else [key])]
    if rows != slice(None):
        raise ValueError(f"{place} takes some rows; wanted are columns of all")
    try:
        return np.asarray(columns[tuple(index)])
    except (IndexError, TypeError, ValueError):
        raise ValueError(f"{place} takes columns that are not there") from None


def _embedded(place: Place, branch: Branch, read: Reading) -> list[Table]:
    columns = branch.columns.ravel().tolist()
    if branch.mean[columns].any() or (branch.deviation[columns] != 1).any():
        raise ValueError(f"{place} is given codes that were scaled; wanted are the codes")
    if place.config.get("mask_zero"):
        raise ValueError(f"{place} has mask_zero=True, which nnfast does not")
    sizes = (place.config["input_dim"], place.config["output_dim"])
    [values] = read(place, {"embeddings": sizes})
    start = specs.initializer(place.config.get("embeddings_initializer"))
    tables = repeated(values, len(columns), f"the table of {place}")
    return [Table(column, one, start) for column, one in zip(columns, tables, strict=True)]
