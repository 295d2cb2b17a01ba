"""PyTorch's state_dicts in safetensors files."""

from __future__ import annotations

import itertools
import json
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _architecture, _files
from nnfast._version import version
from nnfast.interop._chain import assembled, is_step, parts
from nnfast.interop._torch_filling import filled, pieces
from nnfast.interop._torch_modules import Module, modules as modules_of
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
    made = modules_of(net)
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
        warnings.warn(
            f"{os.fspath(path)!r}: left out, since PyTorch has none such: {said}", stacklevel=2
        )


def read_torch(
    path: str | os.PathLike[str],
    architecture: Architecture | None = None,
    *,
    modules: Sequence[str] | None = None,
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
    modules : list of str, optional
        The names of the modules that have weights, in the order in which the model applies them.
        Wanted only where neither numbers in the names nor the shapes tell it.

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
    A PReLU that follows no Linear is ``nn.Dense(n, "prelu", use_bias=False, mask=np.eye(n))``,
    which connects each unit with itself alone. PyTorch's BatchNorm1d and LayerNorm add 1e-5 where
    ours add 1e-3, and its momentum is the other share: ``nn.BatchNorm(epsilon=1e-5,
    momentum=0.9)``. What ``torch.save`` wrote is a pickle, which can hold code, and is not read.

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
        return _network(tensors, metadata, architecture, modules, name)
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
    order: Sequence[str] | None,
    name: str,
) -> FeedForward:
    groups = _groups(tensors)
    if order is not None:
        groups = _named(groups, order)
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
    in_order = order is not None or (architecture is None and said is not None)
    net.set_weights(assembled(net, filled(net, groups, without_linear, in_order=in_order)))
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

    return [Module(name, "", found[name]) for name in sorted(found, key=pieces)]


def _named(groups: Sequence[Module], order: Sequence[str]) -> list[Module]:
    """Return the modules in an order that a user gave."""
    by_name = {module.name: module for module in groups}
    given = list(order) if isinstance(order, Sequence) else []
    if isinstance(order, str) or sorted(map(str, given)) != sorted(by_name):
        raise ValueError(
            f"modules is {order!r}; wanted is a list of {', '.join(map(repr, by_name))} in the "
            "order in which the model applies them"
        )
    return [by_name[name] for name in given]


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
