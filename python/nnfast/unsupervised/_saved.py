"""Codebooks in safetensors files: tensors, and one JSON text in the metadata."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nnfast import _files

if TYPE_CHECKING:
    from nnfast.unsupervised._codebook import Array, Codebook

KEY = "nnfast.codebook"
FORMAT = 1

T = TypeVar("T")


def save(
    model: object, path: str | os.PathLike[str], config: dict[str, Any], tensors: dict[str, Array]
) -> None:
    """Write what a model is and what it has learned."""
    from nnfast._version import version

    tensors = {name: np.ascontiguousarray(values) for name, values in tensors.items()}
    header = {
        "format": FORMAT,
        "library": version(),
        "class": type(model).__name__,
        "config": config,
        "checksum": _files._checksum(tensors),
    }
    _files._write(os.path.realpath(path), tensors, {KEY: json.dumps(header)})


def load_any(
    name: str, metadata: dict[str, str], threads: int | None, backend: str | None
) -> Codebook:
    """Read a codebook of any class."""
    from nnfast import unsupervised

    try:
        kind = json.loads(metadata[KEY])["class"]
        classes: dict[str, Any] = {
            one.__name__: one
            for one in (
                unsupervised.CompetitiveLearning,
                unsupervised.LearningVectorQuantization,
                unsupervised.SelfOrganizingMap,
            )
        }
        cls = classes[kind]
    except (ValueError, LookupError, TypeError):
        raise ValueError(f"{name!r} is damaged: its metadata cannot be read") from None
    model: Codebook = cls.load(name, threads=threads, backend=backend)
    return model


def load(
    cls: type[T],
    path: str | os.PathLike[str],
    names: Sequence[str],
    build: Callable[[dict[str, Any], dict[str, Array]], T],
) -> T:
    """Read a model of this class, made by `build` of its configuration and its tensors."""
    name = os.fspath(path)
    tensors, metadata = _files._read(name)
    header = _files._header(name, metadata, KEY, FORMAT, f"no {cls.__name__} of nnfast's")
    kind = header.get("class")
    if kind is None:
        raise ValueError(f"{name!r} is damaged: its metadata cannot be read")
    if kind != cls.__name__:
        raise ValueError(f"{name!r} holds a {kind}; wanted is a {cls.__name__}")
    try:
        if sorted(tensors) != sorted(names):
            raise ValueError(f"its tensors are {sorted(tensors)}, not {sorted(names)}")
        if header["checksum"] != _files._checksum(tensors):
            raise ValueError("its tensors do not have the checksum that they were written with")
        return build(header["config"], tensors)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{name!r} is damaged: {error}") from error
