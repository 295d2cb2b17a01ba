"""Which layers of a Keras model follow which: a list, with blocks that add their input."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A layer as a file describes it, and where its weights are."""

    kind: str  # Keras' name of the class
    name: str  # the layer's own
    config: Mapping[str, Any]
    key: str  # of its weights, where they are kept by class and number
    block: tuple[Place, ...] = ()  # what is added to its input
    branches: tuple[tuple[Place, ...], ...] = ()  # what it joins, each from an input on
    inner: Mapping[str, Any] | None = None  # the description of a model within the model

    def __str__(self) -> str:
        return f"layer {self.name!r} ({self.kind})"


def snake_case(name: str) -> str:
    """Return what Keras makes of a class' name for the places of weights."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def keys(kinds: Sequence[str]) -> list[str]:
    """Return the names that Keras keeps the weights of layers of these classes under."""
    counts: dict[str, int] = {}
    found = []
    for kind in kinds:
        key = snake_case(kind)
        count = counts[key] = counts.get(key, -1) + 1
        found.append(f"{key}_{count}" if count else key)
    return found


MODELS = ("Sequential", "Functional", "Model")


def chain(model: Any) -> list[Place]:
    """Return the layers of a model in their order.

    The first is the input, or joins what is made of the inputs' columns.

    Raises
    ------
    ValueError
        If the model is code, or its layers are not one chain.
    """
    kind = model.get("class_name")
    if kind not in MODELS or _is_custom(model):
        raise ValueError(
            f"the model is a {kind}, a class of its author's own, whose code a file does not hold; "
            "wanted is a Sequential or a Functional model"
        )
    config = model["config"]
    # The first versions had a list of layers for a Sequential model's configuration.
    entries = config if isinstance(config, list) else config["layers"]
    places = _places(entries)
    if kind == "Sequential":
        return places
    ends = _ends(config["output_layers"])
    if len(ends) != 1:
        raise ValueError(f"the model has {len(ends)} outputs; wanted is one")
    return _Functional(entries, places, _ends(config["input_layers"])).whole(ends[0])


def inputs(model: Any) -> list[str]:
    """Return the names of a Functional model's inputs, in the order in which it takes them."""
    return _ends(model["config"]["input_layers"])


def _places(entries: Sequence[Mapping[str, Any]]) -> list[Place]:
    found = []
    kinds = [str(entry.get("class_name")) for entry in entries]
    for entry, kind, key in zip(entries, kinds, keys(kinds), strict=True):
        config = entry["config"]
        nested = kind in MODELS
        name = str(config.get("name", key)) if isinstance(config, Mapping) else key
        if _is_custom(entry):
            raise ValueError(
                f"layer {name!r} is a {entry.get('registered_name') or kind}, a class of its "
                "author's own, whose code is not run"
            )
        settings = {} if nested else config
        found.append(Place(kind, name, settings, key, inner=entry if nested else None))
    return found


def _is_custom(entry: Mapping[str, Any]) -> bool:
    """Whether a class is not Keras' own."""
    package = str(entry.get("module") or "keras").partition(".")[0]
    return package not in ("keras", "tf_keras") or ">" in str(entry.get("registered_name") or "")


def _ends(value: Any) -> list[str]:
    """Return the names of a Functional model's inputs or outputs."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list) or not value:
        raise ValueError("the model does not say its inputs and outputs")
    if isinstance(value[0], str):
        return [value[0]]
    return [str(one[0]) for one in value]


WANTED = (
    "wanted is a chain of layers, an Add of a block and its input, or at the start a Concatenate "
    "of columns of the inputs and their embeddings"
)


class _Functional:
    """The graph of a Functional model."""

    def __init__(
        self,
        entries: Sequence[Mapping[str, Any]],
        places: Sequence[Place],
        inputs: Sequence[str],
    ) -> None:
        self._inputs = inputs
        self._places: dict[str, Place] = {}
        self._sources: dict[str, list[str]] = {}
        for entry, place in zip(entries, places, strict=True):
            name = str(entry.get("name", place.name))
            nodes = entry.get("inbound_nodes", [])
            if len(nodes) > 1:
                raise ValueError(
                    f"{place} is used {len(nodes)} times, which shares its weights; {WANTED}"
                )
            if any(given.get("training") is True for given in _keywords(nodes)):
                raise ValueError(
                    f"{place} is called with training=True, so that predictions are drawn at "
                    "random; wanted is one that predicts"
                )
            if place.kind == "GetItem":
                place = place._replace(config={**place.config, "key": nodes[0]["args"][1]})
            self._places[name] = place
            self._sources[name] = list(_tensors(nodes))

    def whole(self, last: str) -> list[Place]:
        """Return the layers from the input, or from what joins columns of the inputs, on."""
        if len(self._inputs) == 1:
            return self.between(self._inputs[0], last)
        return self.between(None, last)

    def between(self, first: str | None, last: str) -> list[Place]:
        """Return the layers from one, which is left in if it is the input, to another."""
        found: list[Place] = []
        name = last
        while True:
            if len(found) > len(self._places):
                raise ValueError("the model's layers go round in a circle")
            place, sources = self._places[name], self._sources[name]
            if name == first:
                break
            if len(sources) == 1:
                found.append(place)
                name = sources[0]
            elif place.kind == "Add" and len(sources) == 2:
                skip = self._skip(place, *sources)
                body = sources[1] if sources[0] == skip else sources[0]
                block = tuple(self._after(skip, body))
                found.append(place._replace(block=block))
                name = skip
            elif not sources:
                raise ValueError(f"{place} is one of several inputs; wanted is that all are joined")
            elif place.kind == "Concatenate" and (first is None or first == self._inputs[0]):
                branches = (self._branch(place, source) for source in sources)
                found.append(place._replace(branches=tuple(map(tuple, branches))))
                return found[::-1]
            else:
                raise ValueError(f"{place} joins {len(sources)} others; {WANTED}")
        if place.kind == "InputLayer":
            found.append(place)
        return found[::-1]

    def _after(self, first: str, last: str) -> list[Place]:
        """Return the layers after one, up to another."""
        found = self.between(first, last)
        return found[1:] if found and found[0].kind == "InputLayer" else found

    def _branch(self, place: Place, last: str) -> list[Place]:
        """Return the layers from an input on, none of which joins others."""
        found = []
        while True:
            found.append(self._places[last])
            sources = self._sources[last]
            if not sources and last in self._inputs:
                return found[::-1]
            if len(sources) != 1 or len(found) > len(self._places):
                raise ValueError(f"{place} joins {self._places[last]}, which does; {WANTED}")
            last = sources[0]

    def _skip(self, place: Place, one: str, other: str) -> str:
        """Return which of two tensors that are added the other is made from."""
        if one != other:
            if one in self._before(other):
                return one
            if other in self._before(one):
                return other
        raise ValueError(
            f"{place} adds {one!r} and {other!r}, neither of which is made of the other; wanted is "
            "a block that is added to its input"
        )

    def _before(self, name: str) -> set[str]:
        """Return all that a tensor is made of."""
        seen: set[str] = set()
        left = [name]
        while left:
            for source in self._sources[left.pop()]:
                if source not in seen:
                    seen.add(source)
                    left.append(source)
        return seen


def _keywords(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the keyword arguments that a node is called with, besides tensors."""
    if isinstance(value, Mapping):
        if isinstance(value.get("kwargs"), Mapping):
            yield value["kwargs"]
    elif isinstance(value, list):
        # Before Keras 3: see `_tensors`.
        if len(value) == 4 and isinstance(value[0], str) and isinstance(value[3], Mapping):
            yield value[3]
            return
        for each in value:
            yield from _keywords(each)


def _tensors(value: Any) -> Iterator[str]:
    """Yield the names of the layers that a node takes its inputs from, in their order."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            yield str(value["config"]["keras_history"][0])
            return
        for each in (value.get("args"), value.get("kwargs")):
            yield from _tensors(each)
    elif isinstance(value, list):
        # Before Keras 3: [name, number of the node, number of the tensor, keyword arguments].
        if len(value) in (3, 4) and isinstance(value[0], str) and isinstance(value[1], int):
            yield value[0]
            return
        for each in value:
            yield from _tensors(each)
