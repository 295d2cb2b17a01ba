"""The IDX format of MNIST: a type code, a rank, the sizes, then big-endian elements.

Nothing is allocated because a header says so: an array grows only by bytes that were really there.
"""

from __future__ import annotations

import math
import os
import stat
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Type code (third byte of the file) to the element as it stands in the file.
ELEMENT_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_GZIP_MAGIC = b"\x1f\x8b"
# Deflate says 258 bytes in two bits at best, so no gzip file unpacks to more times its length.
_LARGEST_DEFLATE_RATIO = 1032
_CHUNK = 1 << 20


def read_path(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read one IDX file, gzip-compressed or plain (public as ``nnfast.datasets.read_idx``)."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(
            f"path must be a string or a path to an IDX file, got {type(path).__name__}."
        )
    with open(path, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{os.fspath(path)} must be a regular file, got a pipe or a device.")
        return read_stream(stream, status.st_size, os.fspath(path))


def read_stream(stream: BinaryIO, length: int, name: str) -> NDArray[Any]:
    """Read an IDX file of ``length`` bytes, gzip-compressed or plain, from a seekable stream."""
    compressed = stream.read(2) == _GZIP_MAGIC
    stream.seek(0)
    if not compressed:
        return _parse(stream, length, name)

    import gzip
    import zlib

    try:
        with gzip.GzipFile(fileobj=stream, mode="rb") as unpacked:
            # GzipFile is a BinaryIO in all but its declared type.
            return _parse(unpacked, length * _LARGEST_DEFLATE_RATIO, name)  # type: ignore[arg-type]
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        problem = "truncated" if isinstance(error, EOFError) else "corrupt"
        raise ValueError(f"{name} is a {problem} gzip file ({error}).") from error


def _parse(stream: BinaryIO, most: int, name: str) -> NDArray[Any]:
    """Parse an uncompressed IDX stream that cannot hold more than ``most`` bytes."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in ELEMENT_TYPES:
        raise ValueError(
            f"{name} is not an IDX file: it starts with the bytes [{magic.hex(' ')}], where 00 00, "
            "a type code (08, 09, 0b, 0c, 0d or 0e) and a rank are wanted."
        )
    stored, rank = ELEMENT_TYPES[magic[2]], magic[3]

    header = stream.read(4 * rank)
    if len(header) < 4 * rank:
        raise ValueError(
            f"{name} is a truncated IDX file: its header ends before the sizes of its {rank} axes."
        )
    shape = tuple(int(size) for size in np.frombuffer(header, dtype=">u4"))
    # Python's integers: 2**32 - 1 to the power of the rank must not wrap into something small.
    wanted = math.prod(shape) * stored.itemsize
    if wanted > most:
        raise ValueError(
            f"{name} is a truncated IDX file, or its header lies: the shape {_words(shape)} takes "
            f"{wanted} bytes, and the file cannot hold more than {most}."
        )

    content = bytearray()
    while len(content) < wanted:
        chunk = stream.read(min(_CHUNK, wanted - len(content)))
        if not chunk:
            raise ValueError(
                f"{name} is a truncated IDX file: the shape {_words(shape)} takes {wanted} bytes, "
                f"and {len(content)} are there."
            )
        content += chunk
    # Reading past the end is also what makes gzip compare its checksum.
    if stream.read(1):
        raise ValueError(
            f"{name} is not a whole IDX file: bytes follow the {wanted} that its shape "
            f"{_words(shape)} takes."
        )

    flat = np.frombuffer(content, dtype=stored)
    if not stored.isnative:
        flat = flat.byteswap(inplace=True).view(stored.newbyteorder("="))
    try:
        return flat.reshape(shape)
    except ValueError as error:
        # More axes than NumPy has, or an empty array whose other sizes overflow an address.
        raise ValueError(
            f"{name} has an impossible shape for NumPy, {_words(shape)} ({error})."
        ) from error


def _words(shape: tuple[int, ...]) -> str:
    """Write a shape for an error sentence: a rank of 255 must not fill the screen."""
    if len(shape) <= 8:
        return str(shape)
    return f"({', '.join(map(str, shape[:8]))}, ... {len(shape)} axes)"
