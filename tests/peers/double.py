"""Keras in double precision, all through."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")


@contextmanager
def keras_in_double() -> Iterator[None]:
    """Let Keras compute in float64 what it is given in float64, its means and statistics too.

    On jax, what it computes in "at least float32" is in float32 otherwise, by a table that is made
    when it is imported.
    """
    jax, keras = pytest.importorskip("jax"), pytest.importorskip("keras")
    if keras.config.backend() != "jax":
        pytest.skip("Keras runs on another backend than jax")
    from keras.src.backend.common.dtypes import BIT64_TO_BIT32_DTYPE as narrowed

    before = keras.config.floatx(), jax.config.jax_enable_x64, narrowed["float64"]
    keras.config.set_floatx("float64")
    jax.config.update("jax_enable_x64", True)
    narrowed["float64"] = "float64"
    try:
        yield
    finally:
        keras.config.set_floatx(before[0])
        jax.config.update("jax_enable_x64", before[1])
        narrowed["float64"] = before[2]


@contextmanager
def torch_in_double() -> Iterator[None]:
    """Let PyTorch's optimizers keep their own numbers in float64 too, such as Nadam's product."""
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
