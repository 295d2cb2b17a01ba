"""Which connections a layer has: an immutable array of True and False that can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _validation

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Mask:
    """The connections of a layer: `edges` (inputs, units) is True where there is one.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Dense(2, mask=[[1, 0], [1, 1]]).mask
    <Mask of 3 of 2 x 2 connections>
    """

    __slots__ = ("edges",)

    edges: NDArray[np.bool_]

    def __init__(self, edges: NDArray[np.bool_]) -> None:
        edges = edges.copy()
        edges.flags.writeable = False
        object.__setattr__(self, "edges", edges)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a mask is frozen; make another")

    def __reduce__(self) -> Any:
        return Mask, (self.edges,)

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        return self.edges.astype(dtype or bool)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mask):
            return NotImplemented
        return np.array_equal(self.edges, other.edges)

    def __hash__(self) -> int:
        return hash((self.edges.shape, self.edges.tobytes()))

    def __repr__(self) -> str:
        inputs, units = self.edges.shape
        return f"<Mask of {np.count_nonzero(self.edges)} of {inputs} x {units} connections>"

    def text(self) -> str:
        """Return the connections, row by row, as bits in base 16."""
        return np.packbits(self.edges).tobytes().hex()

    @classmethod
    def from_text(cls, text: str, inputs: int, units: int) -> Mask:
        """Return the mask of a shape that `text` has described."""
        bits = np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8))
        if inputs < 1 or len(bits) != -(-inputs * units // 8) * 8:
            raise ValueError(f"a mask is not of {inputs} x {units} bits")
        return cls(bits[: inputs * units].reshape(inputs, units).astype(bool))


def from_config(config: Mapping[str, Any]) -> Mask | None:
    """Return the mask that a layer's plain description holds, if any."""
    text = config.get("mask")
    return text and Mask.from_text(text, config["mask_inputs"], config["units"])


def checked(mask: ArrayLike | Mask | None, units: int) -> Mask | None:
    """Return the mask that a user's argument means."""
    if mask is None or isinstance(mask, Mask):
        edges = None if mask is None else mask.edges
    else:
        edges = _validation.array(mask, "mask of Dense")
    if edges is None:
        return None
    wanted = f"wanted is an array (inputs, {units}) of 0 and 1"
    if edges.ndim != 2 or edges.shape[1] != units or len(edges) < 1:
        raise ValueError(f"mask of Dense has the shape {edges.shape}; {wanted}")
    if edges.dtype.kind not in "biuf" or not np.isin(edges, (0, 1)).all():
        raise ValueError(f"mask of Dense has values other than 0 and 1; {wanted}")
    return Mask(edges.astype(bool))


def refuse_missing(mask: Mask, kernel: NDArray[Any], argument: str) -> None:
    """Refuse weights that are not 0 where a mask has no connection."""
    kernel = kernel[len(kernel) - len(mask.edges) :]  # an embedded bias comes first
    missing = np.argwhere((kernel != 0) & ~mask.edges)
    if len(missing):
        source, target = map(int, missing[0])
        raise ValueError(
            f"{argument} has the weight {kernel[source, target]:g} from node {source} to node "
            f"{target}, which the layer's mask does not connect; wanted is 0 there"
        )
