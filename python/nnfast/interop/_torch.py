"""PyTorch's state_dicts in safetensors files."""

from __future__ import annotations

import itertools
import json
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _architecture, _files
from nnfast._version import version
from nnfast.interop._chain import assembled, is_step, parts
from nnfast.interop._torch_modules import Module, modules
from nnfast.network import FeedForward

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.layers import Layer

    Array: TypeAlias = NDArray[Any]
    Architecture = str | FeedForward | Sequence[Layer]

KEY = "nnfast.torch"
FORMAT = 1


def write_torch(net: FeedForward, path: str | os.PathLike[str]) -> None:
    """Write a network as the state_dict of a ``torch.nn.Sequential``, without PyTorch.

    Parameters
    ----------
    net : FeedForward
    path : str or path
        Usually ending in ``.safetensors``. A file that is there is replaced only once the new one
        is complete.

    Warns
    -----
    UserWarning
        Of what PyTorch does not have and predictions do not need: a `GaussianNoise`, in whose place
        there is an Identity.

    Raises
    ------
    ValueError
        If the network has a layer or an activation that PyTorch does not have, which is named.

    Notes
    -----
    The metadata, under "nnfast.torch", says which modules the state_dict is of: ``modules``, a list
    such as ``["Linear(4, 8)", "ReLU()", "Linear(8, 3)"]``, which the names count from 0. A
    `Residual` is ``class Residual(torch.nn.Sequential)`` with ``forward(x)`` of ``x +
    super().forward(x)``. `Standardize` and the scale of `Input` are a BatchNorm1d that learns
    nothing: call ``model.eval()`` before predicting.

    Examples
    --------
    >>> import os, tempfile
    >>> import nnfast as nn
    >>> net = nn.FeedForward("4-8-3", output="softmax", seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.safetensors")
    ...     nn.interop.write_torch(net, path)
    ...     nn.interop.read_torch(path)
    FeedForward([Input(4), Dense(8, ReLU()), Dense(3, Softmax())])
    """
    made = modules(net)
    left_out = [module for module in made if module.instead_of]
    tensors = {
        f"{module.name}.{name}": np.ascontiguousarray(values)
        for module in made
        for name, values in module.tensors.items()
    }
    classes = net.classes_
    header = {
        "format": FORMAT,
        "library": version(),
        "modules": [module.text for module in made if "." not in module.name],
        "network": _architecture.config(net.layers, net.bias),
        # Layers that do nothing but apply an activation have no Linear.
        "without_linear": [
            number
            for number, (layer, _, weights) in enumerate(parts(net))
            if is_step(layer, weights)
        ],
        "classes": None if classes is None else classes.tolist(),
    }
    _files._write(os.path.realpath(path), tensors, {"format": "pt", KEY: json.dumps(header)})
    if left_out:
        said = "; ".join(module.instead_of for module in left_out)
        warnings.warn(f"{os.fspath(path)!r}: PyTorch does not have {said}", stacklevel=2)


def read_torch(
    path: str | os.PathLike[str], architecture: Architecture | None = None
) -> FeedForward:
    """Read a PyTorch model's state_dict from a safetensors file, without PyTorch.

    Parameters
    ----------
    path : str or path
        What ``safetensors.torch.save_file(model.state_dict(), path)`` wrote, or `write_torch`.
    architecture : FeedForward, list of Layer or str, optional
        What the weights belong to, since a state_dict does not say which activations there are: a
        network, its layers, or "784-256-10" for Linear modules with ReLU between them. Files of
        `write_torch` say it themselves.

    Returns
    -------
    FeedForward
        Linear becomes Dense, its weight transposed; BatchNorm1d, LayerNorm and PReLU the like.

    Raises
    ------
    ValueError
        If the file is truncated, damaged or of another kind, no architecture is known, or the
        weights do not fit it.
    FileNotFoundError
        If there is no such file.

    Notes
    -----
    Weights are taken in the order of the modules' names, numbers by their value. PyTorch's
    BatchNorm1d and LayerNorm add 1e-5 where ours add 1e-3, and its momentum is the other share:
    ``nn.BatchNorm(epsilon=1e-5, momentum=0.9)``. What ``torch.save`` wrote is a pickle, which can
    hold code, and is not read.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> import nnfast as nn
    >>> from safetensors.numpy import save_file
    >>> state = {"0.weight": np.ones((2, 3)), "0.bias": np.zeros(2), "2.weight": np.ones((1, 2))}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.safetensors")
    ...     save_file(state, path)
    ...     layers = [nn.Input(3), nn.Dense(2, "tanh"), nn.Dense(1, use_bias=False)]
    ...     nn.interop.read_torch(path, layers).predict([[1.0, 2.0, 3.0]])
    array([[1.99997542]])
    """
    name = os.fspath(path)
    _refuse_pickles(name)
    tensors, metadata = _files._read(name)
    try:
        return _network(tensors, metadata, architecture, name)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        if isinstance(error, ValueError) and repr(name) in str(error):
            raise
        raise ValueError(f"{name!r} cannot be read: {error}") from error


def _refuse_pickles(name: str) -> None:
    if not os.path.isfile(name):
        return  # of which the reader says what it is
    with open(name, "rb") as file:
        start = file.read(9)
    # The header of a safetensors file begins with its length in 8 bytes, which may look like one.
    if start.startswith((b"PK\x03\x04", b"\x80")) and not start.endswith(b"{"):
        raise ValueError(
            f"{name!r} is what torch.save wrote, a pickle, which is not read, since it can hold "
            "code; wanted is safetensors.torch.save_file(model.state_dict(), path)"
        )


def _network(
    tensors: dict[str, Array],
    metadata: Mapping[str, str],
    architecture: Architecture | None,
    name: str,
) -> FeedForward:
    groups = _groups(tensors)
    said = metadata.get(KEY)
    classes, without_linear = None, []
    if architecture is None and said is not None:
        header = _files._header(name, metadata, KEY, FORMAT, "")
        layers = _architecture.from_config(header["network"])
        given: Any = {"layers": layers, "bias": header["network"]["bias"]}
        classes = _files._classes(header["classes"], layers)
        without_linear = header["without_linear"]
    elif architecture is None:
        raise ValueError(_question(groups, name))
    elif isinstance(architecture, FeedForward):
        given = {
            "layers": architecture.layers,
            "bias": architecture.bias,
            "seed": architecture.seed,
        }
    else:
        given = {"layers": architecture}
    wide = any(values.dtype == np.float64 for values in tensors.values())
    net = FeedForward(**given, dtype="float64" if wide else "float32")
    if isinstance(architecture, FeedForward):
        net.compile(architecture.optimizer, architecture.loss, architecture.metrics)
        classes = architecture.classes_
    found = _Filling(net, groups, without_linear).weights()
    net.set_weights(assembled(net, list(found)))
    net._classes = classes
    return net


# From modules to layers --------------------------------------------------------------------------


def _groups(tensors: Mapping[str, Array]) -> list[Module]:
    """Return the tensors by module, the modules in the order of their names."""
    found: dict[str, dict[str, Array]] = {}
    for key, values in tensors.items():
        module, _, name = key.rpartition(".")
        if name == "num_batches_tracked":
            continue
        if values.dtype.kind != "f":
            raise ValueError(f"tensor {key!r} holds {values.dtype}; wanted are floats")
        found.setdefault(module, {})[name] = values

    def place(name: str) -> list[tuple[int, int, str]]:
        pieces = re.findall(r"\d+|\D+", name)
        return [(0, int(one), "") if one.isdigit() else (1, 0, one) for one in pieces]

    return [Module(name, "", found[name]) for name in sorted(found, key=place)]


def _question(groups: Sequence[Module], name: str) -> str:
    """Return the sentence that asks for the architecture, as far as the file says it."""
    kinds = {module.kind for module in groups}
    weights = [module.tensors["weight"] for module in groups if module.kind == "Linear"]
    chained = all(one.shape[0] == other.shape[1] for one, other in itertools.pairwise(weights))
    if weights and chained and kinds == {"Linear"}:
        widths = [weights[0].shape[1], *(one.shape[0] for one in weights)]
        sizes = "-".join(map(str, widths))
        return (
            f"{name!r} holds Linear modules of {sizes}, and does not say which activations are "
            f"between them; wanted is architecture, such as nn.FeedForward({sizes!r}, "
            "hidden='relu', output='softmax')"
        )
    listed = ", ".join(map(str, groups))
    return (
        f"{name!r} does not say which architecture its tensors belong to; wanted is architecture, "
        f"for {listed}"
    )


def _is_scale(net: FeedForward, groups: Sequence[Module]) -> bool:
    """Whether the first module, by its tensors, is the scale of a network's Input."""
    first = net.layers[1]
    bare = [set(module.tensors) == {"running_mean", "running_var"} for module in groups[:2]]
    if first.kind == "batch_norm" and not first.parameters(1, embedded=False).keys() & AFFINE:
        return all(bare)  # since the second is the normalization
    return first.kind != "standardize" and bare[:1] == [True]


AFFINE = {"gamma", "beta"}


class _Filling:
    """Gives layers their weights, module after module."""

    def __init__(
        self, net: FeedForward, groups: Sequence[Module], without_linear: Sequence[int]
    ) -> None:
        self._net = net
        self._without_linear = without_linear
        self._scale = _architecture.input_scale(net.layers)
        if self._scale != 1 and _is_scale(net, groups):
            groups = groups[1:]
        self._left = iter(groups)

    def weights(self) -> Iterator[dict[str, Array]]:
        """Yield every layer's weights by name."""
        for number, (layer, width, own) in enumerate(parts(self._net)):
            shapes = {name: values.shape for name, values in own.items()}
            slope = {"alpha": shapes.pop("alpha")} if "alpha" in shapes else {}
            if number in self._without_linear and set(shapes) == {"kernel"}:
                read: dict[str, Array] = {"kernel": np.eye(width, shapes["kernel"][1])}
            else:
                read = self._layer(layer, shapes) if shapes else {}
            if slope:
                names = {"weight": "alpha"}
                read |= self._taken(("PReLU",), f"the PReLU of {layer!r}", names, slope)
            yield read
        module = next(self._left, None)
        if module is not None:
            raise ValueError(f"{module} belongs to no layer of the architecture")

    def _layer(self, layer: Layer, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        if layer.kind not in LAYERS:
            raise ValueError(f"{layer!r} is nothing that PyTorch has a module for")
        kinds, names = LAYERS[layer.kind]
        read = self._taken(kinds, repr(layer), names, shapes)
        if layer.kind == "standardize":
            read["mean"] = read["mean"] * self._scale
            read["deviation"] = np.sqrt(read["deviation"]) * self._scale
        return read

    def _taken(
        self,
        kinds: Sequence[str],
        wanted: str,
        names: Mapping[str, str],
        shapes: Mapping[str, tuple[int, ...]],
    ) -> dict[str, Array]:
        """Return the next module's tensors under our names of them."""
        module = next(self._left, None)
        if module is None:
            raise ValueError(f"the file has no further module; wanted is one for {wanted}")
        if module.kind not in kinds:
            raise ValueError(f"{module} comes where one for {wanted} is wanted")
        read = {}
        for name, values in module.tensors.items():
            ours = names.get(name, "")
            if ours not in shapes:
                # Modules have some that layers may be without; they must then change nothing.
                if not ours or (values != (1.0 if name == "weight" else 0.0)).any():
                    raise ValueError(f"{module} has a {name}, which {wanted} has not")
                continue
            shape = shapes[ours]
            turned = values.T if values.ndim == 2 else values
            if turned.shape != shape and not (ours == "alpha" and turned.shape == (1,)):
                raise ValueError(
                    f"{module} has a {name} of the shape {values.shape}; wanted is {shape[::-1]}"
                )
            read[ours] = np.broadcast_to(turned, shape)
        for ours in shapes:
            if ours not in read:
                raise ValueError(f"{module} has no {ours}, which {wanted} has")
        return {ours: read[ours] for ours in shapes}


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
