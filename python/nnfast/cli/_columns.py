"""What a table's columns are: numbers, words, the target; and which are of no use to a network."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.cli._console import listed
from nnfast.tables import MISSING

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})\b.*")
FEW_WORDS = 50  # so many different ones are categories, whatever the number of rows
FEW_CLASSES = 20  # whole numbers of no more different values are taken for classes


@dataclass(frozen=True)
class Found:
    """What was found out about a column."""

    name: str
    kind: str  # "numbers", "words", or "left out"
    missing: int  # rows without a value
    distinct: int
    why: str = ""  # it is left out

    def described(self, rows: int) -> str:
        """Say it in a few words."""
        gaps = f"{share(self.missing, rows)} missing" if self.missing else ""
        words = f"{self.distinct} words" if self.kind == "words" else ""
        inside = ", ".join(part for part in (words, gaps, self.why) if part)
        return self.name + (f" ({inside})" if inside else "")


def found(
    name: str, values: Array, *, category: bool, asked: bool, missing: Collection[str] = MISSING
) -> Found:
    """Find out what a column is.

    Parameters
    ----------
    name : str
    values : ndarray
        float64 with NaN, or words with None.
    category : bool
        Whether it was said to hold categories.
    asked : bool
        Whether it was asked for by name, and so is not to be left out.
    missing : collection of str
        Words that say that a value is missing.
    """
    absent = int(gaps(values, missing).sum())
    if values.dtype.kind != "O":
        different = np.unique(values[~np.isnan(values)]).size
        if category:
            return Found(name, "words", absent, different)
        why = "" if asked else _useless_numbers(values, different, absent)
        return Found(name, "left out" if why else "numbers", absent, different, why)
    words = {word for word in values.tolist() if word is not None and word not in missing}
    why = "" if asked or category else _useless_words(words, len(values), absent)
    return Found(name, "left out" if why else "words", absent, len(words), why)


def _useless_numbers(values: Array, different: int, missing: int) -> str:
    if different <= 1 and not missing:
        return f"always {values[0]:g}"
    if different == 0:
        return "empty"
    if len(values) > FEW_WORDS and not missing and np.all(np.diff(values) == 1):
        return "numbers the rows"
    return ""


def _useless_words(words: Collection[str], rows: int, missing: int) -> str:
    if not words:
        return "empty"
    if len(words) == 1 and not missing:
        return f"always {next(iter(words))!r}"
    if len(words) > 1 and all(DATE.fullmatch(word) for word in words):
        return "dates"
    if len(words) > max(FEW_WORDS, (rows - missing) / 2):
        return "another word in almost every row"
    return ""


def almost_numbers(name: str, values: Array, missing: Collection[str]) -> str | None:
    """Return a note on a column of words of which almost all are numbers."""
    different = {one for one in values.tolist() if one is not None and one not in missing}
    others = sorted(word for word in different if not _is_number(word))
    if not others or len(different) < 10 or len(others) > len(different) / 10:
        return None
    said = listed([repr(word) for word in others], most=3)
    return (
        f"{name!r} is taken for words, because of {said}; --missing {','.join(others[:3])} takes "
        "it for numbers"
    )


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def gaps(values: Array, missing: Collection[str] = MISSING) -> NDArray[np.bool_]:
    """Tell which values are missing."""
    if values.dtype.kind == "O":
        words = frozenset(missing)
        return np.array([one is None or one in words for one in values.tolist()], dtype=bool)
    if values.dtype.kind == "f":
        return np.isnan(values)
    return np.zeros(len(values), dtype=bool)


def share(part: int, whole: int) -> str:
    """Return a part as a percentage."""
    return f"{100 * part / whole:.1f} %" if whole else "0 %"


def is_of_classes(values: Array) -> bool:
    """Tell whether a target looks like classes: words, or few whole numbers."""
    if values.dtype.kind in "OUb":
        return True
    if values.ndim > 1 or not np.all(values == np.floor(values)):
        return False
    different = np.unique(values).size
    return different <= FEW_CLASSES and different < len(values) / 2


def labels(values: Array, classes: Array | None = None) -> Array:
    """Return the labels of classes: whole numbers from 0 on as they are, all others as words.

    Given the classes that a network knows, the labels are of their kind.
    """
    if classes is None:
        if values.dtype.kind in "buif":
            different = np.unique(values)
            if len(different) > 1 and np.array_equal(different, np.arange(len(different))):
                return values.astype(np.int64)
        return _words(values)
    if classes.dtype.kind == "U":
        return _words(values)
    if values.dtype.kind == "O":
        raise ValueError(
            f"the target holds {values[0]!r}; wanted are classes as the model knows them"
        )
    return values


def refuse_unknown(labels: Array, classes: Array, path: str) -> None:
    """Refuse a label that a network has never seen, by its file and row."""
    unknown = ~np.isin(labels, classes)
    if unknown.any():
        row = int(unknown.argmax())
        known = ", ".join(repr(one) for one in classes[:10].tolist())
        raise ValueError(
            f"{path!r} has the class {labels[row].item()!r} in row {row + 1}; the model knows "
            f"{known}{', ...' if len(classes) > 10 else ''}"
        )


def _words(values: Array) -> Array:
    if values.dtype.kind == "b":
        return np.where(values, "true", "false")
    if values.dtype.kind in "uif":
        unique, places = np.unique(values, return_inverse=True)
        words = np.array([f"{one:.0f}" if one == int(one) else str(one) for one in unique.tolist()])
        return words[places.reshape(values.shape)]
    return np.array([str(one) for one in values.tolist()])


def report(columns: Mapping[str, Found], rows: int) -> dict[str, list[str]]:
    """Return the descriptions of the columns by kind."""
    kinds: dict[str, list[str]] = {}
    for one in columns.values():
        kinds.setdefault(one.kind, []).append(one.described(rows))
    return kinds
