"""Which module of a state_dict belongs to which layer, and the layer's weights from it.

A state_dict names its modules but does not say in which order a model applies them. Numbers do:
``0.weight``, ``2.weight``. Other names are put in the only order that fits the layers; where
several do, it is asked for.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast import _architecture
from nnfast.interop._chain import is_step, parts
from nnfast.interop._torch_modules import Module

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.layers import Layer
    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]

LAYERS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "dense": (("Linear",), {"weight": "kernel", "bias": "bias"}),
    "batch_norm": (
        ("BatchNorm1d",),
        {
            "weight": "gamma",
            "bias": "beta",
            "running_mean": "moving_mean",
            "running_var": "moving_variance",
        },
    ),
    # One weight alone is that of a PReLU, or of a LayerNorm without a bias.
    "layer_norm": (("LayerNorm", "PReLU"), {"weight": "gamma", "bias": "beta"}),
    "standardize": (("BatchNorm1d",), {"running_mean": "mean", "running_var": "deviation"}),
}
"""Which modules a layer may be, and our names of their tensors."""

DEEPEST = 300  # modules that are put in order


class Need(NamedTuple):
    """A module that a layer wants."""

    number: int  # of the layer
    label: str
    kinds: tuple[str, ...]
    names: Mapping[str, str]
    shapes: Mapping[str, tuple[int, ...]]
    may_be_missing: bool = False  # since the layer does nothing but apply its activation

    def problem(self, module: Module) -> str | None:
        """Say why a module is not the one, if it is not."""
        if module.kind not in self.kinds:
            return f"{module} comes where one for {self.label} is wanted"
        for name, values in module.tensors.items():
            ours = self.names.get(name, "")
            if ours in self.shapes:
                shape = self.shapes[ours]
                turned = values.T if values.ndim == 2 else values
                if turned.shape != shape and not (ours == "alpha" and turned.shape == (1,)):
                    return (
                        f"{module} has a {name} of the shape {values.shape}; wanted for "
                        f"{self.label} is {shape[::-1]}"
                    )
            # Modules have some that layers may be without; they must then change nothing.
            elif not ours or (values != (1.0 if name == "weight" else 0.0)).any():
                return f"{module} has a {name}, which {self.label} has not"
        for name, ours in self.names.items():
            if ours in self.shapes and name not in module.tensors:
                return f"{module} has no {name}, which {self.label} has"
        return None

    def taken(self, module: Module) -> dict[str, Array]:
        """Return the module's tensors under our names of them."""
        back = {ours: name for name, ours in self.names.items()}
        return {
            ours: np.broadcast_to(module.tensors[back[ours]].T, shape)
            for ours, shape in self.shapes.items()
        }


def filled(
    net: FeedForward,
    groups: Sequence[Module],
    without_linear: Sequence[int],
    *,
    in_order: bool,
) -> list[dict[str, Array]]:
    """Return every layer's weights by name.

    Parameters
    ----------
    net : FeedForward
        Of which the shapes count.
    groups : list of Module
        The modules, by their names, or in the order that a user or the file has said.
    without_linear : list of int
        Layers that have no Linear, since they do nothing but apply an activation.
    in_order : bool
        Whether that order is the one in which they are applied.
    """
    scale = _architecture.input_scale(net.layers)
    if scale != 1 and _is_scale(net, groups):
        groups = groups[1:]
    needs = list(_needs(net, without_linear))
    if not in_order and not _are_numbered(groups) and len(groups) <= DEEPEST:
        groups = _ordered(groups, needs)
    left = list(groups)
    found: list[dict[str, Array]] = [
        {"kernel": np.eye(width)} if number in without_linear else {}
        for number, (_, width, _) in enumerate(parts(net))
    ]
    for need in needs:
        if need.may_be_missing and (not left or left[0].kind != "Linear"):
            found[need.number] = {"kernel": np.eye(need.shapes["kernel"][0])}
            continue
        if not left:
            raise ValueError(f"the file has no further module; wanted is one for {need.label}")
        problem = need.problem(left[0])
        if problem is not None:
            raise ValueError(problem)
        found[need.number] |= need.taken(left.pop(0))
    if left:
        raise ValueError(f"{left[0]} belongs to no layer of the architecture")
    for weights in found:
        if "deviation" in weights:  # which is the variance still
            weights["mean"] = weights["mean"] * scale
            weights["deviation"] = np.sqrt(weights["deviation"]) * scale
    return found


def _needs(net: FeedForward, without_linear: Sequence[int]) -> Iterator[Need]:
    """Yield the modules that the layers want, in their order."""
    for number, (layer, _, own) in enumerate(parts(net)):
        shapes = {name: values.shape for name, values in own.items()}
        slope = {"alpha": shapes.pop("alpha")} if "alpha" in shapes else {}
        if shapes and number not in without_linear:
            if layer.kind not in LAYERS:
                raise ValueError(f"{layer!r} is nothing that PyTorch has a module for")
            yield Need(number, repr(layer), *LAYERS[layer.kind], shapes, _may_be_missing(layer))
        if slope:
            label = f"the PReLU of {layer!r}"
            yield Need(number, label, ("PReLU",), {"weight": "alpha"}, slope)


def _may_be_missing(layer: Layer) -> bool:
    units = getattr(layer, "units", None)
    return units is not None and is_step(layer, {"kernel": np.eye(units)})


def _is_scale(net: FeedForward, groups: Sequence[Module]) -> bool:
    """Whether the first module, by its tensors, is the scale of a network's Input."""
    first = net.layers[1]
    bare = [set(module.tensors) == {"running_mean", "running_var"} for module in groups[:2]]
    if first.kind == "batch_norm" and not first.parameters(1, embedded=False).keys() & AFFINE:
        return all(bare)  # since the second is the normalization
    return first.kind != "standardize" and bare[:1] == [True]


AFFINE = {"gamma", "beta"}


# The order of modules ----------------------------------------------------------------------------


def pieces(name: str) -> list[tuple[int, int, str]]:
    """Return what names are sorted by: numbers by their value."""
    found = re.findall(r"\d+|\D+", name)
    return [(0, int(one), "") if one.isdigit() else (1, 0, one) for one in found]


def _are_numbered(groups: Sequence[Module]) -> bool:
    """Whether it is a number that tells each module from the one before."""
    for one, other in itertools.pairwise(groups):
        pairs = zip(pieces(one.name), pieces(other.name), strict=False)
        first = next(((a, b) for a, b in pairs if a != b), None)
        if first is None or first[0][0] or first[1][0]:
            return False
    return True


def _ordered(groups: Sequence[Module], needs: Sequence[Need]) -> Sequence[Module]:
    """Return the modules in the only order that fits; as they are if none does.

    Those whose names differ by numbers alone, such as fc1 and fc2, stay in their order.
    """
    families: dict[str, list[Module]] = {}
    for module in groups:
        families.setdefault(re.sub(r"\d+", "#", module.name), []).append(module)
    queues = list(families.values())
    dead: set[tuple[int, tuple[int, ...]]] = set()

    def follow(place: int, heads: tuple[int, ...]) -> Iterator[list[Module]]:
        if place == len(needs):
            if all(head == len(queue) for head, queue in zip(heads, queues, strict=True)):
                yield []
            return
        if (place, heads) in dead:
            return
        came, need = False, needs[place]
        fitting = [
            at
            for at, queue in enumerate(queues)
            if heads[at] < len(queue) and need.problem(queue[heads[at]]) is None
        ]
        for at in fitting:
            after = (*heads[:at], heads[at] + 1, *heads[at + 1 :])
            for rest in follow(place + 1, after):
                came = True
                yield [queues[at][heads[at]], *rest]
        if need.may_be_missing and not fitting:
            for rest in follow(place + 1, heads):
                came = True
                yield rest
        if not came:
            dead.add((place, heads))

    orders = list(itertools.islice(follow(0, (0,) * len(queues)), 2))
    if len(orders) == 2:
        first, second = (", ".join(module.name for module in order) for order in orders)
        raise ValueError(
            f"its modules fit in several orders, such as {first} and {second}; wanted is modules, "
            "a list of their names in the order in which the model applies them"
        )
    return orders[0] if orders else groups
