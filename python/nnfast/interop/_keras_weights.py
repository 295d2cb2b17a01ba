"""Where Keras' files keep the weights of a layer: two layouts, one way to ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast.interop import _hdf5
from nnfast.interop._chain import assembled, parts
from nnfast.interop._keras_graph import Place, keys

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from nnfast.interop._hdf5 import Array
    from nnfast.layers import Layer
    from nnfast.network import FeedForward

Shapes = Mapping[str, tuple[int, ...] | None]

PREFIXES = ("layers", "_layer_checkpoint_dependencies")
"""Keras 3's, and that of Keras 2.12 to 2.15."""


class ByClass:
    """The layout since ``.keras``: layers/dense_1/vars/0, by class and number."""

    def __init__(self, root: Any, budget: _hdf5.Budget | None = None) -> None:
        self._budget = budget or _hdf5.Budget(root)
        # A model within the model may have no weights, and no place for them.
        found = (None if root is None else _hdf5.group(root, prefix) for prefix in PREFIXES)
        self._layers = next((one for one in found if one is not None), None)

    @property
    def is_there(self) -> bool:
        """Whether the file has this layout at all."""
        return self._layers is not None

    def count(self, place: Place, within: str = "") -> int:
        """Return how many weights a layer has in the file."""
        variables = self._variables(place, within)
        return 0 if variables is None else len(variables)

    def read(self, place: Place, shapes: Shapes, within: str = "") -> list[Array]:
        """Return a layer's weights, in the order of these names, if they have these shapes."""
        if not shapes:
            return []
        variables = self._variables(place, within)
        there = 0 if variables is None else len(variables)
        if there < len(shapes):
            raise ValueError(
                f"{place} has {there} weights in the file; wanted are {', '.join(shapes)}"
            )
        return [
            _hdf5.array(variables, str(number), shape, f"{name} of {place}", self._budget)
            for number, (name, shape) in enumerate(shapes.items())
        ]

    def following(self) -> Callable[[str], Place]:
        """Return what gives the place of the next layer of a class, counting them itself."""
        kinds: list[str] = []

        def place(kind: str) -> Place:
            kinds.append(kind)
            key = keys(kinds)[-1]
            return Place(kind, key, {}, key)

        return place

    def inside(self, place: Place) -> ByClass:
        """Return the same of a model that is a layer of this one."""
        found = None if self._layers is None else _hdf5.group(self._layers, place.key)
        return ByClass(found, self._budget)

    def _variables(self, place: Place, within: str) -> Any:
        if self._layers is None:
            return None
        path = "/".join(part for part in (place.key, within, "vars") if part)
        return _hdf5.group(self._layers, path)


class ByName:
    """The layout of ``.h5``: a group for each layer's name, with the names of its weights."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._budget = _hdf5.Budget(root)
        self._taken: dict[str, int] = {}

    def count(self, place: Place, within: str = "") -> int:
        """Return how many weights of a layer are in the file and not read yet."""
        group = _hdf5.group(self._root, place.name)
        if group is None:
            return 0
        return len(_hdf5.names(group, "weight_names")) - self._taken.get(place.name, 0)

    def read(self, place: Place, shapes: Shapes, within: str = "") -> list[Array]:
        """Return a layer's next weights, in the order of these names, if they have these shapes."""
        if not shapes:
            return []
        there = self.count(place)
        if there < len(shapes):
            raise ValueError(
                f"{place} has {there} weights in the file; wanted are {', '.join(shapes)}"
            )
        group = _hdf5.group(self._root, place.name)
        first = self._taken.get(place.name, 0)
        paths = _hdf5.names(group, "weight_names")[first : first + len(shapes)]
        self._taken[place.name] = first + len(shapes)
        return [
            _hdf5.array(group, path, shape, f"{name} of {place}", self._budget)
            for path, (name, shape) in zip(paths, shapes.items(), strict=True)
        ]

    def following(self) -> Callable[[str], Place]:
        """Return what gives the place of the next layer, whatever its class."""
        names = _hdf5.names(self._root, "layer_names")
        places = (Place("layer", name, {}, name) for name in names)
        with_weights = (place for place in places if self.count(place))

        def place(kind: str) -> Place:
            found = next(with_weights, None)
            if found is None:
                raise ValueError(f"the file has no further layer with weights; wanted is a {kind}")
            return found

        return place

    def inside(self, place: Place) -> ByName:
        """Refuse a model that is a layer of this one: its weights come in an order of their own."""
        raise ValueError(
            f"{place} is a model within the model, which is read from .keras files only; save the "
            "model as .keras"
        )


KINDS: dict[str, str] = {
    "dense": "Dense",
    "batch_norm": "BatchNormalization",
    "layer_norm": "LayerNormalization",
    "standardize": "Normalization",
    "embedding": "Embedding",
}
"""The layers of ours that have weights, and Keras' names of them."""


def fill(net: FeedForward, weights: ByClass | ByName) -> None:
    """Give a network the weights of a file that holds nothing else, layer after layer."""
    following = weights.following()
    found = []
    for layer, _, own in parts(net):
        if own:
            found.append(_of_one(layer, own, weights, following))
    net.set_weights(assembled(net, found))


def _of_one(
    layer: Layer,
    own: dict[str, Array],
    weights: ByClass | ByName,
    following: Callable[[str], Place],
) -> dict[str, Array]:
    """Return a layer's weights by name, as they are in the file."""
    place = following(KINDS[layer.kind])
    shapes = {name: values.shape for name, values in own.items()}
    if layer.kind == "standardize":
        [size] = shapes["mean"]
        mean, variance = weights.read(place, {"mean": (size,), "variance": (size,)})
        return {"mean": mean, "deviation": deviation(variance)}
    if layer.kind == "embedding":
        if len(set(shapes.values())) > 1:
            raise ValueError(f"{layer!r} has tables of several shapes; Keras' Embedding has one")
        [table] = weights.read(place, {"embeddings": next(iter(shapes.values()))})
        return dict(zip(own, _hdf5.repeated(table, len(own), str(place)), strict=True))
    slope = {"alpha": shapes.pop("alpha")} if "alpha" in shapes else {}
    read = weights.read(place, shapes)
    if slope:  # of an activation of the layer's own, or of a layer after it
        inside = weights.count(place, "activation") > 0
        at = (place, slope, "activation") if inside else (following("PReLU"), slope)
        read += weights.read(*at)
    return dict(zip(own, read, strict=True))


def deviation(variance: ArrayLike) -> Array:
    """Return what Keras' Normalization divides by."""
    root: Array = np.sqrt(np.asarray(variance, dtype=float))
    return np.maximum(root, 1e-7)
