"""HDF5 files and archives from strangers: what is in them, and no more than what is in them.

HDF5 can name other files, and it and zip can claim in a few bytes to hold gigabytes. Both are
refused here, as Keras itself refuses them.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

SMALL = 2**26
"""Bytes that may be claimed whatever is stored; beyond it counts how much is."""
ZIP_EXPANSION = 100
HDF5_EXPANSION = 1000
"""How many times the bytes that are stored may be claimed. Weights hardly shrink at all."""
TOGETHER = 2**30
"""Bytes that all arrays of a small file may have together, and that one may have repeated."""


def h5py() -> Any:
    """Return the module h5py."""
    try:
        import h5py as module
    except ImportError:
        raise ImportError(
            "Keras' files are read and written with h5py, which is not installed: pip install "
            "'nnfast[keras]'"
        ) from None
    return module


def existing(path: str | os.PathLike[str]) -> str:
    """Return the name of a file that is there."""
    name = os.fspath(path)
    if not os.path.exists(name):
        raise FileNotFoundError(f"path is {name!r}, where there is no file")
    if os.path.isdir(name):
        raise IsADirectoryError(f"path is {name!r}, which is a folder; wanted is a file")
    return name


@contextmanager
def opened(file: str | io.BytesIO, name: str) -> Iterator[Any]:
    """Open an HDF5 file for reading; whatever it cannot give is a sentence that names the file."""
    try:
        handle = h5py().File(file, "r")
    except OSError as error:
        raise ValueError(
            f"{name!r} is no whole HDF5 file but truncated, damaged or of another kind ({error})"
        ) from None
    try:
        yield handle
    except (OSError, RuntimeError) as error:
        raise ValueError(f"{name!r} is damaged: {error}") from error
    finally:
        handle.close()


class Budget:
    """What all arrays of a file may have together: one can stand there under many names."""

    def __init__(self, root: Any) -> None:
        size = root.file.id.get_filesize()
        self._left = max(TOGETHER, HDF5_EXPANSION * size)

    def spend(self, claimed: int, what: str) -> None:
        """Take an array into account before it is read."""
        self._left -= claimed
        if self._left < 0:
            raise ValueError(
                f"{what} and the arrays before it claim far more bytes together than are stored; "
                "they are not read"
            )


class Archive:
    """A zip file, of which whole members are read."""

    def __init__(self, name: str) -> None:
        self._name = name
        try:
            self._zip = zipfile.ZipFile(name)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise ValueError(
                f"{name!r} is no whole zip archive but truncated, damaged or of another kind "
                f"({error})"
            ) from None

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *error: object) -> None:
        self._zip.close()

    def __contains__(self, member: str) -> bool:
        return member in self._zip.namelist()

    def read(self, member: str) -> bytes:
        """Return what a member holds."""
        try:
            info = self._zip.getinfo(member)
        except KeyError:
            raise ValueError(
                f"{self._name!r} has no {member!r}; wanted is the archive that Keras writes"
            ) from None
        if info.file_size > SMALL and info.file_size > ZIP_EXPANSION * info.compress_size:
            raise ValueError(
                f"{self._name!r} claims {info.file_size} bytes for {member!r} but stores "
                f"{info.compress_size}; such an archive is not opened"
            )
        try:
            return self._zip.read(info)
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
            raise ValueError(f"{self._name!r} is damaged: {member!r}: {error}") from None
        except Exception as error:  # zlib.error, and what other compressions raise
            raise ValueError(f"{self._name!r} is damaged: {member!r}: {error}") from error

    def json(self, member: str) -> Any:
        """Return what a member says."""
        return text(self.read(member), f"{member!r} of {self._name!r}")


def text(content: bytes | str, what: str) -> Any:
    """Return what a JSON text says."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{what} is damaged: it is no JSON ({error})") from None


def group(parent: Any, path: str) -> Any | None:
    """Return a group by its path within another, or None if it is not there."""
    found = parent
    for part in path.strip("/").split("/"):
        found = _member(found, part)
        if found is None or not isinstance(found, h5py().Group):
            return None
    return found


def array(
    parent: Any, path: str, shape: tuple[int, ...] | None, what: str, budget: Budget
) -> Array:
    """Return a dataset of floats by its path, which must have the shape if one is given."""
    folder, _, last = path.strip("/").rpartition("/")
    place = group(parent, folder) if folder else parent
    found = None if place is None else _member(place, last)
    if not isinstance(found, h5py().Dataset):
        raise ValueError(f"{what} is not in the file")
    if found.is_virtual or found.external:
        raise ValueError(f"{what} is said to be in another file, which is not read")
    if shape is not None and found.shape != shape:
        raise ValueError(f"{what} has the shape {found.shape}; wanted is {shape}")
    if found.dtype.kind != "f":
        raise ValueError(f"{what} holds {found.dtype}; wanted are floats")
    claimed = math.prod(found.shape) * found.dtype.itemsize
    stored = found.id.get_storage_size()
    if claimed > SMALL and claimed > HDF5_EXPANSION * stored:
        raise ValueError(f"{what} claims {claimed} bytes and has {stored}; it is not read")
    budget.spend(claimed, what)
    return np.asarray(found[()])


def repeated(values: Array, count: int, what: str) -> list[Array]:
    """Return an array so many times, unless that would be far more than a file holds."""
    if count > 1 and count * values.nbytes > TOGETHER:
        raise ValueError(f"{what} is wanted {count} times, which are {count * values.nbytes} bytes")
    return [values] * count


def names(parent: Any, attribute: str) -> list[str]:
    """Return an attribute that is a list of names; long lists are cut into several attributes."""
    if attribute in parent.attrs:
        parts = [parent.attrs[attribute]]
    else:
        parts, number = [], 0
        while f"{attribute}{number}" in parent.attrs:
            parts.append(parent.attrs[f"{attribute}{number}"])
            number += 1
    return [decoded(one) for part in parts for one in np.asarray(part).ravel().tolist()]


def decoded(value: Any) -> str:
    """Return an attribute that is a text."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _member(parent: Any, name: str) -> Any | None:
    """Return what is linked by a name within a group, if it is there and in this file."""
    links = h5py().h5l
    try:  # `name in parent` would follow the link to see whether it leads anywhere
        kind = parent.id.links.get_info(name.encode("utf-8")).type
    except (KeyError, ValueError, RuntimeError):
        return None
    if kind != links.TYPE_HARD:
        raise ValueError(f"{name!r} is a link to another place, which is not followed")
    try:
        return parent[name]
    except KeyError as error:
        raise ValueError(f"{name!r} cannot be opened ({error})") from None
