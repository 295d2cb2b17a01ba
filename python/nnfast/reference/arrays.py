"""The arrays that everything here is made of, and two ways to read them without a whole copy."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
"""Numbers of the network's own type, float32 or float64."""

Targets: TypeAlias = NDArray[Any]
"""What a batch should give: classes (rows,) as unsigned integers, or numbers (rows, outputs)."""

Rows: TypeAlias = "slice | NDArray[np.uint32]"
"""Which rows of an array a batch takes: a run of them, or a list in any order."""


def take_rows(x: NDArray[Any], rows: Rows, dtype: DTypeLike, scale: float = 1.0) -> Array:
    """Gather one batch of the user's array, as numbers of the network's type.

    Parameters
    ----------
    x : ndarray of shape (n, inputs)
        Any real type and any strides; it is only read.
    rows : slice or ndarray of int
        Which rows, in which order.
    dtype : data type
        float32 or float64.
    scale : float
        What every number is multiplied by, once both are of this type.

    Returns
    -------
    ndarray of shape (rows, inputs)
        A view where nothing has to change, else a copy of these rows alone.
    """
    taken: Array = x[rows].astype(dtype, copy=False)
    return taken if scale == 1.0 else taken * taken.dtype.type(scale)


def first_non_finite(x: NDArray[Any]) -> int | None:
    """Find the first NaN or infinity.

    Parameters
    ----------
    x : ndarray
        Floating-point numbers of any shape and strides. It is read in pieces, so that an array
        larger than half of the memory can be checked.

    Returns
    -------
    int or None
        The place in C order (rows first), or None when every number is finite.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast import reference
    >>> reference.first_non_finite(np.array([[1.0, 2.0], [np.nan, 4.0]]))
    2
    """
    pieces = np.nditer(
        x,
        flags=["external_loop", "buffered", "zerosize_ok"],
        order="C",
        buffersize=1 << 16,
    )
    seen = 0
    for piece in pieces:
        finite = np.isfinite(piece)
        if not finite.all():
            return seen + int(np.argmin(finite))
        seen += finite.size
    return None
