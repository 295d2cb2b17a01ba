"""Tables as they are: columns of numbers and of words, some missing, as a network takes them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast import _validation

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast._layer import Layer

    Array: TypeAlias = NDArray[Any]

MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "None", "null")
"""Words that say that a value is missing."""


class Column(NamedTuple):
    """What a table knows of one of its columns."""

    name: str
    categories: tuple[str, ...] | None  # in rising order, from code 1 on; None for numbers
    mean: float = 0.0  # of the numbers that are there
    has_gaps: bool = False  # whether some were missing among those that it was fitted to
    bounds: tuple[float, float] | None = None  # numbers beyond are taken for the nearer of these


class Table:
    """Turns the columns of a table into numbers and codes, and codes back into words.

    Made by `Table.fit`. Of a column of numbers, X has a column of these numbers; of a column of
    words a column of codes, for `nnfast.Embedding`. Code 0 is for what is missing and for words
    that were not there when the table was fitted. A missing number becomes the mean of the others,
    and has a 1 in a column that says so, where there were such when the table was fitted. Columns
    of numbers come first in X, then those that say what is missing, then those of codes.

    Examples
    --------
    >>> import nnfast as nn
    >>> columns = {
    ...     "colour": ["red", "blue", "red", "?"],
    ...     "weight": [1.0, 3.0, None, 2.0],
    ...     "price": [10.0, 12.0, 9.0, 11.0],
    ... }
    >>> table = nn.Table.fit(columns, target="price")
    >>> table.encode(columns)
    array([[1., 0., 2.],
           [3., 0., 1.],
           [2., 1., 2.],
           [2., 0., 0.]])
    >>> table.layers()
    [Input(3), Standardize(leave=[2]), Embedding({2: (3, 2)})]
    >>> table.targets(columns)
    array([10., 12.,  9., 11.])
    >>> table.decode(table.encode(columns))["colour"].tolist()
    ['red', 'blue', 'red', None]
    """

    def __init__(
        self, columns: Iterable[Column], target: str | None, missing: Iterable[str] = MISSING
    ) -> None:
        self._missing = frozenset(missing)
        self._target = target
        columns = tuple(columns)
        self._numbers = tuple(one for one in columns if one.categories is None)
        self._gaps = tuple(one for one in self._numbers if one.has_gaps)
        self._words = tuple(one for one in columns if one.categories is not None)

    @classmethod
    def fit(
        cls,
        columns: Any,
        *,
        target: str | None = None,
        categories: Collection[str] = (),
        missing: Collection[str] = MISSING,
        bounded: bool = False,
    ) -> Table:
        """Find out what the columns of the training rows hold.

        Parameters
        ----------
        columns : dict of columns, or DataFrame
            From names to equally long lists or arrays; or a table of pandas, polars or pyarrow.
        target : str, optional
            The name of the column to be predicted, which is left out of X.
        categories : collection of str, optional
            The names of columns of numbers that are categories all the same, such as postal codes.
            Columns of words are, unless every word of one is a number.
        missing : collection of str, optional
            Words that say that a value is missing; None and NaN always do.
        bounded : bool, default False
            Whether a number below all that are there, or above, is taken for the nearest of them.
            Of what was never seen a network says anything: so one slip, 318 in place of 3.18, does
            not have it predict a fortune.

        Raises
        ------
        ValueError, TypeError
            If the columns are none, or of different lengths, or a name is of none of them.
        """
        names = _names(columns)
        if isinstance(categories, str) or isinstance(missing, str):
            raise TypeError("categories and missing are collections of words; one is a single word")
        asked = [*categories, *([] if target is None else [target])]
        for name in asked:
            if name not in names:
                raise ValueError(
                    f"there is no column {name!r}; wanted is one of {', '.join(map(repr, names))}"
                )
        gaps = frozenset(missing)
        bounded = _validation.boolean(bounded, "bounded")
        fitted = []
        for name in names:
            if name == target:
                continue
            values = _values(columns, name)
            numbers = _numbers(values, name, gaps)
            if numbers is None or name in categories:
                known = {word for word in _words(values, gaps) if word is not None}
                fitted.append(Column(name, tuple(sorted(known))))
            else:
                there = np.isfinite(numbers)
                seen = numbers[there] if there.any() else np.zeros(1)
                bounds = (float(seen.min()), float(seen.max())) if bounded else None
                fitted.append(Column(name, None, float(seen.mean()), not there.all(), bounds))
        if not fitted:
            raise ValueError("columns has none beside the target; wanted is at least one")
        return cls(fitted, target, missing)

    @property
    def names(self) -> list[str]:
        """What the columns of X are, in their order."""
        return [
            *(one.name for one in self._numbers),
            *(f"{one.name} is missing" for one in self._gaps),
            *(one.name for one in self._words),
        ]

    @property
    def target(self) -> str | None:
        """The name of the column to be predicted."""
        return self._target

    @property
    def missing(self) -> frozenset[str]:
        """The words that say that a value is missing."""
        return self._missing

    @property
    def columns(self) -> tuple[Column, ...]:
        """What is known of each column that X is made of: those of numbers, then those of words."""
        return (*self._numbers, *self._words)

    @property
    def places(self) -> dict[str, tuple[int, ...]]:
        """Which columns of X each column of the table becomes: one, or two where some is missing.

        Examples
        --------
        >>> import nnfast as nn
        >>> nn.Table.fit({"colour": ["red", "blue"], "weight": [1.0, None]}).places
        {'weight': (0, 1), 'colour': (2,)}
        """
        count = len(self._numbers)
        gaps = {one.name: (count + place,) for place, one in enumerate(self._gaps)}
        return {
            **{one.name: (i, *gaps.get(one.name, ())) for i, one in enumerate(self._numbers)},
            **{one.name: (i,) for i, one in enumerate(self._words, start=count + len(gaps))},
        }

    def encode(self, columns: Any) -> NDArray[np.float64]:
        """Return X for rows of a table with the same columns; the target may be left out."""
        found = self.read(columns)
        parts: list[Any] = [
            *(_filled(found[column.name], column) for column in self._numbers),
            *(np.isnan(found[column.name]) for column in self._gaps),
            *(_codes(found[one.name].tolist(), one.categories or ()) for one in self._words),
        ]
        return np.column_stack(parts).astype(np.float64)

    def read(self, columns: Any) -> dict[str, Array]:
        """Return the columns as they come: numbers, NaN where one is missing; words, or None.

        The target is left out. `encode` makes X of it.
        """
        length = None
        found: dict[str, Array] = {}
        for column in (*self._numbers, *self._words):
            values = _values(columns, column.name)
            if length is not None and len(values) != length:
                raise ValueError(
                    f"column {column.name!r} has {len(values)} values; wanted are {length}, as "
                    "many as the others have"
                )
            length = len(values)
            if column.categories is not None:
                found[column.name] = np.array(_words(values, self._missing), dtype=object)
                continue
            numbers = _numbers(values, column.name, self._missing)
            if numbers is None:
                texts = _words(values, self._missing)
                wrong = [text for text in texts if text is not None and not _is_number(text)]
                if wrong:
                    raise ValueError(
                        f"column {column.name!r} holds {wrong[0]!r}; wanted are numbers"
                    )
                numbers = np.full(length, np.nan)
            found[column.name] = numbers
        return found

    def decode(self, X: Any) -> dict[str, Array]:
        """Return the columns that X was made of: numbers, and words, None where there was none."""
        x = _validation.inputs(
            X,
            columns=len(self.names),
            dtype=np.dtype(np.float64),
            backend=_backend(),
        )
        columns: dict[str, Array] = {}
        gaps = {one.name: len(self._numbers) + place for place, one in enumerate(self._gaps)}
        for place, column in enumerate(self._numbers):
            values = x[:, place].astype(np.float64)
            if column.name in gaps:
                values[x[:, gaps[column.name]] == 1] = np.nan
            columns[column.name] = values
        first = len(self._numbers) + len(self._gaps)
        for place, column in enumerate(self._words, start=first):
            words = np.array([None, *(column.categories or ())], dtype=object)
            codes = x[:, place]
            wrong = ~((codes >= 0) & (codes < len(words)) & (codes == np.floor(codes)))
            if wrong.any():
                row = int(wrong.argmax())
                raise ValueError(
                    f"X holds {codes[row]} at row {row}, column {place}; wanted are codes of "
                    f"{column.name!r}, from 0 to {len(words) - 1}"
                )
            columns[column.name] = words[codes.astype(np.int64)]
        return columns

    def targets(self, columns: Any) -> Array:
        """Return the target's column: numbers, or words, which are labels of classes."""
        if self._target is None:
            raise ValueError("the table has no target; wanted is Table.fit(columns, target=...)")
        values = _values(columns, self._target)
        numbers = _numbers(values, self._target, self._missing)
        words = [] if numbers is not None else _words(values, self._missing)
        gaps = [word is None for word in words] if numbers is None else np.isnan(numbers)
        if any(gaps):
            row = int(np.argmax(gaps))
            raise ValueError(f"the target {self._target!r} is missing in row {row}")
        return np.array(words) if numbers is None else numbers

    def layers(self, dimensions: int | None = None) -> list[Layer]:
        """Return the layers that a network for this table starts with.

        Parameters
        ----------
        dimensions : int, optional
            The length of every category's vector. The default is half the number of categories,
            rounded up, and 50 at most, a rule of thumb.
        """
        from nnfast.layers import Embedding, Input, Standardize

        first = len(self._numbers) + len(self._gaps)
        columns = {}
        for place, column in enumerate(self._words, start=first):
            count = 1 + len(column.categories or ())
            columns[place] = (count, dimensions or min(50, (count + 1) // 2))
        layers: list[Layer] = [Input(len(self.names)), Standardize(leave=list(columns))]
        return [*layers, Embedding(columns)] if columns else layers

    def config(self) -> dict[str, Any]:
        """Return all that the table knows as a plain dict, which JSON can hold."""
        columns = [one._asdict() for one in (*self._numbers, *self._words)]
        return {"columns": columns, "target": self._target, "missing": sorted(self._missing)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Table:
        """Return the table that a dict made by `config` describes."""
        columns = []
        for one in config["columns"]:
            words = one["categories"]
            checked: dict[str, Any] = {
                "name": str(one["name"]),
                "categories": None if words is None else tuple(map(str, words)),
                "mean": _validation.number(one["mean"], "mean"),
                "has_gaps": _validation.boolean(one["has_gaps"], "has_gaps"),
                "bounds": None,
            }
            if one.get("bounds") is not None:
                low, high = one["bounds"]
                low = _validation.number(low, "bounds")
                checked["bounds"] = (low, _validation.number(high, "bounds", minimum=low))
            columns.append(Column(**{**one, **checked}))
        return cls(columns, config["target"], config["missing"])

    def __repr__(self) -> str:
        return f"Table({', '.join(map(repr, self.names))})"


def _backend() -> Any:
    from nnfast import _backend

    return _backend.get()


def column_names(columns: Any) -> list[str] | None:
    """Return the names of the columns of a dict, or a table of pandas, polars or pyarrow."""
    if isinstance(columns, Mapping):
        return list(columns)
    # What has both, pyarrow's, has the columns themselves under the second name.
    names = getattr(columns, "column_names", getattr(columns, "columns", None))
    return None if names is None else list(names)


def _names(columns: Any) -> list[str]:
    """Return the names of columns that are equally long."""
    names = column_names(columns)
    if names is None:
        raise TypeError(
            f"columns is a {type(columns).__name__}; wanted is a dict from names to columns, or a "
            "DataFrame"
        )
    if not names:
        raise ValueError("columns is empty; wanted is at least one column")
    lengths = {name: len(columns[name]) for name in names}
    for name in names:
        if lengths[name] != lengths[names[0]] or lengths[name] == 0:
            raise ValueError(
                f"column {name!r} has {lengths[name]} values and {names[0]!r} has "
                f"{lengths[names[0]]}; wanted are as many, at least one"
            )
    return names


def _values(columns: Any, name: str) -> Array:
    """Return a column as an array, as it came."""
    if name not in (column_names(columns) or ()):
        raise ValueError(f"columns has no column {name!r}; wanted is a dict with one")
    values = np.asarray(columns[name])
    if values.ndim != 1:
        raise ValueError(f"column {name!r} has the shape {values.shape}; wanted is (rows,)")
    return values


def _numbers(values: Array, name: str, missing: frozenset[str]) -> NDArray[np.float64] | None:
    """Return a column as numbers, NaN where one is missing; None if it has words or nothing."""
    if values.dtype.kind in "buif":
        numbers = values.astype(np.float64)
        if np.isinf(numbers).any():
            raise ValueError(f"column {name!r} holds inf; wanted are finite numbers")
        return numbers
    words = _words(values, missing)
    if all(word is None for word in words):
        return None
    if not all(word is None or _is_number(word) for word in words):
        return None
    return np.array([np.nan if word is None else float(word) for word in words])


def _words(values: Array, missing: frozenset[str]) -> list[str | None]:
    """Return a column as words, None where one is missing."""
    if values.dtype.kind in "buif":
        return [None if one != one else _word(one) for one in values.tolist()]
    # Most words come again and again: each is looked at but once.
    known: dict[Any, str | None] = {}
    found = values.tolist()
    for one in found:
        if one not in known:
            known[one] = _clean(one, missing)
    return [known[one] for one in found]


def _filled(numbers: NDArray[np.float64], column: Column) -> NDArray[np.float64]:
    """Return numbers for all rows, within the bounds if there are any."""
    filled = np.where(np.isnan(numbers), column.mean, numbers)
    return filled if column.bounds is None else np.clip(filled, *column.bounds)


def _codes(words: Sequence[str | None], categories: Sequence[str]) -> list[int]:
    codes: dict[str | None, int] = {word: code for code, word in enumerate(categories, start=1)}
    return [codes.get(word, 0) for word in words]


def _word(value: Any) -> str:
    """Return a number as a word: whole ones alike, whether they come as 3 or as 3.0."""
    return str(int(value)) if float(value).is_integer() else str(value)


def _clean(value: Any, missing: frozenset[str]) -> str | None:
    if value is None or value != value:
        return None
    if isinstance(value, (int, float)):
        return _word(value)
    word = str(value).strip()
    return None if word in missing else word


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False
