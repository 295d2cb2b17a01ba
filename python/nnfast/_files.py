"""Networks in safetensors files: tensors, and one JSON text in the metadata under "nnfast".

A file is written whole or not at all, and reading one runs no code from it: what it says goes
through the same checks as what a user passes.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _architecture, _backend, _log, _validation, losses, metrics, optimizers
from nnfast._version import version
from nnfast.layers import Layer
from nnfast.network import FeedForward
from nnfast.tables import Table

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

KEY = "nnfast"
FORMAT = 1
COUNTERS = ("step", "epoch", "slots")
OTHERS = {".keras": "keras", ".h5": "keras", ".hdf5": "keras", ".onnx": "onnx"}
"""The suffixes of other libraries' files, and which functions of `nnfast.interop` are theirs."""


def save(network: FeedForward, path: str | os.PathLike[str], include_optimizer: bool) -> None:
    """Write a network, with its optimizer's state or without."""
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix in OTHERS:
        raise ValueError(
            f"path is {os.fspath(path)!r}, but save writes nnfast's own format; wanted is one that "
            f"ends in .safetensors, or nnfast.interop.write_{OTHERS[suffix]}(net, path)"
        )
    _architecture.refuse_own(network.layers)
    snapshot = network._snapshot()
    if not include_optimizer:
        snapshot |= {"step": 0, "slots": [], "numbers": []}
    names = [name for name, _ in _architecture.parameters(network.layers, network.bias)]
    tensors = dict(zip(names, snapshot["parameters"], strict=True))
    for index, slot in enumerate(snapshot["slots"]):
        for name, values in zip(names, slot, strict=True):
            tensors[f"optimizer.{index}.{name}"] = values
    classes = network.classes_
    header = {
        "format": FORMAT,
        "library": version(),
        "network": _architecture.config(network.layers, network.bias),
        "dtype": network.dtype.name,
        "seed": network.seed,
        "optimizer": network.optimizer.config(),
        "loss": network.loss.config(),
        "metrics": [m.config() for m in network.metrics if not isinstance(m, metrics.UserMetric)],
        "classes": None if classes is None else classes.tolist(),
        "table": None if network.table is None else network.table.config(),
        "history": {
            label: [_number(value) for value in values] for label, values in network.history.items()
        },
        "state": {  # of the training: see FeedForward._snapshot
            "step": snapshot["step"],
            "epoch": snapshot["epoch"],
            "slots": len(snapshot["slots"]),
            "numbers": [_number(value) for value in snapshot["numbers"]],
            "loss": None if snapshot["loss"] is None else snapshot["loss"].config(),
        },
        "checksum": _checksum(tensors),
    }
    _write(os.path.realpath(path), tensors, {KEY: json.dumps(header, allow_nan=False)})
    _log.info("saved %s to %r", network.architecture, os.fspath(path))


def load(
    path: str | os.PathLike[str], *, threads: int | None = None, backend: str | None = None
) -> FeedForward:
    """Read a network that `FeedForward.save` wrote.

    Parameters
    ----------
    path : str or path
    threads, backend : optional
        As for `FeedForward`; they are no part of the file.

    Returns
    -------
    FeedForward
        With weights, history, labels and, if they were saved, the optimizer's state and counters:
        training goes on to the same bits.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated or damaged, no safetensors file, not a network of nnfast's, or of a
        newer version of the format.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.load("missing.safetensors")
    Traceback (most recent call last):
    FileNotFoundError: path is 'missing.safetensors', where there is no file
    """
    _backend.select(backend)
    threads = None if threads is None else _validation.integer(threads, "threads")
    name = os.fspath(path)
    tensors, metadata = _read(name)
    header = _header(name, metadata, KEY, FORMAT, "not a network of nnfast's")
    try:
        network = _network(header, tensors, threads, backend)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{name!r} is damaged: {error}") from error
    _log.info("loaded %s from %r", network.architecture, name)
    return network


def inspect(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what a file of nnfast's says of itself, without reading a weight of it.

    Parameters
    ----------
    path : str or path
        A file of `FeedForward.save`, of a method of `nnfast.unsupervised`, or of
        `nnfast.interop.write_torch`.

    Returns
    -------
    dict
        What stands in its metadata, as the page on files has it: of a network the keys ``network``,
        ``optimizer``, ``loss``, ``classes``, ``table``, ``history``, ``library`` and others.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated or damaged, no safetensors file, or not one of nnfast's.

    Examples
    --------
    >>> import os, tempfile
    >>> import nnfast as nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "net.safetensors")
    ...     nn.FeedForward("3-2-1").compile(nn.SGD(0.1)).save(path)
    ...     found = nn.inspect(path)
    >>> found["optimizer"]["name"], found["network"]["inputs"], found["history"]
    ('sgd', 3, {})
    """
    name = os.fspath(path)
    metadata = _metadata(name)
    keys = [key for key in metadata if key == KEY or key.startswith(f"{KEY}.")]
    try:
        found = json.loads(metadata[keys[0]]) if keys else None
    except ValueError:
        found = ()
    if found is None:
        raise ValueError(
            f"{name!r} is a safetensors file but not one of nnfast's: its metadata has no {KEY!r}"
        )
    if not isinstance(found, dict):
        raise ValueError(f"{name!r} is damaged: its metadata cannot be read")
    return found


def _number(value: float) -> float | str:
    """Return a number as JSON has it, where NaN and infinity are words; float() reads both."""
    return value if math.isfinite(value) else str(value)


def _network(
    header: Mapping[str, Any],
    tensors: Mapping[str, Array],
    threads: int | None,
    backend: str | None,
) -> FeedForward:
    """Build the network that a file describes, once everything in the file fits together."""
    layers = _architecture.from_config(header["network"])
    bias = header["network"]["bias"]
    state = header["state"]
    counters = {
        name: _validation.integer(state[name], name, minimum=0, below=2**63) for name in COUNTERS
    }
    shapes = dict(_architecture.parameters(layers, bias))
    if len(tensors) != (1 + counters["slots"]) * len(shapes):
        raise ValueError("it has not as many tensors as its network")
    prefixes = ["", *(f"optimizer.{index}." for index in range(counters["slots"]))]
    expected = {prefix + name: shape for prefix in prefixes for name, shape in shapes.items()}
    found = {name: values.shape for name, values in tensors.items()}
    if found != expected:
        raise ValueError("its tensors have not the names and shapes of its network's")
    if any(values.dtype != header["dtype"] for values in tensors.values()):
        raise ValueError(f"its tensors are not all {header['dtype']}")
    if header["checksum"] != _checksum(tensors):
        raise ValueError("its tensors do not have the checksum that they were written with")

    network = FeedForward(
        layers,
        bias=bias,
        dtype=header["dtype"],
        seed=header["seed"],
        threads=threads,
        backend=backend,
    )
    network.compile(
        optimizers.registry.from_config(header["optimizer"]),
        losses.registry.from_config(header["loss"]),
        [metrics.registry.from_config(metric) for metric in header["metrics"]],
    )
    loss = state["loss"]
    parameters, *slots = ([tensors[prefix + name] for name in shapes] for prefix in prefixes)
    _architecture.refuse_weights(layers, bias, parameters)
    network._restore(
        {
            "parameters": parameters,
            "loss": None if loss is None else losses.registry.from_config(loss),
            "step": counters["step"],
            "epoch": counters["epoch"],
            "slots": slots,
            "numbers": [float(number) for number in state.get("numbers", ())],
        }
    )
    network._classes = _classes(header["classes"], layers)
    if header.get("table") is not None:  # the first files have none
        network.table = Table.from_config(header["table"])
    network._history = {
        str(name): [float(value) for value in values] for name, values in header["history"].items()
    }
    return network


def _classes(labels: Any, layers: Sequence[Layer]) -> Array | None:
    """Return the labels of the classes, as many as the network tells apart."""
    if labels is None:
        return None
    classes = np.array(labels)
    outputs = _architecture.output(layers).units
    # One output tells two classes apart; one of softmax has but one.
    counts = (1, 2) if outputs == 1 else (outputs,)
    if classes.ndim != 1 or len(classes) not in counts or classes.dtype.kind not in "bUi":
        raise ValueError(f"its labels are not {counts[-1]} different ones")
    return classes


def _checksum(tensors: Mapping[str, Array]) -> int:
    """Return the CRC-32 of all tensors, in the order of their names."""
    value = 0
    for name in sorted(tensors):
        value = zlib.crc32(np.ascontiguousarray(tensors[name]).data, value)
    return value


def _header(
    name: str, metadata: Mapping[str, str], key: str, newest: int, otherwise: str
) -> dict[str, Any]:
    """Return what a file says under a key, if it is of a format that is read here.

    `otherwise` is what a file without that key is to be called.
    """
    if key not in metadata:
        raise ValueError(
            f"{name!r} is a safetensors file but {otherwise}: its metadata has no {key!r}"
        )
    try:
        header: dict[str, Any] = json.loads(metadata[key])
        newer = header["format"] > newest
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{name!r} is damaged: its metadata cannot be read") from None
    if newer:
        raise ValueError(
            f"{name!r} is of the file format {header['format']}, and this version of nnfast reads "
            f"up to {newest}; it was written by nnfast {header.get('library')}"
        )
    return header


def _write(path: str, tensors: dict[str, Array], metadata: dict[str, str]) -> None:
    """Write a safetensors file, whole or not at all."""
    from safetensors.numpy import save as serialized

    write_whole(path, serialized(tensors, metadata))


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file beside `path`, see it onto the disk, then put it in its place."""
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            os.chmod(temporary, os.stat(path).st_mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)
        raise
    with contextlib.suppress(OSError):  # not every system lets a folder be synced
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _opened(name: str) -> Iterator[Any]:
    """Open a safetensors file; whatever it cannot give is a sentence that names it."""
    from safetensors import SafetensorError, safe_open

    if not os.path.exists(name):
        raise FileNotFoundError(f"path is {name!r}, where there is no file")
    if os.path.isdir(name):
        raise IsADirectoryError(f"path is {name!r}, which is a folder; wanted is a file")
    try:
        with safe_open(name, framework="numpy") as file:
            yield file
    except SafetensorError as error:
        suffix = os.path.splitext(name)[1].lower()
        hint = f"; nnfast.interop.read_{OTHERS[suffix]} reads {suffix}" if suffix in OTHERS else ""
        raise ValueError(
            f"{name!r} is no whole safetensors file but truncated, damaged or of another kind "
            f"({error}){hint}"
        ) from None
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise ValueError(f"{name!r} has tensors that cannot be read ({error})") from None


def _read(name: str) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the tensors and the metadata of a safetensors file."""
    with _opened(name) as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        return tensors, file.metadata() or {}


def _metadata(name: str) -> dict[str, str]:
    """Return the metadata of a safetensors file, and read no tensor of it."""
    with _opened(name) as file:
        return file.metadata() or {}
