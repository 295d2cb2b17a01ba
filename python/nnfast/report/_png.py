"""Pictures of rows that are images, as PNG inside the page."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.report._html import Markup, tag

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class Images:
    """How rows are drawn: their shape, and which numbers are black and white.

    Parameters
    ----------
    shape : tuple of int
        Height and width, and 3 for colours.
    x : ndarray of shape (rows, columns)
        All of the rows: the least of their numbers is black, the largest white.
    """

    def __init__(self, shape: tuple[int, ...], x: Array) -> None:
        self.shape = shape
        self._low = float(x.min())
        self._range = float(x.max()) - self._low or 1.0

    def element(self, row: Array, alt: str) -> Markup:
        """Return a row as an image, with the words that stand for it."""
        bright = (row.astype(np.float64) - self._low) * (255.0 / self._range)
        pixels = np.clip(np.rint(bright), 0, 255).astype(np.uint8).reshape(self.shape)
        source = "data:image/png;base64," + base64.b64encode(png(pixels)).decode("ascii")
        height, width = self.shape[:2]
        return tag("img", src=source, alt=alt, width=width, height=height)


def png(pixels: Array) -> bytes:
    """Return pixels of 8 bits, (height, width) in grey or (height, width, 3), as a PNG file.

    References
    ----------
    Portable Network Graphics Specification (Third Edition), W3C, 2025, sections 5 and 11.
    """
    height, width = pixels.shape[:2]
    colour_type = 2 if pixels.ndim == 3 else 0
    lines = np.zeros((height, 1 + pixels[0].size), dtype=np.uint8)  # each begins with its filter, 0
    lines[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def found_shape(x: Array) -> tuple[int, ...] | None:
    """Return the shape of rows that look like square images, else None.

    They do where the columns are at least 8 by 8 numbers, none negative, and a column differs from
    the one at its side and the one below by less than it does from others.
    """
    side = round(x.shape[1] ** 0.5)
    if side < 8 or side * side != x.shape[1]:
        return None
    some = x[:: max(1, len(x) // 200)].astype(np.float64)
    if some.min() < 0 or some.max() == some.min():
        return None
    images = some.reshape(-1, side, side)
    beside = np.abs(np.diff(images, axis=2)).mean() + np.abs(np.diff(images, axis=1)).mean()
    order = np.random.default_rng(0).permutation(x.shape[1])
    apart = 2 * np.abs(np.diff(some[:, order], axis=1)).mean()
    return (side, side) if beside < 0.75 * apart else None
