"""Categories as learned vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _validation, initializers
from nnfast._frozen import REQUIRED, Parameter
from nnfast._layer import Layer

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.layers import InitializerLike

    Array: TypeAlias = NDArray[Any]

CODES_LIMIT = 2**24
"""Whole numbers below this are themselves in float32."""


def _columns(value: Any, argument: str) -> tuple[tuple[int, int, int], ...]:
    """Return (column, categories, dimensions) for each column, in rising order."""
    wanted = "wanted is a dict of columns: {column: (categories, dimensions)}"
    if not isinstance(value, Mapping):
        raise TypeError(f"{argument} is {value!r}; {wanted}")
    if not value:
        raise ValueError(f"{argument} is empty; {wanted}")
    columns = []
    for column, sizes in value.items():
        place = _validation.integer(column, f"a column in {argument}", minimum=0)
        if not isinstance(sizes, (tuple, list)) or len(sizes) != 2:
            raise TypeError(f"{argument} holds {sizes!r} for column {place}; {wanted}")
        below = CODES_LIMIT
        categories = _validation.integer(
            sizes[0], f"the number of categories of column {place}", below=below
        )
        dimensions = _validation.integer(sizes[1], f"the dimensions of column {place}", below=below)
        columns.append((place, categories, dimensions))
    return tuple(sorted(columns))


class Embedding(Layer):
    """Turns columns of category codes into learned vectors, and passes the other columns on.

    What comes out are the other columns, in their order, and after them each column's vector, in
    the order of the columns: a real table, of numbers and categories side by side, can be learned
    from as it is. `nnfast.Table` makes the codes, of strings and missing values.

    It can only come first after `Input`, or after `Standardize`, which leaves its columns alone.

    Parameters
    ----------
    columns : dict
        {column: (categories, dimensions)}: the columns of X that hold codes, whole numbers from 0
        to categories - 1, and the length of the vectors that they become.
    initializer : name, class or instance, default "random_uniform"
        What the vectors start from: in Keras' Embedding, too, uniform from -0.05 to 0.05.

    Notes
    -----
    Its weights are a table (categories, dimensions) for each column.

    References
    ----------
    Guo and Berkhahn, "Entity embeddings of categorical variables", arXiv 1604.06737, 2016.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward([nn.Input(3), nn.Embedding({1: (10, 4)}), nn.Dense(1)])
    >>> [array.shape for array in net.get_weights()]
    [(10, 4), (6, 1), (1,)]
    >>> net.predict([0.5, 10, 0.5])
    Traceback (most recent call last):
    ValueError: X holds 10.0 at row 0, column 1; wanted are category codes, from 0 to 9
    """

    kind = "embedding"

    columns: tuple[tuple[int, int, int], ...] = Parameter(_columns, REQUIRED, {})  # type: ignore[assignment]
    initializer: initializers.Initializer = Parameter(  # type: ignore[assignment]
        initializers.registry.get, REQUIRED, {}
    )

    def __init__(
        self,
        columns: Mapping[int, tuple[int, int]],
        *,
        initializer: InitializerLike = "random_uniform",
    ) -> None:
        super().__init__(columns=columns, initializer=initializer)

    def replace(self, **changes: Any) -> Embedding:
        """Return the same with some parameters changed."""
        same = {column: (categories, size) for column, categories, size in self.columns}
        return Embedding(**{"columns": same, "initializer": self.initializer, **changes})

    def config(self) -> dict[str, Any]:
        """Return the layer as a plain dict."""
        names = ("column", "categories", "dimensions")
        columns = [dict(zip(names, column, strict=True)) for column in self.columns]
        return {"type": self.kind, "columns": columns, "initializer": self.initializer.config()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Embedding:
        """Return the layer that a dict made by `config` describes."""
        return cls(
            {one["column"]: (one["categories"], one["dimensions"]) for one in config["columns"]},
            initializer=initializers.registry.from_config(config["initializer"]),
        )

    def width(self, inputs: int) -> int:
        """Return the number of other columns and of the vectors' values."""
        return inputs - len(self.columns) + sum(dimensions for *_, dimensions in self.columns)

    def parameters(self, inputs: int, *, embedded: bool) -> dict[str, tuple[int, ...]]:
        """Return the shape of each column's table."""
        return {
            f"embeddings_{column}": (categories, dimensions)
            for column, categories, dimensions in self.columns
        }

    def description(self) -> str:
        """Return how many columns there are."""
        return f"{len(self.columns)} column{'s' if len(self.columns) > 1 else ''}"

    def check_place(self, before: Sequence[Layer], width: int, argument: str) -> None:
        """Refuse a place further down, and columns that are not there."""
        if len(before) > 2 or any(layer.kind != "standardize" for layer in before[1:]):
            raise ValueError(
                f"{argument} is {self!r}; wanted is that it comes first after Input, or after "
                "Standardize"
            )
        if before[0].scale != 1:  # type: ignore[attr-defined]
            raise ValueError(
                f"{argument} is {self!r} after {before[0]!r}; wanted is no scale, which would turn "
                "codes into others"
            )
        last = self.columns[-1][0]
        if last >= width:
            raise ValueError(
                f"{argument} has the column {last} but its input has {width}; wanted are numbers "
                f"of columns up to {width - 1}"
            )

    def refuse_unknown(self, x: Array, argument: str) -> None:
        """Refuse rows with codes that are none."""
        for column, categories, _ in self.columns:
            values = x[:, column]
            wrong = ~((values >= 0) & (values < categories) & (values == np.floor(values)))
            if wrong.any():
                row = int(wrong.argmax())
                raise ValueError(
                    f"{argument} holds {values[row]} at row {row}, column {column}; wanted are "
                    f"category codes, from 0 to {categories - 1}"
                )

    def __repr__(self) -> str:
        columns = {column: (categories, size) for column, categories, size in self.columns}
        usual = Embedding(columns).initializer
        other = "" if self.initializer == usual else f", initializer={self.initializer!r}"
        return f"Embedding({columns}{other})"
