"""Keras' files: .keras archives and .h5."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nnfast.interop import _hdf5, _keras_specs as specs
from nnfast.interop._keras_layers import Reader
from nnfast.interop._keras_weights import ByClass, ByName, fill
from nnfast.network import FeedForward

if TYPE_CHECKING:
    from nnfast.layers import Layer

    Architecture = str | FeedForward | Sequence[Layer]

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


def read_keras(
    path: str | os.PathLike[str], architecture: Architecture | None = None
) -> FeedForward:
    """Read a model that Keras wrote, without Keras.

    Parameters
    ----------
    path : str or path
        A ``.keras`` archive (Keras 3, and 2.12 on), a whole model in ``.h5`` (Keras 1 to 3), or
        weights alone, ``.weights.h5``.
    architecture : FeedForward, list of Layer or str, optional
        What weights alone belong to: a network, its layers, or the text of Keras'
        ``model.to_json()``. Files of whole models say it themselves.

    Returns
    -------
    FeedForward
        Its predictions are those of the Keras model. The optimizer and the loss that the model was
        compiled with come along; the state of the optimizer does not.

    Warns
    -----
    UserWarning
        Of what matters in training alone and nnfast does not have, such as a regularizer of the
        author's own: it is left out.

    Raises
    ------
    ValueError
        If the file is truncated, damaged or of another kind, or the model has a layer that nnfast
        does not have, which is named, or is not a chain of layers and blocks that add their input,
        after columns that are joined.
    FileNotFoundError, ImportError
        If there is no such file, or h5py is not installed: ``pip install 'nnfast[keras]'``.

    Notes
    -----
    Nothing in the file is run: a Lambda, a layer of the author's own and a link to another file are
    refused. Several inputs that the model joins, embedded or not, become columns of one X, in the
    order in which the model takes them. Rescaling and Normalization of the inputs become the scale
    of `Input`, or `Standardize`; inputs with several axes, as images have, become rows, and
    ``X.reshape(len(X), -1)`` gives them. A last step that is no Dense becomes one that connects
    each unit with itself.

    Examples
    --------
    >>> import os, tempfile
    >>> import nnfast as nn
    >>> net = nn.FeedForward("4-8-3", output="softmax", seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.keras")
    ...     nn.interop.write_keras(net, path)
    ...     nn.interop.read_keras(path)
    FeedForward([Input(4), Dense(8, ReLU()), Dense(3, Softmax())])
    """
    name = _hdf5.existing(path)
    _hdf5.h5py()
    try:
        net, left_out = _read(name, architecture)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        if isinstance(error, ValueError) and repr(name) in str(error):
            raise
        missing = "what it says has no " if isinstance(error, KeyError) else ""
        raise ValueError(f"{name!r} cannot be read: {missing}{error}") from error
    if left_out:
        warnings.warn(
            f"{name!r}: left out, since nnfast has none such: {'; '.join(left_out)}", stacklevel=2
        )
    return net


def _read(name: str, architecture: Architecture | None) -> tuple[FeedForward, list[str]]:
    with open(name, "rb") as file:
        start = file.read(4)
    is_hdf5 = start.startswith(b"\x89HDF")
    if start.startswith(b"PK") or (name.lower().endswith(".keras") and not is_hdf5):
        _refuse_another(architecture)
        return _read_archive(name)
    with _hdf5.opened(name, name) as root:
        if "model_config" in root.attrs:
            _refuse_another(architecture)
            model = _hdf5.text(_hdf5.decoded(root.attrs["model_config"]), "the model_config")
            weights = _hdf5.group(root, "model_weights")
            if weights is None:
                raise ValueError("it has no group 'model_weights'; wanted is a whole model")
            training = root.attrs.get("training_config")
            compiled = None if training is None else _hdf5.text(_hdf5.decoded(training), "training")
            return _network(model, ByName(weights), compiled, _is_3(root))
        return _weights_alone(root, architecture)


def _refuse_another(architecture: Architecture | None) -> None:
    if architecture is not None:
        raise ValueError(
            "it holds a whole model, which says its own architecture; wanted is none beside it"
        )


def _read_archive(name: str) -> tuple[FeedForward, list[str]]:
    with _hdf5.Archive(name) as archive:
        model = archive.json(CONFIG)
        metadata = archive.json(METADATA) if METADATA in archive else {}
        if not isinstance(model, Mapping) or not isinstance(metadata, Mapping):
            raise ValueError(f"{CONFIG!r} describes no model")
        if WEIGHTS not in archive:
            raise ValueError(f"it has no {WEIGHTS!r}; wanted are weights as HDF5")
        content = archive.read(WEIGHTS)
    since_3 = not str(metadata.get("keras_version", "3")).startswith("2.")
    with _hdf5.opened(io.BytesIO(content), name) as root:
        return _network(model, ByClass(root), model.get("compile_config"), since_3)


def _is_3(root: Any) -> bool:
    return _hdf5.decoded(root.attrs.get("keras_version", "2")).startswith("3")


def _network(
    model: Any, weights: ByClass | ByName, compiled: Any, since_3: bool
) -> tuple[FeedForward, list[str]]:
    if not isinstance(model, Mapping):
        raise ValueError("it describes no model")
    reader = Reader(since_keras_3=since_3)
    net = reader.network(model, weights)
    return net, [*reader.left_out, *_compile(net, compiled)]


def _compile(net: FeedForward, config: Any) -> list[str]:
    """Compile a network as Keras' model was; return what could not be."""
    if not isinstance(config, Mapping):
        return []
    left_out: list[str] = []

    def read(read_one: specs.Reader, value: Any) -> Any:
        if value is None:
            return None
        try:
            return read_one(value)
        except (ValueError, TypeError, LookupError) as error:
            left_out.append(str(error))
            return None

    def fits(**choice: Any) -> bool:
        try:
            net.compile(**choice)
        except (ValueError, TypeError) as error:
            left_out.append(str(error))
            return False
        return True

    chosen: dict[str, Any] = {}
    optimizer = read(specs.optimizer, config.get("optimizer_config", config.get("optimizer")))
    if optimizer is not None and fits(optimizer=optimizer):
        chosen["optimizer"] = optimizer
    loss = read(specs.loss, _only(config.get("loss")))
    if loss is not None and fits(**chosen, loss=loss):
        chosen["loss"] = loss
    given = _flat(config.get("metrics"))
    found = [read(specs.metric, one) for one in given]
    if any(found):
        fits(**chosen, metrics=[one for one in found if one is not None])
    if config.get("loss_weights") is not None:
        left_out.append("loss_weights")
    return left_out


def _only(value: Any) -> Any:
    """Return the one member of a list or dict with one."""
    if isinstance(value, Mapping) and "class_name" not in value and len(value) == 1:
        return next(iter(value.values()))
    if isinstance(value, list) and len(value) == 1:
        return value[0]
    return value


def _flat(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, list):
        return [one for each in value for one in _flat(each)]
    if isinstance(value, Mapping) and "class_name" not in value:
        return [one for each in value.values() for one in _flat(each)]
    return [value]


# Weights alone -----------------------------------------------------------------------------------


def _weights_alone(root: Any, architecture: Architecture | None) -> tuple[FeedForward, list[str]]:
    by_class = ByClass(root)
    if not (by_class.is_there or "layer_names" in root.attrs or "layer_names0" in root.attrs):
        raise ValueError("it is an HDF5 file, but not one that Keras wrote")
    if architecture is None:
        raise ValueError(
            "it holds weights alone; wanted is also architecture, the network that they belong to "
            "or the text of model.to_json()"
        )
    weights = by_class if by_class.is_there else ByName(root)
    if isinstance(architecture, str) and architecture.lstrip().startswith("{"):
        return _network(_hdf5.text(architecture, "architecture"), weights, None, True)
    if isinstance(architecture, FeedForward):
        net = FeedForward(
            architecture.layers,
            bias=architecture.bias,
            dtype=architecture.dtype,
            seed=architecture.seed,
        )
        net.compile(architecture.optimizer, architecture.loss, architecture.metrics)
    else:
        net = FeedForward(architecture)
    fill(net, weights)
    return net, []


# Write -------------------------------------------------------------------------------------------


def write_keras(net: FeedForward, path: str | os.PathLike[str]) -> None:
    """Write a network so that Keras loads it, without Keras.

    Parameters
    ----------
    net : FeedForward
    path : str or path
        Ending in ``.keras``, or in ``.h5`` or ``.hdf5`` for the older format. A file that is there
        is replaced only once the new one is complete.

    Warns
    -----
    UserWarning
        Of what Keras does not have and predictions do not need, such as a mask: it is left out.

    Raises
    ------
    ValueError
        If the path ends otherwise, or the network has a layer or an activation that Keras' files
        cannot hold, which is named.
    ImportError
        If h5py is not installed: ``pip install 'nnfast[keras]'``.

    Notes
    -----
    The optimizer, the loss and the metrics go along if Keras has them; the state of the optimizer
    does not. A network with a `Residual`, or with an `Embedding` among other columns, becomes a
    Functional model, any other a Sequential one.

    Examples
    --------
    >>> import os, tempfile
    >>> import nnfast as nn
    >>> net = nn.FeedForward([nn.Input(4), nn.BatchNorm(), nn.Dense(1, "sigmoid")], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.h5")
    ...     nn.interop.write_keras(net, path)
    ...     nn.interop.read_keras(path).layers == net.layers
    True
    """
    from nnfast import _files
    from nnfast.interop import _keras_written as written
    from nnfast.interop._keras_plan import Plan

    name = os.fspath(path)
    kinds = {".keras": written.archive, ".h5": written.hdf5, ".hdf5": written.hdf5}
    suffix = next((one for one in kinds if name.lower().endswith(one)), None)
    if suffix is None or name.lower().endswith(".weights.h5"):
        raise ValueError(f"path is {name!r}; wanted is one that ends in .keras or .h5")
    _hdf5.h5py()
    plan = Plan(net)
    _files.write_whole(name, kinds[suffix](plan))
    if plan.left_out:
        warnings.warn(
            f"{name!r}: left out, since Keras has none such: {'; '.join(plan.left_out)}",
            stacklevel=2,
        )
